/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A bundle is somebody else's file: it is taken apart in a process that has
 * nothing but the file's bytes.
 */
#ifndef TOOLS_BUNDLE_CHILD_H
#define TOOLS_BUNDLE_CHILD_H

#include "cases/bundle.h"

/*
 * bundle_check_in_child - bundle_check() in a sandbox; o->mapped is ignored
 * What the child says is shown as text, control characters as '?'.  A child
 * that dies of the file, or says what it may not, is ERR_CHILD: the bundle was
 * not found sound.  Else as bundle_check().
 */
int bundle_check_in_child(const char *path, const struct bundle_verify *o,
			  struct bundle_report *rep, struct err *e);

#endif
