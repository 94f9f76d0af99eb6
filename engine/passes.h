/*
 * Passes: rewrites of the step list that keep every model output (up to float rounding) and make
 * the plan smaller or faster. Each links the list before it starts and after it ends; they may run
 * in any order and more than once. Adding one: a passes_NAME.c with the function, its line here
 * and in the table of plan_build.c, and a test that outputs do not change.
 */
#ifndef SB_ENGINE_PASSES_H
#define SB_ENGINE_PASSES_H

#include "engine/steps.h"

/* Drops steps whose values nobody reads and that are no outputs. */
int sb_pass_dead_code(struct sb_steps *steps, struct sb_error *err);
/* Batch normalisation after conv, dwconv, deconv, fc (and another one) becomes their scale and
 * shift. It stays a step of its own where somebody else reads the value before it. */
int sb_pass_fold_batchnorm(struct sb_steps *steps, struct sb_error *err);
/* An activation becomes the end of the step before it. */
int sb_pass_fuse_activation(struct sb_steps *steps, struct sb_error *err);
/* One operand of a sum takes over the addition of another, as its residual. */
int sb_pass_fuse_residual(struct sb_steps *steps, struct sb_error *err);

#endif
