/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/gate.h"

#include "parsers/url.h"

#include <arpa/inet.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdio.h>

static const psl_ctx_t *list;
static char version[160];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/*
 * The newest list on the machine, else the one in the library: it ages, so
 * which one decided goes into the record.
 */
static void load(void)
{
	psl_ctx_t *latest = psl_latest(NULL);
	const char *sum;

	list = latest ? latest : psl_builtin();
	sum = psl_builtin_sha1sum();
	snprintf(version, sizeof(version), "libpsl %s, list %s",
		 psl_get_version(),
		 latest ? psl_dist_filename() : sum ? sum : "none");
}

const char *gate_list_version(void)
{
	pthread_once(&once, load);
	return version;
}

/*
 * The ICANN section only: under the private one every customer of a hosting
 * service would be a domain of its own, and its servers asked by many at once.
 */
static const char *registrable(const char *host)
{
	const char *best = NULL, *p = host;

	pthread_once(&once, load);
	if (!list)
		return host;
	while (p) {
		if (psl_is_public_suffix2(list, p, PSL_TYPE_ICANN))
			break;
		best = p;
		p = strchr(p, '.');
		if (p)
			p++;
	}
	return best ? best : host;
}

static int add(struct gate_keys *k, const char *kind, const char *name,
	       size_t len, struct err *e)
{
	int n;

	if (k->n == GATE_KEYS_MAX)
		return err_set(e, ERR_RANGE, "too many politeness keys");
	n = snprintf(k->key[k->n], GATE_KEY_LEN, "%s:%.*s", kind, (int)len,
		     name);
	if (n < 0 || n >= GATE_KEY_LEN)
		return err_set(e, ERR_RANGE, "politeness key is too long");
	k->n++;
	return 0;
}

int gate_keys_make(const struct url *u, const char *family,
		   struct gate_keys *out, struct err *e)
{
	struct gate_keys k = { 0, { "" } };
	char host[256];
	const char *domain;
	size_t len = u->host.len;
	int r;

	if (len == 0 || len >= sizeof(host))
		return err_set(e, ERR_RANGE, "no host to be polite to");
	memcpy(host, u->host.p, len);
	host[len] = '\0';
	/* "t.me." is the same machine as "t.me". */
	while (len > 1 && host[len - 1] == '.')
		host[--len] = '\0';
	r = add(&k, "host", host, len, e);
	if (r < 0)
		return r;
	if (u->host_kind == URL_HOST_DOMAIN) {
		domain = registrable(host);
		r = add(&k, "domain", domain, strlen(domain), e);
		if (r < 0)
			return r;
	}
	if (family && *family) {
		r = add(&k, "family", family, strlen(family), e);
		if (r < 0)
			return r;
	}
	*out = k;
	return 0;
}

static const char *with_prefix(const struct gate_keys *k, const char *prefix)
{
	for (unsigned i = 0; i < k->n; i++)
		if (!strncmp(k->key[i], prefix, strlen(prefix)))
			return k->key[i];
	return NULL;
}

const char *gate_keys_group(const struct gate_keys *k)
{
	const char *s = with_prefix(k, "family:");

	if (!s)
		s = with_prefix(k, "domain:");
	if (!s)
		s = with_prefix(k, "host:");
	return s ? s : "";
}

/* Address text without brackets and port. */
static int bare_addr(const char *peer, char out[static INET6_ADDRSTRLEN])
{
	const char *end;
	size_t len;

	if (*peer == '[') {
		peer++;
		end = strchr(peer, ']');
		if (!end)
			return ERR_FORMAT;
	} else {
		end = strchr(peer, ':');
		/* Two colons: a bare IPv6 address, no port. */
		if (!end || strchr(end + 1, ':'))
			end = peer + strlen(peer);
	}
	len = (size_t)(end - peer);
	if (len == 0 || len >= INET6_ADDRSTRLEN)
		return ERR_FORMAT;
	memcpy(out, peer, len);
	out[len] = '\0';
	return 0;
}

int gate_addr_key(const char *peer, char out[static GATE_KEY_LEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	uint8_t a[16], v4[4];

	if (!peer || bare_addr(peer, text) < 0)
		return ERR_FORMAT;
	if (inet_pton(AF_INET, text, v4) == 1) {
		snprintf(out, GATE_KEY_LEN, "addr:%u.%u.%u.0/24", v4[0], v4[1],
			 v4[2]);
		return 0;
	}
	if (inet_pton(AF_INET6, text, a) != 1)
		return ERR_FORMAT;
	if (!memcmp(a, mapped, sizeof(mapped))) {
		snprintf(out, GATE_KEY_LEN, "addr:%u.%u.%u.0/24", a[12], a[13],
			 a[14]);
		return 0;
	}
	memset(a + 6, 0, 10);
	if (!inet_ntop(AF_INET6, a, text, sizeof(text)))
		return ERR_FORMAT;
	snprintf(out, GATE_KEY_LEN, "addr:%s/48", text);
	return 0;
}
