/* Ranges that hold the data, and ticks at round values. See figure.h. */
#include "reports/figure_axis.h"

#include "reports/figure_style.h"
#include "reports/unit.h"

#include <math.h>
#include <string.h>

#define WANTED_TICKS 6
#define TICK_WIDTH   42.0 /* pixels that a label needs */
#define TICK_HEIGHT  24.0
#define MARGIN       0.05 /* of a range beyond its data */
#define TEXT_MARGIN  0.1
#define AROUND       70.0 /* beside a panel, for the labels of its y axis */

static void widen(double *low, double *high, double value)
{
    if (!isfinite(value))
        return;
    *low = isnan(*low) || value < *low ? value : *low;
    *high = isnan(*high) || value > *high ? value : *high;
}

/* Least and greatest value on an axis, intervals and bars included; NaN without data. */
static void data_range(const struct sb_panel *panel, const struct sb_axis *axis, double *low,
                       double *high)
{
    const bool is_x = axis == &panel->x;
    *low = *high = NAN;
    for (size_t s = 0; s < panel->num_series; s++) {
        for (size_t i = 0; i < panel->series[s].count; i++) {
            const struct sb_datum *d = &panel->series[s].data[i];
            widen(low, high, is_x ? d->x : d->y);
            widen(low, high, is_x ? d->x_low : d->y_low);
            widen(low, high, is_x ? d->x_high : d->y_high);
        }
    }
}

/* 1, 2 or 5 times a power of ten, so that about so many of them fill the span. */
static double round_step(double span, size_t ticks)
{
    const double rough = span / (double)ticks;
    const double power = pow(10, floor(log10(rough)));
    const double times = rough / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static void linear_range(struct sb_axis *axis, double low, double high, double share)
{
    if (axis->from_zero && low > 0)
        low = 0;
    if (high <= low)
        high = low + (low != 0 ? fabs(low) : 1);
    const double margin = share * (high - low);
    if (isnan(axis->low))
        axis->low = axis->from_zero && low == 0 ? 0 : low - margin;
    if (isnan(axis->high))
        axis->high = high + margin;
}

static void linear_ticks(struct sb_figure *f, struct sb_axis *axis, size_t most)
{
    const double step =
        round_step(axis->high - axis->low, most < WANTED_TICKS ? most : WANTED_TICKS);
    const int decimals = sb_significant_decimals(step, 1);
    const double first = ceil(axis->low / step - 1e-9), last = floor(axis->high / step + 1e-9);
    for (double i = first; i <= last; i++) {
        char text[SB_NUMBER_SIZE];
        sb_number_text(i * step, decimals, text);
        sb_figure_tick(f, axis, i * step, text);
    }
}

static void log_range(struct sb_axis *axis, double low, double high, double share)
{
    low = low > 0 ? low : 1e-9;
    high = high > low ? high : low * 10;
    if (isnan(axis->low))
        axis->low = low / pow(high / low, share);
    if (isnan(axis->high))
        axis->high = high * pow(high / low, share);
}

/* Ticks of a logarithmic axis: some numbers in every decade, or 1 in every few. */
struct log_ticks {
    int count, decades;
    double times[3];
};

static bool is_log_tick(const struct sb_axis *axis, const struct log_ticks *ticks, double e, int i)
{
    const double at = ticks->times[i] * pow(10, e);
    return fmod(e, ticks->decades) == 0 && at >= axis->low * (1 - 1e-9) &&
           at <= axis->high * (1 + 1e-9);
}

static size_t count_log_ticks(const struct sb_axis *axis, const struct log_ticks *ticks)
{
    size_t count = 0;
    for (double e = floor(log10(axis->low)); e <= ceil(log10(axis->high)); e++) {
        for (int i = 0; i < ticks->count; i++)
            count += is_log_tick(axis, ticks, e, i);
    }
    return count;
}

/* As dense as fits; where even the densest gives less than three ticks, those of a linear axis. */
static void log_ticks(struct sb_figure *f, struct sb_axis *axis, size_t most)
{
    static const struct log_ticks densities[] = {{3, 1, {1, 2, 5}}, {2, 1, {1, 3}}, {1, 1, {1}},
                                                 {1, 2, {1}},       {1, 3, {1}},    {1, 6, {1}}};
    const size_t last = sizeof(densities) / sizeof(densities[0]) - 1;
    size_t chosen = 0;
    while (chosen < last && count_log_ticks(axis, &densities[chosen]) > most)
        chosen++;
    const struct log_ticks *const ticks = &densities[chosen];
    if (chosen == 0 && count_log_ticks(axis, ticks) < 3) {
        linear_ticks(f, axis, most);
        return;
    }
    for (double e = floor(log10(axis->low)); e <= ceil(log10(axis->high)); e++) {
        for (int i = 0; i < ticks->count; i++) {
            char text[SB_NUMBER_SIZE];
            if (!is_log_tick(axis, ticks, e, i))
                continue;
            sb_number_text(ticks->times[i] * pow(10, e), e < 0 ? (int)-e : 0, text);
            sb_figure_tick(f, axis, ticks->times[i] * pow(10, e), text);
        }
    }
}

/* Sets the ends of the range that are not set yet, so that they hold low..high and a margin: a
 * share of what the data span. */
static void set_range(struct sb_axis *axis, double low, double high, double share)
{
    if (isnan(low)) {
        low = axis->kind == SB_AXIS_LOG ? 1 : 0;
        high = low + 1;
    }
    if (axis->kind == SB_AXIS_LOG) {
        log_range(axis, low, high, share);
    } else if (axis->kind == SB_AXIS_LINEAR) {
        linear_range(axis, low, high, share);
    } else {
        axis->low = isnan(axis->low) ? low : axis->low;
        axis->high = isnan(axis->high) ? high : axis->high;
    }
}

static bool has_texts(const struct sb_panel *panel)
{
    for (size_t s = 0; s < panel->num_series; s++) {
        for (size_t i = 0; i < panel->series[s].count; i++) {
            const struct sb_datum *const d = &panel->series[s].data[i];
            if (panel->series[s].mark != SB_MARK_BARS && d->text && *d->text)
                return true;
        }
    }
    return false;
}

/* Texts beside points need room above the highest and below the lowest. */
static double margin_of(const struct sb_panel *panel, const struct sb_axis *axis)
{
    return axis == &panel->y && has_texts(panel) ? TEXT_MARGIN : MARGIN;
}

/* Ticks whose labels have room. */
static size_t most_ticks(const struct sb_figure *f, bool is_x)
{
    const double pixels = is_x ? SB_FIGURE_WIDTH / (double)f->columns - AROUND : f->panel_height;
    const double ticks = pixels / (is_x ? TICK_WIDTH : TICK_HEIGHT);
    return ticks < 2 ? 2 : (size_t)ticks;
}

void sb_axis_finish(struct sb_figure *f, const struct sb_panel *panel, struct sb_axis *axis)
{
    double low, high;
    data_range(panel, axis, &low, &high);
    set_range(axis, low, high, margin_of(panel, axis));
    const size_t most = most_ticks(f, axis == &panel->x);
    if (axis->kind == SB_AXIS_LOG)
        log_ticks(f, axis, most);
    else if (axis->kind == SB_AXIS_LINEAR)
        linear_ticks(f, axis, most);
}

void sb_axis_share(struct sb_figure *f)
{
    for (int side = 0; side < 2; side++) {
        double least = NAN, most = NAN;
        for (size_t p = 0; p < f->num_panels; p++) {
            double low, high;
            data_range(&f->panels[p], side ? &f->panels[p].y : &f->panels[p].x, &low, &high);
            widen(&least, &most, low);
            widen(&least, &most, high);
        }
        for (size_t p = 0; p < f->num_panels; p++)
            set_range(side ? &f->panels[p].y : &f->panels[p].x, least, most, MARGIN);
    }
}

double sb_axis_position(const struct sb_axis *axis, double value)
{
    double at;
    if (axis->kind == SB_AXIS_LOG)
        at = log(value / axis->low) / log(axis->high / axis->low);
    else
        at = (value - axis->low) / (axis->high - axis->low);
    return axis->reversed ? 1 - at : at;
}
