/*
 * Panoptic quality of one image, as panopticapi's evaluation.py finds it (cocodataset/panopticapi):
 * segments of one category match where their IoU without void pixels is above 0.5.
 *
 * - Id 0 is void. Void pixels count for neither side.
 * - The area of an object is what the annotation file says, that of a predicted segment what the
 *   PNG has.
 * - Crowds are never matched. A prediction without a match is forgiven where more than half of it
 *   lies on void and on the crowd of its category (of several crowds the last).
 */
#ifndef SB_EVAL_PANOPTIC_MATCH_H
#define SB_EVAL_PANOPTIC_MATCH_H

#include "base/error.h"
#include "eval/panoptic_set.h"

/* Pixels with one pair of ids. */
struct sb_id_pair {
    uint64_t key; /* true id << 24 | predicted id */
    uint64_t pixels;
};

/* Pairs of ids of an image, by open addressing. Zero it; kept between images, one per thread. */
struct sb_id_pairs {
    struct sb_id_pair *slots; /* pixels = 0: free */
    size_t slot_count, count;
    struct sb_id_pair *sorted; /* by sb_id_pairs_sort() */
    size_t sorted_capacity;
};

void sb_id_pairs_clear(struct sb_id_pairs *pairs);
void sb_id_pairs_release(struct sb_id_pairs *pairs);
/* Counts a row of RGB pixels of both images. */
int sb_id_pairs_add_row(struct sb_id_pairs *pairs, const uint8_t *truth, const uint8_t *predicted,
                        size_t width, struct sb_error *err);
/* pairs->sorted = the pairs in ascending order. */
int sb_id_pairs_sort(struct sb_id_pairs *pairs, struct sb_error *err);

/* What an image adds to its categories' sums. */
struct sb_panoptic_tally {
    int64_t tp, fp, fn;
};
struct sb_panoptic_hit {
    int32_t category;
    double iou;
};

/* Memory of one thread; zero it. */
struct sb_panoptic_scratch {
    struct sb_id_pairs pairs;
    uint64_t *area, *void_area; /* per predicted segment */
    uint64_t *crowd_area;
    bool *truth_hit, *predicted_hit; /* per segment */
    size_t area_capacity, void_capacity, crowd_capacity, truth_capacity, predicted_capacity;
    struct sb_panoptic_hit *hits; /* of all images so far, in order */
    size_t hit_count, hit_capacity;
};
void sb_panoptic_scratch_release(struct sb_panoptic_scratch *scratch);

/* Image `truth_image` of truth against `predicted_image` of predicted, whose pixels were counted in
 * scratch->pairs and sorted. Adds to tallies (per category) and appends matches to scratch->hits.
 * SB_EFORMAT when the prediction's PNG and its list of segments do not agree. */
int sb_panoptic_match(const struct sb_panoptic_set *truth, size_t truth_image,
                      const struct sb_panoptic_set *predicted, size_t predicted_image,
                      struct sb_panoptic_scratch *scratch, struct sb_panoptic_tally *tallies,
                      struct sb_error *err);

#endif
