/* SPDX-License-Identifier: EUPL-1.2 */
/* The keeper's side: it frames, counts, and believes nothing. */
#include "crawler/importchild.h"

#include "crawler/boxchild.h"
#include "crawler/wire.h"
#include "util/child.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/utf8.h"

#include <stdio.h>
#include <string.h>

#define LEAVE_MS 500
#define URL_TEXT_MAX 8192
#define TYPE_TEXT_MAX 80

static int lied(struct err *e)
{
	return err_set(e, ERR_CHILD, "the reader of imports spoke out of turn");
}

static int known_reason(const char *s)
{
	return !strcmp(s, "page") || !strcmp(s, "media") || !strcmp(s, "file");
}

static int on_record(const struct import_read *o, struct import_seen *seen,
		     struct bytes msg, struct err *e)
{
	char url[URL_TEXT_MAX], reason[16], type[TYPE_TEXT_MAX];
	struct import_record r = { .url = url, .reason = reason };
	struct wire w = { msg, 0 };

	wire_text(&w, url, sizeof url);
	wire_text(&w, reason, sizeof reason);
	wire_text(&w, type, sizeof type);
	r.date_ms = (int64_t)wire_u64(&w);
	r.http = wire_u8(&w) != 0;
	r.status = (int)(wire_u32(&w) % 1000);
	r.head_len = wire_u32(&w);
	r.block = wire_bytes(&w);
	if (wire_end(&w) < 0 || !known_reason(reason) ||
	    (strncmp(url, "http://", 7) && strncmp(url, "https://", 8)) ||
	    r.block.len > IMPORT_BLOCK_MAX || r.head_len > r.block.len ||
	    (!r.http && r.head_len) || r.date_ms < 0 ||
	    r.date_ms > INT64_C(253402300799000))
		return lied(e);
	r.type = type[0] ? type : NULL;
	seen->records++;
	seen->bytes += r.block.len;
	if (seen->records > IMPORT_RECORDS_MAX ||
	    seen->bytes > IMPORT_TOTAL_MAX)
		return lied(e);
	return o->record ? o->record(o->arg, &r, e) : 0;
}

static int on_finding(const struct import_read *o, struct import_seen *seen,
		      struct bytes msg, struct err *e)
{
	char text[512];
	size_t n = msg.len < sizeof text - 1 ? msg.len : sizeof text - 1;

	while (n && n < msg.len && (msg.p[n] & 0xc0) == 0x80)
		n--;
	if (++seen->findings > IMPORT_FINDINGS_MAX)
		return lied(e);
	if (!utf8_valid(BYTES(msg.p, n)))
		n = 0;
	for (size_t i = 0; i < n; i++)
		text[i] = msg.p[i] < 0x20 ? ' ' : (char)msg.p[i];
	text[n] = '\0';
	return o->finding ? o->finding(o->arg, text, e) : 0;
}

/* on_error - its own words, as far as they are words */
static int on_error(struct bytes msg, struct err *e)
{
	static const int codes[] = { ERR_FORMAT, ERR_DAMAGED, ERR_DENIED,
				     ERR_LIMIT, ERR_UNSUPPORTED, ERR_NOMEM };
	int code = ERR_FORMAT;
	struct bytes text;

	if (msg.len < 4)
		return lied(e);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (get_be32(msg.p) == (uint32_t)-codes[i])
			code = codes[i];
	/* Whose fault it is: the file's, not a person's without permission. */
	if (code == ERR_DENIED)
		code = ERR_FORMAT;
	text = BYTES(msg.p + 4, msg.len - 4);
	if (!utf8_valid(text))
		text.len = 0;
	return err_set(e, code, "%.*s", (int)(text.len < 400 ? text.len : 400),
		       (const char *)text.p);
}

static int listen_to(struct child *c, const struct import_read *o,
		     struct import_seen *seen, struct err *e)
{
	const int64_t until = clock_boot_ms() + IMPORT_WAIT_MS;

	for (;;) {
		int64_t left = until - clock_boot_ms();
		struct bytes msg = { NULL, 0 };
		uint8_t type = 0;
		int r = left > 0 ? child_wait(c, left, &type, &msg, e)
			: err_set(e, ERR_TIMEOUT, "reading the file takes too "
				  "long");

		if (r < 0)
			return r;
		if (type == 'Z')
			return sandbox_report_get(msg, &seen->sandbox) < 0
			       ? lied(e) : 0;
		if (type == 'E')
			return on_error(msg, e);
		if (type == 'R')
			r = on_record(o, seen, msg, e);
		else if (type == 'F')
			r = on_finding(o, seen, msg, e);
		else if (type == 'K' && msg.len < IMPORT_KIND_MAX &&
			 utf8_valid(msg) && !seen->kind[0])
			snprintf(seen->kind, sizeof seen->kind, "%.*s",
				 (int)msg.len, (const char *)msg.p);
		else
			r = lied(e);
		if (r < 0)
			return r;
	}
}

int import_read(const struct import_read *o, struct import_seen *seen,
		struct err *e)
{
	const char *const argv[] = { "scelle", "--child", "import", NULL };
	struct child_spec spec = { .path = o->self_path, .argv = argv,
		.log_fd = -1, .pass_fd = -1,
		.max_in = IMPORT_BLOCK_MAX + ((size_t)1 << 20),
		.max_queue = IMPORT_FILE_MAX + 64 };
	char how[CHILD_HOW_MAX] = "";
	struct child *c = NULL;
	int r;

	memset(seen, 0, sizeof *seen);
	if (o->file.len > IMPORT_FILE_MAX)
		return err_set(e, ERR_LIMIT, "the file is longer than %zu bytes",
			       IMPORT_FILE_MAX);
	r = boxes_hold(o->self_path, e);
	if (r == 0)
		r = child_start(&spec, &c, e);
	if (r == 0)
		r = child_cpu_limit(c, IMPORT_CPU_MS, e);
	if (r == 0)
		r = child_send(c, 'I', &o->file, 1, e);
	if (r == 0)
		r = listen_to(c, o, seen, e);
	if (r < 0)
		child_kill(c);
	child_close(c, LEAVE_MS, how);
	if (r == ERR_CHILD && *how)
		err_prefix(e, "the file cost its reader's life (%s)", how);
	return r;
}
