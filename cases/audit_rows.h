/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Events and findings as lines: for people, as CSV (RFC 4180), as JSON lines.
 * Numbers (mask.h) are masked in all of them.
 */
#ifndef CASES_AUDIT_ROWS_H
#define CASES_AUDIT_ROWS_H

#include "cases/audit_words.h"

/* audit_row_* - append one event, with its line end
 *   a   the unit, for references of cases */
void audit_row_text(enum audit_lang lang, const struct audit_event *ev,
		    struct buf *out);
void audit_row_csv(const struct admin *a, const struct audit_event *ev,
		   struct buf *out);
void audit_row_json(const struct admin *a, const struct audit_event *ev,
		    struct buf *out);
void audit_csv_head(struct buf *out);

/* audit_found_* - append one finding */
void audit_found_text(enum audit_lang lang, const struct admin *a,
		      const struct finding *x, struct buf *out);
void audit_found_csv(enum audit_lang lang, const struct admin *a,
		     const struct finding *x, struct buf *out);
void audit_found_json(enum audit_lang lang, const struct admin *a,
		      const struct finding *x, struct buf *out);
void audit_found_head(struct buf *out);

/*
 * csv_cell - append a cell and, unless it is the last, a comma
 * Quoted where RFC 4180 asks for it.  A text that a spreadsheet would take for
 * a formula (= + - @, their full-width forms, tab, return) gets an apostrophe
 * in front.
 */
void csv_cell(struct buf *out, const char *text, int last);

/* audit_plain - a person's words: one line, masked, safe to show; b: made here,
 * buf_wipe() it behind the last use of what is returned */
const char *audit_plain(const char *text, struct buf *b);

/* audit_items - "0-12, 15", at most max bytes and then an ellipsis; appended */
void audit_items(const struct audit_event *ev, size_t max, struct buf *out);

#endif
