/* Stable sort of (key, value) pairs by key: the one sort behind ranking detections and grouping by
 * image. */
#ifndef SB_EVAL_PAIR_SORT_H
#define SB_EVAL_PAIR_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sb_pair {
    uint64_t key;
    uint32_t value;
};

/* Sorts a[0..n) ascending by key, equal keys in the order given. spare has room for n pairs; the
 * result is in the array returned, a or spare. */
struct sb_pair *sb_pair_sort(struct sb_pair *a, struct sb_pair *spare, size_t n);

/* A key that ascends where scores descend: equal for -0 and 0, NaN last, as numpy.argsort(-score).
 */
uint64_t sb_score_key(double score);

#endif
