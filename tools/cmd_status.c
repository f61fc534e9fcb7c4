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
"last leaf, its cases, the newest receipt kept outside it.  When the vault does\n"
"not hold what that receipt proves, that is said on stderr.\n");

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

/* Leaves under the newest receipt kept here; 0: none.  1 in *bad: the vault
 * does not hold what it proves, and e says how. */
static uint64_t newest_receipt(const struct vault *v, int *bad, struct err *e)
{
	struct receipts_entry *list = NULL;
	uint64_t size = 0;
	size_t n = 0;

	*bad = 0;
	if (receipts_list(vault_vkey(v), &list, &n, NULL) == 0 && n) {
		size = list[n - 1].size;
		*bad = receipts_hold(v, &list[n - 1], e) == 1;
	}
	free(list);
	return size;
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	char when[CLOCK_RFC3339_MAX] = "", paris[CLOCK_RFC3339_MAX] = "";
	struct err e = ERR_INIT;
	struct vault *v = NULL;
	struct leaf leaf;
	const char *path;
	uint64_t size, kept;
	size_t cases, months;
	int opt, bad, status = CLI_OK;

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
	if (size && vault_leaf(v, size - 1, &leaf) == 0) {
		clock_rfc3339(leaf.time_ms, when);
		clock_paris(leaf.time_ms, paris);
	}
	kept = newest_receipt(v, &bad, &e);
	cases = count_dir(path, "cases");
	months = count_dir(path, "audit");
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
		jsonw_bool(&w, "receipt_holds", !bad);
		jsonw_close(&w, '}');
		status = cli_json(cli, &b);
	} else {
		cli_out(cli, _("vault       %s\n"), path);
		cli_out(cli, _("log         %s\n"), vault_vkey(v));
		cli_out(cli, _("leaves      %" PRIu64 "\n"), size);
		if (*when)
			cli_out(cli, _("last        %s (in Paris: %s)\n"),
				when, paris);
		cli_out(cli, _("cases       %zu\n"), cases);
		cli_out(cli, _("audit       months %zu\n"), months);
		if (kept)
			cli_out(cli, _("receipt     of %" PRIu64 " leaves\n"),
				kept);
		if (vault_lab(v))
			cli_out(cli, "%s", _("lab         yes: no record of "
				"this vault is evidence\n"));
	}
	if (bad)
		cli_warn(cli, "%s", e.text);
	vault_close(v);
	buf_release(&b);
	return status;
}
