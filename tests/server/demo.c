/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/demo_world.h"
#include "tests/server/site.h"
#include "util/file.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define HTML "text/html; charset=utf-8"

int demo_init(struct err *e)
{
	return world_build(e);
}

static void page(struct conn *c, struct buf *b)
{
	conn_reply(c, 200, HTML, "Cache-Control: no-store\r\n"
		   "X-Frame-Options: SAMEORIGIN\r\n", buf_view(b));
}

static void redirect(struct conn *c, const char *to)
{
	char h[640];

	snprintf(h, sizeof(h), "Location: %s\r\n", to);
	conn_reply(c, 302, HTML, h, BYTES(NULL, 0));
}

static int hexval(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static void unescape(char *s)
{
	char *o = s;

	for (; *s; s++)
		if (*s == '%' && strchr("0123456789abcdefABCDEF", s[1]) &&
		    s[1] && strchr("0123456789abcdefABCDEF", s[2]) && s[2]) {
			*o++ = (char)(hexval(s[1]) * 16 + hexval(s[2]));
			s += 2;
		} else {
			*o++ = *s == '+' ? ' ' : *s;
		}
	*o = 0;
}

/*
 * A page of history: up to twenty posts, those before, after or around a
 * number, or those that hold a text.
 */
static void history(struct buf *b, const struct world_channel *w, int before,
		    int after, const char *q)
{
	const struct tme_post *show[WORLD_PAGE];
	int n = 0, older = 0, newer = 0;

	if (after) {
		for (int i = 0; i < w->n; i++)
			if (w->post[i]->id <= after)
				older = 1;
			else if (n < WORLD_PAGE)
				show[n++] = w->post[i];
			else
				newer = 1;
	} else {
		for (int i = w->n - 1; i >= 0; i--) {
			const struct tme_post *p = w->post[i];

			if (before && p->id >= before)
				newer = 1;
			else if (q && (!p->text || !strcasestr(p->text, q)))
				continue;
			else if (n < WORLD_PAGE)
				show[n++] = p;
			else
				older = 1;
		}
		for (int i = 0; i < n / 2; i++) {
			const struct tme_post *t = show[i];

			show[i] = show[n - 1 - i];
			show[n - 1 - i] = t;
		}
	}
	tme_head(b, &w->info, n && older ? show[0]->id : 0,
		 n && newer && !q ? show[n - 1]->id : 0);
	for (int i = 0; i < n; i++)
		tme_post_html(b, &w->info, show[i]);
	if (!n)
		tme_none(b);
	tme_foot(b, 712 + n);
}

static void listing(struct conn *c, const char *name)
{
	int pass = atomic_load(&c->s->pass);
	size_t len = strcspn(name, "/?");
	const struct world_channel *w = world_find(world_at(pass), name, len);
	struct buf b = BUF_INIT(8 << 20);
	char v[256], to[320];
	int before = 0, after = 0, q;

	if (len == 14 && !strncmp(name, "redir_demo_lab", len)) {
		redirect(c, "https://www.example.org/hors-perimetre");
		return;
	}
	if (len == 15 && !strncmp(name, "layout_demo_lab", len)) {
		buf_adds(&b, "<!DOCTYPE html>\n<html><head><title>Telegram</title></head>"
			 "<body><div id=\"app\"><article class=\"x9f3\">Nouvelle "
			 "mise en page, sans aucun repère connu</article></div></body></html>\n");
		page(c, &b);
		buf_release(&b);
		return;
	}
	if (!w) {
		snprintf(to, sizeof(to), "https://t.me/%.*s",
			 (int)(len > 64 ? 64 : len), name);
		redirect(c, to);
		return;
	}
	if (conn_query(c, "before", v, sizeof(v)))
		before = (int)strtol(v, NULL, 10);
	if (conn_query(c, "after", v, sizeof(v)))
		after = (int)strtol(v, NULL, 10);
	q = conn_query(c, "q", v, sizeof(v));
	if (q)
		unescape(v);
	if (name[len] == '/')
		before = (int)strtol(name + len + 1, NULL, 10) + 1;
	if (before && name[len] == '?' && conn_throttled(c))
		return;
	history(&b, w, before, after, q ? v : NULL);
	page(c, &b);
	buf_release(&b);
}

/* What /NAME shows to somebody who has no account. */
static void landing(struct conn *c, const char *name)
{
	static const struct {
		const char *name, *title, *extra, *about;
	} others[] = {
		{ "sans_apercu_lab", "Chaîne sans aperçu (démo)",
		  "412 subscribers", "Aperçu désactivé par le propriétaire" },
		{ "groupe_demo_lab", "Groupe de discussion (démo)",
		  "97 members, 4 online", "Groupe fictif" },
		{ "pharma_demo_contact", "Contact (démo)", "@pharma_demo_contact",
		  "Compte fictif" },
		{ "pharma_demo_bot", "Commande (démo)", "37 monthly users",
		  "Robot fictif" },
	};
	int pass = atomic_load(&c->s->pass);
	size_t len = strcspn(name, "/?");
	const struct world_channel *w = world_find(world_at(pass), name, len);
	struct buf b = BUF_INIT(8 << 20);
	char v[64], n[65];
	int id = name[len] == '/' ? (int)strtol(name + len + 1, NULL, 10) : 0;

	snprintf(n, sizeof(n), "%.*s", (int)(len > 64 ? 64 : len), name);
	for (int i = 0; w && id && i < w->n; i++)
		if (w->post[i]->id == id &&
		    conn_query(c, "embed", v, sizeof(v))) {
			tme_widget(&b, &w->info, w->post[i]);
			goto out;
		}
	if (w && id && conn_query(c, "embed", v, sizeof(v))) {
		buf_adds(&b, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Telegram Widget</title></head><body class=\"widget_frame_base\"><div class=\"tgme_widget_message_error\">Post not found</div></body></html>\n");
		goto out;
	}
	if (w) {
		snprintf(v, sizeof(v), "%s subscribers", w->info.subscribers);
		tme_landing(&b, w->info.name, w->info.title, v, w->info.about,
			    w->info.photo);
		goto out;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcasecmp(others[i].name, n)) {
			tme_landing(&b, others[i].name, others[i].title,
				    others[i].extra, others[i].about,
				    world_avatar("groupe_demo_lab"));
			goto out;
		}
	tme_landing(&b, n, NULL, NULL, NULL, NULL);
out:
	page(c, &b);
	buf_release(&b);
}

static void telegram(struct conn *c)
{
	const char *t = c->target;
	struct buf b = BUF_INIT(1 << 20);

	if (!strcmp(t, "/")) {
		redirect(c, "https://telegram.org/");
	} else if (!strncmp(t, "/s/", 3) && t[3]) {
		listing(c, t + 3);
	} else if (!strncmp(t, "/+", 2) || !strncmp(t, "/joinchat/", 10)) {
		tme_landing(&b, "", "Groupe privé (démo)", "23 members",
			    "Sur invitation", world_avatar("groupe_demo_lab"));
		page(c, &b);
	} else {
		landing(c, t + 1);
	}
	buf_release(&b);
}

static void media(struct conn *c)
{
	const struct world_media *m;
	char url[TME_URL_MAX], h[256], v[96], tag[40];
	uint8_t md[32];

	if ((size_t)snprintf(url, sizeof(url), "https://%s%.*s", c->host,
			     (int)strcspn(c->target, "?"), c->target) >=
	    sizeof(url) ||
	    !(m = world_media(url, atomic_load(&c->s->pass)))) {
		conn_error(c, 404, "");
		return;
	}
	SHA256(m->bytes.p, m->bytes.len, md);
	snprintf(tag, sizeof(tag), "\"%02x%02x%02x%02x%02x%02x\"", md[0], md[1],
		 md[2], md[3], md[4], md[5]);
	snprintf(h, sizeof(h), "ETag: %s\r\nLast-Modified: Wed, 01 Apr 2026 "
		 "08:00:00 GMT\r\nCache-Control: max-age=172800\r\n", tag);
	if (conn_header(c, "If-None-Match", v, sizeof(v)) && !strcmp(v, tag))
		conn_reply(c, 304, NULL, h, BYTES(NULL, 0));
	else
		conn_reply(c, 200, m->type, h, buf_view(&m->bytes));
}

static void shop(struct conn *c)
{
	static const char text[] =
		"<!DOCTYPE html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\">\n"
		"<title>Boutique de démonstration</title>\n"
		"<link rel=\"canonical\" href=\"https://boutique-demo.example/\">\n"
		"<meta property=\"og:title\" content=\"Boutique de démonstration\">\n"
		"<meta property=\"og:description\" content=\"Documents fictifs pour essais de laboratoire\">\n"
		"<script type=\"application/ld+json\">{\"@context\":\"https://schema.org\",\"@type\":\"Product\",\"name\":\"Arrêt fictif\",\"offers\":{\"@type\":\"Offer\",\"price\":\"25\",\"priceCurrency\":\"EUR\"}}</script>\n"
		"</head><body><h1>Boutique de démonstration</h1>\n"
		"<p>Arrêt fictif : 25&nbsp;€. Certificat fictif : 15&nbsp;€. Rien n'est réel.</p>\n"
		"<p>Contact : <a href=\"mailto:contact@boutique-demo.example\">contact@boutique-demo.example</a>, "
		"<a href=\"https://t.me/pharma_demo_lab\">@pharma_demo_lab</a>, 06 39 98 41 07</p>\n"
		"<p><a href=\"/tarifs\">Tarifs</a> <a href=\"/avis\">Avis</a> <a href=\"/admin/\">Administration</a></p>\n"
		"</body></html>\n";

	if (!strncmp(c->target, "/admin", 6))
		conn_error(c, 403, "");
	else
		conn_reply(c, 200, HTML, "", BYTES(text, sizeof(text) - 1));
}

static void elsewhere(struct conn *c)
{
	static const char text[] =
		"<!DOCTYPE html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\"><title>Ailleurs</title></head>"
		"<body><p>Une page hors du périmètre de l'affaire.</p></body></html>\n";

	if (!strncmp(c->target, "/css/", 5))
		conn_reply(c, 200, "text/css", "", bytes_str("body{margin:0}\n"));
	else if (!strncmp(c->target, "/js/", 4))
		conn_reply(c, 200, "application/javascript", "",
			   bytes_str("void 0;\n"));
	else if (!strncmp(c->target, "/img/", 5))
		conn_error(c, 404, "");
	else
		conn_reply(c, 200, HTML, "", BYTES(text, sizeof(text) - 1));
}

void demo_serve(struct conn *c)
{
	if (strcmp(c->method, "GET") && strcmp(c->method, "HEAD"))
		conn_error(c, 405, "Allow: GET, HEAD\r\n");
	else if (!strcmp(c->host, "t.me") || !strcmp(c->host, "telegram.me") ||
		 !strcmp(c->host, "telegram.dog"))
		telegram(c);
	else if (strstr(c->host, "telesco.pe") || strstr(c->host, "cdn-telegram"))
		media(c);
	else if (!strcmp(c->host, "boutique-demo.example"))
		shop(c);
	else
		elsewhere(c);
}

static int put(const char *dir, const char *sub, struct bytes b, struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = file_path(path, dir, sub, NULL);

	return r ? r : file_replace(path, b, 0644, e);
}

/* All pages of one state, the older ones by their ?before= address. */
static int write_channel(const char *dir, const struct world_channel *w,
			 int *n, struct buf *urls, struct buf *truth,
			 struct err *e)
{
	struct buf b = BUF_INIT(8 << 20);
	char name[32];
	int end = w->n, r = 0;

	do {
		int start = end > WORLD_PAGE ? end - WORLD_PAGE : 0;

		buf_clear(&b);
		history(&b, w, end < w->n ? w->post[end]->id : 0, 0, NULL);
		snprintf(name, sizeof(name), "p/%05d.html", (*n)++);
		r = put(dir, name, buf_view(&b), e);
		buf_addf(urls, "%s\thttps://t.me/s/%s", name, w->info.name);
		if (end < w->n)
			buf_addf(urls, "?before=%d", w->post[end]->id);
		buf_addc(urls, '\n');
		for (int i = start; i < end; i++)
			tme_post_truth(truth, &w->info, w->post[i], name);
		end = start;
	} while (end > 0 && r == 0);
	buf_release(&b);
	return r;
}

int demo_write(const char *dir, struct err *e)
{
	struct buf urls = BUF_INIT(8 << 20), truth = BUF_INIT(64 << 20);
	const struct world *w = world_at(1);
	const struct world_media *m;
	char name[64];
	int n = 0, r = 0;

	for (int i = 0; i < w->n && r == 0; i++)
		r = write_channel(dir, &w->ch[i], &n, &urls, &truth, e);
	for (int i = 0; r == 0 && (m = world_media_at(i)); i++) {
		snprintf(name, sizeof(name), "media/%05d%s", i,
			 strrchr(m->url, '.'));
		buf_addf(&urls, "%s\t%s\n", name, m->url);
		r = put(dir, name, buf_view(&m->bytes), e);
	}
	if (r == 0)
		r = put(dir, "urls.txt", buf_view(&urls), e);
	if (r == 0)
		r = put(dir, "truth.jsonl", buf_view(&truth), e);
	buf_release(&urls);
	buf_release(&truth);
	return r;
}
