/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/gaps.h"
#include "util/json.h"

#include <inttypes.h>

static const char help[] = N_(
"Usage: scelle gaps CASE --why TEXT\n"
"\n"
"Shows from the sealed statements alone how politely the case was collected: for\n"
"each host, domain, family and address the number of requests, the smallest gap\n"
"from the end of one to the start of the next, and the delay in force there.\n"
"Exit status 1 where a gap is shorter than the delay in force.\n");

static void show(void *arg, const struct gaps_row *r)
{
	struct cli *cli = arg;
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);

	if (cli->json) {
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "key", r->key);
		jsonw_int(&w, "requests", (int64_t)r->requests);
		if (r->min_gap_ms == INT64_MAX)
			jsonw_null(&w, "min_gap_ms");
		else
			jsonw_int(&w, "min_gap_ms", r->min_gap_ms);
		jsonw_int(&w, "delay_ms", r->delay_ms);
		jsonw_int(&w, "before", (int64_t)r->before);
		jsonw_int(&w, "after", (int64_t)r->after);
		jsonw_int(&w, "violations", (int64_t)r->violations);
		jsonw_close(&w, '}');
		cli_json(cli, &b);
	} else if (r->min_gap_ms == INT64_MAX) {
		cli_out(cli, _("%-32s %6" PRIu64 " requests\n"), r->key,
			r->requests);
	} else {
		cli_out(cli, _("%-32s %6" PRIu64 " requests, smallest gap %"
			       PRId64 " ms (delay %" PRId64 " ms, items %"
			       PRIu64 " and %" PRIu64 ")\n"),
			r->key, r->requests, r->min_gap_ms, r->delay_ms,
			r->before, r->after);
	}
	buf_release(&b);
}

static int answer(struct cli *cli, const struct gaps_report *rep, int r)
{
	if (rep->missing)
		cli_warn(cli, _("%" PRIu64 " statements could not be read"),
			 rep->missing);
	if (!cli->json)
		cli_out(cli, r ? _("%" PRIu64 " requests: TOO EARLY %" PRIu64
				   " times\n")
			       : _("%" PRIu64 " requests, each in its turn\n"),
			rep->requests, rep->violations);
	return r ? CLI_UNSOUND : CLI_OK;
}

int cmd_gaps(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "why", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct access access = { .command = "gaps" };
	struct gaps_report rep = { 0 };
	struct grant *g = NULL;
	struct unit *u = NULL;
	struct err e = ERR_INIT;
	struct buf rows = BUF_INIT((size_t)64 << 20);
	struct shown seen = { 0 };
	int opt, status, r;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'w') {
			access.why = optarg;
		} else if (opt == 'h') {
			cli_help(cli, _(help));
			return CLI_OK;
		} else {
			return cli_usage(cli, "gaps", _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind != 1)
		return cli_usage(cli, "gaps", _("name one case"));
	access.case_name = argv[optind];
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r == 0)
		r = custody_log(u, &access, &g, &e);
	cli->hold = &rows;
	if (r == 0)
		r = gaps_check(g, show, cli, &rep, &e);
	status = r < 0 ? -1 : answer(cli, &rep, r);
	/* What was read of each statement is on record before it is said. */
	if (r >= 0 && rows.failed)
		r = err_set(&e, rows.failed, "no memory for the answer");
	seen.rows = rep.requests;
	seen.whole = g ? custody_count(g) : 0;
	if (r < 0)
		seen.outcome = "failed";
	if (g && (r >= 0 || e.code != ERR_IO)) {
		struct err late = ERR_INIT;

		if (custody_shown(g, &seen, r < 0 ? &late : &e) < 0 && r >= 0)
			r = e.code;
	}
	cli->hold = NULL;
	if (r < 0)
		status = cli_fail(cli, &e);
	else
		cli_raw(cli, buf_view(&rows));
	buf_wipe(&rows);
	cli->wrote = g != NULL;
	custody_close(g);
	return u ? session_close(cli, u, status) : status;
}
