/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/tgexport.h"

#define KEY_MAX 16

/* An object on the way down, and what of it belongs into each piece. */
struct level {
	char close;		/* '}' or ']' */
	size_t head;		/* bytes of heads before this level */
};

struct walk {
	struct bytes in;
	size_t at;
	struct level level[TGEXPORT_DEPTH_MAX];
	unsigned depth;
	char key[KEY_MAX];	/* of the member being read; "" in arrays */
	struct buf head;	/* "name":...,"type":...,"id":..., of each open
				   object, one behind the other */
	struct buf piece;
	size_t chats, first, messages;
	int (*each)(void *arg, const struct tgexport_piece *p, struct err *e);
	void *arg;
};

static int bad(const struct walk *w, struct err *e)
{
	return err_set(e, ERR_FORMAT, "the export is no JSON, or cut short, at "
		       "byte %zu", w->at);
}

static void blanks(struct walk *w)
{
	while (w->at < w->in.len && strchr(" \t\r\n", w->in.p[w->at]) &&
	       w->in.p[w->at])
		w->at++;
}

static int look(struct walk *w)
{
	blanks(w);
	return w->at < w->in.len ? w->in.p[w->at] : -1;
}

/* string - over one; *text is what stands between the quotes */
static int string(struct walk *w, struct bytes *text)
{
	size_t from = ++w->at;

	for (; w->at < w->in.len && w->in.p[w->at] != '"'; w->at++) {
		if (w->in.p[w->at] < 0x20)
			return ERR_FORMAT;
		w->at += w->in.p[w->at] == '\\';
	}
	if (w->at >= w->in.len)
		return ERR_FORMAT;
	*text = BYTES(w->in.p + from, w->at - from);
	w->at++;
	return 0;
}

static void scalar(struct walk *w)
{
	while (w->at < w->in.len && !strchr(",]} \t\r\n", w->in.p[w->at]))
		w->at++;
}

/* skip - over one value of any kind, whatever it holds */
static int skip(struct walk *w, struct err *e)
{
	char close[TGEXPORT_DEPTH_MAX];
	unsigned depth = 0;
	struct bytes text;

	do {
		int c = look(w);

		if (c < 0)
			return bad(w, e);
		if (c == '{' || c == '[') {
			if (depth + w->depth >= TGEXPORT_DEPTH_MAX)
				return err_set(e, ERR_LIMIT, "the export nests "
					       "deeper than %d",
					       TGEXPORT_DEPTH_MAX);
			close[depth++] = c == '{' ? '}' : ']';
			w->at++;
		} else if (c == '}' || c == ']') {
			if (!depth || close[depth - 1] != c)
				return bad(w, e);
			depth--;
			w->at++;
		} else if (c == '"') {
			if (string(w, &text) < 0)
				return bad(w, e);
		} else if (c == ',' || c == ':') {
			if (!depth)
				return bad(w, e);
			w->at++;
		} else {
			size_t from = w->at;

			scalar(w);
			if (w->at == from)
				return bad(w, e);
		}
	} while (depth);
	return 0;
}

/* --- a chat's messages ------------------------------------------------------ */

static int hand_on(struct walk *w, size_t head_from, struct err *e)
{
	struct buf out = BUF_INIT(TGEXPORT_PIECE_MAX + TGEXPORT_MESSAGE_MAX +
				  TGEXPORT_HEAD_MAX + 64);
	struct tgexport_piece p = { { NULL, 0 }, w->chats, w->first,
				    w->messages };
	int r = 0;

	if (!w->messages)
		return 0;
	buf_addc(&out, '{');
	if (w->head.len > head_from)
		buf_add(&out, w->head.p + head_from, w->head.len - head_from);
	buf_adds(&out, "\"messages\":[");
	buf_addb(&out, buf_view(&w->piece));
	buf_adds(&out, "]}");
	p.json = buf_view(&out);
	r = out.failed ? err_set(e, out.failed, "no memory for the export")
		       : w->each(w->arg, &p, e);
	w->first += w->messages;
	w->messages = 0;
	buf_clear(&w->piece);
	buf_release(&out);
	return r;
}

/* messages - the array that begins here, in pieces */
static int messages(struct walk *w, size_t head_from, struct err *e)
{
	int r = 0, c;

	w->at++;
	w->first = 0;
	c = look(w);
	while (r == 0 && c != ']') {
		size_t from = w->at, len;

		r = c < 0 ? bad(w, e) : skip(w, e);
		if (r < 0)
			break;
		len = w->at - from;
		if (len > TGEXPORT_MESSAGE_MAX)
			return err_set(e, ERR_LIMIT, "a message of the export "
				       "is longer than %zu bytes",
				       TGEXPORT_MESSAGE_MAX);
		if (w->messages == TGEXPORT_PIECE_MESSAGES ||
		    w->piece.len + len > TGEXPORT_PIECE_MAX)
			r = hand_on(w, head_from, e);
		if (w->messages)
			buf_addc(&w->piece, ',');
		buf_add(&w->piece, w->in.p + from, len);
		w->messages++;
		c = look(w);
		if (r == 0 && c == ',') {
			w->at++;
			c = look(w);
			if (c == ']')
				r = bad(w, e);
		} else if (r == 0 && c != ']') {
			r = bad(w, e);
		}
	}
	if (r == 0)
		r = hand_on(w, head_from, e);
	w->at++;
	w->chats++;
	return r;
}

/* --- the way to them -------------------------------------------------------- */

/* member - the value of one member of an object, or of an array */
static int member(struct walk *w, int *opened, struct err *e)
{
	static const char *const kept[] = { "name", "type", "id" };
	const size_t head_from = w->level[w->depth - 1].head;
	int c = look(w), r;
	size_t from;

	*opened = 0;
	if (c == '[' && !strcmp(w->key, "messages"))
		return messages(w, head_from, e);
	if (c == '{' || c == '[') {
		if (w->depth == TGEXPORT_DEPTH_MAX)
			return err_set(e, ERR_LIMIT, "the export nests deeper "
				       "than %d", TGEXPORT_DEPTH_MAX);
		w->level[w->depth++] = (struct level){ c == '{' ? '}' : ']',
						       w->head.len };
		w->at++;
		*opened = 1;
		return 0;
	}
	from = w->at;
	r = skip(w, e);
	for (size_t i = 0; r == 0 && i < 3; i++)
		if (!strcmp(w->key, kept[i]) && w->at - from < 1024) {
			buf_addf(&w->head, "\"%s\":", kept[i]);
			buf_add(&w->head, w->in.p + from, w->at - from);
			buf_addc(&w->head, ',');
		}
	return r;
}

static int key(struct walk *w, struct err *e)
{
	struct bytes text;

	if (look(w) != '"' || string(w, &text) < 0 || look(w) != ':')
		return bad(w, e);
	w->at++;
	w->key[0] = '\0';
	if (text.len < KEY_MAX) {
		memcpy(w->key, text.p, text.len);
		w->key[text.len] = '\0';
	}
	return 0;
}

static int walk(struct walk *w, struct err *e)
{
	int r = 0, fresh = 1;

	while (r == 0 && w->depth) {
		struct level *l = &w->level[w->depth - 1];
		int c = look(w);

		if (c == l->close) {
			w->at++;
			w->head.len = l->head;
			w->depth--;
			fresh = 0;
			continue;
		}
		if (!fresh) {
			if (c != ',')
				return bad(w, e);
			w->at++;
		}
		w->key[0] = '\0';
		if (l->close == '}')
			r = key(w, e);
		if (r == 0)
			r = member(w, &fresh, e);
	}
	return r;
}

int tgexport_read(struct bytes file,
		  int (*each)(void *arg, const struct tgexport_piece *p,
			      struct err *e),
		  void *arg, struct err *e)
{
	struct walk w = { .in = file, .each = each, .arg = arg,
			  .head = BUF_INIT(TGEXPORT_HEAD_MAX),
			  .piece = BUF_INIT(TGEXPORT_PIECE_MAX +
					    TGEXPORT_MESSAGE_MAX) };
	int r;

	if (file.len >= 3 && !memcmp(file.p, "\xef\xbb\xbf", 3))
		w.at = 3;
	if (look(&w) != '{') {
		r = bad(&w, e);
	} else {
		w.at++;
		w.level[w.depth++] = (struct level){ '}', 0 };
		r = walk(&w, e);
	}
	if (r == 0 && look(&w) >= 0)
		r = bad(&w, e);
	if (r == 0 && (w.head.failed || w.piece.failed))
		r = err_set(e, ERR_LIMIT, "the members of a chat are too long");
	buf_release(&w.head);
	buf_release(&w.piece);
	return r < 0 ? r : (int)w.chats;
}
