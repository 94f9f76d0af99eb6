/*
 * Candidates of a selection step: a score and the row it belongs to. Order everywhere: higher score
 * first, among equal scores the lower index first, as TensorFlow's top_k.
 */
#ifndef SB_DETECT_TOPK_H
#define SB_DETECT_TOPK_H

#include <stddef.h>
#include <stdint.h>

struct sb_candidate {
    float score; /* not NaN */
    int32_t index;
};

/* Moves the k best of n to the front, in order; returns how many that are, min(k, n). Linear in n
 * on average, plus sorting the k. */
size_t sb_top_k(struct sb_candidate *candidates, size_t n, size_t k);

#endif
