/* Timed runs of a plan. See latency.h. */
#include "bench/latency.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/size.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_samples_release(struct sb_samples *samples)
{
    sb_free(samples->ns);
    sb_free(samples->step_ns);
    memset(samples, 0, sizeof(*samples));
}

static int make_room(struct sb_samples *s, size_t runs, size_t steps, size_t passes,
                     struct sb_error *err)
{
    size_t step_samples = 0;
    memset(s, 0, sizeof(*s));
    s->ns = sb_calloc(runs, sizeof(*s->ns), TAG);
    if (sb_mul_size(steps, passes, &step_samples))
        s->step_ns = sb_calloc(step_samples + 1, sizeof(*s->step_ns), TAG);
    if (!s->ns || !s->step_ns)
        return sb_error_nomem(err, "samples", (runs + step_samples) * sizeof(*s->ns));
    s->capacity = runs;
    s->num_steps = steps;
    return 0;
}

static int warm_up(struct sb_plan *plan, size_t runs, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < runs && rc == 0; i++)
        rc = sb_plan_run(plan, NULL, err);
    return rc;
}

static int run_once(struct sb_plan *plan, struct sb_samples *s, struct sb_error *err)
{
    const int64_t before = sb_now_ns();
    const int rc = sb_plan_run(plan, NULL, err);
    s->ns[s->count++] = sb_now_ns() - before;
    return rc;
}

static int run_steps(struct sb_plan *plan, struct sb_samples *s, struct sb_error *err)
{
    const struct sb_run_options options = {.step_ns = s->step_ns + s->step_passes * s->num_steps};
    s->step_passes++;
    return sb_plan_run(plan, &options, err);
}

static bool enough(const struct sb_samples *s, const struct sb_stop_rule *rule, int64_t elapsed)
{
    return s->count >= rule->max_runs || (s->count >= rule->min_runs && elapsed >= rule->max_ns);
}

int sb_time_plan(struct sb_plan *plan, size_t warmup, const struct sb_stop_rule *rule,
                 size_t step_passes, struct sb_progress *progress, struct sb_samples *out,
                 struct sb_error *err)
{
    int rc = make_room(out, rule->max_runs, sb_plan_num_steps(plan), step_passes, err);
    if (rc == 0)
        rc = warm_up(plan, warmup, err);
    const int64_t started = sb_now_ns();
    bool done = false;
    while (rc == 0 && (!done || out->step_passes < step_passes)) {
        if (!done)
            rc = run_once(plan, out, err);
        if (rc == 0 && out->step_passes < step_passes)
            rc = run_steps(plan, out, err);
        done = enough(out, rule, sb_now_ns() - started);
        sb_progress_update(progress, out->count);
    }
    if (rc)
        sb_samples_release(out);
    return rc;
}

int64_t sb_step_pass_ns(const struct sb_samples *samples, const struct sb_plan *plan, size_t pass,
                        enum sb_level level)
{
    int64_t sum = 0;
    for (size_t s = 0; s < samples->num_steps; s++) {
        struct sb_step_info info;
        sb_plan_step_info(plan, s, &info);
        if (level == SB_LEVEL_COUNT || info.level == level)
            sum += samples->step_ns[pass * samples->num_steps + s];
    }
    return sum;
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
