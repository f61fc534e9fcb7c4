/* SPDX-License-Identifier: EUPL-1.2 */
/* scelle posts, scelle search: what was published, newest first or best. */
#include "tools/commands.h"
#include "tools/medium_out.h"
#include "tools/reading.h"

static const char help_posts[] = N_(
"Usage: scelle posts CASE --why TEXT [--source S] [--since DATE]\n"
"                    [--until DATE] [--limit N] [--all-versions] [--unmask]\n"
"\n"
"The posts of a case, newest first.\n"
"\n"
"  --why TEXT       the reason; recorded before anything is read\n"
"  --source S       only this source (telegram:NAME) or account\n"
"  --since, --until DATE\n"
"                   published within, YYYY-MM-DD or YYYY-MM-DDThh:mmZ\n"
"  --limit N        at most N (20)\n"
"  --all-versions   every version that was seen, not the last alone\n"
"  --unmask         show social security and card numbers; recorded\n");

static const char help_search[] = N_(
"Usage: scelle search CASE QUERY --why TEXT [--best] [--source S]\n"
"                     [--since DATE] [--until DATE] [--limit N]\n"
"                     [--all-versions] [--unmask]\n"
"\n"
"Posts with all words of QUERY, newest first.  Accents and case do not matter;\n"
"\"several words\" are a phrase, word* begins so, -word must not be there.\n"
"\n"
"  --best           best matches first, of the newest 2,000\n"
"\n"
"Captured media whose own words fit (camera, software, author, description)\n"
"follow the posts; --since and --until are then of their capture.\n"
"The other options are those of posts.  The query is part of the record.\n");

struct rows {
	struct reading *rd;
	uint64_t n;
	int whole;
};

static int row(void *arg, const struct index_post *p)
{
	struct rows *rows = arg;
	int r = reading_row(rows->rd, p->capture);

	if (r < 0)
		return r;
	if (rows->n++ && !rows->rd->cli->json)
		cli_out(rows->rd->cli, "\n");
	return reading_post(rows->rd, p, rows->whole);
}

static int query(struct reading *rd, uint64_t *found, int *more_out)
{
	struct index_query q = { .text = rd->arg, .source = rd->source,
		.from_ms = rd->from_ms, .to_ms = rd->to_ms, .best = rd->best,
		.all_versions = rd->all_versions,
		.limit = (unsigned)rd->limit };
	struct rows rows = { .rd = rd, .whole = !rd->arg };
	struct err e = ERR_INIT;
	int more = 0, r = reading_index(rd, rd->arg, &e);

	if (r == 0)
		r = index_search(rd->ix, &q, row, &rows, &more, &e);
	if (r == 0 && rd->arg) {
		struct medium_rows media = { rd, rows.n };

		r = index_media_search(rd->ix, &q, medium_row, &media, &e);
		rows.n = media.n;
	}
	if (r < 0) {
		reading_error(rd, r, &e);
		return cli_fail(rd->cli, &e);
	}
	*found = rows.n;
	*more_out = more;
	return CLI_OK;
}

/* What else there is to say is an answer too: it comes behind the record. */
static int run(struct reading *rd)
{
	uint64_t found = 1;
	int more = 0, status = query(rd, &found, &more);
	struct cli *cli = rd->cli;

	status = reading_close(rd, status);
	if (status != CLI_OK)
		return status;
	if (found == 0)
		cli_say(cli, "%s\n", _("nothing found"));
	if (more)
		cli_say(cli, _("more than %d posts match: only the newest "
			       "%d were ranked\n"),
			INDEX_RANKED_MAX, INDEX_RANKED_MAX);
	return CLI_OK;
}

int cmd_posts(struct cli *cli, int argc, char **argv)
{
	struct reading rd;
	int status = reading_args(&rd, cli, argc, argv, READ_FILTER |
				  READ_LIMIT | READ_VERSIONS, 1,
				  _(help_posts));

	return status >= 0 ? status : run(&rd);
}

int cmd_search(struct cli *cli, int argc, char **argv)
{
	struct reading rd;
	int status = reading_args(&rd, cli, argc, argv, READ_FILTER |
				  READ_LIMIT | READ_VERSIONS | READ_BEST, 2,
				  _(help_search));

	return status >= 0 ? status : run(&rd);
}
