/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Locking the calling process in, for good.
 *
 * Four independent means: no new privileges, resource limits, landlock (what
 * files), seccomp (what system calls).  What the kernel does not give is
 * reported, never silently weakened: the keeper puts the report into each
 * record.  Facts: landlock(7), seccomp(2), OpenSSH's sandbox as the model.
 */
#ifndef UTIL_SANDBOX_H
#define UTIL_SANDBOX_H

#include "util/buf.h"
#include "util/err.h"

#define SANDBOX_MEMORY_DEFAULT ((uint64_t)512 << 20)

/* What was applied.  Every member is a fact, not a wish. */
struct sandbox_report {
	uint8_t no_new_privs;	/* 1 in force */
	uint8_t rlimits;	/* 1 all in force */
	uint8_t memory_limit;	/* 1 in force; 0 in sanitizer builds */
	uint8_t landlock_abi;	/* 0: the kernel has none, or refused */
	uint8_t seccomp;	/* 1 in force */
};

#define SANDBOX_REPORT_LEN 5	/* bytes of the encoded form */

/* sandbox_report_put, sandbox_report_get - as bytes in a message; get returns
 * 0 or ERR_FORMAT */
void sandbox_report_put(const struct sandbox_report *r,
			uint8_t out[static SANDBOX_REPORT_LEN]);
int sandbox_report_get(struct bytes in, struct sandbox_report *r);

/*
 * sandbox_report_text - "no-new-privs rlimits landlock-7 seccomp memory", with
 * "no-..." for what is missing; out holds at least 96 bytes
 */
void sandbox_report_text(const struct sandbox_report *r, char out[static 96]);

/*
 * sandbox_parse - nothing but computing is left to the process
 *   memory  bytes of address space; 0: SANDBOX_MEMORY_DEFAULT
 *   report  out
 * Afterwards only: reading descriptor 0, writing 1 and 2, memory that is not
 * executable, clocks, random bytes, leaving.  Anything else ends the process
 * with SIGSYS.  No file can be opened, created or grown, no process started.
 * Returns 0 even where a means is missing (see the report), or ERR_IO when one
 * that the kernel has could not be put in force: then the process must leave.
 */
int sandbox_parse(uint64_t memory, struct sandbox_report *report,
		  struct err *e);

/*
 * sandbox_fetch - nothing but talking to the network is left
 *   readable  n paths of files or directories that stay readable; those that
 *             do not exist are passed over
 *   report    out
 * Afterwards: no file is written, made or removed, none read but those; no
 * program is executed, no process made (threads are), none traced or
 * signalled; sockets are IPv4 or IPv6 only and never listen.
 * Returns as sandbox_parse().
 */
int sandbox_fetch(const char *const *readable, size_t n,
		  struct sandbox_report *report, struct err *e);

/*
 * sandbox_service - a service that keeps keys, and every process it starts: no
 * new privileges; no tracing, no reading of other processes' memory, no kernel
 * modules, mounts, namespaces, keyrings, swap or clock changes
 *   report  out
 * Returns as sandbox_parse().
 */
int sandbox_service(struct sandbox_report *report, struct err *e);

/*
 * sandbox_session - a process that reads files and writes in few places
 *   writable  n directories where everything may be done; those that do not
 *             exist are passed over
 *   report    out
 * Afterwards: files are read and programs executed as before, but written, made
 * and removed only there (and in /dev); no TCP.  Where the kernel has no
 * landlock the report says so.
 * Returns as sandbox_parse().
 */
int sandbox_session(const char *const *writable, size_t n,
		    struct sandbox_report *report, struct err *e);

#endif
