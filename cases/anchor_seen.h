/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * What anyone sees of the anchors of a vault, without any key: the files beside
 * the published heads.  Their signatures are not judged here, since whom to
 * trust stands in sealed statements: `scelle verify --token --cosigned` does.
 */
#ifndef CASES_ANCHOR_SEEN_H
#define CASES_ANCHOR_SEEN_H

#include "store/vault.h"

struct anchor_seen {
	uint64_t stamped;	/* leaves under the last time stamp; 0: none */
	int64_t stamped_ms;	/* as it says */
	char by[65];		/* the authority, as the unit calls it */
	uint64_t witnessed;	/* leaves under the last cosigned head; 0: none */
	int64_t witnessed_ms;	/* as the newest line says */
	unsigned witnesses;	/* how many cosigned that head */
	unsigned tokens, lines;	/* files in all */
};

/* anchor_seen - look; files that are not what their names say are left out.
 * Returns 0, ERR_IO or ERR_NOMEM. */
int anchor_seen(const struct vault *v, struct anchor_seen *out, struct err *e);

#endif
