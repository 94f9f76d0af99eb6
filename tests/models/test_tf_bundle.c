/* models/tf_bundle.c and tf_checkpoint.c: checkpoints that the tests' writer made, right and wrong.
 * Real ones are read in test_tensors.c. */
#include "base/file.h"
#include "base/mem.h"
#include "models/tensors.h"
#include "tests/models/support_bundle.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const float kernel[6] = {1, 2, 3, 4, 5, 6};
static const float bias[3] = {-1, 0, 1};
static const int64_t step = 90000;

/* A writer with three tensors, named by the case in the scratch folder. */
static struct bundle_writer small_bundle(const char *name, int shards, char prefix[512])
{
    struct bundle_writer w;
    snprintf(prefix, 512, "%s/%s", test_scratch(), name);
    bundle_writer_open(&w, prefix, shards);
    bundle_writer_add(&w, "a/kernel", BUNDLE_FLOAT, 2, (int64_t[]){2, 3}, kernel, sizeof(kernel));
    bundle_writer_add(&w, "a/bias", BUNDLE_FLOAT, 1, (int64_t[]){3}, bias, sizeof(bias));
    bundle_writer_add(&w, "global_step", BUNDLE_INT64, 0, NULL, &step, sizeof(step));
    return w;
}

static void expect_small(const char *path)
{
    struct sb_error err;
    struct sb_tensors *file = sb_tensors_open(path, &err);
    assert_ok(file ? 0 : err.code, &err);
    assert_int_equal(sb_tensors_count(file), 3);
    const struct sb_tensor *k = sb_tensors_find(file, "a/kernel");
    assert_non_null(k);
    assert_int_equal(k->ndim, 2);
    assert_int_equal(k->shape[0], 2);
    assert_int_equal(k->shape[1], 3);
    assert_memory_equal(k->data, kernel, sizeof(kernel));
    const struct sb_tensor *s = sb_tensors_find(file, "global_step");
    assert_int_equal(s->dtype, SB_I64);
    assert_memory_equal(s->data, &step, sizeof(step));
    for (size_t i = 0; i < 3; i++)
        assert_ok(sb_tensors_verify(file, sb_tensors_at(file, i), &err), &err);
    assert_null(sb_tensors_find(file, "a"));
    sb_tensors_free(&file);
    assert_null(file);
}

static void test_tf_bundle__raw_and_compressed_blocks(void **state)
{
    (void)state;
    char prefix[512];
    struct bundle_writer w = small_bundle("raw", 1, prefix);
    bundle_writer_finish(&w);
    expect_small(prefix);
    w = small_bundle("snappy", 1, prefix);
    w.compressed = true;
    bundle_writer_finish(&w);
    expect_small(prefix);
}

static void test_tf_bundle__many_blocks_and_shards(void **state)
{
    (void)state;
    char prefix[512];
    struct bundle_writer w = small_bundle("shards", 3, prefix);
    w.block_bytes = 1; /* a block per entry */
    w.restart_interval = 1;
    bundle_writer_finish(&w);
    expect_small(prefix);
}

static void test_tf_bundle__path_may_be_prefix_index_shard_or_folder(void **state)
{
    (void)state;
    char prefix[512], path[600];
    struct sb_error err;
    snprintf(path, sizeof(path), "%s/run/variables", test_scratch());
    assert_ok(sb_make_dirs(path, &err), &err);
    struct bundle_writer w = small_bundle("run/variables/model.ckpt-7", 1, prefix);
    bundle_writer_finish(&w);
    expect_small(prefix);
    snprintf(path, sizeof(path), "%s.index", prefix);
    expect_small(path);
    snprintf(path, sizeof(path), "%s.data-00000-of-00001", prefix);
    expect_small(path);
    snprintf(path, sizeof(path), "%s/run/variables", test_scratch());
    expect_small(path); /* the only checkpoint in the folder */
    snprintf(path, sizeof(path), "%s/run", test_scratch());
    expect_small(path); /* as in a SavedModel */
}

static void test_tf_bundle__checkpoint_file_names_the_newest(void **state)
{
    (void)state;
    char prefix[512], path[600];
    struct sb_error err;
    snprintf(path, sizeof(path), "%s/train", test_scratch());
    assert_ok(sb_make_dirs(path, &err), &err);
    for (int i = 1; i <= 2; i++) {
        char name[32];
        snprintf(name, sizeof(name), "train/model.ckpt-%d", i);
        struct bundle_writer w = small_bundle(name, 1, prefix);
        bundle_writer_finish(&w);
    }
    assert_null(sb_tensors_open(path, &err));
    assert_int_equal(err.code, SB_ENOTFOUND);
    assert_non_null(strstr(err.message, "several"));

    static const char relative[] = "model_checkpoint_path: \"model.ckpt-2\"\n"
                                   "all_model_checkpoint_paths: \"model.ckpt-1\"\n";
    static const char moved[] = "model_checkpoint_path: \"/elsewhere/train/model.ckpt-1\"\n";
    static const char broken[] = "model_checkpoint_path: \"model.ckpt-2\n";
    static const char gone[] = "model_checkpoint_path: \"model.ckpt-3\"\n";
    char state_path[700];
    snprintf(state_path, sizeof(state_path), "%s/checkpoint", path);
    assert_ok(sb_write_file(state_path, relative, sizeof(relative) - 1, &err), &err);
    expect_small(path);
    assert_ok(sb_write_file(state_path, moved, sizeof(moved) - 1, &err), &err);
    expect_small(path);
    assert_ok(sb_write_file(state_path, broken, sizeof(broken) - 1, &err), &err);
    assert_null(sb_tensors_open(path, &err));
    assert_int_equal(err.code, SB_EFORMAT);
    assert_ok(sb_write_file(state_path, gone, sizeof(gone) - 1, &err), &err);
    assert_null(sb_tensors_open(path, &err));
    assert_int_equal(err.code, SB_ENOTFOUND);
    assert_non_null(strstr(err.path, "model.ckpt-3"));
}

static void test_tf_bundle__missing_files_are_named(void **state)
{
    (void)state;
    char prefix[512], path[600];
    struct sb_error err;
    assert_null(sb_tensors_open("/no/such/model.ckpt", &err));
    assert_int_equal(err.code, SB_ENOTFOUND);
    assert_string_equal(err.path, "/no/such/model.ckpt");
    struct bundle_writer w = small_bundle("half", 2, prefix);
    bundle_writer_finish(&w);
    snprintf(path, sizeof(path), "%s.data-00001-of-00002", prefix);
    unlink(path);
    assert_null(sb_tensors_open(prefix, &err));
    assert_int_equal(err.code, SB_EIO);
    assert_string_equal(err.path, path);
    assert_non_null(strstr(err.hint, "2 data file(s)"));
}

/* -- entries that lie ---------------------------------------------------------------------------
 */

enum field {
    DTYPE,
    NDIM,
    DIM0,
    DIM1,
    SHARD,
    OFFSET,
    SIZE,
    SLICES,
    UNKNOWN_RANK,
    GARBAGE,
    NAME,
    NUM_SHARDS,
    ENDIANNESS,
    MIN_CONSUMER,
    NO_HEADER,
    UNSORTED
};

static const struct {
    const char *what;
    enum field field;
    int64_t value;
    const char *expect;
} lies[] = {
    {"unknown type", DTYPE, 99, "unknown type 99"},
    {"type 0", DTYPE, 0, "unknown type 0"},
    {"reference type", DTYPE, 101, "unknown type"},
    {"negative type", DTYPE, -1, "unknown type -1"},
    {"wider type than bytes", DTYPE, BUNDLE_DOUBLE, "24 bytes, expected 48"},
    {"narrower type than bytes", DTYPE, BUNDLE_HALF, "24 bytes, expected 12"},
    {"fewer dimensions", NDIM, 1, "24 bytes, expected 8"},
    {"scalar", NDIM, 0, "24 bytes, expected 4"},
    {"nine dimensions", NDIM, 9, "9 dimensions"},
    {"negative dimension", DIM0, -2, "dimension 0 of tensor 'a/kernel' is -2"},
    {"shape larger than the bytes", DIM0, 3, "24 bytes, expected 36"},
    {"shape that overflows", DIM0, INT64_MAX, "overflows"},
    {"shape whose bytes overflow", DIM1, INT64_MAX / 2, "overflows"},
    {"zero times huge", DIM0, 0, "24 bytes, expected 0"},
    {"shard that is none", SHARD, 1, "shard 1 of 1"},
    {"negative shard", SHARD, -1, "shard -1"},
    {"offset behind the data", OFFSET, 1000000, "at bytes 1000000"},
    {"offset that reaches over the end", OFFSET, 24, "at bytes 24 to 48"},
    {"negative offset", OFFSET, -8, "negative offset"},
    {"offset of 2^63-1", OFFSET, INT64_MAX, "at bytes"},
    {"offset inside another tensor", OFFSET, 4, "overlap"},
    {"size of one byte less", SIZE, 23, "23 bytes, expected 24"},
    {"negative size", SIZE, -24, "negative offset or size"},
    {"partitioned variable", SLICES, 2, "partitioned in 2"},
    {"unknown rank", UNKNOWN_RANK, 1, "unknown shape"},
    {"entry that is no message", GARBAGE, 1, "entry of tensor 'a/kernel' is broken"},
    {"name with a control character", NAME, '\n', "printable"},
    {"name that is not UTF-8", NAME, 0xff, "printable"},
    {"no shards", NUM_SHARDS, 0, "0 shards"},
    {"too many shards", NUM_SHARDS, 100000, "100000 shards"},
    {"big-endian", ENDIANNESS, 1, "big-endian"},
    {"newer format", MIN_CONSUMER, 2, "version 2"},
    {"no header", NO_HEADER, 1, "start with the checkpoint's header"},
    {"entries out of order", UNSORTED, 1, "ascend"},
};

static void tell_lie(struct bundle_writer *w, enum field field, int64_t value)
{
    struct bundle_entry *e = &w->entries[0];
    switch (field) {
    case DTYPE:
        e->dtype = (int)value;
        break;
    case NDIM:
        e->ndim = (int)value;
        break;
    case DIM0:
    case DIM1:
        e->shape[field - DIM0] = value;
        break;
    case SHARD:
        e->shard = (int)value;
        break;
    case OFFSET:
        e->offset = value;
        break;
    case SIZE:
        e->size = value;
        break;
    case SLICES:
        e->slices = (int)value;
        break;
    case UNKNOWN_RANK:
        e->unknown_rank = true;
        break;
    case GARBAGE:
        e->garbage = true;
        break;
    case NAME:
        e->name[1] = (char)value;
        break;
    case NUM_SHARDS:
        w->num_shards = (int)value;
        break;
    case ENDIANNESS:
        w->endianness = (int)value;
        break;
    case MIN_CONSUMER:
        w->min_consumer = (int)value;
        break;
    case NO_HEADER:
        w->with_header = false;
        break;
    case UNSORTED:
        w->sorted = false;
        break;
    }
}

static void test_tf_bundle__entries_that_lie_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        char prefix[512];
        struct sb_error err;
        struct bundle_writer w = small_bundle("lie", 1, prefix);
        tell_lie(&w, lies[i].field, lies[i].value);
        bundle_writer_finish(&w);
        struct sb_tensors *file = sb_tensors_open(prefix, &err);
        if (file || err.code != SB_EFORMAT || !strstr(err.message, lies[i].expect))
            fail_msg("%s: '%s', expected '%s'", lies[i].what, file ? "opened" : err.message,
                     lies[i].expect);
        assert_non_null(strstr(err.path, "lie."));
    }
}

/* -- damaged bytes ------------------------------------------------------------------------------
 */

/* The file with size bytes kept (from the end, when negative) and a byte at `flip` inverted. */
static const struct {
    const char *what;
    const char *suffix;
    long keep; /* 0 = all, > 0 that many bytes, < 0 that many less */
    long flip; /* offset, < 0 from the end; LONG_NONE = none */
    const char *expect;
} damages[] = {
#define LONG_NONE 1000000
    {"magic", ".index", 0, -1, "magic"},
    {"block handle in the footer", ".index", 0, -48, "checksum of an index block"},
    {"first byte of a block", ".index", 0, 0, "checksum of an index block"},
    {"key of an entry", ".index", 0, 20, "checksum of an index block"},
    {"cut inside the footer", ".index", -1, LONG_NONE, "magic"},
    {"only the footer", ".index", 48, LONG_NONE, "magic"},
    {"47 bytes", ".index", 47, LONG_NONE, "too short"},
    {"one byte", ".index", 1, LONG_NONE, "too short"},
    {"shard cut by one byte", ".data-00000-of-00001", -1, LONG_NONE, "which has 43"},
    {"shard cut to one byte", ".data-00000-of-00001", 1, LONG_NONE, "which has 1"},
};

static void damage_file(const char *path, long keep, long flip)
{
    struct sb_error err;
    struct sb_map map;
    char bytes[4096];
    assert_ok(sb_map_open(&map, path, &err), &err);
    assert_in_range(map.size, 1, sizeof(bytes));
    memcpy(bytes, map.data, map.size);
    size_t size = map.size;
    sb_map_release(&map);
    if (keep != 0)
        size = keep > 0 ? (size_t)keep : size - (size_t)-keep;
    if (flip != LONG_NONE)
        bytes[flip >= 0 ? (size_t)flip : size - (size_t)-flip] ^= 0x55;
    assert_ok(sb_write_file(path, bytes, size, &err), &err);
}

static void test_tf_bundle__damaged_files_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        char prefix[512], path[600];
        struct sb_error err;
        struct bundle_writer w = small_bundle("damaged", 1, prefix);
        bundle_writer_finish(&w);
        snprintf(path, sizeof(path), "%s%s", prefix, damages[i].suffix);
        damage_file(path, damages[i].keep, damages[i].flip);
        struct sb_tensors *file = sb_tensors_open(prefix, &err);
        if (file || err.code != SB_EFORMAT || !strstr(err.message, damages[i].expect))
            fail_msg("%s: '%s', expected '%s'", damages[i].what, file ? "opened" : err.message,
                     damages[i].expect);
    }
}

static void test_tf_bundle__empty_index_is_refused(void **state)
{
    (void)state;
    char prefix[512], path[600];
    struct sb_error err;
    struct bundle_writer w = small_bundle("empty", 1, prefix);
    bundle_writer_finish(&w);
    snprintf(path, sizeof(path), "%s.index", prefix);
    assert_ok(sb_write_file(path, "", 0, &err), &err);
    assert_null(sb_tensors_open(prefix, &err));
    assert_int_equal(err.code, SB_EFORMAT);
}

static void test_tf_bundle__a_flipped_bit_in_the_data_fails_verify(void **state)
{
    (void)state;
    char prefix[512], path[600];
    struct sb_error err;
    struct bundle_writer w = small_bundle("bit", 1, prefix);
    bundle_writer_finish(&w);
    snprintf(path, sizeof(path), "%s.data-00000-of-00001", prefix);
    damage_file(path, 0, 25); /* in a/bias */
    struct sb_tensors *file = sb_tensors_open(prefix, &err);
    assert_non_null(file);
    assert_ok(sb_tensors_verify(file, sb_tensors_find(file, "a/kernel"), &err), &err);
    assert_int_equal(sb_tensors_verify(file, sb_tensors_find(file, "a/bias"), &err), SB_EFORMAT);
    assert_string_equal(err.path, path);
    assert_int_equal(err.offset, 24);
    assert_non_null(strstr(err.message, "a/bias"));
    sb_tensors_free(&file);
}

static void test_tf_bundle__failing_allocations_leak_nothing(void **state)
{
    (void)state;
    char prefix[512];
    struct sb_error err;
    struct bundle_writer w = small_bundle("memory", 2, prefix);
    w.compressed = true;
    bundle_writer_finish(&w);
    struct sb_mem_stats before, after;
    sb_mem_get_stats(&before);
    struct sb_tensors *file = NULL;
    for (long n = 1; !file; n++) {
        assert_in_range(n, 1, 500);
        sb_mem_fail_after(n);
        file = sb_tensors_open(prefix, &err);
        sb_mem_fail_after(0);
    }
    sb_tensors_free(&file);
    sb_mem_get_stats(&after);
    assert_int_equal(after.current_total_bytes, before.current_total_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tf_bundle__raw_and_compressed_blocks),
        cmocka_unit_test(test_tf_bundle__many_blocks_and_shards),
        cmocka_unit_test(test_tf_bundle__path_may_be_prefix_index_shard_or_folder),
        cmocka_unit_test(test_tf_bundle__checkpoint_file_names_the_newest),
        cmocka_unit_test(test_tf_bundle__missing_files_are_named),
        cmocka_unit_test(test_tf_bundle__entries_that_lie_are_refused),
        cmocka_unit_test(test_tf_bundle__damaged_files_are_refused),
        cmocka_unit_test(test_tf_bundle__empty_index_is_refused),
        cmocka_unit_test(test_tf_bundle__a_flipped_bit_in_the_data_fails_verify),
        cmocka_unit_test(test_tf_bundle__failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("models/tf_bundle", tests, NULL, NULL);
}
