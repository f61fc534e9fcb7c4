/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/resolve.h"

#include "crawler/lab.h"
#include "util/enc.h"
#include "util/json.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define ANSWER_MAX 65535
#define TRY_SECONDS 3
#define TRIES 2
#define SERVERS 2	/* 2 * 2 * 3 s a question */

static const char *rcode_words(unsigned rcode)
{
	switch (rcode) {
	case ns_r_noerror:
		return "NOERROR";
	case ns_r_formerr:
		return "FORMERR";
	case ns_r_servfail:
		return "SERVFAIL";
	case ns_r_nxdomain:
		return "NXDOMAIN";
	case ns_r_notimpl:
		return "NOTIMP";
	case ns_r_refused:
		return "REFUSED";
	default:
		return "another code";
	}
}

/* same_name - DNS names are compared without case and final dot */
static int same_name(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	if (n && a[n - 1] == '.')
		n--;
	if (m && b[m - 1] == '.')
		m--;
	return n == m && !strncasecmp(a, b, n);
}

/* follow - the alias of name in the answer section: 0, 1 none, ERR_* */
static int follow(ns_msg *h, const char *name, char out[static 256],
		  uint32_t *ttl)
{
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(*h, ns_s_an); i++) {
		if (ns_parserr(h, ns_s_an, i, &rr))
			return ERR_FORMAT;
		if (ns_rr_type(rr) != ns_t_cname ||
		    ns_rr_class(rr) != ns_c_in ||
		    !same_name(ns_rr_name(rr), name))
			continue;
		if (ns_name_uncompress(ns_msg_base(*h), ns_msg_end(*h),
				       ns_rr_rdata(rr), out, 256) < 0)
			return ERR_FORMAT;
		*ttl = ns_rr_ttl(rr);
		return 0;
	}
	return 1;
}

static int take_addresses(ns_msg *h, const char *name, unsigned version,
			  struct resolve_found *out)
{
	unsigned type = version == 4 ? ns_t_a : ns_t_aaaa;
	size_t len = version == 4 ? 4 : 16;
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(*h, ns_s_an); i++) {
		struct address *a;

		if (ns_parserr(h, ns_s_an, i, &rr))
			return ERR_FORMAT;
		if (ns_rr_type(rr) != type || ns_rr_class(rr) != ns_c_in ||
		    !same_name(ns_rr_name(rr), name))
			continue;
		if (ns_rr_rdlen(rr) != len)
			return ERR_FORMAT;
		if (out->n >= RESOLVE_ADDRESSES_MAX)
			return ERR_LIMIT;
		a = &out->addr[out->n];
		memset(a, 0, sizeof(*a));
		a->version = (uint8_t)version;
		memcpy(a->ip, ns_rr_rdata(rr), len);
		out->ttl[out->n++] = ns_rr_ttl(rr);
	}
	return 0;
}

int resolve_answer(struct bytes msg, const char *name, unsigned version,
		   struct resolve_found *out)
{
	ns_msg h;
	int r;

	if (msg.len > ANSWER_MAX ||
	    ns_initparse(msg.p, (int)msg.len, &h) < 0)
		return ERR_FORMAT;
	out->rcode = (unsigned)ns_msg_getflag(h, ns_f_rcode);
	for (;;) {
		uint32_t ttl;
		char next[256];

		r = follow(&h, name, next, &ttl);
		if (r < 0)
			return r;
		if (r == 1)
			break;
		if (out->ncname >= RESOLVE_CNAMES_MAX)
			return ERR_LIMIT;
		snprintf(out->cname[out->ncname], 256, "%s", next);
		out->cname_ttl[out->ncname] = ttl;
		name = out->cname[out->ncname++];
	}
	return take_addresses(&h, name, version, out);
}

static void put_found(struct jsonw *w, const struct resolve_found *f)
{
	char text[ADDRESS_TEXT_MAX];

	jsonw_open(w, "cname", '[');
	for (unsigned i = 0; i < f->ncname; i++) {
		jsonw_open(w, NULL, '{');
		jsonw_str(w, "name", f->cname[i]);
		jsonw_int(w, "ttl", f->cname_ttl[i]);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	jsonw_open(w, "addresses", '[');
	for (unsigned i = 0; i < f->n; i++) {
		address_text(&f->addr[i], text);
		jsonw_open(w, NULL, '{');
		jsonw_str(w, "ip", text);
		jsonw_int(w, "ttl", f->ttl[i]);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void put_question(struct jsonw *w, const char *name, unsigned version)
{
	jsonw_open(w, NULL, '{');
	jsonw_str(w, "name", name);
	jsonw_str(w, "type", version == 4 ? "A" : "AAAA");
}

static int keep(struct resolution *out, const struct resolve_found *f)
{
	if (f->n > RESOLVE_ADDRESSES_MAX - out->n)
		return ERR_LIMIT;
	memcpy(out->addr + out->n, f->addr, f->n * sizeof(*f->addr));
	out->n += f->n;
	return 0;
}

/* name_servers - the resolvers that will be asked, in order */
static void name_servers(struct __res_state *st, char *out, size_t size)
{
	size_t at = 0;

	out[0] = 0;
	for (int i = 0; i < st->nscount && i < MAXNS; i++) {
		const struct sockaddr *sa =
			(const struct sockaddr *)&st->nsaddr_list[i];
		char text[ADDRESS_TEXT_MAX];
		struct address a;

		if (st->nsaddr_list[i].sin_family != AF_INET)
			sa = (const struct sockaddr *)
			     st->_u._ext.nsaddrs[i];
		if (!sa || address_from_sockaddr(sa, &a, NULL))
			continue;
		address_text(&a, text);
		if (at + strlen(text) + 2 > size)
			break;
		at += (size_t)snprintf(out + at, size - at, "%s%s",
				       at ? " " : "", text);
	}
}

/* ask - one question to the system's resolvers; 0, or ERR_NET with why in e */
static int ask(struct __res_state *st, const char *host, unsigned version,
	       uint8_t *answer, struct resolution *out, struct jsonw *w,
	       unsigned *rcode, struct err *e)
{
	uint8_t query[NS_PACKETSZ];
	struct resolve_found *f = calloc(1, sizeof(*f));
	struct buf b64 = BUF_INIT(ANSWER_MAX / 3 * 4 + 8);
	struct bytes msg;
	int n, r = 0;

	if (!f)
		return err_set(e, ERR_NOMEM, "out of memory");
	put_question(w, host, version);
	n = res_nmkquery(st, ns_o_query, host, ns_c_in,
			 version == 4 ? ns_t_a : ns_t_aaaa, NULL, 0, NULL,
			 query, sizeof(query));
	if (n < 0) {
		r = err_set(e, ERR_NET, "'%s' is no host name for the DNS",
			    host);
		jsonw_str(w, "error", "no host name for the DNS");
		goto out;
	}
	errno = 0;
	n = res_nsend(st, query, n, answer, ANSWER_MAX);
	if (n < 0) {
		r = err_set(e, ERR_NET, "no resolver answered for '%s' (%s)",
			    host, errno ? strerror(errno) : "refused");
		jsonw_str(w, "error", "no answer");
		goto out;
	}
	msg = BYTES(answer, (size_t)(n > ANSWER_MAX ? ANSWER_MAX : n));
	b64_put(&b64, msg);
	r = n > ANSWER_MAX ? ERR_FORMAT
	    : resolve_answer(msg, host, version, f);
	*rcode = f->rcode;
	jsonw_str(w, "rcode", rcode_words(f->rcode));
	jsonw_bytes(w, "answer_b64", buf_view(&b64));
	put_found(w, f);
	if (!r)
		r = keep(out, f);
	if (r)
		err_set(e, r, r == ERR_LIMIT ? "too many addresses or aliases "
			"for '%s'" : "malformed answer for '%s'", host);
	if (r == ERR_FORMAT)
		r = ERR_NET;
out:
	jsonw_close(w, '}');
	buf_release(&b64);
	free(f);
	return r;
}

static int resolve_dns(const char *host, struct resolution *out,
		       struct jsonw *w, struct err *e)
{
	struct __res_state st;
	uint8_t *answer = malloc(ANSWER_MAX);
	struct err first = ERR_INIT;
	unsigned rcode[2] = { 0, 0 };
	int r4, r6;

	memset(&st, 0, sizeof(st));
	if (!answer)
		return err_set(e, ERR_NOMEM, "out of memory");
	if (res_ninit(&st)) {
		free(answer);
		return err_set(e, ERR_IO, "cannot read the resolver's "
			       "configuration");
	}
	st.retrans = TRY_SECONDS;
	st.retry = TRIES;
	if (st.nscount > SERVERS)
		st.nscount = SERVERS;
	st.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
	st.options |= RES_NOALIASES;
	name_servers(&st, out->resolver, sizeof(out->resolver));
	r4 = ask(&st, host, 4, answer, out, w, &rcode[0], &first);
	r6 = ask(&st, host, 6, answer, out, w, &rcode[1], r4 ? NULL : &first);
	res_nclose(&st);
	free(answer);
	if (r4 == ERR_LIMIT || r6 == ERR_LIMIT || r4 == ERR_NOMEM ||
	    r6 == ERR_NOMEM)
		return err_set(e, r4 && r4 != ERR_NET ? r4 : r6, "%s",
			       first.text);
	if (out->n)
		return 0;
	if (r4 || r6)
		return err_set(e, ERR_NET, "%s", first.text);
	return err_set(e, ERR_NET, "'%s' has no address (%s)", host,
		       rcode_words(rcode[0] ? rcode[0] : rcode[1]));
}

static int resolve_lab(const char *host, struct lab *lab,
		       struct resolution *out, struct jsonw *w, struct err *e)
{
	struct resolve_found f;
	int known = 0;

	snprintf(out->resolver, sizeof(out->resolver), "lab");
	out->lab = 1;
	out->stand_in = lab_stand_in(lab, host);
	for (unsigned version = 4; version <= 6; version += 2) {
		int n;

		memset(&f, 0, sizeof(f));
		n = lab_resolve(lab, host, version, f.addr);
		put_question(w, host, version);
		jsonw_str(w, "rcode", n < 0 ? "NXDOMAIN" : "NOERROR");
		jsonw_null(w, "answer_b64");
		f.n = n < 0 ? 0 : (unsigned)n;
		put_found(w, &f);
		jsonw_close(w, '}');
		known |= n >= 0;
		keep(out, &f);
	}
	if (out->n)
		return 0;
	return err_set(e, ERR_NET, known ? "'%s' has no address in the lab"
		       : "the lab has no host '%s'", host);
}

int resolve_host(const char *host, struct lab *lab, struct resolution *out,
		 struct buf *dns_json, struct err *e)
{
	struct jsonw w = JSONW_INIT(dns_json);
	int r = 0;

	memset(out, 0, sizeof(*out));
	jsonw_open(&w, NULL, '[');
	if (!address_parse(host, &out->addr[0])) {
		out->n = 1;
		out->lab = lab != NULL;
		snprintf(out->resolver, sizeof(out->resolver), "literal");
	} else if (lab) {
		r = resolve_lab(host, lab, out, &w, e);
	} else {
		r = resolve_dns(host, out, &w, e);
	}
	jsonw_close(&w, ']');
	if (!r && dns_json->failed)
		r = err_set(e, dns_json->failed, "DNS answers do not fit");
	return r;
}

int resolve_check(const struct resolution *r, struct err *e)
{
	for (unsigned i = 0; i < r->n; i++) {
		const char *what = address_class(&r->addr[i]);
		char text[ADDRESS_TEXT_MAX];

		if (!what || r->stand_in)
			continue;
		address_text(&r->addr[i], text);
		return err_set(e, ERR_DENIED, "address %s is %s", text, what);
	}
	return 0;
}
