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

/* Rows as columns. */
struct sb_class_rows {
    const int32_t *image, *category; /* (count): only rows that have both (>= 0) are grouped */
    size_t count, categories;
};

/* Groups rows by category. */
int sb_class_lists_build(struct sb_class_lists *lists, const struct sb_class_rows *rows,
                         struct sb_error *err);
/* All rows as one class, ordered by category first. times: the rows of a category stand there so
 * often, one pass over them after the other; NULL = once. */
int sb_class_lists_join(struct sb_class_lists *lists, const struct sb_class_rows *rows,
                        const uint32_t *times, struct sb_error *err);
void sb_class_lists_release(struct sb_class_lists *lists);

#endif
