/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The program's other lives: what main() runs before anything else.
 */
#ifndef CRAWLER_CHILDREN_H
#define CRAWLER_CHILDREN_H

/*
 * children_main - be a child process, if the command line says so
 *   argv   the whole: "scelle --child fetch [LABFILE]",
 *          "scelle --child parse PROFILES", "scelle --child import",
 *          "scelle --child decode" or "scelle --child box"
 * Returns -1 when this is not a child.  Else it does not return: the child's
 * life ends with _exit(), since nothing is to run behind a sandbox's back.
 */
int children_main(int argc, char **argv);

#endif
