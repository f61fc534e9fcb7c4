/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/anchor.h"
#include "cases/permit.h"
#include "store/tsa.h"
#include "tools/anchoring.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"

#include <inttypes.h>
#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle anchor [--no-witnesses] [--no-tokens]\n"
"       scelle anchor authority list\n"
"       scelle anchor authority set NAME --url URL --roots FILE\n"
"                              [--qualified --list TEXT]\n"
"       scelle anchor authority remove NAME --reason TEXT\n"
"\n"
"Shows the last head of the log to the unit's witnesses and time stamp\n"
"authorities (RFC 3161), checks at once what they answer, and seals it.  Run it\n"
"hourly from a timer ('--user timer'); a pass of 'collect' ends with it too.\n"
"\n"
"A witness that knows another history of this log is an alarm: exit status 1.\n"
"\n"
"  --url URL        http://..., https://..., or file:///DIRECTORY: requests are\n"
"                   written there as *.tsq, answers read from *.tsr\n"
"  --roots FILE     certificates (PEM) that its time stamps must lead to\n"
"  --qualified      it is a qualified authority (eIDAS), by\n"
"  --list TEXT      this entry of a trusted list: somebody looked it up\n");

static int list(struct cli *cli, const struct unit *u)
{
	const struct admin_anchor *all = &u->admin.anchor;
	struct buf b = BUF_INIT((size_t)1 << 20);
	struct jsonw w = JSONW_INIT(&b);

	cli_list_open(&w, "authorities");
	for (size_t i = 0; i < all->nauthorities; i++) {
		const struct anchor_authority *t = &all->authorities[i];
		char when[CLOCK_RFC3339_MAX];

		if (t->removed)
			continue;
		clock_rfc3339(t->token_ms, when);
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "name", t->name);
		jsonw_str(&w, "url", t->url);
		jsonw_bool(&w, "qualified", t->qualified);
		jsonw_str(&w, "list", t->list);
		jsonw_str(&w, "author", t->author);
		jsonw_str(&w, "last", t->token_ms ? when : NULL);
		jsonw_int(&w, "size", (int64_t)t->token_size);
		jsonw_close(&w, '}');
		if (cli->json)
			continue;
		cli_out(cli, _("%s  %s  %s\n"), t->name, t->url,
			t->token_ms ? when : _("never"));
		if (t->qualified)
			cli_out(cli, _("    qualified, says %s, by: %s\n"),
				t->author, t->list);
		else
			cli_out(cli, "%s", _("    not said to be "
				"qualified\n"));
	}
	return cli_list_close(cli, &w);
}

struct args {
	const char *url, *roots, *list, *reason;
	int qualified, no_witnesses, no_tokens;
};

static int set(struct unit *u, const char *name, const struct args *a,
	       struct err *e)
{
	struct buf pem = BUF_INIT(TSA_ROOTS_MAX);
	int r;

	if (!a->url || !a->roots)
		return err_set(e, ERR_USAGE, "which --url and --roots?");
	if (!a->qualified != !a->list)
		return err_set(e, ERR_USAGE, "--qualified goes with --list: the "
			       "trusted list it rests on");
	r = file_read(a->roots, &pem, e);
	if (r == 0)
		r = anchor_set_authority(u, name, a->url, buf_cstr(&pem),
					 a->qualified, a->list, e);
	buf_release(&pem);
	return r;
}

static int authority(struct cli *cli, int argc, char **argv,
		     const struct args *a)
{
	const char *what = argc > 0 ? argv[0] : "list";
	const char *name = argc > 1 ? argv[1] : NULL;
	int reading = !strcmp(what, "list"), r, status = CLI_OK;
	struct err e = ERR_INIT;
	struct unit *u = NULL;

	if (!reading && strcmp(what, "set") != 0 && strcmp(what, "remove") != 0)
		return cli_usage(cli, "anchor", _("what: list, set or remove?"));
	if (argc > (reading ? 1 : 2))
		return cli_usage(cli, "anchor", _("too many arguments"));
	if (!reading && !name)
		return cli_usage(cli, "anchor", _("which authority?"));
	if (!strcmp(what, "remove") && !a->reason)
		return cli_usage(cli, "anchor", _("--reason is missing"));
	r = session_open(cli, reading ? VAULT_READ : VAULT_WRITE, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	if (reading)
		status = list(cli, u);
	else if (!strcmp(what, "set"))
		r = set(u, name, a, &e);
	else
		r = anchor_remove_authority(u, name, a->reason, &e);
	if (!reading)
		cli->wrote = r == 0;
	if (r < 0)
		status = cli_fail(cli, &e);
	return session_close(cli, u, status);
}

static int anchor(struct cli *cli, const struct args *a)
{
	struct anchoring_options o = { a->no_witnesses, a->no_tokens };
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	unsigned alarms = 0;
	uint64_t before;
	int status = CLI_OK;
	int r = session_open(cli, VAULT_WRITE, &u, &e);

	if (r < 0)
		return cli_fail(cli, &e);
	before = vault_size(u->vault);
	r = permit_check(&u->admin, u->user_name, PERMIT_ANCHOR, NULL, &e);
	if (r == 0 && !anchor_configured(u))
		r = err_set(&e, ERR_NOENT, "nobody to ask: see 'scelle witness "
			    "policy' and 'scelle anchor authority set'");
	else if (r == 0)
		r = anchoring(cli, u, &o, &alarms, &e);
	cli->wrote = vault_size(u->vault) != before;
	if (r < 0)
		status = cli_fail(cli, &e);
	else if (alarms)
		status = CLI_UNSOUND;
	return session_close(cli, u, status);
}

int cmd_anchor(struct cli *cli, int argc, char **argv)
{
	enum { URL, ROOTS, QUALIFIED, LIST, REASON, NO_WITNESSES, NO_TOKENS };
	static const struct option options[] = {
		{ "url", required_argument, NULL, URL },
		{ "roots", required_argument, NULL, ROOTS },
		{ "qualified", no_argument, NULL, QUALIFIED },
		{ "list", required_argument, NULL, LIST },
		{ "reason", required_argument, NULL, REASON },
		{ "no-witnesses", no_argument, NULL, NO_WITNESSES },
		{ "no-tokens", no_argument, NULL, NO_TOKENS },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct args a = { .url = NULL };
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case URL:
			a.url = optarg;
			break;
		case ROOTS:
			a.roots = optarg;
			break;
		case QUALIFIED:
			a.qualified = 1;
			break;
		case LIST:
			a.list = optarg;
			break;
		case REASON:
			a.reason = optarg;
			break;
		case NO_WITNESSES:
			a.no_witnesses = 1;
			break;
		case NO_TOKENS:
			a.no_tokens = 1;
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (optind < argc && !strcmp(argv[optind], "authority"))
		return authority(cli, argc - optind - 1, argv + optind + 1, &a);
	if (optind < argc)
		return cli_usage(cli, argv[0], _("too many arguments"));
	return anchor(cli, &a);
}
