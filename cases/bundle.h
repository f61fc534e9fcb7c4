/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The evidence bundle: writing it, and checking one without any key.
 * What is in it: docs/bundle-format.md.  How an expert checks it without this
 * program: docs/verify-a-bundle.md.
 */
#ifndef CASES_BUNDLE_H
#define CASES_BUNDLE_H

#include "store/vault.h"

/* One number of the case, and what the bundle does with it. */
struct bundle_pick {
	uint64_t number;	/* case_seq */
	const char *withheld;	/* NULL: disclosed; else the reason, one line */
};

struct bundle_file {
	const char *name;	/* "telegram.profile" */
	struct bytes content;
};

struct bundle_request {
	struct vault *vault;
	struct stream *stream;		/* unlocked; every read was logged */
	const uint8_t *tag_key;		/* 32 bytes */
	int complete;			/* also disclose the tag key, leaves.bin */
	const char *case_id;		/* 16 hex digits */
	const char *software;		/* "scelle 0.1.0", for the warcinfo */
	const struct bundle_pick *picks;/* ascending; others are "not chosen" */
	size_t npicks;
	const char *log_vkey;		/* C2SP verifier keys */
	const char *collector_vkey;
	const uint8_t *export_seed;	/* Ed25519 seed, minisign */
	const uint8_t *export_id;	/* 8 bytes, minisign key id */
	const struct bundle_file *profiles;
	size_t nprofiles;
	struct bytes guide;		/* text of verify-a-bundle.md */
	/*
	 * posts - append the JSON lines taken from item `number` (may be none)
	 */
	int (*posts)(void *arg, uint64_t number, struct buf *jsonl,
		     struct err *e);
	/* media - the same of the medium it holds; NULL: no media.jsonl */
	int (*media)(void *arg, uint64_t number, struct buf *jsonl,
		     struct err *e);
	void *arg;
	/*
	 * erased - what erased the item, wholly or in part, in words; NULL:
	 * nothing did.  Such an item is never picked.  May be NULL.
	 */
	const char *(*erased)(void *arg, uint64_t number);
	void *erased_arg;
};

struct bundle_result {
	uint64_t disclosed, withheld;	/* items */
	uint8_t sha256[32];	/* of the file */
};

/*
 * bundle_write - write one bundle
 *   path  must not exist; on failure nothing stands there
 * Returns 0, ERR_EXIST, ERR_RANGE (no pick), the store's errors.
 */
int bundle_write(const char *path, const struct bundle_request *q,
		 struct bundle_result *res, struct err *e);

/* bundle_pem - an Ed25519 public key as PEM (RFC 8410), for openssl */
int bundle_pem(const uint8_t pub[static 32], struct buf *out);

struct bundle_verify {
	const char *log_vkey;	/* key to trust; NULL: the one it brings */
	void (*problem)(void *arg, const char *member, const char *what);
	void (*fine)(void *arg, const char *what);	/* NULL allowed */
	/* Called when the file is mapped and before a byte of it is read, to
	 * lock the process in; negative ends it.  NULL allowed */
	int (*mapped)(void *arg, uint64_t bytes, struct err *e);
	void *arg;
};

struct bundle_report {
	uint64_t items, members, problems;
	char origin[128];
	uint64_t size;		/* of the head */
	uint8_t root[32];
	int complete;
};

/*
 * bundle_check - check a bundle file as docs/verify-a-bundle.md does, and the
 * ZIP itself (no duplicate, hidden, overlapping or unlisted member)
 * Returns 0 sound, 1 not sound (each problem was reported), negative: could
 * not be checked.
 */
int bundle_check(const char *path, const struct bundle_verify *o,
		 struct bundle_report *rep, struct err *e);

#endif
