/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/seal.h"

#include "store/age_payload.h"
#include "util/enc.h"
#include "util/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>

#define LEVEL 1
#define SAMPLE ((size_t)16 << 10)	/* bytes tried of a larger object */

/*
 * A thread's contexts and scratch space: making a context costs more than
 * sealing a page.  Scratch holds compressed plaintext, so it is wiped after
 * each use.
 */
struct worker {
	ZSTD_CCtx *c;
	ZSTD_DCtx *d;
	struct buf scratch;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key_worker;
static _Thread_local struct worker *mine;

/* Kept between objects; what is larger is given back. */
#define SCRATCH_KEEP ((size_t)4 << 20)

static void free_worker(void *p)
{
	struct worker *w = p;

	ZSTD_freeCCtx(w->c);
	ZSTD_freeDCtx(w->d);
	buf_wipe(&w->scratch);
	free(w);
}

static void start(void)
{
	if (pthread_key_create(&key_worker, free_worker))
		abort();
}

static struct worker *worker(void)
{
	struct worker *w;

	if (mine)
		return mine;
	pthread_once(&once, start);
	w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->scratch.max = SIZE_MAX / 2;
	w->c = ZSTD_createCCtx();
	w->d = ZSTD_createDCtx();
	if (!w->c || !w->d || pthread_setspecific(key_worker, w)) {
		free_worker(w);
		return NULL;
	}
	ZSTD_CCtx_setParameter(w->c, ZSTD_c_compressionLevel, LEVEL);
	return mine = w;
}

static void scratch_done(struct worker *w, size_t used)
{
	if (w->scratch.size > SCRATCH_KEEP) {
		buf_wipe(&w->scratch);
		return;
	}
	if (w->scratch.p)
		secret_wipe(w->scratch.p, used);
	buf_clear(&w->scratch);
}

/* The n bytes at off of the pieces, as one range; copied to room if needed. */
static struct bytes window(const struct bytes *pieces, size_t npieces,
			   size_t off, size_t n, uint8_t *room)
{
	size_t have = 0;

	for (size_t i = 0; i < npieces && have < n; i++) {
		size_t k;

		if (off >= pieces[i].len) {
			off -= pieces[i].len;
			continue;
		}
		k = pieces[i].len - off;
		if (have == 0 && k >= n)
			return BYTES(pieces[i].p + off, n);
		if (k > n - have)
			k = n - have;
		memcpy(room + have, pieces[i].p + off, k);
		have += k;
		off = 0;
	}
	return BYTES(room, have);
}

static int saves(size_t plain, size_t packed)
{
	return packed < plain - plain / 20;
}

/* Pictures and films do not shrink: ask a piece from the middle. */
static int worth_packing(struct worker *w, const struct bytes *pieces,
			 size_t npieces, size_t total)
{
	uint8_t room[SAMPLE];
	struct bytes s;
	uint8_t *to;
	size_t n;

	if (total < 64)
		return 0;
	if (total <= 2 * SAMPLE)
		return 1;
	s = window(pieces, npieces, total / 2 - SAMPLE / 2, SAMPLE, room);
	buf_clear(&w->scratch);
	to = buf_room(&w->scratch, ZSTD_compressBound(SAMPLE));
	if (!to)
		return 0;
	n = ZSTD_compress2(w->c, to, ZSTD_compressBound(SAMPLE), s.p, s.len);
	secret_wipe(room, sizeof room);
	return !ZSTD_isError(n) && saves(s.len, n);
}

/* One frame of all pieces; returns its length, or 0 to store them raw. */
static size_t pack(struct worker *w, const struct bytes *pieces, size_t npieces,
		   size_t total)
{
	size_t bound = ZSTD_compressBound(total), n = 0;
	ZSTD_outBuffer out;

	buf_clear(&w->scratch);
	out.dst = buf_room(&w->scratch, bound);
	out.size = bound;
	out.pos = 0;
	if (!out.dst)
		return 0;
	if (npieces == 1) {
		n = ZSTD_compress2(w->c, out.dst, bound, pieces[0].p, total);
		return ZSTD_isError(n) ? 0 : n;
	}
	ZSTD_CCtx_reset(w->c, ZSTD_reset_session_only);
	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(w->c, total)))
		return 0;
	for (size_t i = 0; i < npieces; i++) {
		ZSTD_inBuffer in = { pieces[i].p, pieces[i].len, 0 };
		int last = i + 1 == npieces;

		do {
			n = ZSTD_compressStream2(w->c, &out, &in, last ?
						 ZSTD_e_end : ZSTD_e_continue);
			if (ZSTD_isError(n))
				return 0;
		} while (in.pos < in.size || (last && n));
	}
	return out.pos;
}

size_t seal_max(size_t plain)
{
	return age_size(1, SEAL_HEAD_LEN + plain);
}

/*
 * seal - to a recipient, or when that is NULL to a fresh identity that is
 * given back in id
 */
static int seal(const uint8_t *recipient, const struct bytes *pieces,
		size_t npieces, struct age_identity *id, struct buf *sealed)
{
	struct bytes few[8], *all = few;
	struct worker *w = worker();
	size_t total = 0, packed = 0, n;
	uint8_t head[SEAL_HEAD_LEN];
	int r;

	if (!w)
		return ERR_NOMEM;
	for (size_t i = 0; i < npieces; i++) {
		if (pieces[i].len > SIZE_MAX / 4 - total)
			return ERR_RANGE;
		total += pieces[i].len;
	}
	if (worth_packing(w, pieces, npieces, total))
		packed = pack(w, pieces, npieces, total);
	/* What its own reader would refuse as a bomb is stored raw. */
	if (packed && (!saves(total, packed) ||
		       total / SEAL_RATIO_MAX >= packed))
		packed = 0;
	head[0] = packed ? SEAL_ZSTD : SEAL_RAW;
	put_be64(head + 1, total);
	n = packed ? 2 : npieces + 1;
	if (n > sizeof few / sizeof *few) {
		all = calloc(n, sizeof *all);
		if (!all)
			return ERR_NOMEM;
	}
	all[0] = BYTES(head, sizeof head);
	if (packed)
		all[1] = BYTES(w->scratch.p, packed);
	else if (npieces)
		memcpy(all + 1, pieces, npieces * sizeof *pieces);
	if (recipient) {
		uint8_t to[1][AGE_KEY_LEN];

		memcpy(to[0], recipient, AGE_KEY_LEN);
		r = age_encrypt_to((const uint8_t (*)[AGE_KEY_LEN])to, 1,
				   all, n, NULL, sealed, NULL);
	} else {
		r = age_encrypt_fresh(id, all, n, NULL, sealed);
	}
	scratch_done(w, packed ? packed : ZSTD_compressBound(SAMPLE) <
		     w->scratch.size ? ZSTD_compressBound(SAMPLE) :
		     w->scratch.size);
	if (all != few)
		free(all);
	return r;
}

int seal_object(const struct bytes *pieces, size_t npieces,
		uint8_t identity[static SEAL_KEY_LEN],
		uint8_t hash[SHA256_LEN], struct buf *sealed)
{
	size_t before = sealed->len;
	struct age_identity id = { { 0 }, { 0 } };
	int r = seal(NULL, pieces, npieces, &id, sealed);

	if (r == 0) {
		memcpy(identity, id.secret, SEAL_KEY_LEN);
		if (hash)
			sha256_once(BYTES(sealed->p + before,
					  sealed->len - before), hash);
	}
	secret_wipe(&id, sizeof id);
	return r;
}

int seal_to(const uint8_t recipient[static AGE_KEY_LEN],
	    const struct bytes *pieces, size_t npieces, struct buf *sealed)
{
	return seal(recipient, pieces, npieces, NULL, sealed);
}

/* Raw: the first chunk carries nine bytes more than its share of the object. */
static int open_raw(struct age_payload *p, const uint8_t *first, size_t nfirst,
		    uint8_t *to)
{
	size_t at = nfirst - SEAL_HEAD_LEN, n;
	int r = p->in.len > 0;

	if (at)
		memcpy(to, first + SEAL_HEAD_LEN, at);
	while (r > 0) {
		r = age_payload_next(p, to + at, &n);
		if (r >= 0)
			at += n;
	}
	return r;
}

static int open_zstd(struct worker *w, struct age_payload *p,
		     const uint8_t *first, size_t nfirst, uint8_t *to,
		     size_t len)
{
	size_t packed = p->size - SEAL_HEAD_LEN, n;
	uint8_t *from;
	int r;

	buf_clear(&w->scratch);
	from = buf_room(&w->scratch, packed);
	if (!from)
		return ERR_NOMEM;
	r = open_raw(p, first, nfirst, from);
	if (r == 0) {
		/* One frame, of this length, and nothing behind. */
		n = ZSTD_findFrameCompressedSize(from, packed);
		if (ZSTD_isError(n) || n != packed)
			r = ERR_FORMAT;
	}
	if (r == 0) {
		n = ZSTD_decompressDCtx(w->d, to, len, from, packed);
		if (ZSTD_isError(n) || n != len)
			r = ERR_FORMAT;
	}
	scratch_done(w, packed);
	return r;
}

static const char *reason(int r)
{
	switch (r) {
	case ERR_DAMAGED: return "sealed object altered or cut short";
	case ERR_FORMAT: return "content is no sealed object";
	case ERR_LIMIT: return "content is larger than allowed";
	case ERR_UNSUPPORTED: return "unknown codec in sealed object";
	default: return "out of memory";
	}
}

int open_object(const uint8_t identity[static SEAL_KEY_LEN],
		struct bytes sealed, struct buf *plain, struct err *e)
{
	struct worker *w = worker();
	uint8_t file_key[AGE_FILE_KEY];
	struct age_identity id = { { 0 }, { 0 } };
	struct age_payload p = { 0 };
	uint8_t *first = NULL, *to = NULL;
	size_t hlen, n = 0, data, room = 0;
	struct age_keys keys = { .ids = &id, .nids = 1 };
	uint64_t len;
	int r;

	age_identity_from(&id, identity);
	r = age_header_open(&keys, sealed, file_key, &hlen, e);
	if (r < 0)
		goto wipe;
	r = age_payload_start(&p, file_key, BYTES(sealed.p + hlen,
						  sealed.len - hlen));
	if (r < 0)
		goto out;
	room = p.size < AGE_CHUNK ? p.size : AGE_CHUNK;
	first = malloc(room + 1);
	if (!w || !first) {
		r = ERR_NOMEM;
		goto out;
	}
	r = age_payload_next(&p, first, &n);
	if (r < 0)
		goto out;
	r = ERR_FORMAT;
	if (n < SEAL_HEAD_LEN)
		goto out;
	len = get_be64(first + 1);
	data = p.size - SEAL_HEAD_LEN;
	if (first[0] == SEAL_RAW && len != data)
		goto out;
	r = ERR_UNSUPPORTED;
	if (first[0] != SEAL_RAW && first[0] != SEAL_ZSTD)
		goto out;
	r = ERR_LIMIT;
	if (len > plain->max || (len / SEAL_RATIO_MAX >= data && len > data))
		goto out;
	to = buf_room(plain, (size_t)len);
	if (!to) {
		r = plain->failed == ERR_RANGE ? ERR_LIMIT : plain->failed;
		goto out;
	}
	r = first[0] == SEAL_RAW ? open_raw(&p, first, n, to) :
		open_zstd(w, &p, first, n, to, (size_t)len);
	if (r == 0)
		plain->len += (size_t)len;
	else
		secret_wipe(to, (size_t)len);
out:
	if (r < 0)
		err_set(e, r, "%s", reason(r));
	if (first)
		secret_wipe(first, room);
	free(first);
wipe:
	secret_wipe(&id, sizeof id);
	secret_wipe(&p, sizeof p);
	secret_wipe(file_key, sizeof file_key);
	return r;
}
