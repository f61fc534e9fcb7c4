/* SPDX-License-Identifier: EUPL-1.2 */
/* A witness's directory: keys, logs, heads. */
#include "store/witness_int.h"

#include "store/age.h"
#include "store/keyfile.h"
#include "util/enc.h"
#include "util/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS_FILE_MAX 8192
#define KEY_TEXT_MAX 1024
#define KEY_LINE "# scelle witness key\n"

int witness_log_dir(const char *dir, struct bytes origin,
		    char out[static FILE_PATH_MAX])
{
	uint8_t hash[SHA256_LEN];
	char name[33];

	sha256_once(origin, hash);
	hex_str(name, hash, 16);
	return file_path(out, dir, "logs", name, NULL);
}

/* --- the witness's own key -------------------------------------------------- */

static int is_empty(const char *dir)
{
	char **names = NULL;
	size_t n = 0;
	int r = file_list(dir, &names, &n, NULL);

	free(names);
	return r == ERR_NOENT || (r == 0 && n == 0);
}

/* PRIVATE+KEY+... and the public half, as the two files hold them. */
static int key_texts(const struct note_skey *k, struct bytes pass,
		     unsigned logn, struct buf *sealed, struct buf *pub,
		     struct err *e)
{
	struct buf text = BUF_INIT(KEY_TEXT_MAX);
	struct bytes piece;
	int r;

	buf_room(&text, KEY_TEXT_MAX);	/* growing would leave copies */
	buf_adds(&text, KEY_LINE);
	note_skey_put(k, &text);
	buf_addc(&text, '\n');
	note_vkey_put(&k->vkey, pub);
	buf_addc(pub, '\n');
	piece = buf_view(&text);
	if (text.failed || pub->failed)
		r = err_set(e, ERR_NOMEM, "no memory for a key");
	else if (!pass.len)
		r = err_set(e, ERR_RANGE, "the passphrase is empty");
	else
		r = age_encrypt_pass(pass, logn ? logn : KEYFILE_LOGN, &piece,
				     1, NULL, sealed, e);
	buf_wipe(&text);
	return r;
}

int witness_create(const char *dir, const char *name, struct bytes pass,
		   unsigned logn, struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX), pub = BUF_INIT(4096);
	struct note_skey *k = secret_alloc(sizeof *k);
	uint8_t *seed = secret_alloc(32);
	char logs[FILE_PATH_MAX], key[FILE_PATH_MAX], open[FILE_PATH_MAX];
	int r;

	if (!k || !seed) {
		r = err_set(e, ERR_NOMEM, "no memory for a key");
		goto out;
	}
	if (file_path(logs, dir, "logs", NULL) < 0 ||
	    file_path(key, dir, "witness.key.age", NULL) < 0 ||
	    file_path(open, dir, "witness.pub", NULL) < 0) {
		r = err_set(e, ERR_RANGE, "path '%s' is too long", dir);
		goto out;
	}
	if (!is_empty(dir)) {
		r = err_set(e, ERR_EXIST, "'%s' is not empty", dir);
		goto out;
	}
	secret_random(seed, 32);
	r = note_skey_make(k, name, NOTE_COSIGNATURE, seed, e);
	if (r == 0)
		r = key_texts(k, pass, logn, &sealed, &pub, e);
	if (r == 0)
		r = file_mkdir(dir, e);
	if (r == 0)
		r = file_mkdir(logs, e);
	if (r == 0)
		r = file_create(key, buf_view(&sealed), 0600, e);
	/* The public half last: a witness is there once it is. */
	if (r == 0)
		r = file_create(open, buf_view(&pub), 0600, e);
out:
	secret_free(seed);
	secret_free(k);
	buf_release(&sealed);
	buf_release(&pub);
	return r;
}

int witness_pub(const char *dir, struct note_vkey *out, struct err *e)
{
	struct buf b = BUF_INIT(4096);
	char path[FILE_PATH_MAX];
	int r = file_path(path, dir, "witness.pub", NULL);

	if (r < 0)
		return err_set(e, r, "path '%s' is too long", dir);
	r = file_read(path, &b, e);
	if (r == ERR_NOENT)
		err_set(e, r, "there is no witness in '%s'", dir);
	if (r == 0 && (note_vkey_read(buf_view(&b), out, e) < 0 ||
		       out->type != NOTE_COSIGNATURE))
		r = err_set(e, ERR_DAMAGED, "'%s' holds no witness key", path);
	buf_release(&b);
	return r;
}

static int read_key(struct bytes text, struct note_skey *k)
{
	const size_t n = sizeof KEY_LINE - 1;

	if (text.len <= n || memcmp(text.p, KEY_LINE, n) != 0)
		return ERR_FORMAT;
	return note_skey_read(BYTES(text.p + n, text.len - n), k, NULL);
}

int witness_open(const char *dir, struct bytes pass, struct witness **out,
		 struct err *e)
{
	struct buf sealed = BUF_INIT(KEYFILE_MAX), text = BUF_INIT(KEY_TEXT_MAX);
	struct age_keys keys = { .passphrases = &pass, .npass = 1 };
	struct witness *w = secret_alloc(sizeof *w);
	char path[FILE_PATH_MAX];
	struct note_vkey pub;
	int r;

	if (!w || !buf_room(&text, KEY_TEXT_MAX)) {
		r = err_set(e, ERR_NOMEM, "no memory for a key");
		goto out;
	}
	memset(w, 0, sizeof *w);
	r = witness_pub(dir, &pub, e);
	if (r == 0 && file_path(path, dir, "witness.key.age", NULL) < 0)
		r = err_set(e, ERR_RANGE, "path '%s' is too long", dir);
	if (r == 0)
		r = file_read(path, &sealed, e);
	if (r < 0)
		goto out;
	r = age_open(&keys, buf_view(&sealed), &text, e);
	if (r == ERR_NOENT || r == ERR_AUTH)
		r = err_set(e, ERR_AUTH, "wrong passphrase for the witness");
	if (r == 0 && (read_key(buf_view(&text), &w->key) < 0 ||
		       memcmp(w->key.vkey.pk, pub.pk, 32) != 0 ||
		       memcmp(w->key.vkey.id, pub.id, 4) != 0))
		r = err_set(e, ERR_DAMAGED, "'%s' is not the key of "
			    "'witness.pub'", path);
	if (r == 0) {
		w->dir = strdup(dir);
		if (!w->dir)
			r = err_set(e, ERR_NOMEM, "no memory for a witness");
	}
out:
	buf_wipe(&text);
	buf_release(&sealed);
	if (r < 0)
		witness_close(w);
	else
		*out = w;
	return r;
}

void witness_close(struct witness *w)
{
	if (!w)
		return;
	free(w->dir);
	secret_free(w);
}

const struct note_vkey *witness_vkey(const struct witness *w)
{
	return &w->key.vkey;
}

/* --- logs ------------------------------------------------------------------- */

static int read_keys(struct witness_state *st, struct err *e)
{
	struct buf b = BUF_INIT(KEYS_FILE_MAX);
	char path[FILE_PATH_MAX];
	struct bytes in;
	int r = file_path(path, st->dir, "keys", NULL);

	st->nkeys = 0;
	if (r < 0)
		return err_set(e, r, "path '%s' is too long", st->dir);
	r = file_read(path, &b, e);
	in = buf_view(&b);
	while (r == 0 && in.len) {
		const uint8_t *nl = memchr(in.p, '\n', in.len);
		size_t n = nl ? (size_t)(nl - in.p) : 0;

		if (!n || st->nkeys == WITNESS_KEYS_MAX ||
		    note_vkey_read(BYTES(in.p, n), &st->keys[st->nkeys],
				   NULL) < 0 ||
		    st->keys[st->nkeys].type != NOTE_ED25519) {
			r = err_set(e, ERR_DAMAGED, "'%s' is not a list of "
				    "log keys", path);
			break;
		}
		st->nkeys++;
		in.p += n + 1;
		in.len -= n + 1;
	}
	if (r == 0 && !st->nkeys)
		r = err_set(e, ERR_DAMAGED, "'%s' names no key", path);
	buf_release(&b);
	return r;
}

/* The head it remembers must still be signed by the log and by itself: a
 * memory that was tampered with cosigns nothing. */
static int read_head(struct witness_state *st, const struct note_vkey *me,
		     struct err *e)
{
	struct buf b = BUF_INIT(CHECKPOINT_MAX);
	struct bytes text = { NULL, 0 }, lines;
	struct cosignature own;
	struct checkpoint c;
	char path[FILE_PATH_MAX];
	size_t n = 0;
	int r = file_path(path, st->dir, "head.note", NULL);

	st->size = st->time_s = 0;
	if (r < 0)
		return err_set(e, r, "path '%s' is too long", st->dir);
	r = file_read(path, &b, e);
	if (r == ERR_NOENT) {
		r = 0;
		goto out;
	}
	if (r == 0 &&
	    (checkpoint_open(buf_view(&b), st->keys, st->nkeys,
			     st->keys[0].name, &c, NULL) != 0 ||
	     cosignature_split(buf_view(&b), &text, &lines, NULL) < 0 ||
	     cosignature_check(text, lines, me, 1, &own, &n, NULL) != 0))
		r = err_set(e, ERR_DAMAGED, "'%s' is not a head that this "
			    "witness cosigned", path);
	if (r == 0) {
		st->size = c.size;
		st->time_s = own.time_s;
		memcpy(st->root, c.root, sizeof st->root);
	}
out:
	buf_release(&b);
	return r;
}

int witness_state_read(struct witness_state *st, const struct note_vkey *me,
		       struct err *e)
{
	int r = read_keys(st, e);

	return r < 0 ? r : read_head(st, me, e);
}

int witness_add_log(const char *dir, const char *vkey, struct err *e)
{
	struct witness_state *st = calloc(1, sizeof *st);
	struct buf b = BUF_INIT(KEYS_FILE_MAX);
	char path[FILE_PATH_MAX];
	struct note_vkey k, me;
	int r = st ? witness_pub(dir, &me, e)
		   : err_set(e, ERR_NOMEM, "no memory for a log");

	if (r == 0)
		r = note_vkey_read(bytes_str(vkey), &k, e);
	if (r == 0 && k.type != NOTE_ED25519)
		r = err_set(e, ERR_FORMAT, "'%s' is a witness's key, not a "
			    "log's", k.name);
	if (r == 0 && (witness_log_dir(dir, bytes_str(k.name), st->dir) < 0 ||
		       file_path(path, st->dir, "keys", NULL) < 0))
		r = err_set(e, ERR_RANGE, "path '%s' is too long", dir);
	if (r < 0)
		goto out;
	r = read_keys(st, e);
	if (r == ERR_NOENT)
		r = file_mkdir(st->dir, e);
	for (size_t i = 0; r == 0 && i < st->nkeys; i++) {
		if (!memcmp(st->keys[i].pk, k.pk, 32))
			r = err_set(e, ERR_EXIST, "the log '%s' is known "
				    "already", k.name);
		note_vkey_put(&st->keys[i], &b);
		buf_addc(&b, '\n');
	}
	if (r == 0 && st->nkeys == WITNESS_KEYS_MAX)
		r = err_set(e, ERR_LIMIT, "a log has at most %d keys",
			    WITNESS_KEYS_MAX);
	if (r < 0)
		goto out;
	note_vkey_put(&k, &b);
	buf_addc(&b, '\n');
	r = b.failed ? err_set(e, b.failed, "the keys do not fit")
		     : file_replace(path, buf_view(&b), 0600, e);
out:
	buf_release(&b);
	free(st);
	return r;
}

static uint64_t count_against(const char *dir)
{
	char path[FILE_PATH_MAX];
	char **names = NULL;
	size_t n = 0;

	if (file_path(path, dir, "against", NULL) < 0 ||
	    file_list(path, &names, &n, NULL) < 0)
		return 0;
	free(names);
	return n;
}

int witness_against(const struct witness_state *st, struct bytes body,
		    struct err *e)
{
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX], name[80];
	uint8_t hash[SHA256_LEN];
	int r;

	if (count_against(st->dir) >= WITNESS_AGAINST_MAX)
		return 0;
	sha256_once(body, hash);
	hex_str(name, hash, sizeof hash);
	memcpy(name + 2 * SHA256_LEN, ".request", sizeof ".request");
	if (file_path(dir, st->dir, "against", NULL) < 0 ||
	    file_path(path, dir, name, NULL) < 0)
		return err_set(e, ERR_RANGE, "path '%s' is too long", st->dir);
	r = file_mkdir(dir, e);
	if (r == 0)
		r = file_create(path, body, 0600, e);
	return r == ERR_EXIST ? 0 : r;
}

int witness_logs(const char *dir, struct witness_log **out, size_t *n_out,
		 struct err *e)
{
	struct witness_state *st = calloc(1, sizeof *st);
	struct witness_log *list = NULL;
	char logs[FILE_PATH_MAX];
	char **names = NULL;
	struct note_vkey me;
	size_t n = 0;
	int r = st ? witness_pub(dir, &me, e)
		   : err_set(e, ERR_NOMEM, "no memory for a log");

	if (r == 0 && file_path(logs, dir, "logs", NULL) < 0)
		r = err_set(e, ERR_RANGE, "path '%s' is too long", dir);
	if (r == 0)
		r = file_list(logs, &names, &n, e);
	if (r == 0) {
		list = calloc(n + 1, sizeof *list);
		if (!list)
			r = err_set(e, ERR_NOMEM, "no memory for logs");
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = file_path(st->dir, logs, names[i], NULL);
		if (r == 0)
			r = witness_state_read(st, &me, e);
		if (r < 0)
			break;
		snprintf(list[i].origin, sizeof list[i].origin, "%s",
			 st->keys[0].name);
		list[i].size = st->size;
		list[i].time_s = st->time_s;
		list[i].against = count_against(st->dir);
	}
	free(names);
	free(st);
	if (r < 0) {
		free(list);
		return r;
	}
	*out = list;
	*n_out = n;
	return 0;
}
