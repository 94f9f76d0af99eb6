/* Text for HTML and SVG, for table_html.c, figure_svg.c and page.c. */
#ifndef SB_REPORTS_HTML_H
#define SB_REPORTS_HTML_H

#include "base/str.h"
#include "reports/figure.h"
#include "reports/table.h"

/* Appends text with & < > " escaped; control bytes, which HTML forbids, are left out. */
void sb_html_text(struct sb_str *out, const char *text);

/* Appends a paragraph with records, commit, machine and command; nothing when they are not known.
 */
void sb_html_origin(const struct sb_origin *origin, struct sb_str *out);

/* Appends a table element, with its notes and origin behind it. Cells carry their full value as
 * data-value. */
void sb_table_html(const struct sb_table *t, struct sb_str *out);

/* Appends what a figure draws as an svg element, without its title, note and origin. Colours are
 * classes ("c0"), so that a style sheet can change them; tips are title elements, which browsers
 * show on pointing. */
int sb_figure_svg(const struct sb_figure *f, struct sb_str *out, struct sb_error *err);

#endif
