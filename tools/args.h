/* SPDX-License-Identifier: EUPL-1.2 */
#ifndef TOOLS_ARGS_H
#define TOOLS_ARGS_H

/*
 * args_own - take the arguments into memory of our own and blank those the
 * system shows to everybody (ps, /proc/<pid>/cmdline): reasons, queries and
 * names stand in them.  argv[0] stays.  They live as long as the process.
 * Returns the copy, or argv as it is when there is no memory.
 */
char **args_own(int argc, char **argv);

#endif
