/* Building figures. Ranges and ticks are in figure_axis.c. See figure.h. */
#include "reports/figure.h"

#include "base/mem.h"
#include "reports/figure_axis.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

#define PANEL_HEIGHT 300

void sb_figure_init(struct sb_figure *f, const char *name, const char *title)
{
    memset(f, 0, sizeof(*f));
    f->name = sb_texts_keep(&f->texts, name);
    f->title = sb_texts_keep(&f->texts, title);
    f->note = "";
    f->columns = 1;
    f->panel_height = PANEL_HEIGHT;
}

void sb_figure_set_origin(struct sb_figure *f, const struct sb_origin *origin)
{
    f->origin = sb_origin_keep(origin, &f->texts);
}

static void release_panel(struct sb_panel *p)
{
    for (size_t i = 0; i < p->num_series; i++)
        sb_free(p->series[i].data);
    sb_free(p->series);
    sb_free(p->x.ticks);
    sb_free(p->y.ticks);
}

void sb_figure_release(struct sb_figure *f)
{
    for (size_t i = 0; i < f->num_panels; i++)
        release_panel(&f->panels[i]);
    sb_free(f->panels);
    sb_texts_release(&f->texts);
    memset(f, 0, sizeof(*f));
}

/* Room for one more element; false (and failed) when out of memory. */
static bool grow(struct sb_figure *f, void *array, size_t *cap, size_t count, size_t size)
{
    if (!f->texts.failed && sb_grow(array, cap, count + 1, size, TAG) != 0)
        f->texts.failed = true;
    return !f->texts.failed;
}

static void init_axis(struct sb_axis *axis)
{
    axis->label = "";
    axis->low = axis->high = NAN;
}

struct sb_panel *sb_figure_panel(struct sb_figure *f, const char *title)
{
    if (!grow(f, &f->panels, &f->cap_panels, f->num_panels, sizeof(*f->panels)))
        return &f->spare_panel;
    struct sb_panel *p = &f->panels[f->num_panels++];
    memset(p, 0, sizeof(*p));
    p->title = sb_texts_keep(&f->texts, title);
    init_axis(&p->x);
    init_axis(&p->y);
    return p;
}

void sb_figure_axis(struct sb_figure *f, struct sb_axis *axis, const char *label,
                    enum sb_axis_kind kind)
{
    axis->label = sb_texts_keep(&f->texts, label);
    axis->kind = kind;
}

void sb_figure_tick(struct sb_figure *f, struct sb_axis *axis, double at, const char *text)
{
    if (grow(f, &axis->ticks, &axis->cap_ticks, axis->num_ticks, sizeof(*axis->ticks)))
        axis->ticks[axis->num_ticks++] = (struct sb_tick){at, sb_texts_keep(&f->texts, text)};
}

struct sb_series *sb_figure_series(struct sb_figure *f, struct sb_panel *panel, const char *name,
                                   enum sb_mark mark, int colour)
{
    if (!grow(f, &panel->series, &panel->cap_series, panel->num_series, sizeof(*panel->series)))
        return &f->spare_series;
    struct sb_series *s = &panel->series[panel->num_series++];
    memset(s, 0, sizeof(*s));
    s->name = sb_texts_keep(&f->texts, name);
    s->mark = mark;
    s->colour = colour;
    return s;
}

struct sb_series *sb_figure_series_named(struct sb_figure *f, struct sb_panel *panel,
                                         const char *name, enum sb_mark mark, int colour)
{
    for (size_t i = 0; i < panel->num_series; i++) {
        if (panel->series[i].mark == mark && strcmp(panel->series[i].name, name) == 0)
            return &panel->series[i];
    }
    return sb_figure_series(f, panel, name, mark, colour);
}

static struct sb_datum *add_datum(struct sb_figure *f, struct sb_series *series,
                                  struct sb_datum datum)
{
    struct sb_datum *to = &f->spare_datum;
    if (grow(f, &series->data, &series->capacity, series->count, sizeof(*series->data)))
        to = &series->data[series->count++];
    *to = datum;
    return to;
}

struct sb_datum *sb_figure_point(struct sb_figure *f, struct sb_series *series, double x, double y)
{
    return add_datum(f, series, (struct sb_datum){x, y, NAN, NAN, NAN, NAN, NULL, NULL});
}

struct sb_datum *sb_figure_bar(struct sb_figure *f, struct sb_series *series, double x_low,
                               double x_high, double y_low, double y_high)
{
    return add_datum(f, series,
                     (struct sb_datum){(x_low + x_high) / 2, (y_low + y_high) / 2, x_low, x_high,
                                       y_low, y_high, NULL, NULL});
}

int sb_figure_finish(struct sb_figure *f, struct sb_error *err)
{
    if (f->same_axes)
        sb_axis_share(f);
    for (size_t i = 0; i < f->num_panels && !f->texts.failed; i++) {
        sb_axis_finish(f, &f->panels[i], &f->panels[i].x);
        sb_axis_finish(f, &f->panels[i], &f->panels[i].y);
    }
    return f->texts.failed ? sb_error_nomem(err, "a figure", 0) : 0;
}
