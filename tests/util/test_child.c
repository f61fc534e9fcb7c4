/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/child.h"
#include "util/clock.h"
#include "util/enc.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* cat sends every message back as it is: the best of children. */
static const char *const cat[] = { "cat", NULL };

static struct child *start(const char *path, const char *const *argv,
			   size_t max_in)
{
	struct child_spec s = { .path = path, .argv = argv, .log_fd = -1,
				.max_in = max_in };
	struct child *c = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(child_start(&s, &c, &e), 0, "%s", e.text);
	return c;
}

static struct child *shell(const char *script, size_t max_in)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	return start("/bin/sh", argv, max_in);
}

Test(child, messages_come_back_whole_and_in_order)
{
	struct child *c = start("/bin/cat", cat, 1 << 20);
	struct bytes two[] = { BYTES("ab", 2), BYTES("cde", 3) }, msg;
	uint8_t type;

	cr_assert_eq(child_send(c, 'x', two, 2, NULL), 0);
	cr_assert_eq(child_send(c, 'y', NULL, 0, NULL), 0);
	cr_assert_eq(child_wait(c, 5000, &type, &msg, NULL), 0);
	cr_assert_eq(type, 'x');
	cr_assert(bytes_is(msg, "abcde"));
	cr_assert_eq(child_wait(c, 5000, &type, &msg, NULL), 0);
	cr_assert_eq(type, 'y');
	cr_assert_eq(msg.len, 0);
	cr_assert_eq(child_receive(c, &type, &msg, NULL), 1);
	cr_assert_eq(child_close(c, 5000, NULL), 0);
}

Test(child, a_message_larger_than_every_pipe_does_not_lock_up)
{
	struct child *c = start("/bin/cat", cat, 32u << 20);
	size_t n = 20u << 20;
	uint8_t *big = malloc(n), type;
	struct bytes piece = BYTES(big, n), msg;

	for (size_t i = 0; i < n; i++)
		big[i] = (uint8_t)(i * 31 >> 3);
	cr_assert_eq(child_send(c, 1, &piece, 1, NULL), 0);
	cr_assert(child_events(c) & POLLOUT, "most of it must be queued");
	cr_assert_eq(child_wait(c, 60000, &type, &msg, NULL), 0);
	cr_assert(bytes_eq(msg, piece));
	cr_assert_eq(child_close(c, 5000, NULL), 0);
	free(big);
}

Test(child, an_answer_over_the_cap_is_refused_before_it_is_kept)
{
	struct child *c = start("/bin/cat", cat, 100);
	uint8_t p[100] = { 0 }, type;
	struct bytes fits = BYTES(p, 99), over = BYTES(p, 100), msg;

	cr_assert_eq(child_send(c, 1, &fits, 1, NULL), 0);
	cr_assert_eq(child_wait(c, 5000, &type, &msg, NULL), 0);
	cr_assert_eq(child_send(c, 1, &over, 1, NULL), 0);
	cr_assert_eq(child_wait(c, 5000, &type, &msg, NULL), ERR_LIMIT);
	child_close(c, 0, NULL);
}

Test(child, a_message_over_the_queue_is_refused)
{
	struct child_spec s = { .path = "/bin/cat", .argv = cat, .log_fd = -1,
				.max_in = 100, .max_queue = 64 };
	struct child *c;
	uint8_t p[64] = { 0 };
	struct bytes b = BYTES(p, 64);

	cr_assert_eq(child_start(&s, &c, NULL), 0);
	cr_assert_eq(child_send(c, 1, &b, 1, NULL), ERR_RANGE);
	child_close(c, 0, NULL);
}

Test(child, its_end_is_told_in_words)
{
	char how[CHILD_HOW_MAX];
	struct child *c = shell("exit 7", 10);
	struct bytes msg;
	uint8_t type;

	cr_assert_eq(child_wait(c, 5000, &type, &msg, NULL), ERR_CHILD);
	child_close(c, 5000, how);
	cr_assert_str_eq(how, "left with status 7");
	c = shell("kill -SEGV $$", 10);
	cr_assert_eq(child_wait(c, 5000, &type, &msg, NULL), ERR_CHILD);
	child_close(c, 5000, how);
	cr_assert(strstr(how, "signal 11"), "%s", how);
	cr_assert(strstr(how, "memory limit"), "%s", how);
}

Test(child, a_silent_one_is_given_up_and_killed)
{
	char how[CHILD_HOW_MAX];
	struct child *c = shell("sleep 60", 10);
	struct bytes msg;
	uint8_t type;
	pid_t pid = child_pid(c);

	cr_assert_eq(child_wait(c, 50, &type, &msg, NULL), ERR_TIMEOUT);
	child_close(c, 0, how);
	cr_assert(strstr(how, "signal 9"), "%s", how);
	cr_assert_eq(kill(pid, 0), -1, "it must be reaped");
}

Test(child, a_missing_program_is_an_error_of_the_start)
{
	struct child_spec s = { .path = "/nonexistent/x", .argv = cat,
				.log_fd = -1, .max_in = 10 };
	struct child *c = NULL;
	struct err e = ERR_INIT;

	cr_assert_eq(child_start(&s, &c, &e), ERR_IO);
	cr_assert(strstr(e.text, "/nonexistent/x"));
	cr_assert_null(c);
}

/* ask - what a shell prints, framed by printf with a one-byte length */
static void expect(const char *script, const char *want)
{
	struct child *c = shell(script, 4096);
	struct bytes msg;
	uint8_t type;

	cr_assert_eq(child_wait(c, 5000, &type, &msg, NULL), 0, "%s", script);
	cr_assert(bytes_is(msg, want), "'%.*s' is not '%s'", (int)msg.len,
		  (const char *)msg.p, want);
	child_close(c, 5000, NULL);
}

Test(child, it_sees_three_descriptors_and_no_environment)
{
	/* 0 1 2, and the directory being listed */
	setenv("SCELLE_SECRET", "x", 1);
	cr_assert_geq(open("/dev/null", O_RDONLY), 3);
	expect("s=$(ls /proc/self/fd | wc -l);"
	       "printf '\\000\\000\\000\\002=%s' $s", "4");
	expect("printf '\\000\\000\\000\\002=%s' \"${SCELLE_SECRET:-0}\"", "0");
	expect("v=$(env | grep -cvE '^(LANG|LC_|PWD|_|SHLVL|OLDPWD)');"
	       "printf '\\000\\000\\000\\002=%s' $v", "0");
}

Test(child, the_kernel_ends_one_that_computes_past_its_limit)
{
	char how[CHILD_HOW_MAX];
	struct child *c = shell("while :; do :; done", 10);
	struct bytes msg;
	uint8_t type;

	cr_assert_eq(child_cpu_limit(c, 100, NULL), 0);
	cr_assert_eq(child_wait(c, 30000, &type, &msg, NULL), ERR_CHILD);
	child_close(c, 1000, how);
	cr_assert(strstr(how, "processor time limit"), "%s", how);
}

Test(child, its_own_side_reads_what_was_written_and_nothing_else)
{
	struct buf b = BUF_INIT(100);
	struct bytes p[] = { BYTES("12", 2), BYTES("3", 1) };
	uint8_t type, cut[] = { 0, 0, 0, 9, 'x', 1 };
	int fd[2];

	cr_assert_eq(pipe(fd), 0);
	cr_assert_eq(message_write(fd[1], 'm', p, 2), 0);
	cr_assert_eq(message_write(fd[1], 'n', NULL, 0), 0);
	cr_assert_eq(message_read(fd[0], 100, &type, &b), 0);
	cr_assert(type == 'm' && bytes_is(buf_view(&b), "123"));
	cr_assert_eq(message_read(fd[0], 100, &type, &b), 0);
	cr_assert(type == 'n' && b.len == 0);
	cr_assert_eq(message_write(fd[1], 'm', p, 2), 0);
	cr_assert_eq(message_read(fd[0], 3, &type, &b), ERR_LIMIT);
	close(fd[0]);
	close(fd[1]);
	cr_assert_eq(pipe(fd), 0);
	cr_assert_eq(write(fd[1], cut, sizeof(cut)), (ssize_t)sizeof(cut));
	close(fd[1]);
	cr_assert_eq(message_read(fd[0], 100, &type, &b), ERR_FORMAT);
	cr_assert_eq(message_read(fd[0], 100, &type, &b), 1);
	close(fd[0]);
	buf_release(&b);
}
