/* models/onnx_writer.c: what is written reads back field by field; names, limits, failures. */
#include "models/onnx_writer.h"

#include "base/file.h"
#include "base/mem.h"
#include "models/onnx.pb-c.h"
#include "tests/test.h"

#include <string.h>

static struct sb_error err;

/* y = first 2 of Softmax(x * 0.5 + w), with every kind of attribute. */
static void build_tiny(struct sb_onnx *o)
{
    static const float weights[3] = {1, 2, 3};
    static const int64_t x_dims[2] = {1, 3}, w_dims[1] = {3}, y_dims[2] = {1, 2}, k = 2;
    sb_onnx_describe(o, "a tiny model");
    const char *x = sb_onnx_input(o, "x", 2, x_dims);
    sb_onnx_scope(o, "block");
    const char *half = sb_onnx_op2(o, "Mul", x, sb_onnx_f32(o, 0.5f));
    const char *sum = sb_onnx_op2(o, "Add", half, sb_onnx_weights(o, "w", 1, w_dims, weights));
    const char *soft = sb_onnx_op1(o, "Softmax", sum);
    sb_onnx_attr_int(o, "axis", 0);
    sb_onnx_attr_float(o, "alpha", 0.25f);
    sb_onnx_attr_text(o, "mode", "nearest");
    sb_onnx_attr_ints(o, "pads", 2, (const int64_t[]){-1, 7});
    sb_onnx_op2(o, "TopK", soft, sb_onnx_i64s(o, 1, &k));
    sb_onnx_second(o);
    sb_onnx_output(o, sb_onnx_name(o, "y"), SB_ONNX_F32, 2, y_dims);
}

static Onnx__ModelProto *read_model(const char *path)
{
    struct sb_map map;
    assert_ok(sb_map_open(&map, path, &err), &err);
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, map.size, (const uint8_t *)map.data);
    sb_map_release(&map);
    assert_non_null(model);
    return model;
}

static void test_onnx_writer__writes_every_field(void **state)
{
    (void)state;
    const char *path = test_path("tiny.onnx");
    struct sb_onnx *o = sb_onnx_new("tiny");
    build_tiny(o);
    assert_ok(sb_onnx_write(o, path, &err), &err);
    sb_onnx_free(&o);
    assert_null(o);
    Onnx__ModelProto *m = read_model(path);
    assert_int_equal(m->ir_version, 8);
    assert_int_equal(m->n_opset_import, 1);
    assert_int_equal(m->opset_import[0]->version, SB_ONNX_OPSET);
    assert_string_equal(m->doc_string, "a tiny model");
    assert_int_equal(m->graph->n_node, 4);
    const Onnx__NodeProto *soft = m->graph->node[2], *top = m->graph->node[3];
    assert_string_equal(soft->op_type, "Softmax");
    assert_string_equal(soft->input[0], m->graph->node[1]->output[0]);
    assert_int_equal(soft->n_attribute, 4);
    assert_true(soft->attribute[0]->has_i && soft->attribute[0]->i == 0); /* zero is written */
    assert_true(soft->attribute[1]->has_f && soft->attribute[1]->f == 0.25f);
    assert_memory_equal(soft->attribute[2]->s.data, "nearest", 7);
    assert_int_equal(soft->attribute[3]->n_ints, 2);
    assert_int_equal(soft->attribute[3]->ints[0], -1);
    assert_int_equal(top->n_output, 2);
    assert_string_equal(top->output[0], "y");
    assert_int_equal(m->graph->n_initializer, 3);
    const Onnx__TensorProto *half = m->graph->initializer[0], *w = m->graph->initializer[1];
    assert_int_equal(half->n_dims, 0);
    assert_int_equal(half->raw_data.len, 4);
    assert_string_equal(w->name, "w");
    assert_int_equal(w->raw_data.len, 12);
    assert_string_equal(m->graph->input[0]->name, "x");
    assert_int_equal(m->graph->output[0]->type->tensor_type->elem_type, SB_ONNX_F32);
    assert_int_equal(m->graph->output[0]->type->tensor_type->shape->dim[1]->dim_value, 2);
    onnx__model_proto__free_unpacked(m, NULL);
}

static void test_onnx_writer__a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    struct sb_onnx *o = sb_onnx_new("tiny");
    build_tiny(o);
    assert_int_equal(sb_onnx_write(o, "/dev/full", &err), SB_EIO);
    const char *absent = test_path("absent/tiny.onnx");
    assert_int_equal(sb_onnx_write(o, absent, &err), SB_EIO);
    assert_false(sb_is_file(absent));
    sb_onnx_free(&o);
}

static void test_onnx_writer__refuses_more_than_2_gib(void **state)
{
    (void)state;
    static const float one = 1;
    static const int64_t dims[1] = {(int64_t)1 << 29}; /* only its size is looked at */
    const char *path = test_path("huge.onnx");
    struct sb_onnx *o = sb_onnx_new("huge");
    sb_onnx_weights(o, "w", 1, dims, &one);
    assert_int_equal(sb_onnx_write(o, path, &err), SB_EUNSUPPORTED);
    assert_error(&err, SB_EUNSUPPORTED, "at most 2147483647");
    assert_false(sb_is_file(path));
    sb_onnx_free(&o);
}

static int write_tiny(void *path)
{
    struct sb_onnx *o = sb_onnx_new("tiny");
    if (o)
        build_tiny(o);
    const int rc = sb_onnx_write(o, path, &err);
    sb_onnx_free(&o);
    return rc;
}

static void test_onnx_writer__failing_allocations_leak_nothing(void **state)
{
    (void)state;
    test_every_allocation_fails(write_tiny, (void *)(uintptr_t)test_path("fail.onnx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_writer__writes_every_field),
        cmocka_unit_test(test_onnx_writer__a_failed_write_leaves_nothing),
        cmocka_unit_test(test_onnx_writer__refuses_more_than_2_gib),
        cmocka_unit_test(test_onnx_writer__failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("models/onnx_writer", tests, NULL, NULL);
}
