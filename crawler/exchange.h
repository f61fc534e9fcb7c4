/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One exchange: one request on one fresh connection, and all that is known of
 * it.  Filled by the fetch child, handed to the keeper, never altered after.
 */
#ifndef CRAWLER_EXCHANGE_H
#define CRAWLER_EXCHANGE_H

#include "util/buf.h"

enum fetch_phase {		/* where a failed attempt ended */
	FETCH_DONE,		/* a whole response was received */
	FETCH_SCOPE,		/* refused before anything was done */
	FETCH_RESOLVE,		/* no address */
	FETCH_ADDRESS,		/* an address that must not be contacted */
	FETCH_CONNECT,
	FETCH_TLS,
	FETCH_SEND,
	FETCH_HEAD,		/* no complete response head */
	FETCH_BODY,		/* body cut: truncated tells why */
};

enum fetch_truncated {
	TRUNC_NO, TRUNC_LENGTH, TRUNC_TIME, TRUNC_DISCONNECT, TRUNC_UNSPECIFIED,
};

struct fetch_limits {
	uint64_t max_body;	/* bytes as received; 32 MiB */
	uint32_t max_head;	/* bytes of all response heads; 256 KiB */
	uint32_t connect_ms;	/* 15,000 */
	uint32_t total_ms;	/* 120,000 */
	uint32_t stall_ms;	/* no byte for that long; 30,000 */
};

#define FETCH_LIMITS_DEFAULT { 32u << 20, 256u << 10, 15000, 120000, 30000 }

struct fetch_request {
	const char *url;	/* WHATWG-serialised, http(s), no fragment */
	const char *user_agent;
	const char *accept;	/* Accept header; NULL: any type */
	const char *accept_language; /* NULL: none sent */
	/* For what the unit's own configuration names (witnesses, time stamp
	 * authorities), never for a page: */
	struct bytes post;	/* body of a POST; empty: a GET */
	const char *post_type;	/* its Content-Type */
	int configured;		/* any port, private addresses too */
	struct fetch_limits limits;
};

#define FETCH_POST_MAX (96u << 10)	/* bytes of a POST's body */

struct exchange {
	char *url;			/* as asked */
	int64_t start_ms, end_ms;	/* wall clock */
	int64_t start_boot_ms, end_boot_ms; /* CLOCK_BOOTTIME */
	enum fetch_phase phase;
	enum fetch_truncated truncated;
	char error[256];		/* cause when phase != FETCH_DONE */
	int curl_code;			/* the library's code, 0 when none */
	struct buf request;		/* exact bytes sent (may be empty) */
	struct buf head;		/* exact response head, 1xx included */
	struct buf body;		/* exact body bytes, all codings kept */
	int status;			/* of the final head; 0 when none */
	char peer[64], local[64];	/* "192.0.2.1:443", "[2001:db8::1]:443" */
	char tls_protocol[16];		/* "TLSv1.3"; empty: no TLS */
	char tls_cipher[64];
	struct buf chain_pem;		/* certificates as served, leaf first */
	char resolver[64];		/* who answered; "lab"; "literal" */
	struct buf dns_json;		/* array of {"name","type","answer_b64",
					   "addresses":[...]} */
	int lab;			/* a lab mapping was used */
};

#define EXCHANGE_BODY_CAP (1u << 30)

void exchange_init(struct exchange *x);
void exchange_release(struct exchange *x);

#endif
