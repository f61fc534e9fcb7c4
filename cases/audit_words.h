/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The audit in words, French or English: what a page or a file that is handed
 * on says does not hang on the locale of who made it.
 */
#ifndef CASES_AUDIT_WORDS_H
#define CASES_AUDIT_WORDS_H

#include "cases/audit_find.h"

enum audit_lang { AUDIT_EN, AUDIT_FR };

/* audit_lang_of - "en" or "fr"; -1 for another */
int audit_lang_of(const char *name);

enum audit_word {
	W_TITLE, W_UNIT, W_PERIOD, W_ALL, W_FROM, W_TO, W_LAB, W_SUMMARY,
	W_EVENTS, W_ACCESSES, W_REFUSALS, W_ITEMS, W_EXPORTS, W_CAPTURES,
	W_FINDINGS, W_NO_FINDING, W_QUESTION, W_PATTERN, W_PERSON, W_PEOPLE,
	W_CASE, W_CASES, W_WHEN, W_LEAVES, W_TIMELINE, W_TIMELINE_NOTE,
	W_CHRONOLOGY, W_MORE, W_LEAF, W_WHAT, W_COMMAND, W_WHY, W_ASKED,
	W_RECIPIENT, W_OUTCOME, W_SUBJECT, W_WHERE, W_REFERENCE, W_SKIPPED,
	W_POLICY, W_PARIS, W_AND_MORE, W_EXPLAIN, W_FILTER, W_DROPPED,
	W_WORDS,
};

/* audit_word - one of them */
const char *audit_word(enum audit_lang lang, enum audit_word w);

/* audit_pattern_title - a pattern in a few words */
const char *audit_pattern_title(enum audit_lang lang, enum audit_pattern p);

/* audit_what_title - a kind of event in a word or two */
const char *audit_what_title(enum audit_lang lang, enum audit_what what);

/*
 * audit_explain - why it is a finding, in one sentence, with the leaves
 *   reference  of its case, or ""
 *   out        appended; times in Paris
 */
void audit_explain(enum audit_lang lang, const struct finding *x,
		   const char *reference, struct buf *out);

/* audit_leaves - "12, 15, 17 and 4 more", appended */
void audit_leaves(enum audit_lang lang, const struct finding *x,
		  struct buf *out);

/* audit_when - a time of Paris for people, "2026-11-22 11:04"; out: 40 bytes,
 * returned */
const char *audit_when(int64_t ms, char out[static 40]);

/* audit_reference - of a case of the unit by its id, or "" */
const char *audit_reference(const struct admin *a, const char *case_id);

#endif
