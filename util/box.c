/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/box.h"

#include "util/child.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit statuses; 0 is what a program that was executed leaves with. */
#define LEFT_REFUSED 70
#define LEFT_OUT 71
#define LEFT_OUTSIDE 72		/* could not be locked in */

/* The call itself: a program may have put an open() of its own before libc's. */
static int open_file(const char *path, int flags)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC,
			    0600);
}

static int go_open(void)
{
	return open_file("/etc/passwd", O_RDONLY);
}

static int go_create(void)
{
	return open_file("/tmp", O_TMPFILE | O_WRONLY);
}

static int go_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int go_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

/* listen(2) on what is no socket is refused anywhere: a box that counts on it
 * makes it deadly. */
static int go_listen(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return listen(fd < 0 ? 0 : fd, 1);
}

static int go_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static int go_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static void *idle(void *arg)
{
	return arg;
}

static int go_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, idle, NULL) ? -1 : 0;
}

static int go_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 ? -1 : 0;
}

static int go_memory(void)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0) < 0 ? -1 : 0;
}

static int go_kill(void)
{
	return kill(getppid(), 0);
}

static int go_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE |
		    MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static const struct {
	const char *name;
	int (*go)(void);	/* negative: refused */
} ways[BOX_WAYS] = {
	[BOX_OPEN] = { "open", go_open },
	[BOX_CREATE] = { "create", go_create },
	[BOX_SOCKET] = { "socket", go_socket },
	[BOX_UNIX] = { "unix", go_unix },
	[BOX_LISTEN] = { "listen", go_listen },
	[BOX_EXEC] = { "exec", go_exec },
	[BOX_FORK] = { "fork", go_fork },
	[BOX_THREAD] = { "thread", go_thread },
	[BOX_PTRACE] = { "ptrace", go_ptrace },
	[BOX_MEMORY] = { "memory", go_memory },
	[BOX_KILL] = { "kill", go_kill },
	[BOX_CODE] = { "code", go_code },
};

const char *box_way_name(enum box_way way)
{
	return ways[way].name;
}

/* locked - in a new process: lock it in and tell what with */
static void locked(const struct box *b, int tell)
{
	uint8_t said[SANDBOX_REPORT_LEN];
	struct sandbox_report rep;

	memset(said, 0, sizeof said);
	if (b->enter(b, &rep, NULL) < 0)
		_exit(LEFT_OUTSIDE);
	sandbox_report_put(&rep, said);
	(void)!write(tell, said, sizeof said);
}

/* start - a process locked in that does one thing: a way out, or work */
static pid_t start(const struct box *b, int (*go)(void),
		   int (*work)(const void *), const void *arg, int *said)
{
	int fd[2] = { -1, -1 };
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		int null = open_file("/dev/null", O_RDWR);

		/* 0 reads nothing, 2 tells the report: both may be used
		 * inside, as 1 may. */
		if (null < 0 || dup2(fd[1], 2) < 0 || dup2(null, 1) < 0 ||
		    dup2(null, 0) < 0)
			_exit(LEFT_OUTSIDE);
		locked(b, 2);
		if (work)
			_exit(work(arg) == 0 ? 0 : LEFT_REFUSED);
		_exit(go() < 0 ? LEFT_REFUSED : LEFT_OUT);
	}
	close(fd[1]);
	if (pid < 0)
		close(fd[0]);
	else
		*said = fd[0];
	return pid;
}

/* finish - its end; the report it told, where it did */
static int finish(pid_t pid, int said, struct sandbox_report *rep, int *status)
{
	uint8_t text[SANDBOX_REPORT_LEN];
	ssize_t n = read(said, text, sizeof text);
	pid_t got;

	close(said);
	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	if (got != pid)
		return ERR_IO;
	memset(rep, 0, sizeof *rep);
	return n == sizeof text && sandbox_report_get(BYTES(text, sizeof text),
						       rep) == 0 ? 0 : ERR_CHILD;
}

enum box_end box_try(const struct box *b, enum box_way way,
		     struct sandbox_report *report)
{
	int said = -1, status = 0;
	pid_t pid = start(b, ways[way].go, NULL, NULL, &said);

	memset(report, 0, sizeof *report);
	if (pid < 0 || finish(pid, said, report, &status) < 0)
		return BOX_LOST;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? BOX_DIED : BOX_LOST;
	if (WEXITSTATUS(status) == LEFT_REFUSED)
		return BOX_REFUSED;
	return WEXITSTATUS(status) == LEFT_OUTSIDE ? BOX_LOST : BOX_OUT;
}

int box_work(const struct box *b, int (*work)(const void *arg),
	     const void *arg, struct err *e)
{
	char how[CHILD_HOW_MAX];
	struct sandbox_report rep;
	int said = -1, status = 0;
	pid_t pid = start(b, NULL, work, arg, &said);

	if (pid < 0)
		return err_errno(e, "cannot start a process");
	if (finish(pid, said, &rep, &status) == 0 && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0)
		return 0;
	child_how(status, how);
	return err_set(e, ERR_CHILD, "the %s child's readers do not work in "
		       "their sandbox: the test of them %s", b->name, how);
}

static void weaken(struct sandbox_report *all, const struct sandbox_report *r)
{
	all->no_new_privs &= r->no_new_privs;
	all->rlimits &= r->rlimits;
	all->memory_limit &= r->memory_limit;
	all->seccomp &= r->seccomp;
	if (r->landlock_abi < all->landlock_abi)
		all->landlock_abi = r->landlock_abi;
}

/* enough - is that end as it must be? */
static int enough(const struct box *b, enum box_way way, enum box_end end,
		  const struct sandbox_report *r)
{
	if (end == BOX_DIED)
		return 1;
	if (end == BOX_OUT)
		return way == BOX_OPEN && !r->landlock_abi &&
		       !(b->deadly & BOX_WAY(BOX_OPEN));
	return end == BOX_REFUSED &&
	       (!r->seccomp || !(b->deadly & BOX_WAY(way)));
}

int box_holds(const struct box *b, unsigned tried, struct sandbox_report *all,
	      struct err *e)
{
	static const char *const said[] = { "was ended", "was only refused",
					    "could", "could not be tried" };

	*all = (struct sandbox_report){ 1, 1, 1, UINT8_MAX, 1 };
	for (unsigned w = 0; w < BOX_WAYS; w++) {
		struct sandbox_report rep;
		enum box_end end;

		if (!((b->deadly | b->closed) & tried & BOX_WAY(w)))
			continue;
		end = box_try(b, (enum box_way)w, &rep);
		weaken(all, &rep);
		if (!enough(b, (enum box_way)w, end, &rep))
			return err_set(e, ERR_CHILD, "the sandbox does not "
				       "hold: a %s child that tries '%s' %s",
				       b->name, ways[w].name, said[end]);
	}
	return 0;
}
