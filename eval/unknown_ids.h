/* Ids in results that the ground truth does not have: counted, the first few by name. */
#ifndef SB_EVAL_UNKNOWN_IDS_H
#define SB_EVAL_UNKNOWN_IDS_H

#include "base/ranks.h"
#include "eval/coco_gt.h"

#define SB_UNKNOWN_NAMED 10

/* Zero it. */
struct sb_unknown_ids {
    size_t detections; /* with such an id */
    size_t named;      /* distinct ids noted, at most SB_UNKNOWN_NAMED */
    int64_t ids[SB_UNKNOWN_NAMED];
    int64_t first_at; /* byte offset of the first */
};

/* A detection with that id at byte `at`. */
void sb_unknown_note(struct sb_unknown_ids *u, int64_t id, int64_t at);
/* Those of a part of the file that follows. */
void sb_unknown_add(struct sb_unknown_ids *all, const struct sb_unknown_ids *part);
/* The error that they are, with up to ten ids of all ranks by name. what: "images"; detections: of
 * all ranks. Collective. */
int sb_unknown_refuse(const struct sb_unknown_ids *u, size_t detections, const char *what,
                      const struct sb_coco_gt *gt, struct sb_ranks *ranks, struct sb_error *err);

#endif
