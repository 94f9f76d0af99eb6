/* The course of a gate: deterministic checks, then timing (gate_rounds.c). See gate.h. */
#include "bench/gate.h"

#include "base/file.h"
#include "base/mem.h"
#include "bench/exact_costs.h"
#include "bench/gate_internal.h"
#include "bench/process.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

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

static int refuse_costs(const char *path, struct sb_error *err)
{
    sb_error_set(err, SB_EFORMAT, "expected the line '%.*s'",
                 (int)strcspn(sb_exact_costs_header, "\n"), sb_exact_costs_header);
    sb_error_file(err, path);
    sb_error_line(err, 1, 0);
    return sb_error_hint(err, "'spinebench cost --all --exact' writes such a file");
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
    if (want.failed)
        rc = sb_error_nomem(err, "costs", want.length);
    else if (strncmp(sb_str_text(&want), sb_exact_costs_header, strlen(sb_exact_costs_header)) != 0)
        rc = refuse_costs(g->options->costs, err);
    if (rc == 0)
        rc = sb_gate_exact_costs(g, g->options->head, &got, err);
    if (rc == 0) {
        g->result->cost_differences =
            sb_exact_costs_diff(sb_str_text(&want), sb_str_text(&got), &g->result->cost_diff);
        if (g->result->cost_differences)
            sb_gate_reason(g, SB_GATE_FAILED, "%zu line%s of exact costs not as in %s",
                           g->result->cost_differences, sb_plural(g->result->cost_differences),
                           g->options->costs);
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

/* A cell that stands twice would be timed twice and count as two in the correction. */
static int check_distinct(const struct sb_gate_result *result,
                          const struct sb_gate_cell_result *cell, struct sb_error *err)
{
    for (size_t i = 0; i < result->num_cells; i++) {
        const struct sb_gate_cell_result *const other = &result->cells[i];
        if (other->size != cell->size || strcmp(other->model, cell->model) != 0)
            continue;
        sb_error_set(err, SB_EINVAL, "%s at %d would be timed twice (cells %zu and %zu)",
                     cell->model, cell->size, i + 1, result->num_cells + 1);
        return sb_error_hint(err, "sizes are padded to a multiple of the coarsest stride");
    }
    return 0;
}

/* Opens the models, so that names and sizes are those of records. */
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
        const int rc = check_distinct(result, cell, err);
        if (rc)
            return rc;
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
    if (o->cpu >= 0 && !sb_process_can_pin(o->cpu)) {
        sb_error_set(err, SB_EINVAL, "CPU %d: nothing can be pinned to it here", o->cpu);
        return sb_error_hint(err, "'spinebench env' tells which CPUs there are");
    }
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
            rc = sb_gate_time_cells(&g, err);
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
