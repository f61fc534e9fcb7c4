/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/anchoring.h"
#include "tools/session.h"

#include "cases/casefile.h"
#include "cases/custody.h"
#include "cases/derived.h"
#include "cases/permit.h"
#include "crawler/crawl.h"
#include "crawler/lab.h"
#include "crawler/profiles.h"
#include "store/sha256.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"
#include "util/secret.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] = N_(
"Usage: scelle collect CASE [SOURCE] [OPTION...]\n"
"\n"
"One bounded, resumable pass over the sources of a case.  Every exchange is\n"
"sealed, refused and failed ones too.  An interrupt (Ctrl-C) ends it safely; the\n"
"next pass goes on from there.  Outside the case's period it is refused, and the\n"
"refusal is sealed: exit status 5.\n"
"\n"
"  --pages N              listing pages a source at most (else: until it meets\n"
"                         what it has)\n"
"  --since DATE           do not page back past this date\n"
"  --no-media             pages only\n"
"  --why TEXT             the reason, for the record\n"
"  --user-agent TEXT      what to call oneself; it must be truthful\n"
"  --parse-children N     1 to 8 processes that read pages\n"
"  --offline              do not show the log to witnesses and authorities at the\n"
"                         end\n"
"  --fast                 no politeness: in a lab vault only\n"
"\n"
"'--user timer' runs a pass with the unit's passphrase and nobody logged in: it\n"
"can collect, and read nothing.\n");

/* --- an interrupt ends the pass, the second one the program ---------------- */

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void catch_signals(void)
{
	/* SA_RESETHAND: the second one is not caught. */
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = (int)SA_RESETHAND };
	const int all[] = { SIGINT, SIGTERM, SIGHUP };

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sigaction(all[i], &sa, NULL);
}

/* --- what the pass tells --------------------------------------------------- */

struct watch {
	struct cli *cli;
	struct derived *derived;
	int wanted;		/* a progress line */
	int told;		/* that it is stopping */
};

static void progress(void *arg, const struct crawl_progress *p)
{
	struct watch *w = arg;
	struct buf line = BUF_INIT(4096);

	if (stop && !w->told) {
		w->told = 1;
		cli_say(w->cli, "%s", _("stopping: sealing what has come; the "
			"next pass goes on from here\n"));
	}
	if (!w->wanted)
		return;
	buf_addf(&line, _("pages %" PRIu64 ", posts %" PRIu64 ", media %" PRIu64
		 ", left %" PRIu64 ", %.1f MB"), p->pages, p->posts, p->media,
		 p->pending, (double)p->bytes / 1e6);
	if (p->refused || p->failed)
		buf_addf(&line, _(", refused %" PRIu64 ", failed %" PRIu64),
			 p->refused, p->failed);
	if (p->wait_ms > 0)
		buf_addf(&line, _("; in %.0f s"), (double)p->wait_ms / 1000);
	if (p->host && *p->host)
		buf_addf(&line, " %s", p->host);
	cli_progress(w->cli, buf_cstr(&line));
	buf_release(&line);
}

static void finding(void *arg, const char *url, const char *what)
{
	struct watch *w = arg;

	cli_say(w->cli, _("finding: %s: %s\n"), url ? url : "-", what);
}

static int derived(void *arg, uint64_t n, struct bytes lines, struct err *e)
{
	struct watch *w = arg;

	return w->derived ? derived_append(w->derived, n, lines, e) : 0;
}

static void tell(struct cli *cli, const char *id, const struct crawl_report *r)
{
	const struct crawl_progress *t = &r->total;
	struct buf b = BUF_INIT(65536);
	struct jsonw w = JSONW_INIT(&b);

	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "case", id);
	jsonw_int(&w, "exchanges", (int64_t)t->exchanges);
	jsonw_int(&w, "pages", (int64_t)t->pages);
	jsonw_int(&w, "posts", (int64_t)t->posts);
	jsonw_int(&w, "new_posts", (int64_t)r->new_posts);
	jsonw_int(&w, "edited_posts", (int64_t)r->edited_posts);
	jsonw_int(&w, "media", (int64_t)t->media);
	jsonw_int(&w, "refused", (int64_t)t->refused);
	jsonw_int(&w, "failed", (int64_t)t->failed);
	jsonw_int(&w, "bytes", (int64_t)t->bytes);
	jsonw_int(&w, "pending", (int64_t)t->pending);
	jsonw_int(&w, "findings", (int64_t)r->findings);
	jsonw_int(&w, "out_of_scope", (int64_t)r->out_of_scope);
	jsonw_int(&w, "suspended", (int64_t)r->suspended);
	jsonw_int(&w, "interrupted", (int64_t)r->interrupted);
	jsonw_int(&w, "min_gap_ms", r->min_gap_ms);
	jsonw_bool(&w, "cancelled", r->cancelled);
	jsonw_bool(&w, "quota_reached", r->quota_reached);
	jsonw_close(&w, '}');
	if (cli->json) {
		cli_json(cli, &b);
	} else {
		cli_out(cli, _("requests  %" PRIu64 ", %" PRIu64 " bytes\n"),
			t->exchanges, t->bytes);
		cli_out(cli, _("pages     %" PRIu64 ", media %" PRIu64 "\n"),
			t->pages, t->media);
		cli_out(cli, _("posts     %" PRIu64 ", new %" PRIu64
			", edited %" PRIu64 "\n"), t->posts, r->new_posts,
			r->edited_posts);
		cli_out(cli, _("refused   %" PRIu64 ", failed %" PRIu64
			", out of scope %" PRIu64 "\n"), t->refused, t->failed,
			r->out_of_scope);
		if (r->findings)
			cli_out(cli, _("findings  %" PRIu64 "\n"), r->findings);
		if (r->interrupted)
			cli_out(cli, _("crash     %" PRIu64 " interrupted "
				"attempts sealed as such\n"), r->interrupted);
		if (r->suspended)
			cli_out(cli, _("suspended %" PRIu64 " sources, after "
				"three refusals\n"), r->suspended);
		if (r->quota_reached)
			cli_out(cli, "%s", _("quota     of the day reached\n"));
		if (r->cancelled)
			cli_out(cli, "%s", _("stopped   by request; all that "
				"came is sealed\n"));
	}
	buf_release(&b);
}

/* --- the pass -------------------------------------------------------------- */

struct collect_args {
	const char *name, *source, *why;
	struct crawl_options crawl;
	int offline;
};

/* The lab's file goes with a lab vault, and only with one. */
static int load_lab(struct cli *cli, const struct unit *u, int fast,
		    struct lab **lab, struct err *e)
{
	if (!u->admin.lab && cli->lab)
		return err_set(e, ERR_DENIED, "this is no lab vault: no lab "
			       "file is read");
	if (!u->admin.lab && fast)
		return err_set(e, ERR_DENIED, "this is no lab vault: --fast is "
			       "refused");
	if (!u->admin.lab)
		return 0;
	if (!cli->lab)
		return err_set(e, ERR_USAGE, "a lab vault collects from the lab "
			       "only: name its file with --lab or SCELLE_LAB");
	return lab_load(cli->lab, lab, e);
}

/* The source's canonical form; one the case does not have is refused. */
static int only_source(const struct mandate *m, const struct profile_set *set,
		       const char *said, struct buf *id, struct err *e)
{
	struct buf url = BUF_INIT(8192);
	struct err quiet = ERR_INIT;
	int r = ERR_DENIED;

	if (profile_source(set, bytes_str(said), id, &url, NULL, &quiet) < 0) {
		buf_clear(id);
		buf_adds(id, said);
	}
	for (size_t i = 0; r < 0 && i < m->nsources; i++)
		if (!strcmp(m->sources[i].id, buf_cstr(id)))
			r = 0;
	buf_release(&url);
	if (r < 0)
		err_set(e, r, "the case has no source '%s'", said);
	return r;
}

struct pass {
	struct mandate mandate;
	struct profile_set set;
	struct crawl_session *session;	/* secret memory */
	struct lab *lab;
	char *lab_path;
	struct buf source;
	struct watch watch;
	char dir[FILE_PATH_MAX];
};

static int prepare(struct cli *cli, struct unit *u, struct collect_args *a,
		   const struct admin_case *c, struct pass *p, struct err *e)
{
	char cache[FILE_PATH_MAX], dir[CASE_DIR_MAX], *root;
	int r = load_lab(cli, u, a->crawl.fast, &p->lab, e);

	if (r == 0)
		r = casefile_mandate(u, c, &p->mandate, e);
	if (r == 0)
		r = profiles_load(cli_profiles(cli), &p->set, e);
	if (r == 0 && a->source) {
		r = only_source(&p->mandate, &p->set, a->source, &p->source, e);
		a->crawl.only_source = buf_cstr(&p->source);
	}
	if (r < 0)
		return r;
	p->session = secret_alloc(sizeof *p->session);
	if (!p->session)
		return err_set(e, ERR_NOMEM, "no memory for keys");
	p->session->agent = u->user_name;
	p->session->reason = a->why;
	memcpy(p->session->collector_seed, u->keys->collector.seed, 32);
	p->session->collector_name = u->keys->collector.vkey.name;
	memcpy(p->session->unit_secret, u->keys->receive.secret, 32);
	if (u->admin.anchor.has_token)
		hex_str(p->session->anchor, u->admin.anchor.token, 32);
	r = session_self_hash(a->crawl.self_path, p->session->software_sha256, e);
	if (r < 0)
		return r;
	/* Absolute: the children's working directory is another. */
	root = realpath(vault_path(u->vault), NULL);
	if (!root)
		return err_errno(e, "cannot find '%s'", vault_path(u->vault));
	r = file_path(p->dir, root, casefile_dir(c, dir), NULL);
	free(root);
	if (cli->lab && r == 0) {
		p->lab_path = realpath(cli->lab, NULL);
		if (!p->lab_path)
			r = err_errno(e, "cannot find '%s'", cli->lab);
	}
	if (r == 0)
		r = file_path(cache, p->dir, "derived.cache", NULL);
	if (r == 0)
		r = derived_open(cache, c->public, &p->watch.derived, e);
	/* Somebody who reads keeps what media gave: this pass's pages are
	 * parsed again when they are read. */
	return r == ERR_BUSY ? 0 : r;
}

/* Who collected, when and why, for the supervisor (R10, R31). */
static int audit(struct unit *u, const struct collect_args *a, const char *id,
		 uint64_t *seq_out, struct err *e)
{
	struct access rec = {
		.command = "collect", .case_name = id, .query = a->source,
		.why = a->why ? a->why : "collect",
	};

	return custody_note_at(u, &rec, seq_out, e);
}

/* Which items the pass made: what a list of operations is taken from. */
static int audit_end(struct unit *u, const char *id, uint64_t seq,
		     uint64_t first, uint64_t end, int r, struct err *e)
{
	const struct access rec = { .command = "collect", .case_name = id };
	struct shown s = { .rows = end - first,
			   .outcome = r < 0 ? "failed" : NULL };
	uint64_t *items = calloc(end - first + 1, sizeof *items);
	struct err late = ERR_INIT;
	int w;

	if (!items)
		return r < 0 ? r : err_set(e, ERR_NOMEM, "no memory for the "
					   "record of the pass");
	for (uint64_t n = first; n < end; n++)
		items[s.nitems++] = n;
	s.items = items;
	w = custody_outcome(u, &rec, seq, &s, r < 0 ? &late : e);
	free(items);
	return r < 0 ? r : w;
}

static int refuse(struct unit *u, const struct collect_args *a, const char *id,
		  struct err *e)
{
	struct err late = ERR_INIT;

	if (custody_refuse(u, "collect", id, a->why, e->text, &late) < 0)
		*e = late;
	return e->code;
}

static int collect(struct cli *cli, struct unit *u, struct collect_args *a,
		   struct err *e)
{
	struct pass p = { .set = PROFILE_SET_INIT, .source = BUF_INIT(4096),
			  .watch = { .cli = cli } };
	struct crawl_report rep = { .min_gap_ms = 0 };
	struct crawl_job job = { 0 };
	const struct admin_case *c = NULL;
	struct stream *stream = NULL;
	uint64_t seq = 0, first;
	char id[17];
	int r = 0;

	/* Without a case nothing is fetched, and that is on record (R1). */
	if (casefile_find(u, a->name, &c, e) < 0)
		r = e->code = e->code == ERR_NOENT ? ERR_DENIED : e->code;
	else
		r = permit_check(&u->admin, u->user_name, PERMIT_COLLECT, c,
				 e);
	if (r == ERR_DENIED)
		return refuse(u, a, a->name, e);
	if (r < 0)
		return r;
	snprintf(id, sizeof id, "%s", c->id);
	r = prepare(cli, u, a, c, &p, e);
	if (r == ERR_DENIED)
		refuse(u, a, id, e);
	if (r == 0)
		r = audit(u, a, id, &seq, e);
	if (r == 0)
		r = casefile_find(u, id, &c, e);
	if (r == 0)
		r = casefile_stream(u, c, &stream, e);
	if (r < 0)
		goto out;
	p.watch.wanted = cli_progress_wanted(cli);
	catch_signals();
	job.vault = u->vault;
	job.stream = stream;
	job.mandate = &p.mandate;
	job.profiles = &p.set;
	job.profiles_dir = cli_profiles(cli);
	job.session = p.session;
	job.options = &a->crawl;
	job.lab = p.lab;
	job.lab_path = p.lab_path;
	job.case_dir = p.dir;
	job.stop = &stop;
	job.progress = progress;
	job.finding = finding;
	job.derived = derived;
	job.arg = &p.watch;
	first = stream_count(stream);
	r = crawl_run(&job, &rep, e);
	r = audit_end(u, id, seq, first, stream_count(stream), r, e);
	if (p.watch.wanted)
		cli_progress(cli, NULL);
	if (r == 0)
		tell(cli, id, &rep);
out:
	derived_close(p.watch.derived);
	secret_free(p.session);
	casefile_mandate_release(&p.mandate);
	profile_set_release(&p.set);
	lab_free(p.lab);
	free(p.lab_path);
	buf_release(&p.source);
	return r;
}

static int read_args(struct cli *cli, int argc, char **argv,
		     struct collect_args *a)
{
	enum { PAGES, SINCE, NO_MEDIA, WHY, AGENT, CHILDREN, FAST, OFFLINE };
	static const struct option options[] = {
		{ "pages", required_argument, NULL, PAGES },
		{ "since", required_argument, NULL, SINCE },
		{ "no-media", no_argument, NULL, NO_MEDIA },
		{ "why", required_argument, NULL, WHY },
		{ "user-agent", required_argument, NULL, AGENT },
		{ "parse-children", required_argument, NULL, CHILDREN },
		{ "fast", no_argument, NULL, FAST },
		{ "offline", no_argument, NULL, OFFLINE },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct err e = ERR_INIT;
	uint64_t n;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case PAGES:
			if (session_number(optarg, 1000000, &n, &e) < 0)
				return cli_fail(cli, &e);
			a->crawl.max_pages = (unsigned)n;
			break;
		case SINCE:
			if (session_date(optarg, 0, &a->crawl.since_ms, &e) < 0)
				return cli_fail(cli, &e);
			break;
		case NO_MEDIA:
			a->crawl.no_media = 1;
			break;
		case WHY:
			a->why = optarg;
			break;
		case AGENT:
			a->crawl.user_agent = optarg;
			break;
		case CHILDREN:
			if (session_number(optarg, 8, &n, &e) < 0)
				return cli_fail(cli, &e);
			if (!n)
				return cli_usage(cli, argv[0], _("--parse-"
						 "children is 1 to 8"));
			a->crawl.parse_children = (unsigned)n;
			break;
		case FAST:
			a->crawl.fast = 1;
			break;
		case OFFLINE:
			a->offline = 1;
			break;
		case 'h':
			cli_help(cli, _(help));
			return -1;
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind < 1)
		return cli_usage(cli, argv[0], _("which case?"));
	if (argc - optind > 2)
		return cli_usage(cli, argv[0], _("too many arguments"));
	a->name = argv[optind];
	a->source = argc - optind == 2 ? argv[optind + 1] : NULL;
	return CLI_OK;
}

int cmd_collect(struct cli *cli, int argc, char **argv)
{
	struct collect_args a = { .crawl = CRAWL_OPTIONS_INIT };
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	uint64_t before;
	int r, status;

	a.crawl.user_agent = cli->user_agent;
	status = read_args(cli, argc, argv, &a);
	if (status)
		return status < 0 ? CLI_OK : status;
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r < 0)
		return cli_fail(cli, &e);
	before = vault_size(u->vault);
	r = collect(cli, u, &a, &e);
	if (r == 0 && !a.offline)
		anchoring_after(cli, u);
	cli->wrote = vault_size(u->vault) != before;
	status = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	return session_close(cli, u, status);
}
