/* SPDX-License-Identifier: EUPL-1.2 */
/* The mirror's messages. */
#include "cases/mirror_int.h"

#include "store/truth.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/utf8.h"

#include <errno.h>
#include <unistd.h>

int mirror_head_get(struct bytes in, struct mirror_head *out)
{
	if (in.len < 10)
		return ERR_FORMAT;
	out->size = get_be64(in.p);
	out->n = get_be16(in.p + 8);
	if (out->n > MIRROR_PROOF_MAX || in.len - 10 < (size_t)out->n * 32
	    || out->size > UINT32_MAX)
		return ERR_FORMAT;
	if (out->n)
		memcpy(out->proof, in.p + 10, (size_t)out->n * 32);
	out->note = BYTES(in.p + 10 + (size_t)out->n * 32,
			  in.len - 10 - (size_t)out->n * 32);
	return out->note.len ? 0 : ERR_FORMAT;
}

int mirror_file_get(struct bytes in, struct mirror_file *out)
{
	struct bytes path;

	if (in.len < 42 || in.len - 41 >= sizeof out->path)
		return ERR_FORMAT;
	path = BYTES(in.p + 41, in.len - 41);
	out->size = get_be64(in.p);
	memcpy(out->sha256, in.p + 8, 32);
	out->grows = in.p[40];
	if (out->size > MIRROR_FILE_MAX || in.p[40] > 1
	    || !truth_path_valid(path))
		return ERR_FORMAT;
	memcpy(out->path, path.p, path.len);
	out->path[path.len] = '\0';
	return truth_is_key(out->path) ? ERR_FORMAT : 0;
}

int mirror_message(struct bytes in, unsigned *type, struct bytes *payload,
		   size_t *used)
{
	uint32_t n;

	if (in.len < 4)
		return 1;
	n = get_be32(in.p);
	if (n == 0 || n > MIRROR_MESSAGE_MAX)
		return ERR_FORMAT;
	if (in.len > 4 && (in.p[4] < MIRROR_HELLO || in.p[4] > MIRROR_REFUSE))
		return ERR_FORMAT;
	if (in.len - 4 < n)
		return 1;
	*type = in.p[4];
	*payload = BYTES(in.p + 5, n - 1);
	*used = 4 + (size_t)n;
	return 0;
}

int mirror_put(int fd, enum mirror_type type, struct bytes payload,
	       struct err *e)
{
	uint8_t head[5];
	int r;

	put_be32(head, (uint32_t)payload.len + 1);
	head[4] = (uint8_t)type;
	r = file_write_all(fd, head, sizeof head, e);
	if (r == 0 && payload.len)
		r = file_write_all(fd, payload.p, payload.len, e);
	return r < 0 ? err_set(e, ERR_CHILD, "the peer is gone") : 0;
}

static int read_all(int fd, uint8_t *p, size_t n, struct err *e)
{
	while (n) {
		ssize_t got = read(fd, p, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(e, ERR_CHILD, "the peer is gone");
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

int mirror_get(int fd, struct buf *payload, struct err *e)
{
	uint8_t head[5];
	struct bytes none;
	unsigned type;
	size_t used, n;
	char *text;
	int r = read_all(fd, head, sizeof head, e);

	if (r < 0)
		return r;
	n = get_be32(head);
	if (mirror_message(BYTES(head, sizeof head), &type, &none, &used) < 0)
		return err_set(e, ERR_CHILD, "the peer speaks another language");
	buf_clear(payload);
	if (n > 1 && !buf_room(payload, n - 1))
		return err_set(e, ERR_NOMEM, "no memory for a message");
	r = n > 1 ? read_all(fd, payload->p, n - 1, e) : 0;
	if (r < 0)
		return r;
	payload->len = n - 1;
	if (head[4] != MIRROR_REFUSE)
		return head[4];
	/* Somebody else's words. */
	buf_addc(payload, '\0');
	text = payload->failed ? NULL : (char *)payload->p;
	for (char *p = text; p && *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
	return err_set(e, ERR_DENIED, "the peer refuses: %.400s",
		       text ? text : "");
}

int mirror_want(int fd, enum mirror_type type, struct buf *payload,
		struct err *e)
{
	int r = mirror_get(fd, payload, e);

	if (r >= 0 && r != (int)type)
		r = err_set(e, ERR_CHILD, "the peer speaks out of turn");
	return r < 0 ? r : 0;
}
