/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle parse: what a site profile takes from a file, without a vault.
 */
#include "crawler/profiles.h"
#include "parsers/html.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "tools/parse_child.h"
#include "util/file.h"

static const char help[] = N_(
"Usage: scelle parse --url URL [--profile FILE] [--type TYPE] [--explain] FILE\n"
"\n"
"Shows what the profile for URL takes from FILE (a body as it was served,\n"
"content coding removed; '-' is standard input), as JSON lines: one for the\n"
"page, then one a post in page order, then one a link.\n"
"\n"
"  --url URL        where the body came from\n"
"  --profile FILE   use this profile only (else those installed)\n"
"  --type TYPE      the Content-Type header it was served with\n"
"  --explain        then say how: which anchor chose the kind of page, which rule\n"
"                   gave which value from which node, which rules gave nothing\n"
"\n"
"Needs no vault, writes nothing, touches no network.\n");

enum { OPT_URL = 256, OPT_PROFILE, OPT_TYPE, OPT_EXPLAIN, OPT_HELP };

static const struct option options[] = {
	{ "url", required_argument, NULL, OPT_URL },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "explain", no_argument, NULL, OPT_EXPLAIN },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static int parse_file(struct cli *cli, const char *path, const char *profile,
		      struct parse_request *q)
{
	struct profile_set set = PROFILE_SET_INIT;
	struct buf body = BUF_INIT(PTREE_INPUT_MAX);
	struct buf out = BUF_INIT(PARSE_CHILD_MAX);
	struct err e = ERR_INIT;
	int r, status = CLI_OK;

	parse_start();
	r = profile ? profiles_load_file(profile, &set, &e) :
	    profiles_load(cli_profiles(cli), &set, &e);
	if (r < 0)
		goto out;
	if (profile)
		q->profile = set.profile[0];
	r = file_read(path, &body, &e);
	if (r < 0)
		goto out;
	q->body = buf_view(&body);
	r = parse_in_child(&set, q, &out, &e);
	if (r == 0)
		cli_raw(cli, buf_view(&out));
out:
	if (r < 0)
		status = cli_fail(cli, &e);
	profile_set_release(&set);
	buf_release(&body);
	buf_release(&out);
	return status;
}

int cmd_parse(struct cli *cli, int argc, char **argv)
{
	struct parse_request q = { .url = { NULL, 0 } };
	const char *profile = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case OPT_URL:
			q.url = bytes_str(optarg);
			break;
		case OPT_PROFILE:
			profile = optarg;
			break;
		case OPT_TYPE:
			q.content_type = optarg;
			break;
		case OPT_EXPLAIN:
			q.explain = 1;
			break;
		case OPT_HELP:
			return cli_help(cli, _(help));
		default:
			return cli_usage(cli, "parse",
					 _("unknown or unfinished option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (!q.url.p)
		return cli_usage(cli, "parse", _("'%s' is missing"), "--url");
	if (optind + 1 != argc)
		return cli_usage(cli, "parse", _("one file expected"));
	return parse_file(cli, argv[optind], profile, &q);
}
