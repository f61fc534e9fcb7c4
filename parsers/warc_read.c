/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/warc_read.h"

#include "parsers/warc_source.h"
#include "util/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Room besides the largest block: for its line ends, and for bytes taken but
 * not yet forgotten. */
#define SLACK (64 + WARC_SOURCE_KEEP)

struct warc_reader {
	struct warc_source src;
	struct warc_head head;
	struct warc_finding *finding;
	size_t findings;
	uint64_t all, unsound;
	int strict;
	int said_shared;	/* "not one member a record", said once */
	unsigned said_odd;	/* WARC_ODD_* said already */
	uint64_t records;
	int broken;		/* look for the next record first */
	size_t resume;		/* plain files: from there on */
	int ended;
};

static void note_va(struct warc_reader *r, uint64_t offset, int unsound,
		    const char *fmt, va_list ap)
{
	struct warc_finding *f;

	r->all++;
	r->unsound += unsound != 0;
	if (r->findings == WARC_FINDINGS_MAX)
		return;
	f = &r->finding[r->findings++];
	f->offset = offset;
	f->unsound = unsound != 0;
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
}

void warc_reader_note(struct warc_reader *r, uint64_t offset, int unsound,
		      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_va(r, offset, unsound, fmt, ap);
	va_end(ap);
}

/* kind - 1 gzip, 0 plain; or an error for what is no WARC */
static int kind(struct bytes f, struct err *e)
{
	if (f.len >= 2 && f.p[0] == 0x1f && f.p[1] == 0x8b)
		return 1;
	if (f.len == 0 || (f.len >= 5 && memcmp(f.p, "WARC/", 5) == 0))
		return 0;
	if (f.len >= 11 && memcmp(f.p, "filedesc://", 11) == 0)
		return err_set(e, ERR_UNSUPPORTED, "an ARC file, not a WARC");
	if (f.len >= 4 && memcmp(f.p, "PK\3\4", 4) == 0)
		return err_set(e, ERR_UNSUPPORTED,
			       "a ZIP file (a WACZ?), not a WARC");
	return err_set(e, ERR_FORMAT, "not a WARC file");
}

int warc_reader_new(struct bytes file, const struct warc_options *opt,
		    struct warc_reader **out, struct err *e)
{
	struct warc_reader *r;
	struct bytes v;
	size_t max = opt && opt->block_max ? opt->block_max : WARC_BLOCK_MAX;
	int gzip = kind(file, e), ret;

	if (gzip < 0)
		return gzip;
	r = calloc(1, sizeof(*r));
	if (r)
		r->finding = calloc(WARC_FINDINGS_MAX, sizeof(*r->finding));
	if (!r || !r->finding ||
	    warc_source_init(&r->src, file, gzip, max + WARC_HEAD_MAX + SLACK) < 0) {
		ret = err_set(e, ERR_NOMEM, "out of memory");
		goto out;
	}
	r->strict = opt && opt->strict;
	ret = 0;
	if (gzip && warc_source_want(&r->src, 11)) {
		v = warc_source_view(&r->src);
		ret = memcmp(v.p, "\x1f\x8b", 2) == 0 ?
			err_set(e, ERR_FORMAT, "gzip within gzip") : kind(v, e);
	}
out:
	if (ret < 0) {
		warc_reader_free(r);
		return ret;
	}
	*out = r;
	return 0;
}

void warc_reader_free(struct warc_reader *r)
{
	if (!r)
		return;
	warc_source_release(&r->src);
	warc_head_release(&r->head);
	free(r->finding);
	free(r);
}

int warc_reader_is_gzip(const struct warc_reader *r)
{
	return r->src.gzip;
}

const struct warc_finding *warc_reader_findings(const struct warc_reader *r,
						size_t *count_out,
						uint64_t *all_out)
{
	*count_out = r->findings;
	if (all_out)
		*all_out = r->all;
	return r->finding;
}

uint64_t warc_reader_unsound(const struct warc_reader *r)
{
	return r->unsound;
}

/* stopped - say why decompression stopped, if it did not come to a good end */
static void stopped(struct warc_reader *r)
{
	const struct warc_source *s = &r->src;

	if (!s->gzip)
		return;
	if (s->stop == WARC_CUT)
		warc_reader_note(r, s->member_at, 1,
				 "file ends inside a gzip member");
	else if (s->stop == WARC_CORRUPT)
		warc_reader_note(r, s->member_at, 1, "corrupt gzip data near byte %zu",
				 s->at);
	else if (s->stop == WARC_RUBBISH)
		warc_reader_note(r, s->at, 1, "bytes that are no gzip member");
}

/* resync - find the next place where a record may begin; 1 or 0 */
static int resync(struct warc_reader *r)
{
	struct warc_source *s = &r->src;
	size_t at;

	if (s->gzip)
		return warc_source_skip_member(s);
	for (at = r->resume; at < s->in.len; at++) {
		const uint8_t *p = memchr(s->in.p + at, 'W', s->in.len - at);

		if (!p)
			break;
		at = (size_t)(p - s->in.p);
		if (s->in.len - at >= 5 && memcmp(p, "WARC/", 5) == 0 &&
		    at > 0 && p[-1] == '\n') {
			s->at = at;
			return 1;
		}
	}
	s->at = s->in.len;
	return 0;
}

/* blank_lines - pass over stray line ends; returns how many bytes */
static size_t blank_lines(struct warc_reader *r)
{
	size_t n = 0;

	while (warc_source_want(&r->src, 1)) {
		uint8_t c = *warc_source_view(&r->src).p;

		if (c != '\r' && c != '\n')
			break;
		warc_source_take(&r->src, 1);
		warc_source_compact(&r->src);
		n++;
	}
	return n;
}

/* head_in_view - decompress until the whole head is in view */
static void head_in_view(struct warc_source *s)
{
	size_t seen = 0;

	for (;;) {
		struct bytes v = warc_source_view(s);

		if (v.len >= WARC_HEAD_MAX)
			return;
		/* An empty line: LF, perhaps some CR, LF. */
		for (size_t i = seen > 4 ? seen - 4 : 0; i < v.len; i++) {
			size_t k = i + 1;

			if (v.p[i] != '\n')
				continue;
			while (k < v.len && v.p[k] == '\r' && k < i + 4)
				k++;
			if (k < v.len && v.p[k] == '\n')
				return;
		}
		seen = v.len;
		if (!s->gzip || !warc_source_same(s, v.len + 1))
			return;
	}
}

static void say_odd(struct warc_reader *r, uint64_t offset)
{
	static const struct {
		unsigned bit;
		int unsound;
		const char *text;
	} odd[] = {
		{ WARC_ODD_LINE_END, 0, "head line ends other than CR LF" },
		{ WARC_ODD_FOLD, 0, "folded head lines" },
		{ WARC_ODD_LINE, 1, "a head line that is no field" },
		{ WARC_ODD_REPEAT, 1, "a field that must not be repeated is" },
		{ WARC_ODD_VERSION, 0, "unknown WARC version" },
		{ WARC_ODD_TEXT, 0, "a field with control characters or without UTF-8" },
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		if (!(r->head.odd & odd[i].bit))
			continue;
		/* Oddities are told once a file. */
		if (!odd[i].unsound && (r->said_odd & odd[i].bit))
			continue;
		r->said_odd |= odd[i].bit;
		warc_reader_note(r, offset, odd[i].unsound, "%s", odd[i].text);
	}
}

/* needed - the four fields that every record has (section 5.1 to 5.4, 5.5) */
static void needed(struct warc_reader *r, uint64_t offset)
{
	static const char *const name[] = { "WARC-Record-ID", "WARC-Date",
					    "WARC-Type", "Content-Length" };
	const struct warc_head *h = &r->head;
	struct bytes v;
	int64_t ms;

	for (size_t i = 0; i < 4; i++) {
		if (warc_get(h, name[i]).len == 0)
			warc_reader_note(r, offset, 1, "record without %s", name[i]);
	}
	v = warc_get(h, "WARC-Date");
	/* 0.17 drafts had 14 digits. */
	if (v.len && clock_parse_rfc3339((const char *)v.p, v.len, &ms) < 0 &&
	    !(h->major == 0 && v.len == 14))
		warc_reader_note(r, offset, 1, "WARC-Date '%.*s' is no date",
				 (int)(v.len < 40 ? v.len : 40), (const char *)v.p);
	v = warc_get(h, "WARC-Type");
	if (v.len && h->type == WARC_UNKNOWN)
		warc_reader_note(r, offset, 0, "unknown record type '%.*s'",
				 (int)(v.len < 40 ? v.len : 40), (const char *)v.p);
	v = warc_get(h, "WARC-Record-ID");
	if (v.len && (v.len < 3 || v.p[0] != '<' || v.p[v.len - 1] != '>'))
		warc_reader_note(r, offset, 0, "WARC-Record-ID without brackets");
	v = warc_uri(h, "WARC-Target-URI");
	if (!v.len && (h->type == WARC_RESPONSE || h->type == WARC_REQUEST ||
		       h->type == WARC_RESOURCE || h->type == WARC_REVISIT))
		warc_reader_note(r, offset, 1, "%s record without WARC-Target-URI",
				 warc_type_name(h->type));
	if (v.len && memchr(v.p, ' ', v.len))
		warc_reader_note(r, offset, 0, "space in WARC-Target-URI");
	if (v.len && v.p != warc_get(h, "WARC-Target-URI").p)
		warc_reader_note(r, offset, 0,
				 "angle brackets around WARC-Target-URI");
}

/* tail - the two line ends behind a block; 1 when all is well, else 0 */
static int tail(struct warc_reader *r, uint64_t offset)
{
	struct warc_source *s = &r->src;
	size_t n = 0, lf = 0;
	struct bytes v;

	warc_source_same(s, 4);
	v = warc_source_view(s);
	if (v.len >= 4 && memcmp(v.p, "\r\n\r\n", 4) == 0) {
		warc_source_take(s, 4);
		return 1;
	}
	while (n < v.len && n < 4 && lf < 2 && (v.p[n] == '\r' || v.p[n] == '\n'))
		lf += v.p[n++] == '\n';
	warc_source_take(s, n);
	if (lf == 2) {
		warc_reader_note(r, offset, 0,
				 "line ends behind the block without carriage return");
		return 1;
	}
	warc_reader_note(r, offset, 1,
			 "no two line ends behind the block: wrong Content-Length?");
	/* Going on here is right when the next record stands here anyway. */
	v = warc_source_view(s);
	return v.len == 0 || (v.len >= 5 && memcmp(v.p, "WARC/", 5) == 0);
}

/*
 * block_in_view - decompress the block and move behind it
 *   from  bytes of the head, still in view
 * Sets block.len and whole; where the block is, the caller finds once nothing
 * more is decompressed.
 */
static void block_in_view(struct warc_reader *r, struct warc_record *rec,
			  size_t from)
{
	struct warc_source *s = &r->src;
	uint64_t want = r->head.length;
	size_t have;

	if (s->gzip && want > s->plain.max - WARC_HEAD_MAX - SLACK) {
		warc_reader_note(r, rec->offset, 1,
				 "block of %llu bytes is larger than is read",
				 (unsigned long long)want);
		return;
	}
	if (want <= SIZE_MAX / 2 && warc_source_same(s, from + (size_t)want)) {
		rec->block.len = (size_t)want;
		rec->whole = 1;
		warc_source_take(s, from + (size_t)want);
		return;
	}
	have = warc_source_view(s).len;
	rec->block.len = have - from;
	warc_source_take(s, have);
	warc_reader_note(r, rec->offset, 1,
			 "block ends early: %zu bytes of %llu", rec->block.len,
			 (unsigned long long)want);
}

/*
 * one_record - read at a place where a record begins
 * Returns 1, 0 when there was none that can be used, or ERR_NOMEM.  Sets
 * broken when the next record has to be searched for.
 */
static int one_record(struct warc_reader *r, struct warc_record *rec)
{
	struct warc_source *s = &r->src;
	struct err why = ERR_INIT;
	int own = warc_source_starts_member(s), more = 1, ret;
	size_t block;

	memset(rec, 0, sizeof(*rec));
	r->resume = s->at;
	rec->offset = s->gzip ? s->member_at : s->at;
	if (s->gzip && !own && !r->said_shared) {
		warc_reader_note(r, rec->offset, 1,
				 "record does not begin a gzip member of its own");
		r->said_shared = 1;
	}
	head_in_view(s);
	warc_head_release(&r->head);
	ret = warc_head_parse(warc_source_view(s), &r->head, &why);
	if (ret == ERR_NOMEM)
		return ret;
	if (ret < 0) {
		/* No blank line for so long: none for what begins inside. */
		r->resume += ret == ERR_LIMIT ? WARC_HEAD_MAX :
			     ret == ERR_DAMAGED ? warc_source_view(s).len : 1;
		warc_reader_note(r, rec->offset, 1, "%s", why.text);
		stopped(r);
		return 0;
	}
	rec->head = &r->head;
	r->resume += r->head.head_len;
	block = (s->gzip ? s->used : s->at) + r->head.head_len;
	say_odd(r, rec->offset);
	needed(r, rec->offset);
	if (!r->head.has_length) {
		if (warc_get(&r->head, "Content-Length").len)
			warc_reader_note(r, rec->offset, 1,
					 "Content-Length is no number");
		return 0;
	}
	block_in_view(r, rec, r->head.head_len);
	if (rec->whole)
		more = tail(r, rec->offset);
	rec->whole &= more;
	/* The member should end here: then its bytes are the record's. */
	if (s->gzip && s->stop == WARC_GOING)
		warc_source_same(s, 1);
	if (rec->block.len)
		rec->block.p = (s->gzip ? s->plain.p : s->in.p) + block;
	rec->length = s->at - rec->offset;
	stopped(r);
	r->records++;
	r->broken = !more || !rec->whole || s->stop == WARC_CORRUPT ||
		    s->stop == WARC_CUT;
	return 1;
}

/* last_unsound - tell the finding that ends a strict reading */
static int last_unsound(const struct warc_reader *r, struct err *e)
{
	for (size_t i = r->findings; i > 0; i--) {
		const struct warc_finding *f = &r->finding[i - 1];

		if (f->unsound)
			return err_set(e, ERR_DAMAGED, "at byte %llu: %s",
				       (unsigned long long)f->offset, f->text);
	}
	return err_set(e, ERR_DAMAGED, "file is not sound");
}

/* at_record - go to where a record begins; 1, 0 at the end, or ERR_NOMEM */
static int at_record(struct warc_reader *r)
{
	struct warc_source *s = &r->src;
	size_t blank;

	warc_source_compact(s);
	blank = blank_lines(r);
	if (blank)
		warc_reader_note(r, s->gzip ? s->member_at : s->at, 0,
				 "%zu bytes of line ends between records", blank);
	while (!warc_source_want(s, 1)) {
		if (s->failed)
			return ERR_NOMEM;
		stopped(r);
		if (s->stop == WARC_END || !warc_source_skip_member(s))
			return 0;
	}
	return 1;
}

int warc_reader_next(struct warc_reader *r, struct warc_record *rec,
		     struct err *e)
{
	uint64_t before = r->unsound;

	while (!r->ended) {
		int ret;

		if (r->broken) {
			r->broken = 0;
			r->ended = !resync(r);
			continue;
		}
		ret = at_record(r);
		if (ret == 0) {
			r->ended = 1;
			if (!r->records && !r->unsound)
				warc_reader_note(r, 0, 1, "no record");
		}
		if (ret > 0)
			ret = one_record(r, rec);
		if (ret < 0 || r->src.failed)
			return err_set(e, ERR_NOMEM, "out of memory");
		if (r->strict && r->unsound > before) {
			r->ended = 1;
			return last_unsound(r, e);
		}
		if (ret > 0)
			return 1;
		r->broken = !r->ended;
	}
	return 0;
}
