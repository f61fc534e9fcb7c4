/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/bundle.h"
#include "cases/casefile.h"
#include "cases/custody.h"
#include "cases/guide.h"
#include "cases/casefile.h"
#include "cases/erasure.h"
#include "cases/ingest.h"
#include "crawler/profiles.h"
#include "tools/place.h"
#include "tools/propose.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"
#include "util/secret.h"

#include <inttypes.h>
#include <stdlib.h>

#define PROFILES_MAX 64
#define PROFILE_MAX (1u << 20)

static const char help[] = N_(
"Usage: scelle export CASE -o FILE --why TEXT [--items LIST] [--complete]\n"
"                     [--withhold NUMBER=REASON]... [--recipient TEXT]\n"
"                     [--order ID | --break-glass TEXT]\n"
"\n"
"Writes a signed evidence bundle, which is checked with 'scelle verify FILE', or\n"
"without this program as verify-a-bundle.md inside it says.\n"
"\n"
"  -o FILE              the bundle; must not exist\n"
"  --items LIST         numbers of the case, as 0-12,15 (else: every capture and\n"
"                       refusal)\n"
"  --withhold N=REASON  leave item N out, and say why\n"
"  --complete           also disclose what shows that no number of the case is\n"
"                       missing\n"
"  --recipient TEXT     to whom it goes, for the record\n"
"  --why TEXT           the reason, for the record\n"
"\n"
"Where the unit's policy export-orders is 'required' the first call only gives\n"
"the order; a supervisor approves it (scelle help approve), and the same command\n"
"with --order writes the bundle.  --break-glass does not wait, and says why.\n");

struct export_args {
	const char *name, *file, *why, *items, *recipient, *order, *glass;
	struct buf note;		/* the order, once it is used */
	const char *withhold[1000];
	size_t nwithhold;
	int complete;
};

/* -1: help was shown */
static int read_args(struct cli *cli, int argc, char **argv,
		     struct export_args *a)
{
	enum { WHY, ITEMS, WITHHOLD, COMPLETE, RECIPIENT, ORDER, GLASS };
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "why", required_argument, NULL, WHY },
		{ "items", required_argument, NULL, ITEMS },
		{ "withhold", required_argument, NULL, WITHHOLD },
		{ "complete", no_argument, NULL, COMPLETE },
		{ "recipient", required_argument, NULL, RECIPIENT },
		{ "order", required_argument, NULL, ORDER },
		{ "break-glass", required_argument, NULL, GLASS },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		switch (opt) {
		case 'o':
			a->file = optarg;
			break;
		case WHY:
			a->why = optarg;
			break;
		case ITEMS:
			a->items = optarg;
			break;
		case WITHHOLD:
			if (a->nwithhold == 1000)
				return cli_usage(cli, "export",
						 _("too many --withhold"));
			a->withhold[a->nwithhold++] = optarg;
			break;
		case COMPLETE:
			a->complete = 1;
			break;
		case ORDER:
			a->order = optarg;
			break;
		case GLASS:
			a->glass = optarg;
			break;
		case RECIPIENT:
			a->recipient = optarg;
			break;
		case 'h':
			cli_help(cli, _(help));
			return -1;
		default:
			return cli_usage(cli, "export", _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind != 1)
		return cli_usage(cli, "export", _("name one case"));
	a->name = argv[optind];
	if (!a->file)
		return cli_usage(cli, "export", _("name the bundle: -o FILE"));
	return CLI_OK;
}

/* --- which items -------------------------------------------------------- */

/* mark - set want[] for "0-12,15" */
static int mark(const char *list, uint8_t *want, uint64_t count, struct err *e)
{
	const char *p = list;

	while (*p) {
		uint64_t from, to;
		char *end;

		if (*p < '0' || *p > '9')
			break;
		from = to = strtoull(p, &end, 10);
		if (*end == '-' && end[1] >= '0' && end[1] <= '9')
			to = strtoull(end + 1, &end, 10);
		if (to < from || to >= count)
			return err_set(e, ERR_USAGE, "the case has no items %"
				       PRIu64 "-%" PRIu64, from, to);
		memset(want + from, 1, (size_t)(to - from) + 1);
		p = end;
		if (*p == ',')
			p++;
		else if (*p)
			break;
	}
	return *p || !*list ? err_set(e, ERR_USAGE, "'%s' is no list of items",
				      list) : 0;
}

static int withhold(const struct export_args *a, struct bundle_pick *picks,
		    size_t n, struct err *e)
{
	for (size_t i = 0; i < a->nwithhold; i++) {
		const char *text = a->withhold[i];
		uint64_t number;
		char *end;
		size_t k;

		number = strtoull(text, &end, 10);
		if (*text < '0' || *text > '9' || *end != '=' || !end[1]
		    || strpbrk(end, "\t\r\n"))
			return err_set(e, ERR_USAGE, "'%s' is no NUMBER=REASON",
				       text);
		for (k = 0; k < n && picks[k].number != number; k++)
			;
		if (k == n)
			return err_set(e, ERR_USAGE, "item %" PRIu64
				       " is not among those exported", number);
		picks[k].withheld = end + 1;
	}
	return 0;
}

/* What erased an item of the case. */
struct gone {
	const struct admin_case *c;
	char words[ERASURE_WORDS_MAX];
};

static const char *gone_of(void *arg, uint64_t number)
{
	struct gone *x = arg;
	const struct admin_erasure *by = admin_erased(x->c, number,
						      ERASE_WHOLE);

	return by ? erasure_words(by, x->words) : NULL;
}

static int choose(const struct export_args *a, const struct unit *u,
		  const struct grant *g, struct gone *gone,
		  struct bundle_pick **out, size_t *n, struct err *e)
{
	uint64_t count = custody_count(g);
	uint8_t *want = calloc((size_t)count + 1, 1);
	struct bundle_pick *picks = calloc((size_t)count + 1, sizeof *picks);
	int r = 0;

	*n = 0;
	if (!want || !picks)
		r = err_set(e, ERR_NOMEM, "no memory to choose items");
	if (r == 0 && a->items)
		r = mark(a->items, want, count, e);
	for (uint64_t i = 0; r == 0 && i < count; i++) {
		struct leaf l;
		uint64_t seq;

		r = stream_seq(custody_stream(g), i, &seq, e);
		if (r == 0)
			r = vault_leaf(u->vault, seq, &l);
		if (r == 0 && (a->items ? want[i] : l.kind == LEAF_EVIDENCE
				   || l.kind == LEAF_IMPORT
				   || l.kind == LEAF_REFUSED)
		    && !gone_of(gone, i))
			picks[(*n)++].number = i;
	}
	if (r == 0)
		r = withhold(a, picks, *n, e);
	free(want);
	if (r < 0) {
		free(picks);
		return r;
	}
	*out = picks;
	return 0;
}

/* --- posts and profiles ------------------------------------------------- */

/* Each line names the capture it was first seen in. */
static int lines_of(struct index *ix, uint64_t number, struct buf *out,
		    int (*of)(struct index *ix, uint64_t capture,
			      struct buf *out, struct err *e), struct err *e)
{
	struct buf lines = BUF_INIT((size_t)256 << 20);
	struct bytes t;
	int r = of(ix, number, &lines, e);

	t = buf_view(&lines);
	while (r == 0 && t.len) {
		const uint8_t *nl = memchr(t.p, '\n', t.len);
		size_t n = nl ? (size_t)(nl - t.p) + 1 : t.len;

		if (n > 2 && t.p[0] == '{') {
			buf_addf(out, "{\"capture\":%" PRIu64 ",", number);
			buf_add(out, t.p + 1, n - 1);
		}
		t.p += n;
		t.len -= n;
	}
	if (r == 0 && out->failed)
		r = err_set(e, out->failed, "too many posts for one bundle");
	buf_release(&lines);
	return r;
}

static int posts_of(void *arg, uint64_t number, struct buf *out, struct err *e)
{
	return lines_of(arg, number, out, index_posts_json, e);
}

static int media_of(void *arg, uint64_t number, struct buf *out, struct err *e)
{
	return lines_of(arg, number, out, index_medium_json, e);
}

struct profile_files {
	char **names;
	struct buf text[PROFILES_MAX];
	struct bundle_file file[PROFILES_MAX];
	size_t n;
};

static int read_profiles(const char *dir, struct profile_files *f,
			 struct err *e)
{
	char path[FILE_PATH_MAX];
	int r = file_list(dir, &f->names, NULL, e);

	for (size_t i = 0; r == 0 && f->names[i] && f->n < PROFILES_MAX; i++) {
		size_t len = strlen(f->names[i]);

		if (len < 9 || strcmp(f->names[i] + len - 8, ".profile") != 0)
			continue;
		f->text[f->n] = (struct buf)BUF_INIT(PROFILE_MAX);
		r = file_path(path, dir, f->names[i], NULL);
		if (r == 0)
			r = file_read(path, &f->text[f->n], e);
		f->file[f->n].name = f->names[i];
		f->file[f->n].content = buf_view(&f->text[f->n]);
		f->n++;
	}
	return r;
}

static void release_profiles(struct profile_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		buf_release(&f->text[i]);
	free(f->names);
}

/* --- the export --------------------------------------------------------- */

static int record(struct unit *u, struct grant *g, const struct export_args *a,
		  const struct bundle_pick *picks, size_t n,
		  const struct bundle_result *res, struct err *e)
{
	struct unit_write w;
	int r = custody_record(g, "export", &w, e);

	if (r < 0)
		return r;
	jsonw_str(&w.draft.w, "user", u->user_name);
	jsonw_str(&w.draft.w, "why", a->why);
	jsonw_str(&w.draft.w, "recipient", a->recipient);
	jsonw_hex(&w.draft.w, "sha256", res->sha256, 32);
	jsonw_int(&w.draft.w, "disclosed", (int64_t)res->disclosed);
	jsonw_int(&w.draft.w, "withheld", (int64_t)res->withheld);
	jsonw_bool(&w.draft.w, "complete", a->complete);
	if (a->note.len)
		jsonw_bytes(&w.draft.w, "order", buf_view(&a->note));
	jsonw_int(&w.draft.w, "first", (int64_t)picks[0].number);
	jsonw_int(&w.draft.w, "last", (int64_t)picks[n - 1].number);
	return unit_record(u, &w, LEAF_EXPORT, NULL, 0, NULL, e);
}

/* Which items leave, on record before they are read. */
static int shown(struct grant *g, const struct bundle_pick *picks, size_t n,
		 struct err *e)
{
	uint64_t *items = calloc(n + 1, sizeof *items);
	struct shown s = { .items = items, .rows = n, .more = 1 };
	int r;

	if (!items)
		return err_set(e, ERR_NOMEM, "no memory to choose items");
	for (size_t i = 0; i < n; i++)
		if (!picks[i].withheld)
			items[s.nitems++] = picks[i].number;
	r = custody_shown(g, &s, e);
	free(items);
	return r;
}

/* --- an order of two ------------------------------------------------------ */

/* What leaves, and to whom: what the second person approves. */
static json_t *subject_of(const struct export_args *a)
{
	json_t *o = json_pack("{s:s,s:s,s:b,s:[]}", "items",
			      a->items ? a->items : "all", "recipient",
			      a->recipient ? a->recipient : "", "complete",
			      a->complete, "withheld");
	json_t *list = json_object_get(o, "withheld");

	for (size_t i = 0; i < a->nwithhold; i++)
		if (json_array_append_new(list, json_string(a->withhold[i]))) {
			json_decref(o);
			return NULL;
		}
	return o;
}

/*
 * Where the policy asks for an order: propose it, or use up the one that is
 * named.  Returns 1 to go on, 0 when it waits for a second person.
 */
static int ordered(struct cli *cli, struct unit *u, struct export_args *a,
		   struct err *e)
{
	struct order_options o = { .act = ORDER_EXPORT, .reason = a->why };
	struct order_want want = { .act = ORDER_EXPORT,
				   .now_ms = clock_wall_ms() };
	const struct admin_case *c = NULL;
	json_t *subject;
	char case_id[17], id[17];
	int r = casefile_find(u, a->name, &c, e);

	if (r < 0)
		return r;
	if (!a->order && !order_needed(&u->admin, ORDER_EXPORT))
		return 1;
	if (file_exists(a->file))
		return err_set(e, ERR_EXIST, "'%s' exists already", a->file);
	memcpy(case_id, c->id, sizeof case_id);
	subject = subject_of(a);
	if (!subject)
		return err_set(e, ERR_NOMEM, "no memory for an order");
	want.case_id = o.case_id = case_id;
	want.subject = o.subject = subject;
	r = 1;
	if (!a->order) {
		r = propose(cli, u, &o, a->glass, id, e);
		a->order = id;
	}
	a->note.max = NOTE_MAX;
	if (r == 1) {
		r = order_take(u, a->order, &want, &a->note, e);
		/* Used up before anything leaves. */
		if (r == 0)
			r = order_use(u, buf_view(&a->note), NULL, e);
		if (r == 0)
			r = cli->wrote = 1;
	}
	json_decref(subject);
	return r;
}

static void vkey_text(const struct note_vkey *k, struct buf *out)
{
	note_vkey_put(k, out);
	buf_cstr(out);
}

static int write_bundle(struct cli *cli, struct unit *u, struct grant *g,
			const struct export_args *a, struct bundle_result *res,
			struct err *e)
{
	struct profile_files files = { .n = 0 };
	struct buf log = BUF_INIT(1024), collector = BUF_INIT(1024);
	struct bundle_pick *picks = NULL;
	struct gone gone = { .c = NULL };
	struct bundle_request q;
	struct profile_set profiles = PROFILE_SET_INIT;
	struct ingest_options o = INGEST_OPTIONS_INIT;
	struct index *ix = NULL;
	uint8_t tag_key[32];
	size_t n = 0;
	int r;

	memset(&q, 0, sizeof q);
	r = custody_tag_key(g, tag_key, e);
	if (r == 0)
		r = casefile_find(u, custody_case_id(g), &gone.c, e);
	if (r == 0)
		r = choose(a, u, g, &gone, &picks, &n, e);
	if (r == 0)
		r = shown(g, picks, n, e);
	if (r == 0)
		r = profiles_load(cli_profiles(cli), &profiles, e);
	o.profiles = &profiles;
	o.media = place_media_there();
	o.media_sight = place_sight_there();
	o.profiles_dir = cli_profiles(cli);
	if (r == 0)
		r = ingest_open(u, g, &o, &ix, NULL, e);
	if (r == 0)
		r = read_profiles(cli_profiles(cli), &files, e);
	if (r == 0)
		r = casefile_find(u, custody_case_id(g), &gone.c, e);
	if (r != 0)
		goto out;
	q.erased = gone_of;
	q.erased_arg = &gone;
	/* The shard that signs the bundle's head. */
	buf_adds(&log, vault_vkey(u->vault));
	vkey_text(&u->keys->collector.vkey, &collector);
	q.vault = u->vault;
	q.stream = custody_unlocked(g);
	q.tag_key = tag_key;
	q.complete = a->complete;
	q.case_id = custody_case_id(g);
	q.software = "scelle " SCELLE_VERSION;
	q.picks = picks;
	q.npicks = n;
	q.log_vkey = buf_cstr(&log);
	q.collector_vkey = buf_cstr(&collector);
	q.export_seed = u->keys->export.seed;
	q.export_id = u->keys->export.pub.id;
	q.profiles = files.file;
	q.nprofiles = files.n;
	q.guide = guide_text();
	q.posts = posts_of;
	q.media = media_of;
	q.arg = ix;
	r = bundle_write(a->file, &q, res, e);
	if (r == 0) {
		cli->wrote = 1;
		r = record(u, g, a, picks, n, res, e);
	}
out:
	index_free(ix);
	profile_set_release(&profiles);
	free(picks);
	release_profiles(&files);
	buf_release(&log);
	buf_release(&collector);
	secret_wipe(tag_key, sizeof tag_key);
	return r;
}

static int answer(struct cli *cli, const struct export_args *a,
		  const struct bundle_result *res)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w = JSONW_INIT(&b);
	char hex[65];
	int status = CLI_OK;

	hex_str(hex, res->sha256, 32);
	if (cli->json) {
		jsonw_open(&w, NULL, '{');
		jsonw_str(&w, "file", a->file);
		jsonw_str(&w, "sha256", hex);
		jsonw_int(&w, "disclosed", (int64_t)res->disclosed);
		jsonw_int(&w, "withheld", (int64_t)res->withheld);
		jsonw_close(&w, '}');
		status = cli_json(cli, &b);
	} else {
		cli_out(cli, _("bundle '%s': %" PRIu64 " items, %" PRIu64
			       " withheld\nSHA-256 %s\n"), a->file,
			res->disclosed, res->withheld, hex);
	}
	buf_release(&b);
	return status;
}

/* How it ended: the export's own statement stands in the case's stream. */
static int ended(struct cli *cli, struct grant *g, int status)
{
	struct shown s = { .page = 1,
			   .outcome = status == CLI_OK ? NULL : "failed" };
	struct err e = ERR_INIT;

	if (!g)
		return status;
	cli->wrote = 1;
	if (custody_shown(g, &s, &e) < 0 && status == CLI_OK)
		status = cli_fail(cli, &e);
	return status;
}

int cmd_export(struct cli *cli, int argc, char **argv)
{
	struct export_args *a = calloc(1, sizeof *a);
	struct bundle_result res;
	struct access access = { .command = "export" };
	struct grant *g = NULL;
	struct unit *u = NULL;
	struct err e = ERR_INIT;
	int status, r;

	if (!a) {
		err_set(&e, ERR_NOMEM, "no memory");
		return cli_fail(cli, &e);
	}
	status = read_args(cli, argc, argv, a);
	if (status != CLI_OK) {
		free(a);
		return status < 0 ? CLI_OK : status;
	}
	access.why = a->why;
	access.case_name = a->name;
	access.recipient = a->recipient;
	access.act = PERMIT_EXPORT;
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r == 0)
		r = ordered(cli, u, a, &e);
	if (r == 0)
		status = CLI_OK;	/* it waits for a second person */
	else if (r < 0 || custody_log(u, &access, &g, &e) < 0
	    || write_bundle(cli, u, g, a, &res, &e) < 0)
		status = cli_fail(cli, &e);
	else
		status = answer(cli, a, &res);
	status = ended(cli, g, status);
	custody_close(g);
	if (u)
		status = session_close(cli, u, status);
	buf_release(&a->note);
	free(a);
	return status;
}
