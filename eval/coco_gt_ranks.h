/* Ground truth over ranks. A part of the reader, not for users: see coco_gt.h. */
#ifndef SB_EVAL_COCO_GT_RANKS_H
#define SB_EVAL_COCO_GT_RANKS_H

#include "eval/coco_gt_lists.h"
#include "eval/eval_ranks.h"

/* After all have read their spans: every rank gets the images, the categories and the notes of all.
 * Collective. */
int sb_gt_share(struct sb_gt_loader *l, struct sb_ranks *ranks, struct sb_error *err);

/*
 * Moves the annotations to the owners of their images, whom it chooses. Where an id repeats, which
 * takes a view of all annotations, every rank gets all of them instead: *everywhere. Collective.
 */
int sb_gt_route(struct sb_gt_loader *l, struct sb_eval_ranks *team, bool *everywhere,
                struct sb_error *err);
/* Then drops those of other owners. Collective. */
int sb_gt_keep_own(struct sb_gt_loader *l, struct sb_eval_ranks *team, struct sb_error *err);

#endif
