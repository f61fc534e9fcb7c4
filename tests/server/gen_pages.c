/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/server/gen_pages.h"
#include "tests/server/media.h"
#include "tests/server/rng.h"
#include "tests/server/tme.h"
#include "util/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 6000, PICTURES = 32, WORD_MAX = 32 };

struct gen {
	struct gen_options o;
	char seed[64];
	char (*word)[WORD_MAX];
	struct tme_channel *ch;
	int *lo;			/* first post number of each page */
	struct bytes *page;		/* those in memory */
	struct buf picture[PICTURES];
};

static void make_words(struct gen *g)
{
	static const char *const usual[] = {
		"le", "la", "de", "et", "à", "les", "un", "une", "en", "que",
		"pour", "sur", "est", "par", "au", "avec", "pas", "plus", "ce",
		"se", "sont", "été", "nous", "vous", "mais", "ou", "comme",
		"tout", "même", "après", "sans", "ville", "jour", "matin",
		"message", "canal", "photo", "lien", "réseau", "déjà", "où",
		"très", "d'après", "l'heure", "aujourd'hui", "c'est", "œuvre",
		"cœur", "naïf", "forêt", "commande", "envoi", "tarif", "dispo",
	};
	static const char *const a[] = { "b", "ch", "d", "f", "gr", "j", "l",
		"m", "n", "p", "pr", "qu", "r", "s", "t", "tr", "v", "cl" };
	static const char *const b[] = { "a", "e", "é", "è", "i", "o", "ou",
		"u", "ai", "eau", "oi", "an", "en", "on" };
	static const char *const z[] = { "", "", "r", "l", "s", "nt", "x",
		"que", "tion", "ment" };
	struct rng r = rng_seed("words", 0);
	int n = sizeof(usual) / sizeof(usual[0]);

	for (int i = 0; i < WORDS; i++) {
		char *w = g->word[i];

		if (i < n) {
			snprintf(w, WORD_MAX, "%s", usual[i]);
			continue;
		}
		w[0] = 0;
		for (int k = rng_n(&r, 1, 3); k > 0; k--)
			snprintf(w + strlen(w), WORD_MAX - strlen(w), "%s%s",
				 a[rng_n(&r, 0, 17)], b[rng_n(&r, 0, 13)]);
		snprintf(w + strlen(w), WORD_MAX - strlen(w), "%s",
			 z[rng_n(&r, 0, 9)]);
	}
}

/* Few words often, many words seldom. */
static const char *word(const struct gen *g, struct rng *r)
{
	int top = 8 << rng_n(r, 0, 10);

	return g->word[rng_n(r, 0, top < WORDS ? top - 1 : WORDS - 1)];
}

static void sentence(const struct gen *g, struct rng *r, struct buf *o, int chars)
{
	static const char *const end[] = { ".", ".", "…", " !", " ?", " :" };
	size_t stop = o->len + (size_t)chars;

	while (o->len < stop && !o->failed) {
		for (int n = rng_n(r, 6, 18); n > 0; n--) {
			buf_adds(o, word(g, r));
			if (n > 1)
				buf_addc(o, ' ');
		}
		buf_adds(o, end[rng_n(r, 0, 5)]);
		if (o->len < stop)
			buf_addc(o, ' ');
	}
}

static int skewed(struct rng *r, int median)
{
	static const int t[16] = { 12, 20, 28, 37, 47, 58, 70, 84, 100, 120,
				   145, 178, 225, 300, 430, 700 };

	return median * t[rng_n(r, 0, 15)] / 92 + rng_n(r, 0, median / 8 + 1);
}

static const char *const emoji[] = {
	"🔥", "⚡️", "🇫🇷", "📍", "📸", "🎥", "❗️", "✅", "❌", "👉", "🔴",
	"📰", "👇", "💬", "👍", "❤", "🤔", "🙏", "👨‍👩‍👧",
};
enum { EMOJI = sizeof(emoji) / sizeof(emoji[0]) };

static void token(struct rng *r, char *o, int n)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
				  "tuvwxyz0123456789-_";

	for (int i = 0; i < n; i++)
		o[i] = set[rng_n(r, 0, 63)];
	o[n] = 0;
}

/* The last seven characters say which picture it is. */
static void media_url(const struct gen *g, struct rng *r, char o[static TME_URL_MAX])
{
	int i = g->o.media ? rng_n(r, 0, g->o.media - 1) : 0;
	char t[340];

	if (g->o.media_base) {
		snprintf(o, TME_URL_MAX, "%s/%05d.jpg", g->o.media_base, i);
		return;
	}
	token(r, t, 335);
	snprintf(o, TME_URL_MAX, "https://cdn%d.cdn-telegram.org/file/%s%07d.jpg",
		 rng_p(r, 500) ? 1 : 4, t, i);
}

static char *body(const struct gen *g, struct rng *r)
{
	struct buf o = BUF_INIT(65536);
	size_t stop = (size_t)skewed(r, 330) + 20;
	char t[16];

	while (o.len < stop && !o.failed) {
		int x = rng_n(r, 0, 99);

		if (x < 10) {
			buf_addc(&o, '*');
			sentence(g, r, &o, 40);
			buf_addc(&o, '*');
		} else if (x < 30) {
			buf_addf(&o, "%s ", emoji[rng_n(r, 0, EMOJI - 1)]);
			sentence(g, r, &o, 90);
		} else if (x < 40) {
			token(r, t, 11);
			sentence(g, r, &o, 60);
			buf_addf(&o, " https://www.example.org/%s?id=%d&s=tg ",
				 t, rng_n(r, 1, 9999999));
		} else if (x < 46) {
			sentence(g, r, &o, 60);
			buf_addf(&o, " #%s_%d", "sujet", rng_n(r, 1, 400));
		} else if (x < 52) {
			sentence(g, r, &o, 60);
			buf_addf(&o, " @canal_%05d", rng_n(r, 0, 499));
		} else if (x < 55) {
			buf_addc(&o, '|');
			sentence(g, r, &o, 30);
			buf_addc(&o, '|');
		} else if (x < 60) {
			buf_adds(&o, "« Tarif » & \"envoi\" <");
			buf_addf(&o, "%d € ! ", rng_n(r, 5, 300));
		} else {
			sentence(g, r, &o, 120);
		}
		for (int k = rng_n(r, 0, 2); k > 0 && o.len < stop; k--)
			buf_addc(&o, '\n');
	}
	while (o.len && (o.p[o.len - 1] == ' ' || o.p[o.len - 1] == '\n'))
		o.len--;
	buf_addc(&o, 0);
	return (char *)buf_steal(&o, &(size_t){ 0 });
}

static void post_media(const struct gen *g, struct rng *r, struct tme_post *p)
{
	int x = rng_n(r, 0, 99), n = x < 42 ? 1 : x < 54 ? rng_n(r, 2, 6) : 0;

	for (; p->media_n < n; p->media_n++)
		media_url(g, r, p->media[p->media_n].url);
	if (x >= 54 && x < 66) {
		struct tme_media *m = &p->media[p->media_n++];

		m->kind = TME_VIDEO_BIG;
		m->seconds = rng_n(r, 5, 600);
		media_url(g, r, m->thumb);
	}
}

static void make_post(const struct gen *g, struct rng *r, int k,
		      struct tme_post *p, char *own[4])
{
	static const char *const names[] = { "Canal ami", "Veille 🔥", "Archives" };

	if (rng_p(r, 10)) {
		p->service = 1;
		p->text = "Channel photo updated";
		return;
	}
	post_media(g, r, p);
	if (rng_p(r, 930) || !p->media_n)
		p->text = own[0] = body(g, r);
	if (rng_p(r, 150)) {
		p->fwd_name = names[rng_n(r, 0, 2)];
		if (rng_p(r, 800) && asprintf(&own[1], "https://t.me/canal_%05d/%d",
					      rng_n(r, 0, 499),
					      rng_n(r, 1, 9999)) > 0)
			p->fwd_url = own[1];
	}
	if (p->id > 3 && rng_p(r, 80)) {
		p->reply_to = rng_n(r, 1, p->id - 1);
		p->reply_text = "Voir le message précédent";
	}
	if (p->text && strstr(p->text, "https://www.example.org/") &&
	    rng_p(r, 700)) {
		const char *u = strstr(p->text, "https://www.example.org/");

		own[2] = strndup(u, strcspn(u, " "));
		p->preview_url = own[2];
		p->preview_site = "www.example.org";
		p->preview_title = g->word[rng_n(r, 60, 999)];
		p->preview_text = g->word[rng_n(r, 60, 999)];
		media_url(g, r, p->preview_image);
	}
	for (int n = rng_p(r, 600) ? rng_n(r, 1, TME_REACT_MAX) : 0; n > 0; n--) {
		p->react[p->reacts] = emoji[(n * 3 + k) % EMOJI];
		p->react_n[p->reacts++] = skewed(r, 80) + 1;
	}
	p->views = skewed(r, 9000) + 1;
	p->edited = rng_p(r, 120);
}

/* One page from its first number; returns the first number after it. */
static int make_page(const struct gen *g, int i, int lo, struct buf *out,
		     struct buf *truth)
{
	struct rng r = rng_seed(g->seed, (uint64_t)i + 1000);
	const struct tme_channel *c = &g->ch[i % g->o.channels];
	int64_t t = clock_days(2025, 1, 1) * 86400 + (int64_t)lo * 2711;
	struct tme_post *p = malloc(sizeof(*p));
	char name[32];

	if (!p) {
		out->failed = ERR_NOMEM;
		return lo;
	}
	snprintf(name, sizeof(name), "p/%05d.html", i);
	tme_head(out, c, i >= g->o.channels ? lo : 0, 0);
	for (int k = 0; k < g->o.posts; k++) {
		char *own[4] = { NULL };

		memset(p, 0, sizeof(*p));
		p->id = lo;
		p->date = t;
		make_post(g, &r, i % g->o.channels, p, own);
		tme_post_html(out, c, p);
		if (truth)
			tme_post_truth(truth, c, p, name);
		lo += p->media_n > 1 ? p->media_n : 1;
		t += rng_n(&r, 30, 5000);
		for (int n = 0; n < 4; n++)
			free(own[n]);
	}
	tme_foot(out, rng_n(&r, 100, 4000));
	free(p);
	return lo;
}

int gen_page(const struct gen *g, int i, struct buf *out, struct buf *truth)
{
	if (i < 0 || i >= g->o.pages)
		return ERR_RANGE;
	make_page(g, i, g->lo[i], out, truth);
	return out->failed;
}

static void make_channel(struct gen *g, int k)
{
	struct rng r = rng_seed(g->seed, (uint64_t)k);
	struct buf t = BUF_INIT(1024);
	struct tme_channel *c = &g->ch[k];
	char n[24], *s;

	if (asprintf(&s, "canal_%05d", k) > 0)
		c->name = s;
	if (asprintf(&s, "Canal %s %s", g->word[rng_n(&r, 60, 999)],
		     emoji[rng_n(&r, 0, 10)]) > 0)
		c->title = s;
	sentence(g, &r, &t, 160);
	buf_addc(&t, 0);
	c->about = (char *)buf_steal(&t, &(size_t){ 0 });
	c->subscribers = strdup(tme_count(rng_n(&r, 900, 3000000), n));
	c->photos = "1.24K";
	c->videos = "310";
	c->links = "96";
	c->number = -1000000 - k;
	media_url(g, &r, c->photo);
}

static int allocate(struct gen *g)
{
	size_t n = (size_t)g->o.pages;

	g->word = calloc(WORDS, sizeof(*g->word));
	g->ch = calloc((size_t)g->o.channels, sizeof(*g->ch));
	g->lo = calloc(n + 1, sizeof(*g->lo));
	g->page = calloc(n + 1, sizeof(*g->page));
	return g->word && g->ch && g->lo && g->page ? 0 : ERR_NOMEM;
}

int gen_new(const struct gen_options *o, struct gen **out, struct err *e)
{
	struct gen *g = calloc(1, sizeof(*g));
	struct buf b = BUF_INIT(16 << 20);
	size_t kept = 0, cache = (size_t)o->cache_mb << 20;

	if (!g)
		return err_set(e, ERR_NOMEM, "out of memory");
	g->o = *o;
	if (g->o.channels < 1)
		g->o.channels = 1;
	if (g->o.channels > g->o.pages && g->o.pages)
		g->o.channels = g->o.pages;
	snprintf(g->seed, sizeof(g->seed), "gen/%s", o->seed);
	if (allocate(g) < 0) {
		gen_free(g);
		return err_set(e, ERR_NOMEM, "out of memory");
	}
	make_words(g);
	for (int k = 0; k < g->o.channels; k++)
		make_channel(g, k);
	for (int i = 0; i < g->o.pages; i++) {
		int k = i + g->o.channels, next;

		if (i < g->o.channels)
			g->lo[i] = 1;
		buf_clear(&b);
		next = make_page(g, i, g->lo[i], &b, NULL);
		if (b.failed)
			break;
		if (k < g->o.pages)
			g->lo[k] = next;
		if (kept + b.len <= cache) {
			uint8_t *p = malloc(b.len);

			if (p)
				memcpy(p, b.p, b.len);
			g->page[i] = BYTES(p, p ? b.len : 0);
			kept += b.len;
		}
	}
	/* Pictures come close to the wished size by their width and noise. */
	for (int i = 0; i < PICTURES && g->o.media; i++) {
		int area = g->o.media_size * (60 + 3 * i) / 57, w = 64;

		while (w < 2048 && w * w * 3 / 4 < area)
			w += 32;
		g->picture[i] = (struct buf)BUF_INIT(16 << 20);
		media_jpeg(&g->picture[i], w, w * 3 / 4, (uint64_t)i, 20,
			   "BENCH", NULL, NULL);
	}
	buf_release(&b);
	*out = g;
	return 0;
}

void gen_free(struct gen *g)
{
	if (!g)
		return;
	for (int i = 0; g->page && i < g->o.pages; i++)
		free((void *)(uintptr_t)g->page[i].p);
	for (int i = 0; g->ch && i < g->o.channels; i++) {
		free((void *)(uintptr_t)g->ch[i].name);
		free((void *)(uintptr_t)g->ch[i].title);
		free((void *)(uintptr_t)g->ch[i].about);
		free((void *)(uintptr_t)g->ch[i].subscribers);
	}
	for (int i = 0; i < PICTURES; i++)
		buf_release(&g->picture[i]);
	free(g->word);
	free(g->ch);
	free(g->lo);
	free(g->page);
	free(g);
}

struct bytes gen_cached(const struct gen *g, int i)
{
	return i >= 0 && i < g->o.pages ? g->page[i] : BYTES(NULL, 0);
}

int gen_pages_n(const struct gen *g)
{
	return g->o.pages;
}

int gen_media_n(const struct gen *g)
{
	return g->o.media;
}

/* A comment of its own after the first two bytes makes each one different. */
void gen_media(const struct gen *g, int i, char own[static 64],
	       struct bytes piece[3])
{
	const struct buf *p = &g->picture[i % PICTURES];

	snprintf(own + 4, 60, "image %07d seed %-.20s", i, g->seed);
	own[0] = (char)0xff;
	own[1] = (char)0xfe;
	own[2] = 0;
	own[3] = (char)(2 + strlen(own + 4));
	piece[0] = BYTES(p->p, 2);
	piece[1] = BYTES(own, 4 + strlen(own + 4));
	piece[2] = BYTES(p->p + 2, p->len - 2);
}

int gen_find(const struct gen *g, const char *name, size_t len, int before)
{
	char n[16];
	int k, last;

	if (len != 11 || strncmp(name, "canal_", 6))
		return -1;
	memcpy(n, name + 6, 5);
	n[5] = 0;
	k = (int)strtol(n, NULL, 10);
	if (k >= g->o.channels)
		return -1;
	last = k + (g->o.pages - 1 - k) / g->o.channels * g->o.channels;
	if (!before)
		return last;
	for (; last >= 0; last -= g->o.channels)
		if (g->lo[last] < before)
			return last;
	return -1;
}
