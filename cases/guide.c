/* SPDX-License-Identifier: EUPL-1.2 */
#include "cases/guide.h"

/* Built from the root, where docs/ is. */
__asm__(".pushsection .rodata\n"
	".global scelle_guide_begin\n"
	"scelle_guide_begin:\n"
	".incbin \"docs/verify-a-bundle.md\"\n"
	".global scelle_guide_end\n"
	"scelle_guide_end:\n"
	".byte 0\n"
	".popsection\n");

extern const uint8_t scelle_guide_begin[], scelle_guide_end[];

struct bytes guide_text(void)
{
	return BYTES(scelle_guide_begin, (uintptr_t)scelle_guide_end
					 - (uintptr_t)scelle_guide_begin);
}
