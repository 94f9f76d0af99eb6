/* Tables with a row per record. See record_tables.h. */
#include "reports/record_tables.h"

#include <math.h>
#include <string.h>

/* The text, or the reason why the run record lacks it. */
static void put_text(struct sb_table *t, const struct sb_record *r, const char *field,
                     const char *text)
{
    const char *why = sb_record_why(r, field);
    if (text)
        sb_table_cell(t, "%s", text);
    else
        sb_table_missing(t, why ? why : "not recorded");
}

static void put_int(struct sb_table *t, const struct sb_record *r, const char *field, int64_t value)
{
    const char *why = sb_record_why(r, field);
    if (value == SB_NO_INT)
        sb_table_missing(t, why ? why : "not recorded");
    else
        sb_table_value(t, (double)value);
}

static void put_double(struct sb_table *t, const struct sb_record *r, const char *field,
                       double value)
{
    const char *why = sb_record_why(r, field);
    if (isnan(value))
        sb_table_missing(t, why ? why : "not recorded");
    else
        sb_table_value(t, value);
}

static void run_columns(struct sb_table *t)
{
    static const char *const labels[][2] = {
        {"run", "run"},           {"started", "started"}, {"commit", "commit"},
        {"machine", "machine"},   {"cpu", "CPU"},         {"kernel", "kernel"},
        {"blas", "BLAS kernels"}, {"weights", "weights"}, {"governor", "governor"},
    };
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        sb_table_label(t, labels[i][0], labels[i][1]);
    sb_table_quantity(t, "cpus", "CPUs", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    sb_table_quantity(t, "memory", "memory", SB_QUANTITY_BYTES, SB_SOURCE_NONE);
    sb_table_quantity(t, "load", "load", SB_QUANTITY_RATIO, SB_SOURCE_NONE);
    sb_table_label(t, "compiler", "compiler");
    sb_table_label(t, "command", "command");
}

static void add_run(struct sb_table *t, const struct sb_record *r)
{
    const struct sb_run_record *run = &r->u.run;
    sb_table_row(t);
    sb_table_cell(t, "%s", r->run);
    sb_table_cell(t, "%s", run->started);
    if (run->commit)
        sb_table_cell(t, "%.12s%s", run->commit, run->dirty ? " with changes" : "");
    else
        put_text(t, r, "commit", NULL);
    put_text(t, r, "machine", run->machine);
    put_text(t, r, "cpu", run->cpu);
    put_text(t, r, "kernel", run->kernel);
    put_text(t, r, "blas_core", run->blas_core);
    put_text(t, r, "weights", run->weights);
    put_text(t, r, "governor", run->governor);
    put_int(t, r, "cpus", run->cpus);
    put_int(t, r, "memory_bytes", run->memory_bytes);
    put_double(t, r, "load", run->load);
    sb_table_cell(t, "%s %s", run->compiler, run->flags);
    sb_table_cell(t, "%s", run->command);
}

int sb_runs_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    (void)err;
    run_columns(t);
    for (size_t i = 0; i < records->count && !t->texts.failed; i++) {
        if (records->items[i].kind == SB_RECORD_RUN)
            add_run(t, &records->items[i]);
    }
    return 0;
}

/* Model, size, batch, threads and engine of a record. */
static void cell_columns(struct sb_table *t)
{
    sb_table_label(t, "model", "model");
    sb_table_quantity(t, "size", "size", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    sb_table_quantity(t, "batch", "batch", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    sb_table_quantity(t, "threads", "threads", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    sb_table_label(t, "engine", "engine");
}

static void add_cell(struct sb_table *t, const struct sb_record *r)
{
    sb_table_row(t);
    put_text(t, r, "model", r->cell.model);
    put_int(t, r, "size", r->cell.size);
    put_int(t, r, "batch", r->cell.batch);
    put_int(t, r, "threads", r->cell.threads);
    put_text(t, r, "engine", r->cell.engine);
}

/* A value with its interval where that is known. */
static void put_estimate(struct sb_table *t, const struct sb_record *r, const char *field,
                         double value, double low, double high)
{
    if (isnan(value) || isnan(low) || isnan(high))
        put_double(t, r, field, value);
    else
        sb_table_interval(t, value, low, high);
}

static void add_verdict(struct sb_table *t, const struct sb_record *r, bool paired, bool sampled)
{
    const struct sb_verdict_record *v = &r->u.verdict;
    if (r->cell.model) {
        add_cell(t, r);
    } else {
        sb_table_row(t);
        sb_table_cell(t, "all cells");
        for (int i = 0; i < 4; i++) /* size, batch, threads and engine belong to cells */
            sb_table_empty(t);
    }
    sb_table_cell(t, "%s", v->metric);
    sb_table_cell(t, "%s", v->verdict);
    put_estimate(t, r, "ratio", v->ratio, v->low, v->high);
    if (paired) {
        put_double(t, r, "p_value", v->p_value);
        put_int(t, r, "rounds", v->rounds);
    }
    if (sampled) {
        put_int(t, r, "base_samples", v->base_samples);
        put_int(t, r, "head_samples", v->head_samples);
    }
    put_text(t, r, "base", v->base);
    put_text(t, r, "head", v->head);
}

bool sb_verdicts_have_rounds(const struct sb_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_VERDICT && r->u.verdict.rounds != SB_NO_INT)
            return true;
    }
    return false;
}

/* True when a comparison one after the other is among them: it knows how many samples it had. */
static bool have_samples(const struct sb_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_VERDICT && r->u.verdict.base_samples != SB_NO_INT)
            return true;
    }
    return false;
}

static bool have_ratios(const struct sb_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_VERDICT && !isnan(r->u.verdict.ratio))
            return true;
    }
    return false;
}

const char *sb_verdicts_note(const struct sb_records *records)
{
    if (!have_ratios(records))
        return "No cell was compared.";
    return sb_verdicts_have_rounds(records)
               ? "Median ratio [95 % interval] of interleaved pairs; p: one-sided sign test, "
                 "Holm-corrected over the cells."
               : "Ratio of medians [95 % interval, from seven runs of one process or seven "
                 "processes on]; base and head were measured one after the other, so the "
                 "machine's drift is part of the difference.";
}

int sb_verdicts_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    const bool sampled = have_samples(records);
    const bool paired = !sampled || sb_verdicts_have_rounds(records);
    (void)err;
    cell_columns(t);
    sb_table_label(t, "metric", "metric");
    sb_table_label(t, "verdict", "verdict");
    sb_table_quantity(t, "ratio", "head / base", SB_QUANTITY_RATIO, SB_SOURCE_MEASURED);
    if (paired) {
        sb_table_quantity(t, "p_value", "p", SB_QUANTITY_SMALL, SB_SOURCE_MEASURED);
        sb_table_quantity(t, "rounds", "rounds", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    }
    if (sampled) {
        sb_table_quantity(t, "base_samples", "n of base", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
        sb_table_quantity(t, "head_samples", "n of head", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    }
    sb_table_label(t, "base", "base");
    sb_table_label(t, "head", "head");
    for (size_t i = 0; i < records->count && !t->texts.failed; i++) {
        if (records->items[i].kind == SB_RECORD_VERDICT)
            add_verdict(t, &records->items[i], paired, sampled);
    }
    sb_table_note(t, "%s", sb_verdicts_note(records));
    return 0;
}

/* Takes out columns without any value. */
static void drop_empty_columns(struct sb_table *t)
{
    for (size_t c = t->num_columns; c-- > 0 && !t->texts.failed;) {
        bool empty = t->num_rows > 0;
        for (size_t r = 0; r < t->num_rows && empty; r++)
            empty = sb_table_at(t, r, c)->type < SB_CELL_TEXT;
        if (empty)
            sb_table_drop_column(t, c);
    }
}

static int64_t sum_known(const int64_t *values, size_t count)
{
    int64_t sum = SB_NO_INT;
    for (size_t i = 0; i < count; i++) {
        if (values[i] != SB_NO_INT)
            sum = (sum == SB_NO_INT ? 0 : sum) + values[i];
    }
    return sum;
}

static void add_memory(struct sb_table *t, const struct sb_record *r)
{
    const struct sb_memory_record *m = &r->u.memory;
    const int64_t parts[] = {m->weight_bytes, m->arena_bytes, m->workspace_bytes, m->other_bytes};
    const int64_t planned = sum_known(parts, sizeof(parts) / sizeof(parts[0]));
    add_cell(t, r);
    if (r->cell.scenario)
        sb_table_cell(t, "%s", r->cell.scenario);
    else
        sb_table_empty(t);
    sb_table_cell(t, "%s", m->phase);
    put_int(t, r, "weight_bytes", m->weight_bytes);
    put_int(t, r, "arena_bytes", m->arena_bytes);
    put_int(t, r, "workspace_bytes", m->workspace_bytes);
    put_int(t, r, "other_bytes", m->other_bytes);
    put_int(t, r, "planned", planned);
    put_int(t, r, "measured_bytes", m->measured_bytes);
    if (planned == SB_NO_INT || m->measured_bytes == SB_NO_INT)
        put_int(t, r, "measured_bytes", SB_NO_INT);
    else if (planned == 0)
        sb_table_missing(t, "nothing was planned");
    else
        sb_table_value(t, (double)m->measured_bytes / (double)planned);
}

int sb_memory_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    (void)err;
    cell_columns(t);
    sb_table_label(t, "scenario", "scenario");
    sb_table_label(t, "phase", "phase");
    static const char *const names[] = {"weights", "arena", "workspace", "other", "planned"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        sb_table_quantity(t, names[i], names[i], SB_QUANTITY_BYTES, SB_SOURCE_COMPUTED);
    sb_table_quantity(t, "peak", "peak", SB_QUANTITY_BYTES, SB_SOURCE_MEASURED);
    sb_table_quantity(t, "peak_ratio", "peak / planned", SB_QUANTITY_RATIO, SB_SOURCE_MEASURED);
    for (size_t i = 0; i < records->count && !t->texts.failed; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind == SB_RECORD_MEMORY && !r->part.level && !r->part.node)
            add_memory(t, r);
    }
    drop_empty_columns(t);
    sb_table_note(t, "Peak: resident memory above the phase's start. Weights: as the file has "
                     "them (load), packed (build). Other: lists, tables, scratch, mapped arrays of "
                     "the file. A pass takes nothing; total: from the start of build.");
    return 0;
}

/* True when two accuracies that one row could show are unlike. */
static bool has_unlike(const struct sb_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *a = &records->items[i];
        for (size_t k = 0; a->kind == SB_RECORD_ACCURACY && k < i; k++) {
            const struct sb_record *b = &records->items[k];
            if (b->kind == SB_RECORD_ACCURACY && sb_same_cell(&a->cell, &b->cell) &&
                strcmp(a->u.accuracy.metric, b->u.accuracy.metric) == 0 &&
                strcmp(a->u.accuracy.dataset, b->u.accuracy.dataset) == 0 &&
                sb_accuracy_unlike(records, a, b))
                return true;
        }
    }
    return false;
}

static void add_origin(struct sb_table *t, const struct sb_records *records,
                       const struct sb_record *r)
{
    const struct sb_record *run = sb_records_find_run(records, r->run);
    put_text(t, r, "weights", sb_accuracy_weights(records, r));
    put_text(t, r, "weights_digest", r->u.accuracy.weights_digest);
    put_text(t, r, "data_digest", r->u.accuracy.data_digest);
    put_text(t, r, "images_digest", r->u.accuracy.images_digest);
    put_text(t, r, "machine", run ? run->u.run.machine : NULL);
}

static void add_accuracy(struct sb_table *t, const struct sb_record *r)
{
    const struct sb_accuracy_record *a = &r->u.accuracy;
    add_cell(t, r);
    sb_table_cell(t, "%s", a->dataset);
    sb_table_cell(t, "%s", a->metric);
    put_estimate(t, r, "value", a->value, a->low, a->high);
    put_int(t, r, "samples", a->samples);
    if (a->note)
        sb_table_cell(t, "%s", a->note);
    else
        sb_table_empty(t);
}

int sb_accuracy_table(struct sb_table *t, const struct sb_records *records, struct sb_error *err)
{
    /* what tells unlike accuracies of one row apart */
    static const char *const origins[][2] = {{"weights", "weights"},
                                             {"weights_digest", "weights digest"},
                                             {"data_digest", "data digest"},
                                             {"images_digest", "pictures digest"},
                                             {"machine", "machine"}};
    (void)err;
    cell_columns(t);
    sb_table_label(t, "dataset", "data set");
    sb_table_label(t, "metric", "metric");
    sb_table_quantity(t, "value", "value", SB_QUANTITY_ACCURACY, SB_SOURCE_MEASURED);
    sb_table_quantity(t, "samples", "images", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    sb_table_label(t, "note", "note");
    const bool unlike = has_unlike(records);
    for (size_t i = 0; unlike && i < sizeof(origins) / sizeof(origins[0]); i++)
        sb_table_label(t, origins[i][0], origins[i][1]);
    for (size_t i = 0; i < records->count && !t->texts.failed; i++) {
        if (records->items[i].kind != SB_RECORD_ACCURACY)
            continue;
        add_accuracy(t, &records->items[i]);
        if (unlike)
            add_origin(t, records, &records->items[i]);
    }
    drop_empty_columns(t);
    sb_table_note(t, "In points of 100 [95 %% interval].");
    return 0;
}
