/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The demo world: invented channels, their posts and their media, in two
 * states (before and after the author edited, removed and added posts).
 */
#ifndef SERVER_DEMO_WORLD_H
#define SERVER_DEMO_WORLD_H

#include "tests/server/tme.h"
#include "util/err.h"

enum { WORLD_POSTS_MAX = 96, WORLD_CHANNELS_MAX = 12, WORLD_MEDIA_MAX = 96,
       WORLD_PAGE = 20 };

struct world_channel {
	struct tme_channel info;
	struct tme_post *post[WORLD_POSTS_MAX];	/* by rising number */
	int n;
	int next_id;
};

struct world {
	struct world_channel ch[WORLD_CHANNELS_MAX];
	int n;
};

struct world_media {
	char key[48], url[TME_URL_MAX];
	const char *type;
	struct buf bytes;
	int until;		/* last pass in which it is served; 0: for ever */
};

/* world_build - the two states; called once, before any request */
int world_build(struct err *e);

/* world_at - the state at a pass, from 1 */
const struct world *world_at(int pass);

/* world_channel - by name, case ignored; NULL when there is none */
const struct world_channel *world_find(const struct world *w, const char *name,
				       size_t len);

/* world_media - by whole address; i-th for listing; NULL when there is none */
const struct world_media *world_media(const char *url, int pass);
const struct world_media *world_media_at(int i);

/* world_avatar - address of a channel's picture */
const char *world_avatar(const char *name);

#endif
