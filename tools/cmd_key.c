/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/client.h"
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/custody.h"
#include "cases/people.h"
#include "store/minisign.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle key show [--user NAME]\n"
"       scelle key new [--new-passphrase-file FILE]\n"
"       scelle key rotate [--new-passphrase-file FILE]\n"
"       scelle key make NAME [--new-passphrase-file FILE]\n"
"\n"
"show   public keys: of the unit (its log, its collector, the key that signs\n"
"       bundles, its age recipient), or of a user.  Takes no passphrase.\n"
"new    puts one's own keys under a new passphrase; the change is recorded.\n"
"rotate makes new keys: entered by a statement signed with the old ones and the\n"
"       new, one's wraps made anew; what the old key signed stays signed.\n"
"make   with a custody service: makes the keys of a user who is to be entered, in\n"
"       ~/.config/scelle/keys/; they stay there.  Who enters the user gets\n"
"       NAME.pub, for 'scelle user add --pub'.\n");

/* unit.pub and users/<name>.pub are lines "what value". */
static int show(struct cli *cli, const char *user, struct err *e)
{
	struct buf text = BUF_INIT(65536), json = BUF_INIT(262144);
	struct jsonw w = JSONW_INIT(&json);
	char path[FILE_PATH_MAX], name[ADMIN_NAME_MAX + 8];
	const char *dir = cli_vault(cli, e);
	struct vault *v = NULL;
	struct bytes left;
	int r;

	if (!dir)
		return ERR_USAGE;
	if (user && !admin_name_valid(user))
		return err_set(e, ERR_FORMAT, "'%s' is no user name", user);
	snprintf(name, sizeof name, "%s.pub", user ? user : "");
	r = vault_open(dir, VAULT_READ, NULL, &v, e);
	if (r == 0)
		r = user ? file_path(path, dir, "admin/users", name, NULL)
			 : file_path(path, dir, "admin/unit.pub", NULL);
	if (r == 0 && user && !file_exists(path))
		r = err_set(e, ERR_NOENT, "no user '%s' in this vault", user);
	if (r == 0)
		r = file_read(path, &text, e);
	if (r < 0)
		goto out;
	jsonw_open(&w, NULL, '{');
	for (left = buf_view(&text); left.len;) {
		const uint8_t *nl = memchr(left.p, '\n', left.len);
		size_t n = nl ? (size_t)(nl - left.p) : left.len;
		const uint8_t *sp = memchr(left.p, ' ', n);
		char key[32];

		if (sp && (size_t)(sp - left.p) < sizeof key) {
			memcpy(key, left.p, (size_t)(sp - left.p));
			key[sp - left.p] = '\0';
			jsonw_bytes(&w, key, BYTES(sp + 1, n - (size_t)(sp + 1 -
								left.p)));
		}
		n += nl != NULL;
		left = BYTES(left.p + n, left.len - n);
	}
	jsonw_close(&w, '}');
	if (cli->json)
		cli_json(cli, &json);
	else
		cli_out(cli, "%s", buf_cstr(&text));
out:
	vault_close(v);
	buf_release(&text);
	buf_release(&json);
	return r;
}

static int renew(struct cli *cli, const char *file, unsigned logn, int rotate,
		 struct err *e)
{
	struct buf pass = CLI_PASSPHRASE_BUF;
	struct cli other = *cli;
	const struct access use = { .command = "key new", .key = "passphrase",
				    .why = "a new passphrase" };
	struct unit *u = NULL;
	uint64_t before;
	int r = session_open(cli, VAULT_WRITE, &u, e);

	if (r < 0)
		return r;
	other.passphrase_file = file;
	r = cli_passphrase(&other, _("New passphrase: "), 1, &pass, e);
	/* A key is used: on record before it is. */
	if (r == 0)
		r = custody_note(u, &use, e);
	before = vault_size(u->vault);
	if (r == 0)
		r = rotate ? people_rotate(u, buf_view(&pass), logn, e)
			   : unit_new_passphrase(u, buf_view(&pass), logn, e);
	buf_wipe(&pass);
	cli->wrote = vault_size(u->vault) != before;
	session_close(cli, u, CLI_OK);
	return r;
}

int cmd_key(struct cli *cli, int argc, char **argv)
{
	enum { USER, PASS, LOGN };
	static const struct option options[] = {
		{ "user", required_argument, NULL, USER },
		{ "new-passphrase-file", required_argument, NULL, PASS },
		{ "work-factor", required_argument, NULL, LOGN },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *what = argc > 1 ? argv[1] : "", *user = NULL, *pass = NULL;
	struct err e = ERR_INIT;
	uint64_t logn = 0;
	int opt, r;

	if (!strcmp(what, "--help"))
		return cli_help(cli, _(help));
	if (strcmp(what, "show") != 0 && strcmp(what, "new") != 0 &&
	    strcmp(what, "rotate") != 0 && strcmp(what, "make") != 0)
		return cli_usage(cli, argv[0],
				 _("what: show, new, rotate or make?"));
	while ((opt = getopt_long(argc - 1, argv + 1, "", options, NULL)) !=
	       -1) {
		switch (opt) {
		case USER:
			user = optarg;
			break;
		case PASS:
			pass = optarg;
			break;
		case LOGN:
			if (session_number(optarg, AGE_LOGN_MAX, &logn, &e) < 0)
				return cli_fail(cli, &e);
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind]);
		}
	}
	argc -= 1 + optind;
	argv += 1 + optind;
	if (argc > (strcmp(what, "make") == 0 ? 1 : 0))
		return cli_usage(cli, "key", _("too many arguments"));
	if (!strcmp(what, "make") && !argc)
		return cli_usage(cli, "key", _("which user?"));
	if (!strcmp(what, "make") && (!cli->socket || cli->serving))
		return cli_usage(cli, "key", _("keys are made apart only with "
					       "a custody service: --socket"));
	if (user)
		cli->user = user;
	if (!strcmp(what, "make")) {
		r = client_key_make(cli, argv[0], pass, (unsigned)logn, &e);
	} else if (!strcmp(what, "new") && cli->socket) {
		r = client_key_new(cli, pass, (unsigned)logn, &e);
	} else if (!strcmp(what, "show")) {
		r = show(cli, user, &e);
	} else {
		r = renew(cli, pass, (unsigned)logn,
			  !strcmp(what, "rotate"), &e);
	}
	return r < 0 ? cli_fail(cli, &e) : CLI_OK;
}
