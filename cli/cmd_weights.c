/* spinebench weights: what is in a weight file, and weight files as .safetensors. */
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "models/model.h"
#include "models/safetensors.h"
#include "models/tensor_stats.h"
#include "models/tensors.h"
#include "models/weights.h"
#include "reports/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *list_file, *model_name, *format_name;
static bool json, averages, allow_missing, allow_extra;

/* -- listing ---------------------------------------------------------------------------------- */

static void statistic_cell(struct sb_table *table, const struct sb_tensor_stats *s, double value)
{
    if (s->finite)
        sb_table_cell(table, "%.6g", value);
    else
        sb_table_empty(table);
}

static void tensor_row(struct sb_table *table, const struct sb_tensor *t,
                       const struct sb_tensor_stats *s)
{
    struct sb_str shape = SB_STR_INIT;
    sb_str_dims(&shape, t->shape, t->ndim);
    sb_table_row(table);
    sb_table_cell(table, "%s", t->name);
    sb_table_cell(table, "%s", t->type);
    sb_table_cell(table, "%s", sb_str_text(&shape));
    sb_table_integer(table, (long long)t->bytes);
    statistic_cell(table, s, s->min);
    statistic_cell(table, s, s->max);
    statistic_cell(table, s, s->mean);
    statistic_cell(table, s, s->deviation);
    if (s->nonfinite)
        sb_table_integer(table, (long long)s->nonfinite);
    else
        sb_table_empty(table);
    sb_str_release(&shape);
}

static int print_list(const struct sb_tensors *file, const struct sb_tensor_stats *stats,
                      const struct sb_table_format *format, struct sb_error *err)
{
    struct sb_table table;
    struct sb_str out = SB_STR_INIT;
    size_t values = 0, bytes = 0;
    sb_table_init(&table, NULL);
    sb_table_column(&table, "tensor", NULL, SB_LEFT);
    sb_table_column(&table, "type", NULL, SB_LEFT);
    sb_table_column(&table, "shape", NULL, SB_LEFT);
    static const char *const numbers[] = {"bytes", "min", "max", "mean", "std", "not finite"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sb_table_column(&table, numbers[i], NULL, SB_RIGHT);
    for (size_t i = 0; i < sb_tensors_count(file); i++) {
        const struct sb_tensor *t = sb_tensors_at(file, i);
        tensor_row(&table, t, &stats[i]);
        values += t->count;
        bytes += t->bytes;
    }
    sb_table_note(&table, "%s: %zu tensor%s, %zu value%s, %zu bytes; files of %zu bytes",
                  sb_tensors_format(file), sb_tensors_count(file),
                  sb_plural(sb_tensors_count(file)), values, sb_plural(values), bytes,
                  sb_tensors_file_bytes(file));
    sb_cli_put_table(&table, format, &out);
    const bool failed = out.failed;
    if (!failed)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    sb_table_release(&table);
    return failed ? sb_error_nomem(err, "the table", 0) : 0;
}

static void json_tensor(struct sb_jw *w, const struct sb_tensor *t, const struct sb_tensor_stats *s)
{
    sb_jw_object(w, NULL);
    sb_jw_string(w, "name", t->name);
    sb_jw_string(w, "type", t->type);
    sb_jw_array(w, "shape");
    for (int d = 0; d < t->ndim; d++)
        sb_jw_uint(w, NULL, t->shape[d]);
    sb_jw_end(w);
    sb_jw_uint(w, "bytes", t->bytes);
    sb_jw_double(w, "min", s->min);
    sb_jw_double(w, "max", s->max);
    sb_jw_double(w, "mean", s->mean);
    sb_jw_double(w, "std", s->deviation);
    sb_jw_uint(w, "nonfinite", s->nonfinite);
    if (!s->finite)
        sb_jw_string(w, "why", t->dtype == SB_OPAQUE ? "not numbers" : "no finite value");
    sb_jw_end(w);
}

static int print_document(const struct sb_str *out, struct sb_error *err)
{
    if (out->failed)
        return sb_error_nomem(err, "the document", out->length);
    printf("%s\n", sb_str_text(out));
    return 0;
}

static int json_list(const struct sb_tensors *file, const struct sb_tensor_stats *stats,
                     struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &out, 1);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "file", sb_tensors_path(file));
    sb_jw_string(&w, "format", sb_tensors_format(file));
    sb_jw_uint(&w, "file_bytes", sb_tensors_file_bytes(file));
    sb_jw_array(&w, "tensors");
    for (size_t i = 0; i < sb_tensors_count(file); i++)
        json_tensor(&w, sb_tensors_at(file, i), &stats[i]);
    sb_jw_end(&w);
    sb_jw_end(&w);
    const int rc = print_document(&out, err);
    sb_str_release(&out);
    return rc;
}

static int list(struct sb_error *err)
{
    const struct sb_table_format *format;
    if (sb_cli_format(format_name, "text, markdown or csv", &format, err) != 0)
        return (int)err->code;
    struct sb_tensors *file = sb_tensors_open(list_file, err);
    if (!file)
        return (int)err->code;
    struct sb_tensor_stats *stats = NULL;
    int rc = sb_tensor_stats_all(file, &stats, err);
    if (rc == 0)
        rc = json ? json_list(file, stats, err) : print_list(file, stats, format, err);
    sb_free(stats);
    sb_tensors_free(&file);
    return rc;
}

/* -- converting ------------------------------------------------------------------------------- */

struct summary {
    const char *in, *out;
    size_t tensors, bytes, left_out;
};

static int print_summary(const struct summary *s, struct sb_error *err)
{
    if (!json) {
        printf("%s: %zu tensor%s, %zu bytes of data\n", s->out, s->tensors, sb_plural(s->tensors),
               s->bytes);
        return 0;
    }
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &out, 1);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "in", s->in);
    sb_jw_string(&w, "out", s->out);
    sb_jw_string(&w, "model", model_name);
    sb_jw_uint(&w, "tensors", s->tensors);
    sb_jw_uint(&w, "bytes", s->bytes);
    sb_jw_uint(&w, "left_out", s->left_out);
    sb_jw_end(&w);
    const int rc = print_document(&out, err);
    sb_str_release(&out);
    return rc;
}

/* Every tensor under its name and in its layout. */
static int convert_as_is(struct summary *s, struct sb_error *err)
{
    struct sb_tensors *file = sb_tensors_open(s->in, err);
    if (!file)
        return (int)err->code;
    const size_t n = sb_tensors_count(file);
    const struct sb_tensor **kept =
        sb_calloc(n, sizeof(const struct sb_tensor *), SB_MEM_TAG(SB_MEM_DATA, 0));
    int rc = kept ? 0 : sb_error_nomem(err, "a tensor table", n * sizeof(const struct sb_tensor *));
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct sb_tensor *t = sb_tensors_at(file, i);
        if (!sb_safetensors_can_store(t)) {
            fprintf(stderr, "spinebench weights: left out '%s': .safetensors has no type %s\n",
                    t->name, t->type);
            s->left_out++;
            continue;
        }
        kept[s->tensors++] = t;
        s->bytes += t->bytes;
    }
    if (rc == 0)
        rc = sb_safetensors_write(s->out, kept, s->tensors, file, err);
    sb_free(kept);
    sb_tensors_free(&file);
    return rc;
}

/* The model's weights under its own names and layouts. */
static int convert_for_model(struct summary *s, struct sb_error *err)
{
    struct sb_model *model = sb_model_open(model_name, NULL, err);
    if (!model)
        return (int)err->code;
    const struct sb_bind_options options = {
        .use_ema = averages, .allow_missing = allow_missing, .allow_extra = allow_extra};
    struct sb_weights weights;
    int rc = sb_weights_load(&weights, model->graph, s->in, &options, err);
    if (rc == 0)
        rc = sb_weights_save_safetensors(&weights, model->graph, s->out, err);
    for (size_t i = 0; i < weights.num_slots; i++)
        s->bytes += sb_slot_count(&model->graph->slots[i]) * sizeof(float);
    s->tensors = weights.num_slots;
    sb_weights_release(&weights);
    sb_model_free(&model);
    return rc;
}

static int convert(const struct sb_arguments *args, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, 2, 2, "IN and OUT.safetensors, or --list FILE", err);
    if (rc)
        return rc;
    struct summary s = {.in = args->words[0], .out = args->words[1]};
    if (!sb_ends_with(s.out, ".safetensors")) {
        sb_error_set(err, SB_EINVAL, "the output '%s' does not end in .safetensors", s.out);
        return sb_error_hint(err, "that is the only format written here");
    }
    rc = model_name ? convert_for_model(&s, err) : convert_as_is(&s, err);
    return rc ? rc : print_summary(&s, err);
}

static int run_weights(const struct sb_arguments *args, struct sb_error *err)
{
    if (!list_file)
        return convert(args, err);
    const int rc = sb_arguments_expect(args, 0, 0, "nothing beside --list FILE", err);
    return rc ? rc : list(err);
}

int cmd_weights(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("list", 'l', "FILE",
                      "names, types, shapes, bytes and statistics of a file's tensors", &list_file),
        SB_OPT_STRING("model", 'm', "MODEL",
                      "keep only this model's weights, under its names and layouts", &model_name),
        SB_OPT_FLAG("ema", 0, "take exponential moving averages where the file has them",
                    &averages),
        SB_OPT_FLAG("allow-missing", 0, "weights that the file lacks become those of seed 0",
                    &allow_missing),
        SB_OPT_FLAG("allow-extra", 0, "ignore tensors that the model does not have", &allow_extra),
        SB_OPT_STRING("format", 'f', "NAME", "of the list: text, markdown or csv; default text",
                      &format_name),
        SB_OPT_FLAG("json", 0, "one JSON document on stdout", &json),
        SB_OPT_ALONE("list", "format,json"),
        SB_OPT_NEEDS("format", "list"),
        SB_OPT_NEEDS("ema,allow-missing,allow-extra", "model"),
        SB_OPT_EXCLUDES("json", "format"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "weights IN OUT.safetensors [--model MODEL] [options]\n"
        "       spinebench weights --list FILE [options]",
        "Converts weight files to .safetensors, or lists what is in one. IN and FILE are a\n"
        "TensorFlow checkpoint (its prefix, its .index file or its folder), a .safetensors or\n"
        "an .onnx file (its initialisers). Checksums are verified. Without --model tensors keep\n"
        "their names, types and layouts; with it they are float32 in the layouts of ONNX.",
        options,
        "examples:\n"
        "  spinebench weights --list model.ckpt\n"
        "  spinebench weights model.ckpt w.safetensors --ema --model spinenet-49"};
    list_file = model_name = NULL;
    format_name = "text";
    json = averages = allow_missing = allow_extra = false;
    return sb_cli_run("weights", &help, argc, argv, run_weights);
}
