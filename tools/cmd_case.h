/* SPDX-License-Identifier: EUPL-1.2 */
/* What the parts of the command `case` share. */
#ifndef TOOLS_CMD_CASE_H
#define TOOLS_CMD_CASE_H

#include "cases/casefile.h"
#include "tools/session.h"

/* What the options of every `case` subcommand were read into. */
struct case_args {
	const char *name;		/* the case: first argument */
	const char *arg;		/* second argument, or NULL */
	const char *basis, *agent, *purpose, *from, *to, *reason, *since;
	const char *quota, *retention;
	const char **offences;
	size_t noffences;
};

/* Each returns an exit status. */
int case_source(struct cli *cli, const char *verb, const struct case_args *a);
int case_member(struct cli *cli, const char *verb, const struct case_args *a);
/* case_show - one case in full */
int case_show(struct cli *cli, const struct admin_case *c);

/*
 * case_change - open the vault for writing, let `change` do its work, tell
 *   done   printed on success, or NULL
 */
int case_change(struct cli *cli, const struct case_args *a,
		int (*change)(struct cli *cli, struct unit *u,
			      const struct case_args *a, struct err *e));

#endif
