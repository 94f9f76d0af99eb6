/*
 * spinebench demo: the whole job on the embedded data set with the trained weights that are part of
 * the program: costs, latency and memory, recognition of held-out images, accuracy, drawings,
 * report. The steps are in demo_steps.c.
 */
#include "bench/statistics.h"
#include "cli/cli.h"
#include "cli/demo.h"
#include "cli/table_output.h"
#include "reports/report.h"
#include "reports/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *dir;
static int64_t images, threads;
static bool quiet;

static void heading(const char *title)
{
    printf("\n== %s\n\n", title);
    fflush(stdout);
}

static int print_table(const struct sb_records *records, const struct sb_view *view,
                       struct sb_error *err)
{
    struct sb_table t;
    int rc = sb_view_table(&t, view, records, err);
    if (rc)
        return rc;
    struct sb_str out = SB_STR_INIT;
    sb_cli_put_table(&t, sb_table_format("text"), &out);
    if (out.failed)
        rc = sb_error_nomem(err, "the table", out.length);
    else
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

static int show_costs(const struct sb_demo *d, struct sb_error *err)
{
    static const struct sb_view view = {
        .name = "costs",
        .by = SB_ROWS_MODEL,
        .columns = "model,size,params,tf,macs,latency,n,rate,planned,peak,error",
        .note = "tf: multiply-adds as the paper counts them. Latency: median [95 % interval] of n "
                "runs. Output error against an independent reference."};
    heading("Costs, latency and memory on this machine (spinebench bench)");
    return print_table(&d->records, &view, err);
}

/* The levels of the two models that are compared. */
static int show_levels(const struct sb_demo *d, struct sb_error *err)
{
    static const struct sb_view view = {
        .name = "levels",
        .by = SB_ROWS_LEVEL,
        .columns = "model,part,params,macs,macs_share,time,share,arena",
        .group = "model",
        .note = "L2 to L7: feature maps of stride 4 to 128. report/plots/levels.png shows them as "
                "bars."};
    struct sb_records two;
    int rc = 0;
    heading("By level (spinebench report --preset per-level)");
    sb_records_init(&two);
    for (size_t i = 0; rc == 0 && i < d->records.count; i++) {
        const struct sb_record *const r = &d->records.items[i];
        bool wanted = r->kind == SB_RECORD_RUN;
        for (size_t k = 0; r->cell.model && k < d->num_models && k < 2; k++)
            wanted = wanted || strcmp(r->cell.model, d->models[k].name) == 0;
        if (wanted)
            rc = sb_records_add(&two, r, err);
    }
    if (rc == 0)
        rc = print_table(&two, &view, err);
    sb_records_release(&two);
    return rc;
}

/* AP of a minus AP of b, where both have several training runs with a 95 % interval, whose half is
 * *half; negative where there is none. */
static double difference_of(const struct sb_demo_model *a, const struct sb_demo_model *b,
                            double *half)
{
    double mean_a, mean_b;
    const struct sb_interval of_a = sb_mean_interval(a->ap, a->runs, &mean_a);
    const struct sb_interval of_b = sb_mean_interval(b->ap, b->runs, &mean_b);
    *half = of_a.known && of_b.known
                ? 50 * hypot(of_a.high - of_a.low, of_b.high - of_b.low) /* of independent means */
                : -1;
    return 100 * (mean_a - mean_b);
}

static double print_difference(const struct sb_demo_model *a, const struct sb_demo_model *b,
                               double *half)
{
    const double difference = difference_of(a, b, half);
    printf("AP of %s minus AP of %s: %+.1f points", a->name, b->name, difference);
    if (*half >= 0)
        printf(" +- %.1f (95 %%, %zu and %zu training runs)\n", *half, a->runs, b->runs);
    else
        printf(" (%zu and %zu training runs: what other seeds give is not known)\n", a->runs,
               b->runs);
    return difference;
}

/* The comparison of the paper in miniature: SpineNet against ResNet-FPN at equal cost. */
static void print_comparison(const struct sb_demo *d)
{
    double half;
    printf("\n");
    const double difference = print_difference(&d->models[0], &d->models[1], &half);
    printf("In the paper, on COCO: SpineNet-49 40.8, R0-SP53 40.7, R23-SP30 39.7, ResNet-50-FPN "
           "37.8 points.\nAt this size and training ");
    if (half < 0 || fabs(difference) <= half)
        printf("neither SpineNet nor ResNet-FPN is shown to be better.\n");
    else
        printf("the SpineNet is %s.\n", difference > 0
                                            ? "above the ResNet-FPN, as there"
                                            : "below the ResNet-FPN: that ranking does not show");
    printf("The other detectors were trained for fewer images; models/weights/README.md compares "
           "them at equal length.\n");
}

static int show_accuracy(const struct sb_demo *d, struct sb_error *err)
{
    static const struct sb_view view = {
        .name = "comparison",
        .by = SB_ROWS_MODEL,
        .columns = "model,params,tf,latency,planned,ap,ap50,ap_small,ap_medium,ap_large,top1?",
        .note = "AP on held-out scenes, top-1 on held-out species, in points of 100 [95 % interval "
                "over images]."};
    heading("Comparison (spinebench detect, classify and eval)");
    const int rc = print_table(&d->records, &view, err);
    if (rc == 0 && d->num_models >= 2 && !d->models[1].classifies)
        print_comparison(d);
    return rc;
}

static int write_report(struct sb_demo *d, struct sb_report_result *result, struct sb_error *err)
{
    static const char *const formats[] = {"csv"}, *const extensions[] = {"png"};
    struct sb_str path = SB_STR_INIT, bench = SB_STR_INIT, accuracy = SB_STR_INIT;
    int rc = sb_demo_path(d, &path, err, "report");
    if (rc == 0)
        rc = sb_demo_path(d, &bench, err, "bench.jsonl");
    if (rc == 0)
        rc = sb_demo_path(d, &accuracy, err, "accuracy.jsonl");
    const char *const inputs[] = {sb_str_text(&bench), sb_str_text(&accuracy)};
    const struct sb_report_options o = {.dir = sb_str_text(&path),
                                        .inputs = inputs,
                                        .num_inputs = 2,
                                        .formats = formats,
                                        .num_formats = 1,
                                        .extensions = extensions,
                                        .num_extensions = 1};
    if (rc == 0)
        rc = sb_report_write(&d->records, &o, result, err);
    sb_str_release(&accuracy);
    sb_str_release(&bench);
    sb_str_release(&path);
    return rc;
}

static void written(const struct sb_demo *d, const char *name, const char *what)
{
    printf("%s/%-20s %s\n", d->dir, name, what);
}

static void print_closing(const struct sb_demo *d, const struct sb_report_result *report)
{
    heading("Written");
    written(d, "report/report.html", "everything on one page; report.md the same as text");
    if (report->figures)
        written(d, "report/plots", "accuracy against cost, latency and memory; levels as bars");
    written(d, "drawn", "detections, drawn");
    written(d, "scenes", "the images and what is on them; species: those for classes");
    written(d, "bench.jsonl", "costs, times and memory as records; accuracy.jsonl");
    written(d, "detections-*.json", "what was found; predictions-*.jsonl: classes");
    if (*report->no_plots)
        printf("figures are not drawn: %s\n", report->no_plots);
    printf(
        "\nWhat to do next:\n"
        "  your own images      spinebench detect %s photo.jpg --draw out\n"
        "  your own checkpoint  spinebench detect retinanet-spinenet-49 --weights model.ckpt \\\n"
        "                           --annotations instances_val2017.json --images val2017 -o "
        "dets.json\n"
        "                       spinebench eval coco instances_val2017.json dets.json\n"
        "  your own spec        spinebench models --check my-model.json; spinebench bench "
        "my-model.json\n"
        "  the paper's models   spinebench paper; spinebench models\n",
        d->models[0].name);
}

static int run_steps(struct sb_demo *d, struct sb_error *err)
{
    struct sb_report_result report;
    int rc = sb_demo_begin(d, err);
    if (rc == 0)
        rc = sb_demo_bench(d, err);
    if (rc == 0)
        rc = show_costs(d, err);
    if (rc == 0)
        rc = show_levels(d, err);
    if (rc == 0)
        rc = sb_demo_make_images(d, err);
    if (rc == 0)
        rc = sb_demo_recognize(d, err);
    if (rc == 0)
        rc = sb_demo_evaluate(d, err);
    if (rc == 0)
        rc = show_accuracy(d, err);
    if (rc == 0)
        rc = sb_demo_draw(d, err);
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
    struct sb_demo d = {.dir = dir, .images = images, .threads = (int)threads, .quiet = quiet};
    sb_demo_init(&d);
    d.pool = sb_pool_new(d.threads, err);
    rc = d.pool ? run_steps(&d, err) : err->code;
    sb_demo_release(&d);
    return rc;
}

int cmd_demo(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_STRING("output", 'o', "DIR", "folder to write to (default: demo-out)", &dir),
        SB_OPT_INT("images", 0, "N", "held-out images of each kind (default: 200)", &images, 1,
                   10000),
        SB_OPT_INT("threads", 't', "N", "threads (default: all CPUs)", &threads, 1, 1024),
        SB_OPT_FLAG("quiet", 'q', "no progress on stderr", &quiet),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "demo [-o DIR] [options]",
        "Does the whole job once, with no file from outside: costs, latency and memory of small\n"
        "SpineNet and ResNet-FPN models whose trained weights are part of the program; their\n"
        "accuracy on images that were not trained on, made from a seed; drawings; a report.\n"
        "Given again for the same folder, it goes on where it was stopped.",
        options, NULL};
    dir = "demo-out";
    images = 200;
    threads = sb_cpu_count();
    quiet = false;
    return sb_cli_run("demo", &help, argc, argv, run_demo);
}
