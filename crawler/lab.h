/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The lab: public names led to loopback, for tests and demos only.
 *
 * File format, a line each, '#' begins a comment:
 *
 *	ca PATH                               the only authority trusted
 *	map HOST[:PORT] 127.0.0.1:PORT        where to connect; PORT default 443
 *	dns HOST A|AAAA ADDRESS[,ADDRESS...][;...]   what resolving answers; each
 *	                                      ';' begins what the next one gets
 *
 * A host without a map line is never connected to, so that a lab run cannot
 * leave the machine.
 */
#ifndef CRAWLER_LAB_H
#define CRAWLER_LAB_H

#include "crawler/address.h"
#include "util/buf.h"
#include "util/err.h"

#define LAB_FILE_MAX (256u << 10)
#define LAB_ENTRIES_MAX 1024	/* map lines, dns lines */
#define LAB_ADDRESSES_MAX 16	/* of one answer */

struct lab;

/*
 * lab_load - read a lab file; lab_parse - the same from bytes
 *   dir  what a relative CA path is relative to; NULL: the current directory
 * Returns 0, ERR_NOENT, ERR_IO, ERR_LIMIT, ERR_NOMEM or ERR_FORMAT with the
 * line number in e.
 */
int lab_load(const char *path, struct lab **out, struct err *e);
int lab_parse(struct bytes text, const char *dir, struct lab **out,
	      struct err *e);
void lab_free(struct lab *lab);

/* lab_ca - path of the authority's certificate, or NULL */
const char *lab_ca(const struct lab *lab);

/*
 * lab_map - where to connect for a host and port
 * Returns 0, or ERR_NOENT when no line maps it.
 */
int lab_map(const struct lab *lab, const char *host, unsigned port,
	    struct address *addr_out, unsigned *port_out);

/*
 * lab_resolve - what resolving a host answers now; moves on to the next
 *   version  4 (A) or 6 (AAAA)
 *   out      room for LAB_ADDRESSES_MAX
 * Returns how many addresses: 0 for none, ERR_NOENT when no such host exists
 * in the lab.  A mapped host without any dns line has the A record 192.0.2.1,
 * which counts as public here and only here (lab_stand_in()).
 */
int lab_resolve(struct lab *lab, const char *host, unsigned version,
		struct address *out);

/* lab_stand_in - 1 when the host is mapped and no dns line names it */
int lab_stand_in(const struct lab *lab, const char *host);

#endif
