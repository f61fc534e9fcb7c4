/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/reading.h"

#include "cases/mask.h"
#include "crawler/profiles.h"
#include "parsers/worker.h"
#include "tools/medium_out.h"
#include "tools/place.h"
#include "tools/propose.h"
#include "tools/session.h"
#include "util/clock.h"

#include <limits.h>
#include <stdlib.h>

#define LIMIT_MAX 10000000u

enum { WHY = 256, SOURCE, SINCE, UNTIL, LIMIT, VERSIONS, BEST, UNMASK,
       STATEMENT, RAW, BODY, GLASS, COUNTERS,
       PICTURES };

static const struct {
	struct option o;
	unsigned needs;		/* READ_*; 0: every command */
} all_options[] = {
	{ { "why", required_argument, NULL, WHY }, 0 },
	{ { "unmask", no_argument, NULL, UNMASK }, 0 },
	{ { "break-glass", required_argument, NULL, GLASS }, 0 },
	{ { "help", no_argument, NULL, 'h' }, 0 },
	{ { "source", required_argument, NULL, SOURCE }, READ_FILTER },
	{ { "since", required_argument, NULL, SINCE }, READ_FILTER },
	{ { "until", required_argument, NULL, UNTIL }, READ_FILTER },
	{ { "limit", required_argument, NULL, LIMIT }, READ_LIMIT },
	{ { "all-versions", no_argument, NULL, VERSIONS }, READ_VERSIONS },
	{ { "best", no_argument, NULL, BEST }, READ_BEST },
	{ { "statement", no_argument, NULL, STATEMENT }, READ_SHOW },
	{ { "raw", no_argument, NULL, RAW }, READ_SHOW },
	{ { "body", no_argument, NULL, BODY }, READ_SHOW },
	{ { "pictures", no_argument, NULL, PICTURES }, READ_PICTURES },
	{ { "counters", no_argument, NULL, COUNTERS }, READ_COUNTERS },
};

#define OPTIONS (sizeof all_options / sizeof *all_options)

static int take_option(struct reading *rd, int opt, struct err *e)
{
	switch (opt) {
	case WHY:
		rd->why = optarg;
		return 0;
	case GLASS:
		rd->glass = optarg;
		return 0;
	case SOURCE:
		rd->source = optarg;
		return 0;
	case SINCE:
		return session_date(optarg, 0, &rd->from_ms, e);
	case UNTIL:
		return session_date(optarg, 1, &rd->to_ms, e);
	case LIMIT:
		return session_number(optarg, LIMIT_MAX, &rd->limit, e);
	case VERSIONS:
		rd->all_versions = 1;
		return 0;
	case BEST:
		rd->best = 1;
		return 0;
	case UNMASK:
		rd->unmask = 1;
		return 0;
	case STATEMENT:
		rd->statement = 1;
		return 0;
	case PICTURES:
		rd->pictures = 1;
		return 0;
	case COUNTERS:
		rd->counters = 1;
		return 0;
	case RAW:
		rd->raw = 1;
		return 0;
	default:
		rd->body = 1;
		return 0;
	}
}

int reading_args(struct reading *rd, struct cli *cli, int argc, char **argv,
		 unsigned has, int words, const char *help)
{
	struct option options[OPTIONS + 1];
	struct err e = ERR_INIT;
	size_t n = 0;
	int opt;

	memset(rd, 0, sizeof *rd);
	memset(options, 0, sizeof options);
	rd->page = (struct buf)BUF_INIT((size_t)256 << 20);
	rd->cli = cli;
	rd->command = argv[0];
	for (size_t i = 0; i < OPTIONS; i++)
		if ((all_options[i].needs & has) == all_options[i].needs)
			options[n++] = all_options[i].o;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (opt == 'h')
			return cli_help(cli, help);
		if (opt == ':')
			return cli_usage(cli, argv[0],
					 _("option '%s' needs a value"),
					 argv[optind - 1]);
		if (opt == '?')
			return cli_usage(cli, argv[0], _("unknown option '%s'"),
					 argv[optind - 1]);
		if (take_option(rd, opt, &e) < 0)
			return cli_usage(cli, argv[0], "%s", e.text);
	}
	if (argc - optind < 1)
		return cli_usage(cli, argv[0], _("which case?"));
	rd->case_name = argv[optind];
	if (words > 1 && argc - optind < 2)
		return cli_usage(cli, argv[0], has & READ_SHOW
				 ? _("which item or post?")
				 : _("what is searched for?"));
	if (words > 1)
		rd->arg = argv[optind + 1];
	if (argc - optind > words)
		return cli_usage(cli, argv[0], _("too many arguments"));
	if (!rd->why || !rd->why[strspn(rd->why, " \t")])
		return cli_usage(cli, argv[0],
				 _("reading takes a reason: --why TEXT"));
	return -1;
}

/* --- opening ----------------------------------------------------------------- */

int reading_log(struct reading *rd, const char *query, const uint64_t *item,
		struct err *e)
{
	struct access a = { .command = rd->command, .why = rd->why,
			    .case_name = rd->case_name, .items = item,
			    .nitems = item != NULL, .unmasked = rd->unmask,
			    .glass = rd->glass };
	struct buf masked = BUF_INIT(65536);
	size_t before;
	int r = rd->u ? 0 : session_open(rd->cli, VAULT_WRITE, &rd->u, e);

	if (r == 0 && query) {
		/* The record names what was asked, not what it is about. */
		r = mask_text(bytes_str(query), &masked);
		r = r < 0 ? err_set(e, r, "the question is too long") : 0;
		a.query = buf_cstr(&masked);
	}
	before = rd->u ? rd->u->admin.nglasses : 0;
	if (r == 0)
		r = custody_log(rd->u, &a, &rd->g, e);
	if (rd->u && rd->u->admin.nglasses > before)
		glass_warn(rd->cli, rd->u->admin.glasses[before].id);
	if (r == 0 && !item) {
		rd->listing = 1;
		rd->cli->hold = &rd->page;
	}
	buf_wipe(&masked);
	return r;
}

/* --- what is shown ------------------------------------------------------------ */

#define PAGE_ROWS 1000
#define PAGE_BYTES ((size_t)1 << 20)
#define PAGE_ITEMS 8192		/* a row may show several */

/* The record first, then the bytes. */
static int page_out(struct reading *rd, int more, const char *outcome,
		    struct err *e)
{
	static const uint64_t none;
	struct shown s = { .items = rd->items ? rd->items : &none,
			   .nitems = rd->nitems, .whole = rd->whole,
			   .rows = rd->rows,
			   .page = rd->pages, .more = more,
			   .outcome = outcome };
	int r = rd->page.failed ?
		err_set(e, rd->page.failed, "no memory for the answer") :
		custody_shown(rd->g, &s, e);

	if (r == 0 && !outcome) {
		rd->cli->hold = NULL;
		cli_raw(rd->cli, buf_view(&rd->page));
		rd->cli->hold = &rd->page;
	}
	buf_wipe(&rd->page);
	rd->nitems = 0;
	rd->rows = 0;
	rd->pages++;
	return r;
}

void reading_error(const struct reading *rd, int code, struct err *e)
{
	if (e->code)
		return;
	if (rd->late.code)
		*e = rd->late;
	else
		err_set(e, code, "no memory for the answer");
}

int reading_also(struct reading *rd, uint64_t item)
{
	struct err *e = &rd->late;

	if (!rd->listing)
		return 0;
	if (rd->nitems && rd->items[rd->nitems - 1] == item)
		return 0;
	if (!rd->items)
		rd->items = calloc(PAGE_ITEMS, sizeof *rd->items);
	if (!rd->items)
		return err_set(e, ERR_NOMEM, "no memory for the answer");
	if (rd->nitems == PAGE_ITEMS) {
		int r = page_out(rd, 1, NULL, e);

		if (r < 0)
			return r;
	}
	rd->items[rd->nitems++] = item;
	return 0;
}

int reading_row(struct reading *rd, uint64_t item)
{
	int r = 0;

	if (!rd->listing)
		return 0;
	if (rd->rows >= PAGE_ROWS || rd->page.len >= PAGE_BYTES ||
	    rd->nitems >= PAGE_ITEMS / 2)
		r = page_out(rd, 1, NULL, &rd->late);
	if (r == 0)
		r = reading_also(rd, item);
	rd->rows++;
	return r;
}

/* How it ended, where an access named its items and did not get them, and for
 * every listing. */
static int outcome(struct reading *rd, int status)
{
	struct shown s = { .outcome = "failed" };
	struct err e = ERR_INIT;
	int r = 0;

	if (!rd->g)
		return status;
	if (rd->listing)
		r = page_out(rd, 0, status == CLI_OK ? NULL : "failed", &e);
	else if (status != CLI_OK)
		r = custody_shown(rd->g, &s, &e);
	if (r == 0)
		return status;
	rd->cli->wrote = 1;
	status = cli_fail(rd->cli, &e);
	return status;
}

static void progress(void *arg, uint64_t done, uint64_t all)
{
	struct reading *rd = arg;
	int64_t now = clock_boot_ms();
	char line[128];

	if (now - rd->begun_ms < 1000 || now - rd->shown_ms < 100 ||
	    !cli_progress_wanted(rd->cli))
		return;
	rd->shown_ms = now;
	snprintf(line, sizeof line, _("index: %llu of %llu items"),
		 (unsigned long long)done, (unsigned long long)all);
	cli_progress(rd->cli, line);
}

static void remark(void *arg, const char *text)
{
	struct reading *rd = arg;

	if (!rd->cli->quiet)
		cli_warn(rd->cli, "%s", text);
}

int reading_options(struct reading *rd, struct ingest_options *o,
		    struct err *e)
{
	char dir[PATH_MAX];
	int r;

	*o = (struct ingest_options)INGEST_OPTIONS_INIT;
	if (!realpath(cli_profiles(rd->cli), dir) ||
	    strlen(dir) >= sizeof rd->profiles)
		return err_set(e, ERR_NOENT, "no site profiles in '%s'",
			       cli_profiles(rd->cli));
	memcpy(rd->profiles, dir, strlen(dir) + 1);
	if (rd->set.count == 0) {
		parse_start();
		r = profiles_load(rd->profiles, &rd->set, e);
		if (r < 0)
			return r;
	}
	o->media = place_media_there();
	o->media_sight = place_sight_there();
	if (rd->pictures && !o->media_sight)
		return err_set(e, ERR_NOENT, "the program that looks at "
			       "pictures is not installed");
	if (rd->pictures)
		o->sight = 1;
	if (!o->media)
		remark(rd, _("the program that reads media is not installed: "
			     "what media say is not known"));
	rd->begun_ms = clock_boot_ms();
	o->profiles = &rd->set;
	o->profiles_dir = rd->profiles;
	o->progress = progress;
	o->remark = remark;
	o->arg = rd;
	return 0;
}

int reading_index(struct reading *rd, const char *query, struct err *e)
{
	struct ingest_options o;
	int r = reading_log(rd, query, NULL, e);

	if (r == 0)
		r = reading_options(rd, &o, e);
	if (r == 0)
		r = ingest_open(rd->u, rd->g, &o, &rd->ix, &rd->rep, e);
	if (rd->shown_ms)
		cli_progress(rd->cli, NULL);
	return r;
}

int reading_done(struct reading *rd, int status)
{
	status = outcome(rd, status);
	index_free(rd->ix);
	custody_close(rd->g);
	rd->ix = NULL;
	rd->g = NULL;
	rd->cli->hold = NULL;
	buf_wipe(&rd->page);
	rd->page.failed = 0;
	rd->pages = rd->whole = 0;
	rd->listing = 0;
	return status;
}

int reading_close(struct reading *rd, int status)
{
	status = reading_done(rd, status);
	free(rd->items);
	profile_set_release(&rd->set);
	/* The access record, or that of a refusal, is worth a receipt. */
	rd->cli->wrote = rd->u != NULL;
	return session_close(rd->cli, rd->u, status);
}

/* --- answers ------------------------------------------------------------------ */

char *reading_text(const struct reading *rd, const char *text)
{
	struct buf b = BUF_INIT((size_t)64 << 20);
	size_t n;
	char *s;

	if (!text)
		text = "";
	if (rd->unmask)
		return strdup(text);
	if (mask_text(bytes_str(text), &b) < 0 || buf_addc(&b, 0) < 0) {
		buf_wipe(&b);
		return NULL;
	}
	s = (char *)buf_steal(&b, &n);
	return s;
}

int reading_secret(const struct reading *rd, const char *text)
{
	struct buf b = BUF_INIT((size_t)64 << 20);
	int n = rd->unmask || !text ? 0 : mask_text(bytes_str(text), &b);

	buf_wipe(&b);
	return n != 0;
}

const char *reading_when(int64_t ms, char out[static READING_WHEN])
{
	char utc[CLOCK_RFC3339_MAX], paris[CLOCK_RFC3339_MAX];

	if (ms == INT64_MIN || ms == 0)
		return memcpy(out, "-", 2);
	clock_rfc3339_s(ms, utc);
	clock_paris(ms, paris);
	/* Another day there is said in full. */
	if (strncmp(utc, paris, 10))
		snprintf(out, READING_WHEN, _("%s (%.16s in Paris)"), utc,
			 paris);
	else
		snprintf(out, READING_WHEN, _("%s (%.5s in Paris)"), utc,
			 paris + 11);
	return out;
}

void reading_indent(const struct reading *rd, const char *text, size_t max)
{
	char *s = reading_text(rd, text), *line = s, *end;
	size_t n = s ? strlen(s) : 0;
	int cut = max && n > max;

	if (!s)
		return;
	if (cut) {
		n = max;
		while (n && ((uint8_t)s[n] & 0xc0) == 0x80)
			n--;
		s[n] = '\0';
	}
	while (*line) {
		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		cli_out(rd->cli, "    %s%s\n", line, !end && cut ? "…" : "");
		if (!end)
			break;
		line = end + 1;
	}
	free(s);
}

json_t *reading_time(int64_t ms)
{
	char text[CLOCK_RFC3339_MAX];

	if (ms == INT64_MIN || ms == 0)
		return json_null();
	return json_string(clock_rfc3339(ms, text));
}

int reading_line(struct reading *rd, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	if (!text)
		return ERR_NOMEM;
	cli_raw(rd->cli, bytes_str(text));
	cli_raw(rd->cli, bytes_str("\n"));
	free(text);
	return 0;
}

static int post_json(struct reading *rd, const struct index_post *p, int whole)
{
	json_t *o = NULL;
	int bad = 0;

	if (json_read(bytes_str(p->json ? p->json : "{}"), (size_t)16 << 20, 24,
		      &o, NULL) < 0)
		o = json_object();
	if (!o || (!rd->unmask && mask_json(o, 24) < 0)) {
		json_decref(o);
		return ERR_NOMEM;
	}
	bad |= json_object_set_new(o, "post_id", json_string(p->post_id));
	if (p->platform)
		bad |= json_object_set_new(o, "platform",
					   json_string(p->platform));
	if (p->account)
		bad |= json_object_set_new(o, "account",
					   json_string(p->account));
	bad |= json_object_set_new(o, "version", json_integer(p->version));
	bad |= json_object_set_new(o, "versions", json_integer(p->versions));
	if (p->imported)
		bad |= json_object_set_new(o, "imported", json_true());
	if (p->changed)
		bad |= json_object_set_new(o, "changed",
					   json_string(p->changed));
	bad |= json_object_set_new(o, "item",
				   json_integer((json_int_t)p->capture));
	bad |= json_object_set_new(o, "last_item",
				   json_integer((json_int_t)p->last_capture));
	bad |= json_object_set_new(o, "first_seen", reading_time(p->first_ms));
	bad |= json_object_set_new(o, "last_seen", reading_time(p->last_ms));
	bad |= json_object_set_new(o, "vanished",
				   reading_time(p->vanished_ms));
	/* A number cut by the snippet's ends could not be masked. */
	if (!whole && p->snippet && !reading_secret(rd, p->text))
		bad |= json_object_set_new(o, "snippet",
					   json_string(p->snippet));
	if (p->score > 0)
		bad |= json_object_set_new(o, "score", json_real(p->score));
	bad |= medium_into_post(rd, o);
	if (bad) {
		json_decref(o);
		return ERR_NOMEM;
	}
	return reading_line(rd, o);
}

int reading_post(struct reading *rd, const struct index_post *p, int whole)
{
	char when[READING_WHEN];
	char *author;

	if (rd->cli->json)
		return post_json(rd, p, whole);
	author = reading_text(rd, p->author);
	if (!author)
		return ERR_NOMEM;
	cli_out(rd->cli, "%s", *p->post_id ? p->post_id : "?");
	if (p->versions > 1)
		cli_out(rd->cli, _("  version %u of %u"), p->version,
			p->versions);
	if (p->changed)
		cli_out(rd->cli, _(" (changed: %s)"), p->changed);
	cli_out(rd->cli, "  %s%s%s\n", reading_when(p->published_ms, when),
		*author ? "  " : "", author);
	free(author);
	if (p->imported)
		cli_out(rd->cli, "    %s\n", _("imported: handed over, not "
						"collected by this unit"));
	cli_out(rd->cli, _("    item %llu"), (unsigned long long)p->capture);
	if (p->last_capture != p->capture)
		cli_out(rd->cli, _(", last seen in item %llu"),
			(unsigned long long)p->last_capture);
	if (p->views)
		cli_out(rd->cli, _(", %s views"), p->views);
	if (p->edited)
		cli_out(rd->cli, _(", edited"));
	if (p->vanished_ms)
		cli_out(rd->cli, _(", vanished by %s"),
			reading_when(p->vanished_ms, when));
	cli_out(rd->cli, "%s%s\n", p->url ? "  " : "", p->url ? p->url : "");
	if (!whole && p->snippet && !reading_secret(rd, p->text))
		reading_indent(rd, p->snippet, 0);
	else
		reading_indent(rd, p->text, whole ? 0 : 240);
	return 0;
}
