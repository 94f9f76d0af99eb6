/*
 * A matched class as bytes, for the rank that accumulates it. A block holds the slots of the images
 * of one rank: their scores, and as few bits as accumulation needs of each. Blocks in order of
 * ranks are the slots of all images in order, so the merged class is that of one process.
 */
#ifndef SB_EVAL_CLASS_WIRE_H
#define SB_EVAL_CLASS_WIRE_H

#include "eval/class_eval.h"

struct sb_class_block {
    char *data; /* owned, unless it was received */
    size_t bytes;
};

/* The class that work holds after sb_class_match() as a block, to be freed with sb_free(). */
int sb_class_pack(const struct sb_class_work *work, const struct sb_coco_params *params,
                  struct sb_class_block *block, struct sb_error *err);
/* The bytes at data that belong to the block that starts there. */
size_t sb_class_block_bytes(const char *data, const struct sb_coco_params *params);
/* Puts blocks together, one of each rank, so that sb_class_accumulate() can follow. They are only
 * read, up to SB_BITS_SLACK bytes beyond the end. */
int sb_class_merge(struct sb_class_work *work, const struct sb_coco_params *params,
                   const char *const *blocks, size_t count, struct sb_error *err);

#endif
