/*
 * Weight files and binding them to a graph.
 *
 * A `struct sb_tensors` is what a file holds: named, typed arrays in the file's own layout. A
 * `struct sb_weights` is what a graph needs: one float32 array per slot in the layout of graph.h.
 * sb_weights_bind() goes from one to the other through the name map of the model family.
 */
#ifndef SB_MODELS_WEIGHTS_H
#define SB_MODELS_WEIGHTS_H

#include "base/error.h"
#include "models/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_tensors; /* opaque: an open weight file, see models/tensors.h */

/* One float32 array per slot of a graph, all in one 64-byte aligned arena. */
struct sb_weights {
    size_t num_slots;
    float **slots; /* slots[i]: sb_slot_count(&graph->slots[i]) values, pointing into arena */
    float *arena;  /* owned */
    size_t arena_bytes;
    char source[512]; /* file it came from, or "seed 7" */
    uint64_t digest;  /* sb_fnv1a over all values in slot order */
};

struct sb_bind_options {
    bool use_ema;       /* take exponential moving averages where the file has them */
    bool allow_missing; /* leave absent slots at their initial value instead of failing */
};

/*
 * Opens path (TensorFlow checkpoint prefix, .index or folder; .safetensors; .onnx) and binds it.
 * Missing, extra and mis-shaped variables are listed by name in err (first ten of each, with
 * counts); extras that training leaves behind (global_step, optimizer slots) are not errors.
 */
int sb_weights_load(struct sb_weights *out, const struct sb_graph *graph, const char *path,
                    const struct sb_bind_options *options, struct sb_error *err);

/*
 * Seeded weights for timing without a checkpoint, the same bits everywhere: kernels ~ normal with
 * variance 2 / fan_in, biases 0, gamma 1, beta 0, mean 0, variance 1. The class predictor's bias is
 * the paper's -log((1 - 0.01) / 0.01), so that untrained scores look like those of training's
 * start.
 */
int sb_weights_seeded(struct sb_weights *out, const struct sb_graph *graph, uint64_t seed,
                      struct sb_error *err);

/* Writes all slots under their canonical names. */
int sb_weights_save_safetensors(const struct sb_weights *weights, const struct sb_graph *graph,
                                const char *path, struct sb_error *err);

void sb_weights_release(struct sb_weights *weights);

#endif
