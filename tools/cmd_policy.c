/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/casefile.h"
#include "cases/people.h"
#include "cases/policy.h"
#include "store/age.h"
#include "tools/cmd_policy.h"
#include "tools/propose.h"
#include "util/file.h"
#include "util/json.h"

static const char policy_help[] = N_(
"Usage: scelle policy [list]\n"
"       scelle policy set NAME VALUE --reason TEXT\n"
"\n"
"Rules of the unit that its supervisors and administrators set:\n"
"\n"
"  export-orders  required | off   an export takes two persons\n"
"  break-glass    on | off         whoever reads content may read a case without\n"
"                                  being a member, seen by everybody and to be\n"
"                                  countersigned; see docs/roles.md for what\n"
"                                  that costs\n"
"\n"
"Where two persons could set it, it takes both: see scelle help approve.\n");

static const char escrow_help[] = N_(
"Usage: scelle escrow [show]\n"
"       scelle escrow set RECIPIENT --reason TEXT\n"
"       scelle escrow set none --reason TEXT\n"
"       scelle escrow restore CASE USER --key-file FILE --reason TEXT\n"
"\n"
"The escrow recipient: an age recipient whose identity is kept offline, for the\n"
"day nobody who holds a case's key is left.  Every case's key is wrapped to it as\n"
"well; cases there are get their wrap when a member next opens them.  How it is\n"
"used is in docs/recovery.md.  Where two persons could set it, it takes both.\n"
"\n"
"restore lets a user into a case with the case's key, which the escrow's identity\n"
"and a stock age opened; it is recorded, and takes two as well (--order ID).\n");

static int policy_list(struct cli *cli, const struct unit *u)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	const char *orders = u->admin.policy.export_orders ? "required" : "off";
	const char *glass = u->admin.policy.break_glass ? "on" : "off";
	int status = CLI_OK;

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "export-orders", orders);
	jsonw_str(&w, "break-glass", glass);
	jsonw_close(&w, '}');
	if (cli->json)
		status = cli_json(cli, &b);
	else
		cli_out(cli, "export-orders  %s\nbreak-glass    %s\n", orders,
			glass);
	buf_release(&b);
	return status;
}

static int escrow_show(struct cli *cli, const struct unit *u)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	char text[AGE_RECIPIENT_TEXT] = "";
	int status = CLI_OK;

	if (u->admin.has_escrow)
		age_recipient_str(u->admin.escrow, text);
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "escrow", *text ? text : NULL);
	jsonw_close(&w, '}');
	if (cli->json)
		status = cli_json(cli, &b);
	else
		cli_out(cli, "%s\n", *text ? text : _("no escrow recipient"));
	buf_release(&b);
	return status;
}

struct set_args {
	char proposed[17];		/* an order made by this command */
	const char *name, *value, *reason, *order, *glass, *key_file;
};

/* A case's key out of the escrow, for a user. */
static int restore(struct cli *cli, struct unit *u, struct set_args *a,
		   struct err *e)
{
	struct buf key = BUF_INIT(4096);
	const struct admin_case *c = NULL;
	struct order_options o = { .act = ORDER_RESTORE, .reason = a->reason };
	json_t *subject = people_subject(a->value, 0);
	char case_id[17];
	int r = casefile_find(u, a->name, &c, e);

	if (r == 0 && !subject)
		r = err_set(e, ERR_NOMEM, "no memory for an order");
	if (r < 0)
		goto out;
	memcpy(case_id, c->id, sizeof case_id);
	o.case_id = case_id;
	o.subject = subject;
	r = 1;
	if (!a->order && order_needed(&u->admin, o.act)) {
		r = propose(cli, u, &o, a->glass, a->proposed, e);
		a->order = a->proposed;
	}
	if (r == 1)
		r = file_read(a->key_file, &key, e);
	else
		goto out;
	if (r == 0)
		r = escrow_restore(u, case_id, a->value, buf_view(&key),
				   a->reason, a->order, e);
out:
	json_decref(subject);
	buf_wipe(&key);
	return r;
}

/* Set it, or propose the order it takes. */
static int set(struct cli *cli, struct unit *u, struct set_args *a, int escrow,
	       struct err *e)
{
	json_t *subject = escrow ? escrow_subject(a->value)
				 : policy_subject(a->name, a->value);
	const struct order_options o = {
		.act = escrow ? ORDER_ESCROW : ORDER_POLICY,
		.subject = subject, .reason = a->reason,
	};
	int r = 1;

	if (!subject)
		return err_set(e, ERR_USAGE, "this is no text");
	r = escrow ? escrow_valid(a->value, e)
		   : policy_valid(a->name, a->value, e);
	r = r < 0 ? r : 1;
	if (r == 1 && !a->order && order_needed(&u->admin, o.act)) {
		r = propose(cli, u, &o, a->glass, a->proposed, e);
		a->order = a->proposed;
	}
	json_decref(subject);
	if (r <= 0)
		return r;
	return escrow ? escrow_set(u, a->value, a->order, e)
		      : policy_set(u, a->name, a->value, a->order, e);
}

int policy_run(struct unit *u, const struct order *o, struct err *e)
{
	const char *policy = json_opt_str(o->subject, "policy");
	const char *value = json_opt_str(o->subject, "value");

	return policy_set(u, policy ? policy : "", value ? value : "", o->id,
			  e);
}

int escrow_run(struct unit *u, const struct order *o, struct err *e)
{
	const char *to = json_opt_str(o->subject, "recipient");

	return escrow_set(u, to ? to : "", o->id, e);
}

static int command(struct cli *cli, int argc, char **argv, int escrow)
{
	enum { REASON, ORDER, GLASS, KEY_FILE };
	static const struct option options[] = {
		{ "reason", required_argument, NULL, REASON },
		{ "order", required_argument, NULL, ORDER },
		{ "key-file", required_argument, NULL, KEY_FILE },
		{ "break-glass", required_argument, NULL, GLASS },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *look = escrow ? "show" : "list";
	struct set_args a = { .name = "" };
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int opt, r, status, looks, words, back;
	uint64_t before;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case REASON:
			a.reason = optarg;
			break;
		case KEY_FILE:
			a.key_file = optarg;
			break;
		case ORDER:
			a.order = optarg;
			break;
		case GLASS:
			a.glass = optarg;
			break;
		case 'h':
			return cli_help(cli, escrow ? _(escrow_help)
						    : _(policy_help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	words = argc - optind;
	looks = words == 0 || (words == 1 && !strcmp(argv[optind], look));
	back = escrow && words && !strcmp(argv[optind], "restore");
	if (back && (words != 3 || !a.key_file))
		return cli_usage(cli, argv[0], _("restore takes a case, a user "
						 "and --key-file"));
	if (!looks && !back && (strcmp(argv[optind], "set") != 0 ||
				words != (escrow ? 2 : 3)))
		return cli_usage(cli, argv[0], escrow
				 ? _("what: show, set RECIPIENT, or restore?")
				 : _("what: list, or set NAME VALUE?"));
	if (!looks && !a.reason)
		return cli_usage(cli, argv[0], _("--reason is needed"));
	if (!looks) {
		a.name = argv[optind + 1];
		a.value = argv[argc - 1];
	}
	r = session_open(cli, looks ? VAULT_READ : VAULT_WRITE, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	if (looks)
		return session_close(cli, u, escrow ? escrow_show(cli, u)
						    : policy_list(cli, u));
	before = vault_size(u->vault);
	r = back ? restore(cli, u, &a, &e) : set(cli, u, &a, escrow, &e);
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	cli->wrote = vault_size(u->vault) != before;
	return session_close(cli, u, status);
}

int cmd_policy(struct cli *cli, int argc, char **argv)
{
	return command(cli, argc, argv, 0);
}

int cmd_escrow(struct cli *cli, int argc, char **argv)
{
	return command(cli, argc, argv, 1);
}
