/*
 * Writes TensorFlow V2 checkpoints for tests: right ones, and, because every field can be changed
 * before the index is written, wrong ones. Fails the running test where a file cannot be written.
 *
 *     struct bundle_writer w;
 *     bundle_writer_open(&w, "dir/model.ckpt", 1);
 *     bundle_writer_add(&w, "a/kernel", BUNDLE_FLOAT, 2, (int64_t[]){3, 4}, values, 48);
 *     w.entries[0].crc ^= 1;                       // now it is damaged
 *     bundle_writer_finish(&w);
 */
#ifndef SB_TESTS_MODELS_SUPPORT_BUNDLE_H
#define SB_TESTS_MODELS_SUPPORT_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum bundle_dtype {
    BUNDLE_FLOAT = 1,
    BUNDLE_DOUBLE = 2,
    BUNDLE_STRING = 7,
    BUNDLE_INT64 = 9,
    BUNDLE_BFLOAT16 = 14,
    BUNDLE_HALF = 19
};

struct bundle_entry {
    char name[160];
    int dtype;
    int ndim;
    int64_t shape[10];
    int shard;
    int64_t offset, size;
    uint32_t crc; /* not masked */
    int slices;   /* > 0: claims to be partitioned */
    bool unknown_rank;
    bool garbage; /* the value is no message at all */
};

struct bundle_writer {
    char prefix[512];
    FILE *data[4];
    int64_t written[4];
    struct bundle_entry *entries;
    size_t count, cap;
    /* What the index says; may be changed before finish. */
    int num_shards;
    int endianness;
    int min_consumer;
    bool with_header;
    bool compressed;    /* Snappy blocks */
    bool sorted;        /* entries by name, as they must be */
    size_t block_bytes; /* a new block starts when one is larger; default 4096 */
    int restart_interval;
};

/* shards: 1 to 4. Tensors go to them in turn. */
void bundle_writer_open(struct bundle_writer *w, const char *prefix, int shards);
void bundle_writer_add(struct bundle_writer *w, const char *name, int dtype, int ndim,
                       const int64_t *shape, const void *data, size_t bytes);
/* Writes the index and releases everything. */
void bundle_writer_finish(struct bundle_writer *w);

#endif
