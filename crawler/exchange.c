/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/exchange.h"

#include <stdlib.h>

#define REQUEST_MAX (64u << 10)
#define HEAD_MAX (4u << 20)
#define CHAIN_MAX (512u << 10)
#define DNS_MAX (512u << 10)

void exchange_init(struct exchange *x)
{
	memset(x, 0, sizeof(*x));
	x->request = (struct buf)BUF_INIT(REQUEST_MAX);
	x->head = (struct buf)BUF_INIT(HEAD_MAX);
	x->body = (struct buf)BUF_INIT(EXCHANGE_BODY_CAP);
	x->chain_pem = (struct buf)BUF_INIT(CHAIN_MAX);
	x->dns_json = (struct buf)BUF_INIT(DNS_MAX);
}

void exchange_release(struct exchange *x)
{
	if (!x)
		return;
	free(x->url);
	x->url = NULL;
	buf_release(&x->request);
	buf_release(&x->head);
	buf_release(&x->body);
	buf_release(&x->chain_pem);
	buf_release(&x->dns_json);
}
