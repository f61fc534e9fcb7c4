/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The ways out, shut by name.  A library that looks for a configuration file
 * or for the user's home is told there is none, instead of being ended for
 * asking, and messages are not translated: these functions stand before libc's in this program.  They are a
 * courtesy, no protection: what comes past them meets the sandbox.
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

char *dgettext(const char *domain, const char *text);
char *dcgettext(const char *domain, const char *text, int category);
char *bindtextdomain(const char *domain, const char *dir);
/* What fortified libraries call instead. */
ssize_t __readlink_chk(const char *path, char *buf, size_t len, size_t size);
char *__getcwd_chk(char *buf, size_t len, size_t size);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

static int none(void)
{
	errno = ENOENT;
	return -1;
}

ssize_t readlink(const char *path, char *buf, size_t len)
{
	(void)path;
	(void)buf;
	(void)len;
	return none();
}

char *getcwd(char *buf, size_t size)
{
	(void)buf;
	(void)size;
	none();
	return NULL;
}

FILE *fopen(const char *path, const char *mode)
{
	(void)path;
	(void)mode;
	none();
	return NULL;
}

FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

int open(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	return none();
}

int open64(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	return none();
}

int stat(const char *restrict path, struct stat *restrict st)
{
	(void)path;
	(void)st;
	return none();
}

int stat64(const char *restrict path, struct stat64 *restrict st)
{
	(void)path;
	(void)st;
	return none();
}

int lstat(const char *restrict path, struct stat *restrict st)
{
	(void)path;
	(void)st;
	return none();
}

int access(const char *path, int how)
{
	(void)path;
	(void)how;
	return none();
}

struct passwd *getpwuid(uid_t uid)
{
	(void)uid;
	none();
	return NULL;
}

uid_t getuid(void)
{
	return (uid_t)65534;
}

ssize_t __readlink_chk(const char *path, char *buf, size_t len, size_t size)
{
	(void)size;
	return readlink(path, buf, len);
}

char *__getcwd_chk(char *buf, size_t len, size_t size)
{
	(void)size;
	return getcwd(buf, len);
}

int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
	return open(path, flags);
}

char *dgettext(const char *domain, const char *text)
{
	union {
		const char *in;
		char *out;
	} same = { text };

	(void)domain;
	return same.out;
}

char *dcgettext(const char *domain, const char *text, int category)
{
	(void)category;
	return dgettext(domain, text);
}

char *bindtextdomain(const char *domain, const char *dir)
{
	(void)domain;
	(void)dir;
	return NULL;
}
