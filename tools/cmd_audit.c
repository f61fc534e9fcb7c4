/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle audit: who did what, when and why, and what a supervisor looks for. */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/audit_grant.h"
#include "cases/audit_html.h"
#include "cases/custody.h"
#include "tools/audit_out.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle audit --why TEXT [--month YYYY-MM | --since DATE --until DATE]\n"
"              [--case CASE] [--by NAME] [--item N] [--command NAME]\n"
"              [--what KIND,KIND] [--findings] [--format FORMAT]\n"
"              [--lang fr|en] [--rows N] [-o FILE]\n"
"       scelle audit grant MONTH|all USER --why TEXT\n"
"       scelle audit policy [--set NAME=VALUE]... [--why TEXT]\n"
"\n"
"Who did what, when and why, in one chronology: accesses, what they showed,\n"
"refusals, collection, exports, erasures, decisions (else: the running month).\n"
"Behind it what should be looked into, each point with the records that fired.\n"
"For supervisors and auditors; this reading is recorded as well, first.\n"
"\n"
"  --month, --since, --until\n"
"                   the period\n"
"  --case CASE      of one case only\n"
"  --item N         of one item of that case only\n"
"  --by NAME        of one user only\n"
"  --command NAME   of one command only\n"
"  --what KIND,...  access, shown, refused, admin, collected, exported, erased,\n"
"                   other\n"
"  --findings       the points to look into, without the chronology\n"
"  --format FORMAT  text, csv (RFC 4180), jsonl, html (one page)\n"
"  --rows N         rows of the chronology in a page (2000)\n"
"  -o FILE          into a new file\n"
"  --why TEXT       the reason, for the record\n"
"\n"
"grant    gives a user the key of a month that was made before that user came\n"
"policy   shows the rules, or changes them: hours, days, holidays, bulk-hour,\n"
"         bulk-day, bulk-times, denials, handover-days, quiet-days, keep-years\n");

enum format { TEXT, CSV, JSONL, HTML };

struct args {
	struct audit_query q;
	const char *month, *out;
	enum format format;
	int findings, lang;
	uint64_t rows;
};

/* --- the passes -------------------------------------------------------------- */

/* First pass: counts and findings, over everything in the period. */
static int look(struct audit *a, struct finder *f, struct err *e)
{
	struct audit_event ev;
	int r;

	audit_event_init(&ev);
	while ((r = audit_next(a, &ev, e)) == 1) {
		r = finder_feed(f, &ev, audit_asof(a),
				audit_in_period(a, &ev), e);
		if (r < 0)
			break;
	}
	audit_event_release(&ev);
	return r < 0 ? r : finder_end(f, e);
}

/* A finding is of the case and the person that were asked for. */
static int wanted(const struct args *g, const struct audit *a,
		  const struct finding *x)
{
	return (!g->q.by || !strcmp(g->q.by, x->user)) &&
		(!*audit_case(a) || !x->case_id[0] ||
		 !strcmp(audit_case(a), x->case_id));
}

static int row(const struct args *g, const struct audit_page *p,
	       const struct audit_event *ev, uint64_t *n, struct buf *out)
{
	if (g->format == HTML && (*n)++ >= g->rows)
		return 0;
	if (g->format == TEXT)
		audit_row_text(p->lang, ev, out);
	else if (g->format == CSV)
		audit_row_csv(p->admin, ev, out);
	else if (g->format == JSONL)
		audit_row_json(p->admin, ev, out);
	else
		audit_html_row(p, ev, out);
	return 1;
}

/* Second pass: the chronology. */
static int chronology(const struct args *g, struct audit *a,
		      const struct unit *u, const struct audit_page *p,
		      struct audit_out *o, uint64_t *more, struct err *e)
{
	struct audit_event ev;
	uint64_t n = 0;
	int r;

	audit_event_init(&ev);
	r = audit_rewind(a, e);
	while (r == 0 && (r = audit_next(a, &ev, e)) == 1) {
		r = 0;
		if (audit_wanted(a, &ev) && row(g, p, &ev, &n, &o->page))
			r = audit_out_row(o, ev.what == AUDIT_REFUSED &&
					  !strcmp(ev.user, u->user_name), e);
	}
	audit_event_release(&ev);
	*more = g->format == HTML && n > g->rows ? n - g->rows : 0;
	return r;
}

static void found(const struct args *g, const struct audit *a,
		  const struct audit_page *p, struct buf *out)
{
	for (size_t i = 0; i < p->f->nfound; i++) {
		const struct finding *x = &p->f->found[i];

		if (!wanted(g, a, x))
			continue;
		if (g->format == TEXT)
			audit_found_text(p->lang, p->admin, x, out);
		else if (g->format == CSV)
			audit_found_csv(p->lang, p->admin, x, out);
		else if (g->format == JSONL)
			audit_found_json(p->lang, p->admin, x, out);
	}
}

/* Only what was asked for stands in a page's findings. */
static void narrow(const struct args *g, const struct audit *a,
		   struct finder *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nfound; i++)
		if (wanted(g, a, &f->found[i]))
			f->found[n++] = f->found[i];
	f->nfound = n;
}

static int write_out(const struct args *g, struct audit *a,
		     const struct unit *u, const struct audit_page *p,
		     struct audit_out *o, struct err *e)
{
	uint64_t more = 0;
	int r = 0;

	if (g->format == HTML) {
		audit_html_head(p, &o->page);
	} else if (g->format == CSV) {
		if (g->findings)
			audit_found_head(&o->page);
		else
			audit_csv_head(&o->page);
	}
	if (!g->findings || g->format == HTML)
		r = chronology(g, a, u, p, o, &more, e);
	if (r < 0)
		return r;
	if (g->format == HTML)
		audit_html_tail(p, more, &o->page);
	else if (g->findings || g->format != CSV)
		found(g, a, p, &o->page);
	return 0;
}

/* What was left out or not asked, in words. */
static void texts(const struct args *g, const struct audit *a,
		  const struct unit *u, struct buf *filter, struct buf *skipped)
{
	const char *name;

	if (g->q.case_name)
		buf_addf(filter, "%s %s", audit_word((enum audit_lang)g->lang,
						     W_CASE),
			 audit_reference(&u->admin, audit_case(a)));
	if (g->q.has_item)
		buf_addf(filter, " (%llu)", (unsigned long long)g->q.item);
	if (g->q.by)
		buf_addf(filter, "%s%s", filter->len ? ", " : "", g->q.by);
	if (g->q.of_command)
		buf_addf(filter, "%s%s", filter->len ? ", " : "",
			 g->q.of_command);
	for (size_t i = 0; (name = audit_skipped(a, i)); i++)
		buf_addf(skipped, "%s%s", i ? ", " : "", name);
}

static int run(struct cli *cli, struct unit *u, struct args *g, struct err *e)
{
	struct buf filter = BUF_INIT(4096), skipped = BUF_INIT(4096);
	struct audit_page p = { .lang = (enum audit_lang)g->lang,
				.admin = &u->admin };
	struct finder f = { .done = 0 };
	struct audit_out o = { .cli = cli };
	struct audit *a = NULL;
	int r;

	g->q.context_days = u->admin.audit.quiet_days;
	r = audit_open(u, &g->q, &a, e);
	if (r < 0)
		return r;
	audit_period(a, &p.from_ms, &p.to_ms);
	finder_init(&f, &u->admin.audit, p.from_ms, p.to_ms);
	texts(g, a, u, &filter, &skipped);
	r = audit_out_init(&o, cli, a, g->out, e);
	if (r == 0)
		r = look(a, &f, e);
	if (r == 0) {
		narrow(g, a, &f);
		p.f = &f;
		p.filter = buf_cstr(&filter);
		p.skipped = buf_cstr(&skipped);
		r = write_out(g, a, u, &p, &o, e);
	}
	if (o.audit)
		r = audit_out_end(&o, r, e);
	if (r == 0 && skipped.len)
		cli_say(cli, "%s: %s\n", audit_word(p.lang, W_SKIPPED),
			p.skipped);
	finder_release(&f);
	audit_close(a);
	buf_release(&filter);
	buf_release(&skipped);
	return r;
}

/* --- the command line -------------------------------------------------------- */

static int what_of(const char *list, unsigned *out, struct err *e)
{
	char word[16];

	*out = 0;
	while (*list) {
		size_t n = strcspn(list, ",");
		unsigned bit;

		snprintf(word, sizeof word, "%.*s", n < 15 ? (int)n : 15,
			 list);
		bit = audit_what_of(word);
		if (!bit)
			return err_set(e, ERR_USAGE, "'%s' is no kind of event",
				       word);
		*out |= bit;
		list += n + (list[n] == ',');
	}
	return 0;
}

static int format_of(const char *name, enum format *out, struct err *e)
{
	static const char *const names[] = { "text", "csv", "jsonl", "html" };

	for (unsigned i = 0; i < 4; i++)
		if (!strcmp(name, names[i])) {
			*out = (enum format)i;
			return 0;
		}
	return err_set(e, ERR_USAGE, "'%s' is no format: text, csv, jsonl or "
		       "html", name);
}

/* The period: one month, or from and to, or the running month. */
static int period(struct args *g, struct err *e)
{
	char when[CLOCK_RFC3339_MAX], now[8];

	if (g->month && (g->q.from_ms || g->q.to_ms))
		return err_set(e, ERR_USAGE, "either --month, or --since and "
			       "--until");
	if (!g->month && (g->q.from_ms || g->q.to_ms))
		return g->q.from_ms && g->q.to_ms &&
			g->q.from_ms >= g->q.to_ms
			? err_set(e, ERR_USAGE, "the period ends before it "
				  "begins") : 0;
	snprintf(now, sizeof now, "%.7s", clock_rfc3339(clock_wall_ms(),
							when));
	if (audit_month_bounds(g->month ? g->month : now, &g->q.from_ms,
			       &g->q.to_ms) < 0)
		return err_set(e, ERR_USAGE, "'%s' is no month: YYYY-MM",
			       g->month);
	return 0;
}

enum { WHY = 256, MONTH, SINCE, UNTIL, CASE, BY, ITEM, COMMAND, WHAT,
       FINDINGS, FORMAT, LANG, ROWS };

static int take(struct args *g, int opt, struct err *e)
{
	uint64_t n;

	switch (opt) {
	case WHY:
		g->q.why = optarg;
		return 0;
	case MONTH:
		g->month = optarg;
		return 0;
	case SINCE:
		return session_date(optarg, 0, &g->q.from_ms, e);
	case UNTIL:
		return session_date(optarg, 1, &g->q.to_ms, e);
	case CASE:
		g->q.case_name = optarg;
		return 0;
	case BY:
		g->q.by = optarg;
		return 0;
	case ITEM:
		g->q.has_item = 1;
		return session_number(optarg, INT64_MAX, &g->q.item, e);
	case COMMAND:
		g->q.of_command = optarg;
		return 0;
	case WHAT:
		return what_of(optarg, &g->q.what, e);
	case FINDINGS:
		g->findings = 1;
		return 0;
	case FORMAT:
		return format_of(optarg, &g->format, e);
	case LANG:
		g->lang = audit_lang_of(optarg);
		return g->lang < 0 ? err_set(e, ERR_USAGE, "'%s' is no "
					     "language: fr or en", optarg) : 0;
	case ROWS:
		if (session_number(optarg, 1000000, &n, e) < 0)
			return ERR_USAGE;
		g->rows = n;
		return 0;
	default:
		g->out = optarg;
		return 0;
	}
}

static int read_args(struct cli *cli, int argc, char **argv, struct args *g)
{
	static const struct option options[] = {
		{ "why", required_argument, NULL, WHY },
		{ "month", required_argument, NULL, MONTH },
		{ "since", required_argument, NULL, SINCE },
		{ "until", required_argument, NULL, UNTIL },
		{ "case", required_argument, NULL, CASE },
		{ "by", required_argument, NULL, BY },
		{ "item", required_argument, NULL, ITEM },
		{ "command", required_argument, NULL, COMMAND },
		{ "what", required_argument, NULL, WHAT },
		{ "findings", no_argument, NULL, FINDINGS },
		{ "format", required_argument, NULL, FORMAT },
		{ "lang", required_argument, NULL, LANG },
		{ "rows", required_argument, NULL, ROWS },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct err e = ERR_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (opt == 'h') {
			cli_help(cli, _(help));
			return -1;
		}
		if (opt == '?')
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		if (take(g, opt, &e) < 0)
			return cli_usage(cli, argv[0], "%s", e.text);
	}
	if (optind < argc)
		return cli_usage(cli, argv[0], _("too many arguments"));
	if (!g->q.why)
		return cli_usage(cli, argv[0], _("--why is needed"));
	if (g->q.has_item && !g->q.case_name)
		return cli_usage(cli, argv[0], _("--item needs --case"));
	if (period(g, &e) < 0)
		return cli_usage(cli, argv[0], "%s", e.text);
	return CLI_OK;
}

int cmd_audit(struct cli *cli, int argc, char **argv)
{
	struct args g = { .rows = 2000 };
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	uint64_t before;
	int r, status;

	if (argc > 1 && (!strcmp(argv[1], "grant") ||
			 !strcmp(argv[1], "policy")))
		return cmd_audit_rules(cli, argc - 1, argv + 1);
	/* Translators: "fr" where the language is French, else "en". */
	g.lang = strcmp(_("language: en"), "language: fr") ? AUDIT_EN
							   : AUDIT_FR;
	if (cli->json)
		g.format = JSONL;
	status = read_args(cli, argc, argv, &g);
	if (status)
		return status < 0 ? CLI_OK : status;
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	before = vault_size(u->vault);
	r = run(cli, u, &g, &e);
	cli->wrote = vault_size(u->vault) != before;
	return session_close(cli, u, r < 0 ? cli_fail(cli, &e) : CLI_OK);
}
