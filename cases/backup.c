/* SPDX-License-Identifier: EUPL-1.2 */
/* A run of a vault's truths, and the note that signs it. */
#include "cases/backup.h"

#include "cases/backup_int.h"
#include "store/note.h"
#include "store/sha256.h"
#include "store/truth.h"
#include "store/verify.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 5		/* while a writer replaces files under our hands */

static const char *const kinds[] = { "scelle-backup-run/v1\n",
				     "scelle-key-backup/v1\n" };

/* --- the note --------------------------------------------------------------- */

int backup_note_put(const struct unit *u, const struct backup_note *n,
		    struct buf *out, struct err *e)
{
	struct note_skey *key = secret_alloc(sizeof *key);
	struct buf text = BUF_INIT(4096);
	char root[65], list[65], when[CLOCK_RFC3339_MAX];
	int r;

	if (!key)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	hex_str(root, n->root, 32);
	hex_str(list, n->list, 32);
	buf_addf(&text, "%sorigin %s\nsize %" PRIu64 "\nroot %s\nlist %s\n"
		 "taken %s\n", kinds[n->name[0] != '\0'], n->origin, n->size,
		 root, list, clock_rfc3339(n->taken_ms, when));
	if (n->name[0])
		buf_addf(&text, "name %s\nuntil %s\n", n->name,
			 clock_rfc3339(n->until_ms, when));
	r = text.failed ? err_set(e, text.failed, "no memory for a note")
		: note_skey_make(key, n->origin, NOTE_ED25519,
				 u->keys->log.seed, e);
	if (r == 0)
		r = note_sign(buf_view(&text), key, 1, out, e);
	buf_release(&text);
	secret_free(key);
	return r;
}

/* The value of the line "key value", stepping behind it. */
static int line(struct bytes *text, const char *key, char *out, size_t room)
{
	const uint8_t *nl = text->len ? memchr(text->p, '\n', text->len) : NULL;
	size_t k = strlen(key), n = nl ? (size_t)(nl - text->p) : 0;

	if (!nl || n < k + 2 || memcmp(text->p, key, k) || text->p[k] != ' '
	    || n - k - 1 >= room)
		return ERR_FORMAT;
	memcpy(out, text->p + k + 1, n - k - 1);
	out[n - k - 1] = '\0';
	*text = BYTES(text->p + n + 1, text->len - n - 1);
	return 0;
}

static int line_hash(struct bytes *text, const char *key, uint8_t out[32])
{
	char hex[65];

	return line(text, key, hex, sizeof hex) < 0 || strlen(hex) != 64 ||
	       hex_get(bytes_str(hex), out, 32) < 0 ? ERR_FORMAT : 0;
}

static int line_time(struct bytes *text, const char *key, int64_t *out)
{
	char when[CLOCK_RFC3339_MAX];

	return line(text, key, when, sizeof when) < 0 ||
	       clock_parse_rfc3339(when, strlen(when), out) < 0 ? ERR_FORMAT
								 : 0;
}

static int read_text(struct bytes text, struct backup_note *n)
{
	char size[24], *end;
	int key = 0;

	while (key < 2 && (text.len < strlen(kinds[key]) ||
			   memcmp(text.p, kinds[key], strlen(kinds[key]))))
		key++;
	if (key == 2)
		return ERR_FORMAT;
	text = BYTES(text.p + strlen(kinds[key]),
		     text.len - strlen(kinds[key]));
	if (line(&text, "origin", n->origin, sizeof n->origin) < 0 ||
	    line(&text, "size", size, sizeof size) < 0 ||
	    strspn(size, "0123456789") != strlen(size) ||
	    line_hash(&text, "root", n->root) < 0 ||
	    line_hash(&text, "list", n->list) < 0 ||
	    line_time(&text, "taken", &n->taken_ms) < 0)
		return ERR_FORMAT;
	n->size = strtoull(size, &end, 10);
	if (key && (line(&text, "name", n->name, sizeof n->name) < 0 ||
		    !backup_name_valid(n->name) ||
		    line_time(&text, "until", &n->until_ms) < 0))
		return ERR_FORMAT;
	return text.len ? ERR_FORMAT : 0;
}

int backup_note_read(struct bytes bytes, const char *vkey,
		     struct backup_note *out, struct err *e)
{
	struct note *n = malloc(sizeof *n);
	struct note_vkey log, key;
	int r;

	memset(out, 0, sizeof *out);
	if (!n)
		return err_set(e, ERR_NOMEM, "no memory for a note");
	r = note_parse(bytes, n, e);
	if (r < 0)
		goto out;
	r = read_text(n->text, out);
	if (r < 0 || n->nsigs != 1) {
		r = err_set(e, ERR_FORMAT, "this is no note of a backup");
		goto out;
	}
	r = note_vkey_read(bytes_str(vkey), &log, e);
	if (r == 0)
		r = note_vkey_make(&key, out->origin, log.type, log.pk, e);
	if (r == 0)
		r = note_check(n, &key, 1, NULL, NULL, e);
out:
	free(n);
	return r;
}

/* --- a run -------------------------------------------------------------------- */

static int put_file(struct copyset *c, const char *from,
		    const struct truth_file *f, uint64_t size,
		    const uint8_t sha[static 32], struct err *e)
{
	char to[FILE_PATH_MAX];
	uint8_t again[32];
	uint64_t n;
	int r = copyset_path(c, f->path, to, e), fd;

	if (r < 0)
		return r;
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return err_errno(e, "cannot create '%s'", to);
	r = copyset_hash(from, size, fd, again, &n, e);
	if (r == 0)
		r = file_sync(fd, e);
	close(fd);
	if (r == 0 && memcmp(again, sha, 32))
		r = err_set(e, ERR_CANCELLED, "'%s' changed meanwhile", f->path);
	return r;
}

/* ERR_CANCELLED: it changed under our hands, the whole again. */
static int take(struct copyset *c, const char *vault,
		const struct truth_file *f, struct backup_report *rep,
		struct err *e)
{
	const uint8_t *had = copyset_had(c, f->path);
	char from[FILE_PATH_MAX];
	uint8_t sha[32];
	uint64_t size = 0;
	int r = 1;

	if (file_path(from, vault, f->path, NULL) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long", f->path);
	if (copyset_hash(from, f->size, -1, sha, &size, e) < 0)
		return e->code == ERR_NOMEM ? ERR_NOMEM : ERR_CANCELLED;
	if (f->hashed && memcmp(sha, f->sha256, 32))
		return err_set(e, ERR_CANCELLED, "'%s' is not what its leaf "
			       "names", f->path);
	if (had && !memcmp(had, sha, 32)) {
		r = copyset_link(c, f->path, e);
		rep->linked += r == 0;
	}
	if (r == 1) {
		r = put_file(c, from, f, size, sha, e);
		rep->written += size;
	}
	if (r == 0)
		r = copyset_add(c, f->path, sha, e);
	rep->files++;
	rep->bytes += size;
	return r;
}

/* Directories a vault has even when they are empty. */
int backup_dirs(const char *base, const struct vault *v, struct err *e)
{
	static const char *const tops[] = { "admin/x", "audit/x", "cases/x" };
	static const char *const subs[] = { "heads/x", "torn/x" };
	char rel[VAULT_NAME_MAX + 32];
	int r = 0;

	for (size_t i = 0; r == 0 && i < 3; i++)
		r = copyset_mkdirs(base, tops[i], e);
	for (unsigned i = 0; r == 0 && i < vault_shards(v); i++)
		for (size_t k = 0; r == 0 && k < 2; k++) {
			snprintf(rel, sizeof rel, "log/%s/%s",
				 vault_shard_at(v, i)->name, subs[k]);
			r = copyset_mkdirs(base, rel, e);
		}
	return r;
}

static void keep_first(void *arg, const struct verify_problem *p)
{
	char *what = arg;

	if (!*what && !p->lost)
		snprintf(what, 300, "%s at byte %" PRIu64 ": %s",
			 p->file ? p->file : "-", p->offset, p->what);
}

int backup_check(const char *dir, int keyless, struct err *e)
{
	struct verify_report rep;
	char what[300] = "";
	struct verify_options o = {
		.threads = 2, .keyless = keyless, .problem = keep_first,
		.arg = what,
	};
	int r = verify_vault(dir, &o, &rep, e);

	if (r == 1)
		return err_set(e, ERR_DAMAGED, "not sound: %s", what);
	return r;
}

static int one_try(struct unit *u, struct copyset *c, struct vault *v,
		   struct backup_report *rep, struct err *e)
{
	struct backup_note n = { .size = vault_size(v) };
	struct buf list = BUF_INIT(COPYSET_LIST_MAX), note = BUF_INIT(NOTE_MAX);
	struct truth t = { 0 };
	int r = copyset_begin(c, 0, e);

	memset(rep, 0, sizeof *rep);
	rep->size = n.size;
	if (r == 0)
		r = backup_dirs(c->partial, v, e);
	if (r == 0)
		r = truth_list(v, 0, &t, e);
	for (size_t i = 0; r == 0 && i < t.n; i++)
		r = take(c, vault_path(v), &t.f[i], rep, e);
	if (r == 0 && backup_check(c->partial, 1, e) < 0)
		r = e->code == ERR_DAMAGED ? ERR_CANCELLED : e->code;
	if (r == 0 && copyset_text(&c->now, &list) < 0)
		r = err_set(e, ERR_NOMEM, "the list of files is too long");
	if (r < 0)
		goto out;
	sha256_once(buf_view(&list), n.list);
	vault_root(v, n.size, n.root);
	memcpy(rep->root, n.root, 32);
	n.taken_ms = clock_wall_ms();
	snprintf(n.origin, sizeof n.origin, "%s", vault_origin(v));
	r = backup_note_put(u, &n, &note, e);
	if (r == 0)
		r = copyset_finish(c, n.size, buf_view(&note), e);
out:
	truth_release(&t);
	buf_release(&list);
	buf_release(&note);
	return r;
}

int backup_run(struct unit *u, const char *dir, struct backup_report *rep,
	       struct err *e)
{
	const char *path = vault_path(u->vault);
	struct vault *v = NULL;
	struct copyset *c = calloc(1, sizeof *c);
	int r, open = 0;

	memset(rep, 0, sizeof *rep);
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory for a backup");
	r = vault_open(path, VAULT_READ, NULL, &v, e);
	if (r == 0)
		r = copyset_open(dir, vault_shard_at(v, 0)->vkey, 0, c, e);
	open = r == 0;
	for (int i = 0; r == 0; i++) {
		r = copyset_follows(c, v, e);
		if (r == 1) {
			rep->nothing_new = 1;
			rep->size = vault_size(v);
			vault_root(v, rep->size, rep->root);
			r = 0;
			break;
		}
		if (r == 0)
			r = one_try(u, c, v, rep, e);
		if (r != ERR_CANCELLED)
			break;
		/* A writer replaced a file; what stays wrong is wrong. */
		if (i + 1 == TRIES) {
			r = e->code = ERR_DAMAGED;
			break;
		}
		vault_close(v);
		v = NULL;
		clock_sleep_ms(50);
		r = vault_open(path, VAULT_READ, NULL, &v, e);
	}
	if (r < 0 && open)
		copyset_remove(c->partial, NULL);
	if (open)
		copyset_close(c);
	vault_close(v);
	free(c);
	return r;
}
