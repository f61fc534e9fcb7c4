/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle report aipd: the data-protection sheet (R35), from what is configured:
 * nothing of a case is opened and nobody is named.
 */
#include "tools/report.h"
#include "tools/session.h"

#include "cases/audit_html.h"
#include "cases/permit.h"
#include "store/sha256.h"
#include "util/enc.h"
#include "util/json.h"

#include <stdio.h>
#include <stdlib.h>

#define PLATFORMS_MAX 64

struct platform {
	char name[64];
	unsigned sources, removed;
};

struct facts {
	const struct admin *a;
	struct platform platforms[PLATFORMS_MAX];
	size_t nplatforms;
	unsigned open, closed, members, overrides;
	struct admin_retention longest;
	unsigned roles[8];
};

/* One line of the sheet: a heading, or a name and a text. */
struct sheet {
	const char *format;
	struct buf *out;
	struct jsonw w;
	int open;
};

static void heading(struct sheet *s, const char *text)
{
	if (!strcmp(s->format, "json")) {
		if (s->open)
			jsonw_close(&s->w, '}');
		jsonw_open(&s->w, text, '{');
	} else if (!strcmp(s->format, "html")) {
		buf_adds(s->out, s->open ? "</tbody></table>\n<h2>" : "<h2>");
		html_text(s->out, text);
		buf_adds(s->out, "</h2>\n<table><tbody>\n");
	} else {
		buf_addf(s->out, "%s%s\n", s->open ? "\n" : "", text);
	}
	s->open = 1;
}

static void line(struct sheet *s, const char *name, const char *text)
{
	if (!strcmp(s->format, "json")) {
		jsonw_str(&s->w, name, text);
	} else if (!strcmp(s->format, "html")) {
		buf_adds(s->out, "<tr><th scope=\"row\">");
		html_text(s->out, name);
		buf_adds(s->out, "</th><td>");
		html_text(s->out, text);
		buf_adds(s->out, "</td></tr>\n");
	} else {
		buf_addf(s->out, "  - %s : %s\n", name, text);
	}
}

static void linef(struct sheet *s, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void linef(struct sheet *s, const char *name, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	line(s, name, text);
}

/* --- the facts ---------------------------------------------------------------- */

static void platform(struct facts *f, const struct admin_source *src)
{
	size_t n = strcspn(src->id, ":"), i;
	char name[64];

	snprintf(name, sizeof name, "%.*s", n < 63 ? (int)n : 63, src->id);
	for (i = 0; i < f->nplatforms; i++)
		if (!strcmp(f->platforms[i].name, name))
			break;
	if (i == f->nplatforms) {
		if (i == PLATFORMS_MAX)
			return;
		snprintf(f->platforms[i].name, sizeof f->platforms[i].name,
			 "%s", name);
		f->nplatforms++;
	}
	f->platforms[i].sources++;
	f->platforms[i].removed += (unsigned)src->removed;
}

static unsigned more(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static void gather(const struct admin *a, struct facts *f)
{
	unsigned bit;

	memset(f, 0, sizeof *f);
	f->a = a;
	for (size_t i = 0; i < a->ncases; i++) {
		const struct admin_case *c = &a->cases[i];

		f->open += !c->closed;
		f->closed += c->closed != 0;
		f->members += (unsigned)c->nmembers;
		f->overrides += (unsigned)c->ndecisions;
		f->longest.sensitive = more(f->longest.sensitive,
					    c->retention.sensitive);
		f->longest.irrelevant = more(f->longest.irrelevant,
					     c->retention.irrelevant);
		f->longest.relevant = more(f->longest.relevant,
					   c->retention.relevant);
		for (size_t k = 0; k < c->nsources; k++)
			platform(f, &c->sources[k]);
	}
	for (size_t i = 0; i < a->nusers; i++)
		for (unsigned k = 0; k < 8 && admin_role_name(k, &bit); k++)
			f->roles[k] += !a->users[i].revoked &&
				(a->users[i].roles & bit);
}

/* --- the sheet ---------------------------------------------------------------- */

static void treatment(struct sheet *s, const struct facts *f)
{
	unsigned bases = 0;

	heading(s, "Traitement");
	line(s, "Responsable", f->a->unit);
	line(s, "Finalité", "recherche et constatation de fraudes dans le cadre "
	     "d'un dossier ouvert, à partir de contenus librement accessibles");
	linef(s, "Dossiers", "%u ouverts, %u clos", f->open, f->closed);
	for (size_t i = 0; i < f->a->ncases && i < 1000; i++) {
		char name[32];
		size_t k = 0;

		while (strcmp(f->a->cases[k].basis, f->a->cases[i].basis) != 0)
			k++;
		if (k != i)
			continue;
		snprintf(name, sizeof name, "Fondement %u", ++bases);
		line(s, name, f->a->cases[i].basis);
	}
	if (f->a->lab)
		line(s, "Mode", "LABORATOIRE : aucune donnée réelle");
}

static void sources(struct sheet *s, const struct facts *f)
{
	heading(s, "Sources");
	for (size_t i = 0; i < f->nplatforms; i++)
		linef(s, f->platforms[i].name, "%u sources inscrites, dont %u "
		      "retirées", f->platforms[i].sources,
		      f->platforms[i].removed);
	if (!f->nplatforms)
		line(s, "Aucune", "aucune source n'est inscrite");
	line(s, "Limites", "contenus publics seulement ; ni connexion, ni "
	     "compte, ni contournement d'un contrôle d'accès ; robots.txt et "
	     "délais respectés ; hors de la liste du dossier, rien n'est "
	     "demandé");
	linef(s, "Passages outre robots.txt", "%u décisions écrites",
	      f->overrides);
}

static void data(struct sheet *s)
{
	heading(s, "Données");
	line(s, "Personnes", "auteurs de publications visées par un dossier ; "
	     "accessoirement, personnes citées ou représentées");
	line(s, "Catégories", "identifiants de compte, pseudonymes, textes, "
	     "images et sons publiés, dates, numéros et adresses publiés");
	line(s, "Exclues", "reconnaissance faciale, croisement avec les "
	     "données de prestations, profils de tiers");
	line(s, "Masquées", "NIR et numéros de carte dans toute sortie ; en "
	     "clair seulement par un acte exprès et consigné");
}

static void delay(struct sheet *s, const char *name, unsigned def,
		  unsigned longest)
{
	if (longest > def)
		linef(s, name, "%u jours ; jusqu'à %u jours dans un dossier, "
		      "par motif consigné", def, longest);
	else
		linef(s, name, "%u jours", def);
}

static void delays(struct sheet *s, const struct facts *f)
{
	static const struct admin_retention def = ADMIN_RETENTION_DEFAULT;

	heading(s, "Durées de conservation, depuis la collecte");
	delay(s, "Sensible ou sans lien", def.sensitive, f->longest.sensitive);
	delay(s, "Non pertinent, ou non classé", def.irrelevant,
	      f->longest.irrelevant);
	delay(s, "Pertinent", def.relevant, f->longest.relevant);
	line(s, "Versé à une procédure", "jusqu'à son terme");
	linef(s, "Journal des accès", "%u ans", f->a->audit.keep_years);
	line(s, "Effacement", "destruction de la clé de chaque pièce, par deux "
	     "personnes ou à l'échéance, avec certificat");
}

static void recipients(struct sheet *s, const struct facts *f)
{
	const char *name;
	unsigned bit;

	heading(s, "Destinataires");
	for (unsigned k = 0; k < 8 && (name = admin_role_name(k, &bit)); k++)
		linef(s, name, "%u personnes%s", f->roles[k],
		      bit & (permit_roles(PERMIT_READ, 1) |
			     permit_roles(PERMIT_READ, 0))
		      ? ", lisent les dossiers dont elles sont membres"
		      : ", sans accès au contenu");
	linef(s, "Habilitations en cours", "%u (personne par dossier)",
	      f->members);
	line(s, "Extérieurs", "autorité judiciaire et autorités qui la "
	     "saisissent, par un export signé qui nomme son destinataire");
}

static void security(struct sheet *s, const struct facts *f)
{
	char hours[64];

	heading(s, "Sécurité");
	line(s, "Chiffrement", "chaque pièce scellée à sa propre clé ; clés "
	     "hors du coffre, sous phrase de passe");
	line(s, "Journal", "tout accès, recherche, export et emploi de clé est "
	     "consigné avant que rien ne soit lu ; journal chaîné et signé");
	audit_policy_text(&f->a->audit, 0, hours);
	linef(s, "Contrôle", "heures de l'unité %s ; alerte au-delà de %u pièces "
	      "par heure ou %u par jour et de %u fois la médiane de la "
	      "personne", hours, f->a->audit.bulk_hour, f->a->audit.bulk_day,
	      f->a->audit.bulk_times);
	linef(s, "Export par deux personnes", "%s",
	      f->a->policy.export_orders ? "oui" : "non");
	linef(s, "Lecture par bris de glace", "%s", f->a->policy.break_glass
	      ? "possible, contresignée ensuite" : "impossible");
	linef(s, "Recouvrement des clés", "%s", f->a->has_escrow
	      ? "une clé de séquestre est inscrite" : "aucun séquestre");
	line(s, "Cloisonnement", "le contenu hostile est lu par des processus "
	     "sans clé, sans réseau et sans fichier");
}

static void begin(struct sheet *s, const struct facts *f)
{
	static const char style[] = "body{font:14px/1.5 \"DejaVu Sans\",Arial,"
		"sans-serif;margin:2em auto;max-width:60em}table{border-"
		"collapse:collapse;width:100%}th,td{border:1px solid #b8c2cc;"
		"padding:.3em .5em;text-align:left;vertical-align:top}th{width:"
		"30%;background:#eef2f5}@page{size:A4;margin:18mm}";
	struct buf hash = BUF_INIT(256);
	uint8_t sum[SHA256_LEN];

	if (!strcmp(s->format, "json")) {
		jsonw_open(&s->w, NULL, '{');
		jsonw_str(&s->w, "rapport", "aipd");
		jsonw_str(&s->w, "logiciel", "scelle " SCELLE_VERSION);
		return;
	}
	if (strcmp(s->format, "html") != 0) {
		buf_addf(s->out, "FICHE D'ANALYSE D'IMPACT RELATIVE À LA "
			 "PROTECTION DES DONNÉES\nUnité %s, scelle %s\n\n",
			 f->a->unit, SCELLE_VERSION);
		return;
	}
	sha256_once(BYTES(style, sizeof style - 1), sum);
	b64_put(&hash, BYTES(sum, sizeof sum));
	buf_addf(s->out, "<!DOCTYPE html>\n<html lang=\"fr\">\n<head>\n<meta "
		 "charset=\"utf-8\"/>\n<meta http-equiv=\"Content-Security-"
		 "Policy\" content=\"default-src 'none'; style-src 'sha256-%s'"
		 "\"/>\n<title>AIPD</title>\n<style>%s</style>\n</head>\n<body>"
		 "\n<h1>Fiche d'analyse d'impact relative à la protection des "
		 "données</h1>\n", buf_cstr(&hash), style);
	buf_release(&hash);
}

static void finish(struct sheet *s)
{
	if (!strcmp(s->format, "json")) {
		jsonw_close(&s->w, '}');
		jsonw_close(&s->w, '}');
		buf_addc(s->out, '\n');
	} else if (!strcmp(s->format, "html")) {
		buf_adds(s->out, "</tbody></table>\n</body>\n</html>\n");
	}
}

int report_aipd(struct cli *cli, int argc, char **argv)
{
	struct buf text = BUF_INIT((size_t)16 << 20);
	struct sheet s = { .out = &text, .w = JSONW_INIT(&text) };
	struct facts *f = calloc(1, sizeof *f);
	struct report_args a;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	int r, status = report_args(cli, argc, argv, &a);

	if (status == CLI_OK)
		status = report_format(cli, &a, "text html json");
	if (status == CLI_OK && a.nwords)
		status = cli_usage(cli, "report", _("too many arguments"));
	if (status != CLI_OK) {
		free(f);
		return status;
	}
	s.format = a.format;
	r = f ? session_open(cli, VAULT_READ, &u, &e)
	      : err_set(&e, ERR_NOMEM, "no memory for the answer");
	if (r == 0) {
		gather(&u->admin, f);
		begin(&s, f);
		treatment(&s, f);
		sources(&s, f);
		data(&s);
		delays(&s, f);
		recipients(&s, f);
		security(&s, f);
		finish(&s);
		if (text.failed)
			r = err_set(&e, text.failed, "no memory for the answer");
	}
	if (r == 0)
		report_out(cli, a.format, &text);
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	buf_release(&text);
	free(f);
	return u ? session_close(cli, u, status) : status;
}
