/* Layout of figures. See figure_layout.h. */
#include "reports/figure_layout.h"

#include "base/mem.h"
#include "reports/figure_labels.h"
#include "reports/figure_style.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

#define MARGIN      12.0
#define LINE        17.0                /* of text in SB_FONT_PIXELS */
#define SMALL_LINE  14.0                /* of text in SB_FONT_SMALL */
#define SWATCH      (SB_KEY_SWATCH + 5) /* of the key, with its gap */
#define KEY_GAP     16.0
#define TICK_GAP    8.0
#define PANEL_GAP   14.0
#define ROW_GAP     8.0   /* more, below the label of the row above */
#define RIGHT_ROOM  16.0  /* half a tick's label may stick out */
#define LEAST_TITLE 100.0 /* width of a panel's title, however wide the labels of its ticks are */

bool sb_bar_text_fits(const struct sb_panel *panel, const struct sb_box *plot,
                      const struct sb_datum *bar, double font_pixels)
{
    const double width =
        fabs(sb_axis_position(&panel->x, bar->x_high) - sb_axis_position(&panel->x, bar->x_low)) *
        plot->width;
    const double height =
        fabs(sb_axis_position(&panel->y, bar->y_high) - sb_axis_position(&panel->y, bar->y_low)) *
        plot->height;
    return sb_text_pixels(bar->text, font_pixels) + 6 <= width && font_pixels + 2 <= height;
}

void sb_layout_release(struct sb_layout *layout)
{
    sb_free(layout->plots);
    sb_free(layout->key);
    sb_free(layout->lines);
    sb_free(layout->labels);
    sb_texts_release(&layout->texts);
    memset(layout, 0, sizeof(*layout));
}

static void add_line(struct sb_layout *l, const char *text, double x, double y, bool small)
{
    if (sb_grow(&l->lines, &l->cap_lines, l->num_lines + 1, sizeof(*l->lines), TAG))
        l->texts.failed = true;
    else
        l->lines[l->num_lines++] = (struct sb_text_line){text, x, y, small};
}

/* Bytes of the longest start of text that is at most `width` pixels wide and ends at a blank. */
static size_t wrap_at(const char *text, double font_pixels, double width)
{
    size_t best = 0, i = 0;
    double used = 0;
    for (; text[i]; i++) {
        if (text[i] == ' ')
            best = i;
        used += sb_byte_pixels((unsigned char)text[i], font_pixels);
        if (used > width)
            return best ? best : i;
    }
    return i;
}

/* Takes the text's first line of this width off it, with the blanks behind. */
static const char *take_line(struct sb_layout *l, const char **text, double font_pixels,
                             double width)
{
    const size_t n = wrap_at(*text, font_pixels, width);
    const char *const line = sb_texts_printf(&l->texts, "%.*s", (int)n, *text);
    *text += n;
    *text += strspn(*text, " ");
    return line;
}

/* Adds text as small lines below y; the new y. */
static double add_paragraph(struct sb_layout *l, const char *text, double y)
{
    while (*text) {
        y += SMALL_LINE;
        add_line(l, take_line(l, &text, SB_FONT_SMALL, l->width - 2 * MARGIN), MARGIN, y, true);
    }
    return y;
}

/* True when a series of this name has something to show, in whatever panel. */
static bool is_drawn(const struct sb_figure *f, const char *name)
{
    for (size_t p = 0; p < f->num_panels; p++) {
        for (size_t s = 0; s < f->panels[p].num_series; s++) {
            const struct sb_series *const series = &f->panels[p].series[s];
            if (series->count && strcmp(series->name, name) == 0)
                return true;
        }
    }
    return false;
}

/* True when the key names the series already. */
static bool is_in_key(const struct sb_layout *l, const struct sb_series *series)
{
    for (size_t i = 0; i < l->num_key; i++) {
        if (strcmp(l->key[i].series->name, series->name) == 0)
            return true;
    }
    return false;
}

/* Places a name of the key at *x and *y, in the next row where it does not fit; moves them on. */
static void place_name(struct sb_layout *l, const struct sb_series *series, double *x, double *y)
{
    const double width = SWATCH + sb_text_pixels(series->name, SB_FONT_PIXELS) + KEY_GAP;
    if (*x > MARGIN && *x + width > l->width - MARGIN) {
        *x = MARGIN;
        *y += LINE;
    }
    if (sb_grow(&l->key, &l->cap_key, l->num_key + 1, sizeof(*l->key), TAG))
        l->texts.failed = true;
    else
        l->key[l->num_key++] = (struct sb_key_entry){series, *x, *y - LINE / 3};
    *x += width;
}

/* Places the names of all panels' series in rows below y, each once; the new y. */
static double place_key(struct sb_layout *l, const struct sb_figure *f, double y)
{
    double x = MARGIN;
    if (!f->has_key || f->num_panels == 0)
        return y;
    y += LINE;
    for (size_t p = 0; p < f->num_panels; p++) {
        for (size_t s = 0; s < f->panels[p].num_series; s++) {
            const struct sb_series *series = &f->panels[p].series[s];
            if (*series->name && !is_in_key(l, series) && is_drawn(f, series->name))
                place_name(l, series, &x, &y);
        }
    }
    return y;
}

/* Widest label of the ticks of y axes, in pixels. */
static double widest_tick(const struct sb_figure *f)
{
    double widest = 0;
    for (size_t p = 0; p < f->num_panels; p++) {
        for (size_t i = 0; i < f->panels[p].y.num_ticks; i++) {
            const double w = sb_text_pixels(f->panels[p].y.ticks[i].text, SB_FONT_PIXELS);
            widest = w > widest ? w : widest;
        }
    }
    return widest;
}

static bool any_y_label(const struct sb_figure *f)
{
    for (size_t p = 0; p < f->num_panels; p++) {
        if (*f->panels[p].y.label)
            return true;
    }
    return false;
}

/* Height of a panel's title in lines of this width. */
static double title_height(const struct sb_panel *panel, double width)
{
    double height = 0;
    for (const char *text = panel->title; *text; height += LINE) {
        text += wrap_at(text, SB_FONT_PIXELS, width);
        text += strspn(text, " ");
    }
    return height;
}

/* A title may go on above panels of its row that have none. */
static double title_width(const struct sb_figure *f, size_t panel, double cell, double left)
{
    size_t end = panel + 1;
    while (end < f->num_panels && end % f->columns != 0 && !*f->panels[end].title)
        end++;
    return fmax((double)(end - panel) * cell - left, LEAST_TITLE);
}

static double highest_title(const struct sb_figure *f, double cell, double left)
{
    double highest = 0;
    for (size_t p = 0; p < f->num_panels; p++)
        highest = fmax(highest, title_height(&f->panels[p], title_width(f, p, cell, left)));
    return highest;
}

/* The title of a panel in lines of this width, the last one right above its drawing area. */
static void place_title(struct sb_layout *l, const struct sb_panel *panel,
                        const struct sb_box *plot, double width)
{
    double y = plot->y - 6 + LINE - title_height(panel, width);
    for (const char *text = panel->title; *text; y += LINE)
        add_line(l, take_line(l, &text, SB_FONT_PIXELS, width), plot->x, y, false);
}

/* Places the panels in a grid below y; the new y. */
static double place_panels(struct sb_layout *l, const struct sb_figure *f, double y)
{
    const double left = widest_tick(f) + TICK_GAP + (any_y_label(f) ? LINE + 4 : 0);
    const double cell = (l->width - 2 * MARGIN) / (double)f->columns;
    const double titles = highest_title(f, cell, left);
    double row_bottom = y;
    for (size_t p = 0; p < f->num_panels; p++) {
        const struct sb_panel *panel = &f->panels[p];
        if (p % f->columns == 0)
            y = row_bottom + (p && *panel->x.label ? ROW_GAP : 0);
        const double top = y + PANEL_GAP + titles;
        l->plots[p] = (struct sb_box){MARGIN + (double)(p % f->columns) * cell + left, top,
                                      cell - left - RIGHT_ROOM, f->panel_height};
        place_title(l, panel, &l->plots[p], title_width(f, p, cell, left));
        const double bottom = top + f->panel_height + LINE + (*panel->x.label ? LINE : 0);
        row_bottom = bottom > row_bottom ? bottom : row_bottom;
    }
    return row_bottom;
}

/* Records and command, small, below y; the new y. */
static double add_origin(struct sb_layout *l, const struct sb_origin *origin, double y)
{
    struct sb_str text = SB_STR_INIT;
    sb_origin_records_text(origin, &text);
    if (origin->command)
        sb_str_printf(&text, "%sMade by: %s", text.length ? ". " : "", origin->command);
    y = add_paragraph(l, sb_texts_keep(&l->texts, sb_str_text(&text)), y);
    l->texts.failed = l->texts.failed || text.failed;
    sb_str_release(&text);
    return y;
}

int sb_layout_init(struct sb_layout *l, const struct sb_figure *f, bool alone, struct sb_error *err)
{
    memset(l, 0, sizeof(*l));
    l->width = SB_FIGURE_WIDTH;
    l->plots = sb_calloc(f->num_panels, sizeof(*l->plots), TAG);
    double y = alone ? MARGIN + LINE - 3 : 0;
    if (l->plots) {
        if (alone)
            add_line(l, f->title, MARGIN, y, false);
        y = place_key(l, f, y + 4);
        y = place_panels(l, f, y) + 10;
    }
    if (l->plots && alone) {
        y = add_paragraph(l, f->note, y);
        y = add_origin(l, &f->origin, y);
    }
    l->height = y + MARGIN;
    int rc = 0;
    for (size_t p = 0; l->plots && p < f->num_panels && rc == 0; p++)
        rc = sb_labels_place(l, &f->panels[p], p, err);
    if (rc == 0 && l->plots && !l->texts.failed)
        return 0;
    sb_layout_release(l);
    return rc ? rc : sb_error_nomem(err, "the layout of a figure", f->num_panels);
}
