/*
 * A plan: a graph compiled for one input size and one engine. Passes turn nodes into steps (BN
 * folded, bias, activation and residual fused), a live-range planner gives every step's output an
 * offset in one activation arena, kernels are chosen from the kernel table, weights are prepacked.
 * Nothing is allocated in sb_plan_run().
 *
 *     struct sb_plan_options opt; sb_plan_options_defaults(&opt);
 *     struct sb_plan *plan = sb_plan_new(graph, &weights, &opt, &err);
 *     memcpy(sb_plan_input(plan, 0), pixels, ...);           // (N, C, H, W) float32
 *     sb_plan_run(plan, NULL, &err);
 *     const float *p3 = sb_plan_output(plan, "feature_p3", &shape);   // (N, C, H, W)
 *     sb_plan_free(&plan);
 */
#ifndef SB_ENGINE_PLAN_H
#define SB_ENGINE_PLAN_H

#include "base/error.h"
#include "base/pool.h"
#include "engine/choices.h"
#include "engine/cpu.h"
#include "engine/packed.h"
#include "engine/region.h"
#include "models/graph.h"
#include "models/weights.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sb_engine {
    SB_ENGINE_OPENBLAS,
    SB_ENGINE_NATIVE,
    SB_ENGINE_NATIVE_BF16 /* native, with 1x1 convolutions in bfloat16; never a default */
};

/* Rewrites of a plan's steps, in the order in which they run (passes.h says what each does). */
enum sb_pass {
    SB_PASS_DEAD_CODE,
    SB_PASS_FOLD_BATCHNORM,
    SB_PASS_SINK_POINTWISE,
    SB_PASS_FUSE_RESIDUAL,
    SB_PASS_FUSE_ACTIVATION,
    SB_PASS_STREAM_DEPTHWISE,
    SB_PASS_FUSE_GATE,
    SB_PASS_FUSE_UPSAMPLE,
    SB_PASS_JOIN_SIBLINGS,
    SB_PASS_JOIN_MAPS,
    SB_PASS_OVERWRITE,
    SB_PASS_COUNT
};
#define SB_ALL_PASSES ((1u << SB_PASS_COUNT) - 1)
/* "dead-code", "fold-batchnorm", ... */
const char *sb_pass_name(enum sb_pass pass);
/* What it does, in a few words. */
const char *sb_pass_text(enum sb_pass pass);

struct sb_plan_options {
    enum sb_engine engine; /* default: sb_engine_default() */
    int threads;           /* 1..; default: CPUs of the affinity mask */
    enum sb_cpu cpu;       /* instruction sets of the native engine; default: what the CPU has */
    unsigned passes;       /* 1 << enum sb_pass: those that run; default SB_ALL_PASSES */
    bool reuse_memory; /* default true: live-range arena; false gives every tensor its own place */
    bool low_memory; /* default false: kernels that need larger packed weights only where they save
                        most time per byte */
    /* Proposals and detections (two-stage models), borrowed, must outlive the plan; default NULL.
     */
    const struct sb_region_ops *region;
    /* Kernels chosen beforehand, where they can run the step; borrowed until the plan is made;
     * default NULL: the cost model chooses. */
    const struct sb_choices *choices;
    /* Where packed weights are kept, borrowed, must outlive the plan; default NULL: in the plan. */
    struct sb_packed *packed;
    bool sizes_only; /* default false; true packs no weights: sb_plan_memory() and
                        sb_plan_step_info() answer, sb_plan_run() refuses */
};
void sb_plan_options_defaults(struct sb_plan_options *options);

struct sb_plan;

/* One executed step, for per-op and per-level reports. Strings are borrowed from the graph. */
struct sb_step_info {
    const char *path; /* path of the node whose output it produces */
    const char *block;
    const char *kernel; /* "conv_im2col_openblas", ... */
    enum sb_op op;      /* op of the step's main node (CONV for conv+BN+ReLU) */
    bool follows;       /* runs together with the step before it, see SB_PASS_STREAM_DEPTHWISE,
                           SB_PASS_JOIN_SIBLINGS and SB_PASS_JOIN_MAPS */
    enum sb_level level;
    struct sb_shape shape; /* output */
    size_t weight_bytes;   /* packed weights first used by this step (shared ones count once) */
    size_t output_bytes;   /* 0 where it is never in memory */
    size_t workspace_bytes;
};

/* Memory of a plan in bytes, by level of the producing step. */
struct sb_plan_memory {
    size_t arena_bytes;                      /* the activation arena as allocated */
    size_t live_peak_bytes;                  /* most bytes alive at once: a bound of the arena */
    size_t weight_bytes[SB_LEVEL_COUNT];     /* packed weights */
    size_t activation_bytes[SB_LEVEL_COUNT]; /* sum of outputs, before reuse */
    size_t workspace_bytes[SB_LEVEL_COUNT];  /* largest kernel workspace of the level */
    size_t weight_total_bytes;
    size_t activation_total_bytes;
    size_t workspace_total_bytes; /* shared: the largest of all */
};

/* Timing hook: ns[i] of step i is written by sb_plan_run() when `step_ns` is given. Steps that run
 * together divide their time: joined ones by their output values, streamed ones by their output
 * channels. */
struct sb_run_options {
    int64_t *step_ns; /* sb_plan_num_steps() values, or NULL */
};

/* The graph must outlive the plan; weights may be released after it returns. NULL on failure. */
struct sb_plan *sb_plan_new(const struct sb_graph *graph, const struct sb_weights *weights,
                            const struct sb_plan_options *options, struct sb_error *err);
void sb_plan_free(struct sb_plan **plan);

/* The i-th input buffer, (N, C, H, W) float32, filled by the caller before a run and kept by it.
 * Owned by plan; NULL when there is no such input. */
float *sb_plan_input(struct sb_plan *plan, int index, struct sb_shape *shape);
/*
 * From the next run on, the input `index` is read from `data`, or the output `name` is written
 * there, in place of the plan's own memory: no copy is needed between what fills, runs and reads at
 * the same time. data: as many floats as the tensor has, aligned to 64 bytes, borrowed until
 * another is bound. The input or output must exist.
 */
void sb_plan_bind_input(struct sb_plan *plan, int index, float *data);
void sb_plan_bind_output(struct sb_plan *plan, const char *name, float *data);
int sb_plan_run(struct sb_plan *plan, const struct sb_run_options *options, struct sb_error *err);
/* Runs fn(ctx, i, i) once on each thread i of the plan at the same time: what concerns their
 * caches.
 */
void sb_plan_on_every_thread(struct sb_plan *plan, sb_job_fn fn, void *ctx);
int sb_plan_threads(const struct sb_plan *plan);
/* An output after a run, (N, C, H, W); NULL when there is none of that name. Valid until the next
 * run. */
const float *sb_plan_output(const struct sb_plan *plan, const char *name, struct sb_shape *shape);
/* Outputs in graph order: 0 .. count-1. */
size_t sb_plan_num_outputs(const struct sb_plan *plan);
const char *sb_plan_output_name(const struct sb_plan *plan, size_t index);

size_t sb_plan_num_steps(const struct sb_plan *plan);
void sb_plan_step_info(const struct sb_plan *plan, size_t index, struct sb_step_info *out);
void sb_plan_memory(const struct sb_plan *plan, struct sb_plan_memory *out);

/* The fastest engine for this CPU: native with AVX2 or more, else openblas. */
enum sb_engine sb_engine_default(void);
/* "openblas", "native", "native-bf16" */
const char *sb_engine_name(enum sb_engine engine);
/* The engine's name and what sets it apart from its defaults on this CPU: "native",
 * "native-low-memory", "native-avx2". */
const char *sb_engine_label(enum sb_engine engine, enum sb_cpu cpu, bool low_memory);
/* The engine of a name; SB_EINVAL, naming the known ones, for any other text. */
int sb_engine_parse(const char *name, enum sb_engine *out, struct sb_error *err);
/* Name of the i-th kernel of an engine's table, NULL after the last; and its op. */
const char *sb_engine_kernel(enum sb_engine engine, size_t index, enum sb_op *op);

#endif
