/* Numbers of any width come back from their bits. */
#include "base/bit_stream.h"
#include "base/rng.h"

#include "tests/test.h"

#define COUNT 5000

static unsigned width(struct sb_rng *rng)
{
    return sb_rng_below(rng, 65);
}

static uint64_t value(struct sb_rng *rng, unsigned bits)
{
    const uint64_t random = sb_rng_mix(sb_rng_below(rng, UINT32_MAX));
    return bits > 0 ? random >> (64 - bits) : 0;
}

static void test_bit_stream__numbers_of_any_width_come_back(void **state)
{
    (void)state;
    static char bytes[COUNT * 8 + SB_BITS_SLACK];
    struct sb_bits out = {.at = bytes};
    struct sb_bit_reader in = {.at = bytes};
    struct sb_rng rng = sb_rng_seed(1), again = sb_rng_seed(1);
    size_t bits = 0;
    for (int i = 0; i < COUNT; i++) {
        const unsigned w = width(&rng);
        sb_bits_put(&out, value(&rng, w), w);
        bits += w;
    }
    sb_bits_flush(&out);
    assert_int_equal(out.at - bytes, (bits + 7) / 8);
    for (int i = 0; i < COUNT; i++) {
        const unsigned w = width(&again);
        assert_true(sb_bits_get(&in, w) == value(&again, w));
    }
}

static void test_bit_stream__bytes_are_counted(void **state)
{
    (void)state;
    static const size_t cases[][3] = {{0, 64, 0},  {1, 0, 0},    {1, 1, 1},   {8, 1, 1},
                                      {9, 1, 2},   {3, 17, 7},   {7, 64, 56}, {10, 57, 72},
                                      {16, 5, 10}, {17, 58, 124}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(sb_bits_bytes(cases[i][0], (unsigned)cases[i][1]), cases[i][2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bit_stream__numbers_of_any_width_come_back),
        cmocka_unit_test(test_bit_stream__bytes_are_counted),
    };
    return cmocka_run_group_tests_name("base/bit_stream", tests, NULL, NULL);
}
