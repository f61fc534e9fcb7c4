/* SPDX-License-Identifier: EUPL-1.2 */
#include "parsers/worker.h"

#include "parsers/html.h"
#include "parsers/profile_eval.h"
#include "parsers/xml.h"

#include <stdlib.h>
#include <strings.h>

struct parse_worker {
	const struct profile_set *set;
	struct arena arena;
	struct reading r;
	struct buf account, next, nexts, posts, links;
	const struct profile *names_of;	/* whose namespaces are registered */
};

void parse_start(void)
{
	profile_xml_start();
	xml_start();
	charset_preload();
}

struct parse_worker *parse_worker_new(const struct profile_set *set)
{
	struct parse_worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->set = set;
	w->arena = (struct arena)ARENA_INIT(PTREE_MEMORY_MAX);
	w->r.tmp = (struct buf)BUF_INIT(PTREE_INPUT_MAX + 1);
	w->account = (struct buf)BUF_INIT((size_t)1 << 20);
	w->next = (struct buf)BUF_INIT((size_t)1 << 17);
	w->nexts = (struct buf)BUF_INIT((size_t)1 << 20);
	w->posts = (struct buf)BUF_INIT(PARSE_OUTPUT_MAX);
	w->links = (struct buf)BUF_INIT(PARSE_OUTPUT_MAX);
	w->r.patterns = pattern_cache_new();
	w->r.xc = xpathfn_context(&w->r);
	if (!w->r.patterns || !w->r.xc) {
		parse_worker_free(w);
		return NULL;
	}
	return w;
}

void parse_worker_free(struct parse_worker *w)
{
	if (!w)
		return;
	if (w->r.xc)
		xmlXPathFreeContext(w->r.xc);
	pattern_cache_free(w->r.patterns);
	buf_release(&w->r.tmp);
	buf_release(&w->account);
	buf_release(&w->next);
	buf_release(&w->nexts);
	buf_release(&w->posts);
	buf_release(&w->links);
	arena_release(&w->arena);
	free(w);
}

enum form { FORM_HTML, FORM_JSON, FORM_XML };

static int begins(struct bytes s, const char *with)
{
	size_t n = strlen(with);

	return s.len >= n && !strncasecmp((const char *)s.p, with, n);
}

/* What stands before the first character that says something: blanks, and
 * comments, which every one of the three may begin with. */
static struct bytes past_blanks(struct bytes text)
{
	for (;;) {
		const uint8_t *end;

		while (text.len && text.p[0] <= ' ') {
			text.p++;
			text.len--;
		}
		if (!begins(text, "<!--"))
			return text;
		end = memmem(text.p, text.len, "-->", 3);
		if (!end)
			return text;
		text.len -= (size_t)(end + 3 - text.p);
		text.p = end + 3;
	}
}

/* By what is said, else by the first characters. */
static enum form form_of(const char *type, struct bytes text)
{
	text = past_blanks(text);
	if (type && strcasestr(type, "html"))
		return FORM_HTML;
	if (type && strcasestr(type, "json") && text.len && *text.p != '<')
		return FORM_JSON;
	if (text.len && (*text.p == '{' || *text.p == '['))
		return FORM_JSON;
	if (begins(text, "<rss") || begins(text, "<feed") ||
	    begins(text, "<rdf:") || begins(text, "<atom:"))
		return FORM_XML;
	if (begins(text, "<?xml") || (type && strcasestr(type, "xml"))) {
		/* XHTML is read as HTML, as it is mostly served. */
		for (size_t i = 0; i + 5 < text.len && i < 1024; i++)
			if (begins(BYTES(text.p + i, text.len - i), "<html") ||
			    begins(BYTES(text.p + i, text.len - i),
				   "<!doctype html"))
				return FORM_HTML;
		return FORM_XML;
	}
	return FORM_HTML;
}

static int read_tree(struct parse_worker *w, const struct parse_request *q,
		     struct ptree *t, struct charset_text *text,
		     struct outcome *o, struct err *e)
{
	struct err why = ERR_INIT;
	char *url;
	int r, recovered = 0;

	if (q->body.len > PTREE_INPUT_MAX) {
		outcome_find(o, FINDING_LIMIT, "body longer than 4 MiB");
		return 1;
	}
	r = charset_decode(&w->arena, q->body, q->content_type, text, e);
	if (r < 0)
		return r;
	url = arena_dup(&w->arena, q->url.p, q->url.len);
	if (!url)
		return ERR_NOMEM;
	switch (form_of(q->content_type, text->utf8)) {
	case FORM_JSON:
		memcpy(t->charset, text->name, sizeof(t->charset));
		r = json_tree(t, NULL, text->utf8, NULL, 0, NULL, &why);
		break;
	case FORM_XML:
		r = xml_tree(t, text, url, &recovered, &why);
		if (r == 0 && recovered)
			outcome_find(o, "malformed", "XML is not well formed");
		break;
	case FORM_HTML:
		r = html_tree(t, text, url, &why);
		break;
	}
	if (r == ERR_FORMAT || r == ERR_LIMIT) {
		outcome_find(o, r == ERR_LIMIT ? FINDING_LIMIT :
			     FINDING_UNREADABLE, why.text);
		return 1;
	}
	if (r < 0)
		return err_set(e, r, "%s", why.text);
	if (t->limits & PTREE_FLATTENED)
		outcome_find(o, FINDING_LIMIT,
			     "deeper than 512: flattened below");
	if (t->limits & PTREE_CUT)
		outcome_find(o, FINDING_LIMIT, "more nodes than are read");
	if (t->limits & PTREE_BAD_CHARSET)
		outcome_find(o, FINDING_CHARSET, t->charset);
	return 0;
}

static void page_line(const struct parse_request *q, const struct profile *p,
		      const struct outcome *o, const char *charset,
		      struct bytes account, struct bytes next,
		      struct bytes nexts, struct buf *out)
{
	struct jsonw w = JSONW_INIT(out);

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "kind", "page");
	jsonw_str(&w, "platform", p ? p->id : NULL);
	if (p) {
		jsonw_open(&w, "profile", '{');
		jsonw_str(&w, "id", p->id);
		jsonw_int(&w, "version", p->version);
		jsonw_str(&w, "checked", p->checked);
		jsonw_str(&w, "sha256", *p->sha256 ? p->sha256 : NULL);
		jsonw_close(&w, '}');
	} else {
		jsonw_null(&w, "profile");
	}
	jsonw_str(&w, "page", o->page ? o->page->kind : NULL);
	jsonw_bytes(&w, "url", q->url);
	jsonw_str(&w, "charset", *charset ? charset : NULL);
	if (account.len)
		jsonw_raw(&w, "account", account);
	else
		jsonw_null(&w, "account");
	if (next.len)
		jsonw_raw(&w, "next", next);
	else
		jsonw_null(&w, "next");
	jsonw_raw(&w, "nexts", nexts.len ? nexts : bytes_str("[]"));
	jsonw_str(&w, "finding", o->findings ? o->finding[0].code : NULL);
	jsonw_open(&w, "findings", '[');
	for (size_t i = 0; i < o->findings; i++) {
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "code", o->finding[i].code);
		jsonw_str(&w, "text", *o->finding[i].text ?
			  o->finding[i].text : NULL);
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_int(&w, "posts", (int64_t)o->posts);
	jsonw_int(&w, "links", (int64_t)o->links);
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}

static int namespaces(struct parse_worker *w, const struct profile *p)
{
	if (w->names_of == p)
		return 0;
	w->names_of = p;
	return xpathfn_names(w->r.xc, p);
}

/* The last object of the page must be gone before its nodes are. */
static void forget(struct parse_worker *w, struct ptree *t)
{
	w->r.xc->doc = NULL;
	w->r.xc->node = NULL;
	w->r.tree = NULL;
	ptree_release(t);
	arena_clear(&w->arena);
	buf_clear(&w->account);
	buf_clear(&w->next);
	buf_clear(&w->nexts);
	buf_clear(&w->posts);
	buf_clear(&w->links);
}

int parse_worker_page(struct parse_worker *w, const struct parse_request *q,
		      struct buf *out, struct err *e)
{
	const struct profile *p = q->profile;
	struct charset_text text = { .name = "" };
	struct ptree t = PTREE_INIT(&w->arena);
	struct url base = URL_INIT;
	struct outcome o = { .page = NULL };
	struct buf trace = BUF_INIT(PARSE_OUTPUT_MAX);
	int r;

	if (!p)
		p = profile_for_url(w->set, q->url);
	if (!p)
		outcome_find(&o, FINDING_NO_PROFILE, NULL);
	r = read_tree(w, q, &t, &text, &o, e);
	if (r < 0)
		goto out;
	if (r == 0 && p) {
		r = url_parse(q->url, NULL, &base, NULL);
		w->r.base = r == 0 ? &base : NULL;
		w->r.profile = p;
		w->r.tree = &t;
		w->r.page_url = q->url;
		w->r.fragments = 0;
		w->r.failed = 0;
		w->r.line = 0;
		w->r.err = (struct err)ERR_INIT;
		w->r.xc->opCount = 0;
		w->r.trace = q->explain ? &trace : NULL;
		r = namespaces(w, p);
		if (r == 0)
			r = eval_page(&w->r, t.owned ? NULL : &text, &o,
				      &w->account, &w->next, &w->nexts,
				      &w->posts, &w->links);
		if (r < 0) {
			err_set(e, r, "cannot take what the page holds: %s",
				err_name(r));
			goto out;
		}
	}
	page_line(q, p, &o, text.name, buf_view(&w->account),
		  buf_view(&w->next), buf_view(&w->nexts), out);
	buf_addb(out, buf_view(&w->posts));
	buf_addb(out, buf_view(&w->links));
	buf_addb(out, buf_view(&trace));
	r = out->failed;
	if (r < 0)
		err_set(e, r, "records longer than %zu bytes", out->max);
out:
	url_release(&base);
	w->r.trace = NULL;
	buf_release(&trace);
	forget(w, &t);
	return r < 0 ? r : 0;
}

int parse_page(const struct profile_set *set, const struct parse_request *q,
	       struct buf *out, struct err *e)
{
	struct parse_worker *w = parse_worker_new(set);
	int r;

	if (!w)
		return err_set(e, ERR_NOMEM, "no memory for a parser");
	r = parse_worker_page(w, q, out, e);
	parse_worker_free(w);
	return r;
}

int parse_failed(const struct profile_set *set, const struct parse_request *q,
		 const char *finding, const char *text, struct buf *out)
{
	const struct bytes none = { NULL, 0 };
	struct outcome o = { .page = NULL };

	outcome_find(&o, finding, text);
	page_line(q, q->profile ? q->profile : profile_for_url(set, q->url),
		  &o, "", none, none, none, out);
	return out->failed;
}
