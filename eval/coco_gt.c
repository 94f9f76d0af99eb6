/* Reader of COCO ground truth. The three arrays of the file may come in any order, so ids are kept
 * as read and turned into ranks at the end. See coco_gt.h. */
#include "eval/coco_gt.h"

#include "base/json_spans.h"
#include "base/mem.h"
#include "eval/coco_gt_lists.h"
#include "eval/coco_gt_ranks.h"
#include "eval/coco_mask.h"
#include "eval/duplicate_ids.h"
#include "eval/keypoint_extent.h"
#include "eval/mask_areas.h"
#include "eval/metric.h"

#include <math.h>
#include <string.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define BLOCK     65536 /* annotations per job of the passes over columns */
#define MAX_CROWD 255   /* iscrowd goes through 8 bits in pycocotools, which refuses more */

struct ann_row {
    int64_t id, image_id, category_id;
    double box[4], area;
    uint64_t shape_at;
    uint8_t flags;
};

/* State of a part of the annotations. */
struct ann_part {
    struct sb_rows rows; /* struct ann_row */
    struct sb_notes notes;
    struct sb_mask_scratch scratch;
    struct sb_scan_record record;
};

enum {
    IMAGE_ID,
    CATEGORY_ID,
    ID,
    BBOX,
    AREA,
    ISCROWD,
    SEGMENTATION,
    KEYPOINTS,
    NUM_KEYPOINTS,
    IGNORE
};
static const struct sb_scan_name ann_names[] = {SB_SCAN_NAME("image_id"),
                                                SB_SCAN_NAME("category_id"),
                                                SB_SCAN_NAME("id"),
                                                SB_SCAN_NAME("bbox"),
                                                SB_SCAN_NAME("area"),
                                                SB_SCAN_NAME("iscrowd"),
                                                SB_SCAN_NAME("segmentation"),
                                                SB_SCAN_NAME("keypoints"),
                                                SB_SCAN_NAME("num_keypoints"),
                                                SB_SCAN_NAME("ignore"),
                                                SB_SCAN_NAMES_END};

static uint8_t rule(const struct sb_gt_loader *l, enum sb_rule which)
{
    return l->params->rules[which];
}

/* A number, or true and false as 1 and 0. */
static int read_flag(struct sb_scan *s, double *value)
{
    bool b = false;
    if (sb_scan_peek(s) != SB_SCAN_BOOL)
        return sb_scan_double(s, value);
    const int rc = sb_scan_bool(s, &b);
    *value = b;
    return rc;
}

/* 0, 1, true, false; any number is legal for pycocotools, which rounds it towards 0 to mean crowd.
 */
static int read_crowd(struct ann_part *part, const struct sb_gt_loader *l, struct sb_scan *s,
                      uint8_t *flags)
{
    struct sb_scan before = *s;
    double v = 0;
    const int rc = read_flag(s, &v);
    if (rc)
        return rc;
    if (!(v > -1 && v < MAX_CROWD + 1))
        return sb_scan_expected(&before, "0 or 1");
    part->notes.count[SB_RULE_CROWD] += v != 0;
    if (rule(l, SB_RULE_CROWD) == SB_CROWD_OFF)
        return 0;
    if (v != 0)
        *flags |= SB_ANN_IGNORE;
    if (trunc(v) != 0)
        *flags |= SB_ANN_CROWD;
    return 0;
}

/* What counts as true in Python; only numbers and booleans are told apart. */
static int read_ignore(struct ann_part *part, const struct sb_gt_loader *l, struct sb_scan *s,
                       uint8_t *flags)
{
    double v = 0;
    const enum sb_scan_type type = sb_scan_peek(s);
    const int rc =
        type == SB_SCAN_BOOL || type == SB_SCAN_NUMBER ? read_flag(s, &v) : sb_scan_skip(s);
    if (rc == 0 && v != 0) {
        part->notes.count[SB_RULE_IGNORE_FLAG]++;
        if (rule(l, SB_RULE_IGNORE_FLAG) == SB_IGNORE_EITHER)
            *flags |= SB_ANN_IGNORE;
    }
    return rc;
}

static int read_num_keypoints(struct sb_scan *s, uint8_t *flags)
{
    double n = 0;
    const int rc = sb_scan_double(s, &n);
    if (n == 0)
        *flags |= SB_ANN_IGNORE;
    return rc;
}

/* Notes where the segmentation starts and checks it; it is read again when it is compared. */
static int note_shape(struct ann_part *part, struct sb_scan *s, uint64_t *shape_at)
{
    *shape_at = (uint64_t)(s->pos - s->begin);
    const int rc = sb_coco_mask_check(s, &part->scratch);
    part->notes.count[SB_RULE_SHORT_POLYGONS] = part->scratch.short_polygons;
    return rc;
}

static int read_keypoints(struct ann_part *part, const struct sb_gt_loader *l, struct sb_scan *s)
{
    const size_t points = l->params->keypoint_count;
    const int rc = sb_rows_read_numbers(&part->rows, s, 3 * points);
    if (rc == SB_EFORMAT)
        sb_error_hint(s->err, "a keypoint has x, y and v, and there are %zu sigmas (--sigmas)",
                      points);
    return rc;
}

static int read_member(struct ann_part *part, const struct sb_gt_loader *l, struct sb_scan *s,
                       int key, struct ann_row *row)
{
    const bool keypoints = sb_compares_keypoints(l->params);
    switch (key) {
    case IMAGE_ID:
        return sb_id_scan(&l->gt->ids, s, &row->image_id);
    case CATEGORY_ID:
        return sb_id_scan(&l->gt->ids, s, &row->category_id);
    case ID:
        return sb_id_scan(&l->gt->ids, s, &row->id);
    case BBOX:
        return sb_needs_boxes(l->params) ? sb_scan_doubles(s, row->box, 4) : sb_scan_skip(s);
    case AREA:
        return sb_scan_double(s, &row->area);
    case ISCROWD:
        return read_crowd(part, l, s, &row->flags);
    case IGNORE:
        return read_ignore(part, l, s, &row->flags);
    case SEGMENTATION:
        return sb_needs_masks(l->params) ? note_shape(part, s, &row->shape_at) : sb_scan_skip(s);
    case KEYPOINTS:
        return keypoints ? read_keypoints(part, l, s) : sb_scan_skip(s);
    case NUM_KEYPOINTS:
        return keypoints ? read_num_keypoints(s, &row->flags) : sb_scan_skip(s);
    default:
        return key < 0 ? key : sb_scan_skip(s);
    }
}

/* A member that is missing is an error, or filled in by the caller: *filled. */
static int require(struct ann_part *part, const struct sb_gt_loader *l, struct sb_scan *s,
                   int member, const char *at, bool *filled)
{
    *filled = false;
    if (part->record.seen >> member & 1)
        return 0;
    if (rule(l, SB_RULE_MISSING_FIELDS) == SB_MISSING_ERROR) {
        const int rc = sb_scan_require(s, &part->record, member, at);
        sb_error_hint(s->err, "--missing-fields fill does without");
        return rc;
    }
    part->notes.count[SB_RULE_MISSING_FIELDS]++;
    *filled = true;
    return 0;
}

/* The keypoints just read have one that is labelled. */
static bool is_labelled(const struct ann_part *part, const struct sb_gt_loader *l)
{
    const size_t numbers = 3 * l->params->keypoint_count;
    return sb_any_labelled(part->rows.numbers + part->rows.number_count - numbers, numbers);
}

/* The members that every annotation has, and those of the similarity. */
static int check_members(const struct sb_gt_loader *l, struct sb_scan *s,
                         const struct sb_scan_record *rec, const char *at)
{
    static const int always[] = {ID, IMAGE_ID, CATEGORY_ID};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < 3; i++)
        rc = sb_scan_require(s, rec, always[i], at);
    if (rc == 0 && sb_needs_masks(l->params))
        rc = sb_scan_require(s, rec, SEGMENTATION, at);
    if (rc == 0 && sb_needs_boxes(l->params))
        rc = sb_scan_require(s, rec, BBOX, at);
    if (rc == 0 && sb_compares_keypoints(l->params))
        rc = sb_scan_require(s, rec, KEYPOINTS, at);
    return rc;
}

/* Fields that decide whether and where an object counts. */
static int check_flags(struct ann_part *part, const struct sb_gt_loader *l, struct sb_scan *s,
                       struct ann_row *row, const char *at)
{
    bool filled = false;
    int rc = rule(l, SB_RULE_CROWD) == SB_CROWD_OFF ? 0 : require(part, l, s, ISCROWD, at, &filled);
    if (rc == 0 && sb_compares_keypoints(l->params)) {
        rc = require(part, l, s, NUM_KEYPOINTS, at, &filled);
        if (filled && !is_labelled(part, l))
            row->flags |= SB_ANN_IGNORE;
    }
    return rc;
}

static double box_area(const double box[4])
{
    return box[2] * box[3];
}

/* The area by the rule; NaN where the mask decides it later. */
static int decide_area(struct ann_part *part, const struct sb_gt_loader *l, struct sb_scan *s,
                       struct ann_row *row, const char *at)
{
    bool filled = false;
    int rc = 0;
    switch (rule(l, SB_RULE_GT_AREA)) {
    case SB_GT_AREA_BOX:
        row->area = box_area(row->box);
        break;
    case SB_GT_AREA_PERSON:
        row->area = box_area(row->box) * 0.53;
        break;
    case SB_GT_AREA_MASK:
        row->area = NAN;
        break;
    default:
        if (!(row->flags & SB_ANN_IGNORE)) /* an ignored object's area is never asked for */
            rc = require(part, l, s, AREA, at, &filled);
        if (filled)
            row->area = sb_compares_masks(l->params) ? NAN : box_area(row->box);
    }
    return rc;
}

bool sb_is_unmatched_id(struct sb_coco_gt *gt, const struct sb_coco_params *params, int64_t id)
{
    switch (params->rules[SB_RULE_ID_ZERO]) {
    case SB_ID_ZERO_MISS:
        return id == 0;
    case SB_ID_ZERO_NEGATIVE:
        return sb_id_value(&gt->ids, id) <= -1;
    default:
        return false;
    }
}

static int finish_annotation(struct ann_part *part, const struct sb_gt_loader *l, struct sb_scan *s,
                             struct ann_row *row, const char *at)
{
    int rc = check_members(l, s, &part->record, at);
    if (rc == 0)
        rc = check_flags(part, l, s, row, at);
    if (rc == 0)
        rc = decide_area(part, l, s, row, at);
    if (rc == 0 && sb_is_unmatched_id(l->gt, l->params, row->id)) {
        row->flags |= SB_ANN_ZERO_ID;
        part->notes.count[SB_RULE_ID_ZERO] += !(row->flags & SB_ANN_IGNORE);
    }
    return rc;
}

static int read_annotation(void *state, const void *ctx, struct sb_scan *s)
{
    const struct sb_gt_loader *const l = ctx;
    struct ann_part *const part = state;
    struct sb_scan_record *const rec = &part->record;
    const char *const at = s->pos;
    struct ann_row *const row = sb_rows_add(&part->rows, sizeof(*row), s->err);
    rec->names = ann_names;
    sb_mask_scratch_init(&part->scratch, l->params);
    int key, rc = row ? sb_scan_open_object(s, rec) : SB_ENOMEM;
    while (rc == 0 && (key = sb_scan_key(s, rec)) != SB_SCAN_END)
        rc = read_member(part, l, s, key, row);
    return rc ? rc : finish_annotation(part, l, s, row, at);
}

static int grow_columns(struct sb_gt_loader *l, size_t count, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const size_t points = 3 * l->params->keypoint_count * sizeof(double);
    int rc = sb_column_grow(&l->id, true, count, sizeof(int64_t), err);
    if (rc == 0)
        rc = sb_column_grow(&l->image_id, true, count, sizeof(int64_t), err);
    if (rc == 0)
        rc = sb_column_grow(&l->category_id, true, count, sizeof(int64_t), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->box, sb_needs_boxes(l->params), count, sizeof(*gt->box), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->area, true, count, sizeof(*gt->area), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->flags, true, count, sizeof(*gt->flags), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->shape_at, sb_needs_masks(l->params), count, sizeof(*gt->shape_at),
                            err);
    if (rc == 0)
        rc = sb_column_grow(&gt->keypoints, sb_compares_keypoints(l->params), count, points, err);
    l->capacity = rc ? l->capacity : count;
    return rc;
}

static void copy_row(struct sb_gt_loader *l, size_t i, const struct ann_row *row)
{
    struct sb_coco_gt *const gt = l->gt;
    l->id[i] = row->id;
    l->image_id[i] = row->image_id;
    l->category_id[i] = row->category_id;
    gt->area[i] = row->area;
    gt->flags[i] = row->flags;
    if (gt->box)
        memcpy(gt->box[i], row->box, sizeof(row->box));
    if (gt->shape_at)
        gt->shape_at[i] = row->shape_at;
}

static void discard_annotations(void *state)
{
    struct ann_part *const part = state;
    sb_rows_clear(&part->rows);
    memset(&part->notes, 0, sizeof(part->notes));
    part->scratch.short_polygons = 0;
}

static int merge_annotations(void *state, void *ctx, size_t done, size_t total,
                             struct sb_error *err)
{
    struct ann_part *const part = state;
    struct sb_rows *const rows = &part->rows;
    struct sb_gt_loader *const l = ctx;
    struct sb_coco_gt *const gt = l->gt;
    const size_t need = gt->count + rows->count;
    if (rows->count == 0)
        return 0;
    if (need > l->capacity) {
        const int rc = grow_columns(l, sb_rows_estimate(need, done, total), err);
        if (rc)
            return rc;
    }
    const struct ann_row *const row = rows->data;
    for (size_t i = 0; i < rows->count; i++)
        copy_row(l, gt->count + i, &row[i]);
    if (gt->keypoints)
        memcpy(gt->keypoints + gt->count * 3 * l->params->keypoint_count, rows->numbers,
               rows->number_count * sizeof(double));
    gt->count = need;
    sb_notes_add(&gt->notes, &part->notes);
    discard_annotations(part);
    return 0;
}

static void release_annotations(void *state)
{
    struct ann_part *const part = state;
    sb_rows_release(&part->rows);
    sb_mask_scratch_release(&part->scratch);
}

enum { IMAGES, ANNOTATIONS, CATEGORIES, N_ARRAYS };
static const struct sb_scan_name array_names[] = {SB_SCAN_NAME("images"),
                                                  SB_SCAN_NAME("annotations"),
                                                  SB_SCAN_NAME("categories"), SB_SCAN_NAMES_END};

/* Reads the elements of an array that start before limit; as sb_scan_elements(). */
static int read_elements(struct sb_gt_loader *l, struct sb_scan *s, int array, const char *limit)
{
    static const struct sb_array_reader annotations = {
        sizeof(struct ann_part), 0, read_annotation, merge_annotations, discard_annotations,
        release_annotations};
    static const struct sb_array_reader *const readers[] = {&sb_gt_images, &annotations,
                                                            &sb_gt_categories};
    /* masks are read again soon: their pages stay */
    const struct sb_map *const map = sb_needs_masks(l->params) ? NULL : &l->gt->map;
    if (array == ANNOTATIONS)
        l->annotations = s->pos;
    return sb_scan_elements(s, readers[array], l, l->pool, map, limit);
}

/* The same from the array's '[' on. */
static int read_array(struct sb_gt_loader *l, struct sb_scan *s, int array, const char *limit)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    if (rc == 0)
        rc = sb_scan_element(s, &first);
    return rc == 1 ? read_elements(l, s, array, limit) : rc;
}

/* Members of the document from *place on. */
static int read_span(void *ctx, struct sb_scan *s, struct sb_span_place *place, const char *limit)
{
    struct sb_gt_loader *const l = ctx;
    struct sb_scan_record rec = {.names = array_names};
    int array = place->section, key = 0, rc;
    if (array == SB_SPAN_START) {
        rc = sb_scan_open_object(s, &rec);
    } else {
        s->depth = 2; /* in an array of the document */
        rec.seen = place->seen;
        rec.last = 1 + (unsigned)array;
        rc = read_elements(l, s, array, limit);
    }
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        array = key;
        if (key < 0)
            rc = key;
        else if (key < N_ARRAYS)
            rc = read_array(l, s, array, limit);
        else
            rc = sb_scan_skip(s);
    }
    place->seen = rec.seen;
    place->section = rc == 0 ? SB_SPAN_END : array;
    place->at = s->pos - s->begin;
    return rc < 0 ? rc : 0;
}

/* An element by its members: images have a size or a file, annotations an image. */
static bool guess_span(void *ctx, const struct sb_scan *s, const char *limit,
                       struct sb_span_place *place)
{
    enum { IMAGE, FILE_NAME, PIXELS, CROWDING, NAME };
    static const struct sb_scan_name names[] = {
        SB_SCAN_NAME("image_id"),   SB_SCAN_NAME("file_name"), SB_SCAN_NAME("height"),
        SB_SCAN_NAME("crowdIndex"), SB_SCAN_NAME("name"),      SB_SCAN_NAMES_END};
    (void)ctx;
    const char *const at = sb_scan_guess_element(s->pos, limit);
    if (!at)
        return false;
    struct sb_scan copy = sb_scan_at(s, at);
    struct sb_scan_record rec = {.names = names};
    int key, rc = sb_scan_open_object(&copy, &rec);
    while (rc == 0 && (key = sb_scan_key(&copy, &rec)) != SB_SCAN_END)
        rc = key < 0 ? key : sb_scan_skip(&copy);
    const uint32_t seen = rec.seen;
    const bool image = seen & (1u << FILE_NAME | 1u << PIXELS | 1u << CROWDING);
    place->at = at - s->begin;
    place->section = seen >> IMAGE & 1 ? ANNOTATIONS : image ? IMAGES : CATEGORIES;
    place->seen = 1u << place->section;
    return rc == 0 && seen != 0;
}

static void discard_span(void *ctx)
{
    struct sb_gt_loader *const l = ctx;
    sb_gt_lists_discard(l);
    l->gt->count = 0;
    memset(&l->gt->notes, 0, sizeof(l->gt->notes));
}

static int read_document(struct sb_gt_loader *l, struct sb_scan *s, struct sb_ranks *ranks)
{
    static const struct sb_span_reader reader = {guess_span, read_span, discard_span};
    struct sb_span_place end;
    const char *const at = s->pos;
    int rc = sb_scan_spans(s, &reader, l, ranks, &end);
    if (rc)
        return rc;
    if (end.section != SB_SPAN_END)
        return sb_scan_expected(s, "an element");
    const struct sb_scan_record rec = {.names = array_names, .seen = end.seen};
    for (int i = 0; rc == 0 && i < N_ARRAYS; i++)
        rc = sb_scan_require(s, &rec, i, at);
    return rc ? rc : sb_scan_finish(s);
}

static void rank_block(void *arg, size_t job, int worker)
{
    (void)worker;
    struct sb_gt_loader *const l = arg;
    struct sb_coco_gt *const gt = l->gt;
    const size_t end = (job + 1) * BLOCK < gt->count ? (job + 1) * BLOCK : gt->count;
    for (size_t i = job * BLOCK; i < end; i++) {
        const int32_t image = sb_id_map_find(&gt->images, l->image_id[i]);
        gt->image[i] = sb_is_chosen_image(gt, image) ? image : -1;
        gt->category[i] = sb_id_map_find(&gt->categories, l->category_id[i]);
    }
}

/* The byte at which the i-th annotation that was read starts. */
static int64_t offset_of(const struct sb_gt_loader *l, size_t i)
{
    const struct sb_map *const map = &l->gt->map;
    struct sb_scan s = {map->data, l->annotations, map->data + map->size, NULL, NULL, 0};
    bool first = false;
    for (size_t passed = 0; passed < i && sb_scan_skip(&s) == 0; passed++)
        sb_scan_element(&s, &first);
    return s.pos - s.begin;
}

/* Annotations of images and categories that the file does not list; returns how many. */
static int64_t find_unknown(const struct sb_gt_loader *l, struct sb_unknown_ids *images,
                            struct sb_unknown_ids *categories)
{
    const struct sb_coco_gt *const gt = l->gt;
    int64_t count = 0;
    for (size_t i = 0; i < gt->count; i++) {
        const bool image = gt->image[i] < 0 && sb_id_map_find(&gt->images, l->image_id[i]) < 0;
        const bool category =
            gt->category[i] < 0 && sb_id_map_find(&gt->unchosen_categories, l->category_id[i]) < 0;
        if (image)
            sb_unknown_note(images, l->image_id[i], images->count ? 0 : offset_of(l, i));
        if (category)
            sb_unknown_note(categories, l->category_id[i], categories->count ? 0 : offset_of(l, i));
        count += image || category;
    }
    return count;
}

static int check_unknown(struct sb_gt_loader *l, struct sb_ranks *ranks, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    struct sb_unknown_ids images = {0}, categories = {0};
    int64_t counts[3] = {find_unknown(l, &images, &categories)};
    int rc = 0;
    counts[1] = (int64_t)images.count;
    counts[2] = (int64_t)categories.count;
    sb_ranks_sum(ranks, counts, 3);
    gt->notes.count[SB_RULE_UNKNOWN_OBJECTS] = counts[0];
    if (counts[1] > 0)
        rc = sb_unknown_gather(&images, &gt->ids, ranks, &gt->unknown_images, err);
    if (rc == 0 && counts[2] > 0)
        rc = sb_unknown_gather(&categories, &gt->ids, ranks, &gt->unknown_categories, err);
    if (rc || rule(l, SB_RULE_UNKNOWN_OBJECTS) == SB_UNKNOWN_OBJECTS_DROP)
        return rc;
    if (counts[1] > 0)
        return sb_unknown_refuse(&gt->unknown_images, "annotation", "images", err);
    return counts[2] > 0
               ? sb_unknown_refuse(&gt->unknown_categories, "annotation", "categories", err)
               : 0;
}

/* Areas that masks decide. */
static int measure_masks(struct sb_gt_loader *l, struct sb_pool *pool, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const bool all = rule(l, SB_RULE_GT_AREA) == SB_GT_AREA_MASK;
    const bool some = rule(l, SB_RULE_MISSING_FIELDS) == SB_MISSING_FILL;
    if (!gt->shape_at || !(all || some))
        return 0;
    const struct sb_mask_column masks = {&gt->map,       gt->path, gt->count, gt->shape_at,
                                         gt->shape_from, NULL,     gt->image};
    return sb_mask_areas(&masks, gt, l->params, all, gt->area, pool, err);
}

static int resolve_repeats(struct sb_gt_loader *l, struct sb_error *err)
{
    size_t repeats = 0;
    if (rule(l, SB_RULE_REPEATED_IDS) == SB_REPEATED_EACH)
        return 0;
    const int rc = sb_resolve_duplicates(l->gt, l->id, l->params, &repeats, err);
    l->gt->notes.count[SB_RULE_REPEATED_IDS] = (int64_t)repeats;
    return rc;
}

/* Columns that need the lists of images and categories. */
static int rank_annotations(struct sb_gt_loader *l, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    gt->image = sb_malloc(l->capacity * sizeof(*gt->image), TAG);
    gt->category = sb_malloc(l->capacity * sizeof(*gt->category), TAG);
    if (!gt->image || !gt->category)
        return sb_error_nomem(err, "annotations", l->capacity * sizeof(*gt->image));
    sb_pool_run(l->pool, (gt->count + BLOCK - 1) / BLOCK, rank_block, l);
    return 0;
}

static int finish_annotations(struct sb_gt_loader *l, struct sb_eval_ranks *team,
                              struct sb_error *err)
{
    struct sb_ranks *const ranks = sb_eval_ranks_of(team);
    bool everywhere = false;
    int rc = sb_ranks_agree(ranks, rank_annotations(l, err), err);
    if (rc == 0)
        rc = check_unknown(l, ranks, err);
    sb_eval_ranks_spent(team, SB_STAGE_READ);
    if (rc == 0 && ranks)
        rc = sb_gt_route(l, team, &everywhere, err);
    sb_eval_ranks_spent(team, SB_STAGE_MOVE);
    if (rc)
        return rc;
    rc = measure_masks(l, l->pool, err);
    rc = sb_ranks_agree_input(ranks, rc, rc ? err->offset : 0, err);
    if (rc == 0 && (!ranks || everywhere))
        rc = sb_ranks_agree(ranks, resolve_repeats(l, err), err);
    if (rc == 0 && everywhere)
        rc = sb_gt_keep_own(l, team, err);
    sb_eval_ranks_spent(team, SB_STAGE_READ);
    return rc;
}

static void release_loader(struct sb_gt_loader *l)
{
    sb_gt_lists_release(l);
    sb_free(l->id);
    sb_free(l->image_id);
    sb_free(l->category_id);
}

int sb_gt_count_listings(struct sb_coco_gt *gt, const struct sb_coco_params *params,
                         const void *rows, size_t stride, size_t count, struct sb_error *err)
{
    if (params->use_cats || params->categories.count > 0 ||
        params->metric->protocol == SB_PROTOCOL_LVIS || count == gt->categories.count)
        return 0;
    gt->category_times = sb_calloc(gt->categories.count, sizeof(*gt->category_times), TAG);
    if (!gt->category_times)
        return sb_error_nomem(err, "categories", gt->categories.count);
    for (size_t i = 0; i < count; i++) {
        int64_t id;
        memcpy(&id, (const char *)rows + i * stride, sizeof(id));
        gt->category_times[sb_id_map_find(&gt->categories, id)]++;
    }
    return 0;
}

/* The lists that ranks hold whole. */
static int finish_lists(struct sb_gt_loader *l, struct sb_ranks *ranks, struct sb_error *err)
{
    int rc = sb_gt_share(l, ranks, err);
    if (rc)
        return rc;
    rc = sb_gt_finish_categories(l, err);
    if (rc == 0)
        rc = sb_gt_count_listings(l->gt, l->params, l->categories.data,
                                  sizeof(struct sb_category_row), l->categories.count, err);
    if (rc == 0)
        rc = sb_gt_finish_images(l, err);
    return sb_ranks_agree_input(ranks, rc, 0, err);
}

int sb_coco_gt_read(struct sb_coco_gt *gt, const struct sb_map *map, const char *path,
                    const struct sb_coco_params *params, struct sb_eval_ranks *team,
                    struct sb_pool *pool, struct sb_error *err)
{
    struct sb_ranks *const ranks = sb_eval_ranks_of(team);
    memset(gt, 0, sizeof(*gt));
    gt->path = path;
    gt->map = *map;
    sb_id_pool_init(&gt->ids);
    struct sb_gt_loader l = {.gt = gt, .params = params, .pool = pool};
    struct sb_scan s;
    int rc = sb_scan_init(&s, gt->map.data, gt->map.size, path, err);
    if (rc == 0)
        rc = read_document(&l, &s, ranks);
    if (rc == 0)
        rc = finish_lists(&l, ranks, err);
    if (rc == 0)
        rc = finish_annotations(&l, team, err);
    release_loader(&l);
    if (rc) {
        sb_error_file(err, path);
        sb_coco_gt_release(gt);
    }
    return rc;
}

int sb_coco_gt_load_ranks(struct sb_coco_gt *gt, const char *path,
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
    return sb_coco_gt_read(gt, &map, path, params, team, pool, err);
}

int sb_coco_gt_load(struct sb_coco_gt *gt, const char *path, const struct sb_coco_params *params,
                    struct sb_pool *pool, struct sb_error *err)
{
    return sb_coco_gt_load_ranks(gt, path, params, NULL, pool, err);
}

void sb_coco_gt_release(struct sb_coco_gt *gt)
{
    sb_map_release(&gt->map);
    for (size_t k = 0; gt->category_names && k < gt->categories.count; k++)
        sb_free(gt->category_names[k]);
    sb_free(gt->category_names);
    sb_id_map_release(&gt->images);
    sb_id_map_release(&gt->categories);
    sb_id_map_release(&gt->unchosen_categories);
    sb_id_pool_release(&gt->ids);
    sb_unknown_names_release(&gt->unknown_images);
    sb_unknown_names_release(&gt->unknown_categories);
    sb_free(gt->height);
    sb_free(gt->width);
    sb_free(gt->image_chosen);
    sb_free(gt->image_group);
    sb_free(gt->category_times);
    sb_free(gt->category_group);
    sb_category_sets_release(&gt->negative);
    sb_category_sets_release(&gt->not_exhaustive);
    sb_free(gt->image);
    sb_free(gt->listed_image);
    sb_free(gt->category);
    sb_free(gt->box);
    sb_free(gt->area);
    sb_free(gt->flags);
    sb_free(gt->shape_at);
    sb_free(gt->shape_from);
    sb_free(gt->keypoints);
    memset(gt, 0, sizeof(*gt));
}
