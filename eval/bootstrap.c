/*
 * Resampling. A curve is kept at its hits alone: an image drawn w times adds w hits or misses at
 * once. Within such a step precision rises, so its end stands for all of it. See bootstrap.h.
 */
#include "eval/bootstrap.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/size.h"
#include "eval/class_eval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)
#define EPS 0x1p-52 /* as in accumulate.c */

/* The steps of one threshold of an area range. */
struct steps {
    uint32_t count;
    uint32_t hits;
    uint32_t outside; /* hits of another size minus ignored ones of this, mod 2^32 */
};

/* Memory of one worker. */
struct worker {
    bool failed;     /* out of memory */
    uint32_t *times; /* (images) */
    size_t stride;   /* room for steps per area range and threshold */
    size_t hits_capacity, precision_capacity;
    uint32_t *hits;      /* (A, T, stride) at the end of each step */
    double *precision;   /* (A, T, stride) */
    uint32_t *first_hit; /* (R) */
    struct steps *steps; /* (A, T) */
    uint32_t *inside;    /* (A) detections of matching size so far */
    double *curves;      /* (SB_BOOT_CURVES, R) sums of precision over classes */
};

struct resampling {
    struct sb_bootstrap *b;
    const struct sb_outcomes *outcomes;
    struct worker *workers;
};

const char *sb_bootstrap_name(const struct sb_coco_params *params, size_t stat, char name[32])
{
    static const char *const fixed[] = {"AP", "AP50", "AP75"};
    if (stat < SB_BOOT_AREAS)
        return fixed[stat];
    snprintf(name, 32, "AP%s", params->areas[stat - SB_BOOT_AREAS + 1].name);
    return name;
}

void sb_bootstrap_draw(uint64_t seed, size_t r, size_t images, uint32_t *times)
{
    struct sb_rng rng = sb_rng_seed(sb_rng_mix(seed) + r);
    memset(times, 0, images * sizeof(*times));
    for (size_t i = 0; i < images; i++)
        times[sb_rng_below(&rng, (uint32_t)images)]++;
}

/* A detection that stands `times` times in a row. */
static void add_detection(struct worker *w, const struct sb_outcomes *out,
                          const struct sb_class_outcomes *o, size_t i, uint32_t times)
{
    const struct sb_coco_params *const p = &out->params;
    const size_t words = sb_match_words(p);
    for (size_t a = 0; a < p->area_count; a++)
        w->inside[a] += (o->dt_info[i] >> a & 1) * times;
    if (!(o->dt_info[i] & SB_MATCH_RECORD))
        return;
    const uint32_t *record = o->records + i * sb_match_record_words(p);
    for (size_t a = 0; a < p->area_count; a++, record += 2 * words) {
        const bool inside = o->dt_info[i] >> a & 1;
        for (size_t t = 0; t < p->iou_count; t++) {
            const bool hit = record[t / 32] >> (t % 32) & 1;
            const bool ignored = record[words + t / 32] >> (t % 32) & 1;
            struct steps *const s = &w->steps[a * p->iou_count + t];
            if (!inside && hit)
                s->outside += times;
            else if (inside && ignored)
                s->outside -= times;
            if (!hit)
                continue;
            const size_t at = (a * p->iou_count + t) * w->stride + s->count++;
            s->hits += times;
            const double tp = s->hits, fp = w->inside[a] + s->outside - s->hits;
            w->hits[at] = s->hits;
            w->precision[at] = tp / (fp + tp + EPS);
        }
    }
}

/* Walks down the scores. Detections of an image with equal scores stand together in each copy of
 * the image, so they take turns. */
static void walk(struct worker *w, const struct sb_outcomes *out, const struct sb_class_outcomes *o)
{
    for (size_t i = 0, end; i < o->dt_count; i = end) {
        const uint32_t times = w->times[o->dt_images[i]];
        for (end = i + 1; end < o->dt_count && o->dt_images[end] == o->dt_images[i] &&
                          o->dt_scores[end] == o->dt_scores[i];)
            end++;
        if (end == i + 1 && times > 0) {
            add_detection(w, out, o, i, times);
            continue;
        }
        for (uint32_t copy = 0; copy < times; copy++) {
            for (size_t d = i; d < end; d++)
                add_detection(w, out, o, d, 1);
        }
    }
}

/* Sum of precision over the recall points of one threshold; adds each to the curves that are not
 * NULL. */
static double sum_precision(const struct sb_coco_params *p, const struct steps *s,
                            const uint32_t *hits, double *precision, const uint32_t *first_hit,
                            double *const curves[2])
{
    double sum = 0;
    uint32_t at = 0;
    for (uint32_t i = s->count; i > 1; i--) {
        if (precision[i - 1] > precision[i - 2])
            precision[i - 2] = precision[i - 1];
    }
    for (size_t r = 0; r < p->recall_count; r++) {
        while (at < s->count && hits[at] < first_hit[r])
            at++;
        const double reached = at < s->count ? precision[at] : 0;
        sum += reached;
        for (int c = 0; c < 2; c++) {
            if (curves[c])
                curves[c][r] += reached;
        }
    }
    return sum;
}

/* The curves that threshold t of area range a belongs to. */
static void find_curves(const struct worker *w, const struct sb_coco_params *p, size_t a, size_t t,
                        double *curves[2])
{
    const double iou = p->iou_thresholds[t];
    curves[0] = a == 0 ? w->curves + SB_BOOT_CURVE_ALL * p->recall_count : NULL;
    curves[1] = NULL;
    if (a == 0 && (iou == .5 || iou == .75))
        curves[1] = w->curves + (iou == .5 ? SB_BOOT_CURVE50 : SB_BOOT_CURVE75) * p->recall_count;
}

/* Objects of a class that count in area range a. */
static int64_t count_objects(const struct worker *w, const struct sb_class_outcomes *o, size_t a)
{
    int64_t count = 0;
    for (size_t j = 0; j < o->gt_count; j++)
        count += o->gt_ignored[j] >> a & 1 ? 0 : w->times[o->gt_images[j]];
    return count;
}

/* Sums over classes of one statistic. */
struct total {
    double sum;
    int64_t cells;
};

static void add_total(struct total *t, double sum, size_t cells)
{
    t->sum += sum;
    t->cells += (int64_t)cells;
}

/* Adds a class's curves to the totals; returns its AP over all sizes, NaN without objects. */
static double add_class(struct worker *w, const struct sb_outcomes *out, size_t k,
                        struct total *totals)
{
    const struct sb_coco_params *const p = &out->params;
    const struct sb_class_outcomes *const o = &out->items[k];
    double class_ap = NAN;
    memset(w->steps, 0, p->area_count * p->iou_count * sizeof(*w->steps));
    memset(w->inside, 0, p->area_count * sizeof(*w->inside));
    walk(w, out, o);
    for (size_t a = 0; a < p->area_count; a++) {
        const int64_t objects = count_objects(w, o, a);
        if (objects == 0)
            continue;
        double all = 0;
        sb_first_hits(p, objects, w->first_hit);
        for (size_t t = 0; t < p->iou_count; t++) {
            const size_t at = a * p->iou_count + t;
            double *curves[2];
            find_curves(w, p, a, t, curves);
            const double sum = sum_precision(p, &w->steps[at], w->hits + at * w->stride,
                                             w->precision + at * w->stride, w->first_hit, curves);
            all += sum;
            if (a == 0 && (p->iou_thresholds[t] == .5 || p->iou_thresholds[t] == .75))
                add_total(&totals[p->iou_thresholds[t] == .5 ? SB_BOOT_AP50 : SB_BOOT_AP75], sum,
                          p->recall_count);
        }
        const size_t cells = p->iou_count * p->recall_count;
        add_total(&totals[a == 0 ? SB_BOOT_AP : SB_BOOT_AREAS + a - 1], all, cells);
        if (a == 0)
            class_ap = all / (double)cells;
    }
    return class_ap;
}

/* Room for the steps of every class: an object makes at most one per copy of its image. */
static bool reserve_steps(struct worker *w, const struct sb_outcomes *out)
{
    const size_t curves = out->params.area_count * out->params.iou_count;
    size_t most = 1, cells;
    for (size_t k = 0; k < out->classes; k++) {
        const struct sb_class_outcomes *const o = &out->items[k];
        size_t objects = 0;
        for (size_t j = 0; j < o->gt_count; j++)
            objects += w->times[o->gt_images[j]];
        most = objects > most ? objects : most;
    }
    w->stride = most;
    return sb_mul_size(curves, most, &cells) &&
           sb_grow(&w->hits, &w->hits_capacity, cells, sizeof(*w->hits), TAG) == 0 &&
           sb_grow(&w->precision, &w->precision_capacity, cells, sizeof(*w->precision), TAG) == 0;
}

/* Where results go: each value stands `step` values behind the one before. */
struct place {
    double *stats, *classes, *curves;
    size_t step;
};

/* Divides sums of curves by what they are sums of: classes with objects, times thresholds. */
static void put_curves(const struct resampling *s, const struct worker *w,
                       const struct total *totals, const struct place *to)
{
    static const int stats[SB_BOOT_CURVES] = {SB_BOOT_AP50, SB_BOOT_AP75, SB_BOOT_AP};
    const size_t points = s->b->points;
    for (size_t c = 0; c < SB_BOOT_CURVES; c++) {
        const double n = (double)totals[stats[c]].cells / (double)points;
        for (size_t r = 0; r < points; r++)
            to->curves[(c * points + r) * to->step] = n > 0 ? w->curves[c * points + r] / n : NAN;
    }
}

/* All statistics with the images of w->times. */
static void evaluate(const struct resampling *s, struct worker *w, const struct place *to)
{
    const size_t points = s->b->points;
    struct total totals[SB_BOOT_MAX_STATS];
    memset(totals, 0, sizeof(totals));
    if (w->failed || !reserve_steps(w, s->outcomes)) {
        w->failed = true;
        return;
    }
    memset(w->curves, 0, SB_BOOT_CURVES * points * sizeof(*w->curves));
    for (size_t k = 0; k < s->b->classes; k++)
        to->classes[k * to->step] = add_class(w, s->outcomes, k, totals);
    for (size_t i = 0; i < s->b->stats; i++)
        to->stats[i * to->step] = totals[i].cells ? totals[i].sum / (double)totals[i].cells : NAN;
    put_curves(s, w, totals, to);
}

static void resample_job(void *arg, size_t r, int worker)
{
    struct resampling *const s = arg;
    struct worker *const w = &s->workers[worker];
    struct sb_bootstrap *const b = s->b;
    const struct place to = {b->samples + r, b->class_samples + r, b->curve_samples + r,
                             b->resamples};
    sb_bootstrap_draw(b->seed, r, b->images, w->times);
    evaluate(s, w, &to);
}

static bool make_worker(struct worker *w, const struct resampling *s)
{
    const struct sb_coco_params *const p = &s->outcomes->params;
    w->times = sb_calloc(s->b->images, sizeof(*w->times), TAG);
    w->first_hit = sb_calloc(p->recall_count, sizeof(*w->first_hit), TAG);
    w->steps = sb_calloc(p->area_count * p->iou_count, sizeof(*w->steps), TAG);
    w->inside = sb_calloc(p->area_count, sizeof(*w->inside), TAG);
    w->curves = sb_calloc(SB_BOOT_CURVES * p->recall_count, sizeof(*w->curves), TAG);
    return w->times && w->first_hit && w->steps && w->inside && w->curves;
}

static void release_worker(struct worker *w)
{
    sb_free(w->times);
    sb_free(w->hits);
    sb_free(w->precision);
    sb_free(w->first_hit);
    sb_free(w->steps);
    sb_free(w->inside);
    sb_free(w->curves);
}

static bool make_results(struct sb_bootstrap *b)
{
    const size_t curve_points = SB_BOOT_CURVES * b->points;
    size_t class_cells, cells, curve_cells;
    if (!sb_mul_size(b->classes, b->resamples, &class_cells) ||
        !sb_mul_size(b->stats, b->resamples, &cells) ||
        !sb_mul_size(curve_points, b->resamples, &curve_cells))
        return false;
    b->class_value = sb_calloc(b->classes, sizeof(*b->class_value), TAG);
    b->samples = sb_calloc(cells, sizeof(*b->samples), TAG);
    b->class_samples = sb_calloc(class_cells, sizeof(*b->class_samples), TAG);
    b->curve_value = sb_calloc(curve_points, sizeof(*b->curve_value), TAG);
    b->curve_samples = sb_calloc(curve_cells, sizeof(*b->curve_samples), TAG);
    return b->class_value && b->samples && b->class_samples && b->curve_value && b->curve_samples;
}

int sb_bootstrap_run(struct sb_bootstrap *out, const struct sb_outcomes *outcomes, size_t resamples,
                     uint64_t seed, struct sb_pool *pool, struct sb_error *err)
{
    const int threads = sb_pool_threads(pool);
    memset(out, 0, sizeof(*out));
    out->resamples = resamples;
    out->seed = seed;
    out->stats = SB_BOOT_AREAS + outcomes->params.area_count - 1;
    out->classes = outcomes->classes;
    out->images = outcomes->images;
    out->points = outcomes->params.recall_count;
    struct resampling s = {.b = out, .outcomes = outcomes};
    s.workers = sb_calloc((size_t)threads, sizeof(*s.workers), TAG);
    bool ok = s.workers && make_results(out);
    for (int i = 0; ok && i < threads; i++)
        ok = make_worker(&s.workers[i], &s);
    if (ok) {
        for (size_t i = 0; i < out->images; i++)
            s.workers[0].times[i] = 1;
        evaluate(&s, &s.workers[0],
                 &(struct place){out->value, out->class_value, out->curve_value, 1});
        sb_pool_run(pool, resamples, resample_job, &s);
    }
    for (int i = 0; s.workers && i < threads; i++) {
        ok = ok && !s.workers[i].failed;
        release_worker(&s.workers[i]);
    }
    sb_free(s.workers);
    if (ok)
        return 0;
    sb_bootstrap_release(out);
    return sb_error_nomem(err, "resamples", resamples);
}

void sb_bootstrap_release(struct sb_bootstrap *b)
{
    sb_free(b->class_value);
    sb_free(b->samples);
    sb_free(b->class_samples);
    sb_free(b->curve_value);
    sb_free(b->curve_samples);
    memset(b, 0, sizeof(*b));
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double sb_percentile_sorted(const double *sorted, size_t count, double p)
{
    const double at = p * (double)(count - 1), below = floor(at);
    const size_t i = (size_t)below;
    if (i + 1 >= count)
        return sorted[count - 1];
    return sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]);
}

/* Fills low and high of *out, whose value is set, from samples - minus (may be NULL). not_above may
 * be NULL. */
static int interval(const double *samples, const double *minus, size_t count,
                    struct sb_estimate *out, double *not_above, struct sb_error *err)
{
    double *const kept = sb_malloc(count * sizeof(*kept), TAG);
    size_t n = 0, low = 0;
    double sum = 0;
    if (!kept)
        return sb_error_nomem(err, "an interval", count * sizeof(*kept));
    for (size_t i = 0; i < count; i++) {
        const double v = samples[i] - (minus ? minus[i] : 0);
        if (isnan(v))
            continue;
        kept[n++] = v;
        sum += v;
    }
    const double shift = n ? out->value - sum / (double)n : NAN;
    for (size_t i = 0; i < n; i++)
        low += kept[i] + shift <= 0;
    qsort(kept, n, sizeof(*kept), by_value);
    out->low = n ? sb_percentile_sorted(kept, n, 0.025) + shift : NAN;
    out->high = n ? sb_percentile_sorted(kept, n, 0.975) + shift : NAN;
    if (not_above)
        *not_above = n ? (double)low / (double)n : NAN;
    sb_free(kept);
    return 0;
}

int sb_bootstrap_samples_interval(const double *samples, size_t count, struct sb_estimate *out,
                                  struct sb_error *err)
{
    return interval(samples, NULL, count, out, NULL, err);
}

/* The same for a value from 0 to 1. */
static int share_interval(const double *samples, size_t count, struct sb_estimate *out,
                          struct sb_error *err)
{
    const int rc = interval(samples, NULL, count, out, NULL, err);
    if (rc == 0 && out->low < 0)
        out->low = 0;
    if (rc == 0 && out->high > 1)
        out->high = 1;
    return rc;
}

int sb_bootstrap_interval(const struct sb_bootstrap *b, size_t stat, struct sb_estimate *out,
                          struct sb_error *err)
{
    out->value = b->value[stat];
    return share_interval(b->samples + stat * b->resamples, b->resamples, out, err);
}

int sb_bootstrap_class_interval(const struct sb_bootstrap *b, size_t class, struct sb_estimate *out,
                                struct sb_error *err)
{
    out->value = b->class_value[class];
    return share_interval(b->class_samples + class * b->resamples, b->resamples, out, err);
}

int sb_bootstrap_curve_interval(const struct sb_bootstrap *b, size_t curve, size_t r,
                                struct sb_estimate *out, struct sb_error *err)
{
    const size_t at = curve * b->points + r;
    out->value = b->curve_value[at];
    return share_interval(b->curve_samples + at * b->resamples, b->resamples, out, err);
}

int sb_bootstrap_difference(const struct sb_bootstrap *base, const struct sb_bootstrap *head,
                            size_t stat, struct sb_estimate *out, double *not_above,
                            struct sb_error *err)
{
    if (base->images != head->images || base->seed != head->seed ||
        base->resamples != head->resamples || base->stats != head->stats)
        return sb_error_set(err, SB_EINTERNAL, "resamples of different images");
    out->value = head->value[stat] - base->value[stat];
    return interval(head->samples + stat * head->resamples, base->samples + stat * base->resamples,
                    base->resamples, out, not_above, err);
}
