/* SPDX-License-Identifier: EUPL-1.2 */
/* What the processes of contend.c share. */
#ifndef TESTS_CONTENTION_CONTEND_H
#define TESTS_CONTENTION_CONTEND_H

#include "store/vault.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#define ANSWERS_MAX 400000u
#define STREAMS 4

struct answer {			/* of a commit: its last leaf */
	_Atomic int done;	/* the rest is written */
	uint64_t seq;
	uint8_t leaf[32];	/* its hash */
};

struct shared {
	uint64_t ops_wanted;
	char turn[300];			/* the file whose flock is the turn */
	_Atomic int holder;		/* who has it; 0: nobody */
	_Atomic int stop, broken;
	_Atomic unsigned generation;	/* files were put in others' places */
	_Atomic uint64_t ops, commits, readings, verified, erasures, recovered;
	uint32_t took[ANSWERS_MAX];	/* microseconds of each commit */
	struct answer answers[ANSWERS_MAX];
};

extern struct shared *shared;
extern const char *vault_at;
extern const uint8_t seed_of_log[32];

uint64_t now_us(void);
uint64_t dice(uint64_t *state);
__attribute__((format(printf, 2, 3)))
void broken(const char *who, const char *fmt, ...);

/* world_new - the vault, empty, open for writing; world_check - the end */
struct vault *world_new(void);
int world_check(void);

int run_writer(unsigned no, uint64_t seed);
int run_reader(unsigned no, uint64_t seed);
int run_verifier(unsigned no, uint64_t seed);
int run_eraser(unsigned no, uint64_t seed);

#endif
