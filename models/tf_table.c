/*
 * Sorted string tables. A block is located by its handle, checked, inflated and then walked entry
 * by entry; the index block's entries are the handles of the data blocks. See tf_table.h.
 */
#include "models/tf_table.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "models/wire.h"

#include <snappy-c.h>
#include <stdbool.h>
#include <string.h>

#define FOOTER_BYTES  48
#define TRAILER_BYTES 5 /* type and checksum behind each block */
#define MAGIC         0xdb4775248b80fb57u
#define MASK_DELTA    0xa282ead8u
#define TAG           SB_MEM_TAG(SB_MEM_DATA, 0)

enum block_type { BLOCK_RAW = 0, BLOCK_SNAPPY = 1 };

uint32_t sb_crc_mask(uint32_t crc)
{
    return ((crc >> 15) | (crc << 17)) + MASK_DELTA;
}

uint32_t sb_crc_unmask(uint32_t masked)
{
    const uint32_t rotated = masked - MASK_DELTA;
    return (rotated >> 17) | (rotated << 15);
}

struct table {
    const char *data;
    size_t size;
    const char *path;
    struct sb_str last_key; /* of the data blocks so far, to see that keys ascend */
    bool has_key;
};

struct handle {
    uint64_t offset, size;
};

/* A block's content: in the file's own bytes, or inflated. */
struct block {
    const char *data;
    size_t size;
    char *inflated; /* owned, or NULL */
    int64_t offset; /* in the file */
};

static int bad(const struct table *t, int64_t offset, const char *what, struct sb_error *err)
{
    sb_error_set(err, SB_EFORMAT, "%s", what);
    sb_error_file(err, t->path);
    return sb_error_offset(err, offset);
}

static bool read_handle(const char *data, size_t size, size_t *pos, struct handle *out)
{
    return sb_read_varint(data, size, pos, &out->offset) &&
           sb_read_varint(data, size, pos, &out->size);
}

static int inflate(const struct table *t, struct block *b, struct sb_error *err)
{
    size_t length;
    /* Snappy makes at most 22 bytes of one: a larger claim is a lie, and not worth allocating. */
    if (snappy_uncompressed_length(b->data, b->size, &length) != SNAPPY_OK || length / 64 > b->size)
        return bad(t, b->offset, "a compressed block has an impossible size", err);
    b->inflated = sb_malloc(length, TAG);
    if (!b->inflated)
        return sb_error_nomem(err, "a block of the checkpoint's index", length);
    if (snappy_uncompress(b->data, b->size, b->inflated, &length) != SNAPPY_OK) {
        sb_free(b->inflated);
        b->inflated = NULL;
        return bad(t, b->offset, "a compressed block does not inflate", err);
    }
    b->data = b->inflated;
    b->size = length;
    return 0;
}

/* Finds a block, checks its checksum and type, inflates it. Release: sb_free(block->inflated). */
static int open_block(const struct table *t, struct handle h, struct block *b, struct sb_error *err)
{
    const size_t room = t->size - FOOTER_BYTES;
    memset(b, 0, sizeof(*b));
    b->offset = h.offset <= room ? (int64_t)h.offset : -1;
    if (h.offset > room || h.size > room - h.offset || room - h.offset - h.size < TRAILER_BYTES)
        return bad(t, b->offset, "a block of the index lies outside the file", err);
    b->data = t->data + h.offset;
    b->size = (size_t)h.size;
    const uint32_t stored = sb_crc_unmask(sb_read_u32(b->data + b->size + 1));
    if (sb_crc32c(0, b->data, b->size + 1) != stored)
        return bad(t, b->offset, "the checksum of an index block is wrong: the file is damaged",
                   err);
    const unsigned char type = (unsigned char)b->data[b->size];
    if (type == BLOCK_SNAPPY)
        return inflate(t, b, err);
    if (type != BLOCK_RAW)
        return bad(t, b->offset, "an index block has an unknown compression type", err);
    return 0;
}

/* Bytes of the entries: the block without its restart array. */
static int entries_size(const struct table *t, const struct block *b, size_t *out,
                        struct sb_error *err)
{
    if (b->size < 4)
        return bad(t, b->offset, "an index block is too short", err);
    const size_t restarts = sb_read_u32(b->data + b->size - 4);
    if (restarts > (b->size - 4) / 4)
        return bad(t, b->offset, "the restart array of an index block is cut off", err);
    *out = b->size - 4 - 4 * restarts;
    return 0;
}

/* Calls fn for each entry of a block. */
static int walk_block(const struct table *t, const struct block *b, sb_tf_table_fn fn, void *ctx,
                      struct sb_error *err)
{
    size_t end = 0, pos = 0;
    int rc = entries_size(t, b, &end, err);
    struct sb_str key = SB_STR_INIT;
    while (rc == 0 && pos < end) {
        uint64_t shared, fresh, value;
        if (!sb_read_varint(b->data, end, &pos, &shared) ||
            !sb_read_varint(b->data, end, &pos, &fresh) ||
            !sb_read_varint(b->data, end, &pos, &value) || shared > key.length ||
            fresh > end - pos || value > end - pos - fresh) {
            rc = bad(t, b->offset, "an entry of an index block reaches outside it", err);
            break;
        }
        key.length = (size_t)shared;
        sb_str_append(&key, b->data + pos, (size_t)fresh);
        pos += (size_t)fresh;
        if (key.failed)
            rc = sb_error_nomem(err, "a key", (size_t)fresh);
        else
            rc = fn(ctx, sb_str_text(&key), key.length, b->data + pos, (size_t)value, b->offset,
                    err);
        pos += (size_t)value;
    }
    sb_str_release(&key);
    return rc;
}

/* -- the two kinds of block ------------------------------------------------------------------- */

struct walk {
    struct table *table;
    sb_tf_table_fn fn;
    void *ctx;
};

static bool ascends(const struct sb_str *last, const char *key, size_t length)
{
    const size_t common = last->length < length ? last->length : length;
    const int order = common ? memcmp(last->data, key, common) : 0;
    return order < 0 || (order == 0 && last->length < length);
}

/* An entry of a data block: the user's. */
static int on_entry(void *ctx, const char *key, size_t key_length, const char *value,
                    size_t value_length, int64_t offset, struct sb_error *err)
{
    const struct walk *w = ctx;
    struct table *t = w->table;
    if (t->has_key && !ascends(&t->last_key, key, key_length))
        return bad(t, offset, "the keys of the index do not ascend", err);
    sb_str_clear(&t->last_key);
    sb_str_append(&t->last_key, key, key_length);
    if (t->last_key.failed)
        return sb_error_nomem(err, "a key", key_length);
    t->has_key = true;
    return w->fn(w->ctx, key, key_length, value, value_length, offset, err);
}

/* An entry of the index block: its value is the handle of a data block. Its key only separates
 * blocks for lookups, which a full walk does not need. */
static int on_data_block(void *ctx, const char *key, size_t key_length, const char *value,
                         size_t value_length, int64_t offset, struct sb_error *err)
{
    (void)key;
    (void)key_length;
    struct walk *w = ctx;
    struct handle h = {0};
    size_t pos = 0;
    if (!read_handle(value, value_length, &pos, &h))
        return bad(w->table, offset, "a block handle of the index is cut off", err);
    struct block b;
    int rc = open_block(w->table, h, &b, err);
    if (rc == 0)
        rc = walk_block(w->table, &b, on_entry, w, err);
    sb_free(b.inflated);
    return rc;
}

static int read_footer(const struct table *t, struct handle *meta, struct handle *index,
                       struct sb_error *err)
{
    if (t->size < FOOTER_BYTES)
        return bad(t, 0, "too short to be the index of a checkpoint", err);
    const char *footer = t->data + t->size - FOOTER_BYTES;
    const int64_t at = (int64_t)(t->size - FOOTER_BYTES);
    const uint64_t magic = sb_read_u32(footer + 40) | (uint64_t)sb_read_u32(footer + 44) << 32;
    size_t pos = 0;
    if (magic != MAGIC) {
        bad(t, at + 40, "the magic number of a checkpoint index is missing at its end", err);
        return sb_error_hint(err, "the file is cut off, or no TensorFlow V2 checkpoint");
    }
    if (!read_handle(footer, 40, &pos, meta) || !read_handle(footer, 40, &pos, index))
        return bad(t, at, "the block handles of the footer are broken", err);
    return 0;
}

int sb_tf_table_walk(const char *data, size_t size, const char *path, sb_tf_table_fn fn, void *ctx,
                     struct sb_error *err)
{
    struct table t = {.data = data, .size = size, .path = path};
    struct walk w = {.table = &t, .fn = fn, .ctx = ctx};
    struct handle meta = {0}, index = {0};
    struct block b;
    int rc = read_footer(&t, &meta, &index, err);
    if (rc)
        return rc;
    rc = open_block(&t, meta, &b, err); /* holds nothing of use; read to see that it is whole */
    sb_free(b.inflated);
    if (rc)
        return rc;
    rc = open_block(&t, index, &b, err);
    if (rc == 0)
        rc = walk_block(&t, &b, on_data_block, &w, err);
    sb_free(b.inflated);
    sb_str_release(&t.last_key);
    return rc;
}
