/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/keyfile.h"

#include "store/sha256.h"
#include "util/enc.h"
#include "util/secret.h"

#include <stdio.h>

#define UNIT_LINE "# scelle unit keys\n"
#define USER_LINE "# scelle user keys\n"
#define TEXT_MAX 4096		/* bytes of the text inside a key file */

static const struct {
	unsigned role;
	const char *name;
} roles[] = {
	{ USER_INVESTIGATOR, "investigator" },
	{ USER_LEGAL, "legal" },
	{ USER_SUPERVISOR, "supervisor" },
	{ USER_AUDITOR, "auditor" },
	{ USER_ADMINISTRATOR, "administrator" },
	{ USER_DPO, "dpo" },
};

#define NROLES (sizeof roles / sizeof *roles)

const char *user_role_name(unsigned role)
{
	for (size_t i = 0; i < NROLES; i++)
		if (roles[i].role == role)
			return roles[i].name;
	return NULL;
}

/* --- lines ---------------------------------------------------------------- */

/* The value of the line "key value\n", stepping behind it; 0 or ERR_FORMAT. */
static int line(struct bytes *text, const char *key, struct bytes *value)
{
	size_t k = strlen(key);
	const uint8_t *nl = text->len ? memchr(text->p, '\n', text->len) : NULL;
	size_t n;

	if (!nl)
		return ERR_FORMAT;
	n = (size_t)(nl - text->p);
	if (n < k + 2 || memcmp(text->p, key, k) || text->p[k] != ' ')
		return ERR_FORMAT;
	*value = BYTES(text->p + k + 1, n - k - 1);
	text->p += n + 1;
	text->len -= n + 1;
	return 0;
}

static int line_vkey(struct bytes *text, const char *key, struct note_vkey *k)
{
	struct bytes v;

	if (line(text, key, &v) < 0 || note_vkey_read(v, k, NULL) < 0
	    || k->type != NOTE_ED25519)
		return ERR_FORMAT;
	return 0;
}

static int line_skey(struct bytes *text, const char *key, struct note_skey *k)
{
	struct bytes v;

	if (line(text, key, &v) < 0 || note_skey_read(v, k, NULL) < 0
	    || k->vkey.type != NOTE_ED25519)
		return ERR_FORMAT;
	return 0;
}

static int first_line(struct bytes *text, const char *want)
{
	size_t n = strlen(want);

	if (text->len < n || memcmp(text->p, want, n))
		return ERR_FORMAT;
	text->p += n;
	text->len -= n;
	return 0;
}

/* --- making --------------------------------------------------------------- */

/* A minisign key's id is of its public key, so that the seed is all to keep. */
static void export_key(struct minisign_key *k, const uint8_t seed[static 32])
{
	static const uint8_t none[8];
	uint8_t hash[SHA256_LEN];

	minisign_key_from(k, none, seed);
	sha256_once(BYTES(k->pub.pk, sizeof k->pub.pk), hash);
	memcpy(k->pub.id, hash, sizeof k->pub.id);
}

static int new_skey(struct note_skey *k, const char *name, uint8_t *seed,
		    struct err *e)
{
	secret_random(seed, 32);
	return note_skey_make(k, name, NOTE_ED25519, seed, e);
}

int unit_keys_new(const char *origin, struct unit_keys **out, struct err *e)
{
	struct unit_keys *k = secret_alloc(sizeof *k);
	uint8_t *seed = secret_alloc(32);
	char name[NOTE_NAME_MAX + 1];
	int r = 0;

	if (!k || !seed)
		r = err_set(e, ERR_NOMEM, "no memory for keys");
	else if (snprintf(name, sizeof name, "%s/collector", origin)
		 >= (int)sizeof name)
		r = err_set(e, ERR_FORMAT, "name '%s' is too long", origin);
	if (r == 0)
		r = new_skey(&k->log, origin, seed, e);
	if (r == 0)
		r = new_skey(&k->collector, name, seed, e);
	if (r == 0) {
		secret_random(seed, 32);
		export_key(&k->export, seed);
		age_identity_new(&k->receive, NULL);
		*out = k;
		k = NULL;
	}
	secret_free(seed);
	secret_free(k);
	return r;
}

int user_keys_new(const char *name, struct user_keys **out, struct err *e)
{
	struct user_keys *k = secret_alloc(sizeof *k);
	uint8_t *seed = secret_alloc(32);
	int r = k && seed ? new_skey(&k->sign, name, seed, e)
			  : err_set(e, ERR_NOMEM, "no memory for keys");

	if (r == 0) {
		age_identity_new(&k->receive, NULL);
		*out = k;
		k = NULL;
	}
	secret_free(seed);
	secret_free(k);
	return r;
}

void unit_keys_free(struct unit_keys *k)
{
	secret_free(k);
}

void user_keys_free(struct user_keys *k)
{
	secret_free(k);
}

/* --- key files ------------------------------------------------------------ */

static int put_skey(struct buf *text, const char *key,
		    const struct note_skey *k)
{
	buf_adds(text, key);
	note_skey_put(k, text);
	return buf_addc(text, '\n');
}

static int put_identity(struct buf *text, const struct age_identity *id)
{
	char s[AGE_IDENTITY_TEXT];
	int r;

	age_identity_str(id->secret, s);
	buf_adds(text, "receive ");
	buf_adds(text, s);
	r = buf_addc(text, '\n');
	secret_wipe(s, sizeof s);
	return r;
}

static int seal_text(struct buf *text, struct bytes passphrase, unsigned logn,
		     struct buf *out, struct err *e)
{
	struct bytes piece = buf_view(text);
	int r;

	if (text->failed)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	if (passphrase.len == 0)
		return err_set(e, ERR_RANGE, "the passphrase is empty");
	r = age_encrypt_pass(passphrase, logn, &piece, 1, NULL, out, e);
	return r;
}

static void put_unit_text(const struct unit_keys *k, struct buf *text)
{
	char hex[65];

	/* Room from the start: a buffer that grows leaves copies behind. */
	buf_room(text, TEXT_MAX);
	buf_adds(text, UNIT_LINE);
	put_skey(text, "log ", &k->log);
	put_skey(text, "collector ", &k->collector);
	hex_str(hex, k->export.seed, 32);
	buf_adds(text, "export ");
	buf_adds(text, hex);
	buf_addc(text, '\n');
	secret_wipe(hex, sizeof hex);
	put_identity(text, &k->receive);
}

int unit_keys_seal(const struct unit_keys *k, struct bytes passphrase,
		   unsigned logn, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	int r;

	put_unit_text(k, &text);
	r = seal_text(&text, passphrase, logn, out, e);
	buf_wipe(&text);
	return r;
}

int unit_keys_wrap(const struct unit_keys *k, const uint8_t user[static 32],
		   struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	int r;

	put_unit_text(k, &text);
	if (text.failed)
		r = err_set(e, ERR_NOMEM, "no memory for keys");
	else if ((r = age_encrypt(user, buf_view(&text), out)) < 0)
		err_set(e, r, "cannot seal the unit's keys to a user");
	buf_wipe(&text);
	return r;
}

int user_keys_seal(const struct user_keys *k, struct bytes passphrase,
		   unsigned logn, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	int r;

	buf_room(&text, TEXT_MAX);
	buf_adds(&text, USER_LINE);
	put_skey(&text, "sign ", &k->sign);
	put_identity(&text, &k->receive);
	r = seal_text(&text, passphrase, logn, out, e);
	buf_wipe(&text);
	return r;
}

static int open_text(struct bytes file, struct bytes passphrase,
		     struct buf *text, struct err *e)
{
	struct age_keys keys = { .passphrases = &passphrase, .npass = 1 };
	int r;

	if (file.len > KEYFILE_MAX)
		return err_set(e, ERR_LIMIT, "key file is too long");
	if (!buf_room(text, TEXT_MAX))
		return err_set(e, ERR_NOMEM, "no memory for keys");
	r = age_open(&keys, file, text, e);
	if (r == ERR_NOENT || r == ERR_AUTH)
		r = err_set(e, ERR_AUTH, "wrong passphrase");
	return r;
}

static int line_identity(struct bytes *text, struct age_identity *id)
{
	struct bytes v;

	return line(text, "receive", &v) < 0
	       || age_identity_read(v, id, NULL) < 0 ? ERR_FORMAT : 0;
}

/* The keys from their text; what the text was opened with is the caller's. */
static int read_unit_text(struct bytes in, struct unit_keys **out,
			  struct err *e)
{
	struct unit_keys *k = secret_alloc(sizeof *k);
	uint8_t *seed = secret_alloc(32);
	struct bytes v;
	int r = 0;

	if (!k || !seed) {
		r = err_set(e, ERR_NOMEM, "no memory for keys");
		goto out;
	}
	if (first_line(&in, UNIT_LINE) < 0
	    || line_skey(&in, "log", &k->log) < 0
	    || line_skey(&in, "collector", &k->collector) < 0
	    || line(&in, "export", &v) < 0 || hex_get(v, seed, 32) < 0
	    || line_identity(&in, &k->receive) < 0 || in.len) {
		r = err_set(e, ERR_FORMAT, "these are no unit's keys");
		goto out;
	}
	export_key(&k->export, seed);
	*out = k;
	k = NULL;
out:
	secret_free(seed);
	secret_free(k);
	return r;
}

int unit_keys_open(struct bytes file, struct bytes passphrase,
		   struct unit_keys **out, struct err *e)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	int r = open_text(file, passphrase, &text, e);

	if (r == 0)
		r = read_unit_text(buf_view(&text), out, e);
	buf_wipe(&text);
	return r;
}

int unit_keys_unwrap(struct bytes file, const struct age_identity *user,
		     struct unit_keys **out, struct err *e)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	int r = 0;

	if (file.len > KEYFILE_MAX)
		r = err_set(e, ERR_LIMIT, "key file is too long");
	else if (!buf_room(&text, TEXT_MAX))
		r = err_set(e, ERR_NOMEM, "no memory for keys");
	if (r == 0)
		r = age_decrypt(user, 1, file, &text, e);
	if (r == ERR_NOENT)
		r = err_set(e, ERR_AUTH, "the unit's keys are sealed to "
			    "another user");
	if (r == 0)
		r = read_unit_text(buf_view(&text), out, e);
	buf_wipe(&text);
	return r;
}

int user_keys_open(struct bytes file, struct bytes passphrase,
		   struct user_keys **out, struct err *e)
{
	struct user_keys *k = secret_alloc(sizeof *k);
	struct buf text = BUF_INIT(TEXT_MAX);
	struct bytes in;
	int r = k ? open_text(file, passphrase, &text, e)
		  : err_set(e, ERR_NOMEM, "no memory for keys");

	if (r < 0)
		goto out;
	in = buf_view(&text);
	if (first_line(&in, USER_LINE) < 0 || line_skey(&in, "sign", &k->sign) < 0
	    || line_identity(&in, &k->receive) < 0 || in.len) {
		r = err_set(e, ERR_FORMAT, "these are no user's keys");
		goto out;
	}
	*out = k;
	k = NULL;
out:
	buf_wipe(&text);
	secret_free(k);
	return r;
}

/* --- public halves -------------------------------------------------------- */

void unit_pub_of(const struct unit_keys *k, struct unit_pub *pub)
{
	pub->log = k->log.vkey;
	pub->collector = k->collector.vkey;
	pub->export = k->export.pub;
	memcpy(pub->receive, k->receive.recipient, 32);
}

void user_pub_of(const struct user_keys *k, struct user_pub *pub)
{
	pub->sign = k->sign.vkey;
	memcpy(pub->receive, k->receive.recipient, 32);
	pub->roles = 0;
}

static void put_vkey(struct buf *out, const char *key, const struct note_vkey *k)
{
	buf_adds(out, key);
	note_vkey_put(k, out);
	buf_addc(out, '\n');
}

static void put_recipient(struct buf *out, const uint8_t pub[static 32])
{
	char s[AGE_RECIPIENT_TEXT];

	age_recipient_str(pub, s);
	buf_addf(out, "receive %s\n", s);
}

int unit_pub_put(const struct unit_pub *pub, struct buf *out)
{
	uint8_t raw[42] = { 'E', 'd' };

	memcpy(raw + 2, pub->export.id, 8);
	memcpy(raw + 10, pub->export.pk, 32);
	put_vkey(out, "log ", &pub->log);
	put_vkey(out, "collector ", &pub->collector);
	buf_adds(out, "export ");
	b64_put(out, BYTES(raw, sizeof raw));
	buf_addc(out, '\n');
	put_recipient(out, pub->receive);
	return out->failed;
}

int user_pub_put(const struct user_pub *pub, struct buf *out)
{
	put_vkey(out, "sign ", &pub->sign);
	put_recipient(out, pub->receive);
	buf_adds(out, "role");
	for (size_t i = 0; i < NROLES; i++)
		if (pub->roles & roles[i].role)
			buf_addf(out, " %s", roles[i].name);
	buf_addc(out, '\n');
	return out->failed;
}

int unit_pub_read(struct bytes text, struct unit_pub *pub, struct err *e)
{
	struct unit_pub p;
	struct bytes v;

	if (line_vkey(&text, "log", &p.log) < 0
	    || line_vkey(&text, "collector", &p.collector) < 0
	    || line(&text, "export", &v) < 0
	    || minisign_pub_read(v, &p.export, NULL) < 0
	    || line(&text, "receive", &v) < 0
	    || age_recipient_read(v, p.receive, NULL) < 0 || text.len)
		return err_set(e, ERR_FORMAT, "malformed public keys of a unit");
	*pub = p;
	return 0;
}

/* "investigator legal": each known, each once, in the order of the table. */
static int read_roles(struct bytes v, unsigned *out)
{
	size_t next = 0;

	*out = 0;
	while (v.len) {
		const uint8_t *sp = memchr(v.p, ' ', v.len);
		size_t n = sp ? (size_t)(sp - v.p) : v.len;

		while (next < NROLES
		       && !bytes_is(BYTES(v.p, n), roles[next].name))
			next++;
		if (next == NROLES || (sp && n + 1 == v.len))
			return ERR_FORMAT;
		*out |= roles[next++].role;
		v.p += n + (sp != NULL);
		v.len -= n + (sp != NULL);
	}
	return 0;
}

int user_pub_read(struct bytes text, struct user_pub *pub, struct err *e)
{
	struct user_pub p;
	struct bytes v;

	if (line_vkey(&text, "sign", &p.sign) < 0
	    || line(&text, "receive", &v) < 0
	    || age_recipient_read(v, p.receive, NULL) < 0
	    || line(&text, "role", &v) < 0 || read_roles(v, &p.roles) < 0
	    || text.len)
		return err_set(e, ERR_FORMAT, "malformed public keys of a user");
	*pub = p;
	return 0;
}
