/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/anchor.h"
#include "cases/witness_http.h"
#include "store/age.h"
#include "store/policy.h"
#include "store/witness.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char help[] = N_(
"Usage: scelle witness init DIR --name NAME\n"
"       scelle witness key DIR\n"
"       scelle witness add-log DIR VKEY\n"
"       scelle witness list DIR\n"
"       scelle witness answer DIR SPOOL\n"
"       scelle witness serve DIR [--listen ADDRESS] [--port PORT]\n"
"       scelle witness policy [--policy FILE]\n"
"\n"
"A witness remembers the largest head it cosigned of each log it was told of,\n"
"and cosigns only what adds to it (C2SP tlog-witness): another unit's memory of\n"
"this one.\n"
"\n"
"init      make a witness and its key, under a passphrase\n"
"key       its verifier key, for the policies of those who ask it\n"
"add-log   cosign this log from now on (the line 'log' of scelle status)\n"
"list      the logs, how far and when each was last cosigned\n"
"answer    answer the requests in a directory, *.request, that have no answer\n"
"serve     answer over HTTP, POST /add-checkpoint; put a TLS proxy before it\n"
"          where others than this machine ask\n"
"policy    which witnesses this unit's vault asks, and how many are enough\n"
"          (C2SP tlog-policy); without --policy: show it.  A witness's url is\n"
"          http://..., https://... or file:///DIRECTORY\n"
"\n"
"  --name NAME        of the witness's key, e.g. unit4.example/witness\n"
"  --listen ADDRESS   127.0.0.1 when not given\n"
"  --port PORT        0, when not given: the system picks one; it is printed\n"
"  --work-factor N    scrypt's; less than the default is for tests\n");

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

struct args {
	const char *what, *dir, *more;
	const char *name, *listen, *policy;
	unsigned port, logn;
};

static int w_init(struct cli *cli, const struct args *a, struct err *e)
{
	struct buf pass = CLI_PASSPHRASE_BUF;
	int r;

	if (!a->name)
		return err_set(e, ERR_USAGE, "which --name?");
	r = cli_passphrase(cli, _("Passphrase of the witness: "), 1, &pass, e);
	if (r == 0)
		r = witness_create(a->dir, a->name, buf_view(&pass), a->logn,
				   e);
	buf_wipe(&pass);
	return r;
}

static int w_key(struct cli *cli, const struct args *a, struct err *e)
{
	struct buf text = BUF_INIT(1024);
	struct note_vkey k;
	int r = witness_pub(a->dir, &k, e);

	if (r == 0) {
		note_vkey_put(&k, &text);
		cli_out(cli, "%s\n", buf_cstr(&text));
	}
	buf_release(&text);
	return r;
}

static int w_list(struct cli *cli, const struct args *a, struct err *e)
{
	struct buf b = BUF_INIT((size_t)1 << 20);
	struct jsonw w = JSONW_INIT(&b);
	struct witness_log *logs = NULL;
	size_t n = 0;
	int r = witness_logs(a->dir, &logs, &n, e);

	if (r < 0)
		return r;
	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "logs", '[');
	for (size_t i = 0; i < n; i++) {
		char when[CLOCK_RFC3339_MAX];

		clock_rfc3339_s((int64_t)logs[i].time_s * 1000, when);
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "origin", logs[i].origin);
		jsonw_int(&w, "size", (int64_t)logs[i].size);
		jsonw_str(&w, "time", logs[i].time_s ? when : NULL);
		jsonw_int(&w, "against", (int64_t)logs[i].against);
		jsonw_close(&w, '}');
		if (cli->json)
			continue;
		cli_out(cli, _("%s  %" PRIu64 " leaves  %s\n"), logs[i].origin,
			logs[i].size, logs[i].time_s ? when : _("never"));
		if (logs[i].against)
			cli_out(cli, _("    INCONSISTENT heads it was shown: %"
				PRIu64 " (in against/)\n"), logs[i].against);
	}
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	if (cli->json)
		r = cli_json(cli, &b) == CLI_OK ? 0 : ERR_NOMEM;
	buf_release(&b);
	free(logs);
	return r;
}

static int opened(struct cli *cli, const char *dir, struct witness **out,
		  struct err *e)
{
	struct buf pass = CLI_PASSPHRASE_BUF;
	struct note_vkey k;
	int r = witness_pub(dir, &k, e);

	if (r == 0)
		r = cli_passphrase(cli, _("Passphrase of the witness: "), 0,
				   &pass, e);
	if (r == 0)
		r = witness_open(dir, buf_view(&pass), out, e);
	buf_wipe(&pass);
	return r;
}

static void told_file(void *arg, const char *name, int status, const char *why)
{
	cli_out(arg, "%s  %d  %s\n", name, status, why);
}

static int w_answer(struct cli *cli, const struct args *a, struct err *e)
{
	struct witness *w = NULL;
	int r;

	if (!a->more)
		return err_set(e, ERR_USAGE, "which directory of requests?");
	r = opened(cli, a->dir, &w, e);
	if (r == 0)
		r = witness_spool(w, a->more,
				  (uint64_t)(clock_wall_ms() / 1000), told_file,
				  cli, e);
	witness_close(w);
	return r < 0 ? r : 0;
}

static void told_http(void *arg, int status, const char *why)
{
	cli_say(arg, "%d  %s\n", status, why);
}

static int w_serve(struct cli *cli, const struct args *a, struct err *e)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct witness *w = NULL;
	unsigned port = 0;
	int fd = -1, r = opened(cli, a->dir, &w, e);

	if (r == 0)
		r = witness_http_listen(a->listen, a->port, &fd, &port, e);
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_errno(e, "cannot lock the process in");
	if (r == 0) {
		sigaction(SIGINT, &sa, NULL);
		sigaction(SIGTERM, &sa, NULL);
		cli_out(cli, "http://%s:%u/\n", a->listen, port);
		fflush(stdout);
		r = witness_http_run(w, fd, &stop, told_http, cli, e);
	}
	if (fd >= 0)
		close(fd);
	witness_close(w);
	return r;
}

static int w_policy(struct cli *cli, const struct args *a, struct err *e)
{
	struct buf text = BUF_INIT(POLICY_TEXT_MAX);
	struct unit *u = NULL;
	int r = 0;

	if (a->policy)
		r = file_read(a->policy, &text, e);
	if (r == 0)
		r = session_open(cli, a->policy ? VAULT_WRITE : VAULT_READ, &u, e);
	if (r == 0 && a->policy) {
		r = anchor_set_policy(u, buf_cstr(&text), e);
		cli->wrote = r == 0;
	} else if (r == 0 && u->admin.anchor.policy) {
		cli_raw(cli, bytes_str(u->admin.anchor.policy));
	}
	session_close(cli, u, 0);
	buf_release(&text);
	return r;
}

static int w_add_log(struct cli *cli, const struct args *a, struct err *e)
{
	(void)cli;
	if (!a->more)
		return err_set(e, ERR_USAGE, "which log's key?");
	return witness_add_log(a->dir, a->more, e);
}

static const struct {
	const char *what;
	int (*run)(struct cli *cli, const struct args *a, struct err *e);
	int args_max;		/* DIR and more */
} subcommands[] = {
	{ "init", w_init, 1 }, { "key", w_key, 1 }, { "add-log", w_add_log, 2 },
	{ "list", w_list, 1 }, { "answer", w_answer, 2 },
	{ "serve", w_serve, 1 }, { "policy", w_policy, 0 },
};

int cmd_witness(struct cli *cli, int argc, char **argv)
{
	enum { NAME, LISTEN, PORT, LOGN, POLICY };
	static const struct option options[] = {
		{ "name", required_argument, NULL, NAME },
		{ "listen", required_argument, NULL, LISTEN },
		{ "policy", required_argument, NULL, POLICY },
		{ "port", required_argument, NULL, PORT },
		{ "work-factor", required_argument, NULL, LOGN },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct args a = { .listen = "127.0.0.1" };
	struct err e = ERR_INIT;
	uint64_t n;
	int opt, given;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case NAME:
			a.name = optarg;
			break;
		case LISTEN:
			a.listen = optarg;
			break;
		case POLICY:
			a.policy = optarg;
			break;
		case PORT:
		case LOGN:
			if (session_number(optarg, opt == PORT ? 65535
					   : AGE_LOGN_MAX, &n, &e) < 0)
				return cli_fail(cli, &e);
			*(opt == PORT ? &a.port : &a.logn) = (unsigned)n;
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	given = argc - optind;
	a.what = given > 0 ? argv[optind] : "";
	a.dir = given > 1 ? argv[optind + 1] : NULL;
	a.more = given > 2 ? argv[optind + 2] : NULL;
	for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
		if (strcmp(subcommands[i].what, a.what) != 0)
			continue;
		if (given - 1 > subcommands[i].args_max)
			return cli_usage(cli, argv[0],
					 _("too many arguments"));
		if (!a.dir && strcmp(a.what, "policy") != 0)
			return cli_usage(cli, argv[0],
					 _("which witness's directory?"));
		return subcommands[i].run(cli, &a, &e) < 0 ? cli_fail(cli, &e)
							   : CLI_OK;
	}
	return cli_usage(cli, argv[0], _("what: init, key, add-log, list, "
			 "answer, serve or policy?"));
}
