/*
 * models/onnx_export.c and detect/onnx_region.c: files are well-formed, hold the weights, and have
 * the outputs of a forward pass. That ONNX Runtime computes the same from them is shown by
 * scripts/check_onnx.
 */
#include "models/onnx_export.h"

#include "base/file.h"
#include "base/mem.h"
#include "detect/onnx_region.h"
#include "engine/outputs.h"
#include "models/onnx.pb-c.h"
#include "tests/golden_case.h"
#include "tests/models/support_weights.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static struct sb_error err;

/* Every operator that may appear, so that a new one is looked at. All are in opset 17. */
static const char *const operators[] = {"Add",
                                        "ArgMax",
                                        "BatchNormalization",
                                        "Cast",
                                        "Clip",
                                        "Concat",
                                        "Conv",
                                        "ConvTranspose",
                                        "Div",
                                        "Equal",
                                        "Exp",
                                        "Expand",
                                        "Flatten",
                                        "Floor",
                                        "Gather",
                                        "GatherElements",
                                        "GatherND",
                                        "Gemm",
                                        "GlobalAveragePool",
                                        "GreaterOrEqual",
                                        "Identity",
                                        "Max",
                                        "MaxPool",
                                        "Min",
                                        "Mul",
                                        "Neg",
                                        "NonMaxSuppression",
                                        "ReduceMax",
                                        "ReduceSum",
                                        "Relu",
                                        "Reshape",
                                        "Resize",
                                        "Sigmoid",
                                        "Slice",
                                        "Softmax",
                                        "Sub",
                                        "TopK",
                                        "Transpose",
                                        "Unsqueeze",
                                        "Where"};
#define N_OPERATORS (sizeof(operators) / sizeof(operators[0]))

static Onnx__ModelProto *read_model(const char *path)
{
    struct sb_map map;
    assert_ok(sb_map_open(&map, path, &err), &err);
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, map.size, (const uint8_t *)map.data);
    sb_map_release(&map);
    assert_non_null(model);
    return model;
}

/* Names of values, sorted as they come in. */
struct names {
    const char *items[20000];
    size_t count;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = names->count; i > 0; i--) /* mostly the latest */
        if (strcmp(names->items[i - 1], name) == 0)
            return true;
    return false;
}

static void add_name(struct names *names, const char *name)
{
    assert_true(name[0] != '\0');
    assert_true(names->count < sizeof(names->items) / sizeof(names->items[0]));
    names->items[names->count++] = name;
}

static void assert_operator(const char *op_type)
{
    for (size_t i = 0; i < N_OPERATORS; i++)
        if (strcmp(operators[i], op_type) == 0)
            return;
    fail_msg("operator %s", op_type);
}

/* Every value is made once, before it is read. */
static void assert_well_formed(const Onnx__GraphProto *g)
{
    struct names *names = calloc(1, sizeof(*names));
    assert_non_null(names);
    for (size_t i = 0; i < g->n_input; i++)
        add_name(names, g->input[i]->name);
    for (size_t i = 0; i < g->n_initializer; i++)
        add_name(names, g->initializer[i]->name);
    for (size_t i = 0; i < g->n_node; i++) {
        assert_operator(g->node[i]->op_type);
        for (size_t k = 0; k < g->node[i]->n_input; k++)
            if (g->node[i]->input[k][0] && !has_name(names, g->node[i]->input[k]))
                fail_msg("%s reads '%s'", g->node[i]->name, g->node[i]->input[k]);
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            add_name(names, g->node[i]->output[k]);
    }
    for (size_t i = 0; i < g->n_output; i++)
        assert_true(has_name(names, g->output[i]->name));
    qsort(names->items, names->count, sizeof(names->items[0]), by_text);
    for (size_t i = 1; i < names->count; i++)
        assert_string_not_equal(names->items[i - 1], names->items[i]);
    free(names);
}

static const Onnx__ValueInfoProto *find_output(const Onnx__GraphProto *g, const char *name)
{
    for (size_t i = 0; i < g->n_output; i++)
        if (strcmp(g->output[i]->name, name) == 0)
            return g->output[i];
    fail_msg("no output %s", name);
    return NULL;
}

/* The arrays that forward writes, all of them and no other, with their types and shapes. */
static void assert_outputs(const Onnx__GraphProto *g, const struct sb_model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->graph->num_nodes; i++) {
        const struct sb_node *node = &model->graph->nodes[i];
        struct sb_output_array arrays[SB_OUTPUT_ARRAYS];
        size_t n = 0;
        if (!node->output)
            continue;
        float *zeros = calloc(sb_shape_count(node->shape), sizeof(*zeros));
        assert_non_null(zeros);
        assert_ok(sb_output_arrays(node, 1, zeros, arrays, &n, &err), &err);
        for (size_t k = 0; k < n; k++) {
            const Onnx__TypeProto__Tensor *t = find_output(g, arrays[k].name)->type->tensor_type;
            assert_int_equal(t->elem_type, arrays[k].dtype == SB_F32 ? SB_ONNX_F32 : SB_ONNX_I32);
            assert_int_equal(t->shape->n_dim, arrays[k].ndim);
            for (int d = 0; d < arrays[k].ndim; d++)
                assert_int_equal(t->shape->dim[d]->dim_value, arrays[k].dims[d]);
        }
        count += n;
        sb_output_arrays_release(arrays, n);
        free(zeros);
    }
    assert_int_equal(g->n_output, count);
}

static const struct sb_onnx_options nhwc = {.nhwc = true, .region = sb_onnx_region};
static const struct sb_onnx_options nchw = {.region = sb_onnx_region};

static void check_export(const struct sb_model *model)
{
    const char *path = test_path("model.onnx");
    struct sb_weights weights, again;
    assert_ok(sb_weights_seeded(&weights, model->graph, 1, &err), &err);
    assert_ok(sb_onnx_export(model, &weights, &nchw, path, &err), &err);
    Onnx__ModelProto *m = read_model(path);
    assert_well_formed(m->graph);
    const Onnx__TensorShapeProto *in = m->graph->input[0]->type->tensor_type->shape;
    assert_int_equal(in->dim[1]->dim_value, 3);
    assert_int_equal(in->dim[2]->dim_value, model->padded_h);
    onnx__model_proto__free_unpacked(m, NULL);
    assert_ok(sb_weights_load(&again, model->graph, path, NULL, &err), &err);
    assert_true(again.digest == weights.digest);
    sb_weights_release(&again);
    assert_ok(sb_onnx_export(model, &weights, &nhwc, path, &err), &err);
    m = read_model(path);
    assert_well_formed(m->graph);
    assert_outputs(m->graph, model);
    onnx__model_proto__free_unpacked(m, NULL);
    sb_weights_release(&weights);
}

static void test_onnx_export__has_the_outputs_and_weights_of_the_model(void **state)
{
    (void)state;
    static const char *const cases[] = {"mini_classification_spinenet49",
                                        "mini_maskrcnn_spinenet49", "mini_retinanet_mobile49xs",
                                        "mini_retinanet_resnet18_fpn"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_model *model = sb_model_open(golden_model_spec(cases[i]), NULL, &err);
        assert_ok(model ? 0 : err.code, &err);
        check_export(model);
        sb_model_free(&model);
    }
}

/* All graphs of the zoo pass through the exporter up to writing; weights are one array of zeros. */
static void test_onnx_export__spells_every_model_of_the_zoo(void **state)
{
    (void)state;
    size_t most = 0;
    float *zeros = NULL, **slots = NULL;
    for (size_t i = 0; sb_zoo_name(i); i++) {
        struct sb_model *model = sb_model_open(sb_zoo_name(i), NULL, &err);
        assert_ok(model ? 0 : err.code, &err);
        for (size_t s = 0; s < model->graph->num_slots; s++)
            if (sb_slot_count(&model->graph->slots[s]) > most)
                most = sb_slot_count(&model->graph->slots[s]);
        zeros = realloc(zeros, most * sizeof(*zeros));
        slots = realloc(slots, model->graph->num_slots * sizeof(*slots));
        assert_true(zeros && slots);
        memset(zeros, 0, most * sizeof(*zeros));
        for (size_t s = 0; s < model->graph->num_slots; s++)
            slots[s] = zeros;
        const struct sb_weights weights = {.num_slots = model->graph->num_slots, .slots = slots};
        assert_ok(sb_onnx_export(model, &weights, &nchw, "/dev/null", &err), &err);
        sb_model_free(&model);
    }
    free(zeros);
    free(slots);
}

static void test_onnx_export__says_what_it_cannot_write(void **state)
{
    (void)state;
    const struct sb_model_options two = {.batch = 2};
    struct sb_model *model =
        sb_model_open(golden_model_spec("mini_maskrcnn_spinenet49"), &two, &err);
    assert_int_equal(sb_onnx_export_check(model, &err), SB_EUNSUPPORTED);
    assert_error(&err, SB_EUNSUPPORTED, "batch 2");
    sb_model_free(&model);
    model = sb_model_open(golden_model_spec("mini_maskrcnn_spinenet49"), NULL, &err);
    struct sb_weights weights;
    assert_ok(sb_weights_seeded(&weights, model->graph, 1, &err), &err);
    const char *path = test_path("none.onnx");
    const struct sb_onnx_options no_regions = {.nhwc = false};
    assert_int_equal(sb_onnx_export(model, &weights, &no_regions, path, &err), SB_EUNSUPPORTED);
    assert_error(&err, SB_EUNSUPPORTED, "proposals");
    for (size_t i = 0; i < model->graph->num_nodes; i++)
        if (model->graph->nodes[i].op == SB_OP_DETECTIONS)
            model->graph->nodes[i].u.region.soft_nms_sigma = 0.5;
    assert_int_equal(sb_onnx_export(model, &weights, &nchw, path, &err), SB_EUNSUPPORTED);
    assert_error(&err, SB_EUNSUPPORTED, "soft NMS");
    assert_false(sb_is_file(path));
    sb_weights_release(&weights);
    sb_model_free(&model);
}

static void test_onnx_export__refuses_more_than_2_gib_before_weights_are_loaded(void **state)
{
    (void)state;
    struct sb_model model = {.name = "huge", .batch = 1};
    model.graph = sb_graph_new("huge", &err);
    const struct sb_shape shape = {1, 1 << 15, 1, 1};
    const int x = sb_graph_input(model.graph, "input", shape, &err);
    assert_true(sb_graph_fc(model.graph, x, "fc", NULL, 1 << 15, false, &err) > 0);
    assert_int_equal(sb_onnx_export_check(&model, &err), SB_EUNSUPPORTED);
    assert_error(&err, SB_EUNSUPPORTED, "4294967296 bytes of weights");
    sb_graph_free(&model.graph);
}

static int export_small(void *model)
{
    const struct sb_model *m = model;
    float zero[1] = {0}, **slots = malloc(m->graph->num_slots * sizeof(*slots));
    for (size_t s = 0; s < m->graph->num_slots; s++)
        slots[s] = zero;
    const struct sb_weights weights = {.num_slots = m->graph->num_slots, .slots = slots};
    const int rc = sb_onnx_export(m, &weights, &nchw, "/dev/null", &err);
    free(slots);
    return rc;
}

static void test_onnx_export__failing_allocations_leak_nothing(void **state)
{
    (void)state;
    struct sb_model *model =
        sb_model_open(golden_model_spec("mini_maskrcnn_spinenet49"), NULL, &err);
    assert_ok(model ? 0 : err.code, &err);
    for (size_t s = 0; s < model->graph->num_slots; s++)
        model->graph->slots[s].ndim = 0; /* scalars: one zero is enough for all of them */
    test_every_allocation_fails(export_small, model);
    sb_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx_export__has_the_outputs_and_weights_of_the_model),
        cmocka_unit_test(test_onnx_export__spells_every_model_of_the_zoo),
        cmocka_unit_test(test_onnx_export__says_what_it_cannot_write),
        cmocka_unit_test(test_onnx_export__refuses_more_than_2_gib_before_weights_are_loaded),
        cmocka_unit_test(test_onnx_export__failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("detect/onnx_export", tests, NULL, NULL);
}
