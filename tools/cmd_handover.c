/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle handover: an export was handed over, to whom and under which paper. */
#include "tools/commands.h"
#include "tools/session.h"

#include "cases/casefile.h"
#include "cases/custody.h"
#include "cases/deny.h"
#include "cases/permit.h"

#include <inttypes.h>

static const char help[] = N_(
"Usage: scelle handover CASE [LEAF] --to WHOM --why TEXT\n"
"\n"
"Records that an export was handed over: LEAF is the export's place in the log\n"
"('scelle audit' names it), else the case's last export.  The audit lists the\n"
"exports for which no such record was made.\n"
"\n"
"  --to WHOM    the recipient, and who took it\n"
"  --why TEXT   under which request or transmission\n");

/* The leaf of an export of this case: the one named, or the last. */
static int find(struct unit *u, const struct admin_case *c, const char *word,
		uint64_t *seq_out, struct err *e)
{
	struct stream *s = NULL;
	uint64_t want = 0;
	int r = casefile_stream(u, c, &s, e);

	if (r == 0 && word)
		r = session_number(word, INT64_MAX, &want, e);
	for (uint64_t n = r == 0 ? stream_count(s) : 0; n-- > 0;) {
		struct leaf leaf;
		uint64_t seq;

		r = stream_seq(s, n, &seq, e);
		if (r == 0 && vault_leaf(u->vault, seq, &leaf) < 0)
			r = err_set(e, ERR_IO, "cannot read the log");
		if (r < 0)
			return r;
		if (leaf.kind == LEAF_EXPORT && (!word || seq == want)) {
			*seq_out = seq;
			return 0;
		}
	}
	return r < 0 ? r : err_set(e, ERR_NOENT, word
				   ? "no export of the case stands there"
				   : "the case has no export");
}

static int record(struct unit *u, const char *name, const char *word,
		  const char *to, const char *why, uint64_t *seq,
		  struct err *e)
{
	const struct admin_case *c = NULL;
	struct access a = { .command = "handover", .why = why,
			    .recipient = to };
	char id[17];
	int r = casefile_find(u, name, &c, e);

	if (r < 0)
		return r;
	memcpy(id, c->id, sizeof id);
	r = permit_check(&u->admin, u->user ? u->user_name : NULL,
			 PERMIT_EXPORT, c, e);
	r = unit_denied(u, r, "handover", id, why, e);
	if (r == 0)
		r = find(u, c, word, seq, e);
	a.case_name = id;
	a.about = *seq + 1;
	return r < 0 ? r : custody_note(u, &a, e);
}

int cmd_handover(struct cli *cli, int argc, char **argv)
{
	enum { WHY = 256, TO };
	static const struct option options[] = {
		{ "why", required_argument, NULL, WHY },
		{ "to", required_argument, NULL, TO },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *why = NULL, *to = NULL;
	struct err e = ERR_INIT;
	struct unit *u = NULL;
	uint64_t seq = 0;
	int opt, r, words;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == WHY)
			why = optarg;
		else if (opt == TO)
			to = optarg;
		else if (opt == 'h')
			return cli_help(cli, _(help));
		else
			return cli_usage(cli, argv[0], _("bad option '%s'"),
					 argv[optind - 1]);
	}
	words = argc - optind;
	if (words < 1 || words > 2)
		return cli_usage(cli, argv[0], _("which case?"));
	if (!why || !to || !*to)
		return cli_usage(cli, argv[0], _("--to and --why are needed"));
	r = session_open(cli, VAULT_WRITE, &u, &e);
	if (r == 0)
		r = record(u, argv[optind], words > 1 ? argv[optind + 1] : NULL,
			   to, why, &seq, &e);
	if (r == 0)
		cli_say(cli, _("the export at leaf %" PRIu64 " was handed "
			       "over\n"), seq);
	r = r < 0 ? cli_fail(cli, &e) : CLI_OK;
	cli->wrote = u != NULL;		/* also a refusal is worth a receipt */
	return u ? session_close(cli, u, r) : r;
}
