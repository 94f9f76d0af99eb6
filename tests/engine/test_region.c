/* Region ops: the caller's callbacks run inside a plan, and are missed when absent; RoIAlign's
 * levels and samples; class selection. */
#include "engine/region.h"

#include "engine/kernels/roi_level.h"
#include "tests/engine/support_net.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

#define SIZE 512

static struct sb_error err;

static void test_roi_level__follows_the_size(void **state)
{
    (void)state;
    const struct {
        float height, width;
        int level;
    } cases[] = {
        {223, 223, 3},   {224, 224, 4},   {447, 447, 4},   {448, 448, 5},  {112, 448, 4},
        {111, 111, 3},   {55, 55, 3},     {0, 100, 3},     {-50, 1000, 3}, {896, 896, 6},
        {1791, 1791, 6}, {1792, 1792, 7}, {9999, 9999, 7}, {NAN, 5, 3},    {INFINITY, 5, 7},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const float box[4] = {10, 20, 10 + cases[i].height, 20 + cases[i].width};
        assert_int_equal(sb_roi_level(box, 3, 7), cases[i].level);
    }
    const float reversed[4] = {300, 300, 0, 0}; /* both sides negative: a positive area */
    assert_int_equal(sb_roi_level(reversed, 3, 7), 4);
}

/* What the callback writes; the test sets it. */
static const float *rows;
static int callback_result;
static size_t seen_workspace;

static size_t ask_workspace(const struct sb_region_call *call)
{
    assert_null(call->workspace);
    assert_int_equal(call->params->max_level, 4);
    return 1000;
}

static int write_rows(const struct sb_region_call *call, struct sb_error *error)
{
    memset(call->workspace, 0x5a, 1000);
    seen_workspace++;
    memcpy(call->output, rows, sb_shape_count(call->output_shape) * sizeof(*rows));
    if (callback_result != 0)
        sb_error_set(error, callback_result, "the callback failed");
    return callback_result;
}

static const struct sb_region_ops callbacks = {
    .proposals = {ask_workspace, write_rows},
};

/*
 * Feature maps of levels 3 and 4 (both of them the input scaled by a constant, so that samples are
 * known), two proposals per image, RoIAlign of 2x2 bins. Two images.
 */
static void build_roi_net(struct net *net)
{
    net_init(net, (struct sb_shape){2, 3, SIZE / 8, SIZE / 8});
    const int p3 = net_scale(net, 0, 1);
    const int p4 = net_maxpool(net, 0, net_window(2, 2, 0));
    const int scores[4] = {
        net_conv(net, p3, 3, net_window(1, 1, 0)), net_conv(net, p4, 3, net_window(1, 1, 0)),
        net_conv(net, p3, 12, net_window(1, 1, 0)), net_conv(net, p4, 12, net_window(1, 1, 0))};
    const struct sb_region_params params = {.min_level = 3,
                                            .max_level = 4,
                                            .image_h = SIZE,
                                            .image_w = SIZE,
                                            .pre_nms_top_k = 10,
                                            .post_nms_top_k = 2,
                                            .roi_size = 2};
    const int boxes = sb_graph_region(net->graph, SB_OP_PROPOSALS, scores, 4, "proposals",
                                      (struct sb_shape){4, 5, 1, 1}, &params, &err);
    assert_true(boxes >= 0);
    const int inputs[3] = {p3, p4, boxes};
    const int roi = sb_graph_region(net->graph, SB_OP_ROI_ALIGN, inputs, 3, "roi_align",
                                    (struct sb_shape){4, 3, 2, 2}, &params, &err);
    assert_true(roi >= 0);
    net_output(net, roi);
}

/* Sample of a map (S, S) at (y, x) with indices clipped, by definition. */
static double bilinear(const double *map, int64_t s, double y, double x)
{
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        const int dy = k / 2, dx = k % 2;
        const double iy = floor(y) + dy, ix = floor(x) + dx;
        const double wy = dy ? y - floor(y) : 1 - (y - floor(y));
        const double wx = dx ? x - floor(x) : 1 - (x - floor(x));
        const int64_t cy = (int64_t)fmin(fmax(iy, 0), (double)(s - 1));
        const int64_t cx = (int64_t)fmin(fmax(ix, 0), (double)(s - 1));
        sum += wy * wx * map[cy * s + cx];
    }
    return sum;
}

static const float boxes[4][5] = {
    {16, 24, 100, 210, 0.9f},  /* image 0, level 3 */
    {0, 0, 500, 511, 0.8f},    /* level 5, clipped to 4 */
    {-40, 300, 90, 600, 0.7f}, /* image 1; beyond the map on three sides */
    {200, 100, 50, 300, 0.6f}, /* height negative: lowest level, bins run backwards */
};

/* The definition of RoIAlign on the net of build_roi_net(), for row r, channel c, bin (i, j). */
static double expected_sample(const struct net *net, int r, int c, int i, int j)
{
    const float *b = boxes[r];
    const int level = r == 1 ? 4 : 3;
    const int64_t s = SIZE >> level;
    const double *map = net->values[level == 3 ? 1 : 2] + ((r / 2) * 3 + c) * s * s;
    const double scale = 1 << level;
    const double y = ((double)b[0] + (i + 0.5) * ((double)b[2] - (double)b[0]) / 2) / scale;
    const double x = ((double)b[1] + (j + 0.5) * ((double)b[3] - (double)b[1]) / 2) / scale;
    return bilinear(map, s, y, x);
}

static void test_roi_align__samples_every_bin(void **state)
{
    (void)state;
    struct net net;
    struct sb_shape shape;
    build_roi_net(&net);
    net_fill(&net, 5);
    struct sb_plan_options options = net_options();
    options.region = &callbacks;
    struct sb_plan *plan = net_plan(&net, &options);
    float *input = sb_plan_input(plan, 0, &shape);
    memcpy(input, net.input, sb_shape_count(shape) * sizeof(*input));
    rows = &boxes[0][0];
    callback_result = 0;
    seen_workspace = 0;
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
    assert_int_equal(seen_workspace, 1);
    const float *out = sb_plan_output(plan, "out0", &shape);
    for (int k = 0; k < 4 * 3 * 4; k++) {
        const double want = expected_sample(&net, k / 12, k / 4 % 3, k / 2 % 2, k % 2);
        assert_true(fabs((double)out[k] - want) < 1e-5);
    }
    sb_plan_free(&plan);
    net_release(&net);
}

static void test_region__a_failing_callback_ends_the_run(void **state)
{
    (void)state;
    struct net net;
    build_roi_net(&net);
    net_fill(&net, 5);
    struct sb_plan_options options = net_options();
    options.region = &callbacks;
    struct sb_plan *plan = net_plan(&net, &options);
    rows = &boxes[0][0];
    callback_result = SB_EINTERNAL;
    assert_int_equal(sb_plan_run(plan, NULL, &err), SB_EINTERNAL);
    assert_error(&err, SB_EINTERNAL, "the callback failed");
    sb_plan_free(&plan);
    net_release(&net);
}

static void test_region__a_missing_callback_is_named(void **state)
{
    (void)state;
    struct net net;
    build_roi_net(&net);
    net_fill(&net, 5);
    struct sb_plan_options options = net_options();
    assert_null(sb_plan_new(net.graph, &net.weights, &options, &err));
    assert_error(&err, SB_EUNSUPPORTED, "'proposals' (proposals)");
    assert_error(&err, SB_EUNSUPPORTED, "sb_plan_options.region");
    const struct sb_region_ops none = {{NULL, NULL}, {NULL, NULL}};
    options.region = &none;
    assert_null(sb_plan_new(net.graph, &net.weights, &options, &err));
    assert_error(&err, SB_EUNSUPPORTED, "'proposals' (proposals)");
    net_release(&net);
}

static void test_select__takes_each_rows_class(void **state)
{
    (void)state;
    struct net net;
    struct sb_shape shape;
    net_init(&net, (struct sb_shape){3, 4, 2, 2});
    net_output(&net, net_scale(&net, 0, 1));
    const float detections[3][6] = {
        {0, 0, 1, 1, 0.5f, 2}, {0, 0, 1, 1, -1, 99}, {0, 0, 1, 1, 1, NAN}};
    /* a second input stands for the detections */
    const int second = sb_graph_input(net.graph, "rows", (struct sb_shape){3, 6, 1, 1}, &err);
    const int select = sb_graph_select(net.graph, 0, second, "select", &err);
    assert_true(select >= 0);
    net_output(&net, select);
    net_fill(&net, 1);
    struct sb_plan *plan = net_plan(&net, NULL);
    float *input = sb_plan_input(plan, 0, &shape);
    memcpy(input, net.input, sb_shape_count(shape) * sizeof(*input));
    float *classes = sb_plan_input(plan, 1, &shape);
    memcpy(classes, detections, sizeof(detections));
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
    const float *out = sb_plan_output(plan, "out1", &shape);
    assert_int_equal(sb_shape_count(shape), 12);
    assert_memory_equal(out, net.input + 2 * 4, 4 * sizeof(float));
    assert_memory_equal(out + 4, net.input + 16 + 3 * 4, 4 * sizeof(float)); /* beyond: the last */
    assert_memory_equal(out + 8, net.input + 32, 4 * sizeof(float));         /* NaN: the first */
    sb_plan_free(&plan);
    net_release(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roi_level__follows_the_size),
        cmocka_unit_test(test_roi_align__samples_every_bin),
        cmocka_unit_test(test_region__a_failing_callback_ends_the_run),
        cmocka_unit_test(test_region__a_missing_callback_is_named),
        cmocka_unit_test(test_select__takes_each_rows_class),
    };
    return cmocka_run_group_tests_name("engine/region", tests, NULL, NULL);
}
