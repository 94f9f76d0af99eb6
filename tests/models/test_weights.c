/* models/weights.c: seeded weights, and saving them. */
#include "models/weights.h"

#include "base/mem.h"
#include "models/tensors.h"
#include "tests/models/support_weights.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static size_t find_slot(const struct sb_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->num_slots; i++) {
        if (strcmp(graph->slots[i].name, name) == 0)
            return i;
    }
    fail_msg("no slot %s", name);
    return 0;
}

static void test_weights__arena_is_aligned_and_in_slot_order(void **state)
{
    (void)state;
    struct sb_model *model = small_spinenet();
    struct sb_weights w;
    struct sb_error err;
    assert_ok(sb_weights_seeded(&w, model->graph, 1, &err), &err);
    assert_int_equal(w.num_slots, model->graph->num_slots);
    for (size_t i = 0; i < w.num_slots; i++) {
        assert_int_equal((uintptr_t)w.slots[i] % 64, 0);
        assert_in_range((uintptr_t)w.slots[i], (uintptr_t)w.arena,
                        (uintptr_t)w.arena + w.arena_bytes - 4);
        if (i > 0)
            assert_true(w.slots[i] >= w.slots[i - 1] + sb_slot_count(&model->graph->slots[i - 1]));
    }
    assert_string_equal(w.source, "seed 1");
    sb_weights_release(&w);
    sb_weights_release(&w);
    sb_model_free(&model);
}

static void test_weights__seeds_give_the_same_bits_everywhere(void **state)
{
    (void)state;
    struct sb_model *model = small_spinenet();
    struct sb_weights a, b, c;
    struct sb_error err;
    assert_ok(sb_weights_seeded(&a, model->graph, 7, &err), &err);
    assert_ok(sb_weights_seeded(&b, model->graph, 7, &err), &err);
    assert_ok(sb_weights_seeded(&c, model->graph, 8, &err), &err);
    assert_int_equal(a.digest, b.digest);
    assert_int_not_equal(a.digest, c.digest);
    assert_memory_equal(a.arena, b.arena, a.arena_bytes);
    /* the digest of a small graph written down once: it must not depend on machine or threads */
    assert_true(a.digest == 0x7c9a342906659e8fu);
    sb_weights_release(&a);
    sb_weights_release(&b);
    sb_weights_release(&c);
    sb_model_free(&model);
}

static void test_weights__seeded_values_have_the_documented_statistics(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_model *model =
        model_of_spec("{\"base\": \"retinanet-spinenet-49\", \"size\": 128, \"classes\": 3,"
                      " \"head\": {\"convs\": 1, \"filters\": 64},"
                      " \"backbone\": {\"base\": \"spinenet-49\", \"filter_scale\": 0.04,"
                      " \"endpoint_filters\": 64}}");
    struct sb_weights w;
    assert_ok(sb_weights_seeded(&w, model->graph, 3, &err), &err);
    const size_t kernel = find_slot(model->graph, "head/class/conv0/conv/kernel");
    const size_t count = sb_slot_count(&model->graph->slots[kernel]); /* 64 * 64 * 9 */
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)w.slots[kernel][i];
        squares += (double)w.slots[kernel][i] * (double)w.slots[kernel][i];
    }
    const double variance = 2.0 / (64 * 9), n = (double)count;
    assert_true(fabs(sum / n) < 4 * sqrt(variance / n));
    assert_true(fabs(squares / n / variance - 1) < 4 * sqrt(2 / n));
    const size_t gamma = find_slot(model->graph, "backbone/stem/conv0/bn/gamma");
    assert_true(w.slots[gamma][0] == 1);
    assert_true(w.slots[find_slot(model->graph, "backbone/stem/conv0/bn/beta")][0] == 0);
    /* twice the mean square of a picture, less what falls on the padding */
    const float stem =
        w.slots[find_slot(model->graph, "backbone/stem/conv0/bn/moving_variance")][0];
    assert_true(stem > 1.8f && stem < 2);
    assert_true(w.slots[find_slot(model->graph, "head/box/predict/conv/bias")][0] == 0);
    const float prior = w.slots[find_slot(model->graph, "head/class/predict/conv/bias")][26];
    assert_true(fabs(1 / (1 + exp(-(double)prior)) - 0.01) < 1e-8);
    sb_weights_release(&w);
    sb_model_free(&model);
}

static void test_weights__saved_weights_load_as_they_were(void **state)
{
    (void)state;
    struct sb_model *model = small_resnet();
    struct sb_weights saved, loaded;
    struct sb_error err;
    char path[512];
    snprintf(path, sizeof(path), "%s/w.safetensors", test_scratch());
    assert_ok(sb_weights_seeded(&saved, model->graph, 5, &err), &err);
    assert_ok(sb_weights_save_safetensors(&saved, model->graph, path, &err), &err);
    assert_ok(sb_weights_load(&loaded, model->graph, path, NULL, &err), &err);
    assert_int_equal(loaded.digest, saved.digest);
    assert_memory_equal(loaded.arena, saved.arena, saved.arena_bytes);
    assert_string_equal(loaded.source, path);
    sb_weights_release(&saved);
    sb_weights_release(&loaded);
    sb_model_free(&model);
}

static void test_weights__failing_allocations_leak_nothing(void **state)
{
    (void)state;
    struct sb_model *model = small_resnet();
    struct sb_mem_stats before, after;
    struct sb_weights w;
    struct sb_error err;
    sb_mem_get_stats(&before);
    int rc = SB_ENOMEM;
    for (long n = 1; rc; n++) {
        assert_in_range(n, 1, 100);
        sb_mem_fail_after(n);
        rc = sb_weights_seeded(&w, model->graph, 1, &err);
        sb_mem_fail_after(0);
        assert_true(rc == 0 || rc == SB_ENOMEM);
    }
    sb_weights_release(&w);
    sb_mem_get_stats(&after);
    assert_int_equal(after.current_total_bytes, before.current_total_bytes);
    sb_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights__arena_is_aligned_and_in_slot_order),
        cmocka_unit_test(test_weights__seeds_give_the_same_bits_everywhere),
        cmocka_unit_test(test_weights__seeded_values_have_the_documented_statistics),
        cmocka_unit_test(test_weights__saved_weights_load_as_they_were),
        cmocka_unit_test(test_weights__failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("models/weights", tests, NULL, NULL);
}
