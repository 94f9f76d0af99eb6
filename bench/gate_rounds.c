/* The timing of a gate: calibration, interleaved rounds, verdicts. See gate_internal.h. */
#include "base/clock.h"
#include "base/mem.h"
#include "bench/environment.h"
#include "bench/gate_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define TAG              SB_MEM_TAG(SB_MEM_DATA, 0)
#define BUSY_LIMIT       0.5
#define PATIENCE_SECONDS 60
#define CALIBRATION_RUNS 3
#define MAX_REPEATS      100000
#define LEAST_SHARE      0.1 /* of run_ns, however short the time is */
#define LEAST_ROUNDS     6   /* fewer are no look of their own */
#define FIRST_LOOK_SHARE 0.7 /* of the time limit; the rest is for confirming and looking again */

/* True when the machine is less than half busy for a second within the patience. */
static bool wait_for_quiet(struct gate *g)
{
    bool quiet = false;
    if (!g->options->wait_for_quiet)
        return true;
    sb_progress_start(&g->progress, "gate waits for a quieter machine", "s", PATIENCE_SECONDS,
                      g->options->quiet);
    for (size_t i = 0; i < PATIENCE_SECONDS && !quiet; i++) {
        const double busy = sb_gate_busy_share();
        quiet = isnan(busy) || busy <= BUSY_LIMIT;
        sb_progress_update(&g->progress, i + 1);
    }
    sb_progress_finish(&g->progress);
    return quiet;
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
    const double per_process = FIRST_LOOK_SHARE * (double)g->options->limit_ns /
                               ((double)g->result->rounds * processes_per_cell(g));
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

static int make_room(struct sb_gate_cell_result *cell, size_t room, struct sb_error *err)
{
    const size_t count = cell->judged.count;
    if (cell->room >= room)
        return 0;
    double *block = sb_calloc(3 * room, sizeof(*block), TAG);
    if (!block)
        return sb_error_nomem(err, "differences", 3 * room * sizeof(*block));
    if (count) {
        memcpy(block, cell->d, count * sizeof(*block));
        memcpy(block + room, cell->base_ns, count * sizeof(*block));
        memcpy(block + 2 * room, cell->head_ns, count * sizeof(*block));
    }
    sb_free(cell->d);
    cell->d = block;
    cell->base_ns = block + room;
    cell->head_ns = block + 2 * room;
    cell->room = room;
    return 0;
}

/* `count` rounds of the cells in `active`, each with a control pair. */
static int run_rounds(struct gate *g, size_t count, const bool *active, struct sb_error *err)
{
    size_t order[SB_GATE_MAX_CELLS];
    bool head_first[SB_GATE_MAX_CELLS] = {false};
    int rc = 0;
    for (size_t i = 0; i < g->result->num_cells && rc == 0; i++)
        rc = active[i]
                 ? make_room(&g->result->cells[i], g->result->cells[i].judged.count + count, err)
                 : 0;
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

/* What the last look left open. */
struct open_part {
    bool active[SB_GATE_MAX_CELLS];
    size_t cells;
    bool control;
};

static struct open_part find_open(const struct sb_gate_result *result)
{
    struct open_part open = {.control = result->checked_control.noisy};
    for (size_t i = 0; i < result->num_cells; i++) {
        open.active[i] = result->cells[i].judged.verdict == SB_GATE_UNRESOLVED;
        open.cells += open.active[i];
    }
    return open;
}

/* Rounds for the next look: as many as there were, or what the time allows. */
static size_t next_rounds(const struct gate *g, const struct open_part *open, size_t rounds)
{
    const double left = (double)g->options->limit_ns - (double)(sb_now_ns() - g->started_ns);
    const double fit = left / (g->pair_ns * (double)(open->cells + 1));
    if (g->options->limit_ns == 0 || fit >= (double)rounds)
        return rounds;
    return fit > 0 ? (size_t)fit : 0;
}

/* Control pairs that differ by their signs are forgotten once, because one batch in 70 does so by
 * chance; an interval that is too wide gets more pairs. False: the machine cannot tell. */
static bool retry_control(struct sb_gate_result *result)
{
    if (!result->checked_control.differs)
        return true;
    if (result->control_repeated)
        return false;
    result->control_repeated = true;
    result->num_control = 0;
    return true;
}

/* Takes as many pairs again for what the last look left open, and looks again. */
static int look_again(struct gate *g, struct sb_error *err)
{
    struct sb_gate_result *result = g->result;
    size_t total = result->rounds;
    int rc = 0;
    for (int look = 1; look < SB_GATE_MAX_LOOKS && rc == 0; look++) {
        const struct open_part open = find_open(result);
        if ((open.cells == 0 && !open.control) || (open.control && !retry_control(result)))
            return 0;
        const size_t rounds = next_rounds(g, &open, total);
        if (rounds < LEAST_ROUNDS) {
            if (open.cells)
                sb_gate_reason(g, SB_GATE_TOO_NOISY,
                               "no time for more rounds of what is unresolved (%zu) within %.0f s: "
                               "give --time-limit or fewer --cells",
                               open.cells, (double)g->options->limit_ns / 1e9);
            return 0;
        }
        const struct sb_gate_rule rule = sb_gate_rule_at(&g->options->rule, look);
        g->progress.total += rounds * (2 * open.cells + 2);
        rc = run_rounds(g, rounds, open.active, err);
        if (rc == 0)
            rc = judge(g, &rule, open.active, err);
        total += rounds;
    }
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
        else if (cell->judged.suspected != SB_GATE_SAME)
            sb_gate_reason(g, SB_GATE_TOO_NOISY,
                           "%s at %d looks %.1f %% %s after %zu round%s, but no further ones "
                           "confirm it",
                           cell->model, cell->size, fabs(percent),
                           percent > 0 ? "slower" : "faster", cell->judged.count,
                           sb_plural(cell->judged.count));
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

int sb_gate_time_cells(struct gate *g, struct sb_error *err)
{
    struct sb_gate_result *result = g->result;
    const size_t rounds = result->rounds;
    bool all[SB_GATE_MAX_CELLS];
    for (size_t i = 0; i < SB_GATE_MAX_CELLS; i++)
        all[i] = true;
    if (!wait_for_quiet(g)) {
        sb_gate_reason(
            g, SB_GATE_TOO_NOISY,
            "more than half of the CPUs were busy for %d s; --no-wait starts all the same",
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
    g->pair_ns = (double)(sb_now_ns() - calibrated) / (double)(rounds * (result->num_cells + 1));
    if (rc == 0)
        rc = judge(g, &g->options->rule, all, err);
    if (rc == 0)
        rc = look_again(g, err);
    const int64_t after = sb_steal_ticks();
    result->steal_ticks = before == SB_NO_INT || after == SB_NO_INT ? SB_NO_INT : after - before;
    sb_progress_finish(&g->progress);
    if (rc == 0)
        conclude(g);
    return rc;
}
