/* Ranges that hold the data, and ticks at round values. See figure.h. */
#include "reports/figure_axis.h"

#include "reports/unit.h"

#include <math.h>
#include <string.h>

#define WANTED_TICKS 6

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

/* 1, 2 or 5 times a power of ten, so that about WANTED_TICKS of them fill the span. */
static double round_step(double span)
{
    const double rough = span / WANTED_TICKS;
    const double power = pow(10, floor(log10(rough)));
    const double times = rough / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static void linear_range(struct sb_axis *axis, double low, double high)
{
    if (axis->from_zero && low > 0)
        low = 0;
    if (high <= low)
        high = low + (low != 0 ? fabs(low) : 1);
    const double margin = 0.04 * (high - low);
    if (isnan(axis->low))
        axis->low = axis->from_zero && low == 0 ? 0 : low - margin;
    if (isnan(axis->high))
        axis->high = high + margin;
}

static void linear_ticks(struct sb_figure *f, struct sb_axis *axis)
{
    const double step = round_step(axis->high - axis->low);
    const int decimals = sb_significant_decimals(step, 1);
    const double first = ceil(axis->low / step - 1e-9), last = floor(axis->high / step + 1e-9);
    for (double i = first; i <= last; i++) {
        char text[SB_NUMBER_SIZE];
        sb_number_text(i * step, decimals, text);
        sb_figure_tick(f, axis, i * step, text);
    }
}

static void log_range(struct sb_axis *axis, double low, double high)
{
    low = low > 0 ? low : 1e-9;
    high = high > low ? high : low * 10;
    if (isnan(axis->low))
        axis->low = low / pow(high / low, 0.06);
    if (isnan(axis->high))
        axis->high = high * pow(high / low, 0.06);
}

/* The i-th of 1, 2 and 5 times 10^e, where an axis of so many decades shows it; else NaN. */
static double log_tick(const struct sb_axis *axis, double e, int i)
{
    static const double times[] = {1, 2, 5};
    const double decades = log10(axis->high / axis->low);
    const double at = times[i] * pow(10, e);
    const bool inside = at >= axis->low * (1 - 1e-9) && at <= axis->high * (1 + 1e-9);
    return inside && (i == 0 || decades < 2.5) ? at : NAN;
}

/* Powers of ten, with 2 and 5 times them on short axes; where that gives less than three ticks,
 * those of a linear axis. */
static void log_ticks(struct sb_figure *f, struct sb_axis *axis)
{
    const double first = floor(log10(axis->low)), last = ceil(log10(axis->high));
    int count = 0;
    for (double e = first; e <= last; e++) {
        for (int i = 0; i < 3; i++)
            count += !isnan(log_tick(axis, e, i));
    }
    if (count < 3) {
        linear_ticks(f, axis);
        return;
    }
    for (double e = first; e <= last; e++) {
        for (int i = 0; i < 3; i++) {
            char text[SB_NUMBER_SIZE];
            const double at = log_tick(axis, e, i);
            if (isnan(at))
                continue;
            sb_number_text(at, e < 0 ? (int)-e : 0, text);
            sb_figure_tick(f, axis, at, text);
        }
    }
}

/* Sets the ends of the range that are not set yet, so that they hold low..high. */
static void set_range(struct sb_axis *axis, double low, double high)
{
    if (isnan(low)) {
        low = axis->kind == SB_AXIS_LOG ? 1 : 0;
        high = low + 1;
    }
    if (axis->kind == SB_AXIS_LOG) {
        log_range(axis, low, high);
    } else if (axis->kind == SB_AXIS_LINEAR) {
        linear_range(axis, low, high);
    } else {
        axis->low = isnan(axis->low) ? low : axis->low;
        axis->high = isnan(axis->high) ? high : axis->high;
    }
}

void sb_axis_finish(struct sb_figure *f, const struct sb_panel *panel, struct sb_axis *axis)
{
    double low, high;
    data_range(panel, axis, &low, &high);
    set_range(axis, low, high);
    if (axis->kind == SB_AXIS_LOG)
        log_ticks(f, axis);
    else if (axis->kind == SB_AXIS_LINEAR)
        linear_ticks(f, axis);
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
            set_range(side ? &f->panels[p].y : &f->panels[p].x, least, most);
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
