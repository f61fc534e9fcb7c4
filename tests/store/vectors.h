/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Published test vectors, reached through SCELLE_SHARED; without it the tests
 * that need them say so and pass.
 */
#ifndef TESTS_STORE_VECTORS_H
#define TESTS_STORE_VECTORS_H

#include "util/enc.h"
#include "util/file.h"
#include "util/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* vectors_path - 1 and the path below vectors/, or 0 when there are none */
static inline int vectors_path(const char *suite, const char *sub,
			       char out[static FILE_PATH_MAX])
{
	const char *shared = getenv("SCELLE_SHARED");

	if (!shared || !*shared) {
		fprintf(stderr, "SKIP %s: SCELLE_SHARED not set\n", suite);
		return 0;
	}
	cr_assert_eq(file_path(out, shared, "vectors", sub, NULL), 0);
	return 1;
}

/* vectors_json - a parsed Wycheproof file, or NULL */
static inline json_t *vectors_json(const char *suite, const char *sub)
{
	struct buf b = BUF_INIT((size_t)64 << 20);
	char path[FILE_PATH_MAX];
	json_t *doc = NULL;
	struct err e = ERR_INIT;

	if (!vectors_path(suite, sub, path))
		return NULL;
	cr_assert_eq(file_read(path, &b, &e), 0, "%s", e.text);
	cr_assert_eq(json_read(buf_view(&b), b.len, 32, &doc, &e), 0, "%s",
		     e.text);
	buf_release(&b);
	return doc;
}

/* vectors_hex - a member's hexadecimal, decoded into b */
static inline struct bytes vectors_hex(const json_t *t, const char *key,
				       struct buf *b)
{
	const char *s = json_string_value(json_object_get(t, key));

	cr_assert_not_null(s, "%s", key);
	buf_clear(b);
	cr_assert_not_null(buf_room(b, strlen(s) / 2));
	cr_assert_eq(hex_get(bytes_str(s), b->p, strlen(s) / 2), 0);
	b->len = strlen(s) / 2;
	return buf_view(b);
}

/* vectors_each - run fn on every test of a Wycheproof file; counts them */
static inline size_t vectors_each(json_t *doc,
				  void (*fn)(const json_t *group,
					     const json_t *test, int valid,
					     int tc))
{
	const json_t *groups = json_object_get(doc, "testGroups");
	size_t n = 0;

	for (size_t g = 0; g < json_array_size(groups); g++) {
		const json_t *group = json_array_get(groups, g);
		const json_t *tests = json_object_get(group, "tests");

		for (size_t i = 0; i < json_array_size(tests); i++, n++) {
			const json_t *t = json_array_get(tests, i);
			const char *res = json_string_value(
				json_object_get(t, "result"));

			fn(group, t, strcmp(res, "invalid") != 0,
			   (int)json_integer_value(
				json_object_get(t, "tcId")));
		}
	}
	return n;
}

/* vectors_run - run a public tool, arguments up to NULL; its exit status */
static inline int vectors_run(const char *tool, ...)
{
	char *argv[16] = { (char *)(uintptr_t)tool };
	va_list ap;
	pid_t pid;
	int st;

	va_start(ap, tool);
	for (int i = 1; i < 16 && (argv[i] = va_arg(ap, char *)); i++)
		;
	va_end(ap);
	argv[15] = NULL;
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	cr_assert_eq(waitpid(pid, &st, 0), pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

#endif
