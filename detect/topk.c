/* Top k by quickselect (C. A. R. Hoare, "Find", 1961), then a sort of what was selected. */
#include "detect/topk.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const struct sb_candidate x = *(const struct sb_candidate *)a;
    const struct sb_candidate y = *(const struct sb_candidate *)b;
    return sb_comes_first(y, x) - sb_comes_first(x, y);
}

static void swap(struct sb_candidate *a, struct sb_candidate *b)
{
    const struct sb_candidate kept = *a;
    *a = *b;
    *b = kept;
}

static struct sb_candidate median_of_three(const struct sb_candidate *c, size_t lo, size_t hi)
{
    const struct sb_candidate a = c[lo], b = c[lo + (hi - lo) / 2], d = c[hi];
    if (sb_comes_first(a, b))
        return sb_comes_first(b, d) ? b : (sb_comes_first(a, d) ? d : a);
    return sb_comes_first(a, d) ? a : (sb_comes_first(b, d) ? d : b);
}

/* Rearranges so that the first k are the k best, in any order; 0 < k < n. */
static void partition_first(struct sb_candidate *c, size_t n, size_t k)
{
    size_t lo = 0, hi = n - 1;
    while (lo < hi) {
        const struct sb_candidate pivot = median_of_three(c, lo, hi);
        size_t i = lo, j = hi;
        for (;;) {
            while (sb_comes_first(c[i], pivot))
                i++;
            while (sb_comes_first(pivot, c[j]))
                j--;
            if (i >= j)
                break;
            swap(&c[i++], &c[j--]);
        }
        /* c[lo..j] do not come after the pivot, c[j + 1..hi] not before it */
        if (k == j + 1)
            return;
        if (k <= j)
            hi = j;
        else
            lo = j + 1;
    }
}

size_t sb_select_k(struct sb_candidate *candidates, size_t n, size_t k)
{
    if (k < n && k > 0)
        partition_first(candidates, n, k);
    return k < n ? k : n;
}

size_t sb_top_k(struct sb_candidate *candidates, size_t n, size_t k)
{
    const size_t kept = sb_select_k(candidates, n, k);
    qsort(candidates, kept, sizeof(*candidates), compare);
    return kept;
}
