/* The two RetinaNets at full width and size: the memory plan against its bound, and results that do
 * not depend on the number of threads. */
#include "base/hash.h"
#include "engine/plan.h"
#include "models/model.h"
#include "tests/test.h"

#include <string.h>

static struct sb_error err;

static const char *const names[] = {"retinanet-spinenet-49", "retinanet-resnet-50-fpn"};

static struct sb_plan *plan_of(const struct sb_model *model, int threads)
{
    struct sb_weights weights;
    struct sb_plan_options options;
    sb_plan_options_defaults(&options);
    options.threads = threads;
    assert_ok(sb_weights_seeded(&weights, model->graph, 1, &err), &err);
    struct sb_plan *plan = sb_plan_new(model->graph, &weights, &options, &err);
    sb_weights_release(&weights);
    if (!plan)
        assert_ok(err.code, &err);
    return plan;
}

static void fill_input(struct sb_plan *plan)
{
    struct sb_shape shape;
    float *input = sb_plan_input(plan, 0, &shape);
    const size_t n = sb_shape_count(shape);
    for (size_t i = 0; i < n; i++)
        input[i] = (float)((i * 7919) % 1000) / 500 - 1;
}

static uint64_t digest_outputs(const struct sb_plan *plan)
{
    uint64_t digest = SB_FNV_START;
    for (size_t i = 0; i < sb_plan_num_outputs(plan); i++) {
        struct sb_shape shape;
        const float *out = sb_plan_output(plan, sb_plan_output_name(plan, i), &shape);
        digest = sb_fnv1a(digest, out, sb_shape_count(shape) * sizeof(*out));
    }
    return digest;
}

static void test_retinanet__the_arena_is_as_small_as_it_can_be(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct sb_model *model = sb_model_open(names[i], NULL, &err);
        assert_non_null(model);
        struct sb_plan *plan = plan_of(model, 2);
        struct sb_plan_memory memory;
        sb_plan_memory(plan, &memory);
        print_message("%s: arena %.1f MB, bound %.1f MB, sum of all tensors %.1f MB\n", names[i],
                      (double)memory.arena_bytes * 1e-6, (double)memory.live_peak_bytes * 1e-6,
                      (double)memory.activation_total_bytes * 1e-6);
        assert_int_equal(memory.arena_bytes, memory.live_peak_bytes);
        assert_true(memory.arena_bytes < memory.activation_total_bytes / 4);
        sb_plan_free(&plan);
        sb_model_free(&model);
    }
}

static void test_retinanet__threads_do_not_change_a_bit(void **state)
{
    (void)state;
    struct sb_model *model = sb_model_open(names[0], NULL, &err);
    assert_non_null(model);
    uint64_t digests[3];
    for (int threads = 1; threads <= 3; threads++) {
        struct sb_plan *plan = plan_of(model, threads);
        fill_input(plan);
        assert_ok(sb_plan_run(plan, NULL, &err), &err);
        digests[threads - 1] = digest_outputs(plan);
        sb_plan_free(&plan);
    }
    assert_true(digests[0] == digests[1] && digests[0] == digests[2]);
    sb_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retinanet__the_arena_is_as_small_as_it_can_be),
        cmocka_unit_test(test_retinanet__threads_do_not_change_a_bit),
    };
    return cmocka_run_group_tests_name("engine/retinanet", tests, NULL, NULL);
}
