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

static int strip(struct bytes *line, const char *key)
{
	size_t n = strlen(key);

	if (line->len < n || memcmp(line->p, key, n))
		return 0;
	line->p += n;
	line->len -= n;
	return 1;
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
	if (!split_line(&text, &line))
		goto bad;
	if (strip(&line, "extra ")) {
		if (decode(line, r->extra, sizeof r->extra, &r->extra_len) < 0
		    || !split_line(&text, &line))
			goto bad;
	}
	if (!strip(&line, "index ") || dec_get(line, UINT64_MAX, &r->index) < 0)
		goto bad;
	for (;;) {
		if (!split_line(&text, &line))
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
