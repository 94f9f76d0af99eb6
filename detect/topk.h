/*
 * Candidates of a selection step: a score and the row it belongs to. Order everywhere: higher score
 * first, among equal scores the lower index first, as TensorFlow's top_k.
 */
#ifndef SB_DETECT_TOPK_H
#define SB_DETECT_TOPK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_candidate {
    float score; /* not NaN */
    int32_t index;
};

/* True when a comes before b: a total order where no two have the same index. */
static inline bool sb_comes_first(struct sb_candidate a, struct sb_candidate b)
{
    return a.score != b.score ? a.score > b.score : a.index < b.index;
}

/* Moves the k best of n to the front, in any order; returns how many that are, min(k, n). Linear in
 * n on average. */
size_t sb_select_k(struct sb_candidate *candidates, size_t n, size_t k);

/* The same, and sorts them of n to the front, in order; returns how many that are, min(k, n).
 * Linear in n on average, plus sorting the k. */
size_t sb_top_k(struct sb_candidate *candidates, size_t n, size_t k);

#endif
