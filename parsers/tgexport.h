/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Telegram Desktop's JSON export (result.json), cut into pieces that a profile
 * can read: each piece is the chat's own members and some of its messages, as
 * they stand in the file.  Nothing is interpreted but the nesting.  Pure.
 */
#ifndef PARSERS_TGEXPORT_H
#define PARSERS_TGEXPORT_H

#include "util/buf.h"
#include "util/err.h"

#define TGEXPORT_PIECE_MAX ((size_t)2 << 20)	/* bytes of messages in one */
#define TGEXPORT_PIECE_MESSAGES 500
#define TGEXPORT_MESSAGE_MAX ((size_t)1 << 20)
#define TGEXPORT_HEAD_MAX ((size_t)4096)	/* bytes of a chat's members */
#define TGEXPORT_DEPTH_MAX 64

struct tgexport_piece {
	struct bytes json;	/* {"name":...,"type":...,"id":...,"messages":
				   [...]}; borrowed for the call */
	size_t chat;		/* which chat of the file, from 0 */
	size_t first;		/* which message of the chat, from 0 */
	size_t messages;
};

/*
 * tgexport_read - every piece in order
 *   file   the export of one chat or of a whole account
 *   each   negative stops
 * Returns how many chats there were (0: it is no export), ERR_FORMAT (no JSON;
 * e says at which byte), ERR_LIMIT (nesting, a message), ERR_NOMEM or what each
 * returned.
 */
int tgexport_read(struct bytes file,
		  int (*each)(void *arg, const struct tgexport_piece *p,
			      struct err *e),
		  void *arg, struct err *e);

#endif
