/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/receipts.h"
#include "store/leaf.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"

#include <inttypes.h>
#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle status\n"
"\n"
"The state of the vault as anyone may see it, without any key: its log, its\n"
"last leaf, the newest receipt kept outside it, streams.  Takes no passphrase.\n"
"A vault older than a receipt was rolled back: exit status 1.\n");

static size_t count_dir(const char *vault, const char *dir)
{
	char path[FILE_PATH_MAX];
	char **names = NULL;
	size_t n = 0;

	if (file_path(path, vault, dir, NULL) < 0 ||
	    file_list(path, &names, &n, NULL) < 0)
		return 0;
	free(names);
	return n;
}

static void newest_receipt(const struct vault *v, uint64_t *size_out)
{
	struct receipts_entry *list = NULL;
	size_t n = 0;

	*size_out = 0;
	if (receipts_list(vault_vkey(v), &list, &n, NULL) == 0 && n)
		*size_out = list[n - 1].size;
	free(list);
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	char when[CLOCK_RFC3339_MAX] = "";
	struct err e = ERR_INIT;
	struct vault *v = NULL;
	struct leaf leaf;
	const char *path;
	uint64_t size, kept;
	size_t cases, months;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'h')
			return cli_help(cli, _(help));
		return cli_usage(cli, argv[0], _("bad option '%s'"),
				 argv[optind - 1]);
	}
	if (optind < argc)
		cli->vault = argv[optind];
	path = cli_vault(cli, &e);
	if (!path || vault_open(path, VAULT_READ, NULL, &v, &e) < 0)
		return cli_fail(cli, &e);
	size = vault_size(v);
	if (size && vault_leaf(v, size - 1, &leaf) == 0)
		clock_rfc3339((int64_t)leaf.time_ms, when);
	newest_receipt(v, &kept);
	cases = count_dir(path, "cases");
	months = count_dir(path, "audit");
	status = kept > size ? CLI_UNSOUND : CLI_OK;
	if (cli->json) {
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "vault", path);
		jsonw_str(&w, "origin", vault_origin(v));
		jsonw_str(&w, "log", vault_vkey(v));
		jsonw_bool(&w, "lab", vault_lab(v));
		jsonw_int(&w, "leaves", (int64_t)size);
		jsonw_str(&w, "last", *when ? when : NULL);
		jsonw_int(&w, "cases", (int64_t)cases);
		jsonw_int(&w, "audit_months", (int64_t)months);
		jsonw_int(&w, "receipt_leaves", (int64_t)kept);
		jsonw_bool(&w, "rolled_back", kept > size);
		jsonw_close(&w, '}');
		cli_json(cli, &b);
	} else {
		cli_out(cli, _("vault       %s\n"), path);
		cli_out(cli, _("log         %s\n"), vault_vkey(v));
		cli_out(cli, _("leaves      %" PRIu64 "\n"), size);
		if (*when)
			cli_out(cli, _("last        %s\n"), when);
		cli_out(cli, _("cases       %zu\n"), cases);
		cli_out(cli, _("audit       months %zu\n"), months);
		if (kept)
			cli_out(cli, _("receipt     of %" PRIu64 " leaves\n"),
				kept);
		if (vault_lab(v))
			cli_out(cli, "%s", _("lab         yes: no record of "
				"this vault is evidence\n"));
		if (kept > size)
			cli_warn(cli, _("the vault is older than a receipt "
				 "kept on this machine: it was rolled back"));
	}
	vault_close(v);
	buf_release(&b);
	return status;
}
