/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/bundle_child.h"
#include "tools/commands.h"
#include "tools/session.h"
#include "tools/verify_outside.h"

#include "cases/bundle.h"
#include "cases/receipts.h"
#include "store/verify.h"
#include "util/clock.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] = N_(
"Usage: scelle verify [VAULT or FILE] [OPTION...]\n"
"\n"
"Checks a vault, or a bundle, without any passphrase, and names what is wrong\n"
"and where: file, offset, what.  When the vault does not hold what the newest\n"
"receipt kept on this machine proves, that is said on stderr.\n"
"\n"
"  --key VKEY        the log's key, as told by someone else than the vault\n"
"  --threads N       1 to 64 (else: as many as there are processors)\n"
"\n"
"Kept outside the vault; what does not fit makes it not sound.  May be repeated:\n"
"  --head FILE       a signed head, or a receipt\n"
"  --receipt FILE    the same\n"
"  --receipts        every receipt kept on this machine\n"
"  --cosigned FILE   a head cosigned by a witness named with --witness\n"
"  --witness VKEY    a witness's key\n"
"  --token FILE      an RFC 3161 time stamp over a head given here or published\n"
"                    in the vault\n"
"  --authority FILE  certificates (PEM) of time stamp authorities to trust\n"
"  --proof FILE      write what contradicts as a proof that others can check\n"
"\n"
"Exit status: 0 sound, 1 not sound, 3 it could not be checked.\n");

struct verify_args {
	const char *path, *key;
	unsigned threads;
	struct verify_outside outside;
};

/* Problems come from several threads in turn; the first ones are printed as
 * they come, JSON gathers them. */
struct sink {
	struct cli *cli;
	struct buf json;
	struct jsonw w;
	uint64_t shown;
	struct buf times_json;
	struct jsonw times;	/* what vouches for times, outside the vault */
	uint64_t vouched;	/* leaves that something outside is younger than */
};

#define SHOWN_MAX 1000

static void problem(void *arg, const struct verify_problem *p)
{
	struct sink *s = arg;

	if (s->shown++ >= SHOWN_MAX)
		return;
	if (!s->cli->json && p->lost) {
		cli_out(s->cli, _("LOST   %s: %s\n"),
			p->file ? p->file : "-", p->what);
		return;
	}
	if (!s->cli->json) {
		cli_out(s->cli, _("WRONG  %s at byte %" PRIu64 ": %s\n"),
			p->file ? p->file : "-", p->offset, p->what);
		return;
	}
	jsonw_open(&s->w, NULL, '{');
	jsonw_str(&s->w, "file", p->file);
	jsonw_int(&s->w, "offset", (int64_t)p->offset);
	jsonw_str(&s->w, "what", p->what);
	jsonw_bool(&s->w, "lost_in_restore", p->lost);
	jsonw_close(&s->w, '}');
}

static void sink_open(struct sink *s, struct cli *cli, const char *what)
{
	s->cli = cli;
	s->json = (struct buf)BUF_INIT((size_t)16 << 20);
	s->w = (struct jsonw)JSONW_INIT(&s->json);
	s->shown = 0;
	s->times_json = (struct buf)BUF_INIT((size_t)1 << 20);
	s->times = (struct jsonw)JSONW_INIT(&s->times_json);
	s->vouched = 0;
	jsonw_open(&s->times, NULL, '[');
	jsonw_open(&s->w, NULL, '{');
	jsonw_str(&s->w, "checked", what);
	jsonw_open(&s->w, "problems", '[');
}

/*
 * Hold the vault against the newest receipt kept on this machine.  A copy that
 * went its own way contradicts it without being altered: so unless it was
 * asked for, that is only said.  Those a restore lost are passed over and
 * counted.
 */
static void hold_newest(const char *path, struct cli *cli, uint64_t *lost)
{
	struct receipts_entry *list = NULL;
	struct err e = ERR_INIT;
	struct vault *v = NULL;
	size_t n = 0;
	int r = RECEIPTS_LOST;

	/* A vault that does not even open is for verify_vault() to judge. */
	if (vault_open(path, VAULT_READ, NULL, &v, &e) == 0)
		receipts_list(receipts_name(v), &list, &n, &e);
	for (size_t i = n; i-- > 0 && r == RECEIPTS_LOST;) {
		r = receipts_hold(v, &list[i], &e);
		if (r == RECEIPTS_LOST)
			(*lost)++;
		else if (r != 0)
			cli_warn(cli, "%s: %s", list[i].path, e.text);
	}
	vault_close(v);
	free(list);
}

/* --- what was kept outside --------------------------------------------------- */

static void outside_fraud(void *arg, const char *file, const char *what)
{
	struct verify_problem p = { .file = file, .what = what };

	problem(arg, &p);
}

static void lost_outside(void *arg, const char *file, const char *what)
{
	struct verify_problem p = { .file = file, .what = what, .lost = 1 };

	problem(arg, &p);
}

static void outside_time(void *arg, const struct outside_time *t)
{
	struct sink *s = arg;
	char when[CLOCK_RFC3339_MAX];

	clock_rfc3339(t->time_ms, when);
	if (s->cli->json) {
		jsonw_open(&s->times, NULL, '{');
		jsonw_str(&s->times, "file", t->file);
		jsonw_str(&s->times, "time", when);
		jsonw_int(&s->times, "size", (int64_t)t->size);
		jsonw_str(&s->times, "by", t->who);
		jsonw_bool(&s->times, "witness", t->cosigned);
		jsonw_close(&s->times, '}');
	} else if (t->cosigned) {
		cli_out(s->cli, _("witness  %" PRIu64 " leaves are older than "
			"%s: %s\n"), t->size, when, t->who);
	} else {
		cli_out(s->cli, _("stamped  %" PRIu64 " leaves are older than "
			"%s: %s\n"), t->size, when, t->who);
	}
	if (t->size > s->vouched)
		s->vouched = t->size;
}

/* Returns how many do not fit, or an error. */
static int hold_outside(const struct verify_args *a, struct sink *s,
			uint64_t *wrong, uint64_t *shown, uint64_t *lost,
			struct err *e)
{
	const struct verify_outside_to to = {
		.fraud = outside_fraud, .lost = lost_outside,
		.time = outside_time, .arg = s,
	};
	struct verify_outside o = a->outside;
	int proof = 0, r;

	o.key = a->key;
	r = verify_outside_run(&o, a->path, &to, wrong, &proof, e);
	*shown = o.lost_shown;
	*lost += o.lost_shown + o.lost_kept;
	if (r == 0 && proof)
		cli_say(s->cli, _("proof of what contradicts: %s\n"),
			o.proof);
	return r;
}

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

static int finish_vault(struct sink *s, const char *path, int sound,
			const struct verify_report *rep)
{
	char root[65];
	int status = CLI_OK;

	hex_str(root, rep->root, 32);
	jsonw_close(&s->w, ']');
	jsonw_bool(&s->w, "sound", sound);
	jsonw_str(&s->w, "vault", path);
	jsonw_str(&s->w, "origin", rep->origin);
	jsonw_int(&s->w, "leaves", (int64_t)rep->leaves);
	jsonw_int(&s->w, "heads", (int64_t)rep->heads);
	jsonw_int(&s->w, "objects", (int64_t)rep->objects);
	jsonw_int(&s->w, "bytes", (int64_t)rep->bytes);
	jsonw_int(&s->w, "lab_leaves", (int64_t)rep->lab_leaves);
	jsonw_str(&s->w, "root", root);
	jsonw_int(&s->w, "shards", rep->shards);
	jsonw_int(&s->w, "lost_in_restore", (int64_t)rep->lost);
	jsonw_bool(&s->w, "unfinished", rep->unfinished);
	jsonw_int(&s->w, "wrong", (int64_t)rep->problems);
	jsonw_close(&s->times, ']');
	jsonw_raw(&s->w, "vouched", buf_view(&s->times_json));
	jsonw_int(&s->w, "local_clock_from", (int64_t)s->vouched);
	jsonw_close(&s->w, '}');
	if (s->cli->json) {
		status = cli_json(s->cli, &s->json);
		return status != CLI_OK ? status : sound ? CLI_OK : CLI_UNSOUND;
	}
	if (s->shown > SHOWN_MAX)
		cli_out(s->cli, _("... and %" PRIu64 " more\n"),
			s->shown - SHOWN_MAX);
	cli_out(s->cli, _("log      %s\n"), rep->origin);
	cli_out(s->cli, _("root     %s\n"), root);
	cli_out(s->cli, _("leaves   %" PRIu64 ", heads %" PRIu64 ", objects %"
		PRIu64 ", %" PRIu64 " bytes\n"), rep->leaves, rep->heads,
		rep->objects, rep->bytes);
	if (s->vouched < rep->leaves)
		cli_out(s->cli, _("clock    only the local clock vouches for "
			"the time of the leaves from %" PRIu64 " on\n"),
			s->vouched);
	if (rep->lab_leaves)
		cli_out(s->cli, _("lab      %" PRIu64 " leaves were made in the "
			"lab: no evidence\n"), rep->lab_leaves);
	if (rep->shards > 1)
		cli_out(s->cli, _("shards   %u\n"), rep->shards);
	if (rep->lost)
		cli_out(s->cli, _("lost     %" PRIu64 " heads or receipts are of "
			"what a restore lost; 'scelle shard' names the gap\n"),
			rep->lost);
	if (rep->unfinished)
		cli_out(s->cli, "%s", _("tail     bytes behind the last head: "
			"the next writer puts them aside\n"));
	if (sound)
		cli_out(s->cli, "%s", _("SOUND\n"));
	else
		cli_out(s->cli, _("NOT SOUND: %" PRIu64 " problems\n"),
			rep->problems);
	return sound ? CLI_OK : CLI_UNSOUND;
}

static int check_vault(struct cli *cli, const struct verify_args *a)
{
	struct verify_report rep = { 0 };
	struct verify_options o = {
		.threads = a->threads ? a->threads : processors(),
		.vkey = a->key, .problem = problem,
	};
	struct err e = ERR_INIT;
	struct sink s;
	int r, status;

	sink_open(&s, cli, "vault");
	o.arg = &s;
	r = verify_vault(a->path, &o, &rep, &e);
	if (r >= 0 && !a->outside.receipts)
		hold_newest(a->path, cli, &rep.lost);
	if (r >= 0 && verify_outside_any(&a->outside)) {
		uint64_t wrong = 0, shown = 0;
		int held = hold_outside(a, &s, &wrong, &shown, &rep.lost, &e);

		/* Who shows a head asks for it: lost is no, too. */
		wrong += shown;
		rep.problems += wrong;
		/* A vault too damaged to open was judged above. */
		if (held < 0 && r == 0)
			r = held;
		else if (wrong)
			r = 1;
	}
	status = r < 0 ? cli_fail(cli, &e)
		       : finish_vault(&s, a->path, r == 0, &rep);
	buf_release(&s.times_json);
	buf_release(&s.json);
	return status;
}

static void bundle_problem(void *arg, const char *member, const char *what)
{
	struct verify_problem p = { .file = member, .what = what };

	problem(arg, &p);
}

static void bundle_fine(void *arg, const char *what)
{
	struct sink *s = arg;

	if (!s->cli->json && !s->cli->quiet)
		cli_out(s->cli, _("fine   %s\n"), what);
}

static int check_bundle(struct cli *cli, const struct verify_args *a)
{
	struct bundle_report rep = { .problems = 0 };
	struct bundle_verify o = {
		.log_vkey = a->key, .problem = bundle_problem,
		.fine = bundle_fine,
	};
	struct err e = ERR_INIT;
	char root[65];
	struct sink s;
	int r, status;

	sink_open(&s, cli, "bundle");
	o.arg = &s;
	r = bundle_check_in_child(a->path, &o, &rep, &e);
	if (r < 0) {
		status = cli_fail(cli, &e);
		goto out;
	}
	hex_str(root, rep.root, 32);
	jsonw_close(&s.w, ']');
	jsonw_bool(&s.w, "sound", r == 0);
	jsonw_str(&s.w, "bundle", a->path);
	jsonw_str(&s.w, "origin", rep.origin);
	jsonw_int(&s.w, "items", (int64_t)rep.items);
	jsonw_int(&s.w, "members", (int64_t)rep.members);
	jsonw_int(&s.w, "size", (int64_t)rep.size);
	jsonw_str(&s.w, "root", root);
	jsonw_bool(&s.w, "complete", rep.complete);
	jsonw_int(&s.w, "wrong", (int64_t)rep.problems);
	jsonw_close(&s.w, '}');
	status = r == 0 ? CLI_OK : CLI_UNSOUND;
	if (cli->json) {
		if (cli_json(cli, &s.json) != CLI_OK)
			status = CLI_FAILED;
		goto out;
	}
	cli_out(cli, _("log      %s\n"), rep.origin);
	cli_out(cli, _("root     %s of %" PRIu64 " leaves\n"), root, rep.size);
	cli_out(cli, _("items    %" PRIu64 ", members %" PRIu64 "%s\n"),
		rep.items, rep.members, rep.complete ? _(", the whole case")
						     : "");
	if (r == 0)
		cli_out(cli, "%s", _("SOUND\n"));
	else
		cli_out(cli, _("NOT SOUND: %" PRIu64 " problems\n"),
			rep.problems);
out:
	buf_release(&s.times_json);
	buf_release(&s.json);
	return status;
}

int cmd_verify(struct cli *cli, int argc, char **argv)
{
	enum { HEAD, RECEIPT, COSIGNED, WITNESS, TOKEN, AUTHORITY, PROOF, KEY,
	       THREADS, RECEIPTS };
	static const struct option options[] = {
		{ "head", required_argument, NULL, HEAD },
		{ "receipt", required_argument, NULL, RECEIPT },
		{ "cosigned", required_argument, NULL, COSIGNED },
		{ "witness", required_argument, NULL, WITNESS },
		{ "token", required_argument, NULL, TOKEN },
		{ "authority", required_argument, NULL, AUTHORITY },
		{ "proof", required_argument, NULL, PROOF },
		{ "key", required_argument, NULL, KEY },
		{ "threads", required_argument, NULL, THREADS },
		{ "receipts", no_argument, NULL, RECEIPTS },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const char kinds[] = {
		[HEAD] = 'h', [RECEIPT] = 'h', [COSIGNED] = 'c',
		[WITNESS] = 'w', [TOKEN] = 't', [AUTHORITY] = 'a',
	};
	struct verify_args a = { 0 };
	struct err e = ERR_INIT;
	struct stat st;
	uint64_t n;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case HEAD:
		case RECEIPT:
		case COSIGNED:
		case WITNESS:
		case TOKEN:
		case AUTHORITY:
			if (verify_outside_add(&a.outside, kinds[opt], optarg,
					       &e) < 0)
				return cli_fail(cli, &e);
			break;
		case PROOF:
			a.outside.proof = optarg;
			break;
		case KEY:
			a.key = optarg;
			break;
		case THREADS:
			if (session_number(optarg, 64, &n, &e) < 0)
				return cli_fail(cli, &e);
			a.threads = (unsigned)n;
			break;
		case RECEIPTS:
			a.outside.receipts = 1;
			break;
		case 'h':
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (argc - optind > 1)
		return cli_usage(cli, argv[0], _("too many arguments"));
	a.path = optind < argc ? argv[optind] : cli_vault(cli, &e);
	if (!a.path)
		return cli_fail(cli, &e);
	if (stat(a.path, &st) == 0 && S_ISREG(st.st_mode))
		return check_bundle(cli, &a);
	return check_vault(cli, &a);
}
