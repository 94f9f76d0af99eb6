/* models/tensor_stats.c: against values known in closed form; what is not finite; damaged arrays.
 */
#include "models/tensor_stats.h"

#include "base/mem.h"
#include "tests/models/support_bundle.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static struct sb_tensor floats(const float *values, size_t count)
{
    return (struct sb_tensor){.name = "t",
                              .dtype = SB_F32,
                              .count = count,
                              .bytes = count * sizeof(float),
                              .data = (const unsigned char *)values};
}

static void test_tensor_stats__of_a_ramp_far_from_zero(void **state)
{
    (void)state;
    float values[1201]; /* 1e6 .. 1e6 + 1200: more than one chunk */
    for (int i = 0; i < 1201; i++)
        values[i] = 1e6f + (float)i;
    const struct sb_tensor t = floats(values, 1201);
    const struct sb_tensor_stats s = sb_tensor_stats_of(&t);
    assert_int_equal(s.finite, 1201);
    assert_int_equal(s.nonfinite, 0);
    assert_true(s.min == 1e6 && s.max == 1e6 + 1200 && s.mean == 1e6 + 600);
    assert_true(fabs(s.deviation - sqrt((1201.0 * 1201.0 - 1) / 12)) < 1e-9);
}

static void test_tensor_stats__not_finite_values_are_counted_apart(void **state)
{
    (void)state;
    const float values[5] = {NAN, 2, -INFINITY, 4, INFINITY};
    const struct sb_tensor t = floats(values, 5), nothing = floats(values, 1);
    struct sb_tensor_stats s = sb_tensor_stats_of(&t);
    assert_int_equal(s.finite, 2);
    assert_int_equal(s.nonfinite, 3);
    assert_true(s.min == 2 && s.max == 4 && s.mean == 3 && s.deviation == 1);
    s = sb_tensor_stats_of(&nothing);
    assert_int_equal(s.finite, 0);
    assert_true(isnan(s.min) && isnan(s.max) && isnan(s.mean) && isnan(s.deviation));
}

static void test_tensor_stats__empty_and_opaque_have_none(void **state)
{
    (void)state;
    const struct sb_tensor empty = floats(NULL, 0);
    const struct sb_tensor text = {.name = "t", .dtype = SB_OPAQUE, .count = 1, .bytes = 9};
    assert_int_equal(sb_tensor_stats_of(&empty).finite, 0);
    assert_int_equal(sb_tensor_stats_of(&text).finite, 0);
    assert_int_equal(sb_tensor_stats_of(&text).nonfinite, 0);
}

static void test_tensor_stats__a_damaged_array_is_an_error(void **state)
{
    (void)state;
    const float values[2] = {1, 3};
    char prefix[512];
    struct sb_error err;
    struct sb_tensor_stats *stats;
    for (int damaged = 0; damaged < 2; damaged++) {
        struct bundle_writer w;
        snprintf(prefix, sizeof(prefix), "%s/stats%d", test_scratch(), damaged);
        bundle_writer_open(&w, prefix, 1);
        bundle_writer_add(&w, "a", BUNDLE_FLOAT, 1, (int64_t[]){2}, values, sizeof(values));
        bundle_writer_add(&w, "b", BUNDLE_FLOAT, 1, (int64_t[]){2}, values, sizeof(values));
        w.entries[1].crc ^= (uint32_t)damaged;
        bundle_writer_finish(&w);
        struct sb_tensors *file = sb_tensors_open(prefix, &err);
        assert_non_null(file);
        const int rc = sb_tensor_stats_all(file, &stats, &err);
        assert_int_equal(rc, damaged ? SB_EFORMAT : 0);
        if (damaged)
            assert_non_null(strstr(err.message, "tensor 'b'"));
        else
            assert_true(stats[1].mean == 2);
        sb_free(stats);
        sb_tensors_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_stats__of_a_ramp_far_from_zero),
        cmocka_unit_test(test_tensor_stats__not_finite_values_are_counted_apart),
        cmocka_unit_test(test_tensor_stats__empty_and_opaque_have_none),
        cmocka_unit_test(test_tensor_stats__a_damaged_array_is_an_error),
    };
    return cmocka_run_group_tests_name("models/tensor_stats", tests, NULL, NULL);
}
