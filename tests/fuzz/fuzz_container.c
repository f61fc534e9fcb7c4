/* SPDX-License-Identifier: EUPL-1.2 */
/* The walk through containers of media: every range told lies in the input. */
#include "parsers/container.h"
#include "parsers/mime.h"

#include <stdlib.h>

static struct bytes whole;

static void on_field(void *arg, const char *name, const char *text, size_t at)
{
	(void)arg;
	if (strlen(text) > CONTAINER_TEXT_MAX || !*name || at > whole.len)
		abort();
}

static void on_part(void *arg, enum container_part kind, struct bytes b,
		    size_t at)
{
	volatile uint8_t sum = 0;

	if (at > whole.len || b.len > whole.len - at || b.p != whole.p + at)
		abort();
	for (size_t i = 0; i < b.len; i++)
		sum ^= b.p[i];
	if (kind == PART_RESOURCES && arg) {
		const struct container_see *see = arg;
		struct container_see inner = *see;
		struct bytes outer = whole;

		inner.arg = NULL;
		whole = b;
		container_resources(b, &inner);
		whole = outer;
	}
}

static void on_finding(void *arg, const char *code, size_t at)
{
	(void)arg;
	if (!*code || at > whole.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container_see see = { NULL, on_field, on_part, on_finding };
	struct container_facts f;
	struct bytes head = { data, size < MIME_LOOK ? size : MIME_LOOK };

	see.arg = &see;
	whole = BYTES(data, size);
	container_read(mime_sniff(head), whole, &see, &f);
	return 0;
}
