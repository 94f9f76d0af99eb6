/* Timed runs of a plan. See latency.h. */
#include "bench/latency.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/size.h"
#include "bench/statistics.h"

#include <string.h>

#define TAG              SB_MEM_TAG(SB_MEM_DATA, 0)
#define MAX_INPUTS       8
#define DEFAULT_CACHE    ((size_t)64 << 20)
#define PRIVATE_CACHE    ((size_t)8 << 20) /* more than the caches of one core */
#define PRECISION_CHECKS 1.1 /* the interval is looked at each time n has grown by this */

static const char *const names[] = {
    [SB_SCENARIO_STREAM] = "stream",
    [SB_SCENARIO_COLD] = "cold",
    [SB_SCENARIO_OFFLINE] = "offline",
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

const char *sb_scenario_name(enum sb_scenario scenario)
{
    return (unsigned)scenario < N_NAMES ? names[scenario] : "unknown";
}

int sb_scenario_parse(const char *name, enum sb_scenario *out, struct sb_error *err)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum sb_scenario)i;
            return 0;
        }
    }
    sb_error_set(err, SB_EINVAL, "unknown scenario '%s'", name);
    return sb_error_hint(err, "one of stream, cold, offline");
}

void sb_samples_release(struct sb_samples *samples)
{
    sb_free(samples->ns);
    sb_free(samples->step_ns);
    memset(samples, 0, sizeof(*samples));
}

/* A timing under way. */
struct timing {
    struct sb_plan *plan;
    const struct sb_time_options *options;
    struct sb_samples *samples;
    double *sorted; /* room to look at the interval; NULL when no precision is asked for */
    size_t next_look;
    char *flush;               /* COLD: larger than the caches */
    size_t flush_bytes;        /* per thread */
    float *inputs[MAX_INPUTS]; /* OFFLINE: what is copied in */
    size_t input_bytes[MAX_INPUTS];
    int num_inputs;
};

static int make_samples(struct timing *t, struct sb_error *err)
{
    struct sb_samples *s = t->samples;
    const size_t runs = t->options->stop.max_runs, steps = sb_plan_num_steps(t->plan);
    size_t step_samples = 0;
    memset(s, 0, sizeof(*s));
    s->ns = sb_calloc(runs, sizeof(*s->ns), TAG);
    if (sb_mul_size(steps, t->options->step_passes, &step_samples))
        s->step_ns = sb_calloc(step_samples + 1, sizeof(*s->step_ns), TAG);
    if (t->options->stop.precision > 0)
        t->sorted = sb_calloc(runs, sizeof(*t->sorted), TAG);
    if (!s->ns || !s->step_ns || (t->options->stop.precision > 0 && !t->sorted))
        return sb_error_nomem(err, "samples", (runs + step_samples) * sizeof(*s->ns));
    s->capacity = runs;
    s->num_steps = steps;
    return 0;
}

static int make_flush(struct timing *t, struct sb_error *err)
{
    const int64_t cache = t->options->cache_bytes;
    const size_t threads = (size_t)sb_plan_threads(t->plan);
    const size_t share = 2 * (cache > 0 ? (size_t)cache : DEFAULT_CACHE) / threads;
    t->flush_bytes = share > PRIVATE_CACHE ? share : PRIVATE_CACHE;
    t->flush = sb_calloc(threads, t->flush_bytes, TAG);
    return t->flush ? 0 : sb_error_nomem(err, "the cache flush", threads * t->flush_bytes);
}

static int copy_inputs(struct timing *t, struct sb_error *err)
{
    struct sb_shape shape;
    const float *data;
    for (int i = 0; i < MAX_INPUTS && (data = sb_plan_input(t->plan, i, &shape)); i++) {
        t->input_bytes[i] = sb_shape_count(shape) * sizeof(*data);
        t->inputs[i] = sb_malloc(t->input_bytes[i], TAG);
        if (!t->inputs[i])
            return sb_error_nomem(err, "a copy of the input", t->input_bytes[i]);
        memcpy(t->inputs[i], data, t->input_bytes[i]);
        t->num_inputs = i + 1;
    }
    return 0;
}

static int start_timing(struct timing *t, struct sb_error *err)
{
    int rc = make_samples(t, err);
    if (rc == 0 && t->options->scenario == SB_SCENARIO_COLD)
        rc = make_flush(t, err);
    if (rc == 0 && t->options->scenario == SB_SCENARIO_OFFLINE)
        rc = copy_inputs(t, err);
    return rc;
}

static void end_timing(struct timing *t)
{
    for (int i = 0; i < MAX_INPUTS; i++)
        sb_free(t->inputs[i]);
    sb_free(t->flush);
    sb_free(t->sorted);
}

/* One write per cache line: everything else has to leave. */
static void write_lines(void *ctx, size_t thread, int worker)
{
    const struct timing *t = ctx;
    volatile char *own = t->flush + thread * t->flush_bytes;
    (void)worker;
    for (size_t i = 0; i < t->flush_bytes; i += 64)
        own[i]++;
}

/* On every thread, for each core has caches of its own. */
static void flush_caches(struct timing *t)
{
    if (t->flush)
        sb_plan_on_every_thread(t->plan, write_lines, t);
}

/*
 * Extra work after each run, in thousandths of its time, for trials of the gate: they build a
 * program that is slower by a known amount (scripts/gate_trials.sh). Nothing in normal builds.
 */
#ifndef SB_SLOWDOWN_PERMILLE
#define SB_SLOWDOWN_PERMILLE 0
#endif

static void slow_down(int64_t before)
{
    if (SB_SLOWDOWN_PERMILLE == 0)
        return;
    const int64_t until = sb_now_ns() + (sb_now_ns() - before) * SB_SLOWDOWN_PERMILLE / 1000;
    volatile uint64_t sink = 1;
    while (sb_now_ns() < until)
        sink = sb_rng_mix(sink);
}

static int run_once(struct timing *t, struct sb_error *err)
{
    flush_caches(t);
    const int64_t before = sb_now_ns();
    for (int i = 0; i < t->num_inputs; i++)
        memcpy(sb_plan_input(t->plan, i, NULL), t->inputs[i], t->input_bytes[i]);
    const int rc = sb_plan_run(t->plan, NULL, err);
    slow_down(before);
    t->samples->ns[t->samples->count++] = sb_now_ns() - before;
    return rc;
}

static int run_steps(struct timing *t, struct sb_error *err)
{
    struct sb_samples *s = t->samples;
    const struct sb_run_options options = {.step_ns = s->step_ns + s->step_passes * s->num_steps};
    flush_caches(t);
    s->step_passes++;
    return sb_plan_run(t->plan, &options, err);
}

/* Sorting for every sample would cost more than short runs do, so looks grow apart. */
static bool precise_enough(struct timing *t)
{
    const struct sb_samples *s = t->samples;
    if (!t->sorted || s->count < t->next_look)
        return false;
    t->next_look = s->count + 1 + (size_t)((double)s->count * (PRECISION_CHECKS - 1));
    for (size_t i = 0; i < s->count; i++)
        t->sorted[i] = (double)s->ns[i];
    const struct sb_summary summary = sb_summarize(t->sorted, s->count);
    const double half = (summary.interval.high - summary.interval.low) / 2;
    return summary.interval.known && half <= t->options->stop.precision * summary.median;
}

static bool enough(struct timing *t, int64_t elapsed)
{
    const struct sb_stop_rule *rule = &t->options->stop;
    const size_t count = t->samples->count;
    if (count >= rule->max_runs)
        return true;
    return count >= rule->min_runs && (elapsed >= rule->max_ns || precise_enough(t));
}

static int take_samples(struct timing *t, struct sb_progress *progress, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < t->options->warmup && rc == 0; i++)
        rc = sb_plan_run(t->plan, NULL, err);
    const int64_t started = sb_now_ns();
    bool done = false;
    while (rc == 0 && (!done || t->samples->step_passes < t->options->step_passes)) {
        if (!done)
            rc = run_once(t, err);
        if (rc == 0 && t->samples->step_passes < t->options->step_passes)
            rc = run_steps(t, err);
        done = done || enough(t, sb_now_ns() - started);
        sb_progress_update(progress, t->samples->count);
    }
    return rc;
}

int sb_time_plan(struct sb_plan *plan, const struct sb_time_options *options,
                 struct sb_progress *progress, struct sb_samples *out, struct sb_error *err)
{
    struct timing t = {.plan = plan, .options = options, .samples = out};
    int rc = start_timing(&t, err);
    if (rc == 0)
        rc = take_samples(&t, progress, err);
    end_timing(&t);
    if (rc)
        sb_samples_release(out);
    return rc;
}

void sb_fill_inputs(struct sb_plan *plan, uint64_t seed)
{
    struct sb_rng rng = sb_rng_seed(seed);
    struct sb_shape shape;
    float *data;
    for (int i = 0; (data = sb_plan_input(plan, i, &shape)) != NULL; i++) {
        const size_t count = sb_shape_count(shape);
        for (size_t k = 0; k < count; k++)
            data[k] = (float)sb_rng_normal(&rng);
    }
}
