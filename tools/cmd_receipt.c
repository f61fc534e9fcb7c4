/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/receipts.h"
#include "util/file.h"
#include "util/json.h"

#include <inttypes.h>
#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle receipt [list]\n"
"       scelle receipt show [POSITION]\n"
"\n"
"Receipts of this vault kept on this machine, outside the vault: after every\n"
"command that writes, the inclusion proof of the last leaf and the signed head.\n"
"'scelle verify' holds the vault against them.\n"
"\n"
"show   the newest, or the one at that position of the log (C2SP tlog-proof)\n");

static int list(struct cli *cli, const struct receipts_entry *all, size_t n)
{
	struct buf b = BUF_INIT((size_t)16 << 20);
	struct jsonw w = JSONW_INIT(&b);

	cli_list_open(&w, "receipts");
	for (size_t i = 0; i < n; i++) {
		jsonw_open(&w, NULL, '{');
		jsonw_int(&w, "leaf", (int64_t)all[i].seq);
		jsonw_int(&w, "size", (int64_t)all[i].size);
		jsonw_str(&w, "path", all[i].path);
		jsonw_close(&w, '}');
		if (!cli->json)
			cli_out(cli, "%" PRIu64 "  %s\n", all[i].seq,
				all[i].path);
	}
	return cli_list_close(cli, &w);
}

static int show(struct cli *cli, const struct receipts_entry *all, size_t n,
		const char *position, struct err *e)
{
	struct buf text = BUF_INIT((size_t)1 << 20);
	const struct receipts_entry *one = n ? &all[n - 1] : NULL;
	uint64_t seq = 0;
	int r = 0;

	if (position) {
		r = session_number(position, UINT64_MAX - 1, &seq, e);
		one = NULL;
		for (size_t i = 0; i < n; i++)
			if (all[i].seq == seq)
				one = &all[i];
	}
	if (r == 0 && !one)
		r = err_set(e, ERR_NOENT, "no such receipt is kept here");
	if (r == 0)
		r = file_read(one->path, &text, e);
	if (r == 0)
		cli_raw(cli, buf_view(&text));
	buf_release(&text);
	return r;
}

int cmd_receipt(struct cli *cli, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "list";
	const char *arg = argc > 2 ? argv[2] : NULL;
	struct receipts_entry *all = NULL;
	struct err e = ERR_INIT;
	struct vault *v = NULL;
	const char *path;
	size_t n = 0;
	int r, status = CLI_OK;

	if (!strcmp(what, "--help") || (arg && !strcmp(arg, "--help")))
		return cli_help(cli, _(help));
	if (strcmp(what, "list") != 0 && strcmp(what, "show") != 0)
		return cli_usage(cli, argv[0], _("what: list or show?"));
	if (argc > 3 || (arg && strcmp(what, "show") != 0))
		return cli_usage(cli, argv[0], _("too many arguments"));
	path = cli_vault(cli, &e);
	r = path ? vault_open(path, VAULT_READ, NULL, &v, &e) : ERR_USAGE;
	if (r == 0)
		r = receipts_list(receipts_name(v), &all, &n, &e);
	if (r == 0 && strcmp(what, "show") != 0)
		status = list(cli, all, n);
	else if (r == 0)
		r = show(cli, all, n, arg, &e);
	if (r < 0)
		status = cli_fail(cli, &e);
	free(all);
	vault_close(v);
	return status;
}
