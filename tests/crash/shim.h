/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Between the program and the C library: every call that changes a file below
 * one directory is written down, and may be made to fail.  The linker puts it
 * there (--wrap), so the program is the very same code.
 */
#ifndef TESTS_CRASH_SHIM_H
#define TESTS_CRASH_SHIM_H

#include "tests/crash/fs.h"

#include <sys/types.h>

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_write(int fd, const void *p, size_t n);
int __real_mkdir(const char *path, mode_t mode);
int __real_unlink(const char *path);

/*
 * shim_start - watch a directory from now on; what is there is durable
 * shim_stop - no longer; the trace is the caller's
 *   start   out: the directory as it was
 */
int shim_start(const char *root, struct fs *start);
void shim_stop(struct trace *out);
size_t shim_ops(void);			/* written down so far */

/* --- places in the code ---------------------------------------------------- */

#define SITE_NAME 96

/* A sync, by the functions on the way to it: "write_parts < batch_commit". */
const char *site_name(unsigned site);
unsigned site_count(void);

/* --- making calls fail ----------------------------------------------------- */

enum fault_kind {
	FAULT_NONE, FAULT_ERRNO,
	FAULT_SHORT,		/* a write does only half, and says so */
	FAULT_MEMORY,		/* malloc and its kin */
	FAULT_COUNT,		/* nothing fails: count */
};

/*
 * shim_fault - the n-th call (from 0) of those that may fail does
 *   repeat   and all after it
 */
void shim_fault(enum fault_kind kind, uint64_t n, int error, int repeat);
uint64_t shim_calls(void);	/* calls that could have failed */
int shim_struck(void);		/* 1: one did */
/* shim_struck_sync - 1: a sync failed; shim_late - writes done since */
int shim_struck_sync(void);
uint64_t shim_late(void);
/* shim_pause - the tests' own calls do not fail */
void shim_pause(int on);

#endif
