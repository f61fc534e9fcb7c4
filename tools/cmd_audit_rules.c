/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle audit grant, scelle audit policy. */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/audit_grant.h"
#include "util/json.h"

#include <stdio.h>
#include <stdlib.h>

#define SETTINGS_MAX 32

static int grant(struct cli *cli, struct unit *u, char **words,
		 const char *why, struct err *e)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);
	unsigned n = 0;
	int r = audit_grant(u, words[0], words[1], why, &n, e);

	if (r < 0)
		return r;
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "user", words[1]);
	jsonw_int(&w, "months", n);
	jsonw_close(&w, '}');
	if (cli->json)
		cli_json(cli, &b);
	else
		cli_out(cli, _("%s holds %u more months of the audit\n"),
			words[1], n);
	buf_release(&b);
	return 0;
}

static void show(struct cli *cli, const struct audit_policy *p)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);
	const char *name;
	char text[64];

	jsonw_open(&w, NULL, '{');
	audit_policy_put(p, &w);
	jsonw_close(&w, '}');
	if (cli->json)
		cli_json(cli, &b);
	for (unsigned i = 0; !cli->json &&
	     (name = audit_policy_text(p, i, text)); i++)
		cli_out(cli, "%-14s %s\n", name, text);
	buf_release(&b);
}

static int policy(struct cli *cli, struct unit *u, char *const *set,
		  size_t n, const char *why, struct err *e)
{
	struct audit_policy p = u->admin.audit;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		char *value = strchr(set[i], '=');

		if (!value)
			return err_set(e, ERR_USAGE, "'%s' is no NAME=VALUE",
				       set[i]);
		*value++ = '\0';
		r = audit_policy_set(&p, set[i], value, e);
	}
	if (r == 0 && n)
		r = audit_policy_change(u, &p, why, e);
	if (r == 0)
		show(cli, &p);
	return r;
}

int cmd_audit_rules(struct cli *cli, int argc, char **argv)
{
	enum { WHY = 256, SET };
	static const struct option options[] = {
		{ "why", required_argument, NULL, WHY },
		{ "set", required_argument, NULL, SET },
		{ NULL, 0, NULL, 0 },
	};
	int granting = !strcmp(argv[0], "grant"), opt, r;
	const char *why = NULL;
	char *set[SETTINGS_MAX];
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	uint64_t before;
	size_t n = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == WHY)
			why = optarg;
		else if (opt == SET && !granting && n < SETTINGS_MAX)
			set[n++] = optarg;
		else
			return cli_usage(cli, "audit", _("bad option '%s'"),
					 argv[optind - 1]);
	}
	if (argc - optind != (granting ? 2 : 0))
		return cli_usage(cli, "audit", granting
				 ? _("grant takes a month and a user")
				 : _("too many arguments"));
	if (!why && (granting || n))
		return cli_usage(cli, "audit", _("--why is needed"));
	r = session_open(cli, granting || n ? VAULT_WRITE : VAULT_READ, &u,
			 &e);
	if (r < 0)
		return cli_fail(cli, &e);
	before = vault_size(u->vault);
	r = granting ? grant(cli, u, argv + optind, why, &e)
		     : policy(cli, u, set, n, why, &e);
	cli->wrote = vault_size(u->vault) != before;
	return session_close(cli, u, r < 0 ? cli_fail(cli, &e) : CLI_OK);
}
