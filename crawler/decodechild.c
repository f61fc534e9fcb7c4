/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/decodechild.h"

#include "crawler/boxchild.h"
#include "crawler/wire.h"
#include "parsers/coding.h"
#include "util/child.h"
#include "util/sandbox.h"
#include "util/secret.h"
#include "util/utf8.h"

#define MESSAGE_MAX (DECODE_BODY_MAX + ((size_t)1 << 20))
#define LEAVE_MS 200

/* --- the child ------------------------------------------------------------- */

static int decode(struct bytes head, struct bytes body, struct buf *out,
		  struct err *e)
{
	struct buf payload = BUF_INIT(DECODE_BODY_MAX);
	struct http_head h = HTTP_HEAD_INIT;
	unsigned flags = 0;
	int r = http_response_parse(head, &h, e);

	if (r == 0)
		r = coding_payload(&h, body, NULL, &payload, &flags, e);
	if (r == 0)
		r = coding_content(&h, buf_view(&payload), NULL, out, &flags,
				   e);
	http_head_release(&h);
	buf_release(&payload);
	return r;
}

int decode_child_test(const void *arg)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip"
		"\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const uint8_t body[] = { '1', '7', '\r', '\n',
		0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x4a, 6, 0,
		0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0,
		'\r', '\n', '0', '\r', '\n', '\r', '\n' };
	struct buf out = BUF_INIT(64);
	int r = decode(bytes_str(head), BYTES(body, sizeof body), &out, NULL);

	(void)arg;
	if (r == 0 && !bytes_is(buf_view(&out), "abc"))
		r = ERR_FORMAT;
	buf_release(&out);
	return r;
}

int decode_child_main(int argc, char **argv)
{
	struct buf msg = BUF_INIT(MESSAGE_MAX);
	struct buf out = BUF_INIT(DECODE_BODY_MAX);
	struct sandbox_report rep;
	struct bytes head, body, piece;
	struct err e = ERR_INIT;
	struct wire in;
	uint8_t type = 0;
	int r = 0;

	(void)argc;
	(void)argv;
	child_begin();
	if (secret_start())
		r = err_set(&e, ERR_IO, "cannot protect the process");
	if (r == 0)
		r = sandbox_parse(0, &rep, &e);
	if (r == 0)
		r = message_read(0, MESSAGE_MAX, &type, &msg);
	if (r == 0) {
		in = (struct wire){ buf_view(&msg), type != 'D' };
		head = wire_bytes(&in);
		body = wire_bytes(&in);
		r = wire_end(&in);
		if (r == 0)
			r = decode(head, body, &out, &e);
	}
	piece = r == 0 ? buf_view(&out) : bytes_str(e.text[0] ? e.text
						    : err_name(r));
	return message_write(1, r == 0 ? 'B' : 'E', &piece, 1) ? 3 : 0;
}

/* --- the keeper ------------------------------------------------------------ */

int decode_body(const char *self_path, struct bytes head, struct bytes body,
		struct buf *out, struct err *e)
{
	const char *const argv[] = { "scelle", "--child", "decode", NULL };
	struct child_spec spec = { .path = self_path, .argv = argv,
				   .log_fd = -1, .max_in = MESSAGE_MAX,
				   .max_queue = MESSAGE_MAX };
	struct buf msg = BUF_INIT(MESSAGE_MAX);
	struct child *c = NULL;
	struct bytes piece, answer;
	uint8_t type = 0;
	int r;

	wire_put_bytes(&msg, head);
	wire_put_bytes(&msg, body);
	if (msg.failed)
		return err_set(e, msg.failed == ERR_RANGE ? ERR_LIMIT
			       : msg.failed, "the body is longer than %zu bytes",
			       DECODE_BODY_MAX);
	piece = buf_view(&msg);
	r = boxes_hold(self_path, e);
	if (r == 0)
		r = child_start(&spec, &c, e);
	if (r == 0)
		r = child_cpu_limit(c, DECODE_WAIT_MS, e);
	if (r == 0)
		r = child_send(c, 'D', &piece, 1, e);
	if (r == 0)
		r = child_wait(c, DECODE_WAIT_MS, &type, &answer, e);
	if (r == 0 && type == 'B') {
		if (buf_addb(out, answer) < 0)
			r = err_set(e, out->failed == ERR_RANGE ? ERR_LIMIT
				    : out->failed, "the decoded body is too "
				    "long");
	} else if (r == 0 && type == 'E' && utf8_valid(answer)) {
		r = err_set(e, ERR_FORMAT, "the body cannot be decoded: %.*s",
			    (int)(answer.len < 300 ? answer.len : 300),
			    (const char *)answer.p);
	} else if (r == 0) {
		r = err_set(e, ERR_CHILD, "the decoder spoke out of turn");
	}
	child_kill(c);
	child_close(c, LEAVE_MS, NULL);
	buf_wipe(&msg);
	return r;
}
