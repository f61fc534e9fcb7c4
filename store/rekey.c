/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/rekey.h"

#include "store/age.h"
#include "store/vault_int.h"
#include "util/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct rekey {
	struct stream *s;
	uint8_t old_pub[32];
	char paths[REKEY_EXTERNALS][VAULT_DIR_MAX + KEYS_NAME_MAX + 2];
	struct store_external ext[REKEY_EXTERNALS];	/* 0: the new table */
	unsigned next;
};

/* --- names ------------------------------------------------------------------ */

void keys_add_name(uint32_t epoch, char out[static KEYS_NAME_MAX])
{
	snprintf(out, KEYS_NAME_MAX, "keys/%04u.add", epoch);
}

void keys_tab_name(uint32_t epoch, char out[static KEYS_NAME_MAX])
{
	snprintf(out, KEYS_NAME_MAX, "keys/%04u.tab.age", epoch);
}

uint32_t keys_name_epoch(const char *name, int *tab)
{
	uint32_t epoch = 0;

	for (int i = 0; i < 4; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		epoch = epoch * 10 + (uint32_t)(name[i] - '0');
	}
	*tab = !strcmp(name + 4, ".tab.age");
	return *tab || !strcmp(name + 4, ".add") ? epoch : 0;
}

int keys_epoch(const char *vault, const char *dir, uint32_t *epoch,
	       struct err *e)
{
	char path[FILE_PATH_MAX], **names;
	int r = file_path(path, vault, dir, "keys", NULL), tab;

	*epoch = SLOT_EPOCH;
	if (r == 0)
		r = file_list(path, &names, NULL, e);
	if (r == ERR_NOENT)
		return 0;
	if (r < 0)
		return r;
	for (char **p = names; *p; p++) {
		uint32_t n = keys_name_epoch(*p, &tab);

		if (tab && n > *epoch)
			*epoch = n;
	}
	free(names);
	return 0;
}

int keys_destroy(const char *path, struct err *e)
{
	uint8_t piece[65536];
	uint64_t off = 0;
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), r = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, "cannot open '%s'",
						       path);
	if (fstat(fd, &st) < 0)
		r = err_errno(e, "cannot look at '%s'", path);
	while (r == 0 && off < (uint64_t)st.st_size) {
		uint64_t left = (uint64_t)st.st_size - off;
		size_t n = left < sizeof piece ? (size_t)left : sizeof piece;

		secret_random(piece, n);
		r = vio_write(fd, piece, n, off, e);
		off += n;
	}
	if (r == 0)
		r = vio_sync(fd, e);
	close(fd);
	return r < 0 ? r : vio_unlink(path, e);
}

int rekey_destroy(const char *path, struct err *e)
{
	return keys_destroy(path, e);
}

uint32_t stream_epoch(const struct stream *s)
{
	return s->epoch;
}

/* --- the table -------------------------------------------------------------- */

/* Header and slots of what is not erased, in secret memory. */
static int make_tab(const struct stream *s, uint8_t **out, size_t *len,
		    struct err *e)
{
	struct slot_tab t = { s->epoch + 1, s->nitems, 0 };
	uint8_t *p = secret_alloc(SLOT_TAB_HEAD_LEN
				  + (size_t)s->nslots * SLOT_LEN);

	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for slots");
	for (uint64_t i = 0; i < s->nitems; i++)
		for (unsigned o = 0; o < s->items[i].objects; o++) {
			uint64_t at = s->items[i].slot + o;
			struct slot slot = { .case_seq = i,
					     .object = (uint16_t)o };

			if (stream_gone(s, at))
				continue;
			memcpy(slot.identity, s->slots[at].identity, 32);
			memcpy(slot.salt, s->slots[at].salt, 32);
			slot_put(&slot, p + SLOT_TAB_HEAD_LEN
					+ t.slots * SLOT_LEN);
			secret_wipe(&slot, sizeof slot);
			t.slots++;
		}
	slot_tab_put(&t, p);
	*out = p;
	*len = SLOT_TAB_HEAD_LEN + (size_t)t.slots * SLOT_LEN;
	return 0;
}

static int write_tab(const struct stream *s, const uint8_t pub[static 32],
		     uint8_t sha256[static SHA256_LEN], struct err *e)
{
	struct buf sealed = BUF_INIT((size_t)1 << 31);
	char path[FILE_PATH_MAX], name[KEYS_NAME_MAX];
	uint8_t *plain = NULL;
	size_t len = 0;
	int r = make_tab(s, &plain, &len, e);

	if (r < 0)
		return r;
	r = age_encrypt(pub, BYTES(plain, len), &sealed);
	secret_free(plain);
	if (r < 0)
		err_set(e, r, "cannot seal slots");
	keys_tab_name(s->epoch + 1, name);
	if (r == 0)
		r = stream_path(s, name, path);
	if (r == 0) {
		sha256_once(buf_view(&sealed), sha256);
		r = vault_dead(s->v, vio_put(path, buf_view(&sealed), e));
	}
	buf_release(&sealed);
	return r;
}

static void add_external(struct rekey *k, const char *name)
{
	struct store_external *x = &k->ext[k->next];

	snprintf(k->paths[k->next], sizeof k->paths[0], "%s/%s", k->s->dir,
		 name);
	memset(x, 0, sizeof *x);
	x->path = k->paths[k->next++];
}

int rekey_begin(struct stream *s, const uint8_t pub[static 32],
		struct rekey **out, struct err *e)
{
	char name[KEYS_NAME_MAX];
	struct rekey *k;
	int r = vault_check_alive(s->v, e);

	if (r < 0)
		return r;
	if (s->v->mode != VAULT_WRITE)
		return err_set(e, ERR_DENIED, "vault is open for reading");
	if (s->busy)
		return err_set(e, ERR_BUSY, "a batch is in progress");
	if (s->nitems && !s->unlocked)
		return err_set(e, ERR_AUTH, "'%s' is locked", s->dir);
	if (s->epoch >= SLOT_EPOCH_MAX)
		return err_set(e, ERR_LIMIT, "'%s' had %u keys", s->dir,
			       s->epoch);
	k = calloc(1, sizeof *k);
	if (!k)
		return err_set(e, ERR_NOMEM, "no memory for a new key");
	k->s = s;
	memcpy(k->old_pub, s->pub, 32);
	r = vault_turn_take(s->v, e);
	if (r < 0) {
		free(k);
		return r;
	}
	keys_tab_name(s->epoch + 1, name);
	add_external(k, name);
	keys_add_name(s->epoch, name);
	add_external(k, name);
	if (s->epoch > SLOT_EPOCH) {
		keys_tab_name(s->epoch, name);
		add_external(k, name);
	}
	r = s->nslots > s->slots_have
	    ? err_set(e, ERR_AUTH, "'%s' has slots that are not open", s->dir)
	    : write_tab(s, pub, k->ext[0].sha256, e);
	if (r < 0) {
		vault_turn_give(s->v);
		free(k);
		return r;
	}
	if (s->keys_fd >= 0)
		close(s->keys_fd);
	s->keys_fd = -1;
	s->keys_size = 0;
	s->epoch++;
	memcpy(s->pub, pub, 32);
	*out = k;
	return 0;
}

const struct store_external *rekey_externals(const struct rekey *k,
					     unsigned *n_out)
{
	*n_out = k->next;
	return k->ext;
}

int rekey_finish(struct rekey *k, struct err *e)
{
	struct stream *s = k->s;
	char path[FILE_PATH_MAX];
	int r = vault_check_alive(s->v, e);

	for (unsigned i = 1; r == 0 && i < k->next; i++) {
		r = file_path(path, s->v->path, k->paths[i], NULL);
		if (r == 0)
			r = vault_dead(s->v, keys_destroy(path, e));
	}
	for (uint64_t i = 0; s->unlocked && i < s->ngone; i++)
		secret_wipe(&s->slots[s->gone[i]], sizeof *s->slots);
	vault_turn_give(s->v);
	free(k);
	return r;
}

/* The slot file of the old epoch, to go on where it ends. */
static int reopen_add(struct stream *s, struct err *e)
{
	char path[FILE_PATH_MAX], name[KEYS_NAME_MAX];
	struct stat st;
	int r;

	keys_add_name(s->epoch, name);
	r = stream_path(s, name, path);
	if (r < 0)
		return r;
	s->keys_fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (s->keys_fd < 0)
		return errno == ENOENT ? 0 : err_errno(e, "cannot open '%s'",
						       path);
	if (fstat(s->keys_fd, &st) < 0)
		return err_errno(e, "cannot look at '%s'", path);
	s->keys_size = (uint64_t)st.st_size;
	return 0;
}

void rekey_abort(struct rekey *k)
{
	char path[FILE_PATH_MAX];
	struct stream *s;
	int r;

	if (!k)
		return;
	s = k->s;
	/* Behind a failed commit nobody knows whether the table counts. */
	if (s->busy) {
		vault_dead(s->v, ERR_BUSY);
	} else if (!s->v->dead) {
		s->epoch--;
		memcpy(s->pub, k->old_pub, 32);
		r = file_path(path, s->v->path, k->paths[0], NULL);
		if (r == 0)
			r = keys_destroy(path, NULL);
		if (r == 0)
			r = reopen_add(s, NULL);
		vault_dead(s->v, r);
	}
	vault_turn_give(s->v);
	free(k);
}
