/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"
#include "tools/shards.h"

#include "cases/restore.h"
#include "util/clock.h"

#include <inttypes.h>
#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle restore FROM TO [--keys FILE --identity FILE] [--run SIZE]\n"
"                      [--head FILE]...\n"
"\n"
"Makes a vault in TO from a run below FROM, a backup or a mirror.  Everything is\n"
"verified first; TO appears in one step.  With the keys the vault then begins a\n"
"new shard that states the gap: what the lost vault signed behind the backup is\n"
"never signed again.  Without keys TO holds the truths only, and nothing opens.\n"
"\n"
"  --keys FILE      a key backup: its run is the one that is restored\n"
"  --identity FILE  the age identity that opens it\n"
"  --run SIZE       the run of that many leaves (else the keys', or the newest)\n"
"  --head FILE      a head or a receipt of the lost vault: the gap reaches there\n");

#define HEADS_MAX 64

static int finish(struct cli *cli, const struct restore *s)
{
	struct err e = ERR_INIT;
	struct vault *v = NULL;

	cli_out(cli, _("restored    %" PRIu64 " leaves to %s\n"), s->note.size,
		s->to);
	if (!s->keys[0]) {
		cli_out(cli, "%s", _("keys        none: nothing in it opens\n"));
		return CLI_OK;
	}
	if (vault_open(s->to, VAULT_READ, NULL, &v, &e) < 0)
		return cli_fail(cli, &e);
	status_shards(cli, v);
	vault_close(v);
	return CLI_OK;
}

static int run(struct cli *cli, const struct restore_args *a)
{
	struct buf pass = CLI_PASSPHRASE_BUF;
	struct restore *s = calloc(1, sizeof *s);
	char user[ADMIN_NAME_MAX + 1], prompt[128];
	struct err e = ERR_INIT;
	int r, status;

	if (!s) {
		err_set(&e, ERR_NOMEM, "no memory to restore");
		return cli_fail(cli, &e);
	}
	r = restore_stage(a, s, &e);
	if (r == 0 && a->keys) {
		r = unit_user(s->stage, cli->user, user, &e);
		snprintf(prompt, sizeof prompt, _("Passphrase of %s: "), user);
		if (r == 0)
			r = cli_passphrase(cli, prompt, 0, &pass, &e);
		if (r == 0)
			r = restore_open(s, user, buf_view(&pass), &e);
	}
	if (r == 0 || s->stage[0])
		r = restore_finish(s, r, &e);
	status = r < 0 ? cli_fail(cli, &e) : finish(cli, s);
	buf_wipe(&pass);
	free(s);
	return status;
}

int cmd_restore(struct cli *cli, int argc, char **argv)
{
	enum { KEYS, IDENTITY, RUN, HEAD };
	static const struct option options[] = {
		{ "keys", required_argument, NULL, KEYS },
		{ "identity", required_argument, NULL, IDENTITY },
		{ "run", required_argument, NULL, RUN },
		{ "head", required_argument, NULL, HEAD },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *heads[HEADS_MAX];
	struct restore_args a = { .size = COPYSET_NONE, .seen = heads };
	struct err e = ERR_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case KEYS:
			a.keys = optarg;
			break;
		case IDENTITY:
			a.identity = optarg;
			break;
		case RUN:
			if (session_number(optarg, 999999999999, &a.size,
					   &e) < 0)
				return cli_fail(cli, &e);
			break;
		case HEAD:
			if (a.nseen == HEADS_MAX)
				return cli_usage(cli, argv[0],
						 _("too many heads"));
			heads[a.nseen++] = optarg;
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind != 2)
		return cli_usage(cli, argv[0], _("from where, and to where?"));
	if (!a.keys != !a.identity)
		return cli_usage(cli, argv[0], _("--keys and --identity go "
						 "together"));
	a.from = argv[optind];
	a.to = argv[optind + 1];
	a.now_ms = clock_wall_ms();
	return run(cli, &a);
}
