/* models/name_map.c: names of chosen slots, and every published checkpoint bound with every
 * variable used. The models of the cases are the zoo's at the widths of the cases' spec.json. */
#include "models/name_map.h"

#include "models/weights.h"
#include "tests/models/support_weights.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static void test_name_map__chosen_slots(void **state)
{
    (void)state;
    static const struct {
        const char *model, *slot, *variable;
    } cases[] = {
        {"retinanet-spinenet-49", "backbone/stem/conv0/conv/kernel", "spinenet/conv2d/kernel"},
        {"retinanet-spinenet-49", "backbone/block0/repeat0/shortcut/bn/gamma",
         "spinenet/batch_normalization_1/gamma"},
        {"retinanet-spinenet-49", "backbone/block1/repeat0/conv2/conv/kernel",
         "spinenet/conv2d_7/kernel"},
        {"retinanet-spinenet-49", "backbone/p7/endpoint/conv/kernel", "spinenet/conv2d_12/kernel"},
        {"retinanet-spinenet-49", "backbone/block12/parent1/conv1/bn/moving_mean",
         "spinenet/sub_policy10/resample_with_alpha_resample_10_1/batch_normalization_1/"
         "moving_mean"},
        {"retinanet-spinenet-49", "backbone/block2/repeat0/conv0/conv/kernel",
         "spinenet/sub_policy0/scale_permuted_block_2/conv2d/kernel"},
        {"retinanet-spinenet-49", "head/class/conv0/p3/bn/beta",
         "retinanet/class_net/class-0-3/beta"},
        {"retinanet-spinenet-143", "backbone/block16/repeat2/conv2/conv/kernel",
         "spinenet/sub_policy14/scale_permuted_block_16/conv2d_8/kernel"},
        {"retinanet-spinenet-143", "backbone/p3/endpoint/conv/kernel", "spinenet/conv2d_20/kernel"},
        {"retinanet-resnet-50-fpn", "backbone/stage5/block2/conv2/conv/kernel",
         "resnet50/conv2d_52/kernel"},
        {"retinanet-resnet-50-fpn", "neck/p6/down/conv/bias", "fpn/p6/bias"},
        {"retinanet-resnet-50-fpn", "neck/p6/bn/gamma", "fpn/p6-bn/gamma"},
        {"retinanet-mobile-spinenet-49xs", "backbone/block1/repeat0/depthwise/dwconv/kernel",
         "spinenet_mbconv/depthwise_conv2d_1/depthwise_kernel"},
        {"retinanet-mobile-spinenet-49xs", "head/box/predict/pointwise/conv/kernel",
         "retinanet/box_net/box-predict/pointwise_kernel"},
        {"maskrcnn-spinenet-49", "box_head/fc0/fc/kernel", "fast_rcnn_head/fc6/kernel"},
        {"maskrcnn-spinenet-49", "box_head/fc0/bn/gamma",
         "fast_rcnn_head/batch_normalization_4/gamma"},
        {"maskrcnn-spinenet-49", "mask_head/up/deconv/kernel", "mask_head/conv5-mask/kernel"},
        {"spinenet-49-imagenet", "classifier/fc/bias", "classification_head/dense/bias"},
        {"maskrcnn-spinenet-190", "rpn/conv1/conv/kernel", NULL}, /* never published */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct sb_name_map map;
        struct sb_model *model = sb_model_open(cases[i].model, NULL, &err);
        assert_non_null(model);
        assert_ok(sb_name_map_build(&map, model->graph, NULL, &err), &err);
        size_t k = 0;
        while (k < map.count && strcmp(model->graph->slots[k].name, cases[i].slot) != 0)
            k++;
        if (k == map.count)
            fail_msg("%s has no slot %s", cases[i].model, cases[i].slot);
        if (!cases[i].variable)
            assert_null(map.names[k]);
        else
            assert_string_equal(map.names[k], cases[i].variable);
        sb_name_map_release(&map);
        sb_model_free(&model);
    }
}

static void test_name_map__no_two_slots_share_a_variable(void **state)
{
    (void)state;
    static const char *const models[] = {"retinanet-resnet-50-nasfpn", "maskrcnn-spinenet-49",
                                         "retinanet-mobile-spinenet-49", "resnet-18-imagenet"};
    for (size_t m = 0; m < sizeof(models) / sizeof(models[0]); m++) {
        struct sb_error err;
        struct sb_name_map map;
        struct sb_model *model = sb_model_open(models[m], NULL, &err);
        assert_non_null(model);
        assert_ok(sb_name_map_build(&map, model->graph, NULL, &err), &err);
        for (size_t i = 0; i < map.count; i++) {
            assert_non_null(map.names[i]);
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal(map.names[i], map.names[k]);
        }
        sb_name_map_release(&map);
        sb_model_free(&model);
    }
}

#define SPINENET(base, scale, filters, more)                                                       \
    "\"backbone\": {\"base\": \"" base "\", \"filter_scale\": " scale                              \
    ", \"endpoint_filters\": " filters more "}"
#define RESNET(base, filters)                                                                      \
    "\"backbone\": {\"base\": \"" base "\", \"stage_filters\": [" filters "]}"
#define HEAD(convs, filters) "\"head\": {\"convs\": " convs ", \"filters\": " filters "}"

static const struct {
    const char *name;
    const char *spec;
} published[] = {
    {"retinanet_spinenet49_relu",
     "{\"base\": \"retinanet-spinenet-49\", \"size\": 128, \"classes\": 31, " HEAD(
         "4", "16") ", " SPINENET("spinenet-49", "0.1", "16", "") "}"},
    {"retinanet_spinenet49s_swish",
     "{\"base\": \"retinanet-spinenet-49\", \"size\": 128, \"classes\": 8, " HEAD(
         "4", "12") ", " SPINENET("spinenet-49", "0.07", "12", ", \"activation\": \"swish\"") "}"},
    {"retinanet_spinenet143_swish",
     "{\"base\": \"retinanet-spinenet-49\", \"size\": 128, \"classes\": 8, " HEAD(
         "4", "12") ", " SPINENET("spinenet-49", "0.05", "12",
                                  ", \"block_repeats\": 3, \"resample_alpha\": 1") "}"},
    {"retinanet_resnet50_fpn",
     "{\"base\": \"retinanet-resnet-50-fpn\", \"size\": 128, \"classes\": 11, " HEAD(
         "2", "20") ", " RESNET("resnet-50", "5, 10, 20, 40") ", \"neck\": {\"filters\": 20}}"},
    {"retinanet_resnet50_nasfpn",
     "{\"base\": \"retinanet-resnet-50-nasfpn\", \"size\": 128, \"classes\": 8, " HEAD(
         "2", "16") ", " RESNET("resnet-50",
                                "3, 7, 15, 30") ", \"neck\": {\"filters\": 16, \"repeats\": 3}}"},
    {"retinanet_mobile49xs_full", "{\"base\": \"retinanet-mobile-spinenet-49xs\", \"size\": 128}"},
    {"maskrcnn_spinenet49",
     "{\"base\": \"maskrcnn-spinenet-49\", \"size\": 128, \"classes\": 11, " SPINENET(
         "spinenet-49", "0.07", "16",
         "") ", \"rpn\": {\"filters\": 16}, \"box_head\": {\"filters\": 16, \"fc_dims\": 48},"
             " \"mask_head\": {\"filters\": 16}}"},
    {"maskrcnn_spinenet49_512",
     "{\"base\": \"maskrcnn-spinenet-49\", \"size\": 512, \"classes\": 4, " SPINENET(
         "spinenet-49", "0.05", "8",
         "") ", \"rpn\": {\"filters\": 8}, \"box_head\": {\"convs\": 1, \"filters\": 8,"
             " \"fc_dims\": 16}, \"mask_head\": {\"convs\": 1, \"filters\": 8}}"},
    {"classification_spinenet49", "{\"base\": \"spinenet-49-imagenet\", \"classes\": 11, " SPINENET(
                                      "spinenet-49", "0.07", "16", "") "}"},
};

/* Sum over all values of a checkpoint but global_step: an order of summation of its own. */
static double sum_of_file(const struct sb_tensors *file, size_t *count)
{
    double sum = 0;
    *count = 0;
    for (size_t i = 0; i < sb_tensors_count(file); i++) {
        const struct sb_tensor *t = sb_tensors_at(file, i);
        if (strcmp(t->name, "global_step") == 0)
            continue;
        for (size_t k = 0; k < t->count; k++) {
            float value;
            memcpy(&value, t->data + k * sizeof(value), sizeof(value));
            sum += fabs((double)value);
        }
        *count += t->count;
    }
    return sum;
}

static double sum_of_weights(const struct sb_weights *w, const struct sb_graph *graph,
                             size_t *count)
{
    double sum = 0;
    *count = 0;
    for (size_t i = 0; i < w->num_slots; i++) {
        const size_t n = sb_slot_count(&graph->slots[i]);
        for (size_t k = 0; k < n; k++)
            sum += fabs((double)w->slots[i][k]);
        *count += n;
    }
    return sum;
}

/* Saved under the slots' own names and layouts and loaded again, the weights are the same. */
static void assert_comes_back(const struct sb_weights *w, const struct sb_graph *graph)
{
    char path[512];
    struct sb_error err;
    struct sb_weights again;
    snprintf(path, sizeof(path), "%s/own.safetensors", test_scratch());
    assert_ok(sb_weights_save_safetensors(w, graph, path, &err), &err);
    assert_ok(sb_weights_load(&again, graph, path, NULL, &err), &err);
    assert_true(again.digest == w->digest);
    sb_weights_release(&again);
}

/* Binding fails on any variable that is missing, left over or of another shape; equal sums show
 * that every value arrived. That it arrived at its place is seen in the models' outputs. Frees the
 * model. */
static void assert_binds_whole(struct sb_model *model, const char *path)
{
    struct sb_error err;
    struct sb_weights w;
    size_t in_file, in_weights;
    struct sb_tensors *file = sb_tensors_open(path, &err);
    assert_ok(file ? 0 : err.code, &err);
    assert_ok(sb_weights_bind(&w, model->graph, file, NULL, &err), &err);
    const double theirs = sum_of_file(file, &in_file);
    const double ours = sum_of_weights(&w, model->graph, &in_weights);
    assert_int_equal(in_weights, in_file);
    assert_true(fabs(ours - theirs) < 1e-9 * theirs);
    assert_comes_back(&w, model->graph);
    sb_weights_release(&w);
    sb_tensors_free(&file);
    sb_model_free(&model);
}

static void test_name_map__smallest_checkpoint_of_every_family_binds_whole(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "mini_retinanet_spinenet49", "mini_retinanet_resnet18_fpn",    "mini_retinanet_mobile49xs",
        "mini_maskrcnn_spinenet49",  "mini_classification_spinenet49",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char folder[96], spec[96];
        struct sb_error err;
        snprintf(folder, sizeof(folder), "golden/%s", cases[i]);
        snprintf(spec, sizeof(spec), "golden/%s/model.json", cases[i]);
        struct sb_model *model = sb_model_open(test_source(spec), NULL, &err);
        assert_ok(model ? 0 : err.code, &err);
        assert_binds_whole(model, test_source(folder));
    }
}

static void test_name_map__published_checkpoints_bind_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        char name[96];
        snprintf(name, sizeof(name), "golden/%s", published[i].name);
        const char *path = test_data_or_skip(name);
        assert_binds_whole(model_of_spec(published[i].spec), path);
    }
}

static void test_name_map__leftovers_of_training(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool leftover;
    } cases[] = {
        {"global_step", true},
        {"spinenet/conv2d/kernel/Momentum", true},
        {"spinenet/conv2d/kernel/ExponentialMovingAverage", true},
        {"spinenet/conv2d/kernel", false},
        {"Momentum", false},
        {"spinenet/global_step", false},
        {"spinenet/conv2d/kernel/Momentum/extra", false},
        {"_CHECKPOINTABLE_OBJECT_GRAPH", true},
        {"model/layer/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE", true},
    };
    struct sb_training_names names;
    struct sb_error err;
    assert_ok(sb_training_names_load(&names, &err), &err);
    assert_string_equal(names.average, "/ExponentialMovingAverage");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (sb_is_leftover(&names, cases[i].name) != cases[i].leftover)
            fail_msg("%s", cases[i].name);
    }
    sb_training_names_release(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_map__chosen_slots),
        cmocka_unit_test(test_name_map__no_two_slots_share_a_variable),
        cmocka_unit_test(test_name_map__smallest_checkpoint_of_every_family_binds_whole),
        cmocka_unit_test(test_name_map__published_checkpoints_bind_whole),
        cmocka_unit_test(test_name_map__leftovers_of_training),
    };
    return cmocka_run_group_tests_name("models/name_map", tests, NULL, NULL);
}
