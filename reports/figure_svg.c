/* Figures as SVG elements for the page. See html.h. */
#include "base/error.h"
#include "reports/figure_layout.h"
#include "reports/figure_style.h"
#include "reports/html.h"

#include <math.h>

#define LABEL_X 22 /* of the y axis's label in the first column */

/* Where a panel draws. */
struct frame {
    const struct sb_panel *panel;
    const struct sb_box *box;
    struct sb_str *out;
};

static double x_of(const struct frame *f, double value)
{
    return f->box->x + f->box->width * sb_axis_position(&f->panel->x, value);
}

static double y_of(const struct frame *f, double value)
{
    return f->box->y + f->box->height * (1 - sb_axis_position(&f->panel->y, value));
}

static void put_text(struct sb_str *out, double x, double y, const char *attributes,
                     const char *text)
{
    sb_str_printf(out, "<text x=\"%.1f\" y=\"%.1f\"%s>", x, y, attributes);
    sb_html_text(out, text);
    sb_str_puts(out, "</text>\n");
}

static void put_tip(struct sb_str *out, const struct sb_datum *d)
{
    if (d->tip) {
        sb_str_puts(out, "<title>");
        sb_html_text(out, d->tip);
        sb_str_puts(out, "</title>");
    }
}

static void put_x_axis(const struct frame *f)
{
    const struct sb_axis *axis = &f->panel->x;
    const double bottom = f->box->y + f->box->height;
    for (size_t i = 0; i < axis->num_ticks; i++) {
        const double x = x_of(f, axis->ticks[i].at);
        if (axis->kind != SB_AXIS_NAMES)
            sb_str_printf(f->out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", x, f->box->y,
                          bottom);
        put_text(f->out, x, bottom + 15, " text-anchor=\"middle\"", axis->ticks[i].text);
    }
    put_text(f->out, f->box->x + f->box->width / 2, bottom + 32, " text-anchor=\"middle\"",
             axis->label);
}

static void put_y_axis(const struct frame *f, double left)
{
    const struct sb_axis *axis = &f->panel->y;
    for (size_t i = 0; i < axis->num_ticks; i++) {
        const double y = y_of(f, axis->ticks[i].at);
        if (axis->kind != SB_AXIS_NAMES)
            sb_str_printf(f->out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", f->box->x, y,
                          f->box->x + f->box->width);
        put_text(f->out, f->box->x - 7, y + 4, " text-anchor=\"end\"", axis->ticks[i].text);
    }
    if (*axis->label)
        sb_str_printf(f->out,
                      "<text transform=\"translate(%.1f %.1f) rotate(-90)\" "
                      "text-anchor=\"middle\">",
                      left, f->box->y + f->box->height / 2);
    sb_html_text(f->out, axis->label);
    sb_str_puts(f->out, *axis->label ? "</text>\n" : "");
}

static void put_bar(const struct frame *f, const struct sb_series *s, const struct sb_datum *d)
{
    const double x0 = x_of(f, d->x_low), x1 = x_of(f, d->x_high);
    const double y0 = y_of(f, d->y_low), y1 = y_of(f, d->y_high);
    sb_str_printf(f->out,
                  "<rect class=\"bar c%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
                  s->colour, fmin(x0, x1), fmin(y0, y1), fabs(x1 - x0), fabs(y1 - y0));
    put_tip(f->out, d);
    sb_str_puts(f->out, "</rect>\n");
    if (d->text && sb_bar_text_fits(f->panel, f->box, d, SB_FONT_PIXELS))
        put_text(f->out, (x0 + x1) / 2, (y0 + y1) / 2 + 4,
                 sb_palette[s->colour].dark ? " class=\"w\" text-anchor=\"middle\""
                                            : " class=\"b\" text-anchor=\"middle\"",
                 d->text);
}

static void put_line(const struct frame *f, const struct sb_series *s)
{
    sb_str_printf(f->out, "<path class=\"line c%d\"%s d=\"", s->colour,
                  s->dashed ? " stroke-dasharray=\"6 5\"" : "");
    for (size_t i = 0; i < s->count; i++)
        sb_str_printf(f->out, "%s%.1f %.1f", i ? "L" : "M", x_of(f, s->data[i].x),
                      y_of(f, s->data[i].y));
    sb_str_puts(f->out, "\"/>\n");
}

/* Between y_low and y_high along x. */
static void put_area(const struct frame *f, const struct sb_series *s)
{
    sb_str_printf(f->out, "<path class=\"area c%d\" d=\"", s->colour);
    for (size_t i = 0; i < s->count; i++)
        sb_str_printf(f->out, "%s%.1f %.1f", i ? "L" : "M", x_of(f, s->data[i].x),
                      y_of(f, s->data[i].y_low));
    for (size_t i = s->count; i-- > 0;)
        sb_str_printf(f->out, "L%.1f %.1f", x_of(f, s->data[i].x), y_of(f, s->data[i].y_high));
    sb_str_puts(f->out, "Z\"/>\n");
}

static void put_intervals(const struct frame *f, const struct sb_series *s,
                          const struct sb_datum *d)
{
    const double x = x_of(f, d->x), y = y_of(f, d->y);
    if (isfinite(d->x_low) && isfinite(d->x_high))
        sb_str_printf(f->out, "<path class=\"line c%d\" d=\"M%.1f %.1fH%.1f\"/>\n", s->colour,
                      x_of(f, d->x_low), y, x_of(f, d->x_high));
    if (isfinite(d->y_low) && isfinite(d->y_high))
        sb_str_printf(f->out, "<path class=\"line c%d\" d=\"M%.1f %.1fV%.1f\"/>\n", s->colour, x,
                      y_of(f, d->y_low), y_of(f, d->y_high));
}

static void put_point(const struct frame *f, const struct sb_series *s, const struct sb_datum *d)
{
    const double x = x_of(f, d->x), y = y_of(f, d->y);
    put_intervals(f, s, d);
    sb_str_printf(f->out, "<circle class=\"bar c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"%g\">", s->colour,
                  x, y, s->colour < SB_NUM_FAMILIES ? 4.5 : 3.5);
    put_tip(f->out, d);
    sb_str_puts(f->out, "</circle>\n");
    if (!d->text || !*d->text)
        return;
    if (sb_point_text_is_left(f->panel, f->box, s, d, SB_FONT_PIXELS))
        put_text(f->out, x - 7, y - 5, " text-anchor=\"end\"", d->text);
    else
        put_text(f->out, x + 7, y + 13, "", d->text);
}

static void put_series(const struct frame *f, const struct sb_series *s)
{
    if ((s->mark == SB_MARK_LINE || s->mark == SB_MARK_LINE_POINTS) && s->count)
        put_line(f, s);
    if (s->mark == SB_MARK_AREA && s->count)
        put_area(f, s);
    for (size_t i = 0; i < s->count && s->mark != SB_MARK_AREA; i++) {
        const struct sb_datum *d = &s->data[i];
        if (s->mark == SB_MARK_BARS)
            put_bar(f, s, d);
        else if (s->mark == SB_MARK_LABELS)
            put_text(f->out, x_of(f, d->x) + 6, y_of(f, d->y) + 4, "", d->text ? d->text : "");
        else if (s->mark != SB_MARK_LINE)
            put_point(f, s, d);
    }
}

static void put_panel(const struct frame *f, double left)
{
    put_x_axis(f);
    put_y_axis(f, left);
    sb_str_printf(f->out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", f->box->x,
                  f->box->y, f->box->y + f->box->height, f->box->x + f->box->width);
    for (size_t s = 0; s < f->panel->num_series; s++)
        put_series(f, &f->panel->series[s]);
}

static void put_key(const struct sb_layout *l, struct sb_str *out)
{
    for (size_t i = 0; i < l->num_key; i++) {
        const struct sb_key_entry *k = &l->key[i];
        sb_str_printf(
            out, "<rect class=\"bar c%d\" x=\"%.1f\" y=\"%.1f\" width=\"18\" height=\"11\"/>\n",
            k->series->colour, k->x, k->y - 5.5);
        put_text(out, k->x + 23, k->y + 4, "", k->series->name);
    }
}

int sb_figure_svg(const struct sb_figure *f, struct sb_str *out, struct sb_error *err)
{
    struct sb_layout layout;
    const int rc = sb_layout_init(&layout, f, err);
    if (rc)
        return rc;
    sb_str_printf(out, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", layout.width,
                  layout.height);
    sb_html_text(out, f->title);
    sb_str_puts(out, "\">\n");
    for (size_t i = 0; i < layout.num_lines; i++) {
        const struct sb_text_line *line = &layout.lines[i];
        put_text(out, line->x, line->y,
                 i == 0        ? " class=\"title\""
                 : line->small ? " class=\"small\""
                               : "",
                 line->text);
    }
    put_key(&layout, out);
    for (size_t p = 0; p < f->num_panels; p++) {
        const struct frame frame = {&f->panels[p], &layout.plots[p], out};
        put_panel(&frame, LABEL_X + layout.plots[p].x - layout.plots[0].x);
    }
    sb_str_puts(out, "</svg>\n");
    sb_layout_release(&layout);
    return out->failed ? sb_error_nomem(err, "a drawing", out->length) : 0;
}
