/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/witness_request.h"

#include "util/enc.h"

#include <inttypes.h>

/* Takes the first line off s, without its newline; 0 when there is none. */
static int take_line(struct bytes *s, struct bytes *line)
{
	const uint8_t *nl = s->len ? memchr(s->p, '\n', s->len) : NULL;

	if (!nl)
		return 0;
	*line = BYTES(s->p, (size_t)(nl - s->p));
	s->len -= line->len + 1;
	s->p = nl + 1;
	return 1;
}

/* Decimal, no sign, no leading zero, below 2^63. */
static int decimal(struct bytes s, uint64_t *out)
{
	uint64_t v = 0;

	if (!s.len || s.len > 19 || (s.len > 1 && s.p[0] == '0'))
		return ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_FORMAT;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (v > INT64_MAX)
		return ERR_FORMAT;
	*out = v;
	return 0;
}

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
	if (!take_line(&body, &line) || line.len < 5 ||
	    memcmp(line.p, "old ", 4) != 0 ||
	    decimal(BYTES(line.p + 4, line.len - 4), &q->old) < 0)
		return err_set(e, ERR_FORMAT, "no line 'old SIZE' at its "
			       "beginning");
	for (;;) {
		if (!take_line(&body, &line)) {
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
	return decimal(body, out);
}
