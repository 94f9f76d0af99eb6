/*
 * Where the texts beside points stand: near their point, clear of other texts, points, lines and
 * intervals as far as there is room. The same figure gives the same places everywhere.
 */
#ifndef SB_REPORTS_FIGURE_LABELS_H
#define SB_REPORTS_FIGURE_LABELS_H

#include "base/error.h"
#include "reports/figure_layout.h"

/* Appends the labels of a panel to those of the layout, whose plots are placed. A text for which
 * only a place on another text is left is left out; its point's tip still tells it. */
int sb_labels_place(struct sb_layout *layout, const struct sb_panel *panel, size_t index,
                    struct sb_error *err);

#endif
