/* spinebench history: runs of many commits, and where they moved. */
#include "base/file.h"
#include "bench/history.h"
#include "bench/merge.h"
#include "cli/cli.h"
#include "cli/table_output.h"
#include "reports/figure_gnuplot.h"
#include "reports/figures.h"
#include "reports/view.h"

#include <stdio.h>
#include <string.h>

static const char *model, *output, *plot, *format;
static int64_t last, recent;
static double delta;
static bool dirty;

#define LEAST_POINTS (SB_HISTORY_LEAST + SB_HISTORY_LEAST) /* for a step in a series */

/* ---- add ---- */

static int run_add(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_records records;
    struct sb_history_added added = {0};
    sb_records_init(&records);
    int rc = sb_arguments_expect(args, 2, 10000, "DIR and at least one RUN.jsonl", err);
    for (size_t i = 1; i < args->count && rc == 0; i++)
        rc = sb_records_read(&records, args->words[i], NULL, NULL, err);
    if (rc == 0)
        rc = sb_history_add(args->words[0], &records, dirty, &added, err);
    if (rc == 0)
        printf("%s: %zu run%s added, %zu known already\n", args->words[0], added.runs,
               sb_plural(added.runs), added.known);
    sb_records_release(&records);
    return rc;
}

static int cmd_history_add(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_FLAG("dirty", 0, "take runs of changed working trees, too", &dirty),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "history add DIR RUN.jsonl... [--dirty]",
        "Appends runs to a history, to the file of their machine type. A run that is there\n"
        "already is left out. Runs stand in the order in which they are added: add them as\n"
        "commits are made.",
        options, "examples:\n  spinebench history add history run.jsonl\n"};
    dirty = false;
    return sb_cli_run("history add", &help, argc, argv, run_add);
}

/* ---- show and check ---- */

static int load(const struct sb_arguments *args, struct sb_history *h, struct sb_error *err)
{
    struct sb_history_options o;
    sb_history_options_defaults(&o);
    o.model = model;
    o.last = (size_t)last;
    o.delta = delta / 100;
    int rc = sb_arguments_expect(args, 1, 1, "one DIR", err);
    if (rc == 0)
        rc = sb_history_load(h, args->words[0], &o, err);
    if (rc == 0 && h->count == 0) {
        rc = sb_error_set(err, SB_ENOTFOUND, "there is no series%s%s", model ? " of " : "",
                          model ? model : "");
        sb_error_file(err, args->words[0]);
        sb_history_release(h);
    }
    return rc;
}

static int keep(void *ctx, const struct sb_record *record, struct sb_error *err)
{
    return sb_records_add(ctx, record, err);
}

static int print_table(const struct sb_records *records, struct sb_error *err)
{
    const struct sb_view *view;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    int rc = sb_view_find("history", &view, err);
    if (rc == 0)
        rc = sb_view_table(&t, view, records, err);
    if (rc)
        return rc;
    sb_cli_put_table(&t, sb_table_format(format), &out);
    rc = out.failed ? sb_error_nomem(err, "the table", out.length) : 0;
    if (rc == 0)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

static int check_plot(struct sb_error *err)
{
    static const char *const endings[] = {".png", ".svg", ".pdf"};
    for (size_t i = 0; plot && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (sb_ends_with(plot, endings[i]) && strlen(sb_path_base(plot)) > strlen(endings[i]))
            return sb_file_try(plot, err); /* by its own name, before its data and script */
    }
    return plot ? sb_error_set(err, SB_EINVAL,
                               "--plot: expected a name that ends in .png, .svg or .pdf, got '%s'",
                               plot)
                : 0;
}

/* Draws the figure; the ending of its name says how. */
static int draw(const struct sb_records *records, struct sb_error *err)
{
    const struct sb_figure_maker *maker;
    struct sb_figure f;
    const char *base = sb_path_base(plot), *extension = strrchr(base, '.') + 1;
    struct sb_str dir = SB_STR_INIT, name = SB_STR_INIT;
    const size_t folder = (size_t)(base - plot);
    sb_str_append(&dir, plot, folder > 1 ? folder - 1 : folder); /* without the slash, but "/" */
    sb_str_printf(&name, "%.*s", (int)(extension - 1 - base), base);
    int rc = dir.failed || name.failed ? sb_error_nomem(err, "a file name", strlen(plot)) : 0;
    if (rc == 0)
        rc = sb_figure_maker_find("history", &maker, err);
    if (rc == 0)
        rc = sb_figure_make(&f, maker, records, err);
    if (rc == 0) {
        f.name = sb_str_text(&name);
        rc = sb_figure_draw(&f, dir.length ? dir.data : ".", &extension, 1, err);
        sb_figure_release(&f);
    }
    sb_str_release(&dir);
    sb_str_release(&name);
    return rc;
}

/* Returns how many. */
static size_t print_failed_checks(const struct sb_history *h)
{
    size_t failed = 0, index = 0;
    const struct sb_record *r;
    while ((r = sb_history_next_failed(h, &index)) != NULL) {
        const struct sb_record *run = sb_records_find_run(&h->records, r->run);
        printf("WRONG OUTPUT: %s at %lld, %lld thread%s, %s in %.12s: error %.1e of %s, allowed is "
               "%.0e; it has no latency\n",
               r->cell.model, (long long)r->cell.size, (long long)r->cell.threads,
               sb_plural((size_t)r->cell.threads), r->cell.engine,
               run && run->u.run.commit ? run->u.run.commit : "an unknown commit", r->u.check.nmse,
               r->u.check.output ? r->u.check.output : "an output", r->u.check.tolerance);
        failed++;
    }
    return failed;
}

static int run_show(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_history h;
    struct sb_records records;
    const struct sb_table_format *checked;
    int rc = sb_cli_format(format, SB_ALL_FORMATS, &checked, err);
    if (rc == 0)
        rc = check_plot(err);
    if (rc == 0)
        rc = load(args, &h, err);
    if (rc)
        return rc;
    sb_records_init(&records);
    rc = sb_history_records(&h, keep, &records, err);
    if (rc == 0 && output)
        rc = sb_records_write(&records, output, err);
    if (rc == 0 && plot)
        rc = draw(&records, err);
    if (rc == 0)
        rc = print_table(&records, err);
    if (rc == 0 && strcmp(format, "text") == 0)
        (void)print_failed_checks(&h);
    sb_records_release(&records);
    sb_history_release(&h);
    return rc;
}

/* Options of both. */
#define SHARED_OPTIONS                                                                             \
    SB_OPT_STRING("model", 0, "NAME", "only this model", &model),                                  \
        SB_OPT_INT("last", 0, "N", "the newest N points of each series (default: 1000; 0: all)",   \
                   &last, 0, INT64_MAX),                                                           \
        SB_OPT_DOUBLE("delta", 0, "P", "smallest change that counts, in % (default: 2)", &delta,   \
                      0.01, 100)

static void reset_shared(void)
{
    model = output = plot = NULL;
    format = "text";
    last = 1000;
    recent = 10;
    delta = 2;
}

static int cmd_history_show(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SHARED_OPTIONS,
        SB_OPT_STRING("plot", 0, "FILE",
                      "draw points and levels into a .png, .svg or .pdf, data and script beside it",
                      &plot),
        SB_OPT_STRING("output", 'o', "FILE.jsonl", "points and levels as records, for 'report'",
                      &output),
        SB_OPT_STRING("format", 0, "F", "text (default), markdown, csv, latex, json", &format),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "history show DIR [options]",
        "Fits levels to every series of a history and shows them: since which commit, how\n"
        "high, and by how much each differs from the one before. Latencies are ratios to the\n"
        "reference kernel that was timed in the same session.",
        options, "examples:\n  spinebench history show history --plot history.png\n"};
    reset_shared();
    return sb_cli_run("history show", &help, argc, argv, run_show);
}

/* Prints the steps of a series among its newest points; returns how many are for the worse. */
static size_t print_steps(const struct sb_history_series *s)
{
    size_t worse = 0;
    for (size_t k = 1; k < s->num_segments; k++) {
        const struct sb_history_segment *segment = &s->segments[k];
        struct sb_str text = SB_STR_INIT;
        if (!segment->counts || segment->first + (size_t)recent < s->count)
            continue;
        sb_history_step_text(s, k, &text);
        printf("%s: %s\n", sb_history_is_worse(s, k) ? "WORSE" : "better", sb_str_text(&text));
        worse += sb_history_is_worse(s, k);
        sb_str_release(&text);
    }
    return worse;
}

/* A segment at the end that is too short to count, and series that are too short to have steps. */
static void print_open(const struct sb_history *h)
{
    size_t young = 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct sb_history_series *s = &h->series[i];
        const struct sb_history_segment *end = &s->segments[s->num_segments - 1];
        struct sb_str text = SB_STR_INIT;
        young += s->count < LEAST_POINTS;
        if (s->num_segments < 2 || end->count >= SB_HISTORY_LEAST)
            continue;
        sb_history_step_text(s, s->num_segments - 1, &text);
        printf("open: %s; %zu more will tell\n", sb_str_text(&text), SB_HISTORY_LEAST - end->count);
        sb_str_release(&text);
    }
    if (young)
        printf("%zu of %zu series have fewer than %d points, too few for a step\n", young, h->count,
               LEAST_POINTS);
}

static int run_check(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_history h;
    size_t worse = 0;
    int rc = load(args, &h, err);
    if (rc)
        return rc;
    const size_t failed = print_failed_checks(&h);
    for (size_t i = 0; i < h.count; i++)
        worse += print_steps(&h.series[i]);
    print_open(&h);
    printf("%zu series, %zu step%s for the worse among the newest %lld points\n", h.count, worse,
           sb_plural(worse), (long long)recent);
    sb_history_release(&h);
    if (failed) {
        sb_error_set(err, SB_ECHECK, "%zu output check%s failed in the newest runs", failed,
                     sb_plural(failed));
        return sb_error_hint(err, "'bench' with --engine openblas or --threads 1 narrows it down");
    }
    if (worse == 0)
        return 0;
    sb_error_set(err, SB_ECHECK, "%zu series moved for the worse", worse);
    return sb_error_hint(err, "'git log A..B' lists the commits of a range, 'gate' compares two "
                              "builds");
}

static int cmd_history_check(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SHARED_OPTIONS,
        SB_OPT_INT("recent", 0, "N", "steps within the newest N points (default: 10)", &recent, 1,
                   INT64_MAX),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "history check DIR [options]",
        "Says which commit range moved what. A step counts when the segments before and after\n"
        "it have at least 4 points each. Exit code: 1 when a recent step is for the worse.",
        options, "examples:\n  spinebench history check history --recent 20\n"};
    reset_shared();
    return sb_cli_run("history check", &help, argc, argv, run_check);
}

int cmd_history(int argc, char **argv)
{
    static const struct sb_subcommand table[] = {
        {"add", cmd_history_add, "appends runs"},
        {"show", cmd_history_show, "levels and steps, as a table and drawn"},
        {"check", cmd_history_check, "fails on a recent step for the worse"},
        {NULL, NULL, NULL},
    };
    return sb_cli_subcommands("history", "What runs of many commits measured, and where it moved.",
                              table, argc, argv);
}
