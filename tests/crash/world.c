/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/crash/scenario.h"

#include "cases/casefile.h"
#include "cases/receipts.h"
#include "store/vault_int.h"
#include "tests/crash/shim.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/secret.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 1790000000000

/* --- the same each time ---------------------------------------------------- */

static uint8_t random_key[32];
static uint64_t random_at;
static int64_t now_ms = START_MS;

static void random_bytes(void *p, const size_t n)
{
	uint8_t nonce[8];

	memcpy(nonce, &random_at, sizeof nonce);
	random_at++;
	crypto_stream_chacha20(p, n, nonce, random_key);
}

static uint32_t random_word(void)
{
	uint32_t x;

	random_bytes(&x, sizeof x);
	return x;
}

uint64_t world_dice(uint64_t below)
{
	uint64_t x;

	random_bytes(&x, sizeof x);
	return x % below;
}

static const char *random_name(void) { return "tests"; }

void world_random(uint64_t seed)
{
	static randombytes_implementation impl = {
		.implementation_name = random_name, .random = random_word,
		.buf = random_bytes,
	};

	randombytes_set_implementation(&impl);
	memset(random_key, 0, sizeof random_key);
	memcpy(random_key, &seed, sizeof seed);
	random_at = 0;
	now_ms = START_MS;
}

int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_wall_ms(void) { return now_ms++; }

int64_t world_now(void) { return now_ms; }
void world_sleep(int64_t ms) { now_ms += ms; }

/* Memory that is locked and guarded costs more than all the rest here. */
void *__wrap_secret_alloc(size_t n);
void __wrap_secret_free(void *p);
void *__wrap_secret_alloc(size_t n) { return calloc(1, n); }
void __wrap_secret_free(void *p) { free(p); }

/* --- facts ----------------------------------------------------------------- */

void world_init(struct world *w, const char *root)
{
	memset(w, 0, sizeof *w);
	snprintf(w->root, sizeof w->root, "%s", root);
	snprintf(w->vault, sizeof w->vault, "%s/vault", root);
}

void world_forget(struct world *w)
{
	for (size_t i = 0; i < w->nfacts; i++)
		free(w->facts[i].p);
	w->nfacts = 0;
}

void world_release(struct world *w)
{
	world_forget(w);
	free(w->facts);
	w->facts = NULL;
	w->facts_room = 0;
}

void world_fact(struct world *w, struct fact f)
{
	shim_pause(1);
	if (w->nfacts == w->facts_room) {
		w->facts_room = w->facts_room ? w->facts_room * 2 : 64;
		w->facts = realloc(w->facts, w->facts_room * sizeof *w->facts);
		if (!w->facts)
			abort();
	}
	f.at = shim_ops();
	w->facts[w->nfacts++] = f;
	shim_pause(0);
}

void world_note(struct world *w, enum fact_kind kind, const char *a,
		const char *b, uint64_t n, uint64_t m)
{
	struct fact f = { .kind = kind, .n = n, .m = m };

	snprintf(f.a, sizeof f.a, "%s", a ? a : "");
	snprintf(f.b, sizeof f.b, "%s", b ? b : "");
	world_fact(w, f);
}

size_t world_text(char *out, size_t room, const char *reference, uint64_t n,
		  unsigned o)
{
	size_t len = (size_t)snprintf(out, room, "item %llu object %u of %s\n",
				      (unsigned long long)n, o, reference);
	size_t want = o ? 300 * o + 37 * (size_t)(n % 7) : len;

	/* Bytes that do not pack well, so that packs fill. */
	for (uint64_t x = n * 64 + o + 1; len < want && len < room; len++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		out[len] = (char)('!' + (x >> 58));
	}
	return len;
}

/* --- doing things ---------------------------------------------------------- */

int world_open(const struct world *w, const char *user, const char *pass,
	       enum vault_mode mode, struct unit **out, struct err *e)
{
	int r = unit_open(w->vault, user, bytes_str(pass), mode, out, e);

	if (r == 0 && w->small) {
		(*out)->vault->log.close_at = 5;
		(*out)->vault->pack_close = 3000;
	}
	return r;
}

int world_claire(const struct world *w, size_t upto, struct unit **out,
		 struct err *e)
{
	int r = ERR_AUTH;

	for (size_t i = w->nfacts; i-- > 0 && r == ERR_AUTH;) {
		const struct fact *f = &w->facts[i];

		if ((f->kind != FACT_TRY && f->kind != FACT_PASS)
		    || f->at > upto || strcmp(f->a, WORLD_CLAIRE) != 0)
			continue;
		r = world_open(w, WORLD_CLAIRE, f->b, VAULT_WRITE, out, e);
		/* What was answered holds; what was only tried may not. */
		if (f->kind == FACT_PASS)
			break;
	}
	return r;
}

/* The receipt of a commit: what an agent takes away. */
int world_receipt(struct world *w, struct unit *u, struct err *e)
{
	struct buf text = BUF_INIT(1 << 20);
	struct fact f = { .kind = FACT_RECEIPT };
	int r = vault_receipt(u->vault, vault_size(u->vault) - 1, &text, e);

	if (r == 0) {
		shim_pause(1);
		f.p = malloc(text.len + 1);
		shim_pause(0);
		if (!f.p)
			abort();
		memcpy(f.p, text.p, text.len);
		f.len = text.len;
		f.n = vault_size(u->vault) - 1;
		world_fact(w, f);
	}
	buf_release(&text);
	return r;
}

int world_keep(struct world *w, struct unit *u, struct err *e)
{
	int r = vault_publish(u->vault, e);

	if (r == 0)
		r = receipts_keep(u->vault, NULL, e);
	if (r == 0)
		world_note(w, FACT_KEPT, NULL, NULL, vault_size(u->vault) - 1,
			   0);
	return r;
}

/* n more items of a case, in one commit. */
int world_capture(struct world *w, struct unit *u, const char *reference,
		   unsigned n, struct err *e)
{
	const struct admin_case *c = NULL;
	char (*text)[WORLD_TEXT_MAX] = malloc(5 * sizeof *text);
	struct stream *s = NULL;
	struct batch *b = NULL;
	uint64_t base = 0;
	int r = text ? casefile_find(u, reference, &c, e)
		     : err_set(e, ERR_NOMEM, "no memory for a test");

	if (r == 0)
		r = casefile_stream(u, c, &s, e);
	if (r == 0)
		r = batch_begin(u->vault, &b, e);
	if (r == 0)
		base = batch_number(b, s);
	for (unsigned i = 0; r == 0 && i < n; i++) {
		struct bytes piece[5];
		struct store_blob blobs[4];
		struct store_item it = { .kind = LEAF_EVIDENCE,
					 .blobs = blobs };

		it.nblobs = WORLD_BLOBS(base + i);
		for (unsigned o = 0; o <= it.nblobs; o++) {
			piece[o] = BYTES(text[o], world_text(text[o],
							     WORLD_TEXT_MAX,
							     reference,
							     base + i, o));
			if (o == 0)
				continue;
			blobs[o - 1].pieces = &piece[o];
			blobs[o - 1].npieces = 1;
			memset(blobs[o - 1].salt, (int)o, 32);
		}
		it.statement = piece[0];
		r = batch_add(b, s, &it, clock_wall_ms(), NULL, e);
	}
	if (r == 0) {
		r = batch_commit(b, e);
		b = NULL;
	}
	batch_abort(b);
	free(text);
	if (r == 0) {
		world_note(w, FACT_ITEMS, reference, NULL, base + n, 0);
		r = world_receipt(w, u, e);
	}
	return r;
}

int world_add_user(struct world *w, struct unit *u, const char *name,
		    unsigned roles, const char *pass, struct err *e)
{
	int r = unit_add_user(u, name, name, roles, bytes_str(pass), WORLD_LOGN, e);

	if (r == 0) {
		world_note(w, FACT_TRY, name, pass, 0, 0);
		world_note(w, FACT_USER, name, pass, 0, 0);
	}
	return r;
}

int world_open_case(struct world *w, struct unit *u, const char *reference,
		     struct err *e)
{
	static const char *const offences[] = { "art. 421-2-5 CP" };
	struct case_options o = CASE_OPTIONS_INIT;
	char id[17];
	int r;

	o.reference = reference;
	o.basis = "art. 230-46 CPP";
	o.offences = offences;
	o.noffences = 1;
	o.start_ms = START_MS - WORLD_DAY_MS;
	o.end_ms = START_MS + 365 * WORLD_DAY_MS;
	r = casefile_open(u, &o, id, e);
	if (r == 0) {
		world_note(w, FACT_CASE, reference, NULL, 0, 0);
		world_note(w, FACT_MEMBER, reference, WORLD_CLAIRE, 0, 0);
	}
	return r;
}

int world_make(struct world *w, struct err *e)
{
	struct unit_options o = {
		.unit = "piej-demo", .user = WORLD_CLAIRE,
		.full = "Claire Martin",
		.unit_pass = bytes_str("the unit has another one"),
		.user_pass = bytes_str(WORLD_PASS),
		.logn = WORLD_LOGN, .now_ms = clock_wall_ms(),
	};
	int r;

	world_note(w, FACT_TRY, WORLD_CLAIRE, WORLD_PASS, 0, 0);
	r = unit_init(w->vault, &o, e);
	if (r == 0) {
		world_note(w, FACT_VAULT, NULL, NULL, 0, 0);
		world_note(w, FACT_USER, WORLD_CLAIRE, WORLD_PASS, 0, 0);
	}
	return r;
}

int world_base(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_make(w, e);

	if (r == 0)
		r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = world_add_user(w, u, "bruno", ROLE_INVESTIGATOR, "bruno's own", e);
	if (r == 0)
		r = world_open_case(w, u, WORLD_CASE, e);
	if (r == 0)
		r = world_capture(w, u, WORLD_CASE, 3, e);
	unit_close(u);
	return r;
}
