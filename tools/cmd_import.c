/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle import: what was captured elsewhere and handed over in a procedure. */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/import.h"
#include "crawler/crawl.h"
#include "util/enc.h"
#include "util/secret.h"

static const char help[] = N_(
"Usage: scelle import CASE FILE --from WHO --procedure TEXT --why TEXT\n"
"                     [--source S]\n"
"\n"
"Takes in a file that was captured elsewhere and handed over: WARC (.warc,\n"
".warc.gz), WACZ, or what Telegram Desktop exports as JSON (result.json, its\n"
"folder, or a ZIP of it).  The file is sealed whole, with its SHA-256, and each\n"
"record in it as an item of the case, all at once or nothing.  They are marked as\n"
"imported wherever they are shown: this unit did not collect them.\n"
"\n"
"  --from WHO        who handed it over\n"
"  --procedure TEXT  in which procedure (its number, the requisition)\n"
"  --source S        the source of the case it belongs to\n"
"  --why TEXT        the reason; on record\n"
"\n"
"What is damaged, hostile or too large is refused whole: 256 MiB a file, 64 MiB a\n"
"record, 12,000 records.\n");

enum { FROM = 256, PROCEDURE, SOURCE, WHY, NAME };

static int read_args(struct cli *cli, int argc, char **argv,
		     struct import_options *o)
{
	static const struct option options[] = {
		{ "from", required_argument, NULL, FROM },
		{ "procedure", required_argument, NULL, PROCEDURE },
		{ "source", required_argument, NULL, SOURCE },
		{ "why", required_argument, NULL, WHY },
		{ "name", required_argument, NULL, NAME },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case FROM:
			o->from = optarg;
			break;
		case PROCEDURE:
			o->procedure = optarg;
			break;
		case SOURCE:
			o->source = optarg;
			break;
		case WHY:
			o->why = optarg;
			break;
		case NAME:	/* how the file is called where it lies */
			o->name = optarg;
			break;
		case 'h':
			cli_help(cli, _(help));
			return -1;
		case ':':
			return cli_usage(cli, argv[0],
					 _("option '%s' needs a value"),
					 argv[optind - 1]);
		default:
			return cli_usage(cli, argv[0], _("unknown option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind != 2)
		return cli_usage(cli, argv[0], _("which case, and which file?"));
	if (!o->from || !o->from[strspn(o->from, " \t")])
		return cli_usage(cli, argv[0], _("who handed it over? --from "
						 "WHO"));
	if (!o->procedure || !o->procedure[strspn(o->procedure, " \t")])
		return cli_usage(cli, argv[0], _("in which procedure? "
						 "--procedure TEXT"));
	if (!o->why || !o->why[strspn(o->why, " \t")])
		return cli_usage(cli, argv[0],
				 _("importing takes a reason: --why TEXT"));
	o->case_name = argv[optind];
	o->path = argv[optind + 1];
	return CLI_OK;
}

static void tell(struct cli *cli, const struct import_report *rep)
{
	struct buf b = BUF_INIT((size_t)1 << 20);
	struct jsonw w = JSONW_INIT(&b);

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "format", rep->kind);
	jsonw_str(&w, "sha256", rep->sha256);
	jsonw_int(&w, "item", (int64_t)rep->first);
	jsonw_int(&w, "records", (int64_t)rep->records);
	jsonw_open(&w, "findings", '[');
	for (size_t i = 0; i < rep->nfinding; i++)
		jsonw_str(&w, NULL, rep->finding[i]);
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	if (cli->json) {
		cli_json(cli, &b);
	} else {
		cli_out(cli, _("imported  %s, SHA-256 %s\n"), rep->kind,
			rep->sha256);
		cli_out(cli, _("item      %llu, and %llu records behind it\n"),
			(unsigned long long)rep->first,
			(unsigned long long)rep->records);
	}
	for (size_t i = 0; i < rep->nfinding; i++)
		cli_say(cli, _("finding: %s\n"), rep->finding[i]);
	buf_release(&b);
}

static int run(struct cli *cli, struct unit *u, struct import_options *o,
	       struct err *e)
{
	struct crawl_session *s = secret_alloc(sizeof *s);
	struct import_report rep = { .first = 0 };
	int r;

	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	s->agent = u->user_name;
	s->reason = o->why;
	memcpy(s->collector_seed, u->keys->collector.seed, 32);
	s->collector_name = u->keys->collector.vkey.name;
	if (u->admin.anchor.has_token)
		hex_str(s->anchor, u->admin.anchor.token, 32);
	o->session = s;
	o->self_path = "/proc/self/exe";
	r = session_self_hash(o->self_path, s->software_sha256, e);
	if (r == 0)
		r = import_run(u, o, &rep, e);
	if (r == 0)
		tell(cli, &rep);
	import_report_release(&rep);
	secret_free(s);
	return r;
}

int cmd_import(struct cli *cli, int argc, char **argv)
{
	struct import_options o = { .case_name = NULL };
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	uint64_t before;
	int r, status = read_args(cli, argc, argv, &o);

	if (status)
		return status < 0 ? CLI_OK : status;
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	before = vault_size(u->vault);
	r = run(cli, u, &o, &e);
	cli->wrote = vault_size(u->vault) != before;
	return session_close(cli, u, r < 0 ? cli_fail(cli, &e) : CLI_OK);
}
