/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of `scelle report` share. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include "cases/audit_rows.h"
#include "tools/cli.h"

struct report_args {
	const char *why, *format, *identifier;
	int numbers;
	char **words;
	int nwords;
};

/* report_args - read the options behind the report's name; CLI_OK to go on */
int report_args(struct cli *cli, int argc, char **argv,
		struct report_args *a);

/* report_format - CLI_OK when the format is in the list, "text csv json" */
int report_format(struct cli *cli, const struct report_args *a,
		  const char *list);

/* report_line - "name       : text" */
void report_line(struct buf *out, const char *name, const char *text);

/* report_out - to stdout; text is made safe for a terminal */
void report_out(struct cli *cli, const char *format, struct buf *text);

int report_aipd(struct cli *cli, int argc, char **argv);
int report_origine(struct cli *cli, int argc, char **argv);

#endif
