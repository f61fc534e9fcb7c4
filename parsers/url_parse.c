/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The basic URL parser.  The standard's state machine is written as one
 * function a state; where a state would "decrease the pointer", the next
 * function simply starts at the same place.
 */
#include "parsers/url.h"

#include "parsers/url_host.h"
#include "parsers/url_percent.h"
#include "util/utf8.h"

/* struct work - a URL record in the making; path as serialised, "/a/b" */
struct work {
	const uint8_t *in;	/* UTF-8, trimmed, no tabs and newlines */
	size_t n;
	const struct url *base;
	struct buf scheme, user, pass, host, path, query, frag;
	enum url_host_kind kind;
	uint8_t ip[16];
	int port;
	int special, file;
	int has_host, has_query, has_frag, opaque;
};

static int is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int at(const struct work *w, size_t i)
{
	return i < w->n ? w->in[i] : -1;
}

/* slash - 1 for what separates segments here */
static int slash(const struct work *w, int c)
{
	return c == '/' || (w->special && c == '\\');
}

/* drive - 1 when "C:" or "C|" begins at i and nothing but a separator follows */
static int drive(const struct work *w, size_t i)
{
	int after = at(w, i + 2);

	return is_alpha(at(w, i)) && (at(w, i + 1) == ':' || at(w, i + 1) == '|') &&
	       (after == -1 || after == '/' || after == '\\' || after == '?' ||
		after == '#');
}

/* path_is_drive - 1 when the path's only (or first) segment is "C:" */
static int path_is_drive(struct bytes path, int only)
{
	return path.len >= 3 && path.p[0] == '/' && is_alpha(path.p[1]) &&
	       path.p[2] == ':' && (path.len == 3 || (!only && path.p[3] == '/'));
}

static void shorten(struct work *w)
{
	if (w->file && path_is_drive(buf_view(&w->path), 1))
		return;
	while (w->path.len && w->path.p[w->path.len - 1] != '/')
		w->path.len--;
	if (w->path.len)
		w->path.len--;
}

/* dots - 1 for a single-dot segment, 2 for a double-dot segment, else 0 */
static int dots(struct bytes s)
{
	int n = 0;

	while (s.len) {
		size_t take;

		if (s.p[0] == '.')
			take = 1;
		else if (s.len >= 3 && s.p[0] == '%' && s.p[1] == '2' &&
			 (s.p[2] | 0x20) == 'e')
			take = 3;
		else
			return 0;
		s.p += take;
		s.len -= take;
		if (++n > 2)
			return 0;
	}
	return n;
}

static void fragment_state(struct work *w, size_t i)
{
	w->has_frag = 1;
	buf_clear(&w->frag);
	url_percent_encode(&w->frag, URL_SET_FRAGMENT, BYTES(w->in + i, w->n - i));
}

static void query_state(struct work *w, size_t i)
{
	size_t end = i;

	while (end < w->n && w->in[end] != '#')
		end++;
	w->has_query = 1;
	buf_clear(&w->query);
	url_percent_encode(&w->query,
			   w->special ? URL_SET_SPECIAL_QUERY : URL_SET_QUERY,
			   BYTES(w->in + i, end - i));
	if (end < w->n)
		fragment_state(w, end + 1);
}

/* after_path - at '?', '#' or the end */
static void after_path(struct work *w, size_t i)
{
	if (at(w, i) == '?')
		query_state(w, i + 1);
	else if (at(w, i) == '#')
		fragment_state(w, i + 1);
}

static void path_state(struct work *w, size_t i)
{
	for (;;) {
		size_t from = i, mark = w->path.len;
		int c, n;

		while ((c = at(w, i)) != -1 && !slash(w, c) && c != '?' && c != '#')
			i++;
		buf_addc(&w->path, '/');
		url_percent_encode(&w->path, URL_SET_PATH,
				   BYTES(w->in + from, i - from));
		if (w->path.failed)
			return;
		n = dots(BYTES(w->path.p + mark + 1, w->path.len - mark - 1));
		if (n) {
			w->path.len = mark;
			if (n == 2)
				shorten(w);
			if (!slash(w, c))
				buf_addc(&w->path, '/');
		} else if (w->file && mark == 0 && w->path.len == 3 &&
			   is_alpha(w->path.p[1]) &&
			   (w->path.p[2] == ':' || w->path.p[2] == '|')) {
			w->path.p[2] = ':';
		}
		if (!slash(w, c))
			break;
		i++;
	}
	after_path(w, i);
}

static void path_start_state(struct work *w, size_t i)
{
	int c = at(w, i);

	if (!w->special && (c == -1 || c == '?' || c == '#')) {
		after_path(w, i);
		return;
	}
	path_state(w, slash(w, c) ? i + 1 : i);
}

static void opaque_state(struct work *w, size_t i)
{
	int c;

	w->opaque = 1;
	for (; (c = at(w, i)) != -1 && c != '?' && c != '#'; i++) {
		uint8_t b = (uint8_t)c;

		if (c == ' ' && (at(w, i + 1) == '?' || at(w, i + 1) == '#'))
			buf_adds(&w->path, "%20");
		else
			url_percent_encode(&w->path, URL_SET_C0, BYTES(&b, 1));
	}
	after_path(w, i);
}

static int host_here(struct work *w, size_t from, size_t end)
{
	w->has_host = 1;
	buf_clear(&w->host);
	return url_host_parse(BYTES(w->in + from, end - from), w->special,
			      &w->host, &w->kind, w->ip);
}

static int port_here(struct work *w, size_t i, size_t end)
{
	int port = 0, special;

	if (i == end)
		return 0;
	for (; i < end; i++) {
		if (w->in[i] < '0' || w->in[i] > '9')
			return ERR_FORMAT;
		port = port * 10 + (w->in[i] - '0');
		if (port > 65535)
			return ERR_FORMAT;
	}
	w->port = port == url_default_port(buf_view(&w->scheme), &special) ? -1 : port;
	return 0;
}

static int authority_state(struct work *w, size_t i)
{
	size_t end = i, host, k;
	int c, r, inside = 0, have_at = 0;

	while ((c = at(w, end)) != -1 && !slash(w, c) && c != '?' && c != '#')
		end++;
	for (host = end; host > i && w->in[host - 1] != '@'; host--)
		;
	have_at = host > i;
	if (have_at) {
		size_t colon = i;

		if (host == end)
			return ERR_FORMAT;
		while (colon < host - 1 && w->in[colon] != ':')
			colon++;
		url_percent_encode(&w->user, URL_SET_USERINFO,
				   BYTES(w->in + i, colon - i));
		if (colon < host - 1)
			url_percent_encode(&w->pass, URL_SET_USERINFO,
					   BYTES(w->in + colon + 1,
						 host - 1 - colon - 1));
	}
	for (k = host; k < end; k++) {
		if (w->in[k] == ':' && !inside)
			break;
		if (w->in[k] == '[')
			inside = 1;
		else if (w->in[k] == ']')
			inside = 0;
	}
	if (k == host && (k < end || w->special))
		return ERR_FORMAT;
	r = host_here(w, host, k);
	if (r == 0 && k < end)
		r = port_here(w, k + 1, end);
	if (r == 0)
		path_start_state(w, end);
	return r;
}

/* skip_slashes - special authority ignore slashes state */
static int skip_slashes(struct work *w, size_t i)
{
	while (at(w, i) == '/' || at(w, i) == '\\')
		i++;
	return authority_state(w, i);
}

static void copy_authority(struct work *w)
{
	buf_addb(&w->user, w->base->username);
	buf_addb(&w->pass, w->base->password);
	buf_addb(&w->host, w->base->host);
	w->has_host = w->base->has_host;
	w->kind = w->base->host_kind;
	memcpy(w->ip, w->base->ip, sizeof(w->ip));
	w->port = w->base->port;
}

static void copy_query(struct work *w)
{
	buf_addb(&w->query, w->base->query);
	w->has_query = w->base->has_query;
}

static int relative_state(struct work *w, size_t i)
{
	int c = at(w, i);

	if (slash(w, c)) {
		if (slash(w, at(w, i + 1)))
			return w->special ? skip_slashes(w, i + 2) :
					    authority_state(w, i + 2);
		copy_authority(w);
		path_state(w, i + 1);
		return 0;
	}
	copy_authority(w);
	buf_addb(&w->path, w->base->path);
	if (c == -1 || c == '?' || c == '#') {
		copy_query(w);
		after_path(w, i);
		return 0;
	}
	shorten(w);
	path_state(w, i);
	return 0;
}

static int file_host_state(struct work *w, size_t i)
{
	size_t end = i;
	int c, r;

	while ((c = at(w, end)) != -1 && !slash(w, c) && c != '?' && c != '#')
		end++;
	if (end - i == 2 && drive(w, i)) {
		path_state(w, i);
		return 0;
	}
	if (end > i) {
		r = host_here(w, i, end);
		if (r < 0)
			return r;
		if (bytes_is(buf_view(&w->host), "localhost")) {
			buf_clear(&w->host);
			w->kind = URL_HOST_NONE;
		}
	}
	path_start_state(w, end);
	return 0;
}

static int file_state(struct work *w, size_t i)
{
	const struct url *base = w->base;
	int c = at(w, i);

	w->has_host = 1;
	if (base && !bytes_is(base->scheme, "file"))
		base = NULL;
	if (c == '/' || c == '\\') {
		c = at(w, i + 1);
		if (c == '/' || c == '\\')
			return file_host_state(w, i + 2);
		if (base) {
			copy_authority(w);
			if (!drive(w, i + 1) && path_is_drive(base->path, 0))
				buf_add(&w->path, base->path.p, 3);
		}
		path_state(w, i + 1);
		return 0;
	}
	if (!base) {
		path_state(w, i);
		return 0;
	}
	copy_authority(w);
	if (c == -1 || c == '?' || c == '#') {
		buf_addb(&w->path, base->path);
		copy_query(w);
		after_path(w, i);
		return 0;
	}
	if (!drive(w, i)) {
		buf_addb(&w->path, base->path);
		shorten(w);
	}
	path_state(w, i);
	return 0;
}

static int no_scheme_state(struct work *w)
{
	if (!w->base)
		return ERR_FORMAT;
	if (w->base->opaque_path && at(w, 0) != '#')
		return ERR_FORMAT;
	buf_clear(&w->scheme);
	buf_addb(&w->scheme, w->base->scheme);
	url_default_port(w->base->scheme, &w->special);
	w->file = bytes_is(w->base->scheme, "file");
	if (w->base->opaque_path) {
		w->opaque = 1;
		buf_addb(&w->path, w->base->path);
		copy_query(w);
		fragment_state(w, 1);
		return 0;
	}
	return w->file ? file_state(w, 0) : relative_state(w, 0);
}

static int scheme_state(struct work *w)
{
	size_t i = 0;
	int c;

	while (is_alpha(c = at(w, i)) ||
	       (i > 0 && ((c >= '0' && c <= '9') || c == '+' || c == '-' ||
			  c == '.'))) {
		buf_addc(&w->scheme, is_alpha(c) ? (uint8_t)(c | 0x20) : (uint8_t)c);
		i++;
	}
	if (i == 0 || c != ':')
		return no_scheme_state(w);
	i++;
	url_default_port(buf_view(&w->scheme), &w->special);
	w->file = bytes_is(buf_view(&w->scheme), "file");
	if (w->file)
		return file_state(w, i);
	if (w->special) {
		if (w->base && bytes_eq(w->base->scheme, buf_view(&w->scheme)) &&
		    !(at(w, i) == '/' && at(w, i + 1) == '/'))
			return relative_state(w, i);
		return skip_slashes(w, i);
	}
	if (at(w, i) != '/') {
		opaque_state(w, i);
		return 0;
	}
	if (at(w, i + 1) == '/')
		return authority_state(w, i + 2);
	path_state(w, i + 1);
	return 0;
}

/* put - append a part to href and say where it stands, as an offset */
static struct bytes put(struct buf *href, const struct buf *part)
{
	struct bytes where = { NULL, part->len };

	where.p = (const uint8_t *)(uintptr_t)href->len;
	buf_addb(href, buf_view(part));
	return where;
}

/* rebase - turn an offset into a pointer into href */
static void rebase(struct bytes *b, const char *href)
{
	b->p = (const uint8_t *)href + (uintptr_t)b->p;
}

static int serialise(struct work *w, struct url *out)
{
	struct url u = URL_INIT;
	struct buf href = BUF_INIT(URL_MAX);
	size_t len;

	u.scheme = put(&href, &w->scheme);
	buf_addc(&href, ':');
	if (w->has_host) {
		buf_adds(&href, "//");
		u.username = put(&href, &w->user);
		if (w->pass.len)
			buf_addc(&href, ':');
		u.password = put(&href, &w->pass);
		if (w->user.len || w->pass.len)
			buf_addc(&href, '@');
		u.host = put(&href, &w->host);
		if (w->port >= 0)
			buf_addf(&href, ":%d", w->port);
	} else if (!w->opaque && w->path.len > 1 && w->path.p[1] == '/') {
		buf_adds(&href, "/.");
	}
	u.path = put(&href, &w->path);
	if (w->has_query)
		buf_addc(&href, '?');
	u.query = put(&href, &w->query);
	u.bare_len = href.len;
	if (w->has_frag)
		buf_addc(&href, '#');
	u.fragment = put(&href, &w->frag);
	buf_cstr(&href);
	if (href.failed) {
		int r = href.failed == ERR_RANGE ? ERR_LIMIT : href.failed;

		buf_release(&href);
		return r;
	}
	u.href = (char *)buf_steal(&href, &len);
	u.len = len;
	rebase(&u.scheme, u.href);
	rebase(&u.username, u.href);
	rebase(&u.password, u.href);
	rebase(&u.host, u.href);
	rebase(&u.path, u.href);
	rebase(&u.query, u.href);
	rebase(&u.fragment, u.href);
	u.port = w->port;
	u.host_kind = w->kind;
	memcpy(u.ip, w->ip, sizeof(u.ip));
	u.has_host = w->has_host;
	u.has_query = w->has_query;
	u.has_fragment = w->has_frag;
	u.opaque_path = w->opaque;
	*out = u;
	return 0;
}

/* clean - trim C0 controls and spaces, drop tabs and newlines, repair UTF-8 */
static int clean(struct bytes in, struct buf *out)
{
	struct buf kept = BUF_INIT(URL_MAX);
	int r;

	while (in.len && in.p[0] <= 0x20) {
		in.p++;
		in.len--;
	}
	while (in.len && in.p[in.len - 1] <= 0x20)
		in.len--;
	/* Tabs and newlines go after decoding: they never join broken UTF-8. */
	r = utf8_repair(out, in);
	for (size_t i = 0; r == 0 && i < out->len; i++) {
		if (out->p[i] != '\t' && out->p[i] != '\n' && out->p[i] != '\r')
			r = buf_addc(&kept, out->p[i]);
	}
	buf_release(out);
	*out = kept;
	return r;
}

static int limit(int r)
{
	return r == ERR_RANGE ? ERR_LIMIT : r;
}

int url_parse(struct bytes input, const struct url *base, struct url *out,
	      struct err *e)
{
	struct buf in = BUF_INIT(URL_MAX);
	struct url u = URL_INIT;
	struct work w = { .port = -1, .base = base };
	struct buf *all[] = { &w.scheme, &w.user, &w.pass, &w.host, &w.path,
			      &w.query, &w.frag };
	int r;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		all[i]->max = URL_MAX;
	r = input.len > URL_MAX ? ERR_LIMIT : clean(input, &in);
	if (r < 0)
		goto out;
	w.in = in.len ? in.p : (const uint8_t *)"";
	w.n = in.len;
	r = scheme_state(&w);
	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		r = all[i]->failed;
	if (r == 0)
		r = serialise(&w, &u);
out:
	r = limit(r);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		buf_release(all[i]);
	buf_release(&in);
	if (r == 0)
		*out = u;
	else if (r == ERR_LIMIT)
		err_set(e, r, "URL longer than %d bytes", URL_MAX);
	else if (r == ERR_NOMEM)
		err_set(e, r, "out of memory");
	else
		err_set(e, r, "not a URL a browser would open");
	return r;
}
