/* bench/output_values.c: samples are the same for the same count, and errors are shares of the
 * deviation. */
#include "bench/output_values.h"

#include "tests/test.h"

#include <math.h>

#define COUNT 1000

static void ramp(float *values)
{
    for (int i = 0; i < COUNT; i++)
        values[i] = (float)i;
}

static struct sb_output_record record_of(const struct sb_output_values *v)
{
    return (struct sb_output_record){
        v->name, v->count, v->mean, v->deviation, {SB_OUTPUT_SAMPLES, v->samples}};
}

static void test_output_values__mean_deviation_and_spread_samples(void **state)
{
    (void)state;
    float values[COUNT];
    struct sb_output_values v;
    ramp(values);
    sb_output_values_of(&v, "ramp", values, COUNT);
    assert_int_equal(v.count, COUNT);
    assert_true(fabs(v.mean - 499.5) < 1e-12);
    assert_true(fabs(v.deviation - 288.67499025720946) < 1e-9); /* sqrt((1000^2 - 1) / 12) */
    for (int i = 0; i < SB_OUTPUT_SAMPLES; i++) {
        assert_true(v.samples[i] >= i * COUNT / SB_OUTPUT_SAMPLES);
        assert_true(v.samples[i] < (i + 1) * COUNT / SB_OUTPUT_SAMPLES);
    }
    sb_output_values_of(&v, "one", values + 7, 1); /* fewer values than samples */
    assert_true(v.mean == 7 && v.deviation == 0 && v.samples[0] == 7 && v.samples[7] == 7);
}

static void test_output_values__every_value_counts(void **state)
{
    (void)state;
    float values[COUNT];
    struct sb_output_values a, b;
    ramp(values);
    sb_output_values_of(&a, "a", values, COUNT);
    struct sb_output_record want = record_of(&a), got;
    assert_true(sb_output_error(&want, &want) == 0);
    for (int i = 0; i < COUNT; i += 111) { /* a difference of 2 deviations anywhere */
        values[i] += 578;
        sb_output_values_of(&b, "b", values, COUNT);
        got = record_of(&b);
        assert_true(sb_output_error(&want, &got) > SB_OUTPUT_TOLERANCE);
        values[i] -= 578;
    }
    for (int i = 0; i < COUNT; i++) /* rounding */
        values[i] *= 1 + 1e-6F;
    sb_output_values_of(&b, "b", values, COUNT);
    got = record_of(&b);
    assert_true(sb_output_error(&want, &got) < 1e-5);
}

static void test_output_values__what_cannot_be_compared_is_wrong(void **state)
{
    (void)state;
    float values[COUNT];
    struct sb_output_values a, b;
    ramp(values);
    sb_output_values_of(&a, "a", values, COUNT);
    sb_output_values_of(&b, "b", values, COUNT - 1);
    struct sb_output_record want = record_of(&a), got = record_of(&b);
    assert_true(isinf(sb_output_error(&want, &got)));
    values[500] = NAN;
    sb_output_values_of(&b, "b", values, COUNT);
    got = record_of(&b);
    assert_true(isinf(sb_output_error(&want, &got)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_values__mean_deviation_and_spread_samples),
        cmocka_unit_test(test_output_values__every_value_counts),
        cmocka_unit_test(test_output_values__what_cannot_be_compared_is_wrong),
    };
    return cmocka_run_group_tests_name("bench/output_values", tests, NULL, NULL);
}
