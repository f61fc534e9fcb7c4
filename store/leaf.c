/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/leaf.h"

#include "util/enc.h"

static const uint8_t magic[8] = { 'S', 'C', 'L', 'L', 'E', 'A', 'F', '1' };
static const uint8_t zeros[32];

/* Domain prefixes end with the NUL of the literal, which is hashed too. */
static const char body_prefix[] = "scelle/body/v1";
static const char open_prefix[] = "scelle/open/v1";
static const char tag_prefix[] = "scelle/tag/v1";

void leaf_encode(const struct leaf *l, uint8_t out[static LEAF_LEN])
{
	struct leaf_disk d = { 0 };

	memcpy(d.magic, magic, sizeof d.magic);
	put_be64(d.seq, l->seq);
	put_be64(d.time_ms, (uint64_t)l->time_ms);
	put_be16(d.kind, l->kind);
	put_be16(d.flags, l->flags);
	memcpy(d.prev, l->prev, sizeof d.prev);
	memcpy(d.tag, l->tag, sizeof d.tag);
	memcpy(d.body, l->body, sizeof d.body);
	memcpy(d.open, l->open, sizeof d.open);
	memcpy(out, &d, LEAF_LEN);
}

int leaf_decode(const uint8_t in[static LEAF_LEN], struct leaf *out,
		struct err *e)
{
	struct leaf_disk d;
	uint64_t time_ms;
	unsigned kind;

	memcpy(&d, in, LEAF_LEN);
	if (memcmp(d.magic, magic, sizeof magic))
		return err_set(e, ERR_FORMAT, "bad leaf magic");
	if (memcmp(d.zero, zeros, sizeof d.zero))
		return err_set(e, ERR_FORMAT, "leaf has a reserved bit set");
	kind = get_be16(d.kind);
	if (kind < 1 || kind > LEAF_KIND_MAX)
		return err_set(e, ERR_FORMAT, "unknown leaf kind %u", kind);
	time_ms = get_be64(d.time_ms);
	if (time_ms > INT64_MAX)
		return err_set(e, ERR_FORMAT, "leaf time out of range");
	if (!get_be64(d.seq) && memcmp(d.prev, zeros, sizeof d.prev))
		return err_set(e, ERR_FORMAT, "first leaf has a predecessor");
	out->seq = get_be64(d.seq);
	out->time_ms = (int64_t)time_ms;
	out->kind = (uint16_t)kind;
	out->flags = get_be16(d.flags);
	memcpy(out->prev, d.prev, sizeof d.prev);
	memcpy(out->tag, d.tag, sizeof d.tag);
	memcpy(out->body, d.body, sizeof d.body);
	memcpy(out->open, d.open, sizeof d.open);
	return 0;
}

void leaf_hash(const uint8_t in[static LEAF_LEN],
	       uint8_t out[static SHA256_LEN])
{
	uint8_t b[1 + LEAF_LEN];

	b[0] = 0;
	memcpy(b + 1, in, LEAF_LEN);
	sha256_once(BYTES(b, sizeof b), out);
}

void leaf_body(const uint8_t (*hashes)[SHA256_LEN], uint32_t n,
	       uint8_t out[static SHA256_LEN])
{
	uint8_t count[4];
	struct bytes in[3] = {
		BYTES(body_prefix, sizeof body_prefix),
		BYTES(count, sizeof count),
		BYTES(hashes, (size_t)n * SHA256_LEN),
	};

	put_be32(count, n);
	sha256_pieces(in, 3, out);
}

void leaf_open(const uint8_t salt[static 32], struct bytes statement,
	       uint8_t out[static SHA256_LEN])
{
	uint8_t h[SHA256_LEN];

	sha256_once(statement, h);
	leaf_open_hash(salt, h, out);
}

void leaf_open_hash(const uint8_t salt[static 32],
		    const uint8_t statement_hash[static SHA256_LEN],
		    uint8_t out[static SHA256_LEN])
{
	struct bytes in[3] = {
		BYTES(open_prefix, sizeof open_prefix),
		BYTES(salt, 32),
		BYTES(statement_hash, SHA256_LEN),
	};

	sha256_pieces(in, 3, out);
}

void leaf_tag(const uint8_t key[static 32], uint64_t case_seq,
	      uint8_t out[static SHA256_LEN])
{
	uint8_t b[sizeof tag_prefix + 8];

	memcpy(b, tag_prefix, sizeof tag_prefix);
	put_be64(b + sizeof tag_prefix, case_seq);
	hmac_sha256(BYTES(key, 32), BYTES(b, sizeof b), out);
}

const char *leaf_kind_name(unsigned kind)
{
	static const char *const names[LEAF_KIND_MAX + 1] = {
		"unknown", "evidence", "access", "admin", "erasure", "key",
		"anchor", "import", "export", "recovery", "refused",
	};

	return names[kind <= LEAF_KIND_MAX ? kind : 0];
}
