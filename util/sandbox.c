/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Rights younger than the headers we may be built with (landlock(7)). */
#define FS_ABI1 ((1ULL << 13) - 1)	/* execute ... make_sym */
#define FS_REFER (1ULL << 13)		/* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)	/* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15)	/* ABI 5 */
#define NET_BIND_TCP (1ULL << 0)	/* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT (1ULL << 0)	/* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

void sandbox_report_put(const struct sandbox_report *r,
			uint8_t out[static SANDBOX_REPORT_LEN])
{
	out[0] = r->no_new_privs;
	out[1] = r->rlimits;
	out[2] = r->memory_limit;
	out[3] = r->landlock_abi;
	out[4] = r->seccomp;
}

int sandbox_report_get(struct bytes in, struct sandbox_report *r)
{
	if (in.len != SANDBOX_REPORT_LEN || in.p[0] > 1 || in.p[1] > 1 ||
	    in.p[2] > 1 || in.p[4] > 1)
		return ERR_FORMAT;
	*r = (struct sandbox_report){ in.p[0], in.p[1], in.p[2], in.p[3],
				      in.p[4] };
	return 0;
}

void sandbox_report_text(const struct sandbox_report *r, char out[static 96])
{
	char abi[16] = "no-landlock";

	if (r->landlock_abi)
		snprintf(abi, sizeof(abi), "landlock-%u",
			 (unsigned)r->landlock_abi);
	snprintf(out, 96, "%sno-new-privs %srlimits %s %sseccomp %smemory",
		 r->no_new_privs ? "" : "lacking-", r->rlimits ? "" : "no-",
		 abi, r->seccomp ? "" : "no-", r->memory_limit ? "" : "no-");
}

/* --- landlock ------------------------------------------------------------ */

static int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t fs_rights(int abi)
{
	return FS_ABI1 | (abi >= 2 ? FS_REFER : 0) |
	       (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
}

/* allow_read - one path stays readable; one that is not there is no matter */
static int allow_read(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
	};
	struct stat st;
	int r = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return 0;
	if (fstat(rule.parent_fd, &st))
		r = -1;
	else if (S_ISDIR(st.st_mode))
		rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	if (!r && syscall(SYS_landlock_add_rule, ruleset,
			  LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		r = -1;
	close(rule.parent_fd);
	return r;
}

/* apply_landlock - returns the ABI in force, 0 when the kernel has none, -1 */
static int apply_landlock(const char *const *readable, size_t n, int network)
{
	struct ruleset_attr attr = { 0, 0, 0 };
	int abi = landlock_abi(), fd, r = -1;
	size_t size = 8;

	if (!abi)
		return 0;
	attr.fs = fs_rights(abi);
	if (abi >= 4) {
		attr.net = network ? NET_BIND_TCP
				   : NET_BIND_TCP | NET_CONNECT_TCP;
		size = 16;
	}
	if (abi >= 6) {
		attr.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
		size = 24;
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (readable[i] && allow_read(fd, readable[i]))
			goto out;
	}
	if (syscall(SYS_landlock_restrict_self, fd, 0))
		goto out;
	r = abi;
out:
	close(fd);
	return r;
}

/* --- resource limits ----------------------------------------------------- */

static int limit(int what, rlim_t value)
{
	struct rlimit l = { value, value };

	return setrlimit((__rlimit_resource_t)what, &l);
}

static int privileges(struct sandbox_report *r)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -1;
	r->no_new_privs = 1;
	return 0;
}

/* --- seccomp ------------------------------------------------------------- */

/* arg, masked - compare an argument, all 64 bits of it: what has bits above an
 * int's is not what libc passes, and gets the stricter answer here */
static struct scmp_arg_cmp arg(unsigned n, enum scmp_compare op,
			       uint64_t value)
{
	return (struct scmp_arg_cmp){ n, op, value, 0 };
}

static struct scmp_arg_cmp masked(unsigned n, uint64_t mask, uint64_t value)
{
	return (struct scmp_arg_cmp){ n, SCMP_CMP_MASKED_EQ, mask, value };
}

static int allow(scmp_filter_ctx f, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0))
			return -1;
	}
	return 0;
}

static int parse_filter(scmp_filter_ctx f)
{
	static const int plain[] = {
		SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk),
		SCMP_SYS(madvise), SCMP_SYS(exit), SCMP_SYS(exit_group),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
		SCMP_SYS(clock_gettime), SCMP_SYS(getrandom), SCMP_SYS(futex),
		SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(restart_syscall),
	};
	const uint64_t abort_self = (uint64_t)getpid();
	int bad = allow(f, plain, sizeof(plain) / sizeof(*plain));

	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1,
				arg(0, SCMP_CMP_EQ, 0));
	for (unsigned fd = 1; fd <= 2; fd++) {
		bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
					arg(0, SCMP_CMP_EQ, fd));
		bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1,
					arg(0, SCMP_CMP_EQ, fd));
	}
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				masked(2, PROT_EXEC, 0),
				masked(3, MAP_ANONYMOUS, MAP_ANONYMOUS));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				masked(2, PROT_EXEC, 0));
	/* abort() is a death like another; let it be told apart. */
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 2,
				arg(0, SCMP_CMP_EQ, abort_self),
				arg(2, SCMP_CMP_EQ, SIGABRT));
	if (SANITIZED) {
		static const int more[] = {
			SCMP_SYS(sched_yield), SCMP_SYS(sigaltstack),
			SCMP_SYS(rt_sigaction), SCMP_SYS(prctl),
			SCMP_SYS(getrusage), SCMP_SYS(sched_getaffinity),
		};

		bad |= allow(f, more, sizeof(more) / sizeof(*more));
	}
	return bad ? -1 : 0;
}

static int forbid(scmp_filter_ctx f, uint32_t action, const int *calls,
		  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = seccomp_rule_add(f, action, calls[i], 0);

		/* A call this architecture does not have cannot be made. */
		if (r && r != -EDOM && r != -EACCES)
			return -1;
	}
	return 0;
}

/* Of the machine, its other processes and the kernel's insides: no part of this
 * program has any business with them. */
static const int of_the_machine[] = {
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise),
	SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon),
	SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(mount),
	SCMP_SYS(umount2), SCMP_SYS(move_mount), SCMP_SYS(fsopen),
	SCMP_SYS(fsmount), SCMP_SYS(open_tree), SCMP_SYS(mount_setattr),
	SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare),
	SCMP_SYS(setns), SCMP_SYS(open_by_handle_at), SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname), SCMP_SYS(ioperm), SCMP_SYS(iopl),
};

static int fetch_filter(scmp_filter_ctx f)
{
	static const int deadly[] = {
		SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
		SCMP_SYS(vfork), SCMP_SYS(pidfd_open),
		SCMP_SYS(pidfd_send_signal), SCMP_SYS(kill), SCMP_SYS(tkill),
		SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo),
		SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
		SCMP_SYS(creat), SCMP_SYS(truncate), SCMP_SYS(ftruncate),
		SCMP_SYS(fallocate), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
		SCMP_SYS(rmdir), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
		SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
		SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink),
		SCMP_SYS(symlinkat), SCMP_SYS(mknod), SCMP_SYS(mknodat),
		SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
		SCMP_SYS(chown), SCMP_SYS(fchown), SCMP_SYS(lchown),
		SCMP_SYS(fchownat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr),
		SCMP_SYS(fsetxattr), SCMP_SYS(removexattr),
		SCMP_SYS(lremovexattr), SCMP_SYS(fremovexattr),
		SCMP_SYS(utimensat), SCMP_SYS(name_to_handle_at),
		SCMP_SYS(openat2), SCMP_SYS(personality), SCMP_SYS(shmget),
		SCMP_SYS(shmat), SCMP_SYS(msgget), SCMP_SYS(semget),
		SCMP_SYS(memfd_create), SCMP_SYS(clock_adjtime),
		SCMP_SYS(adjtimex),
	};
	const uint32_t no = SCMP_ACT_ERRNO(EACCES);
	const uint64_t writing[] = {
		O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND,
	};
	int bad = forbid(f, SCMP_ACT_KILL_PROCESS, of_the_machine,
			 sizeof(of_the_machine) / sizeof(*of_the_machine)) ||
		  forbid(f, SCMP_ACT_KILL_PROCESS, deadly,
			 sizeof(deadly) / sizeof(*deadly));

	for (size_t i = 0; i < sizeof(writing) / sizeof(*writing); i++) {
		bad |= seccomp_rule_add(f, no, SCMP_SYS(open), 1,
					masked(1, writing[i], writing[i]));
		bad |= seccomp_rule_add(f, no, SCMP_SYS(openat), 1,
					masked(2, writing[i], writing[i]));
	}
	/* Threads yes, processes no; clone3 hides its flags in memory. */
	bad |= seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
				masked(0, 0x00010000, 0));
	bad |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
				0);
	/* Nothing but AF_INET (2) and AF_INET6 (10). */
	for (unsigned family = 0; family < AF_INET6; family++) {
		if (family != AF_INET)
			bad |= seccomp_rule_add(f, no, SCMP_SYS(socket), 1,
						arg(0, SCMP_CMP_EQ, family));
	}
	bad |= seccomp_rule_add(f, no, SCMP_SYS(socket), 1,
				arg(0, SCMP_CMP_GT, AF_INET6));
	/* Executable memory is not made any more. */
	bad |= seccomp_rule_add(f, no, SCMP_SYS(mmap), 1,
				masked(2, PROT_EXEC, PROT_EXEC));
	bad |= seccomp_rule_add(f, no, SCMP_SYS(mprotect), 1,
				masked(2, PROT_EXEC, PROT_EXEC));
	bad |= seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(tgkill), 1,
				arg(0, SCMP_CMP_NE, (uint64_t)getpid()));
	return bad ? -1 : 0;
}

/* apply_seccomp - 1 in force, 0 the kernel has none, -1 could not be done */
static int apply_seccomp(uint32_t otherwise, int (*fill)(scmp_filter_ctx f))
{
	scmp_filter_ctx f;
	int r = -1;

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		return 0;
	f = seccomp_init(otherwise);
	if (!f)
		return -1;
	/* Foreign architectures (x32, i386) die by libseccomp's default. */
	if (seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH,
			     SCMP_ACT_KILL_PROCESS) == 0 &&
	    fill(f) == 0 && seccomp_load(f) == 0)
		r = 1;
	seccomp_release(f);
	return r;
}

int sandbox_parse(uint64_t memory, struct sandbox_report *report,
		  struct err *e)
{
	int r;

	memset(report, 0, sizeof(*report));
	if (!memory)
		memory = SANDBOX_MEMORY_DEFAULT;
	if (privileges(report))
		return err_errno(e, "cannot give up new privileges");
	r = apply_landlock(NULL, 0, 0);
	if (r < 0)
		return err_errno(e, "cannot apply landlock");
	report->landlock_abi = (uint8_t)r;
	if (!SANITIZED) {
		if (limit(RLIMIT_AS, memory))
			return err_errno(e, "cannot limit memory");
		report->memory_limit = 1;
	}
	if (limit(RLIMIT_CORE, 0) || limit(RLIMIT_FSIZE, 0) ||
	    limit(RLIMIT_NPROC, 0) || limit(RLIMIT_STACK, 8 << 20) ||
	    limit(RLIMIT_NOFILE, 0))
		return err_errno(e, "cannot limit resources");
	report->rlimits = 1;
	r = apply_seccomp(SCMP_ACT_KILL_PROCESS, parse_filter);
	if (r < 0)
		return err_errno(e, "cannot apply seccomp");
	report->seccomp = (uint8_t)r;
	return 0;
}

int sandbox_fetch(const char *const *readable, size_t n,
		  struct sandbox_report *report, struct err *e)
{
	int r;

	memset(report, 0, sizeof(*report));
	if (privileges(report))
		return err_errno(e, "cannot give up new privileges");
	r = apply_landlock(readable, n, 1);
	if (r < 0)
		return err_errno(e, "cannot apply landlock");
	report->landlock_abi = (uint8_t)r;
	if (!SANITIZED) {
		if (limit(RLIMIT_AS, (rlim_t)2 << 30))
			return err_errno(e, "cannot limit memory");
		report->memory_limit = 1;
	}
	if (limit(RLIMIT_CORE, 0) || limit(RLIMIT_FSIZE, 0) ||
	    limit(RLIMIT_NOFILE, 64))
		return err_errno(e, "cannot limit resources");
	report->rlimits = 1;
	r = apply_seccomp(SCMP_ACT_ALLOW, fetch_filter);
	if (r < 0)
		return err_errno(e, "cannot apply seccomp");
	report->seccomp = (uint8_t)r;
	return 0;
}

/* --- the custody service ------------------------------------------------- */

static int service_filter(scmp_filter_ctx f)
{
	return forbid(f, SCMP_ACT_ERRNO(EPERM), of_the_machine,
		      sizeof(of_the_machine) / sizeof(*of_the_machine));
}

int sandbox_service(struct sandbox_report *report, struct err *e)
{
	int r;

	memset(report, 0, sizeof(*report));
	if (privileges(report))
		return err_errno(e, "cannot give up new privileges");
	if (limit(RLIMIT_CORE, 0))
		return err_errno(e, "cannot limit resources");
	r = apply_seccomp(SCMP_ACT_ALLOW, service_filter);
	if (r < 0)
		return err_errno(e, "cannot apply seccomp");
	report->seccomp = (uint8_t)r;
	return 0;
}

static int allow_beneath(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	int r;

	rule.parent_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return 0;
	r = syscall(SYS_landlock_add_rule, ruleset,
		    LANDLOCK_RULE_PATH_BENEATH, &rule, 0) ? -1 : 0;
	close(rule.parent_fd);
	return r;
}

static int session_landlock(const char *const *writable, size_t n)
{
	const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE |
		LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
	struct ruleset_attr attr = { 0, 0, 0 };
	int abi = landlock_abi(), fd, r = -1;
	size_t size = 8;

	if (!abi)
		return 0;
	attr.fs = fs_rights(abi);
	if (abi >= 4) {
		attr.net = NET_BIND_TCP | NET_CONNECT_TCP;
		size = 16;
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return -1;
	if (allow_beneath(fd, "/", reading) ||
	    allow_beneath(fd, "/dev", reading | LANDLOCK_ACCESS_FS_WRITE_FILE |
			  (abi >= 5 ? FS_IOCTL_DEV : 0)))
		goto out;
	for (size_t i = 0; i < n; i++)
		if (allow_beneath(fd, writable[i], attr.fs))
			goto out;
	if (syscall(SYS_landlock_restrict_self, fd, 0) == 0)
		r = abi;
out:
	close(fd);
	return r;
}

int sandbox_session(const char *const *writable, size_t n,
		    struct sandbox_report *report, struct err *e)
{
	int r;

	memset(report, 0, sizeof(*report));
	if (privileges(report))
		return err_errno(e, "cannot give up new privileges");
	r = session_landlock(writable, n);
	if (r < 0)
		return err_errno(e, "cannot apply landlock");
	report->landlock_abi = (uint8_t)r;
	return 0;
}
