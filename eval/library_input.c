/* Ground truth and detections of the library, from arrays and files. See library.h. */
#include "eval/library.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/duplicate_ids.h"
#include "eval/keypoint_extent.h"

#include <inttypes.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Ranks of ids; -1 where there is none. */
static int32_t *ranks(const struct sb_id_map *map, const int64_t *ids, size_t count,
                      struct sb_error *err)
{
    int32_t *const out = sb_library_column(NULL, count, sizeof(*out), err);
    for (size_t i = 0; out && i < count; i++)
        out[i] = sb_id_map_find(map, ids[i]);
    return out;
}

static bool follows(const struct spinebench_truth *t, enum sb_rule rule, uint8_t value)
{
    return t->params.rules[rule] == value;
}

static bool is_unlabelled(const struct spinebench_truth *t, const struct spinebench_objects *o,
                          size_t i)
{
    const size_t numbers = 3 * t->params.keypoint_count;
    return o->num_keypoints ? o->num_keypoints[i] == 0
                            : !sb_any_labelled(o->keypoints + i * numbers, numbers);
}

static void take_flags(struct spinebench_truth *t, const struct spinebench_objects *o)
{
    const bool crowds = follows(t, SB_RULE_CROWD, SB_CROWD_IGNORE);
    const bool ignores = follows(t, SB_RULE_IGNORE_FLAG, SB_IGNORE_EITHER);
    uint8_t *const flags = t->gt.flags;
    for (size_t i = 0; i < o->count; i++) {
        if (crowds && o->iscrowd && o->iscrowd[i])
            flags[i] |= SB_ANN_CROWD | SB_ANN_IGNORE;
        if (ignores && o->ignore && o->ignore[i])
            flags[i] |= SB_ANN_IGNORE;
        if (sb_compares_keypoints(&t->params) && is_unlabelled(t, o, i))
            flags[i] |= SB_ANN_IGNORE;
        if (o->ids && sb_is_unmatched_id(&t->gt, &t->params, o->ids[i]))
            flags[i] |= SB_ANN_ZERO_ID;
    }
}

/* Areas that boxes decide. */
static void take_box_areas(const struct spinebench_truth *t, const struct spinebench_objects *o,
                           double *area)
{
    const double scale = follows(t, SB_RULE_GT_AREA, SB_GT_AREA_PERSON) ? 0.53 : 1;
    for (size_t i = 0; i < o->count; i++)
        area[i] = o->bbox[4 * i + 2] * o->bbox[4 * i + 3] * scale;
}

/* Boxes, masks, and the area of every object: the caller's, or of its mask or its box. */
static int take_shapes(struct spinebench_truth *t, const struct spinebench_objects *o,
                       struct sb_error *err)
{
    struct sb_coco_gt *const gt = &t->gt;
    const bool given = follows(t, SB_RULE_GT_AREA, SB_GT_AREA_FILE) && o->area;
    const bool masks = sb_needs_masks(&t->params), boxes = sb_needs_boxes(&t->params);
    const bool of_masks = masks && (follows(t, SB_RULE_GT_AREA, SB_GT_AREA_MASK) ||
                                    follows(t, SB_RULE_GT_AREA, SB_GT_AREA_FILE));
    int rc = boxes ? sb_library_need(o->bbox, o->count, "objects.bbox", err) : 0;
    if (rc)
        return rc;
    gt->area = sb_library_column(given ? o->area : NULL, o->count, sizeof(*gt->area), err);
    gt->box = boxes ? sb_library_column(o->bbox, o->count, sizeof(*gt->box), err) : NULL;
    gt->shape_at = masks ? sb_library_column(NULL, o->count, sizeof(*gt->shape_at), err) : NULL;
    if (!gt->area || (boxes && !gt->box) || (masks && !gt->shape_at))
        return SB_ENOMEM;
    if (!given && !of_masks)
        take_box_areas(t, o, gt->area);
    const struct sb_library_masks rows = {o->masks, o->count, gt->image, gt, "objects"};
    return masks ? sb_library_masks_load(&rows, &gt->map, gt->shape_at,
                                         !given && of_masks ? gt->area : NULL, err)
                 : 0;
}

static int take_keypoints(struct spinebench_truth *t, const struct spinebench_objects *o,
                          struct sb_error *err)
{
    int rc = sb_library_need(o->keypoints, o->count, "objects.keypoints", err);
    if (rc)
        return rc;
    t->gt.keypoints = sb_library_column(o->keypoints, o->count,
                                        3 * t->params.keypoint_count * sizeof(double), err);
    return t->gt.keypoints ? 0 : SB_ENOMEM;
}

/* Rows whose id repeats follow pycocotools, which keeps the last of them, or the rule. */
static int resolve_ids(struct spinebench_truth *t, const struct spinebench_objects *o,
                       struct sb_error *err)
{
    size_t repeats = 0;
    return !o->ids || follows(t, SB_RULE_REPEATED_IDS, SB_REPEATED_EACH)
               ? 0
               : sb_resolve_duplicates(&t->gt, o->ids, &t->params, &repeats, err);
}

/* Those whose image or category is not listed, by the first of their ids. */
static int refuse_unknown(const struct sb_id_pool *pool, const int32_t *rank, const int64_t *ids,
                          size_t count, const char *thing, const char *parents,
                          struct sb_error *err)
{
    struct sb_unknown_ids unknown = {0};
    struct sb_unknown_names names;
    for (size_t i = 0; i < count; i++) {
        if (rank[i] < 0)
            sb_unknown_note(&unknown, ids[i], -1);
    }
    if (unknown.count == 0)
        return 0;
    int rc = sb_unknown_gather(&unknown, pool, NULL, &names, err);
    if (rc == 0)
        rc = sb_unknown_refuse(&names, thing, parents, err);
    sb_unknown_names_release(&names);
    return rc;
}

static int check_objects(const struct spinebench_truth *t, const struct spinebench_objects *o,
                         struct sb_error *err)
{
    const struct sb_coco_gt *const gt = &t->gt;
    if (follows(t, SB_RULE_UNKNOWN_OBJECTS, SB_UNKNOWN_OBJECTS_DROP))
        return 0;
    const int rc =
        refuse_unknown(&gt->ids, gt->image, o->image_id, o->count, "object", "images", err);
    return rc ? rc
              : refuse_unknown(&gt->ids, gt->category, o->category_id, o->count, "object",
                               "categories", err);
}

static int take_objects(struct spinebench_truth *t, const struct spinebench_objects *o,
                        struct sb_error *err)
{
    struct sb_coco_gt *const gt = &t->gt;
    if (o->count >= UINT32_MAX)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than 2^32 - 2 objects");
    int rc = sb_library_lists(t, o, err);
    if (rc == 0)
        rc = sb_library_need(o->image_id, o->count, "objects.image_id", err);
    if (rc == 0)
        rc = sb_library_need(o->category_id, o->count, "objects.category_id", err);
    if (rc == 0)
        rc = sb_library_check_ids(o->image_id, o->count, "objects.image_id", err);
    if (rc == 0)
        rc = sb_library_check_ids(o->category_id, o->count, "objects.category_id", err);
    if (rc == 0 && o->ids)
        rc = sb_library_check_ids(o->ids, o->count, "objects.ids", err);
    if (rc)
        return rc;
    gt->count = o->count;
    gt->image = ranks(&gt->images, o->image_id, o->count, err);
    gt->category = ranks(&gt->categories, o->category_id, o->count, err);
    gt->flags = sb_library_column(NULL, o->count, sizeof(*gt->flags), err);
    if (!gt->image || !gt->category || !gt->flags)
        return SB_ENOMEM;
    rc = check_objects(t, o, err);
    if (rc == 0)
        rc = take_shapes(t, o, err);
    if (rc == 0 && sb_compares_keypoints(&t->params))
        rc = take_keypoints(t, o, err);
    if (rc)
        return rc;
    take_flags(t, o);
    return resolve_ids(t, o, err);
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

/* Points without their third number, and the box and area around them. */
static int detection_keypoints(struct sb_coco_dt *dt, const struct spinebench_truth *t,
                               const double *xyv, struct sb_error *err)
{
    const size_t points = t->params.keypoint_count;
    const bool drops = follows(t, SB_RULE_UNLABELLED, SB_UNLABELLED_DROP);
    const bool visible = follows(t, SB_RULE_KEYPOINT_AREA, SB_KEYPOINT_AREA_VISIBLE);
    dt->kind = SB_DT_KEYPOINTS;
    dt->keypoints = sb_library_column(NULL, dt->count, 2 * points * sizeof(double), err);
    dt->area = sb_library_column(NULL, dt->count, sizeof(*dt->area), err);
    if (!dt->keypoints || !dt->area)
        return SB_ENOMEM;
    double *out = dt->keypoints;
    for (size_t i = 0; i < dt->count; i++) {
        const bool labelled = sb_any_labelled(xyv, 3 * points);
        const struct sb_extent e = sb_extent_of(xyv, 3 * points, visible && labelled);
        const double box[4] = {e.x0, e.y0, e.x1 - e.x0, e.y1 - e.y0};
        memcpy(dt->box[i], box, sizeof(box));
        for (size_t k = 0; k < points; k++, xyv += 3) {
            *out++ = xyv[0];
            *out++ = xyv[1];
        }
        dt->area[i] = dt->box[i][2] * dt->box[i][3];
        if (drops && !labelled)
            dt->image[i] = -1;
    }
    return 0;
}

static int detection_shapes(struct sb_coco_dt *dt, const struct spinebench_truth *t,
                            const struct spinebench_detections *d, struct sb_error *err)
{
    const bool boxes = t->params.iou_type == SB_IOU_BBOX;
    int rc = boxes ? sb_library_need(d->bbox, d->count, "detections.bbox", err) : 0;
    if (rc)
        return rc;
    dt->box = sb_library_column(boxes ? d->bbox : NULL, d->count, sizeof(*dt->box), err);
    if (!dt->box)
        return SB_ENOMEM;
    if (sb_compares_masks(&t->params)) {
        const struct sb_library_masks masks = {d->masks, d->count, dt->image, &t->gt, "detections"};
        dt->kind = SB_DT_MASK;
        dt->area = sb_library_column(NULL, d->count, sizeof(*dt->area), err);
        dt->shape_at = sb_library_column(NULL, d->count, sizeof(*dt->shape_at), err);
        return dt->area && dt->shape_at
                   ? sb_library_masks_load(&masks, &dt->map, dt->shape_at, dt->area, err)
                   : SB_ENOMEM;
    }
    if (sb_compares_keypoints(&t->params)) {
        rc = sb_library_need(d->keypoints, d->count, "detections.keypoints", err);
        return rc ? rc : detection_keypoints(dt, t, d->keypoints, err);
    }
    return 0;
}

static int take_detections(struct sb_coco_dt *dt, const struct spinebench_truth *t,
                           const struct spinebench_detections *d, struct sb_error *err)
{
    if (d->count >= UINT32_MAX)
        return sb_error_set(err, SB_EUNSUPPORTED, "more than 2^32 - 2 detections");
    int rc = sb_library_need(d->image_id, d->count, "detections.image_id", err);
    if (rc == 0)
        rc = sb_library_need(d->category_id, d->count, "detections.category_id", err);
    if (rc == 0)
        rc = sb_library_need(d->score, d->count, "detections.score", err);
    if (rc == 0)
        rc = sb_library_check_ids(d->image_id, d->count, "detections.image_id", err);
    if (rc == 0)
        rc = sb_library_check_ids(d->category_id, d->count, "detections.category_id", err);
    if (rc)
        return rc;
    dt->count = d->count;
    dt->image = ranks(&t->gt.images, d->image_id, d->count, err);
    dt->category = ranks(&t->gt.categories, d->category_id, d->count, err);
    dt->score = sb_library_column(d->score, d->count, sizeof(*dt->score), err);
    if (!dt->image || !dt->category || !dt->score)
        return SB_ENOMEM;
    for (size_t i = 0; i < d->count; i++)
        dt->notes.count[SB_RULE_UNKNOWN_CATS] += dt->category[i] < 0;
    if (follows(t, SB_RULE_UNKNOWN_IMAGES, SB_UNKNOWN_IMAGES_ERROR))
        rc = refuse_unknown(&t->gt.ids, dt->image, d->image_id, d->count, "detection", "images",
                            err);
    if (rc == 0 && follows(t, SB_RULE_UNKNOWN_CATS, SB_UNKNOWN_CATS_ERROR))
        rc = refuse_unknown(&t->gt.ids, dt->category, d->category_id, d->count, "detection",
                            "categories", err);
    return rc ? rc : detection_shapes(dt, t, d, err);
}

int sb_library_detections(struct sb_coco_dt *dt, const struct spinebench_truth *truth,
                          const struct spinebench_detections *detections, struct sb_error *err)
{
    struct spinebench_detections d;
    memset(dt, 0, sizeof(*dt));
    int rc = sb_library_take(&d, sizeof(d), detections, "detections", err);
    if (rc == 0)
        rc = take_detections(dt, truth, &d, err);
    if (rc)
        sb_coco_dt_release(dt);
    return rc;
}
