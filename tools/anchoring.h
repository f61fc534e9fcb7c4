/* SPDX-License-Identifier: EUPL-1.2 */
/* A round of anchoring, told as it goes: for `anchor` and for `collect`. */
#ifndef TOOLS_ANCHORING_H
#define TOOLS_ANCHORING_H

#include "cases/unit.h"
#include "tools/cli.h"

struct anchoring_options {
	int no_witnesses, no_tokens;
};

/*
 * anchoring - one round; answers on stdout (JSON with --json), failures and
 * alarms on stderr
 *   alarms  out: witnesses that contradict this vault
 * Returns as anchor_round().
 */
int anchoring(struct cli *cli, struct unit *u,
	      const struct anchoring_options *o, unsigned *alarms,
	      struct err *e);

/* anchoring_after - the same at the end of a pass: says only what failed, and
 * never fails itself; nothing when nobody is configured */
void anchoring_after(struct cli *cli, struct unit *u);

#endif
