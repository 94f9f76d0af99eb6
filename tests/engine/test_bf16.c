/* engine/kernels/conv_bf16.c: exact where bfloat16 holds every value, close elsewhere, and refused
 * on CPUs without the instructions. */
#include "tests/engine/support_net.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static struct sb_error err;

static struct sb_plan_options bf16_options(void)
{
    struct sb_plan_options options = net_options();
    options.engine = SB_ENGINE_NATIVE_BF16;
    if (!sb_cpu_has_bf16()) {
        print_message("skipped: this CPU has no AVX512-BF16\n");
        skip();
    }
    return options;
}

/* Small whole numbers: products and sums are exact in bfloat16 and float32. */
static void make_whole(float *values, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)round((double)values[i] * scale);
}

static const struct {
    struct sb_shape in;
    int64_t cout, other;
} cases[] = {
    {{1, 1, 1, 1}, 1, 1},       {{2, 5, 3, 7}, 33, 17},      {{1, 32, 13, 11}, 64, 16},
    {{3, 70, 5, 5}, 40, 200},   {{1, 130, 27, 31}, 20, 48},  {{1, 600, 7, 7}, 31, 65},
    {{1, 16, 64, 64}, 256, 32}, {{2, 2048, 1, 1}, 100, 300},
};

static void test_bf16__is_exact_for_small_whole_numbers(void **state)
{
    (void)state;
    struct sb_plan_options options = bf16_options();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net net;
        net_init(&net, cases[i].in);
        const int a = net_conv(&net, 0, cases[i].cout, net_window(1, 1, 0));
        const int b =
            net_act(&net, net_conv(&net, 0, cases[i].other, net_window(1, 1, 0)), SB_ACT_RELU);
        net_output(&net,
                   net_act(&net,
                           net_add(&net, net_conv(&net, 0, cases[i].cout, net_window(1, 1, 0)), a),
                           SB_ACT_RELU));
        net_output(&net, b);
        net_fill(&net, i);
        make_whole(net.input, sb_shape_count(cases[i].in), 3);
        for (size_t s = 0; s < net.weights.num_slots; s++)
            make_whole(net.weights.slots[s], sb_slot_count(&net.graph->slots[s]), 20);
        net_run_oracle(&net);
        struct sb_plan *plan = net_plan(&net, &options);
        net_assert_plan(&net, plan, 0);
        sb_plan_free(&plan);
        net_release(&net);
    }
}

static void test_bf16__is_close_and_does_not_depend_on_threads(void **state)
{
    (void)state;
    struct sb_plan_options options = bf16_options();
    struct net net;
    struct sb_shape shape;
    net_init(&net, (struct sb_shape){1, 64, 30, 30});
    const int x = net_batchnorm(&net, net_conv(&net, 0, 96, net_window(1, 1, 0)));
    net_output(&net, net_conv(&net, net_act(&net, x, SB_ACT_SWISH), 50, net_window(1, 1, 0)));
    net_fill(&net, 3);
    struct sb_plan *two = net_plan(&net, &options);
    options.threads = 1;
    struct sb_plan *one = net_plan(&net, &options);
    net_assert_plan(&net, two, 2e-2);
    net_assert_plan(&net, one, 2e-2);
    const float *a = sb_plan_output(one, "out0", &shape), *b = sb_plan_output(two, "out0", &shape);
    assert_memory_equal(a, b, sb_shape_count(shape) * sizeof(*a));
    bool uses = false;
    for (size_t i = 0; i < sb_plan_num_steps(one); i++) {
        struct sb_step_info info;
        sb_plan_step_info(one, i, &info);
        uses = uses || strcmp(info.kernel, "conv_1x1_bf16") == 0;
    }
    assert_true(uses);
    sb_plan_free(&one);
    sb_plan_free(&two);
    net_release(&net);
}

static void test_bf16__is_refused_without_the_instructions(void **state)
{
    (void)state;
    struct net net;
    struct sb_plan_options options = net_options();
    options.engine = SB_ENGINE_NATIVE_BF16;
    options.cpu = SB_CPU_PORTABLE;
    net_init(&net, (struct sb_shape){1, 4, 4, 4});
    net_output(&net, net_conv(&net, 0, 4, net_window(1, 1, 0)));
    net_fill(&net, 1);
    assert_null(sb_plan_new(net.graph, &net.weights, &options, &err));
    assert_error(&err, SB_EUNSUPPORTED, "AVX512-BF16");
    assert_int_not_equal(sb_engine_default(), SB_ENGINE_NATIVE_BF16);
    net_release(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bf16__is_exact_for_small_whole_numbers),
        cmocka_unit_test(test_bf16__is_close_and_does_not_depend_on_threads),
        cmocka_unit_test(test_bf16__is_refused_without_the_instructions),
    };
    return cmocka_run_group_tests_name("engine/bf16", tests, NULL, NULL);
}
