/* Reader of COCO ground truth. The three arrays of the file may come in any order, so ids are kept
 * as read and turned into ranks at the end. See coco_gt.h. */
#include "eval/coco_gt.h"

#include "base/json_array.h"
#include "base/mem.h"
#include "eval/coco_mask.h"
#include "eval/coco_rows.h"
#include "eval/duplicate_ids.h"

#include <math.h>
#include <string.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define BLOCK     65536 /* annotations per job of the passes over columns */
#define MAX_CROWD 255   /* iscrowd goes through 8 bits in pycocotools, which refuses more */

struct image_row {
    int64_t id;
    int32_t height, width;
};

struct category_row {
    int64_t id;
    char *name;
};

struct ann_row {
    int64_t id, image_id, category_id;
    double box[4], area;
    uint64_t shape_at;
    uint8_t flags;
};

/* State of a part of the annotations. */
struct ann_part {
    struct sb_rows rows; /* struct ann_row; first, so that it is a struct sb_rows, too */
    struct sb_mask_scratch scratch;
    struct sb_scan_record record;
};

struct loader {
    struct sb_coco_gt *gt;
    const struct sb_coco_params *params;
    struct sb_rows images;     /* struct image_row */
    struct sb_rows categories; /* struct category_row */
    size_t capacity;           /* of the annotation columns */
    int64_t *id, *image_id, *category_id;
};

static int read_size(struct sb_scan *s, int32_t *pixels)
{
    int64_t v = 0;
    const int rc = sb_scan_int(s, 0, INT32_MAX, &v);
    *pixels = (int32_t)v;
    return rc;
}

static int read_image(void *state, const void *ctx, struct sb_scan *s)
{
    enum { ID, HEIGHT, WIDTH };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("height"),
                                                SB_SCAN_NAME("width"), SB_SCAN_NAMES_END};
    const struct loader *const l = ctx;
    const bool need_size = sb_compares_masks(l->params);
    struct sb_scan_record rec = {.names = names};
    const char *const at = s->pos;
    struct image_row *const row = sb_rows_add(state, sizeof(*row), s->err);
    int key, rc = row ? sb_scan_open_object(s, &rec) : SB_ENOMEM;
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == ID)
            rc = sb_id_scan(&l->gt->ids, s, &row->id);
        else if (key == HEIGHT && need_size)
            rc = read_size(s, &row->height);
        else if (key == WIDTH && need_size)
            rc = read_size(s, &row->width);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    if (rc == 0)
        rc = sb_scan_require(s, &rec, ID, at);
    if (rc == 0 && need_size)
        rc = sb_scan_require(s, &rec, HEIGHT, at);
    if (rc == 0 && need_size)
        rc = sb_scan_require(s, &rec, WIDTH, at);
    if (rc == 0 && (uint64_t)row->height * (uint64_t)row->width > UINT32_MAX)
        rc = sb_scan_fail(s, at, "an image of %d x %d pixels is too large for masks", row->height,
                          row->width);
    return rc;
}

static int read_name(struct sb_scan *s, char **name)
{
    struct sb_scan_text raw;
    struct sb_str text = SB_STR_INIT;
    const int rc = sb_scan_string(s, &raw);
    if (rc)
        return rc;
    sb_scan_unescape(&raw, &text);
    *name = sb_strdup(sb_str_text(&text));
    const bool failed = text.failed || !*name;
    sb_str_release(&text);
    return failed ? sb_error_nomem(s->err, "a category's name", raw.length) : 0;
}

static int read_category(void *state, const void *ctx, struct sb_scan *s)
{
    enum { ID, NAME };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("name"),
                                                SB_SCAN_NAMES_END};
    const struct loader *const l = ctx;
    struct sb_scan_record rec = {.names = names};
    const char *const at = s->pos;
    struct category_row *const row = sb_rows_add(state, sizeof(*row), s->err);
    int key, rc = row ? sb_scan_open_object(s, &rec) : SB_ENOMEM;
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == ID)
            rc = sb_id_scan(&l->gt->ids, s, &row->id);
        else if (key == NAME && sb_scan_peek(s) == SB_SCAN_STRING)
            rc = read_name(s, &row->name);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    return rc ? rc : sb_scan_require(s, &rec, ID, at);
}

enum { IMAGE_ID, CATEGORY_ID, ID, BBOX, AREA, ISCROWD, SEGMENTATION, KEYPOINTS, NUM_KEYPOINTS };
static const struct sb_scan_name ann_names[] = {SB_SCAN_NAME("image_id"),
                                                SB_SCAN_NAME("category_id"),
                                                SB_SCAN_NAME("id"),
                                                SB_SCAN_NAME("bbox"),
                                                SB_SCAN_NAME("area"),
                                                SB_SCAN_NAME("iscrowd"),
                                                SB_SCAN_NAME("segmentation"),
                                                SB_SCAN_NAME("keypoints"),
                                                SB_SCAN_NAME("num_keypoints"),
                                                SB_SCAN_NAMES_END};

/* 0, 1, true, false; any number is legal for pycocotools, which rounds it towards 0 to mean crowd.
 */
static int read_crowd(struct sb_scan *s, uint8_t *flags)
{
    struct sb_scan before = *s;
    double v = 0;
    bool b = false;
    const int rc = sb_scan_peek(s) == SB_SCAN_BOOL ? sb_scan_bool(s, &b) : sb_scan_double(s, &v);
    if (rc)
        return rc;
    if (b)
        v = 1;
    if (!(v > -1 && v < MAX_CROWD + 1))
        return sb_scan_expected(&before, "0 or 1");
    if (v != 0)
        *flags |= SB_ANN_IGNORE;
    if (trunc(v) != 0)
        *flags |= SB_ANN_CROWD;
    return 0;
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
    return sb_coco_mask_check(s, &part->scratch);
}

static int read_member(struct ann_part *part, const struct loader *l, struct sb_scan *s, int key,
                       struct ann_row *row)
{
    const bool masks = sb_compares_masks(l->params);
    const bool keypoints = sb_compares_keypoints(l->params);
    switch (key) {
    case IMAGE_ID:
        return sb_id_scan(&l->gt->ids, s, &row->image_id);
    case CATEGORY_ID:
        return sb_id_scan(&l->gt->ids, s, &row->category_id);
    case ID:
        return sb_id_scan(&l->gt->ids, s, &row->id);
    case BBOX:
        return masks ? sb_scan_skip(s) : sb_scan_doubles(s, row->box, 4);
    case AREA:
        return sb_scan_double(s, &row->area);
    case ISCROWD:
        return read_crowd(s, &row->flags);
    case SEGMENTATION:
        return masks ? note_shape(part, s, &row->shape_at) : sb_scan_skip(s);
    case KEYPOINTS:
        return keypoints ? sb_rows_read_numbers(&part->rows, s, 3 * l->params->keypoint_count)
                         : sb_scan_skip(s);
    case NUM_KEYPOINTS:
        return keypoints ? read_num_keypoints(s, &row->flags) : sb_scan_skip(s);
    default:
        return key < 0 ? key : sb_scan_skip(s);
    }
}

/* The members that pycocotools would look for and not find. */
static int check_members(const struct loader *l, struct sb_scan *s,
                         const struct sb_scan_record *rec, const struct ann_row *row,
                         const char *at)
{
    static const int needed[][4] = {
        [SB_IOU_BBOX] = {BBOX, ISCROWD, ISCROWD, ISCROWD},
        [SB_IOU_SEGM] = {SEGMENTATION, ISCROWD, ISCROWD, ISCROWD},
        [SB_IOU_BOUNDARY] = {SEGMENTATION, ISCROWD, ISCROWD, ISCROWD},
        [SB_IOU_KEYPOINTS] = {KEYPOINTS, BBOX, NUM_KEYPOINTS, ISCROWD},
    };
    static const int always[] = {ID, IMAGE_ID, CATEGORY_ID};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < 3; i++)
        rc = sb_scan_require(s, rec, always[i], at);
    for (size_t i = 0; rc == 0 && i < 4; i++)
        rc = sb_scan_require(s, rec, needed[l->params->iou_type][i], at);
    if (rc == 0 && !(row->flags & SB_ANN_IGNORE)) /* an ignored object's area is never asked for */
        rc = sb_scan_require(s, rec, AREA, at);
    return rc;
}

static int read_annotation(void *state, const void *ctx, struct sb_scan *s)
{
    struct ann_part *const part = state;
    struct sb_scan_record *const rec = &part->record;
    const char *const at = s->pos;
    struct ann_row *const row = sb_rows_add(&part->rows, sizeof(*row), s->err);
    rec->names = ann_names;
    int key, rc = row ? sb_scan_open_object(s, rec) : SB_ENOMEM;
    while (rc == 0 && (key = sb_scan_key(s, rec)) != SB_SCAN_END)
        rc = read_member(part, ctx, s, key, row);
    if (rc)
        return rc;
    if (row->id == 0)
        row->flags |= SB_ANN_ZERO_ID;
    return check_members(ctx, s, rec, row, at);
}

static int grow_columns(struct loader *l, size_t count, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    const bool masks = sb_compares_masks(l->params);
    const size_t points = 3 * l->params->keypoint_count * sizeof(double);
    int rc = sb_column_grow(&l->id, true, count, sizeof(int64_t), err);
    if (rc == 0)
        rc = sb_column_grow(&l->image_id, true, count, sizeof(int64_t), err);
    if (rc == 0)
        rc = sb_column_grow(&l->category_id, true, count, sizeof(int64_t), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->box, !masks, count, sizeof(*gt->box), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->area, true, count, sizeof(*gt->area), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->flags, true, count, sizeof(*gt->flags), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->shape_at, masks, count, sizeof(*gt->shape_at), err);
    if (rc == 0)
        rc = sb_column_grow(&gt->keypoints, sb_compares_keypoints(l->params), count, points, err);
    l->capacity = rc ? l->capacity : count;
    return rc;
}

static void copy_row(struct loader *l, size_t i, const struct ann_row *row)
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

static int merge_annotations(void *state, void *ctx, size_t done, size_t total,
                             struct sb_error *err)
{
    struct sb_rows *const rows = state;
    struct loader *const l = ctx;
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
    sb_rows_clear(rows);
    return 0;
}

/* Appends a part's rows of the given size to all. */
static int append_rows(struct sb_rows *all, struct sb_rows *part, size_t bytes,
                       struct sb_error *err)
{
    const size_t need = all->count + part->count;
    if (part->count == 0)
        return 0;
    if (sb_grow(&all->data, &all->capacity, need, bytes, TAG))
        return sb_error_nomem(err, "rows of a data set", need * bytes);
    memcpy((char *)all->data + all->count * bytes, part->data, part->count * bytes);
    all->count = need;
    sb_rows_clear(part);
    return 0;
}

static int merge_images(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    (void)done;
    (void)total;
    return append_rows(&((struct loader *)ctx)->images, state, sizeof(struct image_row), err);
}

static int merge_categories(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    (void)done;
    (void)total;
    return append_rows(&((struct loader *)ctx)->categories, state, sizeof(struct category_row),
                       err);
}

static void discard_rows(void *state)
{
    sb_rows_clear(state);
}

static void release_rows(void *state)
{
    sb_rows_release(state);
}

static void release_annotations(void *state)
{
    struct ann_part *const part = state;
    sb_rows_release(&part->rows);
    sb_mask_scratch_release(&part->scratch);
}

static void discard_categories(void *state)
{
    struct sb_rows *const rows = state;
    struct category_row *const row = rows->data;
    for (size_t i = 0; i < rows->count; i++)
        sb_free(row[i].name);
    sb_rows_clear(rows);
}

static void release_categories(void *state)
{
    discard_categories(state);
    sb_rows_release(state);
}

static int read_document(struct loader *l, struct sb_scan *s, struct sb_pool *pool)
{
    enum { IMAGES, ANNOTATIONS, CATEGORIES, N_ARRAYS };
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("images"), SB_SCAN_NAME("annotations"),
                                                SB_SCAN_NAME("categories"), SB_SCAN_NAMES_END};
    static const struct sb_array_reader readers[] = {
        {sizeof(struct sb_rows), 0, read_image, merge_images, discard_rows, release_rows},
        {sizeof(struct ann_part), 0, read_annotation, merge_annotations, discard_rows,
         release_annotations},
        {sizeof(struct sb_rows), 0, read_category, merge_categories, discard_categories,
         release_categories},
    };
    struct sb_scan_record rec = {.names = names};
    /* masks are read again soon: their pages stay */
    const struct sb_map *const map = sb_compares_masks(l->params) ? NULL : &l->gt->map;
    const char *const at = s->pos;
    int key, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key < 0)
            rc = key;
        else if (key < N_ARRAYS)
            rc = sb_scan_array(s, &readers[key], l, pool, map);
        else
            rc = sb_scan_skip(s);
    }
    for (int i = 0; rc == 0 && i < N_ARRAYS; i++)
        rc = sb_scan_require(s, &rec, i, at);
    return rc ? rc : sb_scan_finish(s);
}

/* The ids of rows, each of which starts with its id. */
static int build_map(struct sb_id_map *map, const struct sb_rows *rows, size_t bytes,
                     const struct sb_id_pool *pool, struct sb_error *err)
{
    int64_t *ids = sb_malloc(rows->count * sizeof(*ids), TAG);
    if (!ids)
        return sb_error_nomem(err, "ids", rows->count * sizeof(*ids));
    for (size_t i = 0; i < rows->count; i++)
        memcpy(&ids[i], (const char *)rows->data + i * bytes, sizeof(ids[i]));
    const int rc = sb_id_map_build(map, ids, rows->count, pool, err);
    sb_free(ids);
    return rc;
}

static int finish_images(struct loader *l, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    int rc = build_map(&gt->images, &l->images, sizeof(struct image_row), &gt->ids, err);
    if (rc)
        return rc;
    gt->height = sb_calloc(gt->images.count, sizeof(*gt->height), TAG);
    gt->width = sb_calloc(gt->images.count, sizeof(*gt->width), TAG);
    if (!gt->height || !gt->width)
        return sb_error_nomem(err, "image sizes", gt->images.count * sizeof(*gt->height));
    const struct image_row *const row = l->images.data;
    for (size_t i = 0; i < l->images.count; i++) { /* of equal ids the last wins */
        const int32_t rank = sb_id_map_find(&gt->images, row[i].id);
        gt->height[rank] = row[i].height;
        gt->width[rank] = row[i].width;
    }
    return 0;
}

static int finish_categories(struct loader *l, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    int rc = build_map(&gt->categories, &l->categories, sizeof(struct category_row), &gt->ids, err);
    if (rc)
        return rc;
    gt->category_names = sb_calloc(gt->categories.count, sizeof(char *), TAG);
    if (!gt->category_names)
        return sb_error_nomem(err, "category names", gt->categories.count * sizeof(char *));
    struct category_row *const row = l->categories.data;
    for (size_t i = 0; i < l->categories.count; i++) {
        char **const name = &gt->category_names[sb_id_map_find(&gt->categories, row[i].id)];
        sb_free(*name);
        *name = row[i].name;
        row[i].name = NULL;
    }
    for (size_t k = 0; rc == 0 && k < gt->categories.count; k++) {
        if (!gt->category_names[k] && !(gt->category_names[k] = sb_strdup("")))
            rc = sb_error_nomem(err, "category names", 1);
    }
    return rc;
}

static void rank_block(void *arg, size_t job, int worker)
{
    (void)worker;
    struct loader *const l = arg;
    struct sb_coco_gt *const gt = l->gt;
    const size_t end = (job + 1) * BLOCK < gt->count ? (job + 1) * BLOCK : gt->count;
    for (size_t i = job * BLOCK; i < end; i++) {
        gt->image[i] = sb_id_map_find(&gt->images, l->image_id[i]);
        gt->category[i] = sb_id_map_find(&gt->categories, l->category_id[i]);
    }
}

static int finish_annotations(struct loader *l, struct sb_pool *pool, struct sb_error *err)
{
    struct sb_coco_gt *const gt = l->gt;
    gt->image = sb_malloc(gt->count * sizeof(*gt->image), TAG);
    gt->category = sb_malloc(gt->count * sizeof(*gt->category), TAG);
    if (!gt->image || !gt->category)
        return sb_error_nomem(err, "annotations", gt->count * sizeof(*gt->image));
    sb_pool_run(pool, (gt->count + BLOCK - 1) / BLOCK, rank_block, l);
    return sb_resolve_duplicates(gt, l->id, l->params, &gt->repeated_ids, err);
}

static void release_loader(struct loader *l)
{
    sb_rows_release(&l->images);
    release_categories(&l->categories);
    sb_free(l->id);
    sb_free(l->image_id);
    sb_free(l->category_id);
}

int sb_coco_gt_load(struct sb_coco_gt *gt, const char *path, const struct sb_coco_params *params,
                    struct sb_pool *pool, struct sb_error *err)
{
    memset(gt, 0, sizeof(*gt));
    gt->path = path;
    sb_id_pool_init(&gt->ids);
    struct loader l = {.gt = gt, .params = params};
    struct sb_scan s;
    int rc = sb_map_open(&gt->map, path, err);
    if (rc == 0)
        rc = sb_scan_init(&s, gt->map.data, gt->map.size, path, err);
    if (rc == 0)
        rc = read_document(&l, &s, pool);
    if (rc == 0)
        rc = finish_images(&l, err);
    if (rc == 0)
        rc = finish_categories(&l, err);
    if (rc == 0)
        rc = finish_annotations(&l, pool, err);
    release_loader(&l);
    if (rc) {
        sb_error_file(err, path);
        sb_coco_gt_release(gt);
    }
    return rc;
}

void sb_coco_gt_release(struct sb_coco_gt *gt)
{
    sb_map_release(&gt->map);
    for (size_t k = 0; gt->category_names && k < gt->categories.count; k++)
        sb_free(gt->category_names[k]);
    sb_free(gt->category_names);
    sb_id_map_release(&gt->images);
    sb_id_map_release(&gt->categories);
    sb_id_pool_release(&gt->ids);
    sb_free(gt->height);
    sb_free(gt->width);
    sb_free(gt->image);
    sb_free(gt->category);
    sb_free(gt->box);
    sb_free(gt->area);
    sb_free(gt->flags);
    sb_free(gt->shape_at);
    sb_free(gt->keypoints);
    memset(gt, 0, sizeof(*gt));
}
