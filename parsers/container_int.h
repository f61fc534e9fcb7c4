/* SPDX-License-Identifier: EUPL-1.2 */
/* What the readers of containers share. */
#ifndef PARSERS_CONTAINER_INT_H
#define PARSERS_CONTAINER_INT_H

#include "parsers/container.h"

struct walk {
	struct bytes in;
	const struct container_see *see;
	struct container_facts *facts;
	unsigned fields;	/* told so far */
	unsigned steps;
	unsigned track;		/* of an ISO file, from 1 */
};

/* walk_step - 1 while another step is allowed; tells when it is not */
int walk_step(struct walk *w, size_t at);

/* walk_has - 1 when n bytes are there at an offset */
static inline int walk_has(const struct walk *w, size_t at, size_t n)
{
	return at <= w->in.len && n <= w->in.len - at;
}

void walk_text(struct walk *w, const char *name, struct bytes text, size_t at);
void walk_num(struct walk *w, const char *name, uint64_t v, size_t at);
void walk_find(struct walk *w, const char *code, size_t at);
void walk_part(struct walk *w, enum container_part kind, size_t at, size_t n);

/* iso_read - files of boxes; ogg_read - pages of Ogg */
void iso_read(struct walk *w);
void ogg_read(struct walk *w);

#endif
