/* The evaluation over all classes. Small classes are jobs of their own; a class with much of all
 * detections is matched by all threads first. See coco_eval.h. */
#include "eval/coco_eval.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/class_eval.h"
#include "eval/class_lists.h"

#include <stdlib.h>
#include <string.h>

#define TAG              SB_MEM_TAG(SB_MEM_DATA, 0)
#define SPANS_PER_THREAD 8

/* What a worker reports: the failure of its first job, in order of jobs, so that the error of a run
 * does not depend on the threads. */
struct failure {
    int code; /* 0 = none */
    size_t job;
    struct sb_error err;
};

struct class_size {
    size_t k;
    size_t rows; /* objects and detections */
};

struct evaluation {
    struct sb_coco_eval *eval;
    struct sb_similarity sim;
    struct sb_class_lists gts, dts;
    struct class_size *order;   /* classes, the largest first */
    size_t large;               /* of these, matched by all threads */
    struct sb_class_work *work; /* per worker */
    struct failure *failures;   /* per worker */
    size_t spans;               /* parts of a large class */
};

static void note_failure(struct failure *f, size_t job, int code, const struct sb_error *err)
{
    if (code == 0 || (f->code && f->job < job))
        return;
    f->code = code;
    f->job = job;
    f->err = *err;
}

/* The first failure of all workers, if any. */
static int first_failure(const struct evaluation *ev, int threads, struct sb_error *err)
{
    const struct failure *first = NULL;
    for (int i = 0; i < threads; i++) {
        const struct failure *const f = &ev->failures[i];
        if (f->code && (!first || f->job < first->job))
            first = f;
    }
    if (first && err)
        *err = first->err;
    return first ? first->code : 0;
}

static double *new_plane(size_t count)
{
    double *plane = sb_malloc(count * sizeof(*plane), TAG);
    for (size_t i = 0; plane && i < count; i++)
        plane[i] = -1;
    return plane;
}

static int make_planes(struct sb_coco_eval *e, enum sb_eval_detail detail, struct sb_error *err)
{
    const struct sb_coco_params *const p = &e->params;
    const size_t planes = p->area_count * p->max_det_count;
    size_t cells;
    if (!sb_mul_size(p->iou_count * p->recall_count, e->classes, &cells))
        return sb_error_nomem(err, "precision", SIZE_MAX);
    e->precision = sb_calloc(planes, sizeof(*e->precision), TAG);
    e->scores = sb_calloc(planes, sizeof(*e->scores), TAG);
    e->recall = sb_calloc(planes, sizeof(*e->recall), TAG);
    e->objects = sb_calloc(p->area_count * e->classes, sizeof(*e->objects), TAG);
    e->detections = sb_calloc(e->classes, sizeof(*e->detections), TAG);
    bool ok = e->precision && e->scores && e->recall && e->objects && e->detections;
    for (size_t i = 0; ok && i < planes; i++) {
        const bool arrays = detail == SB_EVAL_ARRAYS;
        ok = (e->recall[i] = new_plane(p->iou_count * e->classes)) != NULL;
        if (ok && (arrays || sb_stat_needs_precision(p, i % p->max_det_count)))
            ok = (e->precision[i] = new_plane(cells)) != NULL;
        if (ok && arrays)
            ok = (e->scores[i] = new_plane(cells)) != NULL;
    }
    return ok ? 0 : sb_error_nomem(err, "precision", cells * sizeof(double));
}

static void free_planes(double ***planes, size_t count)
{
    for (size_t i = 0; *planes && i < count; i++)
        sb_free((*planes)[i]);
    sb_free(*planes);
    *planes = NULL;
}

void sb_coco_eval_release(struct sb_coco_eval *e)
{
    const size_t planes = e->params.area_count * e->params.max_det_count;
    free_planes(&e->precision, planes);
    free_planes(&e->scores, planes);
    free_planes(&e->recall, planes);
    sb_free(e->objects);
    sb_free(e->detections);
    sb_free(e->class_group);
    memset(e, 0, sizeof(*e));
}

static int prepare_class(struct evaluation *ev, struct sb_class_work *w, size_t k,
                         struct sb_error *err)
{
    const size_t g = ev->gts.start[k], d = ev->dts.start[k];
    return sb_class_prepare(w, &ev->sim, ev->gts.order + g, ev->gts.start[k + 1] - g,
                            ev->dts.order + d, ev->dts.start[k + 1] - d, err);
}

static void class_job(void *arg, size_t job, int worker)
{
    struct evaluation *const ev = arg;
    const size_t k = ev->order[ev->large + job].k;
    struct sb_class_work *const w = &ev->work[worker];
    struct sb_error err;
    int rc = prepare_class(ev, w, k, &err);
    if (rc == 0)
        rc = sb_class_match(w, w, &ev->sim, 0, w->dt_run_count, &err);
    if (rc == 0)
        rc = sb_class_accumulate(w, k, ev->eval, &err);
    note_failure(&ev->failures[worker], k, rc, &err);
}

static void span_job(void *arg, size_t job, int worker)
{
    struct evaluation *const ev = arg;
    struct sb_class_work *const w = &ev->work[0];
    const size_t from = w->dt_run_count * job / ev->spans;
    const size_t to = w->dt_run_count * (job + 1) / ev->spans;
    struct sb_error err;
    const int rc = sb_class_match(w, &ev->work[worker], &ev->sim, from, to, &err);
    note_failure(&ev->failures[worker], job, rc, &err);
}

/* One large class, its images dealt out to all threads. */
static int large_class(struct evaluation *ev, size_t k, struct sb_pool *pool, struct sb_error *err)
{
    struct sb_class_work *const w = &ev->work[0];
    int rc = prepare_class(ev, w, k, err);
    if (rc)
        return rc;
    sb_pool_run(pool, ev->spans, span_job, ev);
    rc = first_failure(ev, sb_pool_threads(pool), err);
    return rc ? rc : sb_class_accumulate(w, k, ev->eval, err);
}

static int by_size(const void *a, const void *b)
{
    const struct class_size *const x = a, *const y = b;
    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return x->k < y->k ? -1 : x->k > y->k;
}

static int plan(struct evaluation *ev, int threads, struct sb_error *err)
{
    const size_t classes = ev->eval->classes;
    ev->spans = SPANS_PER_THREAD * (size_t)threads;
    ev->order = sb_calloc(classes, sizeof(*ev->order), TAG);
    ev->work = sb_calloc((size_t)threads, sizeof(*ev->work), TAG);
    ev->failures = sb_calloc((size_t)threads, sizeof(*ev->failures), TAG);
    if (!ev->order || !ev->work || !ev->failures)
        return sb_error_nomem(err, "an evaluation", classes * sizeof(*ev->order));
    size_t total = 0;
    for (size_t k = 0; k < classes; k++) {
        ev->order[k].k = k;
        ev->order[k].rows =
            ev->gts.start[k + 1] - ev->gts.start[k] + ev->dts.start[k + 1] - ev->dts.start[k];
        total += ev->order[k].rows;
    }
    qsort(ev->order, classes, sizeof(*ev->order), by_size);
    while (threads > 1 && ev->large < classes &&
           ev->order[ev->large].rows * (size_t)threads > total)
        ev->large++;
    return 0;
}

static int run(struct evaluation *ev, struct sb_pool *pool, struct sb_error *err)
{
    for (size_t i = 0; i < ev->large; i++) {
        const int rc = large_class(ev, ev->order[i].k, pool, err);
        if (rc)
            return rc;
    }
    sb_pool_run(pool, ev->eval->classes - ev->large, class_job, ev);
    return first_failure(ev, sb_pool_threads(pool), err);
}

static void release_evaluation(struct evaluation *ev, int threads)
{
    for (int i = 0; ev->work && i < threads; i++)
        sb_class_work_release(&ev->work[i]);
    sb_free(ev->work);
    sb_free(ev->order);
    sb_free(ev->failures);
    sb_class_lists_release(&ev->gts);
    sb_class_lists_release(&ev->dts);
}

int sb_coco_evaluate(struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                     const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                     enum sb_eval_detail detail, struct sb_pool *pool, struct sb_error *err)
{
    const int threads = sb_pool_threads(pool);
    const size_t categories = gt->categories.count;
    memset(eval, 0, sizeof(*eval));
    eval->params = *params;
    eval->classes = params->use_cats ? categories : 1;
    struct evaluation ev = {.eval = eval, .sim = {gt, dt, &eval->params, {0}}};
    int rc = sb_coco_params_check(params, err);
    if (rc == 0) {
        sb_match_rules_init(&ev.sim.rules, &eval->params);
        rc = make_planes(eval, detail, err);
    }
    if (rc == 0)
        rc = sb_class_lists_build(&ev.gts, gt->image, gt->category, gt->count, categories,
                                  !params->use_cats, err);
    if (rc == 0)
        rc = sb_class_lists_build(&ev.dts, dt->image, dt->category, dt->count, categories,
                                  !params->use_cats, err);
    if (rc == 0)
        rc = plan(&ev, threads, err);
    if (rc == 0)
        rc = run(&ev, pool, err);
    release_evaluation(&ev, threads);
    if (rc)
        sb_coco_eval_release(eval);
    return rc;
}
