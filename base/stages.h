/*
 * Work on many items in three overlapping stages, with the result of doing one item after the
 * other:
 *
 *     load     on threads of its own, several items at once      (decode, resize)
 *     work     on the calling thread, in order                   (the network)
 *     finish   on one more thread, in order                      (post-processing, writing)
 *
 * Items are numbers; their data lives in the caller's slots. An item uses slot (item % slots) from
 * its load to its finish, so memory does not grow with the number of items.
 *
 * When a stage fails for an item, no later item is finished, all earlier ones are, and the error is
 * that item's: the same as without threads, whatever the timing.
 *
 * How many items there are may become known on the way: `more` is asked when all known ones are
 * being loaded.
 */
#ifndef SB_BASE_STAGES_H
#define SB_BASE_STAGES_H

#include "base/error.h"

#include <stddef.h>

/* 0 or a negative sb_err with err filled. `item` counts from 0. */
typedef int (*sb_stage_fn)(void *ctx, size_t item, struct sb_error *err);

struct sb_stages {
    size_t items;   /* known at the start */
    size_t slots;   /* items between the start of load and the end of finish, >= 2 */
    size_t backlog; /* items between the start of work and the end of finish, 1..slots */
    int loaders;    /* threads that load, >= 1 */
    sb_stage_fn load;
    sb_stage_fn work;
    sb_stage_fn finish;
    /* Further items after the `known` ones, 0 = that was all; on a loader's thread, one call at a
     * time, beside the stages. NULL: there are no others. */
    size_t (*more)(void *ctx, size_t known);
};

/* Returns when all items are finished, or with the first error. SB_ENOMEM when threads cannot
 * start. */
int sb_stages_run(const struct sb_stages *stages, void *ctx, struct sb_error *err);

#endif
