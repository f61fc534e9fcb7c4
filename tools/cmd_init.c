/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/receipts.h"
#include "util/clock.h"
#include "util/json.h"

#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle init --unit NAME --user NAME [OPTION...] [VAULT]\n"
"\n"
"Makes a unit's vault: its keys, its first user, its log, this month's audit.\n"
"\n"
"  --unit NAME            the unit: a-z 0-9 - . _, a letter first\n"
"  --user NAME            the first user, who may do everything but audit alone\n"
"  --name TEXT            how that person is called\n"
"  --escrow RECIPIENT     an age recipient every case's key is wrapped to as well,\n"
"                         see scelle help escrow\n"
"  --lab                  a vault for tests and demos: every record says so, for\n"
"                         ever\n"
"  --unit-passphrase-file FILE\n"
"                         another passphrase for the unit's own keys, which run\n"
"                         a pass with nobody logged in (else: the user's)\n");

static void answer(struct cli *cli, const struct unit_options *o,
		   const struct vault *v, const char *path)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);

	if (!cli->json) {
		cli_out(cli, _("vault      %s\n"), path);
		cli_out(cli, _("log        %s\n"), vault_vkey(v));
		cli_out(cli, _("user       %s\n"), o->user);
		if (o->lab)
			cli_out(cli, "%s", _("lab        yes: no record of this "
				"vault is evidence\n"));
		return;
	}
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "vault", path);
	jsonw_str(&w, "unit", o->unit);
	jsonw_str(&w, "origin", vault_origin(v));
	jsonw_str(&w, "log", vault_vkey(v));
	jsonw_str(&w, "user", o->user);
	jsonw_bool(&w, "lab", o->lab);
	jsonw_close(&w, '}');
	cli_json(cli, &b);
	buf_release(&b);
}

/* The unit's passphrase: its own file, or the first user's passphrase. */
static int unit_pass(struct cli *cli, const char *file, struct buf *out,
		     struct err *e)
{
	struct cli other = *cli;

	other.passphrase_file = file;
	return cli_passphrase(&other, "", 1, out, e);
}

int cmd_init(struct cli *cli, int argc, char **argv)
{
	enum { UNIT, USER, NAME, LAB, UPASS, LOGN, ESCROW };
	static const struct option options[] = {
		{ "unit", required_argument, NULL, UNIT },
		{ "user", required_argument, NULL, USER },
		{ "name", required_argument, NULL, NAME },
		{ "lab", no_argument, NULL, LAB },
		{ "escrow", required_argument, NULL, ESCROW },
		{ "unit-passphrase-file", required_argument, NULL, UPASS },
		{ "work-factor", required_argument, NULL, LOGN },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct unit_options o = { .user = cli->user };
	struct buf user = CLI_PASSPHRASE_BUF, unit = CLI_PASSPHRASE_BUF;
	const char *unit_file = NULL, *path;
	struct err e = ERR_INIT;
	struct vault *v = NULL;
	uint64_t n;
	int opt, r, status;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case UNIT:
			o.unit = optarg;
			break;
		case USER:
			o.user = optarg;
			break;
		case NAME:
			o.full = optarg;
			break;
		case ESCROW:
			o.escrow = optarg;
			break;
		case LAB:
			o.lab = 1;
			break;
		case UPASS:
			unit_file = optarg;
			break;
		case LOGN:
			if (session_number(optarg, AGE_LOGN_MAX, &n, &e) < 0)
				return cli_fail(cli, &e);
			o.logn = (unsigned)n;
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind > 1)
		return cli_usage(cli, argv[0], _("too many arguments"));
	if (argc - optind == 1)
		cli->vault = argv[optind];
	if (!o.unit || !o.user)
		return cli_usage(cli, argv[0], _("--unit and --user are needed"));
	path = cli_vault(cli, &e);
	if (!path)
		return cli_fail(cli, &e);
	o.now_ms = clock_wall_ms();
	r = cli_passphrase(cli, _("New passphrase: "), 1, &user, &e);
	if (r == 0 && unit_file)
		r = unit_pass(cli, unit_file, &unit, &e);
	if (r < 0)
		goto out;
	o.user_pass = buf_view(&user);
	o.unit_pass = unit_file ? buf_view(&unit) : buf_view(&user);
	r = unit_init(path, &o, &e);
	if (r < 0)
		goto out;
	cli->wrote = 1;
	r = vault_open(path, VAULT_READ, NULL, &v, &e);
	if (r == 0) {
		struct err late = ERR_INIT;

		answer(cli, &o, v, path);
		if (receipts_keep(v, NULL, &late) < 0)
			cli_warn(cli, _("no receipt kept: %s"), late.text);
	}
out:
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	vault_close(v);
	buf_wipe(&user);
	buf_wipe(&unit);
	return status;
}
