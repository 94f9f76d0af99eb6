/* The arrays of an evaluation. A part of it, not for users: see coco_eval.h. */
#ifndef SB_EVAL_EVAL_PLANES_H
#define SB_EVAL_EVAL_PLANES_H

#include "eval/coco_eval.h"

/* Makes the arrays for e->classes classes, all -1. What was made is released with e, on failure
 * too.
 */
int sb_eval_planes_make(struct sb_coco_eval *e, enum sb_eval_detail detail, struct sb_error *err);

#endif
