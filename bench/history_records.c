/* Steps of a history as text, and its points as records. See history.h. */
#include "bench/history.h"

#include <math.h>
#include <string.h>

bool sb_history_is_worse(const struct sb_history_series *series, size_t segment)
{
    const struct sb_history_segment *s = &series->segments[segment];
    return s->counts && (s->change > 0) != series->higher_is_better;
}

static void put_cell(const struct sb_history_series *series, struct sb_str *out)
{
    const struct sb_cell *c = &series->cell;
    sb_str_printf(out, "%s of %s", series->metric, c->model ? c->model : "?");
    if (series->dataset) {
        sb_str_puts(out, " on ");
        sb_record_data_text(series->dataset, series->data_digest, series->images_digest, out);
    }
    if (c->size != SB_NO_INT)
        sb_str_printf(out, " at %lld", (long long)c->size);
    if (c->batch != SB_NO_INT && c->batch != 1)
        sb_str_printf(out, ", batch %lld", (long long)c->batch);
    if (c->threads != SB_NO_INT)
        sb_str_printf(out, ", %lld thread%s", (long long)c->threads, sb_plural((size_t)c->threads));
    if (c->engine)
        sb_str_printf(out, ", %s", c->engine);
    if (c->scenario)
        sb_str_printf(out, ", %s", c->scenario);
}

void sb_history_step_text(const struct sb_history_series *series, size_t segment,
                          struct sb_str *out)
{
    const struct sb_history_segment *after = &series->segments[segment], *before = after - 1;
    const char *from = series->points[after->first - 1].run->u.run.commit;
    const char *to = series->points[after->first].run->u.run.commit;
    put_cell(series, out);
    sb_str_printf(out, " %s by %.1f %% ", after->change > 0 ? "rose" : "fell",
                  100 * fabs(after->change));
    if (strcmp(from, to) == 0)
        sb_str_printf(out, "within commit %.12s: the machine or its state moved, not the program",
                      from);
    else
        sb_str_printf(out, "in %.12s..%.12s", from, to);
    sb_str_printf(out, " (machine %s; %zu points before, %zu since)", series->machine,
                  before->count, after->count);
}

static int emit_point(const struct sb_history_series *series, size_t segment, size_t point,
                      sb_record_fn emit, void *ctx, struct sb_error *err)
{
    const struct sb_history_segment *s = &series->segments[segment];
    const struct sb_record *run = series->points[point].run;
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_HISTORY);
    r.run = run->run;
    r.cell = series->cell;
    r.u.history = (struct sb_history_record){
        .metric = series->metric,
        .dataset = series->dataset,
        .data_digest = series->data_digest,
        .images_digest = series->images_digest,
        .machine = series->machine,
        .commit = run->u.run.commit,
        .started = run->u.run.started,
        .point = (int64_t)point,
        .value = series->points[point].value,
        .low = series->points[point].low,
        .high = series->points[point].high,
        .level = s->level,
        .change = point == s->first ? s->change : (double)NAN,
        .counts = point == s->first && s->counts,
    };
    if (!series->dataset)
        sb_record_because(&r, "dataset", "not an accuracy");
    if (!series->data_digest)
        sb_record_because(&r, "data_digest", series->dataset ? "not recorded" : "not an accuracy");
    if (!series->images_digest)
        sb_record_because(&r, "images_digest",
                          series->dataset ? "not recorded" : "not an accuracy");
    if (isnan(r.u.history.change))
        sb_record_because(&r, "change",
                          segment ? "not the first point of a segment" : "no segment before");
    if (isnan(r.u.history.low)) {
        sb_record_because(&r, "low", "not known for one number, few samples or several processes");
        sb_record_because(&r, "high", "not known for one number, few samples or several processes");
    }
    return emit(ctx, &r, err);
}

int sb_history_records(const struct sb_history *h, sb_record_fn emit, void *ctx,
                       struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < h->count && rc == 0; i++) {
        const struct sb_history_series *series = &h->series[i];
        for (size_t k = 0; k < series->num_segments && rc == 0; k++) {
            const struct sb_history_segment *s = &series->segments[k];
            for (size_t p = s->first; p < s->first + s->count && rc == 0; p++)
                rc = emit_point(series, k, p, emit, ctx, err);
        }
    }
    return rc;
}
