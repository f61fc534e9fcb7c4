/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/mime.h"
#include "parsers/warcgz.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define S(text) { text, sizeof(text) - 1 }

static const struct {
	struct {
		const char *p;
		size_t len;
	} in;
	const char *type;
} cases[] = {
	{ S("\xff\xd8\xff\xe0\0\x10JFIF"), "image/jpeg" },
	{ S("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png" },
	{ S("GIF89a\1\0"), "image/gif" },
	{ S("RIFF\x10\0\0\0WEBPVP8 "), "image/webp" },
	{ S("RIFF\x10\0\0\0WAVEfmt "), "audio/wav" },
	{ S("\0\0\0\x18" "ftypmp42\0\0\0\0"), "video/mp4" },
	{ S("\0\0\0\x18" "ftypisom\0\0\0\0"), "video/mp4" },
	{ S("\0\0\0\x18" "ftypavif\0\0\0\0"), "image/avif" },
	{ S("\0\0\0\x18" "ftypM4A \0\0\0\0"), "audio/mp4" },
	{ S("\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm"), "video/webm" },
	{ S("\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska"), "video/x-matroska" },
	{ S("OggS\0\2\0\0"), "application/ogg" },
	{ S("ID3\4\0\0"), "audio/mpeg" },
	{ S("\xff\xfb\x90\x64\0\0"), "audio/mpeg" },
	{ S("\xff\xf1\x50\x80\0\0"), "audio/aac" },
	{ S("%PDF-1.7\n"), "application/pdf" },
	{ S("PK\3\4\x14\0"), "application/zip" },
	{ S("\x1f\x8b\x08\0\0\0"), "application/gzip" },
	{ S("<!DOCTYPE html><html>"), "text/html" },
	{ S("\xef\xbb\xbf\r\n <!-- x --> <HTML lang=fr>"), "text/html" },
	{ S("<!doctype HTML PUBLIC \"x\">hello"), "text/html" },
	{ S("<p>hello"), "text/html" },
	{ S("<?xml version=\"1.0\"?>\n<rss version=\"2.0\">"), "application/rss+xml" },
	{ S("<?xml version=\"1.0\"?><feed xmlns=\"x\">"), "application/atom+xml" },
	{ S("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a 'b'>]><x/>"),
	  "application/xml" },
	{ S("<?xml version=\"1.0\"?><svg xmlns='x'>"), "image/svg+xml" },
	{ S(" {\"a\": 1}"), "application/json" },
	{ S("[\n {}]"), "application/json" },
	{ S("{}"), "application/json" },
	{ S("hello, world"), "text/plain" },
	{ S("User-agent: *\nDisallow:\n"), "text/plain" },
	{ S("{hello}"), "text/plain" },
	{ S("\0\1\2\3"), NULL },
	{ S("\xff\xff\xff\xff"), NULL },
	{ S(""), NULL },
	{ S("   "), NULL },
};

Test(mime, types_are_told_by_their_bytes)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* A copy of exact size, so that a read beyond it is found. */
		uint8_t *p = malloc(cases[i].in.len + 1);
		const char *got;

		memcpy(p, cases[i].in.p, cases[i].in.len);
		got = mime_sniff(BYTES(p, cases[i].in.len));
		if (cases[i].type)
			cr_expect_str_eq(got ? got : "(none)", cases[i].type,
					 "case %zu: %s", i, got ? got : "(none)");
		else
			cr_expect_null(got, "case %zu: %s", i, got);
		free(p);
	}
}

Test(mime, any_cut_of_any_case_is_read_within_its_bounds)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t n = 0; n < cases[i].in.len; n++) {
			uint8_t *p = malloc(n + 1);

			memcpy(p, cases[i].in.p, n);
			mime_sniff(BYTES(p, n));
			free(p);
		}
	}
}

Test(mime, what_is_packed_already_is_stored)
{
	cr_expect(warcgz_stores("image/jpeg"));
	cr_expect(warcgz_stores("video/mp4"));
	cr_expect_not(warcgz_stores("image/svg+xml"));
	cr_expect_not(warcgz_stores("text/html"));
	cr_expect_not(warcgz_stores(NULL));
	cr_expect(mime_is_media("audio/mpeg"));
	cr_expect_not(mime_is_media("application/pdf"));
}
