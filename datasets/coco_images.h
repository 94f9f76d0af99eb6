/*
 * The images and categories of a COCO annotation file (also LVIS and other sets in this format),
 * read by streaming: annotations of any number are checked for syntax and passed over, never held
 * in memory.
 *
 * An image's file is its "file_name", or where that is absent (LVIS) the last part of its
 * "coco_url".
 */
#ifndef SB_DATASETS_COCO_IMAGES_H
#define SB_DATASETS_COCO_IMAGES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct sb_coco_image {
    int64_t id;
    char *file_name;       /* owned */
    int32_t height, width; /* pixels; 0 when the file does not say */
};

struct sb_coco_category {
    int64_t id;
    char *name;          /* owned */
    char *supercategory; /* owned; "" when the file does not say */
};

struct sb_coco_images {
    size_t num_images, cap_images;
    struct sb_coco_image *images; /* in file order, ids distinct */
    size_t num_categories, cap_categories;
    struct sb_coco_category *categories; /* in file order, ids distinct; may be none */
};

/* SB_EFORMAT, with file and position, for JSON that is broken or no annotation file, an image
 * without id or file name, and ids that occur twice. */
int sb_coco_images_load(const char *path, struct sb_coco_images *out, struct sb_error *err);
/* The same, but with ids that occur twice: for those who look for them. */
int sb_coco_images_read(const char *path, struct sb_coco_images *out, struct sb_error *err);
void sb_coco_images_release(struct sb_coco_images *set);

/* Name of the category with this id, or NULL. */
const char *sb_coco_category_name(const struct sb_coco_images *set, int64_t id);

#endif
