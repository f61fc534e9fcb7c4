/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/custody.h"

#include "cases/casefile.h"
#include "cases/derived.h"
#include "cases/receipts.h"
#include "store/vault_int.h"
#include "tests/cases/fixture.h"

#include <errno.h>
#include <unistd.h>

#define DAY 86400000ll
#define SECRET_TEXT "arrêt de travail, 06 39 98 01 02"

struct world {
	struct fixture f;
	struct unit *u;
	char id[17];
};

static void put_item(struct unit *u, struct stream *s, const char *dir,
		     const char *text)
{
	struct bytes piece = bytes_str(text);
	struct store_blob blob = { .pieces = &piece, .npieces = 1 };
	struct buf note = BUF_INIT(NOTE_MAX);
	struct err e = ERR_INIT;
	struct store_item it = { .kind = LEAF_EVIDENCE, .blobs = &blob,
				 .nblobs = 1 };
	struct batch *b;
	struct draft d;

	cr_assert_eq(batch_begin(u->vault, &b, &e), 0);
	draft_begin(&d, "capture", vault_origin(u->vault), dir,
		    batch_number(b, s), clock_wall_ms());
	cr_assert_eq(draft_sign(&d, &u->keys->collector, 1, &note, &e), 0);
	it.statement = buf_view(&note);
	cr_assert_eq(batch_add(b, s, &it, clock_wall_ms(), NULL, &e), 0);
	cr_assert_eq(batch_commit(b, &e), 0, "%s", e.text);
	draft_release(&d);
	buf_release(&note);
}

static void world_init(struct world *w)
{
	static const char *const offence[] = { "faux" };
	struct case_options o = CASE_OPTIONS_INIT;
	const struct admin_case *c;
	char dir[CASE_DIR_MAX];
	struct err e = ERR_INIT;
	struct stream *s;

	fixture_init(&w->f);
	w->u = fixture_open(&w->f, "claire", VAULT_WRITE);
	o.reference = "2026-0042";
	o.basis = "basis";
	o.offences = offence;
	o.noffences = 1;
	o.start_ms = clock_wall_ms() - DAY;
	o.end_ms = clock_wall_ms() + DAY;
	cr_assert_eq(casefile_open(w->u, &o, w->id, &e), 0, "%s", e.text);
	cr_assert_eq(casefile_find(w->u, w->id, &c, &e), 0);
	cr_assert_eq(casefile_stream(w->u, c, &s, &e), 0, "%s", e.text);
	for (int i = 0; i < 3; i++)
		put_item(w->u, s, casefile_dir(c, dir), SECRET_TEXT);
}

static void world_reopen(struct world *w, const char *user)
{
	unit_close(w->u);
	w->u = fixture_open(&w->f, user, VAULT_WRITE);
}

static void world_release(struct world *w)
{
	unit_close(w->u);
	fixture_release(&w->f);
}

static struct access asked(struct world *w)
{
	return (struct access){ .command = "search", .why = "tri du dossier",
				.case_name = w->id, .query = "arrêt" };
}

/* Leaves of a kind in the whole log. */
static unsigned leaves_of(struct unit *u, unsigned kind)
{
	struct leaf leaf;
	unsigned n = 0;

	for (uint64_t i = 0; i < vault_size(u->vault); i++) {
		cr_assert_eq(vault_leaf(u->vault, i, &leaf), 0);
		n += leaf.kind == kind;
	}
	return n;
}

struct found {
	struct buf text;
};

static int gather(void *arg, uint64_t n, struct bytes note, struct err *e)
{
	struct found *found = arg;

	(void)n;
	(void)e;
	return buf_addb(&found->text, note);
}

static void read_audit(struct unit *u, struct found *found)
{
	char when[CLOCK_RFC3339_MAX], month[8];
	struct err e = ERR_INIT;

	found->text = (struct buf)BUF_INIT(1 << 20);
	snprintf(month, sizeof month, "%.7s",
		 clock_rfc3339(clock_wall_ms(), when));
	cr_assert_eq(custody_audit(u, month, "contrôle", gather, found, &e), 0,
		     "%s", e.text);
}

Test(custody, the_access_is_in_the_log_before_the_first_plaintext)
{
	struct buf plain = BUF_INIT(1 << 20);
	struct err e = ERR_INIT;
	struct grant *g;
	struct world w;
	struct access a;
	struct leaf leaf;
	uint64_t size;

	world_init(&w);
	world_reopen(&w, "claire");
	size = vault_size(w.u->vault);
	a = asked(&w);
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0, "%s", e.text);
	cr_assert_gt(vault_size(w.u->vault), size);
	cr_assert_eq(vault_leaf(w.u->vault, custody_seq(g), &leaf), 0);
	cr_assert_eq(leaf.kind, LEAF_ACCESS);
	cr_assert_eq(custody_count(g), 3u);
	cr_assert_eq(custody_get(g, 1, 1, &plain, NULL, &e), 0, "%s", e.text);
	cr_assert_str_eq(buf_cstr(&plain), SECRET_TEXT);
	custody_close(g);
	buf_release(&plain);
	world_release(&w);
}

Test(custody, the_record_says_who_why_and_what_was_asked_but_no_content)
{
	struct buf plain = BUF_INIT(1 << 20);
	struct err e = ERR_INIT;
	struct found found;
	struct grant *g;
	struct world w;
	struct access a;

	world_init(&w);
	a = asked(&w);
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0);
	cr_assert_eq(custody_get(g, 0, 1, &plain, NULL, &e), 0);
	custody_close(g);
	read_audit(w.u, &found);
	cr_assert_not_null(strstr(buf_cstr(&found.text), "scelle/v1/access"));
	cr_assert_not_null(strstr(buf_cstr(&found.text), "\"user\":\"claire\""));
	cr_assert_not_null(strstr(buf_cstr(&found.text), "tri du dossier"));
	cr_assert_not_null(strstr(buf_cstr(&found.text), w.id));
	cr_assert_null(strstr(buf_cstr(&found.text), "06 39 98"));
	cr_assert_null(strstr(buf_cstr(&found.text), "2026-0042"));
	/* The reading of the audit is in the audit too. */
	cr_assert_not_null(strstr(buf_cstr(&found.text),
				  "\"command\":\"audit\""));
	buf_release(&found.text);
	buf_release(&plain);
	world_release(&w);
}

Test(custody, a_page_of_a_listing_is_on_record_by_its_items)
{
	static const uint64_t items[] = { 7, 2, 0, 1, 7 };
	struct err e = ERR_INIT;
	struct found found;
	struct grant *g;
	struct world w;
	struct access a;
	struct shown s = { .items = items, .nitems = 5, .rows = 4, .more = 1 };
	char of[64];

	world_init(&w);
	a = asked(&w);
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0);
	snprintf(of, sizeof of, "\"of\":%llu",
		 (unsigned long long)custody_seq(g));
	cr_assert_eq(leaves_of(w.u, LEAF_ACCESS), 1u);
	cr_assert_eq(custody_shown(g, &s, &e), 0, "%s", e.text);
	cr_assert_eq(leaves_of(w.u, LEAF_ACCESS), 2u);
	s = (struct shown){ .page = 1, .whole = 3 };
	cr_assert_eq(custody_shown(g, &s, &e), 0, "%s", e.text);
	custody_close(g);
	read_audit(w.u, &found);
	cr_assert_not_null(strstr(buf_cstr(&found.text), "\"reach\":[[0,2]]"));
	cr_assert_not_null(strstr(buf_cstr(&found.text), of));
	cr_assert_not_null(strstr(buf_cstr(&found.text),
				  "\"items\":[[0,2],7]}"));
	cr_assert_not_null(strstr(buf_cstr(&found.text),
				  "\"page\":1,\"rows\":0,\"items\":[[0,2]],"
				  "\"outcome\":\"done\""));
	buf_release(&found.text);
	world_release(&w);
}

Test(custody, the_record_says_from_where_and_masks_what_was_typed)
{
	struct err e = ERR_INIT;
	struct found found;
	struct grant *g;
	struct world w;
	struct access a;
	char uid[64];

	setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22", 1);
	world_init(&w);
	world_reopen(&w, "claire");
	a = asked(&w);
	a.query = "1 85 05 78 006 084 91";
	a.why = "carte 4970 1012 3456 7893";
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0);
	custody_close(g);
	setenv("SSH_CONNECTION", "\"}; drop", 1);
	world_reopen(&w, "claire");
	cr_assert_eq(w.u->from.ssh[0], '\0', "no address is none");
	read_audit(w.u, &found);
	snprintf(uid, sizeof uid, "\"via\":\"local\",\"uid\":%u",
		 (unsigned)getuid());
	cr_assert_not_null(strstr(buf_cstr(&found.text), uid));
	cr_assert_not_null(strstr(buf_cstr(&found.text),
				  "\"ssh\":\"192.0.2.7\""));
	cr_assert_null(strstr(buf_cstr(&found.text), "006 084"));
	cr_assert_null(strstr(buf_cstr(&found.text), "1012 3456"));
	buf_release(&found.text);
	world_release(&w);
}

Test(custody, without_a_reason_nothing_is_read)
{
	struct err e = ERR_INIT;
	struct grant *g;
	struct world w;
	struct access a;
	uint64_t size;

	world_init(&w);
	size = vault_size(w.u->vault);
	a = asked(&w);
	a.why = NULL;
	cr_assert_eq(custody_log(w.u, &a, &g, &e), ERR_USAGE);
	a.why = "  \t";
	cr_assert_eq(custody_log(w.u, &a, &g, &e), ERR_USAGE);
	cr_assert_eq(vault_size(w.u->vault), size);
	world_release(&w);
}

Test(custody, named_items_are_all_that_opens)
{
	const uint64_t items[] = { 2, 0 };
	struct buf plain = BUF_INIT(1 << 20);
	uint8_t identity[32];
	struct err e = ERR_INIT;
	struct grant *g;
	struct world w;
	struct access a;

	world_init(&w);
	a = asked(&w);
	a.items = items;
	a.nitems = 2;
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0);
	cr_assert_eq(custody_get(g, 0, 1, &plain, NULL, &e), 0);
	cr_assert_eq(custody_get(g, 2, 1, &plain, NULL, &e), 0);
	plain.len = 0;
	cr_assert_eq(custody_get(g, 1, 1, &plain, NULL, &e), ERR_DENIED);
	cr_assert_eq(custody_sealed(g, 1, 1, &plain, identity, &e), ERR_DENIED);
	cr_assert_eq(plain.len, 0u);
	custody_close(g);
	buf_release(&plain);
	world_release(&w);
}

Test(custody, who_is_no_member_is_refused_and_that_is_sealed)
{
	struct err e = ERR_INIT;
	struct found found;
	struct grant *g;
	struct world w;
	struct access a;

	world_init(&w);
	cr_assert_eq(unit_add_user(w.u, "paul", "", ROLE_INVESTIGATOR,
				   bytes_str(PASS), TEST_LOGN, &e), 0);
	cr_assert_eq(unit_add_user(w.u, "sylvie", "", ROLE_SUPERVISOR,
				   bytes_str(PASS), TEST_LOGN, &e), 0);
	a = asked(&w);
	world_reopen(&w, "paul");
	cr_assert_eq(custody_log(w.u, &a, &g, &e), ERR_DENIED);
	cr_assert_eq(leaves_of(w.u, LEAF_REFUSED), 1u);
	world_reopen(&w, "sylvie");
	cr_assert_eq(custody_log(w.u, &a, &g, &e), ERR_DENIED);
	cr_assert_eq(leaves_of(w.u, LEAF_REFUSED), 2u);
	/* The one access is claire's: she gave sylvie the months. */
	cr_assert_eq(leaves_of(w.u, LEAF_ACCESS), 1u);
	world_reopen(&w, "claire");
	read_audit(w.u, &found);
	cr_assert_not_null(strstr(buf_cstr(&found.text), "scelle/v1/refused"));
	cr_assert_not_null(strstr(buf_cstr(&found.text), "\"user\":\"paul\""));
	buf_release(&found.text);
	/* A member who was let in reads. */
	cr_assert_eq(casefile_member_add(w.u, w.id, "paul", "team", &e), 0);
	world_reopen(&w, "paul");
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0, "%s", e.text);
	custody_close(g);
	world_release(&w);
}

Test(custody, an_investigator_does_not_read_the_audit)
{
	char when[CLOCK_RFC3339_MAX], month[8];
	struct err e = ERR_INIT;
	struct found found = { BUF_INIT(1 << 20) };
	struct world w;

	world_init(&w);
	cr_assert_eq(unit_add_user(w.u, "paul", "", ROLE_INVESTIGATOR,
				   bytes_str(PASS), TEST_LOGN, &e), 0);
	world_reopen(&w, "paul");
	snprintf(month, sizeof month, "%.7s",
		 clock_rfc3339(clock_wall_ms(), when));
	cr_assert_eq(custody_audit(w.u, month, "curious", gather, &found, &e),
		     ERR_DENIED);
	cr_assert_eq(found.text.len, 0u);
	cr_assert_eq(leaves_of(w.u, LEAF_REFUSED), 1u);
	world_release(&w);
}

Test(custody, the_timer_reads_nothing)
{
	struct err e = ERR_INIT;
	struct grant *g;
	struct world w;
	struct access a;

	world_init(&w);
	unit_close(w.u);
	cr_assert_eq(unit_open(w.f.path, UNIT_TIMER, bytes_str(UNIT_PASS),
			       VAULT_WRITE, &w.u, &e), 0, "%s", e.text);
	a = asked(&w);
	cr_assert_eq(custody_log(w.u, &a, &g, &e), ERR_DENIED);
	world_release(&w);
}

Test(custody, a_vault_open_for_reading_gives_no_content)
{
	struct err e = ERR_INIT;
	struct grant *g;
	struct world w;
	struct access a;

	world_init(&w);
	unit_close(w.u);
	w.u = fixture_open(&w.f, "claire", VAULT_READ);
	a = asked(&w);
	cr_assert_lt(custody_log(w.u, &a, &g, &e), 0);
	world_release(&w);
}

/* Every sync from now on fails. */
static int no_sync(void *arg, enum vio_op op, int fd, const char *path,
		   uint64_t off, const void *p, size_t *n)
{
	(void)arg;
	(void)fd;
	(void)path;
	(void)off;
	(void)p;
	(void)n;
	return op == VIO_SYNC ? EIO : 0;
}

Test(custody, no_log_no_plaintext)
{
	struct err e = ERR_INIT;
	struct grant *g = NULL;
	struct world w;
	struct access a;

	world_init(&w);
	a = asked(&w);
	vio_set_hook(no_sync, NULL);
	cr_assert_eq(custody_log(w.u, &a, &g, &e), ERR_IO);
	cr_assert_null(g);
	/* Nor later: the vault is dead until it is opened again. */
	vio_set_hook(NULL, NULL);
	cr_assert_lt(custody_log(w.u, &a, &g, &e), 0);
	cr_assert_null(g);
	world_reopen(&w, "claire");
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0, "%s", e.text);
	custody_close(g);
	world_release(&w);
}

static int collect_lines(void *arg, uint64_t n, struct bytes lines,
			 struct err *e)
{
	struct buf *out = arg;

	(void)e;
	buf_addf(out, "%u:", (unsigned)n);
	return buf_addb(out, lines);
}

Test(custody, what_pages_gave_opens_under_a_grant_and_a_torn_end_is_dropped)
{
	struct buf out = BUF_INIT(65536);
	char path[FILE_PATH_MAX];
	struct err e = ERR_INIT;
	struct derived *d;
	struct grant *g;
	struct world w;
	struct access a;
	uint64_t next = 0, size;

	world_init(&w);
	a = asked(&w);
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0);
	cr_assert_eq(file_path(path, w.f.path, "cases", w.id, "derived.cache",
			       NULL), 0);
	cr_assert_eq(derived_read(g, path, &next, collect_lines, &out, &e), 0);
	cr_assert_eq(out.len, 0u);
	cr_assert_eq(derived_open(path, custody_public(g), &d, &e), 0);
	cr_assert_eq(derived_append(d, 1, bytes_str("{a}\n"), &e), 0);
	cr_assert_eq(derived_append(d, 2, bytes_str("{b}\n"), &e), 0);
	derived_close(d);
	cr_assert_eq(derived_read(g, path, &next, collect_lines, &out, &e), 0);
	cr_assert_str_eq(buf_cstr(&out), "1:{a}\n2:{b}\n");
	cr_assert_eq(file_size(path, &size, NULL), 0);
	cr_assert_eq(next, size);
	/* Half a frame, then more. */
	cr_assert_eq(truncate(path, (off_t)size - 5), 0);
	cr_assert_eq(derived_open(path, custody_public(g), &d, &e), 0);
	cr_assert_eq(derived_append(d, 3, bytes_str("{c}\n"), &e), 0);
	derived_close(d);
	next = 0;
	out.len = 0;
	cr_assert_eq(derived_read(g, path, &next, collect_lines, &out, &e), 0);
	cr_assert_str_eq(buf_cstr(&out), "1:{a}\n3:{c}\n");
	custody_close(g);
	buf_release(&out);
	world_release(&w);
}

Test(custody, receipts_are_kept_outside_and_never_overwritten)
{
	struct receipts_entry *list;
	char path[FILE_PATH_MAX], again[FILE_PATH_MAX];
	struct err e = ERR_INIT;
	struct world w;
	size_t n;

	world_init(&w);
	setenv("XDG_STATE_HOME", w.f.dir, 1);
	cr_assert_eq(receipts_list(vault_vkey(w.u->vault), &list, &n, &e), 0);
	cr_assert_eq(n, 0u);
	free(list);
	cr_assert_eq(receipts_keep(w.u->vault, path, &e), 0, "%s", e.text);
	cr_assert_eq(receipts_keep(w.u->vault, again, &e), 0, "%s", e.text);
	cr_assert_str_eq(path, again);
	cr_assert_eq(receipts_list(vault_vkey(w.u->vault), &list, &n, &e), 0);
	cr_assert_eq(n, 1u);
	cr_assert_eq(list[0].size, vault_size(w.u->vault));
	free(list);
	world_release(&w);
}
