/* Figures as SVG elements for the page. See html.h. */
#include "base/error.h"
#include "reports/figure_layout.h"
#include "reports/figure_style.h"
#include "reports/html.h"

#include <math.h>

#define DASHES  " stroke-dasharray=\"6 5\""
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
    sb_str_printf(f->out, "<path class=\"line c%d\"%s d=\"", s->colour, s->dashed ? DASHES : "");
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

/* "M10.0 5.0H20.0" with a cap at both ends. */
static void put_interval(const struct frame *f, int colour, double x0, double y0, double x1,
                         double y1)
{
    const double cap = 2.5, dx = x0 == x1 ? cap : 0, dy = x0 == x1 ? 0 : cap;
    sb_str_printf(f->out,
                  "<path class=\"line c%d\" d=\"M%.1f %.1fL%.1f %.1fM%.1f %.1fL%.1f %.1fM%.1f "
                  "%.1fL%.1f %.1f\"/>\n",
                  colour, x0, y0, x1, y1, x0 - dx, y0 - dy, x0 + dx, y0 + dy, x1 - dx, y1 - dy,
                  x1 + dx, y1 + dy);
}

static void put_intervals(const struct frame *f, const struct sb_series *s,
                          const struct sb_datum *d)
{
    const double x = x_of(f, d->x), y = y_of(f, d->y);
    if (isfinite(d->x_low) && isfinite(d->x_high))
        put_interval(f, s->colour, x_of(f, d->x_low), y, x_of(f, d->x_high), y);
    if (isfinite(d->y_low) && isfinite(d->y_high))
        put_interval(f, s->colour, x, y_of(f, d->y_low), x, y_of(f, d->y_high));
}

/* A polygon of n corners around a point, the first at this angle; 0 corners: a circle. */
static void put_shape(struct sb_str *out, const struct sb_series *series, double x, double y,
                      double radius)
{
    static const struct {
        int corners;
        double first, radius; /* degrees clockwise from the right; of the circle around it */
    } shapes[SB_SHAPES] = {
        [SB_SHAPE_CIRCLE] = {0, 0, 1},  [SB_SHAPE_SQUARE] = {4, 45, 1.3},
        [SB_SHAPE_UP] = {3, -90, 1.4},  [SB_SHAPE_DIAMOND] = {4, 0, 1.4},
        [SB_SHAPE_DOWN] = {3, 90, 1.4}, [SB_SHAPE_PENTAGON] = {5, -90, 1.25},
    };
    const enum sb_shape shape = sb_shape_of(series->colour);
    const char *const class = series->hollow ? "hollow" : "bar";
    const int n = shapes[shape].corners;
    if (n == 0) {
        sb_str_printf(out, "<circle class=\"%s c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"%g\">", class,
                      series->colour, x, y, radius);
        return;
    }
    sb_str_printf(out, "<path class=\"%s c%d\" d=\"", class, series->colour);
    for (int i = 0; i < n; i++) {
        const double angle = (shapes[shape].first + 360.0 * i / n) * 0.017453292519943295;
        sb_str_printf(out, "%s%.1f %.1f", i ? "L" : "M",
                      x + radius * shapes[shape].radius * cos(angle),
                      y + radius * shapes[shape].radius * sin(angle));
    }
    sb_str_puts(out, "Z\">");
}

static void end_shape(struct sb_str *out, int colour)
{
    sb_str_puts(out, sb_shape_of(colour) == SB_SHAPE_CIRCLE ? "</circle>\n" : "</path>\n");
}

static void put_point(const struct frame *f, const struct sb_series *s, const struct sb_datum *d)
{
    put_intervals(f, s, d);
    put_shape(f->out, s, x_of(f, d->x), y_of(f, d->y), s->colour < SB_NUM_FAMILIES ? 4.5 : 3.5);
    put_tip(f->out, d);
    end_shape(f->out, s->colour);
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
        else if (s->mark == SB_MARK_WHISKERS)
            put_intervals(f, s, d);
        else if (s->mark == SB_MARK_POINTS || s->mark == SB_MARK_LINE_POINTS)
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

static void put_swatch(const struct sb_key_entry *k, struct sb_str *out)
{
    const enum sb_mark mark = k->series->mark;
    const int colour = k->series->colour;
    if (mark == SB_MARK_LINE || mark == SB_MARK_LINE_POINTS || mark == SB_MARK_WHISKERS)
        sb_str_printf(out, "<path class=\"line c%d\"%s d=\"M%.1f %.1fH%.1f\"/>\n", colour,
                      k->series->dashed ? DASHES : "", k->x, k->y, k->x + SB_KEY_SWATCH);
    else if (mark != SB_MARK_POINTS)
        sb_str_printf(
            out, "<rect class=\"bar c%d\" x=\"%.1f\" y=\"%.1f\" width=\"%g\" height=\"11\"/>\n",
            colour, k->x, k->y - 5.5, SB_KEY_SWATCH);
    if (mark == SB_MARK_POINTS || mark == SB_MARK_LINE_POINTS) {
        put_shape(out, k->series, k->x + SB_KEY_SWATCH / 2, k->y, 4.5);
        end_shape(out, colour);
    }
}

static void put_key(const struct sb_layout *l, struct sb_str *out)
{
    for (size_t i = 0; i < l->num_key; i++) {
        put_swatch(&l->key[i], out);
        put_text(out, l->key[i].x + SB_KEY_SWATCH + 5, l->key[i].y + 4, "", l->key[i].series->name);
    }
}

int sb_figure_svg(const struct sb_figure *f, struct sb_str *out, struct sb_error *err)
{
    struct sb_layout layout;
    const int rc = sb_layout_init(&layout, f, false, err);
    if (rc)
        return rc;
    sb_str_printf(out, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", layout.width,
                  layout.height);
    sb_html_text(out, f->title);
    sb_str_puts(out, "\">\n");
    for (size_t i = 0; i < layout.num_lines; i++) /* titles of panels */
        put_text(out, layout.lines[i].x, layout.lines[i].y, "", layout.lines[i].text);
    put_key(&layout, out);
    for (size_t p = 0; p < f->num_panels; p++) {
        const struct frame frame = {&f->panels[p], &layout.plots[p], out};
        put_panel(&frame, LABEL_X + layout.plots[p].x - layout.plots[0].x);
    }
    for (size_t i = 0; i < layout.num_labels; i++) {
        const struct sb_label *const label = &layout.labels[i];
        put_text(out, label->x, label->y + 4, "", label->text);
    }
    sb_str_puts(out, "</svg>\n");
    sb_layout_release(&layout);
    return out->failed ? sb_error_nomem(err, "a drawing", out->length) : 0;
}
