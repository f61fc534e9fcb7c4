/* SPDX-License-Identifier: EUPL-1.2 */
/* What a fetch child may say: fields in range, texts ended. */
#include "crawler/fetchchild_proto.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct fetch_request_owned rq;
	struct exchange x;

	exchange_init(&x);
	if (!fetch_get_rest(BYTES(p, n), &x) &&
	    (x.phase > FETCH_BODY || x.status > 999 ||
	     !memchr(x.error, 0, sizeof(x.error)) ||
	     !memchr(x.peer, 0, sizeof(x.peer))))
		abort();
	exchange_release(&x);
	if (!fetch_get_request(BYTES(p, n), &rq))
		fetch_request_release(&rq);
	return 0;
}
