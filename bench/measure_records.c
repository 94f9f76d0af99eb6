/* From measurements to records. See measure_records.h. */
#include "bench/measure_records.h"

#include "base/hash.h"
#include "base/mem.h"
#include "bench/cost_groups.h"
#include "bench/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Where the records of one measurement go, and what they share. */
struct emitter {
    const struct sb_measurement *m;
    const char *run;
    struct sb_cell cell;
    const char *no_times; /* why times are blank; NULL when they count */
    sb_record_fn emit;
    void *ctx;
    struct sb_error *err;
};

static void begin(const struct emitter *e, struct sb_record *r, enum sb_record_kind kind)
{
    sb_record_init(r, kind);
    r->run = e->run;
    r->cell = e->cell;
}

static int finish(const struct emitter *e, const struct sb_record *r)
{
    return e->emit(e->ctx, r, e->err);
}

static void fill_cost(struct sb_record *r, const struct sb_cost *cost,
                      const struct sb_profile *profile)
{
    struct sb_cost_record *c = &r->u.cost;
    c->nodes = cost->nodes;
    c->params = cost->params;
    c->macs = cost->macs;
    c->tf_multi_adds = sb_multi_adds(cost, SB_CONVENTION_TF, profile);
    c->tf_exact_float_ops = sb_tf_exact_float_ops(cost, profile);
    c->other_ops = sb_other_ops(cost);
    c->param_bytes = 4 * cost->params;
    c->activation_bytes = cost->output_bytes;
    c->read_bytes = cost->input_bytes;
}

static int emit_cost_groups(const struct emitter *e, const struct sb_graph *graph,
                            const struct sb_costs *costs, const struct sb_profile *profile,
                            enum sb_group_by by)
{
    struct sb_cost_groups groups;
    int rc = sb_costs_group(&groups, costs, graph, by, e->err);
    for (size_t i = 0; rc == 0 && i < groups.count; i++) {
        struct sb_record r;
        begin(e, &r, SB_RECORD_COST);
        if (by == SB_BY_LEVEL)
            r.part.level = groups.items[i].key;
        else if (by == SB_BY_OP)
            r.part.op = groups.items[i].key;
        else
            r.u.cost.live_peak_bytes = costs->live_peak_bytes;
        fill_cost(&r, &groups.items[i].cost, profile);
        rc = finish(e, &r);
    }
    sb_cost_groups_release(&groups);
    return rc;
}

static int emit_costs(const struct emitter *e, const struct sb_graph *graph,
                      const struct sb_costs *costs, const struct sb_profile *profile)
{
    int rc = emit_cost_groups(e, graph, costs, profile, SB_BY_TOTAL);
    if (rc == 0)
        rc = emit_cost_groups(e, graph, costs, profile, SB_BY_LEVEL);
    if (rc == 0)
        rc = emit_cost_groups(e, graph, costs, profile, SB_BY_OP);
    return rc;
}

/* What end-to-end time records say about the machine. */
static const char *const machine_fields[] = {"peak_flops", "peak_bytes_per_s", "reference_ns"};
#define N_MACHINE_FIELDS (sizeof(machine_fields) / sizeof(machine_fields[0]))
static const char per_cell[] = "see the cell's end-to-end record";

void sb_peak_into_record(const struct sb_peak *peak, struct sb_record *time)
{
    time->u.time.peak_flops = peak->flops;
    time->u.time.peak_bytes_per_s = peak->bytes_per_s;
    time->u.time.reference_ns = peak->reference_ns;
    for (size_t i = 0; i < N_MACHINE_FIELDS; i++)
        sb_record_known(time, machine_fields[i]);
    if (isnan(peak->reference_ns))
        sb_record_because(time, "reference_ns", "no OpenBLAS");
}

static int emit_end_to_end(const struct emitter *e)
{
    struct sb_record r;
    begin(e, &r, SB_RECORD_TIME);
    r.u.time.pass = "end_to_end";
    r.u.time.process = 0;
    r.u.time.warmup = (int64_t)e->m->options.time.warmup;
    r.u.time.steal_ticks = e->m->steal_ticks;
    for (size_t i = 0; i < N_MACHINE_FIELDS; i++)
        sb_record_because(&r, machine_fields[i], "not measured");
    if (e->m->peak.flops > 0)
        sb_peak_into_record(&e->m->peak, &r);
    char digest[24];
    snprintf(digest, sizeof(digest), "%016" PRIx64, e->m->weights_digest);
    r.u.time.weights_digest = digest;
    if (e->m->steal_ticks == SB_NO_INT)
        sb_record_because(&r, "steal_ticks", "not visible");
    if (e->no_times) {
        sb_record_because(&r, "ns", e->no_times);
    } else {
        r.u.time.ns = e->m->samples.ns;
        r.u.time.num_ns = e->m->samples.count;
    }
    return finish(e, &r);
}

static void part_of_step(struct sb_record *r, const struct sb_step_info *info)
{
    r->part.node = info->path;
    r->part.op = sb_op_name(info->op);
    r->part.block = info->block;
    r->part.level = sb_level_name(info->level);
}

/* Cost and times of one step; ns has room for the passes. */
static int emit_step(const struct emitter *e, size_t step, int64_t *ns)
{
    const struct sb_measurement *m = e->m;
    struct sb_step_info info;
    sb_plan_step_info(m->plan, step, &info);
    struct sb_record r;
    begin(e, &r, SB_RECORD_COST);
    part_of_step(&r, &info);
    char shape[96];
    snprintf(shape, sizeof(shape), "%" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64, info.shape.n,
             info.shape.c, info.shape.h, info.shape.w);
    r.u.cost.shape = shape;
    fill_cost(&r, &m->step_costs[step], &m->profile);
    r.u.cost.activation_bytes = (int64_t)info.output_bytes;
    int rc = finish(e, &r);
    if (rc || m->samples.step_passes == 0)
        return rc;

    begin(e, &r, SB_RECORD_TIME);
    part_of_step(&r, &info);
    r.u.time.pass = "per_op";
    r.u.time.kernel = info.kernel;
    r.u.time.process = 0;
    r.u.time.warmup = (int64_t)m->options.time.warmup;
    sb_record_because(&r, "steal_ticks", per_cell);
    sb_record_because(&r, "weights_digest", per_cell);
    for (size_t i = 0; i < N_MACHINE_FIELDS; i++)
        sb_record_because(&r, machine_fields[i], per_cell);
    if (e->no_times) {
        sb_record_because(&r, "ns", e->no_times);
    } else {
        for (size_t i = 0; i < m->samples.step_passes; i++)
            ns[i] = m->samples.step_ns[i * m->samples.num_steps + step];
        r.u.time.ns = ns;
        r.u.time.num_ns = m->samples.step_passes;
    }
    return finish(e, &r);
}

static int emit_steps(const struct emitter *e)
{
    const size_t runs = e->m->samples.step_passes;
    int64_t *ns = sb_calloc(runs + 1, sizeof(*ns), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!ns)
        return sb_error_nomem(e->err, "samples", runs * sizeof(*ns));
    int rc = 0;
    for (size_t i = 0; i < e->m->samples.num_steps && rc == 0; i++)
        rc = emit_step(e, i, ns);
    sb_free(ns);
    return rc;
}

static int emit_phase(const struct emitter *e, const char *phase,
                      const struct sb_phase_memory *memory)
{
    struct sb_record r;
    begin(e, &r, SB_RECORD_MEMORY);
    r.u.memory = (struct sb_memory_record){
        .phase = phase,
        .arena_bytes = memory->arena_bytes,
        .weight_bytes = memory->weight_bytes,
        .workspace_bytes = memory->workspace_bytes,
        .other_bytes = memory->other_bytes,
        .measured_bytes = memory->measured_bytes,
    };
    if (memory->measured_bytes == SB_NO_INT)
        sb_record_because(&r, "measured_bytes", SB_MEMORY_HIDDEN);
    return finish(e, &r);
}

static int emit_level_memory(const struct emitter *e, const struct sb_plan_memory *planned,
                             enum sb_level level)
{
    struct sb_record r;
    begin(e, &r, SB_RECORD_MEMORY);
    r.part.level = sb_level_name(level);
    r.u.memory.phase = "plan";
    sb_record_because(&r, "other_bytes", "only phases are counted");
    r.u.memory.arena_bytes = (int64_t)planned->activation_bytes[level];
    r.u.memory.weight_bytes = (int64_t)planned->weight_bytes[level];
    r.u.memory.workspace_bytes = (int64_t)planned->workspace_bytes[level];
    sb_record_because(&r, "measured_bytes", "levels share the arena; only phases are measured");
    return finish(e, &r);
}

static int emit_memory(const struct emitter *e)
{
    const struct sb_measurement *m = e->m;
    int rc = emit_phase(e, "load", &m->load);
    if (rc == 0)
        rc = emit_phase(e, "build", &m->build);
    if (rc == 0)
        rc = emit_phase(e, "forward", &m->forward);
    if (rc == 0)
        rc = emit_phase(e, "total", &m->total);
    struct sb_plan_memory planned;
    sb_plan_memory(m->plan, &planned);
    for (int level = 0; level < SB_LEVEL_COUNT && rc == 0; level++) {
        if (m->costs.level[level].nodes)
            rc = emit_level_memory(e, &planned, (enum sb_level)level);
    }
    return rc;
}

static int emit_check(const struct emitter *e)
{
    const struct sb_output_check *check = &e->m->check;
    struct sb_record r;
    begin(e, &r, SB_RECORD_CHECK);
    char digest[24];
    snprintf(digest, sizeof(digest), "%016" PRIx64, check->digest);
    r.u.check = (struct sb_check_record){
        .process = 0,
        .reference = SB_CHECK_REFERENCE,
        .output = check->output,
        .nmse = check->nmse,
        .max_error = check->max_error,
        .tolerance = sb_check_tolerance(e->m->options.engine),
        .digest = digest,
        .passed = check->passed,
    };
    return finish(e, &r);
}

static int emit_outputs(const struct emitter *e)
{
    int rc = 0;
    for (size_t i = 0; i < e->m->num_outputs && rc == 0; i++) {
        const struct sb_output_values *values = &e->m->outputs[i];
        struct sb_record r;
        begin(e, &r, SB_RECORD_OUTPUT);
        r.u.output = (struct sb_output_record){
            .output = values->name,
            .count = values->count,
            .mean = values->mean,
            .deviation = values->deviation,
            .samples = {SB_OUTPUT_SAMPLES, values->samples},
        };
        if (!isfinite(values->mean) || !isfinite(values->deviation)) {
            r.u.output.mean = r.u.output.deviation = (double)NAN;
            r.u.output.samples.count = 0;
            sb_record_because(&r, "mean", "the output is not finite");
            sb_record_because(&r, "deviation", "the output is not finite");
        }
        rc = finish(e, &r);
    }
    return rc;
}

struct sb_cell sb_cell_of(const struct sb_model *model, const struct sb_measure_options *options)
{
    const enum sb_scenario scenario = options->time.scenario;
    const struct sb_cell cell = {
        .model = model->name,
        .size = model->padded_h,
        .batch = model->batch,
        .threads = options->threads,
        .engine = sb_engine_label(options->engine, options->cpu, options->low_memory),
        .scenario = scenario == SB_SCENARIO_STREAM ? NULL : sb_scenario_name(scenario),
    };
    return cell;
}

int sb_measurement_records(const struct sb_measurement *m, const char *run, sb_record_fn emit,
                           void *ctx, struct sb_error *err)
{
    const struct emitter e = {
        .m = m,
        .run = run,
        .cell = sb_cell_of(m->model, &m->options),
        .no_times = m->checked && !m->check.passed ? "the output check failed" : NULL,
        .emit = emit,
        .ctx = ctx,
        .err = err,
    };
    int rc = m->checked ? emit_check(&e) : 0;
    if (rc == 0)
        rc = emit_outputs(&e);
    if (rc == 0)
        rc = emit_end_to_end(&e);
    if (rc == 0)
        rc = emit_memory(&e);
    if (rc == 0)
        rc = emit_costs(&e, m->model->graph, &m->costs, &m->profile);
    return rc ? rc : emit_steps(&e);
}

int sb_cost_records(const struct sb_model *model, const struct sb_costs *costs, const char *run,
                    const struct sb_cell *cell, sb_record_fn emit, void *ctx, struct sb_error *err)
{
    const struct emitter e = {.run = run, .cell = *cell, .emit = emit, .ctx = ctx, .err = err};
    const struct sb_profile profile = sb_profile_of(model);
    return emit_costs(&e, model->graph, costs, &profile);
}

void sb_run_identity_new(struct sb_run_identity *identity)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    const long seed[3] = {(long)getpid(), now.tv_nsec, (long)now.tv_sec};
    const uint64_t hash = sb_fnv1a(SB_FNV_START, seed, sizeof(seed));
    char stamp[24];
    strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &utc);
    snprintf(identity->id, sizeof(identity->id), "%s-%06x", stamp, (unsigned)(hash >> 40));
    strftime(identity->started, sizeof(identity->started), "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void sb_run_record_fill(struct sb_record *run, const struct sb_run_identity *identity,
                        const struct sb_environment *env, const char *command)
{
    sb_record_init(run, SB_RECORD_RUN);
    run->run = identity->id;
    run->u.run.started = identity->started;
    run->u.run.command = command;
    sb_environment_to_record(env, run);
    sb_build_to_record(run);
}
