/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/glass.h"
#include "cases/order.h"
#include "tools/cmd_policy.h"
#include "tools/cmd_user.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"

#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle approve [list] [--all]\n"
"       scelle approve show ID [--note]\n"
"       scelle approve ID\n"
"       scelle approve --note-file FILE\n"
"\n"
"Orders, which take two persons: what waits for a second one, and its approval.\n"
"The first person gives the order with the command itself (erase, export, user\n"
"revoke, ...); somebody else reads it here and approves it, within its time.\n"
"An approved change of people or of a policy is carried out at once; for the\n"
"others the first person runs the command again with --order ID.\n"
"\n"
"ID may be that of a broken glass: then a supervisor countersigns it.\n"
"\n"
"  --all             used and expired orders as well\n"
"  --note            the order as it was signed, to be kept or handed on\n"
"  --note-file FILE  approve an order that was handed over as such a note\n");

/* What approval carries out by itself; the rest waits for --order ID. */
static const struct {
	const char *act;
	int (*run)(struct unit *u, const struct order *o, struct err *e);
} run_at_once[] = {
	{ ORDER_USER_ROLE, user_run_role },
	{ ORDER_USER_REVOKE, user_run_revoke },
	{ ORDER_POLICY, policy_run },
	{ ORDER_ESCROW, escrow_run },
};

static void order_json(struct jsonw *w, const struct unit *u,
		       const struct admin_order *o, int64_t now)
{
	char when[CLOCK_RFC3339_MAX];

	jsonw_open(w, NULL, '{');
	jsonw_str(w, "order", o->id);
	jsonw_str(w, "act", o->act);
	if (*o->case_id)
		jsonw_str(w, "case", o->case_id);
	jsonw_str(w, "state", order_state(&u->admin, o, now));
	jsonw_str(w, "first", o->first);
	if (*o->second)
		jsonw_str(w, "second", o->second);
	jsonw_str(w, "reason", o->reason);
	jsonw_str(w, "issued", clock_rfc3339(o->issued_ms, when));
	jsonw_str(w, "expires", clock_rfc3339(o->expires_ms, when));
	jsonw_close(w, '}');
}

static void glass_json(struct jsonw *w, const struct admin_glass *g,
		       int64_t now)
{
	char when[CLOCK_RFC3339_MAX];

	jsonw_open(w, NULL, '{');
	jsonw_str(w, "glass", g->id);
	jsonw_str(w, "act", g->act);
	jsonw_str(w, "user", g->user);
	if (*g->case_id)
		jsonw_str(w, "case", g->case_id);
	if (*g->order_id)
		jsonw_str(w, "order", g->order_id);
	jsonw_str(w, "reason", g->reason);
	jsonw_str(w, "time", clock_rfc3339(g->time_ms, when));
	if (*g->countersigned)
		jsonw_str(w, "countersigned", g->countersigned);
	else
		jsonw_bool(w, "overdue", now - g->time_ms >=
			   GLASS_HOURS * 3600000LL);
	jsonw_close(w, '}');
}

static const char *state_words(const char *state)
{
	if (!strcmp(state, "proposed"))
		return _("waits for a second person");
	if (!strcmp(state, "approved"))
		return _("approved");
	if (!strcmp(state, "glass"))
		return _("GLASS BROKEN");
	return !strcmp(state, "used") ? _("used") : _("expired");
}

static void order_line(struct cli *cli, const struct unit *u,
		       const struct admin_order *o, int64_t now)
{
	const struct admin_case *c = NULL;
	char until[CLOCK_RFC3339_MAX];

	if (*o->case_id)
		admin_case(&u->admin, o->case_id, &c, NULL);
	cli_out(cli, _("%s  %s  %s  by %s, until %s  %s%s%s\n"), o->id, o->act,
		state_words(order_state(&u->admin, o, now)), o->first,
		clock_rfc3339_s(o->expires_ms, until),
		c ? c->reference : "", c ? "  " : "", o->reason);
}

static void glass_line(struct cli *cli, const struct admin_glass *g,
		       int64_t now)
{
	char when[CLOCK_RFC3339_MAX];

	clock_rfc3339_s(g->time_ms, when);
	if (*g->countersigned)
		cli_out(cli, _("%s  GLASS BROKEN for %s  by %s, %s  "
			       "countersigned by %s  %s\n"), g->id, g->act,
			g->user, when, g->countersigned, g->reason);
	else if (now - g->time_ms >= GLASS_HOURS * 3600000LL)
		cli_out(cli, _("%s  GLASS BROKEN for %s  by %s, %s  "
			       "countersignature OVERDUE  %s\n"), g->id, g->act,
			g->user, when, g->reason);
	else
		cli_out(cli, _("%s  GLASS BROKEN for %s  by %s, %s  waits for "
			       "a countersignature  %s\n"), g->id, g->act,
			g->user, when, g->reason);
}

static int list(struct cli *cli, const struct unit *u, int all)
{
	struct buf b = BUF_INIT((size_t)64 << 20);
	struct jsonw w = JSONW_INIT(&b);
	int64_t now = clock_wall_ms();

	cli_list_open(&w, "orders");
	for (size_t i = 0; i < u->admin.norders; i++) {
		const struct admin_order *o = &u->admin.orders[i];

		if (!all && (o->used || now >= o->expires_ms))
			continue;
		order_json(&w, u, o, now);
		if (!cli->json)
			order_line(cli, u, o, now);
	}
	jsonw_close(&w, ']');
	jsonw_open(&w, "glasses", '[');
	for (size_t i = 0; i < u->admin.nglasses; i++) {
		const struct admin_glass *g = &u->admin.glasses[i];

		if (!all && *g->countersigned)
			continue;
		glass_json(&w, g, now);
		if (!cli->json)
			glass_line(cli, g, now);
	}
	return cli_list_close(cli, &w);
}

static int show(struct cli *cli, const struct unit *u, const char *id,
		int note)
{
	const struct admin_order *o = admin_order(&u->admin, id);
	struct order order = { .id = "" };
	struct err e = ERR_INIT;
	char when[CLOCK_RFC3339_MAX], *subject;
	int r;

	if (!o) {
		err_set(&e, ERR_NOENT, "no order '%s' was proposed here", id);
		return cli_fail(cli, &e);
	}
	if (note) {
		cli_raw(cli, buf_view(&o->note));
		return CLI_OK;
	}
	/* What is shown is what was signed, not what is remembered of it. */
	r = statement_read(buf_view(&o->note), &order.s, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	subject = json_dumps(json_object_get(order.s.json, "subject"),
			     JSON_COMPACT);
	if (cli->json) {
		struct buf b = BUF_INIT((size_t)4 << 20);
		struct jsonw w = JSONW_INIT(&b);

		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "state", order_state(&u->admin, o,
						   clock_wall_ms()));
		jsonw_str(&w, "first", o->first);
		jsonw_str(&w, "second", *o->second ? o->second : NULL);
		jsonw_str(&w, "order", o->id);
		jsonw_str(&w, "act", o->act);
		jsonw_str(&w, "case", o->case_id);
		jsonw_raw(&w, "subject", bytes_str(subject ? subject : "{}"));
		jsonw_str(&w, "reason", o->reason);
		jsonw_str(&w, "issued", clock_rfc3339(o->issued_ms, when));
		jsonw_str(&w, "expires", clock_rfc3339(o->expires_ms, when));
		jsonw_close(&w, '}');
		cli_json(cli, &b);
		buf_release(&b);
	} else {
		order_line(cli, u, o, clock_wall_ms());
		cli_out(cli, _("subject     %s\n"), subject ? subject : "{}");
		if (*o->second)
			cli_out(cli, _("approved by %s\n"), o->second);
	}
	free(subject);
	order_release(&order);
	return CLI_OK;
}

/* What its approval is enough for. */
static int carry_out(struct cli *cli, struct unit *u, const char *id,
		     struct err *e)
{
	const struct admin_order *known = admin_order(&u->admin, id);
	struct buf note = BUF_INIT(NOTE_MAX);
	struct order o = { .id = "" };
	int r = 0, done = 0;

	if (!known)
		return 0;
	r = buf_addb(&note, buf_view(&known->note));
	if (r == 0)
		r = order_read(&u->admin, buf_view(&note), &o, e);
	for (size_t i = 0; r == 0 &&
	     i < sizeof run_at_once / sizeof *run_at_once; i++)
		if (!strcmp(run_at_once[i].act, o.act)) {
			r = run_at_once[i].run(u, &o, e);
			done = 1;
		}
	if (r == 0 && done)
		cli_say(cli, _("approved, and done\n"));
	else if (r == 0)
		cli_say(cli, _("approved: now the command with --order %s\n"),
			o.id);
	order_release(&o);
	buf_release(&note);
	return r;
}

static int approve_file(struct cli *cli, struct unit *u, const char *file,
			struct err *e)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	const uint8_t *end;
	char id[17];
	int r = file_read(file, &note, e);

	if (r == 0)
		r = order_approve_note(u, buf_view(&note), e);
	if (r == 0) {
		cli->wrote = 1;
		end = memmem(note.p, note.len, "\n\n", 2);
		order_id(BYTES(note.p, (size_t)(end - note.p) + 1), id);
		r = carry_out(cli, u, id, e);
	}
	buf_release(&note);
	return r;
}

static int approve(struct cli *cli, struct unit *u, const char *id,
		   struct err *e)
{
	char full[17];
	int r;

	if (!admin_order(&u->admin, id) && admin_glass(&u->admin, id)) {
		r = glass_countersign(u, id, e);
		cli->wrote = r == 0;
		return r;
	}
	r = order_approve(u, id, e);
	if (r < 0)
		return r;
	cli->wrote = 1;
	memcpy(full, admin_order(&u->admin, id)->id, sizeof full);
	return carry_out(cli, u, full, e);
}

int cmd_approve(struct cli *cli, int argc, char **argv)
{
	enum { ALL, NOTE, NOTE_FILE };
	static const struct option options[] = {
		{ "all", no_argument, NULL, ALL },
		{ "note", no_argument, NULL, NOTE },
		{ "note-file", required_argument, NULL, NOTE_FILE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *what, *id, *file = NULL;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int all = 0, note = 0, opt, r, status, looks;
	uint64_t before;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case ALL:
			all = 1;
			break;
		case NOTE:
			note = 1;
			break;
		case NOTE_FILE:
			file = optarg;
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	what = optind < argc ? argv[optind] : "list";
	id = !strcmp(what, "show") && optind + 1 < argc ? argv[optind + 1]
							: what;
	if (!strcmp(what, "show") && id == what)
		return cli_usage(cli, argv[0], _("which order?"));
	if (argc - optind > 1 + (id != what) || (file && optind < argc))
		return cli_usage(cli, argv[0], _("too many arguments"));
	looks = !file && (id != what || !strcmp(what, "list"));
	r = session_open(cli, looks ? VAULT_READ : VAULT_WRITE, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	before = vault_size(u->vault);
	if (looks) {
		status = id != what ? show(cli, u, id, note)
				    : list(cli, u, all);
		return session_close(cli, u, status);
	}
	r = file ? approve_file(cli, u, file, &e) : approve(cli, u, id, &e);
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	/* A refusal is on record as well, and worth a receipt. */
	cli->wrote = vault_size(u->vault) != before;
	return session_close(cli, u, status);
}
