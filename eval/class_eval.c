/*
 * One class: order by image and score, and matching. The class's rows lie scattered over the
 * columns of the data set, so each column is gathered once, asking for memory some rows ahead.
 * Accumulation is in accumulate.c. See class_eval.h.
 */
#include "eval/class_eval.h"

#include "base/mem.h"
#include "base/size.h"

#include <string.h>

#define AHEAD 16 /* rows asked for in advance */

/* Asks for column[rows[i + AHEAD]]. */
#define PREFETCH(column, rows, i, count)                                                           \
    do {                                                                                           \
        if ((i) + AHEAD < (count))                                                                 \
            __builtin_prefetch(&(column)[(rows)[(i) + AHEAD]]);                                    \
    } while (0)

void sb_class_work_release(struct sb_class_work *w)
{
    sb_arena_release(&w->arena);
    sb_arena_release(&w->step_arena);
    sb_arena_release(&w->curve_arena);
    sb_sim_scratch_release(&w->similarity);
    sb_match_scratch_release(&w->match);
    sb_free(w->stand_ins);
    memset(w, 0, sizeof(*w));
}

struct piece {
    size_t count, size;
};

/* Bytes of an arena with room for all pieces; SIZE_MAX when that is no size. */
static size_t bytes_of(const struct piece *pieces, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!sb_add_size(total, sb_arena_bytes(pieces[i].count, pieces[i].size), &total))
            return SIZE_MAX;
    }
    return total;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

#define BYTES_OF(pieces) bytes_of(pieces, sizeof(pieces) / sizeof((pieces)[0]))

static bool limits_images(const struct sb_coco_params *params)
{
    return params->rules[SB_RULE_SCOPE] == SB_SCOPE_IMAGE;
}

/* Memory for a class of `objects` and `detections`; the pieces are taken below. */
static int reserve(struct sb_class_work *w, const struct sb_coco_params *p, size_t objects,
                   size_t detections)
{
    const struct piece lasting[] = {
        {objects, sizeof(*w->gt_rows)},
        {objects, sizeof(*w->gt_flags)},
        {objects, sizeof(*w->gt_ignored)},
        {objects, sizeof(*w->gt_corners)},
        {objects, sizeof(*w->gt_runs)},
        {detections, sizeof(*w->slot_rows)},
        {detections, sizeof(*w->slot_scores)},
        {detections, sizeof(*w->slot_info)},
        {detections, sizeof(*w->dt_runs)},
        {detections, sizeof(*w->by_score)},
        {limits_images(p) ? detections : 0, sizeof(*w->slot_ranks)},
    };
    const struct piece sorting[] = {
        {larger(objects, detections), sizeof(struct sb_pair)},
        {larger(objects, detections), sizeof(struct sb_pair)},
        {detections, sizeof(double)},
        {detections, sizeof(uint32_t)},
        {detections, sizeof(uint32_t)},
    };
    const struct piece matching[] = {
        {detections, sizeof(*w->slot_boxes)},
        {detections, sb_match_record_words(p) * sizeof(uint32_t)},
    };
    const size_t step = larger(BYTES_OF(sorting), BYTES_OF(matching));
    const int rc = sb_arena_reset(&w->arena, BYTES_OF(lasting));
    return rc ? rc : sb_arena_reset(&w->step_arena, step);
}

/* Pairs (image, position in rows), stably sorted by image; they and the spare ones lie in `arena`,
 * which is emptied for them. */
static struct sb_pair *order_by_image(struct sb_arena *arena, const int32_t *image,
                                      const uint32_t *rows, size_t count, struct sb_pair **spare)
{
    sb_arena_empty(arena);
    struct sb_pair *const pairs = sb_arena_take(arena, count, sizeof(*pairs));
    *spare = sb_arena_take(arena, count, sizeof(*pairs));
    bool sorted = true;
    for (size_t i = 0; i < count; i++) {
        PREFETCH(image, rows, i, count);
        pairs[i].key = (uint64_t)image[rows[i]];
        pairs[i].value = (uint32_t)i;
        sorted = sorted && (i == 0 || pairs[i - 1].key <= pairs[i].key);
    }
    struct sb_pair *const result = sorted ? pairs : sb_pair_sort(pairs, *spare, count);
    if (result != pairs)
        *spare = pairs;
    return result;
}

/* Starts a new run where the image changes; returns the runs so far. */
static size_t add_to_run(struct sb_image_run *runs, size_t count, uint64_t image, size_t position)
{
    if (count == 0 || runs[count - 1].image != (int32_t)image) {
        const struct sb_image_run run = {(int32_t)image, (uint32_t)position, 0};
        runs[count++] = run;
    }
    runs[count - 1].count++;
    return count;
}

/* Which area ranges ignore each object, and how many objects each range counts. */
static void judge_objects(struct sb_class_work *w, const struct sb_similarity *sim)
{
    const size_t areas = sim->params->area_count;
    const uint32_t all = (uint32_t)(((uint64_t)1 << areas) - 1);
    memset(w->counted, 0, sizeof(w->counted));
    for (size_t i = 0; i < w->gt_count; i++) {
        const uint32_t row = w->gt_rows[i];
        PREFETCH(sim->gt->flags, w->gt_rows, i, w->gt_count);
        PREFETCH(sim->gt->area, w->gt_rows, i, w->gt_count);
        const uint8_t flags = sim->gt->flags[row];
        const uint32_t inside = sb_areas_inside(sim->params, sim->gt->area[row]);
        if (!(flags & SB_ANN_IGNORE))
            w->notes.count[SB_RULE_AREA_BOUNDS] +=
                sb_is_shared_bound(&sim->rules, sim->gt->area[row]);
        w->gt_flags[i] = flags;
        w->gt_ignored[i] = flags & SB_ANN_IGNORE ? all : all & ~inside;
        for (size_t a = 0; a < areas; a++)
            w->counted[a] += !(w->gt_ignored[i] >> a & 1);
    }
}

/* Boxes of the objects; notes where the box of one that counts is in another range than its area.
 */
static void gather_object_boxes(struct sb_class_work *w, const struct sb_similarity *sim)
{
    const bool area_of_file = sim->params->rules[SB_RULE_GT_AREA] == SB_GT_AREA_FILE;
    const uint32_t all = (uint32_t)(((uint64_t)1 << sim->params->area_count) - 1);
    for (size_t i = 0; i < w->gt_count; i++) {
        PREFETCH(sim->gt->box, w->gt_rows, i, w->gt_count);
        w->gt_corners[i] = sb_corners(sim->gt->box[w->gt_rows[i]]);
        if (area_of_file && !(w->gt_flags[i] & SB_ANN_IGNORE))
            w->notes.count[SB_RULE_GT_AREA] +=
                sb_areas_inside(sim->params, w->gt_corners[i].area) != (all & ~w->gt_ignored[i]);
    }
}

static void prepare_objects(struct sb_class_work *w, const struct sb_similarity *sim,
                            const uint32_t *rows, size_t count)
{
    struct sb_pair *spare;
    const struct sb_pair *const sorted =
        order_by_image(&w->step_arena, sim->gt->image, rows, count, &spare);
    w->gt_count = count;
    w->gt_rows = sb_arena_take(&w->arena, count, sizeof(*w->gt_rows));
    w->gt_flags = sb_arena_take(&w->arena, count, sizeof(*w->gt_flags));
    w->gt_ignored = sb_arena_take(&w->arena, count, sizeof(*w->gt_ignored));
    w->gt_corners = sb_arena_take(&w->arena, count, sizeof(*w->gt_corners));
    w->gt_runs = sb_arena_take(&w->arena, count, sizeof(*w->gt_runs));
    w->gt_run_count = 0;
    for (size_t i = 0; i < count; i++) {
        w->gt_rows[i] = rows[sorted[i].value];
        w->gt_run_count = add_to_run(w->gt_runs, w->gt_run_count, sorted[i].key, i);
    }
    judge_objects(w, sim);
    if (sim->params->iou_type == SB_IOU_BBOX)
        gather_object_boxes(w, sim);
}

/* Detections in order of image: what they are and which run they belong to. */
struct by_image {
    double *score;      /* per position in the class's rows */
    uint32_t *position; /* by image -> position in rows */
    uint32_t *run;      /* by image -> index of the run */
};

/* Cuts the runs to the limit and numbers their slots; returns how many there are. */
static size_t number_slots(struct sb_class_work *w, uint32_t limit)
{
    size_t slots = 0;
    for (size_t r = 0; r < w->dt_run_count; r++) {
        struct sb_image_run *const run = &w->dt_runs[r];
        run->first = (uint32_t)slots;
        run->count = run->count < limit ? run->count : limit;
        slots += run->count;
    }
    return slots;
}

/*
 * One stable sort by score of the detections in order of image gives both orders at once: ties stay
 * in order of image and file, as accumulation wants them, and dealing the sorted detections out to
 * their images leaves each image's in order of score, ties in file order, as matching wants them.
 */
static void deal_slots(struct sb_class_work *w, const struct sb_pair *by_score,
                       const struct by_image *b, const uint32_t *rows, size_t count,
                       const uint32_t *dt_rank)
{
    uint32_t *const used = w->slot_info; /* slots given out per run; runs are not more than rows */
    memset(used, 0, w->dt_run_count * sizeof(*used));
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t run = b->run[by_score[i].value];
        const uint32_t position = b->position[by_score[i].value];
        if (used[run] == w->dt_runs[run].count)
            continue;
        struct sb_ranked *const ranked = &w->by_score[n++];
        ranked->slot = w->dt_runs[run].first + used[run];
        ranked->rank = dt_rank ? dt_rank[rows[position]] : used[run];
        used[run]++;
        if (w->slot_ranks)
            w->slot_ranks[ranked->slot] = ranked->rank;
        w->slot_rows[ranked->slot] = rows[position];
        w->slot_scores[ranked->slot] = b->score[position];
    }
    w->slot_count = n;
}

static void prepare_detections(struct sb_class_work *w, const struct sb_similarity *sim,
                               const uint32_t *rows, size_t count)
{
    const struct sb_coco_params *const p = sim->params;
    struct sb_arena *const arena = &w->arena, *const step = &w->step_arena;
    struct sb_pair *spare;
    struct sb_pair *pairs = order_by_image(step, sim->dt->image, rows, count, &spare);
    const struct by_image b = {sb_arena_take(step, count, sizeof(*b.score)),
                               sb_arena_take(step, count, sizeof(*b.position)),
                               sb_arena_take(step, count, sizeof(*b.run))};
    w->slot_rows = sb_arena_take(arena, count, sizeof(*w->slot_rows));
    w->slot_scores = sb_arena_take(arena, count, sizeof(*w->slot_scores));
    w->slot_info = sb_arena_take(arena, count, sizeof(*w->slot_info));
    uint32_t *const ranks = sb_arena_take(arena, limits_images(p) ? count : 0, sizeof(*ranks));
    w->slot_ranks = sim->rows->dt_rank ? ranks : NULL;
    w->dt_runs = sb_arena_take(arena, count, sizeof(*w->dt_runs));
    w->by_score = sb_arena_take(arena, count, sizeof(*w->by_score));
    for (size_t i = 0; i < count; i++) {
        PREFETCH(sim->dt->score, rows, i, count);
        b.score[i] = sim->dt->score[rows[i]];
    }
    w->dt_run_count = 0;
    for (size_t i = 0; i < count; i++) {
        w->dt_run_count = add_to_run(w->dt_runs, w->dt_run_count, pairs[i].key, i);
        b.position[i] = pairs[i].value;
        b.run[i] = (uint32_t)w->dt_run_count - 1;
        pairs[i].key = sb_score_key(b.score[pairs[i].value]);
        pairs[i].value = (uint32_t)i;
    }
    /* a limit per image has been kept already */
    number_slots(w, w->slot_ranks ? UINT32_MAX : (uint32_t)p->max_dets[p->max_det_count - 1]);
    pairs = sb_pair_sort(pairs, spare, count);
    deal_slots(w, pairs, &b, rows, count, sim->rows->dt_rank);
    w->notes.count[SB_RULE_SCOPE] += (int64_t)(count - w->slot_count);
    sb_arena_empty(step); /* what was sorted is not needed any more */
    w->slot_boxes = sb_arena_take(step, count, sizeof(*w->slot_boxes));
    w->records = sb_arena_take(step, count, sb_match_record_words(p) * sizeof(uint32_t));
}

int sb_class_prepare(struct sb_class_work *work, const struct sb_similarity *sim,
                     const uint32_t *gt_rows, size_t gt_count, const uint32_t *dt_rows,
                     size_t dt_count, struct sb_error *err)
{
    if (reserve(work, sim->params, gt_count, dt_count))
        return sb_error_nomem(err, "a class", (gt_count + dt_count) * 64);
    prepare_objects(work, sim, gt_rows, gt_count);
    prepare_detections(work, sim, dt_rows, dt_count);
    return 0;
}

/* Boxes and area bits of the slots [from, to). */
static void gather_slots(struct sb_class_work *w, const struct sb_similarity *sim, size_t from,
                         size_t to)
{
    const struct sb_coco_dt *const dt = sim->dt;
    const bool boxes = sim->params->iou_type == SB_IOU_BBOX;
    const struct sb_category_sets *const open_sets = &sim->gt->not_exhaustive;
    for (size_t i = from; i < to; i++) {
        const uint32_t row = w->slot_rows[i];
        PREFETCH(dt->box, w->slot_rows, i, to);
        if (dt->area)
            PREFETCH(dt->area, w->slot_rows, i, to);
        if (boxes)
            memcpy(w->slot_boxes[i], dt->box[row], sizeof(w->slot_boxes[i]));
        const double area = dt->area ? dt->area[row] : dt->box[row][2] * dt->box[row][3];
        /* misses on categories that were not annotated to the end are ignored as those of another
         * size are */
        const bool open =
            open_sets->start &&
            sb_category_sets_has(open_sets, (size_t)dt->image[row], dt->category[row]);
        w->slot_info[i] = open ? 0 : sb_areas_inside(sim->params, area);
    }
}

/* The first run of objects of this image or a later one. */
static size_t lower_run(const struct sb_class_work *w, int32_t image)
{
    size_t lo = 0, hi = w->gt_run_count;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (w->gt_runs[mid].image < image)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The run of the objects of an image, searched from *at on; NULL if there is none. */
static const struct sb_image_run *find_run(const struct sb_class_work *w, int32_t image, size_t *at)
{
    while (*at < w->gt_run_count && w->gt_runs[*at].image < image)
        ++*at;
    return *at < w->gt_run_count && w->gt_runs[*at].image == image ? &w->gt_runs[*at] : NULL;
}

/* dt_rows are the rows to compare: those of the run's slots, as a rule. */
static int match_run(struct sb_class_work *w, struct sb_class_work *own,
                     const struct sb_similarity *sim, const struct sb_image_run *dts,
                     const struct sb_image_run *gts, const uint32_t *dt_rows, struct sb_error *err)
{
    const struct sb_sim_group group = {dts->image,
                                       dts->count,
                                       gts->count,
                                       dt_rows,
                                       w->gt_rows + gts->first,
                                       w->gt_flags + gts->first,
                                       (const double(*)[4])w->slot_boxes + dts->first,
                                       w->gt_corners + gts->first};
    int rc = sb_similarity_fill(sim, &group, &own->similarity, err);
    if (rc)
        return rc;
    const struct sb_match_group match = {dts->count, gts->count, w->gt_flags + gts->first,
                                         w->gt_ignored + gts->first};
    return sb_match_group(&sim->rules, &match, own->similarity.values, w->slot_info + dts->first,
                          w->records + dts->first * sb_match_record_words(sim->params), &own->match,
                          err);
}

/* The `count` best detections of an image and category into rows, ties in file order; returns how
 * many there are. */
static size_t best_of_category(const struct sb_coco_dt *dt, int32_t image, int32_t category,
                               size_t count, uint32_t *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < dt->count; i++) {
        if (dt->image[i] != image || dt->category[i] != category)
            continue;
        const uint64_t key = sb_score_key(dt->score[i]);
        size_t at = n < count ? n++ : n;
        for (; at > 0 && sb_score_key(dt->score[rows[at - 1]]) > key; at--) {
            if (at < count)
                rows[at] = rows[at - 1];
        }
        if (at < count)
            rows[at] = (uint32_t)i;
    }
    return n;
}

/*
 * Without categories pycocotools calls the one class that is left -1 and looks for keypoints of
 * that category, so everything is a miss. Except where a data set has a category of that name: it
 * takes the similarities of that category's best detections for those of the best of all. Where
 * they are too few, or not all objects are of that category, it fails; here all are misses then.
 */
#define ALL_CATEGORIES (-1)

static int match_nameless(struct sb_class_work *w, struct sb_class_work *own,
                          const struct sb_similarity *sim, const struct sb_image_run *dts,
                          const struct sb_image_run *gts, struct sb_error *err)
{
    const int32_t category = sb_id_map_find(&sim->gt->categories, ALL_CATEGORIES);
    for (uint32_t i = 0; i < gts->count; i++) {
        if (category < 0 || sim->gt->category[w->gt_rows[gts->first + i]] != category)
            return 0;
    }
    if (sb_grow(&own->stand_ins, &own->stand_in_capacity, dts->count, sizeof(*own->stand_ins),
                SB_MEM_TAG(SB_MEM_DATA, 0)))
        return sb_error_nomem(err, "rows of an image", dts->count * sizeof(*own->stand_ins));
    if (best_of_category(sim->dt, dts->image, category, dts->count, own->stand_ins) < dts->count)
        return 0;
    return match_run(w, own, sim, dts, gts, own->stand_ins, err);
}

int sb_class_match(struct sb_class_work *work, struct sb_class_work *own,
                   const struct sb_similarity *sim, size_t from, size_t to, struct sb_error *err)
{
    const bool nameless = sb_compares_keypoints(sim->params) && !sim->params->use_cats &&
                          sim->params->rules[SB_RULE_NO_CATS_OKS] == SB_NO_CATS_OKS_NONE;
    if (from == to)
        return 0;
    const struct sb_image_run *const last = &work->dt_runs[to - 1];
    gather_slots(work, sim, work->dt_runs[from].first, last->first + last->count);
    size_t at = lower_run(work, work->dt_runs[from].image);
    int rc = 0;
    if (nameless)
        own->notes.count[SB_RULE_NO_CATS_OKS] +=
            last->first + last->count - work->dt_runs[from].first;
    for (size_t r = from; r < to && rc == 0; r++) {
        const struct sb_image_run *const dts = &work->dt_runs[r];
        const struct sb_image_run *const gts = find_run(work, dts->image, &at);
        if (gts && nameless)
            rc = match_nameless(work, own, sim, dts, gts, err);
        else if (gts)
            rc = match_run(work, own, sim, dts, gts, work->slot_rows + dts->first, err);
    }
    return rc;
}
