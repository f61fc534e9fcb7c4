/* SPDX-License-Identifier: EUPL-1.2 */
/* The arrival log: one line of JSON an event. */
#include "tests/server/site.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/json.h"

#include <openssl/evp.h>

static void append(struct site *s, struct buf *line)
{
	buf_addc(line, '\n');
	if (s->log_fd >= 0 && !line->failed)
		file_write_all(s->log_fd, line->p, line->len, NULL);
}

static void log_common(struct jsonw *w, const struct conn *c, const char *event)
{
	jsonw_open(w, NULL, '{');
	jsonw_str(w, "event", event);
	jsonw_int(w, "t_ms", clock_wall_ms());
	jsonw_int(w, "boot_ms", clock_boot_ms());
	jsonw_int(w, "conn", (int64_t)c->n);
	jsonw_int(w, "port", c->l->port);
	jsonw_str(w, "listener", c->l->name);
}

void log_conn(struct conn *c, const char *event, const char *detail)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);

	if (c->s->log_fd < 0 || c->l->kind == PORT_ADMIN)
		return;
	log_common(&w, c, event);
	if (detail)
		jsonw_str(&w, "detail", detail);
	if (c->ssl)
		jsonw_str(&w, "sni", SSL_get_servername(c->ssl,
						TLSEXT_NAMETYPE_host_name));
	jsonw_close(&w, '}');
	append(c->s, &b);
	buf_release(&b);
}

void log_request(struct conn *c)
{
	struct buf b = BUF_INIT(4 << 20);
	struct jsonw w = JSONW_INIT(&b);

	log_common(&w, c, "request");
	jsonw_int(&w, "n", (int64_t)c->req_n);
	jsonw_str(&w, "scheme", c->ssl ? "https" : "http");
	jsonw_str(&w, "host", c->host);
	jsonw_str(&w, "method", c->method);
	jsonw_str(&w, "target", c->target);
	jsonw_hex(&w, "request_hex", c->req.p, c->req.len);
	jsonw_close(&w, '}');
	append(c->s, &b);
	buf_release(&b);
}

void log_response(struct conn *c)
{
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);
	uint8_t md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	log_common(&w, c, "response");
	jsonw_int(&w, "n", (int64_t)c->req_n);
	jsonw_str(&w, "host", c->host);
	jsonw_str(&w, "target", c->target);
	jsonw_int(&w, "status", c->status);
	jsonw_int(&w, "bytes", (int64_t)c->sent);
	if (c->md && EVP_DigestFinal_ex(c->md, md, &n))
		jsonw_hex(&w, "response_sha256", md, n);
	jsonw_bool(&w, "whole", !c->broken);
	jsonw_close(&w, '}');
	append(c->s, &b);
	buf_release(&b);
}
