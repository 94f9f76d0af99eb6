/*
 * A figure as data: panels with axes and series of marks, in units ready to print. What draws it is
 * someone else's business: gnuplot (figure_gnuplot.h), or the page as SVG. Both take the layout
 * (figure_layout.h), so a figure looks the same everywhere.
 *
 *     struct sb_figure f;
 *     sb_figure_init(&f, "latency", "Latency against size");
 *     struct sb_panel *p = sb_figure_panel(&f, "");
 *     sb_axis_set(&f, &p->x, "input size [pixels]", SB_AXIS_LINEAR);
 *     struct sb_series *s = sb_figure_series(&f, p, "SpineNet-49", SB_MARK_LINE_POINTS, 0);
 *     sb_figure_point(&f, s, 640, 812.3);
 *     rc = sb_figure_finish(&f, &err);        // ranges and ticks
 *     sb_figure_release(&f);
 *
 * Like tables, building never fails on the way: texts.failed remembers when memory ran out, and
 * panels and series are then spare ones, never NULL. Pointers to them are valid until the next one
 * is added.
 */
#ifndef SB_REPORTS_FIGURE_H
#define SB_REPORTS_FIGURE_H

#include "base/error.h"
#include "base/texts.h"
#include "reports/provenance.h"

#include <stdbool.h>
#include <stddef.h>

enum sb_mark {
    SB_MARK_BARS, /* rectangles low..high */
    SB_MARK_POINTS,
    SB_MARK_LINE,
    SB_MARK_LINE_POINTS,
    SB_MARK_WHISKERS, /* intervals alone, of what bars stand for, all along x or all along y */
    SB_MARK_AREA,     /* filled between y_low and y_high along x */
    SB_MARK_LABELS,   /* texts only, to the right of their point, to its left where the plot ends */
    SB_MARK_LABELS_ABOVE /* texts only, above their point */
};

struct sb_datum {
    double x, y;
    double x_low, x_high; /* extent of a bar; interval of a point, NaN without */
    double y_low, y_high;
    const char *text; /* inside a bar where it fits, beside a point; NULL for none */
    const char *tip;  /* told when pointed at; NULL for none */
};

struct sb_series {
    const char *name; /* in the key; "" is left out */
    enum sb_mark mark;
    int colour; /* index into the palette (figure_style.h) */
    bool dashed;
    bool hollow; /* points are outlines: values of another source than the filled ones */
    size_t count, capacity;
    struct sb_datum *data; /* owned */
};

enum sb_axis_kind { SB_AXIS_LINEAR, SB_AXIS_LOG, SB_AXIS_NAMES };

struct sb_tick {
    double at;
    const char *text;
};

struct sb_axis {
    const char *label; /* with unit: "latency [ms]"; "" for none */
    enum sb_axis_kind kind;
    bool from_zero;        /* linear: the range starts at 0 */
    bool reversed;         /* high values at the left or bottom */
    double low, high;      /* range; NaN: finish picks it from the data */
    struct sb_tick *ticks; /* owned; of NAMES set by the caller */
    size_t num_ticks, cap_ticks;
};

struct sb_panel {
    const char *title; /* "" for none */
    struct sb_axis x, y;
    struct sb_series *series; /* owned */
    size_t num_series, cap_series;
};

struct sb_figure {
    const char *name;        /* file name without extension */
    const char *title;       /* of the whole figure */
    const char *note;        /* below: what is shown, n, intervals; "" for none */
    struct sb_origin origin; /* below, small */
    size_t columns;          /* panels side by side, 1 or more */
    double panel_height;     /* of the drawing area of each panel, in pixels */
    bool same_axes;          /* all panels get the same ranges */
    bool has_key;            /* names and colours of the series, each name once, above the panels */
    struct sb_panel *panels; /* owned */
    size_t num_panels, cap_panels;
    struct sb_panel spare_panel; /* stand-ins when memory ran out */
    struct sb_series spare_series;
    struct sb_datum spare_datum;
    struct sb_texts texts;
};

/* name and title are copied, as all texts below. */
void sb_figure_init(struct sb_figure *f, const char *name, const char *title);
void sb_figure_set_origin(struct sb_figure *f, const struct sb_origin *origin);
void sb_figure_release(struct sb_figure *f);
struct sb_panel *sb_figure_panel(struct sb_figure *f, const char *title);
void sb_figure_axis(struct sb_figure *f, struct sb_axis *axis, const char *label,
                    enum sb_axis_kind kind);
/* A named place on an axis. */
void sb_figure_tick(struct sb_figure *f, struct sb_axis *axis, double at, const char *text);
struct sb_series *sb_figure_series(struct sb_figure *f, struct sb_panel *panel, const char *name,
                                   enum sb_mark mark, int colour);
/* The panel's series of this name and mark; made where it is new. */
struct sb_series *sb_figure_series_named(struct sb_figure *f, struct sb_panel *panel,
                                         const char *name, enum sb_mark mark, int colour);
/* Appends and returns a datum without intervals and texts; never NULL. */
struct sb_datum *sb_figure_point(struct sb_figure *f, struct sb_series *series, double x, double y);
struct sb_datum *sb_figure_bar(struct sb_figure *f, struct sb_series *series, double x_low,
                               double x_high, double y_low, double y_high);

/* Picks ranges and ticks. Once, after the last datum; SB_ENOMEM if anything before failed. */
int sb_figure_finish(struct sb_figure *f, struct sb_error *err);

/* Position of a value on an axis: 0 at its low end, 1 at its high end (after finish). */
double sb_axis_position(const struct sb_axis *axis, double value);

#endif
