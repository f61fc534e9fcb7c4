/* SPDX-License-Identifier: EUPL-1.2 */
/* What approving an order of the commands `policy` and `escrow` carries out. */
#ifndef TOOLS_CMD_POLICY_H
#define TOOLS_CMD_POLICY_H

#include "cases/order.h"

int policy_run(struct unit *u, const struct order *o, struct err *e);
int escrow_run(struct unit *u, const struct order *o, struct err *e);

#endif
