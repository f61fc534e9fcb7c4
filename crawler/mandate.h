/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What a case permits the crawler to do, as plain data.
 *
 * The floor above reads it from the case's signed statements; the crawler only
 * obeys it.  Strings belong to whoever filled the structure.
 */
#ifndef CRAWLER_MANDATE_H
#define CRAWLER_MANDATE_H

#include "util/buf.h"

struct mandate_source {
	char *id;		/* canonical source, "telegram:NAME" */
	char *url;		/* first URL, from the profile */
	char *profile;		/* profile id, e.g. "telegram" */
	int64_t since_ms;	/* 0, or do not page back past this date */
};

/* A written decision to go past robots.txt for one authority (R12). */
struct mandate_robots_decision {
	char *authority;	/* "host" or "host:port" */
	char *reason;
	char *author;
	int64_t date_ms;
};

struct mandate {
	char case_id[17];	/* 16 hex digits */
	char *reference;	/* the case's reference, for people */
	int64_t start_ms;	/* period: start <= now < end, else refuse */
	int64_t end_ms;
	int closed;		/* the case was closed: refuse */
	int lab;		/* lab vault: every record is marked */
	struct mandate_source *sources;
	size_t nsources;
	struct mandate_robots_decision *decisions;
	size_t ndecisions;
	uint32_t quota_day;	/* requests a day over the case; 0: profile's */
	uint8_t sha256[32];	/* of the statements it was read from */
};

#endif
