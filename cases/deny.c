/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/deny.h"

#include "cases/custody.h"

int unit_denied(struct unit *u, int r, const char *command,
		const char *case_id, const char *why, struct err *e)
{
	struct err late = ERR_INIT;

	if (r != ERR_DENIED || !u->writable)
		return r;
	if (custody_refuse(u, command, case_id, why,
			   e && e->text[0] ? e->text : "not permitted",
			   &late) == 0)
		return r;
	if (e)
		*e = late;
	return late.code;
}

int unit_may(struct unit *u, enum permit_act act, const struct admin_case *c,
	     struct err *e)
{
	struct err own = ERR_INIT;
	struct err *to = e ? e : &own;
	char id[17] = "";
	int r = permit_check(&u->admin, u->user ? u->user_name : NULL, act, c,
			     to);

	/* Sealing may begin a month: c may not outlive it. */
	if (c)
		memcpy(id, c->id, sizeof id);
	return unit_denied(u, r, permit_name(act), c ? id : NULL, NULL, to);
}
