/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/crash/world.h"

#include "cases/casefile.h"
#include "cases/custody.h"
#include "cases/receipts.h"
#include "store/journal.h"
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
#define LOGN 2
#define DAY_MS 86400000

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

void world_release(struct world *w)
{
	for (size_t i = 0; i < w->nfacts; i++)
		free(w->facts[i].p);
	free(w->facts);
	w->facts = NULL;
	w->nfacts = w->facts_room = 0;
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

static void fact(struct world *w, enum fact_kind kind, const char *a,
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

/* The receipt of a commit: what an agent takes away. */
static int receipt(struct world *w, struct unit *u, struct err *e)
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

/* n more items of a case, in one commit. */
static int capture(struct world *w, struct unit *u, const char *reference,
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
		fact(w, FACT_ITEMS, reference, NULL, base + n, 0);
		r = receipt(w, u, e);
	}
	return r;
}

static int add_user(struct world *w, struct unit *u, const char *name,
		    unsigned roles, const char *pass, struct err *e)
{
	int r = unit_add_user(u, name, name, roles, bytes_str(pass), LOGN, e);

	if (r == 0) {
		fact(w, FACT_TRY, name, pass, 0, 0);
		fact(w, FACT_USER, name, pass, 0, 0);
	}
	return r;
}

static int open_case(struct world *w, struct unit *u, const char *reference,
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
	o.start_ms = START_MS - DAY_MS;
	o.end_ms = START_MS + 365 * (int64_t)DAY_MS;
	r = casefile_open(u, &o, id, e);
	if (r == 0) {
		fact(w, FACT_CASE, reference, NULL, 0, 0);
		fact(w, FACT_MEMBER, reference, WORLD_CLAIRE, 0, 0);
	}
	return r;
}

static int make(struct world *w, struct err *e)
{
	struct unit_options o = {
		.unit = "piej-demo", .user = WORLD_CLAIRE,
		.full = "Claire Martin",
		.unit_pass = bytes_str("the unit has another one"),
		.user_pass = bytes_str(WORLD_PASS),
		.logn = LOGN, .now_ms = clock_wall_ms(),
	};
	int r;

	fact(w, FACT_TRY, WORLD_CLAIRE, WORLD_PASS, 0, 0);
	r = unit_init(w->vault, &o, e);
	if (r == 0) {
		fact(w, FACT_VAULT, NULL, NULL, 0, 0);
		fact(w, FACT_USER, WORLD_CLAIRE, WORLD_PASS, 0, 0);
	}
	return r;
}

int world_base(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = make(w, e);

	if (r == 0)
		r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = add_user(w, u, "bruno", ROLE_INVESTIGATOR, "bruno's own", e);
	if (r == 0)
		r = open_case(w, u, WORLD_CASE, e);
	if (r == 0)
		r = capture(w, u, WORLD_CASE, 3, e);
	unit_close(u);
	return r;
}

/* --- scenarios ------------------------------------------------------------- */

/* From nothing to the first items. */
static int run_init(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = make(w, e);

	if (r == 0)
		r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	if (r == 0)
		r = open_case(w, u, WORLD_CASE, e);
	if (r == 0)
		r = capture(w, u, WORLD_CASE, 2, e);
	unit_close(u);
	return r;
}

static int run_capture(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	for (unsigned i = 1; r == 0 && i <= 4; i++)
		r = capture(w, u, WORLD_CASE, i, e);
	if (r == 0)
		r = vault_publish(u->vault, e);
	if (r == 0)
		r = receipts_keep(u->vault, NULL, e);
	unit_close(u);
	return r;
}

static int run_roll(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r;

	w->small = 1;
	r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);
	for (unsigned i = 0; r == 0 && i < 4; i++)
		r = capture(w, u, WORLD_CASE, 4 - i, e);
	unit_close(u);
	return r;
}

static int read_case(struct world *w, struct unit *u, const char *query,
		     struct err *e)
{
	struct access a = { .command = "search", .why = "the inquiry",
			    .case_name = WORLD_CASE, .query = query };
	struct buf plain = BUF_INIT(1 << 16);
	struct grant *g = NULL;
	int r = custody_log(u, &a, &g, e);

	if (r == 0) {
		fact(w, FACT_LEAF, NULL, NULL, custody_seq(g), LEAF_ACCESS);
		r = custody_get(g, 1, 1, &plain, NULL, e);
	}
	custody_close(g);
	buf_release(&plain);
	return r;
}

static int run_read(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	for (int i = 0; r == 0 && i < 3; i++)
		r = read_case(w, u, i ? "a word" : NULL, e);
	if (r == 0)
		r = custody_refuse(u, "show", WORLD_CASE, "curious", "no", e);
	if (r == 0)
		r = receipt(w, u, e);
	unit_close(u);
	return r;
}

/* The first read of a month makes the month's audit. */
static int run_month(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	now_ms += 31 * (int64_t)DAY_MS;
	if (r == 0)
		r = read_case(w, u, NULL, e);
	unit_close(u);
	return r;
}

static int run_case(struct world *w, struct err *e)
{
	static const char ref[] = "PV-2026-0002";
	struct admin_source src = {
		.id = (char *)"example.org/channel", .profile = (char *)"generic",
		.url = (char *)"https://example.org/channel",
		.reason = (char *)"the inquiry",
	};
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	if (r == 0)
		r = open_case(w, u, ref, e);
	if (r == 0)
		r = casefile_source_add(u, ref, &src, e);
	if (r == 0)
		r = casefile_decision(u, ref, "example.org", "the mandate", e);
	if (r == 0)
		r = capture(w, u, ref, 2, e);
	if (r == 0)
		r = casefile_member_add(u, ref, "bruno", "helps", e);
	if (r == 0)
		fact(w, FACT_MEMBER, ref, "bruno", 0, 0);
	if (r == 0)
		r = casefile_member_remove(u, ref, "bruno", "helped", e);
	if (r == 0)
		fact(w, FACT_OUT, ref, "bruno", 0, 0);
	if (r == 0)
		r = casefile_close(u, ref, "done", e);
	if (r == 0)
		fact(w, FACT_CLOSED, ref, NULL, 0, 0);
	unit_close(u);
	return r;
}

static const char other_pass[] = "claire has another one now";

static int run_people(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	if (r == 0) {
		fact(w, FACT_TRY, WORLD_CLAIRE, other_pass, 0, 0);
		r = unit_new_passphrase(u, bytes_str(other_pass), LOGN, e);
	}
	if (r == 0)
		fact(w, FACT_PASS, WORLD_CLAIRE, other_pass, 0, 0);
	if (r == 0)
		r = unit_revoke_user(u, "bruno", "left", e);
	if (r == 0)
		fact(w, FACT_REVOKED, "bruno", NULL, 0, 0);
	if (r == 0)
		r = add_user(w, u, "diane", ROLE_SUPERVISOR | ROLE_INVESTIGATOR,
			     "diane's own", e);
	if (r == 0)
		r = receipt(w, u, e);
	unit_close(u);
	return r;
}

/* Opening alone: what recovery does is its trace. */
static int run_recover(struct world *w, struct err *e)
{
	struct unit *u = NULL;
	int r = world_open(w, WORLD_CLAIRE, WORLD_PASS, VAULT_WRITE, &u, e);

	if (r == ERR_AUTH)
		r = world_open(w, WORLD_CLAIRE, other_pass, VAULT_WRITE, &u, e);
	unit_close(u);
	return r;
}

/* --- a journal alone ------------------------------------------------------- */

static const uint8_t journal_secret[32] = { 3, 1, 4 };

size_t world_frame(uint8_t *out, uint64_t n)
{
	size_t len = 5 + (size_t)(n * 131 % 700);

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(n + i);
	return len;
}

struct frames {
	uint64_t n, bad;
};

static int count_frame(void *arg, struct bytes frame)
{
	struct frames *f = arg;
	uint8_t want[1024];
	size_t len = world_frame(want, f->n);

	f->bad += frame.len != len || memcmp(frame.p, want, len) != 0;
	f->n++;
	return 0;
}

static int all_again(void *arg, struct journal *fresh)
{
	const uint64_t *n = arg;
	uint8_t frame[1024];
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < *n; i++)
		r = journal_append(fresh, BYTES(frame, world_frame(frame, i)),
				   0, NULL);
	return r;
}

static int journal_at(const struct world *w, struct frames *f,
		      struct journal **out, struct err *e)
{
	char path[400];

	memset(f, 0, sizeof *f);
	snprintf(path, sizeof path, "%s/" WORLD_JOURNAL, w->root);
	return journal_open(path, journal_secret, count_frame, f, out, e);
}

static int run_journal(struct world *w, struct err *e)
{
	struct journal *j = NULL;
	uint8_t frame[1024];
	struct frames f;
	int r = 0;

	for (int turn = 0; r == 0 && turn < 3; turn++) {
		uint64_t n;

		r = journal_at(w, &f, &j, e);
		n = f.n;
		for (int i = 0; r == 0 && i < 8; i++) {
			r = journal_append(j, BYTES(frame,
						    world_frame(frame, n)),
					   i % 3 != 1, e);
			if (r < 0)
				break;
			n++;
			if (i % 3 != 1)
				fact(w, FACT_FRAMES, NULL, NULL, n, 0);
		}
		if (r == 0 && turn == 1) {
			r = journal_compact(j, all_again, &n, e);
			if (r == 0)
				fact(w, FACT_FRAMES, NULL, NULL, n, 0);
		}
		if (j && journal_close(j, e) < 0 && r == 0)
			r = ERR_IO;
		j = NULL;
	}
	return r;
}

int oracle_journal(const struct world *w, size_t upto, char *why, size_t room)
{
	struct err e = ERR_INIT;
	struct journal *j = NULL;
	uint64_t want = 0, first;
	uint8_t frame[1024];
	struct frames f;
	int r;

	for (size_t i = 0; i < w->nfacts; i++)
		if (w->facts[i].at <= upto && w->facts[i].n > want)
			want = w->facts[i].n;
	r = journal_at(w, &f, &j, &e);
	if (r < 0) {
		snprintf(why, room, "the journal does not open: %s", e.text);
		return 1;
	}
	first = f.n;
	r = journal_append(j, BYTES(frame, world_frame(frame, first)), 1, &e);
	journal_close(j, NULL);
	if (f.bad || first < want) {
		snprintf(why, room, "%llu frames, %llu were durable, %llu are "
			 "not what was written", (unsigned long long)first,
			 (unsigned long long)want, (unsigned long long)f.bad);
		return 1;
	}
	if (r == 0)
		r = journal_at(w, &f, &j, &e);
	if (r == 0)
		journal_close(j, NULL);
	if (r < 0 || f.bad || f.n != first + 1) {
		snprintf(why, room, "after one more frame: %llu, not %llu: %s",
			 (unsigned long long)f.n, (unsigned long long)first + 1,
			 e.text);
		return 1;
	}
	return 0;
}

const struct scenario scenarios[] = {
	{ "init", 1, 0, run_init },
	{ "capture", 0, 0, run_capture },
	{ "roll", 0, 0, run_roll },
	{ "read", 0, 0, run_read },
	{ "month", 0, 0, run_month },
	{ "case", 0, 0, run_case },
	{ "people", 0, 0, run_people },
	{ "journal", 1, 1, run_journal },
	{ "recover", 0, 0, run_recover },
	{ NULL, 0, 0, NULL },
};
