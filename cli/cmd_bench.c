/* spinebench bench: latency and memory of models, end to end and per level, into records. */
#include "bench/environment.h"
#include "bench/measure.h"
#include "bench/measure_records.h"
#include "bench/measure_summary.h"
#include "bench/memory.h"
#include "bench/record.h"
#include "cli/cli.h"
#include "reports/table.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct sb_option_list sizes, batches, threads, engines;
static const char *weights, *output;
static int64_t seed, runs, warmup, step_passes;
static double seconds;
static bool json, quiet;
static struct sb_str command_line;

/* Everything that one invocation collects. */
struct session {
    struct sb_environment env;
    struct sb_run_identity identity;
    struct sb_record_writer writer;
    bool writing;
    struct sb_str json; /* records so far, comma-separated */
    struct sb_table rows;
    struct sb_str details; /* a table per cell */
    size_t failed_checks;
};

/* Sends a record to the file and, with --json, to the document. */
static int emit(void *ctx, const struct sb_record *record, struct sb_error *err)
{
    struct session *s = ctx;
    if (json) {
        sb_str_puts(&s->json, s->json.length ? ",\n" : "");
        sb_record_to_json(record, &s->json);
        if (!s->json.failed)
            s->json.data[--s->json.length] = '\0'; /* its newline */
    }
    return s->writing ? sb_record_write(&s->writer, record, err) : 0;
}

static int emit_run(struct session *s, struct sb_error *err)
{
    struct sb_record run;
    char source[64];
    sb_run_record_fill(&run, &s->identity, &s->env, sb_str_text(&command_line));
    snprintf(source, sizeof(source), "seed %lld", (long long)seed);
    run.u.run.weights = weights ? weights : source;
    run.u.run.seed = seed;
    return emit(s, &run, err);
}

static void summary_columns(struct sb_table *t)
{
    sb_table_init(t, NULL);
    sb_table_column(t, "model", NULL, SB_LEFT);
    sb_table_column(t, "size", NULL, SB_RIGHT);
    sb_table_column(t, "batch", NULL, SB_RIGHT);
    sb_table_column(t, "threads", NULL, SB_RIGHT);
    sb_table_column(t, "engine", NULL, SB_LEFT);
    sb_table_quantity(t, "median", "median", SB_QUANTITY_TIME, SB_SOURCE_NONE);
    sb_table_quantity(t, "min", "min", SB_QUANTITY_TIME, SB_SOURCE_NONE);
    sb_table_column(t, "n", NULL, SB_RIGHT);
    sb_table_quantity(t, "flops", "FLOP/s", SB_QUANTITY_RATE, SB_SOURCE_NONE);
    sb_table_quantity(t, "planned", "planned", SB_QUANTITY_BYTES, SB_SOURCE_NONE);
    sb_table_quantity(t, "peak", "peak", SB_QUANTITY_BYTES, SB_SOURCE_NONE);
    sb_table_quantity(t, "error", "output error", SB_QUANTITY_SMALL, SB_SOURCE_NONE);
}

static void time_cells(struct sb_table *t, const struct sb_measurement *m,
                       const struct sb_summary *ns)
{
    if (m->checked && !m->check.passed) {
        for (int i = 0; i < 4; i++)
            sb_table_missing(t, "the output check failed");
        return;
    }
    if (ns->interval.known)
        sb_table_interval(t, ns->median, ns->interval.low, ns->interval.high);
    else
        sb_table_value(t, ns->median);
    sb_table_value(t, ns->min);
    sb_table_integer(t, (long long)ns->count);
    sb_table_value(t, 2e9 * (double)m->costs.total.macs / ns->median);
}

static void summary_row(struct session *s, const struct sb_measurement *m,
                        const struct sb_measurement_summary *summary)
{
    struct sb_table *t = &s->rows;
    const struct sb_phase_memory *total = &m->total;
    sb_table_row(t);
    sb_table_cell(t, "%s", m->model->name);
    sb_table_cell(t, "%d", m->model->padded_h);
    sb_table_cell(t, "%d", m->model->batch);
    sb_table_cell(t, "%d", m->options.threads);
    sb_table_cell(t, "%s", sb_engine_name(m->options.engine));
    time_cells(t, m, &summary->ns);
    sb_table_value(t, (double)(total->arena_bytes + total->weight_bytes + total->workspace_bytes));
    if (total->measured_bytes == SB_NO_INT)
        sb_table_missing(t, SB_MEMORY_HIDDEN);
    else
        sb_table_value(t, (double)total->measured_bytes);
    sb_table_value(t, m->check.nmse);
}

static void level_columns(struct sb_table *t, const struct sb_measurement *m)
{
    char title[200];
    snprintf(title, sizeof(title), "%s at %d, batch %d, %d threads, %s", m->model->name,
             m->model->padded_h, m->model->batch, m->options.threads,
             sb_engine_name(m->options.engine));
    sb_table_init(t, title);
    sb_table_column(t, "level", NULL, SB_LEFT);
    sb_table_column(t, "steps", NULL, SB_RIGHT);
    sb_table_quantity(t, "time", "time", SB_QUANTITY_TIME, SB_SOURCE_NONE);
    sb_table_quantity(t, "share", "share", SB_QUANTITY_SHARE, SB_SOURCE_NONE);
    sb_table_quantity(t, "macs", "MACs", SB_QUANTITY_AMOUNT, SB_SOURCE_NONE);
    sb_table_quantity(t, "flops", "FLOP/s", SB_QUANTITY_RATE, SB_SOURCE_NONE);
    sb_table_quantity(t, "weights", "weights", SB_QUANTITY_BYTES, SB_SOURCE_NONE);
    sb_table_quantity(t, "activations", "activations", SB_QUANTITY_BYTES, SB_SOURCE_NONE);
    sb_table_quantity(t, "workspace", "workspace", SB_QUANTITY_BYTES, SB_SOURCE_NONE);
}

static void level_row(struct sb_table *t, enum sb_level level, const struct sb_level_summary *own,
                      double whole_ns, const struct sb_plan_memory *planned)
{
    const struct sb_summary *ns = &own->ns;
    sb_table_row(t);
    sb_table_cell(t, "%s", sb_level_name(level));
    sb_table_integer(t, (long long)own->steps);
    if (ns->interval.known)
        sb_table_interval(t, ns->median, ns->interval.low, ns->interval.high);
    else
        sb_table_value(t, ns->median);
    sb_table_value(t, whole_ns > 0 ? ns->median / whole_ns : 0);
    sb_table_value(t, (double)own->macs);
    sb_table_value(t, ns->median > 0 ? 2e9 * (double)own->macs / ns->median : 0);
    sb_table_value(t, (double)planned->weight_bytes[level]);
    sb_table_value(t, (double)planned->activation_bytes[level]);
    sb_table_value(t, (double)planned->workspace_bytes[level]);
}

static const enum sb_level level_order[] = {
    SB_LEVEL_STEM, SB_LEVEL_1, SB_LEVEL_2, SB_LEVEL_3,    SB_LEVEL_4,
    SB_LEVEL_5,    SB_LEVEL_6, SB_LEVEL_7, SB_LEVEL_HEAD, SB_LEVEL_NONE,
};

/* The per-level table of a cell with the line that reconciles both kinds of runs. */
static int level_table(struct session *s, const struct sb_measurement *m,
                       const struct sb_measurement_summary *summary, struct sb_error *err)
{
    struct sb_plan_memory planned;
    sb_plan_memory(m->plan, &planned);
    struct sb_table t;
    level_columns(&t, m);
    for (size_t i = 0; i < sizeof(level_order) / sizeof(level_order[0]); i++) {
        const struct sb_level_summary *level = &summary->level[level_order[i]];
        if (level->steps)
            level_row(&t, level_order[i], level, summary->steps_ns.median, &planned);
    }
    sb_table_note(&t,
                  "sum of steps / end to end = %.3f (%zu steps, %zu passes, each paired with the "
                  "run before it)",
                  summary->reconciliation, m->samples.num_steps, m->samples.step_passes);
    sb_str_puts(&s->details, "\n");
    const int rc = sb_table_finish(&t, err);
    sb_table_write(&t, sb_table_format("text"), &s->details);
    sb_table_release(&t);
    return rc;
}

static int measure_cell(struct session *s, const struct sb_measure_options *options,
                        struct sb_error *err)
{
    char label[48];
    snprintf(label, sizeof(label), "%.47s", options->model);
    struct sb_progress progress;
    sb_progress_start(&progress, label, "runs", 0, quiet);
    struct sb_measurement m;
    int rc = sb_measure(&m, options, &progress, err);
    sb_progress_finish(&progress);
    if (rc)
        return rc;
    rc = sb_measurement_records(&m, s->identity.id, emit, s, err);
    struct sb_measurement_summary summary;
    if (rc == 0)
        rc = sb_measurement_summarize(&m, &summary, err);
    if (rc == 0)
        summary_row(s, &m, &summary);
    if (rc == 0 && m.check.passed && m.samples.step_passes)
        rc = level_table(s, &m, &summary, err);
    s->failed_checks += m.checked && !m.check.passed;
    sb_measurement_release(&m);
    return rc;
}

/* The i-th integer of a list; `fallback` once when the list is empty. */
static int list_int(const struct sb_option_list *list, size_t i, const char *what, int64_t fallback,
                    int *out, struct sb_error *err)
{
    int64_t value = fallback;
    const int rc = list->count ? sb_parse_int(list->items[i], what, 1, 65536, &value, err) : 0;
    *out = (int)value;
    return rc;
}

static size_t list_length(const struct sb_option_list *list)
{
    return list->count ? list->count : 1;
}

/* The n-th of all combinations for one model. */
static int pick(struct sb_measure_options *o, size_t n, struct sb_error *err)
{
    const size_t e = n % list_length(&engines);
    n /= list_length(&engines);
    const size_t t = n % list_length(&threads);
    n /= list_length(&threads);
    const size_t b = n % list_length(&batches);
    n /= list_length(&batches);
    int rc = list_int(&sizes, n, "--size", 0, &o->size, err);
    if (rc == 0)
        rc = list_int(&batches, b, "--batch", 1, &o->batch, err);
    if (rc == 0)
        rc = list_int(&threads, t, "--threads", o->threads, &o->threads, err);
    if (rc == 0 && engines.count)
        rc = sb_engine_parse(engines.items[e], &o->engine, err);
    return rc;
}

static void base_options(struct sb_measure_options *o, const char *model)
{
    sb_measure_options_defaults(o);
    o->model = model;
    o->weights = weights;
    o->seed = (uint64_t)seed;
    o->warmup = (size_t)warmup;
    o->step_passes = (size_t)step_passes;
    if (runs > 0)
        o->stop = (struct sb_stop_rule){(size_t)runs, (size_t)runs, INT64_MAX};
    else
        o->stop.max_ns = (int64_t)(seconds * 1e9);
}

/* Checks every combination before the first is run. */
static int check_options(const struct sb_arguments *args, size_t cells, struct sb_error *err)
{
    if (weights && args->count > 1)
        return sb_error_set(err, SB_EINVAL, "--weights with more than one MODEL");
    struct sb_measure_options o;
    int rc = 0;
    for (size_t n = 0; n < cells && rc == 0; n++) {
        base_options(&o, args->words[0]);
        rc = pick(&o, n, err);
    }
    return rc;
}

static int print_session(struct session *s, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    int rc = 0;
    if (json) {
        sb_str_printf(&out, "{\"records\": [\n%s\n]}\n", sb_str_text(&s->json));
    } else {
        sb_table_note(&s->rows,
                      "%s, OpenBLAS kernels %s; planned = arena + weights + workspace; "
                      "output error: normalised mean square against the reference",
                      s->env.cpu, s->env.blas_core);
        rc = sb_table_finish(&s->rows, err);
        sb_table_write(&s->rows, sb_table_format("text"), &out);
        sb_str_puts(&out, sb_str_text(&s->details));
    }
    const bool failed = out.failed || s->json.failed || s->details.failed;
    if (!failed)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    return rc == 0 && failed ? sb_error_nomem(err, "the output", 0) : rc;
}

static int run_cells(struct session *s, const struct sb_arguments *args, size_t cells,
                     struct sb_error *err)
{
    int rc = emit_run(s, err);
    for (size_t i = 0; i < args->count && rc == 0; i++) {
        for (size_t n = 0; n < cells && rc == 0; n++) {
            struct sb_measure_options o;
            base_options(&o, args->words[i]);
            rc = pick(&o, n, err);
            if (rc == 0)
                rc = measure_cell(s, &o, err);
        }
    }
    return rc;
}

static int run_bench(const struct sb_arguments *args, struct sb_error *err)
{
    const size_t cells =
        list_length(&sizes) * list_length(&batches) * list_length(&threads) * list_length(&engines);
    int rc = sb_arguments_expect(args, 1, 1000, "at least one MODEL", err);
    if (rc == 0)
        rc = check_options(args, cells, err);
    if (rc)
        return rc;
    struct session s;
    memset(&s, 0, sizeof(s));
    sb_environment_read(&s.env, "");
    sb_run_identity_new(&s.identity);
    summary_columns(&s.rows);
    if (output) {
        rc = sb_record_writer_open(&s.writer, output, err);
        s.writing = rc == 0;
    }
    if (rc == 0)
        rc = run_cells(&s, args, cells, err);
    if (rc == 0 && s.writing)
        rc = sb_record_writer_commit(&s.writer, err);
    if (rc == 0)
        rc = print_session(&s, err);
    if (rc == 0 && s.failed_checks) {
        rc = sb_error_set(err, SB_ECHECK, "the output check failed in %zu cells", s.failed_checks);
        sb_error_hint(err, "their times are blank; run with --threads 1 to narrow it down");
    }
    if (s.writing)
        sb_record_writer_close(&s.writer);
    sb_table_release(&s.rows);
    sb_str_release(&s.json);
    sb_str_release(&s.details);
    return rc;
}

static void remember_command(int argc, char **argv)
{
    sb_str_clear(&command_line);
    sb_str_puts(&command_line, "spinebench");
    for (int i = 0; i < argc; i++)
        sb_str_printf(&command_line, " %s", argv[i]);
}

int cmd_bench(int argc, char **argv)
{
    static const struct sb_option options[] = {
        SB_OPT_LIST("size", 0, "N,...", "input sizes in pixels (default: the model's own)", &sizes),
        SB_OPT_LIST("batch", 0, "B,...", "images per batch (default: 1)", &batches),
        SB_OPT_LIST("threads", 't', "T,...", "threads (default: all CPUs)", &threads),
        SB_OPT_LIST("engine", 0, "E,...", "engines: openblas (default), native", &engines),
        SB_OPT_STRING("weights", 0, "FILE", "checkpoint, .safetensors or .onnx", &weights),
        SB_OPT_INT("weights-seed", 0, "N", "seed of random weights and input (default: 1)", &seed,
                   0, INT64_MAX),
        SB_OPT_INT("runs", 0, "N", "exactly N timed runs", &runs, 1, 1000000),
        SB_OPT_DOUBLE("time", 0, "S", "timed runs for S seconds, at least 7 (default: 5)", &seconds,
                      0, 86400),
        SB_OPT_INT("warmup", 0, "N", "untimed runs before (default: 2)", &warmup, 0, 1000000),
        SB_OPT_INT("step-passes", 0, "N", "runs that time every step (default: 5; 0: none)",
                   &step_passes, 0, 100000),
        SB_OPT_STRING("output", 'o', "RUN.jsonl", "write records to this file", &output),
        SB_OPT_FLAG("json", 0, "one JSON document with all records on stdout", &json),
        SB_OPT_FLAG("quiet", 'q', "no progress on stderr", &quiet),
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
        "  spinebench bench retinanet-resnet-50-fpn --threads 1,2 --runs 20\n"};
    sizes = batches = threads = engines = (struct sb_option_list){0};
    weights = output = NULL;
    seed = 1;
    runs = 0;
    seconds = 5;
    warmup = 2;
    step_passes = 5;
    json = quiet = false;
    remember_command(argc, argv);
    const int code = sb_cli_run("bench", &help, argc, argv, run_bench);
    sb_str_release(&command_line);
    return code;
}
