/*
 * Sorted string tables, the file format of a checkpoint's .index: LevelDB's table format ("Leveldb
 * file layout", doc/table_format.md of LevelDB) with Snappy or raw blocks.
 *
 *   file   = data blocks, meta index block, index block, footer (48 bytes)
 *   block  = entries, restart array; followed by 1 byte type and 4 bytes masked CRC-32C
 *   entry  = shared key bytes, new key bytes, value bytes (varints), key suffix, value
 *   footer = two block handles (offset and size, varints), padding, 8 bytes magic
 */
#ifndef SB_MODELS_TF_TABLE_H
#define SB_MODELS_TF_TABLE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Called for every entry in key order. key and value are valid during the call only; `offset` is
 * where in the file the entry's block starts. A result other than 0 ends the walk. */
typedef int (*sb_tf_table_fn)(void *ctx, const char *key, size_t key_length, const char *value,
                              size_t value_length, int64_t offset, struct sb_error *err);

/* Walks a whole table in memory; `path` is for messages. SB_EFORMAT for a wrong magic or checksum,
 * for anything that reaches outside its block, and for keys that do not ascend. */
int sb_tf_table_walk(const char *data, size_t size, const char *path, sb_tf_table_fn fn, void *ctx,
                     struct sb_error *err);

/* The checksum as the format stores it (rotated and offset, so that a checksum of data that
 * contains checksums stays good) and back. */
uint32_t sb_crc_mask(uint32_t crc);
uint32_t sb_crc_unmask(uint32_t masked);

#endif
