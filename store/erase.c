/* SPDX-License-Identifier: EUPL-1.2 */
/* Rewriting packs without the bytes of erased objects. */
#include "store/erase.h"

#include "store/vault_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 20)

/* --- lists ------------------------------------------------------------------ */

/* The number that follows those of the names in erasures/. */
static int next_number(const char *dir, unsigned *out, struct err *e)
{
	char **names;
	int r = file_list(dir, &names, NULL, e);

	*out = 1;
	if (r < 0)
		return r;
	for (char **p = names; *p; p++) {
		unsigned n = 0;
		size_t i;

		for (i = 0; i < 6 && (*p)[i] >= '0' && (*p)[i] <= '9'; i++)
			n = n * 10 + (unsigned)((*p)[i] - '0');
		if (i == 6 && !strcmp(*p + 6, ".list") && n >= *out)
			*out = n + 1;
	}
	free(names);
	return *out > 999999 ? err_set(e, ERR_LIMIT, "too many erasures in one "
				       "stream") : 0;
}

int erase_put(struct stream *s, const struct erase_list *l,
	      char path_out[static ERASE_PATH_MAX], uint8_t sha256[static 32],
	      struct err *e)
{
	struct buf text = BUF_INIT(ERASE_LIST_MAX);
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX];
	unsigned n = 0;
	int r = vault_check_alive(s->v, e);

	if (r == 0 && s->v->mode != VAULT_WRITE)
		r = err_set(e, ERR_DENIED, "vault is open for reading");
	if (r < 0)
		return r;
	r = erase_list_put(s->dir, l, &text);
	if (r < 0) {
		r = err_set(e, ERR_LIMIT, "too much to erase at once");
		goto out;
	}
	sha256_once(buf_view(&text), sha256);
	r = stream_path(s, "erasures", dir);
	if (r == 0)
		r = vault_dead(s->v, vio_mkdir(dir, e));
	if (r == 0)
		r = next_number(dir, &n, e);
	if (r < 0)
		goto out;
	snprintf(path_out, ERASE_PATH_MAX, "%s/erasures/%06u.list", s->dir, n);
	r = file_path(path, s->v->path, path_out, NULL);
	if (r == 0)
		r = vault_dead(s->v, vio_put(path, buf_view(&text), e));
out:
	buf_release(&text);
	return r;
}

int erase_drop(struct stream *s, const char *rel, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = vault_check_alive(s->v, e);

	if (r == 0)
		r = file_path(path, s->v->path, rel, NULL);
	return r < 0 ? r : vault_dead(s->v, vio_unlink(path, e));
}

/* --- one pack --------------------------------------------------------------- */

struct rewrite {
	const struct erase_list *l;
	struct pack_item *item;
	struct pack_walk walk;
	uint8_t *piece;
	int sure;			/* there is something to take out */
	int in, out;
	uint64_t at;			/* bytes written */
	uint64_t objects, bytes;	/* taken out */
};

/* 1 when the pack holds bytes that have to go. */
static int must_rewrite(struct rewrite *w, struct err *e)
{
	uint64_t bad;
	int r;

	for (;;) {
		r = pack_walk_next(&w->walk, w->item, &bad, e);
		if (r)
			return r == 1 ? 0 : r;
		for (unsigned i = 0; i < w->item->objects; i++)
			if (w->item->frame[i].type == PACK_OBJECT
			    && erase_list_has(w->l, w->item->case_seq, i))
				return 1;
	}
}

static int copy(struct rewrite *w, uint64_t off, uint64_t n, struct err *e)
{
	int r = 0;

	while (r == 0 && n > 0) {
		size_t part = n < PIECE ? (size_t)n : PIECE;

		r = file_pread_all(w->in, w->piece, part, off, e);
		if (r == 0)
			r = vio_write(w->out, w->piece, part, w->at, e);
		w->at += part;
		off += part;
		n -= part;
	}
	return r;
}

/* An item with objects to take out: frame by frame. */
static int copy_item(struct rewrite *w, struct err *e)
{
	const struct pack_item *it = w->item;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < it->objects + it->externals; i++) {
		struct pack_frame f = it->frame[i];
		uint8_t head[PACK_FRAME_LEN];

		if (f.type != PACK_OBJECT
		    || !erase_list_has(w->l, it->case_seq, i)) {
			r = copy(w, it->at[i] - PACK_FRAME_LEN,
				 PACK_FRAME_LEN + f.len, e);
			continue;
		}
		w->objects++;
		w->bytes += f.len;
		f.type = PACK_ERASED;
		f.len = 0;
		pack_frame_put(&f, head);
		r = vio_write(w->out, head, sizeof head, w->at, e);
		w->at += sizeof head;
	}
	return r;
}

/* Runs of items that stay as they are go over in large pieces. */
static int copy_pack(struct rewrite *w, uint32_t number, struct err *e)
{
	uint64_t bad, from = 0;
	int r;

	pack_walk_init(&w->walk, w->in, w->walk.size);
	r = pack_walk_head(&w->walk, number, e);
	while (r == 0) {
		const struct pack_item *it = w->item;
		int hit = 0;

		r = pack_walk_next(&w->walk, w->item, &bad, e);
		if (r)
			break;
		for (unsigned i = 0; i < it->objects; i++)
			hit |= it->frame[i].type == PACK_OBJECT
			       && erase_list_has(w->l, it->case_seq, i);
		if (!hit)
			continue;
		r = copy(w, from, it->off - from, e);
		if (r == 0)
			r = copy_item(w, e);
		from = it->end;
	}
	return r == 1 ? copy(w, from, w->walk.size - from, e) : r;
}

static int rewrite_pack(struct rewrite *w, const char *path, uint32_t number,
			struct err *e)
{
	char tmp[FILE_PATH_MAX];
	struct stat st;
	int r;

	w->out = -1;
	w->at = 0;
	w->in = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (w->in < 0 || fstat(w->in, &st) < 0) {
		r = err_errno(e, "cannot open '%s'", path);
		goto out;
	}
	pack_walk_init(&w->walk, w->in, (uint64_t)st.st_size);
	r = pack_walk_head(&w->walk, number, e);
	if (r == 0)
		r = w->sure ? 1 : must_rewrite(w, e);
	if (r <= 0)
		goto out;
	if (snprintf(tmp, sizeof tmp, "%s.tmp", path) >= (int)sizeof tmp) {
		r = err_set(e, ERR_RANGE, "path '%s' is too long", path);
		goto out;
	}
	r = vio_unlink(tmp, e);
	if (r == 0)
		r = vio_create(tmp, &w->out, e);
	if (r == 0)
		r = copy_pack(w, number, e);
	if (r == 0)
		r = vio_sync(w->out, e);
	if (r == 0)
		r = vio_rename(tmp, path, e);
	if (r < 0)
		unlink(tmp);
out:
	if (w->in >= 0)
		close(w->in);
	if (w->out >= 0)
		close(w->out);
	return r;
}

/* --- a stream --------------------------------------------------------------- */

static int rewrite_init(struct rewrite *w, const struct erase_list *l,
			struct err *e)
{
	memset(w, 0, sizeof *w);
	w->l = l;
	w->item = malloc(sizeof *w->item);
	w->piece = malloc(PIECE);
	if (w->item && w->piece)
		return 0;
	free(w->item);
	free(w->piece);
	w->item = NULL;
	w->piece = NULL;
	return err_set(e, ERR_NOMEM, "no memory to erase");
}

static void rewrite_release(struct rewrite *w)
{
	free(w->item);
	free(w->piece);
}

static int pack_path(const struct vault *v, const char *dir, uint32_t n,
		     char out[static FILE_PATH_MAX])
{
	char name[32];

	snprintf(name, sizeof name, "packs/%06u.pack", n);
	return file_path(out, v->path, dir, name, NULL);
}

/* Are there bytes of what the range names of this item? */
static int is_there(const struct stream *s, const struct erase_range *x,
		    uint64_t n)
{
	const struct item_ref *it = &s->items[n];

	if (x->object != ERASE_WHOLE)
		return x->object < it->objects
		       && !stream_gone(s, it->slot + x->object);
	for (unsigned o = 0; o < it->objects; o++)
		if (!stream_gone(s, it->slot + o))
			return 1;
	return 0;
}

int erase_run(struct stream *s, const struct erase_list *l,
	      uint64_t *objects_out, uint64_t *bytes_out, struct err *e)
{
	char path[FILE_PATH_MAX];
	struct rewrite w;
	uint32_t done = 0;
	int r = vault_check_alive(s->v, e);

	if (r == 0 && s->v->mode != VAULT_WRITE)
		r = err_set(e, ERR_DENIED, "vault is open for reading");
	if (r == 0 && s->v->batch)
		r = err_set(e, ERR_BUSY, "a batch is in progress");
	if (r == 0)
		r = rewrite_init(&w, l, e);
	if (r < 0)
		return r;
	r = vault_turn_take(s->v, e);
	if (r < 0) {
		rewrite_release(&w);
		return r;
	}
	for (size_t i = 0; r == 0 && i < l->n; i++)
		for (uint64_t n = l->r[i].first;
		     r == 0 && n <= l->r[i].last && n < s->nitems; n++) {
			uint32_t pack = s->items[n].pack;

			if (pack <= done || !is_there(s, &l->r[i], n))
				continue;
			done = pack;
			w.sure = 1;
			r = pack_path(s->v, s->dir, pack, path);
			if (r == 0)
				r = rewrite_pack(&w, path, pack, e);
		}
	/* Decided, and not done: whoever opens the vault next does it. */
	vault_dead(s->v, r);
	if (r == 0 && w.objects > 0)
		r = vault_dead(s->v, stream_rescan(s, e));
	vault_turn_give(s->v);
	if (objects_out)
		*objects_out = w.objects;
	if (bytes_out)
		*bytes_out = w.bytes;
	rewrite_release(&w);
	return r;
}

/* Packs are read one after the other, each opened once. */
struct look {
	struct stream *s;
	struct pack_walk w;
	uint32_t pack;
	int fd;
};

static int look_item(struct look *k, uint64_t n, struct err *e)
{
	struct stream *s = k->s;
	char path[FILE_PATH_MAX];
	struct stat st;
	uint64_t bad;
	int r;

	if (k->fd < 0 || k->pack != s->items[n].pack) {
		if (k->fd >= 0)
			close(k->fd);
		k->pack = s->items[n].pack;
		r = pack_path(s->v, s->dir, k->pack, path);
		if (r < 0)
			return err_set(e, r, "path of '%s' is too long",
				       s->dir);
		k->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (k->fd < 0 || fstat(k->fd, &st) < 0)
			return err_errno(e, "cannot open '%s'", path);
		pack_walk_init(&k->w, k->fd, (uint64_t)st.st_size);
	}
	k->w.off = s->items[n].off;
	r = pack_walk_next(&k->w, s->item, &bad, e);
	if (r == 1 || (r == 0 && s->item->case_seq != n))
		r = err_set(e, ERR_DAMAGED, "'%s/packs/%06u.pack' is damaged: "
			    "item %llu is not where it was", s->dir, k->pack,
			    (unsigned long long)n);
	return r;
}

int erase_describe(struct stream *s, struct erase_list *l, struct err *e)
{
	struct look k = { .s = s, .fd = -1 };
	int r = 0;

	l->nwas = 0;
	for (size_t i = 0; r == 0 && i < l->n; i++)
		for (uint64_t n = l->r[i].first; r == 0 && n <= l->r[i].last;
		     n++) {
			unsigned o = l->r[i].object, end = o + 1;

			r = stream_objects(s, n, &end, e);
			if (r == 0 && o != ERASE_WHOLE && o >= end)
				r = err_set(e, ERR_NOENT, "item %llu of '%s' "
					    "has no object %u",
					    (unsigned long long)n, s->dir, o);
			if (r == 0)
				r = look_item(&k, n, e);
			if (o == ERASE_WHOLE)
				o = 0;
			else
				end = o + 1;
			for (; r == 0 && o < end; o++) {
				const struct pack_frame *f = &s->item->frame[o];
				struct erase_was w = { n, s->items[n].seq,
						       f->len, { 0 }, o };

				if (f->type != PACK_OBJECT)
					continue;
				memcpy(w.sha256, f->hash, 32);
				r = erase_list_was(l, &w);
				if (r < 0)
					err_set(e, r, "too much to erase at "
						"once");
			}
		}
	if (k.fd >= 0)
		close(k.fd);
	return r;
}

int erase_object(struct stream *s, uint64_t case_seq, unsigned object,
		 uint64_t *size_out, uint8_t sha256[static 32],
		 int *erased_out, struct err *e)
{
	struct look k = { .s = s, .fd = -1 };
	unsigned n;
	int r = stream_objects(s, case_seq, &n, e);

	if (r < 0)
		return r;
	if (object >= n)
		return err_set(e, ERR_NOENT, "item %llu of '%s' has no object "
			       "%u", (unsigned long long)case_seq, s->dir,
			       object);
	r = look_item(&k, case_seq, e);
	if (k.fd >= 0)
		close(k.fd);
	if (r < 0)
		return r;
	*size_out = s->item->frame[object].len;
	*erased_out = s->item->frame[object].type == PACK_ERASED;
	memcpy(sha256, s->item->frame[object].hash, 32);
	return 0;
}

/* --- at recovery ------------------------------------------------------------- */

/*
 * One list that a leaf names and no certificate yet.  A list that is not as the
 * leaf says erases nothing: verify tells of it.
 */
int erase_redo(struct vault *v, const char *rel,
	       const uint8_t sha256[static SHA256_LEN], struct err *e)
{
	struct buf text = BUF_INIT(ERASE_LIST_MAX);
	char path[FILE_PATH_MAX], dir[VAULT_DIR_MAX + 1];
	const char *end = strstr(rel, "/erasures/");
	struct erase_list l = { 0 };
	struct rewrite w = { .in = -1 };
	uint8_t hash[SHA256_LEN];
	int r;

	if (!end || (size_t)(end - rel) > VAULT_DIR_MAX)
		return 0;
	memcpy(dir, rel, (size_t)(end - rel));
	dir[end - rel] = 0;
	if (!vault_dir_valid(dir))
		return 0;
	r = file_path(path, v->path, rel, NULL);
	if (r == 0)
		r = file_read(path, &text, e);
	if (r == 0) {
		sha256_once(buf_view(&text), hash);
		r = memcmp(hash, sha256, sizeof hash) ? ERR_FORMAT
		    : erase_list_read(buf_view(&text), dir, &l, e);
	}
	if (r == ERR_NOENT || r == ERR_FORMAT || r == ERR_LIMIT) {
		r = 0;
		goto out;
	}
	if (r == 0)
		r = rewrite_init(&w, &l, e);
	for (uint32_t n = 1; r == 0; n++) {
		r = pack_path(v, dir, n, path);
		if (r == 0 && !file_exists(path))
			break;
		if (r == 0)
			r = rewrite_pack(&w, path, n, e);
	}
	rewrite_release(&w);
out:
	erase_list_release(&l);
	buf_release(&text);
	return r;
}
