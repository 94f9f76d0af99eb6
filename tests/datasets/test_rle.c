/* datasets/rle.c, rle_polygon.c: known strings, invariants, and polygons against a direct walk. */
#include "base/mem.h"
#include "base/rng.h"
#include "datasets/rle.h"

#include "tests/datasets/support_polygon.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_runs(const struct sb_rle *rle, const uint32_t *runs, size_t count)
{
    assert_int_equal(rle->count, count);
    assert_memory_equal(rle->runs, runs, count * sizeof(*runs));
}

static void test_rle__text_known_case(void **state)
{
    (void)state;
    static const uint32_t runs[] = {6, 1, 40, 4, 5, 4, 5, 4, 21};
    struct sb_error err;
    struct sb_rle rle = {0};
    struct sb_str text = SB_STR_INIT;
    assert_ok(sb_rle_from_text(&rle, 9, 10, "61X13mN000`0", 12, &err), &err);
    assert_runs(&rle, runs, 9);
    assert_int_equal(sb_rle_area(&rle), 13);
    sb_rle_to_text(&rle, &text);
    assert_string_equal(sb_str_text(&text), "61X13mN000`0");
    sb_str_release(&text);
    sb_rle_release(&rle);
}

static void test_rle__bad_text_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "sum to 0 pixels, expected 9 x 10 = 90"},
        {"61X13mN000`", "its end inside a number"},
        {"61X13mN000_0", "sum to"},
        {"61X1/mN000`0", "no part of a run-length code at character 4 ('/mN000`0')"},
        {"61X13mN000`0\x7f", "no part of a run-length code"},
        {"oooooooo1", "a number that is too long"},
        {"ooooooo1", "a run beyond the mask"},
        {"OO", "a negative run"},
        {"61X13mN000`06", "sum to"},
    };
    struct sb_rle rle = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        assert_int_equal(sb_rle_from_text(&rle, 9, 10, cases[i].text, strlen(cases[i].text), &err),
                         SB_EFORMAT);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s: %s", cases[i].text, err.message);
    }
    struct sb_error err;
    assert_int_equal(sb_rle_from_text(&rle, 65536, 65536, "0", 1, &err), SB_EFORMAT);
    assert_non_null(strstr(err.message, "too large"));
    sb_rle_release(&rle);
}

static void random_mask(uint8_t *mask, size_t size, struct sb_rng *rng)
{
    for (size_t i = 0; i < size; i++)
        mask[i] = i > 0 && sb_rng_below(rng, 3) ? mask[i - 1] : (uint8_t)sb_rng_below(rng, 2);
}

static void test_rle__mask_text_mask_round_trip(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(5);
    struct sb_rle rle = {0}, back = {0};
    struct sb_error err;
    for (int i = 0; i < 300; i++) {
        uint8_t mask[32 * 40], again[32 * 40];
        const uint32_t h = 1 + sb_rng_below(&rng, 32), w = 1 + sb_rng_below(&rng, 40);
        struct sb_str text = SB_STR_INIT;
        random_mask(mask, sizeof(mask), &rng);
        memcpy(again, mask, sizeof(mask));
        assert_ok(sb_rle_from_mask(&rle, h, w, mask, 40, &err), &err);
        sb_rle_to_text(&rle, &text);
        assert_ok(sb_rle_from_text(&back, h, w, text.data, text.length, &err), &err);
        assert_runs(&back, rle.runs, rle.count);
        sb_rle_to_mask(&back, again, 40);
        assert_memory_equal(mask, again, sizeof(mask));
        sb_str_release(&text);
    }
    sb_rle_release(&rle);
    sb_rle_release(&back);
}

/* Area, box and merge against counting pixels. */
static void test_rle__area_box_merge_count_pixels(void **state)
{
    (void)state;
    enum { H = 7, W = 9 };
    struct sb_rng rng = sb_rng_seed(6);
    struct sb_rle a = {0}, b = {0};
    struct sb_rle_scratch scratch = {0};
    struct sb_error err;
    for (int n = 0; n < 500; n++) {
        uint8_t ma[H * W], mb[H * W], merged[H * W];
        random_mask(ma, sizeof(ma), &rng);
        random_mask(mb, sizeof(mb), &rng);
        const bool intersect = n & 1;
        assert_ok(sb_rle_from_mask(&a, H, W, ma, W, &err), &err);
        assert_ok(sb_rle_from_mask(&b, H, W, mb, W, &err), &err);
        assert_ok(sb_rle_merge(&a, &b, intersect, &scratch, &err), &err);
        sb_rle_to_mask(&a, merged, W);
        uint32_t area = 0, x0 = W, y0 = H, x1 = 0, y1 = 0;
        for (uint32_t i = 0; i < H * W; i++) {
            assert_int_equal(merged[i], intersect ? ma[i] && mb[i] : ma[i] || mb[i]);
            if (!merged[i])
                continue;
            area++;
            x0 = i % W < x0 ? i % W : x0;
            x1 = i % W > x1 ? i % W : x1;
            y0 = i / W < y0 ? i / W : y0;
            y1 = i / W > y1 ? i / W : y1;
        }
        double box[4];
        sb_rle_box(&a, box);
        assert_int_equal(sb_rle_area(&a), area);
        assert_true(area == 0 || (box[0] == x0 && box[1] == y0 && box[2] == x1 - x0 + 1 &&
                                  box[3] == y1 - y0 + 1));
    }
    sb_rle_release(&a);
    sb_rle_release(&b);
    sb_rle_scratch_release(&scratch);
}

static void check_polygon(const double *xy, size_t points, uint32_t h, uint32_t w,
                          struct sb_rle_scratch *scratch)
{
    struct sb_rle rle = {0};
    struct sb_error err;
    assert_ok(sb_rle_from_polygon(&rle, h, w, xy, points, scratch, &err), &err);
    assert_true(test_polygon_matches_walk(&rle, xy, points));
    sb_rle_release(&rle);
}

static void test_rle__polygon_equals_walk(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(7);
    struct sb_rle_scratch scratch = {0};
    for (int n = 0; n < 4000; n++) {
        double xy[24];
        const size_t points = 1 + sb_rng_below(&rng, 12);
        const double scale = n % 3 ? 30 : 90;
        for (size_t i = 0; i < 2 * points; i++) {
            const double v = scale * sb_rng_double(&rng) - scale / 5;
            xy[i] = n % 4 == 0 ? floor(v) : n % 4 == 1 ? floor(v * 10) / 10 : v;
        }
        check_polygon(xy, points, 1 + sb_rng_below(&rng, 40), 1 + sb_rng_below(&rng, 40), &scratch);
    }
    sb_rle_scratch_release(&scratch);
}

static void test_rle__polygon_out_of_range_is_refused(void **state)
{
    (void)state;
    struct sb_rle rle = {0};
    struct sb_rle_scratch scratch = {0};
    struct sb_error err;
    const double far[] = {0, 0, 1e9, 0, 5, 5}, not_a_number[] = {0, 0, 4, NAN, 5, 5};
    assert_int_equal(sb_rle_from_polygon(&rle, 9, 9, far, 3, &scratch, &err), SB_EFORMAT);
    assert_non_null(strstr(err.message, "(1e+09, 0) is out of range"));
    assert_int_equal(sb_rle_from_polygon(&rle, 9, 9, not_a_number, 3, &scratch, &err), SB_EFORMAT);
    assert_ok(sb_rle_from_polygon(&rle, 9, 9, far, 0, &scratch, &err), &err);
    assert_int_equal(sb_rle_area(&rle), 0);
    assert_ok(sb_rle_from_polygon(&rle, 0, 9, not_a_number, 1, &scratch, &err), &err);
    sb_rle_release(&rle);
    sb_rle_scratch_release(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rle__text_known_case),
        cmocka_unit_test(test_rle__bad_text_is_refused),
        cmocka_unit_test(test_rle__mask_text_mask_round_trip),
        cmocka_unit_test(test_rle__area_box_merge_count_pixels),
        cmocka_unit_test(test_rle__polygon_equals_walk),
        cmocka_unit_test(test_rle__polygon_out_of_range_is_refused),
    };
    return cmocka_run_group_tests_name("datasets/rle", tests, NULL, NULL);
}
