/* SPDX-License-Identifier: EUPL-1.2 */
#include "util/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#undef err_set
#undef err_errno

const char *(*err_translate)(const char *fmt);

const char *err_word(const char *word)
{
	return err_translate ? err_translate(word) : word;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, err_word(fmt), ap);
	va_end(ap);
	return code;
}

int err_errno(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t n;

	if (!e)
		return ERR_IO;
	e->code = ERR_IO;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, err_word(fmt), ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof e->text - n, ": %s", strerror(saved));
	errno = saved;
	return ERR_IO;
}

void err_prefix(struct err *e, const char *fmt, ...)
{
	char head[ERR_TEXT_MAX];
	char old[ERR_TEXT_MAX];
	va_list ap;

	if (!e)
		return;
	memcpy(old, e->text, sizeof old);
	va_start(ap, fmt);
	vsnprintf(head, sizeof head, err_word(fmt), ap);
	va_end(ap);
	if (snprintf(e->text, sizeof e->text, "%s: ", head)
	    < (int)sizeof e->text) {
		size_t n = strlen(e->text);

		snprintf(e->text + n, sizeof e->text - n, "%s", old);
	}
}

const char *err_name(int code)
{
	static const char *const names[] = {
		"ok", "nomem", "io", "range", "format", "auth", "noent",
		"exist", "denied", "limit", "timeout", "net", "child",
		"version", "damaged", "busy", "usage", "unsupported",
		"cancelled",
	};

	if (code > 0 || code <= -(int)(sizeof names / sizeof *names))
		return "unknown";
	return names[-code];
}
