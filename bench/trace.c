/* Traces. See trace.h. */
#include "bench/trace.h"

#include "base/file.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum row { ROW_STEPS = 1, ROW_BLOCKS, ROW_LEVELS };

static size_t fastest_pass(const struct sb_samples *s)
{
    size_t best = 0;
    int64_t best_ns = INT64_MAX;
    for (size_t pass = 0; pass < s->step_passes; pass++) {
        int64_t sum = 0;
        for (size_t i = 0; i < s->num_steps; i++)
            sum += s->step_ns[pass * s->num_steps + i];
        if (sum < best_ns) {
            best_ns = sum;
            best = pass;
        }
    }
    return best;
}

static void name_row(struct sb_jw *w, enum row row, const char *name)
{
    sb_jw_object(w, NULL);
    sb_jw_string(w, "ph", "M");
    sb_jw_string(w, "name", "thread_name");
    sb_jw_int(w, "pid", 1);
    sb_jw_int(w, "tid", row);
    sb_jw_object(w, "args");
    sb_jw_string(w, "name", name);
    sb_jw_end(w);
    sb_jw_end(w);
}

/* Opens a complete event; the caller may add "args" and ends it. Times are in microseconds. */
static void begin_event(struct sb_jw *w, const char *name, enum row row, int64_t start_ns,
                        int64_t ns)
{
    sb_jw_object(w, NULL);
    sb_jw_string(w, "ph", "X");
    sb_jw_string(w, "name", name);
    sb_jw_int(w, "pid", 1);
    sb_jw_int(w, "tid", row);
    sb_jw_double(w, "ts", (double)start_ns / 1000);
    sb_jw_double(w, "dur", (double)ns / 1000);
}

static void put_step(struct sb_jw *w, const struct sb_measurement *m, size_t step,
                     const struct sb_step_info *info, int64_t start_ns, int64_t ns)
{
    char shape[96];
    snprintf(shape, sizeof(shape), "%" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64, info->shape.n,
             info->shape.c, info->shape.h, info->shape.w);
    begin_event(w, info->path, ROW_STEPS, start_ns, ns);
    sb_jw_string(w, "cat", sb_op_name(info->op));
    sb_jw_object(w, "args");
    sb_jw_string(w, "kernel", info->kernel);
    sb_jw_string(w, "level", sb_level_name(info->level));
    sb_jw_string(w, "shape", shape);
    sb_jw_int(w, "macs", m->step_costs[step].macs);
    sb_jw_double(w, "gflop_per_s", ns > 0 ? 2 * (double)m->step_costs[step].macs / (double)ns : 0);
    sb_jw_end(w);
    sb_jw_end(w);
}

/* A span that grows over neighbouring steps with the same text. */
struct span {
    enum row row;
    const char *name;
    int64_t start_ns, end_ns;
};

static void close_span(struct sb_jw *w, const struct span *span)
{
    if (!span->name)
        return;
    begin_event(w, span->name, span->row, span->start_ns, span->end_ns - span->start_ns);
    sb_jw_end(w);
}

static void grow_span(struct sb_jw *w, struct span *span, const char *name, int64_t start_ns,
                      int64_t ns)
{
    if (!span->name || strcmp(span->name, name) != 0) {
        close_span(w, span);
        span->name = name;
        span->start_ns = start_ns;
    }
    span->end_ns = start_ns + ns;
}

static void put_pass(struct sb_jw *w, const struct sb_measurement *m)
{
    const struct sb_samples *s = &m->samples;
    const int64_t *step_ns = s->step_ns + fastest_pass(s) * s->num_steps;
    struct span block = {.row = ROW_BLOCKS}, level = {.row = ROW_LEVELS};
    int64_t now = 0;
    for (size_t i = 0; i < s->num_steps; i++) {
        struct sb_step_info info;
        sb_plan_step_info(m->plan, i, &info);
        put_step(w, m, i, &info, now, step_ns[i]);
        grow_span(w, &block, info.block, now, step_ns[i]);
        grow_span(w, &level, sb_level_name(info.level), now, step_ns[i]);
        now += step_ns[i];
    }
    close_span(w, &block);
    close_span(w, &level);
}

int sb_trace_write(const struct sb_measurement *m, const char *path, struct sb_error *err)
{
    struct sb_str out = SB_STR_INIT;
    struct sb_jw w;
    if (m->samples.step_passes == 0)
        return sb_error_set(err, SB_EINVAL, "a trace needs at least one step pass");
    sb_jw_init(&w, &out, 0);
    sb_jw_object(&w, NULL);
    sb_jw_string(&w, "displayTimeUnit", "ms");
    sb_jw_array(&w, "traceEvents");
    name_row(&w, ROW_STEPS, "steps");
    name_row(&w, ROW_BLOCKS, "blocks");
    name_row(&w, ROW_LEVELS, "levels");
    put_pass(&w, m);
    sb_jw_end(&w);
    sb_jw_end(&w);
    sb_str_puts(&out, "\n");
    const int rc = out.failed ? sb_error_nomem(err, "a trace", out.length)
                              : sb_write_file(path, out.data, out.length, err);
    sb_str_release(&out);
    return rc;
}
