/* Matched classes on their way to their owners, and results to rank 0. A part of the evaluation
 * over ranks, not for users: see coco_eval.h. */
#ifndef SB_EVAL_COCO_COLLECT_H
#define SB_EVAL_COCO_COLLECT_H

#include "eval/class_wire.h"
#include "eval/coco_eval.h"

/* blocks: (eval->classes) what matching found here; they are freed once sent. Fills the arrays of
 * eval on rank 0, and adds this rank's notes to eval. Collective. */
int sb_eval_collect(struct sb_coco_eval *eval, struct sb_class_block *blocks,
                    struct sb_eval_ranks *team, enum sb_eval_detail detail, struct sb_pool *pool,
                    struct sb_error *err);

#endif
