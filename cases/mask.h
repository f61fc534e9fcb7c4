/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * Numbers that no output shows in clear unless somebody asks for it on the
 * record: French social security numbers (NIR) and payment cards.  Pure.
 *
 * Groups of digits may be parted by one space, no-break space, hyphen, dot or
 * slash.  Whole groups only: a number inside a longer one is none.
 *   NIR    1 sex (1-4, 7, 8), 2 year, 2 month (01-12, 20-42, 50-99),
 *          2 department (2A and 2B are Corsica), 3 commune, 3 order (neither
 *          000), 2 key = 97 - N mod 97; or the 13 without their key.
 *          Shown: the first character and the last two (one without a key).
 *   card   13 to 19 digits, Luhn (ISO/IEC 7812), not all alike, in groups of
 *          four or more or all there is, neither a telephone number nor a CIP13
 *          medicine code.  Shown: 6 and 4.
 */
#ifndef CASES_MASK_H
#define CASES_MASK_H

#include "util/buf.h"
#include "util/json.h"

/*
 * mask_text - append text with every such number masked by '*'
 *   text   UTF-8; other bytes go through as they are
 * Returns how many numbers were masked, or the buffer's failure.
 */
int mask_text(struct bytes text, struct buf *out);

/*
 * mask_json - mask every text in a JSON value, in place
 * Addresses and identifiers of a post are left as they are (members url,
 * post_id, poster, published and at), for what they are found by.
 *   depth   levels it goes down; deeper texts become null
 * Returns how many numbers were masked, or ERR_NOMEM.
 */
int mask_json(json_t *value, unsigned depth);

#endif
