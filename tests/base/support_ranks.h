/*
 * Ranks inside the test's own thread, so that what several ranks do is tested without an MPI
 * library and without waiting: they take turns, each runs until it has to hear from the others.
 */
#ifndef SB_TESTS_BASE_SUPPORT_RANKS_H
#define SB_TESTS_BASE_SUPPORT_RANKS_H

#include "base/ranks.h"

#include <stdbool.h>

/* Runs fn on `count` ranks. fn must not use cmocka's assertions, which would jump out of its stack:
 * it notes what it found in ctx. Fails the test when a rank ends while others wait for it. Counters
 * and shared memory are not there. False, with nothing run, where the memory of a rank itself could
 * not be had (tests make allocations fail). */
bool test_run_ranks(int count, void (*fn)(void *ctx, struct sb_ranks *ranks), void *ctx);

#endif
