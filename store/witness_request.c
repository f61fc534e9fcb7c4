/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/witness_request.h"

#include "util/enc.h"

#include <inttypes.h>

int witness_request_put(const struct witness_request *q, struct buf *out)
{
	size_t before = out->len;

	if (q->n > WITNESS_PROOF_MAX || q->old > INT64_MAX || !q->note.len)
		return ERR_RANGE;
	buf_addf(out, "old %" PRIu64 "\n", q->old);
	for (size_t i = 0; i < q->n; i++) {
		b64_put(out, BYTES(q->proof[i], SHA256_LEN));
		buf_addc(out, '\n');
	}
	buf_addc(out, '\n');
	buf_addb(out, q->note);
	if (out->failed)
		out->len = before;
	return out->failed;
}

int witness_request_parse(struct bytes body, struct witness_request *q,
			  struct err *e)
{
	struct buf raw = BUF_INIT(64);
	struct bytes line;
	int r = 0;

	memset(q, 0, sizeof *q);
	if (body.len > WITNESS_REQUEST_MAX)
		return err_set(e, ERR_LIMIT, "the request is too long");
	if (!split_line(&body, &line) || line.len < 5 ||
	    memcmp(line.p, "old ", 4) != 0 ||
	    dec_get(BYTES(line.p + 4, line.len - 4), INT64_MAX, &q->old) < 0)
		return err_set(e, ERR_FORMAT, "no line 'old SIZE' at its "
			       "beginning");
	for (;;) {
		if (!split_line(&body, &line)) {
			r = err_set(e, ERR_FORMAT, "no empty line behind the "
				    "proof");
			break;
		}
		if (!line.len)
			break;
		if (q->n == WITNESS_PROOF_MAX) {
			r = err_set(e, ERR_LIMIT, "the proof has more than %d "
				    "hashes", WITNESS_PROOF_MAX);
			break;
		}
		buf_clear(&raw);
		raw.failed = 0;
		if (b64_get(line, &raw) < 0 || raw.len != SHA256_LEN) {
			r = err_set(e, ERR_FORMAT, "line %zu of the proof is "
				    "no hash", q->n + 1);
			break;
		}
		memcpy(q->proof[q->n++], raw.p, SHA256_LEN);
	}
	buf_release(&raw);
	if (r == 0 && !body.len)
		r = err_set(e, ERR_FORMAT, "no checkpoint behind the proof");
	q->note = body;
	return r;
}

int witness_size_parse(struct bytes body, uint64_t *out)
{
	if (!body.len || body.p[body.len - 1] != '\n')
		return ERR_FORMAT;
	body.len--;
	return dec_get(body, INT64_MAX, out);
}
