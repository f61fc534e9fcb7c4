/* SPDX-License-Identifier: EUPL-1.2 */
#include "store/checkpoint.h"

#include "util/enc.h"
#include "util/utf8.h"

#include <inttypes.h>

static int parse_root(struct bytes s, uint8_t *out)
{
	struct buf b = BUF_INIT(64);
	int r;

	r = b64_get(s, &b);
	if (r == ERR_RANGE || (r == 0 && b.len != SHA256_LEN))
		r = ERR_FORMAT;
	if (r == 0)
		memcpy(out, b.p, SHA256_LEN);
	buf_release(&b);
	return r;
}

static int lines_valid(struct bytes ext)
{
	struct bytes line;

	while (split_line(&ext, &line))
		if (!line.len)
			return 0;
	return ext.len == 0;
}

static int plain_text(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 && s.p[i] != '\n')
			return 0;
	return utf8_valid(s);
}

int checkpoint_put(const struct checkpoint *c, struct buf *out)
{
	size_t before = out->len;

	if (!c->origin.len || memchr(c->origin.p, '\n', c->origin.len) ||
	    !plain_text(c->origin) || !plain_text(c->ext) ||
	    !lines_valid(c->ext) || c->size > INT64_MAX ||
	    c->origin.len + c->ext.len > CHECKPOINT_TEXT_MAX - 80)
		return ERR_FORMAT;
	buf_addb(out, c->origin);
	buf_addf(out, "\n%" PRIu64 "\n", c->size);
	b64_put(out, BYTES(c->root, sizeof c->root));
	buf_addc(out, '\n');
	buf_addb(out, c->ext);
	if (out->failed)
		out->len = before;
	return out->failed;
}

int checkpoint_parse(struct bytes text, struct checkpoint *c, struct err *e)
{
	struct bytes origin, size, root;
	struct checkpoint v = { 0 };
	int r;

	if (text.len > CHECKPOINT_TEXT_MAX)
		return err_set(e, ERR_LIMIT, "checkpoint too long");
	if (!plain_text(text) || !split_line(&text, &origin) ||
	    !split_line(&text, &size) || !split_line(&text, &root))
		return err_set(e, ERR_FORMAT, "malformed checkpoint");
	if (!origin.len)
		return err_set(e, ERR_FORMAT, "checkpoint without origin");
	if (dec_get(size, INT64_MAX, &v.size) < 0)
		return err_set(e, ERR_FORMAT, "bad checkpoint size");
	r = parse_root(root, v.root);
	if (r < 0)
		return err_set(e, r, "bad checkpoint root hash");
	if (!lines_valid(text))
		return err_set(e, ERR_FORMAT, "bad checkpoint extension line");
	v.origin = origin;
	v.ext = text;
	*c = v;
	return 0;
}

int checkpoint_sign(const struct checkpoint *c, const struct note_skey *keys,
		    size_t nkeys, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT(CHECKPOINT_TEXT_MAX);
	int r;

	r = checkpoint_put(c, &text);
	if (r < 0)
		err_set(e, r, "not a checkpoint");
	else
		r = note_sign(buf_view(&text), keys, nkeys, out, e);
	buf_release(&text);
	return r;
}

int checkpoint_open(struct bytes note, const struct note_vkey *keys,
		    size_t nkeys, const char *origin, struct checkpoint *c,
		    struct err *e)
{
	struct checkpoint v;
	struct bytes text;
	int r;

	if (note.len > CHECKPOINT_MAX)
		return err_set(e, ERR_LIMIT, "checkpoint too long");
	r = note_open(note, keys, nkeys, &text, e);
	if (r != 0)
		return r;
	r = checkpoint_parse(text, &v, e);
	if (r < 0)
		return r;
	if (origin && !bytes_is(v.origin, origin)) {
		err_set(e, ERR_AUTH, "checkpoint of another log");
		return 1;
	}
	*c = v;
	return 0;
}
