/* spinebench eval coco: average precision and recall as pycocotools computes them. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/cmd_eval.h"
#include "cli/diagnose.h"
#include "eval/coco_eval.h"
#include "eval/coco_report.h"
#include "eval/coco_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *iou_type = "bbox", *dump_dir;
static bool json, use_cats = true;
static int64_t threads, numpy_mean = 2;
static double dilation_ratio = 0.02;
static struct sb_option_list max_dets, names;
static bool diagnose;
static struct sb_diagnose_options diagnose_options = {
    .resamples = 1000, .seed = 1, .names = &names};

static const struct sb_option options[] = {
    SB_OPT_STRING("iou-type", 0, "TYPE", "bbox (default), segm, boundary or keypoints", &iou_type),
    SB_OPT_NEGATE("no-cats", 0, "all categories as one", &use_cats),
    SB_OPT_LIST("max-dets", 0, "N,...", "limits of detections per image and class (1,10,100)",
                &max_dets),
    SB_OPT_DOUBLE("dilation-ratio", 0, "R", "boundary: its width in image diagonals (0.02)",
                  &dilation_ratio, 1e-9, 1),
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
    SB_OPT_LIST("name", 0, "NAME,...", "diagnose: what the results are called in records", &names),
    SB_OPT_FLAG("json", 0, "one JSON document on stdout", &json),
    SB_OPT_INT("threads", 't', "N", "threads (default: all CPUs)", &threads, 1, 1024),
    SB_OPT_END,
};

static const struct sb_command_help help = {
    "eval coco GT.json DETS.json... [options]",
    "Evaluates COCO results against COCO annotations. The numbers are those of\n"
    "pycocotools 2.0.11, bit for bit, whatever the number of threads. Several\n"
    "results files are evaluated one after the other; the annotations are read once.\n"
    "--diagnose also says what the errors are and how sure the numbers, and compares\n"
    "later results with the first.",
    options,
    "example: spinebench eval coco instances_val2017.json dets.json",
};

/* Everything one run holds. */
struct session {
    struct sb_coco_params params;
    struct sb_pool *pool;
    struct sb_coco_gt gt;
    struct sb_str out;
    struct sb_jw json;
    bool several; /* results files */
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

static int report(struct session *s, const struct sb_coco_eval *eval, const char *path,
                  size_t number, struct sb_error *err)
{
    struct sb_coco_summary summary;
    int rc =
        sb_coco_summarize(eval, numpy_mean == 1 ? SB_NUMPY_BLOCKED : SB_NUMPY_WHOLE, &summary, err);
    if (rc)
        return rc;
    if (json) {
        sb_jw_object(&s->json, NULL); /* evaluate_file() closes it */
        sb_coco_report_members(eval, &summary, &s->gt, &s->json);
    } else {
        if (s->several)
            sb_str_printf(&s->out, "%s%s\n", number > 1 ? "\n" : "", path);
        sb_coco_summary_text(&summary, &s->out);
    }
    return dump_dir ? dump(eval, number, s->several, err) : 0;
}

static int diagnose_file(struct session *s, const struct sb_coco_dt *dt, const char *path,
                         size_t number, struct sb_error *err)
{
    const struct sb_diagnose_subject subject = {path, number - 1, &s->gt, dt, &s->params};
    return sb_diagnose_results(&s->diagnosis, &subject, s->pool, &s->out, json ? &s->json : NULL,
                               err);
}

static int evaluate_file(struct session *s, const char *path, size_t number, struct sb_error *err)
{
    struct sb_coco_dt dt;
    struct sb_coco_eval eval;
    int rc = sb_coco_dt_load(&dt, path, &s->gt, &s->params, s->pool, err);
    if (rc)
        return rc;
    const enum sb_eval_detail detail = dump_dir ? SB_EVAL_ARRAYS : SB_EVAL_STATS;
    rc = sb_coco_evaluate(&eval, &s->gt, &dt, &s->params, detail, s->pool, err);
    if (rc == 0) {
        rc = report(s, &eval, path, number, err);
        sb_coco_eval_release(&eval);
    }
    if (rc == 0 && diagnose)
        rc = diagnose_file(s, &dt, path, number, err);
    if (rc == 0 && json)
        sb_jw_end(&s->json);
    sb_coco_dt_release(&dt);
    return rc;
}

static int evaluate_all(struct session *s, const struct sb_arguments *args, struct sb_error *err)
{
    int rc = sb_coco_gt_load(&s->gt, args->words[0], &s->params, s->pool, err);
    if (rc)
        return rc;
    rc = diagnose ? sb_diagnose_start(&s->diagnosis, &diagnose_options, args->words[0], err) : 0;
    if (rc) {
        sb_coco_gt_release(&s->gt);
        return rc;
    }
    sb_jw_init(&s->json, &s->out, 2);
    s->several = args->count > 2;
    if (json && s->several) /* an array, in the order of the files */
        sb_jw_array(&s->json, NULL);
    for (size_t i = 1; rc == 0 && i < args->count; i++)
        rc = evaluate_file(s, args->words[i], i, err);
    if (json && s->several)
        sb_jw_end(&s->json);
    if (rc == 0 && diagnose)
        rc = sb_diagnose_finish(&s->diagnosis, err);
    if (diagnose)
        sb_diagnose_release(&s->diagnosis);
    sb_coco_gt_release(&s->gt);
    if (rc == 0 && s->out.failed)
        rc = sb_error_nomem(err, "the report", s->out.length);
    if (rc == 0)
        printf("%s%s", sb_str_text(&s->out), json ? "\n" : "");
    sb_str_release(&s->out);
    return rc;
}

static int by_value(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* --max-dets in any order. */
static int parse_limits(struct sb_coco_params *params, struct sb_error *err)
{
    int rc = 0;
    if (max_dets.count == 0)
        return 0;
    if (max_dets.count > SB_EVAL_MAX_MAX_DETS)
        return sb_error_set(err, SB_EINVAL, "--max-dets: more than %d limits",
                            SB_EVAL_MAX_MAX_DETS);
    params->max_det_count = max_dets.count;
    for (size_t i = 0; rc == 0 && i < max_dets.count; i++) {
        int64_t v = 0;
        rc = sb_parse_int(max_dets.items[i], "--max-dets", 1, 1000000, &v, err);
        params->max_dets[i] = (int32_t)v;
    }
    qsort(params->max_dets, params->max_det_count, sizeof(params->max_dets[0]), by_value);
    return rc ? rc : sb_coco_params_check(params, err);
}

static int run(const struct sb_arguments *args, struct sb_error *err)
{
    struct session s = {.pool = NULL};
    enum sb_iou_type type;
    int rc = sb_arguments_expect(args, 2, SIZE_MAX, "GT.json and DETS.json", err);
    if (rc)
        return rc;
    if (!diagnose && (diagnose_options.records || names.count))
        return sb_error_set(err, SB_EINVAL, "--records and --name belong to --diagnose");
    if (!sb_iou_type_parse(iou_type, &type))
        return sb_error_set(err, SB_EINVAL,
                            "--iou-type: expected bbox, segm, boundary or keypoints, got '%s'",
                            iou_type);
    sb_coco_params_defaults(&s.params, type);
    s.params.use_cats = use_cats;
    s.params.dilation_ratio = dilation_ratio;
    rc = parse_limits(&s.params, err);
    if (rc)
        return rc;
    s.pool = sb_pool_new(threads ? (int)threads : sb_cpu_count(), err);
    if (!s.pool)
        return err->code;
    rc = evaluate_all(&s, args, err);
    sb_pool_free(&s.pool);
    return rc;
}

int cmd_eval_coco(int argc, char **argv)
{
    return sb_cli_run("eval coco", &help, argc, argv, run);
}
