/* SPDX-License-Identifier: EUPL-1.2 */
/* Lists of erased objects over arbitrary bytes: what is read is written and
 * read again. */
#include "store/erase.h"

#include <stdlib.h>

#define DIR "cases/00000000000000aa"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT(ERASE_LIST_MAX);
	struct erase_list l = { 0 }, again = { 0 };

	if (erase_list_read(BYTES(data, size), DIR, &l, NULL) == 0) {
		for (size_t i = 0; i < l.nwas; i++)
			if (!erase_list_has(&l, l.was[i].case_seq,
					    l.was[i].object))
				abort();
		if (erase_list_put(DIR, &l, &text) < 0
		    || erase_list_read(buf_view(&text), DIR, &again, NULL) < 0
		    || again.n != l.n || again.nwas != l.nwas)
			abort();
	}
	erase_list_release(&l);
	erase_list_release(&again);
	buf_release(&text);
	return 0;
}
