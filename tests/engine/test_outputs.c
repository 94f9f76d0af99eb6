/* engine/outputs.c: channel order, file shapes, rows of boxes taken apart. */
#include "engine/outputs.h"

#include "tests/test.h"

#include <string.h>

static void test_outputs__channels_move_to_the_end_and_back(void **state)
{
    (void)state;
    const struct sb_shape shape = {2, 3, 2, 4};
    float nchw[48], nhwc[48], back[48];
    for (int i = 0; i < 48; i++)
        nchw[i] = (float)i;
    sb_nchw_to_nhwc(nhwc, nchw, shape);
    assert_true(nhwc[0] == 0 && nhwc[1] == 8 && nhwc[2] == 16 && nhwc[3] == 1);
    assert_true(nhwc[24] == 24 && nhwc[47] == 47);
    sb_nhwc_to_nchw(back, nhwc, shape);
    assert_memory_equal(nchw, back, sizeof(nchw));
}

static void assert_array(const struct sb_output_array *a, const char *name, int ndim,
                         const size_t *dims)
{
    assert_string_equal(a->name, name);
    assert_int_equal(a->ndim, ndim);
    for (int i = 0; i < ndim; i++)
        assert_int_equal(a->dims[i], dims[i]);
}

static void assert_dims(enum sb_op op, struct sb_shape shape, int64_t batch, int ndim,
                        const size_t *want)
{
    const struct sb_node node = {.op = op, .shape = shape, .output = "x"};
    struct sb_output_array arrays[SB_OUTPUT_ARRAYS];
    struct sb_error err;
    size_t count;
    static const float data[1024 * 1024];
    assert_true(sb_shape_count(shape) <= sizeof(data) / sizeof(data[0]));
    assert_ok(sb_output_arrays(&node, batch, data, arrays, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_array(&arrays[0], "x", ndim, want);
    sb_output_arrays_release(arrays, count);
}

static void test_outputs__files_have_the_reference_shapes(void **state)
{
    (void)state;
    assert_dims(SB_OP_CONV, (struct sb_shape){2, 8, 16, 12}, 2, 4, (size_t[]){2, 16, 12, 8});
    assert_dims(SB_OP_CONV, (struct sb_shape){1, 8, 1, 1}, 1, 4, (size_t[]){1, 1, 1, 8});
    assert_dims(SB_OP_FC, (struct sb_shape){1, 1001, 1, 1}, 1, 2, (size_t[]){1, 1001});
    assert_dims(SB_OP_FC, (struct sb_shape){40, 4, 1, 1}, 2, 3, (size_t[]){2, 20, 4});
    assert_dims(SB_OP_ROI_ALIGN, (struct sb_shape){12, 8, 7, 7}, 1, 5, (size_t[]){1, 12, 7, 7, 8});
    assert_dims(SB_OP_ACT, (struct sb_shape){24, 1, 28, 28}, 1, 4, (size_t[]){1, 24, 28, 28});
}

static void test_outputs__detections_are_taken_apart(void **state)
{
    (void)state;
    const float rows[2][2][6] = {{{1, 2, 3, 4, 0.5f, 7}, {5, 6, 7, 8, 0, 9}},
                                 {{9, 10, 11, 12, 0.25f, 3}, {0, 0, 0, 0, -1, 1}}};
    const struct sb_node node = {
        .op = SB_OP_DETECTIONS, .shape = {4, 6, 1, 1}, .output = "detections"};
    struct sb_output_array a[SB_OUTPUT_ARRAYS];
    struct sb_error err;
    size_t count;
    assert_ok(sb_output_arrays(&node, 2, &rows[0][0][0], a, &count, &err), &err);
    assert_int_equal(count, 4);
    assert_array(&a[0], "detection_boxes", 3, (size_t[]){2, 2, 4});
    assert_memory_equal((float *)a[0].data + 8, rows[1][0], 4 * sizeof(float));
    assert_array(&a[1], "detection_scores", 2, (size_t[]){2, 2});
    assert_memory_equal(a[1].data, ((float[]){0.5f, 0, 0.25f, -1}), 4 * sizeof(float));
    assert_array(&a[2], "detection_classes", 2, (size_t[]){2, 2});
    assert_memory_equal(a[2].data, ((int32_t[]){7, 9, 3, 1}), 4 * sizeof(int32_t));
    assert_array(&a[3], "num_detections", 1, (size_t[]){2});
    assert_memory_equal(a[3].data, ((int32_t[]){2, 1}), 2 * sizeof(int32_t));
    sb_output_arrays_release(a, count);
}

static int take_apart(void *ctx)
{
    const struct sb_node *node = ctx;
    const float rows[10] = {0};
    struct sb_output_array a[SB_OUTPUT_ARRAYS];
    struct sb_error err;
    size_t count;
    const int rc = sb_output_arrays(node, 1, rows, a, &count, &err);
    if (rc == 0) {
        assert_array(&a[0], "roi_boxes", 3, (size_t[]){1, 2, 4});
        assert_array(&a[1], "roi_scores", 2, (size_t[]){1, 2});
        sb_output_arrays_release(a, count);
    }
    return rc;
}

static void test_outputs__proposals_survive_failed_allocations(void **state)
{
    (void)state;
    struct sb_node node = {.op = SB_OP_PROPOSALS, .shape = {2, 5, 1, 1}, .output = "rois"};
    test_every_allocation_fails(take_apart, &node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs__channels_move_to_the_end_and_back),
        cmocka_unit_test(test_outputs__files_have_the_reference_shapes),
        cmocka_unit_test(test_outputs__detections_are_taken_apart),
        cmocka_unit_test(test_outputs__proposals_survive_failed_allocations),
    };
    return cmocka_run_group_tests_name("engine/outputs", tests, NULL, NULL);
}
