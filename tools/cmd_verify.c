/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/bundle.h"
#include "cases/receipts.h"
#include "store/verify.h"
#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] = N_(
"Usage: scelle verify [VAULT or FILE] [--head FILE] [--key VKEY] [--threads N]\n"
"                     [--receipts]\n"
"\n"
"Checks a vault, or a bundle, without any passphrase, and names what is wrong\n"
"and where: file, offset, what.  When the vault does not hold what the newest\n"
"receipt kept on this machine proves, that is said on stderr.\n"
"\n"
"  --head FILE      a signed head or a receipt kept elsewhere that must fit\n"
"  --key VKEY       the log's key, as told by someone else than the vault\n"
"  --threads N      1 to 64 (else: as many as there are processors)\n"
"  --receipts       hold the vault against every receipt kept on this machine;\n"
"                   one that does not fit makes it not sound\n"
"\n"
"Exit status: 0 sound, 1 not sound, 3 it could not be checked.\n");

struct verify_args {
	const char *path, *head, *key;
	unsigned threads;
	int receipts;
};

/* Problems come from several threads in turn; the first ones are printed as
 * they come, JSON gathers them. */
struct sink {
	struct cli *cli;
	struct buf json;
	struct jsonw w;
	uint64_t shown;
};

#define SHOWN_MAX 1000

static void problem(void *arg, const struct verify_problem *p)
{
	struct sink *s = arg;

	if (s->shown++ >= SHOWN_MAX)
		return;
	if (!s->cli->json) {
		cli_out(s->cli, _("WRONG  %s at byte %" PRIu64 ": %s\n"),
			p->file ? p->file : "-", p->offset, p->what);
		return;
	}
	jsonw_open(&s->w, NULL, '{');
	jsonw_str(&s->w, "file", p->file);
	jsonw_int(&s->w, "offset", (int64_t)p->offset);
	jsonw_str(&s->w, "what", p->what);
	jsonw_close(&s->w, '}');
}

static void sink_open(struct sink *s, struct cli *cli, const char *what)
{
	s->cli = cli;
	s->json = (struct buf)BUF_INIT((size_t)16 << 20);
	s->w = (struct jsonw)JSONW_INIT(&s->json);
	s->shown = 0;
	jsonw_open(&s->w, NULL, '{');
	jsonw_str(&s->w, "checked", what);
	jsonw_open(&s->w, "problems", '[');
}

/*
 * Hold the vault against the receipts kept on this machine.  A copy that went
 * its own way contradicts them without being altered: so unless it was asked
 * for, that is only said.  Returns how many do not fit.
 */
static uint64_t hold_receipts(const char *path, int strict, struct sink *s)
{
	struct receipts_entry *list = NULL;
	struct err e = ERR_INIT;
	struct vault *v = NULL;
	uint64_t wrong = 0;
	size_t n = 0;

	/* A vault that does not even open is for verify_vault() to judge. */
	if (vault_open(path, VAULT_READ, NULL, &v, &e) == 0 &&
	    receipts_list(vault_vkey(v), &list, &n, &e) == 0) {
		for (size_t i = strict || !n ? 0 : n - 1; i < n; i++) {
			struct verify_problem p = { .file = list[i].path };
			int r = receipts_hold(v, &list[i], &e);

			if (r == 0)
				continue;
			wrong++;
			p.what = e.text;
			if (strict)
				problem(s, &p);
			else
				cli_warn(s->cli, "%s: %s", list[i].path,
					 e.text);
		}
	}
	vault_close(v);
	free(list);
	return strict ? wrong : 0;
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
	jsonw_bool(&s->w, "unfinished", rep->unfinished);
	jsonw_int(&s->w, "wrong", (int64_t)rep->problems);
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
	if (rep->lab_leaves)
		cli_out(s->cli, _("lab      %" PRIu64 " leaves were made in the "
			"lab: no evidence\n"), rep->lab_leaves);
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
	struct buf head = BUF_INIT((size_t)1 << 20);
	struct verify_report rep = { 0 };
	struct verify_options o = {
		.threads = a->threads ? a->threads : processors(),
		.vkey = a->key, .problem = problem,
	};
	struct err e = ERR_INIT;
	struct sink s;
	int r = 0, status;

	sink_open(&s, cli, "vault");
	if (a->head)
		r = file_read(a->head, &head, &e);
	if (r == 0) {
		o.head = buf_view(&head);
		o.arg = &s;
		r = verify_vault(a->path, &o, &rep, &e);
	}
	if (r >= 0) {
		uint64_t wrong = hold_receipts(a->path, a->receipts, &s);

		rep.problems += wrong;
		if (wrong)
			r = 1;
	}
	status = r < 0 ? cli_fail(cli, &e)
		       : finish_vault(&s, a->path, r == 0, &rep);
	buf_release(&head);
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
	r = bundle_check(a->path, &o, &rep, &e);
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
	buf_release(&s.json);
	return status;
}

int cmd_verify(struct cli *cli, int argc, char **argv)
{
	enum { HEAD, KEY, THREADS, RECEIPTS };
	static const struct option options[] = {
		{ "head", required_argument, NULL, HEAD },
		{ "key", required_argument, NULL, KEY },
		{ "threads", required_argument, NULL, THREADS },
		{ "receipts", no_argument, NULL, RECEIPTS },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct verify_args a = { 0 };
	struct err e = ERR_INIT;
	struct stat st;
	uint64_t n;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case HEAD:
			a.head = optarg;
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
			a.receipts = 1;
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
