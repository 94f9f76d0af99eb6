/*
 * Precision and recall of one class (cocodataset/cocoapi cocoeval.py, accumulate). Only hits can
 * raise recall or start a new maximum of precision, so the curve is kept at hits alone: misses are
 * counted, most of them by one counter for all thresholds.
 */
#include "eval/class_eval.h"

#include <math.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define EPS 0x1p-52 /* numpy.spacing(1): keeps 0 / 0 out of the precision, by the rule */

#define AHEAD 12 /* records are fetched this many steps before they are needed */

static inline unsigned lowest_bit(uint32_t bits)
{
    return (unsigned)__builtin_ctz(bits);
}

/* A detection with a record: notes its hits. Misses are the detections of matching size that are
 * neither hits nor ignored. */
static inline void add_events(struct sb_curve *c, const uint32_t *record, size_t words, bool inside,
                              double score)
{
    for (size_t i = 0; i < words; i++) {
        const uint32_t hit = record[i], ignored = record[words + i];
        if (!inside) {
            for (uint32_t bits = hit; bits; bits &= bits - 1)
                c->outside[i * 32 + lowest_bit(bits)]++;
        } else {
            for (uint32_t bits = ignored; bits; bits &= bits - 1)
                c->outside[i * 32 + lowest_bit(bits)]--;
        }
        for (uint32_t bits = hit; bits; bits &= bits - 1) {
            const size_t t = i * 32 + lowest_bit(bits);
            const size_t at = t * c->stride + c->hits[t]++;
            c->misses[at] = c->inside - c->hits[t] + c->outside[t];
            if (c->score)
                c->score[at] = score;
        }
    }
}

/* Walks down the scores for all area ranges at once. */
static void trace_curves(struct sb_class_work *w, const struct sb_coco_params *p, uint32_t limit)
{
    const size_t words = sb_match_words(p);
    const size_t record_words = sb_match_record_words(p);
    struct sb_curve *const curves = w->curves;
    for (size_t i = 0; i < w->slot_count; i++) {
        const struct sb_ranked *const ranked = &w->by_score[i];
        if (i + AHEAD < w->slot_count)
            __builtin_prefetch(w->records + (size_t)ranked[AHEAD].slot * record_words);
        if (ranked->rank >= limit)
            continue;
        for (size_t c = 0; c < w->curve_count; c++)
            curves[c].inside += ranked->info >> curves[c].area & 1;
        if (!(ranked->info & SB_MATCH_RECORD))
            continue;
        const uint32_t *const record = w->records + (size_t)ranked->slot * record_words;
        const double score = w->slot_scores[ranked->slot];
        for (size_t c = 0; c < w->curve_count; c++)
            add_events(&curves[c], record + curves[c].area * 2 * words, words,
                       ranked->info >> curves[c].area & 1, score);
    }
}

void sb_first_hits(const struct sb_coco_params *p, int64_t objects, uint32_t *first_hit)
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

/* Score of the best detection; 0 if there is none. The best of all is the best of its image, so
 * every limit has it. */
static double top_score(const struct sb_class_work *w)
{
    return w->slot_count ? w->slot_scores[w->by_score[0].slot] : 0;
}

/* What every curve is sampled with. */
struct sampling {
    const struct sb_coco_params *params;
    const uint32_t *first_hit; /* (R) */
    double top_score;
    double *envelope; /* scratch, room for all hits of a threshold */
    double eps;
    int64_t objects; /* that count */
};

#ifdef __SSE2__
/* Two whole numbers below 2^32 as doubles, which they fit: placed in the low bits of 2^52. */
static inline __m128d two_doubles(__m128i whole)
{
    const __m128i exponent = _mm_set1_epi64x(0x4330000000000000);
    const __m128i wide = _mm_or_si128(_mm_unpacklo_epi32(whole, _mm_setzero_si128()), exponent);
    return _mm_sub_pd(_mm_castsi128_pd(wide), _mm_castsi128_pd(exponent));
}
#endif

/* Precision at each hit: tp / (fp + tp + eps) with tp = i + 1. */
static void find_precisions(const uint32_t *misses, uint32_t hits, double eps, double *out)
{
    uint32_t i = 0;
#ifdef __SSE2__
    __m128i tp = _mm_set_epi32(0, 0, 2, 1);
    for (; i + 2 <= hits; i += 2, tp = _mm_add_epi32(tp, _mm_set1_epi32(2))) {
        const __m128i fp = _mm_loadl_epi64((const __m128i *)(const void *)(misses + i));
        const __m128d t = two_doubles(tp);
        const __m128d all = _mm_add_pd(_mm_add_pd(two_doubles(fp), t), _mm_set1_pd(eps));
        _mm_storeu_pd(out + i, _mm_div_pd(t, all));
    }
#endif
    for (; i < hits; i++) {
        const double tp_i = i + 1, fp_i = misses[i];
        out[i] = tp_i / (fp_i + tp_i + eps);
    }
}

/* The largest precision from each hit on. Written without a branch, which nobody could predict. */
static void find_envelope(const uint32_t *misses, uint32_t hits, double eps, double *envelope)
{
    double best = 0;
    find_precisions(misses, hits, eps, envelope);
    for (uint32_t i = hits; i-- > 0;) {
        best = envelope[i] > best ? envelope[i] : best;
        envelope[i] = best;
    }
}

/* The area under the envelope: each hit widens it by one object. */
static double whole_area(const struct sampling *s, uint32_t hits)
{
    double sum = 0;
    for (uint32_t i = 0; i < hits; i++)
        sum += s->envelope[i];
    return sum / (double)s->objects;
}

/* Precision (and scores, unless NULL) at the recall points of threshold t; (R) values each. */
static void sample_curve(const struct sb_curve *c, size_t t, const struct sampling *s,
                         double *precision, double *scores)
{
    const uint32_t hits = c->hits[t];
    find_envelope(c->misses + t * c->stride, hits, s->eps, s->envelope);
    if (s->params->rules[SB_RULE_AP_POINTS] == SB_AP_POINTS_ALL) {
        *precision = whole_area(s, hits);
        if (scores)
            *scores = hits ? c->score[t * c->stride + hits - 1] : 0;
        return;
    }
    for (size_t r = 0; r < s->params->recall_count; r++) {
        const uint32_t need = s->first_hit[r];
        const uint32_t at = need ? need - 1 : 0;
        const bool reached = at < hits;
        precision[r] = reached ? s->envelope[at] : 0;
        if (scores)
            scores[r] = need == 0 ? s->top_score : reached ? c->score[t * c->stride + at] : 0;
    }
}

/* Differences between the counts of neighbouring thresholds, and behind the last. */
static size_t tally_size(const struct sb_coco_params *p)
{
    return sb_match_words(p) * 32 + 1;
}

static int reserve(struct sb_class_work *w, const struct sb_coco_params *p, bool wants_scores)
{
    size_t events = 0;
    for (size_t a = 0; a < p->area_count; a++)
        events += (size_t)w->counted[a];
    const size_t scores = wants_scores ? events : 0;
    const size_t bytes = p->iou_count * sizeof(double);
    const size_t tallies = p->area_count * p->max_det_count * tally_size(p);
    const size_t total = sb_arena_bytes(events, bytes / 2) + sb_arena_bytes(scores, bytes) +
                         sb_arena_bytes(events, sizeof(double)) +
                         sb_arena_bytes(tallies, sizeof(uint32_t)) +
                         sb_arena_bytes(p->recall_count, sizeof(uint32_t)) +
                         sb_arena_bytes(p->area_count, sizeof(*w->curves));
    struct sb_arena *const arena = &w->curve_arena;
    if (sb_arena_bytes(events, bytes) > SIZE_MAX / 4 || sb_arena_reset(arena, total))
        return SB_ENOMEM;
    w->event_misses = sb_arena_take(arena, events, bytes / 2);
    w->event_scores = sb_arena_take(arena, scores, bytes);
    w->envelope = sb_arena_take(arena, events, sizeof(double));
    w->tallies = sb_arena_take(arena, tallies, sizeof(*w->tallies));
    w->first_hit = sb_arena_take(arena, p->recall_count, sizeof(*w->first_hit));
    w->curves = sb_arena_take(arena, p->area_count, sizeof(*w->curves));
    return 0;
}

/* Counts the thresholds of a word in the differences between neighbours' counts: as a rule they are
 * all those up to some threshold, so this is two steps instead of one per threshold. */
static inline void tally_word(uint32_t *difference, uint32_t bits)
{
    while (bits) {
        const unsigned from = lowest_bit(bits);
        bits += (uint32_t)1 << from; /* carries to the end of the ones, which becomes one */
        difference[from]++;
        difference[bits ? lowest_bit(bits) : 32]--;
        bits &= bits - 1;
    }
}

/* Adds the hits of a record to the tallies of the first limit that lets its rank in. */
static void tally_record(struct sb_class_work *w, const struct sb_coco_params *p,
                         const uint32_t *record, size_t limit)
{
    const size_t words = sb_match_words(p);
    for (size_t a = 0; a < p->area_count; a++, record += 2 * words) {
        uint32_t *const tally = w->tallies + sb_eval_plane(p, a, limit) * tally_size(p);
        for (size_t i = 0; i < words; i++)
            tally_word(tally + i * 32, record[i]);
    }
}

/* Recall of an area range at every limit: the hits of all limits up to it. */
static void write_recall(const struct sb_class_work *w, const struct sb_coco_params *p, size_t area,
                         size_t k, struct sb_coco_eval *eval)
{
    uint32_t hits[SB_EVAL_MAX_IOUS] = {0};
    for (size_t m = 0; m < p->max_det_count; m++) {
        const size_t plane = sb_eval_plane(p, area, m);
        const uint32_t *const tally = w->tallies + plane * tally_size(p);
        double *const recall = eval->recall[plane] + k * p->iou_count;
        uint32_t more = 0;
        for (size_t t = 0; t < p->iou_count; t++) {
            more += tally[t];
            hits[t] += more;
            recall[t] = (double)hits[t] / (double)w->counted[area];
        }
    }
}

/* Recall of every plane. */
static void find_recall(struct sb_class_work *w, const struct sb_coco_params *p, size_t k,
                        struct sb_coco_eval *eval)
{
    const size_t record_words = sb_match_record_words(p);
    memset(w->tallies, 0, p->area_count * p->max_det_count * tally_size(p) * sizeof(*w->tallies));
    for (size_t r = 0; r < w->dt_run_count; r++) {
        const struct sb_image_run *const run = &w->dt_runs[r];
        for (uint32_t i = 0; i < run->count; i++) {
            const size_t slot = run->first + i;
            const int64_t rank = w->slot_ranks ? w->slot_ranks[slot] : i;
            size_t limit = 0; /* slot_ranks need not rise */
            while (rank >= p->max_dets[limit])
                limit++;
            if (w->slot_info[slot] & SB_MATCH_RECORD)
                tally_record(w, p, w->records + slot * record_words, limit);
        }
    }
    for (size_t a = 0; a < p->area_count; a++) {
        if (w->counted[a] > 0)
            write_recall(w, p, a, k, eval);
    }
}

/* Curves of the area ranges whose precision is wanted at limit m. */
static void start_curves(struct sb_class_work *w, const struct sb_coco_eval *eval, size_t m)
{
    const struct sb_coco_params *const p = &eval->params;
    size_t events = 0;
    w->curve_count = 0;
    for (size_t a = 0; a < p->area_count; a++) {
        const size_t plane = sb_eval_plane(p, a, m);
        if (w->counted[a] == 0 || !eval->precision[plane])
            continue; /* stays -1 */
        struct sb_curve *const c = &w->curves[w->curve_count++];
        memset(c, 0, sizeof(*c));
        c->area = a;
        c->stride = (size_t)w->counted[a];
        c->misses = w->event_misses + events * p->iou_count;
        c->score = eval->scores[plane] ? w->event_scores + events * p->iou_count : NULL;
        events += c->stride;
    }
}

/* Some share of the objects is i / 100, which the point i * 0.01 is an ulp above. */
static bool misses_a_point(const struct sb_coco_params *p, int64_t objects)
{
    for (size_t r = 0; r < p->recall_count; r++) {
        const double share = (double)r / 100;
        const int64_t n = (int64_t)rint(share * (double)objects);
        if (p->recall_points[r] > share && (double)n / (double)objects == share)
            return true;
    }
    return false;
}

/* Where the rules for precision touch a class, seen over the first area range. */
static void note_precision(struct sb_class_work *w, const struct sb_coco_params *p,
                           const struct sb_curve *c)
{
    const bool plain_points =
        p->rules[SB_RULE_AP_POINTS] == SB_AP_POINTS_101 && p->recall_count == 101;
    w->notes.count[SB_RULE_AP_POINTS] += plain_points && misses_a_point(p, w->counted[c->area]);
    w->notes.count[SB_RULE_EPS] +=
        c->hits[0] > 0 && c->misses[0] == 0 && (c->hits[0] == 1 || c->misses[1] > 0);
}

static void find_precision(struct sb_class_work *w, const struct sb_coco_params *p, size_t m,
                           size_t k, struct sb_coco_eval *eval)
{
    const double eps = p->rules[SB_RULE_EPS] == SB_EPS_ADD ? EPS : 0;
    struct sampling s = {p, w->first_hit, top_score(w), w->envelope, eps, 0};
    start_curves(w, eval, m);
    if (w->curve_count > 0)
        trace_curves(w, p, (uint32_t)p->max_dets[m]);
    for (size_t c = 0; c < w->curve_count; c++) {
        const struct sb_curve *const curve = &w->curves[c];
        const size_t plane = sb_eval_plane(p, curve->area, m);
        sb_first_hits(p, w->counted[curve->area], w->first_hit);
        s.objects = w->counted[curve->area];
        if (curve->area == 0 && m + 1 == p->max_det_count)
            note_precision(w, p, curve);
        for (size_t i = 0; i < p->iou_count; i++) {
            const size_t cell = (k * p->iou_count + i) * p->recall_count;
            double *const scores = eval->scores[plane];
            sample_curve(curve, i, &s, eval->precision[plane] + cell,
                         scores ? scores + cell : NULL);
        }
    }
}

int sb_class_accumulate(struct sb_class_work *work, size_t k, struct sb_coco_eval *eval,
                        struct sb_error *err)
{
    const struct sb_coco_params *const p = &eval->params;
    if (reserve(work, p, eval->scores[0] != NULL))
        return sb_error_nomem(err, "precision curves", work->gt_count * sizeof(double));
    eval->detections[k] = (int64_t)work->slot_count;
    for (size_t a = 0; a < p->area_count; a++)
        eval->objects[a * eval->classes + k] = work->counted[a];
    find_recall(work, p, k, eval);
    for (size_t i = 0; i < work->slot_count; i++)
        work->by_score[i].info = work->slot_info[work->by_score[i].slot];
    for (size_t m = 0; m < p->max_det_count; m++)
        find_precision(work, p, m, k, eval);
    return 0;
}
