/* Mask R-CNN's selections: official proposals, detections and pasted masks from the official
 * arrays, through the engine's callbacks, and the rules that no stored case shows. */
#include "tests/test.h"

#include "base/json.h"
#include "base/mem.h"
#include "datasets/rle.h"
#include "detect/mask_paste.h"
#include "detect/maskrcnn.h"
#include "detect/region_ops.h"
#include "tests/golden_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const golden_cases[] = {"mini_maskrcnn_spinenet49", "maskrcnn_spinenet49",
                                           "maskrcnn_spinenet49_512"};
#define NUM_CASES (sizeof(golden_cases) / sizeof(golden_cases[0]))

#define MAX_ROWS 200

/* Runs a region op as the engine does, with a workspace of exactly the size asked for. */
static int run_op(const struct sb_region_op *op, struct sb_region_call *call, struct sb_error *err)
{
    const float *const *inputs = call->inputs;
    call->inputs = NULL;
    const size_t bytes = op->workspace_bytes(call);
    call->inputs = inputs;
    call->workspace = sb_malloc(bytes, 0);
    const int rc = op->run(call, err);
    sb_free(call->workspace);
    return rc;
}

static struct sb_region_params params_of(const struct golden_case *c)
{
    struct sb_region_params p;
    memset(&p, 0, sizeof(p));
    p.min_level = c->model.anchor.min_level;
    p.max_level = c->model.anchor.max_level;
    p.image_h = c->model.image_h;
    p.image_w = c->model.image_w;
    p.anchor_scales = c->model.anchor.num_scales;
    p.num_ratios = c->model.anchor.num_ratios;
    p.anchor_size = c->model.anchor.anchor_size;
    memcpy(p.aspect_ratios, c->model.anchor.aspect_ratios, sizeof(p.aspect_ratios));
    return p;
}

static void test_proposals__equal_the_official_ones(void **state)
{
    (void)state;
    for (size_t k = 0; k < NUM_CASES; k++) {
        struct golden_case c;
        golden_open(&c, golden_cases[k]);
        const int levels = c.model.anchor.max_level - c.model.anchor.min_level + 1;
        float *inputs[10];
        struct sb_shape shapes[10];
        for (int i = 0; i < levels; i++) {
            char name[32];
            const int level = c.model.anchor.min_level + i;
            snprintf(name, sizeof(name), "rpn_score_p%d", level);
            inputs[i] = golden_planar(&c, name);
            snprintf(name, sizeof(name), "rpn_box_p%d", level);
            inputs[levels + i] = golden_planar(&c, name);
            shapes[i] =
                (struct sb_shape){1, 3, c.model.padded_h >> level, c.model.padded_w >> level};
            shapes[levels + i] = shapes[i];
            shapes[levels + i].c = 12;
        }
        struct sb_region_params params = params_of(&c);
        struct sb_npy boxes = golden_array(&c, "roi_boxes");
        struct sb_npy scores = golden_array(&c, "roi_scores");
        params.pre_nms_top_k = c.rpn_pre_nms_top_k;
        params.post_nms_top_k = c.rpn_post_nms_top_k;
        params.nms_threshold = c.rpn_nms_threshold;
        struct sb_proposal out[MAX_ROWS];
        const int rows = c.rpn_post_nms_top_k;
        assert_int_equal(boxes.count, rows * 4);
        struct sb_region_call call = {.params = &params,
                                      .input_shapes = shapes,
                                      .num_inputs = 2 * levels,
                                      .output_shape = {rows, 5, 1, 1},
                                      .inputs = (const float *const *)inputs,
                                      .output = (float *)out};
        struct sb_error err;
        assert_ok(run_op(&sb_detect_region_ops.proposals, &call, &err), &err);
        float our_boxes[MAX_ROWS * 4], our_scores[MAX_ROWS];
        for (int i = 0; i < rows; i++) {
            memcpy(our_boxes + 4 * i, &out[i].box, sizeof(out[i].box));
            our_scores[i] = out[i].score;
        }
        golden_assert_close("proposals", our_boxes, boxes.data, boxes.count, 1e-4);
        golden_assert_close("their scores", our_scores, scores.data, scores.count, 5e-7);
        for (int i = 0; i < 2 * levels; i++)
            sb_free(inputs[i]);
        sb_npy_release(&boxes);
        sb_npy_release(&scores);
    }
}

/* Rows of the official proposals as the engine passes them. */
static void load_proposals(const struct golden_case *c, struct sb_proposal *out)
{
    struct sb_npy boxes = golden_array(c, "roi_boxes");
    struct sb_npy scores = golden_array(c, "roi_scores");
    assert_true(scores.count <= MAX_ROWS);
    for (size_t i = 0; i < scores.count; i++) {
        memcpy(&out[i].box, (float *)boxes.data + 4 * i, sizeof(out[i].box));
        out[i].score = ((float *)scores.data)[i];
    }
    sb_npy_release(&boxes);
    sb_npy_release(&scores);
}

static void softmax(float *values, size_t n)
{
    float most = values[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        most = fmaxf(most, values[i]);
    for (size_t i = 0; i < n; i++)
        sum += values[i] = expf(values[i] - most);
    for (size_t i = 0; i < n; i++)
        values[i] /= sum;
}

static void assert_detections(const struct golden_case *c, const float *rows)
{
    struct sb_npy boxes = golden_array(c, "detection_boxes");
    struct sb_npy scores = golden_array(c, "detection_scores");
    struct sb_npy classes = golden_array(c, "detection_classes");
    float our_boxes[400], our_scores[100];
    for (int i = 0; i < 100; i++) {
        assert_int_equal((int)rows[6 * i + 5], ((const int32_t *)classes.data)[i]);
        memcpy(our_boxes + 4 * i, rows + 6 * i, 4 * sizeof(float));
        our_scores[i] = rows[6 * i + 4];
    }
    golden_assert_close("boxes", our_boxes, boxes.data, 400, 1e-4);
    golden_assert_close("scores", our_scores, scores.data, 100, 5e-7);
    sb_npy_release(&boxes);
    sb_npy_release(&scores);
    sb_npy_release(&classes);
}

static void test_box_head__gives_the_official_detections(void **state)
{
    (void)state;
    for (size_t k = 0; k < NUM_CASES; k++) {
        struct golden_case c;
        golden_open(&c, golden_cases[k]);
        struct sb_proposal proposals[MAX_ROWS];
        load_proposals(&c, proposals);
        struct sb_npy logits = golden_array(&c, "box_head_class_logits");
        struct sb_npy deltas = golden_array(&c, "box_head_box_deltas");
        const size_t classes = (size_t)c.model.num_classes, rows = logits.count / classes;
        for (size_t i = 0; i < rows; i++)
            softmax((float *)logits.data + i * classes, classes);
        const int64_t m = (int64_t)rows, n = c.model.num_classes;
        const struct sb_shape shapes[3] = {{m, n, 1, 1}, {m, 4 * n, 1, 1}, {m, 5, 1, 1}};
        const float *const inputs[3] = {logits.data, deltas.data, (const float *)proposals};
        struct sb_region_params params = params_of(&c);
        params.pre_nms_top_k = c.model.postprocess.pre_nms_top_k;
        params.post_nms_top_k = c.model.postprocess.max_detections;
        params.nms_threshold = c.model.postprocess.nms_threshold;
        params.score_threshold = c.model.postprocess.score_threshold;
        memcpy(params.box_weights, c.box_weights, sizeof(params.box_weights));
        float out[600];
        struct sb_region_call call = {.params = &params,
                                      .input_shapes = shapes,
                                      .num_inputs = 3,
                                      .output_shape = {100, 6, 1, 1},
                                      .inputs = inputs,
                                      .output = out};
        struct sb_error err;
        assert_ok(run_op(&sb_detect_region_ops.detections, &call, &err), &err);
        assert_detections(&c, out);
        sb_npy_release(&logits);
        sb_npy_release(&deltas);
    }
}

static double number_at(const struct sb_json *array, int index)
{
    return cJSON_GetArrayItem(array->item, index)->valuedouble;
}

/* Pastes every stored mask on its stored box; returns how many there were. */
static size_t assert_pasted(const struct golden_case *c)
{
    struct sb_error err;
    cJSON *doc = NULL;
    const char *path = golden_path(c->name, "pasted_masks.json");
    assert_ok(sb_json_load(path, &doc, &err), &err);
    const struct sb_json root = sb_json_root(doc, path);
    struct sb_npy masks = golden_array(c, "detection_masks");
    struct sb_json canvas, boxes, pasted, box, expected;
    assert_ok(sb_json_get(&root, "canvas", &canvas, &err), &err);
    assert_ok(sb_json_get(&root, "boxes_xywh", &boxes, &err), &err);
    assert_ok(sb_json_get(&root, "v1", &pasted, &err), &err);
    const int h = (int)number_at(&canvas, 0), w = (int)number_at(&canvas, 1);
    uint8_t *const mask = sb_malloc((size_t)(h * w), 0);
    size_t n = 0;
    bool ok = sb_json_first(&boxes, &box) && sb_json_first(&pasted, &expected);
    for (; ok; ok = sb_json_next(&box) && sb_json_next(&expected), n++) {
        float xywh[4];
        const char *counts = NULL;
        struct sb_rle rle = {0};
        struct sb_str text = SB_STR_INIT;
        for (int i = 0; i < 4; i++)
            xywh[i] = (float)number_at(&box, i);
        assert_ok(sb_json_get_string(&expected, "counts", &counts, &err), &err);
        assert_ok(sb_mask_paste((const float *)masks.data + n * 28 * 28, 28, xywh, 0.5f, mask, h, w,
                                &err),
                  &err);
        assert_ok(sb_rle_from_mask(&rle, (uint32_t)h, (uint32_t)w, mask, (size_t)w, &err), &err);
        sb_rle_to_text(&rle, &text);
        assert_string_equal(sb_str_text(&text), counts);
        sb_str_release(&text);
        sb_rle_release(&rle);
    }
    sb_free(mask);
    sb_npy_release(&masks);
    cJSON_Delete(doc);
    return n;
}

static void test_mask_paste__equals_the_official_masks(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t k = 0; k < NUM_CASES; k++) {
        struct golden_case c;
        golden_open(&c, golden_cases[k]);
        n += assert_pasted(&c);
    }
    assert_true(n >= 3 * 20);
}

static void test_mask_paste__cuts_at_the_image(void **state)
{
    (void)state;
    enum { H = 20, W = 30, SIZE = 28 };
    static const struct {
        float box[4];
        size_t set; /* pixels */
    } cases[] = {
        {{-50, -50, 500, 500}, (size_t)H * W}, {{100, 5, 10, 10}, 0}, {{-30, -30, 20, 20}, 0},
        {{NAN, 1e30f, -INFINITY, 5}, 0},       {{5, 5, 0, 0}, 1},
    };
    float ones[SIZE * SIZE];
    for (int i = 0; i < SIZE * SIZE; i++)
        ones[i] = 1;
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        uint8_t mask[H * W];
        struct sb_error err;
        size_t set = 0;
        memset(mask, 7, sizeof(mask));
        assert_ok(sb_mask_paste(ones, SIZE, cases[k].box, 0.5f, mask, H, W, &err), &err);
        for (size_t i = 0; i < H * W; i++) {
            assert_true(mask[i] <= 1);
            set += mask[i];
        }
        if (k != 3) /* no numbers: any mask will do, as long as nothing breaks */
            assert_int_equal(set, cases[k].set);
    }
}

/* One level of 2 x 2 cells of stride 32 with one anchor of side 32. */
struct toy_rpn {
    struct sb_proposal_config config;
    float scores[4], deltas[16];
};

static struct toy_rpn toy_rpn(void)
{
    struct toy_rpn t;
    memset(&t, 0, sizeof(t));
    t.config.anchor = (struct sb_anchor_config){5, 5, 1, 1, {1.0}, 1.0};
    t.config.image_h = t.config.image_w = 64;
    t.config.pre_nms_top_k = 4;
    t.config.post_nms_top_k = 6;
    t.config.nms_threshold = 0.7f;
    return t;
}

static size_t run_toy_rpn(const struct toy_rpn *t, struct sb_proposal *out)
{
    const struct sb_rpn_level level = {t->scores, t->deltas, 2, 2};
    void *workspace = sb_malloc(sb_proposals_bytes(&t->config, &level), 0);
    const size_t n = sb_proposals(&t->config, &level, workspace, out);
    sb_free(workspace);
    return n;
}

static void test_proposals__drop_boxes_that_are_nothing(void **state)
{
    (void)state;
    struct sb_proposal out[6];
    struct toy_rpn t = toy_rpn();
    t.scores[0] = 3;
    t.deltas[0] = t.deltas[4] = -10; /* ty, tx of cell 0: far outside at the top left */
    t.scores[1] = 2;
    t.deltas[1] = -10; /* only above: ymin = ymax = 0, but x stays */
    assert_int_equal(run_toy_rpn(&t, out), 3);
    assert_true(out[0].box.ymax == 0 && out[0].box.xmax > 40);
    for (int i = 3; i < 6; i++) {
        assert_true(out[i].score == -1.0f);
        assert_true(out[i].box.ymin == 0 && out[i].box.xmax == 0);
    }
}

static void test_proposals__keep_the_best_per_level(void **state)
{
    (void)state;
    struct sb_proposal out[6];
    struct toy_rpn t = toy_rpn();
    t.scores[1] = 1;
    t.scores[3] = NAN;
    t.config.pre_nms_top_k = 2;
    assert_int_equal(run_toy_rpn(&t, out), 2);
    assert_true(out[0].box.xmin > 20 &&
                out[1].box.xmin < 20); /* cell 1, then cell 0 (tie with 2) */
    assert_true(out[1].box.ymin < 20);
}

/* A proposal that is only padding gives no detection, whatever the box head says about it. */
static void test_box_head__ignores_padding(void **state)
{
    (void)state;
    const struct sb_proposal proposals[3] = {
        {{0, 0, 9, 9}, 0.9f}, {{20, 20, 29, 29}, 0.8f}, {{0, 0, 0, 0}, -1.0f}};
    const float scores[6] = {0.1f, 0.9f, 0.8f, 0.2f, 0.0f, 1.0f}, deltas[24] = {0};
    struct sb_box_head_config c;
    memset(&c, 0, sizeof(c));
    c.limits.post = (struct sb_postprocess_config){10, 4, 0.5, 0.05};
    c.limits.num_classes = 2;
    c.limits.max_rows = 3;
    c.image_h = c.image_w = 64;
    for (int i = 0; i < 4; i++)
        c.box_weights[i] = 1;
    struct sb_scored_box out[4];
    void *workspace = sb_malloc(sb_box_head_bytes(&c), 0);
    assert_int_equal(sb_box_head_detect(&c, scores, deltas, proposals, workspace, out), 2);
    sb_free(workspace);
    assert_true(out[0].score == 0.9f && out[0].box.ymax == 9);
    assert_true(out[1].score == 0.2f && out[1].box.ymin == 20);
    for (int i = 2; i < 4; i++)
        assert_true(out[i].score == -1.0f && out[i].class_id == 1 && out[i].box.ymax == 9);
}

static void test_region_ops__impossible_parameters_are_errors(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_region_params params;
    memset(&params, 0, sizeof(params));
    const struct sb_shape shapes[3] = {{4, 2, 1, 1}, {4, 8, 1, 1}, {4, 5, 1, 1}};
    const float values[64] = {0}, *const inputs[3] = {values, values, values};
    float out[64];
    struct sb_region_call call = {.params = &params,
                                  .input_shapes = shapes,
                                  .num_inputs = 2,
                                  .output_shape = {4, 5, 1, 1},
                                  .inputs = inputs,
                                  .output = out};
    params.min_level = 9;
    params.max_level = 9;
    params.pre_nms_top_k = params.post_nms_top_k = 4;
    assert_int_equal(run_op(&sb_detect_region_ops.proposals, &call, &err), SB_EINVAL);
    params.min_level = params.max_level = 5;
    params.anchor_scales = params.num_ratios = 1;
    params.aspect_ratios[0] = params.anchor_size = 1;
    assert_int_equal(run_op(&sb_detect_region_ops.proposals, &call, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "2 scores per cell, expected 1 anchors");
    call.num_inputs = 3;
    params.nms_threshold = 3;
    assert_int_equal(run_op(&sb_detect_region_ops.detections, &call, &err), SB_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proposals__equal_the_official_ones),
        cmocka_unit_test(test_proposals__drop_boxes_that_are_nothing),
        cmocka_unit_test(test_proposals__keep_the_best_per_level),
        cmocka_unit_test(test_box_head__gives_the_official_detections),
        cmocka_unit_test(test_box_head__ignores_padding),
        cmocka_unit_test(test_mask_paste__equals_the_official_masks),
        cmocka_unit_test(test_mask_paste__cuts_at_the_image),
        cmocka_unit_test(test_region_ops__impossible_parameters_are_errors),
    };
    return cmocka_run_group_tests_name("detect/maskrcnn", tests, NULL, NULL);
}
