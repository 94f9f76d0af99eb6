/* Summaries of times. See measure_summary.h. */
#include "bench/measure_summary.h"

#include "base/mem.h"

#include <string.h>

/* values[pass] := ns of a level's steps (SB_LEVEL_COUNT: of all) in that pass. */
static struct sb_summary sum_steps(const struct sb_measurement *m, enum sb_level level,
                                   double *values)
{
    for (size_t pass = 0; pass < m->samples.step_passes; pass++)
        values[pass] = (double)sb_step_pass_ns(&m->samples, m->plan, pass, level);
    return sb_summarize(values, m->samples.step_passes);
}

static double reconcile(const struct sb_measurement *m, double *values)
{
    const struct sb_samples *s = &m->samples;
    const size_t pairs = s->step_passes < s->count ? s->step_passes : s->count;
    for (size_t i = 0; i < pairs; i++)
        values[i] = (double)sb_step_pass_ns(s, m->plan, i, SB_LEVEL_COUNT) / (double)s->ns[i];
    return sb_summarize(values, pairs).median;
}

int sb_measurement_summarize(const struct sb_measurement *m, struct sb_measurement_summary *out,
                             struct sb_error *err)
{
    const struct sb_samples *s = &m->samples;
    const size_t room = s->count > s->step_passes ? s->count : s->step_passes;
    double *values = sb_calloc(room + 1, sizeof(*values), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!values)
        return sb_error_nomem(err, "a summary", room * sizeof(*values));
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < s->num_steps; i++) {
        struct sb_step_info info;
        sb_plan_step_info(m->plan, i, &info);
        out->level[info.level].steps++;
        out->level[info.level].macs += m->step_costs[i].macs;
    }
    for (int level = 0; level < SB_LEVEL_COUNT; level++)
        out->level[level].ns = sum_steps(m, (enum sb_level)level, values);
    out->steps_ns = sum_steps(m, SB_LEVEL_COUNT, values);
    out->reconciliation = reconcile(m, values);
    for (size_t i = 0; i < s->count; i++)
        values[i] = (double)s->ns[i];
    out->ns = sb_summarize(values, s->count);
    sb_free(values);
    return 0;
}
