/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/cli.h"

#include "cases/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] = N_(
"Usage: scelle mirror send [-- COMMAND ARGUMENT...]\n"
"       scelle mirror receive DIR [--key VKEY]\n"
"\n"
"'send' brings a peer up to the vault's last head; the peer runs 'receive'.\n"
"COMMAND reaches it, for instance\n"
"  scelle mirror send -- ssh peer scelle mirror receive /srv/mirror/u3\n"
"Without COMMAND the two speak over standard input and output.\n"
"\n"
"No key is needed, and none is sent.  The peer checks that the log only grew and\n"
"verifies the whole before it keeps it as a new run below DIR; it refuses a log\n"
"that shrank, another history, and any overwriting, and keeps the signed head\n"
"that shows it in DIR/refused.  What was cut off is taken up the next time.\n"
"\n"
"  --key VKEY  the log that may come here (else: the one that came first)\n");

extern char **environ;

static int told(struct cli *cli, int r, const struct mirror_report *rep,
		const struct err *e, int to_stderr)
{
	if (r < 0)
		return cli_fail(cli, e);
	/* Standard output may be the pipe. */
	if (to_stderr)
		cli_say(cli, _("mirror      %" PRIu64 " leaves, %" PRIu64
			" bytes went over%s\n"), rep->size, rep->sent,
			rep->nothing_new ? _(": nothing new") : "");
	else
		cli_out(cli, _("mirror      %" PRIu64 " leaves, %" PRIu64
			" bytes went over%s\n"), rep->size, rep->sent,
			rep->nothing_new ? _(": nothing new") : "");
	return CLI_OK;
}

/* Start the command that reaches the peer: what to read from, to write to. */
static int start(char **command, int *in, int *out, pid_t *pid, struct err *e)
{
	int there[2] = { -1, -1 }, back[2] = { -1, -1 }, r;
	posix_spawn_file_actions_t a;

	if (pipe2(there, O_CLOEXEC) < 0 || pipe2(back, O_CLOEXEC) < 0)
		return err_errno(e, "cannot make a pipe");
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_adddup2(&a, there[0], 0);
	posix_spawn_file_actions_adddup2(&a, back[1], 1);
	r = posix_spawnp(pid, command[0], &a, NULL, command, environ);
	posix_spawn_file_actions_destroy(&a);
	close(there[0]);
	close(back[1]);
	if (r) {
		close(there[1]);
		close(back[0]);
		errno = r;
		return err_errno(e, "cannot run '%s'", command[0]);
	}
	*in = back[0];
	*out = there[1];
	return 0;
}

static int send_to(struct cli *cli, char **command)
{
	struct mirror_report rep = { 0 };
	struct err e = ERR_INIT;
	const char *path = cli_vault(cli, &e);
	int in = 0, out = 1, r, state = 0;
	pid_t pid = -1;

	if (!path)
		return cli_fail(cli, &e);
	r = *command ? start(command, &in, &out, &pid, &e) : 0;
	if (r == 0)
		r = mirror_send(path, in, out, &rep, &e);
	if (pid > 0) {
		close(in);
		close(out);
		while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
			;
		if (r == 0 && (!WIFEXITED(state) || WEXITSTATUS(state)))
			r = err_set(&e, ERR_CHILD, "'%s' failed behind the "
				    "transfer", command[0]);
	}
	return told(cli, r, &rep, &e, !*command);
}

static int receive_in(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "key", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct mirror_report rep = { 0 };
	struct err e = ERR_INIT;
	const char *key = NULL;
	int opt, r;

	optind = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'h')
			return cli_help(cli, _(help));
		if (opt != 'k')
			return cli_usage(cli, "mirror", _("bad option '%s'"),
					 argv[optind - 1]);
		key = optarg;
	}
	if (argc - optind != 1)
		return cli_usage(cli, "mirror", _("one directory"));
	r = mirror_receive(argv[optind], key, 0, 1, &rep, &e);
	return told(cli, r, &rep, &e, 1);
}

int cmd_mirror(struct cli *cli, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "--help"))
		return cli_help(cli, _(help));
	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(what, "receive"))
		return receive_in(cli, argc - 1, argv + 1);
	if (strcmp(what, "send") != 0)
		return cli_usage(cli, argv[0], _("what: send or receive?"));
	if (argc > 2 && strcmp(argv[2], "--") != 0)
		return cli_usage(cli, argv[0], _("the command that reaches the "
						 "peer stands behind --"));
	return send_to(cli, argv + (argc > 2 ? 3 : 2));
}
