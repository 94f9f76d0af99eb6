/* A set of categories per image: LVIS says for each image which categories were looked for in vain
 * (negative) and which were not annotated to the end (not exhaustive). */
#ifndef SB_EVAL_CATEGORY_SETS_H
#define SB_EVAL_CATEGORY_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_category_sets {
    size_t *start;    /* (images + 1) into members; NULL = all sets are empty */
    int32_t *members; /* ranks of categories, ascending within an image */
    size_t count, capacity;
};

/* Starts the sets of `images` images: for each image in order, add its categories, then end it. 0
 * or SB_ENOMEM. */
int sb_category_sets_init(struct sb_category_sets *sets, size_t images);
int sb_category_sets_add(struct sb_category_sets *sets, int32_t category);
void sb_category_sets_end(struct sb_category_sets *sets, size_t image);
bool sb_category_sets_has(const struct sb_category_sets *sets, size_t image, int32_t category);
void sb_category_sets_release(struct sb_category_sets *sets);

#endif
