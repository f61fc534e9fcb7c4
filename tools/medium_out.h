/* SPDX-License-Identifier: EUPL-1.2 */
/* What a captured medium says of itself, in the answers of reading commands. */
#ifndef TOOLS_MEDIUM_OUT_H
#define TOOLS_MEDIUM_OUT_H

#include "tools/reading.h"

/* medium_lines - the record for a person, a line a fact, each behind some
 * blanks; masked as the reading asks */
void medium_lines(struct reading *rd, const json_t *record, unsigned indent);

/* medium_full - the whole record, masked as the reading asks; a new reference,
 * NULL when out of memory or when text is no JSON */
json_t *medium_full(struct reading *rd, const char *text);

/* medium_summary - the same without the single fields */
json_t *medium_summary(struct reading *rd, const char *text);

/* medium_into_post - beside each medium of a post what was captured for it:
 * "captured": [summaries with "item"]; 0 or ERR_NOMEM */
int medium_into_post(struct reading *rd, json_t *post);

/* medium_row - one answer of a search; for index_media_search(), arg is a
 * struct medium_rows */
struct medium_rows {
	struct reading *rd;
	uint64_t n;
};
int medium_row(void *arg, const struct index_medium *m);

#endif
