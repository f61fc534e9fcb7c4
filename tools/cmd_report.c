/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle report: papers that the law asks for.  What they say is French,
 * whatever the locale is: they are handed to French authorities.
 */
#include "tools/commands.h"
#include "tools/report.h"
#include "tools/session.h"

#include "cases/audit_words.h"
#include "cases/casefile.h"
#include "cases/report_ops.h"
#include "util/clock.h"
#include "util/json.h"

#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle report operations CASE --why TEXT [--format text|csv|json]\n"
"              [--numbers]\n"
"       scelle report aipd [--format text|html|json]\n"
"       scelle report origine --identifier X --why TEXT [CASE...]\n"
"              [--format text|csv|json]\n"
"\n"
"Papers for authorities, in French.\n"
"\n"
"operations  every collection of a case: when, by whom, of what, why, how many\n"
"            requests, which items and leaves.  For members of the case, and\n"
"            for supervisors (then without what was fetched)\n"
"aipd        the data-protection sheet, from what the unit has configured\n"
"origine     what the open sources gave on a person, by a handle or a number,\n"
"            and when: in the cases named, else in all that one may read\n"
"\n"
"  --numbers     agents by their number of service where they have one\n"
"  --why TEXT    the reason; recorded before anything is read\n");

int report_args(struct cli *cli, int argc, char **argv,
		struct report_args *a)
{
	enum { WHY = 256, FORMAT, NUMBERS, IDENTIFIER };
	static const struct option options[] = {
		{ "why", required_argument, NULL, WHY },
		{ "format", required_argument, NULL, FORMAT },
		{ "numbers", no_argument, NULL, NUMBERS },
		{ "identifier", required_argument, NULL, IDENTIFIER },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	memset(a, 0, sizeof *a);
	a->format = cli->json ? "json" : "text";
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case WHY:
			a->why = optarg;
			break;
		case FORMAT:
			a->format = optarg;
			break;
		case NUMBERS:
			a->numbers = 1;
			break;
		case IDENTIFIER:
			a->identifier = optarg;
			break;
		default:
			return cli_usage(cli, "report", _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	a->words = argv + optind;
	a->nwords = argc - optind;
	return CLI_OK;
}

int report_format(struct cli *cli, const struct report_args *a,
		  const char *list)
{
	const char *at = strstr(list, a->format);
	size_t n = strlen(a->format);

	if (at && n && (at == list || at[-1] == ' ') && (!at[n] || at[n] == ' '))
		return CLI_OK;
	return cli_usage(cli, "report", _("formats: %s"), list);
}

void report_line(struct buf *out, const char *name, const char *text)
{
	int pad = 22;

	for (const char *p = name; *p; p++)	/* columns, not bytes */
		pad -= ((uint8_t)*p & 0xc0) != 0x80;
	buf_addf(out, "%s%*s: %s\n", name, pad > 0 ? pad : 1, "", text);
}

/* --- operations --------------------------------------------------------------- */

static const char *agent(const struct admin *a, const char *name, int numbers)
{
	const struct admin_user *u = admin_user(a, name);

	if (!*name)
		return "non consigné";
	if (!strcmp(name, "timer"))
		return "collecte programmée";
	return numbers && u && *u->person ? u->person : name;
}

static const char *day(int64_t ms, char out[static 40])
{
	audit_when(ms, out);
	out[10] = '\0';
	return out;
}

static void mandate_text(const struct admin *a, const struct admin_case *c,
			 int numbers, struct buf *out)
{
	char from[40], to[40];

	report_line(out, "Unité", a->unit);
	report_line(out, "Dossier", c->reference);
	report_line(out, "Fondement", c->basis);
	for (size_t i = 0; i < c->noffences; i++)
		report_line(out, i ? "" : "Infractions", c->offences[i]);
	report_line(out, "Agent responsable", agent(a, c->agent, numbers));
	/* A mandate is given in days of UTC; its last one is within. */
	clock_rfc3339(c->start_ms, from);
	clock_rfc3339(c->end_ms - 1, to);
	buf_addf(out, "Période               : du %.10s au %.10s inclus\n", from,
		 to);
	for (size_t i = 0; i < c->nsources; i++) {
		const struct admin_source *s = &c->sources[i];

		buf_addf(out, "%s: %s, inscrite le %s par %s%s\n",
			 i ? "                      " : "Sources               ",
			 s->id, day(s->added_ms, from),
			 agent(a, s->author, numbers),
			 s->removed ? " (retirée)" : "");
	}
	for (size_t i = 0; i < c->ndecisions; i++)
		buf_addf(out, "Passage outre robots  : %s, le %s : %s\n",
			 c->decisions[i].authority,
			 day(c->decisions[i].date_ms, from),
			 c->decisions[i].reason);
}

static void ops_text(const struct admin *a, const struct admin_case *c,
		     const struct operations *o, int numbers, struct buf *out)
{
	uint64_t requests = 0;
	char from[40], to[40];

	buf_adds(out, "LISTE DES OPÉRATIONS DE COLLECTE\n\n");
	if (a->lab)
		buf_adds(out, "FAIT EN MODE LABORATOIRE : SANS VALEUR "
			 "PROBANTE\n\n");
	mandate_text(a, c, numbers, out);
	buf_addc(out, '\n');
	for (size_t i = 0; i < o->n; i++) {
		const struct operation *p = &o->list[i];

		requests += p->requests;
		buf_addf(out, "%zu. du %s au %s (heure de Paris)\n", i + 1,
			 audit_when(p->from_ms, from), audit_when(p->to_ms,
								  to));
		buf_addf(out, "   agent %s ; source %s ; motif : %s\n",
			 agent(a, p->agent, numbers),
			 *p->source ? p->source : "toutes",
			 *p->why ? p->why : "non consigné");
		buf_addf(out, "   %llu opérations, dont %llu refusées avant tout "
			 "envoi", (unsigned long long)p->requests,
			 (unsigned long long)p->refused);
		if (!o->from_audit)
			buf_addf(out, ", %llu sans réponse utile, %llu effacées "
				 "depuis ; %llu octets reçus",
				 (unsigned long long)p->failed,
				 (unsigned long long)p->erased,
				 (unsigned long long)p->bytes);
		buf_addf(out, "\n   pièces %llu à %llu ; feuilles %llu à %llu du "
			 "journal\n", (unsigned long long)p->first_item,
			 (unsigned long long)p->last_item,
			 (unsigned long long)p->first_leaf,
			 (unsigned long long)p->last_leaf);
	}
	buf_addf(out, "\nTotal : %zu collectes, %llu opérations, %llu pièces au "
		 "dossier.\n", o->n, (unsigned long long)requests,
		 (unsigned long long)o->items);
	if (o->from_audit)
		buf_adds(out, "Établie d'après le journal des accès et les "
			 "feuilles, sans ouvrir le dossier.\n");
}

static void ops_csv(const struct admin *a, const struct operations *o,
		    int numbers, struct buf *out)
{
	char t[CLOCK_RFC3339_MAX];

	buf_adds(out, "operation,debut_utc,fin_utc,debut_paris,fin_paris,agent,"
		 "source,motif,operations,refusees,sans_reponse_utile,effacees,"
		 "octets,premiere_piece,derniere_piece,premiere_feuille,"
		 "derniere_feuille\r\n");
	for (size_t i = 0; i < o->n; i++) {
		const struct operation *p = &o->list[i];

		buf_addf(out, "%zu,%s,", i + 1, clock_rfc3339(p->from_ms, t));
		buf_addf(out, "%s,", clock_rfc3339(p->to_ms, t));
		buf_addf(out, "%s,", clock_paris(p->from_ms, t));
		buf_addf(out, "%s,", clock_paris(p->to_ms, t));
		csv_cell(out, agent(a, p->agent, numbers), 0);
		csv_cell(out, p->source, 0);
		csv_cell(out, p->why, 0);
		buf_addf(out, "%llu,%llu,", (unsigned long long)p->requests,
			 (unsigned long long)p->refused);
		if (o->from_audit)
			buf_adds(out, ",,,");
		else
			buf_addf(out, "%llu,%llu,%llu,",
				 (unsigned long long)p->failed,
				 (unsigned long long)p->erased,
				 (unsigned long long)p->bytes);
		buf_addf(out, "%llu,%llu,%llu,%llu\r\n",
			 (unsigned long long)p->first_item,
			 (unsigned long long)p->last_item,
			 (unsigned long long)p->first_leaf,
			 (unsigned long long)p->last_leaf);
	}
}

static void ops_json(const struct admin *a, const struct admin_case *c,
		     const struct operations *o, int numbers, struct buf *out)
{
	struct jsonw w = JSONW_INIT(out);
	char t[CLOCK_RFC3339_MAX];

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "rapport", "operations");
	jsonw_str(&w, "unite", a->unit);
	jsonw_str(&w, "dossier", c->reference);
	jsonw_str(&w, "fondement", c->basis);
	jsonw_bool(&w, "laboratoire", a->lab);
	jsonw_bool(&w, "sans_ouvrir_le_dossier", o->from_audit);
	jsonw_int(&w, "pieces", (int64_t)o->items);
	jsonw_open(&w, "operations", '[');
	for (size_t i = 0; i < o->n; i++) {
		const struct operation *p = &o->list[i];

		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "debut", clock_rfc3339(p->from_ms, t));
		jsonw_str(&w, "fin", clock_rfc3339(p->to_ms, t));
		jsonw_str(&w, "agent", agent(a, p->agent, numbers));
		jsonw_str(&w, "source", p->source);
		jsonw_str(&w, "motif", p->why);
		jsonw_int(&w, "operations", (int64_t)p->requests);
		jsonw_int(&w, "refusees", (int64_t)p->refused);
		if (!o->from_audit) {
			jsonw_int(&w, "sans_reponse_utile",
				  (int64_t)p->failed);
			jsonw_int(&w, "effacees", (int64_t)p->erased);
			jsonw_int(&w, "octets", (int64_t)p->bytes);
		}
		jsonw_int(&w, "premiere_piece", (int64_t)p->first_item);
		jsonw_int(&w, "derniere_piece", (int64_t)p->last_item);
		jsonw_int(&w, "premiere_feuille", (int64_t)p->first_leaf);
		jsonw_int(&w, "derniere_feuille", (int64_t)p->last_leaf);
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}

static int operations(struct cli *cli, int argc, char **argv)
{
	struct buf text = BUF_INIT((size_t)256 << 20);
	const struct admin_case *c = NULL;
	struct operations o = { NULL, 0, 0, 0 };
	struct report_args a;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int r, status = report_args(cli, argc, argv, &a);

	if (status == CLI_OK)
		status = report_format(cli, &a, "text csv json");
	if (status != CLI_OK)
		return status;
	if (a.nwords != 1)
		return cli_usage(cli, "report", _("which case?"));
	if (!a.why)
		return cli_usage(cli, "report", _("--why is needed"));
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r == 0)
		r = report_operations(u, a.words[0], a.why, &o, &e);
	if (r == 0)
		r = casefile_find(u, a.words[0], &c, &e);
	if (r == 0 && !strcmp(a.format, "csv"))
		ops_csv(&u->admin, &o, a.numbers, &text);
	else if (r == 0 && !strcmp(a.format, "json"))
		ops_json(&u->admin, c, &o, a.numbers, &text);
	else if (r == 0)
		ops_text(&u->admin, c, &o, a.numbers, &text);
	if (r == 0 && text.failed)
		r = err_set(&e, text.failed, "no memory for the answer");
	cli->wrote = u != NULL;
	if (r == 0)
		report_out(cli, a.format, &text);
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	operations_release(&o);
	buf_wipe(&text);
	return u ? session_close(cli, u, status) : status;
}

void report_out(struct cli *cli, const char *format, struct buf *text)
{
	if (!strcmp(format, "text"))
		cli_out(cli, "%s", buf_cstr(text));
	else
		cli_raw(cli, buf_view(text));
}

int cmd_report(struct cli *cli, int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "--help"))
		return cli_help(cli, _(help));
	if (!strcmp(what, "operations"))
		return operations(cli, argc - 1, argv + 1);
	if (!strcmp(what, "aipd"))
		return report_aipd(cli, argc - 1, argv + 1);
	if (!strcmp(what, "origine"))
		return report_origine(cli, argc - 1, argv + 1);
	return cli_usage(cli, "report", _("what: operations, aipd or "
					  "origine?"));
}
