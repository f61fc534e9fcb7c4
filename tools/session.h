/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A command's session with the vault: the passphrase, the unit, and at the end
 * a receipt kept outside.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "cases/unit.h"
#include "tools/cli.h"

/*
 * session_open - open the vault the command line names as the user it names;
 * asks for the passphrase
 * Returns 0 or as cli_vault(), cli_passphrase(), unit_open().
 */
int session_open(struct cli *cli, enum vault_mode mode, struct unit **out,
		 struct err *e);

/*
 * session_close - keep a receipt of what was written, close
 *   status   the command's so far
 * Returns status; a receipt that could not be kept is said on stderr and
 * changes nothing: what was written is durable.
 */
int session_close(struct cli *cli, struct unit *u, int status);

/* session_date - a date of the command line; end: a bare date means the end of
 * that day.  ERR_USAGE when it is none. */
int session_date(const char *text, int end, int64_t *ms_out, struct err *e);

/* session_number - a whole number of the command line, 0 to max */
int session_number(const char *text, uint64_t max, uint64_t *out,
		   struct err *e);

/* session_self_hash - SHA-256 of the running executable, in hex: what a
 * statement names as its software */
int session_self_hash(const char *path, char hex[static 65], struct err *e);

#endif
