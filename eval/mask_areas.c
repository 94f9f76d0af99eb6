/* Areas of segmentations, blocks of rows at once. See mask_areas.h. */
#include "eval/mask_areas.h"

#include "base/mem.h"
#include "eval/coco_mask.h"
#include "eval/coco_rows.h"

#include <math.h>
#include <string.h>

#define TAG   SB_MEM_TAG(SB_MEM_DATA, 0)
#define BLOCK 1024 /* rows per job */

struct worker {
    struct sb_mask_scratch scratch;
    struct sb_rle mask;
    size_t failed_job; /* valid with code */
    int code;
    struct sb_error err;
};

struct task {
    const struct sb_mask_column *masks;
    const struct sb_coco_gt *gt;
    bool all;
    double *area;
    struct worker *workers;
};

static int measure(const struct task *t, struct worker *w, size_t row)
{
    const struct sb_mask_column *const m = t->masks;
    const int32_t image = m->image[row];
    if (image < 0 || !(t->all || isnan(t->area[row])))
        return 0;
    const uint32_t h = (uint32_t)t->gt->height[image], width = (uint32_t)t->gt->width[image];
    int rc;
    if (m->shape_at[row] == UINT64_MAX) {
        rc = sb_coco_mask_from_box(m->box[row], h, width, &w->mask, &w->scratch, &w->err);
    } else {
        const char *const data = m->map->data;
        struct sb_scan s = {data, data + m->shape_at[row], data + m->map->size, m->path, &w->err,
                            0};
        rc = sb_coco_mask_scan(&s, h, width, &w->mask, &w->scratch);
    }
    if (rc)
        return sb_moved_error(&w->err, m->shape_at, m->shape_from, row);
    t->area[row] = sb_rle_area(&w->mask);
    if (m->box && isnan(m->box[row][0]))
        sb_rle_box(&w->mask, m->box[row]);
    return 0;
}

static void measure_block(void *arg, size_t job, int worker)
{
    const struct task *const t = arg;
    struct worker *const w = &t->workers[worker];
    const size_t count = t->masks->count;
    const size_t end = (job + 1) * BLOCK < count ? (job + 1) * BLOCK : count;
    int rc = 0;
    for (size_t i = job * BLOCK; i < end && rc == 0 && !w->code; i++)
        rc = measure(t, w, i);
    if (rc) {
        w->code = rc;
        w->failed_job = job;
    }
}

int sb_mask_areas(const struct sb_mask_column *masks, const struct sb_coco_gt *gt,
                  const struct sb_coco_params *params, bool all, double *area, struct sb_pool *pool,
                  struct sb_error *err)
{
    const int threads = sb_pool_threads(pool);
    struct task t = {.masks = masks, .gt = gt, .all = all};
    t.area = area;
    t.workers = sb_calloc((size_t)threads, sizeof(*t.workers), TAG);
    const struct worker *first = NULL;
    int rc = 0;
    if (!t.workers)
        return sb_error_nomem(err, "areas of masks", (size_t)threads * sizeof(*t.workers));
    for (int i = 0; i < threads; i++)
        sb_mask_scratch_init(&t.workers[i].scratch, params);
    sb_pool_run(pool, (masks->count + BLOCK - 1) / BLOCK, measure_block, &t);
    for (int i = 0; i < threads; i++) {
        struct worker *const w = &t.workers[i];
        if (w->code && (!first || w->failed_job < first->failed_job))
            first = w;
        sb_rle_release(&w->mask);
        sb_mask_scratch_release(&w->scratch);
    }
    if (first) {
        rc = first->code;
        *err = first->err;
    }
    sb_free(t.workers);
    return rc;
}
