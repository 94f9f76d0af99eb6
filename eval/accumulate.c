/*
 * Precision and recall of one class (cocodataset/cocoapi cocoeval.py, accumulate). Only hits can
 * raise recall or start a new maximum of precision, so the curve is kept at hits alone: misses are
 * counted, most of them by one counter for all thresholds.
 */
#include "base/mem.h"
#include "eval/class_eval.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)
#define EPS 0x1p-52 /* numpy.spacing(1): keeps 0 / 0 out of the precision */

/* One area range and limit of detections. */
struct curve {
    struct sb_class_work *work;
    const struct sb_similarity *sim;
    size_t area;
    uint32_t limit;
    size_t stride;    /* room per threshold in the event arrays */
    uint32_t *hits;   /* (T) so far */
    uint32_t *spared; /* (T) detections counted as misses that are hits or ignored */
};

static inline unsigned lowest_bit(uint32_t bits)
{
    return (unsigned)__builtin_ctz(bits);
}

/* Hits per threshold, without their precision. */
static void count_hits(struct curve *c)
{
    const struct sb_class_work *const w = c->work;
    const size_t words = sb_match_words(c->sim->params);
    const size_t record_words = sb_match_record_words(c->sim->params);
    for (size_t slot = 0; slot < w->slot_count; slot++) {
        if (!(w->slot_info[slot] & SB_MATCH_RECORD) || w->slot_rank[slot] >= c->limit)
            continue;
        const uint32_t *const hit = w->records + slot * record_words + c->area * 2 * words;
        for (size_t i = 0; i < words; i++) {
            for (uint32_t bits = hit[i]; bits; bits &= bits - 1)
                c->hits[i * 32 + lowest_bit(bits)]++;
        }
    }
}

/* A detection with a record, `misses` having been counted up to it: notes the precision of its
 * hits. */
static void add_events(struct curve *c, const uint32_t *record, bool inside, uint32_t misses,
                       double score)
{
    struct sb_class_work *const w = c->work;
    const size_t words = sb_match_words(c->sim->params);
    for (size_t i = 0; i < words; i++) {
        const uint32_t hit = record[i], ignored = record[words + i];
        for (uint32_t bits = inside ? hit | ignored : 0; bits; bits &= bits - 1)
            c->spared[i * 32 + lowest_bit(bits)]++;
        for (uint32_t bits = hit; bits; bits &= bits - 1) {
            const size_t t = i * 32 + lowest_bit(bits);
            const size_t at = t * c->stride + c->hits[t]++;
            const double tp = c->hits[t], fp = misses - c->spared[t];
            w->event_precision[at] = tp / (fp + tp + EPS);
            w->event_score[at] = score;
        }
    }
}

/* Walks down the scores. */
static void trace_curve(struct curve *c)
{
    const struct sb_class_work *const w = c->work;
    const size_t words = sb_match_words(c->sim->params);
    const size_t record_words = sb_match_record_words(c->sim->params);
    uint32_t misses = 0;
    for (size_t i = 0; i < w->slot_count; i++) {
        const uint32_t slot = w->by_score[i];
        if (w->slot_rank[slot] >= c->limit)
            continue;
        const uint32_t info = w->slot_info[slot];
        const bool inside = info >> c->area & 1;
        misses += inside;
        if (info & SB_MATCH_RECORD)
            add_events(c, w->records + slot * record_words + c->area * 2 * words, inside, misses,
                       c->sim->dt->score[w->slot_rows[slot]]);
    }
}

/* Hits needed until recall reaches each recall point, as numpy.searchsorted(rc, points) finds them;
 * 0 stands for the very first detection. */
static void find_first_hits(const struct sb_coco_params *p, int64_t objects, uint32_t *first_hit)
{
    for (size_t r = 0; r < p->recall_count; r++) {
        const double point = p->recall_points[r];
        int64_t n = (int64_t)(point * (double)objects);
        while (n > 0 && (double)(n - 1) / (double)objects >= point)
            n--;
        while ((double)n / (double)objects < point)
            n++;
        first_hit[r] = (uint32_t)n;
    }
}

/* Score of the best detection within the limit; 0 if there is none. */
static double top_score(const struct curve *c)
{
    const struct sb_class_work *const w = c->work;
    for (size_t i = 0; i < w->slot_count; i++) {
        if (w->slot_rank[w->by_score[i]] < c->limit)
            return c->sim->dt->score[w->slot_rows[w->by_score[i]]];
    }
    return 0;
}

/* Precision (and scores, unless NULL) at the recall points of threshold t. Strides are K. */
static void sample_curve(const struct curve *c, size_t t, size_t k, size_t classes,
                         double *precision, double *scores)
{
    const struct sb_class_work *const w = c->work;
    const size_t points = c->sim->params->recall_count;
    double *const event = w->event_precision + t * c->stride;
    const double *const event_score = w->event_score + t * c->stride;
    const uint32_t hits = c->hits[t];
    for (uint32_t i = hits; i > 1; i--) {
        if (event[i - 1] > event[i - 2])
            event[i - 2] = event[i - 1];
    }
    for (size_t r = 0; r < points; r++) {
        const uint32_t need = w->first_hit[r];
        const uint32_t at = need ? need - 1 : 0;
        const bool reached = at < hits;
        precision[(t * points + r) * classes + k] = reached ? event[at] : 0;
        if (scores)
            scores[(t * points + r) * classes + k] = need == 0 ? top_score(c)
                                                     : reached ? event_score[at]
                                                               : 0;
    }
}

static int reserve_events(struct sb_class_work *w, const struct sb_coco_params *p)
{
    int64_t most = 0;
    for (size_t a = 0; a < p->area_count; a++)
        most = w->counted[a] > most ? w->counted[a] : most;
    const size_t bytes = p->iou_count * sizeof(double);
    return sb_grow(&w->event_precision, &w->event_precision_capacity, (size_t)most, bytes, TAG) ||
           sb_grow(&w->event_score, &w->event_score_capacity, (size_t)most, bytes, TAG) ||
           sb_grow(&w->first_hit, &w->first_hit_capacity, p->recall_count, sizeof(uint32_t), TAG);
}

static void accumulate_plane(struct sb_class_work *w, const struct sb_similarity *sim, size_t area,
                             size_t m, size_t k, struct sb_coco_eval *eval)
{
    const struct sb_coco_params *const p = sim->params;
    const size_t plane = sb_eval_plane(p, area, m);
    uint32_t hits[SB_EVAL_MAX_IOUS] = {0}, spared[SB_EVAL_MAX_IOUS] = {0};
    struct curve c = {w,    sim,   area, (uint32_t)p->max_dets[m], (size_t)w->counted[area],
                      hits, spared};
    if (eval->precision[plane])
        trace_curve(&c);
    else
        count_hits(&c);
    for (size_t t = 0; t < p->iou_count; t++) {
        eval->recall[plane][t * eval->classes + k] = (double)hits[t] / (double)w->counted[area];
        if (eval->precision[plane])
            sample_curve(&c, t, k, eval->classes, eval->precision[plane], eval->scores[plane]);
    }
}

int sb_class_accumulate(struct sb_class_work *work, const struct sb_similarity *sim, size_t k,
                        struct sb_coco_eval *eval, struct sb_error *err)
{
    const struct sb_coco_params *const p = sim->params;
    if (reserve_events(work, p))
        return sb_error_nomem(err, "precision curves", work->gt_count * sizeof(double));
    eval->detections[k] = (int64_t)work->slot_count;
    for (size_t a = 0; a < p->area_count; a++) {
        eval->objects[a * eval->classes + k] = work->counted[a];
        if (work->counted[a] == 0)
            continue; /* stays -1 */
        find_first_hits(p, work->counted[a], work->first_hit);
        for (size_t m = 0; m < p->max_det_count; m++)
            accumulate_plane(work, sim, a, m, k, eval);
    }
    return 0;
}
