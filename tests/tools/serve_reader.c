/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * One client of the custody service that runs a command again and again over
 * one connection.
 *
 *	serve_reader SOCKET USER KEYFILE PASSWORDFILE COUNT ITEMS COMMAND WORD...
 *
 * "%" in a word stands for the number of the turn, modulo ITEMS.  Prints how
 * many turns were done, refused and failed, and the bytes of answers.
 */
#include "cases/client.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/secret.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct tally {
	unsigned long long bytes;
};

static int on_out(void *arg, int fd, struct bytes b, struct err *e)
{
	struct tally *t = arg;

	(void)e;
	if (fd == 1)
		t->bytes += b.len;
	else
		fwrite(b.p, 1, b.len, stderr);
	return 0;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct tally t = { 0 };
	const struct client_calls calls = { .out = on_out, .arg = &t };
	struct buf key = BUF_INIT(65536), pass = BUF_INIT(4096);
	struct user_keys *keys = NULL;
	struct client *c = NULL;
	struct err e = ERR_INIT;
	char *words[32];
	int64_t *took;
	long count, items, done = 0, refused = 0, failed = 0;
	int r;

	if (argc < 8 || argc > 30 || secret_start() < 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	count = strtol(argv[5], NULL, 10);
	items = strtol(argv[6], NULL, 10);
	took = calloc((size_t)count + 1, sizeof *took);
	r = took && items > 0 ? file_read(argv[3], &key, &e) : -1;
	if (r == 0)
		r = file_read(argv[4], &pass, &e);
	while (r == 0 && pass.len && pass.p[pass.len - 1] == '\n')
		pass.len--;
	if (r == 0)
		r = user_keys_open(buf_view(&key), buf_view(&pass), &keys, &e);
	if (r == 0)
		r = client_open(argv[1], &c, &e);
	if (r == 0)
		r = client_login(c, argv[2], keys, &e);
	for (long i = 0; r == 0 && i < count; i++) {
		struct serve_run run = { .argv = words, .quiet = 1 };
		int64_t begun = clock_boot_ms();
		char number[32];
		int status = 0;

		snprintf(number, sizeof number, "%ld", i % items);
		for (int k = 7; k < argc; k++)
			words[run.argc++] = strcmp(argv[k], "%") ? argv[k]
								 : number;
		r = client_run(c, &run, &calls, &status, &e);
		took[i] = clock_boot_ms() - begun;
		if (r < 0)
			break;
		if (status == 0)
			done++;
		else if (status == 5)
			refused++;
		else
			failed++;
	}
	if (r < 0)
		fprintf(stderr, "%s\n", e.text);
	qsort(took, (size_t)done, sizeof *took, by_time);
	printf("done %ld refused %ld failed %ld bytes %llu median_ms %lld p99_ms %lld\n",
	       done, refused, failed, t.bytes,
	       (long long)(done ? took[done / 2] : 0),
	       (long long)(done ? took[done * 99 / 100] : 0));
	client_close(c);
	user_keys_free(keys);
	buf_wipe(&pass);
	buf_release(&key);
	free(took);
	return r < 0 ? 1 : 0;
}
