/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * From where somebody acts: what every access record says beside the name.
 *
 * In solo mode this is what the process sees of itself, in unit mode what the
 * kernel says of the socket's other end; ssh and tty are as that side tells
 * them and prove nothing by themselves.
 */
#ifndef CASES_WHENCE_H
#define CASES_WHENCE_H

#include "util/json.h"

struct whence {
	char session[17];	/* 16 hex digits, new for each opening */
	int64_t uid;		/* -1: not known */
	int64_t login;		/* the kernel's login uid; -1: none */
	int64_t pid;		/* 0: not known */
	char tty[40];		/* "pts/3", or "" */
	char ssh[64];		/* address of the ssh client, or "" */
	char via[16];		/* "local", "socket"; "" */
};

/* whence_here - this process, with a new session; cannot fail */
void whence_here(struct whence *w);

/*
 * whence_session - a new session number for a caller that is not this process;
 * every other member is emptied
 */
void whence_session(struct whence *w);

/* whence_put - as the member "from"; nothing while session is empty */
void whence_put(const struct whence *w, struct jsonw *out);

#endif
