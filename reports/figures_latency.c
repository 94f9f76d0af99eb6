/* Distributions of latency: nested bars from the samples, a row per model. */
#include "reports/figures.h"

#include "reports/figure_style.h"
#include "reports/unit.h"

#include <math.h>

#define ROW_PIXELS 30.0

/* A bar between two quantiles. */
struct band {
    const char *name;
    double low, high, half; /* quantiles; half its height in rows */
    int colour;
};

static const struct band bands[] = {
    {"all samples", 0, 1, 0.10, SB_COLOUR_GREY},
    {"10 % to 90 %", 0.1, 0.9, 0.22, 4},
    {"25 % to 75 %", 0.25, 0.75, 0.32, 0},
};
#define N_BANDS (sizeof(bands) / sizeof(bands[0]))

static bool is_shown(const struct sb_row *row)
{
    return !sb_row_time_why(row);
}

static double largest_sample(const struct sb_report_rows *rows)
{
    double largest = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (is_shown(&rows->items[i]) && rows->items[i].time.max > largest)
            largest = rows->items[i].time.max;
    }
    return largest;
}

static double smallest_sample(const struct sb_report_rows *rows)
{
    double smallest = INFINITY;
    for (size_t i = 0; i < rows->count; i++) {
        if (is_shown(&rows->items[i]) && rows->items[i].time.min < smallest)
            smallest = rows->items[i].time.min;
    }
    return smallest;
}

static void add_bars(struct sb_figure *f, struct sb_panel *p, const struct sb_report_rows *rows,
                     const struct band *band, const struct sb_unit *unit)
{
    struct sb_series *s = sb_figure_series(f, p, band->name, SB_MARK_BARS, band->colour);
    double y = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct sb_row *row = &rows->items[i];
        if (!is_shown(row))
            continue;
        const double low = sb_quantile_sorted(row->samples, row->time.count, band->low);
        const double high = sb_quantile_sorted(row->samples, row->time.count, band->high);
        struct sb_datum *d = sb_figure_bar(f, s, low / unit->scale, high / unit->scale,
                                           y - band->half, y + band->half);
        d->tip = sb_texts_printf(&f->texts, "%s, %s: %.4g to %.4g %s, n = %zu", row->cell.model,
                                 band->name, low / unit->scale, high / unit->scale, unit->symbol,
                                 row->time.count);
        y++;
    }
}

static void add_medians(struct sb_figure *f, struct sb_panel *p, const struct sb_report_rows *rows,
                        const struct sb_unit *unit)
{
    struct sb_series *s = sb_figure_series(f, p, "median and its 95 % interval", SB_MARK_POINTS, 1);
    double y = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct sb_row *row = &rows->items[i];
        if (!is_shown(row))
            continue;
        struct sb_datum *d = sb_figure_point(f, s, row->time.median / unit->scale, y);
        if (row->time.interval.known) {
            d->x_low = row->time.interval.low / unit->scale;
            d->x_high = row->time.interval.high / unit->scale;
        }
        d->tip = sb_texts_printf(&f->texts, "%s: median %.4g %s, n = %zu", row->cell.model, d->x,
                                 unit->symbol, row->time.count);
        sb_figure_tick(f, &p->y, y,
                       sb_texts_printf(&f->texts, "%s (n = %zu)", sb_row_cell_name(f, rows, row),
                                       row->time.count));
        y++;
    }
    p->y.low = -0.5;
    p->y.high = y - 0.5;
    f->panel_height = 14 + ROW_PIXELS * y;
}

int sb_figure_distribution(struct sb_figure *f, const struct sb_records *records,
                           struct sb_error *err)
{
    struct sb_report_rows rows;
    const int rc = sb_report_rows_collect(&rows, records, SB_ROWS_MODEL, err);
    if (rc)
        return rc;
    const double most = largest_sample(&rows);
    if (most > 0) {
        const struct sb_unit *unit = sb_unit_choose(SB_QUANTITY_TIME, most);
        struct sb_panel *p = sb_figure_panel(f, "");
        const bool wide = most > 20 * smallest_sample(&rows);
        sb_figure_axis(f, &p->x, sb_texts_printf(&f->texts, "Latency [%s], measured", unit->symbol),
                       wide ? SB_AXIS_LOG : SB_AXIS_LINEAR);
        sb_figure_axis(f, &p->y, "", SB_AXIS_NAMES);
        p->y.reversed = true;
        p->x.from_zero = true;
        for (size_t b = 0; b < N_BANDS; b++)
            add_bars(f, p, &rows, &bands[b], unit);
        add_medians(f, p, &rows, unit);
    }
    f->title = "Distribution of latencies";
    f->has_key = true;
    f->note = "End to end, every sample counts. Quantiles are samples (inverse distribution "
              "function).";
    sb_report_rows_release(&rows);
    return 0;
}
