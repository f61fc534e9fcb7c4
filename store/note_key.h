/* SPDX-License-Identifier: EUPL-1.2 */
/* Key names of signed notes: what store/note.c and store/note_key.c share. */
#ifndef STORE_NOTE_KEY_H
#define STORE_NOTE_KEY_H

#include "util/buf.h"

/*
 * note_name_valid - 1 for a key name: 1 to NOTE_NAME_MAX bytes of UTF-8
 * without Unicode white space, control characters and plus (C2SP signed-note)
 */
int note_name_valid(struct bytes name);

#endif
