/* What a gate found, as records and as CSV. See gate.h. */
#include "bench/compare.h"
#include "bench/gate.h"

#include <math.h>
#include <string.h>

static void note_pairs(struct sb_record *r)
{
    sb_record_because(r, "base_samples", "pairs are counted, see rounds");
    sb_record_because(r, "head_samples", "pairs are counted, see rounds");
}

static int emit_cell(const struct sb_gate_cell_result *cell, const struct sb_gate_result *result,
                     const struct sb_gate_options *options, const char *run, sb_record_fn emit,
                     void *ctx, struct sb_error *err)
{
    const struct sb_gate_cell *j = &cell->judged;
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_VERDICT);
    r.run = run;
    r.cell = (struct sb_cell){.model = cell->model,
                              .size = cell->size,
                              .batch = 1,
                              .threads = options->threads,
                              .engine = options->engine};
    if (!options->engine)
        sb_record_because(&r, "engine", "each program's own");
    r.u.verdict.metric = "latency";
    r.u.verdict.base = options->base;
    r.u.verdict.head = options->head;
    note_pairs(&r);
    if (j->count == 0) {
        r.u.verdict.verdict = "NOISY";
        sb_record_because(&r, "ratio", "not timed");
        sb_record_because(&r, "low", "not timed");
        sb_record_because(&r, "high", "not timed");
        sb_record_because(&r, "p_value", "not timed");
        sb_record_because(&r, "rounds", "not timed");
        return emit(ctx, &r, err);
    }
    r.u.verdict.verdict =
        result->checked_control.noisy ? "NOISY" : sb_gate_verdict_name(j->verdict);
    r.u.verdict.ratio = j->ratio;
    r.u.verdict.low = j->low;
    r.u.verdict.high = j->high;
    r.u.verdict.p_value = j->ratio >= 1 ? j->p_up : j->p_down;
    r.u.verdict.rounds = (int64_t)j->count;
    if (isnan(j->low)) {
        sb_record_because(&r, "low", "too few rounds");
        sb_record_because(&r, "high", "too few rounds");
    }
    return emit(ctx, &r, err);
}

/* The control pairs as a row of their own: what no difference looks like here. */
static int emit_control(const struct sb_gate_result *result, const struct sb_gate_options *options,
                        const char *run, sb_record_fn emit, void *ctx, struct sb_error *err)
{
    const struct sb_gate_control *control = &result->checked_control;
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_VERDICT);
    r.run = run;
    sb_verdict_over_cells(&r);
    r.u.verdict.metric = "control: base against base";
    r.u.verdict.verdict = control->noisy ? "NOISY" : "SAME";
    r.u.verdict.base = r.u.verdict.head = options->base;
    note_pairs(&r);
    r.u.verdict.ratio = 1;
    if (isnan(control->half_width)) {
        sb_record_because(&r, "low", "too few rounds");
        sb_record_because(&r, "high", "too few rounds");
    } else {
        r.u.verdict.low = 1 / (1 + control->half_width);
        r.u.verdict.high = 1 + control->half_width;
    }
    r.u.verdict.p_value = control->p;
    r.u.verdict.rounds = (int64_t)control->count;
    return emit(ctx, &r, err);
}

int sb_gate_records(const struct sb_gate_result *result, const struct sb_gate_options *options,
                    const char *run, sb_record_fn emit, void *ctx, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < result->num_cells && rc == 0 && !options->deterministic_only; i++)
        rc = emit_cell(&result->cells[i], result, options, run, emit, ctx, err);
    if (rc == 0 && result->num_control)
        rc = emit_control(result, options, run, emit, ctx, err);
    return rc;
}

void sb_gate_pairs_csv(const struct sb_gate_result *result, struct sb_str *out)
{
    sb_str_puts(out, "model,size,round,base_ns,head_ns\n");
    for (size_t i = 0; i < result->num_cells; i++) {
        const struct sb_gate_cell_result *cell = &result->cells[i];
        for (size_t r = 0; r < cell->judged.count; r++)
            sb_str_printf(out, "%s,%d,%zu,%.0f,%.0f\n", cell->model, cell->size, r,
                          cell->base_ns[r], cell->head_ns[r]);
    }
}
