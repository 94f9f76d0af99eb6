/* Stored reference outputs. See golden_case.h. */
#include "tests/golden_case.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *golden_path(const char *case_name, const char *file)
{
    char name[200];
    snprintf(name, sizeof(name), "golden/%s/%s", case_name, file);
    const char *own = test_source(name);
    return sb_is_file(own) ? own : test_data_or_skip(name);
}

const char *golden_model_spec(const char *case_name)
{
    static char out[1024];
    char command[4096];
    snprintf(out, sizeof(out), "%s", test_source("golden/"));
    snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s/model.json", case_name);
    if (sb_is_file(out))
        return out;
    const char *reference = golden_path(case_name, "spec.json");
    snprintf(out, sizeof(out), "%s/%s.json", test_scratch(), case_name);
    snprintf(command, sizeof(command), "python3 '%s' '%s' '%s'",
             test_source("../scripts/spec_from_reference.py"), reference, out);
    assert_int_equal(system(command), 0);
    return out;
}

static int get_int(const struct sb_json *at, const char *key)
{
    struct sb_error err;
    int64_t value = 0;
    assert_ok(sb_json_get_int(at, key, 0, 1 << 30, &value, &err), &err);
    return (int)value;
}

static double get_double(const struct sb_json *at, const char *key)
{
    struct sb_error err;
    double value = 0;
    assert_ok(sb_json_get_double(at, key, &value, &err), &err);
    return value;
}

static struct sb_json get(const struct sb_json *at, const char *key)
{
    struct sb_error err;
    struct sb_json out;
    assert_ok(sb_json_get(at, key, &out, &err), &err);
    return out;
}

/* Reads up to max numbers of array member `key`; returns how many. */
static int get_numbers(const struct sb_json *at, const char *key, double *values, int max)
{
    const struct sb_json array = get(at, key);
    struct sb_json elem;
    struct sb_error err;
    int n = 0;
    for (bool ok = sb_json_first(&array, &elem); ok && n < max; ok = sb_json_next(&elem))
        assert_ok(sb_json_double(&elem, &values[n++], &err), &err);
    return n;
}

static void read_anchor(const struct sb_json *root, struct sb_model *model)
{
    const struct sb_json anchor = get(root, "anchor");
    model->anchor.min_level = get_int(root, "min_level");
    model->anchor.max_level = get_int(root, "max_level");
    model->anchor.num_scales = get_int(&anchor, "num_scales");
    model->anchor.num_ratios =
        get_numbers(&anchor, "aspect_ratios", model->anchor.aspect_ratios, 8);
    model->anchor.anchor_size = get_double(&anchor, "anchor_size");
}

static void read_postprocess(const struct sb_json *root, struct golden_case *c)
{
    const struct sb_json post = get(root, "postprocess");
    c->model.postprocess.pre_nms_top_k = get_int(&post, "pre_nms_num_boxes");
    c->model.postprocess.max_detections = get_int(&post, "max_total_size");
    c->model.postprocess.nms_threshold = get_double(&post, "nms_iou_threshold");
    c->model.postprocess.score_threshold = get_double(&post, "score_threshold");
    if (!sb_json_has(root, "proposals"))
        return;
    const struct sb_json proposals = get(root, "proposals");
    c->rpn_pre_nms_top_k = get_int(&proposals, "rpn_pre_nms_top_k");
    c->rpn_post_nms_top_k = get_int(&proposals, "rpn_post_nms_top_k");
    c->rpn_nms_threshold = get_double(&proposals, "rpn_nms_threshold");
    get_numbers(root, "box_weights", c->box_weights, 4);
}

void golden_open(struct golden_case *c, const char *name)
{
    struct sb_error err;
    cJSON *doc = NULL;
    memset(c, 0, sizeof(*c));
    c->name = name;
    const char *path = golden_path(name, "spec.json");
    assert_ok(sb_json_load(path, &doc, &err), &err);
    const struct sb_json root = sb_json_root(doc, path);
    double size[2];
    get_numbers(&root, "output_size", size, 2);
    c->model.image_h = (int)size[0];
    c->model.image_w = (int)size[1];
    get_numbers(&root, "padded_size", size, 2);
    c->model.padded_h = (int)size[0];
    c->model.padded_w = (int)size[1];
    c->model.num_classes = get_int(&root, "num_classes_with_background");
    read_anchor(&root, &c->model);
    read_postprocess(&root, c);
    cJSON_Delete(doc);
}

struct sb_npy golden_array(const struct golden_case *c, const char *name)
{
    char file[100];
    snprintf(file, sizeof(file), "%s.npy", name);
    struct sb_error err;
    struct sb_npy array;
    assert_ok(sb_npy_load(golden_path(c->name, file), &array, &err), &err);
    return array;
}

float *golden_planar(const struct golden_case *c, const char *name)
{
    struct sb_npy array = golden_array(c, name);
    assert_int_equal(array.dtype, SB_F32);
    assert_int_equal(array.ndim, 4);
    assert_int_equal(array.shape[0], 1);
    const size_t cells = array.shape[1] * array.shape[2], channels = array.shape[3];
    float *const out = sb_calloc(array.count, sizeof(float), 0);
    const float *const in = array.data;
    assert_non_null(out);
    for (size_t cell = 0; cell < cells; cell++)
        for (size_t k = 0; k < channels; k++)
            out[k * cells + cell] = in[cell * channels + k];
    sb_npy_release(&array);
    return out;
}

void golden_assert_close(const char *what, const float *ours, const float *theirs, size_t count,
                         double tolerance)
{
    double worst = 0;
    size_t where = 0;
    for (size_t i = 0; i < count; i++) {
        const double difference = fabs((double)ours[i] - (double)theirs[i]);
        if (!(difference <= worst)) {
            worst = difference;
            where = i;
        }
    }
    print_message("%s: largest difference %.2g of %g allowed\n", what, worst, tolerance);
    if (!(worst <= tolerance))
        fail_msg("%s: value %zu is %.9g, expected %.9g", what, where, (double)ours[where],
                 (double)theirs[where]);
}
