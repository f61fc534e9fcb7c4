/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/serve.h"
#include "cases/serve_proto.h"
#include "util/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] = N_(
"Usage: scelle serve [--socket PATH] [OPTION...] [VAULT]\n"
"\n"
"The unit's custody service: owns the vault under its own system account, and\n"
"runs what agents ask for over a socket.  Starts locked: 'scelle unlock', by two\n"
"custodians.  Ends at SIGTERM.\n"
"\n"
"  --socket PATH          where to listen (else SCELLE_SOCKET, else\n"
"                         configuration, else /run/scelle/scelle.sock)\n"
"  --mode 0660|0666       who may connect: the socket's group, or everybody\n"
"  --sessions N           at once (256); --per-user N of one account (32)\n");

static void on_say(void *arg, const char *text)
{
	cli_warn(arg, "%s", text);
}

static void on_ready(void *arg)
{
	struct cli *cli = arg;

	cli_say(cli, _("listening at %s, locked\n"), cli->socket);
	fflush(stderr);
}

static int read_args(struct cli *cli, int argc, char **argv,
		     struct serve_options *o)
{
	enum { MODE, SESSIONS, PER_USER };
	static const struct option options[] = {
		{ "mode", required_argument, NULL, MODE },
		{ "sessions", required_argument, NULL, SESSIONS },
		{ "per-user", required_argument, NULL, PER_USER },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct err e = ERR_INIT;
	uint64_t n = 0;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case MODE:
			if (strcmp(optarg, "0660") && strcmp(optarg, "0666"))
				return cli_usage(cli, argv[0],
						 _("bad option '%s'"), optarg);
			o->mode = strcmp(optarg, "0666") ? 0660 : 0666;
			break;
		case SESSIONS:
		case PER_USER:
			if (session_number(optarg, 10000, &n, &e) < 0 || !n)
				return cli_usage(cli, argv[0],
						 _("bad option '%s'"), optarg);
			if (opt == SESSIONS)
				o->sessions = (unsigned)n;
			else
				o->per_user = (unsigned)n;
			break;
		case 'h':
			cli_help(cli, _(help));
			return -1;
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind > 1)
		return cli_usage(cli, argv[0], _("too many arguments"));
	if (optind < argc)
		cli->vault = argv[optind];
	return CLI_OK;
}

int cmd_serve(struct cli *cli, int argc, char **argv)
{
	static char vault[PATH_MAX], profiles[PATH_MAX];
	struct serve_options o = { .mode = 0660, .say = on_say,
				   .ready = on_ready, .arg = cli };
	struct err e = ERR_INIT;
	const char *path;
	int status = read_args(cli, argc, argv, &o);

	if (status)
		return status < 0 ? CLI_OK : status;
	if (!cli->socket)
		cli->socket = SERVE_SOCKET;
	path = cli_vault(cli, &e);
	if (!path)
		return cli_fail(cli, &e);
	if (!realpath(path, vault)) {
		err_errno(&e, "cannot find '%s'", path);
		return cli_fail(cli, &e);
	}
	if (!realpath(cli_profiles(cli), profiles))
		profiles[0] = '\0';
	/* Sessions have a directory of their own: nothing relative here. */
	if (cli->socket[0] != '/' || (cli->lab && cli->lab[0] != '/')) {
		err_set(&e, ERR_USAGE, "the socket (and the lab's file) are "
			"named by absolute paths");
		return cli_fail(cli, &e);
	}
	umask(077);
	o.vault = vault;
	o.socket = cli->socket;
	o.profiles = profiles;
	o.lab = cli->lab;
	return serve_run(&o, &e) < 0 ? cli_fail(cli, &e) : CLI_OK;
}
