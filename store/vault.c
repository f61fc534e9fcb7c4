/* SPDX-License-Identifier: EUPL-1.2 */
/* Creating, opening and closing a vault, and what it says of itself. */
#include "store/vault.h"

#include "store/sealer.h"
#include "store/vault_int.h"
#include "util/clock.h"
#include "util/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOCK_TRIES 20		/* a verifier may hold it for an instant */
#define DIRTY "dirty\n"

int vault_check_alive(const struct vault *v, struct err *e)
{
	if (v->dead)
		return err_set(e, ERR_IO, "vault stopped after a failed write");
	return 0;
}

int vault_dead(struct vault *v, int r)
{
	if (r < 0)
		v->dead = 1;
	return r;
}

/* --- create --------------------------------------------------------------- */

static int first_segment(const char *logdir, const char *origin,
			 const struct note_skey *k, struct err *e)
{
	struct vlog l = { .nsegs = 0 };
	uint8_t head[SEGMENT_HEAD_LEN];
	struct seg seg = { .fd = -1 };
	char path[FILE_PATH_MAX];
	int r;

	memcpy(l.origin, origin, strlen(origin) + 1);
	r = file_path(path, logdir, "000000.seg", NULL);
	if (r == 0)
		r = vio_create(path, &seg.fd, e);
	if (r < 0)
		return r;
	segment_head_put(0, origin, head);
	seg.end = sizeof head;
	l.segs = &seg;
	l.nsegs = 1;
	l.head.max = SEGMENT_NOTE_MAX;
	r = vio_write(seg.fd, head, sizeof head, 0, e);
	if (r == 0)
		r = log_sign(&l, k, e);
	buf_release(&l.head);
	close(seg.fd);
	return r;
}

static int create_dirs(const char *path, const char *shard, char *logdir,
		       struct err *e)
{
	const char *const tops[] = { "admin", "audit", "cases", "log" };
	char dir[FILE_PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < 4; i++) {
		r = file_path(dir, path, tops[i], NULL);
		if (r == 0)
			r = vio_mkdir(dir, e);
	}
	return r == 0 ? shard_dirs(path, shard, logdir, e) : r;
}

int vault_create(const char *path, const char *shard, const char *origin,
		 const uint8_t log_seed[static 32], int lab, int64_t now_ms,
		 struct err *e)
{
	struct vault_format *f = NULL;
	struct note_skey *k = NULL;
	char logdir[FILE_PATH_MAX];
	char **names;
	size_t n = 0;
	int r;

	if (!vault_shard_valid(shard))
		return err_set(e, ERR_RANGE, "malformed shard '%s'", shard);
	if (!*origin || strlen(origin) > VAULT_NAME_MAX)
		return err_set(e, ERR_RANGE, "origin '%s' is too long", origin);
	r = file_list(path, &names, &n, e);
	if (r == 0)
		free(names);
	if (r == 0 && n > 0)
		return err_set(e, ERR_EXIST, "'%s' is not empty", path);
	if (r < 0 && r != ERR_NOENT)
		return r;
	k = secret_alloc(sizeof *k);
	f = calloc(1, sizeof *f);
	if (!k || !f) {
		r = err_set(e, ERR_NOMEM, "no memory for keys");
		goto out;
	}
	r = note_skey_make(k, origin, NOTE_ED25519, log_seed, e);
	if (r < 0) {
		r = ERR_RANGE;
		goto out;
	}
	f->lab = lab;
	f->n = 1;
	f->shard[0].created_ms = now_ms;
	f->vkey[0] = k->vkey;
	memcpy(f->shard[0].name, shard, strlen(shard) + 1);
	memcpy(f->shard[0].origin, origin, strlen(origin) + 1);
	r = vio_mkdir(path, e);
	if (r == 0)
		r = create_dirs(path, shard, logdir, e);
	if (r == 0)
		r = first_segment(logdir, origin, k, e);
	/* FORMAT comes last: without it there is no vault. */
	if (r == 0)
		r = format_write(path, f, k, 0, e);
out:
	secret_free(k);
	free(f);
	return r;
}

/* --- open ----------------------------------------------------------------- */

static int take_lock(struct vault *v, int *dirty, struct err *e)
{
	char path[FILE_PATH_MAX], c;
	int r = file_path(path, v->path, "LOCK", NULL), fresh;

	if (r < 0)
		return err_set(e, r, "path '%s' is too long", v->path);
	fresh = !file_exists(path);
	for (int i = 0; i < LOCK_TRIES; i++) {
		r = file_lock(path, &v->lock_fd, e);
		if (r != ERR_BUSY)
			break;
		usleep(5000);
	}
	if (r < 0) {
		v->lock_fd = -1;
		return r;
	}
	*dirty = pread(v->lock_fd, &c, 1, 0) != 0;
	if (*dirty)
		return 0;
	r = vio_write(v->lock_fd, DIRTY, strlen(DIRTY), 0, e);
	if (r == 0)
		r = vio_sync(v->lock_fd, e);
	/* Without its name the mark would not be there after a crash. */
	return r == 0 && fresh ? vio_sync_dir(v->path, e) : r;
}

static int open_key(struct vault *v, const uint8_t *seed, struct err *e)
{
	int r;

	if (!seed)
		return err_set(e, ERR_RANGE, "writing needs the log key");
	v->key = secret_alloc(sizeof *v->key);
	if (!v->key)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	r = note_skey_make(v->key, v->log.vkey.name, NOTE_ED25519, seed, e);
	if (r == 0 && memcmp(v->key->vkey.pk, v->log.vkey.pk,
			     sizeof v->log.vkey.pk))
		r = err_set(e, ERR_AUTH, "this is not the key of this log");
	return r;
}

static int open_format(struct vault *v, struct err *e)
{
	const struct vault_shard *s;
	int r;

	v->format = calloc(1, sizeof *v->format);
	if (!v->format)
		return err_set(e, ERR_NOMEM, "no memory for FORMAT");
	r = format_open(v, v->format, e);
	if (r == 0)
		r = file_path(v->log.base, v->path, "log", NULL);
	if (r < 0)
		return r;
	s = &v->format->shard[v->format->n - 1];
	v->lab = v->format->lab;
	v->log.format = v->format;
	memcpy(v->log.origin, s->origin, sizeof s->origin);
	v->log.vkey = v->format->vkey[v->format->n - 1];
	return file_path(v->log.dir, v->log.base, s->name, NULL);
}

static int open_vault(const char *path, enum vault_mode mode, int shared,
		      const uint8_t *log_seed, struct vault **out,
		      struct err *e)
{
	struct vault *v = calloc(1, sizeof *v);
	int dirty = 0, r;

	if (!v)
		return err_set(e, ERR_NOMEM, "no memory for a vault");
	v->lock_fd = -1;
	v->mode = mode;
	v->shared = shared;
	v->log.writing = mode == VAULT_WRITE;
	v->log.close_at = SEGMENT_LEAVES;
	v->pack_close = PACK_CLOSE;
	tree_init(&v->log.tree);
	r = file_path(v->path, path, NULL);
	if (r < 0)
		err_set(e, r, "path '%s' is too long", path);
	if (r == 0)
		r = open_format(v, e);
	if (r == 0 && mode == VAULT_WRITE)
		r = open_key(v, log_seed, e);
	if (r == 0 && mode == VAULT_WRITE && !shared)
		r = take_lock(v, &dirty, e);
	if (r == 0)
		r = log_load(&v->log, e);
	if (r == 0 && mode == VAULT_WRITE && !shared
	    && (dirty || v->log.tail.off == 0
		|| v->log.tail.off < v->log.tail.size))
		r = recover(v, e);
	if (r < 0) {
		v->dead = 1;
		vault_close(v);
		return r;
	}
	*out = v;
	return 0;
}

int vault_open(const char *path, enum vault_mode mode, const uint8_t *log_seed,
	       struct vault **out, struct err *e)
{
	return open_vault(path, mode, 0, log_seed, out, e);
}

int vault_share(const char *path, const uint8_t *log_seed,
		int (*take)(void *arg, struct err *e),
		void (*give)(void *arg, int failed), void *arg,
		struct vault **out, struct err *e)
{
	int r = open_vault(path, VAULT_WRITE, 1, log_seed, out, e);

	if (r == 0) {
		(*out)->take = take;
		(*out)->give = give;
		(*out)->turn_arg = arg;
	}
	return r;
}

void vault_stop(struct vault *v)
{
	v->dead = 1;
}

void vault_close(struct vault *v)
{
	if (!v)
		return;
	/* Nothing in progress and nothing failed: no recovery next time. */
	if (v->lock_fd >= 0 && !v->dead && !v->batch)
		vio_truncate(v->lock_fd, 0, NULL);
	batch_abort(v->batch);
	sealer_free(v->sealer);
	while (v->streams) {
		struct stream *s = v->streams;

		v->streams = s->next;
		stream_free(s);
	}
	log_release(&v->log);
	secret_free(v->key);
	if (v->lock_fd >= 0)
		close(v->lock_fd);
	free(v->format);
	free(v);
}

/* --- what it says --------------------------------------------------------- */

int vault_writes(const struct vault *v) { return v->mode == VAULT_WRITE; }
const char *vault_path(const struct vault *v) { return v->path; }
const char *vault_origin(const struct vault *v) { return v->log.origin; }
int vault_lab(const struct vault *v) { return v->lab; }

const char *vault_shard(const struct vault *v)
{
	return v->format->shard[v->format->n - 1].name;
}

const char *vault_vkey(const struct vault *v)
{
	return v->format->shard[v->format->n - 1].vkey;
}

uint64_t vault_size(const struct vault *v)
{
	return tree_size(&v->log.tree);
}

struct bytes vault_head(const struct vault *v)
{
	return buf_view(&v->log.head);
}

const struct vault_recovery *vault_recovered(const struct vault *v)
{
	return &v->rec;
}

int vault_leaf(const struct vault *v, uint64_t seq, struct leaf *out)
{
	uint8_t bytes[LEAF_LEN];
	int r = log_leaf(&v->log, seq, bytes, NULL);

	return r < 0 ? r : leaf_decode(bytes, out, NULL);
}

int vault_publish(struct vault *v, struct err *e)
{
	char path[FILE_PATH_MAX], name[32];
	int r = vault_check_alive(v, e);

	if (r < 0)
		return r;
	snprintf(name, sizeof name, "%llu.note",
		 (unsigned long long)vault_size(v));
	r = file_path(path, v->log.dir, "heads", name, NULL);
	if (r < 0)
		return err_set(e, r, "path '%s' is too long", v->path);
	r = vio_put(path, vault_head(v), e);
	return r == ERR_IO ? vault_dead(v, r) : r;
}
