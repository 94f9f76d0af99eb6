/* models/tensors.c: weight files that others wrote. The same trained network as a checkpoint and as
 * an ONNX file must hold the same values; every golden checkpoint must verify. */
#include "models/tensors.h"

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct sb_tensors *open_ok(const char *path)
{
    struct sb_error err;
    struct sb_tensors *file = sb_tensors_open(path, &err);
    assert_ok(file ? 0 : err.code, &err);
    return file;
}

static double scalar(const struct sb_tensors *file, const char *name)
{
    const struct sb_tensor *t = sb_tensors_find(file, name);
    struct sb_error err;
    double value;
    assert_non_null(t);
    assert_int_equal(t->count, 1);
    assert_ok(sb_tensors_verify(file, t, &err), &err);
    sb_dtype_to_f64(t->dtype, t->data, 1, &value);
    return value;
}

static void test_tensors__smallest_real_checkpoint(void **state)
{
    (void)state;
    struct sb_tensors *file = open_ok(test_data_or_skip("tensorflow/half_plus_two"));
    assert_string_equal(sb_tensors_format(file), "TensorFlow checkpoint");
    assert_true(scalar(file, "a") == 0.5);
    assert_true(scalar(file, "b") == 2.0);
    assert_true(scalar(file, "c") == 3.0);
    assert_int_equal(sb_tensors_file_bytes(file), 20 + 172);
    sb_tensors_free(&file);
}

/* -- one trained network in two formats ----------------------------------------------------------
 */

static float value_at(const struct sb_tensor *t, size_t index)
{
    float value;
    memcpy(&value, t->data + index * sizeof(value), sizeof(value));
    return value;
}

/* True when the (h, w, in, out) or (h, w, c, 1) kernel `tf` holds the values of the (out, in, h, w)
 * or (c, 1, h, w) kernel `onnx`. */
static bool same_kernel(const struct sb_tensor *tf, const struct sb_tensor *onnx, bool depthwise)
{
    const size_t h = tf->shape[0], w = tf->shape[1];
    const size_t in = depthwise ? 1 : tf->shape[2];
    const size_t out = depthwise ? tf->shape[2] : tf->shape[3];
    if (onnx->ndim != 4 || onnx->shape[0] != out || onnx->shape[1] != in || onnx->shape[2] != h ||
        onnx->shape[3] != w)
        return false;
    for (size_t i = 0; i < tf->count; i++) {
        const size_t o = i % out, c = i / out % in, k = i / out / in;
        if (value_at(tf, i) != value_at(onnx, (o * in + c) * h * w + k))
            return false;
    }
    return true;
}

static size_t count_equal_kernels(const struct sb_tensors *onnx, const struct sb_tensor *tf)
{
    const bool depthwise = strstr(tf->name, "depthwise_kernel") != NULL;
    size_t found = 0;
    for (size_t i = 0; i < sb_tensors_count(onnx); i++) {
        const struct sb_tensor *t = sb_tensors_at(onnx, i);
        if (t->count == tf->count && t->dtype == SB_F32 && same_kernel(tf, t, depthwise))
            found++;
    }
    return found;
}

static void test_tensors__checkpoint_and_onnx_of_one_network_agree(void **state)
{
    (void)state;
    struct sb_tensors *tf = open_ok(test_data_or_skip("tensorflow/rfb320/variables.index"));
    struct sb_tensors *onnx = open_ok(test_data_or_skip("onnx/rfb320.onnx"));
    assert_string_equal(sb_tensors_format(onnx), "ONNX");
    size_t kernels = 0;
    for (size_t i = 0; i < sb_tensors_count(tf); i++) {
        const struct sb_tensor *t = sb_tensors_at(tf, i);
        if (!strstr(t->name, "kernel/") || t->ndim != 4)
            continue;
        if (count_equal_kernels(onnx, t) != 1)
            fail_msg("%s is not in the ONNX file exactly once", t->name);
        kernels++;
    }
    assert_int_equal(kernels, 52);
    const struct sb_tensor *graph = sb_tensors_find(tf, "_CHECKPOINTABLE_OBJECT_GRAPH");
    assert_non_null(graph);
    assert_int_equal(graph->dtype, SB_OPAQUE);
    assert_string_equal(graph->type, "string");
    sb_tensors_free(&tf);
    sb_tensors_free(&onnx);
}

/* -- .safetensors by the reference implementation -------------------------------------------------
 */

static void check_safetensors_value(const struct sb_tensor *t)
{
    /* every file holds the values -3 .. 2 in its type */
    for (int i = 0; i < 6; i++) {
        double value, expected = i - 3;
        sb_dtype_to_f64(t->dtype, t->data + (size_t)i * sb_dtype_bytes(t->dtype), 1, &value);
        if (t->dtype == SB_U8 || t->dtype == SB_U16 || t->dtype == SB_U32)
            expected += expected < 0 ? ldexp(1, 8 * (int)sb_dtype_bytes(t->dtype)) : 0;
        if (value != expected)
            fail_msg("%s[%d] is %g, expected %g", t->name, i, value, expected);
    }
}

static void test_tensors__safetensors_of_every_type(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum sb_dtype dtype;
    } expected[] = {{"B", SB_U8},  {"H", SB_U16}, {"I", SB_U32}, {"b", SB_I8}, {"d", SB_F64},
                    {"e", SB_F16}, {"f", SB_F32}, {"h", SB_I16}, {"i", SB_I32}};
    struct sb_tensors *all = open_ok(test_data_or_skip("safetensors/overall.safetensors"));
    assert_int_equal(sb_tensors_count(all), 9);
    for (size_t i = 0; i < 9; i++) {
        char name[64];
        const struct sb_tensor *t = sb_tensors_at(all, i);
        assert_string_equal(t->name, expected[i].name);
        assert_int_equal(t->dtype, expected[i].dtype);
        check_safetensors_value(t);
        snprintf(name, sizeof(name), "safetensors/%s.safetensors", expected[i].name);
        struct sb_tensors *one = open_ok(test_data_or_skip(name));
        assert_int_equal(sb_tensors_count(one), 1);
        assert_memory_equal(sb_tensors_at(one, 0)->data, t->data, t->bytes);
        sb_tensors_free(&one);
    }
    sb_tensors_free(&all);
}

static void test_tensors__every_golden_checkpoint_verifies(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t count;
    } cases[] = {
        {"classification_spinenet49", 653},    {"maskrcnn_spinenet49", 743},
        {"maskrcnn_spinenet49_512", 707},      {"retinanet_mobile49xs_full", 858},
        {"retinanet_resnet50_fpn", 394},       {"retinanet_resnet50_nasfpn", 502},
        {"retinanet_spinenet143_swish", 1301}, {"retinanet_spinenet49_relu", 831},
        {"retinanet_spinenet49s_swish", 831},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[96];
        struct sb_error err;
        snprintf(name, sizeof(name), "golden/%s", cases[i].name);
        struct sb_tensors *file = open_ok(test_data_or_skip(name));
        assert_int_equal(sb_tensors_count(file), cases[i].count);
        for (size_t k = 0; k < cases[i].count; k++) {
            sb_tensors_prefetch(file, sb_tensors_at(file, k));
            assert_ok(sb_tensors_verify(file, sb_tensors_at(file, k), &err), &err);
            sb_tensors_discard(file, sb_tensors_at(file, k));
        }
        assert_true(scalar(file, "global_step") == 12345);
        sb_tensors_free(&file);
    }
}

static void test_tensors__embedded_weights_that_are_not_there(void **state)
{
    (void)state;
    struct sb_error err;
    assert_null(sb_tensors_open("embedded:nosuch", &err));
    assert_int_equal(err.code, SB_ENOTFOUND);
    assert_string_equal(err.message, "no embedded weights 'nosuch'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors__smallest_real_checkpoint),
        cmocka_unit_test(test_tensors__checkpoint_and_onnx_of_one_network_agree),
        cmocka_unit_test(test_tensors__safetensors_of_every_type),
        cmocka_unit_test(test_tensors__every_golden_checkpoint_verifies),
        cmocka_unit_test(test_tensors__embedded_weights_that_are_not_there),
    };
    return cmocka_run_group_tests_name("models/tensors", tests, NULL, NULL);
}
