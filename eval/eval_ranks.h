/*
 * An evaluation over several ranks. Each reads a part of every file; objects and detections then go
 * to the rank that owns their image, and what matching says about a class to the rank that owns it.
 *
 * Images are owned in runs of their sorted ids, so a file in order of images, as most are, hardly
 * moves, and the order of all is that of rank 0's, then rank 1's, and so on. In one process there
 * is no such struct: NULL stands for owning everything.
 */
#ifndef SB_EVAL_EVAL_RANKS_H
#define SB_EVAL_EVAL_RANKS_H

#include "base/file.h"
#include "base/ranks.h"

#include <stddef.h>
#include <stdint.h>

/* What a rank is busy with. */
enum sb_eval_stage {
    SB_STAGE_READ,
    SB_STAGE_MOVE,  /* rows to the owners of their images, without waiting for others */
    SB_STAGE_MATCH, /* on one rank this and accumulation */
    SB_STAGE_ACCUMULATE,
    SB_EVAL_STAGES
};

/* What a rank did so far. */
struct sb_eval_work {
    int64_t busy_ns[SB_EVAL_STAGES];
    uint64_t rows;         /* objects and detections of its images */
    uint64_t column_bytes; /* of the detections of its images */
};

struct sb_eval_ranks {
    struct sb_ranks *ranks; /* with one, only times are noted */
    int32_t *first_image;   /* (ranks + 1) rank r owns the images from first_image[r] to
                               first_image[r + 1] - 1; owned, set with the ground truth */
    struct sb_eval_work work;
    int64_t mark_ns; /* when the stage began that runs now, without what was waited for before */
};

void sb_eval_ranks_init(struct sb_eval_ranks *team, struct sb_ranks *ranks);
void sb_eval_ranks_release(struct sb_eval_ranks *team);

/* The ranks of a team; NULL when there is only one, or no team. */
struct sb_ranks *sb_eval_ranks_of(const struct sb_eval_ranks *team);
/* The time since the last call was spent on this stage; waiting for other ranks does not count. */
void sb_eval_ranks_spent(struct sb_eval_ranks *team, enum sb_eval_stage stage);

/* Maps a file, which must look the same on all ranks. Collective. */
int sb_eval_ranks_map(const struct sb_eval_ranks *team, struct sb_map *map, const char *path,
                      struct sb_error *err);
/* Agrees on how mapping went, rc, and compares size and samples of the text. Collective. */
int sb_eval_ranks_compare(const struct sb_eval_ranks *team, const struct sb_map *map, int rc,
                          const char *path, struct sb_error *err);

/* Deals out images by their objects, and by their number, half and half. image: (objects) ranks of
 * images, < 0 = none. Collective. */
int sb_eval_ranks_deal(struct sb_eval_ranks *team, const int32_t *image, size_t objects,
                       size_t images, struct sb_error *err);
/* The rank that owns an image; SB_ROUTE_NOWHERE for an image < 0. */
int32_t sb_image_owner(const struct sb_eval_ranks *team, int32_t image);

#endif
