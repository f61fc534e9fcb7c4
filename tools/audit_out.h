/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Where the answers of an audit go: page by page, each on record before a byte
 * of it leaves.
 */
#ifndef TOOLS_AUDIT_OUT_H
#define TOOLS_AUDIT_OUT_H

#include "cases/audit.h"
#include "tools/cli.h"

#include <stdio.h>

struct audit_out {
	struct cli *cli;
	struct audit *audit;
	FILE *file;		/* NULL: standard output */
	const char *path;
	struct buf page;	/* not on record yet */
	uint64_t rows, denials, pages;
};

/* audit_out_init - path: a new file, or NULL for standard output */
int audit_out_init(struct audit_out *o, struct cli *cli, struct audit *a,
		   const char *path, struct err *e);

/*
 * audit_out_row - what was appended to o->page is one more row
 *   denial   it is a refusal of the reader
 * A full page is put on record and let out.
 */
int audit_out_row(struct audit_out *o, int denial, struct err *e);

/*
 * audit_out_end - the last page; closes the file
 *   r   negative: nothing more goes out, and the record says so
 * Returns r, or why the end could not be written.
 */
int audit_out_end(struct audit_out *o, int r, struct err *e);

#endif
