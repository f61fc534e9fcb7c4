/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_words.h"

#include "util/clock.h"

#include <stdio.h>

static const char *const words[W_WORDS][2] = {
	[W_TITLE] = { "Audit of accesses", "Audit des accès" },
	[W_UNIT] = { "Unit", "Unité" },
	[W_PERIOD] = { "Period", "Période" },
	[W_ALL] = { "all that is kept", "tout ce qui est conservé" },
	[W_FROM] = { "from", "du" },
	[W_TO] = { "to", "au" },
	[W_LAB] = { "Made in lab mode: no evidence.",
		    "Fait en mode laboratoire : sans valeur probante." },
	[W_SUMMARY] = { "Summary", "Synthèse" },
	[W_EVENTS] = { "events", "événements" },
	[W_ACCESSES] = { "accesses", "accès" },
	[W_REFUSALS] = { "refusals", "refus" },
	[W_ITEMS] = { "items seen", "pièces vues" },
	[W_EXPORTS] = { "exports", "exports" },
	[W_CAPTURES] = { "captures", "captures" },
	[W_FINDINGS] = { "Points to look into", "Points à examiner" },
	[W_NO_FINDING] = { "None.", "Aucun." },
	[W_QUESTION] = {
		"Each point is a question to be asked, not a fault: it says "
		"which records fired and by which rule.",
		"Chaque point est une question à poser, non une faute : il dit "
		"quels enregistrements l'ont déclenché et selon quelle règle." },
	[W_PATTERN] = { "Rule", "Règle" },
	[W_PERSON] = { "Person", "Personne" },
	[W_PEOPLE] = { "By person", "Par personne" },
	[W_CASE] = { "Case", "Dossier" },
	[W_CASES] = { "By case", "Par dossier" },
	[W_WHEN] = { "When (Paris)", "Quand (Paris)" },
	[W_LEAVES] = { "Leaves of the log", "Feuilles du journal" },
	[W_TIMELINE] = { "Timeline", "Frise" },
	[W_TIMELINE_NOTE] = {
		"One line a person; grey: nights, week-ends and holidays; blue: "
		"accesses, the darker the more; orange: exports; red: refusals.",
		"Une ligne par personne ; gris : nuits, fins de semaine et jours "
		"fériés ; bleu : accès, d'autant plus foncé qu'il y en a ; "
		"orange : exports ; rouge : refus." },
	[W_CHRONOLOGY] = { "Chronology", "Chronologie" },
	[W_MORE] = { "more events stand in the CSV and JSON forms",
		     "autres événements figurent dans les formes CSV et JSON" },
	[W_LEAF] = { "Leaf", "Feuille" },
	[W_WHAT] = { "What", "Quoi" },
	[W_COMMAND] = { "Command", "Commande" },
	[W_WHY] = { "Why", "Motif" },
	[W_ASKED] = { "Asked", "Demande" },
	[W_RECIPIENT] = { "Recipient", "Destinataire" },
	[W_OUTCOME] = { "Outcome", "Issue" },
	[W_SUBJECT] = { "About", "Concerne" },
	[W_WHERE] = { "From where", "D'où" },
	[W_REFERENCE] = { "Reference", "Référence" },
	[W_SKIPPED] = {
		"Months before the period that could not be read for comparison",
		"Mois antérieurs qui n'ont pu être lus pour comparaison" },
	[W_POLICY] = { "Rules in force", "Règles en vigueur" },
	[W_PARIS] = { "Times are those of Paris; leaves are positions in the "
		      "log of the vault.",
		      "Les heures sont celles de Paris ; les feuilles sont des "
		      "positions dans le journal du coffre." },
	[W_AND_MORE] = { "and %llu more", "et %llu autres" },
	[W_EXPLAIN] = { "Explanation", "Explication" },
	[W_FILTER] = { "Only", "Seulement" },
	[W_DROPPED] = { "points not kept: narrow the period",
			"points non retenus : réduire la période" },
};

static const char *const patterns[FIND_PATTERNS][2] = {
	[FIND_OUTSIDE] = { "outside one's cases", "hors de ses dossiers" },
	[FIND_BREAK_GLASS] = { "break-glass", "bris de glace" },
	[FIND_HOURS] = { "odd hours", "heures inhabituelles" },
	[FIND_BULK_HOUR] = { "in bulk, within an hour",
			     "en masse, en une heure" },
	[FIND_BULK_DAY] = { "in bulk, within a day", "en masse, en un jour" },
	[FIND_OWN_DENIALS] = { "one's own refusals", "ses propres refus" },
	[FIND_REPEATED] = { "repeated refusals", "refus répétés" },
	[FIND_AFTER_DENIAL] = { "read after a refusal",
				"lecture après un refus" },
	[FIND_EXPORT] = { "export not handed over", "export non remis" },
	[FIND_COLLEAGUE] = { "search for an agent", "recherche d'un agent" },
	[FIND_CLOSED] = { "read after closing", "lecture après clôture" },
	[FIND_QUIET] = { "case long unread", "dossier longtemps délaissé" },
	[FIND_UNMASKED] = { "numbers in clear", "numéros en clair" },
	[FIND_FORGED] = { "signature of another", "signature d'un autre" },
};

static const struct {
	enum audit_what what;
	const char *say[2];
} whats[] = {
	{ AUDIT_ACCESS, { "access", "accès" } },
	{ AUDIT_SHOWN, { "shown", "montré" } },
	{ AUDIT_REFUSED, { "REFUSED", "REFUSÉ" } },
	{ AUDIT_ADMIN, { "decision", "décision" } },
	{ AUDIT_COLLECTED, { "collected", "collecté" } },
	{ AUDIT_EXPORTED, { "exported", "exporté" } },
	{ AUDIT_ERASED, { "erased", "effacé" } },
	{ AUDIT_OTHER, { "other", "autre" } },
};

int audit_lang_of(const char *name)
{
	return !strcmp(name, "en") ? AUDIT_EN :
		!strcmp(name, "fr") ? AUDIT_FR : -1;
}

const char *audit_word(enum audit_lang lang, enum audit_word w)
{
	return words[w][lang];
}

const char *audit_pattern_title(enum audit_lang lang, enum audit_pattern p)
{
	return patterns[p][lang];
}

const char *audit_what_title(enum audit_lang lang, enum audit_what what)
{
	for (size_t i = 0; i < sizeof whats / sizeof *whats; i++)
		if (whats[i].what == what)
			return whats[i].say[lang];
	return "?";
}

const char *audit_when(int64_t ms, char out[static 40])
{
	char paris[CLOCK_RFC3339_MAX];

	clock_paris(ms, paris);
	snprintf(out, 40, "%.10s %.5s", paris, paris + 11);
	return out;
}

const char *audit_reference(const struct admin *a, const char *case_id)
{
	for (size_t i = 0; i < a->ncases; i++)
		if (!strcmp(a->cases[i].id, case_id))
			return a->cases[i].reference;
	return "";
}

void audit_leaves(enum audit_lang lang, const struct finding *x,
		  struct buf *out)
{
	for (unsigned i = 0; i < x->nleaves; i++)
		buf_addf(out, "%s%llu", i ? ", " : "",
			 (unsigned long long)x->leaves[i]);
	if (x->all > x->nleaves) {
		buf_addc(out, ' ');
		if (lang == AUDIT_FR)
			buf_addf(out, "et %llu autres", (unsigned long long)
				 (x->all - x->nleaves));
		else
			buf_addf(out, "and %llu more", (unsigned long long)
				 (x->all - x->nleaves));
	}
}

/* What fired, without who, when and which leaves. */
static void rule(int fr, const struct finding *x, struct buf *out)
{
	unsigned long long n = x->count, limit = x->limit, med = x->median;

	switch (x->pattern) {
	case FIND_OUTSIDE:
		buf_addf(out, fr ? "demandes d'un dossier dont l'intéressé "
			 "n'est pas membre : %llu" : "requests for a case of "
			 "which the person is no member: %llu", n);
		break;
	case FIND_BREAK_GLASS:
		buf_addf(out, fr ? "actes sous bris de glace : %llu"
			 : "acts under break-glass: %llu", n);
		break;
	case FIND_HOURS:
		buf_addf(out, fr ? "accès hors des heures de l'unité : %llu"
			 : "accesses outside the unit's hours: %llu", n);
		break;
	case FIND_BULK_HOUR:
		buf_addf(out, fr ? "%llu pièces vues en une heure ; seuil %llu, "
			 "médiane de ses autres heures %llu" : "%llu items seen "
			 "in an hour; limit %llu, median of the person's other "
			 "hours %llu", n, limit, med);
		break;
	case FIND_BULK_DAY:
		buf_addf(out, fr ? "%llu pièces vues en un jour ; seuil %llu, "
			 "médiane de ses autres jours %llu" : "%llu items seen "
			 "in a day; limit %llu, median of the person's other "
			 "days %llu", n, limit, med);
		break;
	case FIND_OWN_DENIALS:
		buf_addf(out, fr ? "lectures de l'audit qui montraient ses "
			 "propres refus : %llu" : "readings of the audit that "
			 "showed the person's own refusals: %llu", n);
		break;
	case FIND_REPEATED:
		buf_addf(out, fr ? "refus en moins d'une heure chacun du "
			 "précédent : %llu" : "refusals, each within an hour of "
			 "those before: %llu", n);
		break;
	case FIND_AFTER_DENIAL:
		buf_addf(out, fr ? "lectures d'un dossier qui lui avait été "
			 "refusé : %llu" : "readings of a case that had been "
			 "refused to the person: %llu", n);
		break;
	case FIND_EXPORT:
		buf_addf(out, fr ? "export sans remise enregistrée, au-delà de "
			 "%llu jours" : "an export without a recorded hand-"
			 "over, past %llu days", limit);
		break;
	case FIND_COLLEAGUE:
		buf_addf(out, fr ? "recherches qui nomment un agent : %llu"
			 : "searches that name an agent: %llu", n);
		break;
	case FIND_CLOSED:
		buf_addf(out, fr ? "lectures d'un dossier clos : %llu"
			 : "readings of a closed case: %llu", n);
		break;
	case FIND_QUIET:
		buf_addf(out, fr ? "lecture d'un dossier que personne n'avait "
			 "ouvert depuis %llu jours" : "a reading of a case that "
			 "nobody had opened for %llu days", limit);
		break;
	case FIND_UNMASKED:
		buf_addf(out, fr ? "accès avec numéros en clair : %llu"
			 : "accesses with numbers in clear: %llu", n);
		break;
	case FIND_FORGED:
	default:
		buf_addf(out, fr ? "enregistrements que n'a pas signés la "
			 "personne qu'ils nomment : %llu" : "records not signed "
			 "by the person they name: %llu", n);
	}
	if (x->detail[0])
		buf_addf(out, " (%s)", x->detail);
}

void audit_explain(enum audit_lang lang, const struct finding *x,
		   const char *reference, struct buf *out)
{
	int fr = lang == AUDIT_FR;
	char from[40], to[40];

	if (x->user[0])
		buf_addf(out, fr ? "%s : " : "%s: ", x->user);
	rule(fr, x, out);
	if (x->case_id[0])
		buf_addf(out, fr ? ", dossier %s" : ", case %s",
			 *reference ? reference : x->case_id);
	audit_when(x->from_ms, from);
	audit_when(x->to_ms, to);
	if (!strcmp(from, to))
		buf_addf(out, ", %s", from);
	else
		buf_addf(out, fr ? ", du %s au %s" : ", from %s to %s", from,
			 to);
	buf_adds(out, fr ? " ; feuilles " : "; leaves ");
	audit_leaves(lang, x, out);
}
