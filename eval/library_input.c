/* Ground truth and detections of the library, from arrays and files. See library.h. */
#include "eval/library.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/duplicate_ids.h"
#include "eval/keypoint_extent.h"

#include <inttypes.h>
#include <string.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_NAMED 10 /* unknown image ids in a message */

/* Fails where a needed array is missing. */
static int need(const void *array, size_t count, const char *what, struct sb_error *err)
{
    if (array || count == 0)
        return 0;
    return sb_error_set(err, SB_EINVAL, "%s are NULL", what);
}

static int check_ids(const int64_t *ids, size_t count, const char *what, struct sb_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] < SB_ID_LOWEST)
            return sb_error_set(err, SB_EINVAL, "%s: %" PRId64 " is below %" PRId64, what, ids[i],
                                (int64_t)SB_ID_LOWEST);
    }
    return 0;
}

/* A column of count values of `bytes` bytes, a copy of `from` unless that is NULL. */
static void *column(const void *from, size_t count, size_t bytes, struct sb_error *err)
{
    void *const made = sb_calloc(count, bytes, TAG);
    if (!made)
        sb_error_nomem(err, "columns of a data set", count * bytes);
    else if (from && count > 0)
        memcpy(made, from, count * bytes);
    return made;
}

static int take_images(struct sb_coco_gt *gt, const struct spinebench_objects *o, bool sizes,
                       struct sb_error *err)
{
    int rc = need(o->image_ids, o->image_count, "image_ids", err);
    if (rc == 0 && sizes)
        rc = need(o->image_heights && o->image_widths ? o->image_ids : NULL, o->image_count,
                  "image_heights or image_widths", err);
    if (rc == 0)
        rc = check_ids(o->image_ids, o->image_count, "image_ids", err);
    if (rc == 0)
        rc = sb_id_map_build(&gt->images, o->image_ids, o->image_count, &gt->ids, err);
    if (rc)
        return rc;
    gt->height = column(NULL, gt->images.count, sizeof(*gt->height), err);
    gt->width = column(NULL, gt->images.count, sizeof(*gt->width), err);
    if (!gt->height || !gt->width)
        return SB_ENOMEM;
    for (size_t i = 0; sizes && i < o->image_count; i++) {
        const int32_t rank = sb_id_map_find(&gt->images, o->image_ids[i]);
        if (o->image_heights[i] < 0 || o->image_widths[i] < 0)
            return sb_error_set(err, SB_EINVAL, "image %zu: size %" PRId32 " x %" PRId32, i,
                                o->image_heights[i], o->image_widths[i]);
        if ((uint64_t)o->image_heights[i] * (uint64_t)o->image_widths[i] > UINT32_MAX)
            return sb_error_set(err, SB_EFORMAT,
                                "image %zu: %" PRId32 " x %" PRId32
                                " pixels are too many for masks",
                                i, o->image_heights[i], o->image_widths[i]);
        gt->height[rank] = o->image_heights[i];
        gt->width[rank] = o->image_widths[i];
    }
    return 0;
}

static int take_categories(struct sb_coco_gt *gt, const struct spinebench_objects *o,
                           struct sb_error *err)
{
    int rc = need(o->category_ids, o->category_count, "category_ids", err);
    if (rc == 0)
        rc = check_ids(o->category_ids, o->category_count, "category_ids", err);
    if (rc == 0)
        rc = sb_id_map_build(&gt->categories, o->category_ids, o->category_count, &gt->ids, err);
    if (rc)
        return rc;
    gt->category_names = column(NULL, gt->categories.count, sizeof(char *), err);
    if (!gt->category_names)
        return SB_ENOMEM;
    for (size_t i = 0; i < o->category_count; i++) {
        const char *const name = o->category_names ? o->category_names[i] : NULL;
        char **const own = &gt->category_names[sb_id_map_find(&gt->categories, o->category_ids[i])];
        sb_free(*own);
        *own = sb_strdup(name ? name : "");
        if (!*own)
            return sb_error_nomem(err, "category names", 1);
    }
    return 0;
}

/* Ranks of ids; -1 where there is none. */
static int32_t *ranks(const struct sb_id_map *map, const int64_t *ids, size_t count,
                      struct sb_error *err)
{
    int32_t *const out = column(NULL, count, sizeof(*out), err);
    for (size_t i = 0; out && i < count; i++)
        out[i] = sb_id_map_find(map, ids[i]);
    return out;
}

static bool any_visible(const double *keypoints, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (keypoints[3 * i + 2] > 0)
            return true;
    }
    return false;
}

static void take_flags(const struct spinebench_truth *t, const struct spinebench_objects *o,
                       uint8_t *flags)
{
    const size_t points = t->params.keypoint_count;
    for (size_t i = 0; i < o->count; i++) {
        if (o->iscrowd && o->iscrowd[i])
            flags[i] |= SB_ANN_CROWD | SB_ANN_IGNORE;
        if (o->ids && o->ids[i] == 0)
            flags[i] |= SB_ANN_ZERO_ID;
        if (!sb_compares_keypoints(&t->params))
            continue;
        if (o->num_keypoints ? o->num_keypoints[i] == 0
                             : !any_visible(o->keypoints + i * 3 * points, points))
            flags[i] |= SB_ANN_IGNORE;
    }
}

/* The area of every object: the caller's, of its mask, or of its box. */
static int take_shapes(struct spinebench_truth *t, const struct spinebench_objects *o,
                       struct sb_error *err)
{
    struct sb_coco_gt *const gt = &t->gt;
    gt->area = column(o->area, o->count, sizeof(*gt->area), err);
    if (!gt->area)
        return SB_ENOMEM;
    if (sb_compares_masks(&t->params)) {
        const struct sb_library_masks masks = {o->masks, o->count, gt->image, gt, "object"};
        gt->shape_at = column(NULL, o->count, sizeof(*gt->shape_at), err);
        return gt->shape_at ? sb_library_masks_load(&masks, &gt->map, gt->shape_at,
                                                    o->area ? NULL : gt->area, err)
                            : SB_ENOMEM;
    }
    int rc = need(o->bbox, o->count, "bbox", err);
    if (rc)
        return rc;
    gt->box = column(o->bbox, o->count, sizeof(*gt->box), err);
    for (size_t i = 0; gt->box && !o->area && i < o->count; i++)
        gt->area[i] = gt->box[i][2] * gt->box[i][3];
    return gt->box ? 0 : SB_ENOMEM;
}

static int take_keypoints(struct spinebench_truth *t, const struct spinebench_objects *o,
                          struct sb_error *err)
{
    int rc = need(o->keypoints, o->count, "keypoints", err);
    if (rc)
        return rc;
    t->gt.keypoints =
        column(o->keypoints, o->count, 3 * t->params.keypoint_count * sizeof(double), err);
    return t->gt.keypoints ? 0 : SB_ENOMEM;
}

/* Rows whose id repeats follow pycocotools, which keeps the last of them. */
static int resolve_ids(struct spinebench_truth *t, const struct spinebench_objects *o,
                       struct sb_error *err)
{
    if (!o->ids)
        return 0;
    size_t repeats = 0;
    const int rc = check_ids(o->ids, o->count, "ids", err);
    return rc ? rc : sb_resolve_duplicates(&t->gt, o->ids, &t->params, &repeats, err);
}

static int take_objects(struct spinebench_truth *t, const struct spinebench_objects *o,
                        struct sb_error *err)
{
    struct sb_coco_gt *const gt = &t->gt;
    int rc = take_images(gt, o, sb_compares_masks(&t->params), err);
    if (rc == 0)
        rc = take_categories(gt, o, err);
    if (rc == 0)
        rc = need(o->image_id, o->count, "image_id", err);
    if (rc == 0)
        rc = need(o->category_id, o->count, "category_id", err);
    if (rc)
        return rc;
    if (o->count >= UINT32_MAX)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than 2^32 - 2 objects");
    gt->count = o->count;
    gt->image = ranks(&gt->images, o->image_id, o->count, err);
    gt->category = ranks(&gt->categories, o->category_id, o->count, err);
    gt->flags = column(NULL, o->count, sizeof(*gt->flags), err);
    if (!gt->image || !gt->category || !gt->flags)
        return SB_ENOMEM;
    rc = take_shapes(t, o, err);
    if (rc == 0 && sb_compares_keypoints(&t->params))
        rc = take_keypoints(t, o, err);
    if (rc)
        return rc;
    take_flags(t, o, gt->flags);
    return resolve_ids(t, o, err);
}

int sb_library_for_arrays(const struct spinebench_truth *truth, struct sb_error *err)
{
    if (!truth->files_only)
        return 0;
    return sb_error_set(err, SB_EUNSUPPORTED,
                        "options: LVIS, CrowdPose and rules are for files, arrays were given");
}

/* Ground truth without objects, with checked options. */
static int start(struct spinebench_truth **truth, const struct spinebench_options *options,
                 struct sb_error *err)
{
    struct spinebench_options o;
    *truth = NULL;
    int rc = sb_library_take(&o, sizeof(o), options, "options", err);
    if (rc)
        return rc;
    struct spinebench_truth *const t = sb_calloc(1, sizeof(*t), TAG);
    if (!t)
        return sb_error_nomem(err, "ground truth", sizeof(*t));
    rc = sb_library_params(&o, &t->params, err);
    if (rc) {
        sb_free(t);
        return rc;
    }
    t->order = o.numpy_mean == 1 ? SB_NUMPY_BLOCKED : SB_NUMPY_WHOLE;
    t->arrays = o.arrays != 0;
    t->files_only = o.protocol != SPINEBENCH_COCO || o.rule_count > 0;
    t->threads = o.threads ? (int)o.threads : sb_cpu_count();
    *truth = t;
    return 0;
}

int spinebench_truth_new(struct spinebench_truth **truth, const struct spinebench_objects *objects,
                         const struct spinebench_options *options, struct spinebench_error *error)
{
    struct spinebench_objects o;
    struct sb_error err;
    sb_error_init(&err);
    if (!truth) {
        sb_error_set(&err, SB_EINVAL, "truth: NULL");
        return sb_library_error(error, &err);
    }
    int rc = start(truth, options, &err);
    if (rc == 0) {
        sb_id_pool_init(&(*truth)->gt.ids);
        rc = sb_library_for_arrays(*truth, &err);
        if (rc == 0)
            rc = sb_library_take(&o, sizeof(o), objects, "objects", &err);
        if (rc == 0)
            rc = take_objects(*truth, &o, &err);
        if (rc)
            spinebench_truth_free(truth);
    }
    return sb_library_error(error, &err);
}

static int load_objects(struct spinebench_truth *t, const char *path, struct sb_error *err)
{
    t->path = sb_strdup(path);
    struct sb_pool *pool = t->path ? sb_pool_new(t->threads, err) : NULL;
    if (!t->path)
        return sb_error_nomem(err, "a path", strlen(path));
    if (!pool)
        return err->code;
    const int rc = sb_coco_gt_load(&t->gt, t->path, &t->params, pool, err);
    sb_pool_free(&pool);
    return rc;
}

int spinebench_truth_load(struct spinebench_truth **truth, const char *path,
                          const struct spinebench_options *options, struct spinebench_error *error)
{
    struct sb_error err;
    sb_error_init(&err);
    if (!truth || !path) {
        sb_error_set(&err, SB_EINVAL, "%s: NULL", truth ? "path" : "truth");
        return sb_library_error(error, &err);
    }
    int rc = start(truth, options, &err);
    if (rc == 0) {
        rc = load_objects(*truth, path, &err);
        if (rc) {
            sb_free((*truth)->path); /* nothing else was left behind */
            sb_free(*truth);
            *truth = NULL;
        }
    }
    return sb_library_error(error, &err);
}

void spinebench_truth_free(struct spinebench_truth **truth)
{
    if (!truth || !*truth)
        return;
    sb_coco_gt_release(&(*truth)->gt);
    sb_free((*truth)->path);
    sb_free(*truth);
    *truth = NULL;
}

/* Names the images that the ground truth does not have. */
static int check_known(const struct sb_coco_dt *dt, const int64_t *image_id, struct sb_error *err)
{
    struct sb_str list = SB_STR_INIT;
    size_t unknown = 0;
    for (size_t i = 0; i < dt->count; i++) {
        if (dt->image[i] >= 0)
            continue;
        if (unknown < MAX_NAMED)
            sb_str_printf(&list, "%s%" PRId64, unknown ? ", " : "", image_id[i]);
        unknown++;
    }
    if (unknown > 0)
        sb_error_set(err, SB_EFORMAT,
                     "%zu detections belong to images that the ground truth does not have: %s%s",
                     unknown, sb_str_text(&list), unknown > MAX_NAMED ? ", ..." : "");
    sb_str_release(&list);
    return unknown ? SB_EFORMAT : 0;
}

/* Points without their third number, and the box and area around them. */
static int detection_keypoints(struct sb_coco_dt *dt, const double *xyv, size_t points,
                               struct sb_error *err)
{
    dt->kind = SB_DT_KEYPOINTS;
    dt->keypoints = column(NULL, dt->count, 2 * points * sizeof(double), err);
    dt->area = column(NULL, dt->count, sizeof(*dt->area), err);
    if (!dt->keypoints || !dt->area)
        return SB_ENOMEM;
    double *out = dt->keypoints;
    for (size_t i = 0; i < dt->count; i++) {
        const struct sb_extent e = sb_extent_of(xyv, 3 * points, false);
        const double box[4] = {e.x0, e.y0, e.x1 - e.x0, e.y1 - e.y0};
        memcpy(dt->box[i], box, sizeof(box));
        for (size_t k = 0; k < points; k++, xyv += 3) {
            *out++ = xyv[0];
            *out++ = xyv[1];
        }
        dt->area[i] = dt->box[i][2] * dt->box[i][3];
    }
    return 0;
}

static int detection_shapes(struct sb_coco_dt *dt, const struct spinebench_truth *t,
                            const struct spinebench_detections *d, struct sb_error *err)
{
    const bool boxes = t->params.iou_type == SB_IOU_BBOX;
    int rc = boxes ? need(d->bbox, d->count, "bbox", err) : 0;
    if (rc)
        return rc;
    dt->box = column(boxes ? d->bbox : NULL, d->count, sizeof(*dt->box), err);
    if (!dt->box)
        return SB_ENOMEM;
    if (sb_compares_masks(&t->params)) {
        const struct sb_library_masks masks = {d->masks, d->count, dt->image, &t->gt, "detection"};
        dt->kind = SB_DT_MASK;
        dt->area = column(NULL, d->count, sizeof(*dt->area), err);
        dt->shape_at = column(NULL, d->count, sizeof(*dt->shape_at), err);
        return dt->area && dt->shape_at
                   ? sb_library_masks_load(&masks, &dt->map, dt->shape_at, dt->area, err)
                   : SB_ENOMEM;
    }
    if (sb_compares_keypoints(&t->params)) {
        rc = need(d->keypoints, d->count, "keypoints", err);
        return rc ? rc : detection_keypoints(dt, d->keypoints, t->params.keypoint_count, err);
    }
    return 0;
}

static int take_detections(struct sb_coco_dt *dt, const struct spinebench_truth *t,
                           const struct spinebench_detections *d, struct sb_error *err)
{
    if (d->count >= UINT32_MAX)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than 2^32 - 2 detections");
    int rc = need(d->image_id, d->count, "image_id", err);
    if (rc == 0)
        rc = need(d->category_id, d->count, "category_id", err);
    if (rc == 0)
        rc = need(d->score, d->count, "score", err);
    if (rc == 0)
        rc = check_ids(d->image_id, d->count, "image_id", err);
    if (rc)
        return rc;
    dt->count = d->count;
    dt->image = ranks(&t->gt.images, d->image_id, d->count, err);
    dt->category = ranks(&t->gt.categories, d->category_id, d->count, err);
    dt->score = column(d->score, d->count, sizeof(*dt->score), err);
    if (!dt->image || !dt->category || !dt->score)
        return SB_ENOMEM;
    for (size_t i = 0; i < d->count; i++)
        dt->notes.count[SB_RULE_UNKNOWN_CATS] += dt->category[i] < 0;
    rc = check_known(dt, d->image_id, err);
    return rc ? rc : detection_shapes(dt, t, d, err);
}

int sb_library_detections(struct sb_coco_dt *dt, const struct spinebench_truth *truth,
                          const struct spinebench_detections *detections, struct sb_error *err)
{
    struct spinebench_detections d;
    memset(dt, 0, sizeof(*dt));
    int rc = sb_library_for_arrays(truth, err);
    if (rc == 0)
        rc = sb_library_take(&d, sizeof(d), detections, "detections", err);
    if (rc == 0)
        rc = take_detections(dt, truth, &d, err);
    if (rc)
        sb_coco_dt_release(dt);
    return rc;
}
