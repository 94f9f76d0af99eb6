/*
 * Where the parts of a figure stand, in pixels from the top left corner of a drawing that is
 * SB_FIGURE_WIDTH wide: title, key, panels with room for their ticks and labels, notes below.
 */
#ifndef SB_REPORTS_FIGURE_LAYOUT_H
#define SB_REPORTS_FIGURE_LAYOUT_H

#include "base/error.h"
#include "base/texts.h"
#include "reports/figure.h"

#include <stdbool.h>
#include <stddef.h>

struct sb_box {
    double x, y, width, height;
};

#define SB_KEY_SWATCH 22.0 /* pixels wide */

struct sb_key_entry {
    const struct sb_series *series;
    double x, y; /* left edge and middle of its swatch */
};

/* A line of text; y is its baseline. */
struct sb_text_line {
    const char *text;
    double x, y;
    bool small;
};

/* A text inside a panel; x is its left end, y its middle. */
struct sb_label {
    const char *text;
    size_t panel;
    double x, y;
};

struct sb_layout {
    double width, height;
    struct sb_box *plots; /* the drawing area of each panel; owned */
    struct sb_key_entry *key;
    size_t num_key, cap_key;
    struct sb_text_line *lines; /* title, titles of panels, notes */
    size_t num_lines, cap_lines;
    struct sb_label *labels; /* beside points; owned (figure_labels.h) */
    size_t num_labels, cap_labels;
    struct sb_texts texts;
};

/* Of a finished figure, which must outlive the layout. A drawing that stands alone has title, note
 * and origin in it; elsewhere they are told around it. */
int sb_layout_init(struct sb_layout *layout, const struct sb_figure *figure, bool alone,
                   struct sb_error *err);
void sb_layout_release(struct sb_layout *layout);

/* True when a bar's text fits into it. */
bool sb_bar_text_fits(const struct sb_panel *panel, const struct sb_box *plot,
                      const struct sb_datum *bar, double font_pixels);

#endif
