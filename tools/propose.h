/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The first person's half of an order, as every command that takes two persons
 * gives it: propose it and say what comes next, or break the glass.
 */
#ifndef TOOLS_PROPOSE_H
#define TOOLS_PROPOSE_H

#include "cases/order.h"
#include "tools/cli.h"

/*
 * propose - propose the order; with a reason for it, break the glass at once
 *   glass     why it cannot wait for a second person (--break-glass), or NULL
 *   id_out    the order's id
 * Returns 0 when it waits for approval (said on stdout), 1 when the glass is
 * broken and the command may go on with the id, or negative as order_propose()
 * and glass_break_order().
 */
int propose(struct cli *cli, struct unit *u, const struct order_options *o,
	    const char *glass, char id_out[static 17], struct err *e);

/* glass_warn - say on stderr, always, that the glass is broken */
void glass_warn(struct cli *cli, const char *id);

#endif
