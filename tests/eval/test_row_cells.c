/* Columns come back bit for bit, in as few bits as their values need. */
#include "base/rng.h"
#include "eval/row_cells.h"

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 600

/* Packs cells as two ranks would that have the first `cut` of them and the rest, in place, and
 * compares what comes back. Returns the bits of a cell. */
static unsigned round_trip(enum sb_cell cell, const void *cells, size_t count, size_t cut)
{
    const size_t bytes = sb_cell_bytes(cell);
    char packed[MOST * 8 + SB_BITS_SLACK], back[MOST * 8];
    const struct sb_cell_range ranges[] = {
        sb_cells_measure(cell, cells, cut),
        sb_cells_measure(cell, (const char *)cells + cut * bytes, count - cut)};
    const struct sb_cell_form form = sb_cells_form(cell, ranges, 2);
    assert_true(count <= MOST && form.bits <= 8 * bytes);
    memset(packed, 0x55, sizeof(packed));
    memcpy(packed, cells, count * bytes);
    sb_cells_pack(&form, packed, count, packed);
    sb_cells_unpack(&form, packed, count, back);
    assert_memory_equal(back, cells, count * bytes);
    return form.bits;
}

static void test_row_cells__whole_numbers_take_the_bits_of_their_span(void **state)
{
    (void)state;
    static const int32_t near[] = {1000000, 1000003, 1000007, 1000000};
    static const int32_t far[] = {INT32_MIN, INT32_MAX, 0, -1};
    static const int64_t same[] = {-5, -5, -5, -5};
    static const int64_t wide[] = {INT64_MIN, INT64_MAX, 0, -1};
    static const uint64_t places[] = {UINT64_MAX, 0, 6, 3}; /* UINT64_MAX stands for none */
    static const uint8_t flags[] = {0, 1, 3, 2};
    for (size_t cut = 0; cut <= 4; cut++) {
        assert_int_equal(round_trip(SB_CELL_INT32, near, 4, cut), 3);
        assert_int_equal(round_trip(SB_CELL_INT32, far, 4, cut), 32);
        assert_int_equal(round_trip(SB_CELL_INT64, same, 4, cut), 0);
        assert_int_equal(round_trip(SB_CELL_INT64, wide, 4, cut), 64);
        assert_int_equal(round_trip(SB_CELL_INT64, places, 4, cut), 3);
        assert_int_equal(round_trip(SB_CELL_BYTE, flags, 4, cut), 2);
    }
    assert_int_equal(round_trip(SB_CELL_DOUBLE, far, 0, 0), 0);
}

static void test_row_cells__doubles_take_their_narrowest_form(void **state)
{
    (void)state;
    static const struct {
        double v[4];
        unsigned bits;
    } cases[] = {
        {{0.5, 0.5, 0.5, 0.5}, 0},
        {{1, 2, 3, 8}, 3},
        {{0.01, 0.99, 0.5, 1}, 7},
        {{123.45, 0, -0.5, 639.99}, 16},
        {{0.123456789, 0.1, 1, 0}, 30},
        {{0.1f, 0.2f, 0.3f, 0.7f}, 25},
        {{-0.0, 0, 1, 2}, 32},               /* only floats tell -0 from 0 */
        {{0.1 + 0.2, 0.5, 0.75, 0.625}, 53}, /* bits of doubles of two octaves */
        {{1e300, 5e-324, 0.1, 1}, 63},
        {{NAN, 1, 1, 1}, 31},
        {{INFINITY, -1, 0.1, 1}, 64},
        {{1125899906842623.5, 1125899906842623, 0, 1}, 63}, /* too large for rounding */
        {{1e15, 0.001, 1, 2}, 58},                          /* decimals, but in no common unit */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t cut = 0; cut <= 4; cut++) {
            const unsigned bits = round_trip(SB_CELL_DOUBLE, cases[i].v, 4, cut);
            if (bits != cases[i].bits)
                fail_msg("case %zu takes %u bits, not %u", i, bits, cases[i].bits);
        }
    }
}

/* A number as files have it: with so many decimals; or any. */
static double random_double(struct sb_rng *rng, int decimals)
{
    char text[64];
    const double any = (sb_rng_below(rng, 1u << 30) + sb_rng_below(rng, 1u << 30) * 0x1p-30) /
                       (1 + sb_rng_below(rng, 1u << 30));
    snprintf(text, sizeof(text), "%.*f", decimals, sb_rng_below(rng, 9) ? any : -any);
    return decimals > 12 ? any : strtod(text, NULL);
}

static void test_row_cells__random_doubles_come_back(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(7);
    for (int round = 0; round < 300; round++) {
        double v[MOST];
        const size_t count = 1 + sb_rng_below(&rng, MOST);
        const int decimals = (int)sb_rng_below(&rng, 14);
        for (size_t i = 0; i < count; i++)
            v[i] = random_double(&rng, decimals);
        round_trip(SB_CELL_DOUBLE, v, count, sb_rng_below(&rng, (uint32_t)count + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_cells__whole_numbers_take_the_bits_of_their_span),
        cmocka_unit_test(test_row_cells__doubles_take_their_narrowest_form),
        cmocka_unit_test(test_row_cells__random_doubles_come_back),
    };
    return cmocka_run_group_tests_name("eval/row_cells", tests, NULL, NULL);
}
