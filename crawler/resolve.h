/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Names to addresses, by ourselves: the whole answer is evidence.
 *
 * Standards: RFC 1034, RFC 1035, RFC 3596.  The system's resolvers are asked
 * directly (resolv.conf), without search list, host file or cache of ours.
 */
#ifndef CRAWLER_RESOLVE_H
#define CRAWLER_RESOLVE_H

#include "crawler/address.h"
#include "util/buf.h"
#include "util/err.h"

struct lab;

#define RESOLVE_ADDRESSES_MAX 32	/* of a host, both versions together */
#define RESOLVE_CNAMES_MAX 16
#define RESOLVE_JSON_MAX (512u << 10)	/* room a dns_json buffer needs */

struct resolution {
	struct address addr[RESOLVE_ADDRESSES_MAX]; /* IPv4 first */
	unsigned n;
	char resolver[64];	/* "192.0.2.53", all configured; "lab";
				   "literal" */
	int lab;		/* answered by the lab file */
	int stand_in;		/* lab: 192.0.2.1 stands for a public address */
};

/*
 * resolve_host - every address of a host
 *   host      ASCII: a name, or an address (IPv6 with or without brackets)
 *   lab       NULL outside lab mode
 *   out       filled as far as known, also on failure
 *   dns_json  appended: an array with one object a question, {"name","type",
 *             "rcode","answer_b64","cname":[...],"addresses":[{"ip","ttl"}]};
 *             answer_b64 is the message as received, null in the lab
 * At most 12 s a question.
 * Returns 0, ERR_NET (no address; e says why), ERR_LIMIT (more addresses than
 * fit), ERR_NOMEM or ERR_IO.
 */
int resolve_host(const char *host, struct lab *lab, struct resolution *out,
		 struct buf *dns_json, struct err *e);

/*
 * resolve_answer - take the addresses of a name out of a DNS message
 *   msg      one answer as received
 *   name     as asked
 *   version  4 or 6
 *   out      appended to; ttl_out and cnames may be NULL
 * Aliases are followed from the name asked; records of other names are not
 * taken.  Pure, but for what libresolv keeps.
 * Returns 0 (also without any address), ERR_FORMAT or ERR_LIMIT.
 */
struct resolve_found {
	struct address addr[RESOLVE_ADDRESSES_MAX];
	uint32_t ttl[RESOLVE_ADDRESSES_MAX];
	unsigned n;
	char cname[RESOLVE_CNAMES_MAX][256];
	uint32_t cname_ttl[RESOLVE_CNAMES_MAX];
	unsigned ncname;
	unsigned rcode;
};
int resolve_answer(struct bytes msg, const char *name, unsigned version,
		   struct resolve_found *out);

/*
 * resolve_check - refuse when any address is not public
 * Returns 0, or ERR_DENIED naming the address and why.
 */
int resolve_check(const struct resolution *r, struct err *e);

#endif
