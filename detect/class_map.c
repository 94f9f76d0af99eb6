/* Classes to categories. See class_map.h. */
#include "detect/class_map.h"

#include "base/mem.h"
#include "datasets/coco_names.h"

#include <stdlib.h>
#include <string.h>

#define COCO_CLASSES 91

static int allocate(struct sb_class_map *map, int num_classes, struct sb_error *err)
{
    const unsigned tag = SB_MEM_TAG(SB_MEM_DATA, 0);
    memset(map, 0, sizeof(*map));
    map->num_classes = num_classes;
    map->ids = sb_calloc((size_t)num_classes, sizeof(*map->ids), tag);
    map->names = sb_calloc((size_t)num_classes, sizeof(*map->names), tag);
    if (map->ids && map->names)
        return 0;
    sb_class_map_release(map);
    return sb_error_nomem(err, "class names", (size_t)num_classes * sizeof(*map->names));
}

/* Classes are ids. */
static void fill_ids(struct sb_class_map *map, const struct sb_coco_images *set)
{
    for (int i = 0; i < map->num_classes; i++) {
        map->ids[i] = i;
        if (set)
            map->names[i] = sb_coco_category_name(set, i);
        else if (map->num_classes == COCO_CLASSES)
            map->names[i] = sb_coco_name(i);
    }
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Classes are ranks among the ids. */
static void fill_ranks(struct sb_class_map *map, const struct sb_coco_images *set)
{
    for (int i = 1; i < map->num_classes; i++)
        map->ids[i] = set->categories[i - 1].id;
    qsort(map->ids + 1, (size_t)map->num_classes - 1, sizeof(*map->ids), compare_ids);
    for (int i = 1; i < map->num_classes; i++)
        map->names[i] = sb_coco_category_name(set, map->ids[i]);
}

int sb_class_map_init(struct sb_class_map *map, int num_classes, const struct sb_coco_images *set,
                      struct sb_error *err)
{
    const int rc = allocate(map, num_classes, err);
    if (rc)
        return rc;
    if (!set || set->num_categories == 0) {
        fill_ids(map, NULL);
        return 0;
    }
    int64_t lowest = INT64_MAX, highest = INT64_MIN;
    for (size_t i = 0; i < set->num_categories; i++) {
        const int64_t id = set->categories[i].id;
        lowest = id < lowest ? id : lowest;
        highest = id > highest ? id : highest;
    }
    if (lowest >= 1 && highest < num_classes) {
        fill_ids(map, set);
        return 0;
    }
    if (set->num_categories == (size_t)num_classes - 1) {
        fill_ranks(map, set);
        return 0;
    }
    sb_class_map_release(map);
    sb_error_set(err, SB_EINVAL,
                 "the model has %d classes without background, the annotations %zu categories "
                 "with ids %lld to %lld",
                 num_classes - 1, set->num_categories, (long long)lowest, (long long)highest);
    return sb_error_hint(err, "use a model that was made for this data set");
}

void sb_class_map_add_names(struct sb_class_map *map, const struct sb_model *model)
{
    for (int i = 1; i < map->num_classes; i++) {
        if (!map->names[i])
            map->names[i] = sb_model_class_name(model, i);
    }
}

void sb_class_map_release(struct sb_class_map *map)
{
    sb_free(map->ids);
    sb_free((void *)map->names);
    memset(map, 0, sizeof(*map));
}
