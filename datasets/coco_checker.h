/* What the parts of sb_coco_check() share. See coco_check.h. */
#ifndef SB_DATASETS_COCO_CHECKER_H
#define SB_DATASETS_COCO_CHECKER_H

#include "base/json_scan.h"
#include "base/str.h"
#include "datasets/coco_check.h"
#include "datasets/rle_scan.h"

#define SB_CHECK_SLACK 0.5 /* pixels that a box may reach out: rounding of other tools */

/* An id and where it stands in its list, for looking up. */
struct sb_check_key {
    int64_t id;
    size_t index;
};

/* A panoptic annotation: its PNG, and where its segments stand in the text of the file. */
struct sb_check_picture {
    int64_t image_id;
    char *file_name; /* owned */
    const char *segments;
};

struct sb_coco_checker {
    struct sb_coco_stats *out;
    sb_finding_fn found;
    void *ctx;
    struct sb_check_key *images, *categories; /* sorted by id */
    size_t *per_image;
    int64_t *ids; /* of annotations, in file order; of a panoptic file the segments of one */
    size_t num_ids, ids_capacity;
    struct sb_check_picture *pictures;
    size_t num_pictures, pictures_capacity;
    struct sb_rle_code code; /* the mask that is being looked at */
    struct sb_rle mask;
    struct sb_str text; /* the finding that is being put into words */
};

/* The key of an id, or NULL. */
const struct sb_check_key *sb_check_find(const struct sb_check_key *keys, size_t count, int64_t id);
/* Counts and passes on the finding in c->text, and empties it. */
void sb_check_report(struct sb_coco_checker *c, enum sb_finding kind);
/* Reports ids that occur twice as "WHAT ID", and forgets them all. */
void sb_check_distinct(struct sb_coco_checker *c, const char *what);

/* Reads and checks all annotations of the file. */
int sb_check_annotations(struct sb_coco_checker *c, struct sb_scan *s);
/* Compares the segments of panoptic annotations with their PNGs in folder dir. */
int sb_check_pictures(struct sb_coco_checker *c, const struct sb_scan *s, const char *dir,
                      struct sb_pool *pool, struct sb_error *err);

#endif
