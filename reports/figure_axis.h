/* Ranges and ticks of axes; for figure*.c only. */
#ifndef SB_REPORTS_FIGURE_AXIS_H
#define SB_REPORTS_FIGURE_AXIS_H

#include "reports/figure.h"

/* Picks what is not set: the range from the panel's data, ticks at round values. */
void sb_axis_finish(struct sb_figure *f, const struct sb_panel *panel, struct sb_axis *axis);
/* Gives all panels the ranges that hold the data of every panel. */
void sb_axis_share(struct sb_figure *f);

#endif
