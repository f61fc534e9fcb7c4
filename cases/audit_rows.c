/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/audit_rows.h"

#include "cases/mask.h"
#include "util/clock.h"
#include "util/utf8.h"

#include <stdio.h>

#define TEXT_MAX ((size_t)1 << 20)

const char *audit_plain(const char *text, struct buf *b)
{
	struct buf raw = BUF_INIT(TEXT_MAX);

	*b = (struct buf)BUF_INIT(TEXT_MAX);
	if (!*text)
		return "";
	if (mask_text(bytes_str(text), &raw) >= 0)
		utf8_plain(b, buf_view(&raw));
	for (size_t i = 0; i < b->len; i++)
		if (b->p[i] == '\n' || b->p[i] == '\t')
			b->p[i] = ' ';
	buf_wipe(&raw);
	return b->len ? buf_cstr(b) : "";
}

void audit_items(const struct audit_event *ev, size_t max, struct buf *out)
{
	size_t start = out->len;

	for (size_t i = 0; i < ev->nranges; i++) {
		const struct audit_range *g = &ev->ranges[i];

		if (max && out->len - start > max) {
			buf_adds(out, ", …");
			return;
		}
		if (g->first == g->last)
			buf_addf(out, "%s%llu", i ? ", " : "",
				 (unsigned long long)g->first);
		else
			buf_addf(out, "%s%llu-%llu", i ? ", " : "",
				 (unsigned long long)g->first,
				 (unsigned long long)g->last);
	}
}

/* --- text -------------------------------------------------------------------- */

static void field(struct buf *out, const char *name, const char *text)
{
	struct buf b;

	if (!*text)
		return;
	buf_addf(out, "  %s: %s", name, audit_plain(text, &b));
	buf_wipe(&b);
}

void audit_row_text(enum audit_lang lang, const struct audit_event *ev,
		    struct buf *out)
{
	char when[CLOCK_RFC3339_MAX];

	buf_addf(out, "%llu", (unsigned long long)ev->seq);
	if (ev->end_seq != ev->seq)
		buf_addf(out, "-%llu", (unsigned long long)ev->end_seq);
	buf_addf(out, "  %s  %s  %s  %s", clock_rfc3339_s(ev->time_ms, when),
		 *ev->user ? ev->user : "-", audit_what_title(lang, ev->what),
		 *ev->command ? ev->command : ev->kind);
	field(out, audit_word(lang, W_CASE), ev->case_id);
	field(out, audit_word(lang, W_ASKED), ev->query);
	field(out, audit_word(lang, W_SUBJECT), ev->subject);
	field(out, audit_word(lang, W_RECIPIENT), ev->recipient);
	field(out, audit_word(lang, W_OUTCOME), ev->text);
	if (ev->nranges && !ev->reach) {
		buf_addf(out, "  %s: %llu (", audit_word(lang, W_ITEMS),
			 (unsigned long long)ev->items);
		audit_items(ev, 80, out);
		buf_addc(out, ')');
	}
	if (ev->of)
		buf_addf(out, "  %s %llu", lang == AUDIT_FR ? "de" : "of",
			 (unsigned long long)ev->of - 1);
	field(out, audit_word(lang, W_WHY), ev->why);
	if (*ev->ssh || *ev->tty)
		field(out, audit_word(lang, W_WHERE),
		      *ev->ssh ? ev->ssh : ev->tty);
	if (ev->unmasked)
		buf_addf(out, "  [%s]",
			 audit_pattern_title(lang, FIND_UNMASKED));
	if (ev->forged)
		buf_addf(out, "  [%s]", audit_pattern_title(lang, FIND_FORGED));
	buf_addc(out, '\n');
}

void audit_found_text(enum audit_lang lang, const struct admin *a,
		      const struct finding *x, struct buf *out)
{
	buf_addf(out, "[%s] ", audit_pattern_title(lang, x->pattern));
	audit_explain(lang, x, audit_reference(a, x->case_id), out);
	buf_addc(out, '\n');
}

/* --- CSV --------------------------------------------------------------------- */

static int formula(const char *s)
{
	static const char *const wide[] = { "＝", "＋", "－", "＠" };

	if (strchr("=+-@\t\r", *s))
		return *s != '\0';
	for (size_t i = 0; i < 4; i++)
		if (!strncmp(s, wide[i], strlen(wide[i])))
			return 1;
	return 0;
}

void csv_cell(struct buf *out, const char *text, int last)
{
	int bad = formula(text);

	if (!bad && !strpbrk(text, ",\"\r\n")) {
		buf_adds(out, text);
	} else {
		buf_adds(out, bad ? "\"'" : "\"");
		for (const char *p = text; *p; p++) {
			if (*p == '"')
				buf_addc(out, '"');
			buf_addc(out, (uint8_t)*p);
		}
		buf_addc(out, '"');
	}
	buf_adds(out, last ? "\r\n" : ",");
}

static void words(struct buf *out, const char *text)
{
	struct buf b;

	csv_cell(out, audit_plain(text, &b), 0);
	buf_wipe(&b);
}

static void number(struct buf *out, uint64_t v)
{
	buf_addf(out, "%llu,", (unsigned long long)v);
}

static void times(struct buf *out, int64_t ms)
{
	char t[CLOCK_RFC3339_MAX];

	buf_addf(out, "%s,", clock_rfc3339(ms, t));
	buf_addf(out, "%s,", clock_paris(ms, t));
}

void audit_csv_head(struct buf *out)
{
	buf_adds(out, "leaf,last_leaf,time_utc,time_paris,what,kind,user,"
		 "command,case,case_reference,items,item_count,rows,query,why,"
		 "recipient,subject,outcome,of_leaf,session,uid,tty,ssh,"
		 "unmasked,signature\r\n");
}

void audit_row_csv(const struct admin *a, const struct audit_event *ev,
		   struct buf *out)
{
	struct buf items = BUF_INIT(TEXT_MAX);

	number(out, ev->seq);
	number(out, ev->end_seq);
	times(out, ev->time_ms);
	csv_cell(out, audit_what_name(ev->what), 0);
	words(out, ev->kind);
	words(out, ev->user);
	words(out, ev->command);
	words(out, ev->case_id);
	words(out, audit_reference(a, ev->case_id));
	if (!ev->reach)
		audit_items(ev, 0, &items);
	csv_cell(out, items.len ? buf_cstr(&items) : "", 0);
	number(out, ev->items);
	number(out, ev->rows);
	words(out, ev->query);
	words(out, ev->why);
	words(out, ev->recipient);
	words(out, ev->subject);
	words(out, ev->text);
	if (ev->of)
		buf_addf(out, "%llu", (unsigned long long)ev->of - 1);
	buf_addc(out, ',');
	words(out, ev->session);
	if (ev->uid >= 0)
		buf_addf(out, "%lld", (long long)ev->uid);
	buf_addc(out, ',');
	words(out, ev->tty);
	words(out, ev->ssh);
	csv_cell(out, ev->unmasked ? "yes" : "", 0);
	csv_cell(out, ev->forged ? "of another" : "", 1);
	buf_release(&items);
}

void audit_found_head(struct buf *out)
{
	buf_adds(out, "pattern,title,user,case,case_reference,from_utc,"
		 "from_paris,to_utc,to_paris,count,limit,median,leaves,"
		 "leaf_count,explanation\r\n");
}

void audit_found_csv(enum audit_lang lang, const struct admin *a,
		     const struct finding *x, struct buf *out)
{
	const char *ref = audit_reference(a, x->case_id);
	struct buf text = BUF_INIT(TEXT_MAX);

	csv_cell(out, find_pattern_name(x->pattern), 0);
	csv_cell(out, audit_pattern_title(lang, x->pattern), 0);
	words(out, x->user);
	words(out, x->case_id);
	words(out, ref);
	times(out, x->from_ms);
	times(out, x->to_ms);
	number(out, x->count);
	number(out, x->limit);
	number(out, x->median);
	audit_leaves(lang, x, &text);
	csv_cell(out, text.len ? buf_cstr(&text) : "", 0);
	number(out, x->all);
	buf_clear(&text);
	audit_explain(lang, x, ref, &text);
	csv_cell(out, text.len ? buf_cstr(&text) : "", 1);
	buf_release(&text);
}

/* --- JSON -------------------------------------------------------------------- */

static void member(struct jsonw *w, const char *key, const char *text)
{
	struct buf b;

	if (!*text)
		return;
	jsonw_str(w, key, audit_plain(text, &b));
	buf_wipe(&b);
}

void audit_row_json(const struct admin *a, const struct audit_event *ev,
		    struct buf *out)
{
	struct jsonw w = JSONW_INIT(out);
	char t[CLOCK_RFC3339_MAX];

	jsonw_open(&w, NULL, '{');
	jsonw_int(&w, "leaf", (int64_t)ev->seq);
	if (ev->end_seq != ev->seq)
		jsonw_int(&w, "last_leaf", (int64_t)ev->end_seq);
	jsonw_str(&w, "time", clock_rfc3339(ev->time_ms, t));
	jsonw_str(&w, "what", audit_what_name(ev->what));
	jsonw_str(&w, "kind", ev->kind);
	member(&w, "user", ev->user);
	member(&w, "command", ev->command);
	member(&w, "case", ev->case_id);
	member(&w, "reference", audit_reference(a, ev->case_id));
	if (ev->nranges) {
		jsonw_open(&w, ev->reach ? "reach" : "items", '[');
		for (size_t i = 0; i < ev->nranges; i++) {
			jsonw_open(&w, NULL, '[');
			jsonw_int(&w, NULL, (int64_t)ev->ranges[i].first);
			jsonw_int(&w, NULL, (int64_t)ev->ranges[i].last);
			jsonw_close(&w, ']');
		}
		jsonw_close(&w, ']');
	}
	if (ev->items)
		jsonw_int(&w, "item_count", (int64_t)ev->items);
	if (ev->rows)
		jsonw_int(&w, "rows", (int64_t)ev->rows);
	if (ev->refusals)
		jsonw_int(&w, "refusals", (int64_t)ev->refusals);
	member(&w, "query", ev->query);
	member(&w, "why", ev->why);
	member(&w, "recipient", ev->recipient);
	member(&w, "subject", ev->subject);
	member(&w, "key", ev->key);
	member(&w, ev->what == AUDIT_REFUSED ? "refused" : "outcome",
	       ev->text);
	if (ev->of)
		jsonw_int(&w, "of", (int64_t)ev->of - 1);
	if (ev->about)
		jsonw_int(&w, "about", (int64_t)ev->about - 1);
	member(&w, "session", ev->session);
	if (ev->uid >= 0)
		jsonw_int(&w, "uid", ev->uid);
	member(&w, "tty", ev->tty);
	member(&w, "ssh", ev->ssh);
	if (ev->unmasked)
		jsonw_bool(&w, "unmasked", 1);
	if (ev->break_glass)
		jsonw_bool(&w, "break_glass", 1);
	if (ev->forged)
		jsonw_bool(&w, "forged", 1);
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
}

void audit_found_json(enum audit_lang lang, const struct admin *a,
		      const struct finding *x, struct buf *out)
{
	const char *ref = audit_reference(a, x->case_id);
	struct buf text = BUF_INIT(TEXT_MAX);
	struct jsonw w = JSONW_INIT(out);
	char t[CLOCK_RFC3339_MAX];

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "finding", find_pattern_name(x->pattern));
	member(&w, "user", x->user);
	member(&w, "case", x->case_id);
	member(&w, "reference", ref);
	member(&w, "detail", x->detail);
	jsonw_str(&w, "from", clock_rfc3339(x->from_ms, t));
	jsonw_str(&w, "to", clock_rfc3339(x->to_ms, t));
	jsonw_int(&w, "count", (int64_t)x->count);
	if (x->limit)
		jsonw_int(&w, "limit", (int64_t)x->limit);
	if (x->pattern == FIND_BULK_HOUR || x->pattern == FIND_BULK_DAY)
		jsonw_int(&w, "median", (int64_t)x->median);
	jsonw_open(&w, "leaves", '[');
	for (unsigned i = 0; i < x->nleaves; i++)
		jsonw_int(&w, NULL, (int64_t)x->leaves[i]);
	jsonw_close(&w, ']');
	jsonw_int(&w, "leaf_count", (int64_t)x->all);
	audit_explain(lang, x, ref, &text);
	jsonw_str(&w, "text", text.len ? buf_cstr(&text) : "");
	jsonw_close(&w, '}');
	buf_addc(out, '\n');
	buf_release(&text);
}
