/* Kinds of errors, image by image. What they cost is in tide_ap.c. See tide.h. */
#include "eval/tide.h"

#include "base/mem.h"
#include "eval/tide_internal.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

struct judge {
    struct sb_tide_pairs *pairs;
    const struct sb_coco_gt *gt;
    const struct sb_coco_dt *dt;
    const struct sb_coco_params *params;
};

/* One image under judgement. */
struct scene {
    const struct judge *judge;
    const struct sb_image_view *view;
};

static double similarity(const struct scene *s, size_t i, size_t j)
{
    return s->view->similarity[i * s->view->gt_count + j];
}

static bool is_object(const struct scene *s, size_t j)
{
    return !(s->judge->gt->flags[s->view->gts[j]] & SB_ANN_IGNORE);
}

static bool same_class(const struct scene *s, size_t i, size_t j)
{
    const struct judge *const k = s->judge;
    return sb_class_of(k->params, k->dt->category[s->view->dts[i]]) ==
           sb_class_of(k->params, k->gt->category[s->view->gts[j]]);
}

static bool is_taken(const struct scene *s, size_t j)
{
    return s->judge->pairs->by[s->view->gts[j]] != SB_NO_ROW;
}

static void match(const struct scene *s)
{
    const struct sb_image_view *const v = s->view;
    for (size_t i = 0; i < v->dt_count; i++) {
        double best = 0;
        size_t at = v->gt_count;
        for (size_t j = 0; j < v->gt_count; j++) {
            if (is_object(s, j) && same_class(s, i, j) && !is_taken(s, j) &&
                similarity(s, i, j) > best) {
                best = similarity(s, i, j);
                at = j;
            }
        }
        if (at == v->gt_count || best < SB_TIDE_HIT)
            continue;
        s->judge->pairs->kind[v->dts[i]] = SB_TIDE_RIGHT;
        s->judge->pairs->on[v->dts[i]] = v->gts[at];
        s->judge->pairs->by[v->gts[at]] = v->dts[i];
    }
}

/* The nearest objects of a detection. */
struct nearest {
    double own, other; /* similarity to the nearest of its class, of other classes */
    double taken;      /* to the nearest of its class that a detection has */
    size_t own_at, other_at;
    size_t objects;
};

static struct nearest find_nearest(const struct scene *s, size_t i)
{
    struct nearest n = {0, 0, 0, 0, 0, 0};
    for (size_t j = 0; j < s->view->gt_count; j++) {
        const double v = similarity(s, i, j);
        if (!is_object(s, j))
            continue;
        n.objects++;
        if (!same_class(s, i, j)) {
            if (v > n.other) {
                n.other = v;
                n.other_at = j;
            }
            continue;
        }
        if (v > n.own) {
            n.own = v;
            n.own_at = j;
        }
        if (is_taken(s, j) && v > n.taken)
            n.taken = v;
    }
    return n;
}

static enum sb_tide_kind kind_of(const struct nearest *n)
{
    if (n->objects == 0)
        return SB_TIDE_BKG;
    if (n->own >= SB_TIDE_BACKGROUND && n->own <= SB_TIDE_HIT)
        return SB_TIDE_LOC;
    if (n->other >= SB_TIDE_HIT)
        return SB_TIDE_CLS;
    if (n->taken >= SB_TIDE_HIT)
        return SB_TIDE_DUPE;
    const double most = n->own > n->other ? n->own : n->other;
    return most <= SB_TIDE_BACKGROUND ? SB_TIDE_BKG : SB_TIDE_BOTH;
}

static bool is_spared(const struct scene *s, size_t i)
{
    for (size_t j = 0; j < s->view->gt_count; j++) {
        if (!is_object(s, j) && same_class(s, i, j) && similarity(s, i, j) > SB_TIDE_HIT)
            return true;
    }
    return false;
}

/* A detection without an object: what is wrong with it, and which object would be helped. */
static void judge_detection(const struct scene *s, size_t i)
{
    struct sb_tide_pairs *const pairs = s->judge->pairs;
    const uint32_t row = s->view->dts[i];
    const struct nearest n = find_nearest(s, i);
    const enum sb_tide_kind kind = kind_of(&n);
    pairs->kind[row] = (uint8_t)kind;
    pairs->spared[row] = is_spared(s, i);
    if (kind != SB_TIDE_LOC && kind != SB_TIDE_CLS)
        return;
    const uint32_t object = s->view->gts[kind == SB_TIDE_LOC ? n.own_at : n.other_at];
    pairs->on[row] = object;
    if (pairs->by[object] == SB_NO_ROW && pairs->fixed_by[object] == SB_NO_ROW)
        pairs->fixed_by[object] = row; /* the first is the best */
}

static void judge_image(void *ctx, const struct sb_image_view *view)
{
    const struct scene s = {ctx, view};
    match(&s);
    for (size_t i = 0; i < view->dt_count; i++) {
        if (s.judge->pairs->kind[view->dts[i]] != SB_TIDE_RIGHT)
            judge_detection(&s, i);
    }
}

static int make_pairs(struct sb_tide *tide, size_t dts, size_t gts, struct sb_error *err)
{
    struct sb_tide_pairs *const p = &tide->pairs;
    p->kind = sb_malloc(dts, TAG);
    p->spared = sb_calloc(dts, 1, TAG);
    p->on = sb_malloc(dts * sizeof(*p->on), TAG);
    p->by = sb_malloc(gts * sizeof(*p->by), TAG);
    p->fixed_by = sb_malloc(gts * sizeof(*p->fixed_by), TAG);
    tide->class_counts = sb_calloc(tide->classes, sizeof(*tide->class_counts), TAG);
    tide->class_delta_ap = sb_calloc(tide->classes, sizeof(*tide->class_delta_ap), TAG);
    if (!p->kind || !p->spared || !p->on || !p->by || !p->fixed_by || !tide->class_counts ||
        !tide->class_delta_ap)
        return sb_error_nomem(err, "kinds of errors", dts + gts);
    memset(p->kind, SB_TIDE_SKIPPED, dts);
    for (size_t i = 0; i < dts; i++)
        p->on[i] = SB_NO_ROW;
    for (size_t i = 0; i < gts; i++)
        p->by[i] = p->fixed_by[i] = SB_NO_ROW;
    return 0;
}

static void count_kinds(struct sb_tide *tide, const struct sb_coco_gt *gt,
                        const struct sb_coco_dt *dt, const struct sb_coco_params *params)
{
    const struct sb_tide_pairs *const p = &tide->pairs;
    for (size_t i = 0; i < dt->count; i++) {
        if (p->kind[i] != SB_TIDE_SKIPPED)
            tide->class_counts[sb_class_of(params, dt->category[i])]
                              [p->kind[i] == SB_TIDE_RIGHT ? SB_TIDE_KINDS : p->kind[i]]++;
    }
    for (size_t i = 0; i < gt->count; i++) {
        if (sb_tide_is_miss(tide, gt, i))
            tide->class_counts[sb_class_of(params, gt->category[i])][SB_TIDE_MISS]++;
    }
    for (size_t k = 0; k < tide->classes; k++) {
        for (int e = 0; e < SB_TIDE_KINDS; e++)
            tide->counts[e] += tide->class_counts[k][e];
    }
}

const char *sb_tide_name(enum sb_tide_kind kind)
{
    static const char *const names[] = {"Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"};
    return kind < SB_TIDE_KINDS ? names[kind] : "";
}

/* AP gained, and how sure that is. */
static int measure(struct sb_tide *tide, const struct judge *j, const struct sb_image_index *index,
                   uint64_t seed, struct sb_pool *pool, struct sb_error *err)
{
    struct sb_tide_world worlds[SB_TIDE_WORLDS];
    memset(worlds, 0, sizeof(worlds));
    int rc = sb_tide_measure(tide, index, j->gt, j->dt, j->params, worlds, err);
    if (rc == 0)
        rc = sb_tide_resample(tide, worlds, j->gt, j->params, seed, pool, err);
    for (size_t i = 0; i < SB_TIDE_WORLDS; i++) {
        sb_free(worlds[i].start);
        sb_free(worlds[i].items);
    }
    return rc;
}

int sb_tide_evaluate(struct sb_tide *tide, const struct sb_image_index *index,
                     const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                     const struct sb_coco_params *params, size_t resamples, uint64_t seed,
                     struct sb_pool *pool, struct sb_error *err)
{
    memset(tide, 0, sizeof(*tide));
    tide->resamples = resamples;
    tide->classes = params->use_cats ? gt->categories.count : 1;
    struct judge judge = {&tide->pairs, gt, dt, params};
    int rc = make_pairs(tide, dt->count, gt->count, err);
    if (rc == 0)
        rc = sb_image_pass(index, gt, dt, params, pool, judge_image, &judge, err);
    if (rc == 0) {
        count_kinds(tide, gt, dt, params);
        rc = measure(tide, &judge, index, seed, pool, err);
    }
    if (rc)
        sb_tide_release(tide);
    return rc;
}

void sb_tide_release(struct sb_tide *tide)
{
    sb_free(tide->pairs.kind);
    sb_free(tide->pairs.spared);
    sb_free(tide->pairs.on);
    sb_free(tide->pairs.by);
    sb_free(tide->pairs.fixed_by);
    sb_free(tide->class_counts);
    sb_free(tide->class_delta_ap);
    sb_free(tide->samples);
    memset(tide, 0, sizeof(*tide));
}
