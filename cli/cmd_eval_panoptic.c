/* spinebench eval panoptic: panoptic quality as panopticapi computes it. */
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/cmd_eval.h"
#include "cli/eval_tables.h"
#include "eval/panoptic.h"

#include <stdio.h>
#include <string.h>

static const char *truth_dir, *predicted_dir, *format, *sort_key;
static bool json, per_category;
static int64_t threads, parts = 1;

static const struct sb_option options[] = {
    SB_OPT_STRING("gt-images", 0, "DIR",
                  "folder of the ground truth's PNGs (default: GT without .json)", &truth_dir),
    SB_OPT_STRING("images", 0, "DIR",
                  "folder of the prediction's PNGs (default: PRED without .json)", &predicted_dir),
    SB_OPT_FLAG("per-category", 0, "a row per category, too", &per_category),
    SB_OPT_STRING("sort", 0, "KEY",
                  "order of the rows, best first: pq, sq, rq, tp, fp, fn; or name, id", &sort_key),
    SB_OPT_STRING("format", 0, "NAME", "rows as text (default), csv, markdown, latex or json",
                  &format),
    SB_OPT_FLAG("json", 0, "one JSON document on stdout", &json),
    SB_OPT_INT("parts", 0, "N", "sum as panopticapi does on N cores (1): the last digits differ",
               &parts, 1, 4096),
    SB_OPT_INT("threads", 't', "N", "threads (default: all CPUs)", &threads, 1, 1024),
    SB_OPT_EXCLUDES("json", "format,sort"),
    SB_OPT_END,
};

static const struct sb_command_help help = {
    "eval panoptic GT.json PRED.json [options]",
    "Panoptic quality (PQ), segmentation quality (SQ) and recognition quality (RQ) of\n"
    "a prediction in COCO's panoptic format, over all categories, things and stuff.\n"
    "The numbers are panopticapi's, whatever the number of threads.",
    options,
    "example: spinebench eval panoptic panoptic_val2017.json pred.json --gt-images "
    "panoptic_val2017"};

/* "pan.json" -> "pan", as panopticapi finds the folder of PNGs. */
static char *folder_of(const char *path)
{
    char *const folder = sb_strdup(path);
    if (folder && sb_ends_with(folder, ".json"))
        folder[strlen(folder) - strlen(".json")] = '\0';
    return folder;
}

static void category_row(struct sb_table *t, const struct sb_panoptic *pq, size_t k)
{
    const struct sb_panoptic_category *const c = &pq->truth->categories[k];
    const struct sb_panoptic_quality *const q = &pq->categories[k];
    const bool occurs = sb_panoptic_occurs(q);
    struct sb_str id = SB_STR_INIT;
    sb_id_print(pq->truth->ids, c->id, &id);
    sb_table_row(t);
    sb_table_cell(t, "%s", sb_str_text(&id));
    sb_table_cell(t, "%s", c->name);
    sb_table_cell(t, "%s", c->isthing ? "thing" : "stuff");
    sb_eval_cell(t, occurs ? q->pq : -1);
    sb_eval_cell(t, occurs ? q->sq : -1);
    sb_eval_cell(t, occurs ? q->rq : -1);
    sb_table_integer(t, q->tp);
    sb_table_integer(t, q->fp);
    sb_table_integer(t, q->fn);
    sb_str_release(&id);
}

static int categories(const struct sb_panoptic *pq, const struct sb_table_format *f,
                      struct sb_str *out, struct sb_error *err)
{
    static const char *const columns[] = {"PQ", "SQ", "RQ", "TP", "FP", "FN"};
    struct sb_table t;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "id", NULL, SB_RIGHT);
    sb_table_column(&t, "name", NULL, SB_LEFT);
    sb_table_column(&t, "kind", NULL, SB_LEFT);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        sb_table_column(&t, columns[i], NULL, SB_RIGHT);
    for (size_t k = 0; k < pq->category_count; k++)
        category_row(&t, pq, k);
    int rc = sb_eval_sort(&t, sort_key, err);
    if (rc == 0)
        rc = sb_eval_write(&t, f, out, err);
    sb_table_release(&t);
    return rc;
}

static int report(const struct sb_panoptic *pq, const struct sb_table_format *f,
                  struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    int rc = 0;
    if (json) {
        struct sb_jw w;
        sb_jw_init(&w, &out, 2);
        sb_panoptic_json(pq, &w, NULL);
        sb_str_puts(&out, "\n");
    } else if (sb_eval_format_is_text(f)) {
        sb_panoptic_text(pq, &out);
        sb_str_puts(&out, per_category ? "\n" : "");
    }
    if (!json && (per_category || !sb_eval_format_is_text(f)))
        rc = categories(pq, f, &out, err);
    if (rc == 0 && out.failed)
        rc = sb_error_nomem(err, "the report", out.length);
    if (rc == 0)
        printf("%s", sb_str_text(&out));
    sb_str_release(&out);
    return rc;
}

static void print_notes(const struct sb_panoptic *pq, const struct sb_panoptic_set *truth)
{
    if (pq->extra_images)
        fprintf(stderr,
                "note: predictions of %zu image%s are not used: the ground truth does not "
                "have these images\n",
                pq->extra_images, sb_plural(pq->extra_images));
    if (truth->unknown_categories)
        fprintf(stderr,
                "note: segments of the ground truth that do not count, since their category is "
                "not in its list: %zu\n",
                truth->unknown_categories);
}

static int evaluate(const char *truth_path, const char *predicted_path,
                    const struct sb_panoptic_options *o, const struct sb_table_format *f,
                    struct sb_pool *pool, struct sb_error *err)
{
    struct sb_panoptic_set truth, predicted;
    struct sb_panoptic pq;
    int rc = sb_panoptic_load_truth(&truth, truth_path, pool, err);
    if (rc)
        return rc;
    rc = sb_panoptic_load_prediction(&predicted, predicted_path, &truth, pool, err);
    if (rc == 0) {
        rc = sb_panoptic_evaluate(&pq, &truth, &predicted, o, pool, err);
        if (rc == 0) {
            rc = report(&pq, f, err);
            if (rc == 0)
                print_notes(&pq, &truth);
            sb_panoptic_release(&pq);
        }
        sb_panoptic_set_release(&predicted);
    }
    sb_panoptic_set_release(&truth);
    return rc;
}

static int check_folder(const char *path, const char *option, struct sb_error *err)
{
    if (sb_is_dir(path))
        return 0;
    sb_error_set(err, SB_EIO, "is not a folder of PNGs");
    sb_error_file(err, path);
    return sb_error_hint(err, "%s DIR says where they are", option);
}

static int run(const struct sb_arguments *args, struct sb_error *err)
{
    const struct sb_table_format *f;
    int rc = sb_arguments_expect(args, 2, 2, "GT.json and PRED.json", err);
    if (rc == 0)
        rc = sb_eval_format(format, &f, err);
    if (rc == 0 && sort_key && !per_category && sb_eval_format_is_text(f)) {
        rc = sb_error_set(err, SB_EINVAL, "--sort means nothing without rows to sort");
        sb_error_hint(err, "add --per-category");
    }
    if (rc)
        return rc;
    json = json || f == sb_table_format("json");
    char *const truth = truth_dir ? sb_strdup(truth_dir) : folder_of(args->words[0]);
    char *const predicted = predicted_dir ? sb_strdup(predicted_dir) : folder_of(args->words[1]);
    struct sb_pool *pool = NULL;
    rc = truth && predicted ? 0 : sb_error_nomem(err, "a path", 1);
    if (rc == 0)
        rc = check_folder(truth, "--gt-images", err);
    if (rc == 0)
        rc = check_folder(predicted, "--images", err);
    if (rc == 0 && !(pool = sb_pool_new(threads ? (int)threads : sb_cpu_count(), err)))
        rc = err->code;
    const struct sb_panoptic_options o = {truth, predicted, (size_t)parts};
    if (rc == 0)
        rc = evaluate(args->words[0], args->words[1], &o, f, pool, err);
    sb_pool_free(&pool);
    sb_free(truth);
    sb_free(predicted);
    return rc;
}

int cmd_eval_panoptic(int argc, char **argv)
{
    return sb_cli_run("eval panoptic", &help, argc, argv, run);
}
