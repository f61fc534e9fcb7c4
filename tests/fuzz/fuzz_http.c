/* SPDX-License-Identifier: EUPL-1.2 */
/* An answer or a request, by the first byte. */
#include "parsers/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_head h = HTTP_HEAD_INIT;
	struct http_type t;
	uint64_t len;
	int64_t ms;
	int r;

	if (size < 1)
		return 0;
	if (data[0] & 1)
		r = http_request_parse(BYTES(data + 1, size - 1), &h, NULL);
	else
		r = http_response_parse(BYTES(data + 1, size - 1), &h, NULL);
	if (r == 0) {
		if (h.len > size - 1 || h.final_at > h.len)
			abort();
		http_type(&h, &t);
		http_body(&h, "GET", &len);
		for (size_t i = 0; i < h.fields; i++) {
			http_type_parse(h.field[i].value, &t);
			http_date(h.field[i].value, 0, &ms);
			if (http_retry_after(h.field[i].value, 0, &ms) == 0 &&
			    (ms < 0 || ms > HTTP_RETRY_MAX_MS))
				abort();
		}
	}
	http_head_release(&h);
	return 0;
}
