/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * All mutants of a file in one object: each check asks whether it is the one
 * that is switched off.  Included in front of each mutated file.
 */
#ifndef TESTS_MUTATION_MUT_H
#define TESTS_MUTATION_MUT_H

/*
 * mut_check - a condition, or what it is without its check
 *   n     number of the mutant
 *   is    what the code says
 *   else_ what it is when the check is taken out
 */
int mut_check(int n, int is, int else_);
/* mut_other - 1: the other comparison is to be made */
int mut_other(int n);

#endif
