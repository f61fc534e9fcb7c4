/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A one-way mirror: a vault's truths go over a pipe (ssh) to a peer, who keeps
 * them as runs (cases/copyset.h) and takes nothing back: no smaller log, no
 * other history, no other bytes of the log, no key material.
 *
 * Messages: u32 length of what follows, u8 type, payload; in this order, all
 * integers big endian.
 *
 *	S  HELLO  "scelle-mirror/v1", vkey of the log's first shard
 *	R  HAVE   u64 size of the newest run (all ones: none)
 *	S  HEAD   u64 size, u16 n, n hashes: RFC 6962 consistency from HAVE to
 *	          size; then the signed head
 *	S  FILE   u64 size, sha256[32], u8 1: only ever grows, path; one for each
 *	          file, sorted by path
 *	S  END
 *	R  WANT   u32 number of a file, u64 offset; one after the other
 *	S  DATA   bytes, until the file's size; one or more
 *	R  DONE   u64 size             or at any time
 *	R  REFUSE text
 *
 * What was received in part stays for the next time; nothing of it is a run.
 */
#ifndef CASES_MIRROR_H
#define CASES_MIRROR_H

#include "cases/copyset.h"

#define MIRROR_VERSION "scelle-mirror/v1"
#define MIRROR_MESSAGE_MAX ((size_t)1 << 20)
#define MIRROR_DATA_MAX ((size_t)256 << 10)
#define MIRROR_FILES_MAX ((uint32_t)1 << 20)
#define MIRROR_FILE_MAX ((uint64_t)1 << 40)	/* bytes of one file */
#define MIRROR_PROOF_MAX 64

enum mirror_type {
	MIRROR_HELLO = 1, MIRROR_HAVE, MIRROR_HEAD, MIRROR_FILE, MIRROR_END,
	MIRROR_WANT, MIRROR_DATA, MIRROR_DONE, MIRROR_REFUSE,
};

struct mirror_head {
	uint64_t size;
	unsigned n;
	uint8_t proof[MIRROR_PROOF_MAX][32];
	struct bytes note;		/* borrowed */
};

struct mirror_file {
	uint64_t size;
	uint8_t sha256[32];
	int grows;
	char path[513];
};

/* mirror_head_get, mirror_file_get - read a payload; ERR_FORMAT.  Pure. */
int mirror_head_get(struct bytes in, struct mirror_head *out);
int mirror_file_get(struct bytes in, struct mirror_file *out);

/*
 * mirror_message - take the first message of a stream
 *   type, payload  out; borrowed from in
 *   used           out: bytes of it
 * Returns 0, 1 (not whole yet) or ERR_FORMAT.  Pure.
 */
int mirror_message(struct bytes in, unsigned *type, struct bytes *payload,
		   size_t *used);

struct mirror_report {
	uint64_t size;			/* leaves the peer has now */
	uint64_t files, sent;		/* bytes that went over */
	int nothing_new;
};

/*
 * mirror_send - bring a peer up to the vault's head
 *   in, out   from and to the peer
 * Without any key: what is sent opens nothing.
 * Returns 0, ERR_DENIED (the peer refused; e says why), ERR_CHILD (the peer is
 * gone or speaks out of turn), ERR_CANCELLED (a file was replaced meanwhile: run
 * it again), or the vault's errors.
 */
int mirror_send(const char *vault, int in, int out, struct mirror_report *rep,
		struct err *e);

/*
 * mirror_receive - be that peer
 *   vkey   of the log that may come here; NULL: what is here already, or in an
 *          empty directory what comes first
 * Returns 0, ERR_DENIED (refused; the head that contradicts lies in refused/),
 * ERR_CHILD, or as copyset_open().
 */
int mirror_receive(const char *dir, const char *vkey, int in, int out,
		   struct mirror_report *rep, struct err *e);

#endif
