/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Verifying streams: every object against its frame's hash, every item against
 * its leaf, slots against their key leaves, numbering without a gap.
 */
#include "store/verify_int.h"
#include "util/enc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOB_BYTES ((uint64_t)2 << 20)	/* of one turn of a thread */
#define JOBS_MAX 256			/* gathered before they are shared out */
#define PIECE ((size_t)256 << 10)

/* A run of objects that follow each other in a pack. */
struct job {
	size_t first, n;		/* of objects */
};

struct object {
	uint64_t off, len;
	uint8_t hash[SHA256_LEN];
	int state;			/* 0 sound, 1 altered, < 0 not read */
};

struct stream_check {
	struct verify *c;
	const char *dir;
	uint32_t number;
	/* slots */
	struct slot_at {
		struct slot_frame f;
		uint64_t off;
	} *slots;
	size_t nslots, slots_room;
	char keys[VAULT_DIR_MAX + 32];
	uint32_t epoch;
	uint64_t tabbed;		/* log position of the last item whose
					   slots stand in the table, + 1 */
	char tabbed_pack[VAULT_DIR_MAX + 32];
	uint64_t tabbed_item, tabbed_off;
	/* items */
	uint64_t next;			/* case_seq */
	uint64_t last_seq;		/* log position of the last item, + 1 */
	size_t slot;			/* frame the items stand in, + 1 */
	uint64_t slot_objects;
	struct erased erased;
	/* the pack being read */
	int fd;
	char pack[VAULT_DIR_MAX + 32];
	struct object *objects;
	size_t nobjects, objects_room;
	struct job jobs[JOBS_MAX];
	size_t njobs;
	uint64_t job_bytes;
	struct pack_item *item;
	/* items no leaf speaks of, so far at the end */
	uint64_t orphans, orphan_off;
	char orphan_pack[VAULT_DIR_MAX + 32];
};

/* --- hashing -------------------------------------------------------------- */

static int hash_object(int fd, struct object *o, uint8_t *piece)
{
	uint8_t hash[SHA256_LEN];
	struct sha256 h = { NULL };
	uint64_t done = 0;
	int r;

	if (o->len <= PIECE) {
		r = file_pread_all(fd, piece, (size_t)o->len, o->off, NULL);
		if (r < 0)
			return r;
		sha256_once(BYTES(piece, o->len), hash);
		return memcmp(hash, o->hash, sizeof hash) != 0;
	}
	r = sha256_init(&h);
	if (r < 0)
		return r;
	while (r == 0 && done < o->len) {
		size_t n = o->len - done < PIECE ? (size_t)(o->len - done)
						 : PIECE;

		r = file_pread_all(fd, piece, n, o->off + done, NULL);
		if (r == 0)
			sha256_update(&h, BYTES(piece, n));
		done += n;
	}
	sha256_final(&h, hash);
	sha256_release(&h);
	return r < 0 ? r : memcmp(hash, o->hash, sizeof hash) != 0;
}

static void run_job(void *arg, size_t i)
{
	struct stream_check *s = arg;
	const struct job *j = &s->jobs[i];
	uint8_t *piece = malloc(PIECE);

	for (size_t k = j->first; k < j->first + j->n; k++)
		s->objects[k].state = piece
			? hash_object(s->fd, &s->objects[k], piece) : ERR_NOMEM;
	free(piece);
}

static int run_jobs(struct stream_check *s)
{
	struct verify *c = s->c;

	par_for(c->o->threads, s->njobs, run_job, s);
	for (size_t i = 0; i < s->nobjects; i++) {
		const struct object *o = &s->objects[i];

		if (o->state == ERR_NOMEM || o->state == ERR_IO)
			return err_set(c->e, o->state, "cannot read '%s'",
				       s->pack);
		if (o->state)
			verify_say(c, s->pack, o->off, "object is altered: its "
				   "bytes do not have the hash before them");
		c->rep->objects++;
		c->rep->bytes += o->len;
	}
	s->nobjects = s->njobs = 0;
	s->job_bytes = 0;
	return 0;
}

static int add_object(struct stream_check *s, const struct pack_frame *f,
		      uint64_t at)
{
	struct object *o;
	int r = 0;

	if (s->nobjects == s->objects_room) {
		size_t room = s->objects_room ? s->objects_room * 2 : 1024;
		struct object *p = realloc(s->objects, room * sizeof *p);

		if (!p)
			return err_set(s->c->e, ERR_NOMEM,
				       "no memory to verify");
		s->objects = p;
		s->objects_room = room;
	}
	if (s->njobs == 0 || s->job_bytes >= JOB_BYTES) {
		if (s->njobs == JOBS_MAX)
			r = run_jobs(s);
		if (r < 0)
			return r;
		s->jobs[s->njobs++] = (struct job){ s->nobjects, 0 };
		s->job_bytes = 0;
	}
	o = &s->objects[s->nobjects++];
	o->off = at;
	o->len = f->len;
	memcpy(o->hash, f->hash, SHA256_LEN);
	s->jobs[s->njobs - 1].n++;
	s->job_bytes += f->len;
	return 0;
}

/* --- slots ---------------------------------------------------------------- */

/* A key leaf must vouch for the frame; what is wrong, or NULL. */
static const char *slots_wrong(struct stream_check *s,
			       const struct slot_frame *f, struct bytes frame)
{
	struct verify *c = s->c;
	uint8_t hash[1][SHA256_LEN], body[SHA256_LEN];
	struct vleaf *l;

	if (f->seq >= c->n)
		return "slots of a leaf the log does not have";
	l = &c->leaves[f->seq];
	if (l->kind != LEAF_KEY)
		return "slots of a leaf that is no key leaf";
	sha256_once(frame, hash[0]);
	leaf_body((const uint8_t (*)[SHA256_LEN])hash, 1, body);
	if (memcmp(body, l->body, SHA256_LEN))
		return "slots are altered: their leaf names another hash";
	if (l->claimed)
		return "slots stand twice";
	if (s->nslots && s->slots[s->nslots - 1].f.seq >= f->seq)
		return "slots out of order";
	l->claimed = 1;
	l->owner = s->number;
	return NULL;
}

static int push_slots(struct stream_check *s, const struct slot_frame *f,
		      uint64_t off)
{
	if (s->nslots == s->slots_room) {
		size_t room = s->slots_room ? s->slots_room * 2 : 64;
		struct slot_at *p = realloc(s->slots, room * sizeof *p);

		if (!p)
			return err_set(s->c->e, ERR_NOMEM,
				       "no memory to verify");
		s->slots = p;
		s->slots_room = room;
	}
	s->slots[s->nslots++] = (struct slot_at){ *f, off };
	return 0;
}

static int follow_slots(struct stream_check *s, struct bytes in)
{
	struct verify *c = s->c;
	size_t off = SLOT_FILE_HEAD_LEN, step;
	int beyond = 0, r = 0;

	for (; off < in.len; off += step) {
		struct slot_frame f;
		const char *why;

		if (in.len - off < SLOT_FRAME_LEN
		    || slot_frame_get(in.p + off, &f) < 0
		    || f.len > in.len - off - SLOT_FRAME_LEN) {
			if (!c->live)
				verify_say(c, s->keys, off, "no slot frame, or "
					   "a torn one");
			return 0;
		}
		step = SLOT_FRAME_LEN + f.len;
		if (f.seq >= c->n && (c->live || c->log_bad))
			continue;
		why = slots_wrong(s, &f, BYTES(in.p + off, step));
		if (why && f.seq >= c->n && !beyond) {
			c->rep->unfinished = 1;
			beyond = 1;
		}
		if (why)
			verify_say(c, s->keys, off, "%s", why);
		else
			r = push_slots(s, &f, off);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_slots(struct stream_check *s)
{
	struct buf file = BUF_INIT((size_t)1 << 31);
	struct verify *c = s->c;
	uint8_t want[SLOT_FILE_HEAD_LEN];
	char path[FILE_PATH_MAX];
	int r;

	r = keys_epoch(c->path, s->dir, &s->epoch, c->e);
	if (r < 0)
		return r;
	snprintf(s->keys, sizeof s->keys, "%s/keys/%04u.add", s->dir,
		 s->epoch);
	r = file_path(path, c->path, s->keys, NULL);
	if (r == 0)
		r = file_read(path, &file, c->e);
	if (r == ERR_NOENT)
		return 0;	/* its items will say that they have no slots */
	if (r < 0)
		goto out;
	slot_file_head_put(s->epoch, want);
	c->rep->bytes += file.len;
	if (file.len < sizeof want || memcmp(file.p, want, sizeof want)) {
		if (!c->live || file.len >= sizeof want)
			verify_say(c, s->keys, 0, "no header of a slot file");
		goto out;
	}
	r = follow_slots(s, buf_view(&file));
out:
	buf_release(&file);
	return r;
}

/* The group that ends must have had as many objects as slots. */
static void end_group(struct stream_check *s)
{
	const struct slot_at *at;

	if (s->slot == 0)
		return;
	at = &s->slots[s->slot - 1];
	if (at->f.count != s->slot_objects && !s->c->log_bad)
		verify_say(s->c, s->keys, at->off, "%u slots for %llu objects",
			   at->f.count, (unsigned long long)s->slot_objects);
	s->slot_objects = 0;
}

/* Slots before an item: those of its group, which begins with it or not. */
static void enter_group(struct stream_check *s, uint64_t seq, uint64_t off)
{
	struct verify *c = s->c;

	if (c->o->keyless) {
		if (seq > 0 && c->leaves[seq - 1].kind == LEAF_KEY)
			c->leaves[seq - 1].claimed = 1;
		return;
	}
	while (s->slot < s->nslots && s->slots[s->slot].f.seq < seq) {
		const struct slot_at *at = &s->slots[s->slot];

		end_group(s);
		s->slot++;
		if (at->f.first != s->item->case_seq || at->f.seq + 1 != seq)
			verify_say(c, s->keys, at->off, "slots stand for item "
				   "%llu, which is not here",
				   (unsigned long long)at->f.first);
	}
	if (s->slot > 0) {
		s->slot_objects += s->item->objects;
		return;
	}
	/* Before the first of them: in the table, or nothing to open. */
	if (s->epoch == SLOT_EPOCH && s->item->erased < s->item->objects) {
		verify_say(c, s->pack, off, "item %llu has no slots",
			   (unsigned long long)s->item->case_seq);
		return;
	}
	if (seq > 0 && c->leaves[seq - 1].kind == LEAF_KEY
	    && !c->leaves[seq - 1].claimed) {
		c->leaves[seq - 1].claimed = 1;
		c->leaves[seq - 1].owner = s->number;
	}
	if (s->item->erased < s->item->objects) {
		s->tabbed = seq + 1;
		s->tabbed_item = s->item->case_seq;
		s->tabbed_off = off;
		memcpy(s->tabbed_pack, s->pack, sizeof s->pack);
	}
}

/* --- items ---------------------------------------------------------------- */

static int add_external(struct verify *c, const char *path, uint64_t seq,
			const uint8_t *hash)
{
	struct vexternal *x;

	if (c->next == c->ext_room) {
		size_t room = c->ext_room ? c->ext_room * 2 : 64;
		struct vexternal *p = realloc(c->ext, room * sizeof *p);

		if (!p)
			return err_set(c->e, ERR_NOMEM, "no memory to verify");
		c->ext = p;
		c->ext_room = room;
	}
	x = &c->ext[c->next];
	x->path = strdup(path);
	if (!x->path)
		return err_set(c->e, ERR_NOMEM, "no memory to verify");
	x->seq = seq;
	memcpy(x->hash, hash, SHA256_LEN);
	c->next++;
	return 0;
}

static int keep_externals(struct stream_check *s, struct pack_walk *w,
			  uint64_t seq)
{
	const struct pack_item *it = s->item;
	char path[PACK_PATH_MAX + 1];
	int r = 0;

	for (unsigned i = it->objects;
	     r == 0 && i < it->objects + it->externals; i++) {
		r = pack_walk_path(w, it, i, path, s->c->e);
		if (r == 0)
			r = add_external(s->c, path, seq, it->frame[i].hash);
	}
	return r;
}

/* Items no leaf speaks of are a torn append at the end, else out of place. */
static void orphan(struct stream_check *s)
{
	if (s->orphans == 0) {
		s->orphan_off = s->item->off;
		memcpy(s->orphan_pack, s->pack, sizeof s->pack);
	}
	s->orphans += s->item->objects;
}

static int check_item(struct stream_check *s, struct pack_walk *w)
{
	const struct pack_item *it = s->item;
	struct verify *c = s->c;
	uint64_t seq = verify_find(c, it->body);
	struct vleaf *l;
	int r = 0;

	if (seq == UINT64_MAX) {
		orphan(s);
		return 0;
	}
	if (s->orphans) {
		verify_say(c, s->orphan_pack, s->orphan_off, "no leaf vouches "
			   "for what stands here");
		s->orphans = 0;
	}
	l = &c->leaves[seq];
	if (l->claimed || l->kind == LEAF_KEY) {
		verify_say(c, s->pack, it->off, "item stands twice");
		return 0;
	}
	l->claimed = 1;
	l->owner = s->number;
	if (it->case_seq != s->next)
		verify_say(c, s->pack, it->off, "item %llu where %llu should "
			   "be", (unsigned long long)it->case_seq,
			   (unsigned long long)s->next);
	s->next = it->case_seq + 1;
	if (seq < s->last_seq)
		verify_say(c, s->pack, it->off, "items out of order");
	s->last_seq = seq + 1;
	enter_group(s, seq, it->off);
	verify_erased_item(&s->erased, it, seq, s->pack);
	for (unsigned i = 0; r == 0 && i < it->objects; i++)
		if (it->frame[i].type == PACK_OBJECT)
			r = add_object(s, &it->frame[i], it->at[i]);
	if (r == 0)
		r = keep_externals(s, w, seq);
	return r;
}

static int check_pack(struct stream_check *s, uint32_t number, int last)
{
	struct verify *c = s->c;
	char path[FILE_PATH_MAX];
	struct err why = ERR_INIT;
	struct pack_walk w;
	struct stat st;
	uint64_t bad = 0;
	int r;

	snprintf(s->pack, sizeof s->pack, "%s/packs/%06u.pack", s->dir, number);
	r = file_path(path, c->path, s->pack, NULL);
	if (r < 0)
		return err_set(c->e, r, "path '%s' is too long", c->path);
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0 || fstat(s->fd, &st) < 0) {
		r = err_errno(c->e, "cannot open '%s'", path);
		goto out;
	}
	pack_walk_init(&w, s->fd, (uint64_t)st.st_size);
	r = pack_walk_head(&w, number, &why);
	while (r == 0) {
		r = pack_walk_next(&w, s->item, &bad, &why);
		if (r == 0)
			r = check_item(s, &w);
	}
	if (r == ERR_DAMAGED) {
		/* A writer may be in the middle of its last frame. */
		if (!c->live || !last)
			verify_say(c, s->pack, bad, "%s", why.text);
		r = 1;
	}
	if (r == 1)
		r = run_jobs(s);
	else
		err_set(c->e, r, "cannot read '%s'", s->pack);
out:
	if (s->fd >= 0)
		close(s->fd);
	return r;
}

/* How many packs follow each other from 000001 on. */
static int count_packs(struct stream_check *s, uint32_t *count)
{
	char dir[FILE_PATH_MAX], want[32], file[VAULT_DIR_MAX + 32];
	uint32_t n = 0;
	char **names;
	int r = file_path(dir, s->c->path, s->dir, "packs", NULL);

	if (r == 0)
		r = file_list(dir, &names, NULL, s->c->e);
	if (r < 0)
		return r;
	for (char **p = names; *p; p++) {
		size_t len = strlen(*p);

		if (len != 11 || strcmp(*p + 6, ".pack"))
			continue;
		snprintf(want, sizeof want, "%06u.pack", n + 1);
		if (strcmp(*p, want)) {
			snprintf(file, sizeof file, "%s/packs/%s", s->dir,
				 want);
			verify_say(s->c, file, 0, "pack is missing");
			break;
		}
		n++;
	}
	free(names);
	*count = n;
	return 0;
}

/* A leaf behind every item of the table must name it. */
static void end_tab(struct stream_check *s)
{
	struct verify *c = s->c;
	char name[KEYS_NAME_MAX], path[VAULT_DIR_MAX + 32];
	uint64_t seq;
	int gone;

	if (s->tabbed == 0 || c->o->keyless)
		return;
	keys_tab_name(s->epoch, name);
	snprintf(path, sizeof path, "%s/%s", s->dir, name);
	seq = verify_named(c, path, 0, NULL, &gone);
	if (seq == UINT64_MAX) {
		if (!c->live && !c->log_bad)
			verify_say(c, path, 0, "no leaf names this table of "
				   "slots");
	} else if (s->tabbed > seq) {
		verify_say(c, s->tabbed_pack, s->tabbed_off, "item %llu has no "
			   "slots", (unsigned long long)s->tabbed_item);
	}
}

static void end_stream(struct stream_check *s)
{
	struct verify *c = s->c;

	end_group(s);
	for (size_t i = s->slot; i < s->nslots; i++)
		verify_say(c, s->keys, s->slots[i].off, "slots stand for item "
			   "%llu, which is not here",
			   (unsigned long long)s->slots[i].f.first);
	end_tab(s);
	verify_erased_end(c, &s->erased);
	if (s->orphans && !c->live && !c->log_bad) {
		c->rep->unfinished = 1;
		c->beyond += s->orphans;
		verify_say(c, s->orphan_pack, s->orphan_off, "%llu objects that "
			   "no leaf speaks of", (unsigned long long)s->orphans);
	}
}

static int check_stream(struct verify *c, const char *dir)
{
	struct stream_check *s = calloc(1, sizeof *s);
	uint32_t packs = 0;
	int r;

	if (!s)
		return err_set(c->e, ERR_NOMEM, "no memory to verify");
	s->c = c;
	s->dir = dir;
	s->number = c->streams++;
	s->item = malloc(sizeof *s->item);
	r = s->item ? check_slots(s)
		    : err_set(c->e, ERR_NOMEM, "no memory to verify");
	if (r == 0)
		r = verify_erased_open(c, dir, &s->erased);
	if (r == 0)
		r = count_packs(s, &packs);
	for (uint32_t n = 1; r == 0 && n <= packs; n++)
		r = check_pack(s, n, n == packs);
	if (r == 0)
		end_stream(s);
	verify_erased_release(&s->erased);
	free(s->item);
	free(s->objects);
	free(s->slots);
	free(s);
	return r;
}

int verify_streams(struct verify *c)
{
	char file[VERIFY_SEG_MAX];
	uint64_t missing = 0, first = 0;
	char **dirs;
	int r = vault_stream_dirs(c->path, &dirs, c->e);

	if (r < 0)
		return r;
	for (char **p = dirs; r == 0 && *p; p++)
		r = check_stream(c, *p);
	free(dirs);
	if (r < 0)
		return r;
	for (uint64_t i = c->n; i-- > 0;)
		if (!c->leaves[i].claimed) {
			first = i;
			missing++;
		}
	if (missing) {
		char what[96];

		snprintf(what, sizeof what, "nothing stored for it, nor for "
			 "%llu others", (unsigned long long)missing - 1);
		verify_say_leaf(c, first, what);
	}
	if (c->beyond) {
		verify_end_file(c, file);
		verify_say(c, file, c->log_end, "the log ends here, but packs "
			   "hold %llu objects beyond: torn append, or a cut; "
			   "open the vault to recover, compare receipts",
			   (unsigned long long)c->beyond);
	}
	return 0;
}
