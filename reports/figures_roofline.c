/* Roofline: the speed of every step against its arithmetic intensity, coloured by level, under the
 * machine's roof: the lesser of its peak and of bandwidth x intensity, as measured beside the
 * times. */
#include "reports/figures.h"

#include "reports/figure_style.h"

#include <math.h>
#include <string.h>

#define MAX_PANELS  6 /* of the first cells; more would be too small to read */
#define ROOF_COLOUR 6 /* black */

/* Least and greatest intensity of the steps shown. */
struct range {
    double low, high;
};

/* Bytes that a step moves at least: inputs, output and weights once each. */
static double bytes_of(const struct sb_row *row)
{
    const int64_t bytes = sb_row_moved_bytes(row);
    return bytes == SB_NO_INT ? (double)NAN : (double)bytes;
}

static bool is_shown(const struct sb_row *row)
{
    return row->has_cost && row->cost.macs > 0 && !sb_row_time_why(row) && bytes_of(row) > 0;
}

static void add_step(struct sb_figure *f, struct sb_panel *p, const struct sb_row *row)
{
    const double flops = 2 * (double)row->cost.macs;
    const char *level = row->part.level ? row->part.level : "other";
    struct sb_series *s =
        sb_figure_series_named(f, p, level, SB_MARK_POINTS, sb_level_colour(level));
    struct sb_datum *d = sb_figure_point(f, s, flops / bytes_of(row), flops / row->time.median);
    if (row->time.interval.known) {
        d->y_low = flops / row->time.interval.high;
        d->y_high = flops / row->time.interval.low;
    }
    d->tip = sb_texts_printf(&f->texts, "%s (%s, %s): %.3g FLOP/byte, %.3g GFLOP/s, %.3g ms",
                             row->part.node, row->part.op ? row->part.op : "?", level, d->x, d->y,
                             row->time.median / 1e6);
}

static struct range intensities(const struct sb_report_rows *rows)
{
    struct range range = {INFINITY, 0};
    for (size_t i = 0; i < rows->count; i++) {
        const struct sb_row *row = &rows->items[i];
        if (!is_shown(row))
            continue;
        const double at = 2 * (double)row->cost.macs / bytes_of(row);
        range.low = fmin(range.low, at);
        range.high = fmax(range.high, at);
    }
    return range;
}

/* Bandwidth up to the ridge, peak from there on; false where they were not measured. */
static bool add_roof(struct sb_figure *f, struct sb_panel *p, const struct sb_time_record *machine,
                     const struct range *range)
{
    if (!machine || !(machine->peak_flops > 0) || !(machine->peak_bytes_per_s > 0))
        return false;
    const double peak = machine->peak_flops / 1e9, bandwidth = machine->peak_bytes_per_s / 1e9;
    const double ridge = peak / bandwidth;
    const double low = fmin(range->low, ridge / 2), high = fmax(range->high, ridge * 4);
    struct sb_series *s =
        sb_figure_series(f, p, "machine's bandwidth and peak", SB_MARK_LINE, ROOF_COLOUR);
    sb_figure_point(f, s, low, bandwidth * low);
    sb_figure_point(f, s, ridge, peak);
    sb_figure_point(f, s, high, peak);
    return true;
}

static const char *roof_note(const struct sb_figure *f, size_t num_roofs)
{
    if (num_roofs == 0)
        return "No roof is drawn: the machine's peak and bandwidth were not measured.";
    return num_roofs < f->num_panels
               ? "Roof: the machine's measured bandwidth and peak with as many threads, not drawn "
                 "where they were not measured."
               : "Roof: the machine's measured bandwidth and peak with as many threads.";
}

int sb_figure_roofline(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    struct sb_report_rows rows;
    const int rc = sb_report_rows_collect(&rows, records, SB_ROWS_NODE, err);
    if (rc)
        return rc;
    struct sb_panel *p = NULL;
    const struct sb_row *cell = NULL;
    const struct range range = intensities(&rows);
    size_t num_roofs = 0, left_out = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const struct sb_row *row = &rows.items[i];
        if (!is_shown(row))
            continue;
        if (!cell || !sb_rows_same_cell(cell, row)) {
            cell = row;
            left_out += f->num_panels == MAX_PANELS;
        }
        if (left_out)
            continue;
        if (cell == row) {
            p = sb_figure_panel(f, sb_row_cell_name(f, &rows, row));
            sb_figure_axis(f, &p->x, "Arithmetic intensity [FLOP/byte], computed", SB_AXIS_LOG);
            sb_figure_axis(f, &p->y, "Speed [GFLOP/s], measured", SB_AXIS_LOG);
            num_roofs += add_roof(f, p, sb_row_peak(&rows, row), &range);
            sb_figure_add_levels(f, p, &rows, SB_MARK_POINTS);
        }
        add_step(f, p, row);
    }
    f->title = "Roofline: every step with multiply-adds";
    f->columns = f->num_panels > 1 ? 2 : 1;
    f->has_key = f->same_axes = true;
    f->panel_height = 230;
    f->note = sb_texts_printf(
        &f->texts,
        "Speed: 2 x multiply-adds / median time with its 95 %% interval, %s. Intensity: FLOPs per "
        "byte of inputs, output "
        "and weights, each moved once; what caches hold may stand above the bandwidth. Winograd "
        "kernels compute fewer products than are counted, so they may stand above the peak. %s%s",
        sb_row_samples(f, &rows), roof_note(f, num_roofs),
        left_out ? sb_texts_printf(&f->texts, " Not drawn, for want of room: %zu more.", left_out)
                 : "");
    sb_report_rows_release(&rows);
    return 0;
}
