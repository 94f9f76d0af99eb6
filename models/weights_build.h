/* What weights.c, weights_bind.c and weights_shared.c share: the arena, initial values, the digest.
 */
#ifndef SB_MODELS_WEIGHTS_BUILD_H
#define SB_MODELS_WEIGHTS_BUILD_H

#include "models/weights.h"

/* Everything but the arena: sizes and the table of slots. Release after a failure. */
int sb_weights_layout(struct sb_weights *out, const struct sb_graph *graph, struct sb_error *err);
/* Points the slots into an arena of out->arena_bytes bytes. */
void sb_weights_place(struct sb_weights *out, const struct sb_graph *graph, float *arena);
/* Allocates the arena and points the slots into it; values are not set. Release after a failure. */
int sb_weights_alloc(struct sb_weights *out, const struct sb_graph *graph, struct sb_error *err);
/* The seeded values of one slot. */
void sb_weights_seed_slot(const struct sb_slot *slot, uint64_t seed, float *values);
/* After a slot's values are set: zeroes the padding behind them and returns their CRC-32C. Meant
 * for the thread that set them, so that pages are first touched in parallel. */
uint32_t sb_weights_seal_slot(const struct sb_slot *slot, float *values);
/* Sets the digest from the slots' checksums. */
void sb_weights_set_digest(struct sb_weights *out, const uint32_t *crcs);

#endif
