/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Many readings in one process, for 71-access-order.sh: N times an item of the
 * case is opened under an access of its own, or (every third) a page of a
 * listing, and its sealed text is written to standard output.
 *
 * usage: readmany VAULT USER PASSPHRASE-FILE CASE N
 * Exit 0 when all were written; 4 when the log refused one: then nothing of it
 * was.
 */
#include "cases/custody.h"
#include "util/file.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int one(struct unit *u, const char *name, uint64_t n, struct buf *text,
	       struct err *e)
{
	struct access a = { .command = "show", .why = "many readings",
			    .case_name = name };
	struct shown s = { .rows = 1 };
	struct grant *g = NULL;
	uint64_t item = 0;
	int listing = n % 3 == 0, r;

	if (!listing) {
		a.items = &item;
		a.nitems = 1;
	}
	r = custody_log(u, &a, &g, e);
	if (r == 0 && listing) {
		s.items = &item;
		s.nitems = 1;
	}
	buf_clear(text);
	if (r == 0)
		r = custody_get(g, item, 0, text, NULL, e);
	if (r == 0 && listing)
		r = custody_shown(g, &s, e);
	custody_close(g);
	return r;
}

int main(int argc, char **argv)
{
	struct buf pass = BUF_INIT(4096), text = BUF_INIT(NOTE_MAX);
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	unsigned long long n;
	int r;

	if (argc != 6 || secret_start() < 0)
		return 2;
	n = strtoull(argv[5], NULL, 10);
	r = file_read(argv[3], &pass, &e);
	if (r == 0 && pass.len && pass.p[pass.len - 1] == '\n')
		pass.len--;
	if (r == 0)
		r = unit_open(argv[1], argv[2], buf_view(&pass), VAULT_WRITE,
			      &u, &e);
	for (uint64_t i = 0; r == 0 && i < n; i++) {
		r = one(u, argv[4], i, &text, &e);
		if (r == 0 && write(STDOUT_FILENO, text.p, text.len) !=
		    (ssize_t)text.len)
			r = err_errno(&e, "cannot write");
	}
	unit_close(u);
	buf_wipe(&pass);
	buf_wipe(&text);
	if (r < 0)
		fprintf(stderr, "readmany: %s\n", e.text);
	return r < 0 ? 4 : 0;
}
