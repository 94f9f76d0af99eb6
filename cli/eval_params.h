/* The options of `eval coco` that say what is measured and by which rules. */
#ifndef SB_CLI_EVAL_PARAMS_H
#define SB_CLI_EVAL_PARAMS_H

#include "cli/options.h"
#include "eval/metric.h"

#include <stdint.h>

#define SB_EVAL_PARAM_OPTIONS (16 + SB_RULES)

/* Writes the options, without an end, to out[SB_EVAL_PARAM_OPTIONS]; returns how many. */
size_t sb_eval_param_options(struct sb_option *out);
/* Parameters from what was parsed. They refer to memory that is released below. */
int sb_eval_params_read(struct sb_coco_params *params, struct sb_error *err);
/* Of what came from files (--sigmas, @FILE), which each rank reads for itself. */
uint64_t sb_eval_params_digest(const struct sb_coco_params *params);
/* Whether the rule was chosen on the command line. */
bool sb_eval_rule_is_given(enum sb_rule rule);
void sb_eval_params_release(void);

#endif
