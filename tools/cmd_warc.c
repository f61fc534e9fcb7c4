/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle warc check: is a WARC file sound?
 */
#include "parsers/warc_digest.h"
#include "parsers/warc_read.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "util/file.h"
#include "util/json.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STDIN_MAX ((size_t)2 << 30)
#define PAYLOAD_MAX ((size_t)256 << 20)

static const char help[] = N_(
"Usage: scelle warc check FILE\n"
"\n"
"Checks a WARC file ('-': standard input), plain or gzip: structure, lengths,\n"
"required fields, block and payload digests.  Prints one line for each problem,\n"
"with its offset in the file.\n"
"\n"
"Exit status: 0 sound; 1 not sound; 3 could not be checked.\n");

/* struct content - a file's bytes, mapped when it is a file */
struct content {
	struct bytes bytes;
	void *map;
	struct buf buf;
};

static int content_open(const char *path, struct content *c, struct err *e)
{
	struct stat st;
	int fd, r;

	if (strcmp(path, "-") == 0) {
		r = file_read(path, &c->buf, e);
		c->bytes = buf_view(&c->buf);
		return r;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0) {
		r = err_errno(e, "cannot look at '%s'", path);
	} else if (!S_ISREG(st.st_mode)) {
		r = err_set(e, ERR_IO, "'%s' is not a file", path);
	} else if (st.st_size == 0) {
		r = 0;
	} else {
		c->bytes.len = (size_t)st.st_size;
		c->map = mmap(NULL, c->bytes.len, PROT_READ, MAP_PRIVATE, fd, 0);
		r = 0;
		if (c->map == MAP_FAILED) {
			c->map = NULL;
			r = err_errno(e, "cannot map '%s'", path);
		}
		c->bytes.p = c->map;
	}
	close(fd);
	return r;
}

static void content_close(struct content *c)
{
	if (c->map)
		munmap(c->map, c->bytes.len);
	buf_release(&c->buf);
}

/* matches - 1 when the bytes have that digest, 0 when not, or ERR_* */
static int matches(const struct warc_digest *want, struct bytes in)
{
	static const char *const names[] = {
		[WARC_SHA1] = "SHA1", [WARC_SHA256] = "SHA256",
		[WARC_SHA512] = "SHA512", [WARC_MD5] = "MD5",
	};
	uint8_t got[EVP_MAX_MD_SIZE];
	EVP_MD *md = EVP_MD_fetch(NULL, names[want->algorithm], NULL);
	unsigned len = 0;
	int ok;

	if (!md)
		return ERR_UNSUPPORTED;
	ok = EVP_Digest(in.len ? (const void *)in.p : "", in.len, got, &len, md,
			NULL);
	EVP_MD_free(md);
	if (!ok)
		return ERR_UNSUPPORTED;
	return len == want->len && memcmp(got, want->value, len) == 0;
}

/* labelled - read a digest field; 1 to go on, 0 when there is nothing to do */
static int labelled(struct warc_reader *r, const struct warc_record *rec,
		    const char *name, struct warc_digest *out)
{
	struct bytes v = warc_get(rec->head, name);
	int ret;

	if (!v.p)
		return 0;
	ret = warc_digest_parse(v, out);
	if (ret == ERR_UNSUPPORTED)
		warc_reader_note(r, rec->offset, 0,
				 "%s not checked: unknown algorithm", name);
	else if (ret < 0)
		warc_reader_note(r, rec->offset, 1, "%s is malformed", name);
	return ret == 0;
}

static void check_block(struct warc_reader *r, const struct warc_record *rec)
{
	struct warc_digest want;
	int m;

	if (!labelled(r, rec, "WARC-Block-Digest", &want))
		return;
	m = matches(&want, rec->block);
	if (m == 0)
		warc_reader_note(r, rec->offset, 1, "block digest does not fit");
	else if (m < 0)
		warc_reader_note(r, rec->offset, 0,
				 "WARC-Block-Digest not checked: unknown algorithm");
}

/*
 * The payload is what is left after transfer decoding.  Some writers took the
 * body as it came, chunks and all: that is told, but it is not unsound.
 */
static void check_payload(struct warc_reader *r, const struct warc_record *rec)
{
	struct buf scratch = BUF_INIT(PAYLOAD_MAX);
	struct warc_digest want;
	struct bytes payload, body;
	struct err why = ERR_INIT;
	unsigned flags;
	int ret;

	/* A revisit's digest is that of the record it refers to. */
	if (rec->head->type == WARC_REVISIT ||
	    !labelled(r, rec, "WARC-Payload-Digest", &want))
		return;
	ret = warc_payload(rec->head, rec->block, &scratch, &payload, &flags, &why);
	if (ret == 0 && matches(&want, payload) == 1)
		goto out;
	if (warc_http_body(rec->head, rec->block, &body, NULL) == 0 &&
	    matches(&want, body) == 1)
		warc_reader_note(r, rec->offset, 0,
				 "payload digest was taken before transfer decoding");
	else if (matches(&want, rec->block) == 1)
		warc_reader_note(r, rec->offset, 0,
				 "payload digest is that of the whole block");
	else if (ret == 0)
		warc_reader_note(r, rec->offset, 1, "payload digest does not fit");
	else
		warc_reader_note(r, rec->offset, 0,
				 "payload digest not checked: %s", why.text);
out:
	buf_release(&scratch);
}

static void say_finding(struct cli *cli, const struct warc_finding *f,
			const char *text)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);

	if (!cli->json) {
		cli_out(cli, _("byte %llu: %s: %s\n"),
			(unsigned long long)f->offset,
			f->unsound ? _("not sound") : _("odd"), text);
		return;
	}
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "kind", "finding");
	jsonw_int(&w, "offset", (int64_t)f->offset);
	jsonw_bool(&w, "unsound", f->unsound);
	jsonw_str(&w, "text", text);
	jsonw_close(&w, '}');
	cli_json(cli, &b);
	buf_release(&b);
}

static int report(struct cli *cli, const struct warc_reader *r, uint64_t records)
{
	const struct warc_finding *f;
	uint64_t all, unsound = warc_reader_unsound(r);
	struct buf b = BUF_INIT(1u << 20);
	struct jsonw w = JSONW_INIT(&b);
	size_t n;

	f = warc_reader_findings(r, &n, &all);
	for (size_t i = 0; i < n; i++)
		say_finding(cli, &f[i], f[i].text);
	if (cli->json) {
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "kind", "warc");
		jsonw_bool(&w, "sound", unsound == 0);
		jsonw_bool(&w, "gzip", warc_reader_is_gzip(r));
		jsonw_int(&w, "records", (int64_t)records);
		jsonw_int(&w, "findings", (int64_t)all);
		jsonw_int(&w, "unsound", (int64_t)unsound);
		jsonw_close(&w, '}');
		cli_json(cli, &b);
	} else {
		if (all > n)
			cli_out(cli, _("and %llu more\n"),
				(unsigned long long)(all - n));
		cli_out(cli, unsound ? _("not sound: %llu records\n") :
				       _("sound: %llu records\n"),
			(unsigned long long)records);
	}
	buf_release(&b);
	return unsound ? CLI_UNSOUND : CLI_OK;
}

static int check(struct cli *cli, const char *path)
{
	struct content c = { .buf = BUF_INIT(STDIN_MAX) };
	struct warc_reader *r = NULL;
	struct warc_record rec;
	struct err e = ERR_INIT;
	uint64_t records = 0;
	int status, ret;

	if (content_open(path, &c, &e) < 0) {
		status = cli_fail(cli, &e);
		goto out;
	}
	ret = warc_reader_new(c.bytes, NULL, &r, &e);
	if (ret == ERR_FORMAT) {
		/* No WARC at all is an answer; another container is not. */
		say_finding(cli, &(struct warc_finding){ .unsound = 1 }, e.text);
		status = CLI_UNSOUND;
		goto out;
	}
	while (ret >= 0 && (ret = warc_reader_next(r, &rec, &e)) > 0) {
		records++;
		if (!rec.whole)
			continue;
		check_block(r, &rec);
		check_payload(r, &rec);
	}
	status = ret < 0 ? cli_fail(cli, &e) : report(cli, r, records);
out:
	warc_reader_free(r);
	content_close(&c);
	return status;
}

int cmd_warc(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (opt == 'h')
			return cli_help(cli, _(help));
		return cli_usage(cli, argv[0], _("unknown option '%s'"),
				 argv[optind - 1]);
	}
	if (argc - optind < 1 || strcmp(argv[optind], "check") != 0)
		return cli_usage(cli, argv[0], _("say 'check'"));
	if (argc - optind != 2)
		return cli_usage(cli, argv[0], _("one file is needed"));
	return check(cli, argv[optind + 1]);
}
