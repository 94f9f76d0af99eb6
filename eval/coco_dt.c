/* Reader of COCO results. See coco_dt.h. */
#include "eval/coco_dt.h"

#include "base/json_array.h"
#include "base/json_spans.h"
#include "base/mem.h"
#include "eval/coco_mask.h"
#include "eval/coco_rows.h"
#include "eval/keypoint_extent.h"
#include "eval/mask_areas.h"
#include "eval/row_routes.h"
#include "eval/unknown_ids.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)
/* For messages. */
#define RESULTS "an array of results"
#define RESULT  "a result (an object)"

struct dt_row {
    double box[4], score, area; /* area NaN: the mask decides, later */
    uint64_t shape_at;
    int32_t image, category;
    bool dropped;
};

/* State of one part of the file. */
struct part {
    struct sb_rows rows;
    struct sb_notes notes;
    struct sb_unknown_ids unknown, unknown_categories;
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
    struct sb_pool *pool;
    size_t capacity; /* of the columns */
    bool empty;      /* no results at all */
    struct sb_unknown_ids unknown, unknown_categories;
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

/* Areas are not those of the boxes. */
static bool has_areas(const struct loader *l)
{
    return l->dt->kind != SB_DT_BOX || prefers_mask_area(l);
}

/* Keypoints of a detection. */
static size_t point_bytes(const struct loader *l)
{
    return 2 * l->params->keypoint_count * sizeof(double);
}

enum { IMAGE_ID, CATEGORY_ID, BBOX, SCORE, SEGMENTATION, KEYPOINTS, CAPTION };
static const struct sb_scan_name names[] = {
    SB_SCAN_NAME("image_id"),     SB_SCAN_NAME("category_id"),
    SB_SCAN_NAME("bbox"),         SB_SCAN_NAME("score"),
    SB_SCAN_NAME("segmentation"), SB_SCAN_NAME("keypoints"),
    SB_SCAN_NAME("caption"),      SB_SCAN_NAMES_END};

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
        sb_unknown_note(&p->unknown, id, at);
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
        sb_unknown_note(&p->unknown_categories, id, at);
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

/* Box and area of a pose without a box of its own. */
static void decide_box(struct part *p, const struct loader *l, size_t numbers, struct dt_row *row)
{
    const double *const xyv = p->scratch.points;
    const struct sb_extent all = sb_extent_of(xyv, numbers, false);
    const struct sb_extent labelled = sb_extent_of(xyv, numbers, sb_any_labelled(xyv, numbers));
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
        !sb_any_labelled(p->scratch.points, numbers)) {
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
    p->record.what = RESULT;
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
    int rc = sb_column_grow(&dt->image, true, count, sizeof(*dt->image), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->category, true, count, sizeof(*dt->category), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->score, true, count, sizeof(*dt->score), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->box, true, count, sizeof(*dt->box), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->area, has_areas(l), count, sizeof(*dt->area), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->shape_at, needs_shapes(l), count, sizeof(*dt->shape_at), err);
    if (rc == 0)
        rc = sb_column_grow(&dt->keypoints, sb_compares_keypoints(l->params), count, point_bytes(l),
                            err);
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
    sb_unknown_add(&l->unknown, &p->unknown);
    sb_unknown_add(&l->unknown_categories, &p->unknown_categories);
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
    struct sb_scan_record rec = {.names = names, .what = RESULT};
    bool first = true, empty_box = false;
    int key, rc = sb_scan_open_array_of(&s, RESULTS);
    if (rc)
        return rc;
    rc = sb_scan_element(&s, &first);
    if (rc == 0) {
        l->empty = true;
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

static int refuse_unknown(const struct loader *l, const struct sb_unknown_names *unknown,
                          const char *parents, struct sb_error *err)
{
    sb_unknown_refuse(unknown, "detection", parents, err);
    return sb_error_hint(err, "do the results belong to %s?", l->gt->path);
}

static int check_unknown(const struct loader *l, struct sb_ranks *ranks, struct sb_error *err)
{
    struct sb_coco_dt *const dt = l->dt;
    struct sb_notes *const notes = &dt->notes;
    int64_t *const images = &notes->count[SB_RULE_UNKNOWN_IMAGES];
    int64_t *const categories = &notes->count[SB_RULE_UNKNOWN_CATS];
    *images = (int64_t)l->unknown.count;
    *categories = (int64_t)l->unknown_categories.count;
    notes->count[SB_RULE_EMPTY_RESULTS] = l->empty;
    sb_ranks_sum(ranks, notes->count, SB_RULES);
    int rc = 0;
    if (*images > 0)
        rc = sb_unknown_gather(&l->unknown, &l->gt->ids, ranks, &dt->unknown_images, err);
    if (rc == 0 && *categories > 0)
        rc = sb_unknown_gather(&l->unknown_categories, &l->gt->ids, ranks, &dt->unknown_categories,
                               err);
    if (rc)
        return rc;
    if (*images > 0 && rule(l, SB_RULE_UNKNOWN_IMAGES) == SB_UNKNOWN_IMAGES_ERROR)
        return refuse_unknown(l, &dt->unknown_images, "images", err);
    if (*categories > 0 && rule(l, SB_RULE_UNKNOWN_CATS) == SB_UNKNOWN_CATS_ERROR)
        return refuse_unknown(l, &dt->unknown_categories, "categories", err);
    return 0;
}

/* Areas, and boxes where they are missing, of results whose masks were not made while reading. */
static int measure_masks(const struct loader *l, struct sb_pool *pool, struct sb_error *err)
{
    struct sb_coco_dt *const dt = l->dt;
    if (dt->count == 0 || !(takes_any_mask(l) || prefers_mask_area(l)))
        return 0;
    const struct sb_mask_column masks = {&dt->map,       dt->path, dt->count, dt->shape_at,
                                         dt->shape_from, dt->box,  dt->image};
    return sb_mask_areas(&masks, l->gt, l->params, false, dt->area, pool, err);
}

/* The list of results from *place on. */
static int read_span(void *ctx, struct sb_scan *s, struct sb_span_place *place, const char *limit)
{
    static const struct sb_array_reader reader = {
        sizeof(struct part), 0, read_result, merge_results, discard_part, release_part};
    struct loader *const l = ctx;
    bool first = true;
    int rc = 1;
    if (place->section == SB_SPAN_START) {
        rc = sb_scan_open_array_of(s, RESULTS);
        rc = rc ? rc : sb_scan_element(s, &first);
    }
    s->depth = 1;
    if (rc == 1)
        rc = sb_scan_elements(s, &reader, l, l->pool, needs_shapes(l) ? NULL : &l->dt->map, limit);
    place->section = rc == 0 ? SB_SPAN_END : 0;
    place->at = s->pos - s->begin;
    return rc < 0 ? rc : 0;
}

static bool guess_span(void *ctx, const struct sb_scan *s, const char *limit,
                       struct sb_span_place *place)
{
    (void)ctx;
    const char *const at = sb_scan_guess_element(s->pos, limit);
    if (at)
        *place = (struct sb_span_place){at - s->begin, 0, 0};
    return at != NULL;
}

static void discard_span(void *ctx)
{
    struct loader *const l = ctx;
    l->dt->count = 0;
    memset(&l->dt->notes, 0, sizeof(l->dt->notes));
    memset(&l->unknown, 0, sizeof(l->unknown));
    memset(&l->unknown_categories, 0, sizeof(l->unknown_categories));
}

/* The kind of the results, which the rank that has the first one tells. */
static int share_kind(struct loader *l, const struct sb_scan *s, struct sb_ranks *ranks)
{
    int rc = sb_ranks_rank(ranks) == 0 ? find_kind(s, l) : 0;
    int32_t kind = (int32_t)l->dt->kind;
    rc = sb_ranks_agree_input(ranks, rc, 0, s->err);
    sb_ranks_broadcast(ranks, 0, &kind, sizeof(kind));
    l->dt->kind = (enum sb_dt_kind)kind;
    return rc;
}

static int read_list(struct loader *l, struct sb_scan *s, struct sb_ranks *ranks)
{
    static const struct sb_span_reader reader = {guess_span, read_span, discard_span};
    struct sb_span_place end;
    int rc = share_kind(l, s, ranks);
    if (rc == 0)
        rc = sb_scan_spans(s, &reader, l, ranks, &end);
    if (rc)
        return rc;
    if (end.section != SB_SPAN_END)
        return sb_scan_expected(s, "an element");
    return sb_scan_finish(s);
}
/* Bytes of a row of the columns: ids, score and box, and what else there is. */
static size_t row_bytes(const struct loader *l)
{
    return 2 * sizeof(int32_t) + 5 * sizeof(double) + (has_areas(l) ? sizeof(double) : 0) +
           (needs_shapes(l) ? 2 * sizeof(uint64_t) : 0) +
           (sb_compares_keypoints(l->params) ? point_bytes(l) : 0);
}

static int route_columns(struct sb_route *route, const struct loader *l, struct sb_error *err)
{
    struct sb_coco_dt *const dt = l->dt;
    int rc = sb_route_column(route, &dt->image, true, SB_CELL_INT32, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, &dt->category, true, SB_CELL_INT32, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, &dt->score, true, SB_CELL_DOUBLE, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, &dt->box, true, SB_CELL_DOUBLE, 4, err);
    if (rc == 0)
        rc = sb_route_column(route, &dt->area, has_areas(l), SB_CELL_DOUBLE, 1, err);
    if (rc == 0)
        rc = sb_route_column(route, &dt->keypoints, sb_compares_keypoints(l->params),
                             SB_CELL_DOUBLE, 2 * l->params->keypoint_count, err);
    if (rc == 0)
        rc = sb_route_texts(route, &dt->map, &dt->shape_at, &dt->shape_from, needs_shapes(l), err);
    return rc;
}

/* Moves detections to the owners of their images. */
static int route_results(struct loader *l, struct sb_eval_ranks *team, struct sb_error *err)
{
    struct sb_coco_dt *const dt = l->dt;
    struct sb_route route;
    int32_t *const to = sb_malloc(dt->count * sizeof(*to), TAG);
    int rc = to ? 0 : sb_error_nomem(err, "owners", dt->count * sizeof(*to));
    rc = sb_ranks_agree(team->ranks, rc, err);
    if (rc) {
        sb_free(to);
        return rc;
    }
    for (size_t i = 0; i < dt->count; i++)
        to[i] = sb_image_owner(team, dt->image[i]);
    rc = sb_route_plan(&route, team->ranks, to, dt->count, err);
    if (rc)
        return rc;
    route.capacity = l->capacity;
    rc = route_columns(&route, l, err);
    dt->count = route.total;
    sb_route_release(&route);
    team->work.column_bytes += dt->count * row_bytes(l) + (dt->shape_from ? dt->map.size : 0);
    return rc;
}

int sb_coco_dt_read(struct sb_coco_dt *dt, const struct sb_map *map, const char *path,
                    struct sb_coco_gt *gt, const struct sb_coco_params *params,
                    struct sb_eval_ranks *team, struct sb_pool *pool, struct sb_error *err)
{
    struct sb_ranks *const ranks = sb_eval_ranks_of(team);
    memset(dt, 0, sizeof(*dt));
    dt->path = path;
    dt->map = *map;
    struct loader l = {.dt = dt, .gt = gt, .params = params, .pool = pool};
    struct sb_scan s;
    int rc = sb_scan_init(&s, dt->map.data, dt->map.size, path, err);
    if (rc == 0)
        rc = read_list(&l, &s, ranks);
    if (rc == 0)
        rc = check_unknown(&l, ranks, err);
    sb_eval_ranks_spent(team, SB_STAGE_READ);
    if (rc == 0 && ranks)
        rc = route_results(&l, team, err);
    sb_eval_ranks_spent(team, SB_STAGE_MOVE);
    if (rc == 0) {
        rc = measure_masks(&l, pool, err);
        rc = sb_ranks_agree_input(ranks, rc, rc ? err->offset : 0, err);
    }
    sb_eval_ranks_spent(team, SB_STAGE_READ);
    if (rc) {
        sb_error_file(err, dt->path);
        sb_coco_dt_release(dt);
    }
    return rc;
}

int sb_coco_dt_load_ranks(struct sb_coco_dt *dt, const char *path, struct sb_coco_gt *gt,
                          const struct sb_coco_params *params, struct sb_eval_ranks *team,
                          struct sb_pool *pool, struct sb_error *err)
{
    struct sb_map map;
    const int rc = sb_eval_ranks_map(team, &map, path, err);
    if (rc) {
        sb_error_file(err, path);
        sb_map_release(&map);
        return rc;
    }
    return sb_coco_dt_read(dt, &map, path, gt, params, team, pool, err);
}

int sb_coco_dt_load(struct sb_coco_dt *dt, const char *path, struct sb_coco_gt *gt,
                    const struct sb_coco_params *params, struct sb_pool *pool, struct sb_error *err)
{
    return sb_coco_dt_load_ranks(dt, path, gt, params, NULL, pool, err);
}

void sb_coco_dt_release(struct sb_coco_dt *dt)
{
    sb_map_release(&dt->map);
    sb_unknown_names_release(&dt->unknown_images);
    sb_unknown_names_release(&dt->unknown_categories);
    sb_free(dt->image);
    sb_free(dt->category);
    sb_free(dt->score);
    sb_free(dt->box);
    sb_free(dt->area);
    sb_free(dt->shape_at);
    sb_free(dt->shape_from);
    sb_free(dt->keypoints);
    memset(dt, 0, sizeof(*dt));
}
