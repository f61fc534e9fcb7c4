/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/mirror_int.h"

#include "store/truth.h"
#include "util/enc.h"
#include "util/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int send_head(const struct vault *v, uint64_t have, int out,
		     struct err *e)
{
	struct buf m = BUF_INIT(MIRROR_MESSAGE_MAX), proof = BUF_INIT(65536);
	uint64_t size = vault_size(v);
	uint8_t head[10];
	int r = 0;

	if (have != COPYSET_NONE && have > 0 && have < size)
		r = vault_consistency(v, have, size, &proof, e);
	put_be64(head, size);
	put_be16(head + 8, (uint16_t)(proof.len / 32));
	buf_add(&m, head, sizeof head);
	buf_addb(&m, buf_view(&proof));
	buf_addb(&m, vault_head(v));
	if (r == 0 && m.failed)
		r = err_set(e, ERR_NOMEM, "no memory for a message");
	if (r == 0)
		r = mirror_put(out, MIRROR_HEAD, buf_view(&m), e);
	buf_release(&m);
	buf_release(&proof);
	return r;
}

/* What is there under the head, with the hash of each. */
static int send_list(const char *vault, struct truth *t, int out, struct err *e)
{
	struct buf m = BUF_INIT(4096);
	char path[FILE_PATH_MAX];
	uint8_t head[41], sha[32];
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n; i++) {
		struct truth_file *f = &t->f[i];

		r = file_path(path, vault, f->path, NULL);
		if (r == 0)
			r = copyset_hash(path, f->size, -1, sha, &f->size, e);
		if (r < 0 || (f->hashed && memcmp(sha, f->sha256, 32))) {
			r = err_set(e, ERR_CANCELLED, "'%s' was replaced "
				    "meanwhile", f->path);
			break;
		}
		memcpy(f->sha256, sha, 32);
		put_be64(head, f->size);
		memcpy(head + 8, sha, 32);
		head[40] = (uint8_t)f->grows;
		buf_clear(&m);
		buf_add(&m, head, sizeof head);
		buf_adds(&m, f->path);
		r = m.failed ? err_set(e, ERR_NOMEM, "no memory for a message")
			     : mirror_put(out, MIRROR_FILE, buf_view(&m), e);
	}
	if (r == 0)
		r = mirror_put(out, MIRROR_END, BYTES(NULL, 0), e);
	buf_release(&m);
	return r;
}

static int send_file(const char *vault, const struct truth_file *f,
		     uint64_t off, int out, struct mirror_report *rep,
		     struct err *e)
{
	uint8_t *piece = malloc(MIRROR_DATA_MAX);
	char path[FILE_PATH_MAX];
	int fd = -1, r = file_path(path, vault, f->path, NULL);

	if (!piece)
		r = err_set(e, ERR_NOMEM, "no memory to send");
	if (r == 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			r = err_errno(e, "cannot open '%s'", path);
	}
	while (r == 0 && off < f->size) {
		size_t n = f->size - off < MIRROR_DATA_MAX
			? (size_t)(f->size - off) : MIRROR_DATA_MAX;

		r = file_pread_all(fd, piece, n, off, e);
		if (r == 0)
			r = mirror_put(out, MIRROR_DATA, BYTES(piece, n), e);
		off += n;
		rep->sent += n;
	}
	if (fd >= 0)
		close(fd);
	free(piece);
	return r;
}

/* What the peer asks for, until it is done. */
static int serve(const char *vault, const struct truth *t, int in, int out,
		 struct mirror_report *rep, struct err *e)
{
	struct buf m = BUF_INIT(MIRROR_MESSAGE_MAX + 1);
	int r = 0;

	while (r == 0) {
		r = mirror_get(in, &m, e);
		if (r == MIRROR_DONE && m.len == 8) {
			rep->size = get_be64(m.p);
			r = 0;
			break;
		}
		if (r == MIRROR_WANT && m.len == 12
		    && get_be32(m.p) < t->n
		    && get_be64(m.p + 4) <= t->f[get_be32(m.p)].size) {
			r = send_file(vault, &t->f[get_be32(m.p)],
				      get_be64(m.p + 4), out, rep, e);
			continue;
		}
		if (r >= 0)
			r = err_set(e, ERR_CHILD, "the peer speaks out of turn");
	}
	buf_release(&m);
	return r;
}

int mirror_send(const char *vault, int in, int out, struct mirror_report *rep,
		struct err *e)
{
	struct buf m = BUF_INIT(MIRROR_MESSAGE_MAX + 1);
	struct truth t = { 0 };
	struct vault *v = NULL;
	struct err why = ERR_INIT;
	uint64_t have = 0;
	int r = vault_open(vault, VAULT_READ, NULL, &v, e);

	memset(rep, 0, sizeof *rep);
	if (r == 0) {
		buf_adds(&m, MIRROR_VERSION);
		buf_adds(&m, vault_shard_at(v, 0)->vkey);
		r = mirror_put(out, MIRROR_HELLO, buf_view(&m), e);
	}
	if (r == 0)
		r = mirror_want(in, MIRROR_HAVE, &m, e);
	if (r == 0 && m.len != 8)
		r = err_set(e, ERR_CHILD, "the peer speaks out of turn");
	if (r == 0) {
		have = get_be64(m.p);
		r = send_head(v, have, out, e);
	}
	if (r == 0 && have == vault_size(v)) {
		/* It agrees, or it refuses: nothing else can come. */
		rep->nothing_new = 1;
	} else if (r == 0) {
		r = truth_list(v, 0, &t, e);
		if (r == 0)
			r = send_list(vault, &t, out, e);
	}
	rep->files = t.n;
	if (r == 0)
		r = serve(vault, &t, in, out, rep, e);
	/* Why the peer hung up, if it said. */
	if (r == ERR_CHILD && mirror_get(in, &m, &why) == ERR_DENIED) {
		*e = why;
		r = ERR_DENIED;
	}
	truth_release(&t);
	vault_close(v);
	buf_release(&m);
	return r;
}
