/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"
#include "tools/shards.h"

#include "cases/deny.h"
#include "cases/shard.h"

static const char help[] = N_(
"Usage: scelle shard [list]\n"
"       scelle shard new\n"
"\n"
"The log of a vault is one chain, kept in shards: each signs its heads under a\n"
"name of its own and takes over where the one before ended.  The first write of\n"
"a year (UTC) begins one by itself, and so does a restore; 'new' does it now.\n");

static int list(struct cli *cli)
{
	struct err e = ERR_INIT;
	struct vault *v = NULL;
	const char *path = cli_vault(cli, &e);

	if (!path || vault_open(path, VAULT_READ, NULL, &v, &e) < 0)
		return cli_fail(cli, &e);
	status_shards(cli, v);
	vault_close(v);
	return CLI_OK;
}

static int begin(struct cli *cli)
{
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int r = session_open(cli, VAULT_WRITE, &u, &e), status;

	if (r == 0)
		r = unit_may(u, PERMIT_BACKUP, NULL, &e);
	if (r == 0) {
		cli->wrote = 1;
		r = unit_shard_new(u, VAULT_HAND, NULL, &e);
	}
	if (r == 0 && !cli->quiet)
		cli_out(cli, _("shard       %s from leaf %llu on\n"),
			vault_shard(u->vault), (unsigned long long)
			vault_shard_at(u->vault, vault_shards(u->vault) - 1)
			->first);
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	return session_close(cli, u, status);
}

int cmd_shard(struct cli *cli, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "list";

	if (!strcmp(what, "--help"))
		return cli_help(cli, _(help));
	if (argc > 2)
		return cli_usage(cli, argv[0], _("too many arguments"));
	if (!strcmp(what, "list"))
		return list(cli);
	if (!strcmp(what, "new"))
		return begin(cli);
	return cli_usage(cli, argv[0], _("what: list or new?"));
}
