/*
 * Weights of a graph: one float32 array per slot, in the layout of graph.h, from a weight file or
 * from a seed.
 *
 * A `struct sb_tensors` (models/tensors.h) is what a file holds: named, typed arrays in the file's
 * own layout. Loading finds each slot's array, by the slot's own name (files that spinebench wrote)
 * or by the name that published checkpoints give it (models/name_map.h), checks its shape and
 * checksum, and converts it.
 *
 *     struct sb_weights w;
 *     int rc = sb_weights_load(&w, model->graph, "model.ckpt", NULL, &err);
 *     ...
 *     sb_weights_release(&w);
 */
#ifndef SB_MODELS_WEIGHTS_H
#define SB_MODELS_WEIGHTS_H

#include "base/error.h"
#include "models/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_tensors; /* an open weight file, see models/tensors.h */

/* One float32 array per slot of a graph, all in one 64-byte aligned arena. */
struct sb_weights {
    size_t num_slots;
    float **slots; /* slots[i]: sb_slot_count(&graph->slots[i]) values, pointing into arena */
    float *arena;  /* owned */
    size_t arena_bytes;
    char source[512]; /* file it came from, or "seed 7" */
    uint64_t digest;  /* sb_fnv1a over the CRC-32C of each slot's values, in slot order */
};

/* All members default to false and 0. */
struct sb_bind_options {
    bool use_ema;       /* take exponential moving averages where the file has them */
    bool allow_missing; /* leave absent slots at the values of seed 0 instead of failing */
    bool allow_extra;   /* ignore variables that the model does not have */
    int threads;        /* 0: one per CPU of the affinity mask */
};

/*
 * Opens path (TensorFlow checkpoint prefix, .index or folder; .safetensors; .onnx) and binds it.
 * Missing, extra and mis-shaped variables are listed by name in err (first ten of each, with
 * counts); what training leaves behind (global_step, optimizer slots, averages) is not extra, nor
 * are the constants of an ONNX graph. float16, bfloat16 and float64 are converted. options may be
 * NULL.
 */
int sb_weights_load(struct sb_weights *out, const struct sb_graph *graph, const char *path,
                    const struct sb_bind_options *options, struct sb_error *err);
/* The same from an open file. Its pages are given back while it is read. */
int sb_weights_bind(struct sb_weights *out, const struct sb_graph *graph,
                    const struct sb_tensors *file, const struct sb_bind_options *options,
                    struct sb_error *err);

/*
 * Seeded weights for timing without a checkpoint, the same bits everywhere: kernels ~ normal with
 * variance 2 / fan_in, biases 0, gamma 1, beta 0, mean 0, moving variances what untrained
 * activations are expected to have (models/untrained.h), so that values neither grow nor vanish
 * over the merges. The class predictor's bias is the paper's -log((1 - 0.01) / 0.01), so that
 * untrained scores look like those of training's start. Kernels depend on the seed, their name and
 * shape alone.
 */
int sb_weights_seeded(struct sb_weights *out, const struct sb_graph *graph, uint64_t seed,
                      struct sb_error *err);

/* Writes all slots under their canonical names. */
int sb_weights_save_safetensors(const struct sb_weights *weights, const struct sb_graph *graph,
                                const char *path, struct sb_error *err);

/* Also for a zeroed or already released struct. */
void sb_weights_release(struct sb_weights *weights);

#endif
