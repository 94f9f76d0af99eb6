/* Similarity matrices. See similarity.h. */
#include "eval/similarity.h"

#include "base/mem.h"
#include "base/size.h"
#include "eval/box_iou.h"
#include "eval/coco_rows.h"
#include "eval/keypoint_similarity.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_sim_scratch_release(struct sb_sim_scratch *scratch)
{
    sb_free(scratch->values);
    for (size_t i = 0; i < scratch->mask_count; i++) {
        sb_mask_release(&scratch->masks[i]);
        sb_mask_release(&scratch->boundaries[i]);
    }
    sb_free(scratch->masks);
    sb_free(scratch->boundaries);
    sb_free(scratch->has_boundary);
    sb_mask_scratch_release(&scratch->mask);
    sb_boundary_scratch_release(&scratch->boundary);
    memset(scratch, 0, sizeof(*scratch));
}

static void fill_boxes(const struct sb_similarity *sim, const struct sb_sim_group *g, double *out)
{
    for (size_t i = 0; i < g->dt_count; i++) {
        const struct sb_corners dt = sb_corners(g->dt_boxes[i]);
        for (size_t j = 0; j < g->gt_count; j++)
            *out++ = sb_corner_iou(&dt, &g->gt_corners[j], g->gt_flags[j] & SB_ANN_CROWD,
                                   sim->rules.lowest);
    }
}

static void fill_keypoints(const struct sb_similarity *sim, const struct sb_sim_group *g,
                           double *out)
{
    const size_t count = sim->params->keypoint_count;
    for (size_t i = 0; i < g->dt_count; i++) {
        const double *const dt = sim->dt->keypoints + g->dts[i] * count * 2;
        for (size_t j = 0; j < g->gt_count; j++) {
            const uint32_t row = g->gts[j];
            *out++ = sb_keypoint_similarity(dt, sim->gt->keypoints + row * count * 3,
                                            sim->gt->box[row], sim->gt->area[row], sim->params);
        }
    }
}

/* Where the masks of a column stand. */
struct shapes {
    const struct sb_map *map;
    const char *path;
    const uint64_t *at, *from; /* as in struct sb_coco_dt */
};

/* The mask of a row, or the box where there is none. */
static int read_mask(const struct sb_coco_gt *gt, const struct shapes *shapes, uint32_t row,
                     const double *box, int32_t image, struct sb_mask *mask,
                     struct sb_mask_scratch *scratch, struct sb_error *err)
{
    const uint32_t h = (uint32_t)gt->height[image], w = (uint32_t)gt->width[image];
    const struct sb_map *const map = shapes->map;
    const uint64_t at = shapes->at[row];
    int rc;
    if (at == UINT64_MAX) {
        rc = sb_coco_mask_from_box(box, h, w, &mask->rle, scratch, err);
    } else {
        struct sb_scan s = {map->data, map->data + at, map->data + map->size, shapes->path, err, 0};
        rc = sb_coco_mask_scan(&s, h, w, &mask->rle, scratch);
    }
    if (rc)
        return sb_moved_error(err, shapes->at, shapes->from, row);
    sb_mask_update(mask);
    return 0;
}

int sb_detection_mask(const struct sb_coco_gt *gt, const struct sb_coco_dt *dt, uint32_t row,
                      struct sb_mask *mask, struct sb_mask_scratch *scratch, struct sb_error *err)
{
    const struct shapes shapes = {&dt->map, dt->path, dt->shape_at, dt->shape_from};
    return read_mask(gt, &shapes, row, dt->box[row], dt->image[row], mask, scratch, err);
}

int sb_object_mask(const struct sb_coco_gt *gt, uint32_t row, struct sb_mask *mask,
                   struct sb_mask_scratch *scratch, struct sb_error *err)
{
    const struct shapes shapes = {&gt->map, gt->path, gt->shape_at, gt->shape_from};
    return read_mask(gt, &shapes, row, NULL, gt->image[row], mask, scratch, err);
}

/* Room for `count` masks; those made before keep their memory. */
static int grow_masks(struct sb_mask **masks, size_t before, size_t count)
{
    struct sb_mask *const fresh = sb_realloc(*masks, count, sizeof(*fresh), TAG);
    if (!fresh)
        return SB_ENOMEM;
    memset(fresh + before, 0, (count - before) * sizeof(*fresh));
    *masks = fresh;
    return 0;
}

static int reserve_masks(struct sb_sim_scratch *scratch, size_t count, struct sb_error *err)
{
    if (count <= scratch->mask_count)
        return 0;
    bool *const has = sb_realloc(scratch->has_boundary, count, sizeof(*has), TAG);
    scratch->has_boundary = has ? has : scratch->has_boundary;
    if (!has || grow_masks(&scratch->masks, scratch->mask_count, count) ||
        grow_masks(&scratch->boundaries, scratch->mask_count, count))
        return sb_error_nomem(err, "masks", count * sizeof(*scratch->masks));
    scratch->mask_count = count;
    return 0;
}

/* Makes the boundary of mask i unless there is one. */
static int need_boundary(const struct sb_similarity *sim, struct sb_sim_scratch *scratch, size_t i,
                         struct sb_error *err)
{
    if (scratch->has_boundary[i])
        return 0;
    const int rc = sb_mask_boundary(&scratch->masks[i].rle, sim->params->dilation_ratio,
                                    &scratch->boundaries[i].rle, &scratch->boundary, err);
    if (rc == 0)
        sb_mask_update(&scratch->boundaries[i]);
    scratch->has_boundary[i] = rc == 0;
    return rc;
}

/* The smaller one of *value and the IoU of the boundaries of masks i and j. */
static int compare_boundaries(const struct sb_similarity *sim, struct sb_sim_scratch *scratch,
                              size_t i, size_t j, double *value, struct sb_error *err)
{
    int rc = need_boundary(sim, scratch, i, err);
    if (rc == 0)
        rc = need_boundary(sim, scratch, j, err);
    if (rc)
        return rc;
    const double iou = sb_mask_iou(&scratch->boundaries[i], &scratch->boundaries[j], false, true,
                                   &scratch->cut_short);
    *value = iou < *value ? iou : *value;
    return 0;
}

static int read_masks(const struct sb_similarity *sim, const struct sb_sim_group *g,
                      struct sb_sim_scratch *scratch, struct sb_error *err)
{
    const struct sb_coco_gt *const gt = sim->gt;
    const struct sb_coco_dt *const dt = sim->dt;
    int rc = reserve_masks(scratch, g->dt_count + g->gt_count, err);
    sb_mask_scratch_init(&scratch->mask, sim->params);
    struct sb_mask *mask = scratch->masks;
    for (size_t i = 0; rc == 0 && i < g->dt_count; i++) {
        const uint32_t row = g->dts[i];
        rc = sb_detection_mask(gt, dt, row, mask++, &scratch->mask, err);
    }
    for (size_t j = 0; rc == 0 && j < g->gt_count; j++)
        rc = sb_object_mask(gt, g->gts[j], mask++, &scratch->mask, err);
    return rc;
}

static int fill_masks(const struct sb_similarity *sim, const struct sb_sim_group *g,
                      struct sb_sim_scratch *scratch, struct sb_error *err)
{
    const bool boundaries = sim->params->iou_type == SB_IOU_BOUNDARY;
    const bool exact = sim->params->rules[SB_RULE_RLE_COMPAT] == SB_RLE_EXACT;
    const size_t dts = g->dt_count, gts = g->gt_count;
    int rc = read_masks(sim, g, scratch, err);
    if (rc == 0 && boundaries)
        memset(scratch->has_boundary, 0, (dts + gts) * sizeof(*scratch->has_boundary));
    for (size_t i = 0; rc == 0 && i < dts; i++) {
        for (size_t j = 0; rc == 0 && j < gts; j++) {
            const bool crowd = g->gt_flags[j] & SB_ANN_CROWD;
            double *const value = &scratch->values[i * gts + j];
            *value = sb_mask_iou(&scratch->masks[i], &scratch->masks[dts + j], crowd, exact,
                                 &scratch->cut_short);
            if (boundaries && !crowd && *value >= sim->rules.lowest)
                rc = compare_boundaries(sim, scratch, i, dts + j, value, err);
        }
    }
    return rc;
}

int sb_similarity_fill(const struct sb_similarity *sim, const struct sb_sim_group *group,
                       struct sb_sim_scratch *scratch, struct sb_error *err)
{
    size_t cells;
    if (!sb_mul_size(group->dt_count, group->gt_count, &cells) ||
        sb_grow(&scratch->values, &scratch->values_capacity, cells, sizeof(double), TAG))
        return sb_error_nomem(err, "a similarity matrix", group->dt_count * group->gt_count);
    switch (sim->params->iou_type) {
    case SB_IOU_BBOX:
        fill_boxes(sim, group, scratch->values);
        return 0;
    case SB_IOU_SEGM:
    case SB_IOU_BOUNDARY:
        return fill_masks(sim, group, scratch, err);
    case SB_IOU_KEYPOINTS:
        fill_keypoints(sim, group, scratch->values);
        return 0;
    }
    return sb_error_set(err, SB_EINTERNAL, "no such similarity");
}
