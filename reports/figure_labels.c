/* Placing labels: each takes the cheapest of some places around its point, where cost is what it
 * would cover; then once more, now that the others have theirs. See figure_labels.h. */
#include "reports/figure_labels.h"

#include "base/mem.h"
#include "reports/figure_style.h"

#include <math.h>
#include <string.h>

#define TAG     SB_MEM_TAG(SB_MEM_DATA, 0)
#define HEIGHT  (SB_FONT_PIXELS + 1)
#define GAP     4.0  /* of a text from its point */
#define RADIUS  4.0  /* of a point */
#define OUTSIDE 10.0 /* pixels that a text may stick out of the drawing area, to the right */
#define RINGS   3    /* distances that are tried */
#define STEP    5.0  /* from ring to ring */
#define NEAR    6.0  /* a text this near to another point may be taken for its */

#define COST_TEXT  8.0
#define COST_POINT 3.0
#define COST_LINE  1.0
#define COST_NEAR  0.7
#define COST_RING  0.3 /* per ring away */
#define COST_SIDE  0.05

struct segment {
    double x0, y0, x1, y1;
};

/* A text and the box that it has now; width 0 before it has one. */
struct text {
    const struct sb_datum *datum;
    double x, y; /* its point */
    struct sb_box box;
    bool fixed; /* stands where it must */
};

struct scene {
    const struct sb_box *plot;
    struct segment *segments;
    size_t num_segments, cap_segments;
    struct sb_box *points;
    size_t num_points, cap_points;
    struct text *texts;
    size_t num_texts, cap_texts;
    bool failed;
};

static bool room(struct scene *s, void *array, size_t *capacity, size_t count, size_t size)
{
    s->failed = s->failed || sb_grow(array, capacity, count + 1, size, TAG) != 0;
    return !s->failed;
}

static void add_segment(struct scene *s, double x0, double y0, double x1, double y1)
{
    if (isfinite(x0) && isfinite(y0) && isfinite(x1) && isfinite(y1) &&
        room(s, &s->segments, &s->cap_segments, s->num_segments, sizeof(*s->segments)))
        s->segments[s->num_segments++] = (struct segment){x0, y0, x1, y1};
}

static double x_of(const struct scene *s, const struct sb_panel *panel, double value)
{
    return s->plot->x + s->plot->width * sb_axis_position(&panel->x, value);
}

static double y_of(const struct scene *s, const struct sb_panel *panel, double value)
{
    return s->plot->y + s->plot->height * (1 - sb_axis_position(&panel->y, value));
}

/* A text that stands where it must (its box has a width) or is to be placed. */
static void add_text(struct scene *s, const struct sb_datum *d, double x, double y,
                     struct sb_box box)
{
    if (d->text && *d->text && room(s, &s->texts, &s->cap_texts, s->num_texts, sizeof(*s->texts)))
        s->texts[s->num_texts++] = (struct text){d, x, y, box, box.width > 0};
}

static void add_fixed(struct scene *s, const struct sb_datum *d, double x, double y, bool above)
{
    const double width = d->text ? sb_text_pixels(d->text, SB_FONT_PIXELS) : 0;
    const double right = x + GAP + 2, end = s->plot->x + s->plot->width + OUTSIDE;
    if (above)
        add_text(s, d, x, y, (struct sb_box){x - width / 2, y - 2 - HEIGHT, width, HEIGHT});
    else
        add_text(s, d, x, y,
                 (struct sb_box){right + width <= end ? right : x - GAP - 2 - width, y - HEIGHT / 2,
                                 width, HEIGHT});
}

/* What a point and its intervals cover. */
static void add_point(struct scene *s, const struct sb_panel *panel, const struct sb_series *series,
                      const struct sb_datum *d)
{
    const double x = x_of(s, panel, d->x), y = y_of(s, panel, d->y);
    add_segment(s, x_of(s, panel, d->x_low), y, x_of(s, panel, d->x_high), y);
    add_segment(s, x, y_of(s, panel, d->y_low), x, y_of(s, panel, d->y_high));
    if (series->mark != SB_MARK_POINTS && series->mark != SB_MARK_LINE_POINTS)
        return;
    if (room(s, &s->points, &s->cap_points, s->num_points, sizeof(*s->points)))
        s->points[s->num_points++] =
            (struct sb_box){x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS};
    add_text(s, d, x, y, (struct sb_box){0, 0, 0, 0});
}

static void add_series(struct scene *s, const struct sb_panel *panel,
                       const struct sb_series *series)
{
    const bool line = series->mark == SB_MARK_LINE || series->mark == SB_MARK_LINE_POINTS;
    for (size_t i = 0; i < series->count; i++) {
        const struct sb_datum *const d = &series->data[i];
        if (series->mark == SB_MARK_LABELS || series->mark == SB_MARK_LABELS_ABOVE)
            add_fixed(s, d, x_of(s, panel, d->x), y_of(s, panel, d->y),
                      series->mark == SB_MARK_LABELS_ABOVE);
        else
            add_point(s, panel, series, d);
        if (line && i > 0)
            add_segment(s, x_of(s, panel, d[-1].x), y_of(s, panel, d[-1].y), x_of(s, panel, d->x),
                        y_of(s, panel, d->y));
    }
}

static bool overlap(const struct sb_box *a, const struct sb_box *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

/* Narrows the part [*from, *to] of a segment to where `at + part * step` lies in [low, high]. */
static bool clip(double at, double step, double low, double high, double *from, double *to)
{
    if (fabs(step) < 1e-12)
        return at >= low && at <= high;
    const double a = (low - at) / step, b = (high - at) / step;
    *from = fmax(*from, fmin(a, b));
    *to = fmin(*to, fmax(a, b));
    return *from <= *to;
}

static bool crosses(const struct segment *s, const struct sb_box *b)
{
    double from = 0, to = 1;
    return clip(s->x0, s->x1 - s->x0, b->x, b->x + b->width, &from, &to) &&
           clip(s->y0, s->y1 - s->y0, b->y, b->y + b->height, &from, &to);
}

static bool is_inside(const struct sb_box *plot, const struct sb_box *b)
{
    return b->x >= plot->x + 2 && b->x + b->width <= plot->x + plot->width + OUTSIDE &&
           b->y >= plot->y - 2 && b->y + b->height <= plot->y + plot->height - 1;
}

static bool is_own_point(const struct text *t, const struct sb_box *point)
{
    return fabs(point->x + RADIUS - t->x) < 0.5 && fabs(point->y + RADIUS - t->y) < 0.5;
}

/* What a text in this box covers. */
static double cost_of(const struct scene *s, size_t text, const struct sb_box *box)
{
    double cost = 0;
    for (size_t i = 0; i < s->num_texts; i++)
        cost += i != text && s->texts[i].box.width > 0 && overlap(&s->texts[i].box, box) ? COST_TEXT
                                                                                         : 0;
    const struct sb_box around = {box->x - NEAR, box->y - NEAR, box->width + 2 * NEAR,
                                  box->height + 2 * NEAR};
    for (size_t i = 0; i < s->num_points; i++) {
        const bool own = is_own_point(&s->texts[text], &s->points[i]);
        cost += overlap(&s->points[i], box) ? COST_POINT : 0;
        cost += !own && overlap(&s->points[i], &around) ? COST_NEAR : 0;
    }
    for (size_t i = 0; i < s->num_segments; i++)
        cost += crosses(&s->segments[i], box) ? COST_LINE : 0;
    return cost;
}

/* The best place around the text's point; width 0 when there is none. */
static void place(struct scene *s, size_t index)
{
    /* Upper left first, where curves that rise leave room, then lower right. */
    static const int sides[][2] = {{-1, -1}, {1, 1},  {1, -1}, {-1, 1},
                                   {1, 0},   {0, -1}, {0, 1},  {-1, 0}};
    struct text *const t = &s->texts[index];
    const double width = sb_text_pixels(t->datum->text, SB_FONT_PIXELS);
    const double left = s->plot->x + 2, right = s->plot->x + s->plot->width + OUTSIDE;
    double best = COST_TEXT;
    struct sb_box chosen = {0, 0, 0, 0};
    for (size_t i = 0; i < RINGS * sizeof(sides) / sizeof(sides[0]); i++) {
        const size_t n = sizeof(sides) / sizeof(sides[0]), ring = i / n;
        const int *const side = sides[i % n];
        const double away = GAP + (double)ring * STEP;
        const double dx = side[0] * (width / 2 + (side[1] ? 1 : away + 2));
        const double dy = side[1] * (HEIGHT / 2 + away);
        struct sb_box box = {t->x + dx - width / 2, t->y + dy - HEIGHT / 2, width, HEIGHT};
        if (side[1]) /* above and below there is a choice */
            box.x = fmax(fmin(box.x, right - width), left);
        const double cost =
            cost_of(s, index, &box) + COST_RING * (double)ring + COST_SIDE * (double)(i % n);
        if (cost < best && is_inside(s->plot, &box)) {
            best = cost;
            chosen = box;
        }
    }
    t->box = chosen;
}

static void hand_out(struct sb_layout *layout, size_t panel, const struct scene *s)
{
    for (size_t i = 0; i < s->num_texts; i++) {
        const struct text *const t = &s->texts[i];
        if (t->box.width <= 0)
            continue;
        if (sb_grow(&layout->labels, &layout->cap_labels, layout->num_labels + 1,
                    sizeof(*layout->labels), TAG)) {
            layout->texts.failed = true;
            return;
        }
        layout->labels[layout->num_labels++] =
            (struct sb_label){t->datum->text, panel, t->box.x, t->box.y + t->box.height / 2};
    }
}

int sb_labels_place(struct sb_layout *layout, const struct sb_panel *panel, size_t index,
                    struct sb_error *err)
{
    struct scene s = {.plot = &layout->plots[index]};
    for (size_t i = 0; i < panel->num_series; i++)
        add_series(&s, panel, &panel->series[i]);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < s.num_texts; i++) {
            if (!s.texts[i].fixed)
                place(&s, i);
        }
    }
    hand_out(layout, index, &s);
    sb_free(s.segments);
    sb_free(s.points);
    sb_free(s.texts);
    return s.failed ? sb_error_nomem(err, "the labels of a figure", s.num_texts) : 0;
}
