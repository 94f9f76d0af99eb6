/* The evaluation over all classes. Small classes are jobs of their own; a class with much of all
 * detections is matched by all threads first. See coco_eval.h. */
#include "eval/coco_eval.h"

#include "base/mem.h"
#include "eval/class_eval.h"
#include "eval/class_lists.h"
#include "eval/class_wire.h"
#include "eval/coco_collect.h"
#include "eval/eval_planes.h"
#include "eval/numpy_mean.h"
#include "eval/row_filter.h"

#include <math.h>
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
    struct sb_row_filter rows;
    struct sb_similarity sim;
    struct sb_class_lists gts, dts;
    struct sb_class_block *blocks; /* per class, for its owner; NULL in one process */
    struct class_size *order;      /* classes, the largest first */
    size_t large;                  /* of these, matched by all threads */
    struct sb_class_work *work;    /* per worker */
    struct failure *failures;      /* per worker */
    size_t spans;                  /* parts of a large class */
};

static void note_failure(struct failure *f, size_t job, int code, const struct sb_error *err)
{
    if (code == 0 || (f->code && f->job < job))
        return;
    f->code = code;
    f->job = job;
    f->err = *err;
}

/* The first failure of all workers, if any; *job is which one failed. */
static int first_failure(const struct evaluation *ev, int threads, size_t *job,
                         struct sb_error *err)
{
    const struct failure *first = NULL;
    for (int i = 0; i < threads; i++) {
        const struct failure *const f = &ev->failures[i];
        if (f->code && (!first || f->job < first->job))
            first = f;
    }
    if (!first)
        return 0;
    *job = first->job;
    if (err)
        *err = first->err;
    return first->code;
}

static int prepare_class(struct evaluation *ev, struct sb_class_work *w, size_t k,
                         struct sb_error *err)
{
    const size_t g = ev->gts.start[k], d = ev->dts.start[k];
    return sb_class_prepare(w, &ev->sim, ev->gts.order + g, ev->gts.start[k + 1] - g,
                            ev->dts.order + d, ev->dts.start[k + 1] - d, err);
}

/* What follows matching: the class goes to its owner, or is accumulated here. */
static int hand_on(struct evaluation *ev, struct sb_class_work *w, size_t k, struct sb_error *err)
{
    return ev->blocks ? sb_class_pack(w, &ev->eval->params, &ev->blocks[k], err)
                      : sb_class_accumulate(w, k, ev->eval, err);
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
        rc = hand_on(ev, w, k, &err);
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
    size_t span;
    sb_pool_run(pool, ev->spans, span_job, ev);
    rc = first_failure(ev, sb_pool_threads(pool), &span, err);
    return rc ? rc : hand_on(ev, w, k, err);
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

/* *failed: the class that failed. */
static int run(struct evaluation *ev, struct sb_pool *pool, size_t *failed, struct sb_error *err)
{
    for (size_t i = 0; i < ev->large; i++) {
        *failed = ev->order[i].k;
        const int rc = large_class(ev, *failed, pool, err);
        if (rc)
            return rc;
    }
    sb_pool_run(pool, ev->eval->classes - ev->large, class_job, ev);
    return first_failure(ev, sb_pool_threads(pool), failed, err);
}

/* The same over ranks: then classes go to their owners and results to rank 0. */
static int run_ranks(struct evaluation *ev, struct sb_eval_ranks *team, enum sb_eval_detail detail,
                     struct sb_pool *pool, int rc, struct sb_error *err)
{
    size_t failed = 0;
    if (rc == 0) {
        ev->blocks = sb_calloc(ev->eval->classes, sizeof(*ev->blocks), TAG);
        rc = ev->blocks ? run(ev, pool, &failed, err)
                        : sb_error_nomem(err, "classes", ev->eval->classes * sizeof(*ev->blocks));
    }
    rc = sb_ranks_agree_input(team->ranks, rc, (int64_t)failed, err);
    sb_eval_ranks_spent(team, SB_STAGE_MATCH);
    if (rc == 0)
        rc = sb_eval_collect(ev->eval, ev->blocks, team, detail, pool, err);
    for (size_t k = 0; ev->blocks && k < ev->eval->classes; k++)
        sb_free(ev->blocks[k].data);
    sb_free(ev->blocks);
    return rc;
}

/* What the workers met. */
static void add_notes(struct evaluation *ev, int threads)
{
    struct sb_notes *const notes = &ev->eval->notes;
    for (int i = 0; i < threads; i++) {
        const struct sb_class_work *const w = &ev->work[i];
        sb_notes_add(notes, &w->notes);
        notes->count[SB_RULE_TIE] += w->match.ties;
        notes->count[SB_RULE_RLE_COMPAT] += w->similarity.cut_short;
    }
    sb_notes_add(notes, &ev->rows.notes);
}

static void release_evaluation(struct evaluation *ev, int threads)
{
    sb_row_filter_release(&ev->rows);
    for (int i = 0; ev->work && i < threads; i++)
        sb_class_work_release(&ev->work[i]);
    sb_free(ev->work);
    sb_free(ev->order);
    sb_free(ev->failures);
    sb_class_lists_release(&ev->gts);
    sb_class_lists_release(&ev->dts);
}

static int build_lists(struct evaluation *ev, const struct sb_coco_gt *gt,
                       const struct sb_coco_dt *dt, const uint8_t *chosen, struct sb_error *err)
{
    const struct sb_coco_params *const p = &ev->eval->params;
    const int rc = sb_row_filter_build(&ev->rows, gt, dt, p, chosen, err);
    return rc ? rc : sb_filtered_lists_build(&ev->gts, &ev->dts, &ev->rows, gt, dt, p, err);
}

static int copy_groups(struct sb_coco_eval *eval, const struct sb_coco_gt *gt, struct sb_error *err)
{
    if (!gt->category_group || !eval->params.use_cats)
        return 0;
    eval->class_group = sb_malloc(eval->classes, TAG);
    if (!eval->class_group)
        return sb_error_nomem(err, "groups of classes", eval->classes);
    if (eval->classes > 0)
        memcpy(eval->class_group, gt->category_group, eval->classes);
    return 0;
}

/* Evaluates the chosen images, a flag per rank; NULL = all. */
static int evaluate(struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                    const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                    const uint8_t *chosen, enum sb_eval_detail detail, struct sb_eval_ranks *team,
                    struct sb_pool *pool, struct sb_error *err)
{
    const int threads = sb_pool_threads(pool);
    memset(eval, 0, sizeof(*eval));
    eval->params = *params;
    eval->classes = params->use_cats ? gt->categories.count : 1;
    struct evaluation ev = {.eval = eval, .sim = {.gt = gt, .dt = dt, .params = &eval->params}};
    ev.sim.rows = &ev.rows;
    int rc = sb_coco_params_check(params, err);
    if (rc == 0) {
        sb_match_rules_init(&ev.sim.rules, &eval->params);
        if (sb_ranks_rank(sb_eval_ranks_of(team)) == 0)
            rc = sb_eval_planes_make(eval, detail, err);
    }
    if (rc == 0)
        rc = copy_groups(eval, gt, err);
    if (rc == 0)
        rc = build_lists(&ev, gt, dt, chosen, err);
    if (rc == 0)
        rc = plan(&ev, threads, err);
    size_t failed;
    if (sb_eval_ranks_of(team))
        rc = run_ranks(&ev, team, detail, pool, rc, err);
    else if (rc == 0)
        rc = run(&ev, pool, &failed, err);
    sb_eval_ranks_spent(team, SB_STAGE_MATCH);
    if (rc == 0) {
        add_notes(&ev, threads);
        sb_ranks_sum(sb_eval_ranks_of(team), eval->notes.count, SB_RULES);
    }
    release_evaluation(&ev, threads);
    if (rc)
        sb_coco_eval_release(eval);
    return rc;
}

/* xtcocotools' AP of a group of images: the mean of all precision over the first area range,
 * classes without objects as -1 included, rounded to four digits. */
static int mean_precision(const struct sb_coco_eval *e, double *mean, struct sb_error *err)
{
    const struct sb_coco_params *const p = &e->params;
    const size_t limits = p->max_det_count, points = p->recall_count, classes = e->classes;
    const size_t count = p->iou_count * points * classes * limits;
    double *const all = sb_malloc(count * sizeof(*all), TAG);
    if (!all)
        return sb_error_nomem(err, "precision", count * sizeof(*all));
    for (size_t i = 0; i < count; i++) { /* (T, R, K, M) from planes of (K, T, R) */
        const size_t m = i % limits, k = i / limits % classes, tr = i / limits / classes;
        all[i] = e->precision[sb_eval_plane(p, 0, m)][k * p->iou_count * points + tr];
    }
    *mean = count ? rint(sb_numpy_mean(all, count, SB_NUMPY_WHOLE) * 1e4) / 1e4 : -1;
    sb_free(all);
    return 0;
}

/* The ranks of the one category of id -1; -1 for all others. NULL when out of memory. */
static int32_t *only_nameless(const struct sb_coco_gt *gt, const int32_t *category, size_t count)
{
    const int32_t nameless = sb_id_map_find(&gt->categories, -1);
    int32_t *const only = sb_malloc(count * sizeof(*only), TAG);
    for (size_t i = 0; only && i < count; i++)
        only[i] = category[i] == nameless ? nameless : -1;
    return only;
}

/* The images of each group of gt->image_group on their own. */
static int evaluate_groups(struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                           const struct sb_coco_dt *dt, struct sb_eval_ranks *team,
                           struct sb_pool *pool, struct sb_error *err)
{
    struct sb_ranks *const ranks = sb_eval_ranks_of(team);
    const size_t images = gt->images.count;
    uint8_t *const of_group = sb_malloc(images, TAG);
    int rc = of_group ? 0 : sb_error_nomem(err, "groups of images", images);
    rc = sb_ranks_agree(ranks, rc, err);
    for (size_t g = 0; rc == 0 && g < SB_STAT_GROUPS; g++) {
        struct sb_coco_eval part;
        for (size_t i = 0; i < images; i++)
            of_group[i] = gt->image_group[i] == g;
        rc = evaluate(&part, gt, dt, &eval->params, of_group, SB_EVAL_ARRAYS, team, pool, err);
        if (rc)
            break;
        if (sb_ranks_rank(ranks) == 0)
            rc = mean_precision(&part, &eval->crowding_ap[g], err);
        rc = sb_ranks_agree(ranks, rc, err);
        sb_coco_eval_release(&part);
    }
    sb_free(of_group);
    return rc;
}

/* Without categories xtcocotools calls the one class that is left -1 and, by the rule, finds only
 * what has that category when it evaluates again. */
static int evaluate_nameless_groups(struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                                    const struct sb_coco_dt *dt, struct sb_eval_ranks *team,
                                    struct sb_pool *pool, struct sb_error *err)
{
    struct sb_coco_gt some_gt = *gt;
    struct sb_coco_dt some_dt = *dt;
    some_gt.category = only_nameless(gt, gt->category, gt->count);
    some_dt.category = only_nameless(gt, dt->category, dt->count);
    int rc = some_gt.category && some_dt.category
                 ? 0
                 : sb_error_nomem(err, "categories", (gt->count + dt->count) * 4);
    rc = sb_ranks_agree(sb_eval_ranks_of(team), rc, err);
    if (rc == 0)
        rc = evaluate_groups(eval, &some_gt, &some_dt, team, pool, err);
    sb_free(some_gt.category);
    sb_free(some_dt.category);
    return rc;
}

int sb_coco_evaluate_ranks(struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                           const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                           enum sb_eval_detail detail, struct sb_eval_ranks *team,
                           struct sb_pool *pool, struct sb_error *err)
{
    int rc = evaluate(eval, gt, dt, params, NULL, detail, team, pool, err);
    if (team)
        team->work.rows += gt->count + dt->count;
    if (rc == 0 && gt->image_group) {
        const bool nameless =
            !params->use_cats && params->rules[SB_RULE_NO_CATS_OKS] == SB_NO_CATS_OKS_NONE;
        rc = nameless ? evaluate_nameless_groups(eval, gt, dt, team, pool, err)
                      : evaluate_groups(eval, gt, dt, team, pool, err);
        if (rc)
            sb_coco_eval_release(eval);
    }
    return rc;
}

int sb_coco_evaluate(struct sb_coco_eval *eval, const struct sb_coco_gt *gt,
                     const struct sb_coco_dt *dt, const struct sb_coco_params *params,
                     enum sb_eval_detail detail, struct sb_pool *pool, struct sb_error *err)
{
    return sb_coco_evaluate_ranks(eval, gt, dt, params, detail, NULL, pool, err);
}
