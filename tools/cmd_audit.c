/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/custody.h"
#include "util/clock.h"
#include "util/json.h"

#include <stdio.h>

static const char help[] = N_(
"Usage: scelle audit --why TEXT [--month YYYY-MM] [--case CASE] [--by NAME]\n"
"\n"
"Who did what, when and why: every access to content and every refusal of a\n"
"month (else: the running one).  For supervisors and auditors; this reading is\n"
"recorded as well, first.\n"
"\n"
"  --month YYYY-MM  another month\n"
"  --case CASE      of one case only\n"
"  --by NAME        of one user only\n"
"  --why TEXT       the reason, for the record\n");

struct filter {
	struct cli *cli;
	const char *case_id, *by;
	uint64_t shown;
};

static int shown(const struct filter *f, const struct statement *s)
{
	const char *id = json_opt_str(s->json, "case");
	const char *user = json_opt_str(s->json, "user");

	return (!f->case_id || (id && !strcmp(id, f->case_id))) &&
	       (!f->by || (user && !strcmp(user, f->by)));
}

static void say(struct cli *cli, const struct statement *s)
{
	const json_t *j = s->json;
	const json_t *items = json_object_get(j, "items");
	const char *keys[] = { "case", "query", "recipient", "refused", "why" };
	const char *words[] = { N_("case"), N_("asked"), N_("for"),
				N_("REFUSED"), N_("why") };
	const char *when = json_opt_str(j, "time");
	const char *user = json_opt_str(j, "user");
	const char *command = json_opt_str(j, "command");

	cli_out(cli, "%s  %s  %s", when ? when : "-", user ? user : "-",
		command ? command : s->kind);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *v = json_opt_str(j, keys[i]);

		if (v)
			cli_out(cli, "  %s: %s", _(words[i]), v);
	}
	if (items)
		cli_out(cli, _("  items: %zu"), json_array_size(items));
	cli_out(cli, "\n");
}

static int each(void *arg, uint64_t n, struct bytes note, struct err *e)
{
	struct filter *f = arg;
	struct statement s;
	int r = statement_read(note, &s, e);

	if (r < 0) {
		err_prefix(e, "audit statement %llu", (unsigned long long)n);
		return r;
	}
	if (shown(f, &s)) {
		f->shown++;
		if (f->cli->json) {
			/* Line two of the note is the record as it was signed;
			 * the first says its kind. */
			struct buf b = BUF_INIT(JSON_TEXT_MAX * 2);
			struct jsonw w = JSONW_INIT(&b);
			const uint8_t *nl = memchr(s.note.text.p, '\n',
						   s.note.text.len);
			size_t head = (size_t)(nl - s.note.text.p) + 1;

			jsonw_open(&w, NULL, '{');
			jsonw_str(&w, "kind", s.kind);
			jsonw_raw(&w, "record",
				  BYTES(nl + 1, s.note.text.len - head - 1));
			jsonw_close(&w, '}');
			if (cli_json(f->cli, &b) != CLI_OK)
				r = err_set(e, ERR_NOMEM,
					    "no memory for the answer");
			buf_release(&b);
		} else {
			say(f->cli, &s);
		}
	}
	statement_release(&s);
	return r;
}

int cmd_audit(struct cli *cli, int argc, char **argv)
{
	enum { WHY, MONTH, CASE, BY };
	static const struct option options[] = {
		{ "why", required_argument, NULL, WHY },
		{ "month", required_argument, NULL, MONTH },
		{ "case", required_argument, NULL, CASE },
		{ "by", required_argument, NULL, BY },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *why = NULL, *month = NULL, *name = NULL;
	char when[CLOCK_RFC3339_MAX], now[8], id[17] = "";
	struct filter f = { .cli = cli };
	const struct admin_case *c = NULL;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	uint64_t before;
	int opt, r;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case WHY:
			why = optarg;
			break;
		case MONTH:
			month = optarg;
			break;
		case CASE:
			name = optarg;
			break;
		case BY:
			f.by = optarg;
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (optind < argc)
		return cli_usage(cli, argv[0], _("too many arguments"));
	if (!why)
		return cli_usage(cli, argv[0], _("--why is needed"));
	snprintf(now, sizeof now, "%.7s",
		 clock_rfc3339(clock_wall_ms(), when));
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	before = vault_size(u->vault);
	if (name) {
		r = admin_case(&u->admin, name, &c, &e);
		if (r == 0 && c) {
			snprintf(id, sizeof id, "%s", c->id);
			f.case_id = id;
		}
	}
	if (r == 0)
		r = custody_audit(u, month ? month : now, why, each, &f, &e);
	cli->wrote = vault_size(u->vault) != before;
	return session_close(cli, u, r < 0 ? cli_fail(cli, &e) : CLI_OK);
}
