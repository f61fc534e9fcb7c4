/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/ingest.h"

#include "cases/casefile.h"
#include "cases/derived.h"
#include "cases/ingest_media.h"
#include "crawler/mediachild.h"
#include "crawler/parsepool.h"
#include "parsers/profile.h"
#include "store/leaf.h"
#include "store/seal.h"
#include "util/file.h"

#include <stdio.h>
#include <stdlib.h>

#define SNAPSHOT_MAX ((size_t)4 << 30)
#define WINDOW 8		/* items on their way, in order */
#define BATCH 256		/* items of one transaction */
#define OPTIMIZE_FROM 500	/* items added */
#define LINES_MAX ((size_t)40 << 20)
#define PROFILES_TEXT 16384
#define SIGHT " sight=1"	/* at the end: pictures are looked at */

/* An item between its statement and the index. */
struct pending {
	struct ingest_item it;
	char *purpose;		/* the reason, or what a redirect inherits */
	struct buf lines;
	char *asked;		/* the address that redirects began at */
	int waiting;		/* for a parse child */
	int read;		/* by a media child, not yet done */
};

struct ingest {
	struct unit *u;
	struct grant *g;
	const struct ingest_options *o;
	struct index *ix;
	struct parse_pool *pool;	/* started when first needed */
	struct media_hands hands;
	struct derived_map map;
	struct derived *keep;	/* what media gave is kept there */
	struct pending win[WINDOW];
	uint64_t head, tail;	/* numbers in the window: head .. tail - 1 */
	uint64_t in_batch;
	struct ingest_report rep;
};

static void remark(const struct ingest_options *o, const struct err *e)
{
	if (o->remark)
		o->remark(o->arg, e->text);
}

static int case_path(struct unit *u, struct grant *g, const char *name,
		     char *out, struct err *e)
{
	if (file_path(out, vault_path(u->vault), "cases", custody_case_id(g),
		      name, NULL) < 0)
		return err_set(e, ERR_RANGE, "path of the vault is too long");
	return 0;
}

/* "telegram=<sha256> ...": other profiles, other posts */
static int profiles_text(const struct ingest_options *o, struct buf *out,
			 struct err *e)
{
	const struct profile_set *set = o->profiles;

	for (size_t i = 0; i < set->count; i++)
		buf_addf(out, "%s%s=%s", i ? " " : "",
			 profile_manners(set->profile[i]).id,
			 profile_sha256(set->profile[i]));
	if (o->media)
		buf_addf(out, " media=%d", MEDIA_RECORD_VERSION);
	if (o->media && o->media_sight && o->sight > 0)
		buf_adds(out, SIGHT);
	return out->failed ? err_set(e, out->failed, "too many profiles") : 0;
}

/* --- the snapshot ----------------------------------------------------------- */

int ingest_snapshot(struct unit *u, struct grant *g, struct index **out,
		    struct err *e)
{
	struct buf sealed = BUF_INIT(SNAPSHOT_MAX);
	struct buf plain = BUF_INIT(SNAPSHOT_MAX);
	char path[FILE_PATH_MAX];
	int r = case_path(u, g, "index.age", path, e);

	if (r == 0)
		r = file_read(path, &sealed, e);
	if (r == 0)
		r = custody_open(g, buf_view(&sealed), &plain, e);
	buf_release(&sealed);
	if (r == 0)
		r = index_load(&plain, out, e);
	buf_wipe(&plain);
	return r;
}

static int save(struct ingest *in, struct err *e)
{
	struct buf sealed = BUF_INIT(SNAPSHOT_MAX);
	struct buf plain = BUF_INIT(SNAPSHOT_MAX);
	char path[FILE_PATH_MAX];
	struct bytes piece;
	int r = case_path(in->u, in->g, "index.age", path, e);

	if (r == 0 && in->rep.added >= OPTIMIZE_FROM)
		r = index_optimize(in->ix, e);
	if (r == 0)
		r = index_save(in->ix, &plain, e);
	if (r == 0) {
		piece = buf_view(&plain);
		r = seal_to(custody_public(in->g), &piece, 1, &sealed);
		if (r < 0)
			err_set(e, r, "cannot seal the index");
	}
	buf_wipe(&plain);
	if (r == 0)
		r = file_replace(path, buf_view(&sealed), 0600, e);
	buf_release(&sealed);
	return r;
}

static void sight_on(struct ingest *in)
{
	in->hands.sight = 1;
	in->hands.helper = in->o->media_sight;
}

/* as_before - once asked for, pictures are looked at until that is put off */
static int as_before(struct ingest *in, struct buf *profiles)
{
	const char *was = index_profiles(in->ix);
	const size_t n = strlen(was), m = strlen(SIGHT);

	if (in->o->sight >= 0 || !in->o->media || !in->o->media_sight ||
	    n < m || strcmp(was + n - m, SIGHT))
		return 0;
	sight_on(in);
	return buf_adds(profiles, SIGHT) < 0;
}

/* load - the snapshot when it may be used, else an empty index */
static int load(struct ingest *in, struct buf *profiles, struct err *e)
{
	struct err why = ERR_INIT;
	int r = in->o->anew ? ERR_NOENT
			    : ingest_snapshot(in->u, in->g, &in->ix, &why);

	if (r == ERR_NOMEM) {
		if (e)
			*e = why;
		return r;
	}
	if (r == 0 && index_next(in->ix) > in->rep.items) {
		r = err_set(&why, ERR_DAMAGED, "the index knows more items than "
			    "the log: it is built anew");
		remark(in->o, &why);
	} else if (r == 0 && as_before(in, profiles) == 0 &&
		   strcmp(index_profiles(in->ix), buf_cstr(profiles))) {
		r = err_set(&why, ERR_VERSION, "site profiles have changed: the "
			    "index is built anew");
		remark(in->o, &why);
	} else if (r < 0 && r != ERR_NOENT && r != ERR_VERSION) {
		err_prefix(&why, "index set aside");
		remark(in->o, &why);
	}
	in->rep.loaded = r == 0;
	if (r == 0)
		return 0;
	index_free(in->ix);
	in->ix = NULL;
	r = index_new(&in->ix, e);
	return r < 0 ? r : index_set_profiles(in->ix, buf_cstr(profiles), e);
}

/* --- pages ------------------------------------------------------------------- */

/* of_profile - was this page line made by the profile that would read it now? */
static int of_profile(const struct ingest *in, const char *url,
		      struct bytes lines)
{
	const struct profile *p = profile_for_url(in->o->profiles,
						  bytes_str(url));
	const uint8_t *nl = memchr(lines.p ? lines.p : (const uint8_t *)"", '\n',
				   lines.len);
	const char *sha = NULL;
	json_t *o = NULL;
	int same = 0;

	if (!nl || json_read(BYTES(lines.p, (size_t)(nl - lines.p)),
			     (size_t)8 << 20, 24, &o, NULL) < 0)
		return 0;
	sha = json_opt_str(json_object_get(o, "profile"), "sha256");
	same = !strcmp(sha ? sha : "", p ? profile_sha256(p) : "");
	json_decref(o);
	return same;
}

/* from_cache - 1 when derived.cache had the lines of this item */
static int from_cache(struct ingest *in, struct pending *p, struct err *e)
{
	struct err why = ERR_INIT;
	int r = derived_get(in->g, &in->map, p->it.number, &p->lines, &why);

	if (r == 0 && (ingest_is_medium(&p->it)
		       ? media_line_is(buf_view(&p->lines), in->hands.sight)
		       : of_profile(in, p->it.url, buf_view(&p->lines)))) {
		in->rep.cached++;
		return 1;
	}
	buf_clear(&p->lines);
	if (r == ERR_NOMEM) {
		if (e)
			*e = why;
		return r;
	}
	if (r < 0) {
		remark(in->o, &why);
		derived_map_release(&in->map);
	}
	return 0;
}

static int pool(struct ingest *in, struct err *e)
{
	struct parse_pool_options po = PARSE_POOL_OPTIONS_INIT;

	if (in->pool)
		return 0;
	po.self_path = in->o->self_path;
	po.profiles_dir = in->o->profiles_dir;
	po.profiles = in->o->profiles;
	po.children = in->o->children;
	return parse_pool_new(&po, &in->pool, e);
}

/* collect - wait for one answer of a child and put it where it belongs */
static int collect(struct ingest *in, struct err *e)
{
	struct parse_result res = PARSE_RESULT_INIT;
	struct pending *p;
	int r = parse_pool_wait(in->pool, &res);

	p = &in->win[res.id % WINDOW];
	if (r || res.id < in->head || res.id >= in->tail || !p->waiting) {
		r = err_set(e, ERR_CHILD, "a parse child gave no answer");
	} else {
		p->waiting = 0;
		in->rep.parsed++;
		buf_release(&p->lines);
		p->lines = res.jsonl;
		res.jsonl = (struct buf)BUF_INIT(LINES_MAX);
		r = 0;
	}
	parse_result_release(&res);
	return r;
}

/* keep - what reading a medium took so long for; a cache: it may fail */
static void keep(struct ingest *in, const struct pending *p)
{
	char path[FILE_PATH_MAX];

	if (in->o->anew)
		return;
	if (!in->keep && case_path(in->u, in->g, "derived.cache", path, NULL)
	    == 0)
		(void)derived_open(path, custody_public(in->g), &in->keep,
				   NULL);
	if (in->keep && derived_append(in->keep, p->it.number,
				       buf_view(&p->lines), NULL) < 0) {
		derived_close(in->keep);
		in->keep = NULL;
	}
}

/* collect_medium - wait for one medium to be read */
static int collect_medium(struct ingest *in, struct err *e)
{
	struct buf lines = BUF_INIT(LINES_MAX);
	struct pending *p;
	uint64_t n = 0;
	int r = media_hands_wait(&in->hands, &n, &lines, e);

	if (r == 0) {
		p = &in->win[n % WINDOW];
		p->read = 0;
		in->rep.media++;
		buf_release(&p->lines);
		p->lines = lines;
		keep(in, p);
		return 0;
	}
	buf_wipe(&lines);
	return r;
}

/* to_media - hand the sealed response to the media child */
static int to_media(struct ingest *in, struct pending *p, struct bytes head,
		    struct bytes body, struct err *e)
{
	int r = 0;

	while (r == 0 && in->hands.n == MEDIA_HANDS)
		r = collect_medium(in, e);
	if (r == 0)
		r = media_hands_take(&in->hands, p->it.number, head, body,
				     &p->lines, e);
	p->read = r == 0;
	return r < 0 ? r : 0;
}

/* parse - hand the sealed response to a child */
static int parse(struct ingest *in, struct pending *p, struct err *e)
{
	struct buf blob = BUF_INIT(VAULT_OBJECT_MAX);
	struct parse_page page = { .id = p->it.number, .url = p->it.url };
	struct err why = ERR_INIT;
	int r = ingest_response(in->g, &p->it, &blob, &page.head, &page.body,
				&why);

	if (r == ERR_NOMEM || r == ERR_IO || r == ERR_DENIED) {
		if (e)
			*e = why;
		goto out;
	}
	if (r) {		/* erased or damaged: the statement is left */
		if (r < 0) {
			remark(in->o, &why);
			in->rep.missing++;
		}
		r = 0;
		goto out;
	}
	if (ingest_is_medium(&p->it)) {
		r = to_media(in, p, page.head, page.body, e);
		goto out;
	}
	r = pool(in, e);
	while (r == 0 && parse_pool_idle(in->pool) == 0)
		r = collect(in, e);
	if (r == 0)
		r = parse_pool_submit(in->pool, &page, e);
	p->waiting = r == 0;
out:
	buf_wipe(&blob);
	return r;
}

/* --- the items in order ------------------------------------------------------- */

static void drop(struct pending *p)
{
	ingest_item_release(&p->it);
	free(p->purpose);
	free(p->asked);
	buf_wipe(&p->lines);
	memset(p, 0, sizeof *p);
}

static int add(struct ingest *in, struct pending *p, struct err *e)
{
	struct index_capture c = { .number = p->it.number,
		.position = p->it.position, .time_ms = p->it.time_ms,
		.kind = p->it.kind, .url = p->it.url, .source = p->it.source,
		.purpose = p->purpose, .asked = p->asked,
		.status = p->it.status,
		.outcome = p->it.outcome };
	struct err why = ERR_INIT;
	int r = 0;

	if (in->in_batch == 0)
		r = index_begin(in->ix, e);
	if (r < 0)
		return r;
	r = index_add(in->ix, &c, buf_view(&p->lines), &why);
	if (r == ERR_FORMAT || r == ERR_LIMIT) {
		static const char odd[] = "{\"kind\":\"page\",\"finding\":"
					  "\"unreadable-lines\"}\n";

		remark(in->o, &why);
		r = index_add(in->ix, &c, bytes_str(odd), &why);
	}
	if (r < 0 && e)
		*e = why;
	in->rep.added++;
	if (r == 0 && ++in->in_batch == BATCH) {
		in->in_batch = 0;
		r = index_commit(in->ix, e);
	}
	return r;
}

/* shift - the oldest item of the window enters the index */
static int shift(struct ingest *in, struct err *e)
{
	struct pending *p = &in->win[in->head % WINDOW];
	int r = 0;

	while (r == 0 && p->waiting)
		r = collect(in, e);
	while (r == 0 && p->read)
		r = collect_medium(in, e);
	if (r == 0)
		r = add(in, p, e);
	drop(p);
	in->head++;
	if (in->o->progress)
		in->o->progress(in->o->arg, in->head, in->rep.items);
	return r;
}

static int take_purpose(void *arg, const struct index_capture *c,
			uint64_t posts, const char *finding)
{
	struct pending *p = arg;

	(void)posts;
	(void)finding;
	if (c->purpose) {
		free(p->purpose);
		p->purpose = strdup(c->purpose);
		if (!p->purpose)
			return ERR_NOMEM;
	}
	if (c->asked || c->url) {
		free(p->asked);
		p->asked = strdup(c->asked ? c->asked : c->url);
		if (!p->asked)
			return ERR_NOMEM;
	}
	return 0;
}

/*
 * purpose - why the item was fetched; the answer behind a redirect serves what
 * the redirect served
 */
static int purpose(struct ingest *in, struct pending *p, struct err *e)
{
	int64_t parent = -1;
	int r = 0;

	if (!p->it.reason)
		return 0;
	p->purpose = strdup(p->it.reason);
	if (!p->purpose)
		return err_set(e, ERR_NOMEM, "no memory to index");
	if (strcmp(p->it.reason, "redirect") ||
	    json_want_int(p->it.st.json, "parent", &parent, NULL) < 0 ||
	    parent < 0 || (uint64_t)parent >= p->it.number)
		return 0;
	while (r == 0 && (uint64_t)parent >= in->head)
		r = shift(in, e);
	if (r == 0)
		r = index_captures(in->ix, (uint64_t)parent, 1, take_purpose, p,
				   e);
	if (r == 0)
		p->it.reason = p->purpose;
	return r;
}

static int take(struct ingest *in, uint64_t n, struct err *e)
{
	struct pending *p = &in->win[n % WINDOW];
	int r;

	memset(p, 0, sizeof *p);
	p->lines = (struct buf)BUF_INIT(LINES_MAX);
	r = ingest_item(in->u, in->g, n, &p->it, e);
	if (r == 0)
		r = purpose(in, p, e);
	if (r < 0) {
		drop(p);
		return r;
	}
	in->tail = n + 1;
	in->rep.missing += (uint64_t)p->it.missing;
	if (!ingest_is_page(&p->it) &&
	    !(ingest_is_medium(&p->it) && in->o->media))
		return 0;
	r = from_cache(in, p, e);
	return r ? (r > 0 ? 0 : r) : parse(in, p, e);
}

static int catch_up(struct ingest *in, struct err *e)
{
	char path[FILE_PATH_MAX];
	struct err why = ERR_INIT;
	int cut = 0, r = 0;

	in->head = in->tail = index_next(in->ix);
	if (!in->o->anew && in->head < in->rep.items) {
		r = case_path(in->u, in->g, "derived.cache", path, e);
		if (r == 0 && derived_map(path, &in->map, &cut, &why) < 0)
			remark(in->o, &why);
		if (cut) {
			err_set(&why, ERR_DAMAGED, "the derived cache is "
				"damaged: what is missing is parsed again");
			remark(in->o, &why);
		}
	}
	while (r == 0 && in->tail < in->rep.items) {
		if (in->tail - in->head == WINDOW)
			r = shift(in, e);
		if (r == 0)
			r = take(in, in->tail, e);
	}
	while (r == 0 && in->head < in->tail)
		r = shift(in, e);
	if (r == 0 && in->in_batch)
		r = index_commit(in->ix, e);
	for (size_t i = 0; i < WINDOW; i++)
		drop(&in->win[i]);
	return r;
}

/*
 * A snapshot costs as much as the case is large; a few items cost next to
 * nothing to take again.
 */
static int worth_saving(const struct ingest_report *rep)
{
	return !rep->loaded || rep->parsed || rep->media ||
	       rep->added >= rep->items / 50;
}

int ingest_open(struct unit *u, struct grant *g,
		const struct ingest_options *o, struct index **out,
		struct ingest_report *rep, struct err *e)
{
	struct ingest in = { .u = u, .g = g, .o = o,
			     .hands = { .helper = o->media },
			     .map = DERIVED_MAP_INIT };
	struct buf profiles = BUF_INIT(PROFILES_TEXT);
	struct err why = ERR_INIT;
	int r;

	in.rep.items = custody_count(g);
	if (o->sight > 0 && o->media && o->media_sight)
		sight_on(&in);
	r = profiles_text(o, &profiles, e);
	if (r == 0)
		r = load(&in, &profiles, e);
	if (r == 0)
		r = catch_up(&in, e);
	parse_pool_free(in.pool);
	media_hands_release(&in.hands);
	derived_close(in.keep);
	derived_map_release(&in.map);
	if (r == 0 && in.rep.added && worth_saving(&in.rep)) {
		in.rep.saved = save(&in, &why) == 0;
		if (!in.rep.saved) {
			err_prefix(&why, "the index is not kept");
			remark(o, &why);
		}
	}
	buf_release(&profiles);
	if (rep)
		*rep = in.rep;
	if (r < 0)
		index_free(in.ix);
	else
		*out = in.ix;
	return r;
}
