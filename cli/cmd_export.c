/* spinebench export: a model with its weights as an ONNX file for other runtimes. */
#include "base/str.h"
#include "cli/cli.h"
#include "cli/model_weights.h"
#include "detect/onnx_region.h"
#include "models/model.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_SEED 1 /* as bench */

static struct sb_weights_choice weights_choice;
static const char *path, *layout;
static int64_t size;
static bool quiet;

static int read_layout(bool *nhwc, struct sb_error *err)
{
    *nhwc = layout && strcmp(layout, "nhwc") == 0;
    if (!layout || *nhwc || strcmp(layout, "nchw") == 0)
        return 0;
    return sb_error_set(err, SB_EINVAL, "--layout: expected nchw or nhwc, got '%s'", layout);
}

static void print_summary(const struct sb_model *model)
{
    struct stat st;
    if (quiet)
        return;
    fprintf(stderr, "%s: %s at %dx%d, opset %d", path, model->name, model->padded_h,
            model->padded_w, SB_ONNX_OPSET);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        fprintf(stderr, ", %.1f MiB", (double)st.st_size / 1048576);
    if (weights_choice.seed != SB_NO_SEED)
        fprintf(stderr, "; untrained weights, seed %lld", (long long)weights_choice.seed);
    else if (!weights_choice.path)
        fprintf(stderr, "; the program's trained weights");
    fprintf(stderr, "\n");
}

static int export_model(const struct sb_model *model, const struct sb_onnx_options *options,
                        struct sb_error *err)
{
    struct sb_weights weights;
    int rc = sb_onnx_export_check(model, err);
    if (!weights_choice.path && weights_choice.seed == SB_NO_SEED && !sb_weights_built_in(model))
        weights_choice.seed = DEFAULT_SEED;
    if (rc == 0)
        rc = sb_weights_choose(&weights_choice, model, &weights, err);
    if (rc)
        return rc;
    rc = sb_onnx_export(model, &weights, options, path, err);
    sb_weights_release(&weights);
    if (rc == 0)
        print_summary(model);
    return rc;
}

static int run_export(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_onnx_options options = {.region = sb_onnx_region};
    const struct sb_model_options model_options = {.size = (int)size, .batch = 1};
    int rc = sb_arguments_expect(args, 1, 1, "a model", err);
    if (rc == 0)
        rc = read_layout(&options.nhwc, err);
    if (rc == 0 && !path)
        rc = sb_error_set(err, SB_EINVAL, "no file to write: --onnx FILE is needed");
    if (rc)
        return rc;
    struct sb_model *model = sb_model_open(args->words[0], &model_options, err);
    rc = model ? export_model(model, &options, err) : (int)err->code;
    sb_model_free(&model);
    return rc;
}

int cmd_export(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_WEIGHTS(&weights_choice),
        SB_OPT_STRING("onnx", 'o', "FILE", "file to write", &path),
        SB_OPT_INT("size", 0, "N", "image size (default: the model's)", &size, 1, 1 << 20),
        SB_OPT_STRING("layout", 0, "NAME",
                      "of input and maps: nchw (default), or nhwc as forward's files", &layout),
        SB_OPT_FLAG("quiet", 'q', "no summary on stderr", &quiet),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "export MODEL [--weights FILE | --weights-seed N] --onnx FILE [options]",
        "Writes the model as ONNX: standard operators of opset 17, batch 1, one input size.\n"
        "Outputs are named as the files of `forward`; initialisers as spinebench names\n"
        "weights, so that --weights reads the file again. Without weights, those that the program "
        "has\n"
        "for the model ('spinebench models'), else seed 1.",
        options,
        "example:\n  spinebench export retinanet-spinenet-49 --weights-seed 1 --onnx model.onnx"};
    weights_choice = (struct sb_weights_choice){NULL, SB_NO_SEED, false};
    path = layout = NULL;
    size = 0;
    quiet = false;
    return sb_cli_run("export", &help, argc, argv, run_export);
}
