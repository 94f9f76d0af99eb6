/* Passes: what each does to the step list, and that outputs do not change. */
#include "engine/passes.h"

#include "tests/engine/support_net.h"
#include "tests/test.h"

static struct sb_error err;

static void steps_of(struct sb_steps *steps, const struct net *net)
{
    assert_ok(sb_steps_init(steps, net->graph, &net->weights, &err), &err);
}

/* Every combination of passes gives the oracle's outputs. */
static void assert_outputs_kept(const struct net *net)
{
    for (int mask = 0; mask < 16; mask++) {
        struct sb_plan_options options = net_options();
        options.engine = mask & 8 ? SB_ENGINE_NATIVE : SB_ENGINE_OPENBLAS;
        options.fold_batchnorm = mask & 1;
        options.fuse = mask & 2;
        options.reuse_memory = mask & 4;
        net_assert_options(net, &options);
    }
}

/* conv-BN-ReLU twice with a shortcut, the way of a residual block. */
static void build_residual(struct net *net)
{
    net_init(net, (struct sb_shape){2, 6, 9, 7});
    const struct sb_window k3 = net_window(3, 1, 1);
    const int a = net_act(net, net_batchnorm(net, net_conv(net, 0, 6, k3)), SB_ACT_RELU);
    const int b = net_batchnorm(net, net_conv(net, a, 6, k3));
    net_output(net, net_act(net, net_add(net, b, 0), SB_ACT_RELU));
    net_fill(net, 1);
}

static void test_fold__batchnorm_disappears_into_the_convolution(void **state)
{
    (void)state;
    struct net net;
    struct sb_steps steps;
    build_residual(&net);
    steps_of(&steps, &net);
    assert_int_equal(steps.count, 7);
    assert_ok(sb_pass_fold_batchnorm(&steps, &err), &err);
    assert_int_equal(steps.count, 5);
    assert_int_equal(steps.items[0].op, SB_OP_CONV);
    assert_non_null(steps.items[0].scale);
    assert_int_equal(steps.items[0].value, 2); /* the batch normalisation's */
    assert_int_equal(steps.values[1].producer, -1);
    sb_steps_release(&steps);
    assert_outputs_kept(&net);
    net_release(&net);
}

static void test_fold__works_for_every_layer_with_channels(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){2, 6, 5, 7});
    int x = net_batchnorm(&net, net_dwconv(&net, 0, net_window(3, 1, 1)));
    x = net_batchnorm(&net, net_deconv(&net, x, 5, net_window(2, 2, 0)));
    x = net_batchnorm(&net, net_batchnorm(&net, net_fc(&net, x, 9)));
    net_output(&net, x);
    net_fill(&net, 2);
    struct sb_steps steps;
    steps_of(&steps, &net);
    assert_ok(sb_pass_fold_batchnorm(&steps, &err), &err);
    assert_int_equal(steps.count, 3);
    sb_steps_release(&steps);
    assert_outputs_kept(&net);
    net_release(&net);
}

/* FPN: a later convolution reads the value before its batch normalisation. */
static void test_fold__leaves_a_value_that_others_read(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 4, 6, 6});
    const int conv = net_conv(&net, 0, 4, net_window(3, 1, 1));
    net_output(&net, net_batchnorm(&net, conv));
    net_output(&net, net_conv(&net, conv, 3, net_window(3, 2, 1)));
    net_fill(&net, 3);
    struct sb_steps steps;
    steps_of(&steps, &net);
    assert_ok(sb_pass_fold_batchnorm(&steps, &err), &err);
    assert_int_equal(steps.count, 3);
    sb_steps_release(&steps);
    assert_outputs_kept(&net);
    net_release(&net);
}

static void test_fold__leaves_a_value_that_is_an_output(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 4, 6, 6});
    const int conv = net_conv(&net, 0, 4, net_window(3, 1, 1));
    net_output(&net, conv);
    net_output(&net, net_act(&net, net_batchnorm(&net, conv), SB_ACT_SWISH));
    net_fill(&net, 4);
    assert_outputs_kept(&net);
    net_release(&net);
}

/* A head: one kernel on two levels, each with its own batch normalisation. */
static void test_fold__a_shared_kernel_is_packed_once(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 8, 12, 12});
    const int small = net_maxpool(&net, 0, net_window(2, 2, 0));
    const int a = net_conv(&net, 0, 8, net_window(3, 1, 1));
    const int b = net_conv_shared(&net, small, a);
    net_output(&net, net_act(&net, net_batchnorm(&net, a), SB_ACT_RELU));
    net_output(&net, net_act(&net, net_batchnorm(&net, b), SB_ACT_RELU));
    net_fill(&net, 5);
    assert_outputs_kept(&net);
    struct sb_plan_options options = net_options();
    options.engine = SB_ENGINE_OPENBLAS;
    struct sb_plan *plan = net_plan(&net, &options);
    struct sb_plan_memory memory;
    sb_plan_memory(plan, &memory);
    /* one kernel of 8 * 8 * 9 floats, and scale and shift of 8 channels (64 bytes) for each */
    assert_int_equal(memory.weight_total_bytes, 8 * 8 * 9 * sizeof(float) + 4 * 64);
    sb_plan_free(&plan);
    net_release(&net);
}

static void test_fuse__activation_and_residual_end_the_convolution(void **state)
{
    (void)state;
    struct net net;
    struct sb_steps steps;
    build_residual(&net);
    steps_of(&steps, &net);
    assert_ok(sb_pass_fold_batchnorm(&steps, &err), &err);
    assert_ok(sb_pass_fuse_residual(&steps, &err), &err);
    assert_ok(sb_pass_fuse_activation(&steps, &err), &err);
    assert_int_equal(steps.count, 2);
    assert_int_equal(steps.items[0].act, SB_ACT_RELU);
    assert_int_equal(steps.items[1].act, SB_ACT_RELU);
    assert_int_equal(steps.items[1].residual, 0);
    sb_steps_release(&steps);
    net_release(&net);
}

/* The merge of a scale-permuted block: two resampled parents and an implicit edge. */
static void test_fuse__three_operands_leave_one_sum(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 4, 8, 8});
    const int implicit = net_maxpool(&net, 0, net_window(2, 2, 0));
    const int a = net_conv(&net, 0, 4, net_window(3, 2, 1));
    const int b = net_conv(&net, implicit, 4, net_window(1, 1, 0));
    const int sum = net_add3(&net, a, b, implicit);
    net_output(&net, net_act(&net, sum, SB_ACT_SWISH));
    net_fill(&net, 6);
    struct sb_steps steps;
    steps_of(&steps, &net);
    assert_ok(sb_pass_fuse_residual(&steps, &err), &err);
    assert_ok(sb_pass_fuse_activation(&steps, &err), &err);
    assert_int_equal(steps.count, 3); /* pool, a + implicit, b + that: no sum is left */
    sb_steps_release(&steps);
    assert_outputs_kept(&net);
    net_release(&net);
}

/* FPN's top-down path: the upsampled map is made after the lateral one. */
static void test_fuse__an_upsample_adds_what_was_there(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 3, 8, 8});
    const int lateral = net_conv(&net, 0, 5, net_window(1, 1, 0));
    const int deep = net_conv(&net, 0, 5, net_window(3, 2, 1));
    const int up = net_resize(&net, deep, 8, 8);
    net_output(&net, net_act(&net, net_add(&net, lateral, up), SB_ACT_RELU));
    net_output(&net, deep);
    net_fill(&net, 7);
    struct sb_steps steps;
    steps_of(&steps, &net);
    assert_ok(sb_pass_fuse_residual(&steps, &err), &err);
    assert_ok(sb_pass_fuse_activation(&steps, &err), &err);
    assert_int_equal(steps.count, 3);
    assert_int_equal(steps.items[2].op, SB_OP_RESIZE);
    assert_int_equal(steps.items[2].act, SB_ACT_RELU);
    sb_steps_release(&steps);
    assert_outputs_kept(&net);
    net_release(&net);
}

/* No operand may be lost where an activation stands before the sum, or a value is used twice. */
static void test_fuse__leaves_what_it_must_not_touch(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 4, 6, 6});
    const int a = net_act(&net, net_conv(&net, 0, 4, net_window(3, 1, 1)), SB_ACT_RELU);
    const int twice = net_add(&net, a, a);
    const int b = net_conv(&net, twice, 4, net_window(1, 1, 0));
    const int c = net_add(&net, b, a);
    net_output(&net, net_add(&net, c, b));
    net_output(&net, net_act(&net, c, SB_ACT_SIGMOID));
    net_fill(&net, 8);
    assert_outputs_kept(&net);
    net_release(&net);
}

static void test_dead__drops_chains_that_reach_no_output(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 4, 6, 6});
    const int used = net_conv(&net, 0, 4, net_window(3, 1, 1));
    const int dead = net_act(&net, net_conv(&net, used, 4, net_window(3, 1, 1)), SB_ACT_RELU);
    net_add(&net, dead, used);
    net_output(&net, used);
    net_fill(&net, 9);
    struct sb_steps steps;
    steps_of(&steps, &net);
    assert_ok(sb_pass_dead_code(&steps, &err), &err);
    assert_int_equal(steps.count, 1);
    assert_int_equal(steps.values[used].uses, 0);
    sb_steps_release(&steps);
    assert_outputs_kept(&net);
    net_release(&net);
}

static void test_steps__refuse_a_variance_that_is_not_positive(void **state)
{
    (void)state;
    struct net net;
    struct sb_steps steps;
    net_init(&net, (struct sb_shape){1, 4, 2, 2});
    net_output(&net, net_batchnorm(&net, 0));
    net_fill(&net, 10);
    net.weights.slots[net.graph->nodes[1].slots[3]][2] = -1;
    assert_int_equal(sb_steps_init(&steps, net.graph, &net.weights, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "variance -1 of channel 2");
    net_release(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold__batchnorm_disappears_into_the_convolution),
        cmocka_unit_test(test_fold__works_for_every_layer_with_channels),
        cmocka_unit_test(test_fold__leaves_a_value_that_others_read),
        cmocka_unit_test(test_fold__leaves_a_value_that_is_an_output),
        cmocka_unit_test(test_fold__a_shared_kernel_is_packed_once),
        cmocka_unit_test(test_fuse__activation_and_residual_end_the_convolution),
        cmocka_unit_test(test_fuse__three_operands_leave_one_sum),
        cmocka_unit_test(test_fuse__an_upsample_adds_what_was_there),
        cmocka_unit_test(test_fuse__leaves_what_it_must_not_touch),
        cmocka_unit_test(test_dead__drops_chains_that_reach_no_output),
        cmocka_unit_test(test_steps__refuse_a_variance_that_is_not_positive),
    };
    return cmocka_run_group_tests_name("engine/passes", tests, NULL, NULL);
}
