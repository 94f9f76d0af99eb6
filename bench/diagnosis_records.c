/* A diagnosis, record by record. See diagnosis_records.h. */
#include "bench/diagnosis_records.h"

#include "base/mem.h"
#include "eval/coco_categories.h"
#include "eval/topk_accuracy.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Where records go, and what they share. */
struct emitter {
    const struct sb_diagnosis *d;
    const struct sb_coco_gt *gt;
    const struct sb_accuracy_source *source;
    sb_record_fn emit;
    void *ctx;
};

static void start(const struct emitter *e, struct sb_record *r, enum sb_record_kind kind)
{
    sb_record_init(r, kind);
    r->run = e->source->run;
    r->cell = e->source->cell;
}

static int put(const struct emitter *e, const struct sb_record *r, struct sb_error *err)
{
    return e->emit(e->ctx, r, err);
}

/* "AP", "AP50", "AP75", "APS", "APM", "APL" as in accuracy_records.c. */
static const char *metric_name(const struct emitter *e, size_t stat, char name[32])
{
    const char *const full = sb_bootstrap_name(&e->d->params, stat, name);
    if (stat >= SB_BOOT_AREAS) {
        name[2] = (char)toupper((unsigned char)name[2]); /* the area's first letter */
        name[3] = '\0';
    }
    return full;
}

static int put_accuracy(const struct emitter *e, const char *metric,
                        const struct sb_estimate *estimate, const char *note, struct sb_error *err)
{
    struct sb_record r;
    sb_accuracy_record_init(&r, e->source, metric);
    r.u.accuracy.value = estimate->value;
    r.u.accuracy.low = estimate->low;
    r.u.accuracy.high = estimate->high;
    r.u.accuracy.note = note;
    if (isnan(estimate->value))
        sb_record_because(&r, "value", "no object of this size");
    return put(e, &r, err);
}

static int put_averages(const struct emitter *e, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < e->d->bootstrap.stats && rc == 0; i++) {
        struct sb_estimate estimate;
        char name[32];
        rc = sb_bootstrap_interval(&e->d->bootstrap, i, &estimate, err);
        if (rc == 0)
            rc = put_accuracy(e, metric_name(e, i, name), &estimate, e->source->note, err);
    }
    return rc;
}

static int put_differences(const struct emitter *e, const struct sb_diagnosis *base,
                           const char *base_name, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < e->d->bootstrap.stats && rc == 0; i++) {
        struct sb_estimate estimate;
        double not_above;
        char name[32], metric[48], note[300];
        rc = sb_bootstrap_difference(&base->bootstrap, &e->d->bootstrap, i, &estimate, &not_above,
                                     err);
        if (rc)
            return rc;
        snprintf(metric, sizeof(metric), "difference of %s", metric_name(e, i, name));
        snprintf(note, sizeof(note), "to %.200s; better in %.1f %% of the resamples", base_name,
                 100 * (1 - not_above));
        rc = put_accuracy(e, metric, &estimate, isnan(not_above) ? NULL : note, err);
    }
    return rc;
}

/* A statistic that is -1 without objects. */
static double known(double value)
{
    return value > -1 ? value : NAN;
}

/* Index of the area range whose name starts with the letter; 0 (all) without. */
static size_t area_of(const struct emitter *e, char letter)
{
    for (size_t a = 1; a < e->d->params.area_count; a++) {
        if (e->d->params.areas[a].name[0] == letter)
            return a;
    }
    return 0;
}

/* AP of the area range whose name starts with the letter ("small" of COCO, "s" of LVIS); NaN where
 * the evaluation has none. */
static double area_precision(const struct emitter *e, const struct sb_category_stats *stats,
                             char letter)
{
    const size_t a = area_of(e, letter);
    return a ? known(stats->ap_by_area[a]) : NAN;
}

static const char *category_name(const struct emitter *e, size_t k)
{
    return e->d->params.use_cats ? e->gt->category_names[k] : "all";
}

static void fill_category(const struct emitter *e, size_t k, const struct sb_estimate *ap,
                          struct sb_category_record *c)
{
    const struct sb_diagnosis *const d = e->d;
    const struct sb_operating_point *const p = &d->points[k];
    const int64_t *const counts = d->tide.class_counts[k];
    const double *const deltas = d->tide.class_delta_ap[k];
    const bool has_point = !isnan(p->score);
    struct sb_category_stats stats;
    sb_category_stats(&d->eval, k, SB_NUMPY_WHOLE, &stats);
    *c = (struct sb_category_record){
        .dataset = e->source->dataset,
        .category = category_name(e, k),
        .objects = d->eval.objects[k],
        .detections = d->eval.detections[k],
        .ap = ap->value,
        .ap_low = ap->low,
        .ap_high = ap->high,
        .ap50 = known(stats.ap50),
        .ap75 = known(stats.ap75),
        .ap_small = area_precision(e, &stats, 's'),
        .ap_medium = area_precision(e, &stats, 'm'),
        .ap_large = area_precision(e, &stats, 'l'),
        .ar = known(stats.ar),
        .threshold = p->score,
        .f1 = has_point ? p->f1 : NAN,
        .precision = has_point ? p->precision : NAN,
        .recall = has_point ? p->recall : NAN,
        .ece = d->calibration[k].ece,
        .right = counts[SB_TIDE_KINDS],
        .cls = counts[SB_TIDE_CLS],
        .loc = counts[SB_TIDE_LOC],
        .both = counts[SB_TIDE_BOTH],
        .dupe = counts[SB_TIDE_DUPE],
        .bkg = counts[SB_TIDE_BKG],
        .miss = counts[SB_TIDE_MISS],
        .delta_cls = deltas[SB_TIDE_CLS],
        .delta_loc = deltas[SB_TIDE_LOC],
        .delta_both = deltas[SB_TIDE_BOTH],
        .delta_dupe = deltas[SB_TIDE_DUPE],
        .delta_bkg = deltas[SB_TIDE_BKG],
        .delta_miss = deltas[SB_TIDE_MISS],
    };
}

/* Categories that the data set or the detections know. */
static int put_categories(const struct emitter *e, struct sb_error *err)
{
    int rc = 0;
    for (size_t k = 0; k < e->d->classes && rc == 0; k++) {
        struct sb_estimate ap;
        struct sb_record r;
        if (e->d->eval.objects[k] == 0 && e->d->eval.detections[k] == 0)
            continue;
        rc = sb_bootstrap_class_interval(&e->d->bootstrap, k, &ap, err);
        if (rc)
            return rc;
        start(e, &r, SB_RECORD_CATEGORY);
        fill_category(e, k, &ap, &r.u.category);
        if (e->d->eval.objects[k] == 0)
            sb_record_because(&r, "ap", "no object");
        if (isnan(r.u.category.threshold))
            sb_record_because(&r, "threshold", "no detection is right");
        rc = put(e, &r, err);
    }
    return rc;
}

/* What fixing the errors of a kind on objects of one size gains; NaN without such a range. */
static double size_delta(const struct emitter *e, char letter, int kind)
{
    const size_t a = area_of(e, letter);
    return a ? e->d->tide.size_delta_ap[a][kind] : NAN;
}

static int put_error(const struct emitter *e, size_t gain, const char *name, struct sb_error *err)
{
    const int kind = (int)gain;
    struct sb_estimate delta;
    struct sb_record r;
    const int rc = sb_tide_interval(&e->d->tide, gain, &delta, err);
    if (rc)
        return rc;
    start(e, &r, SB_RECORD_ERROR);
    r.u.error.dataset = e->source->dataset;
    r.u.error.error = name;
    r.u.error.delta_ap = delta.value;
    r.u.error.delta_low = delta.low;
    r.u.error.delta_high = delta.high;
    if (kind < SB_TIDE_KINDS) {
        r.u.error.count = e->d->tide.counts[kind];
        r.u.error.delta_small = size_delta(e, 's', kind);
        r.u.error.delta_medium = size_delta(e, 'm', kind);
        r.u.error.delta_large = size_delta(e, 'l', kind);
    }
    if (isnan(delta.value))
        sb_record_because(&r, "delta_ap", "no object");
    if (isnan(delta.low)) {
        sb_record_because(&r, "delta_low", "no object");
        sb_record_because(&r, "delta_high", "no object");
    }
    return put(e, &r, err);
}

static int put_errors(const struct emitter *e, struct sb_error *err)
{
    int rc = 0;
    for (size_t kind = 0; kind < SB_TIDE_KINDS && rc == 0; kind++)
        rc = put_error(e, kind, sb_tide_name((enum sb_tide_kind)kind), err);
    if (rc == 0)
        rc = put_error(e, SB_TIDE_GAIN_WRONG, "FalsePos", err);
    return rc ? rc : put_error(e, SB_TIDE_GAIN_MISSED, "FalseNeg", err);
}

/* Precision over recall with intervals; (5, points) numbers as columns. */
static int put_precision_curve(const struct emitter *e, size_t curve, const char *series,
                               double *columns, struct sb_error *err)
{
    const size_t points = e->d->bootstrap.points;
    double *const y = columns, *const low = y + points, *const high = low + points;
    struct sb_record r;
    int rc = 0;
    for (size_t i = 0; i < points && rc == 0; i++) {
        struct sb_estimate estimate;
        rc = sb_bootstrap_curve_interval(&e->d->bootstrap, curve, i, &estimate, err);
        y[i] = estimate.value;
        low[i] = estimate.low;
        high[i] = estimate.high;
    }
    if (rc)
        return rc;
    start(e, &r, SB_RECORD_CURVE);
    r.u.curve = (struct sb_curve_record){.dataset = e->source->dataset,
                                         .curve = "precision-recall",
                                         .series = series,
                                         .x = {points, e->d->params.recall_points},
                                         .y = {points, y},
                                         .low = {points, low},
                                         .high = {points, high}};
    return put(e, &r, err);
}

static int put_precision(const struct emitter *e, struct sb_error *err)
{
    static const char *const series[SB_BOOT_CURVES] = {"IoU 0.50", "IoU 0.75", "IoU 0.50:0.95"};
    double *const columns = sb_calloc(e->d->bootstrap.points, 3 * sizeof(*columns), TAG);
    int rc = columns ? 0 : sb_error_nomem(err, "a curve", e->d->bootstrap.points);
    for (size_t c = 0; c < SB_BOOT_CURVES && rc == 0; c++)
        rc = put_precision_curve(e, c, series[c], columns, err);
    sb_free(columns);
    return rc;
}

static int put_calibration(const struct emitter *e, struct sb_error *err)
{
    enum { N = SB_CALIBRATION_BINS };
    const struct sb_calibration *const c = &e->d->overall;
    double x[N], y[N], low[N], high[N], count[N];
    const struct sb_estimate ece = {c->ece, NAN, NAN};
    struct sb_record r;
    for (size_t b = 0; b < N; b++) {
        count[b] = (double)c->count[b];
        x[b] = y[b] = low[b] = high[b] = NAN;
        if (c->count[b] == 0)
            continue;
        x[b] = c->score_sum[b] / count[b];
        y[b] = (double)c->hits[b] / count[b];
        sb_wilson_interval(c->hits[b], c->count[b], &low[b], &high[b]);
    }
    start(e, &r, SB_RECORD_CURVE);
    r.u.curve = (struct sb_curve_record){.dataset = e->source->dataset,
                                         .curve = "calibration",
                                         .series = "all categories",
                                         .x = {N, x},
                                         .y = {N, y},
                                         .low = {N, low},
                                         .high = {N, high},
                                         .count = {N, count}};
    const int rc = put_accuracy(e, "ECE", &ece, "expected calibration error, 0 is best", err);
    return rc ? rc : put(e, &r, err);
}

static int put_confusions(const struct emitter *e, struct sb_error *err)
{
    const size_t classes = e->d->classes, side = classes + 1;
    int rc = 0;
    for (size_t cell = 0; cell < side * side && rc == 0; cell++) {
        const size_t truth = cell / side, predicted = cell % side;
        struct sb_record r;
        if (e->d->confusion.cells[cell] == 0)
            continue;
        start(e, &r, SB_RECORD_CONFUSION);
        r.u.confusion = (struct sb_confusion_record){
            e->source->dataset, truth < classes ? category_name(e, truth) : NULL,
            predicted < classes ? category_name(e, predicted) : NULL, e->d->confusion.cells[cell]};
        rc = put(e, &r, err);
    }
    return rc;
}

int sb_diagnosis_records(const struct sb_diagnosis *d, const struct sb_diagnosis *base,
                         const char *base_name, const struct sb_coco_gt *gt,
                         const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                         struct sb_error *err)
{
    const struct emitter e = {d, gt, source, emit, ctx};
    int rc = put_averages(&e, err);
    if (rc == 0 && base)
        rc = put_differences(&e, base, base_name, err);
    if (rc == 0)
        rc = put_errors(&e, err);
    if (rc == 0)
        rc = put_categories(&e, err);
    if (rc == 0)
        rc = put_precision(&e, err);
    if (rc == 0)
        rc = put_calibration(&e, err);
    return rc ? rc : put_confusions(&e, err);
}
