/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/keys.h"

#include "cases/admin.h"
#include "store/minisign.h"
#include "store/sha256.h"
#include "util/enc.h"
#include "util/secret.h"

#include <stdio.h>

int unit_keys_new(struct unit_keys *k, const char *origin, struct err *e)
{
	char name[NOTE_NAME_MAX + 1];
	uint8_t seed[32];
	int r;

	secret_random(seed, 32);
	r = note_skey_make(&k->log, origin, NOTE_ED25519, seed, e);
	if (r < 0)
		goto out;
	if (snprintf(name, sizeof name, "%s/collector", origin) >=
	    (int)sizeof name) {
		r = err_set(e, ERR_RANGE, "origin '%s' is too long", origin);
		goto out;
	}
	secret_random(seed, 32);
	r = note_skey_make(&k->collector, name, NOTE_ED25519, seed, e);
	secret_random(k->export_seed, 32);
	age_identity_new(&k->receive, NULL);
out:
	secret_wipe(seed, 32);
	return r;
}

int user_keys_new(struct user_keys *k, const char *origin, const char *user,
		  struct err *e)
{
	char name[NOTE_NAME_MAX + 1];
	uint8_t seed[32];
	int r;

	if (snprintf(name, sizeof name, "%s/%s", origin, user) >=
	    (int)sizeof name)
		return err_set(e, ERR_RANGE, "user name '%s' is too long",
			       user);
	secret_random(seed, 32);
	r = note_skey_make(&k->sign, name, NOTE_ED25519, seed, e);
	secret_wipe(seed, 32);
	age_identity_new(&k->receive, NULL);
	return r;
}

static int put_receive(const struct age_identity *id, struct buf *out)
{
	char text[AGE_IDENTITY_TEXT];
	int r;

	age_identity_str(id->secret, text);
	r = buf_addf(out, "receive %s\n", text);
	secret_wipe(text, sizeof text);
	return r;
}

int unit_keys_put(const struct unit_keys *k, struct buf *out)
{
	char hex[65];

	buf_adds(out, "# scelle unit keys\nlog ");
	note_skey_put(&k->log, out);
	buf_adds(out, "\ncollector ");
	note_skey_put(&k->collector, out);
	hex_str(hex, k->export_seed, 32);
	buf_addf(out, "\nexport %s\n", hex);
	secret_wipe(hex, sizeof hex);
	return put_receive(&k->receive, out);
}

int user_keys_put(const struct user_keys *k, struct buf *out)
{
	buf_adds(out, "# scelle user keys\nsign ");
	note_skey_put(&k->sign, out);
	buf_addc(out, '\n');
	return put_receive(&k->receive, out);
}

/*
 * The value of the next line, which must be "key value"; the text moves on.
 * Comments are passed over.
 */
static int next_line(struct bytes *text, const char *key, struct bytes *value,
		     struct err *e)
{
	size_t klen = strlen(key);

	while (text->len) {
		const uint8_t *nl = memchr(text->p, '\n', text->len);
		struct bytes line;

		if (!nl)
			break;
		line = BYTES(text->p, (size_t)(nl - text->p));
		text->len -= line.len + 1;
		text->p = nl + 1;
		if (line.len && *line.p == '#')
			continue;
		if (line.len <= klen + 1 || memcmp(line.p, key, klen) ||
		    line.p[klen] != ' ')
			break;
		*value = BYTES(line.p + klen + 1, line.len - klen - 1);
		return 0;
	}
	return err_set(e, ERR_FORMAT, "key file: no line '%s'", key);
}

int unit_keys_read(struct bytes text, struct unit_keys *k, struct err *e)
{
	struct bytes v;
	int r = next_line(&text, "log", &v, e);

	if (r == 0)
		r = note_skey_read(v, &k->log, e);
	if (r == 0)
		r = next_line(&text, "collector", &v, e);
	if (r == 0)
		r = note_skey_read(v, &k->collector, e);
	if (r == 0)
		r = next_line(&text, "export", &v, e);
	if (r == 0 && hex_get(v, k->export_seed, 32) < 0)
		r = err_set(e, ERR_FORMAT, "key file: bad export key");
	if (r == 0)
		r = next_line(&text, "receive", &v, e);
	if (r == 0)
		r = age_identity_read(v, &k->receive, e);
	return r;
}

int user_keys_read(struct bytes text, struct user_keys *k, struct err *e)
{
	struct bytes v;
	int r = next_line(&text, "sign", &v, e);

	if (r == 0)
		r = note_skey_read(v, &k->sign, e);
	if (r == 0)
		r = next_line(&text, "receive", &v, e);
	if (r == 0)
		r = age_identity_read(v, &k->receive, e);
	return r;
}

void unit_keys_export(const struct unit_keys *k, struct minisign_key *out)
{
	static const uint8_t none[8];
	uint8_t hash[32];

	/* The name of a minisign key is free: ours follows from the key. */
	minisign_key_from(out, none, k->export_seed);
	sha256_once(BYTES(out->pub.pk, 32), hash);
	memcpy(out->pub.id, hash, 8);
}

int unit_keys_public(const struct unit_keys *k, struct buf *out)
{
	char receive[AGE_RECIPIENT_TEXT];
	struct minisign_key mini;
	uint8_t raw[42];

	unit_keys_export(k, &mini);
	raw[0] = 'E';
	raw[1] = 'd';
	memcpy(raw + 2, mini.pub.id, 8);
	memcpy(raw + 10, mini.pub.pk, 32);
	secret_wipe(&mini, sizeof mini);
	age_recipient_str(k->receive.recipient, receive);
	buf_adds(out, "log ");
	note_vkey_put(&k->log.vkey, out);
	buf_adds(out, "\ncollector ");
	note_vkey_put(&k->collector.vkey, out);
	buf_adds(out, "\nexport ");
	b64_put(out, BYTES(raw, sizeof raw));
	return buf_addf(out, "\nreceive %s\n", receive);
}

int user_keys_public(const struct user_keys *k, unsigned roles,
		     struct buf *out)
{
	char receive[AGE_RECIPIENT_TEXT];
	const char *name;
	unsigned bit;

	age_recipient_str(k->receive.recipient, receive);
	buf_adds(out, "sign ");
	note_vkey_put(&k->sign.vkey, out);
	buf_addf(out, "\nreceive %s\nrole", receive);
	for (unsigned i = 0; (name = admin_role_name(i, &bit)); i++)
		if (roles & bit)
			buf_addf(out, " %s", name);
	return buf_addc(out, '\n');
}
