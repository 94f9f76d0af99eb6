/* spinebench eval coco: average precision and recall as pycocotools computes them. */
#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/cmd_eval.h"
#include "cli/diagnose.h"
#include "cli/eval_balance.h"
#include "cli/eval_params.h"
#include "cli/eval_parts.h"
#include "cli/eval_runs.h"
#include "eval/coco_eval.h"
#include "eval/coco_report.h"
#include "eval/coco_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *dump_dir;
static bool json;
static int64_t threads, numpy_mean = 2;
static bool per_category, notes, keep_going;
static const char *sort_key, *format_name;
static struct sb_option_list names;
static bool diagnose;
static struct sb_diagnose_options diagnose_options = {
    .resamples = 1000, .worst = 12, .seed = 1, .names = &names};

static const struct sb_option output_options[] = {
    SB_OPT_INT("numpy-mean", 0, "V", "sum as numpy 2 does (default), or as versions up to 2.2: 1",
               &numpy_mean, 1, 2),
    SB_OPT_STRING("dump-arrays", 0, "DIR", "writes precision, recall and scores as .npy",
                  &dump_dir),
    SB_OPT_FLAG("diagnose", 0, "errors by kind, intervals, thresholds, calibration, confusions",
                &diagnose),
    SB_OPT_INT("resamples", 0, "N", "diagnose: resamples of the bootstrap over images (1000)",
               &diagnose_options.resamples, 1, 1000000),
    SB_OPT_INT("seed", 0, "N", "diagnose: which images are drawn (1)", &diagnose_options.seed, 0,
               INT64_MAX),
    SB_OPT_STRING("records", 0, "FILE", "diagnose: write records for `report`",
                  &diagnose_options.records),
    SB_OPT_STRING("image-folder", 0, "DIR",
                  "diagnose: folder of the images; draws the worst into records",
                  &diagnose_options.images),
    SB_OPT_STRING("draw", 0, "DIR", "diagnose: also as PNG files and a contact sheet",
                  &diagnose_options.draw),
    SB_OPT_INT("worst", 0, "N", "diagnose: images to draw (12)", &diagnose_options.worst, 1, 1000),
    SB_OPT_LIST("name", 0, "NAME,...", "diagnose: what the results are called in records", &names),
    SB_OPT_FLAG("per-category", 0, "a row per category, too", &per_category),
    SB_OPT_STRING(
        "sort", 0, "KEY",
        "order of categories, else of results: ap, ap50, ap_small, ar, objects, name, ...",
        &sort_key),
    SB_OPT_STRING("format", 0, "NAME", "tables as text (default), csv, markdown, latex or json",
                  &format_name),
    SB_OPT_FLAG("keep-going", 0, "of several results files, skip those that cannot be read",
                &keep_going),
    SB_OPT_FLAG("notes", 0, "what the rules above did to these data, all of it", &notes),
    SB_OPT_FLAG("json", 0, "one JSON document on stdout", &json),
    SB_OPT_INT("threads", 't', "N", "threads (default: all CPUs)", &threads, 1, 1024),
    SB_OPT_NEEDS("resamples,seed,records,image-folder,draw,worst,name", "diagnose"),
    SB_OPT_NEEDS("draw,worst", "image-folder"),
    SB_OPT_NEEDS("image-folder", "records,draw"),
    SB_OPT_EXCLUDES("diagnose", "keep-going"),
    SB_OPT_END,
};
#define N_OUTPUT_OPTIONS (sizeof(output_options) / sizeof(output_options[0]))

/* Everything one run holds. */
struct session {
    struct sb_coco_params params;
    struct sb_pool *pool;
    struct sb_eval_ranks *team; /* NULL in one process */
    struct sb_coco_gt gt;
    struct sb_str out;
    struct sb_jw json;
    const char *annotations;  /* their path */
    const char *const *paths; /* of the results */
    bool several;             /* results files */
    size_t skipped;           /* of them */
    bool warned_of_gt;
    struct sb_eval_parts parts;
    const struct sb_table_format *format;
    struct sb_eval_runs runs;
    struct sb_diagnose_session diagnosis;
};

/* With several results files each one's arrays go to a folder of their own, DIR/1, DIR/2, ... */
static int dump(const struct sb_coco_eval *eval, size_t number, bool several, struct sb_error *err)
{
    struct sb_str dir = SB_STR_INIT;
    sb_str_puts(&dir, dump_dir);
    if (several)
        sb_str_printf(&dir, "/%zu", number);
    const int rc = dir.failed ? sb_error_nomem(err, "a path", dir.length)
                              : sb_coco_dump_arrays(eval, sb_str_text(&dir), err);
    sb_str_release(&dir);
    return rc;
}

/* A warning for every rule that the data meets, about a file where there are several. */
static void warn(const struct sb_warnings *w, const char *path)
{
    struct sb_str text = SB_STR_INIT;
    sb_warnings_text(w, notes, &text);
    char *rest = text.data;
    for (char *line; rest && (line = strtok_r(rest, "\n", &rest));)
        fprintf(stderr, "spinebench eval coco: warning: %s%s%s\n", path ? path : "",
                path ? ": " : "", line);
    sb_str_release(&text);
}

/* What is to be known about the annotations, once, and about one results file. */
static void warn_of(struct session *s, const struct sb_warnings *of_run, size_t number)
{
    struct sb_warnings of_gt = {.rules = s->params.rules}, all = *of_run;
    sb_warnings_add_gt(&of_gt, &s->gt);
    sb_warnings_add_gt(&all, &s->gt);
    if (!s->several) {
        warn(&all, NULL);
        return;
    }
    if (!s->warned_of_gt)
        warn(&of_gt, s->annotations);
    s->warned_of_gt = true;
    warn(of_run, s->paths[number - 1]);
}

static int report(struct session *s, const struct sb_coco_eval *eval, const struct sb_coco_dt *dt,
                  size_t number, struct sb_error *err)
{
    struct sb_coco_summary summary;
    struct sb_warnings warnings = {.rules = s->params.rules};
    const char *const path = s->paths[number - 1];
    int rc = sb_coco_summarize(eval, s->runs.options.order, &summary, err);
    if (rc)
        return rc;
    sb_warnings_add_dt(&warnings, dt);
    sb_notes_add(&warnings.notes, &eval->notes);
    sb_notes_add(&warnings.notes, &summary.notes);
    warn_of(s, &warnings, number);
    if (json) {
        sb_warnings_add_gt(&warnings, &s->gt);
        sb_jw_object(&s->json, NULL); /* evaluate_file() closes it */
        if (s->several)
            sb_jw_string(&s->json, "results", path);
        rc = sb_eval_runs_json(&s->runs, eval, &summary, &s->gt, &warnings, &s->json, err);
    } else {
        rc = sb_eval_runs_add(&s->runs, path, eval, &summary, &s->gt, &s->out, err);
    }
    if (rc)
        return rc;
    return dump_dir ? dump(eval, number, s->several, err) : 0;
}

static int diagnose_file(struct session *s, const struct sb_coco_dt *dt, const char *path,
                         size_t number, struct sb_error *err)
{
    const struct sb_diagnose_subject subject = {path, number - 1, &s->gt, dt, &s->params};
    return sb_diagnose_results(&s->diagnosis, &subject, s->pool, &s->out, json ? &s->json : NULL,
                               err);
}

/* True on the rank that prints. */
static bool prints(void)
{
    return sb_ranks_rank(sb_cli_ranks()) == 0;
}

/* Rules that were chosen and have nothing to act on. */
static void warn_of_kind(const struct sb_coco_dt *dt, const char *path)
{
    static const enum sb_rule of_poses[] = {SB_RULE_KEYPOINT_AREA, SB_RULE_UNLABELLED};
    for (size_t i = 0; prints() && dt->kind != SB_DT_KEYPOINTS && i < 2; i++) {
        if (sb_eval_rule_is_given(of_poses[i]) && !dt->keypoints)
            fprintf(stderr,
                    "spinebench eval coco: warning: %s: --%s changes nothing: these are "
                    "not results of keypoints\n",
                    path, sb_rule_row(of_poses[i])->option);
    }
}

static int evaluate_results(struct session *s, const struct sb_coco_dt *dt, size_t number,
                            struct sb_error *err)
{
    struct sb_coco_eval eval;
    const enum sb_eval_detail detail = dump_dir ? SB_EVAL_ARRAYS : SB_EVAL_STATS;
    int rc = sb_coco_evaluate_ranks(&eval, &s->gt, dt, &s->params, detail, s->team, s->pool, err);
    if (rc)
        return rc;
    if (prints())
        rc = report(s, &eval, dt, number, err);
    rc = sb_ranks_agree_input(sb_cli_ranks(), rc, 0, err);
    sb_coco_eval_release(&eval);
    if (rc == 0 && diagnose)
        rc = diagnose_file(s, dt, s->paths[number - 1], number, err);
    if (rc == 0 && json && prints())
        sb_jw_end(&s->json);
    return rc;
}

/* A results file that cannot be read: said at once, counted, and passed over. */
static void skip_file(struct session *s, const char *path, const struct sb_error *err)
{
    s->skipped++;
    if (!prints())
        return;
    sb_cli_error("eval coco", err);
    if (!json)
        return;
    sb_jw_object(&s->json, NULL);
    sb_jw_string(&s->json, "results", path);
    sb_jw_string(&s->json, "error", err->message);
    sb_jw_end(&s->json);
}

static int evaluate_file(struct session *s, size_t number, struct sb_error *err)
{
    struct sb_coco_dt dt;
    const char *const path = s->paths[number - 1];
    int rc = s->parts.count
                 ? sb_eval_parts_load(&s->parts, &dt, &s->gt, &s->params, s->team, s->pool, err)
                 : sb_coco_dt_load_ranks(&dt, path, &s->gt, &s->params, s->team, s->pool, err);
    if (rc && keep_going && s->several) {
        skip_file(s, path, err);
        sb_error_init(err);
        sb_ranks_pass_over(sb_cli_ranks());
        return 0;
    }
    if (rc && s->several && !diagnose && !err->hint[0])
        sb_error_hint(err, "--keep-going evaluates the other files");
    if (rc)
        return rc;
    warn_of_kind(&dt, path);
    rc = evaluate_results(s, &dt, number, err);
    sb_coco_dt_release(&dt);
    return rc;
}

static void start_runs(struct session *s)
{
    const struct sb_eval_runs_options runs = {
        .format = s->format,
        .sort = sort_key,
        .several = s->several,
        .summaries = diagnose,
        .per_category = per_category,
        .order = numpy_mean == 1 ? SB_NUMPY_BLOCKED : SB_NUMPY_WHOLE,
    };
    sb_eval_runs_start(&s->runs, &runs);
}

/* --format and what does not go with it. */
static int choose_format(struct session *s, struct sb_error *err)
{
    const int rc = sb_eval_format(format_name, &s->format, err);
    if (rc)
        return rc;
    if (json && format_name && s->format != sb_table_format("json"))
        return sb_error_set(err, SB_EINVAL, "--json and --format %s exclude each other",
                            format_name);
    json = json || s->format == sb_table_format("json");
    if (diagnose && !json && !sb_eval_format_is_text(s->format))
        return sb_error_set(err, SB_EINVAL, "--diagnose is for --format text and json");
    if (sort_key && !json && !per_category && !s->several)
        return sb_error_set(err, SB_EINVAL, "--sort needs --per-category or several results files");
    return 0;
}

static int evaluate_files(struct session *s, const struct sb_arguments *args, struct sb_error *err)
{
    int rc = 0;
    sb_jw_init(&s->json, &s->out, 2);
    start_runs(s);
    if (json && s->several) /* an array, in the order of the files */
        sb_jw_array(&s->json, NULL);
    if (s->parts.count)
        rc = evaluate_file(s, 1, err);
    for (size_t i = 1; rc == 0 && !s->parts.count && i < args->count; i++)
        rc = evaluate_file(s, i, err);
    if (rc)
        sb_eval_parts_locate(&s->parts, err);
    if (json && s->several)
        sb_jw_end(&s->json);
    return rc;
}

/* Prints what all files came to. */
static int finish(struct session *s, struct sb_error *err)
{
    int rc = json || s->runs.count == 0 ? 0 : sb_eval_runs_finish(&s->runs, &s->out, err);
    if (rc == 0 && s->out.failed)
        rc = sb_error_nomem(err, "the report", s->out.length);
    if (rc == 0)
        printf("%s%s", sb_str_text(&s->out), json ? "\n" : "");
    return rc;
}

static int evaluate_all(struct session *s, const struct sb_arguments *args, struct sb_error *err)
{
    s->annotations = args->words[0];
    s->paths = s->parts.count ? (const char *const *)s->parts.paths : args->words + 1;
    int rc = sb_coco_gt_load_ranks(&s->gt, s->annotations, &s->params, s->team, s->pool, err);
    if (rc)
        return rc;
    rc = diagnose ? sb_diagnose_start(&s->diagnosis, &diagnose_options, args->words[0], err) : 0;
    if (rc) {
        sb_coco_gt_release(&s->gt);
        return rc;
    }
    rc = evaluate_files(s, args, err);
    if (rc == 0 && diagnose)
        rc = sb_diagnose_finish(&s->diagnosis, err);
    if (diagnose)
        sb_diagnose_release(&s->diagnosis);
    sb_coco_gt_release(&s->gt);
    if (rc == 0 && prints())
        rc = finish(s, err);
    if (rc == 0 && s->skipped > 0)
        rc = sb_error_set(err, SB_EFORMAT, "%zu of %zu results files could not be read", s->skipped,
                          args->count - 1);
    sb_eval_runs_release(&s->runs);
    sb_str_release(&s->out);
    return rc;
}

/* The same over ranks, with what each of them did. */
static int evaluate_ranks(struct session *s, const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_eval_ranks team;
    const int64_t start_ns = sb_now_ns();
    if (!sb_cli_ranks())
        return evaluate_all(s, args, err);
    if (diagnose && sb_ranks_count(sb_cli_ranks()) > 1)
        return sb_error_set(err, SB_EINVAL, "--diagnose runs on one rank, started on %d",
                            sb_ranks_count(sb_cli_ranks()));
    sb_eval_ranks_init(&team, sb_cli_ranks());
    s->team = &team;
    int rc = evaluate_all(s, args, err);
    rc = sb_ranks_agree_input(sb_cli_ranks(), rc, 0, err);
    if (rc == 0)
        rc = sb_eval_balance_print(&team, start_ns, err);
    s->team = NULL;
    sb_eval_ranks_release(&team);
    return rc;
}

/* --sort, before anything is read. */
static int check_sort(const struct session *s, struct sb_error *err)
{
    struct sb_coco_summary plan;
    if (!sort_key)
        return 0;
    if (json || per_category)
        return sb_category_key_check(&s->params, sort_key, err);
    sb_coco_summary_plan(&plan, &s->params);
    return sb_eval_runs_key_check(&plan, &s->params, sort_key, err);
}

static int evaluate(const struct sb_arguments *args, struct sb_error *err)
{
    struct session s = {0};
    int rc = sb_arguments_expect(args, 2, SIZE_MAX, "GT.json and DETS.json", err);
    if (rc == 0)
        rc = sb_eval_parts_choose(&s.parts, args->words + 1, args->count - 1, sb_cli_ranks(), err);
    s.several = args->count > 2 && s.parts.count == 0;
    if (rc == 0)
        rc = choose_format(&s, err);
    if (rc == 0)
        rc = sb_eval_params_read(&s.params, err);
    if (rc == 0)
        rc = check_sort(&s, err);
    if (rc == 0) {
        s.pool = sb_pool_new(threads ? (int)threads : sb_cpu_count(), err);
        rc = s.pool ? 0 : (int)err->code;
    }
    /* files of options may fail on one rank */
    rc = sb_ranks_agree_input(sb_cli_ranks(), rc, 0, err);
    if (rc == 0)
        rc = sb_ranks_same(sb_cli_ranks(), sb_eval_params_digest(&s.params),
                           "the files of options (--sigmas, @FILE)", "", err);
    if (rc == 0)
        rc = evaluate_ranks(&s, args, err);
    sb_pool_free(&s.pool);
    sb_eval_parts_release(&s.parts);
    return rc;
}

static int run(const struct sb_arguments *args, struct sb_error *err)
{
    const int rc = evaluate(args, err);
    sb_eval_params_release();
    return sb_ranks_agree_input(sb_cli_ranks(), rc, 0, err);
}

int cmd_eval_coco(int argc, char **argv)
{
    static struct sb_option options[SB_EVAL_PARAM_OPTIONS + N_OUTPUT_OPTIONS];
    static const struct sb_command_help help = {
        "eval coco GT.json DETS.json... [options]",
        "Evaluates COCO results against COCO annotations. The numbers are those of\n"
        "pycocotools 2.0.11 (with --lvis of lvis-api, with --crowdpose of xtcocotools,\n"
        "for boundaries of boundary-iou-api), bit for bit, whatever the number of threads\n"
        "or, for spinebench-mpi, of ranks.\n"
        "Several results files become a table with a row for each; the annotations are\n"
        "read once. Results that end in .part are the shards of a `detect`, evaluated as\n"
        "one. Where the data meets a rule that tools disagree on, a warning counts\n"
        "it and names the option that chooses; the first choice is the default.\n"
        "--diagnose also says what the errors are and how sure the numbers, and compares\n"
        "later results with the first.",
        options,
        "example: spinebench eval coco instances_val2017.json dets.json",
    };
    const size_t count = sb_eval_param_options(options);
    memcpy(options + count, output_options, sizeof(output_options));
    return sb_cli_run("eval coco", &help, argc, argv, run);
}
