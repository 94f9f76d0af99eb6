/* One cell, start to end. See measure.h. */
#include "bench/measure.h"

#include "base/mem.h"
#include "bench/environment.h"
#include "bench/memory.h"
#include "bench/record.h"
#include "bench/step_costs.h"
#include "bench/tuning.h"
#include "detect/region_ops.h"
#include "models/zoo.h"

#include <string.h>

void sb_measure_options_defaults(struct sb_measure_options *options)
{
    memset(options, 0, sizeof(*options));
    options->batch = 1;
    options->threads = sb_cpu_count();
    options->engine = sb_engine_default();
    options->cpu = sb_cpu_detect();
    options->seed = 1;
    options->time.warmup = 2;
    options->time.stop =
        (struct sb_stop_rule){.min_runs = 7, .max_runs = 200, .max_ns = 5000000000};
    options->time.step_passes = 7;
    options->check = true;
}

int sb_measure_weights(struct sb_weights *out, const struct sb_measure_options *options,
                       const struct sb_graph *graph, struct sb_error *err)
{
    const struct sb_bind_options bind = {.use_ema = options->use_ema};
    return options->weights ? sb_weights_load(out, graph, options->weights, &bind, err)
                            : sb_weights_seeded(out, graph, options->seed, err);
}

int64_t sb_phase_planned_bytes(const struct sb_phase_memory *phase)
{
    return phase->arena_bytes + phase->weight_bytes + phase->workspace_bytes + phase->other_bytes;
}

/* other_bytes becomes what `taken` holds beyond the parts with a name. */
static void note_taken(struct sb_phase_memory *phase, int64_t taken)
{
    phase->other_bytes = 0;
    const int64_t other = taken - sb_phase_planned_bytes(phase);
    phase->other_bytes = other > 0 ? other : 0;
}

/* Around an array, the system maps what it has read along. */
#define MAPPED_AROUND ((int64_t)512 << 10)

/* What a file takes while it is read: each thread has one array of it mapped at a time. */
static int64_t mapped_bytes(const struct sb_graph *graph, int threads)
{
    int64_t largest = 0, all = 0;
    for (size_t i = 0; i < graph->num_slots; i++) {
        const int64_t bytes = (int64_t)(sb_slot_count(&graph->slots[i]) * sizeof(float));
        largest = bytes > largest ? bytes : largest;
        all += bytes;
    }
    largest += MAPPED_AROUND;
    return largest > all / threads ? all : largest * threads;
}

static int load_weights(struct sb_measurement *m, struct sb_weights *weights, struct sb_error *err)
{
    struct sb_memory_probe probe;
    sb_memory_probe_start(&probe);
    const int rc = sb_measure_weights(weights, &m->options, m->model->graph, err);
    m->load.measured_bytes = sb_memory_probe_peak(&probe);
    m->load.weight_bytes = rc == 0 ? (int64_t)weights->arena_bytes : 0;
    m->weights_digest = weights->digest;
    note_taken(&m->load, sb_memory_probe_taken(&probe));
    if (m->options.weights && !sb_zoo_weights_name(m->options.weights))
        m->load.other_bytes += mapped_bytes(m->model->graph, sb_cpu_count());
    return rc;
}

void sb_measure_plan_options(const struct sb_measure_options *o, struct sb_plan_options *out)
{
    sb_plan_options_defaults(out);
    out->engine = o->engine;
    out->cpu = o->cpu;
    out->low_memory = o->low_memory;
    out->threads = o->threads;
    out->region = &sb_detect_region_ops;
}

static int build_plan(struct sb_measurement *m, const struct sb_weights *weights,
                      struct sb_memory_probe *probe, struct sb_error *err)
{
    struct sb_plan_options options;
    struct sb_tuning tuning = {0};
    sb_measure_plan_options(&m->options, &options);
    if (m->options.tuning) {
        const int rc =
            sb_tuning_open(&tuning, m->options.tuning, m->model, weights, &options, NULL, err);
        if (rc)
            return rc;
        options.choices = &tuning.choices;
    }
    sb_memory_probe_start(probe);
    m->plan = sb_plan_new(m->model->graph, weights, &options, err);
    m->build.measured_bytes = sb_memory_probe_peak(probe);
    const int64_t taken = sb_memory_probe_taken(probe);
    sb_tuning_release(&tuning);
    if (!m->plan)
        return err->code;
    struct sb_plan_memory planned;
    sb_plan_memory(m->plan, &planned);
    m->build.arena_bytes = (int64_t)planned.arena_bytes;
    m->build.weight_bytes = (int64_t)planned.weight_total_bytes;
    m->build.workspace_bytes = (int64_t)planned.workspace_total_bytes;
    note_taken(&m->build, taken);
    return 0;
}

static int first_pass(struct sb_measurement *m, struct sb_memory_probe *probe, struct sb_error *err)
{
    sb_memory_probe_start(probe);
    sb_fill_inputs(m->plan, m->options.seed);
    const int rc = sb_plan_run(m->plan, NULL, err);
    m->forward.measured_bytes = sb_memory_probe_peak(probe);
    note_taken(&m->forward, sb_memory_probe_taken(probe));
    return rc;
}

static int build_and_run(struct sb_measurement *m, struct sb_weights *weights, struct sb_error *err)
{
    struct sb_memory_probe build, forward;
    int rc = build_plan(m, weights, &build, err);
    if (rc)
        return rc;
    /* without a check only the plan's own are needed; what is freed was there before the build */
    const int64_t freed = m->options.check ? 0 : (int64_t)weights->arena_bytes;
    if (freed)
        sb_weights_release(weights);
    rc = first_pass(m, &forward, err);
    /* the mark was reset in between: the higher of both phases, from the first one's start */
    m->total = m->build;
    if (m->forward.measured_bytes == SB_NO_INT || m->total.measured_bytes == SB_NO_INT) {
        m->total.measured_bytes = SB_NO_INT;
        return rc;
    }
    const int64_t late =
        m->forward.measured_bytes + forward.start_bytes + freed - build.start_bytes;
    if (late > m->total.measured_bytes)
        m->total.measured_bytes = late;
    return rc;
}

static int take_times(struct sb_measurement *m, struct sb_progress *progress, struct sb_error *err)
{
    const int64_t before = sb_steal_ticks();
    int rc = sb_time_plan(m->plan, &m->options.time, progress, &m->samples, err);
    const int64_t after = sb_steal_ticks();
    m->steal_ticks = before == SB_NO_INT || after == SB_NO_INT ? SB_NO_INT : after - before;
    if (rc == 0)
        rc = sb_step_costs(&m->step_costs, m->plan, m->model->graph, &m->costs, err);
    return rc;
}

int sb_measure_model(struct sb_measurement *out, struct sb_model *model,
                     const struct sb_measure_options *options, struct sb_progress *progress,
                     struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    out->options = *options;
    out->model = model;
    out->profile = sb_profile_of(model);
    struct sb_weights weights = {0};
    int rc = sb_costs_count(&out->costs, model->graph, err);
    if (rc == 0)
        rc = sb_memory_settle(options->engine == SB_ENGINE_OPENBLAS ? options->threads : 0, err);
    if (rc == 0)
        rc = load_weights(out, &weights, err);
    if (rc == 0)
        rc = build_and_run(out, &weights, err);
    if (rc == 0)
        rc = take_times(out, progress, err);
    if (rc == 0 && options->check) {
        struct sb_plan_options plan;
        sb_measure_plan_options(options, &plan);
        rc = sb_check_outputs(&out->check, out->plan, model->graph, &weights, &plan, err);
        out->checked = rc == 0;
        if (rc == 0)
            rc = sb_output_values_of_plan(&out->outputs, &out->num_outputs, out->plan, model->graph,
                                          err);
    }
    sb_weights_release(&weights);
    if (rc)
        sb_measurement_release(out);
    return rc;
}

int sb_measure(struct sb_measurement *out, const struct sb_measure_options *options,
               struct sb_progress *progress, struct sb_error *err)
{
    const struct sb_model_options model_options = {.size = options->size, .batch = options->batch};
    struct sb_model *model = sb_model_open(options->model, &model_options, err);
    if (!model)
        return err->code;
    return sb_measure_model(out, model, options, progress, err);
}

void sb_measurement_release(struct sb_measurement *m)
{
    sb_free(m->step_costs);
    sb_free(m->outputs);
    sb_samples_release(&m->samples);
    sb_plan_free(&m->plan);
    sb_costs_release(&m->costs);
    sb_model_free(&m->model);
    memset(m, 0, sizeof(*m));
}
