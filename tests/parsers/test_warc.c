/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/coding.h"
#include "parsers/warc.h"
#include "parsers/warc_digest.h"
#include "parsers/warc_read.h"
#include "parsers/warcgz.h"
#include "store/sha256.h"
#include "tests/parsers/shared.h"

#include <criterion/criterion.h>

#define ID "01234567-89ab-4cde-8f01-23456789abcd"
#define ID2 "01234567-89ab-4cde-8f01-23456789abce"

static const char response[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
			       "\r\n5\r\nhello\r\n0\r\n\r\n";

static void digest(char out[72], struct bytes b)
{
	uint8_t h[32];

	sha256_once(b, h);
	warc_digest_sha256(out, h);
}

static struct buf small(void)
{
	struct buf b = BUF_INIT(1 << 20);
	char block[72], payload[72];
	const char *with[] = { ID2, NULL };
	struct warc_new r = {
		.type = WARC_RESPONSE, .id = ID, .date_ms = 1767225600123,
		.content_type = WARC_TYPE_RESPONSE,
		.target_uri = "https://example.com/a", .ip = "192.0.2.1",
		.block_digest = block, .payload_digest = payload,
		.concurrent = with,
	};

	digest(block, bytes_str(response));
	digest(payload, bytes_str("hello"));
	cr_assert_eq(warc_write(&r, bytes_str(response), &b, NULL), 0);
	return b;
}

static int digest_ok(const struct warc_record *rec)
{
	char want[72];

	digest(want, rec->block);
	return bytes_is(warc_get(rec->head, "WARC-Block-Digest"), want);
}

Test(warc, a_written_record_is_read_back)
{
	struct buf b = small(), scratch = BUF_INIT(1000);
	struct warc_options strict = { 1, 0 };
	struct warc_reader *r;
	struct warc_record rec;
	struct bytes payload, body;
	unsigned f;

	cr_assert_eq(warc_reader_new(buf_view(&b), &strict, &r, NULL), 0);
	cr_assert_eq(warc_reader_next(r, &rec, NULL), 1);
	cr_expect_eq(rec.head->type, WARC_RESPONSE);
	cr_expect_eq(rec.head->odd, 0);
	cr_expect(bytes_is(warc_get(rec.head, "warc-date"), "2026-01-01T00:00:00.123Z"));
	cr_expect(bytes_is(warc_uri(rec.head, "WARC-Record-ID"), "urn:uuid:" ID));
	cr_expect(bytes_is(warc_get(rec.head, "WARC-Concurrent-To"),
			   "<urn:uuid:" ID2 ">"));
	cr_expect(bytes_is(rec.block, response));
	cr_expect_eq(rec.offset, 0);
	cr_expect_eq(rec.length, b.len);
	cr_expect(digest_ok(&rec));
	cr_expect_eq(warc_payload(rec.head, rec.block, &scratch, &payload, &f, NULL), 0);
	cr_expect(bytes_is(payload, "hello"));
	cr_expect_eq(f, 0);
	cr_expect_eq(warc_http_body(rec.head, rec.block, &body, NULL), 0);
	cr_expect_eq(body.len, 15);
	cr_expect_eq(warc_reader_next(r, &rec, NULL), 0);
	warc_reader_free(r);
	buf_release(&b);
	buf_release(&scratch);
}

Test(warc, nothing_can_be_injected_into_a_head)
{
	static const char *const bad[] = { "https://example.com/\r\nX: y",
		"https://example.com/\n", "https://example.com/ x", "<a>", "",
		"https://example.com/\x01", "https://example.com/\xff" };
	struct buf b = BUF_INIT(1000);
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct warc_new r = { .type = WARC_RESOURCE, .id = ID,
				      .target_uri = bad[i] };

		cr_expect_eq(warc_write(&r, bytes_str("x"), &b, &e), ERR_FORMAT,
			     "%zu", i);
		cr_expect_eq(b.len, 0);
	}
	cr_expect_eq(warc_field_put(&b, "A:B", "x", NULL), ERR_FORMAT);
	cr_expect_eq(warc_field_put(&b, "A\r\nB", "x", NULL), ERR_FORMAT);
	cr_expect_eq(warc_field_put(&b, "", "x", NULL), ERR_FORMAT);
	buf_release(&b);
}

Test(warc, types_keep_their_rules)
{
	static const struct warc_new bad[] = {
		{ .type = WARC_UNKNOWN, .id = ID },
		{ .type = WARC_WARCINFO },
		{ .type = WARC_WARCINFO, .id = "x" },
		{ .type = WARC_WARCINFO, .id = ID, .target_uri = "urn:x" },
		{ .type = WARC_RESPONSE, .id = ID },
		{ .type = WARC_METADATA, .id = ID, .payload_digest = "sha1:A" },
		{ .type = WARC_REVISIT, .id = ID, .target_uri = "urn:x" },
		{ .type = WARC_REVISIT, .id = ID, .target_uri = "urn:x",
		  .profile = WARC_PROFILE_IDENTICAL },
		{ .type = WARC_RESOURCE, .id = ID, .target_uri = "urn:x",
		  .block_digest = "sha256:00" },
		{ .type = WARC_RESOURCE, .id = ID, .target_uri = "urn:x",
		  .date_ms = INT64_MAX },
	};
	static const struct warc_new good[] = {
		{ .type = WARC_WARCINFO, .id = ID, .filename = "a.warc.gz",
		  .content_type = WARC_TYPE_FIELDS },
		{ .type = WARC_METADATA, .id = ID, .refers_to = ID2 },
		{ .type = WARC_REVISIT, .id = ID, .target_uri = "urn:x",
		  .profile = WARC_PROFILE_NOT_MODIFIED },
	};
	struct buf b = BUF_INIT(4000);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(warc_write(&bad[i], bytes_str("x"), &b, NULL),
			     ERR_FORMAT, "%zu", i);
	cr_expect_eq(b.len, 0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect_eq(warc_write(&good[i], bytes_str("x"), &b, NULL), 0,
			     "%zu", i);
	buf_release(&b);
}

/* What a change may do: be found, or leave block and structure as they are. */
Test(warc, any_flipped_bit_is_found_or_harmless)
{
	struct buf b = small();
	struct bytes block = bytes_str(response);

	for (size_t bit = 0; bit < b.len * 8; bit++) {
		struct warc_reader *r = NULL;
		struct warc_record rec;
		int n = 0, ok = 0;

		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (warc_reader_new(buf_view(&b), NULL, &r, NULL) == 0) {
			while (warc_reader_next(r, &rec, NULL) == 1) {
				n++;
				ok = bytes_eq(rec.block, block) ||
				     !digest_ok(&rec);
			}
			cr_expect(warc_reader_unsound(r) || (n == 1 && ok),
				  "bit %zu", bit);
		}
		warc_reader_free(r);
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_release(&b);
}

Test(warc, a_record_cut_anywhere_is_not_sound)
{
	struct buf b = small(), gz = BUF_INIT(1 << 20);
	struct warcgz *z;

	cr_assert_eq(warcgz_new(&z), 0);
	cr_assert_eq(warcgz_put(z, buf_view(&b), 0, &gz), 0);
	for (int packed = 0; packed < 2; packed++) {
		struct bytes all = packed ? buf_view(&gz) : buf_view(&b);

		for (size_t n = 0; n < all.len; n++) {
			struct warc_reader *r = NULL;
			struct warc_record rec;

			if (warc_reader_new(BYTES(all.p, n), NULL, &r, NULL) < 0)
				continue;
			while (warc_reader_next(r, &rec, NULL) == 1)
				;
			cr_expect_gt(warc_reader_unsound(r), 0, "%zu", n);
			warc_reader_free(r);
		}
	}
	warcgz_free(z);
	buf_release(&b);
	buf_release(&gz);
}

Test(warc, one_member_a_record_and_offsets_that_fit)
{
	struct buf b = small(), file = BUF_INIT(1 << 20);
	uint64_t at[3] = { 0 };
	struct warc_options strict = { 1, 0 };
	struct warc_reader *r;
	struct warc_record rec;
	struct warcgz *z;
	int n = 0;

	cr_assert_eq(warcgz_new(&z), 0);
	for (int i = 0; i < 3; i++) {
		at[i] = file.len;
		cr_assert_eq(warcgz_put(z, buf_view(&b), i == 1, &file), 0);
	}
	cr_assert_eq(warc_reader_new(buf_view(&file), &strict, &r, NULL), 0);
	cr_expect(warc_reader_is_gzip(r));
	while (warc_reader_next(r, &rec, NULL) == 1) {
		cr_expect_eq(rec.offset, at[n]);
		cr_expect_eq(rec.offset + rec.length, n < 2 ? at[n + 1] : file.len);
		cr_expect(bytes_is(rec.block, response));
		n++;
	}
	cr_expect_eq(n, 3);
	cr_expect_eq(warc_reader_unsound(r), 0);
	warc_reader_free(r);
	warcgz_free(z);
	buf_release(&b);
	buf_release(&file);
}

Test(warc, tolerant_reading_goes_on_behind_damage)
{
	struct buf b = small(), gz = BUF_INIT(1 << 20), file = BUF_INIT(1 << 20);
	struct warcgz *z;

	cr_assert_eq(warcgz_new(&z), 0);
	cr_assert_eq(warcgz_put(z, buf_view(&b), 0, &gz), 0);
	for (int packed = 0; packed < 2; packed++) {
		struct bytes one = packed ? buf_view(&gz) : buf_view(&b);
		struct warc_reader *r;
		struct warc_record rec;
		int good = 0;

		buf_clear(&file);
		for (int i = 0; i < 3; i++)
			buf_addb(&file, one);
		/* In the middle of the second: its length, its deflate data. */
		if (packed)
			memset(file.p + one.len + one.len / 2, 0xff, 8);
		else
			memcpy(memmem(file.p + one.len, one.len, "Length: 6", 9),
			       "Length: 9", 9);
		cr_assert_eq(warc_reader_new(buf_view(&file), NULL, &r, NULL), 0);
		while (warc_reader_next(r, &rec, NULL) == 1)
			good += rec.whole && bytes_is(rec.block, response);
		cr_expect_eq(good, 2, "packed %d", packed);
		cr_expect_gt(warc_reader_unsound(r), 0);
		warc_reader_free(r);
	}
	warcgz_free(z);
	buf_release(&b);
	buf_release(&gz);
	buf_release(&file);
}

Test(warc, an_immense_length_is_a_finding)
{
	static const char text[] = "WARC/1.0\r\nWARC-Type: resource\r\n"
		"WARC-Record-ID: <urn:uuid:" ID ">\r\nWARC-Target-URI: urn:x\r\n"
		"WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Length: %s\r\n\r\nx\r\n\r\n";
	static const char *const len[] = { "999999999999999999",
		"99999999999999999999999", "-1", "1 ", "0x1", "", "2147483648" };

	for (size_t i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		struct buf b = BUF_INIT(4000);
		struct warc_reader *r;
		struct warc_record rec;

		buf_addf(&b, text, len[i]);
		cr_assert_eq(warc_reader_new(buf_view(&b), NULL, &r, NULL), 0);
		while (warc_reader_next(r, &rec, NULL) == 1)
			;
		cr_expect_eq(warc_reader_unsound(r) == 0, i == 3, "%s", len[i]);
		warc_reader_free(r);
		buf_release(&b);
	}
}

/* Each would take minutes if work were done again for each byte or hit. */
Test(warc, hostile_files_are_read_in_linear_time)
{
	struct buf line = BUF_INIT(64 << 20), gz = BUF_INIT(64 << 20), b = small();
	struct warc_reader *r;
	struct warc_record rec;
	struct warcgz *z;

	cr_assert_eq(warcgz_new(&z), 0);
	buf_addb(&line, buf_view(&b));
	memset(buf_room(&line, 8 << 20), '\n', 8 << 20);
	line.len += 8 << 20;
	cr_assert_eq(warcgz_put(z, buf_view(&line), 0, &gz), 0);
	cr_assert_eq(warc_reader_new(buf_view(&gz), NULL, &r, NULL), 0);
	while (warc_reader_next(r, &rec, NULL) == 1)
		;
	cr_expect_eq(warc_reader_unsound(r), 0);
	warc_reader_free(r);
	buf_clear(&line);
	while (line.len < 8 << 20)
		buf_adds(&line, "WARC/1.0\n");
	cr_assert_eq(warc_reader_new(buf_view(&line), NULL, &r, NULL), 0);
	cr_expect_eq(warc_reader_next(r, &rec, NULL), 0);
	cr_expect_gt(warc_reader_unsound(r), 0);
	warc_reader_free(r);
	warcgz_free(z);
	buf_release(&line);
	buf_release(&gz);
	buf_release(&b);
}

Test(warc, other_containers_are_named_not_misread)
{
	struct warc_reader *r = NULL;

	cr_expect_eq(warc_reader_new(bytes_str("filedesc://x.arc 0.0.0.0"), NULL,
				     &r, NULL), ERR_UNSUPPORTED);
	cr_expect_eq(warc_reader_new(bytes_str("PK\3\4xxxx"), NULL, &r, NULL),
		     ERR_UNSUPPORTED);
	cr_expect_eq(warc_reader_new(bytes_str("hello"), NULL, &r, NULL), ERR_FORMAT);
	cr_expect_null(r);
}

Test(warc, folded_and_repeated_fields_are_read)
{
	struct warc_head h = WARC_HEAD_INIT;
	size_t at = 0;

	cr_assert_eq(warc_head_parse(bytes_str(
		"WARC/0.18\r\nwarc-type: ReQuest\r\nWARC-Target-URI: <http://a/\r\n b>\r\n"
		"WARC-Concurrent-To: <urn:a>\r\nWARC-Concurrent-To: <urn:b>\r\n"
		"WARC-Date: x\nWARC-Date: y\r\nContent-Length: 7\r\n\r\nrest"),
		&h, NULL), 0);
	cr_expect_eq(h.minor, 18);
	cr_expect_eq(h.type, WARC_REQUEST);
	cr_expect(bytes_is(warc_uri(&h, "WARC-Target-URI"), "http://a/ b"));
	warc_get_next(&h, "WARC-Concurrent-To", &at);
	cr_expect(bytes_is(warc_get_next(&h, "WARC-Concurrent-To", &at), "<urn:b>"));
	cr_expect_eq(h.length, 7);
	cr_expect_eq(h.odd, WARC_ODD_FOLD | WARC_ODD_REPEAT | WARC_ODD_LINE_END);
	warc_head_release(&h);
}

Test(warc, digests_are_read_in_every_spelling)
{
	/* SHA-1 of nothing, FIPS 180-4 */
	static const char *const sha1[] = {
		"sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
		"SHA-1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"sha1:3i42h3s6nnfq2msvx7xzkyayscx5qbyj",
	};
	static const uint8_t want[] = { 0xda, 0x39, 0xa3, 0xee, 0x5e, 0x6b, 0x4b,
		0x0d, 0x32, 0x55, 0xbf, 0xef, 0x95, 0x60, 0x18, 0x90, 0xaf, 0xd8,
		0x07, 0x09 };
	struct warc_digest d;

	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(warc_digest_parse(bytes_str(sha1[i]), &d), 0);
		cr_expect_eq(d.algorithm, WARC_SHA1);
		cr_expect_eq(memcmp(d.value, want, 20), 0);
	}
	cr_expect_eq(warc_digest_parse(bytes_str("sha1:xyz"), &d), ERR_FORMAT);
	cr_expect_eq(warc_digest_parse(bytes_str("sha1"), &d), ERR_FORMAT);
	cr_expect_eq(warc_digest_parse(bytes_str("crc32:00"), &d), ERR_UNSUPPORTED);
}

/* word - 1 when a note of INDEX.tsv says that the file is not sound */
static int says_broken(const char *note)
{
	static const char *const words[] = { "MALFORMED", "CORRUPT", "TRUNCATED",
					     "CLIPPED", "empty" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(note, words[i]))
			return 1;
	}
	return 0;
}

static void vector(const char *file, const char *note)
{
	/* Edited by hand in their repositories, so that lengths are wrong. */
	static const char *const edited[] = { "warc/pywb__example-extra.warc",
		"warc/pywb__missing-status-text.warc" };
	struct buf b = BUF_INIT(64 << 20);
	struct warc_reader *r = NULL;
	struct warc_record rec;
	const char *root = getenv("SCELLE_SHARED");
	char path[FILE_PATH_MAX];
	int broken = says_broken(note), ret;

	file_path(path, root, "vectors", file, NULL);
	if (!file_exists(path))
		return;
	cr_assert_eq(file_read(path, &b, NULL), 0, "%s", path);
	for (size_t i = 0; i < 2; i++)
		broken |= !strcmp(file, edited[i]);
	ret = warc_reader_new(buf_view(&b), NULL, &r, NULL);
	if (strstr(file, ".arc") || strstr(file, ".wacz")) {
		cr_expect(ret == ERR_UNSUPPORTED, "%s: %d", file, ret);
	} else {
		cr_assert_eq(ret, 0, "%s", file);
		while (warc_reader_next(r, &rec, NULL) == 1) {
			struct buf s = BUF_INIT(64 << 20);
			struct bytes p;
			unsigned f;

			warc_payload(rec.head, rec.block, &s, &p, &f, NULL);
			buf_release(&s);
		}
		cr_expect_eq(warc_reader_unsound(r) > 0, broken, "%s: %s", file,
			     note);
	}
	warc_reader_free(r);
	buf_release(&b);
}

Test(warc, published_files_get_the_verdict_of_their_index)
{
	struct buf b = BUF_INIT(1 << 20);
	char *save = NULL;

	if (shared_read("warc", "vectors/warc/INDEX.tsv", &b))
		return;
	buf_cstr(&b);
	for (char *line = strtok_r((char *)b.p, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t'), *note = strrchr(line, '\t');

		if (!tab || strncmp(line, "warc/", 5) != 0)
			continue;
		*tab = 0;
		vector(line, note + 1);
	}
	buf_release(&b);
}
