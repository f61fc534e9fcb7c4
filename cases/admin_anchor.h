/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What the admin stream says of the outside: which witnesses and time stamp
 * authorities the unit asks, and what they answered.
 */
#ifndef CASES_ADMIN_ANCHOR_H
#define CASES_ADMIN_ANCHOR_H

#include "util/buf.h"

#include <stdint.h>

#define ANCHOR_AUTHORITIES_MAX 8
#define ANCHOR_WITNESSES_MAX 32
#define ANCHOR_NAME_MAX 64

/* struct anchor_authority - an RFC 3161 authority, by configuration */
struct anchor_authority {
	char name[ANCHOR_NAME_MAX + 1];	/* a-z 0-9 - . _, a letter first */
	char *url;		/* http, https, or file:///DIR for file pairs */
	char *roots;		/* PEM */
	int qualified;		/* as somebody decided, from the list below */
	char *list;		/* the list it rests on; "" when not qualified */
	char *author;		/* who decided */
	int removed;
	/* the last token it gave */
	int64_t token_ms;	/* 0: none */
	uint64_t token_size;
};

/* struct anchor_witness - the last cosignature of a witness */
struct anchor_witness {
	char name[ANCHOR_NAME_MAX + 1];	/* of the policy */
	uint8_t key_id[4];
	uint64_t size;
	int64_t time_ms;
};

/* struct admin_anchor - all of it; zeroed is nothing configured */
struct admin_anchor {
	struct anchor_authority authorities[ANCHOR_AUTHORITIES_MAX];
	size_t nauthorities;	/* removed ones included */
	char *policy;		/* text, see policy.h; NULL: none */
	struct anchor_witness witnesses[ANCHOR_WITNESSES_MAX];
	size_t nwitnesses;
	/* the last token of any authority */
	int has_token;
	uint8_t token[32];	/* SHA-256 of its file */
	int64_t token_ms;
	uint64_t token_size;
	char token_by[ANCHOR_NAME_MAX + 1];
	int token_qualified;
	int64_t offset_ms;	/* local clock minus the authority's, then */
	/* the largest size that a quorum of witnesses cosigned */
	uint64_t witnessed_size;
	int64_t witnessed_ms;
};

void admin_anchor_release(struct admin_anchor *a);	/* NULL allowed */

/* anchor_name_valid - 1 for the name of an authority */
int anchor_name_valid(const char *s);

#endif
