/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/people.h"
#include "tools/cmd_user.h"
#include "tools/propose.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"

#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle user list\n"
"       scelle user add NAME --role ROLE... [--name TEXT] [--person NUMBER]\n"
"                       [--new-passphrase-file FILE | --pub FILE]\n"
"       scelle user role NAME --role ROLE... --reason TEXT\n"
"       scelle user revoke NAME --reason TEXT\n"
"\n"
"People and their roles.  Roles: investigator (opens cases, collects, reads),\n"
"legal (the same, and exports), supervisor (people, and the audit; no content),\n"
"dpo (the data-protection officer: the audit, what falls due, erasures; no\n"
"content), auditor (the audit), administrator (people and keys; no content).\n"
"\n"
"Where two persons could change people, role and revoke, and add with a role\n"
"that enters, approves or audits, take both: the command gives an order, see\n"
"scelle help approve.  Several accounts of one person count once.\n"
"\n"
"  --person NUMBER           the person's number of service\n"
"  --new-passphrase-file FILE  the new user's passphrase (else asked for)\n"
"  --pub FILE                with a custody service: the new user's public keys,\n"
"                            see scelle help key\n"
"  --order ID                the approved order of add\n"
"  --break-glass TEXT        do not wait for the second person, and why; a\n"
"                            supervisor has to countersign it\n");

static int list(struct cli *cli, const struct unit *u)
{
	struct buf b = BUF_INIT((size_t)16 << 20);
	struct jsonw w = JSONW_INIT(&b);

	cli_list_open(&w, "users");
	for (size_t i = 0; i < u->admin.nusers; i++) {
		const struct admin_user *who = &u->admin.users[i];
		char when[CLOCK_RFC3339_MAX];
		const char *role;
		unsigned bit;

		clock_rfc3339_s(who->since_ms, when);
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "user", who->name);
		jsonw_str(&w, "name", who->full);
		jsonw_str(&w, "person", who->person);
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
	return cli_list_close(cli, &w);
}

struct user_args {
	char proposed[17];		/* an order made by this command */
	const char *name, *full, *person, *reason, *pass_file, *order, *glass, *pub;
	unsigned roles, logn;
};

static int read_args(struct cli *cli, int argc, char **argv,
		     struct user_args *a)
{
	enum { ROLE, NAME, PERSON, REASON, PASS, LOGN, ORDER, GLASS, PUB };
	static const struct option options[] = {
		{ "role", required_argument, NULL, ROLE },
		{ "name", required_argument, NULL, NAME },
		{ "person", required_argument, NULL, PERSON },
		{ "order", required_argument, NULL, ORDER },
		{ "break-glass", required_argument, NULL, GLASS },
		{ "reason", required_argument, NULL, REASON },
		{ "new-passphrase-file", required_argument, NULL, PASS },
		{ "pub", required_argument, NULL, PUB },
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
		case PERSON:
			a->person = optarg;
			break;
		case ORDER:
			a->order = optarg;
			break;
		case GLASS:
			a->glass = optarg;
			break;
		case REASON:
			a->reason = optarg;
			break;
		case PASS:
			a->pass_file = optarg;
			break;
		case PUB:
			a->pub = optarg;
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

/* The order this change takes, when it takes one: 1 to go on. */
static int ordered(struct cli *cli, struct unit *u, struct user_args *a,
		   const char *act, char id[static 17], struct err *e)
{
	json_t *subject = people_subject(a->name, a->roles);
	struct order_options o = { .act = act, .subject = subject,
				   .reason = a->reason };
	int r = 1;

	if (!subject)
		return err_set(e, ERR_NOMEM, "no memory for an order");
	if (!a->order && order_needed(&u->admin, act) &&
	    (strcmp(act, ORDER_USER_ADD) != 0 ||
	     order_roles(json_object_get(subject, "roles")))) {
		if (!o.reason)
			o.reason = a->glass ? a->glass : "a new user";
		r = propose(cli, u, &o, a->glass, id, e);
		a->order = r == 1 ? id : NULL;
	}
	json_decref(subject);
	return r;
}

static int add(struct cli *cli, struct unit *u, const struct user_args *a,
	       struct err *e)
{
	struct people_new n = {
		.name = a->name, .full = a->full, .person = a->person,
		.roles = a->roles, .logn = a->logn, .order = a->order,
	};
	struct buf pass = CLI_PASSPHRASE_BUF, pub = BUF_INIT(KEYFILE_MAX);
	struct cli other = *cli;
	int r;

	other.passphrase_file = a->pass_file;
	r = a->pub ? file_read(a->pub, &pub, e)
		: cli_passphrase(&other, _("New user's passphrase: "), 1,
				 &pass, e);
	n.pass = buf_view(&pass);
	n.pub = buf_view(&pub);
	if (r == 0)
		r = people_add(u, &n, e);
	buf_wipe(&pass);
	buf_release(&pub);
	return r;
}

static int change_user(struct cli *cli, struct unit *u, const char *what,
		       struct user_args *a, struct err *e)
{
	const char *act = !strcmp(what, "add") ? ORDER_USER_ADD :
		!strcmp(what, "role") ? ORDER_USER_ROLE : ORDER_USER_REVOKE;
	int r = ordered(cli, u, a, act, a->proposed, e);

	if (r <= 0)
		return r;
	if (!strcmp(what, "add"))
		return add(cli, u, a, e);
	if (!strcmp(what, "role"))
		return people_role(u, a->name, a->roles, a->reason, a->order,
				   e);
	return people_revoke(u, a->name, a->reason, a->order, e);
}

int user_run_role(struct unit *u, const struct order *o, struct err *e)
{
	const json_t *list = json_object_get(o->subject, "roles");
	const char *name = json_opt_str(o->subject, "user");
	unsigned roles = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		roles |= s ? admin_role(s) : 0;
	}
	return people_role(u, name ? name : "", roles, o->reason, o->id, e);
}

int user_run_revoke(struct unit *u, const struct order *o, struct err *e)
{
	const char *name = json_opt_str(o->subject, "user");

	return people_revoke(u, name ? name : "", o->reason, o->id, e);
}

int cmd_user(struct cli *cli, int argc, char **argv)
{
	struct user_args a = { .full = "" };
	const char *what = argc > 1 ? argv[1] : "";
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int r, status, change;
	uint64_t before;

	if (!strcmp(what, "--help"))
		return cli_help(cli, _(help));
	change = !strcmp(what, "add") || !strcmp(what, "revoke") ||
		 !strcmp(what, "role");
	if (!change && strcmp(what, "list") != 0)
		return cli_usage(cli, argv[0],
				 _("what: list, add, role or revoke?"));
	status = read_args(cli, argc - 1, argv + 1, &a);
	if (status)
		return status < 0 ? CLI_OK : status;
	if (change && !a.name)
		return cli_usage(cli, argv[0], _("which user?"));
	if (change && strcmp(what, "add") != 0 && !a.reason)
		return cli_usage(cli, argv[0], _("--reason is needed"));
	if (change && strcmp(what, "revoke") != 0 && !a.roles)
		return cli_usage(cli, argv[0], _("--role is needed"));
	r = session_open(cli, change ? VAULT_WRITE : VAULT_READ, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	if (!change) {
		status = list(cli, u);
	} else {
		before = vault_size(u->vault);
		r = change_user(cli, u, what, &a, &e);
		status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
		cli->wrote = vault_size(u->vault) != before;
	}
	return session_close(cli, u, status);
}
