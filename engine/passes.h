/*
 * Passes: rewrites of the step list that keep every model output (up to float rounding) and make
 * the plan smaller or faster. Each links the list before it starts and after it ends. Those before
 * the choice of kernels may run in any order and more than once; those that follow it run last.
 * Adding one: its name in enum sb_pass (plan.h), a passes_NAME.c with the function, its line here
 * and in the table of passes.c, and a test that outputs do not change.
 */
#ifndef SB_ENGINE_PASSES_H
#define SB_ENGINE_PASSES_H

#include "engine/plan.h"
#include "engine/steps.h"

/* Drops steps whose values nobody reads and that are no outputs. */
int sb_pass_dead_code(struct sb_steps *steps, struct sb_error *err);
/* Batch normalisation after conv, dwconv, deconv, fc (and another one) becomes their scale and
 * shift. It stays a step of its own where somebody else reads the value before it. */
int sb_pass_fold_batchnorm(struct sb_steps *steps, struct sb_error *err);
/* A 1x1 convolution of a map that was enlarged by a nearest resize runs on the small map, and its
 * result is enlarged instead: the same sums, each made once. */
int sb_pass_sink_pointwise(struct sb_steps *steps, struct sb_error *err);
/* One operand of a sum takes over the addition of another, as its residual. */
int sb_pass_fuse_residual(struct sb_steps *steps, struct sb_error *err);
/* An activation becomes the end of the step before it. */
int sb_pass_fuse_activation(struct sb_steps *steps, struct sb_error *err);

/* After the choice of kernels: a 1x1 convolution that nothing but a depthwise convolution reads
 * runs together with it, a few rows at a time, and its output is never in memory. It is the widest
 * map of a mobile network's blocks. A global mean of the result joins them. */
int sb_pass_stream_depthwise(struct sb_steps *steps, struct sb_error *err);
/* After the choice of kernels: a product with a gate becomes part of the 1x1 convolution that alone
 * reads it. */
int sb_pass_fuse_gate(struct sb_steps *steps, struct sb_error *err);
/* After the choice of kernels: a nearest resize to a larger map that adds the result of a
 * convolution becomes what that one adds, so that its result is written once and not read again. */
int sb_pass_fuse_upsample(struct sb_steps *steps, struct sb_error *err);
/* After the choice of kernels: steps of one kernel that read the same input run together, so that
 * the input is read (and transformed) once. A later one moves up to the first. */
int sb_pass_join_siblings(struct sb_steps *steps, struct sb_error *err);
/* After the choice of kernels: steps with the same packed weights on several maps run together
 * where the kernel can, so that these are read once for all: a head on the levels of a pyramid.
 * Later ones move up to the first, with their siblings. */
int sb_pass_join_maps(struct sb_steps *steps, struct sb_error *err);
/* After the choice of kernels: a step whose kernel may write over an operand, and that is the last
 * to read it, puts its result there: sums and activations need no memory of their own. */
int sb_pass_overwrite(struct sb_steps *steps, struct sb_error *err);

/* Runs the passes of the set (1 << enum sb_pass) that come before, or after, the choice. */
int sb_run_passes(struct sb_steps *steps, unsigned set, bool after_choice, struct sb_error *err);

#endif
