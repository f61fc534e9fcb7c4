/* SPDX-License-Identifier: EUPL-1.2 */
/* What approving an order of the command `user` carries out. */
#ifndef TOOLS_CMD_USER_H
#define TOOLS_CMD_USER_H

#include "cases/order.h"

int user_run_role(struct unit *u, const struct order *o, struct err *e);
int user_run_revoke(struct unit *u, const struct order *o, struct err *e);

#endif
