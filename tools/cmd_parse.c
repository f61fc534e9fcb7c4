/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * scelle parse: what a site profile takes from a file, without a vault.
 */
#include "crawler/profiles.h"
#include "parsers/html.h"
#include "parsers/worker.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "util/file.h"
#include "util/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CPU_SECONDS 2

static const char help[] = N_(
"Usage: scelle parse --url URL [--profile FILE] [--type TYPE] FILE\n"
"\n"
"Shows what the profile for URL takes from FILE (a body as it was served,\n"
"content coding removed; '-' is standard input), as JSON lines: one for the\n"
"page, then one a post in page order, then one a link.\n"
"\n"
"  --url URL        where the body came from\n"
"  --profile FILE   use this profile only (else those installed)\n"
"  --type TYPE      the Content-Type header it was served with\n"
"\n"
"Needs no vault, writes nothing, touches no network.\n");

enum { OPT_URL = 256, OPT_PROFILE, OPT_TYPE, OPT_HELP };

static const struct option options[] = {
	{ "url", required_argument, NULL, OPT_URL },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* In the child: no files, no network; what it writes goes to the pipe. */
_Noreturn static void read_page(const struct profile_set *set,
				const struct parse_request *q)
{
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS + 1 };
	struct buf out = BUF_INIT(PARSE_OUTPUT_MAX);
	struct sandbox_report rep;

	setrlimit(RLIMIT_CPU, &cpu);
	if (sandbox_parse(0, &rep, NULL) < 0 ||
	    parse_page(set, q, &out, NULL) < 0 ||
	    file_write_all(1, out.p, out.len, NULL) < 0)
		_exit(CLI_FAILED);
	_exit(CLI_OK);
}

static int drain(int fd, struct buf *out)
{
	for (;;) {
		uint8_t *p = buf_room(out, 64u << 10);
		ssize_t n;

		if (!p)
			return ERR_LIMIT;
		n = read(fd, p, 64u << 10);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? ERR_IO : 0;
		out->len += (size_t)n;
	}
}

/*
 * Hostile bytes are read by a process of their own.  This command holds no
 * keys, so a fork will do.  A page that costs the child its life still has a
 * page line, with a finding.
 */
static int in_child(const struct profile_set *set,
		    const struct parse_request *q, struct buf *out,
		    struct err *e)
{
	int fd[2], status = 0, r;
	pid_t pid;

	if (pipe(fd) < 0)
		return err_errno(e, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		r = err_errno(e, "cannot start a parser");
		close(fd[0]);
		close(fd[1]);
		return r;
	}
	if (pid == 0) {
		if (dup2(fd[1], 1) < 0)
			_exit(CLI_FAILED);
		close(fd[0]);
		read_page(set, q);
	}
	close(fd[1]);
	r = drain(fd[0], out);
	close(fd[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return err_set(e, r, "cannot read the parser's answer");
	if (WIFEXITED(status) && WEXITSTATUS(status) == CLI_OK)
		return 0;
	buf_clear(out);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return parse_failed(set, q, "limit", "processor time", out);
	if (WIFEXITED(status) && WEXITSTATUS(status) == HTML_EXIT_MEMORY)
		return parse_failed(set, q, "limit", "memory", out);
	return parse_failed(set, q, "parser-died", NULL, out);
}

static int parse_file(struct cli *cli, const char *path, const char *profile,
		      struct parse_request *q)
{
	struct profile_set set = PROFILE_SET_INIT;
	struct buf body = BUF_INIT(PTREE_INPUT_MAX);
	struct buf out = BUF_INIT(PARSE_OUTPUT_MAX + (64u << 10));
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
	r = in_child(&set, q, &out, &e);
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
