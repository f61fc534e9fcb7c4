/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/cases/fixture.h"

#include "cases/casefile.h"
#include "cases/custody.h"
#include "cases/glass.h"
#include "cases/order.h"
#include "cases/people.h"

#define WORDS "everybody has the same words here"
#define HOUR 3600000LL

/* claire founded the unit; the others, and what they are. */
static const struct {
	const char *name, *person;
	unsigned roles;
} people[] = {
	{ "anne", "M-1", ROLE_LEGAL },
	{ "paul", "M-2", ROLE_INVESTIGATOR },
	{ "sylvie", "M-3", ROLE_SUPERVISOR },
	{ "denis", "M-4", ROLE_DPO },
	{ "anne2", "M-1", ROLE_DPO },
	{ "luc", "M-5", ROLE_AUDITOR },
};

struct world {
	struct fixture f;
	struct unit *u;
	char id[17], other[17];
	json_t *items;
};

static void become(struct world *w, const char *who)
{
	struct err e = ERR_INIT;

	unit_close(w->u);
	w->u = NULL;
	cr_assert_eq(unit_open(w->f.path, who, bytes_str(strcmp(who, "claire") ?
							 WORDS : PASS),
			       VAULT_WRITE, &w->u, &e), 0, "%s", e.text);
}

static void new_case(struct world *w, const char *ref, char id[static 17])
{
	static const char *const offences[] = { "o" };
	struct case_options o = CASE_OPTIONS_INIT;
	struct err e = ERR_INIT;

	o.reference = ref;
	o.basis = "b";
	o.offences = offences;
	o.noffences = 1;
	o.start_ms = clock_wall_ms() - HOUR;
	o.end_ms = o.start_ms + 1000 * HOUR;
	cr_assert_eq(casefile_open(w->u, &o, id, &e), 0, "%s", e.text);
}

static void world_init(struct world *w)
{
	struct err e = ERR_INIT;

	memset(w, 0, sizeof *w);
	fixture_init(&w->f);
	w->u = fixture_open(&w->f, "claire", VAULT_WRITE);
	for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
		const struct people_new n = {
			.name = people[i].name, .full = people[i].name,
			.person = people[i].person, .roles = people[i].roles,
			.pass = bytes_str(WORDS), .logn = TEST_LOGN,
		};
		struct order_options o = { .act = ORDER_USER_ADD,
					   .reason = "test" };
		struct people_new with = n;
		char id[17], glass[17];

		/* sylvie makes two who could: from then on it takes both. */
		if (people_add(w->u, &n, &e) == 0)
			continue;
		o.subject = people_subject(n.name, n.roles);
		cr_assert_eq(order_propose(w->u, &o, id, &e), 0, "%s", e.text);
		cr_assert_eq(glass_break_order(w->u, id, "test", glass, &e), 0);
		with.order = id;
		cr_assert_eq(people_add(w->u, &with, &e), 0, "%s", e.text);
		json_decref((json_t *)(uintptr_t)o.subject);
	}
	new_case(w, "2026-0042", w->id);
	new_case(w, "2026-0043", w->other);
	cr_assert_eq(casefile_member_add(w->u, w->id, "anne", "", &e), 0);
	cr_assert_eq(casefile_member_add(w->u, w->id, "paul", "", &e), 0);
	w->items = json_pack("{s:[i,i]}", "items", 3, 4);
}

static void world_release(struct world *w)
{
	json_decref(w->items);
	unit_close(w->u);
	fixture_release(&w->f);
}

static int propose(struct world *w, const char *act, char id[static 17],
		   struct err *e)
{
	const struct order_options o = {
		.act = act, .case_id = w->id, .subject = w->items,
		.reason = "by order of the data-protection officer",
	};

	return order_propose(w->u, &o, id, e);
}

static int check(struct world *w, const char *id, const char *act,
		 const char *case_id, const json_t *subject, int64_t now,
		 struct err *e)
{
	const struct order_want want = { .act = act, .case_id = case_id,
					 .subject = subject, .now_ms = now };
	const struct admin_order *o = admin_order(&w->u->admin, id);

	cr_assert_not_null(o);
	return order_check(&w->u->admin, buf_view(&o->note), &want, NULL, e);
}

static uint64_t refusals(struct world *w)
{
	struct stream *s = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(unit_month(w->u, clock_wall_ms(), &s, &e), 0, "%s",
		     e.text);
	return stream_count(s);
}

Test(order, two_persons_make_one_and_it_is_used_once)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	struct err e = ERR_INIT;
	int64_t now = clock_wall_ms();
	struct order_want want = { .act = ORDER_ERASE, .now_ms = now };
	struct order o;
	struct world w;
	char id[17];

	world_init(&w);
	become(&w, "paul");
	cr_assert_eq(propose(&w, ORDER_ERASE, id, &e), 0, "%s", e.text);
	cr_assert_eq(check(&w, id, ORDER_ERASE, w.id, w.items, now, &e),
		     ERR_DENIED);
	cr_assert(strstr(e.text, "waits for a second person"));
	become(&w, "sylvie");
	cr_assert_eq(order_approve(w.u, id, &e), 0, "%s", e.text);
	become(&w, "paul");
	want.case_id = w.id;
	want.subject = w.items;
	cr_assert_eq(order_take(w.u, id, &want, &note, &e), 0, "%s", e.text);
	cr_assert_eq(order_check(&w.u->admin, buf_view(&note), &want, &o, &e),
		     0);
	cr_assert_str_eq(o.first, "paul");
	cr_assert_str_eq(o.second, "sylvie");
	cr_assert_str_eq(o.id, id);
	order_release(&o);
	cr_assert_eq(order_use(w.u, buf_view(&note), NULL, &e), 0, "%s",
		     e.text);
	buf_clear(&note);
	cr_assert_eq(order_take(w.u, id, &want, &note, &e), ERR_DENIED);
	cr_assert(strstr(e.text, "was used already"));
	become(&w, "paul");
	cr_assert_str_eq(order_state(&w.u->admin, admin_order(&w.u->admin, id),
				     now), "used");
	buf_release(&note);
	world_release(&w);
}

Test(order, each_refusal_has_its_own_sentence_and_is_a_leaf)
{
	static const struct {
		const char *who, *says;
	} cases[] = {
		{ "paul", "'paul' approves an order of one's own" },
		{ "luc", "'luc' may not: it takes the role legal, supervisor, "
			 "dpo" },
	};
	struct err e = ERR_INIT;
	int64_t now = clock_wall_ms();
	uint64_t before;
	struct world w;
	char id[17];

	world_init(&w);
	become(&w, "paul");
	cr_assert_eq(propose(&w, ORDER_ERASE, id, &e), 0, "%s", e.text);
	for (size_t i = 0; i < 2; i++) {
		become(&w, cases[i].who);
		before = refusals(&w);
		cr_assert_eq(order_approve(w.u, id, &e), ERR_DENIED);
		cr_assert_str_eq(e.text, cases[i].says);
		cr_assert_eq(refusals(&w), before + 1);
	}
	before = refusals(&w);
	cr_assert_eq(order_approve(w.u, "0123456789abcdef", &e), ERR_DENIED);
	cr_assert(strstr(e.text, "was proposed here"));
	cr_assert_eq(refusals(&w), before + 1);
	become(&w, "denis");
	cr_assert_eq(order_approve(w.u, id, &e), 0, "%s", e.text);
	cr_assert_eq(order_approve(w.u, id, &e), ERR_DENIED);
	cr_assert(strstr(e.text, "was approved already"));

	/* What it is for, and until when. */
	cr_assert_eq(check(&w, id, ORDER_ERASE, w.id, w.items, now, &e), 0);
	cr_assert_eq(check(&w, id, ORDER_PURGE, w.id, NULL, now, &e),
		     ERR_DENIED);
	cr_assert(strstr(e.text, "is one for 'erase'"));
	cr_assert_eq(check(&w, id, ORDER_ERASE, w.other, NULL, now, &e),
		     ERR_DENIED);
	cr_assert(strstr(e.text, "is for another case"));
	{
		json_t *more = json_pack("{s:[i,i,i]}", "items", 3, 4, 5);

		cr_assert_eq(check(&w, id, ORDER_ERASE, w.id, more, now, &e),
			     ERR_DENIED);
		cr_assert(strstr(e.text, "is for something else"));
		json_decref(more);
	}
	cr_assert_eq(check(&w, id, ORDER_ERASE, w.id, w.items,
			   now + (ORDER_HOURS + 1) * HOUR, &e), ERR_DENIED);
	cr_assert(strstr(e.text, "expired"));
	world_release(&w);
}

Test(order, two_accounts_of_one_person_are_not_two_persons)
{
	struct err e = ERR_INIT;
	struct world w;
	char id[17];

	world_init(&w);
	become(&w, "anne");
	cr_assert_eq(propose(&w, ORDER_ERASE, id, &e), 0, "%s", e.text);
	become(&w, "anne2");
	cr_assert_eq(order_approve(w.u, id, &e), ERR_DENIED);
	cr_assert_str_eq(e.text, "'anne' and 'anne2' are one person");
	world_release(&w);
}

Test(order, who_may_not_propose_or_is_no_member_proposes_nothing)
{
	struct err e = ERR_INIT;
	struct order_options o = { .act = ORDER_ERASE, .reason = "r" };
	struct world w;
	uint64_t before;
	char id[17];

	world_init(&w);
	become(&w, "luc");
	before = refusals(&w);
	cr_assert_eq(propose(&w, ORDER_ERASE, id, &e), ERR_DENIED);
	cr_assert_eq(refusals(&w), before + 1);
	become(&w, "paul");
	o.case_id = w.other;
	cr_assert_eq(order_propose(w.u, &o, id, &e), ERR_DENIED);
	cr_assert_str_eq(e.text, "'paul' is no member of the case");
	cr_assert_eq(propose(&w, "launch", id, &e), ERR_USAGE);
	o.case_id = w.id;
	o.reason = " ";
	cr_assert_eq(order_propose(w.u, &o, id, &e), ERR_USAGE);
	o.reason = "r";
	o.hours = ORDER_HOURS_MAX + 1;
	cr_assert_eq(order_propose(w.u, &o, id, &e), ERR_USAGE);
	/* A case's order is of a case, and one of people is of none. */
	o.hours = 0;
	o.case_id = NULL;
	become(&w, "denis");
	cr_assert_lt(order_propose(w.u, &o, id, &e), 0);
	become(&w, "sylvie");
	o.act = ORDER_USER_REVOKE;
	o.case_id = w.id;
	cr_assert_lt(order_propose(w.u, &o, id, &e), 0);
	world_release(&w);
}

Test(order, a_forged_or_foreign_note_is_told_apart)
{
	struct note_skey stranger;
	struct buf note = BUF_INIT(NOTE_MAX), bad = BUF_INIT(NOTE_MAX);
	struct err e = ERR_INIT;
	struct order o = { .id = "" };
	struct admin_order *mine;
	const uint8_t seed[32] = { 7 };
	struct world w;
	uint8_t *at;
	char id[17];

	world_init(&w);
	become(&w, "paul");
	cr_assert_eq(propose(&w, ORDER_ERASE, id, &e), 0, "%s", e.text);
	become(&w, "sylvie");
	mine = &w.u->admin.orders[w.u->admin.norders - 1];
	buf_addb(&note, buf_view(&mine->note));

	/* Every bit of it counts. */
	for (size_t i = 0; i < note.len * 8; i += 5) {
		buf_clear(&bad);
		buf_addb(&bad, buf_view(&note));
		bad.p[i / 8] ^= (uint8_t)(1u << (i % 8));
		cr_assert_lt(order_approve_note(w.u, buf_view(&bad), &e), 0,
			     "bit %zu", i);
	}

	/* Altered: the item 4 becomes item 5. */
	buf_clear(&bad);
	buf_addb(&bad, buf_view(&note));
	at = memmem(bad.p, bad.len, "[3,4]", 5);
	cr_assert_not_null(at);
	at[3] = '5';
	cr_assert_eq(order_approve_note(w.u, buf_view(&bad), &e), ERR_DENIED);
	cr_assert(strstr(e.text, "forged"), "%s", e.text);

	/* A second line by somebody of the same name, but another key. */
	cr_assert_eq(note_skey_make(&stranger, w.u->user->sign.vkey.name,
				    NOTE_ED25519, seed, NULL), 0);
	cr_assert_eq(order_read(&w.u->admin, buf_view(&note), &o, &e), 0);
	buf_clear(&bad);
	buf_addb(&bad, buf_view(&note));
	cr_assert_eq(note_sig_line(o.s.note.text, &stranger, &bad, NULL), 0);
	order_release(&o);
	cr_assert_eq(order_read(&w.u->admin, buf_view(&bad), &o, &e),
		     ERR_DENIED);
	cr_assert_str_eq(e.text, "the order is forged: line 2 is by no key of "
			 "this vault");

	/* Another vault's, whatever keys it is signed with. */
	{
		char *was = w.u->admin.origin;
		char other[] = "scelle/elsewhere-2026";

		w.u->admin.origin = other;
		cr_assert_eq(order_approve_note(w.u, buf_view(&note), &e),
			     ERR_DENIED);
		cr_assert(strstr(e.text, "is of another vault"));
		w.u->admin.origin = was;
	}

	/* Never proposed here, though well signed. */
	buf_clear(&bad);
	{
		struct buf text = BUF_INIT(NOTE_TEXT_MAX);

		buf_addf(&text, "scelle/v1/order\n{\"log\":\"%s\",\"act\":"
			 "\"erase\",\"case\":\"%s\",\"subject\":{},\"reason\":"
			 "\"r\",\"nonce\":\"00\",\"issued\":\"2026-01-01\","
			 "\"expires\":\"2099-01-01\"}\n", w.u->admin.origin,
			 w.id);
		cr_assert_eq(unit_sign(w.u, buf_view(&text), &bad, NULL), 0);
		buf_release(&text);
	}
	cr_assert_eq(order_approve_note(w.u, buf_view(&bad), &e), ERR_DENIED);
	cr_assert(strstr(e.text, "was proposed here"));
	cr_assert_eq(order_approve_note(w.u, bytes_str("nothing"), &e),
		     ERR_FORMAT);

	/* The true one is still good. */
	cr_assert_eq(order_approve_note(w.u, buf_view(&note), &e), 0, "%s",
		     e.text);
	buf_release(&note);
	buf_release(&bad);
	world_release(&w);
}

Test(order, who_was_revoked_since_signs_nothing)
{
	struct order_options o = { .act = ORDER_USER_REVOKE, .reason = "left" };
	struct err e = ERR_INIT;
	int64_t now = clock_wall_ms();
	struct world w;
	char id[17], out[17];

	world_init(&w);
	become(&w, "paul");
	cr_assert_eq(propose(&w, ORDER_ERASE, id, &e), 0, "%s", e.text);
	become(&w, "denis");
	cr_assert_eq(order_approve(w.u, id, &e), 0, "%s", e.text);
	become(&w, "claire");
	o.subject = people_subject("paul", 0);
	cr_assert_eq(order_propose(w.u, &o, out, &e), 0, "%s", e.text);
	cr_assert_eq(people_revoke(w.u, "paul", "left", NULL, &e), ERR_DENIED);
	become(&w, "sylvie");
	cr_assert_eq(order_approve(w.u, out, &e), 0, "%s", e.text);
	cr_assert_eq(people_revoke(w.u, "denis", "left", out, &e), ERR_DENIED);
	cr_assert_eq(people_revoke(w.u, "paul", "left", out, &e), 0, "%s",
		     e.text);
	cr_assert_eq(check(&w, id, ORDER_ERASE, w.id, w.items, now, &e),
		     ERR_DENIED);
	cr_assert_str_eq(e.text, "user 'paul' was revoked");
	/* The case waits for a new key. */
	{
		const struct admin_case *c = NULL;

		cr_assert_eq(admin_case(&w.u->admin, w.id, &c, NULL), 0);
		cr_assert(c->epoch_due);
		cr_assert_not(admin_is_member(c, "paul"));
	}
	json_decref((json_t *)(uintptr_t)o.subject);
	world_release(&w);
}

Test(order, broken_glass_stands_for_the_second_line_until_countersigned)
{
	struct err e = ERR_INIT;
	int64_t now = clock_wall_ms();
	struct world w;
	char id[17], glass[17], none[17];
	size_t late, before;

	world_init(&w);
	before = glass_open(&w.u->admin, now, NULL);
	become(&w, "paul");
	cr_assert_eq(propose(&w, ORDER_ERASE, id, &e), 0);
	cr_assert_eq(glass_break_order(w.u, id, "", glass, &e), ERR_USAGE);
	become(&w, "sylvie");
	/* Only for an order of one's own. */
	cr_assert_eq(glass_break_order(w.u, id, "now", none, &e), ERR_DENIED);
	become(&w, "paul");
	cr_assert_eq(glass_break_order(w.u, id, "now", glass, &e), 0, "%s",
		     e.text);
	cr_assert_eq(check(&w, id, ORDER_ERASE, w.id, w.items, now, &e), 0);
	cr_assert_eq(glass_open(&w.u->admin, now, &late), before + 1);
	cr_assert_eq(late, 0u);
	glass_open(&w.u->admin, now + (GLASS_HOURS + 1) * HOUR, &late);
	cr_assert_eq(late, before + 1);
	cr_assert_eq(glass_countersign(w.u, glass, &e), ERR_DENIED);
	become(&w, "denis");
	cr_assert_eq(glass_countersign(w.u, glass, &e), ERR_DENIED);
	become(&w, "sylvie");
	cr_assert_eq(glass_countersign(w.u, glass, &e), 0, "%s", e.text);
	cr_assert_eq(glass_open(&w.u->admin, now, NULL), before);
	cr_assert_eq(glass_countersign(w.u, glass, &e), ERR_DENIED);
	world_release(&w);
}

Test(people, new_keys_take_over_and_the_old_sign_nothing_more)
{
	struct note_skey old;
	struct buf text = BUF_INIT(4096), note = BUF_INIT(8192);
	char when[CLOCK_RFC3339_MAX];
	struct err e = ERR_INIT;
	struct access a = { .command = "posts", .why = "w" };
	struct grant *g = NULL;
	struct world w;

	world_init(&w);
	become(&w, "paul");
	old = w.u->user->sign;
	cr_assert_eq(people_rotate(w.u, bytes_str(WORDS), TEST_LOGN, &e), 0,
		     "%s", e.text);
	cr_assert_neq(memcmp(old.vkey.pk, w.u->user->sign.vkey.pk, 32), 0);
	/* Now, and after the next login, the case opens. */
	a.case_name = w.id;
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0, "%s", e.text);
	custody_close(g);
	become(&w, "paul");
	cr_assert_eq(custody_log(w.u, &a, &g, &e), 0, "%s", e.text);
	custody_close(g);
	cr_assert_eq(admin_user(&w.u->admin, "paul")->keys, 1u);
	/* What the old key signs from here on counts for nothing. */
	buf_addf(&text, "scelle/v1/case-source-add\n{\"log\":\"%s\",\"stream\":"
		 "\"admin\",\"n\":%u,\"time\":\"%s\",\"case\":\"%s\","
		 "\"source\":\"s\",\"url\":\"u\",\"profile\":\"p\"}\n",
		 w.u->admin.origin, (unsigned)w.u->admin.count,
		 clock_rfc3339(clock_wall_ms(), when), w.id);
	cr_assert_eq(note_sign(buf_view(&text), &old, 1, &note, NULL), 0);
	cr_assert_eq(admin_apply(&w.u->admin, buf_view(&note), &e), ERR_AUTH);
	buf_clear(&note);
	cr_assert_eq(unit_sign(w.u, buf_view(&text), &note, NULL), 0);
	cr_assert_eq(admin_apply(&w.u->admin, buf_view(&note), &e), 0, "%s",
		     e.text);
	buf_release(&text);
	buf_release(&note);
	world_release(&w);
}
