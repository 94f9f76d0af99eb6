/* Anchors: the official arrays bit for bit, level layout, refused settings. */
#include "tests/test.h"

#include "base/mem.h"
#include "detect/anchors.h"
#include "tests/golden_case.h"

#include <string.h>

static void test_anchors__equal_the_official_arrays(void **state)
{
    (void)state;
    static const char *const cases[] = {"mini_retinanet_spinenet49", "retinanet_spinenet49_relu",
                                        "retinanet_resnet50_fpn", "mini_maskrcnn_spinenet49",
                                        "maskrcnn_spinenet49_512"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct golden_case c;
        struct sb_anchors anchors;
        golden_open(&c, cases[i]);
        assert_ok(
            sb_anchors_init(&anchors, &c.model.anchor, c.model.padded_h, c.model.padded_w, &err),
            &err);
        struct sb_npy expected = golden_array(&c, "anchors");
        assert_int_equal(expected.count, anchors.count * 4);
        assert_memory_equal(anchors.boxes, expected.data, anchors.count * sizeof(struct sb_box));
        sb_npy_release(&expected);
        sb_anchors_release(&anchors);
    }
}

static void test_anchors__are_laid_out_by_level(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_anchors anchors;
    const struct sb_anchor_config config = {3, 7, 3, 3, {1.0, 2.0, 0.5}, 3.0};
    assert_ok(sb_anchors_init(&anchors, &config, 640, 384, &err), &err);
    assert_int_equal(anchors.per_cell, 9);
    assert_int_equal(anchors.rows[3], 80);
    assert_int_equal(anchors.columns[7], 3);
    assert_int_equal(anchors.start[3], 0);
    assert_int_equal(anchors.start[4], 80 * 48 * 9);
    assert_int_equal(anchors.count, (80 * 48 + 40 * 24 + 20 * 12 + 10 * 6 + 5 * 3) * 9);
    assert_int_equal(anchors.start[8], anchors.count);
    /* second cell of level 4, fifth anchor: scale 2^(1/3), ratio 2 */
    const struct sb_box b = anchors.boxes[anchors.start[4] + 9 + 4];
    const float side = 48 * 1.2599210498948732f;
    assert_float_equal(b.xmax - b.xmin, side * 1.4142135f, 1e-4f);
    assert_float_equal(b.ymax - b.ymin, side / 1.4142135f, 1e-4f);
    assert_float_equal((b.xmin + b.xmax) / 2, 24, 1e-5f);
    assert_float_equal((b.ymin + b.ymax) / 2, 8, 1e-5f);
    sb_anchors_release(&anchors);
}

static void test_anchors__impossible_settings_are_errors(void **state)
{
    (void)state;
    static const struct {
        struct sb_anchor_config config;
        int h, w;
    } cases[] = {
        {{0, 7, 3, 1, {1.0}, 3.0}, 640, 640},
        {{3, 8, 3, 1, {1.0}, 3.0}, 640, 640},
        {{5, 4, 3, 1, {1.0}, 3.0}, 640, 640},
        {{3, 7, 0, 1, {1.0}, 3.0}, 640, 640},
        {{3, 7, 3, 0, {1.0}, 3.0}, 640, 640},
        {{3, 7, 3, 9, {1.0}, 3.0}, 640, 640},
        {{3, 7, 3, 1, {0.0}, 3.0}, 640, 640},
        {{3, 7, 3, 1, {1.0}, -3.0}, 640, 640},
        {{3, 7, 3, 1, {1.0}, 3.0}, 0, 640},
        {{3, 7, 3, 1, {1.0}, 3.0}, 640, 100},
        {{3, 7, 1 << 30, 8, {1, 1, 1, 1, 1, 1, 1, 1}, 3.0}, 640, 640},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct sb_anchors anchors;
        assert_true(sb_anchors_init(&anchors, &cases[i].config, cases[i].h, cases[i].w, &err) < 0);
        assert_null(anchors.boxes);
        sb_anchors_release(&anchors);
    }
}

static int make_anchors(void *ctx)
{
    (void)ctx;
    struct sb_error err;
    struct sb_anchors anchors;
    const struct sb_anchor_config config = {3, 5, 1, 1, {1.0}, 3.0};
    const int rc = sb_anchors_init(&anchors, &config, 64, 64, &err);
    sb_anchors_release(&anchors);
    return rc;
}

static void test_anchors__survive_out_of_memory(void **state)
{
    (void)state;
    test_every_allocation_fails(make_anchors, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anchors__equal_the_official_arrays),
        cmocka_unit_test(test_anchors__are_laid_out_by_level),
        cmocka_unit_test(test_anchors__impossible_settings_are_errors),
        cmocka_unit_test(test_anchors__survive_out_of_memory),
    };
    return cmocka_run_group_tests_name("detect/anchors", tests, NULL, NULL);
}
