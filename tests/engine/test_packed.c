/* engine/packed.c and low memory: plans of one network share packed weights, outputs do not change,
 * and small memory means other kernels, not other results. */
#include "engine/packed.h"

#include "base/mem.h"
#include "engine/plan.h"
#include "models/model.h"
#include "tests/engine/support_net.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static struct sb_error err;

/* Two levels with one kernel, a folded and a standing batch normalisation. */
static void build_net(struct net *net, int64_t side)
{
    net_init(net, (struct sb_shape){1, 3, side, side});
    const int x = net_batchnorm(net, net_conv(net, 0, 20, net_window(3, 2, 1)));
    const int head = net_conv(net, x, 24, net_window(3, 1, 1));
    const int small = net_conv_shared(net, net_maxpool(net, x, net_window(2, 2, 0)), head);
    net_output(net, net_batchnorm(net, head));
    net_output(net, net_batchnorm(net, small));
    net_fill(net, 5); /* weights are drawn before the input: the same for every size */
}

static size_t weight_bytes_now(void)
{
    struct sb_mem_stats stats;
    size_t bytes = 0;
    sb_mem_get_stats(&stats);
    for (int level = 0; level < SB_LEVEL_COUNT; level++)
        bytes += stats.current_bytes[SB_MEM_WEIGHTS][level];
    return bytes;
}

static void test_packed__plans_of_several_sizes_share_it(void **state)
{
    (void)state;
    for (int engine = SB_ENGINE_OPENBLAS; engine <= SB_ENGINE_NATIVE; engine++) {
        struct net large, small;
        build_net(&large, 44);
        build_net(&small, 30);
        struct sb_packed *packed = sb_packed_new(NULL, &err);
        struct sb_plan_options options = net_options();
        options.engine = (enum sb_engine)engine;
        options.packed = packed;
        struct sb_plan *a = net_plan(&large, &options);
        const size_t bytes = sb_packed_bytes(packed), before = weight_bytes_now();
        assert_true(bytes > 0);
        struct sb_plan *b = net_plan(&small, &options);
        if (engine == SB_ENGINE_OPENBLAS) /* which has one form for every size */
            assert_int_equal(sb_packed_bytes(packed), bytes);
        assert_true(weight_bytes_now() - before < bytes / 2); /* scales and shifts of its own */
        net_assert_plan(&large, a, 2e-6);
        net_assert_plan(&small, b, 2e-6);
        sb_plan_free(&a);
        net_assert_plan(&small, b, 2e-6);
        sb_plan_free(&b);
        sb_packed_free(&packed);
        net_release(&large);
        net_release(&small);
    }
}

static void test_packed__belongs_to_one_network(void **state)
{
    (void)state;
    struct net net, other;
    build_net(&net, 20);
    net_init(&other, (struct sb_shape){1, 3, 20, 20});
    net_output(&other, net_conv(&other, 0, 20, net_window(3, 2, 1)));
    net_fill(&other, 5);
    struct sb_packed *packed = sb_packed_new(NULL, &err);
    struct sb_plan_options options = net_options();
    options.packed = packed;
    struct sb_plan *plan = net_plan(&net, &options);
    assert_null(sb_plan_new(other.graph, &other.weights, &options, &err));
    assert_error(&err, SB_EINVAL, "another network");
    sb_plan_free(&plan);
    sb_packed_free(&packed);
    net_release(&net);
    net_release(&other);
}

/* Two plans with one store; what a failed plan left in it goes with the store. */
static int make_plans(void *ctx)
{
    const struct net *net = ctx;
    struct sb_plan_options options = net_options();
    struct sb_plan *plans[2] = {NULL, NULL};
    struct sb_packed *packed = sb_packed_new(NULL, &err);
    options.packed = packed;
    int rc = packed ? 0 : err.code;
    for (int i = 0; i < 2 && rc == 0; i++) {
        plans[i] = sb_plan_new(net->graph, &net->weights, &options, &err);
        rc = plans[i] ? 0 : err.code;
    }
    if (rc == 0)
        net_assert_plan(net, plans[1], 2e-6);
    sb_plan_free(&plans[0]);
    sb_plan_free(&plans[1]);
    sb_packed_free(&packed);
    return rc;
}

static void test_packed__every_failed_allocation_is_reported(void **state)
{
    (void)state;
    struct net net;
    build_net(&net, 20);
    test_every_allocation_fails(make_plans, &net);
    net_release(&net);
}

/* A plan that failed while it packed leaves a store that the next one can use. */
static void test_packed__is_usable_after_a_failure(void **state)
{
    (void)state;
    struct net net;
    build_net(&net, 20);
    struct sb_packed *packed = sb_packed_new(NULL, &err);
    struct sb_plan_options options = net_options();
    options.packed = packed;
    struct sb_plan *plan = NULL;
    for (long n = 1; !plan; n++) {
        sb_mem_fail_after(n);
        plan = sb_plan_new(net.graph, &net.weights, &options, &err);
        sb_mem_fail_after(0);
    }
    net_assert_plan(&net, plan, 2e-6);
    sb_plan_free(&plan);
    sb_packed_free(&packed);
    net_release(&net);
}

/* A whole network: less packed memory, the same outputs up to rounding. */
static void test_low_memory__is_smaller_and_right(void **state)
{
    (void)state;
    const struct sb_model_options size = {.size = 128, .batch = 1};
    struct sb_model *model = sb_model_open("retinanet-spinenet-49s", &size, &err);
    struct sb_weights weights;
    assert_non_null(model);
    assert_ok(sb_weights_seeded(&weights, model->graph, 1, &err), &err);
    struct sb_plan *plans[2];
    struct sb_plan_memory memory[2];
    for (int low = 0; low < 2; low++) {
        struct sb_plan_options options = net_options();
        options.engine = SB_ENGINE_NATIVE;
        options.low_memory = low;
        plans[low] = sb_plan_new(model->graph, &weights, &options, &err);
        assert_non_null(plans[low]);
        struct sb_shape shape;
        float *input = sb_plan_input(plans[low], 0, &shape);
        for (size_t i = 0; i < sb_shape_count(shape); i++)
            input[i] = (float)sin((double)i);
        assert_ok(sb_plan_run(plans[low], NULL, &err), &err);
        sb_plan_memory(plans[low], &memory[low]);
    }
    assert_true(2 * memory[1].weight_total_bytes < memory[0].weight_total_bytes * 3 / 2);
    struct sb_shape shape;
    const float *a = sb_plan_output(plans[0], "class_p3", &shape);
    const float *b = sb_plan_output(plans[1], "class_p3", &shape);
    for (size_t i = 0; i < sb_shape_count(shape); i++)
        assert_true(fabs((double)a[i] - (double)b[i]) < 1e-4 * (1 + fabs((double)b[i])));
    sb_plan_free(&plans[0]);
    sb_plan_free(&plans[1]);
    sb_weights_release(&weights);
    sb_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed__plans_of_several_sizes_share_it),
        cmocka_unit_test(test_packed__belongs_to_one_network),
        cmocka_unit_test(test_packed__every_failed_allocation_is_reported),
        cmocka_unit_test(test_packed__is_usable_after_a_failure),
        cmocka_unit_test(test_low_memory__is_smaller_and_right),
    };
    return cmocka_run_group_tests_name("engine/packed", tests, NULL, NULL);
}
