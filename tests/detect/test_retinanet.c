/* RetinaNet post-processing: the official final detections from the official head outputs, and the
 * rules that no stored case shows. */
#include "tests/test.h"

#include "base/mem.h"
#include "detect/retinanet.h"
#include "tests/golden_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const golden_cases[] = {
    "mini_retinanet_spinenet49", "mini_retinanet_resnet18_fpn", "mini_retinanet_mobile49xs",
    "retinanet_spinenet49_relu", "retinanet_spinenet49s_swish", "retinanet_spinenet143_swish",
    "retinanet_resnet50_fpn",    "retinanet_resnet50_nasfpn",
};

static void load_levels(const struct golden_case *c, struct sb_head_level levels[SB_LEVEL_COUNT])
{
    for (int level = c->model.anchor.min_level; level <= c->model.anchor.max_level; level++) {
        char name[32];
        snprintf(name, sizeof(name), "class_p%d", level);
        levels[level].class_logits = golden_planar(c, name);
        snprintf(name, sizeof(name), "box_p%d", level);
        levels[level].box_deltas = golden_planar(c, name);
    }
}

static void free_levels(struct sb_head_level levels[SB_LEVEL_COUNT])
{
    for (int level = 0; level < SB_LEVEL_COUNT; level++) {
        sb_free((void *)(uintptr_t)levels[level].class_logits);
        sb_free((void *)(uintptr_t)levels[level].box_deltas);
    }
}

static void assert_detections(const struct golden_case *c, const struct sb_scored_box *dets,
                              size_t count)
{
    struct sb_npy boxes = golden_array(c, "detection_boxes");
    struct sb_npy scores = golden_array(c, "detection_scores");
    struct sb_npy classes = golden_array(c, "detection_classes");
    struct sb_npy valid = golden_array(c, "num_detections");
    assert_int_equal(count, ((const int32_t *)valid.data)[0]);
    float our_boxes[400], our_scores[100];
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(dets[i].class_id, ((const int32_t *)classes.data)[i]);
        memcpy(our_boxes + 4 * i, &dets[i].box, sizeof(dets[i].box));
        our_scores[i] = dets[i].score;
    }
    golden_assert_close("boxes", our_boxes, boxes.data, 400, 4e-5);
    golden_assert_close("scores", our_scores, scores.data, 100, 5e-7);
    sb_npy_release(&boxes);
    sb_npy_release(&scores);
    sb_npy_release(&classes);
    sb_npy_release(&valid);
}

static void run_case(const char *name)
{
    struct sb_error err;
    struct golden_case c;
    struct sb_head_level levels[SB_LEVEL_COUNT] = {{NULL, NULL}};
    golden_open(&c, name);
    load_levels(&c, levels);
    struct sb_retinanet r;
    assert_ok(sb_retinanet_init(&r, &c.model, 0.0, &err), &err);
    struct sb_scored_box dets[100];
    for (int repeat = 0; repeat < 2; repeat++) { /* nothing is left over from the image before */
        const size_t count = sb_retinanet_detect(&r, levels, dets);
        sb_retinanet_fill(&r, levels, dets, count);
        assert_detections(&c, dets, count);
    }
    sb_retinanet_release(&r);
    free_levels(levels);
}

static void test_retinanet__gives_the_official_detections(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(golden_cases) / sizeof(golden_cases[0]); i++) {
        print_message("%s\n", golden_cases[i]);
        run_case(golden_cases[i]);
    }
}

/* A model of one level, one anchor per cell, 3 classes, on a 4 x 4 grid of stride 32. */
#define CELLS   16
#define CLASSES 3

struct toy {
    struct sb_model model;
    float logits[CLASSES * CELLS];
    float deltas[4 * CELLS];
    struct sb_head_level levels[SB_LEVEL_COUNT];
};

static void toy_init(struct toy *t)
{
    memset(t, 0, sizeof(*t));
    t->model.image_h = t->model.image_w = t->model.padded_h = t->model.padded_w = 128;
    t->model.num_classes = CLASSES;
    t->model.anchor = (struct sb_anchor_config){5, 5, 1, 1, {1.0}, 1.0};
    t->model.postprocess = (struct sb_postprocess_config){5000, 100, 0.5, 0.05};
    for (int i = 0; i < CLASSES * CELLS; i++)
        t->logits[i] = -20;
    t->levels[5] = (struct sb_head_level){t->logits, t->deltas};
}

static size_t toy_run(struct toy *t, struct sb_scored_box dets[100])
{
    struct sb_error err;
    struct sb_retinanet r;
    assert_ok(sb_retinanet_init(&r, &t->model, 0.0, &err), &err);
    const size_t count = sb_retinanet_detect(&r, t->levels, dets);
    sb_retinanet_fill(&r, t->levels, dets, count);
    sb_retinanet_release(&r);
    return count;
}

static void test_retinanet__drops_background_and_low_scores(void **state)
{
    (void)state;
    struct toy t;
    struct sb_scored_box dets[100];
    toy_init(&t);
    t.logits[0 * CELLS + 3] = 5; /* class 0 */
    const float at_threshold = logf(0.05f / 0.95f);
    t.logits[1 * CELLS + 4] = at_threshold - 1e-4f;
    t.logits[1 * CELLS + 5] = at_threshold + 1e-4f;
    t.logits[2 * CELLS + 6] = NAN;
    assert_int_equal(toy_run(&t, dets), 1);
    assert_int_equal(dets[0].class_id, 1);
    assert_true(dets[0].score > 0.05f && dets[0].score < 0.0501f);
}

/* Boxes are clipped to the output size, not to the padded input. */
static void test_retinanet__clips_to_the_output_size(void **state)
{
    (void)state;
    struct toy t;
    struct sb_scored_box dets[100];
    toy_init(&t);
    t.model.image_h = 100;
    t.model.image_w = 110;
    t.logits[1 * CELLS + 15] = 3;
    t.deltas[2 * CELLS + 15] = t.deltas[3 * CELLS + 15] = 1;
    assert_int_equal(toy_run(&t, dets), 1);
    assert_true(dets[0].box.ymax == 99.0f);
    assert_true(dets[0].box.xmax == 109.0f);
}

/* Rows past the valid count: score -1, class 1, the box of class 1's best candidate. */
static void test_retinanet__fills_with_the_best_box_of_class_one(void **state)
{
    (void)state;
    struct toy t;
    struct sb_scored_box dets[100];
    toy_init(&t);
    t.logits[1 * CELLS + 9] = -10; /* far below the threshold, but the best of class 1 */
    t.logits[2 * CELLS + 2] = 2;
    assert_int_equal(toy_run(&t, dets), 1);
    assert_int_equal(dets[0].class_id, 2);
    for (int i = 1; i < 100; i++) {
        assert_int_equal(dets[i].class_id, 1);
        assert_true(dets[i].score == -1.0f);
        assert_true(dets[i].box.ymin > 60 && dets[i].box.ymax < 98); /* row 2 of cells */
    }
}

/* Equal scores: the lower class first, then the lower row. */
static void test_retinanet__ties_go_to_the_lower_class_then_row(void **state)
{
    (void)state;
    struct toy t;
    struct sb_scored_box dets[100];
    toy_init(&t);
    for (int i = 0; i < CELLS; i++)
        t.logits[1 * CELLS + i] = t.logits[2 * CELLS + i] = 1;
    assert_int_equal(toy_run(&t, dets), 2 * CELLS);
    for (int i = 0; i < 2 * CELLS; i++) {
        assert_int_equal(dets[i].class_id, i < CELLS ? 1 : 2);
        assert_true(dets[i].box.xmin <= (float)(i % 4 * 32 + 16));
        assert_true(dets[i].box.xmax >= (float)(i % 4 * 32 + 14));
    }
    t.model.postprocess.max_detections = 20;
    assert_int_equal(toy_run(&t, dets), 20); /* 16 of class 1, then 4 of class 2 */
    assert_int_equal(dets[15].class_id, 1);
    assert_int_equal(dets[19].class_id, 2);
}

/* Only the best pre_nms_top_k of a class take part, even when NMS leaves few of them. */
static void test_retinanet__limits_candidates_per_class(void **state)
{
    (void)state;
    struct toy t;
    struct sb_scored_box dets[100];
    toy_init(&t);
    for (int i = 0; i < CELLS; i++)
        t.logits[1 * CELLS + i] = 1.0f + (float)i * 0.01f;
    t.logits[2 * CELLS] = 0;
    t.model.postprocess.pre_nms_top_k = 5;
    assert_int_equal(toy_run(&t, dets), 6);
    assert_true(dets[0].score > dets[4].score);
    assert_true(dets[0].box.ymin > 90 && dets[0].box.xmin > 90); /* the last cell */
    assert_int_equal(dets[5].class_id, 2);
}

static void test_retinanet__impossible_settings_are_errors(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_retinanet r;
    struct toy t;
    toy_init(&t);
    t.model.num_classes = 1;
    assert_int_equal(sb_retinanet_init(&r, &t.model, 0.0, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "expected at least 2");
    toy_init(&t);
    t.model.postprocess.max_detections = 0;
    assert_int_equal(sb_retinanet_init(&r, &t.model, 0.0, &err), SB_EINVAL);
    toy_init(&t);
    t.model.postprocess.nms_threshold = NAN;
    assert_int_equal(sb_retinanet_init(&r, &t.model, 0.0, &err), SB_EINVAL);
    toy_init(&t);
    t.model.padded_w = 100;
    assert_int_equal(sb_retinanet_init(&r, &t.model, 0.0, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "multiples of 32");
}

static int detect_once(void *ctx)
{
    struct toy *t = ctx;
    struct sb_error err;
    struct sb_retinanet r;
    struct sb_scored_box dets[100];
    const int rc = sb_retinanet_init(&r, &t->model, 0.0, &err);
    if (rc == 0)
        sb_retinanet_detect(&r, t->levels, dets);
    sb_retinanet_release(&r);
    return rc;
}

static void test_retinanet__survives_out_of_memory(void **state)
{
    (void)state;
    struct toy t;
    toy_init(&t);
    for (int i = 0; i < CELLS; i++)
        t.logits[1 * CELLS + i] = 1;
    test_every_allocation_fails(detect_once, &t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retinanet__gives_the_official_detections),
        cmocka_unit_test(test_retinanet__drops_background_and_low_scores),
        cmocka_unit_test(test_retinanet__clips_to_the_output_size),
        cmocka_unit_test(test_retinanet__fills_with_the_best_box_of_class_one),
        cmocka_unit_test(test_retinanet__ties_go_to_the_lower_class_then_row),
        cmocka_unit_test(test_retinanet__limits_candidates_per_class),
        cmocka_unit_test(test_retinanet__impossible_settings_are_errors),
        cmocka_unit_test(test_retinanet__survives_out_of_memory),
    };
    return cmocka_run_group_tests_name("detect/retinanet", tests, NULL, NULL);
}
