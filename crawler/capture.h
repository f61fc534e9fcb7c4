/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * From an exchange to a sealed leaf: WARC records as a blob, and a signed
 * statement of what was measured.  Every field is in docs/capture-format.md.
 */
#ifndef CRAWLER_CAPTURE_H
#define CRAWLER_CAPTURE_H

#include "crawler/crawl.h"
#include "crawler/exchange.h"
#include "util/sandbox.h"

#define CAPTURE_NONE UINT64_MAX	/* no parent, no robots record */
#define CAPTURE_KEYS_MAX 8

struct capturer;

/* What is the same for every capture of a pass; all copied. */
struct capture_setup {
	struct vault *vault;
	struct stream *stream;		/* the case's */
	const char *stream_dir;		/* "cases/<16 hex>" */
	const char *case_id;
	const uint8_t *mandate_sha256;	/* 32 bytes */
	const struct crawl_session *session;
	const char *user_agent;		/* as sent; NULL: the default one */
	const struct sandbox_report *fetch_sandbox; /* NULL: none runs */
	const struct sandbox_report *parse_sandbox; /* NULL: none runs */
	const char *gate_list;		/* gate_list_version(), or NULL */
	int lab;			/* lab vault */
};

/*
 * capturer_new - measure the session's facts (host, kernel, zone, boot id)
 * Returns 0, ERR_FORMAT (the collector's name is no key name) or ERR_NOMEM.
 */
int capturer_new(const struct capture_setup *s, struct capturer **out,
		 struct err *e);
void capturer_free(struct capturer *c);	/* wipes the key; NULL allowed */

/* capturer_sandbox - the fetch child was replaced and reports anew */
void capturer_sandbox(struct capturer *c, const struct sandbox_report *fetch);

/* Why and under which permission one URL was asked for; all borrowed. */
struct capture_context {
	const char *source;		/* canonical source; NULL: none */
	const char *reason;		/* "seed", "listing", "post", "media",
					   "robots", "redirect", ... */
	uint64_t parent;		/* number of the capture that led here */
	/* robots.txt */
	uint64_t robots_record;		/* number of the capture that decided */
	const char *robots_rule;	/* in words; NULL: not asked for */
	int robots_overridden;		/* by a written decision of the case */
	/* politeness */
	uint64_t claim;			/* number of the claim */
	int64_t claim_ms, claim_boot_ms;
	uint32_t delay_ms;		/* in force */
	const char *keys[CAPTURE_KEYS_MAX]; /* "host:t.me", ... */
	unsigned nkeys;
	int interrupted;		/* a claim of an earlier run: what
					   became of the request is unknown */
};

#define CAPTURE_CONTEXT_INIT { .parent = CAPTURE_NONE, \
			       .robots_record = CAPTURE_NONE }

/* What became of it. */
struct capture_receipt {
	uint64_t number;	/* case_seq */
	uint64_t seq;		/* log position, once the batch is committed */
	int refused;		/* kept as a refusal, kind LEAF_REFUSED */
	uint8_t open[32];	/* the leaf's commitment: to know it again */
};

/*
 * capture_add - seal one exchange into a batch
 *   x      untouched
 *   b      the caller commits it: only then does the capture count
 *   out    may be NULL
 * An exchange that was refused before any contact (FETCH_SCOPE, FETCH_ADDRESS)
 * becomes a refusal with what is known of it.
 * Returns 0, ERR_RANGE, ERR_NOMEM, or as batch_add().
 */
int capture_add(struct capturer *c, struct batch *b, const struct exchange *x,
		const struct capture_context *ctx, struct capture_receipt *out,
		struct err *e);

/*
 * What was captured elsewhere and handed over.  The first item of an import is
 * the file itself (statement scelle/v1/import), then one for each record in it
 * (scelle/v1/import-record).  Nothing in them was measured by us but the time of
 * the import; that is what leaf kind LEAF_IMPORT says.
 */
struct capture_import {
	/* the file */
	const char *format;		/* "warc", "wacz", "telegram" */
	const char *name;		/* of the file, without its folder */
	const char *from, *procedure;	/* who handed it over, in which one */
	int packed;			/* 1: a folder's files, packed by us */
	const uint8_t *sha256;		/* of the whole file, 32 bytes */
	uint64_t records;
	const char *const *findings;
	size_t nfindings;
	/* a record of it; url NULL: the file */
	uint64_t file;			/* number of the item that is the file */
	const char *url, *source;	/* source may be NULL */
	const char *reason;		/* "page", "media", "file" */
	int64_t date_ms;		/* captured, it says; 0: it does not */
	int http, status;		/* http 1: block is a response, with head */
	size_t head_len;
	/* either */
	const char *type;		/* media type of the block where http is 0;
					   may be NULL */
	struct bytes block;
};

/* capture_import - seal one of them; returns as capture_add() */
int capture_import(struct capturer *c, struct batch *b,
		   const struct capture_import *im,
		   struct capture_receipt *out, struct err *e);

/*
 * capture_refuse - seal that something was not asked for
 *   url    what; NULL when no URL is concerned (a mandate that is over)
 *   by     "scope", "robots", "mandate", "quota", "suspended"
 *   rule   the rule that decided, in words
 *   ctx    NULL: nothing more is known
 * Returns as capture_add().
 */
int capture_refuse(struct capturer *c, struct batch *b, const char *url,
		   const char *by, const char *rule,
		   const struct capture_context *ctx,
		   struct capture_receipt *out, struct err *e);

#endif
