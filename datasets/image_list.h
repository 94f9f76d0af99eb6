/*
 * Which image files to work on, in which order, under which ids: from an annotation file and a
 * folder, or from file names. Shards are contiguous stretches of the list, so the results of shard
 * 1, 2, ..., N one after the other are those of the whole list.
 */
#ifndef SB_DATASETS_IMAGE_LIST_H
#define SB_DATASETS_IMAGE_LIST_H

#include "base/error.h"
#include "datasets/coco_images.h"

#include <stddef.h>
#include <stdint.h>

struct sb_image_item {
    int64_t id;
    char *path; /* owned */
};

struct sb_image_list {
    size_t count;
    struct sb_image_item *items; /* owned */
};

/* The images of an annotation file, in file order, in folder dir. */
int sb_image_list_from_coco(struct sb_image_list *list, const struct sb_coco_images *set,
                            const char *dir, struct sb_error *err);
/* Files by name. When all names are different whole numbers ("000000000139.jpg"), as in COCO, these
 * are the ids, else 1, 2, 3, ... */
int sb_image_list_from_paths(struct sb_image_list *list, const char *const *paths, size_t count,
                             struct sb_error *err);
void sb_image_list_release(struct sb_image_list *list);

/* Keeps the first `count` items. */
void sb_image_list_truncate(struct sb_image_list *list, size_t count);
/* Keeps shard `index` of `shards`, 1 <= index <= shards. */
void sb_image_list_shard(struct sb_image_list *list, size_t index, size_t shards);
/* The stretch of `count` items that is shard `index` of `shards`. */
void sb_shard_range(size_t count, size_t index, size_t shards, size_t *from, size_t *size);
/* Reads "I/N"; SB_EINVAL unless 1 <= I <= N <= 1000000. */
int sb_shard_parse(const char *text, size_t *index, size_t *shards, struct sb_error *err);

/* A 64-bit digest of ids and paths in order: two runs over the same list have the same. */
uint64_t sb_image_list_digest(const struct sb_image_list *list);
/* A 64-bit digest of the pictures, in order: sb_fnv1a() over the name of each file without its
 * folders and a zero byte, its size (8 bytes, little-endian) and the CRC-32C of its content (4
 * bytes). A file that is not there has size 2^64 - 1 and CRC 0. SB_EIO for one that cannot be read.
 */
int sb_image_list_content_digest(const struct sb_image_list *list, uint64_t *digest,
                                 struct sb_error *err);

#endif
