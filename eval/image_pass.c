/* Similarities image by image. See image_pass.h. */
#include "eval/image_pass.h"

#include "base/mem.h"
#include "eval/pair_sort.h"
#include "eval/similarity.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Orders the rows of one image by score; spare has room for twice as many pairs. */
static void sort_by_score(uint32_t *rows, size_t count, const double *score, struct sb_pair *spare)
{
    for (size_t i = 0; i < count; i++)
        spare[i] = (struct sb_pair){sb_score_key(score[rows[i]]), rows[i]};
    const struct sb_pair *const sorted = sb_pair_sort(spare, spare + count, count);
    for (size_t i = 0; i < count; i++)
        rows[i] = sorted[i].value;
}

static int sort_detections(struct sb_image_index *index, const struct sb_coco_dt *dt,
                           struct sb_error *err)
{
    const struct sb_class_lists *const lists = &index->dts;
    size_t longest = 0;
    for (size_t i = 0; i < index->images; i++) {
        const size_t count = lists->start[i + 1] - lists->start[i];
        longest = count > longest ? count : longest;
        index->dt_count[i] = count < SB_IMAGE_DETECTIONS ? count : SB_IMAGE_DETECTIONS;
    }
    struct sb_pair *const spare = sb_calloc(longest, 2 * sizeof(*spare), TAG);
    if (!spare)
        return sb_error_nomem(err, "detections of an image", longest * sizeof(*spare));
    for (size_t i = 0; i < index->images; i++)
        sort_by_score(lists->order + lists->start[i], lists->start[i + 1] - lists->start[i],
                      dt->score, spare);
    sb_free(spare);
    return 0;
}

int sb_image_index_build(struct sb_image_index *index, const struct sb_coco_gt *gt,
                         const struct sb_coco_dt *dt, struct sb_error *err)
{
    memset(index, 0, sizeof(*index));
    index->images = gt->images.count;
    index->dt_count = sb_calloc(index->images, sizeof(*index->dt_count), TAG);
    int rc = index->dt_count ? 0 : sb_error_nomem(err, "images", index->images);
    /* lists per image: images play the part of classes */
    const struct sb_class_rows objects = {gt->category, gt->image, gt->count, index->images};
    const struct sb_class_rows detections = {dt->category, dt->image, dt->count, index->images};
    if (rc == 0)
        rc = sb_class_lists_build(&index->gts, &objects, err);
    if (rc == 0)
        rc = sb_class_lists_build(&index->dts, &detections, err);
    if (rc == 0)
        rc = sort_detections(index, dt, err);
    if (rc)
        sb_image_index_release(index);
    return rc;
}

void sb_image_index_release(struct sb_image_index *index)
{
    sb_class_lists_release(&index->gts);
    sb_class_lists_release(&index->dts);
    sb_free(index->dt_count);
    memset(index, 0, sizeof(*index));
}

/* Memory of one worker. */
struct worker {
    struct sb_sim_scratch similarity;
    uint8_t *flags;
    size_t flags_capacity;
    struct sb_corners *corners;
    size_t corners_capacity;
    double (*boxes)[4];
    size_t boxes_capacity;
    int code;
    size_t job; /* of the first failure */
    struct sb_error err;
};

struct pass {
    const struct sb_image_index *index;
    struct sb_similarity sim;
    sb_image_fn fn;
    void *ctx;
    struct worker *workers;
};

/* What comparing boxes needs, in the order of the group. */
static int gather(const struct pass *p, struct worker *w, struct sb_sim_group *g,
                  struct sb_error *err)
{
    const struct sb_coco_gt *const gt = p->sim.gt;
    if (sb_grow(&w->flags, &w->flags_capacity, g->gt_count, sizeof(*w->flags), TAG) ||
        sb_grow(&w->corners, &w->corners_capacity, g->gt_count, sizeof(*w->corners), TAG) ||
        sb_grow(&w->boxes, &w->boxes_capacity, g->dt_count, sizeof(*w->boxes), TAG))
        return sb_error_nomem(err, "objects of an image", g->gt_count);
    for (size_t j = 0; j < g->gt_count; j++) {
        const uint32_t row = g->gts[j];
        w->flags[j] = gt->flags[row] & SB_ANN_IGNORE ? SB_ANN_CROWD : 0;
        if (gt->box)
            w->corners[j] = sb_corners(gt->box[row]);
    }
    for (size_t i = 0; i < g->dt_count; i++)
        memcpy(w->boxes[i], p->sim.dt->box[g->dts[i]], sizeof(w->boxes[i]));
    g->gt_flags = w->flags;
    g->gt_corners = w->corners;
    g->dt_boxes = (const double(*)[4])w->boxes;
    return 0;
}

static void image_job(void *arg, size_t job, int worker)
{
    struct pass *const p = arg;
    struct worker *const w = &p->workers[worker];
    const struct sb_class_lists *const gts = &p->index->gts, *const dts = &p->index->dts;
    struct sb_sim_group g = {.image = (int32_t)job,
                             .dt_count = p->index->dt_count[job],
                             .gt_count = gts->start[job + 1] - gts->start[job],
                             .dts = dts->order + dts->start[job],
                             .gts = gts->order + gts->start[job]};
    struct sb_error err;
    int rc = gather(p, w, &g, &err);
    if (rc == 0)
        rc = sb_similarity_fill(&p->sim, &g, &w->similarity, &err);
    if (rc && (w->code == 0 || job < w->job)) {
        w->code = rc;
        w->job = job;
        w->err = err;
    }
    const struct sb_image_view view = {g.image, g.dt_count, g.gt_count,
                                       g.dts,   g.gts,      w->similarity.values};
    if (rc == 0)
        p->fn(p->ctx, &view);
}

static void release_worker(struct worker *w)
{
    sb_sim_scratch_release(&w->similarity);
    sb_free(w->flags);
    sb_free(w->corners);
    sb_free(w->boxes);
}

/* The failure of the first image that has one. */
static int first_failure(const struct worker *workers, int count, struct sb_error *err)
{
    const struct worker *first = NULL;
    for (int i = 0; i < count; i++) {
        if (workers[i].code && (!first || workers[i].job < first->job))
            first = &workers[i];
    }
    if (first && err)
        *err = first->err;
    return first ? first->code : 0;
}

int sb_image_pass(const struct sb_image_index *index, const struct sb_coco_gt *gt,
                  const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                  struct sb_pool *pool, sb_image_fn fn, void *ctx, struct sb_error *err)
{
    const int threads = sb_pool_threads(pool);
    struct pass p = {
        .index = index, .sim = {.gt = gt, .dt = dt, .params = params}, .fn = fn, .ctx = ctx};
    sb_match_rules_init(&p.sim.rules, params);
    p.sim.rules.lowest = 0; /* small similarities matter here, too */
    p.workers = sb_calloc((size_t)threads, sizeof(*p.workers), TAG);
    if (!p.workers)
        return sb_error_nomem(err, "workers", (size_t)threads);
    sb_pool_run(pool, index->images, image_job, &p);
    const int rc = first_failure(p.workers, threads, err);
    for (int i = 0; i < threads; i++)
        release_worker(&p.workers[i]);
    sb_free(p.workers);
    return rc;
}
