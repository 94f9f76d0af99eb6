/* eval/mask_boundary.c: against the definition, pixel by pixel. */
#include "base/rng.h"
#include "eval/mask_boundary.h"

#include "tests/test.h"

#include <string.h>

#define MAX_SIDE 150

struct picture {
    int h, w;
    uint8_t pixels[MAX_SIDE * MAX_SIDE]; /* row by row */
};

/* Rectangles, holes and specks. */
static void draw_picture(struct picture *p, struct sb_rng *rng)
{
    p->h = 1 + (int)sb_rng_below(rng, MAX_SIDE);
    p->w = 1 + (int)sb_rng_below(rng, MAX_SIDE);
    memset(p->pixels, sb_rng_below(rng, 5) == 0, sizeof(p->pixels));
    for (uint32_t n = sb_rng_below(rng, 7); n > 0; n--) {
        const int y0 = (int)sb_rng_below(rng, (uint32_t)p->h);
        const int x0 = (int)sb_rng_below(rng, (uint32_t)p->w);
        const int dy = (int)sb_rng_below(rng, (uint32_t)p->h);
        const int dx = (int)sb_rng_below(rng, (uint32_t)p->w);
        const uint8_t value = sb_rng_below(rng, 3) > 0;
        for (int y = y0; y < p->h && y <= y0 + dy; y++) {
            for (int x = x0; x < p->w && x <= x0 + dx; x++)
                p->pixels[y * p->w + x] = value;
        }
    }
}

static int pixel(const struct picture *p, int y, int x)
{
    return y >= 0 && y < p->h && x >= 0 && x < p->w && p->pixels[y * p->w + x];
}

/* A pixel of the mask with anything but mask within d rows and columns. */
static int is_boundary(const struct picture *p, int y, int x, int d)
{
    for (int i = y - d; i <= y + d; i++) {
        for (int j = x - d; j <= x + d; j++) {
            if (!pixel(p, i, j))
                return pixel(p, y, x);
        }
    }
    return 0;
}

static void check_picture(const struct picture *p, double ratio,
                          struct sb_boundary_scratch *scratch)
{
    struct sb_error err;
    struct sb_rle mask = {0}, boundary = {0}, expected = {0};
    static struct picture wanted;
    const int d = (int)sb_boundary_width((uint32_t)p->h, (uint32_t)p->w, ratio);
    for (int i = 0; i < p->h * p->w; i++)
        wanted.pixels[i] = (uint8_t)is_boundary(p, i / p->w, i % p->w, d);
    assert_ok(
        sb_rle_from_mask(&mask, (uint32_t)p->h, (uint32_t)p->w, p->pixels, (size_t)p->w, &err),
        &err);
    assert_ok(sb_rle_from_mask(&expected, (uint32_t)p->h, (uint32_t)p->w, wanted.pixels,
                               (size_t)p->w, &err),
              &err);
    assert_ok(sb_mask_boundary(&mask, ratio, &boundary, scratch, &err), &err);
    assert_int_equal(boundary.h, p->h);
    assert_int_equal(boundary.w, p->w);
    assert_int_equal(boundary.count, expected.count);
    assert_memory_equal(boundary.runs, expected.runs, expected.count * sizeof(*expected.runs));
    sb_rle_release(&mask);
    sb_rle_release(&boundary);
    sb_rle_release(&expected);
}

static void test_mask_boundary__is_what_the_definition_says(void **state)
{
    (void)state;
    static struct picture p;
    struct sb_boundary_scratch scratch = {0};
    struct sb_rng rng = sb_rng_seed(3);
    for (int i = 0; i < 400; i++) {
        draw_picture(&p, &rng);
        check_picture(&p, i % 4 ? 0.005 + 0.03 * sb_rng_double(&rng) : 0.02, &scratch);
    }
    sb_boundary_scratch_release(&scratch);
}

static void test_mask_boundary__width_rounds_half_to_even(void **state)
{
    (void)state;
    assert_int_equal(sb_boundary_width(480, 640, 0.02), 16);
    assert_int_equal(sb_boundary_width(3, 4, 0.5), 2); /* 2.5 */
    assert_int_equal(sb_boundary_width(3, 4, 0.7), 4); /* 3.5 */
    assert_int_equal(sb_boundary_width(10, 10, 0.02), 1);
    assert_int_equal(sb_boundary_width(0, 0, 0.02), 1);
}

static void test_mask_boundary__pieces_of_a_stretch_belong_together(void **state)
{
    (void)state;
    struct sb_boundary_scratch scratch = {0};
    struct sb_error err;
    const uint32_t pieces[] = {0, 12, 0, 13}, whole[] = {0, 25};
    const uint32_t sizes[][2] = {{25, 1}, {5, 5}};
    for (size_t i = 0; i < 2; i++) {
        struct sb_rle a = {0}, b = {0}, from_a = {0}, from_b = {0};
        const uint32_t h = sizes[i][0], w = sizes[i][1];
        assert_ok(sb_rle_from_runs(&a, h, w, pieces, 4, &err), &err);
        assert_ok(sb_rle_from_runs(&b, h, w, whole, 2, &err), &err);
        assert_ok(sb_mask_boundary(&a, 0.02, &from_a, &scratch, &err), &err);
        assert_ok(sb_mask_boundary(&b, 0.02, &from_b, &scratch, &err), &err);
        assert_int_equal(from_a.count, from_b.count);
        assert_memory_equal(from_a.runs, from_b.runs, from_b.count * sizeof(*from_b.runs));
        sb_rle_release(&a);
        sb_rle_release(&b);
        sb_rle_release(&from_a);
        sb_rle_release(&from_b);
    }
    sb_boundary_scratch_release(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mask_boundary__is_what_the_definition_says),
        cmocka_unit_test(test_mask_boundary__width_rounds_half_to_even),
        cmocka_unit_test(test_mask_boundary__pieces_of_a_stretch_belong_together),
    };
    return cmocka_run_group_tests_name("eval/mask_boundary", tests, NULL, NULL);
}
