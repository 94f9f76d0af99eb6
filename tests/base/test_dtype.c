/* base/dtype.c: sizes, names and exact conversions from unaligned input. */
#include "base/dtype.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

static float f16(unsigned bits)
{
    unsigned char bytes[3] = {0, (unsigned char)(bits & 255), (unsigned char)(bits >> 8)};
    float out;
    sb_dtype_to_f32(SB_F16, bytes + 1, 1, &out);
    return out;
}

static void test_dtype__float16_is_exact(void **state)
{
    (void)state;
    assert_true(f16(0x3c00) == 1.0f);
    assert_true(f16(0xc000) == -2.0f);
    assert_true(f16(0x7bff) == 65504.0f);
    assert_true(f16(0x0400) == 0x1p-14f); /* smallest normal */
    assert_true(f16(0x03ff) == 0x1.ff8p-15f);
    assert_true(f16(0x8001) == -0x1p-24f); /* smallest subnormal */
    assert_true(f16(0x8000) == 0 && signbit(f16(0x8000)));
    assert_true(f16(0xfc00) == -INFINITY);
    assert_true(isnan(f16(0x7e01)));
}

static void test_dtype__bfloat16_is_the_upper_half(void **state)
{
    (void)state;
    const uint16_t in[3] = {0x3f80, 0xc040, 0x7f80};
    float out[3];
    sb_dtype_to_f32(SB_BF16, in, 3, out);
    assert_true(out[0] == 1.0f && out[1] == -3.0f && out[2] == INFINITY);
}

static void test_dtype__integers_convert_by_sign(void **state)
{
    (void)state;
    const unsigned char ones[8] = {255, 255, 255, 255, 255, 255, 255, 255};
    const struct {
        enum sb_dtype type;
        double value;
    } cases[] = {
        {SB_I8, -1},  {SB_I16, -1},    {SB_I32, -1},           {SB_I64, -1},
        {SB_U8, 255}, {SB_U16, 65535}, {SB_U32, 4294967295.0}, {SB_U64, 18446744073709551615.0},
        {SB_BOOL, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double wide;
        float narrow;
        sb_dtype_to_f64(cases[i].type, ones, 1, &wide);
        sb_dtype_to_f32(cases[i].type, ones, 1, &narrow);
        assert_true(wide == cases[i].value);
        assert_true(narrow == (float)cases[i].value);
    }
}

static void test_dtype__double_keeps_what_float_rounds(void **state)
{
    (void)state;
    const double in = 0.1;
    double wide;
    float narrow;
    sb_dtype_to_f64(SB_F64, &in, 1, &wide);
    sb_dtype_to_f32(SB_F64, &in, 1, &narrow);
    assert_true(wide == 0.1 && narrow == 0.1f);
}

static void test_dtype__every_type_has_size_and_name(void **state)
{
    (void)state;
    for (int t = 0; t < SB_DTYPES; t++) {
        assert_in_range(sb_dtype_bytes((enum sb_dtype)t), 1, 8);
        assert_non_null(sb_dtype_name((enum sb_dtype)t));
    }
    assert_string_equal(sb_dtype_name(SB_BF16), "bfloat16");
    assert_true(sb_dtype_is_float(SB_BF16));
    assert_false(sb_dtype_is_float(SB_I64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtype__float16_is_exact),
        cmocka_unit_test(test_dtype__bfloat16_is_the_upper_half),
        cmocka_unit_test(test_dtype__integers_convert_by_sign),
        cmocka_unit_test(test_dtype__double_keeps_what_float_rounds),
        cmocka_unit_test(test_dtype__every_type_has_size_and_name),
    };
    return cmocka_run_group_tests_name("base/dtype", tests, NULL, NULL);
}
