/* Selection of rows. See row_filter.h. */
#include "eval/row_filter.h"

#include "base/mem.h"
#include "eval/metric.h"
#include "eval/pair_sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_row_filter_release(struct sb_row_filter *filter)
{
    sb_free(filter->own_gt_image);
    sb_free(filter->own_dt_image);
    sb_free(filter->dt_rank);
    memset(filter, 0, sizeof(*filter));
}

static int32_t *copy_of(const int32_t *values, size_t count)
{
    int32_t *const copy = sb_malloc(count * sizeof(*copy), TAG);
    if (copy && count > 0)
        memcpy(copy, values, count * sizeof(*copy));
    return copy;
}

/* Rows of images that are not chosen take no part, nor do those that are listed (NULL: where they
 * are) under one. */
static void choose_images(int32_t *image, const int32_t *listed, size_t count,
                          const uint8_t *chosen)
{
    for (size_t i = 0; chosen && i < count; i++) {
        if (image[i] >= 0 && (!chosen[image[i]] || (listed && !chosen[listed[i]])))
            image[i] = -1;
    }
}

static double dt_area(const struct sb_coco_dt *dt, size_t row)
{
    return dt->area ? dt->area[row] : dt->box[row][2] * dt->box[row][3];
}

static bool is_empty(double area)
{
    return !(area > 0 && area < INFINITY);
}

static int64_t drop_empty_objects(int32_t *image, const struct sb_coco_gt *gt)
{
    int64_t dropped = 0;
    for (size_t i = 0; i < gt->count; i++) {
        if (image[i] >= 0 && is_empty(gt->area[i])) {
            image[i] = -1;
            dropped++;
        }
    }
    return dropped;
}

static int64_t drop_empty_detections(int32_t *image, const struct sb_coco_dt *dt)
{
    int64_t dropped = 0;
    for (size_t i = 0; i < dt->count; i++) {
        if (image[i] >= 0 && is_empty(dt_area(dt, i))) {
            image[i] = -1;
            dropped++;
        }
    }
    return dropped;
}

/* Ranks every detection among those of its image, of all classes: by score, ties in file order. */
static int rank_in_images(struct sb_row_filter *f, const struct sb_coco_dt *dt,
                          struct sb_error *err)
{
    struct sb_pair *const a = sb_malloc(dt->count * sizeof(*a), TAG);
    struct sb_pair *const b = sb_malloc(dt->count * sizeof(*b), TAG);
    f->dt_rank = sb_calloc(dt->count, sizeof(*f->dt_rank), TAG);
    const bool ok = a && b && f->dt_rank && dt->count < UINT32_MAX;
    if (ok) {
        size_t n = 0;
        for (size_t i = 0; i < dt->count; i++) {
            const struct sb_pair pair = {sb_score_key(dt->score[i]), (uint32_t)i};
            if (f->dt_image[i] >= 0)
                a[n++] = pair;
        }
        struct sb_pair *sorted = sb_pair_sort(a, b, n);
        for (size_t i = 0; i < n; i++)
            sorted[i].key = (uint64_t)f->dt_image[sorted[i].value];
        sorted = sb_pair_sort(sorted, sorted == a ? b : a, n);
        for (size_t i = 1; i < n; i++) {
            const bool same_image = sorted[i].key == sorted[i - 1].key;
            f->dt_rank[sorted[i].value] = same_image ? f->dt_rank[sorted[i - 1].value] + 1 : 0;
        }
    }
    sb_free(a);
    sb_free(b);
    return ok ? 0 : sb_error_nomem(err, "ranks of detections", dt->count * 2 * sizeof(*a));
}

/* Detections beyond the largest limit of their image take no part. */
static void cut_images(struct sb_row_filter *f, size_t count, uint32_t limit)
{
    for (size_t i = 0; i < count; i++) {
        if (f->own_dt_image[i] >= 0 && f->dt_rank[i] >= limit) {
            f->own_dt_image[i] = -1;
            f->notes.count[SB_RULE_SCOPE]++;
        }
    }
}

static uint64_t cell(int32_t image, int32_t category)
{
    return (uint64_t)(uint32_t)image << 32 | (uint32_t)category;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* LVIS: where a category was neither annotated in an image nor looked for in vain, nothing is known
 * about it and its detections take no part. */
static int drop_unjudged(struct sb_row_filter *f, const struct sb_coco_gt *gt,
                         const struct sb_coco_dt *dt, struct sb_error *err)
{
    uint64_t *const positive = sb_malloc(gt->count * sizeof(*positive), TAG);
    size_t n = 0;
    if (!positive)
        return sb_error_nomem(err, "categories of images", gt->count * sizeof(*positive));
    for (size_t i = 0; i < gt->count; i++) {
        if (f->gt_image[i] >= 0 && gt->category[i] >= 0)
            positive[n++] = cell(f->gt_image[i], gt->category[i]);
    }
    if (n > 0)
        qsort(positive, n, sizeof(*positive), ascending);
    for (size_t i = 0; i < dt->count; i++) {
        const int32_t image = f->own_dt_image[i], category = dt->category[i];
        if (image < 0 || category < 0 ||
            sb_category_sets_has(&gt->negative, (size_t)image, category))
            continue;
        const uint64_t key = cell(image, category);
        if (n == 0 || !bsearch(&key, positive, n, sizeof(key), ascending))
            f->own_dt_image[i] = -1;
    }
    sb_free(positive);
    return 0;
}

static int filter_detections(struct sb_row_filter *f, const struct sb_coco_gt *gt,
                             const struct sb_coco_dt *dt, const struct sb_coco_params *p,
                             struct sb_error *err)
{
    int rc = 0;
    if (p->rules[SB_RULE_SCOPE] == SB_SCOPE_IMAGE) {
        rc = rank_in_images(f, dt, err);
        if (rc == 0)
            cut_images(f, dt->count, (uint32_t)p->max_dets[p->max_det_count - 1]);
    }
    if (rc == 0 && p->rules[SB_RULE_EMPTY_AREAS] == SB_EMPTY_AREAS_DROP)
        f->notes.count[SB_RULE_EMPTY_AREAS] += drop_empty_detections(f->own_dt_image, dt);
    if (rc == 0 && gt->negative.start)
        rc = drop_unjudged(f, gt, dt, err);
    return rc;
}

int sb_row_filter_build(struct sb_row_filter *filter, const struct sb_coco_gt *gt,
                        const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                        const uint8_t *chosen, struct sb_error *err)
{
    memset(filter, 0, sizeof(*filter));
    filter->gt_image = gt->image;
    filter->dt_image = dt->image;
    const bool drops_empty = params->rules[SB_RULE_EMPTY_AREAS] == SB_EMPTY_AREAS_DROP;
    if (!chosen && !drops_empty && params->rules[SB_RULE_SCOPE] == SB_SCOPE_CLASS &&
        !gt->negative.start)
        return 0;
    filter->gt_image = filter->own_gt_image = copy_of(gt->image, gt->count);
    filter->dt_image = filter->own_dt_image = copy_of(dt->image, dt->count);
    int rc = filter->gt_image && filter->dt_image
                 ? 0
                 : sb_error_nomem(err, "a choice of rows", (gt->count + dt->count) * 4);
    if (rc == 0) {
        choose_images(filter->own_gt_image, gt->listed_image, gt->count, chosen);
        choose_images(filter->own_dt_image, NULL, dt->count, chosen);
        if (drops_empty)
            filter->notes.count[SB_RULE_EMPTY_AREAS] +=
                drop_empty_objects(filter->own_gt_image, gt);
        rc = filter_detections(filter, gt, dt, params, err);
    }
    if (rc)
        sb_row_filter_release(filter);
    return rc;
}

int sb_filtered_lists_build(struct sb_class_lists *gts, struct sb_class_lists *dts,
                            const struct sb_row_filter *filter, const struct sb_coco_gt *gt,
                            const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                            struct sb_error *err)
{
    const struct sb_class_rows objects = {filter->gt_image, gt->category, gt->count,
                                          gt->categories.count};
    const struct sb_class_rows detections = {filter->dt_image, dt->category, dt->count,
                                             gt->categories.count};
    if (params->use_cats) {
        const int rc = sb_class_lists_build(gts, &objects, err);
        return rc ? rc : sb_class_lists_build(dts, &detections, err);
    }
    const int rc = sb_class_lists_join(gts, &objects, gt->category_times, err);
    return rc ? rc : sb_class_lists_join(dts, &detections, gt->category_times, err);
}
