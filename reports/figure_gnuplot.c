/* Scripts and data for gnuplot. See figure_gnuplot.h. */
#include "reports/figure_gnuplot.h"

#include "base/file.h"
#include "base/gnuplot.h"
#include "base/mem.h"
#include "reports/figure_layout.h"
#include "reports/figure_style.h"
#include "reports/table_format.h"
#include "reports/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PNG_SCALE 2.0 /* sharp on dense screens and in print */

/* A number for gnuplot: full precision, NaN for none. */
static void put_number(struct sb_str *out, double value)
{
    char text[SB_NUMBER_SIZE] = "NaN";
    if (isfinite(value))
        sb_exact_text(value + 0.0, text); /* no minus zero */
    sb_str_printf(out, "%s ", text);
}

/* Series without data have no block in the file; labels are part of the script. */
static bool has_block(const struct sb_series *s)
{
    return s->count > 0 && s->mark != SB_MARK_LABELS && s->mark != SB_MARK_LABELS_ABOVE;
}

static void put_series(const struct sb_series *s, struct sb_str *out)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct sb_datum *d = &s->data[i];
        const double values[] = {d->x, d->y, d->x_low, d->x_high, d->y_low, d->y_high};
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
            put_number(out, values[v]);
        sb_gnuplot_quote(out, d->tip ? d->tip : d->text ? d->text : "");
        sb_str_puts(out, "\n");
    }
}

/* What the figure is and where it comes from, as comments. */
static void put_head(const struct sb_figure *f, struct sb_str *out)
{
    sb_comment_line("# ", f->title, out);
    if (*f->note)
        sb_comment_line("# ", f->note, out);
    sb_origin_comments(&f->origin, "# ", "", out);
}

static void put_block_head(const struct sb_panel *p, const struct sb_series *s, struct sb_str *out)
{
    struct sb_str text = SB_STR_INIT;
    sb_str_printf(&text, "%s: %s", p->title, s->name);
    sb_comment_line("# ", sb_str_text(&text), out);
    sb_str_clear(&text);
    sb_str_printf(&text, "x: %s, y: %s", p->x.label, p->y.label);
    sb_comment_line("# ", sb_str_text(&text), out);
    sb_str_puts(out, "# x y x_low x_high y_low y_high text\n");
    out->failed = out->failed || text.failed;
    sb_str_release(&text);
}

void sb_figure_data(const struct sb_figure *f, struct sb_str *out)
{
    put_head(f, out);
    for (size_t p = 0; p < f->num_panels; p++) {
        const struct sb_panel *panel = &f->panels[p];
        for (size_t s = 0; s < panel->num_series; s++) {
            if (!has_block(&panel->series[s]))
                continue;
            sb_str_puts(out, "\n\n");
            put_block_head(panel, &panel->series[s], out);
            put_series(&panel->series[s], out);
        }
    }
}

/* gnuplot's numbers of shapes: each filled one follows its outline. */
static int point_type(const struct sb_series *s)
{
    static const int types[SB_SHAPES] = {
        [SB_SHAPE_CIRCLE] = 7,   [SB_SHAPE_SQUARE] = 5, [SB_SHAPE_UP] = 9,
        [SB_SHAPE_DIAMOND] = 13, [SB_SHAPE_DOWN] = 11,  [SB_SHAPE_PENTAGON] = 15,
    };
    return types[sb_shape_of(s->colour)] - s->hollow;
}

/* Screen coordinates of a point of the layout. */
static void put_screen(struct sb_str *out, const struct sb_layout *l, double x, double y)
{
    sb_str_printf(out, "screen %.5f, screen %.5f", x / l->width, 1 - y / l->height);
}

static void put_lines(const struct sb_layout *l, struct sb_str *out)
{
    for (size_t i = 0; i < l->num_lines; i++) {
        const struct sb_text_line *line = &l->lines[i];
        sb_str_puts(out, "set label ");
        sb_gnuplot_quote(out, line->text);
        sb_str_puts(out, " at ");
        put_screen(out, l, line->x, line->y - (line->small ? 4 : 5));
        sb_str_printf(out, " noenhanced font sprintf('%s,%%g', %g * px) textcolor rgb '%s'\n",
                      i == 0 ? SB_FONT_NAME ":Bold" : "",
                      line->small ? SB_FONT_SMALL : SB_FONT_PIXELS,
                      line->small ? "#555555" : "#000000");
    }
}

/* A line with two ends, at screen coordinates. */
static void put_rule(const struct sb_layout *l, const struct sb_key_entry *k, double left,
                     double right, struct sb_str *out)
{
    sb_str_puts(out, "set arrow from ");
    put_screen(out, l, k->x + left, k->y);
    sb_str_puts(out, " to ");
    put_screen(out, l, k->x + right, k->y);
    sb_str_printf(out, " nohead front linewidth 1.6%s linecolor rgb '#%06x'\n",
                  k->series->dashed ? " dashtype 2" : "",
                  (unsigned)sb_palette[k->series->colour].rgb);
}

static void put_swatch(const struct sb_layout *l, const struct sb_key_entry *k, struct sb_str *out)
{
    const enum sb_mark mark = k->series->mark;
    const unsigned rgb = (unsigned)sb_palette[k->series->colour].rgb;
    if (mark == SB_MARK_LINE || mark == SB_MARK_LINE_POINTS || mark == SB_MARK_WHISKERS) {
        put_rule(l, k, 0, SB_KEY_SWATCH, out);
    } else if (mark != SB_MARK_POINTS) {
        sb_str_puts(out, "set object rectangle from ");
        put_screen(out, l, k->x, k->y + 5.5);
        sb_str_puts(out, " to ");
        put_screen(out, l, k->x + SB_KEY_SWATCH, k->y - 5.5);
        sb_str_printf(out, " front fillcolor rgb '#%06x' fillstyle solid noborder\n", rgb);
    }
    if (mark == SB_MARK_POINTS || mark == SB_MARK_LINE_POINTS) {
        sb_str_puts(out, "set label '' at ");
        put_screen(out, l, k->x + SB_KEY_SWATCH / 2, k->y);
        sb_str_printf(out, " front point pointtype %d pointsize 0.8 linecolor rgb '#%06x'\n",
                      point_type(k->series), rgb);
    }
}

static void put_key(const struct sb_layout *l, struct sb_str *out)
{
    for (size_t i = 0; i < l->num_key; i++) {
        const struct sb_key_entry *k = &l->key[i];
        put_swatch(l, k, out);
        sb_str_puts(out, "set label ");
        sb_gnuplot_quote(out, k->series->name);
        sb_str_puts(out, " at ");
        put_screen(out, l, k->x + SB_KEY_SWATCH + 5, k->y);
        sb_str_puts(out, " noenhanced\n");
    }
}

static void put_ticks(const struct sb_axis *axis, const char *name, struct sb_str *out)
{
    sb_str_printf(out, "set %stics scale %s nomirror (", name,
                  axis->kind == SB_AXIS_NAMES ? "0" : "0.6");
    for (size_t i = 0; i < axis->num_ticks; i++) {
        sb_str_puts(out, i ? ", " : "");
        sb_gnuplot_quote(out, axis->ticks[i].text);
        sb_str_puts(out, " ");
        put_number(out, axis->ticks[i].at);
    }
    sb_str_puts(out, ") noenhanced\n");
}

static void put_axis(const struct sb_axis *axis, const char *name, struct sb_str *out)
{
    sb_str_printf(out, axis->kind == SB_AXIS_LOG ? "set logscale %s\n" : "unset logscale %s\n",
                  name);
    sb_str_printf(out, "set %srange [", name);
    put_number(out, axis->reversed ? axis->high : axis->low);
    sb_str_puts(out, ":");
    put_number(out, axis->reversed ? axis->low : axis->high);
    sb_str_puts(out, "]\n");
    put_ticks(axis, name, out);
    sb_str_printf(out, "set %slabel ", name);
    sb_gnuplot_quote(out, axis->label);
    sb_str_puts(out, " noenhanced\n");
}

static void put_margins(const struct sb_layout *l, const struct sb_box *box, struct sb_str *out)
{
    sb_str_printf(out, "set lmargin at screen %.5f\nset rmargin at screen %.5f\n",
                  box->x / l->width, (box->x + box->width) / l->width);
    sb_str_printf(out, "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
                  1 - box->y / l->height, 1 - (box->y + box->height) / l->height);
}

/* Texts inside bars where they fit. */
static void put_bar_texts(const struct sb_panel *panel, const struct sb_box *box,
                          struct sb_str *out)
{
    for (size_t s = 0; s < panel->num_series; s++) {
        const struct sb_series *series = &panel->series[s];
        for (size_t i = 0; i < series->count && series->mark == SB_MARK_BARS; i++) {
            const struct sb_datum *d = &series->data[i];
            if (!d->text || !*d->text || !sb_bar_text_fits(panel, box, d, SB_FONT_PIXELS))
                continue;
            sb_str_puts(out, "set label ");
            sb_gnuplot_quote(out, d->text);
            sb_str_puts(out, " at ");
            put_number(out, d->x);
            sb_str_puts(out, ", ");
            put_number(out, d->y);
            sb_str_printf(out, " center front noenhanced textcolor rgb '%s'\n",
                          sb_palette[series->colour].dark ? "#ffffff" : "#000000");
        }
    }
}

/* Texts beside points. */
static void put_labels(const struct sb_layout *l, size_t panel, struct sb_str *out)
{
    for (size_t i = 0; i < l->num_labels; i++) {
        if (l->labels[i].panel != panel)
            continue;
        sb_str_puts(out, "set label ");
        sb_gnuplot_quote(out, l->labels[i].text);
        sb_str_puts(out, " at ");
        put_screen(out, l, l->labels[i].x, l->labels[i].y);
        sb_str_puts(out, " left front noenhanced textcolor rgb '#000000'\n");
    }
}

/* Points; those with intervals once more with error bars. */
static void put_points(const struct sb_series *s, const char *data, struct sb_str *out)
{
    char style[96];
    snprintf(style, sizeof(style), "pointtype %d pointsize %g linecolor rgb '#%06x' notitle",
             point_type(s), s->colour < SB_NUM_FAMILIES ? 0.8 : 0.6,
             (unsigned)sb_palette[s->colour].rgb);
    bool x = false, y = false;
    for (size_t i = 0; i < s->count; i++) {
        x = x || isfinite(s->data[i].x_low);
        y = y || isfinite(s->data[i].y_low);
    }
    /* crowds of points, as in a roofline, would drown in their bars */
    const char *thin = s->colour < SB_NUM_FAMILIES ? "" : "linewidth 0.6 ";
    sb_str_printf(out, "%s using 1:2 with points %s", data, style);
    if (x)
        sb_str_printf(out, ", \\\n     %s using 1:($3 == $3 ? $2 : 1/0):3:4 with xerrorbars %s%s",
                      data, thin, style);
    if (y)
        sb_str_printf(out, ", \\\n     %s using 1:($5 == $5 ? $2 : 1/0):5:6 with yerrorbars %s%s",
                      data, thin, style);
}

/* Intervals along x or y of a linear axis; error bars would leave a gap where their point is. */
static void put_whiskers(const struct sb_series *s, const char *data, struct sb_str *out)
{
    const bool x = s->count && isfinite(s->data[0].x_low);
    sb_str_printf(
        out, "%s using %s with vectors heads size screen 0.004,90 linecolor rgb '#%06x' notitle",
        data, x ? "3:2:($4-$3):(0)" : "1:5:(0):($6-$5)", (unsigned)sb_palette[s->colour].rgb);
}

/* One element of the plot command. `block` counts the data blocks of the file. */
static void put_plot(const struct sb_series *s, const char *name, size_t block, struct sb_str *out)
{
    const unsigned rgb = (unsigned)sb_palette[s->colour].rgb;
    char data[96];
    snprintf(data, sizeof(data), "'%s.dat' index %zu", name, block);
    if (s->mark == SB_MARK_BARS) {
        sb_str_printf(out,
                      "%s using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' "
                      "linecolor rgb '#%06x' notitle",
                      data, rgb);
        return;
    }
    if (s->mark == SB_MARK_AREA) {
        sb_str_printf(out,
                      "%s using 1:5:6 with filledcurves fillstyle transparent solid 0.25 linecolor "
                      "rgb '#%06x' notitle",
                      data, rgb);
        return;
    }
    if (s->mark == SB_MARK_WHISKERS) {
        put_whiskers(s, data, out);
        return;
    }
    const bool line = s->mark == SB_MARK_LINE || s->mark == SB_MARK_LINE_POINTS;
    if (line)
        sb_str_printf(out, "%s using 1:2 with lines linewidth 1.6%s linecolor rgb '#%06x' notitle",
                      data, s->dashed ? " dashtype 2" : "", rgb);
    if (s->mark == SB_MARK_LINE)
        return;
    sb_str_puts(out, line ? ", \\\n     " : "");
    put_points(s, data, out);
}

/* Appends a panel's part of the script; returns the number of its data blocks. */
static size_t put_panel(const struct sb_figure *f, const struct sb_layout *l, size_t index,
                        size_t block, struct sb_str *out)
{
    const struct sb_panel *panel = &f->panels[index];
    sb_str_puts(out, "\n");
    sb_comment_line("# ", *panel->title ? panel->title : f->title, out);
    put_margins(l, &l->plots[index], out);
    put_axis(&panel->x, "x", out);
    put_axis(&panel->y, "y", out);
    sb_str_printf(out, "set grid %s %s linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back\n",
                  panel->x.kind == SB_AXIS_NAMES ? "noxtics" : "xtics",
                  panel->y.kind == SB_AXIS_NAMES ? "noytics" : "ytics");
    put_bar_texts(panel, &l->plots[index], out);
    put_labels(l, index, out);
    size_t blocks = 0;
    for (size_t s = 0; s < panel->num_series; s++) {
        if (!has_block(&panel->series[s]))
            continue;
        sb_str_puts(out, blocks ? ", \\\n     " : "plot ");
        put_plot(&panel->series[s], f->name, block + blocks++, out);
    }
    sb_str_puts(out, blocks ? "" : "plot NaN notitle");
    sb_str_puts(out, "\nunset label\nunset object\nunset arrow\n");
    return blocks;
}

int sb_figure_script(const struct sb_figure *f, struct sb_str *out, struct sb_error *err)
{
    struct sb_layout layout;
    const int rc = sb_layout_init(&layout, f, true, err);
    if (rc)
        return rc;
    put_head(f, out);
    sb_str_printf(out, "# 'gnuplot %s.gp' in this folder draws %s.png\n", f->name, f->name);
    sb_str_printf(out,
                  "if (!exists('px')) {\n    px = 0.75\n    set terminal pngcairo size %.0f,%.0f "
                  "font '%s,%g'\n    set output '%s.png'\n}\n",
                  layout.width, layout.height, SB_FONT_NAME, 0.75 * SB_FONT_PIXELS, f->name);
    sb_str_puts(out, "set encoding utf8\nset border 3 linecolor rgb '#666666' linewidth 0.8\n"
                     "set tics textcolor rgb '#222222'\nunset key\nset multiplot\n");
    put_lines(&layout, out);
    put_key(&layout, out);
    size_t block = 0;
    for (size_t p = 0; p < f->num_panels; p++)
        block += put_panel(f, &layout, p, block, out);
    sb_str_puts(out, "\nunset multiplot\n");
    sb_layout_release(&layout);
    return out->failed ? sb_error_nomem(err, "a gnuplot script", out->length) : 0;
}

static int write_text(const char *dir, const char *name, const char *extension,
                      const struct sb_str *text, struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT;
    sb_str_printf(&path, "%s/%s.%s", dir, name, extension);
    const int rc = text->failed || path.failed
                       ? sb_error_nomem(err, "a file", text->length)
                       : sb_write_file(path.data, sb_str_text(text), text->length, err);
    sb_str_release(&path);
    return rc;
}

/* Draws with every terminal asked for; the script is in the folder already. */
static int draw_all(const struct sb_figure *f, const struct sb_layout *layout, const char *dir,
                    const char *const *extensions, size_t count, struct sb_error *err)
{
    struct sb_str script = SB_STR_INIT, path = SB_STR_INIT;
    sb_str_printf(&script, "load '%s.gp'", f->name);
    int rc = script.failed ? sb_error_nomem(err, "a script", 0) : 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        sb_str_clear(&path);
        sb_str_printf(&path, "%s/%s.%s", dir, f->name, extensions[i]);
        rc = path.failed ? sb_error_nomem(err, "a file name", 0)
                         : sb_gnuplot_draw_in(path.data, (int)layout->width, (int)layout->height,
                                              PNG_SCALE, dir, script.data, err);
    }
    sb_str_release(&script);
    sb_str_release(&path);
    return rc;
}

int sb_figure_draw(const struct sb_figure *f, const char *dir, const char *const *extensions,
                   size_t count, struct sb_error *err)
{
    struct sb_layout layout;
    int rc = sb_layout_init(&layout, f, true, err);
    if (rc)
        return rc;
    struct sb_str data = SB_STR_INIT, script = SB_STR_INIT;
    sb_figure_data(f, &data);
    rc = write_text(dir, f->name, "dat", &data, err);
    if (rc == 0)
        rc = sb_figure_script(f, &script, err);
    if (rc == 0)
        rc = write_text(dir, f->name, "gp", &script, err);
    if (rc == 0)
        rc = draw_all(f, &layout, dir, extensions, count, err);
    sb_str_release(&data);
    sb_str_release(&script);
    sb_layout_release(&layout);
    return rc;
}
