/* The course of a gate: deterministic checks, calibration, interleaved rounds, verdicts. See
 * gate.h. */
#include "bench/gate.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "bench/environment.h"
#include "bench/exact_costs.h"
#include "bench/gate_internal.h"

#include <assert.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG              SB_MEM_TAG(SB_MEM_DATA, 0)
#define BUSY_LIMIT       0.5
#define PATIENCE_SECONDS 60
#define CALIBRATION_RUNS 3
#define MAX_REPEATS      100000
#define LEAST_SHARE      0.1 /* of run_ns, however short the time is */

void sb_gate_options_defaults(struct sb_gate_options *options)
{
    memset(options, 0, sizeof(*options));
    options->threads = 1;
    options->rule = (struct sb_gate_rule){.delta = 0.02, .alpha = 0.01};
    options->run_ns = 200000000;
    options->limit_ns = 240000000000;
    options->cpu = -1;
    options->seed = 1;
    options->wait_for_quiet = true;
}

void sb_gate_reason(struct gate *g, enum sb_gate_outcome outcome, const char *fmt, ...)
{
    static const int weight[] = {
        [SB_GATE_PASSED] = 0, [SB_GATE_TOO_NOISY] = 1, [SB_GATE_FAILED] = 2};
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    sb_str_printf(&g->result->why, "%s\n", text);
    if (weight[outcome] > weight[g->result->outcome])
        g->result->outcome = outcome;
}

/* The last CPU of the affinity mask: the first ones serve interrupts. */
static int last_usable_cpu(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return -1;
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
        if (CPU_ISSET(cpu, &set))
            return cpu;
    }
    return -1;
}

static int compare_costs(struct gate *g, struct sb_error *err)
{
    struct sb_str got = SB_STR_INIT, want = SB_STR_INIT;
    struct sb_map map;
    if (!g->options->costs)
        return 0;
    int rc = sb_map_open(&map, g->options->costs, err);
    if (rc)
        return rc;
    sb_str_append(&want, map.data ? map.data : "", map.size);
    sb_map_release(&map);
    rc = want.failed ? sb_error_nomem(err, "costs", want.length)
                     : sb_gate_exact_costs(g, g->options->head, &got, err);
    if (rc == 0) {
        g->result->cost_differences =
            sb_exact_costs_diff(sb_str_text(&want), sb_str_text(&got), &g->result->cost_diff);
        if (g->result->cost_differences)
            sb_gate_reason(g, SB_GATE_FAILED, "%zu lines of exact costs differ from %s",
                           g->result->cost_differences, g->options->costs);
    }
    sb_str_release(&got);
    sb_str_release(&want);
    return rc;
}

/* The output check of one cell, by base and, unless the committed outputs needed it, by head. */
static int check_cell(struct gate *g, size_t point, struct sb_error *err)
{
    struct sb_gate_cell_result *cell = &g->result->cells[point];
    struct gate_check check;
    int rc = 0;
    if (!cell->checked) {
        rc = sb_gate_check_output(g, g->options->head, point, &check, err);
        if (rc == 0)
            sb_gate_note_check(cell, &check);
    }
    if (rc == 0 && !cell->check_passed)
        sb_gate_reason(g, SB_GATE_FAILED, "%s: the output check of head failed, error %.1e",
                       cell->model, cell->nmse);
    if (rc || !g->options->base)
        return rc;
    rc = sb_gate_check_output(g, g->options->base, point, &check, err);
    if (rc == 0)
        snprintf(cell->digest[0], sizeof(cell->digest[0]), "%s", check.digest);
    return rc;
}

static int check_outputs(struct gate *g, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < g->result->num_cells && rc == 0; i++)
        rc = check_cell(g, i, err);
    return rc;
}

/* True when the machine is less than half busy for a second within the patience. */
static bool wait_for_quiet(const struct gate *g)
{
    for (int i = 0; i < PATIENCE_SECONDS && g->options->wait_for_quiet; i++) {
        const double busy = sb_gate_busy_share();
        if (isnan(busy) || busy <= BUSY_LIMIT)
            return true;
    }
    return !g->options->wait_for_quiet;
}

/* What all pairs and control pairs will take, in nanoseconds per process. */
struct forecast {
    double timed; /* the runs that are timed, summed over the cells */
    double rest;  /* starting, weights, plan, warm-up */
};

/* Processes of one round per cell, the control pair's share included. */
static double processes_per_cell(const struct gate *g)
{
    return 2 + 2 / (double)g->result->num_cells;
}

/* Times less per process where all rounds would take longer than allowed: many cells, slow machine.
 * The pairs stay as many, because the sign test counts them. */
static void fit_into_limit(struct gate *g, const struct forecast *f)
{
    const double per_process =
        0.9 * (double)g->options->limit_ns / ((double)g->result->rounds * processes_per_cell(g));
    if (g->options->limit_ns == 0 || f->timed + f->rest <= per_process)
        return;
    const double share = fmax((per_process - f->rest) / f->timed, LEAST_SHARE);
    for (size_t i = 0; i < g->result->num_cells; i++) {
        int64_t *repeats = &g->result->cells[i].repeats;
        const int64_t fewer = (int64_t)((double)*repeats * share);
        *repeats = fewer > 0 ? fewer : 1;
    }
}

/* Repeats that fill run_ns; a first guess may fall into a slow moment, so it is taken twice and
 * the larger number of repeats holds. */
static int calibrate(struct gate *g, struct sb_error *err)
{
    struct forecast forecast = {0, 0};
    int rc = 0;
    for (size_t i = 0; i < g->result->num_cells && rc == 0; i++) {
        struct sb_gate_cell_result *cell = &g->result->cells[i];
        double ns = 0, rest = INFINITY;
        for (int attempt = 0; attempt < 2 && rc == 0; attempt++) {
            const int64_t before = sb_now_ns();
            rc = sb_gate_time(g, g->options->base, i, CALIBRATION_RUNS, &ns, err);
            if (rc)
                break;
            rest = fmin(rest, fmax((double)(sb_now_ns() - before) - CALIBRATION_RUNS * ns, 0));
            const double repeats = ceil((double)g->options->run_ns / fmax(ns, 1));
            const int64_t bounded = repeats < MAX_REPEATS ? (int64_t)repeats : MAX_REPEATS;
            cell->repeats = bounded > cell->repeats ? bounded : cell->repeats;
        }
        forecast.timed += (double)cell->repeats * ns;
        forecast.rest += rest;
    }
    if (rc == 0)
        fit_into_limit(g, &forecast);
    return rc;
}

/* One pair of fresh processes. */
static int time_pair(struct gate *g, size_t cell, bool head_first, const char *base,
                     const char *head, double *base_ns, double *head_ns, struct sb_error *err)
{
    const int64_t repeats = g->result->cells[cell].repeats;
    int rc = sb_gate_time(g, head_first ? head : base, cell, repeats,
                          head_first ? head_ns : base_ns, err);
    if (rc == 0)
        rc = sb_gate_time(g, head_first ? base : head, cell, repeats,
                          head_first ? base_ns : head_ns, err);
    return rc;
}

static int control_pair(struct gate *g, size_t round, struct sb_error *err)
{
    struct sb_gate_result *result = g->result;
    double first, second;
    assert(result->num_cells > 0);
    const size_t cell = round % result->num_cells;
    int rc = time_pair(g, cell, false, g->options->base, g->options->base, &first, &second, err);
    if (rc)
        return rc;
    if (sb_grow(&result->control, &result->cap_control, result->num_control + 1,
                sizeof(*result->control), TAG))
        return sb_error_nomem(err, "control pairs", result->num_control);
    result->control[result->num_control++] = log(second) - log(first);
    return 0;
}

/* Rounds first .. first + count - 1 of the cells in `active`. */
static int run_rounds(struct gate *g, size_t count, const bool *active, struct sb_error *err)
{
    size_t order[SB_GATE_MAX_CELLS];
    bool head_first[SB_GATE_MAX_CELLS] = {false};
    int rc = 0;
    for (size_t r = 0; r < count && rc == 0; r++) {
        size_t n = 0;
        for (size_t i = 0; i < g->result->num_cells; i++) {
            if (active[i])
                order[n++] = i;
        }
        for (size_t i = n; i > 1; i--) { /* Fisher-Yates */
            const size_t k = sb_rng_below(&g->rng, (uint32_t)i), kept = order[i - 1];
            order[i - 1] = order[k];
            order[k] = kept;
        }
        for (size_t i = 0; i < n && rc == 0; i++) {
            struct sb_gate_cell_result *cell = &g->result->cells[order[i]];
            const size_t at = cell->judged.count;
            /* ABBA or BAAB: the first pair of two draws, the second turns it around */
            head_first[order[i]] = r % 2 ? !head_first[order[i]] : sb_rng_below(&g->rng, 2) == 1;
            rc = time_pair(g, order[i], head_first[order[i]], g->options->base, g->options->head,
                           &cell->base_ns[at], &cell->head_ns[at], err);
            if (rc == 0) {
                cell->d[at] = log(cell->head_ns[at]) - log(cell->base_ns[at]);
                cell->judged.count++;
            }
        }
        if (rc == 0)
            rc = control_pair(g, r, err);
    }
    return rc;
}

static int judge(struct gate *g, const struct sb_gate_rule *rule, const bool *active,
                 struct sb_error *err)
{
    struct sb_gate_cell cells[SB_GATE_MAX_CELLS];
    struct sb_gate_result *result = g->result;
    for (size_t i = 0; i < result->num_cells; i++) {
        cells[i] = result->cells[i].judged;
        cells[i].d = result->cells[i].d;
    }
    if (!sb_gate_judge(cells, result->num_cells, rule) ||
        !sb_gate_check_control(result->control, result->num_control, &g->options->rule,
                               &result->checked_control))
        return sb_error_nomem(err, "verdicts", result->num_cells);
    for (size_t i = 0; i < result->num_cells; i++) {
        if (active[i]) /* the others were decided in the first look */
            result->cells[i].judged = cells[i];
    }
    return 0;
}

/* One extension for what is not resolved, at half the level. */
static int extend(struct gate *g, size_t rounds, struct sb_error *err)
{
    bool active[SB_GATE_MAX_CELLS];
    size_t open = 0;
    for (size_t i = 0; i < g->result->num_cells; i++) {
        active[i] = g->result->cells[i].judged.verdict == SB_GATE_UNRESOLVED;
        open += active[i];
    }
    if (open == 0)
        return 0;
    const double expected =
        (double)g->rounds_ns * (double)(open + 1) / (double)(g->result->num_cells + 1);
    if (g->options->limit_ns &&
        (double)(sb_now_ns() - g->started_ns) + expected > (double)g->options->limit_ns) {
        sb_gate_reason(g, SB_GATE_TOO_NOISY,
                       "no time for more rounds of %zu unresolved cells within %.0f s: give "
                       "--time-limit or fewer --cells",
                       open, (double)g->options->limit_ns / 1e9);
        return 0;
    }
    struct sb_gate_rule rule = g->options->rule;
    rule.alpha /= 2;
    g->progress.total += rounds * (2 * open + 2);
    const int rc = run_rounds(g, rounds, active, err);
    return rc ? rc : judge(g, &rule, active, err);
}

/* A quiet machine fails the control once in 140 gates by chance, so one failure is tried again; the
 * second batch stands alone. */
static int repeat_control(struct gate *g, size_t rounds, struct sb_error *err)
{
    struct sb_gate_result *result = g->result;
    int rc = 0;
    if (!result->checked_control.noisy)
        return 0;
    result->control_repeated = true;
    result->num_control = 0;
    g->progress.total += 2 * rounds;
    for (size_t r = 0; r < rounds && rc == 0; r++)
        rc = control_pair(g, r, err);
    if (rc == 0 && !sb_gate_check_control(result->control, result->num_control, &g->options->rule,
                                          &result->checked_control))
        rc = sb_error_nomem(err, "control pairs", result->num_control);
    return rc;
}

static void conclude(struct gate *g)
{
    struct sb_gate_result *result = g->result;
    for (size_t i = 0; i < result->num_cells; i++) {
        const struct sb_gate_cell_result *cell = &result->cells[i];
        const double percent = 100 * (cell->judged.ratio - 1);
        if (cell->judged.verdict == SB_GATE_REGRESSED)
            sb_gate_reason(g, SB_GATE_FAILED, "%s at %d is %.1f %% slower", cell->model, cell->size,
                           percent);
        else if (cell->judged.verdict == SB_GATE_UNRESOLVED)
            sb_gate_reason(g, SB_GATE_TOO_NOISY,
                           "%s at %d is unresolved after %zu rounds (%+.1f %%)", cell->model,
                           cell->size, cell->judged.count, percent);
    }
    const struct sb_gate_control *control = &result->checked_control;
    if (!control->noisy)
        return;
    sb_gate_reason(
        g, SB_GATE_TOO_NOISY,
        "too noisy: base against itself differs by +-%.1f %% (p %.3f), the limit is %.1f %%",
        100 * control->half_width, control->p, 100 * g->options->rule.delta);
    result->outcome = SB_GATE_TOO_NOISY; /* also over a regression: the machine cannot tell */
}

static int time_cells(struct gate *g, struct sb_error *err)
{
    struct sb_gate_result *result = g->result;
    const size_t rounds = result->rounds;
    bool all[SB_GATE_MAX_CELLS];
    for (size_t i = 0; i < SB_GATE_MAX_CELLS; i++)
        all[i] = true;
    if (!wait_for_quiet(g)) {
        sb_gate_reason(g, SB_GATE_TOO_NOISY, "more than half of the CPUs were busy for %d s",
                       PATIENCE_SECONDS);
        return 0;
    }
    sb_progress_start(&g->progress, "gate", "processes",
                      result->num_cells * (2 * rounds + 2) + 2 * rounds, g->options->quiet);
    const int64_t before = sb_steal_ticks();
    g->started_ns = sb_now_ns();
    int rc = calibrate(g, err);
    const int64_t calibrated = sb_now_ns();
    if (rc == 0)
        rc = run_rounds(g, rounds, all, err);
    g->rounds_ns = sb_now_ns() - calibrated;
    if (rc == 0)
        rc = judge(g, &g->options->rule, all, err);
    if (rc == 0)
        rc = extend(g, rounds, err);
    if (rc == 0)
        rc = repeat_control(g, rounds, err);
    const int64_t after = sb_steal_ticks();
    result->steal_ticks = before == SB_NO_INT || after == SB_NO_INT ? SB_NO_INT : after - before;
    sb_progress_finish(&g->progress);
    if (rc == 0)
        conclude(g);
    return rc;
}

/* Opens the models, so that names and sizes are those of records, and makes room for all rounds. */
static int prepare_cells(struct gate *g, struct sb_error *err)
{
    struct sb_gate_result *result = g->result;
    for (size_t i = 0; i < g->options->num_points; i++) {
        struct sb_gate_cell_result *cell = &result->cells[i];
        const struct sb_model_options size = {.size = g->options->points[i].size, .batch = 1};
        struct sb_model *model = sb_model_open(g->options->points[i].model, &size, err);
        if (!model)
            return err->code;
        snprintf(cell->model, sizeof(cell->model), "%s", model->name);
        cell->size = model->padded_h;
        sb_model_free(&model);
        const size_t room = 2 * result->rounds;
        cell->d = sb_calloc(3 * room + 1, sizeof(*cell->d), TAG);
        if (!cell->d)
            return sb_error_nomem(err, "differences", 3 * room * sizeof(*cell->d));
        cell->base_ns = cell->d + room;
        cell->head_ns = cell->base_ns + room;
        result->num_cells = i + 1;
    }
    return 0;
}

static int check_options(const struct sb_gate_options *o, struct sb_error *err)
{
    if (!o->head || (!o->base && !o->deterministic_only))
        return sb_error_set(err, SB_EINVAL, "a gate needs --base and --head");
    if (o->num_points == 0 && !o->deterministic_only)
        return sb_error_set(err, SB_EINVAL, "a gate needs at least one cell");
    if (o->deterministic_only && !o->costs && !o->outputs && o->num_points == 0)
        return sb_error_set(err, SB_EINVAL, "nothing to check: give --costs, --outputs or cells");
    return 0;
}

int sb_gate_run(const struct sb_gate_options *options, struct sb_gate_result *result,
                struct sb_error *err)
{
    struct gate g = {.options = options, .result = result, .rng = sb_rng_seed(options->seed)};
    memset(result, 0, sizeof(*result));
    result->steal_ticks = SB_NO_INT;
    result->cpu = options->threads > 1 ? -1 : options->cpu >= 0 ? options->cpu : last_usable_cpu();
    result->rounds = options->rounds ? options->rounds : options->num_points > 10 ? 31 : 21;
    int rc = check_options(options, err);
    if (rc == 0)
        rc = prepare_cells(&g, err);
    if (rc == 0)
        rc = sb_gate_open_scratch(&g, err);
    if (rc == 0) {
        rc = compare_costs(&g, err);
        if (rc == 0)
            rc = sb_gate_compare_outputs(&g, err);
        if (rc == 0)
            rc = check_outputs(&g, err);
        if (rc == 0 && !options->deterministic_only && result->outcome == SB_GATE_PASSED)
            rc = time_cells(&g, err);
        sb_gate_close_scratch(&g);
    }
    if (rc)
        sb_gate_result_release(result);
    return rc;
}

void sb_gate_result_release(struct sb_gate_result *result)
{
    for (size_t i = 0; i < SB_GATE_MAX_CELLS; i++)
        sb_free(result->cells[i].d);
    sb_free(result->control);
    sb_str_release(&result->cost_diff);
    sb_str_release(&result->output_diff);
    sb_str_release(&result->why);
    memset(result, 0, sizeof(*result));
}
