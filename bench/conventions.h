/*
 * Conventions for "FLOPs". Papers print one number for an operation count; which operations it
 * holds differs. Three are offered, each in multiply-adds (float operations / 2 where it counts
 * single operations), for a whole batch divided by the batch size:
 *
 *   mac       multiply-adds of conv, depthwise, transposed conv and fully connected layers, only.
 *   tf-exact  what TensorFlow 2.15's graph profiler reports on the official graph, in inference
 *             mode and with its initialisers (it counts the whole graph):
 *               2*MAC + bias + pool + 2*E + A + 2*K + 6*C + k + ...      / 2
 *   tf        the paper's printed numbers: an older profiler that did not know the AddV2 op, so
 *             every `+` is missing, and swish counted as one multiply:
 *               2*MAC + bias + pool + E + K + 5*C + k + ...              / 2
 *             Classification was printed at a large batch, where K, C and k vanish.
 *
 *   E batch-norm elements, A elements of sums, K kernel values (an initialiser multiplies by a
 *   deviation and adds a mean), C batch-norm channels (add epsilon; rsqrt counts 2; two
 *   multiplies; a subtraction), k scalars (target size of an upsampling: 2; range of a Glorot
 *   initialiser: 1). E and C vanish with fused batch norm, which the profiler does not count.
 *
 * Source: tensorflow/tpu models/official/detection, utils/benchmark_utils.py (count / batch / 1e9
 * / 2), and TensorFlow's python/profiler/internal/flops_registry.py; measured on graphs that the
 * released code builds.
 */
#ifndef SB_BENCH_CONVENTIONS_H
#define SB_BENCH_CONVENTIONS_H

#include "base/error.h"
#include "bench/costs.h"
#include "models/model.h"

#include <stdbool.h>
#include <stdint.h>

enum sb_convention { SB_CONVENTION_MAC, SB_CONVENTION_TF, SB_CONVENTION_TF_EXACT };

/* What the counts depend on besides the graph. */
struct sb_profile {
    bool sync_batchnorm;    /* un-fused batch norm: E and C are counted */
    bool drop_initialisers; /* large batch: K, C and k are divided away (tf only) */
    int batch;
};
struct sb_profile sb_profile_of(const struct sb_model *model);

/* Float operations of the whole batch in TensorFlow's count. */
int64_t sb_tf_exact_float_ops(const struct sb_cost *cost, const struct sb_profile *profile);
/* Multiply-adds per image. */
double sb_multi_adds(const struct sb_cost *cost, enum sb_convention convention,
                     const struct sb_profile *profile);

/* Arithmetic that macs leave out, for a column of its own: biases, pools, batch norm (a multiply
 * and an add), sums, gates, swish (two), means, softmax, box arithmetic. Whole batch. */
int64_t sb_other_ops(const struct sb_cost *cost);

/* "mac", "tf", "tf-exact" */
const char *sb_convention_name(enum sb_convention convention);
int sb_convention_parse(const char *name, enum sb_convention *out, struct sb_error *err);

#endif
