/*
 * What kinds of errors cost: AP as it is, and as it were without them. A repaired world is a list
 * of detections, wrong ones before right ones, as the reference implementation collects them (equal
 * scores rank in that order). See tide.h.
 */
#include "base/mem.h"
#include "eval/match.h"
#include "eval/pair_sort.h"
#include "eval/tide_internal.h"

#include <math.h>

#define TAG    SB_MEM_TAG(SB_MEM_DATA, 0)
#define POINTS 101 /* of recall */

/* Numbers of worlds beside those of kinds, whose errors are fixed. */
enum world { AS_IT_IS = -1, WRONG_LAST = SB_TIDE_KINDS, NOTHING_MISSED };

/* One detection of a world; its class decides the list it is in. */
struct entry {
    uint64_t key; /* of its score */
    int32_t class;
    uint32_t item; /* image and whether it is right, as in struct sb_tide_world */
};

struct measure {
    struct sb_tide *tide;
    const struct sb_image_index *index;
    const struct sb_coco_gt *gt;
    const struct sb_coco_dt *dt;
    const struct sb_coco_params *params;
    struct entry *entries; /* (detections) */
    size_t count;
    size_t *start;              /* (classes + 1) into sorted */
    struct sb_pair *pairs;      /* (2 x detections) by class; values are items */
    double *precision;          /* (detections) */
    int64_t *found;             /* (detections) right ones so far */
    int64_t *objects;           /* (classes) as it is */
    int64_t *missed;            /* (classes) without a detection */
    int64_t *unseen;            /* (classes) of kind Miss, of the sizes below */
    double *class_ap;           /* (classes) of the last world; NaN without objects */
    double *class_base;         /* (classes) as it is */
    size_t size;                /* only errors of this area range are fixed; 0: all */
    struct sb_tide_world *keep; /* where the ranked lists of a world go; NULL: nowhere */
    bool failed;                /* no memory for these */
};

/* Square pixels of what an error is about: the object it lies on, else the detection. */
static double area_of_error(const struct measure *m, uint32_t row)
{
    const uint32_t object = m->tide->pairs.on[row];
    if (object != SB_NO_ROW)
        return m->gt->area[object];
    return m->dt->area ? m->dt->area[row] : m->dt->box[row][2] * m->dt->box[row][3];
}

static bool has_size(const struct measure *m, double area)
{
    return m->size == 0 || sb_areas_inside(m->params, area) >> m->size & 1;
}

/* Adds the detection of a row with another score, class or outcome. */
static void add(struct measure *m, uint32_t row, double score, int32_t class, bool right)
{
    const uint32_t image = (uint32_t)m->dt->image[row] << SB_TIDE_IMAGE_SHIFT;
    m->entries[m->count++] =
        (struct entry){sb_score_key(score), class, image | (right ? SB_TIDE_HIT_BIT : 0)};
}

/* A detection that is not right, in the given world. */
static void add_wrong(struct measure *m, int world, uint32_t row)
{
    const struct sb_tide_pairs *const p = &m->tide->pairs;
    const int32_t own = sb_class_of(m->params, m->dt->category[row]);
    if (p->kind[row] != world || !has_size(m, area_of_error(m, row))) {
        if (!p->spared[row])
            add(m, row, world == WRONG_LAST ? 0 : m->dt->score[row], own, false);
        return;
    }
    const uint32_t object = p->on[row];
    if (object != SB_NO_ROW && p->fixed_by[object] == row)
        add(m, row, m->dt->score[row], sb_class_of(m->params, m->gt->category[object]), true);
}

static void add_detections(struct measure *m, int world, bool right)
{
    const struct sb_image_index *const index = m->index;
    for (size_t i = 0; i < index->images; i++) {
        const uint32_t *const rows = index->dts.order + index->dts.start[i];
        for (size_t d = 0; d < index->dt_count[i]; d++) {
            if ((m->tide->pairs.kind[rows[d]] == SB_TIDE_RIGHT) != right)
                continue;
            if (right)
                add(m, rows[d], world == WRONG_LAST ? 1 : m->dt->score[rows[d]],
                    sb_class_of(m->params, m->dt->category[rows[d]]), true);
            else
                add_wrong(m, world, rows[d]);
        }
    }
}

/* Lists per class, in the order of entries. */
static void deal(struct measure *m)
{
    const size_t classes = m->tide->classes;
    for (size_t k = 0; k <= classes; k++)
        m->start[k] = 0;
    for (size_t i = 0; i < m->count; i++)
        m->start[m->entries[i].class + 1]++;
    for (size_t k = 0; k < classes; k++)
        m->start[k + 1] += m->start[k];
    for (size_t i = m->count; i-- > 0;) { /* from the back: start[k + 1] moves down to its start */
        const struct entry *const e = &m->entries[i];
        m->pairs[--m->start[e->class + 1]] = (struct sb_pair){e->key, e->item};
    }
    for (size_t k = 0; k < classes; k++)
        m->start[k] = m->start[k + 1];
    m->start[classes] = m->count;
}

/* AP of a ranked list. */
static double class_ap(const struct measure *m, const struct sb_pair *ranked, size_t count,
                       int64_t objects)
{
    int64_t right = 0;
    for (size_t i = 0; i < count; i++) {
        right += ranked[i].value & SB_TIDE_HIT_BIT;
        m->found[i] = right;
        m->precision[i] = (double)right / (double)(i + 1);
    }
    for (size_t i = count; i-- > 1;)
        m->precision[i - 1] = fmax(m->precision[i - 1], m->precision[i]);
    double sum = 0;
    size_t at = 0;
    for (int r = 0; r < POINTS; r++) {
        while (at < count && (double)m->found[at] / (double)objects < r / 100.0)
            at++;
        sum += at < count ? m->precision[at] : 0;
    }
    return sum / POINTS;
}

static int64_t objects_in(const struct measure *m, int world, size_t k)
{
    if (world == SB_TIDE_MISS)
        return m->objects[k] - m->unseen[k];
    return m->objects[k] - (world == NOTHING_MISSED ? m->missed[k] : 0);
}

static void start_list(struct measure *m)
{
    const size_t starts = m->tide->classes + 1;
    m->keep->start = sb_malloc(starts * sizeof(*m->keep->start), TAG);
    m->keep->items = sb_malloc((m->count + 1) * sizeof(*m->keep->items), TAG);
    m->failed = m->failed || !m->keep->start || !m->keep->items;
    for (size_t k = 0; !m->failed && k < starts; k++)
        m->keep->start[k] = m->start[k];
}

static void keep_list(const struct measure *m, int world, const struct sb_pair *ranked, size_t k)
{
    const size_t from = m->start[k], count = m->start[k + 1] - from;
    for (size_t i = 0; i < count; i++) {
        const bool tied =
            world == AS_IT_IS && i > 0 && ranked[i].key == ranked[i - 1].key &&
            ranked[i].value >> SB_TIDE_IMAGE_SHIFT == ranked[i - 1].value >> SB_TIDE_IMAGE_SHIFT;
        m->keep->items[from + i] = ranked[i].value | (tied ? SB_TIDE_TIED : 0);
    }
}

static double world_ap(struct measure *m, int world)
{
    m->count = 0;
    if (world == AS_IT_IS) { /* one list in order of images: right and wrong ones mixed */
        for (size_t i = 0; i < m->index->images; i++) {
            const uint32_t *const rows = m->index->dts.order + m->index->dts.start[i];
            for (size_t d = 0; d < m->index->dt_count[i]; d++) {
                const bool right = m->tide->pairs.kind[rows[d]] == SB_TIDE_RIGHT;
                if (right || !m->tide->pairs.spared[rows[d]])
                    add(m, rows[d], m->dt->score[rows[d]],
                        sb_class_of(m->params, m->dt->category[rows[d]]), right);
            }
        }
    } else {
        add_detections(m, world, false);
        add_detections(m, world, true);
    }
    deal(m);
    if (m->keep)
        start_list(m);
    double sum = 0;
    size_t classes = 0;
    for (size_t k = 0; k < m->tide->classes; k++) {
        const size_t count = m->start[k + 1] - m->start[k];
        const int64_t objects = objects_in(m, world, k);
        classes += count > 0 || objects > 0;
        m->class_ap[k] = NAN;
        const struct sb_pair *const ranked =
            sb_pair_sort(m->pairs + m->start[k], m->pairs + m->dt->count, count);
        if (m->keep && !m->failed)
            keep_list(m, world, ranked, k);
        if (objects == 0)
            continue;
        m->class_ap[k] = class_ap(m, ranked, count, objects);
        sum += m->class_ap[k];
    }
    return classes ? sum / (double)classes : NAN;
}

static void count_objects(struct measure *m)
{
    for (size_t i = 0; i < m->gt->count; i++) {
        if (m->gt->image[i] < 0 || m->gt->category[i] < 0 || (m->gt->flags[i] & SB_ANN_IGNORE))
            continue;
        const int32_t k = sb_class_of(m->params, m->gt->category[i]);
        m->objects[k]++;
        m->missed[k] += m->tide->pairs.by[i] == SB_NO_ROW;
    }
}

/* Objects of kind Miss, of the size that is fixed. */
static void count_unseen(struct measure *m)
{
    for (size_t k = 0; k < m->tide->classes; k++)
        m->unseen[k] = 0;
    for (size_t i = 0; i < m->gt->count; i++) {
        if (sb_tide_is_miss(m->tide, m->gt, i) && has_size(m, m->gt->area[i]))
            m->unseen[sb_class_of(m->params, m->gt->category[i])]++;
    }
}

/* AP gained in a world where errors of a kind are fixed; a loss comes from sampling recall. */
static double gain_of(struct measure *m, int kind)
{
    const double gain = world_ap(m, kind) - m->tide->ap;
    return gain < 0 ? 0 : gain;
}

/* Errors of the size at `area`, by kind. */
static void count_sizes(struct measure *m, size_t area)
{
    int64_t *const counts = m->tide->size_counts[area];
    for (size_t i = 0; i < m->dt->count; i++) {
        const int kind = m->tide->pairs.kind[i];
        if (kind < SB_TIDE_KINDS && has_size(m, area_of_error(m, (uint32_t)i)))
            counts[kind]++;
    }
    for (size_t k = 0; k < m->tide->classes; k++)
        counts[SB_TIDE_MISS] += m->unseen[k];
}

static void fill(struct measure *m, struct sb_tide_world worlds[SB_TIDE_WORLDS])
{
    struct sb_tide *const t = m->tide;
    count_unseen(m);
    m->keep = &worlds[SB_TIDE_AS_IT_IS];
    t->ap = world_ap(m, AS_IT_IS);
    for (size_t k = 0; k < t->classes; k++)
        m->class_base[k] = m->class_ap[k];
    for (int kind = 0; kind < SB_TIDE_KINDS; kind++) {
        m->keep = &worlds[SB_TIDE_FIXED + kind];
        t->delta_ap[kind] = gain_of(m, kind);
        for (size_t k = 0; k < t->classes; k++)
            t->class_delta_ap[k][kind] = m->class_ap[k] - m->class_base[k];
    }
    m->keep = &worlds[SB_TIDE_WRONG_LAST];
    t->delta_false_positive = world_ap(m, WRONG_LAST) - t->ap;
    m->keep = &worlds[SB_TIDE_NOTHING_MISSED];
    t->delta_false_negative = world_ap(m, NOTHING_MISSED) - t->ap;
    m->keep = NULL;
    for (size_t a = 1; a < m->params->area_count; a++) {
        m->size = a;
        count_unseen(m);
        count_sizes(m, a);
        for (int kind = 0; kind < SB_TIDE_KINDS; kind++)
            t->size_delta_ap[a][kind] = gain_of(m, kind);
    }
}

int sb_tide_measure(struct sb_tide *tide, const struct sb_image_index *index,
                    const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                    const struct sb_coco_params *params,
                    struct sb_tide_world worlds[SB_TIDE_WORLDS], struct sb_error *err)
{
    struct measure m = {.tide = tide, .index = index, .gt = gt, .dt = dt, .params = params};
    m.entries = sb_calloc(dt->count, sizeof(*m.entries), TAG);
    m.start = sb_calloc(tide->classes + 1, sizeof(*m.start), TAG);
    m.pairs = sb_calloc(dt->count, 2 * sizeof(*m.pairs), TAG);
    m.precision = sb_calloc(dt->count, sizeof(*m.precision), TAG);
    m.found = sb_calloc(dt->count, sizeof(*m.found), TAG);
    m.objects = sb_calloc(tide->classes, sizeof(*m.objects), TAG);
    m.missed = sb_calloc(tide->classes, sizeof(*m.missed), TAG);
    m.unseen = sb_calloc(tide->classes, sizeof(*m.unseen), TAG);
    m.class_ap = sb_calloc(tide->classes, sizeof(*m.class_ap), TAG);
    m.class_base = sb_calloc(tide->classes, sizeof(*m.class_base), TAG);
    bool ok = m.entries && m.start && m.pairs && m.precision && m.found && m.objects && m.missed &&
              m.unseen && m.class_ap && m.class_base;
    if (ok) {
        count_objects(&m);
        fill(&m, worlds);
        ok = !m.failed;
    }
    sb_free(m.entries);
    sb_free(m.start);
    sb_free(m.pairs);
    sb_free(m.precision);
    sb_free(m.found);
    sb_free(m.objects);
    sb_free(m.missed);
    sb_free(m.unseen);
    sb_free(m.class_ap);
    sb_free(m.class_base);
    return ok ? 0 : sb_error_nomem(err, "the costs of errors", dt->count);
}
