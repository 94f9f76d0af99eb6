/* models/model.c and the families: zoo models, their outputs, names and order of weights. */
#include "models/model.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static struct sb_model *open_model(const char *name, int size)
{
    struct sb_error err;
    const struct sb_model_options options = {.size = size, .batch = 1};
    sb_error_init(&err);
    struct sb_model *m = sb_model_open(name, &options, &err);
    test_assert_ok(m ? 0 : err.code, &err, __FILE__, __LINE__);
    return m;
}

static void assert_output(const struct sb_model *m, const char *name, const char *shape)
{
    char text[SB_SHAPE_TEXT];
    const int node = sb_graph_find_output(m->graph, name);
    if (node < 0)
        fail_msg("no output '%s'", name);
    assert_string_equal(sb_shape_text(m->graph->nodes[node].shape, text), shape);
}

static void test_model__retinanet_spinenet_49(void **state)
{
    (void)state;
    struct sb_model *m = open_model("retinanet-spinenet-49", 0);
    assert_int_equal(sb_graph_params(m->graph), 28543383);
    assert_int_equal(m->task, SB_TASK_RETINANET);
    assert_string_equal(m->family, "spinenet");
    assert_int_equal(m->image_h, 640);
    assert_int_equal(m->padded_w, 640);
    assert_int_equal(m->num_classes, 91);
    assert_true(m->sync_batchnorm);
    assert_int_equal(m->anchor.max_level, 7);
    assert_true(m->anchor.anchor_size == 3.0);
    assert_int_equal(m->postprocess.pre_nms_top_k, 5000);
    assert_output(m, "feature_p3", "(1, 256, 80, 80)");
    assert_output(m, "feature_p7", "(1, 256, 5, 5)");
    assert_output(m, "class_p4", "(1, 819, 40, 40)");
    assert_output(m, "box_p6", "(1, 36, 10, 10)");
    sb_model_free(&m);
    assert_null(m);
}

static void test_model__retinanet_resnet_50_fpn(void **state)
{
    (void)state;
    struct sb_model *m = open_model("retinanet-resnet-50-fpn", 0);
    assert_int_equal(sb_graph_params(m->graph), 34091159);
    assert_string_equal(m->family, "resnet");
    assert_true(m->anchor.anchor_size == 4.0);
    assert_output(m, "feature_p3", "(1, 256, 80, 80)");
    assert_output(m, "box_p7", "(1, 36, 5, 5)");
    sb_model_free(&m);
}

static void test_model__sizes_are_padded_to_the_coarsest_stride(void **state)
{
    (void)state;
    struct sb_model *m = open_model("retinanet-resnet-50-fpn", 129);
    assert_int_equal(m->image_h, 129);
    assert_int_equal(m->padded_h, 256);
    assert_output(m, "feature_p7", "(1, 256, 2, 2)");
    sb_model_free(&m);
}

/* At 224 level ratios are no whole numbers: 56, 28, 14, 7, 4, 2. */
static void test_model__a_bare_backbone_takes_any_size(void **state)
{
    (void)state;
    struct sb_model *m = open_model("spinenet-49", 224);
    assert_int_equal(m->task, SB_TASK_BACKBONE);
    assert_output(m, "feature_p5", "(1, 256, 7, 7)");
    assert_output(m, "feature_p6", "(1, 256, 4, 4)");
    assert_output(m, "feature_p7", "(1, 256, 2, 2)");
    sb_model_free(&m);
    m = open_model("resnet-50", 97);
    assert_output(m, "backbone_c2", "(1, 256, 25, 25)");
    assert_output(m, "backbone_c5", "(1, 2048, 4, 4)");
    sb_model_free(&m);
}

/* The rank of a conv kernel among those under a prefix: what automatic numbering counts. */
static int kernel_rank(const struct sb_graph *g, const char *prefix, const char *name)
{
    int rank = 0;
    for (size_t i = 0; i < g->num_slots; i++) {
        const char *slot = g->slots[i].name;
        if (g->slots[i].kind != SB_SLOT_KERNEL || strncmp(slot, prefix, strlen(prefix)) != 0)
            continue;
        if (strcmp(slot, name) == 0)
            return rank;
        rank++;
    }
    return -1;
}

static void test_model__slots_stand_in_order_of_creation(void **state)
{
    (void)state;
    struct sb_model *m = open_model("retinanet-spinenet-49", 128);
    const struct sb_graph *g = m->graph;
    static const char block14[] = "backbone/block14/";
    static const char parent1[] = "backbone/block14/parent1/";
    assert_int_equal(kernel_rank(g, "backbone/", "backbone/stem/conv0/conv/kernel"), 0);
    assert_int_equal(kernel_rank(g, "backbone/", "backbone/block0/repeat0/shortcut/conv/kernel"),
                     1);
    assert_int_equal(kernel_rank(g, "backbone/", "backbone/block0/repeat0/conv0/conv/kernel"), 2);
    assert_int_equal(kernel_rank(g, "backbone/", "backbone/block1/repeat0/conv0/conv/kernel"), 5);
    assert_int_equal(kernel_rank(g, block14, "backbone/block14/parent1/conv2/conv/kernel"), 5);
    assert_int_equal(kernel_rank(g, parent1, "backbone/block14/parent1/conv1/conv/kernel"), 1);
    assert_int_equal(kernel_rank(g, "backbone/p", "backbone/p3/endpoint/conv/kernel"), 0);
    assert_int_equal(kernel_rank(g, "backbone/p", "backbone/p7/endpoint/conv/kernel"), 4);
    assert_true(sb_graph_find_slot(g, "head/class/conv3/p7/bn/moving_variance") >= 0);
    assert_true(sb_graph_find_slot(g, "head/box/predict/conv/bias") >= 0);
    sb_model_free(&m);
}

/* The only edge that the drawing shows and the table does not: 11 -> 14. */
static void test_model__implicit_edges_are_added(void **state)
{
    (void)state;
    struct sb_model *m = open_model("spinenet-49", 128);
    const struct sb_graph *g = m->graph;
    int three = 0;
    for (size_t i = 0; i < g->num_nodes; i++) {
        const struct sb_node *n = &g->nodes[i];
        if (n->op != SB_OP_ADD || n->num_inputs == 2)
            continue;
        three++;
        assert_string_equal(n->path, "backbone/block14/merge");
        assert_string_equal(g->nodes[n->inputs[2]].block, "backbone/block11");
        assert_int_equal(n->level, SB_LEVEL_5);
    }
    assert_int_equal(three, 1);
    sb_model_free(&m);
}

static void test_model__unknown_names_get_a_hint(void **state)
{
    (void)state;
    struct sb_error err;
    assert_null(sb_model_open("retinanet-spinnet-49", NULL, &err));
    assert_int_equal(err.code, SB_ENOTFOUND);
    assert_string_equal(err.hint, "did you mean retinanet-spinenet-49?");
    assert_null(sb_model_open("nothing-like-it", NULL, &err));
    assert_int_equal(err.code, SB_ENOTFOUND);
    assert_null(sb_model_open("/nonexistent/x.json", NULL, &err));
    assert_int_equal(err.code, SB_EIO);
}

static void test_model__sizes_and_batches_are_checked(void **state)
{
    (void)state;
    static const struct sb_model_options bad[] = {
        {.size = -1}, {.size = 1 << 20}, {.batch = -3}, {.batch = 100000}};
    struct sb_error err;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(sb_model_open("retinanet-spinenet-49", &bad[i], &err));
        assert_int_equal(err.code, SB_EINVAL);
    }
    const struct sb_model_options two = {.size = 128, .batch = 2};
    struct sb_model *m = sb_model_open("retinanet-spinenet-49", &two, &err);
    assert_output(m, "class_p7", "(2, 819, 1, 1)");
    sb_model_free(&m);
}

/* Trainable parameters of the official graphs, to the last digit: tests/models/zoo_params.txt. */
static void test_model__params_are_the_published_ones(void **state)
{
    (void)state;
    char line[256], name[96];
    size_t params, rows = 0;
    FILE *fp = fopen(test_source("models/zoo_params.txt"), "r");
    assert_non_null(fp);
    while (fgets(line, sizeof(line), fp)) {
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%95s %zu", name, &params), 2);
        struct sb_model *m = open_model(name, 0);
        if (sb_graph_params(m->graph) != params)
            fail_msg("%s: %zu parameters, expected %zu", name, sb_graph_params(m->graph), params);
        sb_model_free(&m);
        rows++;
    }
    fclose(fp);
    assert_true(rows >= 27);
}

static void test_model__mask_rcnn_is_one_graph(void **state)
{
    (void)state;
    struct sb_model *m = open_model("maskrcnn-spinenet-49s", 0);
    assert_int_equal(m->task, SB_TASK_MASKRCNN);
    assert_int_equal(m->postprocess.pre_nms_top_k, 1000);
    assert_output(m, "rpn_score_p3", "(1, 3, 80, 80)");
    assert_output(m, "rpn_box_p7", "(1, 12, 5, 5)");
    assert_output(m, "rois", "(1000, 5, 1, 1)");
    assert_output(m, "box_head_class_logits", "(1000, 91, 1, 1)");
    assert_output(m, "box_head_box_deltas", "(1000, 364, 1, 1)");
    assert_output(m, "detections", "(100, 6, 1, 1)");
    assert_output(m, "detection_masks", "(100, 1, 28, 28)");
    const struct sb_node *rois = &m->graph->nodes[sb_graph_find_output(m->graph, "rois")];
    assert_int_equal(rois->u.region.image_h, 640);
    assert_int_equal(rois->u.region.num_ratios, 3);
    assert_int_equal(sb_graph_find_output(m->graph, "roi_features_7"), -1);
    sb_model_free(&m);
}

static void test_model__inner_outputs_on_request(void **state)
{
    (void)state;
    struct sb_error err;
    const struct sb_model_options options = {.size = 128, .batch = 2, .inner_outputs = true};
    struct sb_model *m = sb_model_open("maskrcnn-resnet-50-fpn", &options, &err);
    assert_non_null(m);
    assert_output(m, "backbone_c3", "(2, 512, 16, 16)");
    assert_output(m, "roi_features_7", "(2000, 256, 7, 7)");
    assert_output(m, "roi_features_14", "(200, 256, 14, 14)");
    assert_int_equal(sb_graph_find_output(m->graph, "backbone_c2"), -1);
    sb_model_free(&m);
}

static void test_model__classification(void **state)
{
    (void)state;
    struct sb_model *m = open_model("spinenet-49-imagenet", 0);
    assert_int_equal(m->task, SB_TASK_CLASSIFY);
    assert_false(m->sync_batchnorm);
    assert_int_equal(m->padded_h, 224);
    assert_output(m, "logits", "(1, 1001, 1, 1)");
    assert_int_equal(m->first_class, 1);
    assert_output(m, "feature_p3", "(1, 256, 28, 28)");
    sb_model_free(&m);
    m = open_model("resnet-50-inaturalist2017", 0);
    assert_output(m, "logits", "(1, 5089, 1, 1)");
    assert_int_equal(m->first_class, 0);
    assert_int_equal(sb_graph_find_output(m->graph, "feature_p3"), -1);
    sb_model_free(&m);
}

static void test_model__the_zoo_is_listed_by_task_and_size(void **state)
{
    (void)state;
    static const char *const order[] = {"retinanet-spinenet-49s",
                                        "retinanet-spinenet-49",
                                        "retinanet-spinenet-96",
                                        "maskrcnn-spinenet-190",
                                        "maskrcnn-spinenet-190-zoo",
                                        "spinenet-49-imagenet",
                                        "spinenet-49-inaturalist2017",
                                        "resnet-18",
                                        "spinenet-49"};
    size_t next = 0;
    for (size_t i = 0; sb_zoo_name(i) && next < sizeof(order) / sizeof(order[0]); i++)
        next += strcmp(sb_zoo_name(i), order[next]) == 0;
    assert_int_equal(next, sizeof(order) / sizeof(order[0]));
}

/* Every zoo model opens, and the list has no gaps or repeats. */
static void test_model__the_zoo_opens(void **state)
{
    (void)state;
    size_t n = 0;
    for (; sb_zoo_name(n); n++) {
        struct sb_model *m = open_model(sb_zoo_name(n), 0);
        assert_string_equal(m->name, sb_zoo_name(n));
        assert_string_equal(m->graph->name, m->name);
        sb_model_free(&m);
    }
    assert_true(n >= 4);
    assert_null(sb_zoo_name(n + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__retinanet_spinenet_49),
        cmocka_unit_test(test_model__retinanet_resnet_50_fpn),
        cmocka_unit_test(test_model__sizes_are_padded_to_the_coarsest_stride),
        cmocka_unit_test(test_model__a_bare_backbone_takes_any_size),
        cmocka_unit_test(test_model__slots_stand_in_order_of_creation),
        cmocka_unit_test(test_model__implicit_edges_are_added),
        cmocka_unit_test(test_model__unknown_names_get_a_hint),
        cmocka_unit_test(test_model__sizes_and_batches_are_checked),
        cmocka_unit_test(test_model__params_are_the_published_ones),
        cmocka_unit_test(test_model__mask_rcnn_is_one_graph),
        cmocka_unit_test(test_model__inner_outputs_on_request),
        cmocka_unit_test(test_model__classification),
        cmocka_unit_test(test_model__the_zoo_is_listed_by_task_and_size),
        cmocka_unit_test(test_model__the_zoo_opens),
    };
    return cmocka_run_group_tests_name("models/model", tests, NULL, NULL);
}
