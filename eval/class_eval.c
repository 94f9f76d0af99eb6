/* One class: order by image and score, and matching. Accumulation is in accumulate.c. See
 * class_eval.h. */
#include "eval/class_eval.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_class_work_release(struct sb_class_work *w)
{
    void *const owned[] = {w->gt_pairs,        w->gt_spare,    w->gt_rows,     w->gt_flags,
                           w->gt_ignored,      w->gt_runs,     w->dt_pairs,    w->dt_spare,
                           w->dt_runs,         w->dt_run_of,   w->dt_by_image, w->slot_rows,
                           w->slot_info,       w->records,     w->by_score,    w->first_hit,
                           w->event_precision, w->event_score, w->tallies,     w->curves};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        sb_free(owned[i]);
    sb_sim_scratch_release(&w->similarity);
    sb_match_scratch_release(&w->match);
    memset(w, 0, sizeof(*w));
}

/* Fills pairs (image, row), stably sorted by image; the result is pairs or spare. */
static struct sb_pair *order_by_image(const int32_t *image, const uint32_t *rows, size_t count,
                                      struct sb_pair *pairs, struct sb_pair *spare)
{
    bool sorted = true;
    for (size_t i = 0; i < count; i++) {
        pairs[i].key = (uint64_t)image[rows[i]];
        pairs[i].value = rows[i];
        sorted = sorted && (i == 0 || pairs[i - 1].key <= pairs[i].key);
    }
    return sorted ? pairs : sb_pair_sort(pairs, spare, count);
}

static int reserve_objects(struct sb_class_work *w, size_t n)
{
    return sb_grow(&w->gt_pairs, &w->gt_capacity, n, sizeof(struct sb_pair), TAG) ||
           sb_grow(&w->gt_spare, &w->gt_spare_capacity, n, sizeof(struct sb_pair), TAG) ||
           sb_grow(&w->gt_rows, &w->gt_rows_capacity, n, sizeof(uint32_t), TAG) ||
           sb_grow(&w->gt_flags, &w->gt_flags_capacity, n, sizeof(uint8_t), TAG) ||
           sb_grow(&w->gt_ignored, &w->gt_ignored_capacity, n, sizeof(uint32_t), TAG) ||
           sb_grow(&w->gt_runs, &w->gt_runs_capacity, n, sizeof(struct sb_image_run), TAG);
}

/* Rows, flags and runs of the objects; counts those that no area range ignores. */
static int prepare_objects(struct sb_class_work *w, const struct sb_similarity *sim,
                           const uint32_t *rows, size_t count, struct sb_error *err)
{
    const size_t areas = sim->params->area_count;
    const uint32_t all = (uint32_t)(((uint64_t)1 << areas) - 1);
    if (reserve_objects(w, count + 1)) /* room even for none: no NULL arrays */
        return sb_error_nomem(err, "the objects of a class", count * 64);
    w->gt_count = count;
    w->gt_run_count = 0;
    memset(w->counted, 0, sizeof(w->counted));
    const struct sb_pair *const sorted =
        order_by_image(sim->gt->image, rows, count, w->gt_pairs, w->gt_spare);
    for (size_t i = 0; i < count; i++) {
        const uint32_t row = sorted[i].value;
        const uint8_t flags = sim->gt->flags[row];
        const uint32_t inside = sb_areas_inside(sim->params, sim->gt->area[row]);
        const uint32_t ignored = flags & SB_ANN_IGNORE ? all : all & ~inside;
        w->gt_rows[i] = row;
        w->gt_flags[i] = flags;
        w->gt_ignored[i] = ignored;
        for (size_t a = 0; a < areas; a++)
            w->counted[a] += !(ignored >> a & 1);
        if (i == 0 || sorted[i - 1].key != sorted[i].key) {
            const struct sb_image_run run = {(int32_t)sorted[i].key, (uint32_t)i, 0};
            w->gt_runs[w->gt_run_count++] = run;
        }
        w->gt_runs[w->gt_run_count - 1].count++;
    }
    return 0;
}

static int reserve_detections(struct sb_class_work *w, size_t n, size_t record_words)
{
    return sb_grow(&w->dt_pairs, &w->dt_capacity, n, sizeof(struct sb_pair), TAG) ||
           sb_grow(&w->dt_spare, &w->dt_spare_capacity, n, sizeof(struct sb_pair), TAG) ||
           sb_grow(&w->dt_runs, &w->dt_runs_capacity, n, sizeof(struct sb_image_run), TAG) ||
           sb_grow(&w->dt_run_of, &w->dt_run_of_capacity, n, sizeof(uint32_t), TAG) ||
           sb_grow(&w->dt_by_image, &w->dt_by_image_capacity, n, sizeof(uint32_t), TAG) ||
           sb_grow(&w->slot_rows, &w->slot_rows_capacity, n, sizeof(uint32_t), TAG) ||
           sb_grow(&w->slot_info, &w->slot_info_capacity, n, sizeof(uint32_t), TAG) ||
           sb_grow(&w->by_score, &w->by_score_capacity, n, sizeof(*w->by_score), TAG) ||
           sb_grow(&w->records, &w->records_capacity, n, record_words * sizeof(uint32_t), TAG);
}

/* Runs of detections per image, cut to the limit; returns the number of slots. */
static size_t make_runs(struct sb_class_work *w, const struct sb_pair *by_image, size_t count,
                        uint32_t limit)
{
    size_t slots = 0;
    w->dt_run_count = 0;
    for (size_t i = 0; i < count;) {
        size_t end = i;
        for (; end < count && by_image[end].key == by_image[i].key; end++) {
            w->dt_by_image[end] = by_image[end].value;
            w->dt_run_of[end] = (uint32_t)w->dt_run_count;
        }
        const uint32_t kept = end - i < limit ? (uint32_t)(end - i) : limit;
        const struct sb_image_run run = {(int32_t)by_image[i].key, (uint32_t)slots, kept};
        w->dt_runs[w->dt_run_count++] = run;
        slots += kept;
        i = end;
    }
    return slots;
}

/*
 * One stable sort by score of the detections in order of image gives both orders at once: ties stay
 * in order of image and file, as accumulation wants them, and dealing the sorted detections out to
 * their images leaves each image's in order of score, ties in file order, as matching wants them.
 */
static int prepare_detections(struct sb_class_work *w, const struct sb_similarity *sim,
                              const uint32_t *rows, size_t count, struct sb_error *err)
{
    const struct sb_coco_params *const p = sim->params;
    const uint32_t limit = (uint32_t)p->max_dets[p->max_det_count - 1];
    if (reserve_detections(w, count + 1, sb_match_record_words(p)))
        return sb_error_nomem(err, "the detections of a class", count * 64);
    const struct sb_pair *const by_image =
        order_by_image(sim->dt->image, rows, count, w->dt_pairs, w->dt_spare);
    const size_t slots = make_runs(w, by_image, count, limit);
    for (size_t i = 0; i < count; i++) {
        w->dt_pairs[i].key = sb_score_key(sim->dt->score[w->dt_by_image[i]]);
        w->dt_pairs[i].value = (uint32_t)i;
    }
    const struct sb_pair *const by_score = sb_pair_sort(w->dt_pairs, w->dt_spare, count);
    uint32_t *const used = w->slot_info; /* slots given out per run; runs are not more than rows */
    memset(used, 0, w->dt_run_count * sizeof(*used));
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t position = by_score[i].value;
        const uint32_t run = w->dt_run_of[position];
        if (used[run] == w->dt_runs[run].count)
            continue;
        struct sb_ranked *const ranked = &w->by_score[n++];
        ranked->rank = used[run]++;
        ranked->slot = w->dt_runs[run].first + ranked->rank;
        w->slot_rows[ranked->slot] = w->dt_by_image[position];
    }
    w->slot_count = slots;
    return 0;
}

int sb_class_prepare(struct sb_class_work *work, const struct sb_similarity *sim,
                     const uint32_t *gt_rows, size_t gt_count, const uint32_t *dt_rows,
                     size_t dt_count, struct sb_error *err)
{
    const int rc = prepare_objects(work, sim, gt_rows, gt_count, err);
    return rc ? rc : prepare_detections(work, sim, dt_rows, dt_count, err);
}

static double area_of(const struct sb_coco_dt *dt, uint32_t row)
{
    return dt->area ? dt->area[row] : dt->box[row][2] * dt->box[row][3];
}

/* The run of the objects of an image, searched from *at on; NULL if there is none. */
static const struct sb_image_run *find_run(const struct sb_class_work *w, int32_t image, size_t *at)
{
    while (*at < w->gt_run_count && w->gt_runs[*at].image < image)
        ++*at;
    return *at < w->gt_run_count && w->gt_runs[*at].image == image ? &w->gt_runs[*at] : NULL;
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

static int match_run(struct sb_class_work *w, struct sb_class_work *own,
                     const struct sb_similarity *sim, const struct sb_image_run *dts,
                     const struct sb_image_run *gts, struct sb_error *err)
{
    const struct sb_sim_group group = {dts->image, w->slot_rows + dts->first,
                                       w->gt_rows + gts->first, dts->count, gts->count};
    int rc = sb_similarity_fill(sim, &group, &own->similarity, err);
    if (rc)
        return rc;
    const struct sb_match_group match = {dts->count, gts->count, w->gt_flags + gts->first,
                                         w->gt_ignored + gts->first};
    return sb_match_group(sim->params, &match, own->similarity.values, w->slot_info + dts->first,
                          w->records + dts->first * sb_match_record_words(sim->params), &own->match,
                          err);
}

int sb_class_match(struct sb_class_work *work, struct sb_class_work *own,
                   const struct sb_similarity *sim, size_t from, size_t to, struct sb_error *err)
{
    /* pycocotools compares keypoints per category only: without categories all are misses */
    const bool nothing_matches =
        sim->params->iou_type == SB_IOU_KEYPOINTS && !sim->params->use_cats;
    size_t at = from < to ? lower_run(work, work->dt_runs[from].image) : 0;
    for (size_t r = from; r < to; r++) {
        const struct sb_image_run *const dts = &work->dt_runs[r];
        for (uint32_t i = dts->first; i < dts->first + dts->count; i++)
            work->slot_info[i] = sb_areas_inside(sim->params, area_of(sim->dt, work->slot_rows[i]));
        const struct sb_image_run *const gts =
            nothing_matches ? NULL : find_run(work, dts->image, &at);
        const int rc = gts ? match_run(work, own, sim, dts, gts, err) : 0;
        if (rc)
            return rc;
    }
    return 0;
}
