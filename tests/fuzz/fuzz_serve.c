/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The custody service's socket: a conversation of arbitrary messages, and each
 * message's bytes.  First byte: who begins; then u16 length, type, bytes.
 */
#include "cases/custodian.h"
#include "cases/serve_proto.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(uint8_t type, struct bytes msg)
{
	struct buf again = BUF_INIT(2 * SERVE_FRAME_MAX);
	struct serve_hello h;
	struct serve_run run;

	if (type == SERVE_HELLO && serve_hello_get(msg, &h, NULL) == 0) {
		serve_hello_put(&h, &again);
		if (!bytes_eq(buf_view(&again), msg))
			abort();
	}
	if (type == SERVE_RUN && serve_run_get(msg, &run, NULL) == 0) {
		/* Whatever was taken can be used. */
		for (unsigned i = 0; i < run.argc; i++)
			if (strlen(run.argv[i]) > SERVE_ARG_MAX)
				abort();
		for (unsigned i = 0; i < run.nfiles; i++)
			if (!run.argv[run.files[i].arg])
				abort();
		serve_run_put(&run, &again);
		if (!bytes_eq(buf_view(&again), msg))
			abort();
		free(run.argv);
	}
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct custodians c;
	struct serve_turn t = { .at = SERVE_AT_START };
	size_t at = 0;

	custodian_parse(BYTES(data, size), &c, NULL);
	if (c.n > CUSTODIANS_MAX)
		abort();
	while (at + 4 <= size && t.at != SERVE_AT_END) {
		size_t n = (size_t)data[at] << 8 | data[at + 1];
		int service = data[at + 2] & 1;
		uint8_t type = data[at + 3];
		struct bytes msg;

		at += 4;
		if (n > size - at)
			n = size - at;
		msg = BYTES(data + at, n);
		at += n;
		read_all(type, msg);
		if (serve_turn(&t, service, type, msg, NULL) < 0) {
			if (t.at != SERVE_AT_END)
				abort();
		} else if (msg.len > serve_cap(type)) {
			abort();
		}
	}
	return 0;
}
