/* Passes: what each does to the step list, and that outputs do not change. */
#include "engine/passes.h"

#include "tests/engine/support_net.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static struct sb_error err;

static void steps_of(struct sb_steps *steps, const struct net *net)
{
    assert_ok(sb_steps_init(steps, net->graph, &net->weights, &err), &err);
}

/* Every third combination of passes, each pass with and without every other, gives the oracle's
 * outputs; engines and memory plans take turns. */
static void assert_outputs_kept(const struct net *net)
{
    for (unsigned set = 0; set < 1u << SB_PASS_COUNT; set += 5) {
        const int ones = __builtin_popcount(set);
        struct sb_plan_options options = net_options();
        options.threads = 1; /* starting threads takes longer than these networks */
        options.engine = ones & 1 ? SB_ENGINE_NATIVE : SB_ENGINE_OPENBLAS;
        options.reuse_memory = ones != 3 && ones != 4;
        options.passes = set;
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

/* A cross-scale connection to a finer level, and another reader of the coarse map. */
static int build_upsample(struct net *net, struct sb_window window)
{
    net_init(net, (struct sb_shape){2, 5, 6, 7});
    const int x = net_act(net, net_conv(net, 0, 8, net_window(3, 1, 1)), SB_ACT_RELU);
    const int up = net_resize(net, x, 12, 14);
    const int conv = net_batchnorm(net, net_conv(net, up, 9, window));
    const int fine = net_deconv(net, x, 9, net_window(2, 2, 0));
    net_output(net, net_act(net, net_add(net, conv, fine), SB_ACT_SWISH));
    net_output(net, x);
    net_fill(net, 10);
    return conv;
}

static void test_sink__a_pointwise_convolution_runs_on_the_small_map(void **state)
{
    (void)state;
    struct net net;
    struct sb_steps steps;
    const int conv = build_upsample(&net, net_window(1, 1, 0));
    steps_of(&steps, &net);
    assert_ok(sb_pass_fold_batchnorm(&steps, &err), &err);
    assert_ok(sb_pass_sink_pointwise(&steps, &err), &err);
    const struct sb_step *resize = sb_steps_producer(&steps, conv);
    assert_int_equal(resize->op, SB_OP_RESIZE);
    const struct sb_step *small = sb_steps_producer(&steps, resize->inputs[0]);
    assert_int_equal(small->op, SB_OP_CONV);
    assert_non_null(small->scale);
    const struct sb_shape shape = {2, 9, 6, 7};
    assert_true(sb_shape_equal(steps.values[small->value].shape, shape));
    /* the sum that follows goes to the resize */
    assert_ok(sb_pass_fuse_residual(&steps, &err), &err);
    assert_ok(sb_pass_fuse_activation(&steps, &err), &err);
    assert_int_equal(sb_steps_producer(&steps, (int)net.graph->num_nodes - 1)->op, SB_OP_DECONV);
    sb_steps_release(&steps);
    assert_outputs_kept(&net);
    net_release(&net);
}

/* A 3x3 window sees neighbours, which repeat after the resize. */
static void test_sink__leaves_larger_windows(void **state)
{
    (void)state;
    struct net net;
    struct sb_steps steps;
    build_upsample(&net, net_window(3, 1, 1));
    steps_of(&steps, &net);
    const size_t count = steps.count, values = steps.num_values;
    assert_ok(sb_pass_sink_pointwise(&steps, &err), &err);
    assert_int_equal(steps.count, count);
    assert_int_equal(steps.num_values, values);
    sb_steps_release(&steps);
    assert_outputs_kept(&net);
    net_release(&net);
}

/* Steps that follow the step before them in a plan of the native engine. */
static size_t count_followers(const struct net *net, unsigned passes)
{
    struct sb_plan_options options = net_options();
    options.engine = SB_ENGINE_NATIVE;
    options.passes = passes;
    struct sb_plan *plan = net_plan(net, &options);
    size_t followers = 0;
    for (size_t i = 0; i < sb_plan_num_steps(plan); i++) {
        struct sb_step_info info;
        sb_plan_step_info(plan, i, &info);
        followers += info.follows;
    }
    sb_plan_free(&plan);
    return followers;
}

/* 1x1, strided and Winograd siblings of different widths, activations and residuals, on two
 * images, some of them on a map so small that jobs are ranges of channels. */
static void test_join__siblings_run_together(void **state)
{
    (void)state;
    static const struct sb_window windows[] = {
        {1, 1, 1, 1, 0, 0, 0, 0}, {3, 3, 2, 2, 1, 1, 1, 1}, {3, 3, 1, 1, 1, 1, 1, 1}};
    for (size_t i = 0; i < 6; i++) {
        struct net net;
        const int64_t side = i < 3 ? 26 : 5;
        net_init(&net, (struct sb_shape){2, 5, side, side});
        const int x = net_act(&net, net_conv(&net, 0, 40, net_window(3, 1, 1)), SB_ACT_RELU);
        const int a = net_conv(&net, x, 70, windows[i % 3]);
        const int b = net_act(&net, net_conv(&net, x, 33, windows[i % 3]), SB_ACT_SWISH);
        const int c =
            net_act(&net, net_add(&net, net_conv(&net, x, 70, windows[i % 3]), a), SB_ACT_RELU);
        const int d = net_conv(&net, x, 17, windows[i % 3]);
        net_output(&net, b);
        net_output(&net, c);
        net_output(&net, d);
        net_fill(&net, i);
        assert_int_equal(count_followers(&net, SB_ALL_PASSES & ~(1u << SB_PASS_JOIN_SIBLINGS)), 0);
        assert_true(count_followers(&net, SB_ALL_PASSES) >= 2);
        net_assert_engines(&net);
        assert_outputs_kept(&net);
        net_release(&net);
    }
}

/* Steps of a plan of the native engine. */
static size_t count_steps(const struct net *net, unsigned passes)
{
    struct sb_plan_options options = net_options();
    options.engine = SB_ENGINE_NATIVE;
    options.passes = passes;
    struct sb_plan *plan = net_plan(net, &options);
    const size_t steps = sb_plan_num_steps(plan);
    sb_plan_free(&plan);
    return steps;
}

/* The first output of a plan of the native engine; free() it. */
static float *native_output(const struct net *net, unsigned passes, enum sb_cpu cpu, int threads,
                            size_t *count)
{
    struct sb_plan_options options = net_options();
    options.engine = SB_ENGINE_NATIVE;
    options.passes = passes;
    options.cpu = cpu;
    options.threads = threads;
    struct sb_plan *plan = net_plan(net, &options);
    net_assert_plan(net, plan, 2e-6);
    struct sb_shape shape;
    const float *values = sb_plan_output(plan, "out0", &shape);
    *count = sb_shape_count(shape);
    float *copy = malloc(*count * sizeof(*copy));
    assert_non_null(copy);
    memcpy(copy, values, *count * sizeof(*copy));
    sb_plan_free(&plan);
    return copy;
}

#define WITHOUT_STREAMS (SB_ALL_PASSES & ~(1u << SB_PASS_STREAM_DEPTHWISE))

/* The same bits at every CPU level and number of threads as with these passes on one thread. */
static void assert_bits_kept(const struct net *net, unsigned passes)
{
    for (int cpu = 0; cpu <= (int)sb_cpu_detect(); cpu++) {
        size_t n, m;
        float *want = native_output(net, passes, (enum sb_cpu)cpu, 1, &n);
        for (int threads = 1; threads <= 3; threads += 2) {
            float *got = native_output(net, SB_ALL_PASSES, (enum sb_cpu)cpu, threads, &m);
            assert_int_equal(n, m);
            assert_memory_equal(got, want, n * sizeof(*want));
            free(got);
        }
        free(want);
    }
}

/* Expansion and depthwise convolution of a mobile block: windows that overlap by all but one row,
 * that skip rows, that see padding alone; maps of one strip and of several, whose rows need the
 * buffer more than once. */
static void test_stream__a_depthwise_convolution_is_fed_row_by_row(void **state)
{
    (void)state;
    static const struct {
        struct sb_shape in;
        int64_t wide;
        struct sb_window window;
    } cases[] = {
        {{2, 5, 13, 11}, 40, {3, 3, 1, 1, 1, 1, 1, 1}},
        {{1, 24, 97, 61}, 33, {3, 3, 1, 1, 1, 1, 1, 1}},
        {{1, 40, 90, 51}, 17, {3, 3, 2, 2, 0, 0, 1, 1}},
        {{2, 16, 31, 7}, 70, {5, 5, 1, 1, 2, 2, 2, 2}},
        {{1, 33, 20, 23}, 16, {5, 5, 2, 2, 2, 2, 2, 2}},
        {{1, 6, 9, 2}, 20, {2, 1, 3, 2, 0, 0, 0, 0}},
        {{1, 7, 4, 3}, 5, {3, 3, 1, 1, 4, 1, 4, 1}},
        {{1, 300, 3, 1}, 48, {3, 3, 1, 1, 1, 1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net net;
        net_init(&net, cases[i].in);
        const struct sb_window k1 = net_window(1, 1, 0);
        int x =
            net_act(&net, net_batchnorm(&net, net_conv(&net, 0, cases[i].wide, k1)), SB_ACT_SWISH);
        x = net_act(&net, net_batchnorm(&net, net_dwconv(&net, x, cases[i].window)), SB_ACT_SWISH);
        net_output(&net, net_conv(&net, x, 9, k1));
        net_fill(&net, 20 + i);
        assert_int_equal(count_followers(&net, SB_ALL_PASSES), 1);
        assert_int_equal(count_followers(&net, WITHOUT_STREAMS), 0);
        /* steps of their own make long sums in stretches */
        assert_bits_kept(&net, cases[i].in.c > 256 ? SB_ALL_PASSES : WITHOUT_STREAMS);
        net_release(&net);
    }
}

#define WITHOUT_MAPS (SB_ALL_PASSES & ~(1u << SB_PASS_JOIN_MAPS))

/* The layer `like` (a new one for -1) on input x, with a batch normalisation of its own. */
static int head_layer(struct net *net, int x, int *like)
{
    const int conv =
        *like < 0 ? net_conv(net, x, 40, net_window(3, 1, 1)) : net_conv_shared(net, x, *like);
    *like = *like < 0 ? conv : *like;
    return net_act(net, net_batchnorm(net, conv), SB_ACT_RELU);
}

/* Two heads of two layers on four levels, the least of which is smaller than a tile: the first
 * layers are siblings, too. Of two images or one; the same bits for any number of threads. */
static void test_maps__a_kernel_runs_once_for_all_levels(void **state)
{
    (void)state;
    static const int64_t sides[] = {37, 18, 7, 3};
    for (int i = 0; i < 2; i++) {
        struct net net;
        net_init(&net, (struct sb_shape){2 - i, 5, 37, 35});
        int level[4], first[2] = {-1, -1}, second[2] = {-1, -1};
        level[0] = net_act(&net, net_conv(&net, 0, 40, net_window(3, 1, 1)), SB_ACT_RELU);
        for (int l = 1; l < 4; l++)
            level[l] = net_resize(&net, level[l - 1], sides[l], sides[l] + 1);
        for (int head = 0; head < 2; head++) {
            for (int l = 0; l < 4 - i; l++) {
                const int x = head_layer(&net, level[l], &first[head]);
                net_output(&net, head_layer(&net, x, &second[head]));
            }
        }
        net_fill(&net, 40 + (uint64_t)i);
        assert_int_equal(count_followers(&net, WITHOUT_MAPS), 4 - i);
        assert_int_equal(count_followers(&net, SB_ALL_PASSES), i == 0 ? 7 + 3 + 3 : 5 + 2 + 2);
        net_assert_engines(&net);
        assert_outputs_kept(&net);
        assert_bits_kept(&net, WITHOUT_MAPS);
        net_release(&net);
    }
}

/* One kernel twice in a row; a map whose addend is made from the first map; neither. */
static void test_maps__leaves_what_must_wait(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct net net;
        net_init(&net, (struct sb_shape){1, 40, 21, 22});
        const int other = net_maxpool(&net, 0, net_window(3, i == 2 ? 2 : 1, 1));
        const int a = net_conv(&net, 0, 40, net_window(3, 1, 1));
        const int x = net_act(&net, a, SB_ACT_RELU);
        const int added = net_scale(&net, x, 0.5);
        int b = net_conv_shared(&net, i == 0 ? x : other, a);
        if (i == 1)
            b = net_add(&net, b, added);
        net_output(&net, x);
        net_output(&net, b);
        net_output(&net, added);
        net_fill(&net, 50 + (uint64_t)i);
        assert_int_equal(count_followers(&net, SB_ALL_PASSES), i == 2);
        net_assert_engines(&net);
        assert_outputs_kept(&net);
        net_release(&net);
    }
}

#define WITHOUT_UPSAMPLES (SB_ALL_PASSES & ~(1u << SB_PASS_FUSE_UPSAMPLE))

/* A small map that meets a 1x1 convolution: twice, three times and one and a half times as large,
 * one of its sides alone enlarged; with siblings, on two images; the sum is widened again. */
static void test_upsample__a_convolution_adds_the_small_map(void **state)
{
    (void)state;
    static const int64_t sides[][2] = {{13, 17}, {26, 10}, {9, 34}, {17, 23}};
    const struct sb_window k1 = net_window(1, 1, 0);
    for (size_t i = 0; i < 4; i++) {
        struct net net;
        net_init(&net, (struct sb_shape){2, 20, 26, 34});
        const int small = net_conv(&net, net_resize(&net, 0, sides[i][0], sides[i][1]), 37, k1);
        const int large = net_batchnorm(&net, net_conv(&net, 0, 37, k1));
        const int sum = net_add(&net, large, net_resize(&net, small, 26, 34));
        net_output(&net, net_act(&net, sum, i % 2 ? SB_ACT_SWISH : SB_ACT_RELU));
        net_output(&net, net_conv(&net, 0, 21, k1));
        net_fill(&net, 60 + i);
        assert_int_equal(count_steps(&net, WITHOUT_UPSAMPLES),
                         count_steps(&net, SB_ALL_PASSES) + 1);
        net_assert_engines(&net);
        assert_outputs_kept(&net);
        assert_bits_kept(&net, WITHOUT_UPSAMPLES);
        net_release(&net);
    }
}

/* A result that somebody else reads; one with an activation; a map that becomes smaller; one whose
 * sides change places. */
static void test_upsample__leaves_other_sums(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct net net;
        net_init(&net, (struct sb_shape){1, 20, 12, 8});
        const int64_t h = i == 2 ? 24 : i == 3 ? 8 : 6, w = i == 3 ? 12 : 8;
        const int small = net_act(&net, net_resize(&net, 0, h, w), SB_ACT_RELU);
        int conv = net_conv(&net, 0, 20, net_window(1, 1, 0));
        if (i == 1)
            conv = net_act(&net, conv, SB_ACT_RELU);
        net_output(&net, net_add(&net, conv, net_resize(&net, small, 12, 8)));
        if (i == 0)
            net_output(&net, conv);
        net_fill(&net, 70 + (uint64_t)i);
        assert_int_equal(count_steps(&net, WITHOUT_UPSAMPLES), count_steps(&net, SB_ALL_PASSES));
        net_assert_engines(&net);
        net_release(&net);
    }
}

/* What the depthwise convolution adds is made before the expansion, which has a sibling. */
static void test_stream__the_depthwise_convolution_moves_up(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){2, 6, 10, 9});
    const struct sb_window k1 = net_window(1, 1, 0);
    const int added = net_act(&net, net_conv(&net, 0, 24, k1), SB_ACT_RELU);
    const int wide = net_act(&net, net_conv(&net, 0, 24, k1), SB_ACT_SWISH);
    const int sibling = net_conv(&net, 0, 24, k1);
    const int depthwise = net_dwconv(&net, wide, net_window(3, 1, 1));
    net_output(&net, net_act(&net, net_add(&net, depthwise, added), SB_ACT_RELU));
    net_output(&net, sibling);
    net_fill(&net, 30);
    assert_int_equal(count_followers(&net, SB_ALL_PASSES), 2);
    assert_int_equal(count_followers(&net, WITHOUT_STREAMS), 2);
    assert_bits_kept(&net, WITHOUT_STREAMS);
    assert_outputs_kept(&net);
    net_release(&net);
}

/* A value that others need, too; a convolution that adds something; a window that is no 1x1; a
 * depthwise convolution that adds what is made later. */
static void test_stream__leaves_what_must_be_in_memory(void **state)
{
    (void)state;
    const struct sb_window k1 = net_window(1, 1, 0), k3 = net_window(3, 1, 1);
    for (int i = 0; i < 5; i++) {
        struct net net;
        net_init(&net, (struct sb_shape){1, 8, 6, 5});
        int wide = net_conv(&net, 0, 8, i == 3 ? k3 : k1);
        if (i == 0)
            net_output(&net, wide);
        if (i == 2)
            wide = net_add(&net, wide, 0);
        const int other = i == 4 ? net_conv(&net, 0, 8, net_window(5, 1, 2)) : 0;
        const int depthwise = net_dwconv(&net, wide, k3);
        net_output(&net, i == 1   ? net_add(&net, depthwise, wide)
                         : i == 4 ? net_add(&net, depthwise, other)
                                  : depthwise);
        net_fill(&net, 31 + (uint64_t)i);
        assert_int_equal(count_followers(&net, SB_ALL_PASSES), 0);
        assert_bits_kept(&net, WITHOUT_STREAMS);
        net_release(&net);
    }
}

static size_t arena_bytes(const struct net *net, unsigned passes)
{
    struct sb_plan_options options = net_options();
    struct sb_plan_memory memory;
    options.passes = passes;
    struct sb_plan *plan = net_plan(net, &options);
    sb_plan_memory(plan, &memory);
    sb_plan_free(&plan);
    return memory.arena_bytes;
}

/* A mobile block with squeeze-excitation: `map` times the gate made of its mean. */
static int gated(struct net *net, int map)
{
    const struct sb_window k1 = net_window(1, 1, 0);
    const int mean = net_unary(net, SB_OP_GLOBAL_AVG, map);
    const int reduced = net_act(net, net_conv(net, mean, 5, k1), SB_ACT_SWISH);
    const int64_t channels = net->graph->nodes[map].shape.c;
    return net_mul(net, map, net_act(net, net_conv(net, reduced, channels, k1), SB_ACT_SIGMOID));
}

#define WITHOUT_GATES (SB_ALL_PASSES & ~(1u << SB_PASS_FUSE_GATE))

/* Maps of one strip and of several, sums in one stretch and in two; the mean is made in the
 * depthwise convolution's step, and the gate multiplied into the weights of the last one, for each
 * image. */
static void test_gate__the_mean_and_the_gate_of_a_mobile_block(void **state)
{
    (void)state;
    static const struct sb_shape shapes[] = {{2, 5, 9, 7}, {3, 24, 61, 50}, {1, 8, 6, 5}};
    static const int64_t wide[] = {40, 17, 330};
    for (size_t i = 0; i < 3; i++) {
        struct net net;
        const struct sb_window k1 = net_window(1, 1, 0);
        net_init(&net, shapes[i]);
        int x = net_act(&net, net_conv(&net, 0, wide[i], k1), SB_ACT_SWISH);
        x = net_act(&net, net_dwconv(&net, x, net_window(3, 1, 1)), SB_ACT_SWISH);
        x = net_batchnorm(&net, net_conv(&net, gated(&net, x), shapes[i].c, k1));
        net_output(&net, net_add(&net, x, 0));
        net_fill(&net, 50 + i);
        assert_int_equal(count_followers(&net, SB_ALL_PASSES), 2);
        assert_int_equal(count_steps(&net, SB_ALL_PASSES) + 1, count_steps(&net, WITHOUT_GATES));
        assert_bits_kept(&net, SB_ALL_PASSES);
        net_assert_engines(&net);
        if (i == 0)
            assert_outputs_kept(&net);
        net_release(&net);
    }
}

/* A gated map that two layers read, that is an output, that a 3x3 convolution reads; a product of
 * two maps. */
static void test_gate__leaves_other_products(void **state)
{
    (void)state;
    const struct sb_window k1 = net_window(1, 1, 0);
    for (int i = 0; i < 4; i++) {
        struct net net;
        net_init(&net, (struct sb_shape){2, 20, 6, 5});
        const int map = net_act(&net, 0, SB_ACT_RELU);
        const int product = i == 3 ? net_mul(&net, map, 0) : gated(&net, map);
        net_output(&net, net_conv(&net, product, 9, i == 2 ? net_window(3, 1, 1) : k1));
        if (i == 0)
            net_output(&net, net_conv(&net, product, 9, net_window(3, 2, 1)));
        if (i == 1)
            net_output(&net, product);
        net_fill(&net, 60 + (uint64_t)i);
        assert_int_equal(count_steps(&net, SB_ALL_PASSES), count_steps(&net, WITHOUT_GATES));
        net_assert_engines(&net);
        net_release(&net);
    }
}

static void test_stream__the_wide_map_needs_no_memory(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 6, 8, 8});
    const int wide = net_act(&net, net_conv(&net, 0, 64, net_window(1, 1, 0)), SB_ACT_SWISH);
    net_output(&net, net_dwconv(&net, wide, net_window(3, 2, 1)));
    net_fill(&net, 40);
    const size_t map = 64 * 64 * sizeof(float);
    assert_true(arena_bytes(&net, SB_ALL_PASSES) + map / 2 < arena_bytes(&net, WITHOUT_STREAMS));
    net_release(&net);
}

static void test_overwrite__sums_and_activations_need_no_memory_of_their_own(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 1, 8, 8});
    const int wide = net_conv(&net, 0, 64, net_window(1, 1, 0));
    const int act = net_act(&net, wide, SB_ACT_SIGMOID);
    net_output(&net, net_conv(&net, net_add(&net, act, act), 1, net_window(1, 1, 0)));
    net_fill(&net, 11);
    const size_t map = 64 * 64 * sizeof(float);
    assert_true(arena_bytes(&net, 1u << SB_PASS_OVERWRITE) + map / 2 < arena_bytes(&net, 0));
    assert_outputs_kept(&net);
    net_release(&net);
}

/* Values that somebody still needs: the input, an output, an operand that is read twice, one that
 * is a residual and an input of the same step. */
static void test_overwrite__leaves_what_is_still_needed(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 16, 8, 8});
    const int x = net_act(&net, 0, SB_ACT_SIGMOID);
    const int conv = net_add(&net, net_conv(&net, x, 16, net_window(3, 1, 1)), x);
    const int out = net_act(&net, conv, SB_ACT_SWISH);
    net_output(&net, out);
    const int scaled = net_scale(&net, out, 3);
    net_output(&net, net_add(&net, net_act(&net, scaled, SB_ACT_RELU), scaled));
    net_fill(&net, 12);
    assert_outputs_kept(&net);
    net_release(&net);
}

static void test_passes__have_names_and_texts(void **state)
{
    (void)state;
    for (unsigned p = 0; p < SB_PASS_COUNT; p++) {
        assert_true(sb_pass_name((enum sb_pass)p)[0] != '\0');
        assert_true(sb_pass_text((enum sb_pass)p)[0] != '\0');
    }
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
        cmocka_unit_test(test_sink__a_pointwise_convolution_runs_on_the_small_map),
        cmocka_unit_test(test_sink__leaves_larger_windows),
        cmocka_unit_test(test_join__siblings_run_together),
        cmocka_unit_test(test_maps__a_kernel_runs_once_for_all_levels),
        cmocka_unit_test(test_maps__leaves_what_must_wait),
        cmocka_unit_test(test_upsample__a_convolution_adds_the_small_map),
        cmocka_unit_test(test_upsample__leaves_other_sums),
        cmocka_unit_test(test_stream__a_depthwise_convolution_is_fed_row_by_row),
        cmocka_unit_test(test_stream__the_depthwise_convolution_moves_up),
        cmocka_unit_test(test_stream__leaves_what_must_be_in_memory),
        cmocka_unit_test(test_stream__the_wide_map_needs_no_memory),
        cmocka_unit_test(test_gate__the_mean_and_the_gate_of_a_mobile_block),
        cmocka_unit_test(test_gate__leaves_other_products),
        cmocka_unit_test(test_overwrite__sums_and_activations_need_no_memory_of_their_own),
        cmocka_unit_test(test_overwrite__leaves_what_is_still_needed),
        cmocka_unit_test(test_passes__have_names_and_texts),
        cmocka_unit_test(test_steps__refuse_a_variance_that_is_not_positive),
    };
    return cmocka_run_group_tests_name("engine/passes", tests, NULL, NULL);
}
