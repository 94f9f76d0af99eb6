/* models/onnx_initializers.c and wire.c: messages written by hand, right and wrong. A real model is
 * read in test_tensors.c. */
#include "base/file.h"
#include "base/str.h"
#include "models/tensors.h"
#include "models/wire.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

/* A model whose graph holds one initialiser with this content (all shorter than 128 bytes). */
static const char *write_model(const char *content, size_t length)
{
    static char path[512];
    struct sb_str s = SB_STR_INIT;
    struct sb_error err;
    sb_str_puts(&s, "\x08\x08"); /* ir_version 8 */
    const char graph[2] = {0x3a, (char)(length + 2)}, init[2] = {0x2a, (char)length};
    sb_str_append(&s, graph, 2);
    sb_str_append(&s, init, 2);
    sb_str_append(&s, content, length);
    snprintf(path, sizeof(path), "%s/model.onnx", test_scratch());
    assert_ok(sb_write_file(path, s.data, s.length, &err), &err);
    sb_str_release(&s);
    return path;
}

#define NAME_W  "\x42\1w"
#define DIMS_2  "\x08\2"
#define FLOAT   "\x10\1"
#define INT64   "\x10\7"
#define FLOAT16 "\x10\x0a"
#define INT32   "\x10\6"

static const struct {
    const char *what;
    const char *content;
    size_t length;
    enum sb_dtype dtype;
    double first, second;
} right[] = {
    {"raw floats", BYTES(DIMS_2 FLOAT NAME_W "\x4a\x08\0\0\x80\x3f\0\0\0\xc0"), SB_F32, 1, -2},
    {"packed floats", BYTES(DIMS_2 FLOAT "\x22\x08\0\0\x80\x3f\0\0\0\xc0" NAME_W), SB_F32, 1, -2},
    {"packed dims", BYTES("\x0a\1\2" FLOAT NAME_W "\x4a\x08\0\0\x80\x3f\0\0\0\xc0"), SB_F32, 1, -2},
    {"int64 varints",
     BYTES(DIMS_2 INT64 NAME_W "\x3a\x0b\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), SB_I64, 127,
     -1},
    {"int32 varints", BYTES(DIMS_2 INT32 NAME_W "\x2a\x0b\5\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1"),
     SB_I32, 5, -2},
    {"float16 bits in int32_data", BYTES(DIMS_2 FLOAT16 NAME_W "\x2a\5\x80\x78\x80\x80\3"), SB_F16,
     1, -2},
    {"unknown fields", BYTES("\xa2\6\1x" DIMS_2 FLOAT NAME_W "\x4a\x08\0\0\x80\x3f\0\0\0\xc0"),
     SB_F32, 1, -2},
};

static void test_onnx__every_place_for_values_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        struct sb_error err;
        struct sb_tensors *file =
            sb_tensors_open(write_model(right[i].content, right[i].length), &err);
        if (!file)
            fail_msg("%s: %s", right[i].what, err.message);
        const struct sb_tensor *t = sb_tensors_find(file, "w");
        double values[2];
        assert_non_null(t);
        assert_int_equal(t->dtype, right[i].dtype);
        assert_int_equal(t->count, 2);
        sb_dtype_to_f64(t->dtype, t->data, 2, values);
        if (values[0] != right[i].first || values[1] != right[i].second)
            fail_msg("%s: %g %g", right[i].what, values[0], values[1]);
        sb_tensors_discard(file, t); /* harmless where the values were decoded */
        sb_tensors_free(&file);
    }
}

static const struct {
    const char *what;
    const char *content;
    size_t length;
    const char *expect;
} wrong[] = {
    {"nothing at all", BYTES(""), "unknown type"},
    {"no name", BYTES(DIMS_2 FLOAT "\x4a\x08\0\0\0\0\0\0\0\0"), "empty name"},
    {"unknown type", BYTES(DIMS_2 "\x10\x63" NAME_W), "'w' has an unknown type"},
    {"shape larger than the values", BYTES("\x08\3" FLOAT NAME_W "\x4a\x08\0\0\0\0\0\0\0\0"),
     "8 bytes, expected 12"},
    {"shape without values", BYTES(DIMS_2 FLOAT NAME_W), "0 bytes, expected 8"},
    {"negative dimension", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\1" FLOAT NAME_W),
     "dimension 0"},
    {"shape that overflows", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f" DIMS_2 FLOAT NAME_W),
     "overflows"},
    {"nine dimensions", BYTES("\x0a\x09\1\1\1\1\1\1\1\1\1" FLOAT NAME_W "\x4a\4\0\0\0\0"),
     "9 dimensions"},
    {"broken packed dimensions", BYTES("\x0a\2\x80\x80" FLOAT NAME_W), "broken dimensions"},
    {"dimensions as fixed numbers", BYTES("\x0d\1\0\0\0" FLOAT NAME_W), "broken dimensions"},
    {"values in the field of another type", BYTES(DIMS_2 INT64 NAME_W "\x22\4\0\0\0\0"),
     "field of another type"},
    {"floats as varints", BYTES(DIMS_2 FLOAT NAME_W "\x2a\2\1\1"), "field of another type"},
    {"values twice", BYTES(DIMS_2 FLOAT NAME_W "\x4a\4\0\0\0\0\x4a\4\0\0\0\0"), "several fields"},
    {"floats one by one", BYTES(DIMS_2 FLOAT NAME_W "\x25\0\0\0\0\x25\0\0\0\0"), "several fields"},
    {"varint cut off", BYTES(DIMS_2 INT64 NAME_W "\x3a\2\1\xff"), "broken values"},
    {"too few varints", BYTES(DIMS_2 INT64 NAME_W "\x3a\1\1"), "8 bytes, expected 16"},
    {"values in another file", BYTES(DIMS_2 FLOAT NAME_W "\x70\1"), "another file"},
    {"raw data longer than the message", BYTES(DIMS_2 FLOAT NAME_W "\x4a\x7f\0\0"),
     "broken message"},
    {"a group", BYTES(DIMS_2 FLOAT NAME_W "\x0b\x0c"), "broken message"},
    {"field number 0", BYTES("\0\0" FLOAT NAME_W), "broken message"},
};

static void test_onnx__malformed_initialisers_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sb_error err;
        struct sb_tensors *file =
            sb_tensors_open(write_model(wrong[i].content, wrong[i].length), &err);
        if (file || err.code != SB_EFORMAT || !strstr(err.message, wrong[i].expect))
            fail_msg("%s: '%s', expected '%s'", wrong[i].what, file ? "opened" : err.message,
                     wrong[i].expect);
        assert_in_range(err.offset, 4, 130);
    }
}

static const struct {
    const char *what;
    const char *bytes;
    size_t length;
    const char *expect;
} no_models[] = {
    {"empty file", BYTES(""), "without a graph"},
    {"text", BYTES("weights: none\n"), "not an ONNX model"},
    {"no graph", BYTES("\x08\x08"), "without a graph"},
    {"graph cut off", BYTES("\x08\x08\x3a\x7f\x0a"), "not an ONNX model"},
    {"broken field in the graph", BYTES("\x3a\2\x2a\x7f"), "broken field in the graph"},
    {"sparse initialiser", BYTES("\x3a\2\x7a\0"), "sparse"},
    {"one name twice", BYTES("\x3a\x0e\x2a\5" FLOAT "\x42\1w\x2a\5" FLOAT "\x42\1w"), ""},
};

static void test_onnx__what_is_no_model_is_refused(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof(path), "%s/none.onnx", test_scratch());
    for (size_t i = 0; i < sizeof(no_models) / sizeof(no_models[0]); i++) {
        struct sb_error err;
        assert_ok(sb_write_file(path, no_models[i].bytes, no_models[i].length, &err), &err);
        struct sb_tensors *file = sb_tensors_open(path, &err);
        if (file || err.code != SB_EFORMAT || !strstr(err.message, no_models[i].expect))
            fail_msg("%s: '%s', expected '%s'", no_models[i].what, file ? "opened" : err.message,
                     no_models[i].expect);
    }
}

static void test_wire__every_kind_of_field(void **state)
{
    (void)state;
    static const char message[] = "\x08\x96\1\x15\1\2\3\4\x19\1\0\0\0\0\0\0\x80\x22\2hi";
    struct sb_wire w = {BYTES(message), 0};
    struct sb_wire_field f;
    assert_int_equal(sb_wire_next(&w, &f), 1);
    assert_true(f.number == 1 && f.type == SB_WIRE_VARINT && f.value == 150);
    assert_int_equal(sb_wire_next(&w, &f), 1);
    assert_true(f.number == 2 && f.type == SB_WIRE_FIXED32 && f.value == 0x04030201);
    assert_int_equal(sb_wire_next(&w, &f), 1);
    assert_true(f.number == 3 && f.type == SB_WIRE_FIXED64 && f.value == 0x8000000000000001u);
    assert_int_equal(sb_wire_next(&w, &f), 1);
    assert_true(f.number == 4 && f.type == SB_WIRE_BYTES && f.size == 2 && f.data[1] == 'i');
    assert_int_equal(sb_wire_next(&w, &f), 0);
    for (size_t cut = 1; cut < sizeof(message) - 1; cut++) { /* a cut never reads over the end */
        struct sb_wire part = {message, cut, 0};
        int rc = 1;
        while (rc > 0)
            rc = sb_wire_next(&part, &f);
        assert_true(rc == 0 || rc == -1);
        assert_true(part.pos <= cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx__every_place_for_values_is_read),
        cmocka_unit_test(test_onnx__malformed_initialisers_are_refused),
        cmocka_unit_test(test_onnx__what_is_no_model_is_refused),
        cmocka_unit_test(test_wire__every_kind_of_field),
    };
    return cmocka_run_group_tests_name("models/onnx_initializers", tests, NULL, NULL);
}
