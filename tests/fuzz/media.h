/* SPDX-License-Identifier: EUPL-1.2 */
/* What the targets of the media readers share: where their answers go. */
#ifndef TESTS_FUZZ_MEDIA_H
#define TESTS_FUZZ_MEDIA_H

#include "media/media.h"

#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

/* The reader leaves after one medium and frees nothing on the way: what a
 * library keeps for its lifetime is no finding. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* media_quiet - answers are written on 1: to nobody here */
static inline void media_quiet(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, 1) != 1)
		abort();
	setenv("TZ", "UTC0", 1);
	setlocale(LC_ALL, "C.UTF-8");
}

static inline void media_begin(struct record *r, const char *stage)
{
	if (record_begin(r, stage) < 0)
		abort();
}

/* media_end - whatever was said fits into its bounds */
static inline void media_end(struct record *r)
{
	if (record_end(r) < 0)
		abort();
}

static inline void media_parts_release(struct parts *p)
{
	buf_release(&p->exif);
	buf_release(&p->xmp);
	buf_release(&p->resources);
	buf_release(&p->ext);
}

#endif
