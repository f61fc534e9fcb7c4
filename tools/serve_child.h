/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * A session of the custody service: the program's life for one connection.
 */
#ifndef TOOLS_SERVE_CHILD_H
#define TOOLS_SERVE_CHILD_H

#include "tools/cli.h"

/*
 * serve_child_main - "scelle --child session PROFILES SCRATCH LAB"
 *   PROFILES   directory of site profiles, or ""
 *   SCRATCH    directory, made when needed, for files a command writes
 *   LAB        the lab's file of a lab vault, or ""
 * Returns the exit status.
 */
int serve_child_main(int argc, char **argv,
		     const struct cli_command *commands);

#endif
