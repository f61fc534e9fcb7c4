/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/casefile.h"
#include "cases/keeper_int.h"
#include "cases/people.h"
#include "cases/unit_int.h"
#include "store/wrap.h"
#include "tests/cases/fixture.h"

#define PASS2 "sylvie has a long passphrase"

struct world {
	struct fixture f;
	char keys[96], case_id[17];
	struct user_keys *claire, *sylvie;
	struct keeper *k;
	/* the last answer */
	unsigned to, answers;
	uint8_t type;
	struct buf msg;
};

static void on_answer(void *arg, unsigned session, uint8_t type,
		      struct bytes msg)
{
	struct world *w = arg;

	w->to = session;
	w->type = type;
	w->answers++;
	buf_clear(&w->msg);
	buf_addb(&w->msg, msg);
}

static struct user_keys *keys_of(struct world *w, const char *name,
				 const char *pass)
{
	struct buf b = BUF_INIT(KEYFILE_MAX);
	struct user_keys *k = NULL;
	char path[160];

	snprintf(path, sizeof path, "%s/%s.key.age", w->keys, name);
	cr_assert_eq(file_read(path, &b, NULL), 0);
	cr_assert_eq(user_keys_open(buf_view(&b), bytes_str(pass), &k, NULL),
		     0);
	buf_release(&b);
	return k;
}

static void world_init(struct world *w)
{
	const char *const names[] = { "claire", "sylvie" };
	static const char *const offences[] = { "o" };
	struct case_options c = CASE_OPTIONS_INIT;
	struct keeper_options o = { .answer = on_answer, .arg = w };
	struct err e = ERR_INIT;
	struct unit *u;

	memset(w, 0, sizeof *w);
	w->msg.max = KEEPER_MESSAGE_MAX;
	fixture_init(&w->f);
	snprintf(w->keys, sizeof w->keys, "%s/keys", w->f.dir);
	cr_assert_eq(mkdir(w->keys, 0700), 0);
	u = fixture_open(&w->f, "claire", VAULT_WRITE);
	cr_assert_eq(unit_add_user(u, "sylvie", "Sylvie Petit",
				   ROLE_SUPERVISOR, bytes_str(PASS2),
				   TEST_LOGN, &e), 0, "%s", e.text);
	c.reference = "2026-1";
	c.basis = "b";
	c.offences = offences;
	c.noffences = 1;
	c.start_ms = clock_wall_ms() - 1000;
	c.end_ms = c.start_ms + 86400000;
	cr_assert_eq(casefile_open(u, &c, w->case_id, &e), 0, "%s", e.text);
	cr_assert_eq(custodian_set(u, names, 2, w->keys, &e), 0, "%s", e.text);
	unit_close(u);
	w->claire = keys_of(w, "claire", PASS);
	w->sylvie = keys_of(w, "sylvie", PASS2);
	o.path = w->f.path;
	cr_assert_eq(keeper_new(&o, &w->k, &e), 0, "%s", e.text);
}

static void world_release(struct world *w)
{
	keeper_free(w->k);
	user_keys_free(w->claire);
	user_keys_free(w->sylvie);
	buf_release(&w->msg);
	fixture_release(&w->f);
}

static int ask(struct world *w, unsigned session, uint8_t type,
	       struct bytes msg)
{
	int r = keeper_take(w->k, session, type, msg);

	keeper_flush(w->k);
	return r;
}

/* The login note of a session as its hello asks for it; edits afterwards. */
static void login_note(struct world *w, const char *user,
		       const struct user_keys *k, uint32_t uid,
		       struct buf *note)
{
	struct serve_in in = SERVE_IN(buf_view(&w->msg));
	struct buf text = BUF_INIT(4096);
	struct bytes nonce;
	char log[256];
	int64_t expires;

	cr_assert_eq(w->type, KEEPER_HELLO);
	serve_u8(&in);
	serve_u32(&in);
	nonce = serve_take(&in, SERVE_NONCE);
	expires = (int64_t)serve_u64(&in);
	serve_text(&in, log, sizeof log);
	cr_assert_eq(in.bad, 0);
	serve_login_text(log, user, uid, nonce.p, expires, &text);
	cr_assert_eq(note_sign(buf_view(&text), &k->sign, 1, note, NULL), 0);
	buf_release(&text);
}

static void login(struct world *w, unsigned session, const char *user,
		  const struct user_keys *k)
{
	struct buf note = BUF_INIT(8192);

	cr_assert_eq(keeper_open(w->k, session, 1000, NULL), 0);
	login_note(w, user, k, 1000, &note);
	cr_assert_eq(ask(w, session, KEEPER_LOGIN, buf_view(&note)), 0);
	cr_assert_eq(w->type, KEEPER_WELCOME, "%.*s", (int)w->msg.len,
		     (const char *)w->msg.p);
	buf_release(&note);
}

/* Open what the keeper hands out with these keys, and give it back. */
static void give(struct world *w, unsigned session, const struct user_keys *k)
{
	struct serve_in in = SERVE_IN(buf_view(&w->msg));
	struct buf out = BUF_INIT(65536);
	uint32_t n;

	cr_assert_eq(w->type, KEEPER_CUSTODY);
	serve_u8(&in);
	n = serve_u32(&in);
	serve_put_u32(&out, n);
	for (uint32_t i = 0; i < n; i++) {
		struct buf plain = BUF_INIT(2048);
		char other[64];
		struct bytes file;

		serve_text(&in, other, sizeof other);
		file = serve_blob(&in, CUSTODIAN_WRAP_MAX);
		cr_assert_eq(age_decrypt(&k->receive, 1, file, &plain, NULL),
			     0);
		serve_put_blob(&out, buf_view(&plain));
		buf_wipe(&plain);
	}
	ask(w, session, KEEPER_GIVEN, buf_view(&out));
	buf_wipe(&out);
}

static void unlock(struct world *w)
{
	login(w, 901, "claire", w->claire);
	cr_assert_eq(ask(w, 901, KEEPER_FIRST, BYTES(NULL, 0)), 0);
	give(w, 901, w->claire);
	cr_assert_eq(w->type, KEEPER_DONE);
	cr_assert(keeper_locked(w->k));
	login(w, 902, "sylvie", w->sylvie);
	cr_assert_eq(ask(w, 902, KEEPER_FIRST, BYTES(NULL, 0)), 0);
	give(w, 902, w->sylvie);
	cr_assert_eq(w->type, KEEPER_DONE);
	cr_assert(!keeper_locked(w->k));
	keeper_close(w->k, 901);
	keeper_close(w->k, 902);
}

static void begin(struct world *w, unsigned session, const char *command,
		  enum keeper_mode mode)
{
	struct buf b = BUF_INIT(256);

	serve_put_text(&b, command);
	serve_put_u8(&b, mode);
	cr_assert_eq(ask(w, session, KEEPER_BEGIN, buf_view(&b)), 0);
	cr_assert_eq(w->type, KEEPER_BEGUN);
	buf_release(&b);
}

static void record_msg(struct buf *b, const char *dir, const char *kind,
		       unsigned leaf, const char *members)
{
	serve_put_text(b, dir);
	serve_put_text(b, kind);
	serve_put_u32(b, leaf);
	serve_put_blob(b, bytes_str(members));
	serve_put_u32(b, 0);
}

static int record(struct world *w, unsigned session, const char *dir,
		  const char *kind, unsigned leaf, const char *members)
{
	struct buf b = BUF_INIT(65536);
	int r;

	record_msg(&b, dir, kind, leaf, members);
	r = keeper_take(w->k, session, KEEPER_RECORD, buf_view(&b));
	buf_release(&b);
	return r;
}

/* The inner layer of claire's wrap of the case. */
static int inner(struct world *w, unsigned session, const char *case_id)
{
	struct buf file = BUF_INIT(65536), plain = BUF_INIT(4096);
	struct buf b = BUF_INIT(65536);
	char path[256];

	snprintf(path, sizeof path, "%s/cases/%s/wraps/1/claire.age",
		 w->f.path, w->case_id);
	cr_assert_eq(file_read(path, &file, NULL), 0);
	cr_assert_eq(age_decrypt(&w->claire->receive, 1, buf_view(&file),
				 &plain, NULL), 0);
	serve_put_text(&b, case_id);
	serve_put_blob(&b, buf_view(&plain));
	cr_assert_eq(ask(w, session, KEEPER_INNER, buf_view(&b)), 0);
	buf_release(&file);
	buf_wipe(&plain);
	buf_release(&b);
	return w->type;
}

#define ACCESS(who, of) ",\"user\":\"" who "\",\"command\":\"posts\"," \
	"\"why\":\"w\",\"case\":\"" of "\"}\n"

static int access_of(struct world *w, unsigned session, const char *who,
		     const char *of)
{
	char text[256];
	int r;

	snprintf(text, sizeof text, ",\"user\":\"%s\",\"command\":\"posts\","
		 "\"why\":\"w\",\"case\":\"%s\"}\n", who, of);
	r = record(w, session, "audit/2026-11", "access", LEAF_ACCESS, text);
	return r;
}

Test(keeper, locked_it_gives_nothing)
{
	struct buf b = BUF_INIT(256);
	struct world w;

	world_init(&w);
	login(&w, 1, "claire", w.claire);
	serve_put_text(&b, "posts");
	serve_put_u8(&b, KEEPER_ALONE);
	cr_assert_eq(ask(&w, 1, KEEPER_BEGIN, buf_view(&b)), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert_eq(inner(&w, 1, w.case_id), KEEPER_ERROR);
	cr_assert_null(w.k->keys);
	buf_release(&b);
	world_release(&w);
}

Test(keeper, two_custodians_unlock_and_one_alone_does_not)
{
	struct world w;

	world_init(&w);
	login(&w, 1, "claire", w.claire);
	cr_assert_eq(ask(&w, 1, KEEPER_FIRST, BYTES(NULL, 0)), 0);
	give(&w, 1, w.claire);
	cr_assert_eq(w.type, KEEPER_DONE);
	cr_assert(keeper_locked(w.k));
	/* The same person again, from another session. */
	login(&w, 2, "claire", w.claire);
	cr_assert_eq(ask(&w, 2, KEEPER_FIRST, BYTES(NULL, 0)), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert(keeper_locked(w.k));
	/* The second gives another secret: nothing opens, all is forgotten. */
	login(&w, 3, "sylvie", w.sylvie);
	cr_assert_eq(ask(&w, 3, KEEPER_FIRST, BYTES(NULL, 0)), 0);
	{
		struct buf b = BUF_INIT(256);
		uint8_t wrong[32] = { 5 };

		serve_put_u32(&b, 1);
		serve_put_blob(&b, BYTES(wrong, 32));
		ask(&w, 3, KEEPER_GIVEN, buf_view(&b));
		buf_release(&b);
	}
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert(keeper_locked(w.k));
	cr_assert_eq(*w.k->first, 0);
	unlock(&w);
	keeper_lock(w.k, "lock", "claire");
	cr_assert(keeper_locked(w.k));
	cr_assert_null(w.k->keys);
	unlock(&w);
	world_release(&w);
}

Test(keeper, a_first_custodian_is_forgotten_in_time)
{
	struct world w;

	world_init(&w);
	login(&w, 1, "claire", w.claire);
	cr_assert_eq(ask(&w, 1, KEEPER_FIRST, BYTES(NULL, 0)), 0);
	give(&w, 1, w.claire);
	cr_assert_neq(*w.k->first, 0);
	w.k->first_until = clock_boot_ms() - 1;
	keeper_tick(w.k);
	cr_assert_eq(*w.k->first, 0);
	cr_assert_eq(w.k->ngiven, 0);
	world_release(&w);
}

Test(keeper, a_login_counts_for_its_session_once_in_time_and_signed)
{
	struct buf note = BUF_INIT(8192), other = BUF_INIT(8192);
	struct world w;

	world_init(&w);
	unlock(&w);
	/* Somebody else's challenge. */
	keeper_open(w.k, 1, 1000, NULL);
	login_note(&w, "claire", w.claire, 1000, &note);
	keeper_open(w.k, 2, 1000, NULL);
	cr_assert_eq(ask(&w, 2, KEEPER_LOGIN, buf_view(&note)), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* A nonce is used up by the attempt, even by a good note after it. */
	keeper_open(w.k, 3, 1000, NULL);
	login_note(&w, "claire", w.claire, 1000, &other);
	ask(&w, 3, KEEPER_LOGIN, buf_view(&note));
	cr_assert_eq(w.type, KEEPER_ERROR);
	ask(&w, 3, KEEPER_LOGIN, buf_view(&other));
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* Another uid than the kernel's. */
	buf_clear(&note);
	keeper_open(w.k, 4, 1000, NULL);
	login_note(&w, "claire", w.claire, 1001, &note);
	ask(&w, 4, KEEPER_LOGIN, buf_view(&note));
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* Another's key, under this name. */
	buf_clear(&note);
	keeper_open(w.k, 5, 1000, NULL);
	login_note(&w, "claire", w.sylvie, 1000, &note);
	ask(&w, 5, KEEPER_LOGIN, buf_view(&note));
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* Too late. */
	buf_clear(&note);
	keeper_open(w.k, 6, 1000, NULL);
	w.k->members->expires_ms = clock_wall_ms() - 1;
	login_note(&w, "claire", w.claire, 1000, &note);
	ask(&w, 6, KEEPER_LOGIN, buf_view(&note));
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* Nobody here. */
	buf_clear(&note);
	keeper_open(w.k, 7, 1000, NULL);
	login_note(&w, "mallory", w.claire, 1000, &note);
	ask(&w, 7, KEEPER_LOGIN, buf_view(&note));
	cr_assert_eq(w.type, KEEPER_ERROR);
	login(&w, 8, "claire", w.claire);
	buf_release(&note);
	buf_release(&other);
	world_release(&w);
}

Test(keeper, a_revoked_user_is_nobody_at_once)
{
	struct world w;

	world_init(&w);
	unlock(&w);
	login(&w, 1, "claire", w.claire);
	begin(&w, 1, "posts", KEEPER_READ);
	cr_assert_eq(access_of(&w, 1, "claire", w.case_id), 0);
	keeper_flush(w.k);
	for (size_t i = 0; i < w.k->u->admin.nusers; i++)
		if (!strcmp(w.k->u->admin.users[i].name, "claire"))
			w.k->u->admin.users[i].revoked = 1;
	cr_assert_eq(inner(&w, 1, w.case_id), KEEPER_ERROR);
	cr_assert_eq(access_of(&w, 1, "claire", w.case_id), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	world_release(&w);
}

Test(keeper, no_log_no_plaintext)
{
	struct world w;
	uint64_t before;

	world_init(&w);
	unlock(&w);
	login(&w, 1, "claire", w.claire);
	login(&w, 2, "claire", w.claire);
	begin(&w, 1, "posts", KEEPER_READ);
	begin(&w, 2, "posts", KEEPER_READ);
	cr_assert_eq(inner(&w, 1, w.case_id), KEEPER_ERROR);
	/* Handed in is not durable. */
	before = vault_size(w.k->u->vault);
	cr_assert_eq(access_of(&w, 1, "claire", w.case_id), 0);
	cr_assert_eq(vault_size(w.k->u->vault), before);
	cr_assert_eq(w.k->members->next->ncases, 0);
	cr_assert_eq(keeper_flush(w.k), 0);
	cr_assert_eq(w.type, KEEPER_DONE);
	cr_assert_gt(vault_size(w.k->u->vault), before);
	cr_assert_eq(inner(&w, 1, w.case_id), KEEPER_SECRET);
	/* Not another case's, not another session's, not the next command's. */
	cr_assert_eq(inner(&w, 1, "00000000000000aa"), KEEPER_ERROR);
	cr_assert_eq(inner(&w, 2, w.case_id), KEEPER_ERROR);
	ask(&w, 1, KEEPER_END, BYTES(NULL, 0));
	begin(&w, 1, "posts", KEEPER_READ);
	cr_assert_eq(inner(&w, 1, w.case_id), KEEPER_ERROR);
	world_release(&w);
}

Test(keeper, a_failed_log_permits_nothing)
{
	struct world w;

	world_init(&w);
	unlock(&w);
	login(&w, 1, "claire", w.claire);
	begin(&w, 1, "posts", KEEPER_READ);
	cr_assert_eq(access_of(&w, 1, "claire", w.case_id), 0);
	/* As a write that failed leaves it. */
	batch_abort(w.k->batch);
	w.k->batch = NULL;
	cr_assert_eq(batch_begin(w.k->u->vault, &w.k->batch, NULL), ERR_IO);
	cr_assert_eq(access_of(&w, 1, "claire", w.case_id), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert_eq(inner(&w, 1, w.case_id), w.type);
	cr_assert_eq(w.type, KEEPER_ERROR);
	world_release(&w);
}

Test(keeper, a_record_names_its_own_user_and_is_of_the_audit)
{
	struct world w;

	world_init(&w);
	unlock(&w);
	login(&w, 1, "claire", w.claire);
	begin(&w, 1, "posts", KEEPER_READ);
	cr_assert_eq(access_of(&w, 1, "sylvie", w.case_id), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert_eq(record(&w, 1, "audit/2026-11", "access", LEAF_ADMIN,
			    ACCESS("claire", "x")), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* A second "n", or a number of its own choice. */
	cr_assert_eq(record(&w, 1, "audit/2026-11", "access", LEAF_ACCESS,
			    ",\"n\":7,\"user\":\"claire\"}\n"), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert_eq(record(&w, 1, "audit/2026-11", "access", LEAF_ACCESS,
			    "}\n{\"user\":\"claire\"}\n"), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert_eq(record(&w, 1, "cases/00000000000000aa", "export",
			    LEAF_EXPORT, ",\"user\":\"claire\"}\n"), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert_eq(record(&w, 1, "admin", "../x", LEAF_ADMIN, "}\n"),
		     ERR_FORMAT);
	world_release(&w);
}

Test(keeper, records_of_many_sessions_share_a_commit)
{
	struct world w;
	uint64_t before;
	unsigned answers;

	world_init(&w);
	unlock(&w);
	for (unsigned i = 1; i <= 8; i++) {
		login(&w, i, "claire", w.claire);
		begin(&w, i, "posts", KEEPER_READ);
	}
	before = vault_size(w.k->u->vault);
	answers = w.answers;
	for (unsigned i = 1; i <= 8; i++)
		cr_assert_eq(access_of(&w, i, "claire", w.case_id), 0);
	cr_assert_eq(keeper_pending(w.k), 8);
	cr_assert_eq(w.answers, answers);
	cr_assert_eq(keeper_flush(w.k), 0);
	cr_assert_eq(w.answers, answers + 8);
	/* Eight leaves and one for their keys: one commit. */
	cr_assert_eq(vault_size(w.k->u->vault), before + 9);
	world_release(&w);
}

Test(keeper, a_users_statement_is_signed_by_that_user_word_for_word)
{
	struct buf line = BUF_INIT(4096), text = BUF_INIT(65536);
	char members[128];
	struct world w;
	uint64_t n;

	world_init(&w);
	unlock(&w);
	login(&w, 1, "claire", w.claire);
	login(&w, 2, "claire", w.claire);
	begin(&w, 1, "case", KEEPER_READ);
	begin(&w, 2, "case", KEEPER_READ);
	snprintf(members, sizeof members, ",\"case\":\"%s\",\"reason\":\"r\"}\n",
		 w.case_id);
	/* Signed by another. */
	cr_assert_eq(record(&w, 1, "admin", "case-close", LEAF_ADMIN, members),
		     0);
	cr_assert_eq(w.type, KEEPER_ASK);
	note_sig_line(buf_view(&w.msg), &w.sylvie->sign, &line, NULL);
	/* Meanwhile nobody else writes there. */
	cr_assert_eq(record(&w, 2, "admin", "case-close", LEAF_ADMIN, members),
		     1);
	cr_assert_eq(ask(&w, 1, KEEPER_SIGNED, buf_view(&line)), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* Another text than the one that was shown. */
	cr_assert_eq(record(&w, 1, "admin", "case-close", LEAF_ADMIN, members),
		     0);
	buf_clear(&line);
	note_sig_line(bytes_str("another text\n"), &w.claire->sign, &line,
		      NULL);
	cr_assert_eq(ask(&w, 1, KEEPER_SIGNED, buf_view(&line)), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* Too late: the number may be another's by now. */
	cr_assert_eq(record(&w, 1, "admin", "case-close", LEAF_ADMIN, members),
		     0);
	buf_addb(&text, buf_view(&w.msg));
	w.k->members->next->held_until = 0;
	keeper_tick(w.k);
	buf_clear(&line);
	note_sig_line(buf_view(&text), &w.claire->sign, &line, NULL);
	cr_assert_eq(ask(&w, 1, KEEPER_SIGNED, buf_view(&line)), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	/* And as it should be. */
	n = w.k->u->admin.count;
	cr_assert_eq(record(&w, 1, "admin", "case-close", LEAF_ADMIN, members),
		     0);
	buf_clear(&line);
	note_sig_line(buf_view(&w.msg), &w.claire->sign, &line, NULL);
	cr_assert_eq(ask(&w, 1, KEEPER_SIGNED, buf_view(&line)), 0);
	cr_assert_eq(w.type, KEEPER_DONE);
	cr_assert_eq(w.k->u->admin.count, n + 1);
	/* What the house forbids is not written: it is closed already. */
	cr_assert_eq(record(&w, 1, "admin", "case-close", LEAF_ADMIN, members),
		     0);
	buf_clear(&line);
	note_sig_line(buf_view(&w.msg), &w.claire->sign, &line, NULL);
	cr_assert_eq(ask(&w, 1, KEEPER_SIGNED, buf_view(&line)), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	cr_assert_eq(w.k->u->admin.count, n + 1);
	buf_release(&line);
	buf_release(&text);
	world_release(&w);
}

Test(keeper, one_turn_at_a_time_and_a_death_in_it_is_mended)
{
	struct buf b = BUF_INIT(256);
	struct world w;

	world_init(&w);
	unlock(&w);
	login(&w, 1, "claire", w.claire);
	login(&w, 2, "sylvie", w.sylvie);
	begin(&w, 1, "user", KEEPER_ALONE);
	cr_assert_eq(w.k->turn, 1);
	serve_put_text(&b, "user");
	serve_put_u8(&b, KEEPER_ALONE);
	cr_assert_eq(keeper_take(w.k, 2, KEEPER_BEGIN, buf_view(&b)), 1);
	keeper_close(w.k, 1);
	cr_assert_eq(w.k->turn, 0);
	cr_assert(!keeper_locked(w.k));
	cr_assert_eq(keeper_take(w.k, 2, KEEPER_BEGIN, buf_view(&b)), 0);
	cr_assert_eq(w.type, KEEPER_BEGUN);
	buf_release(&b);
	world_release(&w);
}

Test(keeper, only_the_files_a_session_needs_are_unsealed)
{
	static const char *const no[] = {
		"admin/unit.key.age", "admin/master.age", "admin/users/x",
		"cases/../admin/tag.age", "cases/00000000000000aa/tag.age",
		"audit/2026-11/tag.age", "/etc/shadow", "",
	};
	struct world w;

	world_init(&w);
	unlock(&w);
	/* An investigator who is no auditor: claire, but for her other roles. */
	login(&w, 1, "claire", w.claire);
	for (size_t i = 0; i < w.k->u->admin.nusers; i++)
		if (!strcmp(w.k->u->admin.users[i].name, "claire"))
			w.k->u->admin.users[i].roles = ROLE_INVESTIGATOR;
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		struct buf b = BUF_INIT(256);

		serve_put_text(&b, no[i]);
		serve_put_u32(&b, 32);
		cr_assert_eq(ask(&w, 1, KEEPER_SEALED, buf_view(&b)), 0);
		cr_expect_eq(w.type, KEEPER_ERROR, "%s", no[i]);
		buf_release(&b);
	}
	world_release(&w);
}

Test(keeper, nonsense_ends_the_session)
{
	struct world w;

	world_init(&w);
	unlock(&w);
	login(&w, 1, "claire", w.claire);
	for (unsigned type = 0; type < 256; type++) {
		uint8_t junk[3] = { 1, 2, 3 };
		unsigned before = w.answers;
		int r = keeper_take(w.k, 1, (uint8_t)type, BYTES(junk, 3));

		keeper_flush(w.k);
		cr_expect(r < 0 || w.answers > before, "type %u", type);
	}
	cr_assert_lt(keeper_take(w.k, 77, KEEPER_STATE, BYTES(NULL, 0)), 0);
	world_release(&w);
}

Test(keeper, a_full_disk_refuses_evidence_and_goes_on_reading)
{
	struct buf b = BUF_INIT(256);
	struct world w;

	world_init(&w);
	unlock(&w);
	w.k->full = 1;
	login(&w, 1, "claire", w.claire);
	begin(&w, 1, "posts", KEEPER_READ);
	cr_assert_eq(access_of(&w, 1, "claire", w.case_id), 0);
	cr_assert_eq(keeper_flush(w.k), 0);
	cr_assert_eq(w.type, KEEPER_DONE);
	cr_assert_eq(record(&w, 1, "admin", "case-close", LEAF_ADMIN,
			    ",\"case\":\"x\",\"reason\":\"r\"}\n"), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	ask(&w, 1, KEEPER_END, BYTES(NULL, 0));
	serve_put_text(&b, "collect");
	serve_put_u8(&b, KEEPER_PASS);
	cr_assert_eq(ask(&w, 1, KEEPER_BEGIN, buf_view(&b)), 0);
	cr_assert_eq(w.type, KEEPER_ERROR);
	buf_release(&b);
	world_release(&w);
}
