/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Which witnesses a unit asks, and how many are enough (C2SP tlog-policy):
 *
 *	witness <name> <vkey> [<url>]
 *	group <name> all|any|<k> <name>...
 *	quorum <name>|none
 *
 * and lines "log <vkey> [<url>]", empty ones and comments.  A url begins with
 * http://, https:// (submission prefix, C2SP tlog-witness) or file:/// (a
 * directory of files).  Pure.
 */
#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include "store/note.h"

#define POLICY_TEXT_MAX 65536
#define POLICY_WITNESSES_MAX 32
#define POLICY_GROUPS_MAX 32
#define POLICY_MEMBERS_MAX 64
#define POLICY_NAME_MAX 64
#define POLICY_URL_MAX 1024

struct policy_witness {
	char name[POLICY_NAME_MAX + 1];
	char url[POLICY_URL_MAX + 1];	/* "" when none is given */
	struct note_vkey key;
};

struct policy_group {
	char name[POLICY_NAME_MAX + 1];
	unsigned need;			/* of its members */
	unsigned n;
	uint8_t member[POLICY_MEMBERS_MAX]; /* a witness's number, or
				   POLICY_WITNESSES_MAX and a group's */
};

struct policy {
	size_t nwitnesses, ngroups, nlogs;
	struct policy_witness witness[POLICY_WITNESSES_MAX];
	struct policy_group group[POLICY_GROUPS_MAX];
	struct note_vkey log[POLICY_WITNESSES_MAX];
	int quorum;		/* as in member[], or -1: none */
};

/*
 * policy_parse - read a policy strictly
 *   p   some 40 KiB: not for the stack
 * Names must be defined before they are used; each is a member at most once;
 * two witnesses never share a key.
 * Returns 0, ERR_FORMAT (e names the line) or ERR_LIMIT.
 */
int policy_parse(struct bytes text, struct policy *p, struct err *e);

/*
 * policy_met - 1 when these witnesses are enough, else 0
 *   cosigned   bit i: witness i cosigned
 */
int policy_met(const struct policy *p, uint64_t cosigned);

#endif
