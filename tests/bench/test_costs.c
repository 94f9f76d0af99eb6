/* bench/costs.c and bench/conventions.c on small graphs whose counts are done by hand. */
#include "bench/conventions.h"
#include "bench/costs.h"
#include "tests/test.h"

#include <string.h>

static struct sb_error err;

static struct sb_graph *new_graph(void)
{
    sb_error_init(&err);
    struct sb_graph *g = sb_graph_new("test", &err);
    assert_non_null(g);
    assert_ok(sb_graph_set_block(g, "block", SB_LEVEL_3, &err), &err);
    return g;
}

static int input(struct sb_graph *g, const char *path, int64_t n, int64_t c, int64_t h, int64_t w)
{
    const struct sb_shape shape = {n, c, h, w};
    const int node = sb_graph_input(g, path, shape, &err);
    assert_ok(node < 0 ? node : 0, &err);
    return node;
}

static struct sb_window window(int kernel, int stride, int pad)
{
    const struct sb_window w = {kernel, kernel, stride, stride, pad, pad, pad, pad};
    return w;
}

static int ok(int node)
{
    assert_ok(node < 0 ? node : 0, &err);
    return node;
}

static struct sb_cost cost_of(struct sb_graph *g, int node)
{
    struct sb_costs costs;
    assert_ok(sb_costs_count(&costs, g, &err), &err);
    const struct sb_cost cost = costs.node[node];
    sb_costs_release(&costs);
    return cost;
}

static void test_costs__layers_with_kernels(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 2, 3, 8, 10);
    const int conv = ok(sb_graph_conv(g, x, "conv", NULL, 5, window(3, 2, 1), true, &err));
    const int dw = ok(sb_graph_dwconv(g, conv, "dw", NULL, window(3, 1, 1), false, &err));
    const int up = ok(sb_graph_deconv(g, dw, "up", NULL, 7, window(2, 2, 0), true, &err));
    const int fc = ok(sb_graph_fc(g, up, "fc", NULL, 11, true, &err));

    struct sb_cost c = cost_of(g, conv); /* output (2, 5, 4, 5) */
    assert_int_equal(c.macs, 2 * 5 * 4 * 5 * 3 * 9);
    assert_int_equal(c.bias_adds, 200);
    assert_int_equal(c.kernel_values, 5 * 3 * 9);
    assert_int_equal(c.params, 5 * 3 * 9 + 5);
    assert_int_equal(c.output_bytes, 800);
    assert_int_equal(c.input_bytes, 4 * 480);
    assert_int_equal(c.glorot_kernels, 0);

    c = cost_of(g, dw);
    assert_int_equal(c.macs, 200 * 9);
    assert_int_equal(c.dw_macs, c.macs);
    assert_int_equal(c.glorot_kernels, 1);
    assert_int_equal(c.bias_adds, 0);

    c = cost_of(g, up); /* every input value times 2 x 2 x 7 */
    assert_int_equal(c.macs, 200 * 4 * 7);
    assert_int_equal(c.bias_adds, 2 * 7 * 8 * 10);

    c = cost_of(g, fc);
    assert_int_equal(c.macs, 2 * 560 * 11);
    assert_int_equal(c.params, 560 * 11 + 11);
    sb_graph_free(&g);
}

static void test_costs__element_wise_ops(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 1, 4, 6, 6);
    const int bn = ok(sb_graph_batchnorm(g, x, "bn", NULL, 1e-3, &err));
    const int swish = ok(sb_graph_act(g, bn, "swish", SB_ACT_SWISH, &err));
    const int relu = ok(sb_graph_act(g, swish, "relu", SB_ACT_RELU, &err));
    const int three[] = {bn, swish, relu};
    const int sum = ok(sb_graph_add(g, three, 3, "sum", &err));
    const int mean = ok(sb_graph_unary(g, SB_OP_GLOBAL_AVG, sum, "mean", &err));
    const int gate = ok(sb_graph_mul(g, sum, mean, "gate", &err));
    const int scale = ok(sb_graph_scale(g, gate, "scale", 0.2, &err));
    const int pool = ok(sb_graph_maxpool(g, scale, "pool", window(3, 2, 0), &err));
    const int max = ok(sb_graph_unary(g, SB_OP_GLOBAL_MAX, pool, "max", &err));
    const int soft = ok(sb_graph_unary(g, SB_OP_SOFTMAX, max, "soft", &err));

    struct sb_cost c = cost_of(g, bn);
    assert_int_equal(c.bn_elements, 144);
    assert_int_equal(c.bn_channels, 4);
    assert_int_equal(c.params, 8); /* the moving statistics are not trained */
    assert_int_equal(cost_of(g, swish).swish_elements, 144);
    assert_int_equal(cost_of(g, relu).swish_elements, 0);
    assert_int_equal(cost_of(g, sum).add_elements, 288);
    assert_int_equal(cost_of(g, mean).mean_elements, 144);
    assert_int_equal(cost_of(g, gate).gate_elements, 144);
    assert_int_equal(cost_of(g, scale).scale_elements, 144);
    assert_int_equal(cost_of(g, pool).pool_ops, 4 * 2 * 2 * 9);
    assert_int_equal(cost_of(g, soft).softmax_elements, 4);
    sb_graph_free(&g);
}

/* Repeating pixels computes its target size; a resize op does not. */
static void test_costs__repeated_pixels_count_two_scalars(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 1, 4, 4, 4);
    const int twice = ok(sb_graph_repeat(g, x, "twice", 2, &err));
    const int op = ok(sb_graph_resize(g, x, "op", 8, 8, &err));
    assert_int_equal(cost_of(g, twice).resize_scalars, 2);
    assert_int_equal(cost_of(g, op).resize_scalars, 0);
    sb_graph_free(&g);
}

static void test_costs__shared_weights_count_once(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 1, 2, 4, 4);
    const int y = input(g, "y", 1, 2, 2, 2);
    ok(sb_graph_conv(g, x, "a", "shared", 2, window(1, 1, 0), true, &err));
    assert_ok(sb_graph_set_block(g, "block", SB_LEVEL_4, &err), &err);
    ok(sb_graph_conv(g, y, "b", "shared", 2, window(1, 1, 0), true, &err));
    struct sb_costs costs;
    assert_ok(sb_costs_count(&costs, g, &err), &err);
    assert_int_equal(costs.total.params, 6);
    assert_int_equal(costs.level[SB_LEVEL_3].params, 6);
    assert_int_equal(costs.level[SB_LEVEL_4].params, 0);
    assert_int_equal(costs.level[SB_LEVEL_4].macs, 16);
    assert_int_equal(costs.total.macs, 64 + 16);
    assert_int_equal(costs.total.nodes, 4);
    sb_costs_release(&costs);
    sb_graph_free(&g);
}

/* x -> relu -> conv a, conv b -> add: the input stays; relu, a and b live together. */
static void test_costs__live_peak(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 1, 1, 10, 10);                          /* 400 bytes */
    const int relu = ok(sb_graph_act(g, x, "relu", SB_ACT_RELU, &err)); /* 400 */
    const int a = ok(sb_graph_conv(g, relu, "a", NULL, 2, window(1, 1, 0), false, &err)); /* 800 */
    const int b = ok(sb_graph_conv(g, relu, "b", NULL, 2, window(1, 1, 0), false, &err)); /* 800 */
    const int both[] = {a, b};
    const int sum = ok(sb_graph_add(g, both, 2, "sum", &err));
    assert_ok(sb_graph_output(g, sum, "out", &err), &err);
    struct sb_costs costs;
    assert_ok(sb_costs_count(&costs, g, &err), &err);
    assert_int_equal(costs.live_peak_bytes, 400 + 400 + 800 + 800);
    assert_int_equal(costs.live_peak_node, b);
    sb_costs_release(&costs);
    sb_graph_free(&g);
}

/* A model output is never overwritten; what comes after a dead value is. */
static void test_costs__outputs_stay_alive(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 1, 1, 10, 10);
    const int a = ok(sb_graph_act(g, x, "a", SB_ACT_RELU, &err));
    assert_ok(sb_graph_output(g, a, "a", &err), &err);
    const int b = ok(sb_graph_act(g, a, "b", SB_ACT_RELU, &err));
    const int c = ok(sb_graph_act(g, b, "c", SB_ACT_RELU, &err)); /* in place of b */
    assert_ok(sb_graph_output(g, c, "c", &err), &err);
    struct sb_costs costs;
    assert_ok(sb_costs_count(&costs, g, &err), &err);
    assert_int_equal(costs.live_peak_bytes, 1200);
    sb_costs_release(&costs);
    sb_graph_free(&g);
}

static void test_costs__an_op_without_a_rule_is_an_error(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 1, 1, 2, 2);
    g->nodes[x].op = SB_OP_COUNT;
    struct sb_costs costs;
    assert_int_equal(sb_costs_count(&costs, g, &err), SB_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "no cost rule"));
    sb_graph_free(&g);
}

static void test_costs__sizes_that_would_overflow_are_an_error(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 1, 1 << 20, 1 << 10, 1 << 10);
    ok(sb_graph_conv(g, x, "conv", NULL, 1 << 10, window(3, 1, 1), false, &err));
    struct sb_costs costs;
    assert_int_equal(sb_costs_count(&costs, g, &err), SB_EINVAL);
    assert_non_null(strstr(err.message, "too large"));
    sb_graph_free(&g);
}

/* One conv (2 x 3 x 3 x 4 values), BN and swish on 2 images of 4 x 4 pixels. */
static void test_conventions__formulas_on_one_block(void **state)
{
    (void)state;
    struct sb_graph *g = new_graph();
    const int x = input(g, "x", 2, 4, 4, 4);
    const int conv = ok(sb_graph_conv(g, x, "conv", NULL, 2, window(3, 1, 1), true, &err));
    const int bn = ok(sb_graph_batchnorm(g, conv, "bn", NULL, 1e-3, &err));
    ok(sb_graph_act(g, bn, "act", SB_ACT_SWISH, &err));
    struct sb_costs costs;
    assert_ok(sb_costs_count(&costs, g, &err), &err);
    const int64_t out = 2 * 2 * 16, macs = out * 36, kernel = 72;

    struct sb_profile p = {.sync_batchnorm = true, .batch = 2};
    assert_int_equal(sb_tf_exact_float_ops(&costs.total, &p),
                     2 * macs + out + 2 * out + 2 * kernel + 6 * 2 + 2 * out);
    assert_true(sb_multi_adds(&costs.total, SB_CONVENTION_MAC, &p) == (double)macs / 2);
    assert_true(sb_multi_adds(&costs.total, SB_CONVENTION_TF, &p) ==
                (double)(2 * macs + out + out + kernel + 5 * 2 + out) / 4);

    p.sync_batchnorm = false;
    p.drop_initialisers = true;
    assert_int_equal(sb_tf_exact_float_ops(&costs.total, &p),
                     2 * macs + out + 2 * kernel + 2 * out);
    assert_true(sb_multi_adds(&costs.total, SB_CONVENTION_TF, &p) ==
                (double)(2 * macs + out + out) / 4);
    sb_costs_release(&costs);
    sb_graph_free(&g);
}

static void test_conventions__names_parse(void **state)
{
    (void)state;
    for (int i = SB_CONVENTION_MAC; i <= SB_CONVENTION_TF_EXACT; i++) {
        enum sb_convention parsed;
        assert_ok(sb_convention_parse(sb_convention_name((enum sb_convention)i), &parsed, &err),
                  &err);
        assert_int_equal(parsed, i);
    }
    enum sb_convention none;
    assert_int_equal(sb_convention_parse("flops", &none, &err), SB_EINVAL);
}

static int64_t macs_of(const char *name)
{
    struct sb_costs costs;
    struct sb_model *m = sb_model_open(name, NULL, &err);
    assert_ok(m ? 0 : err.code, &err);
    assert_ok(sb_costs_count(&costs, m->graph, &err), &err);
    const int64_t macs = costs.total.macs;
    sb_costs_release(&costs);
    sb_model_free(&m);
    return macs;
}

/* The comparison on the embedded data is one at equal cost: within 5 %. */
static void test_costs__tiny_detectors_cost_the_same(void **state)
{
    (void)state;
    const double ratio =
        (double)macs_of("tiny-retinanet-resnet-fpn") / (double)macs_of("tiny-retinanet-spinenet");
    assert_true(ratio > 0.95 && ratio < 1.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs__layers_with_kernels),
        cmocka_unit_test(test_costs__element_wise_ops),
        cmocka_unit_test(test_costs__repeated_pixels_count_two_scalars),
        cmocka_unit_test(test_costs__shared_weights_count_once),
        cmocka_unit_test(test_costs__live_peak),
        cmocka_unit_test(test_costs__outputs_stay_alive),
        cmocka_unit_test(test_costs__an_op_without_a_rule_is_an_error),
        cmocka_unit_test(test_costs__sizes_that_would_overflow_are_an_error),
        cmocka_unit_test(test_conventions__formulas_on_one_block),
        cmocka_unit_test(test_conventions__names_parse),
        cmocka_unit_test(test_costs__tiny_detectors_cost_the_same),
    };
    return cmocka_run_group_tests_name("bench/costs", tests, NULL, NULL);
}
