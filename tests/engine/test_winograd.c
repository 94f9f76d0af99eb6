/* engine/kernels/winograd_native.c: when it is taken, and its error at realistic channel counts. */
#include "tests/engine/support_net.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static struct sb_error err;

struct winograd_case {
    struct sb_shape in;
    int64_t cout;
    struct sb_window window;
    bool taken;
};

static const struct winograd_case cases[] = {
    {{1, 256, 16, 20}, 40, {3, 3, 1, 1, 1, 1, 1, 1}, true},
    {{1, 512, 16, 20}, 40, {3, 3, 1, 1, 1, 1, 1, 1}, true},
    {{1, 64, 33, 31}, 64, {3, 3, 1, 1, 1, 1, 1, 1}, true}, /* tiles hang over two sides */
    {{3, 48, 17, 26}, 33, {3, 3, 1, 1, 0, 0, 0, 0}, true}, /* no padding, images in a row */
    {{2, 32, 40, 38}, 48, {3, 3, 1, 1, 2, 0, 0, 2}, true}, /* uneven padding */
    {{60, 32, 7, 7}, 32, {3, 3, 1, 1, 1, 1, 1, 1}, true},  /* crops of a second stage */
    {{1, 64, 5, 5}, 64, {3, 3, 1, 1, 1, 1, 1, 1}, false},  /* too small */
    {{1, 16, 40, 40}, 16, {3, 3, 2, 2, 1, 1, 1, 1}, false},
};

static double deviation(const double *values, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += values[i];
        squares += values[i] * values[i];
    }
    return sqrt(squares / (double)n - sum * sum / (double)n / (double)n);
}

/* The largest error of output out0 over its standard deviation. */
static double relative_error(const struct net *net, struct sb_plan *plan)
{
    struct sb_shape shape;
    float *input = sb_plan_input(plan, 0, &shape);
    memcpy(input, net->input, sb_shape_count(shape) * sizeof(*input));
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
    const float *out = sb_plan_output(plan, "out0", &shape);
    const double *want = net->values[sb_graph_find_output(net->graph, "out0")];
    double worst = 0;
    for (size_t i = 0; i < sb_shape_count(shape); i++)
        worst = fmax(worst, fabs((double)out[i] - want[i]));
    return worst / deviation(want, sb_shape_count(shape));
}

static bool uses_winograd(const struct sb_plan *plan)
{
    struct sb_step_info info;
    for (size_t i = 0; i < sb_plan_num_steps(plan); i++) {
        sb_plan_step_info(plan, i, &info);
        if (strcmp(info.kernel, "winograd_native") == 0)
            return true;
    }
    return false;
}

static void test_winograd__error_is_below_a_hundred_thousandth(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net net;
        net_init(&net, cases[i].in);
        const int conv =
            net_conv(&net, net_act(&net, 0, SB_ACT_RELU), cases[i].cout, cases[i].window);
        net_output(&net, net_batchnorm(&net, conv));
        net_fill(&net, i);
        struct sb_plan_options options = net_options();
        options.engine = SB_ENGINE_NATIVE;
        for (int cpu = 0; cpu <= (int)sb_cpu_detect(); cpu++) {
            options.cpu = (enum sb_cpu)cpu;
            struct sb_plan *plan = net_plan(&net, &options);
            assert_int_equal(uses_winograd(plan), cases[i].taken);
            const double error = relative_error(&net, plan);
            print_message("case %zu, %s: %.1e of the deviation\n", i, sb_cpu_name(options.cpu),
                          error);
            assert_true(error < 1e-5);
            sb_plan_free(&plan);
        }
        net_release(&net);
    }
}

/* The sum of a residual block, in place and not, with a scale left in the epilogue. */
static void test_winograd__takes_residual_and_shared_kernels(void **state)
{
    (void)state;
    struct net net;
    net_init(&net, (struct sb_shape){1, 32, 30, 29});
    const struct sb_window k3 = net_window(3, 1, 1);
    const int first = net_conv(&net, 0, 32, k3);
    const int a = net_act(&net, net_batchnorm(&net, first), SB_ACT_RELU);
    const int b = net_batchnorm(&net, net_conv_shared(&net, a, first));
    const int sum = net_act(&net, net_add(&net, b, 0), SB_ACT_RELU);
    const int c = net_batchnorm(&net, net_conv(&net, sum, 32, k3));
    net_output(&net, net_act(&net, net_add(&net, c, sum), SB_ACT_SIGMOID));
    net_output(&net, a);
    net_fill(&net, 3);
    struct sb_plan_options options = net_options();
    options.engine = SB_ENGINE_NATIVE;
    for (int cpu = 0; cpu <= (int)sb_cpu_detect(); cpu++) {
        options.cpu = (enum sb_cpu)cpu;
        struct sb_plan *plan = net_plan(&net, &options);
        assert_true(uses_winograd(plan));
        net_assert_plan(&net, plan, 1e-5);
        sb_plan_free(&plan);
    }
    net_release(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_winograd__error_is_below_a_hundred_thousandth),
        cmocka_unit_test(test_winograd__takes_residual_and_shared_kernels),
    };
    return cmocka_run_group_tests_name("engine/winograd", tests, NULL, NULL);
}
