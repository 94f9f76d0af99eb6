/* Thresholds and calibration. See operating_point.h. */
#include "eval/operating_point.h"

#include "base/mem.h"
#include "eval/pair_sort.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static size_t first_class(size_t class)
{
    return class == SB_ALL_CLASSES ? 0 : class;
}

static size_t end_class(const struct sb_outcomes *o, size_t class)
{
    return class == SB_ALL_CLASSES ? o->classes : class + 1;
}

static void consider(struct sb_operating_point *best, double score, int64_t hits,
                     int64_t detections)
{
    const double f1 = 2.0 * (double)hits / (double)(detections + best->objects);
    if (hits == 0 || !(f1 > best->f1))
        return;
    best->f1 = f1;
    best->score = score;
    best->hits = hits;
    best->detections = detections;
    best->precision = (double)hits / (double)detections;
    best->recall = (double)hits / (double)best->objects;
}

/* pairs: detections that count, best first; value 1 = hit. scores belong to them. */
static void walk(struct sb_operating_point *best, const struct sb_pair *pairs, size_t count,
                 const double *scores)
{
    int64_t hits = 0;
    for (size_t i = 0; i < count; i++) {
        hits += pairs[i].value & 1;
        if (i + 1 == count || pairs[i + 1].key != pairs[i].key) /* a threshold lies in between */
            consider(best, scores[pairs[i].value >> 1], hits, (int64_t)i + 1);
    }
}

int sb_operating_point_find(const struct sb_outcomes *outcomes, size_t class,
                            struct sb_operating_point *out, struct sb_error *err)
{
    const size_t half = sb_outcome_half(&outcomes->params);
    size_t most = 0, count = 0;
    memset(out, 0, sizeof(*out));
    out->score = NAN;
    for (size_t k = first_class(class); k < end_class(outcomes, class); k++) {
        most += outcomes->items[k].dt_count;
        out->objects += sb_outcome_objects(outcomes, k, 0);
    }
    struct sb_pair *const pairs = sb_calloc(most, 2 * sizeof(*pairs), TAG);
    double *const scores = sb_calloc(most, sizeof(*scores), TAG);
    const bool ok = pairs && scores && most < UINT32_MAX / 2;
    for (size_t k = first_class(class); ok && k < end_class(outcomes, class); k++) {
        const struct sb_class_outcomes *const o = &outcomes->items[k];
        for (size_t i = 0; i < o->dt_count; i++) {
            const enum sb_outcome what = sb_outcome_at(outcomes, k, i, 0, half);
            if (what == SB_OUTCOME_IGNORED)
                continue;
            scores[count] = o->dt_scores[i];
            pairs[count] = (struct sb_pair){sb_score_key(scores[count]),
                                            (uint32_t)(2 * count + (what == SB_OUTCOME_HIT))};
            count++;
        }
    }
    if (ok)
        walk(out, sb_pair_sort(pairs, pairs + most, count), count, scores);
    sb_free(pairs);
    sb_free(scores);
    return ok ? 0 : sb_error_nomem(err, "scores", most);
}

static size_t bin_of(double score)
{
    const double at = floor(score * SB_CALIBRATION_BINS);
    return at < 0 ? 0 : at >= SB_CALIBRATION_BINS ? SB_CALIBRATION_BINS - 1 : (size_t)at;
}

static void add_class(const struct sb_outcomes *outcomes, size_t k, struct sb_calibration *c)
{
    const struct sb_class_outcomes *const o = &outcomes->items[k];
    const size_t half = sb_outcome_half(&outcomes->params);
    for (size_t i = 0; i < o->dt_count; i++) {
        const enum sb_outcome what = sb_outcome_at(outcomes, k, i, 0, half);
        if (what == SB_OUTCOME_IGNORED || isnan(o->dt_scores[i]))
            continue;
        const size_t bin = bin_of(o->dt_scores[i]);
        c->count[bin]++;
        c->hits[bin] += what == SB_OUTCOME_HIT;
        c->score_sum[bin] += o->dt_scores[i];
        c->total++;
    }
}

void sb_calibration_measure(const struct sb_outcomes *outcomes, size_t class,
                            struct sb_calibration *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t k = first_class(class); k < end_class(outcomes, class); k++)
        add_class(outcomes, k, out);
    out->ece = out->mce = out->total ? 0 : NAN;
    for (size_t b = 0; b < SB_CALIBRATION_BINS; b++) {
        if (out->count[b] == 0)
            continue;
        const double n = (double)out->count[b];
        const double gap = fabs(out->score_sum[b] / n - (double)out->hits[b] / n);
        out->ece += gap * n / (double)out->total;
        out->mce = fmax(out->mce, gap);
    }
}
