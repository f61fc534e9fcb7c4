/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/backup.h"
#include "cases/deny.h"
#include "store/age.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/json.h"

#include <inttypes.h>

static const char help[] = N_(
"Usage: scelle backup DIR\n"
"       scelle backup DIR --keys FILE --recipient age1... --name NAME [--days N]\n"
"       scelle backup --list\n"
"       scelle backup --destroyed NAME --why TEXT\n"
"\n"
"Copies the truths of the vault - log, sealed objects, signed files, no key - into\n"
"a new run below DIR, beside whoever writes.  Each run is whole; what did not\n"
"change is a hard link to the run before.  It is verified and signed before it\n"
"appears; nothing that stands there is ever written again.\n"
"\n"
"  --keys FILE      put the keys of the same moment into FILE, an age file\n"
"  --recipient KEY  who can open it: age1...\n"
"  --name NAME      what it is called in the log, and in certificates of erasure\n"
"  --days N         destroy it within N days (at most 30, which is the default)\n"
"  --list           the key backups that are still to be destroyed\n"
"  --destroyed NAME say that one was destroyed\n");

struct args {
	struct backup_keys_args keys;
	const char *destroyed, *why;
	uint64_t days;
	int list;
};

static int done(struct cli *cli, const struct backup_report *rep,
		const struct args *a)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);
	char root[65], when[CLOCK_RFC3339_MAX];
	int status = CLI_OK;

	hex_str(root, rep->root, 32);
	clock_rfc3339(a->keys.until_ms, when);
	if (cli->json) {
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "dir", a->keys.dir);
		jsonw_int(&w, "leaves", (int64_t)rep->size);
		jsonw_str(&w, "root", root);
		jsonw_int(&w, "files", (int64_t)rep->files);
		jsonw_int(&w, "linked", (int64_t)rep->linked);
		jsonw_int(&w, "bytes", (int64_t)rep->bytes);
		jsonw_int(&w, "written", (int64_t)rep->written);
		jsonw_bool(&w, "nothing_new", rep->nothing_new);
		if (a->keys.file) {
			jsonw_str(&w, "keys", a->keys.file);
			jsonw_str(&w, "until", when);
		}
		jsonw_close(&w, '}');
		status = cli_json(cli, &b);
	} else if (rep->nothing_new) {
		cli_out(cli, _("backup      nothing new since %" PRIu64
			" leaves\n"), rep->size);
	} else {
		cli_out(cli, _("backup      %" PRIu64 " leaves, %" PRIu64
			" files, %" PRIu64 " bytes, of these written %" PRIu64
			"\n"), rep->size, rep->files, rep->bytes,
			rep->written);
	}
	if (!cli->json && a->keys.file)
		cli_out(cli, _("keys        %s, to be destroyed by %s\n"),
			a->keys.file, when);
	buf_release(&b);
	return status;
}

static int list(struct cli *cli, const struct unit *u)
{
	struct buf b = BUF_INIT((size_t)1 << 20);
	struct jsonw w = JSONW_INIT(&b);
	const struct admin_key_backup *k;
	char until[CLOCK_RFC3339_MAX], to[AGE_RECIPIENT_TEXT];
	int status = CLI_OK;
	size_t at = 0;

	jsonw_open(&w, NULL, '[');
	while ((k = backup_alive(&u->admin, clock_wall_ms(), &at))) {
		clock_rfc3339(k->until_ms, until);
		age_recipient_str(k->recipient, to);
		if (!cli->json) {
			cli_out(cli, _("%s  to be destroyed by %s  %s\n"),
				k->name, until, to);
			continue;
		}
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "name", k->name);
		jsonw_str(&w, "until", until);
		jsonw_str(&w, "recipient", to);
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	if (cli->json)
		status = cli_json(cli, &b);
	buf_release(&b);
	return status;
}

static int run(struct cli *cli, struct args *a)
{
	int write = a->keys.file || a->destroyed;
	struct backup_report rep = { 0 };
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	uint64_t before = 0;
	int status = CLI_OK;
	int r = session_open(cli, write ? VAULT_WRITE : VAULT_READ, &u, &e);

	if (r < 0)
		goto out;
	before = vault_size(u->vault);
	if (a->list) {
		r = unit_may(u, PERMIT_BACKUP, NULL, &e);
		if (r == 0)
			status = list(cli, u);
		goto out;
	}
	if (a->destroyed) {
		r = backup_destroyed(u, a->destroyed, a->why, &e);
		goto out;
	}
	a->keys.now_ms = clock_wall_ms();
	a->keys.until_ms = a->keys.now_ms + (int64_t)a->days * 86400000;
	if (a->keys.file) {
		r = backup_keys(u, &a->keys, &rep, &e);
	} else {
		r = unit_may(u, PERMIT_BACKUP, NULL, &e);
		if (r == 0)
			r = backup_run(u, a->keys.dir, &rep, &e);
	}
	if (r == 0)
		status = done(cli, &rep, a);
out:
	if (u && write && vault_size(u->vault) > before)
		cli->wrote = 1;
	if (r < 0)
		status = cli_fail(cli, &e);
	return session_close(cli, u, status);
}

int cmd_backup(struct cli *cli, int argc, char **argv)
{
	enum { KEYS, RECIPIENT, NAME, DAYS, LIST, DESTROYED, WHY };
	static const struct option options[] = {
		{ "keys", required_argument, NULL, KEYS },
		{ "recipient", required_argument, NULL, RECIPIENT },
		{ "name", required_argument, NULL, NAME },
		{ "days", required_argument, NULL, DAYS },
		{ "list", no_argument, NULL, LIST },
		{ "destroyed", required_argument, NULL, DESTROYED },
		{ "why", required_argument, NULL, WHY },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct args a = { .days = BACKUP_DAYS_MAX };
	struct err e = ERR_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case KEYS:
			a.keys.file = optarg;
			break;
		case RECIPIENT:
			a.keys.recipient = optarg;
			break;
		case NAME:
			a.keys.name = optarg;
			break;
		case DAYS:
			if (session_number(optarg, BACKUP_DAYS_MAX, &a.days,
					   &e) < 0)
				return cli_fail(cli, &e);
			break;
		case LIST:
			a.list = 1;
			break;
		case DESTROYED:
			a.destroyed = optarg;
			break;
		case WHY:
			a.why = optarg;
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind != (a.list || a.destroyed ? 0 : 1))
		return cli_usage(cli, argv[0], _("one directory"));
	if (a.destroyed && !a.why)
		return cli_usage(cli, argv[0], _("say why: --why TEXT"));
	if (!a.keys.file != !a.keys.recipient || !a.keys.file != !a.keys.name)
		return cli_usage(cli, argv[0], _("--keys, --recipient and "
				 "--name go together"));
	if (optind < argc)
		a.keys.dir = argv[optind];
	return run(cli, &a);
}
