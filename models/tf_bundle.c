/*
 * TensorFlow V2 checkpoints ("tensor bundles"). PREFIX.index is a sorted string table whose empty
 * key holds a Header and whose other keys are tensor names with an Entry each: type, shape, shard,
 * offset, size, checksum. The bytes are in PREFIX.data-00000-of-00001 and so on. Format:
 * tensorflow/core/util/tensor_bundle and core/protobuf/tensor_bundle.proto.
 */
#include "base/mem.h"
#include "base/str.h"
#include "models/tensor_bundle.pb-c.h"
#include "models/tensors_build.h"
#include "models/tf_checkpoint.h"
#include "models/tf_table.h"

#include <string.h>

#define TAG                SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_SHARDS         99999 /* five digits in the file name */
#define BUNDLE_MIN_VERSION 1     /* of readers that can read what we read: kTensorBundleVersion */
#define STRING_TYPE        7

/* enum DataType of tensorflow/core/framework/types.proto */
static const struct {
    enum sb_dtype dtype;
    const char *name; /* NULL: not a type of stored tensors */
} types[] = {
    [1] = {SB_F32, "float32"},
    [2] = {SB_F64, "float64"},
    [3] = {SB_I32, "int32"},
    [4] = {SB_U8, "uint8"},
    [5] = {SB_I16, "int16"},
    [6] = {SB_I8, "int8"},
    [7] = {SB_OPAQUE, "string"},
    [8] = {SB_OPAQUE, "complex64"},
    [9] = {SB_I64, "int64"},
    [10] = {SB_BOOL, "bool"},
    [11] = {SB_OPAQUE, "qint8"},
    [12] = {SB_OPAQUE, "quint8"},
    [13] = {SB_OPAQUE, "qint32"},
    [14] = {SB_BF16, "bfloat16"},
    [15] = {SB_OPAQUE, "qint16"},
    [16] = {SB_OPAQUE, "quint16"},
    [17] = {SB_U16, "uint16"},
    [18] = {SB_OPAQUE, "complex128"},
    [19] = {SB_F16, "float16"},
    [20] = {SB_OPAQUE, "resource"},
    [21] = {SB_OPAQUE, "variant"},
    [22] = {SB_U32, "uint32"},
    [23] = {SB_U64, "uint64"},
    [24] = {SB_OPAQUE, "float8_e5m2"},
    [25] = {SB_OPAQUE, "float8_e4m3fn"},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

struct bundle {
    struct sb_tensors *tensors;
    const char *prefix;
    size_t index_file; /* in tensors->files */
    size_t num_shards; /* 0 until the header was read */
    size_t *shards;    /* file of each shard; SIZE_MAX until it is needed */
};

static void *proto_alloc(void *unused, size_t size)
{
    (void)unused;
    return sb_malloc(size, TAG);
}

static void proto_free(void *unused, void *ptr)
{
    (void)unused;
    sb_free(ptr);
}

static ProtobufCAllocator proto_allocator(void)
{
    const ProtobufCAllocator a = {.alloc = proto_alloc, .free = proto_free, .allocator_data = NULL};
    return a;
}

static int check_header(struct bundle *b, const TensorBundle__Header *h, int64_t offset,
                        struct sb_error *err)
{
    if (h->endianness != 0)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "a big-endian checkpoint, expected a little-endian one");
    if (h->version && h->version->min_consumer > BUNDLE_MIN_VERSION)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "needs a reader of version %d, this one has version %d",
                              h->version->min_consumer, BUNDLE_MIN_VERSION);
    if (h->num_shards < 1 || h->num_shards > MAX_SHARDS)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err, "%d shards, expected 1 to %d",
                              h->num_shards, MAX_SHARDS);
    b->num_shards = (size_t)h->num_shards;
    b->shards = sb_calloc(b->num_shards, sizeof(*b->shards), TAG);
    if (!b->shards)
        return sb_error_nomem(err, "a shard table", b->num_shards * sizeof(*b->shards));
    memset(b->shards, 0xff, b->num_shards * sizeof(*b->shards));
    return 0;
}

static int read_header(struct bundle *b, const char *value, size_t length, int64_t offset,
                       struct sb_error *err)
{
    ProtobufCAllocator a = proto_allocator();
    TensorBundle__Header *h =
        tensor_bundle__header__unpack(&a, length, (const unsigned char *)value);
    if (!h)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "the header of the checkpoint is broken");
    const int rc = check_header(b, h, offset, err);
    tensor_bundle__header__free_unpacked(h, &a);
    return rc;
}

/* Maps shard `id` when it is first needed. */
static int shard_file(struct bundle *b, size_t id, size_t *file, struct sb_error *err)
{
    if (b->shards[id] == SIZE_MAX) {
        struct sb_str path = SB_STR_INIT;
        sb_str_printf(&path, "%s.data-%05zu-of-%05zu", b->prefix, id, b->num_shards);
        const int rc = path.failed ? sb_error_nomem(err, "a path", strlen(b->prefix))
                                   : sb_tensors_map(b->tensors, path.data, &b->shards[id], err);
        sb_str_release(&path);
        if (rc)
            return sb_error_hint(err,
                                 "the checkpoint has %zu data file(s); all must lie beside "
                                 "its .index",
                                 b->num_shards);
    }
    *file = b->shards[id];
    return 0;
}

static int check_entry(const struct bundle *b, const TensorBundle__Entry *e, const char *name,
                       int64_t offset, struct sb_error *err)
{
    if (e->dtype < 1 || (size_t)e->dtype >= N_TYPES || !types[e->dtype].name)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "tensor '%.200s' has the unknown type %d", name, e->dtype);
    if (e->n_slices) {
        sb_tensors_bad(b->tensors, b->index_file, offset, err,
                       "variable '%.200s' is partitioned in %zu slices", name, e->n_slices);
        return sb_error_hint(err, "save it again without a partitioner");
    }
    if (e->shape && e->shape->unknown_rank)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "tensor '%.200s' has an unknown shape", name);
    if (e->shard_id < 0 || (size_t)e->shard_id >= b->num_shards)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "tensor '%.200s' is in shard %d of %zu", name, e->shard_id,
                              b->num_shards);
    if (e->offset < 0 || e->size < 0)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "tensor '%.200s' has a negative offset or size", name);
    return 0;
}

static int claim_entry(struct bundle *b, const TensorBundle__Entry *e, const char *name,
                       size_t length, int64_t offset, struct sb_error *err)
{
    int64_t shape[SB_TENSOR_MAX_DIMS + 1];
    struct sb_tensor_claim c = {.name = name, .name_length = length, .at_file = b->index_file};
    int rc = check_entry(b, e, name, offset, err);
    if (rc == 0)
        rc = shard_file(b, (size_t)e->shard_id, &c.file, err);
    if (rc)
        return rc;
    c.ndim = e->shape ? e->shape->n_dim : 0;
    for (size_t d = 0; d < c.ndim && d <= SB_TENSOR_MAX_DIMS; d++)
        shape[d] = e->shape->dim[d]->size;
    c.shape = shape;
    c.dtype = types[e->dtype].dtype;
    c.type = types[e->dtype].name;
    c.offset = (uint64_t)e->offset;
    c.bytes = (uint64_t)e->size;
    c.has_crc = e->dtype != STRING_TYPE; /* theirs also covers lengths; no one here reads strings */
    c.crc = sb_crc_unmask(e->crc32c);
    c.at = offset;
    return sb_tensors_add(b->tensors, &c, err);
}

static int on_entry(void *ctx, const char *key, size_t key_length, const char *value,
                    size_t value_length, int64_t offset, struct sb_error *err)
{
    struct bundle *b = ctx;
    if (key_length == 0)
        return read_header(b, value, value_length, offset, err);
    if (b->num_shards == 0)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "the index does not start with the checkpoint's header");
    ProtobufCAllocator a = proto_allocator();
    TensorBundle__Entry *e =
        tensor_bundle__entry__unpack(&a, value_length, (const unsigned char *)value);
    if (!e)
        return sb_tensors_bad(b->tensors, b->index_file, offset, err,
                              "the entry of tensor '%.200s' is broken", key);
    const int rc = claim_entry(b, e, key, key_length, offset, err);
    tensor_bundle__entry__free_unpacked(e, &a);
    return rc;
}

static int read_index(struct bundle *b, struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT;
    sb_str_printf(&path, "%s.index", b->prefix);
    int rc = path.failed ? sb_error_nomem(err, "a path", strlen(b->prefix))
                         : sb_tensors_map(b->tensors, path.data, &b->index_file, err);
    if (rc == 0) {
        const struct sb_map map = b->tensors->files[b->index_file].map;
        rc = sb_tf_table_walk(map.data, map.size, path.data, on_entry, b, err);
    }
    if (rc == 0 && b->num_shards == 0)
        rc = sb_tensors_bad(b->tensors, b->index_file, 0, err, "the index is empty");
    sb_str_release(&path);
    return rc;
}

int sb_tf_bundle_read(struct sb_tensors *tensors, const char *path, struct sb_error *err)
{
    char *prefix;
    int rc = sb_tf_checkpoint_prefix(path, &prefix, err);
    if (rc)
        return rc;
    struct bundle b = {.tensors = tensors, .prefix = prefix};
    rc = read_index(&b, err);
    sb_free(b.shards);
    sb_free(prefix);
    return rc;
}
