/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/outside.h"
#include "store/cosignature.h"
#include "tests/store/vaultkit.h"

/* What outside_hold() found, by kind. */
struct found {
	unsigned n[8];
	struct outside_fraud last;
	unsigned times;
};

static void on_fraud(void *arg, const struct outside_fraud *f)
{
	struct found *x = arg;

	x->n[f->kind]++;
	x->last = *f;
}

static void on_time(void *arg, const struct outside_time *t)
{
	struct found *x = arg;

	(void)t;
	x->times++;
}

static char *dir;

static void setup(void)
{
	dir = kit_dir();
}

static void teardown(void)
{
	kit_remove(dir);
}

TestSuite(outside, .init = setup, .fini = teardown);

static const char *at(const char *name)
{
	static char path[2][300];
	static int i;

	i = !i;
	snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
	return path[i];
}

/* n more items, in as many commits. */
static void grow(struct vault *v, struct stream *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct batch *b = NULL;

		cr_assert_eq(batch_begin(v, &b, NULL), 0);
		cr_assert_eq(kit_try_add(b, s, 0, NULL), 0);
		cr_assert_eq(batch_commit(b, NULL), 0);
	}
}

static struct outside *collection(const struct vault *v)
{
	struct outside *o = NULL;
	struct note_vkey k;

	cr_assert_eq(note_vkey_read(bytes_str(vault_vkey(v)), &k, NULL), 0);
	cr_assert_eq(outside_new(&k, &o, NULL), 0);
	return o;
}

static void keep(struct buf *out, struct bytes b)
{
	buf_clear(out);
	cr_assert_eq(buf_addb(out, b), 0);
}

Test(outside, what_the_vault_holds_contradicts_nothing)
{
	struct buf head = BUF_INIT(1 << 17), receipt = BUF_INIT(1 << 17);
	struct vault *v = kit_new(at("v"));
	struct stream *s = kit_stream(v, "admin", 1);
	struct found x = { .times = 0 };
	struct outside *o;

	grow(v, s, 3);
	keep(&head, vault_head(v));
	cr_assert_eq(vault_receipt(v, vault_size(v) - 1, &receipt, NULL), 0);
	grow(v, s, 4);
	o = collection(v);
	cr_expect_eq(outside_add(o, "head", buf_view(&head), NULL), 0);
	cr_expect_eq(outside_add(o, "receipt", buf_view(&receipt), NULL), 0);
	cr_expect_eq(outside_hold(o, v, on_fraud, on_time, &x, NULL), 0);
	cr_expect_eq(x.times, 0);
	/* Not signed by this log's key: it says nothing. */
	head.p[head.len - 10] ^= 1;
	cr_expect_neq(outside_add(o, "forged", buf_view(&head), NULL), 0);
	outside_free(o);
	vault_close(v);
	buf_release(&head);
	buf_release(&receipt);
}

Test(outside, a_shorter_vault_and_a_fork_are_found_and_proven)
{
	struct buf early = BUF_INIT(1 << 17), late = BUF_INIT(1 << 17);
	struct buf proof = BUF_INIT(OUTSIDE_PROOF_MAX);
	struct vault *v = kit_new(at("v")), *w;
	struct stream *s = kit_stream(v, "admin", 1), *t;
	struct found x = { .times = 0 };
	struct outside *o;

	grow(v, s, 2);
	keep(&early, vault_head(v));
	grow(v, s, 6);
	keep(&late, vault_head(v));
	vault_close(v);
	/* The same key, another vault: a history of its own. */
	w = kit_new(at("w"));
	t = kit_stream(w, "admin", 1);
	grow(w, t, 3);
	o = collection(w);
	cr_assert_eq(outside_add(o, "late", buf_view(&late), NULL), 0);
	cr_expect_eq(outside_hold(o, w, on_fraud, on_time, &x, NULL), 1);
	cr_expect_eq(x.n[OUTSIDE_SHORT], 1);
	cr_assert_eq(outside_proof(o, w, &x.last, KIT_MS, &proof, NULL), 0);
	cr_expect_not_null(strstr(buf_cstr(&proof), "kind: short\n"));
	cr_expect_not_null(strstr(buf_cstr(&proof), "\nleaf:\n\t"));
	outside_free(o);
	/* Once it is as long, it contradicts by its roots. */
	grow(w, t, 9);
	o = collection(w);
	memset(&x, 0, sizeof x);
	buf_clear(&proof);
	cr_assert_eq(outside_add(o, "late", buf_view(&late), NULL), 0);
	cr_assert_eq(outside_add(o, "early", buf_view(&early), NULL), 0);
	cr_expect_eq(outside_hold(o, w, on_fraud, on_time, &x, NULL), 1);
	cr_expect_geq(x.n[OUTSIDE_FORK], 1);
	cr_expect_eq(x.n[OUTSIDE_SHORT], 0);
	cr_assert_eq(outside_proof(o, w, &x.last, KIT_MS, &proof, NULL), 0);
	cr_expect_not_null(strstr(buf_cstr(&proof), "kind: fork\n"));
	cr_expect_not_null(strstr(buf_cstr(&proof), "\nconsistency:\n\t"));
	outside_free(o);
	vault_close(w);
	buf_release(&early);
	buf_release(&late);
	buf_release(&proof);
}

Test(outside, two_heads_of_one_size_need_no_vault)
{
	struct buf proof = BUF_INIT(OUTSIDE_PROOF_MAX), b = BUF_INIT(1 << 17);
	struct checkpoint c = { .origin = bytes_str(KIT_ORIGIN), .size = 5 };
	struct found x = { .times = 0 };
	struct outside *o = NULL;
	struct note_skey k;

	cr_assert_eq(note_skey_make(&k, KIT_ORIGIN, NOTE_ED25519, kit_seed,
				    NULL), 0);
	cr_assert_eq(outside_new(&k.vkey, &o, NULL), 0);
	for (uint8_t i = 0; i < 2; i++) {
		c.root[0] = i;
		buf_clear(&b);
		cr_assert_eq(checkpoint_sign(&c, &k, 1, &b, NULL), 0);
		cr_assert_eq(outside_add(o, i ? "b" : "a", buf_view(&b), NULL),
			     0);
	}
	cr_expect_eq(outside_hold(o, NULL, on_fraud, NULL, &x, NULL), 1);
	cr_expect_eq(x.n[OUTSIDE_FORK], 1);
	cr_assert_eq(outside_proof(o, NULL, &x.last, KIT_MS, &proof, NULL), 0);
	/* One that is not of this collection is not proven. */
	x.last.second = 7;
	cr_expect_eq(outside_proof(o, NULL, &x.last, KIT_MS, &proof, NULL),
		     ERR_RANGE);
	outside_free(o);
	buf_release(&b);
	buf_release(&proof);
}

Test(outside, a_cosigned_head_dates_what_the_vault_holds)
{
	struct buf head = BUF_INIT(1 << 17);
	struct vault *v = kit_new(at("v"));
	struct stream *s = kit_stream(v, "admin", 1);
	struct found x = { .times = 0 };
	struct note_skey wit, other;
	struct bytes text, lines;
	struct outside *o;
	static const uint8_t seed[32] = { 3 }, another[32] = { 4 };

	cr_assert_eq(note_skey_make(&wit, "w.example", NOTE_COSIGNATURE, seed,
				    NULL), 0);
	cr_assert_eq(note_skey_make(&other, "w.example", NOTE_COSIGNATURE,
				    another, NULL), 0);
	grow(v, s, 2);
	keep(&head, vault_head(v));
	cr_assert_eq(cosignature_split(vault_head(v), &text, &lines, NULL), 0);
	cr_assert_eq(cosignature_put(text, &wit, 1790000000, &head, NULL), 0);
	o = collection(v);
	cr_expect_eq(outside_add_cosigned(o, "c", buf_view(&head), &other.vkey,
					  1, NULL), 1);
	cr_expect_eq(outside_add_cosigned(o, "c", buf_view(&head), &wit.vkey, 1,
					  NULL), 0);
	cr_expect_eq(outside_hold(o, v, on_fraud, on_time, &x, NULL), 0);
	cr_expect_eq(x.times, 1);
	/* A time stamp over no head that was given */
	cr_expect_lt(outside_add_token(o, "t", bytes_str("no token"),
				       bytes_str("no roots"), NULL), 0);
	outside_free(o);
	vault_close(v);
	buf_release(&head);
}
