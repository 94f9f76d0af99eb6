/* Indices of annotations or detections grouped by class, file order kept inside a class. */
#ifndef SB_EVAL_CLASS_LISTS_H
#define SB_EVAL_CLASS_LISTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_class_lists {
    size_t classes;
    size_t *start;   /* (classes + 1) into order */
    uint32_t *order; /* indices */
};

/* Groups the rows that have an image and a category (both >= 0). With one_class all of them form
 * one class, ordered by category first. */
int sb_class_lists_build(struct sb_class_lists *lists, const int32_t *image,
                         const int32_t *category, size_t count, size_t categories, bool one_class,
                         struct sb_error *err);
void sb_class_lists_release(struct sb_class_lists *lists);

#endif
