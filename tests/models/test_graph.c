/* models/graph*.c: shapes of every op, shared weights, and refusals that name both shapes. */
#include "base/mem.h"
#include "models/graph.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct sb_window k3s2 = {3, 3, 2, 2, 1, 1, 1, 1};
static const struct sb_window k3s1 = {3, 3, 1, 1, 1, 1, 1, 1};
static const struct sb_window k2s2 = {2, 2, 2, 2, 0, 0, 0, 0};

/* A graph with one input of the given shape (node 0). */
static struct sb_graph *graph_of(int64_t n, int64_t c, int64_t h, int64_t w)
{
    struct sb_error err;
    struct sb_graph *g = sb_graph_new("test", &err);
    assert_non_null(g);
    const struct sb_shape shape = {n, c, h, w};
    assert_int_equal(sb_graph_input(g, "input", shape, &err), 0);
    return g;
}

static void assert_shape(const struct sb_graph *g, int node, const char *want)
{
    char text[SB_SHAPE_TEXT];
    assert_true(node >= 0);
    assert_string_equal(sb_shape_text(g->nodes[node].shape, text), want);
}

static void assert_message(const struct sb_error *err, const char *part)
{
    if (!strstr(err->message, part))
        fail_msg("'%s' does not contain '%s'", err->message, part);
}

static void test_graph__layers_infer_their_shapes(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(2, 3, 65, 64);
    assert_ok(sb_graph_set_block(g, "stem", SB_LEVEL_STEM, &err), &err);
    assert_shape(g, sb_graph_conv(g, 0, "conv", NULL, 8, k3s2, true, &err), "(2, 8, 33, 32)");
    assert_shape(g, sb_graph_batchnorm(g, 1, "bn", NULL, 1e-4, &err), "(2, 8, 33, 32)");
    assert_shape(g, sb_graph_act(g, 2, "act", SB_ACT_RELU, &err), "(2, 8, 33, 32)");
    assert_shape(g, sb_graph_dwconv(g, 3, "dw", NULL, k3s2, false, &err), "(2, 8, 17, 16)");
    assert_shape(g, sb_graph_maxpool(g, 4, "pool", k2s2, &err), "(2, 8, 8, 8)");
    assert_shape(g, sb_graph_deconv(g, 5, "deconv", NULL, 4, k2s2, true, &err), "(2, 4, 16, 16)");
    assert_shape(g, sb_graph_resize(g, 6, "resize", 28, 14, &err), "(2, 4, 28, 14)");
    assert_shape(g, sb_graph_scale(g, 7, "scale", 0.2, &err), "(2, 4, 28, 14)");
    const int avg = sb_graph_unary(g, SB_OP_GLOBAL_AVG, 8, "avg", &err);
    assert_shape(g, avg, "(2, 4, 1, 1)");
    assert_shape(g, sb_graph_mul(g, 8, avg, "gate", &err), "(2, 4, 28, 14)");
    const int fc = sb_graph_fc(g, 10, "fc", NULL, 7, true, &err);
    assert_shape(g, fc, "(2, 7, 1, 1)");
    const int softmax = sb_graph_unary(g, SB_OP_SOFTMAX, fc, "softmax", &err);
    assert_ok(sb_graph_output(g, softmax, "logits", &err), &err);
    assert_ok(sb_graph_check(g, &err), &err);
    assert_int_equal(g->nodes[1].level, SB_LEVEL_STEM);
    assert_string_equal(g->nodes[1].block, "stem");
    const struct sb_slot *kernel = &g->slots[g->nodes[fc].slots[0]];
    assert_string_equal(kernel->name, "fc/kernel");
    assert_int_equal(kernel->shape[1], 4 * 28 * 14);
    assert_int_equal(kernel->fc_chw[1], 28);
    /* conv 8*3*9+8, bn 16, dw 72, deconv 8*4*4+4, fc 7*1568+7 */
    assert_int_equal(sb_graph_params(g), 224 + 16 + 72 + 132 + 10983);
    sb_graph_free(&g);
    assert_null(g);
}

static void test_graph__region_ops_check_their_inputs(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(1, 3, 16, 16);
    const int f3 = sb_graph_conv(g, 0, "f3", NULL, 8, k3s1, false, &err);
    const int f4 = sb_graph_maxpool(g, f3, "f4", k2s2, &err);
    const int s3 = sb_graph_conv(g, f3, "s3", "score", 3, k3s1, true, &err);
    const int s4 = sb_graph_conv(g, f4, "s4", "score", 3, k3s1, true, &err);
    const int d3 = sb_graph_conv(g, f3, "d3", "delta", 12, k3s1, true, &err);
    const int d4 = sb_graph_conv(g, f4, "d4", "delta", 12, k3s1, true, &err);
    struct sb_region_params p = {
        .min_level = 3, .max_level = 4, .pre_nms_top_k = 50, .post_nms_top_k = 20, .roi_size = 7};
    const int rpn[4] = {s3, s4, d3, d4}, wrong[4] = {s3, d4, d3, s4};
    const struct sb_shape rois_shape = {20, 5, 1, 1}, bad_shape = {10, 5, 1, 1};
    const int rois = sb_graph_region(g, SB_OP_PROPOSALS, rpn, 4, "rois", rois_shape, &p, &err);
    assert_shape(g, rois, "(20, 5, 1, 1)");
    assert_true(sb_graph_region(g, SB_OP_PROPOSALS, wrong, 4, "x", rois_shape, &p, &err) < 0);
    assert_message(&err, "(1, 12, 8, 8) and (1, 3, 8, 8)");
    assert_true(sb_graph_region(g, SB_OP_PROPOSALS, rpn, 4, "x", bad_shape, &p, &err) < 0);
    assert_message(&err, "(10, 5, 1, 1) and (20, 5, 1, 1)");
    assert_true(sb_graph_region(g, SB_OP_PROPOSALS, rpn, 3, "x", rois_shape, &p, &err) < 0);
    assert_message(&err, "takes 4 inputs, got 3");
    const int roi_in[3] = {f3, f4, rois};
    const struct sb_shape crop = {20, 8, 7, 7};
    const int box = sb_graph_region(g, SB_OP_ROI_ALIGN, roi_in, 3, "box", crop, &p, &err);
    assert_shape(g, box, "(20, 8, 7, 7)");
    const int scores = sb_graph_fc(g, box, "scores", NULL, 4, true, &err);
    const int deltas = sb_graph_fc(g, box, "deltas", NULL, 16, true, &err);
    const int det_in[3] = {scores, deltas, rois}, det_bad[3] = {deltas, scores, rois};
    const struct sb_shape det_shape = {20, 6, 1, 1};
    const int det = sb_graph_region(g, SB_OP_DETECTIONS, det_in, 3, "det", det_shape, &p, &err);
    assert_shape(g, det, "(20, 6, 1, 1)");
    assert_true(sb_graph_region(g, SB_OP_DETECTIONS, det_bad, 3, "x", det_shape, &p, &err) < 0);
    assert_shape(g, sb_graph_select(g, box, det, "mask", &err), "(20, 1, 7, 7)");
    assert_true(sb_graph_select(g, f3, det, "x", &err) < 0);
    p.post_nms_top_k = 0;
    assert_true(sb_graph_region(g, SB_OP_PROPOSALS, rpn, 4, "x", rois_shape, &p, &err) < 0);
    assert_message(&err, "out of range");
    sb_graph_free(&g);
}

static void test_graph__nodes_of_one_name_share_weights(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(1, 4, 8, 8);
    const int small = sb_graph_maxpool(g, 0, "small", k2s2, &err);
    const int a = sb_graph_conv(g, 0, "a/conv", "head/conv", 4, k3s1, true, &err);
    const int b = sb_graph_conv(g, small, "b/conv", "head/conv", 4, k3s1, true, &err);
    assert_int_equal(g->nodes[a].slots[0], g->nodes[b].slots[0]);
    assert_int_equal(g->num_slots, 2);
    assert_int_equal(sb_graph_find_slot(g, "head/conv/bias"), 1);
    assert_int_equal(sb_graph_find_slot(g, "head/conv"), -1);
    assert_true(sb_graph_conv(g, a, "c/conv", "head/conv", 5, k3s1, true, &err) < 0);
    assert_message(&err, "(4, 4, 3, 3)");
    assert_message(&err, "(5, 4, 3, 3)");
    sb_graph_free(&g);
}

static void test_graph__many_slots_are_found_by_name(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(1, 4, 8, 8);
    char path[32];
    int x = 0;
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "bn%d", i);
        x = sb_graph_batchnorm(g, x, path, NULL, 1e-3, &err);
    }
    assert_int_equal(x, 300);
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "bn%d/moving_mean", i);
        assert_int_equal(sb_graph_find_slot(g, path), 4 * i + 2);
    }
    sb_graph_free(&g);
}

static void test_graph__mismatches_name_both_shapes(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(1, 4, 8, 8);
    const int small = sb_graph_maxpool(g, 0, "small", k2s2, &err);
    const int inputs[2] = {0, small};
    assert_int_equal(sb_graph_add(g, inputs, 2, "sum", &err), SB_EINVAL);
    assert_message(&err, "sum: add of inputs: shapes (1, 4, 8, 8) and (1, 4, 4, 4)");
    assert_int_equal(sb_graph_mul(g, 0, small, "gate", &err), SB_EINVAL);
    assert_message(&err, "(1, 4, 8, 8) and (1, 4, 4, 4)");
    const struct sb_window big = {9, 9, 1, 1, 0, 0, 0, 0};
    assert_int_equal(sb_graph_maxpool(g, 0, "pool", big, &err), SB_EINVAL);
    assert_message(&err, "a 9x9 window does not fit into (1, 4, 8, 8)");
    sb_graph_free(&g);
}

static void test_graph__bad_parameters_are_refused(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(1, 4, 8, 8);
    const struct sb_window zero = {0, 3, 1, 1, 0, 0, 0, 0}, still = {3, 3, 0, 1, 1, 1, 1, 1};
    const struct sb_window minus = {3, 3, 1, 1, -1, 1, 1, 1};
    assert_true(sb_graph_conv(g, 0, "a", NULL, 4, zero, false, &err) < 0);
    assert_true(sb_graph_conv(g, 0, "b", NULL, 4, still, false, &err) < 0);
    assert_true(sb_graph_deconv(g, 0, "c", NULL, 4, minus, false, &err) < 0);
    assert_true(sb_graph_conv(g, 0, "d", NULL, 0, k3s1, false, &err) < 0);
    assert_true(sb_graph_batchnorm(g, 0, "e", NULL, 0.0, &err) < 0);
    assert_true(sb_graph_batchnorm(g, 0, "f", NULL, NAN, &err) < 0);
    assert_true(sb_graph_unary(g, SB_OP_CONV, 0, "g", &err) < 0);
    const int inputs[2] = {0, 0};
    assert_true(sb_graph_add(g, inputs, 1, "h", &err) < 0);
    assert_true(sb_graph_act(g, 99, "i", SB_ACT_RELU, &err) < 0);
    assert_int_equal(g->num_nodes, 1);
    sb_graph_free(&g);
}

static void test_graph__huge_shapes_are_refused(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(1, 4, 8, 8);
    const struct sb_shape huge[] = {{1, 3, INT64_MAX, 1},
                                    {1, 3, 1LL << 31, 2},
                                    {INT32_MAX, INT32_MAX, 2, 1},
                                    {1, 0, 8, 8},
                                    {-1, 3, 8, 8}};
    for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++)
        assert_int_equal(sb_graph_input(g, "huge", huge[i], &err), SB_EINVAL);
    assert_int_equal(sb_graph_resize(g, 0, "resize", 1LL << 40, 8, &err), SB_EINVAL);
    assert_int_equal(sb_graph_conv(g, 0, "conv", NULL, 1LL << 40, k3s1, true, &err), SB_EINVAL);
    sb_graph_free(&g);
}

static void test_graph__failed_inputs_pass_through(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(1, 4, 8, 8);
    const int bad = sb_graph_conv(g, 0, "first", NULL, 0, k3s1, false, &err);
    assert_int_equal(sb_graph_act(g, bad, "second", SB_ACT_RELU, &err), bad);
    assert_int_equal(sb_graph_conv(g, bad, "third", NULL, 3, k3s1, true, &err), bad);
    assert_int_equal(sb_graph_output(g, bad, "fourth", &err), bad);
    assert_message(&err, "first");
    sb_graph_free(&g);
}

static void test_graph__check_finds_broken_graphs(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_graph *g = graph_of(1, 4, 8, 8);
    assert_int_equal(sb_graph_act(g, 0, "act", SB_ACT_RELU, &err), 1);
    assert_int_equal(sb_graph_check(g, &err), SB_EINVAL);
    assert_message(&err, "act: nothing uses its output");
    assert_ok(sb_graph_output(g, 1, "y", &err), &err);
    assert_int_equal(sb_graph_output(g, 0, "y", &err), SB_EINVAL);
    assert_int_equal(sb_graph_output(g, 1, "z", &err), SB_EINVAL);
    assert_ok(sb_graph_check(g, &err), &err);
    g->nodes[1].shape.c = 5;
    assert_int_equal(sb_graph_check(g, &err), SB_EINVAL);
    assert_message(&err, "shape is (1, 5, 8, 8), inferred (1, 4, 8, 8)");
    g->nodes[1].shape.c = 4;
    g->nodes[1].inputs[0] = 1;
    assert_int_equal(sb_graph_check(g, &err), SB_EINVAL);
    g->nodes[1].inputs[0] = 0;
    g->nodes[1].path = g->nodes[0].path;
    assert_int_equal(sb_graph_check(g, &err), SB_EINVAL);
    assert_message(&err, "two nodes have the path 'input'");
    g->nodes[1].op = SB_OP_COUNT;
    assert_int_equal(sb_graph_check(g, &err), SB_EUNSUPPORTED);
    sb_graph_free(&g);
}

static void test_graph__every_failed_allocation_is_reported(void **state)
{
    (void)state;
    for (long n = 1; n < 200; n++) {
        struct sb_error err;
        sb_error_init(&err);
        sb_mem_fail_after(n);
        struct sb_graph *g = sb_graph_new("test", &err);
        int x = g ? sb_graph_set_block(g, "block", SB_LEVEL_3, &err) : SB_ENOMEM;
        const struct sb_shape shape = {1, 4, 8, 8};
        if (x == 0)
            x = sb_graph_input(g, "input", shape, &err);
        if (g && x >= 0) {
            x = sb_graph_conv(g, x, "conv", NULL, 4, k3s1, true, &err);
            x = sb_graph_batchnorm(g, x, "bn", NULL, 1e-3, &err);
        }
        const int rc = x < 0 ? x : sb_graph_output(g, x, "y", &err);
        sb_mem_fail_after(0);
        sb_graph_free(&g);
        if (rc == 0)
            return;
        assert_int_equal(rc, SB_ENOMEM);
        assert_int_equal(err.code, SB_ENOMEM);
    }
    fail_msg("never succeeded");
}

static void test_graph__names_cover_every_value(void **state)
{
    (void)state;
    for (int op = 0; op < SB_OP_COUNT; op++)
        assert_string_not_equal(sb_op_name((enum sb_op)op), "unknown");
    for (int kind = SB_SLOT_KERNEL; kind <= SB_SLOT_VARIANCE; kind++)
        assert_string_not_equal(sb_slot_kind_name((enum sb_slot_kind)kind), "unknown");
    assert_string_equal(sb_level_name(SB_LEVEL_7), "L7");
    assert_string_equal(sb_level_name(SB_LEVEL_HEAD), "head");
    assert_string_equal(sb_level_name(SB_LEVEL_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph__layers_infer_their_shapes),
        cmocka_unit_test(test_graph__region_ops_check_their_inputs),
        cmocka_unit_test(test_graph__nodes_of_one_name_share_weights),
        cmocka_unit_test(test_graph__many_slots_are_found_by_name),
        cmocka_unit_test(test_graph__mismatches_name_both_shapes),
        cmocka_unit_test(test_graph__bad_parameters_are_refused),
        cmocka_unit_test(test_graph__huge_shapes_are_refused),
        cmocka_unit_test(test_graph__failed_inputs_pass_through),
        cmocka_unit_test(test_graph__check_finds_broken_graphs),
        cmocka_unit_test(test_graph__every_failed_allocation_is_reported),
        cmocka_unit_test(test_graph__names_cover_every_value),
    };
    return cmocka_run_group_tests_name("models/graph", tests, NULL, NULL);
}
