/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * KEY BACKUP: an age file whose content is
 *	"SCLLKBK1"
 *	u32 length, the note (scelle-key-backup/v1), signed by the log's key
 *	u32 length, the list of files, as sha256sum reads it
 *	for each file of the list: u64 length, its bytes
 * If you change this, change docs/backup-format.md with it.
 */
#include "cases/backup_int.h"

#include "cases/deny.h"
#include "store/age.h"
#include "store/sha256.h"
#include "store/truth.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/secret.h"

#include <stdlib.h>

#define MAGIC "SCLLKBK1"
#define KEYS_MAX ((size_t)1 << 31)

int backup_name_valid(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= BACKUP_NAME_MAX && *s != '.' && *s != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-._") == n;
}

/* --- writing ---------------------------------------------------------------- */

static int add_file(const struct vault *v, const struct truth_file *f,
		    struct copy_list *list, struct buf *body, struct err *e)
{
	struct buf b = BUF_INIT(KEYS_MAX);
	char path[FILE_PATH_MAX];
	uint8_t head[8], sha[32];
	struct copy_entry *p;
	int r = file_path(path, vault_path(v), f->path, NULL);

	if (r == 0)
		r = file_read(path, &b, e);
	if (r == 0 && f->size != UINT64_MAX) {
		if (b.len < f->size)
			r = err_set(e, ERR_DAMAGED, "'%s' is shorter than it "
				    "was", f->path);
		else
			b.len = (size_t)f->size;
	}
	if (r < 0)
		goto out;
	sha256_once(buf_view(&b), sha);
	if (f->hashed && memcmp(sha, f->sha256, 32)) {
		r = err_set(e, ERR_DAMAGED, "'%s' is not what its leaf names",
			    f->path);
		goto out;
	}
	p = reallocarray(list->f, list->n + 1, sizeof *p);
	if (p) {
		list->f = p;
		p = &p[list->n];
		p->path = strdup(f->path);
	}
	put_be64(head, b.len);
	if (!p || !p->path || buf_add(body, head, 8) < 0 ||
	    buf_addb(body, buf_view(&b)) < 0) {
		r = err_set(e, ERR_NOMEM, "no memory for the keys");
		goto out;
	}
	memcpy(p->sha256, sha, 32);
	list->n++;
out:
	buf_wipe(&b);
	return r;
}

static void add_part(struct buf *out, struct bytes part)
{
	uint8_t head[4];

	put_be32(head, (uint32_t)part.len);
	buf_add(out, head, sizeof head);
	buf_addb(out, part);
}

/* All of it in clear; what it holds is sealed in turn, but for names. */
static int gather(const struct unit *u, struct vault *v, struct backup_note *n,
		  struct buf *plain, struct err *e)
{
	struct buf body = BUF_INIT(KEYS_MAX), text = BUF_INIT(COPYSET_LIST_MAX);
	struct buf note = BUF_INIT(NOTE_MAX);
	struct copy_list list = { 0 };
	struct truth t = { 0 };
	int r = truth_list(v, 1, &t, e);

	for (size_t i = 0; r == 0 && i < t.n; i++)
		r = add_file(v, &t.f[i], &list, &body, e);
	if (r == 0 && copyset_text(&list, &text) < 0)
		r = err_set(e, ERR_NOMEM, "the list of files is too long");
	if (r < 0)
		goto out;
	n->size = vault_size(v);
	vault_root(v, n->size, n->root);
	sha256_once(buf_view(&text), n->list);
	memcpy(n->origin, vault_origin(v), strlen(vault_origin(v)) + 1);
	r = backup_note_put(u, n, &note, e);
	if (r < 0)
		goto out;
	buf_add(plain, MAGIC, 8);
	add_part(plain, buf_view(&note));
	add_part(plain, buf_view(&text));
	buf_addb(plain, buf_view(&body));
	if (plain->failed)
		r = err_set(e, plain->failed, "no memory for the keys");
out:
	copyset_list_release(&list);
	truth_release(&t);
	buf_release(&text);
	buf_release(&note);
	buf_wipe(&body);
	return r;
}

static int say(struct unit *u, const struct backup_keys_args *a, struct err *e)
{
	char when[CLOCK_RFC3339_MAX];
	struct unit_write w;
	int r = unit_begin(u, "key-backup", &w, e);

	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "name", a->name);
	jsonw_str(&w.draft.w, "recipient", a->recipient);
	jsonw_str(&w.draft.w, "until", clock_rfc3339(a->until_ms, when));
	return unit_commit(u, &w, NULL, 0, NULL, e);
}

int backup_keys(struct unit *u, const struct backup_keys_args *a,
		struct backup_report *rep, struct err *e)
{
	struct backup_note n = { .until_ms = a->until_ms,
				 .taken_ms = a->now_ms };
	struct buf plain = BUF_INIT(KEYS_MAX), sealed = BUF_INIT(KEYS_MAX);
	struct vault *v = NULL;
	uint8_t to[AGE_KEY_LEN];
	int r = unit_may(u, PERMIT_BACKUP_KEYS, NULL, e);

	if (r < 0)
		return r;
	if (!backup_name_valid(a->name))
		return err_set(e, ERR_FORMAT, "'%s' is no name of a key backup: "
			       "1 to %d of a-z 0-9 - . _", a->name,
			       BACKUP_NAME_MAX);
	if (a->until_ms <= a->now_ms || a->until_ms > a->now_ms +
	    (int64_t)BACKUP_DAYS_MAX * 86400000)
		return err_set(e, ERR_RANGE, "a key backup lives %d days at "
			       "most", BACKUP_DAYS_MAX);
	if (file_exists(a->file))
		return err_set(e, ERR_EXIST, "'%s' exists already", a->file);
	r = age_recipient_read(bytes_str(a->recipient), to, e);
	/* The log knows of it before it exists. */
	if (r == 0)
		r = say(u, a, e);
	if (r == 0)
		r = backup_run(u, a->dir, rep, e);
	if (r == 0)
		r = vault_open(vault_path(u->vault), VAULT_READ, NULL, &v, e);
	if (r == 0 && vault_size(v) != rep->size)
		r = err_set(e, ERR_BUSY, "the vault went on meanwhile");
	memcpy(n.name, a->name, strlen(a->name) + 1);
	if (r == 0)
		r = gather(u, v, &n, &plain, e);
	if (r == 0 && age_encrypt(to, buf_view(&plain), &sealed) < 0)
		r = err_set(e, ERR_NOMEM, "cannot seal the keys");
	if (r == 0)
		r = file_create(a->file, buf_view(&sealed), 0600, e);
	vault_close(v);
	buf_wipe(&plain);
	buf_release(&sealed);
	return r;
}

/* --- reading ------------------------------------------------------------------ */

static int part(const struct buf *b, size_t *at, struct bytes *out)
{
	uint32_t n;

	if (b->len - *at < 4)
		return ERR_FORMAT;
	n = get_be32(b->p + *at);
	if (n > b->len - *at - 4)
		return ERR_FORMAT;
	*out = BYTES(b->p + *at + 4, n);
	*at += 4 + n;
	return 0;
}

int backup_next_key(const struct backup_keyfile *k, size_t i, size_t *at,
		    struct bytes *content, struct err *e)
{
	uint64_t n;
	uint8_t sha[32];

	if (i == k->list.n)
		return *at == k->plain.len ? 1
			: err_set(e, ERR_DAMAGED, "the key backup has bytes "
				  "behind its files");
	if (k->plain.len - *at < 8)
		return err_set(e, ERR_DAMAGED, "the key backup is cut");
	n = get_be64(k->plain.p + *at);
	if (n > k->plain.len - *at - 8)
		return err_set(e, ERR_DAMAGED, "the key backup is cut");
	*content = BYTES(k->plain.p + *at + 8, n);
	*at += 8 + (size_t)n;
	sha256_once(*content, sha);
	if (memcmp(sha, k->list.f[i].sha256, 32))
		return err_set(e, ERR_DAMAGED, "'%s' of the key backup is "
			       "altered", k->list.f[i].path);
	return 0;
}

static int take_apart(struct backup_keyfile *k, const char *vkey, struct err *e)
{
	struct bytes note, list, content;
	uint8_t sha[32];
	size_t at = 8;
	int r = 0;

	if (k->plain.len < 8 || memcmp(k->plain.p, MAGIC, 8) ||
	    part(&k->plain, &at, &note) < 0 || part(&k->plain, &at, &list) < 0)
		return err_set(e, ERR_FORMAT, "this is no key backup");
	r = backup_note_read(note, vkey, &k->note, e);
	if (r == 1)
		r = ERR_DAMAGED;
	if (r < 0)
		return r;
	sha256_once(list, sha);
	if (!k->note.name[0] || memcmp(sha, k->note.list, 32))
		return err_set(e, ERR_DAMAGED, "the key backup does not fit its "
			       "note");
	r = copyset_read(list, &k->list, e);
	k->body = at;
	for (size_t i = 0; r == 0 && i <= k->list.n; i++)
		r = backup_next_key(k, i, &at, &content, e);
	for (size_t i = 0; r == 1 && i < k->list.n; i++)
		if (!truth_is_key(k->list.f[i].path))
			r = err_set(e, ERR_FORMAT, "'%s' is no key",
				    k->list.f[i].path);
	return r == 1 ? 0 : r;
}

int backup_open_keys(const char *file, const char *identity, const char *vkey,
		     struct backup_keyfile *out, struct err *e)
{
	struct buf sealed = BUF_INIT(KEYS_MAX), text = BUF_INIT(65536);
	struct age_identity *id = secret_alloc(sizeof *id);
	size_t n = 0;
	int r;

	memset(out, 0, sizeof *out);
	out->plain = (struct buf)BUF_INIT(KEYS_MAX);
	r = id ? file_read(identity, &text, e)
	       : err_set(e, ERR_NOMEM, "no memory for keys");
	if (r == 0)
		r = age_identities_parse(buf_view(&text), id, 1, &n, e);
	if (r == 0)
		r = file_read(file, &sealed, e);
	if (r == 0)
		r = age_decrypt(id, n, buf_view(&sealed), &out->plain, e);
	if (r == ERR_NOENT)
		r = err_set(e, ERR_AUTH, "the key backup is sealed to another "
			    "key");
	if (r == 0)
		r = take_apart(out, vkey, e);
	secret_free(id);
	buf_wipe(&text);
	buf_release(&sealed);
	if (r < 0)
		backup_close_keys(out);
	return r;
}

void backup_close_keys(struct backup_keyfile *k)
{
	buf_wipe(&k->plain);
	copyset_list_release(&k->list);
}

/* --- those alive -------------------------------------------------------------- */

const struct admin_key_backup *backup_alive(const struct admin *a,
					    int64_t now_ms, size_t *at)
{
	while (*at < a->nkey_backups) {
		const struct admin_key_backup *b = &a->key_backups[(*at)++];

		if (!b->destroyed && b->until_ms > now_ms)
			return b;
	}
	return NULL;
}

int backup_destroyed(struct unit *u, const char *name, const char *why,
		     struct err *e)
{
	struct unit_write w;
	int r = unit_may(u, PERMIT_BACKUP_KEYS, NULL, e);

	if (r == 0)
		r = unit_begin(u, "key-backup-destroyed", &w, e);
	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "name", name);
	jsonw_str(&w.draft.w, "reason", why);
	return unit_commit(u, &w, NULL, 0, NULL, e);
}
