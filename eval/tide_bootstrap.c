/*
 * How sure the costs of errors are: the ranked lists of every world, walked once per resample,
 * where an image that is drawn n times counts n times. See tide.h and bootstrap.h.
 */
#include "base/mem.h"
#include "base/size.h"
#include "eval/tide_internal.h"

#include <math.h>

#define TAG    SB_MEM_TAG(SB_MEM_DATA, 0)
#define POINTS 101 /* of recall, as in tide_ap.c */

/* Objects of a class in a resample. */
struct objects {
    int64_t all, missed, unseen; /* without a detection; of kind Miss */
};

/* An object that counts. */
struct object {
    int32_t class, image;
    bool missed, unseen;
};

/* Memory of one worker. */
struct worker {
    bool failed;             /* out of memory */
    uint32_t *times;         /* (images) */
    struct objects *objects; /* (classes) */
    size_t found_capacity, precision_capacity, steps;
    int64_t *found;    /* (steps) right ones so far, at each right one */
    double *precision; /* (steps) */
    int64_t seen, right;
};

struct resampling {
    struct sb_tide *tide;
    const struct sb_tide_world *worlds;
    size_t images, num_objects;
    struct object *objects;
    uint64_t seed;
    struct worker *workers;
};

static void count_objects(const struct resampling *s, struct worker *w)
{
    for (size_t k = 0; k < s->tide->classes; k++)
        w->objects[k] = (struct objects){0, 0, 0};
    for (size_t i = 0; i < s->num_objects; i++) {
        const struct object *const o = &s->objects[i];
        struct objects *const sum = &w->objects[o->class];
        const int64_t times = w->times[o->image];
        sum->all += times;
        sum->missed += o->missed ? times : 0;
        sum->unseen += o->unseen ? times : 0;
    }
}

static int64_t objects_in(const struct objects *o, size_t world)
{
    if (world == SB_TIDE_FIXED + SB_TIDE_MISS)
        return o->all - o->unseen;
    return o->all - (world == SB_TIDE_NOTHING_MISSED ? o->missed : 0);
}

/* A detection that stands `times` times in a row. Where it is right precision rises from copy to
 * copy, so the last one stands for all. */
static void add(struct worker *w, uint32_t item, uint32_t times)
{
    w->seen += times;
    if (!(item & SB_TIDE_HIT_BIT) || times == 0)
        return;
    w->right += times;
    w->found[w->steps] = w->right;
    w->precision[w->steps++] = (double)w->right / (double)w->seen;
}

/* Room for the steps of a list: at most one per copy of what is right. */
static bool reserve(struct worker *w, const uint32_t *items, size_t count)
{
    size_t most = 1;
    for (size_t i = 0; i < count; i++)
        most += items[i] & SB_TIDE_HIT_BIT ? w->times[items[i] >> SB_TIDE_IMAGE_SHIFT] : 0;
    return sb_grow(&w->found, &w->found_capacity, most, sizeof(*w->found), TAG) == 0 &&
           sb_grow(&w->precision, &w->precision_capacity, most, sizeof(*w->precision), TAG) == 0;
}

/* Walks down a list. Detections of an image with equal scores take turns: they stand together in
 * each of its copies. */
static void walk(struct worker *w, const uint32_t *items, size_t count)
{
    w->seen = w->right = 0;
    w->steps = 0;
    for (size_t i = 0, end; i < count; i = end) {
        const uint32_t times = w->times[items[i] >> SB_TIDE_IMAGE_SHIFT];
        for (end = i + 1; end < count && items[end] & SB_TIDE_TIED;)
            end++;
        if (end == i + 1)
            add(w, items[i], times);
        for (uint32_t copy = 0; end > i + 1 && copy < times; copy++) {
            for (size_t d = i; d < end; d++)
                add(w, items[d], 1);
        }
    }
}

/* AP of what was walked. */
static double precision_sum(struct worker *w, int64_t objects)
{
    double sum = 0;
    size_t at = 0;
    for (size_t i = w->steps; i-- > 1;)
        w->precision[i - 1] = fmax(w->precision[i - 1], w->precision[i]);
    for (int r = 0; r < POINTS; r++) {
        while (at < w->steps && (double)w->found[at] / (double)objects < r / 100.0)
            at++;
        sum += at < w->steps ? w->precision[at] : 0;
    }
    return sum / POINTS;
}

/* As world_ap() of tide_ap.c, with the images of w->times. */
static double world_ap(const struct resampling *s, struct worker *w, size_t world)
{
    const struct sb_tide_world *const lists = &s->worlds[world];
    double sum = 0;
    size_t classes = 0;
    for (size_t k = 0; k < s->tide->classes && !w->failed; k++) {
        const uint32_t *const items = lists->items + lists->start[k];
        const size_t count = lists->start[k + 1] - lists->start[k];
        const int64_t objects = objects_in(&w->objects[k], world);
        if (!reserve(w, items, count)) {
            w->failed = true;
            break;
        }
        walk(w, items, count);
        classes += w->seen > 0 || objects > 0;
        sum += objects > 0 ? precision_sum(w, objects) : 0;
    }
    return classes ? sum / (double)classes : NAN;
}

static void resample_job(void *arg, size_t r, int worker)
{
    const struct resampling *const s = arg;
    struct worker *const w = &s->workers[worker];
    sb_bootstrap_draw(s->seed, r, s->images, w->times);
    count_objects(s, w);
    const double ap = world_ap(s, w, SB_TIDE_AS_IT_IS);
    for (size_t gain = 0; gain < SB_TIDE_GAINS; gain++) {
        const double gained = world_ap(s, w, SB_TIDE_FIXED + gain) - ap;
        s->tide->samples[gain * s->tide->resamples + r] =
            gain < SB_TIDE_KINDS && gained < 0 ? 0 : gained;
    }
}

/* The objects that count, so that resamples need not look at the others. */
static void list_objects(struct resampling *s, const struct sb_coco_gt *gt,
                         const struct sb_coco_params *params)
{
    for (size_t i = 0; i < gt->count; i++) {
        if (gt->image[i] < 0 || gt->category[i] < 0 || (gt->flags[i] & SB_ANN_IGNORE))
            continue;
        s->objects[s->num_objects++] =
            (struct object){sb_class_of(params, gt->category[i]), gt->image[i],
                            s->tide->pairs.by[i] == SB_NO_ROW, sb_tide_is_miss(s->tide, gt, i)};
    }
}

static bool make_worker(struct worker *w, const struct resampling *s)
{
    w->times = sb_calloc(s->images, sizeof(*w->times), TAG);
    w->objects = sb_calloc(s->tide->classes, sizeof(*w->objects), TAG);
    return w->times && w->objects;
}

static void release_worker(struct worker *w)
{
    sb_free(w->times);
    sb_free(w->objects);
    sb_free(w->found);
    sb_free(w->precision);
}

int sb_tide_resample(struct sb_tide *tide, const struct sb_tide_world worlds[SB_TIDE_WORLDS],
                     const struct sb_coco_gt *gt, const struct sb_coco_params *params,
                     uint64_t seed, struct sb_pool *pool, struct sb_error *err)
{
    const int threads = sb_pool_threads(pool);
    struct resampling s = {
        .tide = tide, .worlds = worlds, .images = gt->images.count, .seed = seed};
    size_t cells;
    s.workers = sb_calloc((size_t)threads, sizeof(*s.workers), TAG);
    s.objects = sb_calloc(gt->count, sizeof(*s.objects), TAG);
    if (sb_mul_size(SB_TIDE_GAINS, tide->resamples, &cells))
        tide->samples = sb_calloc(cells, sizeof(*tide->samples), TAG);
    bool ok = s.workers && s.objects && tide->samples;
    for (int i = 0; ok && i < threads; i++)
        ok = make_worker(&s.workers[i], &s);
    if (ok) {
        list_objects(&s, gt, params);
        sb_pool_run(pool, tide->resamples, resample_job, &s);
    }
    for (int i = 0; s.workers && i < threads; i++) {
        ok = ok && !s.workers[i].failed;
        release_worker(&s.workers[i]);
    }
    sb_free(s.workers);
    sb_free(s.objects);
    return ok ? 0 : sb_error_nomem(err, "resamples", tide->resamples);
}

int sb_tide_interval(const struct sb_tide *tide, size_t gain, struct sb_estimate *out,
                     struct sb_error *err)
{
    out->value = gain < SB_TIDE_KINDS         ? tide->delta_ap[gain]
                 : gain == SB_TIDE_GAIN_WRONG ? tide->delta_false_positive
                                              : tide->delta_false_negative;
    const int rc = sb_bootstrap_samples_interval(tide->samples + gain * tide->resamples,
                                                 tide->resamples, out, err);
    /* no kind of error can be worth less than nothing */
    if (rc == 0 && out->low < 0 && out->value >= 0)
        out->low = 0;
    return rc;
}
