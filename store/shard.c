/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * FORMAT, and the shards it names.
 *
 * A new shard is made whole beside the others - its directory, its first
 * segment, a head of its own over the tree as it is - and becomes one when
 * FORMAT names it.  Until then it is what shard_sweep() removes.
 */
#include "store/vault_int.h"

#include "util/clock.h"
#include "util/enc.h"
#include "util/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FORMAT_LINE "scelle-vault/v1\n"

static const char *const whys[] = { "first", "year", "hand", "restore" };

const char *vault_why_name(enum vault_why why)
{
	return whys[why];
}

int vault_shard_valid(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > VAULT_NAME_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z')
		      || (s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
			return 0;
	return 1;
}

/* --- reading -------------------------------------------------------------- */

/* The value of the line "key value", stepping behind it. */
static int format_line(struct bytes *text, const char *key, char *out,
		       size_t room)
{
	size_t k = strlen(key);
	const uint8_t *nl;
	size_t n;

	if (!text->len)
		return ERR_FORMAT;
	nl = memchr(text->p, '\n', text->len);
	if (!nl)
		return ERR_FORMAT;
	n = (size_t)(nl - text->p);
	if (n < k + 2 || memcmp(text->p, key, k) || text->p[k] != ' '
	    || n - k - 1 >= room)
		return ERR_FORMAT;
	memcpy(out, text->p + k + 1, n - k - 1);
	out[n - k - 1] = 0;
	text->p += n + 1;
	text->len -= n + 1;
	return 0;
}

/* The next word of a line, copied. */
static int word(const char **at, char *out, size_t room)
{
	size_t n = strcspn(*at, " ");

	if (n == 0 || n >= room)
		return ERR_FORMAT;
	memcpy(out, *at, n);
	out[n] = 0;
	*at += n;
	if (**at == ' ')
		(*at)++;
	return 0;
}

static int number(const char *s, uint64_t *out)
{
	return dec_get(bytes_str(s), 999999999999999999, out);
}

/* Its key must be named after its origin, and be the key of the first. */
static int read_key(struct vault_format *f, unsigned i)
{
	if (note_vkey_read(bytes_str(f->shard[i].vkey), &f->vkey[i], NULL) < 0
	    || f->vkey[i].type != NOTE_ED25519
	    || strcmp(f->vkey[i].name, f->shard[i].origin)
	    || memcmp(f->vkey[i].pk, f->vkey[0].pk, sizeof f->vkey[0].pk))
		return ERR_FORMAT;
	return 0;
}

static int read_time(const char *when, int64_t *out)
{
	return clock_parse_rfc3339(when, strlen(when), out);
}

static int read_first(struct bytes *text, struct vault_format *f)
{
	char created[CLOCK_RFC3339_MAX], lab[8];
	struct vault_shard *s = &f->shard[0];

	if (format_line(text, "origin", s->origin, sizeof s->origin) < 0
	    || format_line(text, "shard", s->name, sizeof s->name) < 0
	    || format_line(text, "log", s->vkey, sizeof s->vkey) < 0
	    || format_line(text, "created", created, sizeof created) < 0
	    || format_line(text, "lab", lab, sizeof lab) < 0
	    || !vault_shard_valid(s->name) || read_time(created, &s->created_ms)
	    || (strcmp(lab, "yes") && strcmp(lab, "no")))
		return ERR_FORMAT;
	f->lab = lab[0] == 'y';
	f->n = 1;
	return read_key(f, 0);
}

static int read_next(struct bytes *text, struct vault_format *f)
{
	char line[1024], why[16], first[24], known[24], when[CLOCK_RFC3339_MAX];
	char root[2 * SHA256_LEN + 1];
	struct vault_shard *s = &f->shard[f->n];
	const char *at = line;
	unsigned w = VAULT_YEAR;

	if (f->n == VAULT_SHARDS_MAX
	    || format_line(text, "next", line, sizeof line) < 0
	    || word(&at, why, sizeof why) < 0
	    || word(&at, s->name, sizeof s->name) < 0
	    || word(&at, s->origin, sizeof s->origin) < 0
	    || word(&at, first, sizeof first) < 0
	    || word(&at, root, sizeof root) < 0
	    || word(&at, known, sizeof known) < 0
	    || word(&at, when, sizeof when) < 0
	    || word(&at, s->vkey, sizeof s->vkey) < 0 || *at)
		return ERR_FORMAT;
	while (w <= VAULT_RESTORE && strcmp(why, whys[w]))
		w++;
	if (w > VAULT_RESTORE || !vault_shard_valid(s->name)
	    || number(first, &s->first) < 0 || number(known, &s->known) < 0
	    || s->first < f->shard[f->n - 1].first
	    || strlen(root) != 2 * SHA256_LEN
	    || hex_get(bytes_str(root), s->root, SHA256_LEN) < 0
	    || read_time(when, &s->created_ms) < 0)
		return ERR_FORMAT;
	s->why = (enum vault_why)w;
	for (unsigned i = 0; i < f->n; i++)
		if (!strcmp(f->shard[i].name, s->name)
		    || !strcmp(f->shard[i].origin, s->origin))
			return ERR_FORMAT;
	if (read_key(f, f->n) < 0)
		return ERR_FORMAT;
	f->n++;
	return 0;
}

int format_read(struct bytes bytes, const struct note_vkey *vkey,
		struct vault_format *f, struct err *e)
{
	size_t first = strlen(FORMAT_LINE);
	struct note *n = NULL;
	struct bytes text;
	int r, trusted = !vkey;

	if (bytes.len < first || memcmp(bytes.p, FORMAT_LINE, first))
		return err_set(e, ERR_VERSION, "this is no vault of version 1");
	n = malloc(sizeof *n);
	if (!n)
		return err_set(e, ERR_NOMEM, "no memory for FORMAT");
	memset(f, 0, sizeof *f);
	r = note_parse(bytes, n, e);
	if (r == ERR_FORMAT || r == ERR_LIMIT)
		r = ERR_DAMAGED;
	if (r < 0)
		goto out;
	text = BYTES(n->text.p + first, n->text.len - first);
	r = read_first(&text, f);
	while (r == 0 && text.len)
		r = read_next(&text, f);
	if (r < 0 || n->nsigs != 1) {
		r = err_set(e, ERR_DAMAGED, "malformed FORMAT");
		goto out;
	}
	for (unsigned i = 0; i < f->n && !trusted; i++)
		trusted = !strcmp(vkey->name, f->vkey[i].name)
			  && !memcmp(vkey->pk, f->vkey[i].pk, sizeof vkey->pk);
	if (!trusted) {
		r = err_set(e, ERR_AUTH, "the vault names another log key");
		goto out;
	}
	r = note_check(n, &f->vkey[f->n - 1], 1, NULL, NULL, e);
	if (r == 1)
		r = err_set(e, ERR_DAMAGED, "FORMAT is not signed by the log's "
			    "key");
out:
	free(n);
	return r;
}

int format_open(struct vault *v, struct vault_format *f, struct err *e)
{
	struct buf note = BUF_INIT(VAULT_FORMAT_MAX);
	char path[FILE_PATH_MAX];
	int r = file_path(path, v->path, "FORMAT", NULL);

	if (r == 0)
		r = file_read(path, &note, e);
	if (r == ERR_LIMIT)
		r = ERR_VERSION;
	if (r == 0)
		r = format_read(buf_view(&note), NULL, f, e);
	buf_release(&note);
	return r;
}

int format_refresh(struct vault *v, struct err *e)
{
	struct vault_format *f = malloc(sizeof *f), *old = v->format;
	int r;

	if (!f)
		return err_set(e, ERR_NOMEM, "no memory for FORMAT");
	r = format_open(v, f, e);
	for (unsigned i = 0; r == 0 && i < old->n; i++)
		if (i >= f->n || f->lab != old->lab
		    || strcmp(f->shard[i].vkey, old->shard[i].vkey)
		    || strcmp(f->shard[i].name, old->shard[i].name)
		    || f->shard[i].first != old->shard[i].first)
			r = err_set(e, ERR_DAMAGED, "FORMAT names other shards "
				    "than before");
	if (r == 0) {
		v->format = f;
		v->log.format = f;
		f = old;
	}
	free(f);
	return r;
}

int format_find(const struct vault_format *f, struct bytes origin)
{
	for (unsigned i = 0; i < f->n; i++)
		if (bytes_eq(origin, bytes_str(f->shard[i].origin)))
			return (int)i;
	return -1;
}

int format_of_note(const struct vault_format *f, struct bytes note)
{
	const uint8_t *nl = note.len ? memchr(note.p, '\n', note.len) : NULL;

	return nl ? format_find(f, BYTES(note.p, (size_t)(nl - note.p))) : -1;
}

/* --- writing -------------------------------------------------------------- */

int format_write(const char *path, const struct vault_format *f,
		 const struct note_skey *k, int replace, struct err *e)
{
	struct buf text = BUF_INIT(VAULT_FORMAT_MAX);
	struct buf note = BUF_INIT(VAULT_FORMAT_MAX);
	char when[CLOCK_RFC3339_MAX], file[FILE_PATH_MAX];
	char root[2 * SHA256_LEN + 1];
	int r;

	buf_addf(&text, FORMAT_LINE "origin %s\nshard %s\nlog ",
		 f->shard[0].origin, f->shard[0].name);
	note_vkey_put(&f->vkey[0], &text);
	buf_addf(&text, "\ncreated %s\nlab %s\n",
		 clock_rfc3339(f->shard[0].created_ms, when),
		 f->lab ? "yes" : "no");
	for (unsigned i = 1; i < f->n; i++) {
		const struct vault_shard *s = &f->shard[i];

		hex_str(root, s->root, SHA256_LEN);
		buf_addf(&text, "next %s %s %s %llu %s %llu %s ",
			 vault_why_name(s->why), s->name, s->origin,
			 (unsigned long long)s->first, root,
			 (unsigned long long)s->known,
			 clock_rfc3339(s->created_ms, when));
		note_vkey_put(&f->vkey[i], &text);
		buf_addc(&text, '\n');
	}
	r = text.failed ? err_set(e, text.failed, "FORMAT is too long")
			: note_sign(buf_view(&text), k, 1, &note, e);
	if (r == 0)
		r = file_path(file, path, "FORMAT", NULL);
	if (r == 0)
		r = replace ? vio_replace(file, buf_view(&note), e)
			    : vio_put(file, buf_view(&note), e);
	buf_release(&text);
	buf_release(&note);
	return r;
}

int shard_dirs(const char *path, const char *shard, char *out, struct err *e)
{
	const char *const subs[] = { "", "torn", "heads" };
	char dir[FILE_PATH_MAX];
	int r = file_path(out, path, "log", shard, NULL);

	for (size_t i = 0; r == 0 && i < 3; i++) {
		r = i ? file_path(dir, out, subs[i], NULL)
		      : file_path(dir, out, NULL);
		if (r == 0)
			r = vio_mkdir(dir, e);
	}
	return r;
}

/* A shard FORMAT does not name may hold its first head, and no leaf. */
static int is_unborn(const char *dir)
{
	struct buf seg = BUF_INIT(SEGMENT_HEAD_LEN + SEGMENT_NOTE_MAX + 64);
	char path[FILE_PATH_MAX];
	struct segment_frame f;
	int ok = 1, r = file_path(path, dir, "000000.seg", NULL);

	if (r == 0)
		r = file_read(path, &seg, NULL);
	if (r < 0 && r != ERR_NOENT)
		ok = 0;
	if (r == 0 && seg.len > SEGMENT_HEAD_LEN
	    && segment_next(BYTES(seg.p + SEGMENT_HEAD_LEN,
				  seg.len - SEGMENT_HEAD_LEN), 0, &f) == 0
	    && (f.kind != SEGMENT_NOTE || SEGMENT_HEAD_LEN + f.size != seg.len))
		ok = 0;
	buf_release(&seg);
	return ok;
}

static int remove_unborn(const char *dir, struct err *e)
{
	static const char *const subs[] = { "torn", "heads" };
	char path[FILE_PATH_MAX];
	int r = file_path(path, dir, "000000.seg", NULL);

	if (r == 0)
		r = vio_unlink(path, e);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		r = file_path(path, dir, subs[i], NULL);
		/* One that is not empty is left: verify tells of it. */
		if (r == 0 && rmdir(path) < 0 && errno != ENOENT)
			return 0;
	}
	if (r == 0 && rmdir(dir) < 0 && errno != ENOENT)
		return 0;
	return r < 0 ? r : vio_sync_parent(dir, e);
}

int shard_sweep(const struct vault *v, struct err *e)
{
	char dir[FILE_PATH_MAX];
	char **names;
	int r = file_list(v->log.base, &names, NULL, e);

	if (r < 0)
		return r;
	for (char **p = names; r == 0 && *p; p++) {
		unsigned i = 0;

		while (i < v->format->n && strcmp(v->format->shard[i].name, *p))
			i++;
		if (i < v->format->n || !vault_shard_valid(*p)
		    || file_path(dir, v->log.base, *p, NULL) < 0
		    || !is_unborn(dir))
			continue;
		r = remove_unborn(dir, e);
	}
	free(names);
	return r;
}

/* --- a new shard ---------------------------------------------------------- */

static int check_new(const struct vault *v, const char *name,
		     const char *origin, struct err *e)
{
	int r = vault_check_alive(v, e);

	if (r < 0)
		return r;
	if (v->mode != VAULT_WRITE)
		return err_set(e, ERR_DENIED, "vault is open for reading");
	if (v->batch)
		return err_set(e, ERR_BUSY, "a batch is in progress");
	if (v->shared)
		return err_set(e, ERR_BUSY, "the log is another process's");
	if (v->format->n == VAULT_SHARDS_MAX)
		return err_set(e, ERR_LIMIT, "the vault has %d shards: no more",
			       VAULT_SHARDS_MAX);
	if (!vault_shard_valid(name))
		return err_set(e, ERR_RANGE, "malformed shard '%s'", name);
	if (!*origin || strlen(origin) > VAULT_NAME_MAX)
		return err_set(e, ERR_RANGE, "origin '%s' is too long", origin);
	for (unsigned i = 0; i < v->format->n; i++)
		if (!strcmp(v->format->shard[i].name, name)
		    || !strcmp(v->format->shard[i].origin, origin))
			return err_set(e, ERR_EXIST, "shard '%s' exists already",
				       name);
	return 0;
}

/* The shard in the chain: where the log stands now. */
static void enter(struct vault *v, enum vault_why why, const char *name,
		  const char *origin, uint64_t known, int64_t now_ms,
		  const struct note_skey *key)
{
	struct vault_format *f = v->format;
	struct vault_shard *s = &f->shard[f->n];

	memset(s, 0, sizeof *s);
	memcpy(s->name, name, strlen(name) + 1);
	memcpy(s->origin, origin, strlen(origin) + 1);
	s->why = why;
	s->known = known;
	s->first = tree_size(&v->log.tree);
	peaks_root(&v->log.tree.peaks, s->root);
	s->created_ms = now_ms;
	f->vkey[f->n++] = key->vkey;
	memcpy(v->log.origin, origin, strlen(origin) + 1);
	v->log.vkey = key->vkey;
}

int vault_shard_new(struct vault *v, enum vault_why why, const char *name,
		    const char *origin, uint64_t known, int64_t now_ms,
		    struct err *e)
{
	struct note_skey *key = NULL;
	struct buf text = BUF_INIT(VAULT_VKEY_MAX - 1);
	int r = check_new(v, name, origin, e);

	if (r < 0)
		return r;
	key = secret_alloc(sizeof *key);
	if (!key)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	if (note_skey_make(key, origin, NOTE_ED25519, v->key->seed, e) < 0
	    || note_vkey_put(&key->vkey, &text) < 0) {
		r = err_set(e, ERR_RANGE, "origin '%s' cannot name a key",
			    origin);
		goto out;
	}
	r = shard_sweep(v, e);
	if (r == 0)
		r = shard_dirs(v->path, name, v->log.dir, e);
	if (r == 0) {
		enter(v, why, name, origin, known, now_ms, key);
		memcpy(v->format->shard[v->format->n - 1].vkey, text.p,
		       text.len);
		r = log_shard(&v->log, key, e);
	}
	/* FORMAT comes last: it makes the shard one. */
	if (r == 0)
		r = format_write(v->path, v->format, key, 1, e);
	vault_dead(v, r);
	if (r == 0) {
		struct note_skey *old = v->key;

		v->key = key;
		key = old;
	}
out:
	secret_free(key);
	buf_release(&text);
	return r;
}

/* --- what it says --------------------------------------------------------- */

int vault_shared(const struct vault *v)
{
	return v->shared;
}

unsigned vault_shards(const struct vault *v)
{
	return v->format->n;
}

const struct vault_shard *vault_shard_at(const struct vault *v, unsigned i)
{
	return i < v->format->n ? &v->format->shard[i] : NULL;
}

const struct vault_shard *vault_shard_find(const struct vault *v,
					   struct bytes origin)
{
	int i = format_find(v->format, origin);

	return i < 0 ? NULL : &v->format->shard[i];
}
