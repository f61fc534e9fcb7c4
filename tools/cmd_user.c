/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "util/clock.h"
#include "util/json.h"

#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle user list\n"
"       scelle user add NAME --role ROLE... [--name TEXT]\n"
"                       [--new-passphrase-file FILE]\n"
"       scelle user revoke NAME --reason TEXT\n"
"\n"
"People and their roles.  Roles: investigator (opens cases, collects, reads),\n"
"legal (the same, and exports), supervisor (people, and the audit; no content),\n"
"auditor (the audit), administrator (people and keys; no content).\n"
"\n"
"A new user's passphrase is asked for on the terminal, or read from\n"
"--new-passphrase-file.\n");

static int list(struct cli *cli, const struct unit *u)
{
	struct buf b = BUF_INIT((size_t)16 << 20);
	struct jsonw w = JSONW_INIT(&b);
	int status = CLI_OK;

	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "users", '[');
	for (size_t i = 0; i < u->admin.nusers; i++) {
		const struct admin_user *who = &u->admin.users[i];
		char when[CLOCK_RFC3339_MAX];
		const char *role;
		unsigned bit;

		clock_rfc3339_s(who->since_ms, when);
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "user", who->name);
		jsonw_str(&w, "name", who->full);
		jsonw_str(&w, "since", when);
		jsonw_bool(&w, "revoked", who->revoked);
		jsonw_open(&w, "roles", '[');
		if (!cli->json)
			cli_out(cli, "%-20s %s ", who->name, when);
		for (unsigned k = 0; (role = admin_role_name(k, &bit)); k++) {
			if (!(who->roles & bit))
				continue;
			jsonw_str(&w, NULL, role);
			if (!cli->json)
				cli_out(cli, " %s", role);
		}
		if (!cli->json)
			cli_out(cli, "%s%s%s\n",
				who->revoked ? _("  (revoked)") : "",
				*who->full ? "  " : "", who->full);
		jsonw_close(&w, ']');
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	if (cli->json)
		status = cli_json(cli, &b);
	buf_release(&b);
	return status;
}

struct user_args {
	const char *name, *full, *reason, *pass_file;
	unsigned roles, logn;
};

static int read_args(struct cli *cli, int argc, char **argv,
		     struct user_args *a)
{
	enum { ROLE, NAME, REASON, PASS, LOGN };
	static const struct option options[] = {
		{ "role", required_argument, NULL, ROLE },
		{ "name", required_argument, NULL, NAME },
		{ "reason", required_argument, NULL, REASON },
		{ "new-passphrase-file", required_argument, NULL, PASS },
		{ "work-factor", required_argument, NULL, LOGN },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct err e = ERR_INIT;
	uint64_t n;
	unsigned bit;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case ROLE:
			bit = admin_role(optarg);
			if (!bit)
				return cli_usage(cli, "user",
						 _("unknown role '%s'"),
						 optarg);
			a->roles |= bit;
			break;
		case NAME:
			a->full = optarg;
			break;
		case REASON:
			a->reason = optarg;
			break;
		case PASS:
			a->pass_file = optarg;
			break;
		case LOGN:
			if (session_number(optarg, AGE_LOGN_MAX, &n, &e) < 0)
				return cli_fail(cli, &e);
			a->logn = (unsigned)n;
			break;
		case 'h':
			cli_help(cli, _(help));
			return -1;
		default:
			return cli_usage(cli, "user", _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind > 1)
		return cli_usage(cli, "user", _("too many arguments"));
	a->name = optind < argc ? argv[optind] : NULL;
	return CLI_OK;
}

static int add(struct cli *cli, struct unit *u, const struct user_args *a,
	       struct err *e)
{
	struct buf pass = CLI_PASSPHRASE_BUF;
	struct cli other = *cli;
	int r;

	other.passphrase_file = a->pass_file;
	r = cli_passphrase(&other, _("New user's passphrase: "), 1, &pass, e);
	if (r == 0)
		r = unit_add_user(u, a->name, a->full, a->roles,
				  buf_view(&pass), a->logn, e);
	buf_wipe(&pass);
	return r;
}

int cmd_user(struct cli *cli, int argc, char **argv)
{
	struct user_args a = { .full = "" };
	const char *what = argc > 1 ? argv[1] : "";
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int r, status, change;

	if (!strcmp(what, "--help"))
		return cli_help(cli, _(help));
	change = !strcmp(what, "add") || !strcmp(what, "revoke");
	if (!change && strcmp(what, "list") != 0)
		return cli_usage(cli, argv[0],
				 _("what: list, add or revoke?"));
	status = read_args(cli, argc - 1, argv + 1, &a);
	if (status)
		return status < 0 ? CLI_OK : status;
	if (change && !a.name)
		return cli_usage(cli, argv[0], _("which user?"));
	if (!strcmp(what, "revoke") && !a.reason)
		return cli_usage(cli, argv[0], _("--reason is needed"));
	if (!strcmp(what, "add") && !a.roles)
		return cli_usage(cli, argv[0], _("--role is needed"));
	r = session_open(cli, change ? VAULT_WRITE : VAULT_READ, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	if (!change) {
		status = list(cli, u);
	} else {
		if (!strcmp(what, "add"))
			r = add(cli, u, &a, &e);
		else
			r = unit_revoke_user(u, a.name, a.reason, &e);
		status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
		cli->wrote = r == 0;
	}
	return session_close(cli, u, status);
}
