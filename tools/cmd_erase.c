/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle erase: items, single objects, a whole case; an order of two. */
#include "tools/commands.h"
#include "tools/propose.h"
#include "tools/session.h"

#include "cases/casefile.h"
#include "cases/deny.h"
#include "cases/erasure.h"
#include "util/clock.h"

#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle erase CASE ITEM... --why TEXT\n"
"       scelle erase CASE --all --why TEXT\n"
"       scelle erase --order ID\n"
"       scelle erase CASE --list\n"
"\n"
"Erasing takes two persons: the first says what and why, the second approves\n"
"(scelle approve), then it is carried out with --order.  ITEM is a number, N-M,\n"
"or N/K for one object of an item: 0 is its statement, 1 its first blob.\n"
"--all purges the case: everything, and its keys.\n"
"\n"
"The sealed bytes go at once, with the index and what else held their words.\n"
"The keys go at once when a member carries it out, else as soon as a member\n"
"opens the case; then a certificate says so, and until which day a backup of\n"
"keys could still open an old copy.\n"
"\n"
"  --list              what was erased, and its certificates\n"
"  --break-glass TEXT  do not wait for the second person, and why; a supervisor\n"
"                      has to countersign it\n");

struct args {
	const char *why, *order, *glass;
	int all, list;
};

static void erasure_json(struct jsonw *w, const struct admin_case *c,
			 const struct admin_erasure *x)
{
	char when[CLOCK_RFC3339_MAX];
	struct buf items = BUF_INIT((size_t)1 << 20);

	erasure_items_text(x->what, SIZE_MAX, &items);
	jsonw_open(w, NULL, '{');
	jsonw_str(w, "case", c->reference);
	jsonw_str(w, "list", x->list);
	jsonw_str(w, "items", buf_cstr(&items));
	if (*x->order)
		jsonw_str(w, "order", x->order);
	jsonw_str(w, "by", *x->author ? x->author : UNIT_TIMER);
	jsonw_str(w, "reason", x->reason);
	jsonw_str(w, "time", clock_rfc3339(x->time_ms, when));
	jsonw_int(w, "objects", (int64_t)x->objects);
	jsonw_int(w, "bytes", (int64_t)x->bytes);
	if (x->certified_ms) {
		jsonw_str(w, "certified", clock_rfc3339(x->certified_ms, when));
		jsonw_str(w, "complete", clock_rfc3339(x->complete_ms, when));
	}
	jsonw_close(w, '}');
	buf_release(&items);
}

static void erasure_line(struct cli *cli, const struct admin_erasure *x)
{
	char words[ERASURE_WORDS_MAX], until[CLOCK_RFC3339_MAX];
	struct buf items = BUF_INIT(65536);

	erasure_items_text(x->what, 20, &items);
	cli_out(cli, _("%s: %s (%llu objects, %llu bytes), %s\n"),
		buf_cstr(&items), erasure_words(x, words),
		(unsigned long long)x->objects, (unsigned long long)x->bytes,
		x->reason);
	if (x->certified_ms)
		cli_out(cli, _("    certified, complete on %s\n"),
			clock_rfc3339_s(x->complete_ms, until));
	else
		cli_out(cli, _("    KEYS ARE STILL THERE until a member opens "
			       "the case\n"));
	buf_release(&items);
}

static int list(struct cli *cli, const char *name)
{
	struct buf b = BUF_INIT((size_t)64 << 20);
	struct jsonw w = JSONW_INIT(&b);
	const struct admin_case *c = NULL;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int r = session_open(cli, VAULT_WRITE, &u, &e), status;

	if (r == 0)
		r = casefile_find(u, name, &c, &e);
	if (r == 0)
		r = unit_may(u, PERMIT_RETENTION, c, &e);
	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "erasures", '[');
	for (size_t i = 0; r == 0 && i < c->nerasures; i++) {
		erasure_json(&w, c, &c->erasures[i]);
		if (!cli->json)
			erasure_line(cli, &c->erasures[i]);
	}
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	status = r < 0 ? cli_fail(cli, &e)
		 : cli->json ? cli_json(cli, &b) : CLI_OK;
	buf_release(&b);
	return session_close(cli, u, status);
}

static int tell(struct cli *cli, struct unit *u,
		const struct erasure_report *rep)
{
	struct buf b = BUF_INIT((size_t)4 << 20);
	struct jsonw w = JSONW_INIT(&b);
	const struct admin_case *c = NULL;
	int status = CLI_OK;

	if (casefile_find(u, rep->case_id, &c, NULL) < 0)
		return CLI_OK;
	for (size_t i = 0; i < c->nerasures; i++) {
		if (strcmp(c->erasures[i].list, rep->list))
			continue;
		if (cli->json) {
			erasure_json(&w, c, &c->erasures[i]);
			status = cli_json(cli, &b);
		} else {
			erasure_line(cli, &c->erasures[i]);
		}
	}
	buf_release(&b);
	return status;
}

static int carry_out(struct cli *cli, struct unit *u, const char *id,
		     struct err *e)
{
	struct erasure_report rep;
	int r;

	r = erasure_run(u, id, &rep, e);
	/* Behind the decision there is no way back. */
	cli->wrote |= r == 0 || *rep.list;
	return r < 0 ? cli_fail(cli, e) : tell(cli, u, &rep);
}

static int give_order(struct cli *cli, struct unit *u, const char *name,
		      const struct erase_list *l, const struct args *a,
		      struct err *e)
{
	struct order_options o = { .act = l ? ORDER_ERASE : ORDER_PURGE,
				   .reason = a->why };
	char case_id[17], id[17];
	json_t *subject = NULL;
	int r = erasure_subject(u, name, l, case_id, &subject, e);

	o.case_id = case_id;
	o.subject = subject;
	if (r == 0)
		r = propose(cli, u, &o, a->glass, id, e);
	json_decref(subject);
	if (r < 0)
		return cli_fail(cli, e);
	return r == 1 ? carry_out(cli, u, id, e) : CLI_OK;
}

enum { WHY = 256, ORDER, GLASS, ALL, LIST };

static int read_args(struct cli *cli, int argc, char **argv, struct args *a)
{
	static const struct option options[] = {
		{ "why", required_argument, NULL, WHY },
		{ "reason", required_argument, NULL, WHY },
		{ "order", required_argument, NULL, ORDER },
		{ "break-glass", required_argument, NULL, GLASS },
		{ "all", no_argument, NULL, ALL },
		{ "list", no_argument, NULL, LIST },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case WHY:
			a->why = optarg;
			break;
		case ORDER:
			a->order = optarg;
			break;
		case GLASS:
			a->glass = optarg;
			break;
		case ALL:
			a->all = 1;
			break;
		case LIST:
			a->list = 1;
			break;
		case 'h':
			return cli_help(cli, _(help));
		case ':':
			return cli_usage(cli, argv[0],
					 _("option '%s' needs a value"),
					 argv[optind - 1]);
		default:
			return cli_usage(cli, argv[0], _("unknown option '%s'"),
					 argv[optind - 1]);
		}
	}
	return -1;
}

int cmd_erase(struct cli *cli, int argc, char **argv)
{
	struct erase_list l = { 0 };
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	struct args a = { 0 };
	int status = read_args(cli, argc, argv, &a), r = 0;

	if (status >= 0)
		return status;
	if (a.order && (optind < argc || a.all || a.list))
		return cli_usage(cli, argv[0], _("--order stands alone"));
	if (!a.order && optind >= argc)
		return cli_usage(cli, argv[0], _("which case?"));
	if (a.list && (optind + 1 < argc || a.all))
		return cli_usage(cli, argv[0], _("--list takes a case only"));
	if (a.list)
		return list(cli, argv[optind]);
	if (!a.order && !a.all && optind + 1 >= argc)
		return cli_usage(cli, argv[0], _("which items?"));
	if (a.all && optind + 1 < argc)
		return cli_usage(cli, argv[0], _("--all or items, not both"));
	if (!a.order && (!a.why || !a.why[strspn(a.why, " \t")]))
		return cli_usage(cli, argv[0],
				 _("erasing takes a reason: --why TEXT"));
	for (int i = optind + 1; r == 0 && i < argc; i++)
		r = erasure_item_read(argv[i], &l, &e);
	if (r < 0) {
		erase_list_release(&l);
		return cli_usage(cli, argv[0], "%s", e.text);
	}
	erase_list_sort(&l);
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r < 0)
		status = cli_fail(cli, &e);
	else if (a.order)
		status = carry_out(cli, u, a.order, &e);
	else
		status = give_order(cli, u, argv[optind], a.all ? NULL : &l, &a,
				    &e);
	erase_list_release(&l);
	return session_close(cli, u, status);
}
