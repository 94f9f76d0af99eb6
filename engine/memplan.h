/*
 * Memory planner: places blocks that live for a range of steps in one arena, so that blocks that
 * live at the same time never overlap. Largest blocks first, each at the lowest offset that is free
 * during its whole life (first fit by decreasing size; Pisarchyk and Lee 2020, "Efficient memory
 * management for deep neural net inference", greedy by size). The result depends on the input
 * alone.
 */
#ifndef SB_ENGINE_MEMPLAN_H
#define SB_ENGINE_MEMPLAN_H

#include "base/error.h"

#include <stddef.h>

#define SB_MEMPLAN_ALIGN 64 /* bytes; offsets and the arena are multiples of it */

struct sb_block {
    size_t bytes;    /* 0 is allowed and takes no room */
    int first, last; /* steps during which it lives, both included; first <= last */
    size_t offset;   /* result */
};

/* Fills every offset and *arena_bytes. SB_ENOMEM when sizes overflow or memory is short. */
int sb_memplan(struct sb_block *blocks, size_t count, size_t *arena_bytes, struct sb_error *err);

/* The most bytes alive at any step: no arena can be smaller. */
size_t sb_memplan_peak(const struct sb_block *blocks, size_t count);

#endif
