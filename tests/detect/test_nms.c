/* Top k and NMS: order, equality at the threshold, reversed boxes, the grid against plain loops. */
#include "tests/test.h"

#include "base/mem.h"
#include "base/rng.h"
#include "detect/nms.h"

#include <math.h>
#include <string.h>

#define MANY 3000

static struct sb_nms_options hard(float iou_threshold)
{
    const struct sb_nms_options options = {iou_threshold, 0.05f, MANY, 0.0f, true};
    return options;
}

static size_t run(const struct sb_box *boxes, const struct sb_candidate *candidates, size_t n,
                  struct sb_nms_options options, struct sb_candidate *kept)
{
    void *workspace = sb_malloc(sb_nms_bytes(n, &options), 0); /* exact: sanitizers see excess */
    const size_t count = sb_nms(boxes, candidates, n, &options, workspace, kept);
    sb_free(workspace);
    return count;
}

static void test_topk__is_a_stable_descending_order(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(1);
    for (int round = 0; round < 400; round++) {
        struct sb_candidate all[300], sorted[300];
        const size_t n = 1 + sb_rng_below(&rng, 300), k = sb_rng_below(&rng, 320);
        const uint32_t values = 1 + sb_rng_below(&rng, 40); /* few values: many ties */
        for (size_t i = 0; i < n; i++)
            all[i] = (struct sb_candidate){(float)sb_rng_below(&rng, values), (int32_t)i};
        for (size_t i = 0; i < n; i++) { /* insertion sort, stable */
            size_t at = i;
            for (; at > 0 && sorted[at - 1].score < all[i].score; at--)
                sorted[at] = sorted[at - 1];
            sorted[at] = all[i];
        }
        const size_t kept = sb_top_k(all, n, k);
        assert_int_equal(kept, k < n ? k : n);
        assert_memory_equal(all, sorted, kept * sizeof(all[0]));
    }
}

static void test_iou__of_known_boxes(void **state)
{
    (void)state;
    const struct sb_box a = {0, 0, 10, 10};
    assert_true(sb_iou(a, a) == 1.0f);
    assert_true(sb_iou(a, (struct sb_box){0, 5, 10, 15}) == 50.0f / 150.0f);
    assert_true(sb_iou(a, (struct sb_box){0, 10, 10, 20}) == 0.0f);
    assert_true(sb_iou(a, (struct sb_box){5, 5, 5, 5}) == 0.0f);
    assert_true(sb_iou((struct sb_box){5, 5, 5, 5}, (struct sb_box){5, 5, 5, 5}) == 0.0f);
    assert_true(sb_iou(a, (struct sb_box){10, 10, 0, 0}) == 0.0f);
}

/* IoU exactly at the threshold suppresses; just below it does not. */
static void test_nms__suppresses_at_equality(void **state)
{
    (void)state;
    const struct sb_box boxes[2] = {{0, 0, 10, 10}, {0, 0, 10, 5}};
    const struct sb_candidate candidates[2] = {{0.9f, 0}, {0.8f, 1}};
    struct sb_candidate kept[2];
    assert_int_equal(run(boxes, candidates, 2, hard(0.5f), kept), 1);
    assert_int_equal(run(boxes, candidates, 2, hard(nextafterf(0.5f, 1)), kept), 2);
    const struct sb_box sevenths[2] = {{0, 0, 10, 10}, {0, 0, 7, 10}};
    assert_int_equal(run(sevenths, candidates, 2, hard(0.7f), kept), 1);
}

static void test_nms__score_threshold_is_strict(void **state)
{
    (void)state;
    const struct sb_box boxes[2] = {{0, 0, 10, 10}, {50, 50, 60, 60}};
    struct sb_candidate candidates[2] = {{0.9f, 0}, {0.05f, 1}}, kept[2];
    assert_int_equal(run(boxes, candidates, 2, hard(0.5f), kept), 1);
    candidates[1].score = nextafterf(0.05f, 1);
    assert_int_equal(run(boxes, candidates, 2, hard(0.5f), kept), 2);
}

static void test_nms__equal_scores_keep_the_lower_index(void **state)
{
    (void)state;
    const struct sb_box boxes[3] = {{0, 0, 10, 10}, {0, 0, 10, 11}, {0, 0, 10, 9}};
    struct sb_candidate candidates[3] = {{0.5f, 2}, {0.5f, 0}, {0.5f, 1}}, kept[3];
    const size_t n = sb_top_k(candidates, 3, 3);
    assert_int_equal(run(boxes, candidates, n, hard(0.5f), kept), 1);
    assert_int_equal(kept[0].index, 0);
}

static void test_nms__stops_at_max_output(void **state)
{
    (void)state;
    struct sb_box boxes[100];
    struct sb_candidate candidates[100], kept[100];
    for (int i = 0; i < 100; i++) {
        boxes[i] = (struct sb_box){0, (float)i * 10, 5, (float)i * 10 + 5};
        candidates[i] = (struct sb_candidate){1.0f - (float)i * 0.001f, i};
    }
    struct sb_nms_options options = hard(0.5f);
    options.max_output = 7;
    assert_int_equal(run(boxes, candidates, 100, options, kept), 7);
    assert_int_equal(kept[6].index, 6);
}

/* A reversed box counts with sorted corners in one routine and as empty in the other. */
static void test_nms__reversed_boxes(void **state)
{
    (void)state;
    const struct sb_box boxes[2] = {{0, 0, 10, 10}, {10, 10, 0, 0}};
    const struct sb_candidate candidates[2] = {{0.9f, 0}, {0.8f, 1}};
    struct sb_candidate kept[2];
    struct sb_nms_options options = hard(0.5f);
    assert_int_equal(run(boxes, candidates, 2, options, kept), 1);
    options.sort_corners = false;
    assert_int_equal(run(boxes, candidates, 2, options, kept), 2);
}

/* What NMS is, without a grid. */
static size_t plain_hard(const struct sb_box *boxes, const struct sb_candidate *c, size_t n,
                         float threshold, struct sb_candidate *kept)
{
    size_t count = 0;
    for (size_t i = 0; i < n && c[i].score > 0.05f; i++) {
        bool keep = true;
        for (size_t j = 0; j < count && keep; j++)
            keep = sb_iou(boxes[c[i].index], boxes[kept[j].index]) < threshold;
        if (keep)
            kept[count++] = c[i];
    }
    return count;
}

/* Soft NMS from its definition: lower all remaining scores after each kept box. */
static size_t plain_soft(const struct sb_box *boxes, const struct sb_candidate *c, size_t n,
                         float sigma, struct sb_candidate *kept)
{
    struct sb_candidate rest[MANY];
    size_t count = 0;
    memcpy(rest, c, n * sizeof(*c));
    for (size_t round = 0; round < n; round++) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            if (rest[i].score > rest[best].score)
                best = i;
        if (!(rest[best].score > 0.05f))
            break;
        kept[count++] = rest[best];
        rest[best].score = -1;
        for (size_t i = 0; i < n; i++) {
            const float iou = sb_iou(boxes[rest[i].index], boxes[kept[count - 1].index]);
            rest[i].score *= rest[i].score > 0 ? expf(-iou * iou / (2 * sigma)) : 1;
        }
    }
    return count;
}

/* Random boxes of many sizes, crowded so that most overlap something; integer corners give exact
 * ties of IoU and score. */
static void crowd(struct sb_rng *rng, struct sb_box *boxes, struct sb_candidate *c, size_t n,
                  bool integers)
{
    for (size_t i = 0; i < n; i++) {
        const double h = 2 + 60 * sb_rng_double(rng) * sb_rng_double(rng);
        const double w = 2 + 60 * sb_rng_double(rng) * sb_rng_double(rng);
        const double y = 200 * sb_rng_double(rng), x = 200 * sb_rng_double(rng);
        boxes[i] = (struct sb_box){(float)y, (float)x, (float)(y + h), (float)(x + w)};
        if (integers)
            boxes[i] = (struct sb_box){floorf(boxes[i].ymin), floorf(boxes[i].xmin),
                                       floorf(boxes[i].ymax), floorf(boxes[i].xmax)};
        c[i] = (struct sb_candidate){(float)sb_rng_below(rng, 500) / 500.0f, (int32_t)i};
    }
    sb_top_k(c, n, n);
}

static void test_nms__grid_equals_plain_loops(void **state)
{
    (void)state;
    static struct sb_box boxes[MANY];
    static struct sb_candidate c[MANY], ours[MANY], plain[MANY];
    static const float thresholds[] = {0.0f, 0.3f, 0.5f, 0.6f, 0.7f, 1.0f};
    struct sb_rng rng = sb_rng_seed(3);
    for (int round = 0; round < 24; round++) {
        const size_t n = round % 4 ? 40 + sb_rng_below(&rng, 400) : 2000;
        crowd(&rng, boxes, c, n, round % 2 == 0);
        const float threshold = thresholds[round % 6];
        const size_t a = run(boxes, c, n, hard(threshold), ours);
        const size_t b = plain_hard(boxes, c, n, threshold, plain);
        assert_int_equal(a, b);
        assert_memory_equal(ours, plain, a * sizeof(ours[0]));
    }
}

static void test_nms__soft_equals_its_definition(void **state)
{
    (void)state;
    static struct sb_box boxes[MANY];
    static struct sb_candidate c[MANY], ours[MANY], plain[MANY];
    struct sb_rng rng = sb_rng_seed(4);
    for (int round = 0; round < 10; round++) {
        const size_t n = 20 + sb_rng_below(&rng, 200);
        crowd(&rng, boxes, c, n, false);
        struct sb_nms_options options = hard(0.5f);
        options.soft_sigma = 0.5f;
        const size_t a = run(boxes, c, n, options, ours);
        const size_t b = plain_soft(boxes, c, n, 0.5f, plain);
        assert_int_equal(a, b);
        for (size_t i = 0; i < a; i++) /* products in another order */
            assert_float_equal(ours[i].score, plain[i].score, 2e-6f);
    }
}

static void test_nms__values_that_are_no_numbers_do_no_harm(void **state)
{
    (void)state;
    struct sb_box boxes[100];
    struct sb_candidate candidates[100], kept[100];
    for (int i = 0; i < 100; i++) {
        boxes[i] = (struct sb_box){NAN, i % 2 ? INFINITY : 0, 5, i % 3 ? NAN : -INFINITY};
        candidates[i] = (struct sb_candidate){1.0f - (float)i * 0.001f, i};
    }
    assert_true(run(boxes, candidates, 100, hard(0.5f), kept) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topk__is_a_stable_descending_order),
        cmocka_unit_test(test_iou__of_known_boxes),
        cmocka_unit_test(test_nms__suppresses_at_equality),
        cmocka_unit_test(test_nms__score_threshold_is_strict),
        cmocka_unit_test(test_nms__equal_scores_keep_the_lower_index),
        cmocka_unit_test(test_nms__stops_at_max_output),
        cmocka_unit_test(test_nms__reversed_boxes),
        cmocka_unit_test(test_nms__grid_equals_plain_loops),
        cmocka_unit_test(test_nms__soft_equals_its_definition),
        cmocka_unit_test(test_nms__values_that_are_no_numbers_do_no_harm),
    };
    return cmocka_run_group_tests_name("detect/nms", tests, NULL, NULL);
}
