/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/client.h"
#include "cases/serve_proto.h"
#include "util/secret.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const uint8_t all_types[] = "HWOSDPFRXElqrusdpn";

static int turn(struct serve_turn *t, int service, uint8_t type,
		const char *msg, size_t n)
{
	return serve_turn(t, service, type, BYTES(msg, n), NULL);
}

/* In each state exactly these may come; everything else ends it. */
Test(serve_proto, each_message_is_permitted_in_its_turn_only)
{
	static const struct {
		enum serve_state at;
		const char *service, *client;
	} rows[] = {
		{ SERVE_AT_START, "HE", "" },
		{ SERVE_AT_LOGIN, "", "lq" },
		{ SERVE_AT_CHECK, "WE", "" },
		{ SERVE_AT_REST, "", "r" },
		{ SERVE_AT_LOAD, "", "u" },
		{ SERVE_AT_WORK, "OFRSDPXE", "" },
		{ SERVE_AT_SIGN, "", "sn" },
		{ SERVE_AT_OPEN, "", "dn" },
		{ SERVE_AT_PASS, "", "pn" },
		{ SERVE_AT_END, "", "" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int service = 0; service < 2; service++)
			for (const uint8_t *p = all_types; *p; p++) {
				struct serve_turn t = { .at = rows[i].at,
							.logged_in = 1,
							.loads = 1 };
				const char *may = service ? rows[i].service
							  : rows[i].client;
				int r = turn(&t, service, *p,
					     *p == 'u' ? "\0\1" : "\0",
					     *p == 'u' ? 2 : *p == 'q' ? 0 : 1);

				if (strchr(may, *p)) {
					cr_expect_eq(r, 0, "state %d %c",
						     (int)rows[i].at, *p);
					continue;
				}
				cr_expect_eq(r, ERR_FORMAT, "state %d %c",
					     (int)rows[i].at, *p);
				cr_expect_eq(t.at, SERVE_AT_END);
			}
}

Test(serve_proto, each_type_has_its_cap)
{
	static char big[SERVE_FRAME_MAX + 8192];
	struct serve_turn t = { .at = SERVE_AT_LOGIN };

	cr_assert_eq(turn(&t, 0, SERVE_LOGIN, big, 4097), ERR_LIMIT);
	cr_assert_eq(t.at, SERVE_AT_END);
	t = (struct serve_turn){ .at = SERVE_AT_LOGIN };
	cr_assert_eq(turn(&t, 0, SERVE_LOGIN, big, 4096), 0);
	t = (struct serve_turn){ .at = SERVE_AT_SIGN };
	cr_assert_eq(turn(&t, 0, SERVE_SIGNED, big, 1025), ERR_LIMIT);
	t = (struct serve_turn){ .at = SERVE_AT_REST };
	cr_assert_eq(turn(&t, 0, SERVE_RUN, big, SERVE_FRAME_MAX + 1),
		     ERR_LIMIT);
	for (const uint8_t *p = all_types; *p; p++)
		cr_expect_gt(serve_cap(*p), 0);
	cr_assert_eq(serve_cap('?'), 0);
}

Test(serve_proto, without_a_login_there_is_one_question_and_one_answer)
{
	struct serve_turn t = { .at = SERVE_AT_LOGIN };

	cr_assert_eq(turn(&t, 0, SERVE_STATUS, "", 0), 0);
	cr_assert_eq(turn(&t, 1, SERVE_OUT, "\1x", 2), 0);
	cr_assert_eq(turn(&t, 1, SERVE_EXIT, "\0", 1), 0);
	cr_assert_eq(t.at, SERVE_AT_END);
}

Test(serve_proto, files_come_in_order_and_not_for_ever)
{
	static char chunk[SERVE_CHUNK + 2];
	struct serve_turn t = { .at = SERVE_AT_REST, .logged_in = 1 };

	cr_assert_eq(turn(&t, 0, SERVE_RUN, "\2", 1), 0);
	cr_assert_eq(t.at, SERVE_AT_LOAD);
	cr_assert_eq(turn(&t, 0, SERVE_UPLOAD, "\0\0x", 3), 0);
	cr_assert_eq(turn(&t, 0, SERVE_UPLOAD, "\0\1x", 3), 0);
	cr_assert_eq(turn(&t, 0, SERVE_UPLOAD, "\1\1", 2), 0);
	cr_assert_eq(t.at, SERVE_AT_WORK);
	/* The second before the first, a piece of nothing, and too much. */
	t = (struct serve_turn){ .at = SERVE_AT_LOAD, .loads = 2 };
	cr_assert_eq(turn(&t, 0, SERVE_UPLOAD, "\1\1", 2), ERR_FORMAT);
	t = (struct serve_turn){ .at = SERVE_AT_LOAD, .loads = 2 };
	cr_assert_eq(turn(&t, 0, SERVE_UPLOAD, "\0\0", 2), ERR_FORMAT);
	t = (struct serve_turn){ .at = SERVE_AT_LOAD, .loads = 1,
				 .loaded = SERVE_LOAD_MAX };
	cr_assert_eq(turn(&t, 0, SERVE_UPLOAD, chunk, 3), ERR_LIMIT);
}

Test(serve_proto, what_is_written_is_read_back)
{
	const char *const words[] = { "export", "now", "-o", "x" };
	struct serve_run run = { .json = 1, .columns = 80, .locale = "fr_FR",
				 .argc = 4, .nfiles = 1, 
				 .argv = (char **)(uintptr_t)words,
				 .files = { { 3, 1 } } }, back;
	struct serve_hello h = { .version = SERVE_VERSION, .locked = 1,
				 .uid = 1000, .expires_ms = 5, .log = "key" };
	struct serve_hello h2;
	struct buf b = BUF_INIT(65536);

	serve_run_put(&run, &b);
	cr_assert_eq(serve_run_get(buf_view(&b), &back, NULL), 0);
	cr_assert_eq(back.argc, 4);
	cr_assert_str_eq(back.argv[2], "-o");
	cr_assert_null(back.argv[4]);
	cr_assert_eq(back.files[0].arg, 3);
	cr_assert_eq(back.json, 1);
	free(back.argv);
	/* Cut anywhere, it is none. */
	for (size_t n = 0; n < b.len; n++)
		cr_expect_eq(serve_run_get(BYTES(b.p, n), &back, NULL),
			     ERR_FORMAT, "%zu bytes", n);
	buf_clear(&b);
	serve_hello_put(&h, &b);
	cr_assert_eq(serve_hello_get(buf_view(&b), &h2, NULL), 0);
	cr_assert_eq(h2.uid, 1000);
	b.p[0] = 9;
	cr_assert_eq(serve_hello_get(buf_view(&b), &h2, NULL), ERR_VERSION);
	buf_release(&b);
}

Test(serve_proto, a_run_that_names_no_word_for_its_file_is_none)
{
	const char *const words[] = { "export", "now" };
	struct serve_run run = { .argc = 2, .nfiles = 1, 
				 .argv = (char **)(uintptr_t)words,
				 .files = { { 2, 1 } } }, back;
	struct buf b = BUF_INIT(65536);

	serve_run_put(&run, &b);
	cr_assert_eq(serve_run_get(buf_view(&b), &back, NULL), ERR_FORMAT);
	run.files[0].arg = 0;
	buf_clear(&b);
	serve_run_put(&run, &b);
	cr_assert_eq(serve_run_get(buf_view(&b), &back, NULL), ERR_FORMAT);
	buf_release(&b);
}

static int may(const char *log, const char *command, const char *kind,
	       const char *of)
{
	struct buf b = BUF_INIT(4096);
	int r;

	buf_addf(&b, "scelle/v1/%s\n{\"log\":\"%s\",\"stream\":\"admin\","
		 "\"n\":1,\"time\":\"2026-11-22T10:00:00.000Z\"}\n", kind, of);
	r = client_may_sign(log, command, buf_view(&b), NULL);
	buf_release(&b);
	return r;
}

Test(serve_proto, a_client_signs_statements_of_its_log_and_command_only)
{
	struct note_skey k;
	uint8_t seed[32] = { 7 };
	struct buf log = BUF_INIT(1024);

	cr_assert_eq(secret_start(), 0);
	cr_assert_eq(note_skey_make(&k, "scelle/u-2026", NOTE_ED25519, seed,
				    NULL), 0);
	note_vkey_put(&k.vkey, &log);
	cr_assert_eq(may(buf_cstr(&log), "case", "case-close",
			 "scelle/u-2026"), 0);
	cr_assert_eq(may(buf_cstr(&log), "case", "case-close",
			 "scelle/other"), ERR_DENIED);
	cr_assert_eq(may(buf_cstr(&log), "case", "user-add",
			 "scelle/u-2026"), ERR_DENIED);
	cr_assert_eq(may(buf_cstr(&log), "posts", "case-close",
			 "scelle/u-2026"), ERR_DENIED);
	cr_assert_eq(may(buf_cstr(&log), "erase", "login", "scelle/u-2026"),
		     ERR_DENIED);
	cr_assert_eq(client_may_sign(buf_cstr(&log), "case",
				     bytes_str("anything\n"), NULL),
		     ERR_DENIED);
	buf_release(&log);
}
