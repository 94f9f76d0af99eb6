/* spinebench bench: latency and memory of models, end to end and per level, into records. */
#include "base/mem.h"
#include "base/texts.h"
#include "bench/environment.h"
#include "bench/noise.h"
#include "bench/session.h"
#include "bench/statistics.h"
#include "cli/bench_passes.h"
#include "cli/cli.h"
#include "cli/engine_choice.h"
#include "cli/model_weights.h"
#include "cli/table_output.h"
#include "models/zoo.h"
#include "reports/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sb_option_list sizes, batches, threads, engines;
static const char *weights, *output, *precision, *scenario, *trace, *cpu_name, *tuning;
static struct sb_accuracy_set accuracy;
static int64_t seed, runs, min_runs, max_runs, warmup, step_passes, processes, first_class;
static double seconds;
static bool ema, json, quiet, resume, check, probe, passes, low_memory;
static struct sb_str command_line;
static struct sb_texts cell_texts; /* weights of cells */

#define NO_TIME      (-1.0)
#define DEFAULT_SEED 1

/* The i-th integer of a list, 1 to `most`; `fallback` when the list is empty. */
static int list_int(const struct sb_option_list *list, size_t i, const char *what, int most,
                    int fallback, int *out, struct sb_error *err)
{
    int64_t value = fallback;
    const int rc = list->count ? sb_parse_int(list->items[i], what, 1, most, &value, err) : 0;
    *out = (int)value;
    return rc;
}

static size_t length_of(const struct sb_option_list *list)
{
    return list->count ? list->count : 1;
}

/* The n-th of all combinations for one model; the last list varies fastest. */
static int pick(struct sb_session_cell *cell, size_t n, enum sb_scenario how, struct sb_error *err)
{
    const size_t e = n % length_of(&engines);
    n /= length_of(&engines);
    const size_t t = n % length_of(&threads);
    n /= length_of(&threads);
    const size_t b = n % length_of(&batches);
    n /= length_of(&batches);
    const int default_batch = how == SB_SCENARIO_OFFLINE ? 8 : 1;
    int rc = list_int(&sizes, n, "--size", 65536, 0, &cell->size, err);
    if (rc == 0)
        rc = list_int(&batches, b, "--batch", 65536, default_batch, &cell->batch, err);
    if (rc == 0)
        rc = list_int(&threads, t, "--threads", 1024, sb_cpu_count(), &cell->threads, err);
    if (rc == 0 && engines.count)
        rc = sb_engine_parse(engines.items[e], &cell->engine, err);
    return rc;
}

/* Whether the model can be built at this size with these weights: very small maps are resampled in
 * fewer steps, by layers of other shapes. */
static bool weights_fit(const char *name, int side, const char *path)
{
    const struct sb_model_options options = {.size = side, .batch = 1};
    struct sb_error ignored;
    struct sb_weights loaded;
    struct sb_model *model = sb_model_open(name, &options, &ignored);
    const bool fit = model && sb_weights_load(&loaded, model->graph, path, NULL, &ignored) == 0;
    if (fit)
        sb_weights_release(&loaded);
    sb_model_free(&model);
    return fit;
}

/* Where neither a file nor a seed is asked for, a model whose weights are part of the program has
 * those: their path, kept in cell_texts, else NULL. */
static const char *built_in_weights(const struct sb_session_cell *cell)
{
    if (weights || seed != SB_NO_SEED || !sb_zoo_weights(cell->model))
        return NULL;
    const char *path = sb_texts_printf(&cell_texts, "%s%s", SB_EMBEDDED_WEIGHTS, cell->model);
    if (weights_fit(cell->model, cell->size, path))
        return path;
    if (!quiet)
        fprintf(stderr,
                "spinebench bench: note: the trained weights of %s do not fit at size %d: "
                "untrained ones are measured\n",
                cell->model, cell->size);
    return NULL;
}

static int make_cells(const struct sb_arguments *args, struct sb_session_options *o,
                      struct sb_error *err)
{
    const size_t per_model =
        length_of(&sizes) * length_of(&batches) * length_of(&threads) * length_of(&engines);
    o->num_cells = args->count * per_model;
    struct sb_session_cell *cells =
        sb_calloc(o->num_cells + 1, sizeof(*cells), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!cells)
        return sb_error_nomem(err, "the cells", o->num_cells * sizeof(*cells));
    o->cells = cells;
    int rc = 0;
    for (size_t i = 0; i < o->num_cells && rc == 0; i++) {
        cells[i].engine = o->measure.engine;
        cells[i].model = args->words[i / per_model];
        rc = pick(&cells[i], i % per_model, o->measure.time.scenario, err);
        if (rc == 0)
            cells[i].weights = built_in_weights(&cells[i]);
    }
    return rc == 0 && cell_texts.failed ? sb_error_nomem(err, "the cells", 0) : rc;
}

static bool any_native(const struct sb_session_options *o)
{
    for (size_t i = 0; i < o->num_cells; i++) {
        if (o->cells[i].engine != SB_ENGINE_OPENBLAS)
            return true;
    }
    return false;
}

static bool all_built_in(const struct sb_session_options *o)
{
    for (size_t i = 0; i < o->num_cells; i++) {
        if (!o->cells[i].weights)
            return false;
    }
    return true;
}

/* "1%" or "1": the share that half the interval may be of the median. */
static int read_precision(double *out, struct sb_error *err)
{
    char *end;
    *out = 0;
    if (!precision)
        return 0;
    const double percent = strtod(precision, &end);
    if (end == precision || (*end && strcmp(end, "%") != 0) || !(percent > 0 && percent < 100))
        return sb_error_set(err, SB_EINVAL,
                            "--precision: expected per cent above 0 and below 100, got '%s'",
                            precision);
    *out = percent / 100;
    return 0;
}

static int read_stop_rule(struct sb_stop_rule *rule, struct sb_error *err)
{
    const int rc = read_precision(&rule->precision, err);
    if (rc)
        return rc;
    if (rule->precision > 0)
        rule->max_ns = 60000000000;
    if (seconds != NO_TIME)
        rule->max_ns = (int64_t)(seconds * 1e9);
    if (min_runs > 0)
        rule->min_runs = (size_t)min_runs;
    rule->max_runs = max_runs > 0 ? (size_t)max_runs : rule->precision > 0 ? 10000 : 200;
    if (runs > 0) {
        rule->min_runs = rule->max_runs = (size_t)runs;
        rule->max_ns = INT64_MAX;
    }
    if (rule->min_runs > rule->max_runs)
        return sb_error_set(err, SB_EINVAL, "--min-runs %zu is more than --max-runs %zu",
                            rule->min_runs, rule->max_runs);
    return 0;
}

static int read_options(const struct sb_arguments *args, struct sb_session_options *o,
                        struct sb_error *err)
{
    static char source[64];
    const int64_t chosen_seed = seed == SB_NO_SEED ? DEFAULT_SEED : seed;
    sb_session_options_defaults(o);
    int rc = sb_arguments_expect(args, 1, 1000, "at least one MODEL", err);
    if (rc == 0 && weights && args->count > 1)
        rc = sb_error_set(err, SB_EINVAL, "--weights with more than one MODEL");
    if (rc == 0)
        rc = sb_scenario_parse(scenario, &o->measure.time.scenario, err);
    if (rc == 0)
        rc = read_stop_rule(&o->measure.time.stop, err);
    o->measure.weights = weights;
    o->measure.use_ema = ema;
    o->measure.seed = (uint64_t)chosen_seed;
    o->measure.check = check;
    o->measure.low_memory = low_memory;
    o->measure.tuning = tuning;
    if (rc == 0 && cpu_name)
        rc = sb_cpu_parse(cpu_name, &o->measure.cpu, err);
    o->measure.time.warmup = (size_t)warmup;
    o->measure.time.step_passes = (size_t)step_passes;
    accuracy.first_class = (int)first_class;
    o->accuracy = accuracy.annotations ? &accuracy : NULL;
    o->output = output;
    o->resume = resume;
    o->processes = (int)processes;
    o->probe = probe;
    o->quiet = quiet;
    o->trace = trace;
    o->command = sb_str_text(&command_line);
    if (rc == 0)
        rc = make_cells(args, o, err);
    if (rc == 0)
        rc = sb_engine_check_native(any_native(o), cpu_name, low_memory, err);
    snprintf(source, sizeof(source), "seed %lld", (long long)chosen_seed);
    o->weights_text = weights ? weights : rc == 0 && all_built_in(o) ? "embedded" : source;
    if (rc == 0 && tuning && o->num_cells > 1)
        rc = sb_error_set(err, SB_EINVAL, "--tune: a file is for one model, size and thread count");
    return rc;
}

static int print_view(const struct sb_records *records, const char *name, struct sb_str *out,
                      struct sb_error *err)
{
    const struct sb_view *view;
    struct sb_table t;
    int rc = sb_view_find(name, &view, err);
    if (rc == 0)
        rc = sb_view_table(&t, view, records, err);
    if (rc)
        return rc;
    sb_cli_put_table(&t, sb_table_format("text"), out);
    sb_table_release(&t);
    return 0;
}

/* "sum of steps / end to end" of every cell. */
static void print_reconciliation(const struct sb_records *records, struct sb_str *out)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != SB_RECORD_TIME || r->part.node || r->u.time.process != 0)
            continue;
        const double ratio = sb_reconcile(records, &r->cell);
        if (!isnan(ratio))
            sb_str_printf(out,
                          "%s at %lld, batch %lld, %lld thread%s, %s: sum of steps / end to end "
                          "= %.2f\n",
                          r->cell.model, (long long)r->cell.size, (long long)r->cell.batch,
                          (long long)r->cell.threads, sb_plural((size_t)r->cell.threads),
                          r->cell.engine, ratio);
    }
}

static int print_tables(const struct sb_records *records, struct sb_str *out, struct sb_error *err)
{
    int rc = print_view(records, "models", out, err);
    if (rc == 0) {
        sb_str_puts(out, "\n");
        rc = print_view(records, "memory-phases", out, err);
    }
    if (rc == 0 && step_passes > 0) {
        sb_str_puts(out, "\n");
        rc = print_view(records, "per-level", out, err);
        print_reconciliation(records, out);
    }
    return rc;
}

static void print_records(const struct sb_records *records, struct sb_str *out)
{
    sb_str_puts(out, "{\"records\": [\n");
    for (size_t i = 0; i < records->count; i++) {
        sb_record_to_json(&records->items[i], out);
        if (i + 1 < records->count && !out->failed) {
            out->data[--out->length] = '\0'; /* the comma comes before its newline */
            sb_str_puts(out, ",\n");
        }
    }
    sb_str_puts(out, "]}\n");
}

static int print_session(const struct sb_records *records, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    int rc = 0;
    if (json)
        print_records(records, &out);
    else
        rc = print_tables(records, &out, err);
    if (rc == 0 && out.failed)
        rc = sb_error_nomem(err, "the output", out.length);
    if (rc == 0)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    return rc;
}

/* What the reader should know before trusting the numbers, on stderr. */
static void print_advice(const struct sb_environment *env, const struct sb_session_result *result)
{
    struct sb_str advice = SB_STR_INIT;
    if (quiet || !probe)
        return;
    sb_environment_advice(env, &advice);
    if (!isnan(result->noise))
        sb_noise_advice(result->noise, &advice);
    for (const char *p = sb_str_text(&advice); *p; p += strcspn(p, "\n") + 1)
        fprintf(stderr, "spinebench bench: note: %.*s\n", (int)strcspn(p, "\n"), p);
    sb_str_release(&advice);
}

/* Half the interval of the median as a share of it; infinite when runs are too few to tell. */
static int half_interval(const struct sb_time_record *t, double *out, struct sb_error *err)
{
    double *ns = sb_calloc(t->num_ns, sizeof(*ns), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!ns)
        return sb_error_nomem(err, "samples", t->num_ns * sizeof(*ns));
    for (size_t i = 0; i < t->num_ns; i++)
        ns[i] = (double)t->ns[i];
    const struct sb_summary s = sb_summarize(ns, t->num_ns);
    sb_free(ns);
    *out = s.interval.known ? (s.interval.high - s.interval.low) / 2 / s.median : (double)INFINITY;
    return 0;
}

static void print_missed_precision(const struct sb_record *r, double half, double wanted)
{
    char reached[64] = "unknown, runs are too few";
    if (isfinite(half))
        snprintf(reached, sizeof(reached), "%.2g %% of the median", 100 * half);
    fprintf(stderr,
            "spinebench bench: note: %s at %lld, batch %lld, %lld thread%s, %s: --precision %g%% "
            "was not reached in %zu run%s: half the interval is %s; give more --time or "
            "--max-runs\n",
            r->cell.model, (long long)r->cell.size, (long long)r->cell.batch,
            (long long)r->cell.threads, sb_plural((size_t)r->cell.threads), r->cell.engine,
            100 * wanted, r->u.time.num_ns, sb_plural(r->u.time.num_ns), reached);
}

/* Rows whose time was over before --precision was reached: of each the worst process. */
static int print_precision(const struct sb_records *records, double wanted, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; wanted > 0 && !quiet && i < records->count && rc == 0; i++) {
        const struct sb_record *first = &records->items[i], *worst = NULL;
        double worst_half = wanted;
        if (first->kind != SB_RECORD_TIME || first->part.node || first->u.time.process != 0)
            continue;
        for (size_t k = i; k < records->count && rc == 0; k++) {
            const struct sb_record *r = &records->items[k];
            double half = 0;
            if (r->kind != SB_RECORD_TIME || r->part.node || !r->u.time.ns ||
                !sb_same_cell(&r->cell, &first->cell))
                continue;
            rc = half_interval(&r->u.time, &half, err);
            if (half > worst_half) {
                worst = r;
                worst_half = half;
            }
        }
        if (worst && rc == 0)
            print_missed_precision(worst, worst_half, wanted);
    }
    return rc;
}

static void release_cells(struct sb_session_options *o)
{
    sb_free((void *)(uintptr_t)o->cells);
    sb_texts_release(&cell_texts);
}

static int run_bench(const struct sb_arguments *args, struct sb_error *err)
{
    struct sb_session_options o;
    struct sb_session_result result = {.noise = (double)NAN};
    struct sb_environment env;
    struct sb_records records;
    sb_records_init(&records);
    sb_environment_read(&env, "");
    int rc = read_options(args, &o, err);
    if (rc == 0 && passes) {
        rc = bench_passes(&o, err);
        release_cells(&o);
        return rc;
    }
    if (rc == 0)
        rc = sb_session_run(&o, &env, &records, &result, err);
    if (rc == 0 && result.resumed_cells && !quiet)
        fprintf(stderr, "spinebench bench: resumed after %zu of %zu cells\n", result.resumed_cells,
                o.num_cells);
    if (rc == 0 && result.redone && !quiet)
        fprintf(stderr,
                "spinebench bench: note: the cell at line %lld lacked %s; it and those behind it "
                "were measured again\n",
                (long long)result.redone_line, result.redone);
    if (rc == 0)
        rc = sb_tuning_print(o.measure.tuning, quiet, err);
    if (rc == 0)
        print_advice(&env, &result);
    if (rc == 0)
        rc = print_precision(&records, o.measure.time.stop.precision, err);
    if (rc == 0)
        rc = print_session(&records, err);
    if (rc == 0 && result.failed_checks) {
        rc = sb_error_set(err, SB_ECHECK, "the output check failed %zu time%s",
                          result.failed_checks, sb_plural(result.failed_checks));
        sb_error_hint(err, "those times are blank; --threads 1 narrows it down");
    }
    release_cells(&o);
    sb_records_release(&records);
    return rc;
}

static void remember_command(int argc, char **argv)
{
    sb_str_clear(&command_line);
    sb_str_puts(&command_line, "spinebench");
    for (int i = 0; i < argc; i++)
        sb_str_printf(&command_line, " %s", argv[i]);
}

static void reset_options(void)
{
    sizes = batches = threads = engines = (struct sb_option_list){0};
    weights = output = precision = trace = cpu_name = tuning = NULL;
    accuracy = (struct sb_accuracy_set){NULL, NULL, 0};
    scenario = "stream";
    processes = 1;
    seed = SB_NO_SEED;
    runs = min_runs = max_runs = 0;
    first_class = -1;
    warmup = 2;
    step_passes = 7;
    seconds = NO_TIME;
    ema = json = quiet = resume = passes = low_memory = false;
    check = probe = true;
}

int cmd_bench(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_LIST("size", 0, "N,...", "input sizes in pixels (default: the model's own)", &sizes),
        SB_OPT_LIST("batch", 0, "B,...", "images per batch (default: 1; offline: 8)", &batches),
        SB_OPT_LIST("threads", 't', "T,...", "threads (default: all CPUs)", &threads),
        SB_OPT_LIST("engine", 0, "E,...",
                    "engines: native, native-bf16, openblas (default: native with AVX2)", &engines),
        SB_OPT_STRING("cpu-mask", 0, "LEVEL", "native engine: portable, avx2 or avx512", &cpu_name),
        SB_OPT_FLAG("low-memory", 0, "native engine: smaller packed weights, slower", &low_memory),
        SB_OPT_STRING("tune", 0, "FILE",
                      "kernels as FILE has them; measured and written there if there is none",
                      &tuning),
        SB_OPT_FLAG("passes", 0, "instead: what each pass of the engine gains (--runs rounds)",
                    &passes),
        SB_OPT_STRING("scenario", 0, "NAME",
                      "stream (default), cold (caches emptied) or offline (throughput)", &scenario),
        SB_OPT_STRING("weights", 0, "FILE", "checkpoint, .safetensors or .onnx", &weights),
        SB_OPT_FLAG("ema", 0, "the moving averages that a training checkpoint holds", &ema),
        SB_OPT_INT(
            "weights-seed", 0, "N",
            "seed of random weights and input (default: 1, but weights that the program has)",
            &seed, 0, INT64_MAX),
        SB_OPT_INT("runs", 0, "N", "exactly N timed runs", &runs, 1, 1000000),
        SB_OPT_DOUBLE("time", 0, "S", "timed runs for S seconds (default: 5; 60 with --precision)",
                      &seconds, 0, 86400),
        SB_OPT_STRING("precision", 0, "P%",
                      "until half the 95 % interval is P % of the median, within the time",
                      &precision),
        SB_OPT_INT("min-runs", 0, "N", "at least N runs (default: 7)", &min_runs, 1, 1000000),
        SB_OPT_INT("max-runs", 0, "N", "at most N runs (default: 200; 10000 with --precision)",
                   &max_runs, 1, 1000000),
        SB_OPT_INT("warmup", 0, "N", "untimed runs before (default: 2)", &warmup, 0, 1000000),
        SB_OPT_INT("step-passes", 0, "N", "runs that time every step (default: 7; 0: none)",
                   &step_passes, 0, 100000),
        SB_OPT_INT("processes", 0, "N", "fresh processes per row (default: 1, this one)",
                   &processes, 1, 1000),
        SB_OPT_STRING("accuracy", 0, "GT",
                      "evaluate, too: on a COCO data set, or a list of labelled images",
                      &accuracy.annotations),
        SB_OPT_STRING("images", 0, "DIR", "its images", &accuracy.images),
        SB_OPT_INT("first-class", 0, "N",
                   "class of label 0 (default: the model's; 1 skips a background class)",
                   &first_class, 0, 100000),
        SB_OPT_STRING("output", 'o', "RUN.jsonl", "write records to this file", &output),
        SB_OPT_FLAG("resume", 0, "continue the file of a session that was interrupted", &resume),
        SB_OPT_STRING("trace", 0, "FILE", "one pass for chrome://tracing or ui.perfetto.dev",
                      &trace),
        SB_OPT_NEGATE("no-check", 0, "do not compare outputs with the reference", &check),
        SB_OPT_NEGATE("no-probe", 0, "no noise probe, no peak of the machine, no advice", &probe),
        SB_OPT_FLAG("json", 0, "one JSON document with all records on stdout", &json),
        SB_OPT_FLAG("quiet", 'q', "no progress and advice on stderr", &quiet),
        SB_OPT_ALONE("passes", "size,batch,threads,engine,cpu-mask,low-memory,weights,ema,"
                               "weights-seed,runs,quiet"),
        SB_OPT_NEEDS("ema", "weights"),
        SB_OPT_EXCLUDES("runs", "time,precision,min-runs,max-runs"),
        SB_OPT_NEEDS("accuracy", "images"),
        SB_OPT_NEEDS("images,first-class", "accuracy"),
        SB_OPT_NEEDS("resume", "output"),
        SB_OPT_END,
    };
    static const struct sb_command_help help = {
        "bench MODEL... [options]",
        "Measures latency and memory of every combination of models, sizes, batches, threads\n"
        "and engines: end to end with raw samples, per step and level in runs of their own,\n"
        "peak memory per phase beside what was planned, and the output against a\n"
        "reference. A failed output check blanks the times of its row; the exit code is 1.",
        options,
        "examples:\n"
        "  spinebench bench retinanet-spinenet-49 --size 320,640 -o run.jsonl\n"
        "  spinebench bench retinanet-resnet-50-fpn --threads 1,2 --precision 1%"};
    reset_options();
    remember_command(argc, argv);
    const int code = sb_cli_run("bench", &help, argc, argv, run_bench);
    sb_str_release(&command_line);
    return code;
}
