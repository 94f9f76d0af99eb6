/*
 * Figures through gnuplot: NAME.dat holds the numbers, NAME.gp the script that draws them; both are
 * written whether gnuplot is installed or not, and `gnuplot NAME.gp` in their folder draws
 * NAME.png again.
 */
#ifndef SB_REPORTS_FIGURE_GNUPLOT_H
#define SB_REPORTS_FIGURE_GNUPLOT_H

#include "base/error.h"
#include "base/str.h"
#include "reports/figure.h"

/* Appends the data: a block per series, two blank lines between. */
void sb_figure_data(const struct sb_figure *f, struct sb_str *out);
/* Appends the script, which draws with any terminal of the layout's proportions. */
int sb_figure_script(const struct sb_figure *f, struct sb_str *out, struct sb_error *err);

/* Writes DIR/NAME.dat and DIR/NAME.gp, and DIR/NAME.EXT for each of the extensions ("png", "svg",
 * "pdf"). SB_EUNSUPPORTED when gnuplot is not installed; data and script are then
 * there nevertheless. */
int sb_figure_draw(const struct sb_figure *f, const char *dir, const char *const *extensions,
                   size_t count, struct sb_error *err);

#endif
