/* SPDX-License-Identifier: EUPL-1.2 */
/* The timeline of an audit: a lane a person, a column a stretch of time. */
#include "cases/audit_html.h"

#include <stdlib.h>

#define HOUR_MS 3600000
#define LEFT 150
#define COLUMNS 840
#define LANE 18
#define TOP 24
#define LANES_MAX 80
#define SHADE_HOURS (45 * 24)	/* up to here nights are drawn */
#define SHADE_DAYS 800		/* up to here days off */

struct span {
	int64_t first, last;		/* hours since 1970, both within */
};

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct audit_person *const *)a)->name,
		      (*(const struct audit_person *const *)b)->name);
}

static int column(const struct span *s, int64_t hour)
{
	return (int)((hour - s->first) * COLUMNS / (s->last - s->first + 1));
}

/* Hours from here to there that nobody is expected to work, as one block. */
static void block(const struct span *s, int64_t from, int64_t to, int high,
		  struct buf *out)
{
	int x = column(s, from < s->first ? s->first : from);
	int64_t end = (to - s->first) * COLUMNS / (s->last - s->first + 1);

	if (end > COLUMNS)
		end = COLUMNS;
	if (end > x)
		buf_addf(out, "<rect class=\"off\" x=\"%d\" y=\"%d\" "
			 "width=\"%d\" height=\"%d\"/>\n", LEFT + x, TOP,
			 (int)end - x, high);
}

static void shade(const struct audit_page *p, const struct span *s, int high,
		  struct buf *out)
{
	int64_t hours = s->last - s->first + 1;
	int64_t step = hours <= SHADE_HOURS ? 1 : 24, since = -1;

	if (hours > (int64_t)SHADE_DAYS * 24)
		return;
	for (int64_t h = s->first - s->first % step; h <= s->last + 1;
	     h += step) {
		/* Over weeks a day counts by its noon. */
		int64_t ms = (step == 1 ? h : h + 11) * HOUR_MS;
		int off = h <= s->last &&
			!calendar_working(&p->f->policy.hours, ms);

		if (off && since < 0)
			since = h;
		if (!off && since >= 0) {
			block(s, since, h, high, out);
			since = -1;
		}
	}
	if (since >= 0)
		block(s, since, s->last + 1, high, out);
}

/* One column of one person. */
static void mark(const struct audit_page *p, int x, int y, int width,
		 const struct audit_hour *h, struct buf *out)
{
	int deep = h->accesses > 50 ? 4 : h->accesses > 10 ? 3 :
		h->accesses > 2 ? 2 : 1;
	char when[40];

	buf_addf(out, "<g><title>%s – %u %s, %llu %s, %u %s, %u %s</title>",
		 audit_when(h->hour * HOUR_MS, when), h->accesses,
		 audit_word(p->lang, W_ACCESSES), (unsigned long long)h->items,
		 audit_word(p->lang, W_ITEMS), h->exports,
		 audit_word(p->lang, W_EXPORTS), h->refusals,
		 audit_word(p->lang, W_REFUSALS));
	if (h->accesses)
		buf_addf(out, "<rect class=\"a%d\" x=\"%d\" y=\"%d\" "
			 "width=\"%d\" height=\"12\"/>", deep, LEFT + x, y + 3,
			 width);
	if (h->exports)
		buf_addf(out, "<circle class=\"x\" cx=\"%d\" cy=\"%d\" "
			 "r=\"3\"/>", LEFT + x + width / 2, y + 9);
	if (h->refusals)
		buf_addf(out, "<path class=\"d\" d=\"M%d %dl4 7h-8z\"/>",
			 LEFT + x + width / 2, y + 5);
	buf_adds(out, "</g>\n");
}

static void lane(const struct audit_page *p, const struct span *s,
		 const struct audit_person *who, int y, struct buf *out)
{
	int width = (int)(COLUMNS / (s->last - s->first + 1)), at = -1;
	struct audit_hour sum = { .hour = 0 };

	if (width < 2)
		width = 2;
	buf_addf(out, "<line class=\"lane\" x1=\"0\" x2=\"%d\" y1=\"%d\" "
		 "y2=\"%d\"/>\n<text x=\"2\" y=\"%d\">", LEFT + COLUMNS,
		 y + LANE, y + LANE, y + 13);
	html_text(out, who->name);
	buf_adds(out, "</text>\n");
	for (size_t i = 0; i <= who->nhours; i++) {
		const struct audit_hour *h = i < who->nhours ? &who->hours[i]
							     : NULL;
		int x = h && h->hour >= s->first && h->hour <= s->last
			? column(s, h->hour) : -1;

		if (x != at && at >= 0 &&
		    (sum.accesses || sum.refusals || sum.exports))
			mark(p, at, y, width, &sum, out);
		if (x != at) {
			at = x;
			sum = (struct audit_hour){ .hour = h ? h->hour : 0 };
		}
		if (x < 0)
			continue;
		sum.accesses += h->accesses;
		sum.refusals += h->refusals;
		sum.exports += h->exports;
		sum.items += h->items;
	}
}

static void axis(const struct span *s, int high, struct buf *out)
{
	char when[40];

	for (int i = 0; i <= 6; i++) {
		int64_t hour = s->first + (s->last - s->first + 1) * i / 6;
		int x = LEFT + COLUMNS * i / 6;

		buf_addf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" "
			 "y1=\"%d\" y2=\"%d\"/>\n<text x=\"%d\" y=\"14\" "
			 "text-anchor=\"%s\">%s</text>\n", x, x, TOP - 5,
			 TOP + high, x, i == 0 ? "start" : i == 6 ? "end" :
			 "middle", audit_when(hour * HOUR_MS, when));
	}
}

/* From the first hour in which something happened to the last. */
static int span_of(const struct audit_page *p, struct span *s)
{
	int any = 0;

	for (size_t i = 0; i < p->f->npeople; i++) {
		const struct audit_person *a = &p->f->people[i];

		for (size_t k = 0; k < a->nhours; k++) {
			int64_t h = a->hours[k].hour;

			if (p->from_ms && h < p->from_ms / HOUR_MS)
				continue;
			if (!any || h < s->first)
				s->first = h;
			if (!any || h > s->last)
				s->last = h;
			any = 1;
		}
	}
	/* Never less than a day, so that a column means something. */
	if (any && s->last - s->first < 23)
		s->last = s->first + 23;
	return any;
}

void audit_svg(const struct audit_page *p, struct buf *out)
{
	const struct audit_person **who;
	size_t n = 0;
	struct span s = { 0, 0 };
	int high;

	who = calloc(p->f->npeople + 1, sizeof *who);
	if (!who) {
		out->failed = ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < p->f->npeople; i++)
		if (p->f->people[i].accesses || p->f->people[i].refusals)
			who[n++] = &p->f->people[i];
	qsort(who, n, sizeof *who, by_name);
	if (n > LANES_MAX)
		n = LANES_MAX;
	high = (int)n * LANE;
	if (n && span_of(p, &s)) {
		buf_addf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
			 "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>%s"
			 "</title>\n", LEFT + COLUMNS + 10, TOP + high + 10,
			 audit_word(p->lang, W_TIMELINE));
		shade(p, &s, high, out);
		axis(&s, high, out);
		for (size_t i = 0; i < n; i++)
			lane(p, &s, who[i], TOP + (int)i * LANE, out);
		buf_adds(out, "</svg>\n<p class=\"note\">");
		html_text(out, audit_word(p->lang, W_TIMELINE_NOTE));
		buf_adds(out, "</p>\n");
	}
	free(who);
}
