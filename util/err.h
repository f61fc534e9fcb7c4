/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Errors: one list of result codes, one record of what went wrong.
 *
 * Functions return 0 when done and a negative ERR_* when they could not do it.
 * A question has three answers: 0 checked and sound, 1 checked and not sound,
 * negative when it could not be checked.
 */
#ifndef UTIL_ERR_H
#define UTIL_ERR_H

#include <stdarg.h>
#include <stddef.h>

enum {
	ERR_NOMEM = -1,		/* out of memory */
	ERR_IO = -2,		/* the operating system refused; see errno text */
	ERR_RANGE = -3,		/* a value, length or cap is out of bounds */
	ERR_FORMAT = -4,	/* bytes are not of the format they should be */
	ERR_AUTH = -5,		/* a signature, tag or passphrase does not fit */
	ERR_NOENT = -6,		/* the named thing does not exist */
	ERR_EXIST = -7,		/* the named thing exists already */
	ERR_DENIED = -8,	/* refused: scope, mandate, robots, permission */
	ERR_LIMIT = -9,		/* a limit on hostile input was reached */
	ERR_TIMEOUT = -10,	/* a deadline passed */
	ERR_NET = -11,		/* name, connection or TLS failure */
	ERR_CHILD = -12,	/* a child process died or spoke out of turn */
	ERR_VERSION = -13,	/* made by another version of the format */
	ERR_DAMAGED = -14,	/* stored bytes are altered, torn or missing */
	ERR_BUSY = -15,		/* another writer holds the lock */
	ERR_USAGE = -16,	/* the command line is wrong */
	ERR_UNSUPPORTED = -17,	/* well formed, but of a kind we do not do */
	ERR_CANCELLED = -18,	/* the user asked to stop */
};

#define ERR_TEXT_MAX 512

/*
 * struct err - why a call failed, for a person
 *
 * Fixed size, never allocates.  The function that knows the cause fills it
 * once; callers above may only add context in front with err_prefix().
 */
struct err {
	int code;			/* ERR_* */
	char text[ERR_TEXT_MAX];	/* UTF-8, one line, no full stop */
};

#define ERR_INIT { 0, "" }

/*
 * err_translate - asked for every format given to the functions below; NULL
 * (the default, and in every child): texts stay as they are.  The command line
 * sets it to gettext() before anything else runs.
 */
extern const char *(*err_translate)(const char *fmt);

/* err_word - a word or format as it is said now, for use as an argument */
const char *err_word(const char *word);

/*
 * err_set - fill an error record and return its code
 *
 *   e      may be NULL: then only the code is returned
 *   code   ERR_*
 *   fmt    printf format: lower case, cause first, subject in quotes
 *
 * Returns code, so that callers write `return err_set(e, ERR_RANGE, ...)`.
 */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* err_errno - like err_set() with ERR_IO, appending ": " and strerror(errno) */
int err_errno(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#ifdef __clang_analyzer__
/* The analyzer sees one file at a time: say here what the two give back. */
#define err_set(e, code, ...) ((void)(err_set)((e), (code), __VA_ARGS__), (code))
#define err_errno(e, ...) ((void)(err_errno)((e), __VA_ARGS__), ERR_IO)
#endif

/* err_prefix - put "<context>: " in front of the text; e may be NULL */
void err_prefix(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* err_name - the constant's name without ERR_, lower case ("noent"); never NULL */
const char *err_name(int code);

#endif
