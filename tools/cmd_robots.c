/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle robots: may an agent fetch a URL under a robots.txt?
 */
#include "parsers/robots.h"
#include "parsers/url.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "util/file.h"
#include "util/json.h"

#include <stdio.h>

#define FILE_MAX (64u << 20)

static const char help[] = N_(
"Usage: scelle robots --agent NAME --url URL FILE\n"
"\n"
"Tells whether the robots.txt in FILE ('-': standard input) lets an agent\n"
"fetch a URL (RFC 9309), and which line decides.\n"
"\n"
"  --agent NAME   product token, such as ExampleBot; a version is cut\n"
"  --url URL      the URL; only its path and query matter\n"
"\n"
"The URL is judged as it is spelt and as a browser reads it; what either\n"
"forbids is forbidden.\n");

static const char *why_name(enum robots_why why)
{
	static const char *const names[] = {
		[ROBOTS_RULE] = "rule",
		[ROBOTS_NO_MATCH] = "no-match",
		[ROBOTS_NO_GROUP] = "no-group",
	};

	return names[why];
}

/* decide - both readings of the URL; the stricter answer */
static int decide(const struct robots *r, const char *agent, const char *text,
		  struct robots_decision *out)
{
	struct robots_decision read;
	struct url u = URL_INIT;
	int ret;

	ret = robots_check(r, agent, robots_target(bytes_str(text)), out);
	if (ret < 0)
		return ret;
	ret = url_parse(bytes_str(text), NULL, &u, NULL);
	if (ret == ERR_NOMEM)
		return ret;
	if (ret < 0)
		return 0;
	ret = robots_check(r, agent, url_target(&u), &read);
	if (ret == 0 && out->allow && !read.allow)
		*out = read;
	url_release(&u);
	return ret;
}

static int answer(struct cli *cli, const struct robots_decision *d,
		  const char *agent, const char *url)
{
	const char *word = d->allow ? "allow" : "disallow";
	struct buf b = BUF_INIT(1u << 20);
	struct jsonw w = JSONW_INIT(&b);
	int status;

	if (!cli->json) {
		if (d->why == ROBOTS_RULE)
			cli_out(cli, "%s: line %u: %.*s\n", word, d->line,
				(int)d->rule.len, (const char *)d->rule.p);
		else if (d->why == ROBOTS_NO_MATCH)
			cli_out(cli, "%s: %s\n", word,
				_("no rule of the group matches"));
		else
			cli_out(cli, "%s: %s\n", word,
				_("no group is for this agent"));
		return CLI_OK;
	}
	jsonw_open(&w, NULL, '{');
	jsonw_str(&w, "decision", word);
	jsonw_bool(&w, "allowed", d->allow);
	jsonw_str(&w, "why", why_name(d->why));
	if (d->why == ROBOTS_RULE) {
		jsonw_int(&w, "line", d->line);
		jsonw_bytes(&w, "rule", d->rule);
	}
	if (d->why != ROBOTS_NO_GROUP)
		jsonw_str(&w, "group", d->group_for_all ? "*" : agent);
	if (d->crawl_delay_ms >= 0)
		jsonw_int(&w, "crawl_delay_ms", d->crawl_delay_ms);
	jsonw_str(&w, "agent", agent);
	jsonw_str(&w, "url", url);
	jsonw_close(&w, '}');
	status = cli_json(cli, &b);
	buf_release(&b);
	return status;
}

int cmd_robots(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{ "agent", required_argument, NULL, 'a' },
		{ "url", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *agent = NULL, *url = NULL;
	struct buf body = BUF_INIT(FILE_MAX);
	struct robots *r = NULL;
	struct robots_decision d;
	struct err e = ERR_INIT;
	int opt, status;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			agent = optarg;
			break;
		case 'u':
			url = optarg;
			break;
		case 'h':
			return cli_help(cli, _(help));
		case ':':
			return cli_usage(cli, argv[0], _("option '%s' needs a value"),
					 argv[optind - 1]);
		default:
			return cli_usage(cli, argv[0], _("unknown option '%s'"),
					 argv[optind - 1]);
		}
	}
	if (!agent || !url)
		return cli_usage(cli, argv[0], _("--agent and --url are needed"));
	if (argc - optind != 1)
		return cli_usage(cli, argv[0], _("one file is needed"));
	if (file_read(argv[optind], &body, &e) < 0) {
		status = cli_fail(cli, &e);
		goto out;
	}
	if (robots_parse(buf_view(&body), &r, &e) < 0 ||
	    decide(r, agent, url, &d) < 0) {
		err_set(&e, ERR_NOMEM, "out of memory");
		status = cli_fail(cli, &e);
		goto out;
	}
	status = answer(cli, &d, agent, url);
out:
	robots_free(r);
	buf_release(&body);
	return status;
}
