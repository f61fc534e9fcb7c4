/* SPDX-License-Identifier: EUPL-1.2 */
/* What anchor.c, anchor_tsa.c and anchor_witness.c share. */
#ifndef CASES_ANCHOR_INT_H
#define CASES_ANCHOR_INT_H

#include "cases/anchor.h"
#include "store/checkpoint.h"
#include "store/policy.h"
#include "store/tsa.h"
#include "util/file.h"

#define ANCHOR_KEPT_MAX 32	/* answers of one round */

/* struct anchor_kept - one answer that was sound and is durable on disk */
struct anchor_kept {
	int witness;
	char name[ANCHOR_NAME_MAX + 1];
	char file[320];			/* below the vault */
	uint8_t sha256[32];		/* of the file */
	uint64_t size;
	int64_t time_ms;
	/* of a token */
	struct tsa_token token;
	int qualified;
	char *list;
	int64_t offset_ms, trip_ms;
	struct buf request, chain;
	/* of a cosignature */
	uint8_t key_id[4];
};

struct anchor {
	struct unit *u;
	const struct anchor_options *o;
	char heads[FILE_PATH_MAX];	/* the directory, in full */
	char rel[64 + VAULT_NAME_MAX];	/* and below the vault */
	struct buf note;		/* the head that is anchored */
	struct bytes text;
	struct checkpoint c;
	struct anchor_kept kept[ANCHOR_KEPT_MAX];
	size_t nkept;
	unsigned alarms;
};

/* anchor_tell - tell what became of a question; text NULL: what e says */
void anchor_tell(const struct anchor *a, enum anchor_what what, int witness,
		 const char *name, uint64_t size, int64_t time_ms,
		 const char *text);

/*
 * anchor_keep - write heads/<size>.<suffix>, once; a file that is there with
 * the same bytes is fine.  The next place in kept[], or NULL (e says why).
 */
struct anchor_kept *anchor_keep(struct anchor *a, uint64_t size,
				const char *suffix, struct bytes content,
				struct err *e);

/* anchor_head - the published head of that size; its text is borrowed from
 * note.  0, ERR_NOENT, ERR_FORMAT, ERR_IO */
int anchor_head(const struct anchor *a, uint64_t size, struct buf *note,
		struct bytes *text, struct err *e);

/* anchor_spool_name - <16 hex of the origin>-<size>- for names in spools */
void anchor_spool_name(const struct anchor *a, uint64_t size,
		       char out[static 64]);

/* anchor_spool_dir - the directory of a file:// url, or NULL */
const char *anchor_spool_dir(const char *url);

/* Ask one of them.  0, or an error that stops the round. */
int anchor_ask_authority(struct anchor *a, const struct anchor_authority *t,
			 struct err *e);
int anchor_ask_witness(struct anchor *a, const struct policy_witness *w,
		       struct err *e);

#endif
