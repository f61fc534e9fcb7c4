/* SPDX-License-Identifier: EUPL-1.2 */
/* Streams: opening one, and what its packs hold. */
#include "store/vault_int.h"

#include "util/enc.h"
#include "util/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int vault_dir_valid(const char *s)
{
	size_t n = strlen(s), start = 0;

	if (n == 0 || n > VAULT_DIR_MAX)
		return 0;
	for (size_t i = 0; i <= n; i++) {
		if (s[i] == '/' || s[i] == 0) {
			if (i == start)
				return 0;
			start = i + 1;
		} else if (!((s[i] >= 'a' && s[i] <= 'z')
			     || (s[i] >= '0' && s[i] <= '9') || s[i] == '-')) {
			return 0;
		}
	}
	return !strcmp(s, "admin")
	       || ((!strncmp(s, "audit/", 6) || !strncmp(s, "cases/", 6))
		   && !strchr(s + 6, '/'));
}

int stream_path(const struct stream *s, const char *name,
		char out[static FILE_PATH_MAX])
{
	return file_path(out, s->v->path, s->dir, name, NULL);
}

int stream_item_push(struct stream *s, const struct item_ref *it)
{
	if (s->nitems == s->items_room) {
		uint64_t room = s->items_room ? s->items_room * 2 : 64;
		struct item_ref *p = realloc(s->items, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		s->items = p;
		s->items_room = room;
	}
	s->items[s->nitems++] = *it;
	s->nslots += it->objects;
	return 0;
}

static int push_gone(struct stream *s, uint64_t slot)
{
	if (s->ngone == s->gone_room) {
		uint64_t room = s->gone_room ? s->gone_room * 2 : 64;
		uint64_t *p = realloc(s->gone, room * sizeof *p);

		if (!p)
			return ERR_NOMEM;
		s->gone = p;
		s->gone_room = room;
	}
	s->gone[s->ngone++] = slot;
	return 0;
}

int stream_gone(const struct stream *s, uint64_t slot)
{
	uint64_t lo = 0, hi = s->ngone;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (s->gone[mid] == slot)
			return 1;
		if (s->gone[mid] < slot)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	if (s->pack_fd >= 0)
		close(s->pack_fd);
	if (s->keys_fd >= 0)
		close(s->keys_fd);
	if (s->read_fd >= 0)
		close(s->read_fd);
	secret_free(s->tag_key);
	secret_free(s->slots);
	buf_release(&s->out);
	free(s->items);
	free(s->gone);
	free(s->item);
	free(s);
}

static int stream_new(struct vault *v, const char *dir,
		      const uint8_t pub[static 32],
		      const uint8_t tag_key[static 32], struct stream **out,
		      struct err *e)
{
	struct stream *s;

	if (!vault_dir_valid(dir))
		return err_set(e, ERR_RANGE, "malformed stream '%s'", dir);
	for (s = v->streams; s; s = s->next)
		if (!strcmp(s->dir, dir))
			return err_set(e, ERR_EXIST, "stream '%s' is open "
				       "already", dir);
	s = calloc(1, sizeof *s);
	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for a stream");
	s->v = v;
	s->pack_fd = s->keys_fd = s->read_fd = -1;
	s->epoch = SLOT_EPOCH;
	memcpy(s->dir, dir, strlen(dir) + 1);
	memcpy(s->pub, pub, sizeof s->pub);
	s->out.max = SIZE_MAX / 2;
	s->tag_key = secret_alloc(32);
	s->item = malloc(sizeof *s->item);
	if (!s->tag_key || !s->item) {
		stream_free(s);
		return err_set(e, ERR_NOMEM, "no memory for a stream");
	}
	memcpy(s->tag_key, tag_key, 32);
	*out = s;
	return 0;
}

static void stream_link(struct stream *s)
{
	s->next = s->v->streams;
	s->v->streams = s;
}

int stream_create(struct vault *v, const char *dir,
		  const uint8_t pub[static 32],
		  const uint8_t tag_key[static 32], struct stream **out,
		  struct err *e)
{
	const char *const subs[] = { "", "packs", "keys" };
	char path[FILE_PATH_MAX];
	struct stream *s = NULL;
	char **names;
	size_t n = 0;
	int r = vault_check_alive(v, e);

	if (r == 0 && v->mode != VAULT_WRITE)
		r = err_set(e, ERR_DENIED, "vault is open for reading");
	if (r == 0)
		r = stream_new(v, dir, pub, tag_key, &s, e);
	for (size_t i = 0; r == 0 && i < 3; i++) {
		r = i ? stream_path(s, subs[i], path)
		      : file_path(path, v->path, s->dir, NULL);
		if (r == 0) {
			r = vio_mkdir(path, e);
			if (r == ERR_IO)
				vault_dead(v, r);
		}
		if (r == 0 && i > 0) {
			r = file_list(path, &names, &n, e);
			if (r == 0)
				free(names);
			if (r == 0 && n > 0)
				r = err_set(e, ERR_EXIST, "stream '%s' exists "
					    "already", dir);
		}
	}
	if (r != 0) {
		stream_free(s);
		return r;
	}
	stream_link(s);
	*out = s;
	return 0;
}

/* Items of one pack, from s->seen on; 1 when what follows is not under the head
 * (yet). */
static int scan_pack(struct stream *s, uint32_t number, int fd, uint64_t size,
		     uint64_t *bad, struct err *e)
{
	struct pack_walk w;
	int r;

	pack_walk_init(&w, fd, size);
	*bad = 0;
	r = pack_walk_head(&w, number, NULL);
	if (r == 0 && s->seen > w.off)
		w.off = s->seen;
	if (r == ERR_DAMAGED)
		return 1;
	if (r < 0)
		return err_set(e, r, "cannot read pack %u of '%s'", number,
			       s->dir);
	for (;;) {
		struct item_ref ref;

		*bad = w.off;
		r = pack_walk_next(&w, s->item, bad, e);
		if (r == ERR_DAMAGED)
			return 1;
		if (r < 0)
			return r;
		if (r == 1)
			return 0;
		ref = (struct item_ref){ .off = s->item->off, .pack = number,
					 .slot = s->nslots,
					 .objects = s->item->objects };
		*bad = ref.off;
		if (s->item->case_seq != s->nitems)
			return 1;
		r = log_find(&s->v->log, s->item->body, &ref.seq, e);
		if (r < 0)
			return r;
		if (ref.seq == UINT64_MAX)
			return 1;
		for (unsigned i = 0; s->item->erased && i < ref.objects; i++)
			if (s->item->frame[i].type == PACK_ERASED
			    && push_gone(s, ref.slot + i) < 0)
				return err_set(e, ERR_NOMEM, "no memory for a "
					       "stream");
		if (stream_item_push(s, &ref) < 0)
			return err_set(e, ERR_NOMEM, "no memory for a stream");
		s->seen = w.off;
	}
}

/*
 * Which files the packs are: one written anew is another file.  Erasures only
 * grow in number, should a file's number come round again.
 */
static uint64_t make_stamp(const struct stream *s)
{
	char path[FILE_PATH_MAX], name[32], **names;
	uint64_t stamp = 14695981039346656037u;
	struct stat st;
	size_t n = 0;

	for (uint32_t i = 1; i <= s->pack; i++) {
		snprintf(name, sizeof name, "packs/%06u.pack", i);
		if (stream_path(s, name, path) < 0 || stat(path, &st) < 0)
			continue;
		stamp = (stamp ^ (uint64_t)st.st_ino) * 1099511628211u;
	}
	if (stream_path(s, "erasures", path) == 0
	    && file_list(path, &names, &n, NULL) == 0)
		free(names);
	return (stamp ^ n) * 1099511628211u;
}

int stream_scan(struct stream *s, struct err *e)
{
	char path[FILE_PATH_MAX], name[32];
	uint8_t tag[SHA256_LEN];
	uint64_t bad = 0, size = 0;
	struct stat st;
	int r = 0, fd;

	/* Goes on where it was left, at first with the first pack. */
	for (uint32_t n = s->pack ? s->pack : 1; r == 0; n++) {
		snprintf(name, sizeof name, "packs/%06u.pack", n);
		r = stream_path(s, name, path);
		if (r < 0)
			return err_set(e, r, "path of '%s' is too long", s->dir);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0 && errno == ENOENT)
			break;
		if (fd < 0 || fstat(fd, &st) < 0) {
			r = err_errno(e, "cannot open '%s'", path);
			if (fd >= 0)
				close(fd);
			return r;
		}
		size = (uint64_t)st.st_size;
		if (n != s->pack)
			s->seen = 0;
		r = scan_pack(s, n, fd, size, &bad, e);
		close(fd);
		s->pack = n;
		s->pack_size = size;
	}
	if (r < 0)
		return r;
	s->stamp = make_stamp(s);
	leaf_tag(s->tag_key, s->nitems, tag);
	if ((r == 1 && s->v->mode == VAULT_WRITE)
	    || log_has_tag(&s->v->log, tag))
		return err_set(e, ERR_DAMAGED, "'%s/packs/%06u.pack' is damaged "
			       "at offset %llu: item %llu is missing", s->dir,
			       s->pack ? s->pack : 1,
			       (unsigned long long)(r == 1 ? bad : size),
			       (unsigned long long)s->nitems);
	return 0;
}

int stream_rescan(struct stream *s, struct err *e)
{
	if (s->pack_fd >= 0)
		close(s->pack_fd);
	if (s->read_fd >= 0)
		close(s->read_fd);
	s->pack_fd = s->read_fd = -1;
	s->nitems = s->nslots = s->ngone = 0;
	s->pack = s->read_pack = 0;
	s->pack_size = s->seen = 0;
	return stream_scan(s, e);
}

int stream_rewritten(const struct stream *s)
{
	return s->stamp != make_stamp(s);
}

/* A writer goes on where the slot file ends. */
int stream_scan_keys(struct stream *s, struct err *e)
{
	uint8_t head[SLOT_FRAME_LEN], want[SLOT_FILE_HEAD_LEN];
	char path[FILE_PATH_MAX], name[KEYS_NAME_MAX];
	uint64_t off = SLOT_FILE_HEAD_LEN, size;
	struct slot_frame f;
	int fd, r;

	keys_add_name(s->epoch, name);
	r = stream_path(s, name, path);
	if (r < 0)
		return err_set(e, r, "path of '%s' is too long", s->dir);
	r = file_size(path, &size, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(e, "cannot open '%s'", path);
	slot_file_head_put(s->epoch, want);
	r = file_pread_all(fd, head, sizeof want, 0, e);
	if (r == 0 && memcmp(head, want, sizeof want))
		r = err_set(e, ERR_DAMAGED, "'%s/%s' has no header", s->dir,
			    name);
	while (r == 0 && off < size) {
		r = file_pread_all(fd, head, sizeof head, off, e);
		if (r == 0)
			r = slot_frame_get(head, &f);
		if (r == 0 && f.len > size - off - SLOT_FRAME_LEN)
			r = ERR_DAMAGED;
		if (r == ERR_DAMAGED)
			err_set(e, r, "'%s/%s' is damaged at offset %llu",
				s->dir, name, (unsigned long long)off);
		off += SLOT_FRAME_LEN + f.len;
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	s->keys_fd = fd;
	s->keys_size = size;
	return 0;
}

int stream_open(struct vault *v, const char *dir, const uint8_t pub[static 32],
		const uint8_t tag_key[static 32], struct stream **out,
		struct err *e)
{
	char path[FILE_PATH_MAX];
	struct stream *s = NULL;
	int r = vault_check_alive(v, e);

	if (r == 0)
		r = stream_new(v, dir, pub, tag_key, &s, e);
	if (r != 0)
		return r;
	r = stream_path(s, "packs", path);
	if (r == 0 && !file_exists(path))
		r = err_set(e, ERR_NOENT, "the vault has no stream '%s'", dir);
	if (r == 0)
		r = keys_epoch(v->path, dir, &s->epoch, e);
	if (r == 0)
		r = stream_scan(s, e);
	if (r == 0 && v->mode == VAULT_WRITE)
		r = stream_scan_keys(s, e);
	if (r < 0) {
		stream_free(s);
		return r;
	}
	stream_link(s);
	*out = s;
	return 0;
}

int stream_is_to(const struct stream *s, const uint8_t pub[static 32])
{
	return !s->stale && !memcmp(s->pub, pub, sizeof s->pub);
}

uint64_t stream_count(const struct stream *s)
{
	return s->nitems;
}

static int want_item(const struct stream *s, uint64_t case_seq, struct err *e)
{
	if (case_seq < s->nitems)
		return 0;
	return err_set(e, ERR_NOENT, "'%s' has no item %llu", s->dir,
		       (unsigned long long)case_seq);
}

int stream_seq(const struct stream *s, uint64_t case_seq, uint64_t *seq_out,
	       struct err *e)
{
	int r = want_item(s, case_seq, e);

	if (r == 0)
		*seq_out = s->items[case_seq].seq;
	return r;
}

int stream_objects(const struct stream *s, uint64_t case_seq, unsigned *n_out,
		   struct err *e)
{
	int r = want_item(s, case_seq, e);

	if (r == 0)
		*n_out = s->items[case_seq].objects;
	return r;
}

/* Names below one directory that hold packs, as "top/name". */
static int add_dirs(const char *path, const char *top, struct buf *text,
		    size_t *count, struct err *e)
{
	char dir[FILE_PATH_MAX], packs[FILE_PATH_MAX], **names;
	int r = file_path(dir, path, top, NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; *p; p++) {
		if (file_path(packs, dir, *p, "packs", NULL) < 0
		    || !file_exists(packs)
		    || strlen(top) + strlen(*p) + 1 > VAULT_DIR_MAX)
			continue;
		buf_adds(text, top);
		buf_addc(text, '/');
		buf_add(text, *p, strlen(*p) + 1);
		(*count)++;
	}
	free(names);
	return text->failed;
}

int vault_stream_dirs(const char *path, char ***dirs_out, struct err *e)
{
	struct buf text = BUF_INIT((size_t)64 << 20);
	char admin[FILE_PATH_MAX], **dirs = NULL, *at;
	size_t count = 0;
	int r = file_path(admin, path, "admin", "packs", NULL);

	if (r == 0 && file_exists(admin)) {
		buf_add(&text, "admin", 6);
		count++;
	}
	if (r == 0)
		r = add_dirs(path, "audit", &text, &count, e);
	if (r == 0)
		r = add_dirs(path, "cases", &text, &count, e);
	if (r == 0) {
		dirs = malloc((count + 1) * sizeof *dirs + text.len);
		if (!dirs)
			r = err_set(e, ERR_NOMEM, "no memory for a list");
	}
	if (r != 0)
		goto out;
	at = (char *)(dirs + count + 1);
	if (text.len)
		memcpy(at, text.p, text.len);
	for (size_t i = 0; i < count; i++) {
		dirs[i] = at;
		at += strlen(at) + 1;
	}
	dirs[count] = NULL;
	*dirs_out = dirs;
out:
	buf_release(&text);
	return r;
}
