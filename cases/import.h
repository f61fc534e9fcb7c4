/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Files that were captured elsewhere and handed over in a procedure - WARC,
 * WACZ, Telegram Desktop's export - sealed as such: the file whole, then each
 * record in it, all in one commit or not at all.  Never as collected by us.
 */
#ifndef CASES_IMPORT_H
#define CASES_IMPORT_H

#include "cases/unit.h"
#include "crawler/importchild.h"

struct crawl_session;

struct import_options {
	const char *case_name;
	const char *path;		/* a file, or an export's folder */
	const char *name;		/* how it is called; NULL: as in path */
	const char *from;		/* who handed it over */
	const char *procedure;		/* in which procedure */
	const char *why;
	const char *source;		/* a source of the case; or NULL */
	const char *self_path;		/* executable that knows --child */
	const struct crawl_session *session;
};

struct import_report {
	char kind[IMPORT_KIND_MAX];	/* "warc", "wacz", "telegram" */
	char sha256[65];		/* of the file */
	uint64_t first;			/* item that is the file */
	uint64_t records;		/* items behind it */
	uint64_t findings;
	char **finding;			/* in words; import_report_release() */
	size_t nfinding;
};

/*
 * import_run - read the file in a child, then seal it; who does, when, why is
 * on record, and which items it made.  It is read twice: first to see that all
 * of it is sound, so that nothing is sealed of a file that is not.
 * Returns 0; ERR_DENIED (role, no member, case closed or not in its period, no
 * such source: sealed as a refusal); as import_read(); the vault's errors.
 */
int import_run(struct unit *u, const struct import_options *o,
	       struct import_report *rep, struct err *e);
void import_report_release(struct import_report *rep);

/*
 * import_pack - the regular files below a folder as one ZIP, stored, sorted by
 * name, without dates: the same files give the same bytes
 *   out  its cap is the limit
 * Links are refused.  Returns 0, ERR_FORMAT (something that is no file or
 * folder), ERR_LIMIT, ERR_NOMEM or ERR_IO.
 */
int import_pack(const char *folder, struct buf *out, struct err *e);

#endif
