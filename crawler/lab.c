/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/lab.h"

#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define WORDS_MAX 4
#define STEPS_MAX 64

struct lab_mapping {
	char *host;
	unsigned port;
	struct address to;
	unsigned to_port;
};

struct lab_step {		/* one answer */
	unsigned n;
	struct address addr[LAB_ADDRESSES_MAX];
};

struct lab_dns {
	char *host;
	unsigned version;
	struct lab_step *steps;
	unsigned nsteps, at;
};

struct lab {
	char *ca;
	struct lab_mapping *maps;
	size_t nmaps;
	struct lab_dns *dns;
	size_t ndns;
};

/* host_name - an owned lower-case copy without a trailing dot, or NULL */
static char *host_name(const char *p, size_t n)
{
	char *s;

	if (n > 1 && p[n - 1] == '.')
		n--;
	s = strndup(p, n);
	for (char *c = s; c && *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	return s;
}

static int port_number(const char *s, unsigned *out)
{
	unsigned v = 0;

	if (!*s || strlen(s) > 5)
		return ERR_FORMAT;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return ERR_FORMAT;
		v = v * 10 + (unsigned)(*s - '0');
	}
	if (v == 0 || v > 65535)
		return ERR_FORMAT;
	*out = v;
	return 0;
}

/* host_port - split "host:port", "[v6]:port", "host"; text is altered */
static int host_port(char *text, unsigned otherwise, unsigned *port)
{
	char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');

	*port = otherwise;
	if (!colon || (bracket && colon < bracket))
		return otherwise ? 0 : ERR_FORMAT;
	if (!bracket && strchr(text, ':') != colon)
		return ERR_FORMAT;	/* an IPv6 address without brackets */
	*colon = 0;
	return *text ? port_number(colon + 1, port) : ERR_FORMAT;
}

static int add_map(struct lab *lab, char **w, unsigned line, struct err *e)
{
	struct lab_mapping *maps, *m;

	if (lab->nmaps >= LAB_ENTRIES_MAX)
		return err_set(e, ERR_LIMIT, "line %u: too many map lines",
			       line);
	maps = realloc(lab->maps, (lab->nmaps + 1) * sizeof(*maps));
	if (!maps)
		return err_set(e, ERR_NOMEM, "out of memory");
	lab->maps = maps;
	m = &maps[lab->nmaps];
	memset(m, 0, sizeof(*m));
	if (host_port(w[1], 443, &m->port))
		return err_set(e, ERR_FORMAT, "line %u: bad host '%s'", line,
			       w[1]);
	if (host_port(w[2], 0, &m->to_port) || address_parse(w[2], &m->to))
		return err_set(e, ERR_FORMAT, "line %u: bad address and port "
			       "'%s'", line, w[2]);
	if (!address_is_loopback(&m->to))
		return err_set(e, ERR_FORMAT, "line %u: a lab maps to loopback "
			       "only, not to '%s'", line, w[2]);
	m->host = host_name(w[1], strlen(w[1]));
	if (!m->host)
		return err_set(e, ERR_NOMEM, "out of memory");
	lab->nmaps++;
	return 0;
}

static int add_step(struct lab_dns *d, char *text, unsigned line,
		    struct err *e)
{
	struct lab_step *steps, *s;
	char *a;

	if (d->nsteps >= STEPS_MAX)
		return err_set(e, ERR_LIMIT, "line %u: too many answers", line);
	steps = realloc(d->steps, (d->nsteps + 1) * sizeof(*steps));
	if (!steps)
		return err_set(e, ERR_NOMEM, "out of memory");
	d->steps = steps;
	s = &steps[d->nsteps++];
	memset(s, 0, sizeof(*s));
	while ((a = strsep(&text, ","))) {
		if (s->n >= LAB_ADDRESSES_MAX)
			return err_set(e, ERR_LIMIT, "line %u: too many "
				       "addresses", line);
		if (address_parse(a, &s->addr[s->n]) ||
		    s->addr[s->n].version != d->version)
			return err_set(e, ERR_FORMAT, "line %u: bad address "
				       "'%s'", line, a);
		s->n++;
	}
	return 0;
}

static int add_dns(struct lab *lab, char **w, unsigned line, struct err *e)
{
	struct lab_dns *list, *d;
	int r;

	if (lab->ndns >= LAB_ENTRIES_MAX)
		return err_set(e, ERR_LIMIT, "line %u: too many dns lines",
			       line);
	list = realloc(lab->dns, (lab->ndns + 1) * sizeof(*list));
	if (!list)
		return err_set(e, ERR_NOMEM, "out of memory");
	lab->dns = list;
	d = &list[lab->ndns++];
	memset(d, 0, sizeof(*d));
	if (!strcmp(w[2], "A"))
		d->version = 4;
	else if (!strcmp(w[2], "AAAA"))
		d->version = 6;
	else
		return err_set(e, ERR_FORMAT, "line %u: type is A or AAAA, not "
			       "'%s'", line, w[2]);
	d->host = host_name(w[1], strlen(w[1]));
	if (!d->host)
		return err_set(e, ERR_NOMEM, "out of memory");
	for (char *p = w[3]; p;) {
		char *next = strchr(p, ';');

		if (next)
			*next++ = 0;
		r = add_step(d, p, line, e);
		if (r)
			return r;
		p = next;
	}
	return 0;
}

static int add_ca(struct lab *lab, const char *path, const char *dir,
		  unsigned line, struct err *e)
{
	char full[FILE_PATH_MAX];

	if (lab->ca)
		return err_set(e, ERR_FORMAT, "line %u: a second ca line",
			       line);
	if (path[0] == '/' || !dir) {
		lab->ca = strdup(path);
	} else {
		if (file_path(full, dir, path, (char *)NULL))
			return err_set(e, ERR_RANGE, "line %u: path too long",
				       line);
		lab->ca = strdup(full);
	}
	return lab->ca ? 0 : err_set(e, ERR_NOMEM, "out of memory");
}

static int parse_line(struct lab *lab, char *text, const char *dir,
		      unsigned line, struct err *e)
{
	char *w[WORDS_MAX + 1] = { NULL }, *t;
	char *comment = strchr(text, '#');
	unsigned n = 0;

	if (comment)
		*comment = 0;
	while (n <= WORDS_MAX && (t = strsep(&text, " \t\r"))) {
		if (*t)
			w[n++] = t;
	}
	if (n == 0)
		return 0;
	if (!strcmp(w[0], "ca") && n == 2)
		return add_ca(lab, w[1], dir, line, e);
	if (!strcmp(w[0], "map") && n == 3)
		return add_map(lab, w, line, e);
	if (!strcmp(w[0], "dns") && n == 4)
		return add_dns(lab, w, line, e);
	return err_set(e, ERR_FORMAT, "line %u: neither 'ca PATH', 'map HOST "
		       "ADDRESS:PORT' nor 'dns HOST TYPE ADDRESSES'", line);
}

int lab_parse(struct bytes text, const char *dir, struct lab **out,
	      struct err *e)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	char *copy = NULL;
	unsigned line = 0;
	int r = 0;

	if (lab && text.len <= LAB_FILE_MAX)
		copy = malloc(text.len + 1);
	if (text.len > LAB_FILE_MAX) {
		r = err_set(e, ERR_LIMIT, "lab file is too long");
		goto out;
	}
	if (!lab || !copy) {
		r = err_set(e, ERR_NOMEM, "out of memory");
		goto out;
	}
	if (text.len)
		memcpy(copy, text.p, text.len);
	copy[text.len] = 0;
	if (strlen(copy) != text.len) {
		r = err_set(e, ERR_FORMAT, "lab file holds a NUL");
		goto out;
	}
	for (char *p = copy; p;) {
		char *next = strchr(p, '\n');

		if (next)
			*next++ = 0;
		r = parse_line(lab, p, dir, ++line, e);
		if (r)
			goto out;
		p = next;
	}
	*out = lab;
	lab = NULL;
out:
	free(copy);
	lab_free(lab);
	return r;
}

int lab_load(const char *path, struct lab **out, struct err *e)
{
	struct buf text = BUF_INIT(LAB_FILE_MAX);
	char dir[FILE_PATH_MAX] = "";
	const char *slash = strrchr(path, '/');
	int r;

	if (slash && (size_t)(slash - path) < sizeof(dir))
		memcpy(dir, path, (size_t)(slash - path));
	r = file_read(path, &text, e);
	if (!r) {
		r = lab_parse(buf_view(&text), dir[0] ? dir : NULL, out, e);
		if (r)
			err_prefix(e, "lab file '%s'", path);
	}
	buf_release(&text);
	return r;
}

void lab_free(struct lab *lab)
{
	if (!lab)
		return;
	for (size_t i = 0; i < lab->nmaps; i++)
		free(lab->maps[i].host);
	for (size_t i = 0; i < lab->ndns; i++) {
		free(lab->dns[i].host);
		free(lab->dns[i].steps);
	}
	free(lab->maps);
	free(lab->dns);
	free(lab->ca);
	free(lab);
}

const char *lab_ca(const struct lab *lab)
{
	return lab->ca;
}

static int same_host(const char *ours, const char *asked)
{
	size_t n = strlen(asked);

	if (n > 1 && asked[n - 1] == '.')
		n--;
	return strlen(ours) == n && !strncasecmp(ours, asked, n);
}

int lab_map(const struct lab *lab, const char *host, unsigned port,
	    struct address *addr_out, unsigned *port_out)
{
	for (size_t i = 0; i < lab->nmaps; i++) {
		const struct lab_mapping *m = &lab->maps[i];

		if (m->port == port && same_host(m->host, host)) {
			*addr_out = m->to;
			*port_out = m->to_port;
			return 0;
		}
	}
	return ERR_NOENT;
}

int lab_stand_in(const struct lab *lab, const char *host)
{
	int mapped = 0;

	for (size_t i = 0; i < lab->ndns; i++) {
		if (same_host(lab->dns[i].host, host))
			return 0;
	}
	for (size_t i = 0; i < lab->nmaps; i++)
		mapped |= same_host(lab->maps[i].host, host);
	return mapped;
}

int lab_resolve(struct lab *lab, const char *host, unsigned version,
		struct address *out)
{
	int named = 0;

	for (size_t i = 0; i < lab->ndns; i++) {
		struct lab_dns *d = &lab->dns[i];
		const struct lab_step *s;

		if (!same_host(d->host, host))
			continue;
		named = 1;
		if (d->version != version)
			continue;
		s = &d->steps[d->at];
		if (d->at + 1 < d->nsteps)
			d->at++;
		memcpy(out, s->addr, s->n * sizeof(*out));
		return (int)s->n;
	}
	if (named)
		return 0;
	if (!lab_stand_in(lab, host))
		return ERR_NOENT;
	if (version != 4)
		return 0;
	out[0] = (struct address){ 4, { 192, 0, 2, 1 } };
	return 1;
}
