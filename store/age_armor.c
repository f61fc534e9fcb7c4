/* SPDX-License-Identifier: EUPL-1.2 */
/* Armour of age files: strict PEM (RFC 7468) with 64 columns. */
#include "store/age.h"

#include "util/enc.h"

#define BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"
#define END "-----END AGE ENCRYPTED FILE-----"
#define COLUMNS 64

static int is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct bytes *s)
{
	while (s->len && is_space(s->p[0])) {
		s->p++;
		s->len--;
	}
}

/* A line ends with LF, CR LF or the end of the file; 0 at the end. */
static int take_line(struct bytes *s, struct bytes *line)
{
	const uint8_t *nl;

	if (!s->len)
		return 0;
	nl = memchr(s->p, '\n', s->len);
	*line = BYTES(s->p, nl ? (size_t)(nl - s->p) : s->len);
	s->p = nl ? nl + 1 : s->p + s->len;
	s->len -= line->len + (nl ? 1 : 0);
	if (nl && line->len && line->p[line->len - 1] == '\r')
		line->len--;
	return 1;
}

int age_is_armored(struct bytes file)
{
	const size_t n = sizeof "-----BEGIN" - 1;

	skip_space(&file);
	return file.len >= n && !memcmp(file.p, BEGIN, n);
}

static int fail(struct err *e, int code)
{
	return err_set(e, code, "%s", code == ERR_FORMAT ?
		       "malformed age armour" : "armoured file does not fit");
}

int age_dearmor(struct bytes file, struct buf *out, struct err *e)
{
	size_t before = out->len;
	struct bytes line;
	int r, last = 0;

	skip_space(&file);
	if (!take_line(&file, &line) || !bytes_is(line, BEGIN))
		return fail(e, ERR_FORMAT);
	for (;;) {
		if (!take_line(&file, &line))
			goto malformed;
		if (bytes_is(line, END))
			break;
		/* Only the last line may be short, and none is empty. */
		if (last || !line.len || line.len > COLUMNS)
			goto malformed;
		last = line.len < COLUMNS || line.p[COLUMNS - 1] == '=';
		r = b64_get(line, out);
		if (r == ERR_FORMAT)
			goto malformed;
		if (r < 0) {
			out->len = before;
			return fail(e, r == ERR_RANGE ? ERR_LIMIT : r);
		}
	}
	skip_space(&file);
	if (file.len)
		goto malformed;
	return 0;
malformed:
	out->len = before;
	return fail(e, ERR_FORMAT);
}
