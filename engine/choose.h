/*
 * Kernel choice: gives every step its kernel and every value its layout, and puts a copying step
 * wherever a value is needed in another layout than its kernel writes: inputs of a kernel, and
 * outputs of the plan, which are always plain.
 */
#ifndef SB_ENGINE_CHOOSE_H
#define SB_ENGINE_CHOOSE_H

#include "base/error.h"
#include "engine/plan.h"
#include "engine/steps.h"

/* After the passes. SB_EUNSUPPORTED, naming the node, for a step that no kernel runs. */
int sb_choose_kernels(struct sb_steps *steps, const struct sb_plan_options *options,
                      struct sb_error *err);

#endif
