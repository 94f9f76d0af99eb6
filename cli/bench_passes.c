/* Gains of passes as a table. See bench_passes.h. */
#include "cli/bench_passes.h"

#include "base/mem.h"
#include "bench/pass_gains.h"
#include "cli/table_output.h"
#include "reports/table.h"
#include "reports/table_format.h"

#include <stdio.h>

#define DEFAULT_ROUNDS 11 /* of each pair */

static void put_gain(struct sb_table *t, const struct sb_pass_gains *all,
                     const struct sb_pass_gain *gain)
{
    const struct sb_summary *saved = &gain->saved_ns;
    sb_table_row(t);
    sb_table_cell(t, "%s", gain->pass);
    if (saved->interval.known)
        sb_table_interval(t, saved->median, saved->interval.low, saved->interval.high);
    else
        sb_table_uncertain(t, saved->median, saved->uncertainty);
    sb_table_uncertain(t, saved->median / all->ns.median, saved->uncertainty / all->ns.median);
    sb_table_integer(t, (long long)gain->steps);
    sb_table_value(t, (double)gain->arena_bytes);
    sb_table_value(t, (double)gain->weight_bytes);
    sb_table_cell(t, "%s", gain->text);
}

static int print_gains(const struct sb_measure_options *o, const struct sb_pass_gains *gains,
                       size_t rounds, struct sb_error *err)
{
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    char time[SB_NUMBER_SIZE];
    const double ms = gains->ns.median * 1e-6;
    sb_number_text(ms, sb_justified_decimals(ms, gains->ns.uncertainty * 1e-6), time);
    sb_table_init(&t, "What passes gain");
    sb_table_column(&t, "plan without", NULL, SB_LEFT);
    sb_table_quantity(&t, "saved", "saved by it", SB_QUANTITY_TIME, SB_SOURCE_MEASURED);
    sb_table_quantity(&t, "share", "of the time", SB_QUANTITY_SHARE, SB_SOURCE_MEASURED);
    sb_table_column(&t, "steps", NULL, SB_RIGHT);
    sb_table_quantity(&t, "arena", "arena", SB_QUANTITY_BYTES, SB_SOURCE_COMPUTED);
    sb_table_quantity(&t, "weights", "weights", SB_QUANTITY_BYTES, SB_SOURCE_COMPUTED);
    sb_table_column(&t, "pass", NULL, SB_LEFT);
    for (size_t i = 0; i <= SB_PASS_COUNT; i++)
        put_gain(&t, gains, &gains->gain[i]);
    sb_table_note(&t,
                  "%s, batch %d, %d thread%s, engine %s; with all passes: %s ms, %zu steps, "
                  "arena %.1f MiB, weights %.1f MiB.",
                  o->model, o->batch, o->threads, sb_plural((size_t)o->threads),
                  sb_engine_label(o->engine, o->cpu, o->low_memory), time, gains->steps,
                  (double)gains->arena_bytes / 1048576, (double)gains->weight_bytes / 1048576);
    sb_table_note(&t,
                  "Saved: median [95 %% interval, from six rounds on] of %zu round%s, the plan "
                  "without the pass minus "
                  "the plan with all, in turns. Steps, arena and weights: without the pass.",
                  rounds, sb_plural(rounds));
    int rc = sb_table_finish(&t, err);
    if (rc == 0)
        sb_cli_put_table(&t, sb_table_format("text"), &out);
    if (rc == 0 && out.failed)
        rc = sb_error_nomem(err, "the output", out.length);
    if (rc == 0)
        fputs(sb_str_text(&out), stdout);
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

int bench_passes(const struct sb_session_options *options, struct sb_error *err)
{
    const struct sb_stop_rule *stop = &options->measure.time.stop;
    const size_t rounds = stop->min_runs == stop->max_runs ? stop->max_runs : DEFAULT_ROUNDS;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < options->num_cells; i++) {
        const struct sb_session_cell *cell = &options->cells[i];
        struct sb_measure_options o = options->measure;
        struct sb_pass_gains gains;
        struct sb_progress progress;
        o.model = cell->model;
        o.size = cell->size;
        o.batch = cell->batch;
        o.threads = cell->threads;
        o.engine = cell->engine;
        sb_progress_start(&progress, "passes", "rounds", rounds * (SB_PASS_COUNT + 1),
                          options->quiet);
        rc = sb_measure_passes(&gains, &o, rounds, &progress, err);
        sb_progress_finish(&progress);
        if (rc == 0)
            rc = print_gains(&o, &gains, rounds, err);
    }
    return rc;
}
