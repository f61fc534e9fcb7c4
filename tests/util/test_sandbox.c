/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/sandbox.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GOOD 42

/* inside - what becomes of a process that does this once locked in */
static int inside(int (*enter)(struct sandbox_report *), int (*act)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct sandbox_report r;

		if (enter(&r) < 0 || !r.seccomp)
			_exit(99);
		_exit(act());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int parse(struct sandbox_report *r)
{
	return sandbox_parse(0, r, NULL);
}

static int fetch(struct sandbox_report *r)
{
	static const char *const readable[] = { "/etc/passwd",
						"/nonexistent" };

	return sandbox_fetch(readable, 2, r, NULL);
}

static int killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static int survived(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == GOOD;
}

static int do_open(void) { return open("/etc/passwd", O_RDONLY) >= 0; }
static int do_open_null(void) { return open("/dev/null", O_RDONLY) >= 0; }
static int do_socket(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
static int do_unix(void) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }
static int do_exec(void) { return execl("/bin/true", "true", (char *)0); }
static int do_fork(void) { return fork() >= 0; }
static int do_kill(void) { return kill(getppid(), 0); }
static int do_ptrace(void) { return (int)ptrace(PTRACE_TRACEME, 0, 0, 0); }
static int do_stat(void) { struct stat s; return stat("/", &s); }
static int do_unlink(void) { return unlink("/nonexistent"); }
static int do_listen(void) { return listen(0, 1); }
static int do_write_3(void) { return (int)write(3, "x", 1); }
static int do_read_3(void) { char c; return (int)read(3, &c, 1); }
static int do_dup(void) { return dup(0); }
static int do_exec_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
static int do_mprotect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

#define DIES(what) \
Test(sandbox, a_parser_that_tries_##what##_is_killed_at_once) \
{ \
	int s = inside(parse, do_##what); \
	cr_assert(killed(s), "status %x", s); \
}
DIES(open) DIES(open_null) DIES(socket) DIES(unix) DIES(exec) DIES(fork)
DIES(kill) DIES(ptrace) DIES(stat) DIES(unlink) DIES(listen) DIES(write_3)
DIES(read_3) DIES(dup) DIES(exec_memory) DIES(mprotect)

static int compute(void)
{
	struct timespec ts;
	char *p = NULL;

	for (size_t n = 1; n < (64u << 20); n *= 2) {
		p = realloc(p, n);
		if (!p)
			return 1;
		p[n - 1] = 1;
	}
	free(p);
	return clock_gettime(CLOCK_MONOTONIC, &ts) ? 2 : GOOD;
}

Test(sandbox, a_parser_can_compute)
{
	int s = inside(parse, compute);

	cr_assert(survived(s), "status %x", s);
}

static int eat(void)
{
	size_t total = 0;

	while (total < (2ull << 30)) {
		char *p = malloc(1 << 20);

		if (!p)
			return total < (512u << 20) ? GOOD : 1;
		memset(p, 1, 1 << 20);
		total += 1 << 20;
	}
	return 2;
}

Test(sandbox, a_parser_gets_no_more_than_its_memory)
{
	struct sandbox_report r;
	pid_t pid = fork();
	int s;

	if (pid == 0)
		_exit(sandbox_parse(0, &r, NULL) || r.memory_limit ? 0 : 1);
	waitpid(pid, &s, 0);
	if (s) {
		fprintf(stderr, "SKIP sandbox: a sanitizer needs the memory\n");
		return;
	}
	s = inside(parse, eat);
	cr_assert(survived(s), "status %x", s);
}

static int abort_self(void) { abort(); }

Test(sandbox, an_abort_is_told_apart_from_a_forbidden_call)
{
	int s = inside(parse, abort_self);

	cr_assert(WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT, "status %x", s);
}

#define FETCHER_DIES(what) \
Test(sandbox, a_fetcher_that_tries_##what##_is_killed_at_once) \
{ \
	int s = inside(fetch, do_##what); \
	cr_assert(killed(s), "status %x", s); \
}
FETCHER_DIES(exec) FETCHER_DIES(fork) FETCHER_DIES(kill) FETCHER_DIES(ptrace)
FETCHER_DIES(unlink) FETCHER_DIES(listen)

static int fetch_files(void)
{
	int fd;

	if (open("/etc/passwd", O_RDONLY) < 0)
		return 1;
	if (open("/etc/passwd", O_RDWR) >= 0 || errno != EACCES)
		return 2;
	if (open("/tmp/scelle-sandbox-test", O_WRONLY | O_CREAT, 0600) >= 0)
		return 3;
	fd = open("/etc/hosts", O_RDONLY);
	return fd >= 0 ? 4 : GOOD;
}

Test(sandbox, a_fetcher_reads_what_it_was_given_and_writes_nothing)
{
	struct sandbox_report r;
	int s;

	s = inside(fetch, fetch_files);
	if (WIFEXITED(s) && WEXITSTATUS(s) == 4) {
		memset(&r, 0, sizeof(r));
		fprintf(stderr, "SKIP sandbox: the kernel has no landlock\n");
		return;
	}
	cr_assert(survived(s), "status %x", s);
}

static int fetch_sockets(void)
{
	for (int family = 0; family < 48; family++) {
		int fd = socket(family, SOCK_DGRAM, 0);

		if (fd >= 0 && family != AF_INET && family != AF_INET6)
			return 1;
		if (fd < 0 && family == AF_INET)
			return 2;
		if (fd >= 0)
			close(fd);
	}
	return GOOD;
}

Test(sandbox, a_fetcher_has_internet_sockets_only)
{
	int s = inside(fetch, fetch_sockets);

	cr_assert(survived(s), "status %x", s);
}

Test(sandbox, its_report_survives_the_way_and_reads_well)
{
	struct sandbox_report r = { 1, 1, 0, 7, 1 }, back;
	uint8_t p[SANDBOX_REPORT_LEN];
	char text[96];

	sandbox_report_put(&r, p);
	cr_assert_eq(sandbox_report_get(BYTES(p, sizeof(p)), &back), 0);
	cr_assert_eq(memcmp(&r, &back, sizeof(r)), 0);
	p[4] = 2;
	cr_assert_eq(sandbox_report_get(BYTES(p, sizeof(p)), &back),
		     ERR_FORMAT);
	sandbox_report_text(&r, text);
	cr_assert_str_eq(text, "no-new-privs rlimits landlock-7 seccomp "
			 "no-memory");
}
