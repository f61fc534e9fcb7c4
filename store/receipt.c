/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/receipt.h"

#include "util/enc.h"

#include <inttypes.h>

#define FIRST "c2sp.org/tlog-proof@v1\n"

int receipt_put(const struct receipt *r, struct buf *out)
{
	if (r->n > TREE_PROOF_MAX || r->extra_len > RECEIPT_EXTRA_MAX)
		return ERR_RANGE;
	buf_adds(out, FIRST);
	if (r->extra_len) {
		buf_adds(out, "extra ");
		b64_put(out, BYTES(r->extra, r->extra_len));
		buf_addc(out, '\n');
	}
	buf_addf(out, "index %" PRIu64 "\n", r->index);
	for (size_t i = 0; i < r->n; i++) {
		b64_put(out, BYTES(r->proof[i], SHA256_LEN));
		buf_addc(out, '\n');
	}
	buf_addc(out, '\n');
	return buf_addb(out, r->head);
}

int receipt_is(struct bytes text)
{
	return text.len >= strlen(FIRST)
	       && !memcmp(text.p, FIRST, strlen(FIRST));
}

/* One line without its newline, stepping behind it; 0 at the end. */
static int take_line(struct bytes *text, struct bytes *line)
{
	const uint8_t *nl = text->len ? memchr(text->p, '\n', text->len) : NULL;

	if (!nl)
		return 0;
	*line = BYTES(text->p, (size_t)(nl - text->p));
	text->len -= line->len + 1;
	text->p = nl + 1;
	return 1;
}

static int strip(struct bytes *line, const char *key)
{
	size_t n = strlen(key);

	if (line->len < n || memcmp(line->p, key, n))
		return 0;
	line->p += n;
	line->len -= n;
	return 1;
}

static int decimal(struct bytes s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 20 || (s.p[0] == '0' && s.len > 1))
		return ERR_FORMAT;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = s.p[i] - (unsigned)'0';

		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return ERR_FORMAT;
		v = v * 10 + d;
	}
	*out = v;
	return 0;
}

static int decode(struct bytes line, uint8_t *out, size_t max, size_t *n)
{
	struct buf b = BUF_INIT(max);
	int r = b64_get(line, &b);

	if (r == 0) {
		if (b.len)
			memcpy(out, b.p, b.len);
		*n = b.len;
	}
	buf_release(&b);
	return r;
}

int receipt_parse(struct bytes text, struct receipt *r, struct err *e)
{
	struct bytes line;
	size_t n;

	memset(r, 0, sizeof *r);
	if (text.len > RECEIPT_MAX)
		return err_set(e, ERR_LIMIT, "receipt is too long");
	if (!receipt_is(text))
		return err_set(e, ERR_FORMAT, "this is no receipt");
	text.p += strlen(FIRST);
	text.len -= strlen(FIRST);
	if (!take_line(&text, &line))
		goto bad;
	if (strip(&line, "extra ")) {
		if (decode(line, r->extra, sizeof r->extra, &r->extra_len) < 0
		    || !take_line(&text, &line))
			goto bad;
	}
	if (!strip(&line, "index ") || decimal(line, &r->index) < 0)
		goto bad;
	for (;;) {
		if (!take_line(&text, &line))
			goto bad;
		if (line.len == 0)
			break;
		if (r->n == TREE_PROOF_MAX
		    || decode(line, r->proof[r->n], SHA256_LEN, &n) < 0
		    || n != SHA256_LEN)
			goto bad;
		r->n++;
	}
	if (text.len == 0)
		goto bad;
	r->head = text;
	return 0;
bad:
	return err_set(e, ERR_FORMAT, "malformed receipt");
}

int receipt_check(const struct receipt *r,
		  const uint8_t leaf_hash[static SHA256_LEN],
		  const struct note_vkey *keys, size_t nkeys,
		  const char *origin, struct checkpoint *c, struct err *e)
{
	struct checkpoint mine;
	int rc = checkpoint_open(r->head, keys, nkeys, origin, &mine, e);

	if (rc)
		return rc;
	if (r->index >= mine.size
	    || tree_check_inclusion(leaf_hash, r->index, mine.size,
				    (const uint8_t (*)[SHA256_LEN])r->proof,
				    r->n, mine.root)) {
		err_set(e, ERR_AUTH, "the proof does not lead from this leaf "
			"to the signed head");
		return 1;
	}
	if (c)
		*c = mine;
	return 0;
}
