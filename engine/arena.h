/*
 * Where every value of a step list lives in the activation arena. A value lives from the step that
 * makes it to the last one that reads it; inputs of the graph live from before the first step to
 * after the last one, so that a plan can run again on the same input; outputs live to the end.
 * A step that overwrites an operand gets the operand's place; steps that run together read and
 * write at the same time.
 */
#ifndef SB_ENGINE_ARENA_H
#define SB_ENGINE_ARENA_H

#include "base/error.h"
#include "engine/steps.h"

#include <stdbool.h>
#include <stddef.h>

#define SB_NO_OFFSET ((size_t)-1)

/*
 * offsets[v], for steps->num_values values: byte offset, SB_NO_OFFSET for values that do not exist
 * any more. reuse false gives every value its own place. peak_bytes (may be NULL): the most bytes
 * alive at any step, which the arena cannot beat.
 */
int sb_arena_plan(const struct sb_steps *steps, bool reuse, size_t *offsets, size_t *arena_bytes,
                  size_t *peak_bytes, struct sb_error *err);

/* Bytes of a value. */
size_t sb_value_bytes(const struct sb_value *value);

#endif
