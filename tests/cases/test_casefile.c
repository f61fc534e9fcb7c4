/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/casefile.h"

#include "tests/cases/fixture.h"
#include "util/file.h"

#define DAY 86400000ll

static const char *const offences[] = { "faux et usage de faux", "escroquerie" };

static void options(struct case_options *o)
{
	*o = (struct case_options)CASE_OPTIONS_INIT;
	o->reference = "2026-0042";
	o->basis = "art. L.114-22-3 CSS";
	o->offences = offences;
	o->noffences = 2;
	o->start_ms = clock_wall_ms() - DAY;
	o->end_ms = clock_wall_ms() + DAY;
}

static void opened(struct fixture *f, struct unit **u, char id[17])
{
	struct err e = ERR_INIT;
	struct case_options o;

	fixture_init(f);
	*u = fixture_open(f, "claire", VAULT_WRITE);
	options(&o);
	cr_assert_eq(casefile_open(*u, &o, id, &e), 0, "%s", e.text);
}

Test(casefile, a_case_is_read_back_as_it_was_opened)
{
	const struct admin_case *c;
	struct fixture f;
	struct unit *u;
	char id[17];

	opened(&f, &u, id);
	unit_close(u);
	u = fixture_open(&f, "claire", VAULT_READ);
	cr_assert_eq(casefile_find(u, "2026-0042", &c, NULL), 0);
	cr_assert_str_eq(c->id, id);
	cr_assert_str_eq(c->basis, "art. L.114-22-3 CSS");
	cr_assert_eq(c->noffences, 2u);
	cr_assert_str_eq(c->offences[1], "escroquerie");
	cr_assert_str_eq(c->agent, "claire");
	cr_assert_str_eq(c->opened_by, "claire");
	cr_assert_eq(c->retention.relevant, 365u);
	cr_assert(admin_is_member(c, "claire"));
	cr_assert_eq(c->closed, 0);
	unit_close(u);
	fixture_release(&f);
}

Test(casefile, it_is_found_by_the_beginning_of_its_id)
{
	const struct admin_case *c;
	struct fixture f;
	struct unit *u;
	char id[17], part[17];

	opened(&f, &u, id);
	snprintf(part, sizeof part, "%.6s", id);
	cr_assert_eq(casefile_find(u, part, &c, NULL), 0);
	snprintf(part, sizeof part, "%.3s", id);
	cr_assert_eq(casefile_find(u, part, &c, NULL), ERR_NOENT);
	cr_assert_eq(casefile_find(u, "", &c, NULL), ERR_NOENT);
	unit_close(u);
	fixture_release(&f);
}

Test(casefile, a_reference_names_one_case)
{
	struct err e = ERR_INIT;
	struct case_options o;
	struct fixture f;
	struct unit *u;
	char id[17];
	uint64_t size;

	opened(&f, &u, id);
	size = vault_size(u->vault);
	options(&o);
	cr_assert_eq(casefile_open(u, &o, id, &e), ERR_EXIST);
	cr_assert_eq(vault_size(u->vault), size);
	unit_close(u);
	fixture_release(&f);
}

Test(casefile, nothing_is_opened_without_basis_offence_and_period)
{
	struct err e = ERR_INIT;
	struct case_options o;
	struct fixture f;
	struct unit *u;
	char id[17];

	fixture_init(&f);
	u = fixture_open(&f, "claire", VAULT_WRITE);
	options(&o);
	o.basis = "";
	cr_assert_eq(casefile_open(u, &o, id, &e), ERR_USAGE);
	options(&o);
	o.noffences = 0;
	cr_assert_eq(casefile_open(u, &o, id, &e), ERR_USAGE);
	options(&o);
	o.reference = NULL;
	cr_assert_eq(casefile_open(u, &o, id, &e), ERR_USAGE);
	options(&o);
	o.agent = "";
	cr_assert_eq(casefile_open(u, &o, id, &e), ERR_USAGE);
	options(&o);
	o.end_ms = o.start_ms;
	cr_assert_eq(casefile_open(u, &o, id, &e), ERR_USAGE);
	cr_assert_eq(u->admin.ncases, 0u);
	unit_close(u);
	fixture_release(&f);
}

Test(casefile, keeping_longer_takes_a_written_reason)
{
	struct err e = ERR_INIT;
	struct case_options o;
	struct fixture f;
	struct unit *u;
	char id[17];

	fixture_init(&f);
	u = fixture_open(&f, "claire", VAULT_WRITE);
	options(&o);
	o.retention.irrelevant = 60;
	cr_assert_eq(casefile_open(u, &o, id, &e), ERR_DENIED);
	o.retention_reason = "décision du 2 novembre";
	cr_assert_eq(casefile_open(u, &o, id, &e), 0, "%s", e.text);
	options(&o);
	o.reference = "2026-0043";
	o.retention.sensitive = 1;
	cr_assert_eq(casefile_open(u, &o, id, &e), 0, "%s", e.text);
	unit_close(u);
	fixture_release(&f);
}

Test(casefile, the_mandate_is_what_the_statements_say_as_of_now)
{
	struct admin_source s = { .id = (char *)"telegram:vendeur_un",
		.url = (char *)"https://t.me/s/vendeur_un",
		.profile = (char *)"telegram", .since_ms = 1767225600000 };
	const struct admin_case *c;
	struct err e = ERR_INIT;
	struct mandate m;
	struct fixture f;
	struct unit *u;
	uint8_t before[32];
	char id[17];

	opened(&f, &u, id);
	cr_assert_eq(casefile_find(u, id, &c, NULL), 0);
	memcpy(before, c->sha256, 32);
	cr_assert_eq(casefile_source_add(u, id, &s, &e), 0, "%s", e.text);
	cr_assert_eq(casefile_source_add(u, id, &s, &e), ERR_EXIST);
	s.id = (char *)"telegram:vendeur_deux";
	cr_assert_eq(casefile_source_add(u, id, &s, &e), 0);
	cr_assert_eq(casefile_source_remove(u, id, "telegram:vendeur_un",
					    "wrong one", &e), 0);
	cr_assert_eq(casefile_source_remove(u, id, "telegram:vendeur_un", "",
					    &e), ERR_NOENT);
	cr_assert_eq(casefile_decision(u, id, "t.me", "note n° 12", &e), 0);
	cr_assert_eq(casefile_decision(u, id, "t.me", "", &e), ERR_USAGE);

	cr_assert_eq(casefile_find(u, id, &c, NULL), 0);
	cr_assert_eq(casefile_mandate(u, c, &m, &e), 0);
	cr_assert_str_eq(m.case_id, id);
	cr_assert_str_eq(m.reference, "2026-0042");
	cr_assert_eq(m.nsources, 1u);
	cr_assert_str_eq(m.sources[0].id, "telegram:vendeur_deux");
	cr_assert_eq(m.sources[0].since_ms, 1767225600000);
	cr_assert_eq(m.ndecisions, 1u);
	cr_assert_str_eq(m.decisions[0].author, "claire");
	cr_assert_eq(m.closed, 0);
	cr_assert_eq(m.lab, 0);
	cr_assert_lt(m.start_ms, clock_wall_ms());
	cr_assert_gt(m.end_ms, clock_wall_ms());
	cr_assert(memcmp(m.sha256, before, 32));
	casefile_mandate_release(&m);
	unit_close(u);
	fixture_release(&f);
}

Test(casefile, a_closed_case_takes_no_more)
{
	struct admin_source s = { .id = (char *)"telegram:vendeur_un",
		.url = (char *)"https://t.me/s/vendeur_un",
		.profile = (char *)"telegram" };
	const struct admin_case *c;
	struct err e = ERR_INIT;
	struct mandate m;
	struct fixture f;
	struct unit *u;
	char id[17];

	opened(&f, &u, id);
	cr_assert_eq(casefile_close(u, id, "", &e), ERR_USAGE);
	cr_assert_eq(casefile_close(u, id, "transmitted", &e), 0);
	cr_assert_eq(casefile_close(u, id, "again", &e), ERR_DENIED);
	cr_assert_eq(casefile_source_add(u, id, &s, &e), ERR_DENIED);
	cr_assert_eq(casefile_find(u, id, &c, NULL), 0);
	cr_assert_eq(casefile_mandate(u, c, &m, &e), 0);
	cr_assert_eq(m.closed, 1);
	casefile_mandate_release(&m);
	unit_close(u);
	fixture_release(&f);
}

Test(casefile, who_is_no_member_changes_nothing)
{
	struct err e = ERR_INIT;
	struct fixture f;
	struct unit *u;
	char id[17];

	opened(&f, &u, id);
	cr_assert_eq(unit_add_user(u, "paul", "", ROLE_INVESTIGATOR,
				   bytes_str(PASS), TEST_LOGN, &e), 0);
	cr_assert_eq(unit_add_user(u, "sylvie", "", ROLE_SUPERVISOR,
				   bytes_str(PASS), TEST_LOGN, &e), 0);
	unit_close(u);
	u = fixture_open(&f, "paul", VAULT_WRITE);
	cr_assert_eq(casefile_close(u, id, "mine now", &e), ERR_DENIED);
	/* Nor may he let himself in: he cannot open the secret. */
	cr_assert_eq(casefile_member_add(u, id, "paul", "", &e), ERR_DENIED);
	unit_close(u);
	u = fixture_open(&f, "sylvie", VAULT_WRITE);
	cr_assert_eq(casefile_member_add(u, id, "paul", "", &e), ERR_DENIED);
	cr_assert_eq(casefile_close(u, id, "mine now", &e), ERR_DENIED);
	unit_close(u);
	u = fixture_open(&f, "claire", VAULT_WRITE);
	cr_assert_eq(casefile_member_add(u, id, "sylvie", "", &e), ERR_DENIED);
	cr_assert_eq(casefile_member_add(u, id, "paul", "team", &e), 0, "%s",
		     e.text);
	cr_assert_eq(casefile_member_add(u, id, "paul", "team", &e),
		     ERR_EXIST);
	unit_close(u);
	u = fixture_open(&f, "paul", VAULT_WRITE);
	cr_assert_eq(casefile_decision(u, id, "t.me", "note", &e), 0, "%s",
		     e.text);
	cr_assert_eq(casefile_member_remove(u, id, "claire", "", &e), 0, "%s",
		     e.text);
	cr_assert_eq(casefile_member_remove(u, id, "paul", "", &e), ERR_DENIED);
	unit_close(u);
	fixture_release(&f);
}

Test(casefile, its_files_tell_no_personal_data)
{
	struct buf text = BUF_INIT(1 << 20);
	char path[FILE_PATH_MAX];
	struct fixture f;
	struct unit *u;
	char id[17];

	opened(&f, &u, id);
	cr_assert_eq(file_path(path, f.path, "cases", id, "case.note", NULL), 0);
	cr_assert_eq(file_read(path, &text, NULL), 0);
	cr_assert_null(strstr(buf_cstr(&text), "2026-0042"));
	cr_assert_null(strstr(buf_cstr(&text), "claire"));
	cr_assert_null(strstr(buf_cstr(&text), "escroquerie"));
	cr_assert_not_null(strstr(buf_cstr(&text), id));
	buf_release(&text);
	unit_close(u);
	fixture_release(&f);
}
