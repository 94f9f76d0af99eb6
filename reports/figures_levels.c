/* Cost, time and memory per level as stacked bars, one bar per model and panel. */
#include "reports/figures.h"

#include "reports/figure_style.h"
#include "reports/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BAR_HALF   0.36
#define BAR_PIXELS 30.0

#define COLOUR_INTERVAL 6

/* What a panel stacks. */
struct quantity {
    const char *title; /* "Time" */
    enum sb_quantity quantity;
    const char *source;                      /* "measured" */
    double (*value)(const struct sb_row *r); /* base units; NaN for none */
};

static double macs_of(const struct sb_row *r)
{
    return r->has_cost ? (double)r->cost.macs : NAN;
}

static double time_of(const struct sb_row *r)
{
    return sb_row_time_why(r) ? NAN : r->time.median;
}

static double weights_of(const struct sb_row *r)
{
    if (r->memory.weight_bytes != SB_NO_INT)
        return (double)r->memory.weight_bytes;
    return r->has_cost ? (double)r->cost.param_bytes : NAN;
}

static double outputs_of(const struct sb_row *r)
{
    if (r->memory.arena_bytes != SB_NO_INT)
        return (double)r->memory.arena_bytes;
    return r->has_cost ? (double)r->cost.activation_bytes : NAN;
}

static const struct quantity quantities[] = {
    {"Multiply-adds", SB_QUANTITY_AMOUNT, "computed", macs_of},
    {"Time", SB_QUANTITY_TIME, "measured", time_of},
    {"Memory of weights", SB_QUANTITY_BYTES, "computed", weights_of},
    {"Memory of outputs", SB_QUANTITY_BYTES, "computed", outputs_of},
};
#define N_QUANTITIES (sizeof(quantities) / sizeof(quantities[0]))

/* One past the last row of the cell that starts at `begin`. */
static size_t cell_end(const struct sb_report_rows *rows, size_t begin)
{
    size_t end = begin + 1;
    while (end < rows->count && sb_rows_same_cell(&rows->items[begin], &rows->items[end]))
        end++;
    return end;
}

static double sum_of(const struct sb_report_rows *rows, size_t begin, size_t end,
                     const struct quantity *q)
{
    double sum = 0;
    for (size_t i = begin; i < end; i++) {
        const double value = q->value(&rows->items[i]);
        sum += isfinite(value) ? value : 0;
    }
    return sum;
}

/* The interval of a level's time at the end of its part of the bar; those of neighbours stand apart
 * in height. Returns how far it reaches. */
static double add_interval(struct sb_figure *f, struct sb_panel *p, const struct sb_row *row,
                           double start, const struct sb_unit *unit, double y)
{
    static const double heights[] = {-0.27, 0.27}; /* clear of the texts in the middle */
    const struct sb_interval *const i = &row->time.interval;
    struct sb_series *s =
        sb_figure_series_named(f, p, "95 % interval", SB_MARK_WHISKERS, COLOUR_INTERVAL);
    struct sb_datum *d =
        sb_figure_point(f, s, (start + row->time.median) / unit->scale, y + heights[s->count % 2]);
    d->x_low = (start + i->low) / unit->scale;
    d->x_high = (start + i->high) / unit->scale;
    return start + i->high;
}

/* Stacks the levels of one cell at height y; returns where the bar or its last interval ends. */
static double stack(struct sb_figure *f, struct sb_panel *p, const struct sb_report_rows *rows,
                    size_t begin, size_t end, const struct quantity *q, const struct sb_unit *unit,
                    double y)
{
    const double sum = sum_of(rows, begin, end, q);
    double at = 0, reach = 0;
    for (size_t i = begin; i < end && sum > 0; i++) {
        const struct sb_row *row = &rows->items[i];
        const char *level = sb_row_label(rows, row);
        struct sb_series *s =
            sb_figure_series_named(f, p, level, SB_MARK_BARS, sb_level_colour(level));
        const double value = q->value(row);
        if (!isfinite(value) || value <= 0)
            continue;
        struct sb_datum *d = sb_figure_bar(f, s, at / unit->scale, (at + value) / unit->scale,
                                           y - BAR_HALF, y + BAR_HALF);
        if (q->value == time_of && row->time.interval.known)
            reach = fmax(reach, add_interval(f, p, row, at, unit, y));
        at += value;
        reach = fmax(reach, at);
        char number[SB_NUMBER_SIZE];
        sb_number_text(value / unit->scale, sb_significant_decimals(value / unit->scale, 3),
                       number);
        d->text = sb_texts_printf(&f->texts, "%s %.0f%%", level, 100 * value / sum);
        d->tip = sb_texts_printf(&f->texts, "%s, %s: %s %s, %.1f %%", row->cell.model, level,
                                 number, unit->symbol, 100 * value / sum);
    }
    return reach;
}

/* The total behind the end of a bar. */
static void say_total(struct sb_figure *f, struct sb_panel *p, double sum, double end,
                      const struct sb_unit *unit, double y)
{
    char number[SB_NUMBER_SIZE];
    const double value = sum / unit->scale;
    struct sb_series *s = sb_figure_series(f, p, "", SB_MARK_LABELS, SB_COLOUR_GREY);
    struct sb_datum *d = sb_figure_point(f, s, end / unit->scale, y);
    sb_number_text(value, sb_significant_decimals(value, 3), number);
    d->text = sum > 0 ? sb_texts_printf(&f->texts, "%s %s", number, unit->symbol) : "none recorded";
}

static void add_panel(struct sb_figure *f, const struct sb_report_rows *rows,
                      const struct quantity *q)
{
    double largest = 0, y = 0, reach = 0;
    for (size_t i = 0; i < rows->count; i = cell_end(rows, i)) {
        const double sum = sum_of(rows, i, cell_end(rows, i), q);
        largest = sum > largest ? sum : largest;
    }
    if (largest == 0)
        return;
    const struct sb_unit *unit = sb_unit_choose(q->quantity, largest);
    struct sb_panel *p = sb_figure_panel(
        f, sb_texts_printf(&f->texts, "%s [%s], %s", q->title, unit->symbol, q->source));
    sb_figure_axis(f, &p->x, "", SB_AXIS_LINEAR);
    sb_figure_axis(f, &p->y, "", SB_AXIS_NAMES);
    p->x.from_zero = true;
    p->y.reversed = true;
    sb_figure_add_levels(f, p, rows, SB_MARK_BARS);
    for (size_t i = 0; i < rows->count; i = cell_end(rows, i)) {
        const size_t end = cell_end(rows, i);
        const double at = stack(f, p, rows, i, end, q, unit, y);
        say_total(f, p, sum_of(rows, i, end, q), at, unit, y);
        sb_figure_tick(f, &p->y, y++, sb_row_cell_name(f, rows, &rows->items[i]));
        reach = fmax(reach, at);
    }
    p->x.high = 1.18 * reach / unit->scale; /* room for the totals */
    p->y.low = -0.5;
    p->y.high = y - 0.5;
    f->panel_height = 14 + BAR_PIXELS * y;
}

int sb_figure_levels(struct sb_figure *f, const struct sb_records *records, struct sb_error *err)
{
    struct sb_report_rows rows;
    const int rc = sb_report_rows_collect(&rows, records, SB_ROWS_LEVEL, err);
    if (rc)
        return rc;
    f->title = "Share of each level in cost, time and memory";
    f->has_key = true;
    for (size_t q = 0; q < N_QUANTITIES; q++)
        add_panel(f, &rows, &quantities[q]);
    f->note = sb_texts_printf(
        &f->texts,
        "Time: median of each level's sum over its steps and its 95 %% interval, %s repetitions. "
        "Outputs: bytes that the level's steps write; the planned arena is smaller, because levels "
        "reuse memory.",
        sb_row_samples(f, &rows));
    sb_report_rows_release(&rows);
    return 0;
}
