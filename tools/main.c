/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle: global options, the table of commands, and nothing else.
 */
#include "crawler/children.h"
#include "tools/args.h"
#include "tools/cli.h"
#include "tools/client.h"
#include "tools/commands.h"
#include "tools/config.h"
#include "tools/place.h"
#include "tools/serve_child.h"
#include "util/json.h"
#include "util/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static cli_command_fn cmd_help;

static const struct cli_command commands[] = {
	{ "help", cmd_help, N_("show the help of a command") },
	{ "init", cmd_init, N_("make a unit's vault") },
	{ "user", cmd_user, N_("people and their roles") },
	{ "key", cmd_key, N_("show public keys, change a passphrase") },
	{ "case", cmd_case, N_("cases: mandate, sources, members") },
	{ "collect", cmd_collect, N_("one pass over a case's sources") },
	{ "verify", cmd_verify, N_("check a vault or a bundle, without any key") },
	{ "import", cmd_import, N_("take in what was captured elsewhere") },
	{ "export", cmd_export, N_("write a signed evidence bundle") },
	{ "erase", cmd_erase,
	  N_("take items or a whole case out of the vault; two persons") },
	{ "retention", cmd_retention,
	  N_("what falls due, and erasing it; for a timer too") },
	{ "gaps", cmd_gaps, N_("show from the records how politely a case was collected") },
	{ "approve", cmd_approve, N_("orders of two persons: what waits, and approving it") },
	{ "policy", cmd_policy, N_("rules of the unit") },
	{ "escrow", cmd_escrow, N_("whom every case's key is wrapped to as well") },
	{ "custodian", cmd_custodian, N_("who unlocks the unit's custody service") },
	{ "serve", cmd_serve, N_("the unit's custody service") },
	{ "unlock", cmd_unlock, N_("unlock the custody service, by two custodians") },
	{ "lock", cmd_unlock, N_("lock the custody service") },
	{ "audit", cmd_audit, N_("who did what, when and why; for supervisors") },
	{ "handover", cmd_handover, N_("record that an export was handed over") },
	{ "report", cmd_report, N_("papers for authorities, in French") },
	{ "status", cmd_status, N_("the state of the vault, without any key") },
	{ "backup", cmd_backup, N_("copy the truths without keys, or the keys apart") },
	{ "restore", cmd_restore, N_("a vault from a backup, in a new shard") },
	{ "mirror", cmd_mirror, N_("one way to a peer that takes nothing back") },
	{ "shard", cmd_shard, N_("the shards of the log; begin a new one") },
	{ "anchor", cmd_anchor,
	  N_("show the log to witnesses and time stamp authorities") },
	{ "witness", cmd_witness,
	  N_("witness the logs of others; which witnesses ours has") },
	{ "receipt", cmd_receipt, N_("receipts kept outside the vault") },
	{ "posts", cmd_posts, N_("the posts of a case") },
	{ "search", cmd_search, N_("find posts by their words") },
	{ "show", cmd_show, N_("one item or post, and where it stood") },
	{ "timeline", cmd_timeline, N_("what happened when") },
	{ "reindex", cmd_reindex,
	  N_("take a case's index anew from the sealed bytes") },
	{ "parse", cmd_parse, N_("show what a site profile takes from a page") },
	{ "media", cmd_media,
	  N_("what a picture, film, sound or document says of itself") },
	{ "profile", cmd_profile,
	  N_("check a site profile against sample pages") },
	{ "robots", cmd_robots,
	  N_("tell what a robots.txt says about a URL") },
	{ "warc", cmd_warc, N_("check a WARC file") },
	{ "note", cmd_note, N_("verify a signed note") },
	{ "age", cmd_age, N_("open an age file") },
	{ NULL, NULL, NULL },
};

static const char usage[] = N_(
"Usage: scelle [OPTION...] COMMAND [ARGUMENT...]\n"
"\n"
"Collects permitted public pages for a case and seals every byte as evidence.\n"
"\n"
"  --vault DIR            the vault (else SCELLE_VAULT, else configuration)\n"
"  --user NAME            who is acting (else SCELLE_USER, else configuration)\n"
"  --passphrase-file FILE first line is the passphrase; '-' is standard input\n"
"                         (else SCELLE_PASSPHRASE_FILE, else the terminal)\n"
"  --socket PATH          the unit's custody service (else SCELLE_SOCKET, else\n"
"                         configuration): the command is run there\n"
"  --key FILE             one's own keys, for the custody service\n"
"  --lab FILE             the lab's file, for lab vaults only (else SCELLE_LAB)\n"
"  --json                 answer in JSON\n"
"  --quiet                no progress and no remarks\n"
"  --version              show the version\n"
"  --help                 show this help\n"
"\n"
"Commands ('scelle help COMMAND' tells more):\n");

static const char after[] = N_(
"\n"
"Exit status: 0 done; 1 checked and not sound; 2 usage; 3 failed, nothing\n"
"written; 4 failed after writing; 5 refused (scope, mandate, permission).\n");

static void show_usage(struct cli *cli)
{
	cli_out(cli, "%s", _(usage));
	for (const struct cli_command *c = commands; c->name; c++)
		if (c->help)
			cli_out(cli, "  %-12s %s\n", c->name, _(c->help));
	cli_out(cli, "%s", _(after));
}

static const struct cli_command *find(const char *name)
{
	for (const struct cli_command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static int cmd_help(struct cli *cli, int argc, char **argv)
{
	const struct cli_command *c;
	char flag[] = "--help";
	char *args[3] = { NULL, flag, NULL };

	if (argc < 2 || !strcmp(argv[1], "--help")) {
		show_usage(cli);
		return CLI_OK;
	}
	c = find(argv[1]);
	if (!c)
		return cli_usage(cli, NULL, _("unknown command '%s'"),
				 argv[1]);
	args[0] = argv[1];
	optind = 0;
	return c->run(cli, 2, args);
}

enum { OPT_VAULT = 256, OPT_USER, OPT_PASS, OPT_SOCKET, OPT_KEY, OPT_LAB, OPT_JSON, OPT_QUIET,
       OPT_VERSION, OPT_HELP };

static const struct option globals[] = {
	{ "vault", required_argument, NULL, OPT_VAULT },
	{ "user", required_argument, NULL, OPT_USER },
	{ "passphrase-file", required_argument, NULL, OPT_PASS },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "lab", required_argument, NULL, OPT_LAB },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static int take_global(struct cli *cli, int opt, const char *arg)
{
	switch (opt) {
	case OPT_VAULT:
		cli->vault = arg;
		return 1;
	case OPT_USER:
		cli->user = arg;
		return 1;
	case OPT_PASS:
		cli->passphrase_file = arg;
		return 1;
	case OPT_SOCKET:
		cli->socket = arg;
		return 1;
	case OPT_KEY:
		cli->key = arg;
		return 1;
	case OPT_LAB:
		cli->lab = arg;
		return 1;
	case OPT_JSON:
		cli->json = 1;
		return 1;
	case OPT_QUIET:
		cli->quiet = 1;
		return 1;
	default:
		return 0;
	}
}

/*
 * Global options are welcome behind the command's name too, but for those
 * whose names commands use themselves (--lab, --user, --help, --version).
 */
static int hoist(struct cli *cli, int argc, char **argv)
{
	static const int late[] = { OPT_VAULT, OPT_PASS, OPT_JSON, OPT_QUIET };
	int n = 1;

	for (int i = 1; i < argc; i++) {
		int taken = 0;

		if (!strcmp(argv[i], "--")) {
			while (i < argc)
				argv[n++] = argv[i++];
			break;
		}
		for (size_t k = 0; k < sizeof late / sizeof *late; k++) {
			const struct option *o = &globals[0];
			size_t len;

			while (o->val != late[k])
				o++;
			len = strlen(o->name);
			if (strncmp(argv[i], "--", 2) != 0 ||
			    strncmp(argv[i] + 2, o->name, len) != 0)
				continue;
			if (argv[i][2 + len] == '=' && o->has_arg) {
				taken = take_global(cli, o->val,
						    argv[i] + 3 + len);
			} else if (!argv[i][2 + len] && !o->has_arg) {
				taken = take_global(cli, o->val, NULL);
			} else if (!argv[i][2 + len] && i + 1 < argc) {
				taken = take_global(cli, o->val, argv[++i]);
			}
			break;
		}
		if (!taken)
			argv[n++] = argv[i];
	}
	argv[n] = NULL;
	return n;
}

static void from_environment(struct cli *cli, const struct config *conf)
{
	const struct {
		const char **to;
		const char *name, *configured;
	} all[] = {
		{ &cli->vault, "SCELLE_VAULT", conf->vault },
		{ &cli->user, "SCELLE_USER", conf->user },
		{ &cli->lab, "SCELLE_LAB", conf->lab },
		{ &cli->profiles, "SCELLE_PROFILES", conf->profiles },
		{ &cli->passphrase_file, "SCELLE_PASSPHRASE_FILE",
		  conf->passphrase_file },
		{ &cli->socket, "SCELLE_SOCKET", conf->socket },
		{ &cli->key, "SCELLE_KEY", conf->key },
		{ &cli->user_agent, NULL, conf->user_agent },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const char *v = all[i].name ? getenv(all[i].name) : NULL;

		if (*all[i].to)
			continue;
		*all[i].to = v && *v ? v : all[i].configured;
	}
}

static void show_version(struct cli *cli)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);

	if (!cli->json) {
		cli_out(cli, "scelle %s\n", SCELLE_VERSION);
		return;
	}
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "name", "scelle");
	jsonw_str(&w, "version", SCELLE_VERSION);
	jsonw_close(&w, '}');
	cli_json(cli, &b);
	buf_release(&b);
}

/* An answer that did not reach its reader whole is not "done". */
static int flush_answer(struct cli *cli, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno != EPIPE)
		cli_warn(cli, _("cannot write the answer: %s"),
			 strerror(errno));
	if (status != CLI_OK)
		return status;
	return cli->wrote ? CLI_PARTIAL : CLI_FAILED;
}

int main(int argc, char **argv)
{
	struct cli cli = { .commands = commands };
	struct config conf = { 0 };
	struct err e = ERR_INIT;
	const struct cli_command *c;
	int opt, status;

	if (secret_start() < 0) {
		fputs("scelle: cannot protect this process's memory\n", stderr);
		return CLI_FAILED;
	}
	if (argc > 2 && !strcmp(argv[1], "--child") &&
	    !strcmp(argv[2], "session"))
		return serve_child_main(argc, argv, commands);
	status = children_main(argc, argv);
	if (status >= 0)
		_exit(status);
	place_start();
	argv = args_own(argc, argv);
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", globals, NULL)) != -1) {
		if (take_global(&cli, opt, optarg))
			continue;
		if (opt == OPT_VERSION) {
			show_version(&cli);
			return flush_answer(&cli, CLI_OK);
		}
		if (opt == OPT_HELP) {
			show_usage(&cli);
			return flush_answer(&cli, CLI_OK);
		}
		if (opt == ':')
			return cli_usage(&cli, NULL,
					 _("option '%s' needs a value"),
					 argv[optind - 1]);
		return cli_usage(&cli, NULL, _("unknown option '%s'"),
				 argv[optind - 1]);
	}
	argc -= optind;
	argv += optind;
	if (argc < 1)
		return cli_usage(&cli, NULL, _("no command given"));
	c = find(argv[0]);
	if (!c)
		return cli_usage(&cli, NULL, _("unknown command '%s'"),
				 argv[0]);
	if (config_load(&conf, &e) < 0) {
		status = cli_fail(&cli, &e);
		goto out;
	}
	argc = hoist(&cli, argc, argv);
	from_environment(&cli, &conf);
	optind = 0;	/* getopt_long() starts afresh */
	/* In unit mode the vault is the service's, and so is the work. */
	if (cli.socket && client_wanted(argc, argv))
		status = client_command(&cli, argc, argv);
	else
		status = c->run(&cli, argc, argv);
	status = flush_answer(&cli, status);
out:
	config_release(&conf);
	return status;
}
