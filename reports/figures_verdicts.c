/* Verdicts of comparisons and gates: the ratio of each cell with its interval. */
#include "reports/figures.h"

#include "reports/figure_style.h"
#include "reports/record_tables.h"

#include <math.h>
#include <string.h>

#define ROW_PIXELS 24.0
#define LABELS     0    /* the series of the texts behind the intervals */
#define TEXT_ROOM  0.18 /* of what the points span */

static const struct {
    const char *verdict;
    int colour;
} colours[] = {{"REGRESSED", 1}, {"IMPROVED", 2}, {"SAME", 0}, {"UNRESOLVED", 3}, {"NOISY", 5}};

static int colour_of(const char *verdict)
{
    for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
        if (strcmp(colours[i].verdict, verdict) == 0)
            return colours[i].colour;
    }
    return SB_COLOUR_GREY;
}

static double end_of(const struct sb_datum *d)
{
    return isnan(d->x_high) ? d->x : d->x_high;
}

/* The axis ends where the rightmost text does. */
static void make_room(struct sb_panel *p)
{
    double low = 0, high = 0;
    for (size_t s = 0; s < p->num_series; s++) {
        for (size_t i = 0; i < p->series[s].count; i++) {
            const struct sb_datum *const d = &p->series[s].data[i];
            low = fmin(low, isnan(d->x_low) ? d->x : d->x_low);
            high = fmax(high, end_of(d));
        }
    }
    if (high > low)
        p->x.high = high + TEXT_ROOM * (high - low);
}

static void add_verdict(struct sb_figure *f, struct sb_panel *p, const struct sb_record *r,
                        double y)
{
    const struct sb_verdict_record *v = &r->u.verdict;
    const char *model = r->cell.model ? r->cell.model : "all cells";
    if (f->texts.failed)
        return;
    struct sb_datum *d = sb_figure_point(
        f, sb_figure_series_named(f, p, v->verdict, SB_MARK_POINTS, colour_of(v->verdict)),
        100 * (v->ratio - 1), y);
    d->x_low = 100 * (v->low - 1);
    d->x_high = 100 * (v->high - 1);
    d->tip = sb_texts_printf(&f->texts, "%s, %s: %+.2f %%, %s", model, v->metric, d->x, v->verdict);
    sb_figure_point(f, &p->series[LABELS], end_of(d), y)->text =
        sb_texts_printf(&f->texts, "%+.1f %%", d->x);
    const char *name =
        r->cell.size == SB_NO_INT
            ? sb_texts_printf(&f->texts, "%s: %s", model, v->metric)
            : sb_texts_printf(&f->texts, "%s @%lld: %s", model, (long long)r->cell.size, v->metric);
    if (v->rounds != SB_NO_INT)
        name = sb_texts_printf(&f->texts, "%s (n = %lld)", name, (long long)v->rounds);
    else if (v->base_samples != SB_NO_INT && v->head_samples != SB_NO_INT)
        name = sb_texts_printf(&f->texts, "%s (n = %lld, %lld)", name, (long long)v->base_samples,
                               (long long)v->head_samples);
    sb_figure_tick(f, &p->y, y, name);
}

int sb_figure_verdicts(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    (void)err;
    struct sb_panel *p = NULL;
    double y = 0;
    for (size_t i = 0; i < records->count; i++) {
        const struct sb_record *r = &records->items[i];
        if (r->kind != SB_RECORD_VERDICT || isnan(r->u.verdict.ratio))
            continue;
        if (!p) {
            p = sb_figure_panel(f, "");
            sb_figure_axis(f, &p->x, "Head against base [%], measured", SB_AXIS_LINEAR);
            sb_figure_axis(f, &p->y, "", SB_AXIS_NAMES);
            p->y.reversed = true;
            sb_figure_series(f, p, "", SB_MARK_LABELS, SB_COLOUR_GREY);
        }
        add_verdict(f, p, r, y++);
    }
    if (p) {
        p->y.low = -0.5;
        p->y.high = y - 0.5;
        make_room(p);
        struct sb_series *zero = sb_figure_series(f, p, "", SB_MARK_LINE, SB_COLOUR_GREY);
        sb_figure_point(f, zero, 0, p->y.low);
        sb_figure_point(f, zero, 0, p->y.high);
        f->panel_height = 14 + ROW_PIXELS * y;
    }
    f->title = "Head against base";
    f->has_key = true;
    f->note = sb_texts_printf(
        &f->texts, "%s n: %s; what has none is counted. Below 0: the head has less.",
        sb_verdicts_note(records),
        sb_verdicts_have_rounds(records)
            ? "rounds"
            : "runs of base and head, or processes, each with a median of its own");
    return 0;
}
