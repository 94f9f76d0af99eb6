/*
 * From a model's classes to a data set's categories.
 *
 * Class 0 is background. A model whose class count is above every category id uses the ids as
 * classes (COCO's 91 classes: ids 1 to 90 with gaps). A model with exactly one class per category
 * numbers the categories in ascending order of their ids (class 1 = lowest id). Anything else does
 * not fit and is refused. Without categories, the class is the id, with COCO's names where there
 * are 91 classes.
 */
#ifndef SB_DETECT_CLASS_MAP_H
#define SB_DETECT_CLASS_MAP_H

#include "base/error.h"
#include "datasets/coco_images.h"
#include "models/model.h"

#include <stdint.h>

struct sb_class_map {
    int num_classes;
    int64_t *ids;       /* per class, owned; [0] is unused */
    const char **names; /* per class, owned; each borrowed from the set or a constant, or NULL */
};

/* Names the classes that have no name yet as the model's spec does; model must outlive the map. */
void sb_class_map_add_names(struct sb_class_map *map, const struct sb_model *model);

/* set may be NULL or have no categories; it must outlive the map. SB_EINVAL when it does not fit.
 */
int sb_class_map_init(struct sb_class_map *map, int num_classes, const struct sb_coco_images *set,
                      struct sb_error *err);
void sb_class_map_release(struct sb_class_map *map);

#endif
