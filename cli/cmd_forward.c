/* spinebench forward: one forward pass; every output tensor becomes a .npy file. */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/npy.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/engine_choice.h"
#include "cli/model_weights.h"
#include "detect/region_ops.h"
#include "engine/outputs.h"
#include "engine/plan.h"
#include "models/model.h"
#include "models/weights.h"

#include <stdio.h>

static struct sb_weights_choice weights_choice;
static struct sb_engine_choice engine_choice;
static const char *input_path, *out_dir;
static int64_t size;
static bool quiet;

static int load_input(struct sb_npy *input, struct sb_error *err)
{
    const int rc = sb_npy_load(input_path, input, err);
    if (rc)
        return rc;
    if (input->dtype == SB_F32 && input->ndim == 4 && input->count > 0 && input->shape[3] == 3)
        return 0;
    struct sb_str shape = SB_STR_INIT;
    sb_str_dims(&shape, input->shape, input->ndim);
    sb_error_set(err, SB_EFORMAT, "expected a float32 array (N, height, width, 3), found %s %s",
                 sb_dtype_name(input->dtype), sb_str_text(&shape));
    sb_str_release(&shape);
    sb_npy_release(input);
    return sb_error_file(err, input_path);
}

static bool fits(const struct sb_model *model, const struct sb_npy *input)
{
    return (size_t)model->padded_h == input->shape[1] && (size_t)model->padded_w == input->shape[2];
}

/* The model at --size, else at its default size, else at the input's. */
static struct sb_model *open_model(const char *name, const struct sb_npy *input,
                                   struct sb_error *err)
{
    const size_t side = input->shape[1], batch = input->shape[0];
    struct sb_model_options options = {.size = (int)size, .batch = (int)batch};
    if (side > INT32_MAX || batch > INT32_MAX) {
        sb_error_set(err, SB_EINVAL, "input of %zux%zux%zu is too large", batch, side,
                     input->shape[2]);
        return NULL;
    }
    struct sb_model *model = sb_model_open(name, &options, err);
    if (model && size == 0 && !fits(model, input) && side == input->shape[2]) {
        sb_model_free(&model);
        options.size = (int)side;
        model = sb_model_open(name, &options, err);
    }
    if (model && !fits(model, input)) {
        sb_error_set(err, SB_EINVAL, "the input is %zux%zu, but %s takes %dx%d", side,
                     input->shape[2], model->name, model->padded_h, model->padded_w);
        if (side != input->shape[2])
            sb_error_hint(err, "--size makes other inputs, which are square");
        sb_error_file(err, input_path);
        sb_model_free(&model);
    }
    return model;
}

static int write_array(const struct sb_output_array *array, struct sb_error *err)
{
    char file[80];
    snprintf(file, sizeof(file), "%.63s.npy", array->name);
    char *path = sb_path_join(out_dir, file);
    if (!path)
        return sb_error_nomem(err, "a path", sizeof(file));
    const int rc = sb_npy_save(path, array->dtype, array->ndim, array->dims, array->data, err);
    sb_free(path);
    return rc;
}

static int write_output(const struct sb_plan *plan, const struct sb_model *model, size_t index,
                        struct sb_error *err)
{
    const char *name = sb_plan_output_name(plan, index);
    const struct sb_node *node = &model->graph->nodes[sb_graph_find_output(model->graph, name)];
    struct sb_output_array arrays[SB_OUTPUT_ARRAYS];
    size_t count;
    int rc =
        sb_output_arrays(node, model->batch, sb_plan_output(plan, name, NULL), arrays, &count, err);
    if (rc)
        return rc;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = write_array(&arrays[i], err);
    sb_output_arrays_release(arrays, count);
    return rc;
}

static int run_plan(struct sb_plan *plan, const struct sb_model *model, const struct sb_npy *input,
                    struct sb_error *err)
{
    struct sb_shape shape;
    float *pixels = sb_plan_input(plan, 0, &shape);
    sb_nhwc_to_nchw(pixels, input->data, shape);
    const int64_t start = sb_now_ns();
    int rc = sb_plan_run(plan, NULL, err);
    const double ms = (double)(sb_now_ns() - start) * 1e-6;
    if (rc == 0)
        rc = sb_make_dirs(out_dir, err);
    const size_t count = sb_plan_num_outputs(plan);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = write_output(plan, model, i, err);
    if (rc == 0 && !quiet)
        fprintf(stderr, "%s at %dx%d: %zu outputs in %s (one pass, %.0f ms)\n", model->name,
                model->padded_h, model->padded_w, count, out_dir, ms);
    return rc;
}

static int plan_and_run(const struct sb_model *model, const struct sb_npy *input,
                        const struct sb_plan_options *options, struct sb_error *err)
{
    struct sb_weights weights;
    int rc = sb_weights_choose(&weights_choice, model, &weights, err);
    if (rc)
        return rc;
    struct sb_plan_options tuned = *options;
    struct sb_tuning tuning;
    rc = sb_engine_tune(&engine_choice, model, &weights, quiet, &tuning, &tuned, err);
    struct sb_plan *plan = rc == 0 ? sb_plan_new(model->graph, &weights, &tuned, err) : NULL;
    sb_tuning_release(&tuning);
    sb_weights_release(&weights);
    rc = plan ? run_plan(plan, model, input, err) : (int)err->code;
    sb_plan_free(&plan);
    return rc;
}

static int read_options(struct sb_plan_options *options, struct sb_error *err)
{
    sb_plan_options_defaults(options);
    options->region = &sb_detect_region_ops;
    if (!input_path)
        return sb_error_set(err, SB_EINVAL, "no input: --input X.npy is needed");
    if (!out_dir)
        return sb_error_set(err, SB_EINVAL, "no output folder: -o DIR is needed");
    return sb_engine_choose(&engine_choice, options, err);
}

static int run_forward(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_plan_options options;
    int rc = sb_arguments_expect(args, 1, 1, "a model", err);
    if (rc == 0)
        rc = read_options(&options, err);
    struct sb_npy input;
    if (rc == 0)
        rc = load_input(&input, err);
    if (rc)
        return rc;
    struct sb_model *model = open_model(args->words[0], &input, err);
    rc = model ? plan_and_run(model, &input, &options, err) : (int)err->code;
    sb_model_free(&model);
    sb_npy_release(&input);
    return rc;
}

int cmd_forward(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_WEIGHTS(&weights_choice),
        SB_OPT_STRING("input", 'i', "X.npy", "float32 (N, height, width, 3), normalised RGB",
                      &input_path),
        SB_OPT_STRING("output", 'o', "DIR", "folder for the outputs, one .npy each", &out_dir),
        SB_OPT_INT("size", 0, "N", "image size (default: the input's)", &size, 1, 1 << 20),
        SB_OPT_ENGINE(&engine_choice),
        SB_OPT_TUNE(&engine_choice),
        SB_OPT_FLAG("quiet", 'q', "no summary on stderr", &quiet),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "forward MODEL [--weights FILE | --weights-seed N] --input X.npy -o DIR [options]",
        "Runs one forward pass. Every output tensor is written under its name: maps as\n"
        "(N, height, width, channels), logits as (N, classes), rows of boxes as (N, rows, ...).\n"
        "Without weights, those that the program has for the model ('spinebench models').",
        options,
        "example:\n  spinebench forward retinanet-spinenet-49 --weights-seed 1 --input x.npy -o "
        "out"};
    weights_choice = (struct sb_weights_choice){NULL, SB_NO_SEED, false};
    engine_choice = (struct sb_engine_choice){0};
    input_path = out_dir = NULL;
    size = 0;
    quiet = false;
    return sb_cli_run("forward", &help, argc, argv, run_forward);
}
