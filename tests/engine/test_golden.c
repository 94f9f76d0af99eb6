/*
 * Whole models against the stored outputs of the reference implementation: checkpoint, input and
 * spec in, every output tensor and a probe of every block compared. The probes, which are checked
 * first, name the first wrong block.
 */
#include "base/json.h"
#include "base/mem.h"
#include "detect/region_ops.h"
#include "engine/outputs.h"
#include "engine/plan.h"
#include "models/model.h"
#include "models/weights.h"
#include "tests/golden_case.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PROBES 80

static struct sb_error err;

/* A value of a block's output that the reference stored. */
struct probe {
    char name[128];
    int node;
    int64_t nhwc[8];
    double value[8];
    double max_abs;
};

struct run {
    const char *name;
    struct sb_model *model;
    struct sb_plan *plan;
    cJSON *doc; /* spec.json, for the stated errors */
    struct sb_json errors;
    struct probe probes[MAX_PROBES];
    int num_probes;
};

/* The last node of a block or of the blocks below it; -1 when there is none. */
static int last_of_block(const struct sb_graph *graph, const char *block)
{
    const size_t n = strlen(block);
    int found = -1;
    for (size_t i = 0; i < graph->num_nodes; i++) {
        const char *b = graph->nodes[i].block;
        if (strncmp(b, block, n) == 0 && (b[n] == 0 || b[n] == '/'))
            found = (int)i;
    }
    return found;
}

static int node_of_path(const struct sb_graph *graph, const char *path)
{
    for (size_t i = 0; i < graph->num_nodes; i++) {
        if (strcmp(graph->nodes[i].path, path) == 0)
            return (int)i;
    }
    return -1;
}

/* The number behind `prefix` in text; -1 when text does not start so. */
static int number_after(const char *text, const char *prefix)
{
    const size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 ? (int)strtol(text + n, NULL, 10) : -1;
}

/* The node behind a probe's name in the reference code; -1 for places that are no node here. */
static int node_of_probe(const struct sb_graph *graph, const char *name)
{
    char block[64];
    const char *part = strchr(name, '/') + 1, *last = strrchr(name, '/') + 1;
    const int stage = number_after(part, "block_group");
    const int stem = number_after(part, "stem_block_");
    const int permuted = number_after(last, "scale_permuted_block_");
    const bool mobile = number_after(name, "spinenet_mbconv") == 0;
    if (strcmp(part, "initial_conv") == 0)
        return node_of_path(graph, "backbone/stem/conv0/conv");
    if (strcmp(part, "initial_max_pool") == 0)
        return node_of_path(graph, "backbone/stem/pool");
    if (stage >= 0)
        snprintf(block, sizeof(block), "backbone/stage%d", stage + 1);
    else if (stem >= 0)
        snprintf(block, sizeof(block), "backbone/block%d", mobile ? stem : stem - 1);
    else if (permuted >= 0) /* counts the blocks after the two of the stem */
        snprintf(block, sizeof(block), "backbone/block%d", permuted + 2);
    else
        return -1;
    const int node = last_of_block(graph, block);
    assert_true(node >= 0);
    return node;
}

static void read_numbers(const struct sb_json *at, const char *key, double values[8])
{
    struct sb_json array, elem;
    size_t count;
    assert_ok(sb_json_get_array(at, key, &array, &count, &err), &err);
    assert_int_equal(count, 8);
    bool ok = sb_json_first(&array, &elem);
    for (int i = 0; ok; i++, ok = sb_json_next(&elem))
        assert_ok(sb_json_double(&elem, &values[i], &err), &err);
}

static void read_probe(struct run *run, const struct sb_json *at)
{
    struct probe *p = &run->probes[run->num_probes];
    const char *name;
    double index[8] = {0};
    assert_ok(sb_json_get_string(at, "name", &name, &err), &err);
    snprintf(p->name, sizeof(p->name), "%s", name);
    p->node = node_of_probe(run->model->graph, name);
    if (p->node < 0)
        return;
    assert_in_range(++run->num_probes, 1, MAX_PROBES - 1);
    assert_ok(sb_json_get_double(at, "max_abs", &p->max_abs, &err), &err);
    read_numbers(at, "value", p->value);
    read_numbers(at, "flat_index", index);
    for (int i = 0; i < 8; i++)
        p->nhwc[i] = (int64_t)index[i];
}

/* Reads probes.json and makes the probed nodes outputs of the model. */
static void read_probes(struct run *run)
{
    cJSON *doc = NULL;
    const char *path = golden_path(run->name, "probes.json");
    assert_ok(sb_json_load(path, &doc, &err), &err);
    const struct sb_json root = sb_json_root(doc, path);
    struct sb_json elem;
    for (bool ok = sb_json_first(&root, &elem); ok; ok = sb_json_next(&elem))
        read_probe(run, &elem);
    cJSON_Delete(doc);
    for (int i = 0; i < run->num_probes; i++) {
        const struct probe *p = &run->probes[i];
        if (!run->model->graph->nodes[p->node].output)
            assert_ok(sb_graph_output(run->model->graph, p->node, p->name, &err), &err);
    }
}

static void open_run(struct run *run, const char *name, bool probes)
{
    memset(run, 0, sizeof(*run));
    run->name = name;
    const char *spec = golden_path(name, "spec.json");
    assert_ok(sb_json_load(spec, &run->doc, &err), &err);
    const struct sb_json root = sb_json_root(run->doc, spec);
    assert_ok(sb_json_get(&root, "output_error", &run->errors, &err), &err);
    run->model = sb_model_open(golden_model_spec(name), NULL, &err);
    if (!run->model) {
        assert_ok(err.code, &err);
        return;
    }
    if (probes)
        read_probes(run);
}

static void close_run(struct run *run)
{
    sb_plan_free(&run->plan);
    sb_model_free(&run->model);
    cJSON_Delete(run->doc);
}

/* Loads the checkpoint, plans and runs the case's input. */
static void forward(struct run *run, enum sb_engine engine)
{
    char prefix[1024];
    struct sb_weights weights;
    struct sb_plan_options options;
    struct sb_npy input;
    snprintf(prefix, sizeof(prefix), "%s", golden_path(run->name, "model.ckpt.index"));
    assert_ok(sb_weights_load(&weights, run->model->graph, prefix, NULL, &err), &err);
    sb_plan_options_defaults(&options);
    options.engine = engine;
    options.region = &sb_detect_region_ops;
    run->plan = sb_plan_new(run->model->graph, &weights, &options, &err);
    sb_weights_release(&weights);
    if (!run->plan)
        assert_ok(err.code, &err);
    assert_ok(sb_npy_load(golden_path(run->name, "input.npy"), &input, &err), &err);
    struct sb_shape shape;
    float *pixels = sb_plan_input(run->plan, 0, &shape);
    assert_int_equal(input.count, sb_shape_count(shape));
    sb_nhwc_to_nchw(pixels, input.data, shape);
    sb_npy_release(&input);
    assert_ok(sb_plan_run(run->plan, NULL, &err), &err);
}

static void check_probe(const struct run *run, const struct probe *p)
{
    struct sb_shape s;
    const float *data = sb_plan_output(run->plan, run->model->graph->nodes[p->node].output, &s);
    for (int i = 0; i < 8; i++) {
        const int64_t c = p->nhwc[i] % s.c, pixel = p->nhwc[i] / s.c;
        const double got = (double)data[c * s.h * s.w + pixel];
        if (!(fabs(got - p->value[i]) <= 3e-4 * p->max_abs))
            fail_msg("%s: %s: value %lld is %.7g, expected %.7g", run->name, p->name,
                     (long long)p->nhwc[i], got, p->value[i]);
    }
}

/* Ten times the error of the reference's own float32 run, never above 1e-3 of the maximum. */
static double tolerance_of(const struct run *run, const char *array)
{
    struct sb_json entry;
    double error = 0, max = 0;
    assert_ok(sb_json_get(&run->errors, array, &entry, &err), &err);
    assert_ok(sb_json_get_double(&entry, "max_abs_diff_fp64", &error, &err), &err);
    assert_ok(sb_json_get_double(&entry, "max_abs", &max, &err), &err);
    return fmin(10 * error, 1e-3 * max);
}

/* The stored array's name: large ones are cut to their first rows and say so, NAME_rows0-1. */
static const char *stored_name(const struct run *run, const char *array)
{
    const size_t n = strlen(array);
    for (const cJSON *e = run->errors.item->child; e; e = e->next) {
        if (strncmp(e->string, array, n) == 0 && strncmp(e->string + n, "_rows", 5) == 0)
            return e->string;
    }
    return array;
}

/* Dimensions after the first two are whole in any case. */
static void check_array(const struct run *run, const struct sb_output_array *ours)
{
    const struct golden_case c = {.name = run->name};
    const char *stored = stored_name(run, ours->name);
    struct sb_npy theirs = golden_array(&c, stored);
    assert_int_equal(theirs.ndim, ours->ndim);
    for (int i = 0; i < ours->ndim; i++) {
        if (i == 1 ? theirs.shape[i] > ours->dims[i] : theirs.shape[i] != ours->dims[i])
            fail_msg("%s: dimension %d is %zu, stored is %zu", ours->name, i, ours->dims[i],
                     theirs.shape[i]);
    }
    assert_int_equal(theirs.dtype, ours->dtype);
    if (ours->dtype == SB_F32)
        golden_assert_close(ours->name, ours->data, theirs.data, theirs.count,
                            tolerance_of(run, stored));
    else
        assert_memory_equal(ours->data, theirs.data, theirs.count * sizeof(int32_t));
    sb_npy_release(&theirs);
}

static void check_output(const struct run *run, const char *name)
{
    const struct sb_node *node =
        &run->model->graph->nodes[sb_graph_find_output(run->model->graph, name)];
    struct sb_output_array arrays[SB_OUTPUT_ARRAYS];
    size_t count;
    assert_ok(
        sb_output_arrays(node, 1, sb_plan_output(run->plan, name, NULL), arrays, &count, &err),
        &err);
    for (size_t i = 0; i < count; i++)
        check_array(run, &arrays[i]);
    sb_output_arrays_release(arrays, count);
}

static void check_case(const char *name, enum sb_engine engine)
{
    struct run run;
    for (int probes = 1; probes >= 0; probes--) {
        open_run(&run, name, probes);
        forward(&run, engine);
        for (int i = 0; i < run.num_probes; i++)
            check_probe(&run, &run.probes[i]);
        for (size_t i = 0; probes == 0 && i < sb_plan_num_outputs(run.plan); i++)
            check_output(&run, sb_plan_output_name(run.plan, i));
        close_run(&run);
    }
}

static void test_golden__case(void **state)
{
    check_case(*state, SB_ENGINE_OPENBLAS);
    check_case(*state, SB_ENGINE_NATIVE);
}

int main(void)
{
    static char cases[][40] = {
        "mini_retinanet_spinenet49",      "mini_retinanet_resnet18_fpn",
        "mini_retinanet_mobile49xs",      "mini_maskrcnn_spinenet49",
        "mini_classification_spinenet49", "retinanet_spinenet49_relu",
        "retinanet_spinenet49s_swish",    "retinanet_spinenet143_swish",
        "retinanet_mobile49xs_full",      "retinanet_resnet50_fpn",
        "retinanet_resnet50_nasfpn",      "maskrcnn_spinenet49",
        "maskrcnn_spinenet49_512",        "classification_spinenet49",
    };
    enum { N = sizeof(cases) / sizeof(cases[0]) };
    struct CMUnitTest tests[N];
    char names[N][80];
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof(names[i]), "test_golden__%s", cases[i]);
        tests[i] = (struct CMUnitTest){names[i], test_golden__case, NULL, NULL, cases[i]};
    }
    return cmocka_run_group_tests_name("engine/golden", tests, NULL, NULL);
}
