/* SPDX-License-Identifier: EUPL-1.2 */
/* The mirror's messages and the lists of copies, from a hostile peer. */
#include "cases/backup.h"
#include "cases/mirror.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = BYTES(data, size), payload;
	struct copy_list list = { 0 };
	struct backup_note note;
	size_t used = 0;
	unsigned type;

	while (mirror_message(in, &type, &payload, &used) == 0) {
		struct mirror_head h;
		struct mirror_file f;

		if (type == MIRROR_HEAD && mirror_head_get(payload, &h) == 0
		    && (!h.note.len || h.n > MIRROR_PROOF_MAX))
			abort();
		if (type == MIRROR_FILE && mirror_file_get(payload, &f) == 0
		    && (f.path[0] == '/' || strstr(f.path, "/../")))
			abort();
		in = BYTES(in.p + used, in.len - used);
	}
	copyset_read(BYTES(data, size), &list, NULL);
	copyset_list_release(&list);
	backup_note_read(BYTES(data, size), "x", &note, NULL);
	return 0;
}
