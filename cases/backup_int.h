/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of backup, restore and mirror share. */
#ifndef CASES_BACKUP_INT_H
#define CASES_BACKUP_INT_H

#include "cases/backup.h"

/* backup_note_put - a note signed by the unit's log key, appended; a name makes
 * it one of a key backup */
int backup_note_put(const struct unit *u, const struct backup_note *n,
		    struct buf *out, struct err *e);

/* backup_check - verify_vault(): 0, or ERR_DAMAGED with the first problem */
int backup_check(const char *dir, int keyless, struct err *e);

/* backup_dirs - the directories a vault has even when they are empty */
int backup_dirs(const char *base, const struct vault *v, struct err *e);

#endif
