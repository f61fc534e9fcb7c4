/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_html.h"

#include "store/sha256.h"
#include "util/enc.h"

#include <stdio.h>

static const char style[] =
"body{font:14px/1.4 \"DejaVu Sans\",Arial,sans-serif;color:#16202b;"
"margin:2em auto;max-width:80em;padding:0 1em}"
"h1{font-size:1.5em;margin:0}h2{font-size:1.15em;margin:1.6em 0 .4em;"
"border-bottom:1px solid #16202b}"
"table{border-collapse:collapse;width:100%;font-size:.86em}"
"th,td{border:1px solid #b8c2cc;padding:.25em .45em;text-align:left;"
"vertical-align:top;overflow-wrap:anywhere}"
"th{background:#e8edf2}td.n{text-align:right;white-space:nowrap}"
"td.t{white-space:nowrap}tr.refused td{background:#fdeaea}"
"tr.exported td{background:#fff3e0}tr.shown td{color:#4a5866}"
".lab{color:#b00020;font-weight:bold;border:2px solid #b00020;padding:.4em}"
".note{color:#4a5866;font-size:.9em}"
"ol.found li{margin:.35em 0;break-inside:avoid}"
"svg{width:100%;height:auto}svg text{font:11px \"DejaVu Sans\",Arial,"
"sans-serif;fill:#16202b}"
".off{fill:#e6e6e6}.a1{fill:#a9c7ec}.a2{fill:#6ea3de}.a3{fill:#2f74c0}"
".a4{fill:#12417a}.x{fill:#e07b00}.d{fill:#c4001d}.axis{stroke:#16202b}"
".lane{stroke:#d5dbe1}"
"@page{size:A4 landscape;margin:12mm}"
"@media print{body{margin:0;max-width:none;font-size:11px}thead{display:"
"table-header-group}tr{break-inside:avoid}h2{break-after:avoid}}";

void html_text(struct buf *out, const char *text)
{
	struct buf b;

	for (const char *p = audit_plain(text, &b); *p; p++) {
		switch (*p) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			/* U+FFFE and U+FFFF are no characters of XML. */
			if (!strncmp(p, "\xef\xbf\xbe", 3) ||
			    !strncmp(p, "\xef\xbf\xbf", 3)) {
				buf_adds(out, "\xef\xbf\xbd");
				p += 2;
			} else {
				buf_addc(out, (uint8_t)*p);
			}
		}
	}
	buf_wipe(&b);
}

static const char *w(const struct audit_page *p, enum audit_word word)
{
	return audit_word(p->lang, word);
}

static void cell(struct buf *out, const char *class, const char *text)
{
	if (class)
		buf_addf(out, "<td class=\"%s\">", class);
	else
		buf_adds(out, "<td>");
	html_text(out, text);
	buf_adds(out, "</td>");
}

static void count(struct buf *out, uint64_t v)
{
	buf_addf(out, "<td class=\"n\">%llu</td>", (unsigned long long)v);
}

static void table(const struct audit_page *p, const enum audit_word *heads,
		  size_t n, struct buf *out)
{
	buf_adds(out, "<table>\n<thead><tr>");
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, "<th scope=\"col\">");
		html_text(out, w(p, heads[i]));
		buf_adds(out, "</th>");
	}
	buf_adds(out, "</tr></thead>\n<tbody>\n");
}

static void title(const struct audit_page *p, enum audit_word word,
		  struct buf *out)
{
	buf_adds(out, "<h2>");
	html_text(out, w(p, word));
	buf_adds(out, "</h2>\n");
}

static void start(const struct audit_page *p, struct buf *out)
{
	struct buf hash = BUF_INIT(256);
	uint8_t sum[SHA256_LEN];

	sha256_once(BYTES(style, sizeof style - 1), sum);
	b64_put(&hash, BYTES(sum, sizeof sum));
	buf_addf(out, "<!DOCTYPE html>\n<html lang=\"%s\" "
		 "xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
		 "<meta charset=\"utf-8\"/>\n"
		 "<meta http-equiv=\"Content-Security-Policy\" "
		 "content=\"default-src 'none'; style-src 'sha256-%s'; "
		 "base-uri 'none'; form-action 'none'\"/>\n"
		 "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
		 "<meta name=\"viewport\" content=\"width=device-width\"/>\n"
		 "<title>", p->lang == AUDIT_FR ? "fr" : "en", buf_cstr(&hash));
	html_text(out, w(p, W_TITLE));
	buf_adds(out, " – ");
	html_text(out, p->admin->unit ? p->admin->unit : "");
	buf_addf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
	buf_release(&hash);
}

static void line(const struct audit_page *p, enum audit_word word,
		 const char *text, struct buf *out)
{
	buf_adds(out, "<p><strong>");
	html_text(out, w(p, word));
	buf_adds(out, p->lang == AUDIT_FR ? "\xc2\xa0:</strong> "
					  : ":</strong> ");
	html_text(out, text);
	buf_adds(out, "</p>\n");
}

static void header(const struct audit_page *p, struct buf *out)
{
	char from[40], to[40];
	struct buf period = BUF_INIT(1024);

	buf_adds(out, "<h1>");
	html_text(out, w(p, W_TITLE));
	buf_adds(out, "</h1>\n");
	if (p->admin->lab) {
		buf_adds(out, "<p class=\"lab\">");
		html_text(out, w(p, W_LAB));
		buf_adds(out, "</p>\n");
	}
	line(p, W_UNIT, p->admin->unit ? p->admin->unit : "", out);
	if (p->from_ms)
		buf_addf(&period, "%s %s ", w(p, W_FROM),
			 audit_when(p->from_ms, from));
	if (p->to_ms)
		buf_addf(&period, "%s %s", w(p, W_TO),
			 audit_when(p->to_ms, to));
	line(p, W_PERIOD, period.len ? buf_cstr(&period) : w(p, W_ALL), out);
	buf_release(&period);
	if (*p->filter)
		line(p, W_FILTER, p->filter, out);
	if (*p->skipped)
		line(p, W_SKIPPED, p->skipped, out);
	buf_adds(out, "<p class=\"note\">");
	html_text(out, w(p, W_PARIS));
	buf_adds(out, "</p>\n");
}

static void findings(const struct audit_page *p, struct buf *out)
{
	const struct finder *f = p->f;

	title(p, W_FINDINGS, out);
	if (!f->nfound) {
		buf_adds(out, "<p>");
		html_text(out, w(p, W_NO_FINDING));
		buf_adds(out, "</p>\n");
		return;
	}
	buf_adds(out, "<p class=\"note\">");
	html_text(out, w(p, W_QUESTION));
	buf_adds(out, "</p>\n<ol class=\"found\">\n");
	for (size_t i = 0; i < f->nfound; i++) {
		const struct finding *x = &f->found[i];
		struct buf text = BUF_INIT(65536);

		buf_addf(out, "<li data-rule=\"%s\"><strong>",
			 find_pattern_name(x->pattern));
		html_text(out, audit_pattern_title(p->lang, x->pattern));
		buf_adds(out, "</strong> – ");
		audit_explain(p->lang, x, audit_reference(p->admin,
							  x->case_id), &text);
		html_text(out, buf_cstr(&text));
		buf_adds(out, "</li>\n");
		buf_release(&text);
	}
	buf_adds(out, "</ol>\n");
	if (f->dropped)
		buf_addf(out, "<p>%llu %s</p>\n",
			 (unsigned long long)f->dropped, w(p, W_DROPPED));
}

static void people(const struct audit_page *p, struct buf *out)
{
	static const enum audit_word heads[] = {
		W_PERSON, W_ACCESSES, W_ITEMS, W_EXPORTS, W_REFUSALS,
	};

	title(p, W_PEOPLE, out);
	table(p, heads, sizeof heads / sizeof *heads, out);
	for (size_t i = 0; i < p->f->npeople; i++) {
		const struct audit_person *a = &p->f->people[i];

		if (!a->accesses && !a->refusals && !a->items)
			continue;
		buf_adds(out, "<tr>");
		cell(out, NULL, a->name);
		count(out, a->accesses);
		count(out, a->items);
		count(out, a->exports);
		count(out, a->refusals);
		buf_adds(out, "</tr>\n");
	}
	buf_adds(out, "</tbody>\n</table>\n");
}

static void cases(const struct audit_page *p, struct buf *out)
{
	static const enum audit_word heads[] = {
		W_REFERENCE, W_CASE, W_ACCESSES, W_ITEMS, W_CAPTURES, W_EXPORTS,
		W_REFUSALS,
	};

	title(p, W_CASES, out);
	table(p, heads, sizeof heads / sizeof *heads, out);
	for (size_t i = 0; i < p->f->ncases; i++) {
		const struct audit_dossier *d = &p->f->cases[i];

		if (!d->accesses && !d->refusals && !d->captures &&
		    !d->exports)
			continue;
		buf_adds(out, "<tr>");
		cell(out, NULL, audit_reference(p->admin, d->id));
		cell(out, "t", d->id);
		count(out, d->accesses);
		count(out, d->items);
		count(out, d->captures);
		count(out, d->exports);
		count(out, d->refusals);
		buf_adds(out, "</tr>\n");
	}
	buf_adds(out, "</tbody>\n</table>\n");
}

static void policy(const struct audit_page *p, struct buf *out)
{
	const char *name;
	char text[64];

	title(p, W_POLICY, out);
	buf_adds(out, "<p class=\"note\">");
	for (unsigned i = 0; (name = audit_policy_text(&p->f->policy, i, text));
	     i++) {
		buf_adds(out, i ? "; " : "");
		buf_addf(out, "%s %s", name, text);
	}
	buf_adds(out, "</p>\n");
}

void audit_html_head(const struct audit_page *p, struct buf *out)
{
	static const enum audit_word rows[] = {
		W_LEAF, W_WHEN, W_PERSON, W_WHAT, W_COMMAND, W_CASE, W_ITEMS,
		W_ASKED, W_WHY, W_OUTCOME, W_WHERE,
	};
	uint64_t accesses = 0, refusals = 0, items = 0;

	start(p, out);
	header(p, out);
	for (size_t i = 0; i < p->f->npeople; i++) {
		accesses += p->f->people[i].accesses;
		refusals += p->f->people[i].refusals;
		items += p->f->people[i].items;
	}
	title(p, W_SUMMARY, out);
	buf_addf(out, "<p>%llu %s; %llu %s; %llu %s; %llu %s; %zu – %s</p>\n",
		 (unsigned long long)p->f->events, w(p, W_EVENTS),
		 (unsigned long long)accesses, w(p, W_ACCESSES),
		 (unsigned long long)items, w(p, W_ITEMS),
		 (unsigned long long)refusals, w(p, W_REFUSALS), p->f->nfound,
		 w(p, W_FINDINGS));
	findings(p, out);
	title(p, W_TIMELINE, out);
	audit_svg(p, out);
	people(p, out);
	cases(p, out);
	policy(p, out);
	title(p, W_CHRONOLOGY, out);
	table(p, rows, sizeof rows / sizeof *rows, out);
}

void audit_html_row(const struct audit_page *p, const struct audit_event *ev,
		    struct buf *out)
{
	const char *ref = audit_reference(p->admin, ev->case_id);
	struct buf items = BUF_INIT(65536);
	char when[40];

	buf_addf(out, "<tr class=\"%s\"><td class=\"n\">%llu",
		 audit_what_name(ev->what), (unsigned long long)ev->seq);
	if (ev->end_seq != ev->seq)
		buf_addf(out, "–%llu", (unsigned long long)ev->end_seq);
	buf_adds(out, "</td>");
	cell(out, "t", audit_when(ev->time_ms, when));
	cell(out, NULL, ev->user);
	cell(out, NULL, audit_what_title(p->lang, ev->what));
	cell(out, NULL, *ev->command ? ev->command : ev->kind);
	cell(out, NULL, *ref ? ref : ev->case_id);
	if (!ev->reach)
		audit_items(ev, 60, &items);
	cell(out, NULL, items.len ? buf_cstr(&items) : "");
	cell(out, NULL, ev->query);
	cell(out, NULL, ev->why);
	cell(out, NULL, *ev->text ? ev->text : *ev->recipient ? ev->recipient
							      : ev->subject);
	cell(out, NULL, *ev->ssh ? ev->ssh : ev->tty);
	buf_adds(out, "</tr>\n");
	buf_release(&items);
}

void audit_html_tail(const struct audit_page *p, uint64_t more,
		     struct buf *out)
{
	buf_adds(out, "</tbody>\n</table>\n");
	if (more)
		buf_addf(out, "<p>%llu %s</p>\n", (unsigned long long)more,
			 w(p, W_MORE));
	buf_adds(out, "</body>\n</html>\n");
}
