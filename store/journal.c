/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/journal.h"

#include "store/age.h"
#include "store/sha256.h"
#include "store/vault_int.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "SCLLJRN1"
#define HEAD_LEN 12			/* magic and length */
#define AGE_MAX 1024			/* bytes of the age file behind it */
#define KEY_LEN crypto_aead_chacha20poly1305_IETF_KEYBYTES
#define NONCE_LEN crypto_aead_chacha20poly1305_IETF_NPUBBYTES
#define TAG_LEN crypto_aead_chacha20poly1305_IETF_ABYTES
#define MARK 0xffffffffu	/* in place of a length, see put_mark() */
#define MARK_LEN (4 + 8 + TAG_LEN)
#define WINDOW ((size_t)4 << 20)	/* replay reads so much at a time */
#define GATHER ((size_t)64 << 10)	/* appends gathered before a write */

struct journal {
	int fd;
	int dead;
	int durable;			/* all that is written is */
	uint64_t written;		/* bytes in the file */
	uint64_t frames;
	uint8_t ad[SHA256_LEN];
	uint8_t *key;			/* secret_alloc */
	uint8_t unit[32];		/* public half */
	struct buf out;			/* frames not written yet */
	char path[FILE_PATH_MAX];
};

static void nonce_of(uint64_t frame, uint8_t out[static NONCE_LEN])
{
	memset(out, 0, NONCE_LEN);
	put_be64(out + NONCE_LEN - 8, frame);
}

/*
 * A mark says that everything before it is durable: the first append behind a
 * sync begins with one.  So bytes that do not open are a torn append when no
 * mark stands behind them, and damage when one does.  Its tag is over nothing,
 * with the mark's own offset in the nonce.
 */
static void mark_nonce(uint64_t off, uint8_t out[static NONCE_LEN])
{
	nonce_of(off, out);
	out[0] = 1;		/* no frame has it */
}

static void put_mark(const struct journal *j, uint64_t off,
		     uint8_t out[static MARK_LEN])
{
	uint8_t nonce[NONCE_LEN];
	unsigned long long n;

	put_be32(out, MARK);
	put_be64(out + 4, off);
	mark_nonce(off, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(out + 12, &n, NULL, 0, j->ad,
						  sizeof j->ad, NULL, nonce,
						  j->key);
}

static int is_mark(const struct journal *j, uint64_t off, const uint8_t *p)
{
	uint8_t nonce[NONCE_LEN], none[1];
	unsigned long long n;

	if (get_be32(p) != MARK || get_be64(p + 4) != off)
		return 0;
	mark_nonce(off, nonce);
	return crypto_aead_chacha20poly1305_ietf_decrypt(
		       none, &n, NULL, p + 12, TAG_LEN, j->ad, sizeof j->ad,
		       nonce, j->key) == 0;
}

/* 1 when a mark stands anywhere in [off, size), 0, or an error. */
static int mark_behind(const struct journal *j, uint64_t off, uint64_t size,
		       uint8_t *win, struct err *e)
{
	static const uint8_t magic[4] = { 0xff, 0xff, 0xff, 0xff };

	while (size - off >= MARK_LEN) {
		uint64_t left = size - off;
		size_t n = left < WINDOW ? (size_t)left : WINDOW;
		const uint8_t *at = win;
		int r = file_pread_all(j->fd, win, n, off, e);

		if (r < 0)
			return r;
		while ((at = memmem(at, (size_t)(win + n - at), magic, 4))
		       && (size_t)(win + n - at) >= MARK_LEN) {
			if (is_mark(j, off + (uint64_t)(at - win), at))
				return 1;
			at++;
		}
		off += n > MARK_LEN ? n - MARK_LEN + 1 : n;
	}
	return 0;
}

static struct journal *journal_new(const char *path, struct err *e)
{
	struct journal *j = calloc(1, sizeof *j);

	if (j) {
		j->fd = -1;
		j->out.max = WINDOW + JOURNAL_FRAME_MAX;
		j->key = secret_alloc(KEY_LEN);
	}
	if (!j || !j->key) {
		free(j);
		err_set(e, ERR_NOMEM, "no memory for a journal");
		return NULL;
	}
	if (file_path(j->path, path, NULL) < 0) {
		secret_free(j->key);
		free(j);
		err_set(e, ERR_RANGE, "path '%s' is too long", path);
		return NULL;
	}
	return j;
}

static void journal_free(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	secret_free(j->key);
	buf_wipe(&j->out);
	free(j);
}

/* A new file with its header, durable but for its name. */
static int start_file(struct journal *j, const char *path, struct err *e)
{
	struct buf head = BUF_INIT(HEAD_LEN + AGE_MAX);
	int r;

	secret_random(j->key, KEY_LEN);
	buf_adds(&head, MAGIC);
	if (!buf_room(&head, 4))
		return err_set(e, ERR_NOMEM, "no memory for a journal");
	head.len = HEAD_LEN;
	r = age_encrypt(j->unit, BYTES(j->key, KEY_LEN), &head);
	if (r < 0) {
		err_set(e, r, "cannot seal a journal's key");
		goto out;
	}
	put_be32(head.p + 8, (uint32_t)(head.len - HEAD_LEN));
	sha256_once(buf_view(&head), j->ad);
	j->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		     0600);
	if (j->fd < 0) {
		r = err_errno(e, "cannot create '%s'", path);
		goto out;
	}
	r = vio_write(j->fd, head.p, head.len, 0, e);
	if (r == 0)
		r = vio_sync(j->fd, e);
	j->written = head.len;
	j->frames = 0;
	j->durable = r == 0;
out:
	buf_release(&head);
	return r;
}

/* Put a new file under the journal's name: whole or not at all. */
static int create_file(struct journal *j, struct err *e)
{
	char tmp[FILE_PATH_MAX];
	int r;

	if (snprintf(tmp, sizeof tmp, "%s.new", j->path) >= (int)sizeof tmp)
		return err_set(e, ERR_RANGE, "path '%s' is too long", j->path);
	r = start_file(j, tmp, e);
	return r < 0 ? r : vio_rename(tmp, j->path, e);
}

static int read_head(struct journal *j, uint64_t size,
		     const uint8_t unit_secret[static 32], struct err *e)
{
	struct age_identity *id = secret_alloc(sizeof *id);
	struct buf plain = BUF_INIT(KEY_LEN + 1);
	uint8_t head[HEAD_LEN + AGE_MAX];
	uint32_t n;
	int r;

	if (!id || !buf_room(&plain, KEY_LEN + 1)) {
		r = err_set(e, ERR_NOMEM, "no memory for a journal");
		goto out;
	}
	r = file_pread_all(j->fd, head, HEAD_LEN, 0, e);
	if (r < 0)
		goto out;
	n = get_be32(head + 8);
	if (memcmp(head, MAGIC, 8) || n == 0 || n > AGE_MAX
	    || size < HEAD_LEN + n) {
		r = err_set(e, ERR_DAMAGED, "'%s' has no journal's header",
			    j->path);
		goto out;
	}
	r = file_pread_all(j->fd, head + HEAD_LEN, n, HEAD_LEN, e);
	if (r < 0)
		goto out;
	age_identity_from(id, unit_secret);
	r = age_decrypt(id, 1, BYTES(head + HEAD_LEN, n), &plain, e);
	if (r == ERR_NOENT)
		r = err_set(e, ERR_AUTH, "this is not the key of '%s'", j->path);
	else if (r < 0 && r != ERR_NOMEM)
		r = err_set(e, ERR_DAMAGED, "'%s' is damaged at offset %d",
			    j->path, HEAD_LEN);
	else if (r == 0 && plain.len != KEY_LEN)
		r = err_set(e, ERR_DAMAGED, "'%s' holds no key", j->path);
	if (r < 0)
		goto out;
	memcpy(j->key, plain.p, KEY_LEN);
	sha256_once(BYTES(head, HEAD_LEN + n), j->ad);
	j->written = HEAD_LEN + n;
out:
	buf_wipe(&plain);
	secret_free(id);
	return r;
}

/*
 * Replay what win holds; used_out: bytes of whole frames.  last: the file ends
 * with the window.  Returns 0, 1 (what follows is no frame) or an error.
 */
static int replay_window(struct journal *j, struct bytes win, int last,
			 uint8_t *plain,
			 int (*replay)(void *, struct bytes), void *arg,
			 size_t *used_out)
{
	size_t off = 0;
	int r = 0;

	while (win.len - off >= 4) {
		uint8_t nonce[NONCE_LEN];
		uint32_t n = get_be32(win.p + off);
		unsigned long long got = 0;

		if (n == MARK && win.len - off >= MARK_LEN
		    && is_mark(j, j->written + off, win.p + off)) {
			off += MARK_LEN;
			continue;
		}
		if (n == MARK && win.len - off < MARK_LEN) {
			r = last;
			break;
		}
		if (n < TAG_LEN || n > JOURNAL_FRAME_MAX + TAG_LEN) {
			r = 1;
			break;
		}
		if (n > win.len - off - 4) {
			r = last;
			break;
		}
		nonce_of(j->frames, nonce);
		if (crypto_aead_chacha20poly1305_ietf_decrypt(
			    plain, &got, NULL, win.p + off + 4, n, j->ad,
			    sizeof j->ad, nonce, j->key)) {
			r = 1;
			break;
		}
		r = replay(arg, BYTES(plain, got));
		if (r < 0)
			break;
		r = 0;
		j->frames++;
		off += 4 + n;
	}
	if (r == 0 && last && off < win.len)
		r = 1;
	*used_out = off;
	return r;
}

/* Returns 0, 1 (whole frames end at j->written, torn bytes follow) or an
 * error */
static int replay_all(struct journal *j, uint64_t size,
		      int (*replay)(void *, struct bytes), void *arg,
		      struct err *e)
{
	uint8_t *win = malloc(WINDOW), *plain = malloc(JOURNAL_FRAME_MAX);
	int r = 0;

	if (!win || !plain)
		r = err_set(e, ERR_NOMEM, "no memory for a journal");
	while (r == 0 && j->written < size) {
		uint64_t left = size - j->written;
		size_t n = left < WINDOW ? (size_t)left : WINDOW, used = 0;

		r = file_pread_all(j->fd, win, n, j->written, e);
		if (r == 0)
			r = replay_window(j, BYTES(win, n), n == left, plain,
					  replay, arg, &used);
		j->written += used;
	}
	if (r == 1) {
		r = mark_behind(j, j->written, size, win, e);
		if (r == 1)
			r = err_set(e, ERR_DAMAGED, "'%s' is damaged at offset "
				    "%llu", j->path,
				    (unsigned long long)j->written);
		else if (r == 0)
			r = 1;
	}
	if (plain)
		secret_wipe(plain, JOURNAL_FRAME_MAX);
	free(plain);
	free(win);
	return r;
}

/* --- after a torn append ------------------------------------------------ */

struct whole {			/* the frames of a journal that are whole */
	struct journal *from, *to;
	uint64_t start, end;
	struct err *e;
};

static int copy_frame(void *arg, struct bytes frame)
{
	struct whole *w = arg;

	return journal_append(w->to, frame, 0, w->e);
}

static int copy_whole(void *arg, struct journal *fresh)
{
	struct whole *w = arg;

	w->to = fresh;
	w->from->frames = 0;
	w->from->written = w->start;
	return replay_all(w->from, w->end, copy_frame, w, w->e);
}

/*
 * The torn frame took a number, and its bytes may be read by whoever has the
 * disk: another frame under that number and key would give both away.  So what
 * is whole goes into a new file under a new key.
 */
static int rekey(struct journal *j, uint64_t start, struct err *e)
{
	struct whole w = { .from = j, .start = start, .end = j->written,
			   .e = e };

	return journal_compact(j, copy_whole, &w, e);
}

int journal_open(const char *path, const uint8_t unit_secret[static 32],
		 int (*replay)(void *arg, struct bytes frame), void *arg,
		 struct journal **out, struct err *e)
{
	struct journal *j = journal_new(path, e);
	uint64_t start;
	struct stat st;
	int r;

	if (!j)
		return ERR_NOMEM;
	if (crypto_scalarmult_base(j->unit, unit_secret)) {
		r = err_set(e, ERR_RANGE, "no key for a journal");
		goto out;
	}
	j->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (j->fd < 0 && errno == ENOENT) {
		r = create_file(j, e);
		goto out;
	}
	if (j->fd < 0 || fstat(j->fd, &st) < 0) {
		r = err_errno(e, "cannot open '%s'", path);
		goto out;
	}
	r = read_head(j, (uint64_t)st.st_size, unit_secret, e);
	start = j->written;
	if (r == 0)
		r = replay_all(j, (uint64_t)st.st_size, replay, arg, e);
	if (r == 1)
		r = rekey(j, start, e);
out:
	if (r < 0)
		journal_free(j);
	else
		*out = j;
	return r;
}

static int flush(struct journal *j, struct err *e)
{
	int r;

	if (j->dead)
		return err_set(e, ERR_IO, "journal stopped after a failed "
			       "write");
	if (j->out.len == 0)
		return 0;
	r = vio_write(j->fd, j->out.p, j->out.len, j->written, e);
	if (r < 0) {
		j->dead = 1;
		return r;
	}
	j->written += j->out.len;
	buf_clear(&j->out);
	return 0;
}

int journal_append(struct journal *j, struct bytes frame, int sync,
		   struct err *e)
{
	uint8_t nonce[NONCE_LEN];
	unsigned long long n;
	uint8_t *to;
	int r = 0;

	if (j->dead)
		return err_set(e, ERR_IO, "journal stopped after a failed "
			       "write");
	if (frame.len > JOURNAL_FRAME_MAX)
		return err_set(e, ERR_RANGE, "journal frame of %zu bytes",
			       frame.len);
	to = buf_room(&j->out, MARK_LEN + 4 + frame.len + TAG_LEN);
	if (!to) {
		j->dead = 1;
		return err_set(e, ERR_NOMEM, "no memory for a journal");
	}
	if (j->durable) {
		put_mark(j, j->written + j->out.len, to);
		j->out.len += MARK_LEN;
		to += MARK_LEN;
		j->durable = 0;
	}
	nonce_of(j->frames, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(to + 4, &n, frame.p,
						  frame.len, j->ad,
						  sizeof j->ad, NULL, nonce,
						  j->key);
	put_be32(to, (uint32_t)n);
	j->out.len += 4 + (size_t)n;
	j->frames++;
	if (sync || j->out.len >= GATHER)
		r = flush(j, e);
	if (r == 0 && sync) {
		r = vio_sync(j->fd, e);
		j->durable = r == 0;
		if (r < 0)
			j->dead = 1;
	}
	return r;
}

int journal_compact(struct journal *j,
		    int (*write)(void *arg, struct journal *fresh), void *arg,
		    struct err *e)
{
	struct journal *f = journal_new(j->path, e);
	char tmp[FILE_PATH_MAX];
	int r;

	if (!f)
		return ERR_NOMEM;
	memcpy(f->unit, j->unit, sizeof f->unit);
	if (snprintf(tmp, sizeof tmp, "%s.new", j->path) >= (int)sizeof tmp) {
		r = err_set(e, ERR_RANGE, "path '%s' is too long", j->path);
		goto out;
	}
	r = start_file(f, tmp, e);
	if (r == 0)
		r = write(arg, f);
	if (r == 0)
		r = flush(f, e);
	if (r == 0)
		r = vio_sync(f->fd, e);
	if (r == 0 && rename(tmp, j->path) < 0)
		r = err_errno(e, "cannot replace '%s'", j->path);
	if (r < 0) {
		unlink(tmp);
		goto out;
	}
	/* The name points to the new file now, durable or not. */
	r = vio_sync_parent(j->path, e);
	close(j->fd);
	secret_free(j->key);
	buf_wipe(&j->out);
	j->fd = f->fd;
	j->key = f->key;
	j->written = f->written;
	j->frames = f->frames;
	j->durable = 1;
	j->dead = r < 0;
	j->out = f->out;
	memcpy(j->ad, f->ad, sizeof j->ad);
	f->fd = -1;
	f->key = NULL;
	f->out = (struct buf)BUF_INIT(0);
out:
	journal_free(f);
	return r;
}

uint64_t journal_bytes(const struct journal *j)
{
	return j->written + j->out.len;
}

int journal_close(struct journal *j, struct err *e)
{
	int r = 0;

	if (!j)
		return 0;
	if (!j->dead)
		r = flush(j, e);
	journal_free(j);
	return r;
}
