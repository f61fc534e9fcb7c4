/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The oracle: after a crash, open, and see that what was answered is there,
 * that nothing half is visible, that the log never says two things.
 */
#include "cases/casefile.h"
#include "cases/copyset.h"
#include "cases/custody.h"
#include "cases/erasure.h"
#include "cases/receipts.h"
#include "cases/restore.h"
#include "store/checkpoint.h"
#include "store/receipt.h"
#include "store/vault_int.h"
#include "store/verify.h"
#include "store/witness.h"
#include "tests/crash/shim.h"
#include "tests/crash/world.h"
#include "util/file.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct look {
	const struct world *w;
	size_t upto;
	char *why;
	size_t room;
};

__attribute__((format(printf, 2, 3)))
static int wrong(struct look *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->why, l->room, fmt, ap);
	va_end(ap);
	return 1;
}

static int holds(const struct look *l, const struct fact *f)
{
	return f->at <= l->upto;
}

/* The last fact of a kind about a and b (NULL: any), or NULL. */
static const struct fact *last(const struct look *l, enum fact_kind kind,
			       const char *a, const char *b)
{
	const struct fact *found = NULL;

	for (size_t i = 0; i < l->w->nfacts; i++) {
		const struct fact *f = &l->w->facts[i];

		if (holds(l, f) && f->kind == kind && (!a || !strcmp(f->a, a))
		    && (!b || !strcmp(f->b, b)))
			found = f;
	}
	return found;
}

/* --- verify ---------------------------------------------------------------- */

struct said {
	unsigned n;
	char first[200];
};

static void problem(void *arg, const struct verify_problem *p)
{
	struct said *s = arg;

	if (s->n++ == 0)
		snprintf(s->first, sizeof s->first, "%s at %llu: %s",
			 p->file ? p->file : "-", (unsigned long long)p->offset,
			 p->what);
}

static int verified(struct look *l, const char *when, int strict)
{
	struct verify_report rep = { 0 };
	struct said said = { 0 };
	struct err e = ERR_INIT;
	struct verify_options o = { .threads = 1, .problem = problem,
				    .arg = &said };
	int r = verify_vault(l->w->vault, &o, &rep, &e);

	if (r == 0 && (!strict || !rep.unfinished))
		return 0;
	if (r == 1 && said.n && !strict)
		return 0;
	if (r == 0)
		return wrong(l, "verify %s: unfinished", when);
	return wrong(l, "verify %s: %s", when, r < 0 ? e.text : said.first);
}

/* --- opening --------------------------------------------------------------- */

static int writer(struct look *l, const char *when, struct unit **out)
{
	struct err e = ERR_INIT;

	if (world_claire(l->w, l->upto, out, &e) == 0)
		return 0;
	return wrong(l, "it does not open %s: %s", when, e.text);
}

static void mark_dirty(const struct look *l)
{
	char path[500];
	int fd;

	snprintf(path, sizeof path, "%s/LOCK", l->w->vault);
	fd = __real_open(path, O_WRONLY);
	if (fd < 0)
		return;
	(void)!__real_write(fd, "dirty\n", 6);
	__real_close(fd);
}

static void disk(const struct look *l, uint8_t hash[16])
{
	struct fs f;

	fs_init(&f);
	fs_take(&f, l->w->vault);
	fs_hash(&f, hash);
	fs_release(&f);
}

/* --- what was answered ----------------------------------------------------- */

static int head_fits(struct look *l, const struct unit *u, struct bytes note,
		     const char *where)
{
	const struct vlog *log = &u->vault->log;
	struct checkpoint c;
	uint8_t root[SHA256_LEN];
	int r = checkpoint_open(note, &log->vkey, 1, log->origin, &c, NULL);

	if (r != 0)
		return 0;	/* not a head of ours that is whole */
	if (c.size > vault_size(u->vault))
		return wrong(l, "a signed head of %llu leaves in %s, the log "
			     "has %llu", (unsigned long long)c.size, where,
			     (unsigned long long)vault_size(u->vault));
	if (tree_root(&log->tree, c.size, root) < 0
	    || memcmp(root, c.root, sizeof root) != 0)
		return wrong(l, "two signed heads of %llu leaves contradict "
			     "each other (%s)", (unsigned long long)c.size,
			     where);
	return 0;
}

/* Every note in a file that reads like a head of this log. */
static int heads_of_file(struct look *l, const struct unit *u,
			 const char *path)
{
	struct buf b = BUF_INIT(16u << 20);
	const char *origin = vault_origin(u->vault);
	size_t n = strlen(origin);
	int bad = 0;

	if (file_read(path, &b, NULL) < 0)
		goto out;
	for (size_t at = 0; !bad && at + n < b.len; at++) {
		const uint8_t *p = memmem(b.p + at, b.len - at, origin, n);
		size_t end;

		if (!p)
			break;
		at = (size_t)(p - b.p);
		/* A head is text up to the newline of its one signature. */
		end = at;
		for (int lines = 0; end < b.len && lines < 5; end++)
			lines += b.p[end] == '\n';
		bad = head_fits(l, u, BYTES(p, end - at), path);
	}
out:
	buf_release(&b);
	return bad;
}

static int heads(struct look *l, const struct unit *u)
{
	static const char *const subs[] = { "", "torn", "heads" };
	int bad = 0;

	for (size_t i = 0; !bad && i < 3; i++) {
		char dir[FILE_PATH_MAX], path[FILE_PATH_MAX];
		char **names = NULL;

		file_path(dir, u->vault->log.dir, subs[i], NULL);
		if (file_list(dir, &names, NULL, NULL) < 0)
			continue;
		for (char **p = names; !bad && *p; p++) {
			file_path(path, dir, *p, NULL);
			bad = heads_of_file(l, u, path);
		}
		free(names);
	}
	return bad;
}

static int receipt_holds(struct look *l, const struct unit *u,
			 const struct fact *f)
{
	struct receipt *rc = calloc(1, sizeof *rc);
	uint8_t raw[LEAF_LEN], hash[32];
	struct leaf leaf;
	int bad = 0;

	if (!rc)
		abort();
	if (vault_leaf(u->vault, f->n, &leaf) < 0) {
		bad = wrong(l, "leaf %llu of a receipt is gone",
			    (unsigned long long)f->n);
		goto out;
	}
	leaf_encode(&leaf, raw);
	leaf_hash(raw, hash);
	if (receipt_parse(BYTES(f->p, f->len), rc, NULL) < 0
	    || receipt_check(rc, hash, &u->vault->log.vkey, 1,
			     vault_origin(u->vault), NULL, NULL) != 0)
		bad = wrong(l, "a receipt of leaf %llu does not hold",
			    (unsigned long long)f->n);
	else
		bad = head_fits(l, u, rc->head, "a receipt");
out:
	free(rc);
	return bad;
}

/* What was certified stays certified. */
static int erasure_holds(struct look *l, const struct unit *u,
			 const struct fact *f)
{
	const struct admin_case *c = NULL;
	unsigned open = 0;

	for (size_t i = 0; i < l->w->nfacts; i++)
		if (holds(l, &l->w->facts[i]))
			open += (unsigned)(l->w->facts[i].kind
					   == FACT_ERASING)
				- (unsigned)(l->w->facts[i].kind
					     == FACT_ERASED);
	if (admin_case(&u->admin, f->a, &c, NULL) < 0)
		return wrong(l, "case %s is gone", f->a);
	if (erasure_pending(c) > open)
		return wrong(l, "an erasure in %s is not certified any more",
			     f->a);
	return f->m != WORLD_ALL || c->purged ? 0
		: wrong(l, "case %s is not purged", f->a);
}

/* Its run is whole: as far as restoring goes without keys. */
static int backup_holds(struct look *l, const struct fact *f)
{
	char from[400], to[400];
	struct restore_args a = { .from = from, .to = to, .size = f->n,
				  .now_ms = world_now() };
	struct restore *s = calloc(1, sizeof *s);
	struct err e = ERR_INIT;
	int r;

	if (!s)
		abort();
	snprintf(from, sizeof from, "%s/" WORLD_BACKUP, l->w->root);
	snprintf(to, sizeof to, "%s/restored", l->w->root);
	r = restore_stage(&a, s, &e);
	if (r == 0)
		r = restore_finish(s, 0, &e);
	copyset_remove(to, NULL);
	free(s);
	return r == 0 ? 0 : wrong(l, "the backup of %llu leaves: %s",
				  (unsigned long long)f->n, e.text);
}

static int cosigned_holds(struct look *l, const struct fact *f)
{
	struct witness_log *logs = NULL;
	struct err e = ERR_INIT;
	char dir[400];
	size_t n = 0;
	int bad = 0;

	snprintf(dir, sizeof dir, "%s/" WORLD_WITNESS, l->w->root);
	if (witness_logs(dir, &logs, &n, &e) < 0)
		return wrong(l, "the witness: %s", e.text);
	if (n != 1 || logs[0].size < f->n)
		bad = wrong(l, "the witness knows %llu leaves of %zu logs, it "
			    "cosigned %llu",
			    (unsigned long long)(n ? logs[0].size : 0), n,
			    (unsigned long long)f->n);
	free(logs);
	return bad;
}

static int kept_holds(struct look *l, const struct unit *u,
		      const struct fact *f)
{
	struct receipts_entry *list = NULL;
	struct err e = ERR_INIT;
	size_t n = 0, i = 0;
	int bad = 0;

	if (receipts_list(receipts_name(u->vault), &list, &n, &e) < 0)
		return wrong(l, "the client's receipts: %s", e.text);
	while (i < n && list[i].seq != f->n)
		i++;
	if (i == n)
		bad = wrong(l, "the client's receipt of leaf %llu is gone",
			    (unsigned long long)f->n);
	else if (receipts_hold(u->vault, &list[i], &e) != 0)
		bad = wrong(l, "the client's receipt of leaf %llu: %s",
			    (unsigned long long)f->n, e.text);
	free(list);
	return bad;
}

static int fact_holds(struct look *l, struct unit *u, const struct fact *f)
{
	const struct admin_user *who = admin_user(&u->admin, f->a);
	const struct admin_case *c = NULL;
	struct unit *other = NULL;
	struct err e = ERR_INIT;
	struct leaf leaf;
	int r;

	switch (f->kind) {
	case FACT_USER:
		if (!who)
			return wrong(l, "user %s is gone", f->a);
		if (last(l, FACT_PASS, f->a, NULL)
		    || !strcmp(f->a, WORLD_CLAIRE) || who->revoked)
			return 0;
		r = world_open(l->w, f->a, f->b, VAULT_READ, &other, &e);
		unit_close(other);
		return r == 0 ? 0 : wrong(l, "user %s cannot log in: %s", f->a,
					  e.text);
	case FACT_REVOKED:
		if (!who || !who->revoked)
			return wrong(l, "user %s is not revoked", f->a);
		return 0;
	case FACT_CASE:
		return admin_case(&u->admin, f->a, &c, NULL) == 0 ? 0
			: wrong(l, "case %s is gone", f->a);
	case FACT_CLOSED:
		return admin_case(&u->admin, f->a, &c, NULL) == 0 && c->closed
			? 0 : wrong(l, "case %s is not closed", f->a);
	case FACT_MEMBER:
		if (last(l, FACT_LEAVING, f->a, f->b))
			return 0;
		return admin_case(&u->admin, f->a, &c, NULL) == 0
			&& admin_is_member(c, f->b)
			? 0 : wrong(l, "%s is no member of %s", f->b, f->a);
	case FACT_OUT:
		if (admin_case(&u->admin, f->a, &c, NULL) < 0
		    || admin_is_member(c, f->b))
			return wrong(l, "%s is still a member of %s", f->b,
				     f->a);
		return 0;
	case FACT_LEAF:
		return vault_leaf(u->vault, f->n, &leaf) == 0
			&& leaf.kind == f->m ? 0
			: wrong(l, "leaf %llu of kind %llu is gone",
				(unsigned long long)f->n,
				(unsigned long long)f->m);
	case FACT_RECEIPT:
		return receipt_holds(l, u, f);
	case FACT_KEPT:
		return kept_holds(l, u, f);
	case FACT_ERASED:
		return erasure_holds(l, u, f);
	case FACT_BACKUP:
		return backup_holds(l, f);
	case FACT_COSIGNED:
		return cosigned_holds(l, f);
	case FACT_VAULT:
	case FACT_PASS:
	case FACT_LEAVING:
	case FACT_ITEMS:
	case FACT_ERASING:
	case FACT_FRAMES:
	case FACT_TRY:
		break;
	}
	return 0;
}

/* --- content --------------------------------------------------------------- */

static int item_whole(struct look *l, struct grant *g, const char *reference,
		      uint64_t n)
{
	struct buf plain = BUF_INIT(1 << 16);
	struct err e = ERR_INIT;
	char want[WORLD_TEXT_MAX];
	unsigned objects = 0;
	int bad = 0;

	if (custody_objects(g, n, &objects, &e) < 0
	    || objects != 1 + WORLD_BLOBS(n))
		bad = wrong(l, "item %llu of %s has %u objects: %s",
			    (unsigned long long)n, reference, objects, e.text);
	for (unsigned o = 0; !bad && o < objects; o++) {
		size_t len = world_text(want, sizeof want, reference, n, o);

		buf_clear(&plain);
		if (custody_get(g, n, o, &plain, NULL, &e) < 0)
			bad = wrong(l, "object %u of item %llu of %s: %s", o,
				    (unsigned long long)n, reference, e.text);
		else if (!bytes_eq(buf_view(&plain), BYTES(want, len)))
			bad = wrong(l, "object %u of item %llu of %s says "
				    "something else", o, (unsigned long long)n,
				    reference);
	}
	buf_release(&plain);
	return bad;
}

/* Is item n named by an erasure that was begun (FACT_ERASING), or done? */
static int is_erased(const struct look *l, enum fact_kind kind,
		     const char *reference, uint64_t n)
{
	for (size_t i = 0; i < l->w->nfacts; i++) {
		const struct fact *f = &l->w->facts[i];

		if (holds(l, f) && f->kind == kind && !strcmp(f->a, reference)
		    && (f->m == WORLD_ALL || (n >= f->n && n <= f->m)))
			return 1;
	}
	return 0;
}

/* Half erased it may be, but what is left is what it was. */
static int item_gone(struct look *l, struct grant *g, const char *reference,
		     uint64_t n, int must)
{
	struct buf plain = BUF_INIT(1 << 16);
	char want[WORLD_TEXT_MAX];
	int bad = 0;

	for (unsigned o = 0; !bad && o <= WORLD_BLOBS(n); o++) {
		size_t len = world_text(want, sizeof want, reference, n, o);

		buf_clear(&plain);
		if (custody_get(g, n, o, &plain, NULL, NULL) < 0)
			continue;
		if (must)
			bad = wrong(l, "object %u of item %llu of %s was erased "
				    "and opens", o, (unsigned long long)n,
				    reference);
		else if (!bytes_eq(buf_view(&plain), BYTES(want, len)))
			bad = wrong(l, "object %u of item %llu of %s says "
				    "something else", o, (unsigned long long)n,
				    reference);
	}
	buf_release(&plain);
	return bad;
}

/* Reads all of it: one more commit as well. */
static int case_whole(struct look *l, struct unit *u, const char *reference)
{
	struct access a = { .command = "show", .why = "the oracle asks",
			    .case_name = reference };
	const struct fact *items = last(l, FACT_ITEMS, reference, NULL);
	struct err e = ERR_INIT;
	struct grant *g = NULL;
	int bad = 0;

	if (custody_log(u, &a, &g, &e) < 0) {
		/* Nothing is left to read of a purged one. */
		if (is_erased(l, FACT_ERASING, reference, WORLD_ALL))
			return 0;
		return wrong(l, "case %s cannot be read: %s", reference,
			     e.text);
	}
	if (items && custody_count(g) < items->n)
		bad = wrong(l, "%llu items of %s, %llu were durable",
			    (unsigned long long)custody_count(g), reference,
			    (unsigned long long)items->n);
	for (uint64_t n = 0; !bad && n < custody_count(g); n++)
		if (is_erased(l, FACT_ERASING, reference, n))
			bad = item_gone(l, g, reference, n,
					is_erased(l, FACT_ERASED, reference,
						  n));
		else
			bad = item_whole(l, g, reference, n);
	custody_close(g);
	return bad;
}

static int content(struct look *l, struct unit *u)
{
	char refs[8][64];
	size_t n = 0;

	for (size_t i = 0; i < u->admin.ncases && n < 8; i++)
		if (admin_is_member(&u->admin.cases[i], WORLD_CLAIRE))
			snprintf(refs[n++], sizeof refs[0], "%s",
				 u->admin.cases[i].reference);
	for (size_t i = 0; i < n; i++)
		if (case_whole(l, u, refs[i]))
			return 1;
	return 0;
}

/* --- the whole ------------------------------------------------------------- */

static int nothing_there(struct look *l)
{
	char path[500];

	snprintf(path, sizeof path, "%s/FORMAT", l->w->vault);
	if (file_exists(path))
		return 0;
	if (last(l, FACT_VAULT, NULL, NULL))
		return -wrong(l, "the vault is gone");
	if (file_exists(l->w->vault))
		return -wrong(l, "half a vault is there");
	return 1;
}

int oracle(const struct world *w, size_t upto, char *why, size_t room)
{
	struct look l = { .w = w, .upto = upto, .why = why, .room = room };
	uint8_t before[16], after[16];
	struct unit *u = NULL;
	int bad = nothing_there(&l);

	if (bad)
		return bad < 0;
	bad = verified(&l, "before anything is opened", 0);
	if (bad || writer(&l, "after the crash", &u))
		return 1;
	unit_close(u);
	if (verified(&l, "after recovery", 1))
		return 1;
	mark_dirty(&l);
	disk(&l, before);
	if (writer(&l, "a second time", &u))
		return 1;
	unit_close(u);
	mark_dirty(&l);
	disk(&l, after);
	if (memcmp(before, after, sizeof before) != 0)
		return wrong(&l, "a second recovery changed something");
	if (writer(&l, "a third time", &u))
		return 1;
	for (size_t i = 0; !bad && i < w->nfacts; i++)
		if (holds(&l, &w->facts[i]))
			bad = fact_holds(&l, u, &w->facts[i]);
	if (!bad)
		bad = content(&l, u);
	if (!bad)
		bad = heads(&l, u);
	unit_close(u);
	return bad ? bad : verified(&l, "after going on", 1);
}
