/* engine/plan.c: a whole small network; threads, repeated runs, memory, failures. */
#include "engine/plan.h"

#include "base/mem.h"
#include "base/size.h"
#include "tests/engine/support_net.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static struct sb_error err;

#define FOR_ENGINES(e) for (enum sb_engine e = SB_ENGINE_OPENBLAS; (e) <= SB_ENGINE_NATIVE; (e)++)

static struct sb_plan *plan_on(const struct net *net, enum sb_engine engine, int threads)
{
    struct sb_plan_options options = net_options();
    options.engine = engine;
    options.threads = threads;
    return net_plan(net, &options);
}

/* Every op of a one-stage detector, on two images. */
static void build_net(struct net *net)
{
    net_init(net, (struct sb_shape){2, 3, 40, 36});
    int x =
        net_act(net, net_batchnorm(net, net_conv(net, 0, 24, net_window(7, 2, 3))), SB_ACT_SWISH);
    x = net_maxpool(net, x, net_window(3, 2, 1));
    const int low = net_act(net, net_conv(net, x, 24, net_window(3, 2, 1)), SB_ACT_RELU);
    const struct sb_shape s = net->graph->nodes[x].shape;
    const int up = net_resize(net, low, s.h, s.w);
    const int merged = net_act(net, net_add(net, net_batchnorm(net, x), up), SB_ACT_RELU);
    const int dw = net_act(net, net_dwconv(net, merged, net_window(3, 1, 1)), SB_ACT_SWISH);
    const int squeeze = net_conv(net, net_unary(net, SB_OP_GLOBAL_AVG, dw), 6, net_window(1, 1, 0));
    const int excite = net_conv(net, net_act(net, squeeze, SB_ACT_SWISH), 24, net_window(1, 1, 0));
    const int gated = net_mul(net, dw, net_act(net, excite, SB_ACT_SIGMOID));
    net_output(net, net_conv(net, gated, 60, net_window(3, 1, 1)));
    net_output(net, low);
    net_output(net, net_fc(net, net_scale(net, gated, 0.2), 17));
    net_fill(net, 11);
}

static void test_plan__a_network_gives_the_oracles_outputs(void **state)
{
    (void)state;
    struct net net;
    build_net(&net);
    FOR_ENGINES(engine)
    {
        struct sb_plan *plan = plan_on(&net, engine, 2);
        net_assert_plan(&net, plan, 2e-6);
        net_assert_plan(&net, plan, 2e-6); /* a plan runs any number of times */
        sb_plan_free(&plan);
    }
    net_release(&net);
}

/* Runs the net's input and copies all outputs; the caller frees the result. */
static float *run_and_copy(const struct net *net, enum sb_engine engine, int threads, size_t *count)
{
    struct sb_plan *plan = plan_on(net, engine, threads);
    struct sb_shape shape;
    float *input = sb_plan_input(plan, 0, &shape);
    memcpy(input, net->input, sb_shape_count(shape) * sizeof(*input));
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
    *count = 0;
    for (size_t i = 0; i < sb_plan_num_outputs(plan); i++) {
        assert_non_null(sb_plan_output(plan, sb_plan_output_name(plan, i), &shape));
        *count += sb_shape_count(shape);
    }
    float *all = malloc(*count * sizeof(*all)), *p = all;
    for (size_t i = 0; i < sb_plan_num_outputs(plan); i++) {
        const float *out = sb_plan_output(plan, sb_plan_output_name(plan, i), &shape);
        memcpy(p, out, sb_shape_count(shape) * sizeof(*p));
        p += sb_shape_count(shape);
    }
    sb_plan_free(&plan);
    return all;
}

static void test_plan__results_do_not_depend_on_the_thread_count(void **state)
{
    (void)state;
    struct net net;
    size_t n, m;
    build_net(&net);
    FOR_ENGINES(engine)
    {
        float *one = run_and_copy(&net, engine, 1, &n);
        for (int threads = 2; threads <= 5; threads++) {
            float *more = run_and_copy(&net, engine, threads, &m);
            assert_int_equal(n, m);
            assert_memory_equal(one, more, n * sizeof(*one));
            free(more);
        }
        free(one);
    }
    net_release(&net);
}

static void test_plan__a_run_allocates_nothing(void **state)
{
    (void)state;
    struct net net;
    struct sb_mem_stats before, after;
    build_net(&net);
    FOR_ENGINES(engine)
    {
        struct sb_plan *plan = plan_on(&net, engine, 2);
        sb_mem_reset_peaks();
        sb_mem_get_stats(&before);
        sb_mem_fail_after(1);
        const int rc = sb_plan_run(plan, NULL, &err);
        sb_mem_fail_after(0);
        assert_ok(rc, &err);
        sb_mem_get_stats(&after);
        assert_memory_equal(&before, &after, sizeof(before));
        sb_plan_free(&plan);
    }
    net_release(&net);
}

static void test_plan__input_survives_a_run(void **state)
{
    (void)state;
    struct net net;
    struct sb_shape shape;
    build_net(&net);
    struct sb_plan *plan = net_plan(&net, NULL);
    net_assert_plan(&net, plan, 2e-6);
    const float *input = sb_plan_input(plan, 0, &shape);
    assert_memory_equal(input, net.input, sb_shape_count(shape) * sizeof(float));
    assert_null(sb_plan_input(plan, 1, &shape));
    assert_null(sb_plan_output(plan, "nothing", &shape));
    sb_plan_free(&plan);
    net_release(&net);
}

/* Binds the input and every output to `block` and runs. */
static void run_bound(struct sb_plan *plan, float *input, float *block, size_t stride)
{
    sb_plan_bind_input(plan, 0, input);
    for (size_t i = 0; i < sb_plan_num_outputs(plan); i++)
        sb_plan_bind_output(plan, sb_plan_output_name(plan, i), block + i * stride);
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
}

/* The outputs are the oracle's wherever they are written, and a run leaves those of the run before,
 * in other memory, alone. */
static void test_plan__reads_and_writes_bound_memory(void **state)
{
    (void)state;
    struct net net;
    struct sb_shape shape;
    build_net(&net);
    FOR_ENGINES(engine)
    {
        struct sb_plan *plan = plan_on(&net, engine, 2);
        const size_t n = sb_plan_num_outputs(plan);
        size_t stride = 0, pixels;
        for (size_t i = 0; i < n; i++) {
            sb_plan_output(plan, sb_plan_output_name(plan, i), &shape);
            stride = stride > sb_shape_count(shape) ? stride : sb_shape_count(shape);
        }
        stride = sb_align_size(stride + 1, 16); /* at least one value behind each output */
        sb_plan_input(plan, 0, &shape);
        pixels = sb_shape_count(shape);
        float *blocks[2] = {sb_calloc(n * stride, sizeof(float), 0),
                            sb_calloc(n * stride, sizeof(float), 0)};
        float *inputs[2] = {sb_calloc(pixels, sizeof(float), 0),
                            sb_calloc(pixels, sizeof(float), 0)};
        memcpy(inputs[0], net.input, pixels * sizeof(float));
        run_bound(plan, inputs[0], blocks[0], stride);
        run_bound(plan, inputs[1], blocks[1], stride);
        for (size_t i = 0; i < n; i++) {
            const char *const name = sb_plan_output_name(plan, i);
            assert_ptr_equal(sb_plan_output(plan, name, &shape), blocks[1] + i * stride);
            for (size_t k = sb_shape_count(shape); k < stride; k++)
                assert_true(blocks[0][i * stride + k] == 0 && blocks[1][i * stride + k] == 0);
        }
        memcpy(inputs[1], net.input, pixels * sizeof(float));
        run_bound(plan, inputs[1], blocks[1], stride);
        assert_memory_equal(blocks[0], blocks[1], n * stride * sizeof(float));
        net_assert_plan(&net, plan, 2e-6);
        for (int k = 0; k < 2; k++) {
            sb_free(blocks[k]);
            sb_free(inputs[k]);
        }
        sb_plan_free(&plan);
    }
    net_release(&net);
}

static void test_plan__memory_adds_up(void **state)
{
    (void)state;
    struct net net;
    struct sb_mem_stats before, after;
    struct sb_plan_memory memory;
    build_net(&net);
    sb_mem_get_stats(&before);
    struct sb_plan *plan = net_plan(&net, NULL);
    sb_mem_get_stats(&after);
    sb_plan_memory(plan, &memory);
    size_t weights = 0, activations = 0, by_step = 0;
    for (unsigned level = 0; level < SB_LEVEL_COUNT; level++) {
        weights += memory.weight_bytes[level];
        activations += memory.activation_bytes[level];
        assert_int_equal(after.current_bytes[SB_MEM_WEIGHTS][level] -
                             before.current_bytes[SB_MEM_WEIGHTS][level],
                         memory.weight_bytes[level]);
    }
    for (size_t i = 0; i < sb_plan_num_steps(plan); i++) {
        struct sb_step_info info;
        sb_plan_step_info(plan, i, &info);
        by_step += info.weight_bytes;
    }
    assert_int_equal(weights, memory.weight_total_bytes);
    assert_int_equal(by_step, memory.weight_total_bytes);
    assert_int_equal(activations, memory.activation_total_bytes);
    assert_true(memory.arena_bytes < memory.activation_total_bytes);
    assert_true(memory.arena_bytes >= memory.live_peak_bytes);
    assert_int_equal(after.current_bytes[SB_MEM_ACTIVATION][0] -
                         before.current_bytes[SB_MEM_ACTIVATION][0],
                     memory.arena_bytes);
    sb_plan_free(&plan);
    sb_mem_get_stats(&after);
    assert_int_equal(before.current_total_bytes, after.current_total_bytes);
    net_release(&net);
}

static void test_plan__steps_are_named_and_timed(void **state)
{
    (void)state;
    struct net net;
    struct sb_step_info info;
    int64_t ns[64];
    build_net(&net);
    struct sb_plan *plan = plan_on(&net, SB_ENGINE_OPENBLAS, 2);
    assert_in_range(sb_plan_num_steps(plan), 1, 64);
    sb_plan_step_info(plan, 0, &info);
    assert_string_equal(info.path, "act2"); /* convolution, batch norm and swish in one */
    assert_string_equal(info.block, "block");
    assert_string_equal(info.kernel, "conv_im2col_openblas");
    assert_int_equal(info.op, SB_OP_CONV);
    assert_int_equal(info.level, SB_LEVEL_3);
    assert_int_equal(info.output_bytes, sb_shape_count(info.shape) * sizeof(float));
    memset(ns, 0xff, sizeof(ns));
    const struct sb_run_options options = {.step_ns = ns};
    assert_ok(sb_plan_run(plan, &options, &err), &err);
    for (size_t i = 0; i < sb_plan_num_steps(plan); i++)
        assert_true(ns[i] >= 0);
    sb_plan_free(&plan);
    net_release(&net);
}

struct recipe {
    const struct net *net;
    enum sb_engine engine;
};

static int make_plan(void *ctx)
{
    const struct recipe *recipe = ctx;
    struct sb_plan_options options = net_options();
    options.engine = recipe->engine;
    struct sb_plan *plan = sb_plan_new(recipe->net->graph, &recipe->net->weights, &options, &err);
    if (!plan)
        return err.code;
    sb_plan_free(&plan);
    return 0;
}

static void test_plan__every_failed_allocation_is_reported(void **state)
{
    (void)state;
    struct net net;
    build_net(&net);
    FOR_ENGINES(engine)
    {
        struct recipe recipe = {&net, engine};
        test_every_allocation_fails(make_plan, &recipe);
    }
    net_release(&net);
}

static void test_plan__refuses_what_it_cannot_run(void **state)
{
    (void)state;
    struct net net;
    build_net(&net);
    struct sb_plan_options options = net_options();
    options.threads = 0;
    assert_null(sb_plan_new(net.graph, &net.weights, &options, &err));
    assert_int_equal(err.code, SB_EINVAL);
    struct sb_weights none = {0};
    options = net_options();
    assert_null(sb_plan_new(net.graph, &none, &options, &err));
    assert_error(&err, SB_EINVAL, "weights with 0 arrays");
    enum sb_engine engine;
    assert_int_equal(sb_engine_parse("fast", &engine, &err), SB_EINVAL);
    assert_ok(sb_engine_parse("native", &engine, &err), &err);
    assert_int_equal(engine, SB_ENGINE_NATIVE);
    net_release(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan__a_network_gives_the_oracles_outputs),
        cmocka_unit_test(test_plan__results_do_not_depend_on_the_thread_count),
        cmocka_unit_test(test_plan__a_run_allocates_nothing),
        cmocka_unit_test(test_plan__input_survives_a_run),
        cmocka_unit_test(test_plan__reads_and_writes_bound_memory),
        cmocka_unit_test(test_plan__memory_adds_up),
        cmocka_unit_test(test_plan__steps_are_named_and_timed),
        cmocka_unit_test(test_plan__every_failed_allocation_is_reported),
        cmocka_unit_test(test_plan__refuses_what_it_cannot_run),
    };
    return cmocka_run_group_tests_name("engine/plan", tests, NULL, NULL);
}
