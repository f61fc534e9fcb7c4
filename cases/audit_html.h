/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The audit as one page: HTML that is well-formed XML too, nothing outside of
 * it (no script, no address; a content security policy says so), a timeline as
 * inline SVG, made to be printed.  The same events give the same bytes.
 */
#ifndef CASES_AUDIT_HTML_H
#define CASES_AUDIT_HTML_H

#include "cases/audit_rows.h"

struct audit_page {
	enum audit_lang lang;
	const struct admin *admin;
	const struct finder *f;		/* finder_end() is done */
	int64_t from_ms, to_ms;		/* 0: no bound */
	const char *filter;		/* what else was asked for, or "" */
	const char *skipped;		/* months not read for comparison, or "" */
};

/* audit_html_head - all that stands before the rows of the chronology */
void audit_html_head(const struct audit_page *p, struct buf *out);
void audit_html_row(const struct audit_page *p, const struct audit_event *ev,
		    struct buf *out);
/* audit_html_tail - more: events of which no row was made */
void audit_html_tail(const struct audit_page *p, uint64_t more,
		     struct buf *out);

/* html_text - append a text, escaped for an element or a quoted attribute, as
 * audit_plain() makes it */
void html_text(struct buf *out, const char *text);

/* audit_svg - the timeline alone */
void audit_svg(const struct audit_page *p, struct buf *out);

#endif
