/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/warc_source.h"

#include "util/err.h"

#define STEP 65536u

int warc_source_init(struct warc_source *s, struct bytes in, int gzip,
		     size_t max)
{
	memset(s, 0, sizeof(*s));
	s->in = in.len ? in : bytes_str("");
	s->gzip = gzip;
	s->plain.max = max;
	if (gzip && inflateInit2(&s->z, 15 + 16) != Z_OK)
		return ERR_NOMEM;
	s->z_ready = gzip;
	return 0;
}

void warc_source_release(struct warc_source *s)
{
	if (s->z_ready)
		inflateEnd(&s->z);
	buf_release(&s->plain);
	memset(s, 0, sizeof(*s));
}

struct bytes warc_source_view(const struct warc_source *s)
{
	if (!s->gzip)
		return BYTES(s->in.p + s->at, s->in.len - s->at);
	if (s->plain.len == s->used)
		return bytes_str("");
	return BYTES(s->plain.p + s->used, s->plain.len - s->used);
}

/* is_member - 1 when a gzip member's fixed bytes stand at this place */
static int is_member(struct bytes in, size_t at)
{
	return in.len - at >= 3 && in.p[at] == 0x1f && in.p[at + 1] == 0x8b &&
	       in.p[at + 2] == 8;
}

/* open_member - returns 1, or 0 with stop set */
static int open_member(struct warc_source *s)
{
	if (s->at == s->in.len) {
		s->stop = WARC_END;
		return 0;
	}
	if (!is_member(s->in, s->at)) {
		s->member_at = s->at;
		s->stop = s->in.len - s->at < 3 && s->in.p[s->at] == 0x1f ?
			  WARC_CUT : WARC_RUBBISH;
		return 0;
	}
	inflateReset(&s->z);
	s->in_member = 1;
	s->members++;
	s->member_at = s->at;
	s->member_from = s->plain.len;
	return 1;
}

/* step - decompress a piece of the open member; 1, or 0 with stop set */
static int step(struct warc_source *s)
{
	size_t room = s->plain.max - s->plain.len;
	size_t left = s->in.len - s->at;
	uint8_t *p;
	int r;

	if (room == 0) {
		s->stop = WARC_FULL;
		return 0;
	}
	if (room > STEP)
		room = STEP;
	if (left > 1u << 30)
		left = 1u << 30;
	p = buf_room(&s->plain, room);
	if (!p) {
		s->failed = ERR_NOMEM;
		s->stop = WARC_CORRUPT;
		return 0;
	}
	s->z.next_in = (uint8_t *)(uintptr_t)(s->in.p + s->at);
	s->z.avail_in = (uInt)left;
	s->z.next_out = p;
	s->z.avail_out = (uInt)room;
	r = inflate(&s->z, Z_NO_FLUSH);
	s->at += left - s->z.avail_in;
	s->plain.len += room - s->z.avail_out;
	if (r == Z_STREAM_END) {
		s->in_member = 0;
		return 1;
	}
	if (r == Z_MEM_ERROR)
		s->failed = ERR_NOMEM;
	if (r != Z_OK && r != Z_BUF_ERROR) {
		s->stop = WARC_CORRUPT;
		return 0;
	}
	if (s->at == s->in.len && s->z.avail_out > 0) {
		s->stop = WARC_CUT;
		return 0;
	}
	return 1;
}

static int fill(struct warc_source *s, size_t n, int same)
{
	if (!s->gzip) {
		if (n <= s->in.len - s->at)
			return 1;
		s->stop = WARC_END;
		return 0;
	}
	while (s->plain.len - s->used < n) {
		if (s->stop != WARC_GOING && s->stop != WARC_FULL)
			return 0;
		s->stop = WARC_GOING;
		if (!s->in_member && (same || !open_member(s)))
			return 0;
		if (!step(s))
			return s->plain.len - s->used >= n;
	}
	return 1;
}

int warc_source_want(struct warc_source *s, size_t n)
{
	return fill(s, n, 0);
}

int warc_source_same(struct warc_source *s, size_t n)
{
	return fill(s, n, 1);
}

void warc_source_take(struct warc_source *s, size_t n)
{
	if (s->gzip)
		s->used += n;
	else
		s->at += n;
}

void warc_source_compact(struct warc_source *s)
{
	size_t left;

	/* Moving is worth it only once much was taken. */
	if (!s->gzip || s->used == 0 ||
	    (s->used < WARC_SOURCE_KEEP && s->used < s->plain.len))
		return;
	left = s->plain.len - s->used;
	if (left)
		memmove(s->plain.p, s->plain.p + s->used, left);
	s->member_from = s->member_from < s->used ? SIZE_MAX :
						    s->member_from - s->used;
	s->plain.len = left;
	s->used = 0;
}

int warc_source_starts_member(const struct warc_source *s)
{
	return s->gzip && s->members && s->used == s->member_from;
}

int warc_source_skip_member(struct warc_source *s)
{
	if (!s->gzip)
		return 0;
	while (s->in_member && (s->stop == WARC_GOING || s->stop == WARC_FULL)) {
		s->stop = WARC_GOING;
		s->plain.len = s->used = 0;
		step(s);
	}
	if (s->failed)
		return 0;
	s->plain.len = s->used = 0;
	s->member_from = SIZE_MAX;
	if (s->stop == WARC_CORRUPT || s->stop == WARC_RUBBISH ||
	    s->stop == WARC_CUT) {
		/* What looks like a member may begin inside the broken one. */
		size_t from = s->in_member ? s->member_at + 1 : s->at + 1;

		while (from < s->in.len && !is_member(s->in, from))
			from++;
		s->in_member = 0;
		s->at = from < s->in.len ? from : s->in.len;
	}
	if (s->at == s->in.len) {
		s->stop = WARC_END;
		return 0;
	}
	s->stop = WARC_GOING;
	return 1;
}
