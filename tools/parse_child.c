/* SPDX-License-Identifier: EUPL-1.2 */
#include "tools/parse_child.h"

#include "parsers/html.h"
#include "tools/cli.h"
#include "util/file.h"
#include "util/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CPU_SECONDS 2

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

int parse_in_child(const struct profile_set *set,
		   const struct parse_request *q, struct buf *out,
		   struct err *e)
{
	const size_t from = out->len;
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
	out->len = from;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return parse_failed(set, q, "limit", "processor time", out);
	if (WIFEXITED(status) && WEXITSTATUS(status) == HTML_EXIT_MEMORY)
		return parse_failed(set, q, "limit", "memory", out);
	return parse_failed(set, q, "parser-died", NULL, out);
}
