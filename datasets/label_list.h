/*
 * Lists of images with labels for classification. Text, a line per image,
 *
 *     train_val2018/Plantae/7291/9f8e.jpg 7291          (iNaturalist, ImageNet; blank, tab or
 * comma) ILSVRC2012_val_00000001.JPEG n01751748            (a synset: its label is its line in the
 *                                                        file of synsets, counted from 0)
 *     n01751748                                         (line K is ILSVRC2012_val_K.JPEG)
 *     photo.jpg                                         (no label)
 *
 * the CSV of ImageNet's competition (ImageId,PredictionString), JSON in iNaturalist's (2017 to
 * 2021) and COCO's form: "images" with id and file_name, "annotations" with image_id and
 * category_id; or a folder with a folder per class, whose labels are their places in the order of
 * their names, or in the file of synsets. Blank lines and lines that start with # are passed over.
 * Names may hold blanks: the label is what follows the last one, when that is a whole number or a
 * synset.
 */
#ifndef SB_DATASETS_LABEL_LIST_H
#define SB_DATASETS_LABEL_LIST_H

#include "base/error.h"
#include "base/texts.h"
#include "datasets/image_list.h"

#include <stdbool.h>
#include <stdint.h>

/* As sb_image_list, with names and labels by the same index. */
struct sb_label_list {
    struct sb_image_list images; /* paths in the folder; ids 1, 2, 3, ..., of JSON its own */
    char **names;                /* as the list has them, owned */
    int64_t *labels;             /* -1 where there is none, owned */
    const char **supers;         /* super-categories of JSON that has them, or NULL; owned */
    struct sb_texts texts;       /* what supers point to */
};

/* Reads a list of images in folder dir, or a folder of classes (dir "" is then the folder itself).
 * synsets is the file that gives the order of classes, a line "n01440764 ..." each, or NULL.
 * SB_EFORMAT with file and line for a list that is none and for synsets that the file lacks. */
int sb_label_list_load(struct sb_label_list *list, const char *path, const char *dir,
                       const char *synsets, struct sb_error *err);
/* True for what sb_label_list_load() reads that is not JSON, nor called .json: text and folders. */
bool sb_label_list_is_plain(const char *path);
/* Images by file name, without labels. */
int sb_label_list_from_paths(struct sb_label_list *list, const char *const *paths, size_t count,
                             struct sb_error *err);
/* How many images have a label above `last`. */
size_t sb_label_list_above(const struct sb_label_list *list, int64_t last);
/* Keeps the first `count` images. */
void sb_label_list_truncate(struct sb_label_list *list, size_t count);
/* Keeps shard `index` of `shards`, 1 <= index <= shards. */
void sb_label_list_shard(struct sb_label_list *list, size_t index, size_t shards);
void sb_label_list_release(struct sb_label_list *list);

#endif
