/* Images and categories of the library's ground truth, from arrays. See library.h. */
#include "eval/library.h"

#include "base/mem.h"
#include "eval/metric.h"

#include <inttypes.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

int sb_library_need(const void *array, size_t count, const char *name, struct sb_error *err)
{
    if (array || count == 0)
        return 0;
    return sb_error_set(err, SB_EINVAL, "%s is NULL, expected %zu entries", name, count);
}

int sb_library_check_ids(const int64_t *ids, size_t count, const char *name, struct sb_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] < SB_ID_LOWEST)
            return sb_error_set(err, SB_EINVAL, "%s[%zu]: %" PRId64 " is below %" PRId64, name, i,
                                ids[i], (int64_t)SB_ID_LOWEST);
    }
    return 0;
}

void *sb_library_column(const void *from, size_t count, size_t bytes, struct sb_error *err)
{
    void *const made = sb_calloc(count, bytes, TAG);
    if (!made)
        sb_error_nomem(err, "columns of a data set", count * bytes);
    else if (from && count > 0)
        memcpy(made, from, count * bytes);
    return made;
}

static int take_sizes(struct sb_coco_gt *gt, const struct spinebench_objects *o,
                      struct sb_error *err)
{
    int rc = sb_library_need(o->image_heights, o->image_count, "objects.image_heights", err);
    if (rc == 0)
        rc = sb_library_need(o->image_widths, o->image_count, "objects.image_widths", err);
    for (size_t i = 0; rc == 0 && i < o->image_count; i++) {
        const int32_t rank = sb_id_map_find(&gt->images, o->image_ids[i]);
        const int32_t height = o->image_heights[i], width = o->image_widths[i];
        if (height < 0 || width < 0)
            return sb_error_set(err, SB_EINVAL,
                                "objects.image_heights[%zu], image_widths[%zu]: %" PRId32
                                " x %" PRId32 ", expected 0 or more",
                                i, i, height, width);
        if ((uint64_t)height * (uint64_t)width > UINT32_MAX)
            return sb_error_set(err, SB_EFORMAT,
                                "objects.image_heights[%zu], image_widths[%zu]: %" PRId32
                                " x %" PRId32 " pixels are too many for masks",
                                i, i, height, width);
        gt->height[rank] = height;
        gt->width[rank] = width;
    }
    return rc;
}

static int take_crowding(struct spinebench_truth *t, const struct spinebench_objects *o,
                         struct sb_error *err)
{
    struct sb_coco_gt *const gt = &t->gt;
    int rc = sb_library_need(o->crowd_indices, o->image_count, "objects.crowd_indices", err);
    if (rc)
        return rc;
    gt->image_group = sb_library_column(NULL, gt->images.count, sizeof(*gt->image_group), err);
    if (!gt->image_group)
        return SB_ENOMEM;
    for (size_t i = 0; i < o->image_count; i++)
        gt->image_group[sb_id_map_find(&gt->images, o->image_ids[i])] =
            sb_crowding_group(&t->params, o->crowd_indices[i]);
    return 0;
}

/* Lists of categories, one per image. */
struct lists {
    const size_t *counts; /* NULL = all are empty */
    const int64_t *ids;
    const char *name; /* of ids */
};

/* first[rank] and count[rank] of each image's list. */
static int find_lists(const struct sb_coco_gt *gt, const struct spinebench_objects *o,
                      const struct lists *lists, size_t *first, size_t *count, struct sb_error *err)
{
    size_t total = 0;
    for (size_t i = 0; lists->counts && i < o->image_count; i++) {
        const int32_t rank = sb_id_map_find(&gt->images, o->image_ids[i]);
        first[rank] = total;
        count[rank] = lists->counts[i];
        total += lists->counts[i];
    }
    return sb_library_need(lists->ids, total, lists->name, err);
}

static int take_lists(const struct sb_coco_gt *gt, const struct spinebench_objects *o,
                      const struct lists *lists, struct sb_category_sets *sets,
                      struct sb_error *err)
{
    const size_t images = gt->images.count;
    size_t *const first = sb_library_column(NULL, images, sizeof(*first), err);
    size_t *const count = sb_library_column(NULL, images, sizeof(*count), err);
    int rc = first && count ? find_lists(gt, o, lists, first, count, err) : SB_ENOMEM;
    if (rc == 0 && sb_category_sets_init(sets, images))
        rc = sb_error_nomem(err, "lists of categories", images * sizeof(size_t));
    for (size_t image = 0; rc == 0 && image < images; image++) {
        for (size_t i = 0; rc == 0 && i < count[image]; i++) {
            const int32_t category = sb_id_map_find(&gt->categories, lists->ids[first[image] + i]);
            if (category >= 0 && sb_category_sets_add(sets, category))
                rc = sb_error_nomem(err, "lists of categories", sets->count * sizeof(int32_t));
        }
        sb_category_sets_end(sets, image);
    }
    sb_free(first);
    sb_free(count);
    return rc;
}

/* The ids of images or categories with their ranks. */
static int take_ids(struct sb_id_map *map, const int64_t *ids, size_t count, const char *name,
                    struct sb_id_pool *pool, struct sb_error *err)
{
    int rc = sb_library_need(ids, count, name, err);
    if (rc == 0)
        rc = sb_library_check_ids(ids, count, name, err);
    return rc ? rc : sb_id_map_build(map, ids, count, pool, err);
}

static int take_images(struct spinebench_truth *t, const struct spinebench_objects *o,
                       struct sb_error *err)
{
    const enum sb_protocol protocol = t->params.metric->protocol;
    struct sb_coco_gt *const gt = &t->gt;
    const struct lists negative = {o->negative_counts, o->negative_ids, "objects.negative_ids"};
    const struct lists not_exhaustive = {o->not_exhaustive_counts, o->not_exhaustive_ids,
                                         "objects.not_exhaustive_ids"};
    int rc =
        take_ids(&gt->images, o->image_ids, o->image_count, "objects.image_ids", &gt->ids, err);
    if (rc)
        return rc;
    gt->height = sb_library_column(NULL, gt->images.count, sizeof(*gt->height), err);
    gt->width = sb_library_column(NULL, gt->images.count, sizeof(*gt->width), err);
    if (!gt->height || !gt->width)
        return SB_ENOMEM;
    if (sb_needs_masks(&t->params))
        rc = take_sizes(gt, o, err);
    if (rc == 0 && protocol == SB_PROTOCOL_CROWDPOSE)
        rc = take_crowding(t, o, err);
    if (rc == 0 && protocol == SB_PROTOCOL_LVIS)
        rc = take_lists(gt, o, &negative, &gt->negative, err);
    if (rc == 0 && protocol == SB_PROTOCOL_LVIS)
        rc = take_lists(gt, o, &not_exhaustive, &gt->not_exhaustive, err);
    return rc;
}

static int take_frequencies(struct sb_coco_gt *gt, const struct spinebench_objects *o,
                            struct sb_error *err)
{
    int rc = sb_library_need(o->category_frequencies, o->category_count,
                             "objects.category_frequencies", err);
    if (rc)
        return rc;
    gt->category_group =
        sb_library_column(NULL, gt->categories.count, sizeof(*gt->category_group), err);
    if (!gt->category_group)
        return SB_ENOMEM;
    for (size_t i = 0; i < o->category_count; i++) {
        const char given = o->category_frequencies[i];
        uint8_t group = 0;
        while (group < SB_STAT_GROUPS && *sb_frequency_names[group] != given)
            group++;
        if (group == SB_STAT_GROUPS)
            return sb_error_set(err, SB_EFORMAT,
                                "objects.category_frequencies[%zu] is %d, expected 'r', 'c' or 'f'",
                                i, given);
        gt->category_group[sb_id_map_find(&gt->categories, o->category_ids[i])] = group;
    }
    return 0;
}

static int take_categories(struct spinebench_truth *t, const struct spinebench_objects *o,
                           struct sb_error *err)
{
    struct sb_coco_gt *const gt = &t->gt;
    int rc = take_ids(&gt->categories, o->category_ids, o->category_count, "objects.category_ids",
                      &gt->ids, err);
    if (rc)
        return rc;
    gt->category_names = sb_library_column(NULL, gt->categories.count, sizeof(char *), err);
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
    rc = sb_gt_count_listings(gt, &t->params, o->category_ids, sizeof(*o->category_ids),
                              o->category_count, err);
    if (rc == 0 && t->params.metric->protocol == SB_PROTOCOL_LVIS)
        rc = take_frequencies(gt, o, err);
    return rc;
}

int sb_library_lists(struct spinebench_truth *t, const struct spinebench_objects *o,
                     struct sb_error *err)
{
    const int rc = take_categories(t, o, err);
    return rc ? rc : take_images(t, o, err);
}
