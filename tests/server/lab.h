/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The lab authority: a root and an intermediate kept in a directory, leaves
 * made anew at each start, sound ones and ones with a fault.
 */
#ifndef SERVER_LAB_H
#define SERVER_LAB_H

#include "util/err.h"

#include <openssl/ssl.h>

struct lab {
	X509 *root, *inter;
	EVP_PKEY *root_key, *inter_key, *leaf_key;
	struct lab_host *hosts;
	size_t n;
};

enum lab_fault {
	LAB_SOUND,
	LAB_EXPIRED,		/* ended yesterday */
	LAB_NOT_YET,		/* starts in a month */
	LAB_SELF_SIGNED,
	LAB_WRONG_HOST,		/* made out to another name */
	LAB_UNKNOWN_CA,		/* by a root nobody has */
	LAB_NO_CHAIN,		/* the intermediate is not sent */
	LAB_OLD_TLS,		/* TLS 1.1 at most */
	LAB_WEAK_KEY,		/* RSA, 1024 bits */
	LAB_SHA1,		/* signed with SHA-1 */
	LAB_BAD_SIGNATURE,	/* one bit of the signature turned */
	LAB_FAULTS
};

/*
 * lab_open - read the authority from DIR/ca, or make it
 *   root.pem and intermediate.pem with their keys; also chain.pem
 */
int lab_open(struct lab *l, const char *dir, struct err *e);

/*
 * lab_ctx - a server context that answers for all names, each with a leaf
 * of its own, chosen by SNI; the first name answers without SNI
 * Returns NULL with e set.
 */
SSL_CTX *lab_ctx(struct lab *l, const char *const *names, struct err *e);

/* lab_fault_ctx - a context for one name, with a fault */
SSL_CTX *lab_fault_ctx(struct lab *l, enum lab_fault fault, const char *name,
		       struct err *e);

#endif
