/*
 * Lists of images with labels for classification: text, a line per image,
 *
 *     train_val2018/Plantae/7291/9f8e.jpg 7291          (iNaturalist, ImageNet; blank or comma)
 *     photo.jpg                                         (no label)
 *
 * or JSON in iNaturalist's and COCO's form: "images" with id and file_name, "annotations" with
 * image_id and category_id. Blank lines and lines that start with # are passed over. Names may hold
 * blanks: the label is what follows the last one, when that is a whole number.
 */
#ifndef SB_DATASETS_LABEL_LIST_H
#define SB_DATASETS_LABEL_LIST_H

#include "base/error.h"
#include "datasets/image_list.h"

#include <stdint.h>

/* As sb_image_list, with names and labels by the same index. */
struct sb_label_list {
    struct sb_image_list images; /* paths in the folder; ids 1, 2, 3, ..., of JSON its own */
    char **names;                /* as the list has them, owned */
    int64_t *labels;             /* -1 where there is none, owned */
};

/* Reads a list of images in folder dir. SB_EFORMAT with file and line for a list that is none. */
int sb_label_list_load(struct sb_label_list *list, const char *path, const char *dir,
                       struct sb_error *err);
/* Images by file name, without labels. */
int sb_label_list_from_paths(struct sb_label_list *list, const char *const *paths, size_t count,
                             struct sb_error *err);
/* Keeps the first `count` images. */
void sb_label_list_truncate(struct sb_label_list *list, size_t count);
/* Keeps shard `index` of `shards`, 1 <= index <= shards. */
void sb_label_list_shard(struct sb_label_list *list, size_t index, size_t shards);
void sb_label_list_release(struct sb_label_list *list);

#endif
