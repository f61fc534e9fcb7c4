/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/custodian.h"
#include "util/json.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char help[] = N_(
"Usage: scelle custodian list\n"
"       scelle custodian set [--keys-to DIR] NAME NAME...\n"
"\n"
"Who unlocks the unit's custody service: any two of these, together.\n"
"\n"
"set    puts the unit's keys under these users (2 to 16, supervisors or\n"
"       administrators, different persons).  A solo vault becomes a unit's: from\n"
"       then on only 'scelle serve' opens it.  Every user's own keys are then\n"
"       moved to --keys-to, as <name>.key.age under that user's passphrase, to\n"
"       be handed over: they belong into ~/.config/scelle/keys/.\n");

static int list(struct cli *cli, struct err *e)
{
	struct custodians *c = NULL;
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	const char *path = cli_vault(cli, e);
	int r;

	if (!path)
		return ERR_USAGE;
	r = custodian_read(path, &c, e);
	if (r == ERR_NOENT)
		r = err_set(e, r, "'%s' is a solo vault: it has no custodians",
			    path);
	if (r < 0)
		return r;
	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "custodians", '[');
	for (size_t i = 0; i < c->n; i++) {
		jsonw_str(&w, NULL, c->name[i]);
		if (!cli->json)
			cli_out(cli, "%s\n", c->name[i]);
	}
	jsonw_close(&w, ']');
	jsonw_int(&w, "threshold", 2);
	jsonw_close(&w, '}');
	if (cli->json)
		cli_json(cli, &b);
	buf_release(&b);
	free(c);
	return 0;
}

int cmd_custodian(struct cli *cli, int argc, char **argv)
{
	enum { KEYS };
	static const struct option options[] = {
		{ "keys-to", required_argument, NULL, KEYS },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *what = argc > 1 ? argv[1] : "", *to = NULL;
	static char dir[PATH_MAX];
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int opt, r, status;

	if (!strcmp(what, "--help"))
		return cli_help(cli, _(help));
	if (strcmp(what, "set") != 0 && strcmp(what, "list") != 0)
		return cli_usage(cli, argv[0], _("what: list or set?"));
	while ((opt = getopt_long(argc - 1, argv + 1, "", options, NULL)) !=
	       -1) {
		if (opt == 'h')
			return cli_help(cli, _(help));
		if (opt != KEYS)
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind]);
		to = optarg;
	}
	argc -= optind + 1;
	argv += optind + 1;
	if (!strcmp(what, "list")) {
		if (argc)
			return cli_usage(cli, "custodian",
					 _("too many arguments"));
		return list(cli, &e) < 0 ? cli_fail(cli, &e) : CLI_OK;
	}
	/* What the service runs opens no path of its client's. */
	if (to && cli->serving)
		return cli_usage(cli, "custodian", _("bad option '%s'"),
				 "--keys-to");
	if (to && !realpath(to, dir)) {
		err_errno(&e, "cannot find '%s'", to);
		return cli_fail(cli, &e);
	}
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	r = custodian_set(u, (const char *const *)argv, (size_t)argc,
			  to ? dir : NULL, &e);
	cli->wrote = r == 0;
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	return session_close(cli, u, status);
}
