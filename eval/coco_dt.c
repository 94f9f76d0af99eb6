/* Reader of COCO results. See coco_dt.h. */
#include "eval/coco_dt.h"

#include "base/json_array.h"
#include "base/mem.h"
#include "eval/coco_mask.h"
#include "eval/coco_rows.h"
#include "eval/keypoint_extent.h"
#include "eval/mask_areas.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_NAMED 10 /* unknown image ids in the message */

struct dt_row {
    double box[4], score, area; /* area NaN: the mask decides, later */
    uint64_t shape_at;
    int32_t image, category;
    bool dropped;
};

/* Ids that the ground truth does not have. */
struct unknown_ids {
    size_t detections; /* with such an id */
    size_t named;      /* distinct ids noted, at most MAX_NAMED */
    int64_t ids[MAX_NAMED];
    int64_t first_at; /* byte offset of the first */
};

/* State of one part of the file. */
struct part {
    struct sb_rows rows;
    struct sb_notes notes;
    struct unknown_ids unknown, unknown_categories;
    int64_t image_id, category_id; /* the last ids looked up, with their ranks */
    int32_t image, category;
    bool primed;
    struct sb_rle mask;
    struct sb_mask_scratch scratch;
    struct sb_scan_record record;
};

struct loader {
    struct sb_coco_dt *dt;
    struct sb_coco_gt *gt;
    const struct sb_coco_params *params;
    size_t capacity; /* of the columns */
    struct unknown_ids unknown, unknown_categories;
};

static uint8_t rule(const struct loader *l, enum sb_rule which)
{
    return l->params->rules[which];
}

/* Masks may be polygons and lists, so that the image's size must be known to make them. */
static bool takes_any_mask(const struct loader *l)
{
    return l->dt->kind == SB_DT_MASK && rule(l, SB_RULE_RESULT_MASKS) == SB_RESULT_MASKS_ANY;
}

/* A result with a box has the size of its mask. */
static bool prefers_mask_area(const struct loader *l)
{
    return l->dt->kind == SB_DT_BOX && sb_compares_masks(l->params) &&
           rule(l, SB_RULE_DET_AREA) == SB_DET_AREA_MASK;
}

static bool needs_shapes(const struct loader *l)
{
    return sb_compares_masks(l->params) || takes_any_mask(l);
}

enum { IMAGE_ID, CATEGORY_ID, BBOX, SCORE, SEGMENTATION, KEYPOINTS, CAPTION };
static const struct sb_scan_name names[] = {
    SB_SCAN_NAME("image_id"),     SB_SCAN_NAME("category_id"),
    SB_SCAN_NAME("bbox"),         SB_SCAN_NAME("score"),
    SB_SCAN_NAME("segmentation"), SB_SCAN_NAME("keypoints"),
    SB_SCAN_NAME("caption"),      SB_SCAN_NAMES_END};

static void note_unknown(struct unknown_ids *u, int64_t id, int64_t at, size_t detections)
{
    if (u->detections == 0)
        u->first_at = at;
    u->detections += detections;
    for (size_t i = 0; i < u->named; i++) {
        if (u->ids[i] == id)
            return;
    }
    if (u->named < MAX_NAMED)
        u->ids[u->named++] = id;
}

static int read_image_id(struct part *p, const struct loader *l, struct sb_scan *s,
                         struct dt_row *row)
{
    const int64_t at = s->pos - s->begin;
    int64_t id = 0;
    const int rc = sb_id_scan(&l->gt->ids, s, &id);
    if (rc)
        return rc;
    if (!p->primed || id != p->image_id) { /* results tend to be ordered by image */
        p->image_id = id;
        p->image = sb_id_map_find(&l->gt->images, id);
        p->category_id = 0;
        p->category = sb_id_map_find(&l->gt->categories, 0);
        p->primed = true;
    }
    row->image = p->image;
    if (row->image < 0)
        note_unknown(&p->unknown, id, at, 1);
    return 0;
}

static int read_category_id(struct part *p, const struct loader *l, struct sb_scan *s,
                            struct dt_row *row)
{
    const int64_t at = s->pos - s->begin;
    int64_t id = 0;
    const int rc = sb_id_scan(&l->gt->ids, s, &id);
    if (rc)
        return rc;
    if (!p->primed || id != p->category_id) {
        p->category_id = id;
        p->category = sb_id_map_find(&l->gt->categories, id);
    }
    row->category = p->category;
    if (row->category < 0 && sb_id_map_find(&l->gt->unchosen_categories, id) < 0)
        note_unknown(&p->unknown_categories, id, at, 1);
    return 0;
}

/* Keeps x, y of all keypoints of a row. */
static int keep_keypoints(struct sb_rows *rows, const double *xyv, size_t points,
                          struct sb_error *err)
{
    const size_t need = rows->number_count + 2 * points;
    if (sb_grow(&rows->numbers, &rows->number_capacity, need, sizeof(double), TAG))
        return sb_error_nomem(err, "keypoints", need * sizeof(double));
    double *const out = rows->numbers + rows->number_count;
    for (size_t i = 0; i < points; i++) {
        out[2 * i] = xyv[3 * i];
        out[2 * i + 1] = xyv[3 * i + 1];
    }
    rows->number_count = need;
    return 0;
}

static int read_keypoints(struct part *p, const struct loader *l, struct sb_scan *s, size_t *count)
{
    const char *const at = s->pos;
    const size_t points = l->params->keypoint_count;
    size_t numbers;
    int rc = sb_scan_all_doubles(s, &p->scratch.points, &p->scratch.points_capacity, &numbers);
    if (rc)
        return rc;
    const double *const xyv = p->scratch.points;
    if (sb_compares_keypoints(l->params)) {
        if (numbers != 3 * points)
            return sb_scan_fail(s, at, "expected %zu numbers (x, y, v of %zu keypoints), found %zu",
                                3 * points, points, numbers);
        rc = keep_keypoints(&p->rows, xyv, points, s->err);
    }
    if (numbers < 2)
        return sb_scan_fail(s, at, "expected keypoints, found %zu numbers", numbers);
    *count = numbers;
    return rc;
}

static bool is_labelled(const double *xyv, size_t numbers)
{
    for (size_t i = 2; i < numbers; i += 3) {
        if (xyv[i] > 0)
            return true;
    }
    return false;
}

/* Box and area of a pose without a box of its own. */
static void decide_box(struct part *p, const struct loader *l, size_t numbers, struct dt_row *row)
{
    const double *const xyv = p->scratch.points;
    const struct sb_extent all = sb_extent_of(xyv, numbers, false);
    struct sb_extent labelled = all;
    if (is_labelled(xyv, numbers))
        labelled = sb_extent_of(xyv, numbers, true);
    p->notes.count[SB_RULE_KEYPOINT_AREA] += !sb_extent_is(&all, &labelled);
    const bool chosen = rule(l, SB_RULE_KEYPOINT_AREA) == SB_KEYPOINT_AREA_VISIBLE;
    const struct sb_extent *const e = chosen ? &labelled : &all;
    row->box[0] = e->x0;
    row->box[1] = e->y0;
    row->box[2] = e->x1 - e->x0;
    row->box[3] = e->y1 - e->y0;
    row->area = row->box[2] * row->box[3];
}

static int keypoints_member(struct part *p, const struct loader *l, struct sb_scan *s,
                            struct dt_row *row)
{
    const bool gives_box = l->dt->kind == SB_DT_KEYPOINTS;
    size_t numbers = 0;
    if (!gives_box && !sb_compares_keypoints(l->params))
        return sb_scan_skip(s);
    const int rc = read_keypoints(p, l, s, &numbers);
    if (rc)
        return rc;
    if (rule(l, SB_RULE_UNLABELLED) == SB_UNLABELLED_DROP &&
        !is_labelled(p->scratch.points, numbers)) {
        row->dropped = true;
        p->notes.count[SB_RULE_UNLABELLED]++;
    }
    if (gives_box)
        decide_box(p, l, numbers, row);
    return 0;
}

static int segmentation_member(struct part *p, const struct loader *l, struct sb_scan *s,
                               struct dt_row *row)
{
    row->shape_at = (uint64_t)(s->pos - s->begin);
    if (takes_any_mask(l)) {
        row->area = NAN;
        return sb_coco_mask_check(s, &p->scratch);
    }
    if (l->dt->kind != SB_DT_MASK) {
        p->notes.count[SB_RULE_DET_AREA]++;
        return sb_compares_masks(l->params) ? sb_coco_mask_check(s, &p->scratch) : sb_scan_skip(s);
    }
    const int rc = sb_coco_mask_scan_result(s, &p->mask, &p->scratch);
    if (rc)
        return rc;
    row->area = sb_rle_area(&p->mask);
    if (l->params->iou_type == SB_IOU_BBOX && !(p->record.seen >> BBOX & 1))
        sb_rle_box(&p->mask, row->box); /* a box read later replaces it */
    return 0;
}

static int read_member(struct part *p, const struct loader *l, struct sb_scan *s, int key,
                       struct dt_row *row)
{
    switch (key) {
    case IMAGE_ID:
        return read_image_id(p, l, s, row);
    case CATEGORY_ID:
        return read_category_id(p, l, s, row);
    case SCORE:
        return sb_scan_double(s, &row->score);
    case BBOX:
        if (l->dt->kind == SB_DT_KEYPOINTS ||
            (l->dt->kind == SB_DT_MASK && l->params->iou_type != SB_IOU_BBOX))
            return sb_scan_skip(s);
        return sb_scan_doubles(s, row->box, 4);
    case SEGMENTATION:
        return segmentation_member(p, l, s, row);
    case KEYPOINTS:
        return keypoints_member(p, l, s, row);
    default:
        return key < 0 ? key : sb_scan_skip(s);
    }
}

static int check_members(const struct loader *l, struct sb_scan *s,
                         const struct sb_scan_record *rec, const char *at)
{
    static const int of_kind[] = {
        [SB_DT_BOX] = BBOX, [SB_DT_MASK] = SEGMENTATION, [SB_DT_KEYPOINTS] = KEYPOINTS};
    int rc = sb_scan_require(s, rec, IMAGE_ID, at);
    if (rc == 0)
        rc = sb_scan_require(s, rec, CATEGORY_ID, at);
    if (rc == 0)
        rc = sb_scan_require(s, rec, SCORE, at);
    if (rc == 0)
        rc = sb_scan_require(s, rec, of_kind[l->dt->kind], at);
    if (rc == 0 && sb_compares_keypoints(l->params))
        rc = sb_scan_require(s, rec, KEYPOINTS, at);
    if (rc == 0 && sb_compares_masks(l->params) && l->dt->kind == SB_DT_KEYPOINTS)
        rc = sb_scan_require(s, rec, SEGMENTATION, at);
    return rc;
}

/* A box that stands for a mask must have corners that a mask can be made of. */
static int check_box_mask(struct part *p, const struct loader *l, struct sb_scan *s,
                          const struct dt_row *row, const char *at)
{
    if (l->dt->kind != SB_DT_BOX || !sb_compares_masks(l->params) || row->shape_at != UINT64_MAX)
        return 0;
    const int rc = sb_coco_mask_from_box(row->box, 0, 0, &p->mask, &p->scratch, s->err);
    if (rc == SB_EFORMAT)
        sb_error_offset(s->err, at - s->begin);
    return rc;
}

/* What is decided once all members are read. */
static int finish_result(struct part *p, const struct loader *l, struct sb_scan *s,
                         struct dt_row *row, const char *at)
{
    const bool has_box = p->record.seen >> BBOX & 1;
    if (prefers_mask_area(l))
        row->area = row->shape_at == UINT64_MAX ? row->box[2] * row->box[3] : NAN;
    if (takes_any_mask(l) && l->params->iou_type == SB_IOU_BBOX && !has_box)
        row->box[0] = NAN; /* of the mask, later */
    if (row->dropped || !sb_is_chosen_image(l->gt, row->image))
        row->image = -1;
    const int rc = check_members(l, s, &p->record, at);
    return rc ? rc : check_box_mask(p, l, s, row, at);
}

static int read_result(void *state, const void *ctx, struct sb_scan *s)
{
    struct part *const p = state;
    const struct loader *const l = ctx;
    const char *const at = s->pos;
    struct dt_row *const row = sb_rows_add(&p->rows, sizeof(*row), s->err);
    p->record.names = names;
    int key, rc = row ? sb_scan_open_object(s, &p->record) : SB_ENOMEM;
    if (row)
        row->shape_at = UINT64_MAX;
    sb_mask_scratch_init(&p->scratch, l->params);
    while (rc == 0 && (key = sb_scan_key(s, &p->record)) != SB_SCAN_END)
        rc = read_member(p, l, s, key, row);
    return rc ? rc : finish_result(p, l, s, row, at);
}

static int grow_columns(struct loader *l, size_t count, struct sb_error *err)
{
    struct sb_coco_dt *const dt = l->dt;
    const size_t points = 2 * l->params->keypoint_count * sizeof(double);
    int rc = sb_column_grow(&dt->image, true, count, sizeof(*dt->image), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->category, true, count, sizeof(*dt->category), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->score, true, count, sizeof(*dt->score), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->box, true, count, sizeof(*dt->box), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->area, dt->kind != SB_DT_BOX || prefers_mask_area(l), count,
                            sizeof(*dt->area), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->shape_at, needs_shapes(l), count, sizeof(*dt->shape_at), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->keypoints, sb_compares_keypoints(l->params), count, points, err);
    l->capacity = rc ? l->capacity : count;
    return rc;
}

static void copy_row(struct sb_coco_dt *dt, size_t i, const struct dt_row *row)
{
    dt->image[i] = row->image;
    dt->category[i] = row->category;
    dt->score[i] = row->score;
    memcpy(dt->box[i], row->box, sizeof(row->box));
    if (dt->area)
        dt->area[i] = row->area;
    if (dt->shape_at)
        dt->shape_at[i] = row->shape_at;
}

static void merge_unknown(struct unknown_ids *all, const struct unknown_ids *part)
{
    if (all->detections == 0)
        all->first_at = part->first_at;
    all->detections += part->detections;
    for (size_t i = 0; i < part->named; i++)
        note_unknown(all, part->ids[i], 0, 0);
}

static void discard_part(void *state)
{
    struct part *const p = state;
    sb_rows_clear(&p->rows);
    memset(&p->unknown, 0, sizeof(p->unknown));
    memset(&p->unknown_categories, 0, sizeof(p->unknown_categories));
    memset(&p->notes, 0, sizeof(p->notes));
    p->scratch.short_polygons = 0;
}

static int merge_results(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    struct part *const p = state;
    struct loader *const l = ctx;
    struct sb_coco_dt *const dt = l->dt;
    const size_t need = dt->count + p->rows.count;
    if (p->rows.count == 0)
        return 0;
    if (need > l->capacity) {
        const int rc = grow_columns(l, sb_rows_estimate(need, done, total), err);
        if (rc)
            return rc;
    }
    const struct dt_row *const row = p->rows.data;
    for (size_t i = 0; i < p->rows.count; i++)
        copy_row(dt, dt->count + i, &row[i]);
    if (dt->keypoints)
        memcpy(dt->keypoints + dt->count * 2 * l->params->keypoint_count, p->rows.numbers,
               p->rows.number_count * sizeof(double));
    dt->count = need;
    merge_unknown(&l->unknown, &p->unknown);
    merge_unknown(&l->unknown_categories, &p->unknown_categories);
    sb_notes_add(&dt->notes, &p->notes);
    discard_part(p);
    return 0;
}

static void release_part(void *state)
{
    struct part *const p = state;
    sb_rows_release(&p->rows);
    sb_rle_release(&p->mask);
    sb_mask_scratch_release(&p->scratch);
}

/* True when the value at s->pos is an array without elements. */
static bool is_empty_array(const struct sb_scan *s)
{
    struct sb_scan copy = sb_scan_at(s, s->pos);
    bool first = true;
    copy.err = NULL;
    return sb_scan_open_array(&copy) == 0 && sb_scan_element(&copy, &first) == 0;
}

/* Looks at the first result; s is at the array and stays there. */
static int find_kind(const struct sb_scan *at_array, struct loader *l)
{
    enum sb_dt_kind *const kind = &l->dt->kind;
    struct sb_scan s = *at_array;
    struct sb_scan_record rec = {.names = names};
    bool first = true, empty_box = false;
    int key, rc = sb_scan_open_array(&s);
    if (rc)
        return rc;
    rc = sb_scan_element(&s, &first);
    if (rc == 0) {
        l->dt->notes.count[SB_RULE_EMPTY_RESULTS] = 1;
        *kind = SB_DT_BOX;
        return rule(l, SB_RULE_EMPTY_RESULTS) == SB_EMPTY_RESULTS_ZEROS
                   ? 0
                   : sb_scan_fail(&s, at_array->pos, "the list of results is empty");
    }
    const char *const at = s.pos;
    rc = rc < 0 ? rc : sb_scan_open_object(&s, &rec);
    while (rc == 0 && (key = sb_scan_key(&s, &rec)) != SB_SCAN_END) {
        if (key == BBOX)
            empty_box = is_empty_array(&s);
        rc = key < 0 ? key : sb_scan_skip(&s);
    }
    if (rc)
        return rc;
    if (rec.seen >> CAPTION & 1)
        return sb_scan_fail(&s, at, "these results are captions");
    if ((rec.seen >> BBOX & 1) && !empty_box)
        *kind = SB_DT_BOX;
    else if (rec.seen >> SEGMENTATION & 1)
        *kind = SB_DT_MASK;
    else if (rec.seen >> KEYPOINTS & 1)
        *kind = SB_DT_KEYPOINTS;
    else
        return sb_scan_fail(&s, at,
                            "the first result has neither bbox, segmentation nor keypoints");
    return 0;
}

/* Ids that must not be there, up to ten of them by name. */
static int refuse_unknown(const struct loader *l, const struct unknown_ids *u, const char *what,
                          struct sb_error *err)
{
    struct sb_str list = SB_STR_INIT;
    for (size_t i = 0; i < u->named; i++) {
        sb_str_puts(&list, i ? ", " : "");
        sb_id_print(&l->gt->ids, u->ids[i], &list);
    }
    sb_error_set(err, SB_EFORMAT,
                 "%zu detections belong to %s that the ground truth does not have: %s%s",
                 u->detections, what, sb_str_text(&list), u->named == MAX_NAMED ? ", ..." : "");
    sb_str_release(&list);
    sb_error_offset(err, u->first_at);
    return sb_error_hint(err, "do the results belong to %s?", l->gt->path);
}

static int check_unknown(const struct loader *l, struct sb_error *err)
{
    struct sb_notes *const notes = &l->dt->notes;
    if (l->unknown.detections > 0 && rule(l, SB_RULE_UNKNOWN_IMAGES) == SB_UNKNOWN_IMAGES_ERROR)
        return refuse_unknown(l, &l->unknown, "images", err);
    if (l->unknown_categories.detections > 0 &&
        rule(l, SB_RULE_UNKNOWN_CATS) == SB_UNKNOWN_CATS_ERROR)
        return refuse_unknown(l, &l->unknown_categories, "categories", err);
    notes->count[SB_RULE_UNKNOWN_IMAGES] = (int64_t)l->unknown.detections;
    notes->count[SB_RULE_UNKNOWN_CATS] = (int64_t)l->unknown_categories.detections;
    return 0;
}

/* Areas, and boxes where they are missing, of results whose masks were not made while reading. */
static int measure_masks(const struct loader *l, struct sb_pool *pool, struct sb_error *err)
{
    struct sb_coco_dt *const dt = l->dt;
    if (dt->count == 0 || !(takes_any_mask(l) || prefers_mask_area(l)))
        return 0;
    const struct sb_mask_column masks = {&dt->map,     dt->path, dt->count,
                                         dt->shape_at, dt->box,  dt->image};
    return sb_mask_areas(&masks, l->gt, l->params, false, dt->area, pool, err);
}

int sb_coco_dt_load(struct sb_coco_dt *dt, const char *path, struct sb_coco_gt *gt,
                    const struct sb_coco_params *params, struct sb_pool *pool, struct sb_error *err)
{
    static const struct sb_array_reader reader = {
        sizeof(struct part), 0, read_result, merge_results, discard_part, release_part};
    memset(dt, 0, sizeof(*dt));
    dt->path = path;
    struct loader l = {.dt = dt, .gt = gt, .params = params};
    struct sb_scan s;
    int rc = sb_map_open(&dt->map, path, err);
    if (rc == 0)
        rc = sb_scan_init(&s, dt->map.data, dt->map.size, path, err);
    if (rc == 0)
        rc = find_kind(&s, &l);
    if (rc == 0)
        rc = sb_scan_array(&s, &reader, &l, pool, needs_shapes(&l) ? NULL : &dt->map);
    if (rc == 0)
        rc = sb_scan_finish(&s);
    if (rc == 0)
        rc = check_unknown(&l, err);
    if (rc == 0)
        rc = measure_masks(&l, pool, err);
    if (rc) {
        sb_error_file(err, path);
        sb_coco_dt_release(dt);
    }
    return rc;
}

void sb_coco_dt_release(struct sb_coco_dt *dt)
{
    sb_map_release(&dt->map);
    sb_free(dt->image);
    sb_free(dt->category);
    sb_free(dt->score);
    sb_free(dt->box);
    sb_free(dt->area);
    sb_free(dt->shape_at);
    sb_free(dt->keypoints);
    memset(dt, 0, sizeof(*dt));
}
