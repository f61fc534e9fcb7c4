/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The program's other lives: what main() runs before anything else.
 */
#ifndef CRAWLER_CHILDREN_H
#define CRAWLER_CHILDREN_H

/*
 * children_main - be a child process, if the command line says so
 *   argv   the whole: "scelle --child fetch [LABFILE]" or
 *          "scelle --child parse PROFILES"
 * Returns the exit status to leave with (by _exit(), nothing of ours is to be
 * flushed), or -1: this is not a child.
 */
int children_main(int argc, char **argv);

#endif
