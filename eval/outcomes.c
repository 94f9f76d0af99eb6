/* Matching of all classes, kept. See outcomes.h. */
#include "eval/outcomes.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/class_eval.h"
#include "eval/class_lists.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct collection {
    struct sb_outcomes *out;
    struct sb_row_filter rows;
    struct sb_similarity sim;
    struct sb_class_lists gts, dts;
    struct sb_class_work *work; /* per worker */
    int *codes;                 /* (classes) 0 or what failed */
    struct sb_error *errors;    /* per worker, of its first failure */
    size_t *failed;             /* per worker: 1 + the class of it */
};

static int reserve(struct sb_class_outcomes *o, const struct sb_class_work *w, size_t words)
{
    const size_t dts = w->slot_count, gts = w->gt_count;
    size_t record_bytes, total;
    if (!sb_mul_size(words, sizeof(uint32_t), &record_bytes) ||
        !sb_mul_size(dts, record_bytes + 20, &total) || total > SIZE_MAX / 4)
        return SB_ENOMEM;
    total = 3 * sb_arena_bytes(dts, 4) + sb_arena_bytes(dts, 8) +
            sb_arena_bytes(dts, record_bytes) + 2 * sb_arena_bytes(gts, 4);
    if (sb_arena_reset(&o->arena, total))
        return SB_ENOMEM;
    o->dt_count = dts;
    o->gt_count = gts;
    o->dt_scores = sb_arena_take(&o->arena, dts, sizeof(*o->dt_scores));
    o->dt_rows = sb_arena_take(&o->arena, dts, sizeof(*o->dt_rows));
    o->dt_images = sb_arena_take(&o->arena, dts, sizeof(*o->dt_images));
    o->dt_info = sb_arena_take(&o->arena, dts, sizeof(*o->dt_info));
    o->records = sb_arena_take(&o->arena, dts, record_bytes);
    o->gt_images = sb_arena_take(&o->arena, gts, sizeof(*o->gt_images));
    o->gt_ignored = sb_arena_take(&o->arena, gts, sizeof(*o->gt_ignored));
    return 0;
}

static void keep(struct sb_class_outcomes *o, const struct sb_class_work *w,
                 const struct sb_similarity *sim, size_t words)
{
    for (size_t i = 0; i < w->slot_count; i++) {
        const uint32_t slot = w->by_score[i].slot;
        o->dt_rows[i] = w->slot_rows[slot];
        o->dt_images[i] = sim->dt->image[w->slot_rows[slot]];
        o->dt_scores[i] = w->slot_scores[slot];
        o->dt_info[i] = w->slot_info[slot];
        if (w->slot_info[slot] & SB_MATCH_RECORD)
            memcpy(o->records + i * words, w->records + slot * words, words * sizeof(uint32_t));
    }
    for (size_t j = 0; j < w->gt_count; j++) {
        o->gt_images[j] = sim->gt->image[w->gt_rows[j]];
        o->gt_ignored[j] = w->gt_ignored[j];
    }
}

static int collect_class(struct collection *c, size_t k, struct sb_class_work *w,
                         struct sb_error *err)
{
    const size_t g = c->gts.start[k], d = c->dts.start[k];
    const size_t words = sb_match_record_words(c->sim.params);
    struct sb_class_outcomes *const o = &c->out->items[k];
    int rc = sb_class_prepare(w, &c->sim, c->gts.order + g, c->gts.start[k + 1] - g,
                              c->dts.order + d, c->dts.start[k + 1] - d, err);
    if (rc == 0)
        rc = sb_class_match(w, w, &c->sim, 0, w->dt_run_count, err);
    if (rc == 0 && reserve(o, w, words))
        rc = sb_error_nomem(err, "outcomes of a class", w->slot_count);
    if (rc == 0)
        keep(o, w, &c->sim, words);
    return rc;
}

static void class_job(void *arg, size_t k, int worker)
{
    struct collection *const c = arg;
    struct sb_error err;
    c->codes[k] = collect_class(c, k, &c->work[worker], &err);
    if (c->codes[k] && (c->failed[worker] == 0 || k < c->failed[worker] - 1)) {
        c->failed[worker] = k + 1;
        c->errors[worker] = err;
    }
}

/* The failure of the first class that has one, whoever met it. */
static int first_failure(const struct collection *c, int threads, struct sb_error *err)
{
    size_t k = 0;
    while (k < c->out->classes && c->codes[k] == 0)
        k++;
    if (k == c->out->classes)
        return 0;
    for (int i = 0; err && i < threads; i++) {
        if (c->failed[i] == k + 1)
            *err = c->errors[i];
    }
    return c->codes[k];
}

static int start(struct collection *c, int threads, struct sb_error *err)
{
    const struct sb_coco_gt *const gt = c->sim.gt;
    const struct sb_coco_dt *const dt = c->sim.dt;
    c->work = sb_calloc((size_t)threads, sizeof(*c->work), TAG);
    c->errors = sb_calloc((size_t)threads, sizeof(*c->errors), TAG);
    c->failed = sb_calloc((size_t)threads, sizeof(*c->failed), TAG);
    c->codes = sb_calloc(c->out->classes, sizeof(*c->codes), TAG);
    c->out->items = sb_calloc(c->out->classes, sizeof(*c->out->items), TAG);
    if (!c->work || !c->errors || !c->failed || !c->codes || !c->out->items)
        return sb_error_nomem(err, "outcomes", c->out->classes);
    const int rc = sb_row_filter_build(&c->rows, gt, dt, c->sim.params, NULL, err);
    return rc ? rc
              : sb_filtered_lists_build(&c->gts, &c->dts, &c->rows, gt, dt, c->sim.params, err);
}

int sb_outcomes_collect(struct sb_outcomes *out, const struct sb_coco_gt *gt,
                        const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                        struct sb_pool *pool, struct sb_error *err)
{
    const int threads = sb_pool_threads(pool);
    memset(out, 0, sizeof(*out));
    out->params = *params;
    out->images = gt->images.count;
    out->classes = params->use_cats ? gt->categories.count : 1;
    struct collection c = {.out = out, .sim = {.gt = gt, .dt = dt, .params = &out->params}};
    c.sim.rows = &c.rows;
    int rc = sb_coco_params_check(params, err);
    if (rc == 0) {
        sb_match_rules_init(&c.sim.rules, &out->params);
        rc = start(&c, threads, err);
    }
    if (rc == 0) {
        sb_pool_run(pool, out->classes, class_job, &c);
        rc = first_failure(&c, threads, err);
    }
    for (int i = 0; c.work && i < threads; i++)
        sb_class_work_release(&c.work[i]);
    sb_free(c.work);
    sb_free(c.errors);
    sb_free(c.failed);
    sb_free(c.codes);
    sb_row_filter_release(&c.rows);
    sb_class_lists_release(&c.gts);
    sb_class_lists_release(&c.dts);
    if (rc)
        sb_outcomes_release(out);
    return rc;
}

void sb_outcomes_release(struct sb_outcomes *out)
{
    for (size_t k = 0; out->items && k < out->classes; k++)
        sb_arena_release(&out->items[k].arena);
    sb_free(out->items);
    memset(out, 0, sizeof(*out));
}

enum sb_outcome sb_outcome_at(const struct sb_outcomes *out, size_t k, size_t i, size_t a, size_t t)
{
    const struct sb_class_outcomes *const o = &out->items[k];
    const size_t words = sb_match_words(&out->params);
    if (o->dt_info[i] & SB_MATCH_RECORD) {
        const uint32_t *const record = o->records + (i * out->params.area_count + a) * 2 * words;
        if (record[t / 32] >> (t % 32) & 1)
            return SB_OUTCOME_HIT;
        if (record[words + t / 32] >> (t % 32) & 1)
            return SB_OUTCOME_IGNORED;
    }
    return o->dt_info[i] >> a & 1 ? SB_OUTCOME_MISS : SB_OUTCOME_IGNORED;
}

int64_t sb_outcome_objects(const struct sb_outcomes *out, size_t k, size_t a)
{
    int64_t count = 0;
    for (size_t j = 0; j < out->items[k].gt_count; j++)
        count += !(out->items[k].gt_ignored[j] >> a & 1);
    return count;
}

size_t sb_outcome_half(const struct sb_coco_params *params)
{
    for (size_t t = 0; t < params->iou_count; t++) {
        if (params->iou_thresholds[t] == 0.5)
            return t;
    }
    return 0;
}
