/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle report origine: what the open sources gave on a person, and when (R36,
 * CSS art. L. 114-21).  Each case is a reading of its own, on record.
 */
#include "cases/permit.h"
#include "tools/reading.h"
#include "tools/report.h"
#include "tools/session.h"
#include "util/clock.h"

#include <stdlib.h>

#define VARIANTS_MAX 4
#define VARIANT_MAX 256
#define HITS_MAX 100000u

struct origin {
	struct reading *rd;
	const struct report_args *a;
	char **seen;			/* "post id/version" of this case */
	size_t nseen;
	uint64_t total;
	struct err *e;
};

static void clear(struct origin *o)
{
	for (size_t i = 0; i < o->nseen; i++)
		free(o->seen[i]);
	free(o->seen);
	o->seen = NULL;
	o->nseen = 0;
}

/* One post stands in the list once, however it was found. */
static int again(struct origin *o, const struct index_post *p)
{
	struct buf key = BUF_INIT(65536);
	char **list;

	buf_addf(&key, "%s/%u", p->post_id ? p->post_id : "", p->version);
	for (size_t i = 0; i < o->nseen; i++)
		if (!strcmp(o->seen[i], buf_cstr(&key))) {
			buf_release(&key);
			return 1;
		}
	list = reallocarray(o->seen, o->nseen + 1, sizeof *list);
	if (list)
		o->seen = list;
	if (list && !key.failed && (list[o->nseen] = strdup(buf_cstr(&key))))
		o->nseen++;
	else
		o->e->code = ERR_NOMEM;
	buf_release(&key);
	return o->e->code ? ERR_NOMEM : 0;
}

static void row_text(struct origin *o, const struct index_post *p)
{
	char when[40];
	struct cli *cli = o->rd->cli;
	const char *published = p->published_ms == INT64_MIN ? "inconnue"
		: audit_when(p->published_ms, when);

	cli_out(cli, "%s\n  publié : %s\n", p->url ? p->url : p->post_id,
		published);
	cli_out(cli, "  compte : %s (%s)\n", p->account ? p->account : "-",
		p->platform ? p->platform : "-");
	cli_out(cli, "  recueilli : %s, pièce %llu", audit_when(p->first_ms,
								when),
		(unsigned long long)p->capture);
	if (p->last_capture != p->capture)
		cli_out(cli, " ; vu encore : %s, pièce %llu",
			audit_when(p->last_ms, when),
			(unsigned long long)p->last_capture);
	cli_out(cli, " ; version %u sur %u\n", p->version, p->versions);
	if (p->text)
		reading_indent(o->rd, p->text, 240);
	cli_out(cli, "\n");
}

static void row_csv(struct origin *o, const struct index_post *p,
		    const char *text)
{
	struct buf out = BUF_INIT((size_t)1 << 20);
	char t[CLOCK_RFC3339_MAX];

	csv_cell(&out, custody_case_reference(o->rd->g), 0);
	csv_cell(&out, p->platform ? p->platform : "", 0);
	csv_cell(&out, p->account ? p->account : "", 0);
	csv_cell(&out, p->post_id ? p->post_id : "", 0);
	csv_cell(&out, p->url ? p->url : "", 0);
	csv_cell(&out, p->published_ms == INT64_MIN ? ""
		 : clock_rfc3339_s(p->published_ms, t), 0);
	csv_cell(&out, clock_rfc3339_s(p->first_ms, t), 0);
	csv_cell(&out, clock_rfc3339_s(p->last_ms, t), 0);
	buf_addf(&out, "%llu,%llu,%u,", (unsigned long long)p->capture,
		 (unsigned long long)p->last_capture, p->version);
	csv_cell(&out, text, 1);
	cli_raw(o->rd->cli, buf_view(&out));
	buf_wipe(&out);
}

static int row_json(struct origin *o, const struct index_post *p,
		    const char *text)
{
	json_t *j = json_object();
	int bad = !j;

	if (!bad) {
		bad |= json_object_set_new(j, "dossier", json_string(
			custody_case_reference(o->rd->g)));
		bad |= json_object_set_new(j, "plateforme", json_string(
			p->platform ? p->platform : ""));
		bad |= json_object_set_new(j, "compte", json_string(
			p->account ? p->account : ""));
		bad |= json_object_set_new(j, "publication", json_string(
			p->post_id ? p->post_id : ""));
		bad |= json_object_set_new(j, "adresse", json_string(
			p->url ? p->url : ""));
		bad |= json_object_set_new(j, "publie",
			reading_time(p->published_ms));
		bad |= json_object_set_new(j, "recueilli",
			reading_time(p->first_ms));
		bad |= json_object_set_new(j, "vu_encore",
			reading_time(p->last_ms));
		bad |= json_object_set_new(j, "piece",
			json_integer((json_int_t)p->capture));
		bad |= json_object_set_new(j, "version",
			json_integer(p->version));
		bad |= json_object_set_new(j, "texte", json_string(text));
	}
	if (bad) {
		json_decref(j);
		return ERR_NOMEM;
	}
	return reading_line(o->rd, j);
}

static int row(void *arg, const struct index_post *p)
{
	struct origin *o = arg;
	char *text;
	int r = again(o, p);

	if (r)
		return r < 0 ? r : 0;
	r = reading_row(o->rd, p->capture);
	if (r == 0 && p->last_capture != p->capture)
		r = reading_also(o->rd, p->last_capture);
	if (r < 0)
		return r;
	o->total++;
	text = reading_text(o->rd, p->text);
	if (!text)
		return ERR_NOMEM;
	if (!strcmp(o->a->format, "csv"))
		row_csv(o, p, text);
	else if (!strcmp(o->a->format, "json"))
		r = row_json(o, p, text);
	else
		row_text(o, p);
	free(text);
	return r;
}

/* --- how a person may be written ----------------------------------------------- */

static int is_number(const char *s, char digits[static 32])
{
	size_t n = 0;
	int plus = *s == '+';

	for (s += plus; *s; s++) {
		if (*s >= '0' && *s <= '9' && n < 31)
			digits[n++] = *s;
		else if (!strchr(" .-/()", *s))
			return 0;
	}
	digits[n] = '\0';
	return n >= 6;
}

/* A French number as it stands in texts: words of digits, as the index has
 * them. */
static size_t number_forms(const char *digits, char (*out)[VARIANT_MAX])
{
	const char *d = digits;
	size_t n = 0;

	if (!strncmp(d, "0033", 4))
		d += 4;
	else if (!strncmp(d, "33", 2) && strlen(d) == 11)
		d += 2;
	else if (*d == '0' && strlen(d) == 10)
		d++;
	if (strlen(d) != 9) {
		snprintf(out[n++], VARIANT_MAX, "\"%s\"", digits);
		return n;
	}
	snprintf(out[n++], VARIANT_MAX, "\"0%s\"", d);
	snprintf(out[n++], VARIANT_MAX, "\"0%c %.2s %.2s %.2s %.2s\"", d[0],
		 d + 1, d + 3, d + 5, d + 7);
	snprintf(out[n++], VARIANT_MAX, "\"33%s\"", d);
	snprintf(out[n++], VARIANT_MAX, "\"33 %c %.2s %.2s %.2s %.2s\"", d[0],
		 d + 1, d + 3, d + 5, d + 7);
	return n;
}

static size_t forms(const char *id, char (*out)[VARIANT_MAX])
{
	char digits[32];
	size_t n = 1;

	if (is_number(id, digits))
		return number_forms(digits, out);
	if (*id == '@')
		id++;
	out[0][0] = '"';
	for (; *id && n < VARIANT_MAX - 2; id++)
		if (*id != '"')
			out[0][n++] = *id;
	out[0][n++] = '"';
	out[0][n] = '\0';
	return 1;
}

static int one_case(struct origin *o, const char *id)
{
	struct reading *rd = o->rd;
	char text[VARIANTS_MAX][VARIANT_MAX];
	struct index_query q = { .all_versions = 1, .limit = HITS_MAX };
	size_t n = forms(o->a->identifier, text);
	struct err e = ERR_INIT;
	uint64_t before = o->total;
	int r, status;

	o->e = &e;
	rd->case_name = id;
	r = reading_index(rd, o->a->identifier, &e);
	if (r == 0 && !strcmp(o->a->format, "text"))
		cli_out(rd->cli, "Dossier %s\n\n",
			custody_case_reference(rd->g));
	for (size_t i = 0; r == 0 && i < n; i++) {
		q.text = text[i];
		r = index_search(rd->ix, &q, row, o, NULL, &e);
	}
	/* What the account itself published. */
	if (r == 0) {
		q.text = NULL;
		q.source = o->a->identifier + (*o->a->identifier == '@');
		r = index_search(rd->ix, &q, row, o, NULL, &e);
	}
	if (r == 0 && o->total == before && !strcmp(o->a->format, "text"))
		cli_out(rd->cli, "Rien dans ce dossier.\n\n");
	if (r < 0)
		reading_error(rd, r, &e);
	status = r < 0 ? cli_fail(rd->cli, &e) : CLI_OK;
	clear(o);
	o->e = NULL;
	return reading_done(rd, status);
}

/* Ids of the cases, since the admin state may change with every record. */
static int cases_of(const struct unit *u, const struct report_args *a,
		    char (**out)[17], size_t *n, struct err *e)
{
	const struct admin *ad = &u->admin;

	*n = 0;
	*out = calloc(ad->ncases + (size_t)a->nwords + 1, sizeof **out);
	if (!*out)
		return err_set(e, ERR_NOMEM, "no memory for the answer");
	for (int i = 0; i < a->nwords; i++) {
		const struct admin_case *c = NULL;
		int r = admin_case(ad, a->words[i], &c, e);

		if (r < 0)
			return r;
		memcpy((*out)[(*n)++], c->id, 17);
	}
	for (size_t i = 0; !a->nwords && i < ad->ncases; i++)
		if (permit_check(ad, u->user ? u->user_name : NULL,
				 PERMIT_READ, &ad->cases[i], NULL) == 0)
			memcpy((*out)[(*n)++], ad->cases[i].id, 17);
	return *n ? 0 : err_set(e, ERR_DENIED, "there is no case that you may "
				"read");
}

static void title(struct cli *cli, const struct unit *u,
		  const struct report_args *a)
{
	if (!strcmp(a->format, "csv")) {
		cli_raw(cli, bytes_str("dossier,plateforme,compte,publication,"
			"adresse,publie_utc,recueilli_utc,vu_encore_utc,piece,"
			"derniere_piece,version,texte\r\n"));
	} else if (!strcmp(a->format, "text")) {
		cli_out(cli, "ORIGINE DES INFORMATIONS RECUEILLIES EN SOURCES "
			"OUVERTES\n(code de la sécurité sociale, article "
			"L. 114-21)\n\n");
		if (u->admin.lab)
			cli_out(cli, "FAIT EN MODE LABORATOIRE : SANS VALEUR "
				"PROBANTE\n\n");
		cli_out(cli, "Unité       : %s\nIdentifiant : %s\n"
			"Heures      : Paris\n\n", u->admin.unit,
			a->identifier);
	}
}

int report_origine(struct cli *cli, int argc, char **argv)
{
	struct reading rd = { .cli = cli, .command = "report origine",
			      .page = BUF_INIT((size_t)256 << 20) };
	struct report_args a;
	struct origin o = { .rd = &rd, .a = &a };
	struct err e = ERR_INIT;
	char (*ids)[17] = NULL;
	size_t n = 0;
	int r, status = report_args(cli, argc, argv, &a);

	if (status == CLI_OK)
		status = report_format(cli, &a, "text csv json");
	if (status != CLI_OK)
		return status;
	if (!a.identifier || strlen(a.identifier) < 3 ||
	    strlen(a.identifier) > VARIANT_MAX - 3)
		return cli_usage(cli, "report", _("--identifier: a handle or a "
						  "number"));
	if (!a.why)
		return cli_usage(cli, "report", _("--why is needed"));
	rd.why = a.why;
	r = session_open(cli, VAULT_WRITE, &rd.u, &e);
	if (r == 0)
		r = cases_of(rd.u, &a, &ids, &n, &e);
	if (r < 0) {
		free(ids);
		return reading_close(&rd, cli_fail(cli, &e));
	}
	title(cli, rd.u, &a);
	for (size_t i = 0; status == CLI_OK && i < n; i++)
		status = one_case(&o, ids[i]);
	if (status == CLI_OK && !strcmp(a.format, "text"))
		cli_out(cli, "Total : %llu publications dans %zu dossiers.\n",
			(unsigned long long)o.total, n);
	free(ids);
	return reading_close(&rd, status);
}
