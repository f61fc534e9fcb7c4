/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/age_payload.h"

#include "store/chacha.h"
#include "store/sha256.h"
#include "util/enc.h"
#include "util/secret.h"

#define SEALED_CHUNK (AGE_CHUNK + AGE_TAG)

static void payload_key(const uint8_t *file_key, const uint8_t *nonce,
			uint8_t key[32])
{
	hkdf_sha256(BYTES(file_key, AGE_FILE_KEY), BYTES(nonce, AGE_NONCE),
		    bytes_str("payload"), key, 32);
}

/* Eleven bytes of counter, one of last flag. */
static void chunk_nonce(uint64_t chunk, int last, uint8_t n[12])
{
	memset(n, 0, 3);
	put_be64(n + 3, chunk);
	n[11] = last ? 1 : 0;
}

size_t age_payload_size(size_t plain)
{
	size_t chunks = plain ? (plain - 1) / AGE_CHUNK + 1 : 1;

	return AGE_NONCE + plain + chunks * AGE_TAG;
}

int age_payload_put(const uint8_t file_key[static AGE_FILE_KEY],
		    const uint8_t nonce[static AGE_NONCE],
		    const struct bytes *pieces, size_t npieces, size_t total,
		    struct buf *out)
{
	struct bytes cur = { NULL, 0 };
	uint8_t key[32], n12[12];
	uint8_t *to;
	size_t left = total, i = 0;

	to = buf_room(out, age_payload_size(total));
	if (!to)
		return out->failed;
	payload_key(file_key, nonce, key);
	memcpy(to, nonce, AGE_NONCE);
	to += AGE_NONCE;
	for (uint64_t c = 0; ; c++) {
		size_t n = left < AGE_CHUNK ? left : AGE_CHUNK;
		const uint8_t *from = to;

		while (!cur.len && i < npieces)
			cur = pieces[i++];
		if (cur.len >= n) {
			from = cur.p;
			cur.p = n ? cur.p + n : cur.p;
			cur.len -= n;
		}
		/* A chunk of several pieces is put together where it goes. */
		for (size_t have = 0; from == to && have < n; ) {
			size_t k = cur.len < n - have ? cur.len : n - have;

			if (k) {
				memcpy(to + have, cur.p, k);
				cur.p += k;
				cur.len -= k;
				have += k;
			}
			while (!cur.len && i < npieces)
				cur = pieces[i++];
		}
		left -= n;
		chunk_nonce(c, left == 0, n12);
		chacha_seal(key, n12, from, n, to);
		to += n + AGE_TAG;
		if (!left)
			break;
	}
	out->len += age_payload_size(total);
	secret_wipe(key, sizeof key);
	return 0;
}

int age_payload_start(struct age_payload *p,
		      const uint8_t file_key[static AGE_FILE_KEY],
		      struct bytes in)
{
	size_t full, rest;

	memset(p, 0, sizeof *p);
	if (in.len < AGE_NONCE)
		return ERR_FORMAT;
	payload_key(file_key, in.p, p->key);
	p->in = BYTES(in.p + AGE_NONCE, in.len - AGE_NONCE);
	full = p->in.len / SEALED_CHUNK;
	rest = p->in.len % SEALED_CHUNK;
	/* Only the one chunk of an empty payload may be empty. */
	if (rest && (rest < AGE_TAG || (rest == AGE_TAG && full)))
		return ERR_DAMAGED;
	if (!rest && !full)
		return ERR_DAMAGED;
	p->size = full * AGE_CHUNK + (rest ? rest - AGE_TAG : 0);
	return 0;
}

int age_payload_next(struct age_payload *p, uint8_t *out, size_t *n)
{
	size_t k = p->in.len < SEALED_CHUNK ? p->in.len : SEALED_CHUNK;
	int last = k == p->in.len;
	uint8_t n12[12];

	chunk_nonce(p->chunk++, last, n12);
	if (chacha_open(p->key, n12, p->in.p, k, out) < 0)
		return ERR_DAMAGED;
	*n = k - AGE_TAG;
	p->done += *n;
	p->in.p += k;
	p->in.len -= k;
	return !last;
}
