/* models/safetensors.c: what is written reads back and is the same every time; files that the
 * format does not allow are refused. */
#include "models/safetensors.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const float weights[4] = {1.5f, -2, 0, 1e-30f};
static const unsigned char flags[3] = {0, 1, 1};
static const int64_t step = -7;

static const struct sb_tensor sample[] = {
    {.name = "b/weights",
     .dtype = SB_F32,
     .ndim = 2,
     .shape = {2, 2},
     .count = 4,
     .bytes = 16,
     .data = (const unsigned char *)weights},
    {.name = "flags \"x\\y\"",
     .dtype = SB_BOOL,
     .ndim = 1,
     .shape = {3},
     .count = 3,
     .bytes = 3,
     .data = flags},
    {.name = "step",
     .dtype = SB_I64,
     .ndim = 0,
     .count = 1,
     .bytes = 8,
     .data = (const unsigned char *)&step},
    {.name = "a/empty", .dtype = SB_F32, .ndim = 2, .shape = {0, 5}},
};
#define N_SAMPLE (sizeof(sample) / sizeof(sample[0]))

static const char *scratch_file(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
    return path;
}

/* Writes the sample in the given order. */
static int write_sample(const char *path, const int order[N_SAMPLE], struct sb_error *err)
{
    const struct sb_tensor *tensors[N_SAMPLE];
    for (size_t i = 0; i < N_SAMPLE; i++)
        tensors[i] = &sample[order[i]];
    return sb_safetensors_write(path, tensors, N_SAMPLE, NULL, err);
}

static void test_safetensors__written_tensors_read_back(void **state)
{
    (void)state;
    struct sb_error err;
    const char *path = scratch_file("sample.safetensors");
    assert_ok(write_sample(path, (const int[]){0, 1, 2, 3}, &err), &err);
    struct sb_tensors *file = sb_tensors_open(path, &err);
    assert_non_null(file);
    assert_int_equal(sb_tensors_count(file), N_SAMPLE);
    for (size_t i = 0; i < N_SAMPLE; i++) {
        const struct sb_tensor *t = sb_tensors_find(file, sample[i].name);
        assert_non_null(t);
        assert_int_equal(t->dtype, sample[i].dtype);
        assert_int_equal(t->ndim, sample[i].ndim);
        assert_int_equal(t->bytes, sample[i].bytes);
        assert_int_equal(t->offset % sb_dtype_bytes(t->dtype), 0);
        for (int d = 0; d < t->ndim; d++)
            assert_int_equal(t->shape[d], sample[i].shape[d]);
        if (t->bytes)
            assert_memory_equal(t->data, sample[i].data, t->bytes);
    }
    sb_tensors_free(&file);
}

static void test_safetensors__bytes_do_not_depend_on_the_order_given(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_map a, b;
    assert_ok(write_sample(scratch_file("1.safetensors"), (const int[]){0, 1, 2, 3}, &err), &err);
    assert_ok(sb_map_open(&a, scratch_file("1.safetensors"), &err), &err);
    assert_ok(write_sample(scratch_file("2.safetensors"), (const int[]){3, 2, 0, 1}, &err), &err);
    assert_ok(sb_map_open(&b, scratch_file("2.safetensors"), &err), &err);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    sb_map_release(&a);
    sb_map_release(&b);
}

static void test_safetensors__what_cannot_be_written_leaves_no_file(void **state)
{
    (void)state;
    struct sb_error err;
    const char *path = scratch_file("none.safetensors");
    const struct sb_tensor text = {.name = "t", .dtype = SB_OPAQUE, .type = "string"};
    const struct sb_tensor *one[] = {&text};
    assert_int_equal(sb_safetensors_write(path, one, 1, NULL, &err), SB_EUNSUPPORTED);
    const struct sb_tensor *twice[] = {&sample[0], &sample[0]};
    assert_int_equal(sb_safetensors_write(path, twice, 2, NULL, &err), SB_EINVAL);
    assert_false(sb_is_file(path));
    assert_int_equal(sb_safetensors_write("/no/such/dir/x.safetensors", twice, 1, NULL, &err),
                     SB_EIO);
}

/* -- files that are wrong ---------------------------------------------------------------------- */

#define F32(range) "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" range "}}"

static const struct {
    const char *what;
    const char *header; /* its length is put in front */
    size_t data_bytes;
    const char *expect;
} cases[] = {
    {"empty header", "", 0, "does not start with {"},
    {"array", "[]", 0, "does not start with {"},
    {"blank in front", " {}", 0, "does not start with {"},
    {"cut JSON", "{\"a\":", 0, "JSON"},
    {"text behind the object", "{} x", 0, "after the JSON value"},
    {"two objects", "{}{}", 0, "after the JSON value"},
    {"data without tensors", "{}", 4, "cover 0 bytes of data, the file has 4"},
    {"tensor that is a number", "{\"a\":1}", 0, "expected an object"},
    {"tensor that is null", "{\"a\":null}", 0, "expected an object"},
    {"tensor without members", "{\"a\":{}}", 0, "\"dtype\" is missing"},
    {"no dtype", "{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4, "\"dtype\" is missing"},
    {"no shape", "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "\"shape\" is missing"},
    {"no offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 4, "\"data_offsets\" is missing"},
    {"unknown member", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}",
     4, "unknown member"},
    {"member twice",
     "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],"
     "\"data_offsets\":[0,4]}}",
     4, "twice"},
    {"unknown type", "{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "a known type"},
    {"type in lower case", "{\"a\":{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "a known type"},
    {"type that is a number", "{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "a string"},
    {"shape that is a number", "{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4,
     "an array"},
    {"negative dimension", "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
     "an integer from 0"},
    {"broken dimension", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,6]}}", 6,
     "an integer from 0"},
    {"dimension in words", "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}}",
     4, "an integer from 0"},
    {"dimension beyond 2^53",
     "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e300],\"data_offsets\":[0,4]}}", 4,
     "an integer from 0"},
    {"NaN as dimension", "{\"a\":{\"dtype\":\"F32\",\"shape\":[NaN],\"data_offsets\":[0,4]}}", 4,
     "JSON"},
    {"nine dimensions",
     "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
     "9 dimensions"},
    {"shape that overflows",
     "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}", 4,
     "overflows"},
    {"bytes that overflow",
     "{\"a\":{\"dtype\":\"F64\",\"shape\":[4294967296,1073741824],\"data_offsets\":[0,4]}}", 4,
     "overflows"},
    {"one offset", F32("[0]"), 8, "[begin, end]"},
    {"three offsets", F32("[0,4,8]"), 8, "[begin, end]"},
    {"offsets reversed", F32("[8,0]"), 8, "an integer from 8"},
    {"negative offset", F32("[-4,4]"), 8, "an integer from 0"},
    {"range shorter than the shape", F32("[0,4]"), 4, "4 bytes, expected 8"},
    {"range longer than the shape", F32("[0,12]"), 12, "12 bytes, expected 8"},
    {"range behind the data", F32("[8,16]"), 8, "which has"},
    {"range over the end", F32("[4,12]"), 8, "which has"},
    {"gap in front", F32("[4,12]"), 12, "cover 8 bytes of data, the file has 12"},
    {"bytes that belong to none", F32("[0,8]"), 9, "cover 8 bytes of data, the file has 9"},
    {"overlap",
     "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[2,5]}}",
     6, "overlap"},
    {"the same bytes twice",
     "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}",
     6, "overlap"},
    {"name twice",
     "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
     "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[3,6]}}",
     6, "two tensors are named 'a'"},
    {"empty name", "{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
     "empty name"},
    {"control character in a name",
     "{\"a\\u001b[2J\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "printable"},
    {"name that is not UTF-8",
     "{\"\xc3(\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "printable"},
    {"overlong UTF-8", "{\"\xc0\xaf\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
     "printable"},
    {"metadata that is a list", "{\"__metadata__\":[]}", 0, "an object of strings"},
    {"metadata with a number", "{\"__metadata__\":{\"x\":1}}", 0, "a string"},
};

/* header_length < 0: the header's own. */
static void write_raw(const char *path, const char *header, int64_t header_length,
                      size_t data_bytes)
{
    struct sb_str s = SB_STR_INIT;
    struct sb_error err;
    const uint64_t length = header_length < 0 ? strlen(header) : (uint64_t)header_length;
    for (int i = 0; i < 8; i++) {
        const char byte = (char)(length >> (8 * i));
        sb_str_append(&s, &byte, 1);
    }
    sb_str_puts(&s, header);
    for (size_t i = 0; i < data_bytes; i++)
        sb_str_append(&s, "\1", 1);
    assert_ok(sb_write_file(path, s.data, s.length, &err), &err);
    sb_str_release(&s);
}

static void expect_refused(const char *what, const char *path, const char *expect)
{
    struct sb_error err;
    struct sb_tensors *file = sb_tensors_open(path, &err);
    if (file || err.code != SB_EFORMAT || !strstr(err.message, expect))
        fail_msg("%s: '%s', expected '%s'", what, file ? "opened" : err.message, expect);
    assert_string_equal(err.path, path);
}

static void test_safetensors__malformed_headers_are_refused(void **state)
{
    (void)state;
    const char *path = scratch_file("wrong.safetensors");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_raw(path, cases[i].header, -1, cases[i].data_bytes);
        expect_refused(cases[i].what, path, cases[i].expect);
    }
}

static void test_safetensors__header_length_is_checked(void **state)
{
    (void)state;
    static const int64_t lengths[] = {3, 100000001, INT64_MAX, 0x7ff8000000000000};
    const char *path = scratch_file("length.safetensors");
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        write_raw(path, "{}", lengths[i], 0);
        expect_refused("header length", path, "the header has");
    }
    struct sb_error err;
    assert_ok(sb_write_file(path, "\2\0\0\0\0\0\0", 7, &err), &err);
    expect_refused("seven bytes", path, "too short");
    assert_ok(sb_write_file(path, "", 0, &err), &err);
    expect_refused("empty file", path, "too short");
}

static void test_safetensors__deep_nesting_is_refused(void **state)
{
    (void)state;
    struct sb_str header = SB_STR_INIT;
    sb_str_puts(&header, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        sb_str_puts(&header, "[");
    const char *path = scratch_file("deep.safetensors");
    write_raw(path, header.data, -1, 0);
    expect_refused("deep nesting", path, "nested");
    sb_str_release(&header);
}

static void test_safetensors__right_files_of_other_writers_are_read(void **state)
{
    (void)state;
    static const char *const right[] = {
        "{}",
        "{}      ",
        "{\"__metadata__\":{\"format\":\"pt\"}}",
        "{\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
        "{\"b\":{\"data_offsets\":[0,0],\"shape\":[0,4096],\"dtype\":\"BF16\"}}",
    };
    const char *path = scratch_file("right.safetensors");
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        struct sb_error err;
        write_raw(path, right[i], -1, 0);
        struct sb_tensors *file = sb_tensors_open(path, &err);
        assert_ok(file ? 0 : err.code, &err);
        assert_int_equal(sb_tensors_count(file), i < 3 ? 0 : 1);
        sb_tensors_free(&file);
    }
}

static void test_safetensors__length_of_the_training_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int64_t images;
    } cases_seen[] = {
        {"{\"__metadata__\":{\"format\":\"pt\",\"images_seen\":\"25600\"}}", 25600},
        {"{\"__metadata__\":{\"format\":\"pt\"}}", 0},
        {"{\"__metadata__\":{\"images_seen\":\"many\"}}", 0},
        {"{\"__metadata__\":{\"images_seen\":\"\"}}", 0},
        {"{\"__metadata__\":{\"images_seen\":\"-1\"}}", 0},
        {"{\"__metadata__\":{\"images_seen\":\"99999999999999999999\"}}", 0},
        {"{}", 0},
    };
    const char *path = scratch_file("seen.safetensors");
    for (size_t i = 0; i < sizeof(cases_seen) / sizeof(cases_seen[0]); i++) {
        struct sb_error err;
        write_raw(path, cases_seen[i].header, -1, 0);
        struct sb_tensors *file = sb_tensors_open(path, &err);
        assert_ok(file ? 0 : err.code, &err);
        assert_int_equal(sb_tensors_images_seen(file), cases_seen[i].images);
        sb_tensors_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors__written_tensors_read_back),
        cmocka_unit_test(test_safetensors__bytes_do_not_depend_on_the_order_given),
        cmocka_unit_test(test_safetensors__what_cannot_be_written_leaves_no_file),
        cmocka_unit_test(test_safetensors__malformed_headers_are_refused),
        cmocka_unit_test(test_safetensors__header_length_is_checked),
        cmocka_unit_test(test_safetensors__deep_nesting_is_refused),
        cmocka_unit_test(test_safetensors__right_files_of_other_writers_are_read),
        cmocka_unit_test(test_safetensors__length_of_the_training_is_read),
    };
    return cmocka_run_group_tests_name("models/safetensors", tests, NULL, NULL);
}
