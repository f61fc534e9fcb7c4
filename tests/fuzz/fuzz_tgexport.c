/* SPDX-License-Identifier: EUPL-1.2 */
/* Exports cut into pieces: each within its limits; those of sound JSON are
 * sound JSON. */
#include "parsers/tgexport.h"
#include "util/json.h"

#include <stdlib.h>

static int sound;

static int each(void *arg, const struct tgexport_piece *p, struct err *e)
{
	json_t *o = NULL;
	int r;

	(void)arg;
	(void)e;
	if (!p->messages || p->messages > TGEXPORT_PIECE_MESSAGES ||
	    p->json.len > TGEXPORT_PIECE_MAX + TGEXPORT_MESSAGE_MAX +
			  TGEXPORT_HEAD_MAX + 64)
		abort();
	if (!sound)
		return 0;
	r = json_read(p->json, (size_t)8 << 20, 100, &o, NULL);
	/* A key may stand twice in what was read as sound at another level. */
	if (r == 0 && json_array_size(json_object_get(o, "messages")) !=
		      p->messages)
		abort();
	json_decref(o);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *o = NULL;
	int chats;

	sound = json_read(BYTES(data, size), (size_t)8 << 20, 60, &o, NULL)
		== 0;
	json_decref(o);
	chats = tgexport_read(BYTES(data, size), each, NULL, NULL);
	if (chats > 0 && size < 2)
		abort();
	return 0;
}
