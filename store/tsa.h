/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Time stamps (RFC 3161): what an authority outside says a head is
 * not younger than.  The imprint is SHA-256 of a checkpoint's text.  OpenSSL's
 * TS functions behind one door.  Pure but for the nonce, which is an argument.
 */
#ifndef STORE_TSA_H
#define STORE_TSA_H

#include "store/sha256.h"
#include "util/buf.h"
#include "util/err.h"

#define TSA_REQUEST_MAX 1024		/* bytes of a request */
#define TSA_RESPONSE_MAX (64u << 10)	/* bytes of a response */
#define TSA_ROOTS_MAX (256u << 10)	/* bytes of PEM */
#define TSA_NONCE_LEN 16
#define TSA_IMPRINT_MAX 64

/* struct tsa_token - what a sound token says */
struct tsa_token {
	int64_t time_ms;		/* genTime, ms since 1970 UTC */
	int64_t accuracy_ms;		/* -1: not said */
	uint8_t imprint[TSA_IMPRINT_MAX];
	size_t imprint_len;
	char serial[80];		/* hex */
	char policy[128];		/* OID, dotted */
	char signer[256];		/* subject of the signing certificate */
	int has_nonce;
};

/*
 * tsa_request - append a TimeStampReq: the imprint, a nonce, the certificates
 * asked for
 * Returns 0, ERR_NOMEM or the buffer's failure.
 */
int tsa_request(const uint8_t imprint[static SHA256_LEN],
		const uint8_t nonce[static TSA_NONCE_LEN], struct buf *out,
		struct err *e);

/*
 * tsa_check - is this response a sound time stamp of that imprint?
 *   response  TimeStampResp, DER, nothing behind it; hostile
 *   request   the request it answers, so that the nonce counts; empty: the
 *             nonce is not looked at (a token kept by somebody else)
 *   imprint   what must have been stamped: a hash of SHA-256 (ours always),
 *             SHA-384 or SHA-512
 *   roots     PEM certificates, one or more: the authorities trusted, and what
 *             lies between them and the signer
 *   t         out, filled only when 0 is returned
 *   chain     out, may be NULL: the verified chain, PEM, signer first, appended
 * Status granted, imprint, nonce, signature, ESS certificate, purpose
 * (time stamping, critical) and the chain are checked as of the token's time.
 * Revocation is not.
 * Returns 0 sound, 1 not sound (e says why), or ERR_FORMAT (response or roots
 * cannot be read), ERR_LIMIT or ERR_NOMEM.
 */
int tsa_check(struct bytes response, struct bytes request,
	      struct bytes imprint, struct bytes roots, struct tsa_token *t,
	      struct buf *chain, struct err *e);

/*
 * tsa_peek - imprint and time of a response, nothing verified: to find what it
 * belongs to.  Returns 0, ERR_FORMAT or ERR_LIMIT.
 */
int tsa_peek(struct bytes response, struct tsa_token *t, struct err *e);

/* tsa_roots - how many certificates the PEM text holds, or ERR_FORMAT,
 * ERR_LIMIT */
int tsa_roots(struct bytes roots, struct err *e);

#endif
