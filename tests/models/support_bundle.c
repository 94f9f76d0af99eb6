/* A writer of TensorFlow V2 checkpoints. See support_bundle.h; formats in models/tf_table.h and
 * models/tensor_bundle.proto. */
#include "tests/models/support_bundle.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "models/tensor_bundle.pb-c.h"
#include "models/tf_table.h"
#include "tests/test.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static void put_varint(struct sb_str *out, uint64_t value)
{
    for (; value > 127; value >>= 7) {
        const char byte = (char)(value | 128);
        sb_str_append(out, &byte, 1);
    }
    const char last = (char)value;
    sb_str_append(out, &last, 1);
}

static void put_u32(struct sb_str *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        const char byte = (char)(value >> (8 * i));
        sb_str_append(out, &byte, 1);
    }
}

/* -- blocks ----------------------------------------------------------------------------------- */

struct block {
    struct sb_str bytes;
    struct sb_str restarts; /* 4 bytes each */
    struct sb_str last_key;
    int since_restart;
    bool open; /* has an entry */
};

static void block_release(struct block *b)
{
    sb_str_release(&b->bytes);
    sb_str_release(&b->restarts);
    sb_str_release(&b->last_key);
    memset(b, 0, sizeof(*b));
}

static void block_add(struct block *b, int restart_interval, const char *key, size_t key_length,
                      const struct sb_str *value)
{
    size_t shared = 0;
    if (!b->open || b->since_restart >= restart_interval) {
        put_u32(&b->restarts, (uint32_t)b->bytes.length);
        b->since_restart = 0;
    } else {
        while (shared < key_length && shared < b->last_key.length &&
               key[shared] == b->last_key.data[shared])
            shared++;
    }
    put_varint(&b->bytes, shared);
    put_varint(&b->bytes, key_length - shared);
    put_varint(&b->bytes, value->length);
    sb_str_append(&b->bytes, key + shared, key_length - shared);
    sb_str_append(&b->bytes, sb_str_text(value), value->length);
    sb_str_clear(&b->last_key);
    sb_str_append(&b->last_key, key, key_length);
    b->since_restart++;
    b->open = true;
}

/* Ends a block, appends it to the file and appends its handle to `handle`. */
static void block_write(struct block *b, bool compressed, struct sb_str *file,
                        struct sb_str *handle)
{
    if (!b->restarts.length)
        put_u32(&b->restarts, 0);
    sb_str_append(&b->bytes, b->restarts.data, b->restarts.length);
    put_u32(&b->bytes, (uint32_t)(b->restarts.length / 4));
    char *packed = NULL;
    size_t length = b->bytes.length;
    const char *content = b->bytes.data;
    if (compressed) {
        length = snappy_max_compressed_length(b->bytes.length);
        packed = sb_malloc(length, TAG);
        assert_non_null(packed);
        snappy_compress(b->bytes.data, b->bytes.length, packed, &length);
        content = packed;
    }
    put_varint(handle, file->length);
    put_varint(handle, length);
    const size_t start = file->length;
    sb_str_append(file, content, length);
    sb_str_append(file, compressed ? "\1" : "\0", 1);
    put_u32(file, sb_crc_mask(sb_crc32c(0, file->data + start, length + 1)));
    sb_free(packed);
    block_release(b);
}

struct table {
    struct sb_str file;
    struct block data, index;
    struct sb_str last_key;
    const struct bundle_writer *w;
};

static void table_flush(struct table *t)
{
    struct sb_str handle = SB_STR_INIT;
    block_write(&t->data, t->w->compressed, &t->file, &handle);
    block_add(&t->index, 1, sb_str_text(&t->last_key), t->last_key.length, &handle);
    sb_str_release(&handle);
}

static void table_add(struct table *t, const char *key, const struct sb_str *value)
{
    block_add(&t->data, t->w->restart_interval, key, strlen(key), value);
    sb_str_clear(&t->last_key);
    sb_str_puts(&t->last_key, key);
    if (t->data.bytes.length >= t->w->block_bytes)
        table_flush(t);
}

static void table_finish(struct table *t, const char *path)
{
    struct block meta = {.open = false};
    struct sb_str footer = SB_STR_INIT;
    if (t->data.open)
        table_flush(t);
    block_write(&meta, t->w->compressed, &t->file, &footer);
    block_write(&t->index, t->w->compressed, &t->file, &footer);
    while (footer.length < 40)
        sb_str_append(&footer, "\0", 1);
    put_u32(&footer, 0x8b80fb57u);
    put_u32(&footer, 0xdb477524u);
    sb_str_append(&t->file, footer.data, footer.length);
    assert_false(t->file.failed || footer.failed);
    FILE *fp = fopen(path, "wb");
    assert_non_null(fp);
    assert_int_equal(fwrite(t->file.data, 1, t->file.length, fp), t->file.length);
    assert_int_equal(fclose(fp), 0);
    sb_str_release(&footer);
    sb_str_release(&t->file);
    sb_str_release(&t->last_key);
}

/* -- messages --------------------------------------------------------------------------------- */

static void pack(const ProtobufCMessage *message, struct sb_str *out)
{
    unsigned char *buffer = sb_malloc(protobuf_c_message_get_packed_size(message), TAG);
    assert_non_null(buffer);
    sb_str_append(out, (const char *)buffer, protobuf_c_message_pack(message, buffer));
    sb_free(buffer);
}

static void pack_header(const struct bundle_writer *w, struct sb_str *out)
{
    TensorBundle__Version version = TENSOR_BUNDLE__VERSION__INIT;
    TensorBundle__Header header = TENSOR_BUNDLE__HEADER__INIT;
    version.producer = 1;
    version.min_consumer = w->min_consumer;
    header.num_shards = w->num_shards;
    header.endianness = w->endianness;
    header.version = &version;
    pack(&header.base, out);
}

static void pack_entry(const struct bundle_entry *e, struct sb_str *out)
{
    TensorBundle__Dim dims[10], *dim_ptrs[10];
    TensorBundle__Slice slice = TENSOR_BUNDLE__SLICE__INIT,
                        *slices[4] = {&slice, &slice, &slice, &slice};
    TensorBundle__Shape shape = TENSOR_BUNDLE__SHAPE__INIT;
    TensorBundle__Entry entry = TENSOR_BUNDLE__ENTRY__INIT;
    for (int d = 0; d < e->ndim; d++) {
        tensor_bundle__dim__init(&dims[d]);
        dims[d].size = e->shape[d];
        dim_ptrs[d] = &dims[d];
    }
    shape.n_dim = (size_t)e->ndim;
    shape.dim = dim_ptrs;
    shape.unknown_rank = e->unknown_rank;
    entry.dtype = e->dtype;
    entry.shape = &shape;
    entry.shard_id = e->shard;
    entry.offset = e->offset;
    entry.size = e->size;
    entry.crc32c = sb_crc_mask(e->crc);
    entry.n_slices = (size_t)e->slices;
    entry.slices = slices;
    pack(&entry.base, out);
}

/* -- the writer ------------------------------------------------------------------------------- */

void bundle_writer_open(struct bundle_writer *w, const char *prefix, int shards)
{
    memset(w, 0, sizeof(*w));
    snprintf(w->prefix, sizeof(w->prefix), "%s", prefix);
    w->num_shards = shards;
    w->min_consumer = 0;
    w->with_header = true;
    w->sorted = true;
    w->block_bytes = 4096;
    w->restart_interval = 16;
    for (int i = 0; i < shards; i++) {
        char path[600];
        snprintf(path, sizeof(path), "%s.data-%05d-of-%05d", prefix, i, shards);
        w->data[i] = fopen(path, "wb");
        assert_non_null(w->data[i]);
    }
}

void bundle_writer_add(struct bundle_writer *w, const char *name, int dtype, int ndim,
                       const int64_t *shape, const void *data, size_t bytes)
{
    assert_int_equal(sb_grow(&w->entries, &w->cap, w->count + 1, sizeof(*w->entries), TAG), 0);
    const int shard = (int)(w->count % (size_t)w->num_shards);
    struct bundle_entry *e = &w->entries[w->count++];
    memset(e, 0, sizeof(*e));
    snprintf(e->name, sizeof(e->name), "%s", name);
    e->dtype = dtype;
    e->ndim = ndim;
    for (int d = 0; d < ndim; d++)
        e->shape[d] = shape[d];
    e->shard = shard;
    e->offset = w->written[shard];
    e->size = (int64_t)bytes;
    e->crc = sb_crc32c(0, data, bytes);
    assert_int_equal(fwrite(data, 1, bytes, w->data[shard]), bytes);
    w->written[shard] += (int64_t)bytes;
}

static int by_name(const void *a, const void *b)
{
    const struct bundle_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void bundle_writer_finish(struct bundle_writer *w)
{
    struct table t = {.w = w};
    struct sb_str value = SB_STR_INIT;
    for (int i = 0; i < 4; i++)
        assert_int_equal(w->data[i] ? fclose(w->data[i]) : 0, 0);
    if (w->with_header) {
        pack_header(w, &value);
        table_add(&t, "", &value);
    }
    if (w->sorted && w->count)
        qsort(w->entries, w->count, sizeof(*w->entries), by_name);
    for (size_t i = 0; i < w->count; i++) {
        sb_str_clear(&value);
        if (w->entries[i].garbage)
            sb_str_puts(&value, "\x08\xff\xff");
        else
            pack_entry(&w->entries[i], &value);
        table_add(&t, w->entries[i].name, &value);
    }
    char path[600];
    snprintf(path, sizeof(path), "%s.index", w->prefix);
    table_finish(&t, path);
    sb_str_release(&value);
    sb_free(w->entries);
    memset(w, 0, sizeof(*w));
}
