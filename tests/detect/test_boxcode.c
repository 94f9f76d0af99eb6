/* Box decoding: the +1 convention, the limit of log sizes, weights, clipping. */
#include "tests/test.h"

#include "detect/boxcode.h"

#include <math.h>

static void assert_box(struct sb_box b, double ymin, double xmin, double ymax, double xmax)
{
    assert_float_equal(b.ymin, (float)ymin, 1e-3f);
    assert_float_equal(b.xmin, (float)xmin, 1e-3f);
    assert_float_equal(b.ymax, (float)ymax, 1e-3f);
    assert_float_equal(b.xmax, (float)xmax, 1e-3f);
}

static void test_boxcode__zero_deltas_give_the_anchor(void **state)
{
    (void)state;
    const struct sb_box anchor = {10, 20, 41, 83};
    const struct sb_box_delta zero = {0, 0, 0, 0};
    assert_box(sb_box_decode(zero, anchor, NULL), 10, 20, 41, 83);
}

/* Height 41 - 10 + 1 = 32 and width 64: a shift of a quarter height is 8, doubling grows around
 * the centre 26 (with inclusive corners: 26 - 32 .. 26 + 32 - 1). */
static void test_boxcode__measures_anchors_with_inclusive_corners(void **state)
{
    (void)state;
    const struct sb_box anchor = {10, 20, 41, 83};
    assert_box(sb_box_decode((struct sb_box_delta){0.25f, 0, 0, 0}, anchor, NULL), 18, 20, 49, 83);
    assert_box(sb_box_decode((struct sb_box_delta){0, -0.5f, 0, 0}, anchor, NULL), 10, -12, 41, 51);
    const float two = logf(2);
    assert_box(sb_box_decode((struct sb_box_delta){0, 0, two, 0}, anchor, NULL), -6, 20, 57, 83);
    assert_box(sb_box_decode((struct sb_box_delta){0, 0, 0, -two}, anchor, NULL), 10, 36, 41, 67);
}

static void test_boxcode__limits_growth_but_not_shrinking(void **state)
{
    (void)state;
    const struct sb_box anchor = {0, 0, 15, 15}; /* side 16, so the limit is side 1000 */
    const float limit = logf(1000.0f / 16.0f);
    const struct sb_box at = sb_box_decode((struct sb_box_delta){0, 0, limit, limit}, anchor, NULL);
    const struct sb_box beyond = sb_box_decode((struct sb_box_delta){0, 0, 100, 5}, anchor, NULL);
    assert_box(at, 8 - 500, 8 - 500, 8 + 499, 8 + 499);
    assert_box(beyond, 8 - 500, 8 - 500, 8 + 499, 8 + 499);
    const struct sb_box tiny = sb_box_decode((struct sb_box_delta){0, 0, -50, -50}, anchor, NULL);
    assert_box(tiny, 8, 8, 7, 7); /* reversed by one: size 0 with inclusive corners */
}

static void test_boxcode__weights_divide_the_deltas(void **state)
{
    (void)state;
    const double weights[4] = {10, 10, 5, 5};
    const struct sb_box anchor = {10, 20, 41, 83};
    const struct sb_box_delta delta = {2.5f, -5, 5 * logf(2), 0};
    assert_box(sb_box_decode(delta, anchor, weights), 26 + 8 - 32, 20 - 32, 26 + 8 + 31, 83 - 32);
    /* the limit holds for the divided value */
    const struct sb_box_delta large = {0, 0, 4.0f * 5, 0};
    const struct sb_box grown = sb_box_decode(large, (struct sb_box){0, 0, 15, 15}, weights);
    assert_float_equal(grown.ymax - grown.ymin + 1, 16 * expf(4.0f), 1e-2f);
}

static void test_boxcode__clips_to_size_minus_one(void **state)
{
    (void)state;
    const struct sb_box b = {-3, 5, 200, 99.5f};
    assert_box(sb_box_clip(b, 128, 100), 0, 5, 127, 99);
    const struct sb_box outside = {300, -40, 400, -10};
    assert_box(sb_box_clip(outside, 128, 100), 127, 0, 127, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boxcode__zero_deltas_give_the_anchor),
        cmocka_unit_test(test_boxcode__measures_anchors_with_inclusive_corners),
        cmocka_unit_test(test_boxcode__limits_growth_but_not_shrinking),
        cmocka_unit_test(test_boxcode__weights_divide_the_deltas),
        cmocka_unit_test(test_boxcode__clips_to_size_minus_one),
    };
    return cmocka_run_group_tests_name("detect/boxcode", tests, NULL, NULL);
}
