/* The two RetinaNets at full width and size: the memory plan against its bound, and results that do
 * not depend on the number of threads. */
#include "base/hash.h"
#include "engine/plan.h"
#include "models/model.h"
#include "tests/test.h"

#include <math.h>

static struct sb_error err;

static const char *const names[] = {"retinanet-spinenet-49", "retinanet-resnet-50-fpn"};

static struct sb_plan *plan_of(const struct sb_model *model, enum sb_engine engine, int threads)
{
    struct sb_weights weights;
    struct sb_plan_options options;
    sb_plan_options_defaults(&options);
    options.engine = engine;
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
        struct sb_plan *plan = plan_of(model, SB_ENGINE_OPENBLAS, 2);
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
    for (enum sb_engine engine = SB_ENGINE_OPENBLAS; engine <= SB_ENGINE_NATIVE; engine++) {
        uint64_t digests[3];
        for (int threads = 1; threads <= 3; threads++) {
            struct sb_plan *plan = plan_of(model, engine, threads);
            fill_input(plan);
            assert_ok(sb_plan_run(plan, NULL, &err), &err);
            digests[threads - 1] = digest_outputs(plan);
            sb_plan_free(&plan);
        }
        assert_true(digests[0] == digests[1] && digests[0] == digests[2]);
    }
    sb_model_free(&model);
}

/* The largest difference of two plans' output `name`, over its standard deviation. */
static double difference(const struct sb_plan *a, const struct sb_plan *b, const char *name)
{
    struct sb_shape shape;
    const float *x = sb_plan_output(a, name, &shape), *y = sb_plan_output(b, name, &shape);
    const size_t n = sb_shape_count(shape);
    double worst = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)x[i] - (double)y[i]));
        sum += (double)y[i];
        squares += (double)y[i] * (double)y[i];
    }
    return worst / sqrt(squares / (double)n - sum * sum / (double)n / (double)n);
}

static void test_retinanet__engines_agree(void **state)
{
    (void)state;
    const struct sb_model_options size = {.size = 384};
    for (int i = 0; i < 2; i++) {
        struct sb_model *model = sb_model_open(names[i], &size, &err);
        assert_non_null(model);
        struct sb_plan *native = plan_of(model, SB_ENGINE_NATIVE, 2);
        struct sb_plan *openblas = plan_of(model, SB_ENGINE_OPENBLAS, 2);
        fill_input(native);
        fill_input(openblas);
        assert_ok(sb_plan_run(native, NULL, &err), &err);
        assert_ok(sb_plan_run(openblas, NULL, &err), &err);
        double worst = 0;
        for (size_t k = 0; k < sb_plan_num_outputs(native); k++)
            worst = fmax(worst, difference(native, openblas, sb_plan_output_name(native, k)));
        print_message("%s: %.1e of the deviation\n", names[i], worst);
        assert_true(worst < 1e-4);
        sb_plan_free(&native);
        sb_plan_free(&openblas);
        sb_model_free(&model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retinanet__the_arena_is_as_small_as_it_can_be),
        cmocka_unit_test(test_retinanet__threads_do_not_change_a_bit),
        cmocka_unit_test(test_retinanet__engines_agree),
    };
    return cmocka_run_group_tests_name("engine/retinanet", tests, NULL, NULL);
}
