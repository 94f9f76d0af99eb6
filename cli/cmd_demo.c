/*
 * spinebench demo: the whole job on the embedded data set, in order: costs, a short bench, making
 * images, detection, evaluation, report. It calls what the other commands call and leaves every
 * file in one folder.
 */
#include "base/file.h"
#include "bench/accuracy_records.h"
#include "bench/environment.h"
#include "bench/measure.h"
#include "bench/measure_records.h"
#include "cli/cli.h"
#include "datasets/synth_export.h"
#include "detect/detect_set.h"
#include "reports/report.h"
#include "reports/view.h"

#include <stdio.h>
#include <string.h>

#define SIZE      256 /* of the network input, pixels */
#define SEED      1   /* of images and weights */
#define UNTRAINED "untrained weights, drawn from seed 1: this AP only shows that the path works"

static const char *const models[] = {"retinanet-spinenet-49", "retinanet-resnet-50-fpn"};
#define N_MODELS (sizeof(models) / sizeof(models[0]))

static const char *dir;
static int64_t num_images, threads;
static bool quiet;

struct demo {
    struct sb_environment env;
    struct sb_run_identity identity;
    struct sb_pool *pool;
    struct sb_str records; /* lines of the file being written, as far as it is known */
    struct sb_str costs_path, run_path;
    struct sb_synth_written data;
    struct sb_str results[N_MODELS]; /* paths of the detections */
};

static int emit(void *ctx, const struct sb_record *record, struct sb_error *err)
{
    struct demo *d = ctx;
    sb_record_to_json(record, &d->records);
    return d->records.failed ? sb_error_nomem(err, "the records", d->records.length) : 0;
}

/* DIR/NAME into path. */
static int path_in(struct sb_str *path, const char *name, struct sb_error *err)
{
    sb_str_clear(path);
    sb_str_printf(path, "%s/%s", dir, name);
    return path->failed ? sb_error_nomem(err, "a path", path->length) : 0;
}

static void heading(const char *title)
{
    printf("\n== %s\n\n", title);
    fflush(stdout);
}

/* Writes the records so far to path. */
static int save_records(const struct demo *d, const struct sb_str *path, struct sb_error *err)
{
    return sb_write_file(sb_str_text(path), d->records.data, d->records.length, err);
}

/* Starts a file of records with the run's own. */
static int start_records(struct demo *d, struct sb_error *err)
{
    struct sb_record run;
    sb_str_clear(&d->records);
    sb_run_record_fill(&run, &d->identity, &d->env, "spinebench demo");
    run.u.run.weights = "seed 1";
    run.u.run.seed = SEED;
    return emit(d, &run, err);
}

/* Prints one table of the records in path. */
static int print_table(const struct sb_str *path, const struct sb_view *view, struct sb_error *err)
{
    struct sb_records records;
    struct sb_table t;
    sb_records_init(&records);
    int rc = sb_records_read(&records, sb_str_text(path), NULL, NULL, err);
    if (rc == 0)
        rc = sb_view_table(&t, view, &records, err);
    if (rc == 0) {
        struct sb_str out = SB_STR_INIT;
        sb_table_write(&t, sb_table_format("text"), &out);
        rc = out.failed ? sb_error_nomem(err, "the table", out.length) : 0;
        fputs(sb_str_text(&out), stdout);
        sb_str_release(&out);
        sb_table_release(&t);
    }
    sb_records_release(&records);
    return rc;
}

static int cost_of(struct demo *d, const char *name, struct sb_error *err)
{
    struct sb_costs costs;
    struct sb_model *model = sb_model_open(name, NULL, err);
    if (!model)
        return err->code;
    int rc = sb_costs_count(&costs, model->graph, err);
    if (rc == 0) {
        const struct sb_cell cell = {model->name, model->padded_h, 1, SB_NO_INT, NULL, NULL};
        rc = sb_cost_records(model, &costs, d->identity.id, &cell, emit, d, err);
        sb_costs_release(&costs);
    }
    sb_model_free(&model);
    return rc;
}

static int show_costs(struct demo *d, struct sb_error *err)
{
    static const struct sb_view view = {
        .name = "costs",
        .by = SB_ROWS_MODEL,
        .columns = "model,size,params,tf,macs,other_ops,activations,live_peak,nodes",
        .note = "From shapes alone, at the paper's resolution. tf: multiply-adds as the paper "
                "printed them."};
    heading("Costs (spinebench cost)");
    int rc = start_records(d, err);
    for (size_t i = 0; rc == 0 && i < N_MODELS; i++)
        rc = cost_of(d, models[i], err);
    if (rc == 0)
        rc = path_in(&d->costs_path, "costs.jsonl", err);
    if (rc == 0)
        rc = save_records(d, &d->costs_path, err);
    return rc ? rc : print_table(&d->costs_path, &view, err);
}

static int bench_model(struct demo *d, const char *name, struct sb_error *err)
{
    struct sb_measure_options o;
    struct sb_measurement m;
    struct sb_progress progress;
    sb_measure_options_defaults(&o);
    o.model = name;
    o.size = SIZE;
    o.threads = (int)threads;
    o.seed = SEED;
    sb_progress_start(&progress, name, "runs", 0, quiet);
    int rc = sb_measure(&m, &o, &progress, err);
    sb_progress_finish(&progress);
    if (rc)
        return rc;
    rc = sb_measurement_records(&m, d->identity.id, emit, d, err);
    if (rc == 0 && m.checked && !m.check.passed) {
        rc = sb_error_set(err, SB_ECHECK, "%s: the output check failed", name);
        sb_error_hint(err, "'spinebench bench %s --size %d' shows more", name, SIZE);
    }
    sb_measurement_release(&m);
    return rc;
}

static int show_bench(struct demo *d, struct sb_error *err)
{
    static const struct sb_view whole = {
        .name = "bench",
        .by = SB_ROWS_MODEL,
        .columns = "model,size,threads,engine,latency,min,n,rate,planned,peak,error",
        .note = "Latency: median [95 % interval]. Output error against an independent reference."};
    heading("Latency and memory on this machine (spinebench bench)");
    int rc = start_records(d, err);
    for (size_t i = 0; rc == 0 && i < N_MODELS; i++)
        rc = bench_model(d, models[i], err);
    if (rc == 0)
        rc = path_in(&d->run_path, "run.jsonl", err);
    if (rc == 0)
        rc = save_records(d, &d->run_path, err);
    return rc ? rc : print_table(&d->run_path, &whole, err);
}

static int make_images(struct demo *d, struct sb_error *err)
{
    struct sb_progress progress;
    struct sb_str path = SB_STR_INIT;
    heading("Images with known objects (spinebench dataset make)");
    int rc = path_in(&path, "data", err);
    const struct sb_synth_options o = {SB_SYNTH_SCENES, sb_str_text(&path), "val", SEED,
                                       (size_t)num_images};
    sb_progress_start(&progress, "making", "images", o.images, quiet);
    if (rc == 0)
        rc = sb_synth_write(&o, d->pool, &progress, &d->data, err);
    sb_progress_finish(&progress);
    if (rc == 0)
        printf("%zu scenes with %zu objects in %s\n", o.images, d->data.objects,
               sb_str_text(&d->data.images));
    sb_str_release(&path);
    return rc;
}

static int detect_with(struct demo *d, struct sb_model *model, const char *results,
                       struct sb_error *err)
{
    struct sb_weights weights;
    struct sb_pipeline_summary summary;
    struct sb_progress progress;
    int rc = sb_weights_seeded(&weights, model->graph, SEED, err);
    if (rc)
        return rc;
    const struct sb_detect_set set = {.model = model,
                                      .weights = &weights,
                                      .annotations = sb_str_text(&d->data.annotations),
                                      .images = sb_str_text(&d->data.images),
                                      .results = results,
                                      .score_threshold = 0, /* untrained scores are low */
                                      .threads = (int)threads,
                                      .progress = &progress};
    sb_progress_start(&progress, model->name, "images", (size_t)num_images, quiet);
    rc = sb_detect_set_run(&set, &summary, err);
    sb_progress_finish(&progress);
    if (rc == 0)
        printf("%s: %zu detections on %zu images, %.2f images/s\n", results, summary.lines,
               summary.images, (double)summary.images * 1e9 / (double)summary.elapsed_ns);
    sb_weights_release(&weights);
    return rc;
}

static int detect_all(struct demo *d, struct sb_error *err)
{
    const struct sb_model_options options = {.size = SIZE, .batch = 1};
    heading("Detection (spinebench detect)");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < N_MODELS; i++) {
        char name[160];
        snprintf(name, sizeof(name), "detections-%s.json", models[i]);
        rc = path_in(&d->results[i], name, err);
        struct sb_model *model = rc ? NULL : sb_model_open(models[i], &options, err);
        if (rc == 0)
            rc = model ? detect_with(d, model, sb_str_text(&d->results[i]), err) : err->code;
        sb_model_free(&model);
    }
    return rc;
}

static int evaluate(struct demo *d, size_t i, struct sb_error *err)
{
    struct sb_coco_result result;
    char dataset[96];
    snprintf(dataset, sizeof(dataset), "embedded scenes, val, seed %d, %d images", SEED,
             (int)num_images);
    int rc = sb_coco_evaluate_files(sb_str_text(&d->data.annotations), sb_str_text(&d->results[i]),
                                    SB_IOU_BBOX, d->pool, &result, err);
    if (rc)
        return rc;
    const struct sb_accuracy_source source = {d->identity.id,
                                              {models[i], SIZE, 1, SB_NO_INT, NULL, NULL},
                                              dataset,
                                              num_images,
                                              UNTRAINED};
    rc = sb_accuracy_records(&result, &source, emit, d, err);
    if (rc == 0)
        printf("%s%s (%s)\n%s", i ? "\n" : "", models[i], UNTRAINED, sb_str_text(&result.text));
    sb_coco_result_release(&result);
    return rc;
}

static int evaluate_all(struct demo *d, struct sb_error *err)
{
    heading("Evaluation (spinebench eval coco)");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < N_MODELS; i++)
        rc = evaluate(d, i, err);
    return rc ? rc : save_records(d, &d->run_path, err);
}

static int write_report(struct demo *d, struct sb_report_result *result, struct sb_error *err)
{
    static const char *const formats[] = {"csv"}, *const extensions[] = {"png"};
    struct sb_records records;
    struct sb_str path = SB_STR_INIT;
    const char *input = sb_str_text(&d->run_path);
    sb_records_init(&records);
    int rc = path_in(&path, "report", err);
    if (rc == 0)
        rc = sb_records_read(&records, input, NULL, NULL, err);
    const struct sb_report_options o = {.dir = sb_str_text(&path),
                                        .inputs = &input,
                                        .num_inputs = 1,
                                        .formats = formats,
                                        .num_formats = 1,
                                        .extensions = extensions,
                                        .num_extensions = 1,
                                        .plots = true};
    if (rc == 0)
        rc = sb_report_write(&records, &o, result, err);
    sb_records_release(&records);
    sb_str_release(&path);
    return rc;
}

static void print_closing(const struct demo *d, const struct sb_report_result *report)
{
    heading("Written");
    printf("%s   the images' annotations; images in %s\n", sb_str_text(&d->data.annotations),
           sb_str_text(&d->data.images));
    for (size_t i = 0; i < N_MODELS; i++)
        printf("%s   detections\n", sb_str_text(&d->results[i]));
    printf("%s   costs at the paper's resolution, as records\n", sb_str_text(&d->costs_path));
    printf("%s   costs, times, memory and AP at %d pixels, as records\n", sb_str_text(&d->run_path),
           SIZE);
    printf("%s/report/report.md   tables of them%s\n", dir,
           report->figures ? ", and a figure: cost, time and memory per level" : "");
    if (*report->no_plots)
        printf("figures are not drawn: %s\n", report->no_plots);
    printf("\nThe AP values above are of untrained weights. What to do next:\n"
           "  spinebench detect %s --weights CHECKPOINT -o dets.json photo.jpg --draw out\n"
           "  spinebench eval coco instances_val2017.json dets.json\n"
           "  spinebench bench %s %s -o run.jsonl\n"
           "  spinebench models --check my-model.json\n",
           models[0], models[0], models[1]);
}

static int run_steps(struct demo *d, struct sb_error *err)
{
    struct sb_report_result report;
    int rc = sb_make_dirs(dir, err);
    if (rc == 0)
        rc = show_costs(d, err);
    if (rc == 0)
        rc = show_bench(d, err);
    if (rc == 0)
        rc = make_images(d, err);
    if (rc == 0)
        rc = detect_all(d, err);
    if (rc == 0)
        rc = evaluate_all(d, err);
    if (rc == 0)
        rc = write_report(d, &report, err);
    if (rc == 0)
        print_closing(d, &report);
    return rc;
}

static int run_demo(const struct sb_arguments *args, struct sb_error *err)
{
    int rc = sb_arguments_expect(args, 0, 0, "no argument", err);
    if (rc)
        return rc;
    struct demo d;
    memset(&d, 0, sizeof(d));
    d.pool = sb_pool_new((int)threads, err);
    if (!d.pool)
        return err->code;
    sb_environment_read(&d.env, "");
    sb_run_identity_new(&d.identity);
    rc = run_steps(&d, err);
    sb_pool_free(&d.pool);
    sb_synth_written_release(&d.data);
    for (size_t i = 0; i < N_MODELS; i++)
        sb_str_release(&d.results[i]);
    sb_str_release(&d.costs_path);
    sb_str_release(&d.run_path);
    sb_str_release(&d.records);
    return rc;
}

int cmd_demo(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "DIR", "folder to write to (default: demo-out)", &dir),
        SB_OPT_INT("images", 0, "N", "images to detect on (default: 16)", &num_images, 1, 10000),
        SB_OPT_INT("threads", 't', "N", "threads (default: all CPUs)", &threads, 1, 1024),
        SB_OPT_FLAG("quiet", 'q', "no progress on stderr", &quiet),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "demo [-o DIR] [options]",
        "Does the main job once, with no file from outside: static costs of two detectors, a\n"
        "short bench, detection and evaluation on the embedded data set, and a report. The\n"
        "weights are drawn from a seed: times and memory are real, AP is not.",
        options, NULL};
    dir = "demo-out";
    num_images = 16;
    threads = sb_cpu_count();
    quiet = false;
    return sb_cli_run("demo", &help, argc, argv, run_demo);
}
