/* Histories: every run of a series and the levels fitted to them, a panel per series. */
#include "reports/figures.h"

#include "reports/figure_style.h"

#include <math.h>
#include <string.h>

#define MAX_PANELS    12 /* of the first series; more would be too small to read */
#define PANEL_HEIGHT  150.0
#define LEAST_RANGE   1.0 /* per cent to both sides: what is less looks flat */
#define COLOUR_POINTS 0
#define COLOUR_LEVELS 1

/* A series under way: records of kind history, from its point 0 on. */
struct series {
    struct sb_panel *panel;
    double first_level; /* what percentages are of */
    double low, high;   /* per cent that the panel shows */
    size_t count;       /* runs */
    const struct sb_record *before;
};

static double percent(const struct series *s, double value)
{
    return 100 * (value / s->first_level - 1);
}

static const char *title_of(struct sb_figure *f, const struct sb_record *r)
{
    const struct sb_cell *c = &r->cell;
    struct sb_str text = SB_STR_INIT;
    sb_str_printf(&text, "%s of %s", r->u.history.metric, c->model ? c->model : "?");
    if (r->u.history.dataset) {
        sb_str_puts(&text, " on ");
        sb_record_data_text(r->u.history.dataset, r->u.history.data_digest,
                            r->u.history.images_digest, &text);
    }
    if (c->size != SB_NO_INT)
        sb_str_printf(&text, " @%lld", (long long)c->size);
    if (c->batch != SB_NO_INT && c->batch != 1)
        sb_str_printf(&text, " x%lld", (long long)c->batch);
    if (c->threads != SB_NO_INT)
        sb_str_printf(&text, " %lldt", (long long)c->threads);
    if (c->engine)
        sb_str_printf(&text, " %s", c->engine);
    sb_str_printf(&text, ", machine %s", r->u.history.machine);
    const char *kept = sb_texts_keep(&f->texts, sb_str_text(&text));
    f->texts.failed = f->texts.failed || text.failed;
    sb_str_release(&text);
    return kept;
}

static void start_series(struct sb_figure *f, struct series *s, const struct sb_record *r)
{
    s->panel = sb_figure_panel(f, title_of(f, r));
    s->first_level = r->u.history.level;
    s->low = -LEAST_RANGE;
    s->high = LEAST_RANGE;
    s->before = NULL;
    s->count = 0;
    sb_figure_axis(f, &s->panel->x, "", SB_AXIS_LINEAR);
    sb_figure_axis(f, &s->panel->y, "change [%], measured", SB_AXIS_LINEAR);
    sb_figure_series(f, s->panel, "runs", SB_MARK_POINTS, COLOUR_POINTS);
    sb_figure_series(f, s->panel, "fitted level", SB_MARK_LINE, COLOUR_LEVELS);
    sb_figure_series(f, s->panel, "", SB_MARK_LABELS, COLOUR_LEVELS);
}

/* The step from the last record to this one, named when it counts. */
static void add_step(struct sb_figure *f, const struct series *s, const struct sb_record *r)
{
    const struct sb_history_record *h = &r->u.history;
    struct sb_series *levels = &s->panel->series[1];
    const double x = (double)h->point - 0.5, y = percent(s, h->level);
    if (s->before)
        sb_figure_point(f, levels, x, percent(s, s->before->u.history.level));
    sb_figure_point(f, levels, x, y);
    if (!h->counts || !s->before)
        return;
    const double middle = (y + percent(s, s->before->u.history.level)) / 2;
    struct sb_datum *label = sb_figure_point(f, &s->panel->series[2], x, middle);
    label->text = sb_texts_printf(&f->texts, "%+.1f %% in %.7s..%.7s", 100 * h->change,
                                  s->before->u.history.commit, h->commit);
}

static void add_point(struct sb_figure *f, struct series *s, const struct sb_record *r)
{
    const struct sb_history_record *h = &r->u.history;
    if (!s->before || s->before->u.history.level != h->level)
        add_step(f, s, r);
    struct sb_datum *d =
        sb_figure_point(f, &s->panel->series[0], (double)h->point, percent(s, h->value));
    d->y_low = percent(s, h->low);
    d->y_high = percent(s, h->high);
    d->tip = sb_texts_printf(&f->texts, "commit %.12s, %s: %+.2f %%", h->commit, h->started, d->y);
    s->low = fmin(fmin(s->low, d->y), d->y_low);
    s->high = fmax(fmax(s->high, d->y), d->y_high);
    s->count++;
    s->before = r;
}

static void end_series(struct sb_figure *f, struct series *s)
{
    if (!s->before)
        return;
    sb_figure_point(f, &s->panel->series[1], (double)s->before->u.history.point + 0.5,
                    percent(s, s->before->u.history.level));
    const double margin = 0.05 * (s->high - s->low);
    sb_figure_axis(f, &s->panel->x,
                   sb_texts_printf(&f->texts, "run in order of adding, n = %zu", s->count),
                   SB_AXIS_LINEAR);
    s->panel->y.low = s->low - margin;
    s->panel->y.high = s->high + margin;
    s->before = NULL;
}

int sb_figure_history(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    (void)err;
    struct series s = {0};
    size_t left_out = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != SB_RECORD_HISTORY)
            continue;
        if (r->u.history.point == 0) {
            end_series(f, &s);
            left_out += f->num_panels == MAX_PANELS;
            if (f->num_panels < MAX_PANELS)
                start_series(f, &s, r);
        }
        if (left_out == 0 && f->num_panels > 0)
            add_point(f, &s, r);
    }
    end_series(f, &s);
    f->title = "Runs over commits and where their level changed";
    f->has_key = true;
    f->panel_height = PANEL_HEIGHT;
    f->note = sb_texts_printf(
        &f->texts,
        "Against the first level; latencies as ratios to the reference kernel of the same session. "
        "Bars: 95 %% interval of a run's median or accuracy, where one process tells it. Steps are "
        "named when both sides have enough runs.%s",
        left_out ? " More series are in the table." : "");
    return 0;
}
