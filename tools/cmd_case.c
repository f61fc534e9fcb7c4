/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/cmd_case.h"

#include "tools/commands.h"
#include "store/age.h"
#include "util/clock.h"
#include "util/json.h"

#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle case open REFERENCE --basis TEXT --offence TEXT... --from DATE\n"
"                        --to DATE [--agent NAME] [--purpose TEXT] [--quota N]\n"
"                        [--retention S,I,R [--reason TEXT]]\n"
"       scelle case list\n"
"       scelle case show CASE\n"
"       scelle case close CASE --reason TEXT\n"
"       scelle case source add CASE SOURCE [--since DATE] [--reason TEXT]\n"
"       scelle case source list CASE\n"
"       scelle case source remove CASE SOURCE [--reason TEXT]\n"
"       scelle case robots-decision CASE HOST[:PORT] --reason TEXT\n"
"       scelle case member add|remove CASE USER [--reason TEXT]\n"
"       scelle case member list CASE\n"
"       scelle case classify CASE ITEM... --class CLASS --why TEXT [--legal TEXT]\n"
"\n"
"A case says what may be collected: legal basis, offences, responsible agent,\n"
"period, sources.  CASE is a reference, an id, or the beginning of one.\n"
"\n"
"  --from, --to DATE      the authorised period, YYYY-MM-DD (the last day is\n"
"                         within it) or YYYY-MM-DDThh:mmZ\n"
"  --agent NAME           responsible agent (else: who is acting)\n"
"  --quota N              requests a day over the whole case\n"
"  --retention S,I,R      days from collection for what is sensitive, not\n"
"                         relevant, relevant (5,30,365); longer takes --reason\n"
"  --since DATE           do not page back past this date\n"
"\n"
"SOURCE is telegram:NAME, snapchat:NAME, ... or a page's address.\n"
"robots-decision is a written decision to go past robots.txt of one site.\n");

/* "5,30,365" */
static int retention(const char *text, struct admin_retention *out,
		     struct err *e)
{
	unsigned *to[3] = { &out->sensitive, &out->irrelevant, &out->relevant };
	const char *p = text;

	for (size_t i = 0; i < 3; i++) {
		char *end;
		unsigned long v = strtoul(p, &end, 10);

		if (*p < '0' || *p > '9' || v > 36500 ||
		    *end != (i < 2 ? ',' : '\0'))
			return err_set(e, ERR_USAGE, "'%s' is no retention: "
				       "write three numbers of days, as "
				       "5,30,365", text);
		*to[i] = (unsigned)v;
		p = end + 1;
	}
	return 0;
}

static void answer_id(struct cli *cli, const struct unit *u, const char *id)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	const struct admin_case *c;

	if (casefile_find(u, id, &c, NULL) < 0)
		return;
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "case", c->id);
	jsonw_str(&w, "reference", c->reference);
	jsonw_close(&w, '}');
	if (cli->json)
		cli_json(cli, &b);
	else
		cli_out(cli, "%s  %s\n", c->id, c->reference);
	buf_release(&b);
}

static int do_open(struct cli *cli, struct unit *u, const struct case_args *a,
		   struct err *e)
{
	struct case_options o = CASE_OPTIONS_INIT;
	uint64_t quota = 0;
	char id[17];
	int r = 0;

	o.reference = a->name;
	o.basis = a->basis;
	o.offences = a->offences;
	o.noffences = a->noffences;
	o.agent = a->agent;
	o.purpose = a->purpose;
	o.retention_reason = a->reason;
	if (a->retention)
		r = retention(a->retention, &o.retention, e);
	if (r == 0)
		r = session_date(a->from, 0, &o.start_ms, e);
	if (r == 0)
		r = session_date(a->to, 1, &o.end_ms, e);
	if (r == 0 && a->quota)
		r = session_number(a->quota, 10000000, &quota, e);
	if (r < 0)
		return r;
	o.quota_day = (uint32_t)quota;
	r = casefile_open(u, &o, id, e);
	if (r == 0)
		answer_id(cli, u, id);
	return r;
}

static int do_close(struct cli *cli, struct unit *u, const struct case_args *a,
		    struct err *e)
{
	(void)cli;
	return casefile_close(u, a->name, a->reason, e);
}

static int do_decision(struct cli *cli, struct unit *u,
		       const struct case_args *a, struct err *e)
{
	(void)cli;
	return casefile_decision(u, a->name, a->arg, a->reason, e);
}

int case_change(struct cli *cli, const struct case_args *a,
		int (*change)(struct cli *cli, struct unit *u,
			      const struct case_args *a, struct err *e))
{
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int r = session_open(cli, VAULT_WRITE, &u, &e);
	int status;

	if (r < 0)
		return cli_fail(cli, &e);
	r = change(cli, u, a, &e);
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	cli->wrote = r == 0;
	return session_close(cli, u, status);
}

/* "open", "closed", "not yet", "over": as of now */
static const char *state_of(const struct admin_case *c, int64_t now_ms)
{
	if (c->closed)
		return "closed";
	if (now_ms < c->start_ms)
		return "early";
	return now_ms < c->end_ms ? "open" : "over";
}

static const char *state_words(const char *state)
{
	if (!strcmp(state, "closed"))
		return _("closed");
	if (!strcmp(state, "early"))
		return _("period not begun");
	if (!strcmp(state, "over"))
		return _("period over");
	return _("open");
}

static size_t live_sources(const struct admin_case *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nsources; i++)
		n += !c->sources[i].removed;
	return n;
}

static int list(struct cli *cli, const struct unit *u)
{
	struct buf b = BUF_INIT((size_t)64 << 20);
	struct jsonw w = JSONW_INIT(&b);
	int64_t now = clock_wall_ms();

	cli_list_open(&w, "cases");
	for (size_t i = 0; i < u->admin.ncases; i++) {
		const struct admin_case *c = &u->admin.cases[i];
		char start[CLOCK_RFC3339_MAX], end[CLOCK_RFC3339_MAX];
		const char *state = state_of(c, now);

		clock_rfc3339_s(c->start_ms, start);
		clock_rfc3339_s(c->end_ms, end);
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "case", c->id);
		jsonw_str(&w, "reference", c->reference);
		jsonw_str(&w, "state", state);
		jsonw_str(&w, "start", start);
		jsonw_str(&w, "end", end);
		jsonw_int(&w, "sources", (int64_t)live_sources(c));
		jsonw_close(&w, '}');
		if (!cli->json)
			cli_out(cli, _("%s  %s  %s  sources %zu  %s\n"), c->id,
				end, state_words(state), live_sources(c),
				c->reference);
	}
	return cli_list_close(cli, &w);
}

/* Whom the case's key is wrapped to besides its members, or "". */
static void escrow_text(const struct admin_case *c,
			char out[static AGE_RECIPIENT_TEXT])
{
	static const uint8_t none[32];

	*out = '\0';
	if (memcmp(c->escrow, none, sizeof none) != 0)
		age_recipient_str(c->escrow, out);
}

static void show_json(struct cli *cli, const struct admin_case *c)
{
	char escrow[AGE_RECIPIENT_TEXT], public[AGE_RECIPIENT_TEXT];
	struct buf b = BUF_INIT((size_t)64 << 20);
	struct jsonw w = JSONW_INIT(&b);
	char when[CLOCK_RFC3339_MAX];

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "case", c->id);
	jsonw_str(&w, "reference", c->reference);
	jsonw_str(&w, "state", state_of(c, clock_wall_ms()));
	jsonw_str(&w, "basis", c->basis);
	jsonw_open(&w, "offences", '[');
	for (size_t i = 0; i < c->noffences; i++)
		jsonw_str(&w, NULL, c->offences[i]);
	jsonw_close(&w, ']');
	jsonw_str(&w, "agent", c->agent);
	jsonw_open(&w, "period", '{');
	jsonw_str(&w, "start", clock_rfc3339(c->start_ms, when));
	jsonw_str(&w, "end", clock_rfc3339(c->end_ms, when));
	jsonw_close(&w, '}');
	jsonw_str(&w, "purpose", c->purpose);
	jsonw_int(&w, "quota_day", c->quota_day);
	jsonw_open(&w, "retention", '{');
	jsonw_int(&w, "sensitive", c->retention.sensitive);
	jsonw_int(&w, "irrelevant", c->retention.irrelevant);
	jsonw_int(&w, "relevant", c->retention.relevant);
	jsonw_close(&w, '}');
	jsonw_str(&w, "opened", clock_rfc3339(c->opened_ms, when));
	jsonw_str(&w, "opened_by", c->opened_by);
	if (c->closed)
		jsonw_str(&w, "close_reason", c->close_reason);
	jsonw_open(&w, "sources", '[');
	for (size_t i = 0; i < c->nsources; i++) {
		const struct admin_source *s = &c->sources[i];

		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "source", s->id);
		jsonw_str(&w, "url", s->url);
		jsonw_str(&w, "profile", s->profile);
		if (s->since_ms)
			jsonw_str(&w, "since",
				  clock_rfc3339(s->since_ms, when));
		jsonw_str(&w, "reason", s->reason);
		jsonw_str(&w, "author", s->author);
		jsonw_str(&w, "added", clock_rfc3339(s->added_ms, when));
		jsonw_bool(&w, "removed", s->removed);
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_open(&w, "robots_decisions", '[');
	for (size_t i = 0; i < c->ndecisions; i++) {
		const struct admin_decision *d = &c->decisions[i];

		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "authority", d->authority);
		jsonw_str(&w, "reason", d->reason);
		jsonw_str(&w, "author", d->author);
		jsonw_str(&w, "date", clock_rfc3339(d->date_ms, when));
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_open(&w, "members", '[');
	for (size_t i = 0; i < c->nmembers; i++)
		jsonw_str(&w, NULL, c->members[i]);
	jsonw_close(&w, ']');
	age_recipient_str(c->public, public);
	jsonw_str(&w, "public", public);
	jsonw_int(&w, "epoch", c->epoch);
	jsonw_bool(&w, "epoch_due", c->epoch_due);
	escrow_text(c, escrow);
	jsonw_str(&w, "escrow", *escrow ? escrow : NULL);
	jsonw_hex(&w, "mandate_sha256", c->sha256, sizeof c->sha256);
	jsonw_close(&w, '}');
	cli_json(cli, &b);
	buf_release(&b);
}

int case_show(struct cli *cli, const struct admin_case *c)
{
	char when[CLOCK_RFC3339_MAX], until[CLOCK_RFC3339_MAX];
	char paris[CLOCK_RFC3339_MAX], later[CLOCK_RFC3339_MAX];
	char escrow[AGE_RECIPIENT_TEXT];

	if (cli->json) {
		show_json(cli, c);
		return CLI_OK;
	}
	cli_out(cli, _("case        %s\n"), c->id);
	cli_out(cli, _("reference   %s\n"), c->reference);
	cli_out(cli, _("state       %s\n"),
		state_words(state_of(c, clock_wall_ms())));
	if (c->closed)
		cli_out(cli, _("closed for  %s\n"), c->close_reason);
	cli_out(cli, _("basis       %s\n"), c->basis);
	for (size_t i = 0; i < c->noffences; i++)
		cli_out(cli, _("offence     %s\n"), c->offences[i]);
	cli_out(cli, _("agent       %s\n"), c->agent);
	cli_out(cli, _("period      %s to %s (in Paris: %s to %s)\n"),
		clock_rfc3339_s(c->start_ms, when),
		clock_rfc3339_s(c->end_ms, until),
		clock_paris(c->start_ms, paris), clock_paris(c->end_ms, later));
	if (*c->purpose)
		cli_out(cli, _("purpose     %s\n"), c->purpose);
	if (c->quota_day)
		cli_out(cli, _("quota       %u requests a day\n"),
			c->quota_day);
	cli_out(cli, _("retention   %u, %u, %u days (sensitive, not relevant, "
		       "relevant)\n"), c->retention.sensitive,
		c->retention.irrelevant, c->retention.relevant);
	cli_out(cli, _("opened      %s (in Paris: %s) by %s\n"),
		clock_rfc3339_s(c->opened_ms, when),
		clock_paris(c->opened_ms, paris), c->opened_by);
	for (size_t i = 0; i < c->nsources; i++)
		if (!c->sources[i].removed)
			cli_out(cli, _("source      %s  %s\n"),
				c->sources[i].id, c->sources[i].url);
	for (size_t i = 0; i < c->ndecisions; i++)
		cli_out(cli, _("robots.txt  passed over for %s: %s (%s, %s)\n"),
			c->decisions[i].authority, c->decisions[i].reason,
			c->decisions[i].author,
			clock_rfc3339_s(c->decisions[i].date_ms, when));
	for (size_t i = 0; i < c->nmembers; i++)
		cli_out(cli, _("member      %s\n"), c->members[i]);
	cli_out(cli, _("key         epoch %u%s\n"), c->epoch, c->epoch_due
		? _(": somebody left, a new one is due") : "");
	escrow_text(c, escrow);
	if (*escrow)
		cli_out(cli, _("escrow      %s\n"), escrow);
	return CLI_OK;
}

static int look(struct cli *cli, const struct case_args *a, int all)
{
	const struct admin_case *c;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int status;

	if (session_open(cli, VAULT_READ, &u, &e) < 0)
		return cli_fail(cli, &e);
	if (all)
		status = list(cli, u);
	else if (casefile_find(u, a->name, &c, &e) < 0)
		status = cli_fail(cli, &e);
	else
		status = case_show(cli, c);
	return session_close(cli, u, status);
}

/* Options of all subcommands; which are needed, each says.  -1: help shown. */
static int read_args(struct cli *cli, int argc, char **argv,
		     struct case_args *a)
{
	enum { BASIS, OFFENCE, FROM, TO, AGENT, PURPOSE, QUOTA, RETENTION,
	       REASON, SINCE };
	static const struct option options[] = {
		{ "basis", required_argument, NULL, BASIS },
		{ "offence", required_argument, NULL, OFFENCE },
		{ "from", required_argument, NULL, FROM },
		{ "to", required_argument, NULL, TO },
		{ "agent", required_argument, NULL, AGENT },
		{ "purpose", required_argument, NULL, PURPOSE },
		{ "quota", required_argument, NULL, QUOTA },
		{ "retention", required_argument, NULL, RETENTION },
		{ "reason", required_argument, NULL, REASON },
		{ "since", required_argument, NULL, SINCE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case BASIS:
			a->basis = optarg;
			break;
		case OFFENCE:
			/* Never more than there are arguments. */
			a->offences[a->noffences++] = optarg;
			break;
		case FROM:
			a->from = optarg;
			break;
		case TO:
			a->to = optarg;
			break;
		case AGENT:
			a->agent = optarg;
			break;
		case PURPOSE:
			a->purpose = optarg;
			break;
		case QUOTA:
			a->quota = optarg;
			break;
		case RETENTION:
			a->retention = optarg;
			break;
		case REASON:
			a->reason = optarg;
			break;
		case SINCE:
			a->since = optarg;
			break;
		case 'h':
			cli_help(cli, _(help));
			return -1;
		default:
			return cli_usage(cli, "case", _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind > 2)
		return cli_usage(cli, "case", _("too many arguments"));
	a->name = optind < argc ? argv[optind] : NULL;
	a->arg = optind + 1 < argc ? argv[optind + 1] : NULL;
	return CLI_OK;
}

static int run(struct cli *cli, const char *what, const char *verb,
	       const struct case_args *a)
{
	if (!strcmp(what, "list"))
		return look(cli, a, 1);
	if (!a->name)
		return cli_usage(cli, "case", _("which case?"));
	if (!strcmp(what, "source"))
		return case_source(cli, verb, a);
	if (!strcmp(what, "member"))
		return case_member(cli, verb, a);
	if (!strcmp(what, "robots-decision")) {
		if (!a->arg)
			return cli_usage(cli, "case", _("which host?"));
		if (!a->reason)
			return cli_usage(cli, "case", _("--reason is needed"));
		return case_change(cli, a, do_decision);
	}
	if (a->arg)
		return cli_usage(cli, "case", _("too many arguments"));
	if (!strcmp(what, "show"))
		return look(cli, a, 0);
	if (!strcmp(what, "close")) {
		if (!a->reason)
			return cli_usage(cli, "case", _("--reason is needed"));
		return case_change(cli, a, do_close);
	}
	if (!a->basis || !a->noffences || !a->from || !a->to)
		return cli_usage(cli, "case", _("--basis, --offence, --from and "
				 "--to are needed"));
	return case_change(cli, a, do_open);
}

int cmd_case(struct cli *cli, int argc, char **argv)
{
	static const char *const all[] = { "open", "list", "show", "close",
					   "source", "member",
					   "robots-decision" };
	const char *what = argc > 1 ? argv[1] : "", *verb = "";
	struct case_args a = { 0 };
	int status, skip = 1;
	size_t i;

	if (!strcmp(what, "--help"))
		return cli_help(cli, _(help));
	if (!strcmp(what, "classify"))
		return cmd_classify(cli, argc - 1, argv + 1);
	for (i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(what, all[i]))
			break;
	if (i == sizeof all / sizeof *all)
		return cli_usage(cli, argv[0], _("what: open, list, show, close, "
				 "source, member, robots-decision or "
				 "classify?"));
	if (!strcmp(what, "source") || !strcmp(what, "member")) {
		verb = argc > 2 ? argv[2] : "";
		skip = argc > 2 ? 2 : 1;
		if (strcmp(verb, "add") != 0 && strcmp(verb, "list") != 0 &&
		    strcmp(verb, "remove") != 0 &&
		    strcmp(verb, "--help") != 0)
			return cli_usage(cli, argv[0],
					 _("what: add, list or remove?"));
		if (!strcmp(verb, "--help"))
			return cli_help(cli, _(help));
	}
	a.offences = calloc((size_t)argc, sizeof *a.offences);
	if (!a.offences) {
		struct err e = ERR_INIT;

		err_set(&e, ERR_NOMEM, "no memory for the arguments");
		return cli_fail(cli, &e);
	}
	status = read_args(cli, argc - skip, argv + skip, &a);
	if (status < 0)
		status = CLI_OK;
	else if (status == CLI_OK)
		status = run(cli, what, verb, &a);
	free(a.offences);
	return status;
}
