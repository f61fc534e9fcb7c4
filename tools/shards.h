/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TOOLS_SHARDS_H
#define TOOLS_SHARDS_H

#include "store/vault.h"
#include "tools/cli.h"

/* status_shards - a line for each shard, and one for each gap a restore left */
void status_shards(struct cli *cli, const struct vault *v);

#endif
