/* Outputs against committed values. See gate.h and output_values.h. */
#include "bench/gate_internal.h"
#include "bench/merge.h"
#include "bench/output_values.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define HINT "'gate --write-outputs FILE' writes it anew; say in the commit why outputs change"

static bool is_output_of(const struct sb_record *r, const struct sb_cell *cell)
{
    return r->kind == SB_RECORD_OUTPUT && r->cell.size == cell->size &&
           strcmp(r->cell.model, cell->model) == 0;
}

/* The record of the same tensor, or NULL. */
static const struct sb_record *find_output(const struct sb_records *records,
                                           const struct sb_record *like)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (is_output_of(r, &like->cell) && strcmp(r->u.output.output, like->u.output.output) == 0)
            return r;
    }
    return NULL;
}

static void note(struct gate *g, const struct sb_record *r, const char *text)
{
    g->result->output_differences++;
    sb_str_printf(&g->result->output_diff, "%s at %lld, %s: %s\n", r->cell.model,
                  (long long)r->cell.size, r->u.output.output, text);
}

static void compare_output(struct gate *g, const struct sb_record *want,
                           const struct sb_record *got)
{
    char text[160];
    g->result->num_outputs++;
    if (!got) {
        note(g, want, "is committed, but the program has no such output");
        return;
    }
    const double error = sb_output_error(&want->u.output, &got->u.output);
    if (error > g->result->output_error)
        g->result->output_error = error;
    if (error <= SB_OUTPUT_TOLERANCE)
        return;
    if (want->u.output.count != got->u.output.count)
        snprintf(text, sizeof(text), "%lld values, committed are %lld",
                 (long long)got->u.output.count, (long long)want->u.output.count);
    else if (!isfinite(error))
        snprintf(text, sizeof(text), "not finite");
    else
        snprintf(text, sizeof(text),
                 "off by %.1e of its deviation, allowed is %.0e (mean %.6g, committed %.6g; "
                 "deviation %.6g, committed %.6g)",
                 error, SB_OUTPUT_TOLERANCE, got->u.output.mean, want->u.output.mean,
                 got->u.output.deviation, want->u.output.deviation);
    note(g, want, text);
}

/* The run of a model that is also a cell of the gate serves for its output check. */
static int note_checks(struct gate *g, const struct sb_records *got, const struct sb_cell *model,
                       struct sb_error *err)
{
    for (size_t i = 0; i < g->result->num_cells; i++) {
        struct sb_gate_cell_result *cell = &g->result->cells[i];
        struct gate_check check;
        if (cell->size != model->size || strcmp(g->options->points[i].model, model->model) != 0)
            continue;
        const int rc = sb_gate_read_check(got, &check, err);
        if (rc)
            return rc;
        sb_gate_note_check(cell, &check);
    }
    return 0;
}

/* Runs one model and compares all its outputs, on both sides. */
static int compare_model(struct gate *g, const struct sb_records *committed,
                         const struct sb_cell *cell, struct sb_error *err)
{
    const struct sb_gate_point point = {cell->model, (int)cell->size};
    struct sb_records got;
    sb_records_init(&got);
    int rc = sb_gate_run_once(g, g->options->head, &point, g->options->engine, &got, err);
    if (rc == 0)
        rc = note_checks(g, &got, cell, err);
    for (size_t i = 0; i < committed->count && rc == 0; i++) {
        if (is_output_of(&committed->items[i], cell))
            compare_output(g, &committed->items[i], find_output(&got, &committed->items[i]));
    }
    for (size_t i = 0; i < got.count && rc == 0; i++) {
        if (is_output_of(&got.items[i], cell) && !find_output(committed, &got.items[i]))
            note(g, &got.items[i], "is not committed");
    }
    sb_records_release(&got);
    return rc;
}

/* True when no record before item `index` is about the same model and size. */
static bool is_first(const struct sb_records *records, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_output_of(&records->items[i], &records->items[index].cell))
            return false;
    }
    return true;
}

int sb_gate_compare_outputs(struct gate *g, struct sb_error *err)
{
    struct sb_records committed;
    size_t models = 0;
    if (!g->options->outputs)
        return 0;
    sb_records_init(&committed);
    int rc = sb_records_read(&committed, g->options->outputs, NULL, NULL, err);
    for (size_t i = 0; i < committed.count && rc == 0; i++) {
        if (committed.items[i].kind != SB_RECORD_OUTPUT || !is_first(&committed, i))
            continue;
        models++;
        rc = compare_model(g, &committed, &committed.items[i].cell, err);
    }
    if (rc == 0 && models == 0) {
        sb_error_set(err, SB_EFORMAT, "holds no record of kind 'output'");
        sb_error_file(err, g->options->outputs);
        rc = sb_error_hint(err, HINT);
    }
    if (rc == 0 && g->result->output_differences)
        sb_gate_reason(g, SB_GATE_FAILED, "%zu outputs differ from %s",
                       g->result->output_differences, g->options->outputs);
    sb_records_release(&committed);
    return rc;
}

/* Outputs of one model, under a run id of their own. */
static int add_outputs(struct gate *g, const struct sb_gate_point *point, struct sb_records *out,
                       struct sb_error *err)
{
    struct sb_records got;
    sb_records_init(&got);
    int rc = sb_gate_run_once(g, g->options->head, point, "openblas", &got, err);
    for (size_t i = 0; i < got.count && rc == 0; i++) {
        if (got.items[i].kind != SB_RECORD_OUTPUT)
            continue;
        got.items[i].run = "committed";
        rc = sb_records_add(out, &got.items[i], err);
    }
    sb_records_release(&got);
    return rc;
}

int sb_gate_write_outputs(const struct sb_gate_options *options, const char *path,
                          struct sb_error *err)
{
    struct sb_gate_result result = {.cpu = -1};
    struct gate g = {.options = options, .result = &result, .rng = sb_rng_seed(options->seed)};
    struct sb_records records;
    if (!options->head)
        return sb_error_set(err, SB_EINVAL, "missing option: --head, the program that runs");
    int rc = sb_gate_open_scratch(&g, err);
    if (rc)
        return rc;
    sb_records_init(&records);
    for (size_t i = 0; i < options->num_points && rc == 0; i++)
        rc = add_outputs(&g, &options->points[i], &records, err);
    if (rc == 0)
        rc = sb_records_write(&records, path, err);
    sb_records_release(&records);
    sb_gate_close_scratch(&g);
    return rc;
}
