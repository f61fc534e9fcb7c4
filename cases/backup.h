/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Backups: the truths of a vault without any key, and the keys apart.
 *
 * Truths go to a set of runs (cases/copyset.h); each run is signed by the log's
 * key.  The keys - slots, wraps, key files - go into one age file for a
 * recipient, with a name and a day by which it is to be destroyed: what was
 * erased in between stays readable as long as such a file exists, so that each
 * is a statement of the log ("scelle/v1/key-backup"), and certificates of
 * erasure name those alive.
 */
#ifndef CASES_BACKUP_H
#define CASES_BACKUP_H

#include "cases/copyset.h"
#include "cases/unit.h"

#define BACKUP_DAYS_MAX 30	/* a key backup lives, at most and by default */
#define BACKUP_NAME_MAX 64	/* characters of its name: a-z 0-9 - . _ */

struct backup_report {
	uint64_t size;		/* leaves in it */
	uint8_t root[32];
	uint64_t files, linked;	/* of these taken over from the run before */
	uint64_t bytes, written;
	int nothing_new;
};

/*
 * backup_run - a run of the truths of a unit's vault as it is now, beside
 * whoever writes
 *   u   for its log key; open for reading or writing
 * The run is verified (verify_vault() without keys) before it counts.
 * Returns 0, ERR_DAMAGED (the vault is not sound, or does not continue the
 * newest run), ERR_EXIST, ERR_BUSY, ERR_NOMEM or ERR_IO.
 */
int backup_run(struct unit *u, const char *dir, struct backup_report *rep,
	       struct err *e);

/* What the note of a run, or of a key backup, says. */
struct backup_note {
	char origin[VAULT_NAME_MAX + 1];
	uint64_t size;
	uint8_t root[32], list[32];
	int64_t taken_ms;
	char name[BACKUP_NAME_MAX + 1];	/* of a key backup, else "" */
	int64_t until_ms;
};

/*
 * backup_note_read - read and check one
 *   vkey   of the log: its key, under whichever of its origins
 * Returns 0, 1 (not signed by it), ERR_FORMAT or ERR_NOMEM.
 */
int backup_note_read(struct bytes note, const char *vkey,
		     struct backup_note *out, struct err *e);

/*
 * backup_keys - write the key material as it is now into an age file
 *   u           open for writing: the statement is written first
 *   file        must not exist
 *   dir         set that gets a run of the same head first
 *   recipient   age1..., who can open it
 *   name        not used before; until_ms: at most BACKUP_DAYS_MAX from now
 * Returns 0, ERR_RANGE, ERR_EXIST, ERR_FORMAT (recipient, name), ERR_DENIED or
 * as backup_run().
 */
struct backup_keys_args {
	const char *file, *dir, *recipient, *name;
	int64_t until_ms, now_ms;
};
int backup_keys(struct unit *u, const struct backup_keys_args *a,
		struct backup_report *rep, struct err *e);

/* backup_name_valid - 1 for a name of a key backup */
int backup_name_valid(const char *s);

/*
 * backup_alive - the key backups whose day has not come and that nobody said to
 * have destroyed, as the admin stream tells
 *   at   in: 0; moves on
 * Returns the next, or NULL.
 */
const struct admin_key_backup *backup_alive(const struct admin *a,
					    int64_t now_ms, size_t *at);
/* backup_destroyed - enter that a key backup was destroyed before its day */
int backup_destroyed(struct unit *u, const char *name, const char *why,
		     struct err *e);

/*
 * backup_open_keys - open a key backup with an age identity
 *   out   the plaintext: wipe it
 *   note  checked against vkey, the list against the files
 * backup_next_key - the files in it, one after the other
 *   at   in: 0; moves on
 * Returns 0, 1 (backup_next_key: no more), ERR_AUTH (another identity),
 * ERR_FORMAT, ERR_DAMAGED, ERR_LIMIT or ERR_NOMEM.
 */
struct backup_keyfile {
	struct buf plain;
	struct backup_note note;
	struct copy_list list;
	size_t body;		/* offset of the first file */
};
int backup_open_keys(const char *file, const char *identity, const char *vkey,
		     struct backup_keyfile *out, struct err *e);
int backup_next_key(const struct backup_keyfile *k, size_t i, size_t *at,
		    struct bytes *content, struct err *e);
void backup_close_keys(struct backup_keyfile *k);

#endif
