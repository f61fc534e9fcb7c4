/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/anchor_seen.h"

#include "store/cosignature.h"
#include "store/tsa.h"
#include "util/enc.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>

/* "<size>.<middle>.<tail>" */
static int split(const char *name, const char *tail, uint64_t *size,
		 char middle[static 65])
{
	size_t n = strlen(name), t = strlen(tail), digits;
	unsigned long long v;
	char *end;

	digits = strspn(name, "0123456789");
	if (!digits || digits > 19 || name[digits] != '.' ||
	    n < digits + t + 3 || n - digits - t - 2 > 64 ||
	    strcmp(name + n - t, tail) != 0 || name[n - t - 1] != '.')
		return 0;
	v = strtoull(name, &end, 10);
	*size = v;
	memcpy(middle, name + digits + 1, n - digits - t - 2);
	middle[n - digits - t - 2] = '\0';
	return 1;
}

/* The time in the first signature line, as it says. */
static int64_t line_time(struct bytes lines)
{
	struct buf note = BUF_INIT(COSIGNATURE_BYTES_MAX + 8);
	struct note *n = malloc(sizeof *n);
	int64_t ms = 0;

	buf_adds(&note, "x\n\n");
	buf_addb(&note, lines);
	if (n && note_parse(buf_view(&note), n, NULL) == 0 && n->nsigs &&
	    n->sigs[0].sig_len == 72 &&
	    get_be64(n->sigs[0].sig) < INT64_MAX / 1000)
		ms = (int64_t)get_be64(n->sigs[0].sig) * 1000;
	free(n);
	buf_release(&note);
	return ms;
}

static void see_token(const char *path, uint64_t size, const char *by,
		      struct anchor_seen *out)
{
	struct buf b = BUF_INIT(TSA_RESPONSE_MAX);
	struct tsa_token t;

	if (size >= out->stamped && file_read(path, &b, NULL) == 0 &&
	    tsa_peek(buf_view(&b), &t, NULL) == 0) {
		out->stamped = size;
		out->stamped_ms = t.time_ms;
		snprintf(out->by, sizeof out->by, "%s", by);
	}
	out->tokens++;
	buf_release(&b);
}

static void see_line(const char *path, uint64_t size, struct anchor_seen *out)
{
	struct buf b = BUF_INIT(COSIGNATURE_BYTES_MAX);
	int64_t ms;

	if (size >= out->witnessed && file_read(path, &b, NULL) == 0 &&
	    (ms = line_time(buf_view(&b))) > 0) {
		if (size > out->witnessed) {
			out->witnesses = 0;
			out->witnessed_ms = 0;
		}
		out->witnessed = size;
		out->witnesses++;
		if (ms > out->witnessed_ms)
			out->witnessed_ms = ms;
	}
	out->lines++;
	buf_release(&b);
}

static int see_shard(const struct vault *v, const char *shard,
		     struct anchor_seen *out, struct err *e)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], middle[65];
	char **names = NULL;
	size_t n = 0;
	uint64_t size;
	int r;

	if (file_path(dir, vault_path(v), "log", shard, "heads", NULL) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long",
			       vault_path(v));
	r = file_list(dir, &names, &n, e);
	if (r == ERR_NOENT)
		return 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (file_path(path, dir, names[i], NULL) < 0)
			continue;
		if (split(names[i], "tsr", &size, middle))
			see_token(path, size, middle, out);
		else if (split(names[i], "cosig", &size, middle))
			see_line(path, size, out);
	}
	free(names);
	return r;
}

int anchor_seen(const struct vault *v, struct anchor_seen *out, struct err *e)
{
	int r = 0;

	memset(out, 0, sizeof *out);
	for (unsigned i = 0; r == 0 && i < vault_shards(v); i++)
		r = see_shard(v, vault_shard_at(v, i)->name, out, e);
	return r;
}
