/* Sessions: checking cells, measuring them. Resuming is in session_resume.c, fresh processes are in
 * session_child.c. See session.h. */
#include "bench/session.h"

#include "base/file.h"
#include "base/mem.h"
#include "bench/measure_records.h"
#include "bench/noise.h"
#include "bench/reference.h"
#include "bench/session_internal.h"
#include "bench/statistics.h"
#include "bench/trace.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_session_options_defaults(struct sb_session_options *options)
{
    memset(options, 0, sizeof(*options));
    sb_measure_options_defaults(&options->measure);
    options->processes = 1;
    options->probe = true;
    options->command = "";
    options->weights_text = "seed 1";
}

int sb_session_emit(void *ctx, const struct sb_record *record, struct sb_error *err)
{
    struct session *s = ctx;
    const int rc = sb_records_add(s->records, record, err);
    if (rc || !s->writing)
        return rc;
    return sb_record_write(&s->writer, record, err);
}

/* Opens every model once: unknown names and sizes are found before hours have passed, and the
 * cells get the names and sizes that records will have. */
static int resolve_cells(struct session *s, struct sb_error *err)
{
    const struct sb_session_options *o = s->options;
    s->cells = sb_calloc(o->num_cells + 1, sizeof(*s->cells), TAG);
    if (!s->cells)
        return sb_error_nomem(err, "the cells", o->num_cells * sizeof(*s->cells));
    for (size_t i = 0; i < o->num_cells; i++) {
        const struct sb_session_cell *c = &o->cells[i];
        const struct sb_model_options size = {.size = c->size, .batch = c->batch};
        struct sb_model *model = sb_model_open(c->model, &size, err);
        if (!model)
            return err->code;
        struct sb_measure_options measure = o->measure;
        measure.threads = c->threads;
        measure.engine = c->engine;
        s->cells[i].key = sb_cell_of(model, &measure);
        snprintf(s->cells[i].name, sizeof(s->cells[i].name), "%s", model->name);
        s->cells[i].key.model = s->cells[i].name;
        const int rc = sb_count_output_values(model->graph, &s->cells[i].outputs, err);
        sb_model_free(&model);
        if (rc)
            return rc;
    }
    return 0;
}

/* Sizes are padded, so two that differ may be the same row; it would hold both samples. */
static int refuse_repeated_cells(const struct session *s, struct sb_error *err)
{
    for (size_t i = 0; i < s->options->num_cells; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct sb_cell *cell = &s->cells[i].key;
            if (!sb_same_cell(cell, &s->cells[k].key))
                continue;
            sb_error_set(err, SB_EINVAL, "%s at %lld would be measured twice (cells %zu and %zu)",
                         cell->model, (long long)cell->size, k + 1, i + 1);
            return sb_error_hint(err, "sizes are padded to a multiple of the coarsest stride; give "
                                      "each model and size once");
        }
    }
    return 0;
}

void sb_session_run_record(const struct session *s, struct sb_record *run)
{
    sb_run_record_fill(run, &s->identity, s->env, s->options->command);
    run->u.run.weights = s->options->weights_text;
    run->u.run.seed = (int64_t)s->options->measure.seed;
    run->u.run.settings = sb_str_text(&s->settings);
    run->u.run.noise = s->result->noise;
    if (isnan(s->result->noise))
        sb_record_because(run, "noise", "not probed");
}

static int emit_run(struct session *s, struct sb_error *err)
{
    struct sb_record run;
    sb_session_run_record(s, &run);
    return sb_session_emit(s, &run, err);
}

/* Opens the output, new or continued; of a complete one no cell is left. */
static int open_output(struct session *s, struct sb_error *err)
{
    const struct sb_session_options *o = s->options;
    if (!o->output)
        return emit_run(s, err);
    struct sb_str part = SB_STR_INIT;
    sb_str_printf(&part, "%s.part", o->output);
    int rc = part.failed ? sb_error_nomem(err, "a file name", strlen(o->output)) : 0;
    if (rc == 0 && o->resume && sb_is_file(sb_str_text(&part))) {
        rc = sb_session_resume(s, sb_str_text(&part), err);
    } else if (rc == 0 && o->resume && sb_is_file(o->output)) {
        rc = sb_session_take_complete(s, err);
        s->first_cell = o->num_cells;
    } else if (rc == 0) {
        rc = sb_record_writer_open(&s->writer, o->output, err);
        s->writing = rc == 0;
        if (rc == 0)
            rc = emit_run(s, err);
    }
    sb_str_release(&part);
    return rc;
}

/* The machine's peak with these threads, measured once per session. */
static int peak_for(struct session *s, int threads, struct sb_peak *out, struct sb_error *err)
{
    for (size_t i = 0; i < s->num_peaks; i++) {
        if (s->peaks[i].threads == threads) {
            *out = s->peaks[i].peak;
            return 0;
        }
    }
    const int rc = sb_measure_peak(threads, s->env->l3_bytes, out, err);
    if (rc == 0 && s->num_peaks < SESSION_PEAKS) {
        s->peaks[s->num_peaks].threads = threads;
        s->peaks[s->num_peaks++].peak = *out;
    }
    return rc;
}

/* Without OpenBLAS there is no reference kernel, which only histories need. */
static int reference_for(int threads, struct sb_peak *out, struct sb_error *err)
{
    const int rc = sb_reference_time(threads, &out->reference_ns, err);
    if (rc != SB_EUNSUPPORTED)
        return rc;
    out->reference_ns = (double)NAN;
    return 0;
}

static int measure_here(struct session *s, const struct sb_measure_options *o,
                        const struct sb_peak *peak, struct sb_error *err)
{
    char label[48];
    struct sb_progress progress;
    struct sb_measurement m;
    snprintf(label, sizeof(label), "%.47s", o->model);
    sb_progress_start(&progress, label, "runs", 0, s->options->quiet);
    int rc = sb_measure(&m, o, &progress, err);
    sb_progress_finish(&progress);
    if (rc)
        return rc;
    m.peak = *peak;
    rc = sb_measurement_records(&m, s->identity.id, sb_session_emit, s, err);
    if (rc == 0 && s->options->trace)
        rc = sb_trace_write(&m, s->options->trace, err);
    sb_measurement_release(&m);
    return rc;
}

bool sb_session_evaluates(const struct session *s, size_t cell)
{
    const struct session_cell *own = &s->cells[cell];
    for (size_t i = 0; i < cell; i++) {
        if (strcmp(s->cells[i].name, own->name) == 0 && s->cells[i].key.size == own->key.size)
            return false;
    }
    return s->options->accuracy != NULL;
}

static int evaluate_cell(struct session *s, size_t index, const struct sb_measure_options *o,
                         struct sb_error *err)
{
    struct sb_progress progress;
    char label[48];
    snprintf(label, sizeof(label), "%.36s: accuracy", s->cells[index].name);
    sb_progress_start(&progress, label, "images", 0, s->options->quiet);
    const int rc = sb_measure_accuracy(o, s->options->accuracy, s->identity.id, &progress,
                                       sb_session_emit, s, err);
    sb_progress_finish(&progress);
    return rc;
}

static int measure_cell(struct session *s, size_t index, struct sb_error *err)
{
    const struct sb_session_cell *cell = &s->options->cells[index];
    struct sb_measure_options o = s->options->measure;
    struct sb_peak peak = {0};
    o.model = cell->model;
    o.weights = cell->weights ? cell->weights : o.weights;
    o.size = cell->size;
    o.batch = cell->batch;
    o.threads = cell->threads;
    o.engine = cell->engine;
    o.time.cache_bytes = s->env->l3_bytes;
    int rc = s->options->probe ? peak_for(s, cell->threads, &peak, err) : 0;
    if (rc == 0 && s->options->probe)
        rc = reference_for(cell->threads, &peak, err);
    if (rc == 0 && s->options->processes > 1)
        rc = sb_session_children(s, &o, &peak, err);
    else if (rc == 0)
        rc = measure_here(s, &o, &peak, err);
    if (rc == 0 && sb_session_evaluates(s, index))
        rc = evaluate_cell(s, index, &o, err);
    return rc;
}

static size_t count_failed_checks(const struct sb_records *records)
{
    size_t failed = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        failed += r->kind == SB_RECORD_CHECK && !r->u.check.passed;
    }
    return failed;
}

static int check_options(const struct sb_session_options *o, struct sb_error *err)
{
    if (o->trace && (o->num_cells != 1 || o->processes != 1))
        return sb_error_set(err, SB_EINVAL, "a trace is of one cell, measured in one process");
    if (o->trace && o->measure.time.step_passes == 0)
        return sb_error_set(err, SB_EINVAL, "a trace needs at least one step pass");
    if (o->trace && sb_file_try(o->trace, err))
        return err->code;
    if (o->resume && !o->output)
        return sb_error_set(err, SB_EINVAL, "resuming needs the output file to continue");
    return 0;
}

int sb_session_run(const struct sb_session_options *options, const struct sb_environment *env,
                   struct sb_records *records, struct sb_session_result *result,
                   struct sb_error *err)
{
    struct session s = {.options = options,
                        .env = env,
                        .records = records,
                        .result = result,
                        .settings = SB_STR_INIT};
    memset(result, 0, sizeof(*result));
    int rc = check_options(options, err);
    if (rc == 0)
        rc = resolve_cells(&s, err);
    if (rc == 0)
        rc = refuse_repeated_cells(&s, err);
    if (rc == 0)
        rc = sb_session_settings(options, &s.settings, err);
    if (rc == 0) {
        sb_run_identity_new(&s.identity);
        result->noise = options->probe ? sb_noise_probe() : (double)NAN;
        rc = open_output(&s, err);
    }
    result->resumed_cells = s.first_cell;
    for (size_t i = s.first_cell; i < options->num_cells && rc == 0; i++)
        rc = measure_cell(&s, i, err);
    if (rc == 0 && s.writing)
        rc = sb_record_writer_commit(&s.writer, err);
    if (s.writing)
        sb_record_writer_close(&s.writer);
    result->failed_checks = count_failed_checks(records);
    sb_str_release(&s.settings);
    sb_free(s.cells);
    return rc;
}

/* The end-to-end samples of a process of a cell, or NULL. */
static const struct sb_time_record *end_to_end(const struct sb_records *records,
                                               const struct sb_cell *cell, int64_t process)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_TIME && !r->part.node && r->u.time.ns &&
            r->u.time.process == process && sb_same_cell(&r->cell, cell))
            return &r->u.time;
    }
    return NULL;
}

/* The sum of step times of a pass; 0 when the process has no such pass. */
static double step_sum(const struct sb_records *records, const struct sb_cell *cell,
                       int64_t process, size_t pass)
{
    double sum = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_TIME && r->part.node && r->u.time.ns &&
            r->u.time.process == process && pass < r->u.time.num_ns && sb_same_cell(&r->cell, cell))
            sum += (double)r->u.time.ns[pass];
    }
    return sum;
}

double sb_reconcile(const struct sb_records *records, const struct sb_cell *cell)
{
    double ratios[256];
    size_t count = 0;
    const struct sb_time_record *whole;
    for (int64_t p = 0; (whole = end_to_end(records, cell, p)) != NULL; p++) {
        for (size_t pass = 0; pass < whole->num_ns && count < 256; pass++) {
            const double sum = step_sum(records, cell, p, pass);
            if (sum == 0)
                break;
            ratios[count++] = sum / (double)whole->ns[pass];
        }
    }
    return count ? sb_summarize(ratios, count).median : (double)NAN;
}
