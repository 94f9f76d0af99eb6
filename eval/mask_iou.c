/* IoU of run-length masks. See mask_iou.h. */
#include "eval/mask_iou.h"

#include <string.h>

void sb_mask_update(struct sb_mask *mask)
{
    double box[4];
    sb_rle_box(&mask->rle, box);
    mask->corners = sb_corners(box);
    mask->area = sb_rle_area(&mask->rle);
    uint32_t empty = 0;
    for (size_t i = 1; i < mask->rle.count; i++)
        empty += mask->rle.runs[i] == 0;
    mask->regular = empty == 0;
}

void sb_mask_release(struct sb_mask *mask)
{
    sb_rle_release(&mask->rle);
    memset(mask, 0, sizeof(*mask));
}

/* Pixels that both masks have, for masks of the same size: walks over the foreground runs alone. */
static uint32_t intersection(const struct sb_rle *a, const struct sb_rle *b)
{
    uint32_t common = 0;
    uint64_t a_start = 0, a_end = 0, b_start = 0, b_end = 0;
    size_t i = 0, j = 0; /* next pair of runs */
    for (;;) {
        if (a_end <= b_end) {
            if (i + 1 >= a->count)
                return common;
            a_start = a_end + a->runs[i];
            a_end = a_start + a->runs[i + 1];
            i += 2;
        } else {
            if (j + 1 >= b->count)
                return common;
            b_start = b_end + b->runs[j];
            b_end = b_start + b->runs[j + 1];
            j += 2;
        }
        const uint64_t start = a_start > b_start ? a_start : b_start;
        const uint64_t end = a_end < b_end ? a_end : b_end;
        if (start < end)
            common += (uint32_t)(end - start);
    }
}

/* One mask of the walk in steps: what is left of its current run. */
struct cursor {
    const struct sb_rle *rle;
    size_t next;
    uint32_t left;
    bool inside;
};

static void step(struct cursor *c, uint32_t pixels)
{
    c->left -= pixels;
    if (c->left == 0 && c->next < c->rle->count) {
        c->left = c->rle->runs[c->next++];
        c->inside = !c->inside;
    }
}

/* The original's walk: it ends as soon as neither mask has anything left in its current run. */
static void count_stepwise(const struct sb_rle *a, const struct sb_rle *b, uint32_t *both,
                           uint32_t *either)
{
    struct cursor x = {a, 1, a->runs[0], false}, y = {b, 1, b->runs[0], false};
    *both = *either = 0;
    bool more = true;
    while (more) {
        const uint32_t pixels = x.left < y.left ? x.left : y.left;
        if (x.inside || y.inside)
            *either += pixels;
        if (x.inside && y.inside)
            *both += pixels;
        step(&x, pixels);
        step(&y, pixels);
        more = x.left || y.left;
    }
}

double sb_mask_iou(const struct sb_mask *dt, const struct sb_mask *gt, bool crowd, bool exact,
                   int64_t *cut_short)
{
    if (!(sb_corner_iou(&dt->corners, &gt->corners, crowd, 0) > 0))
        return 0;
    if (dt->rle.h != gt->rle.h || dt->rle.w != gt->rle.w)
        return -1;
    uint32_t both = intersection(&dt->rle, &gt->rle);
    uint32_t either = dt->area + gt->area - both;
    if (!exact && !(dt->regular && gt->regular)) {
        const uint32_t all = either;
        count_stepwise(&dt->rle, &gt->rle, &both, &either);
        *cut_short += either != all;
    }
    if (both == 0)
        return 0;
    return (double)both / (double)(crowd ? dt->area : either);
}
