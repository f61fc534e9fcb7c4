/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What can be asked of a parsed URL.
 */
#include "parsers/url.h"

#include "parsers/url_host.h"

#include <stdlib.h>

static const struct {
	const char *name;
	int port;
} special_schemes[] = {
	{ "http", 80 }, { "https", 443 }, { "ws", 80 }, { "wss", 443 },
	{ "ftp", 21 }, { "file", -1 },
};

int url_default_port(struct bytes scheme, int *special_out)
{
	for (size_t i = 0; i < sizeof(special_schemes) /
			      sizeof(special_schemes[0]); i++) {
		if (bytes_is(scheme, special_schemes[i].name)) {
			*special_out = 1;
			return special_schemes[i].port;
		}
	}
	*special_out = 0;
	return -1;
}

void url_release(struct url *u)
{
	if (!u)
		return;
	free(u->href);
	*u = (struct url)URL_INIT;
}

int url_copy(const struct url *u, struct url *out)
{
	struct url c = *u;
	struct bytes *part[] = { &c.scheme, &c.username, &c.password, &c.host,
				 &c.path, &c.query, &c.fragment };

	if (u->href) {
		c.href = malloc(u->len + 1);
		if (!c.href)
			return ERR_NOMEM;
		memcpy(c.href, u->href, u->len + 1);
		for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
			if (part[i]->p)
				part[i]->p = (const uint8_t *)c.href +
					(part[i]->p - (const uint8_t *)u->href);
		}
	}
	*out = c;
	return 0;
}

int url_is_tls(const struct url *u)
{
	return bytes_is(u->scheme, "https");
}

int url_is_http(const struct url *u)
{
	return bytes_is(u->scheme, "http") || url_is_tls(u);
}

int url_port(const struct url *u)
{
	int special;

	return u->port >= 0 ? u->port : url_default_port(u->scheme, &special);
}

struct bytes url_target(const struct url *u)
{
	size_t from;

	if (!u->href)
		return BYTES(NULL, 0);
	from = (size_t)(u->path.p - (const uint8_t *)u->href);
	return BYTES(u->path.p, u->bare_len - from);
}

struct bytes url_bare(const struct url *u)
{
	return BYTES(u->href, u->bare_len);
}

int url_eq(const struct url *a, const struct url *b)
{
	return bytes_eq(url_bare(a), url_bare(b));
}

int url_origin(const struct url *u, struct buf *out)
{
	int special;

	url_default_port(u->scheme, &special);
	if (!special || bytes_is(u->scheme, "file"))
		return buf_adds(out, "null");
	buf_addb(out, u->scheme);
	buf_adds(out, "://");
	buf_addb(out, u->host);
	if (u->port >= 0)
		buf_addf(out, ":%d", u->port);
	return out->failed;
}

int url_same_origin(const struct url *a, const struct url *b)
{
	int special;

	url_default_port(a->scheme, &special);
	return special && !bytes_is(a->scheme, "file") &&
	       bytes_eq(a->scheme, b->scheme) && bytes_eq(a->host, b->host) &&
	       a->port == b->port;
}
