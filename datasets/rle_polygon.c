/*
 * Polygon to run-length mask, the same pixels as pycocotools 2.0.11. There the outline is walked in
 * steps of 1/5 pixel and a mask column's boundary is wherever the walk crosses the column's middle.
 * Here every edge is asked directly where it crosses those middles, which gives the same points
 * without the walk: O(columns) per edge instead of O(5 * length), and sorting by column is linear.
 */
#include "base/mem.h"
#include "datasets/rle.h"

#include <math.h>
#include <string.h>

#define TAG       SB_MEM_TAG(SB_MEM_DATA, 0)
#define SCALE     5.0
#define MAX_COORD 1e8 /* times SCALE still fits an int */

/* An edge in fifths of a pixel, ordered so that the longer axis grows from start to end. */
struct edge {
    int64_t xs, ys, xe, ye;
    double slope; /* minor axis per step of the longer one */
};

struct outline {
    uint32_t h, w;
    size_t count; /* crossings */
    struct sb_rle_scratch *scratch;
};

static inline int64_t ceil_div5(int64_t v)
{
    return v >= 0 ? (v + 4) / 5 : -(-v / 5);
}

/* The outline crosses the middle of column x; `y` is the upper of the two walk points, in fifths.
 */
static inline void add_crossing(struct outline *o, int64_t x, int64_t y)
{
    int64_t row = ceil_div5(y - 2);
    row = row < 0 ? 0 : row > o->h ? o->h : row;
    const struct sb_crossing crossing = {(uint32_t)x, (uint32_t)x * o->h + (uint32_t)row};
    o->scratch->crossings[o->count++] = crossing;
}

/* Columns whose middle, between 5x+2 and 5x+3, lies within [lo, hi]. False when there is none. */
static bool column_range(const struct outline *o, int64_t lo, int64_t hi, int64_t *first,
                         int64_t *last)
{
    *first = lo <= 2 ? 0 : ceil_div5(lo - 2);
    *last = hi < 3 ? -1 : (hi - 3) / 5;
    if (*last > (int64_t)o->w - 1)
        *last = (int64_t)o->w - 1;
    return *first <= *last;
}

/* The minor coordinate after t steps: rounded as the original does, negatives towards zero. */
static inline int64_t minor_at(int64_t start, double slope, int64_t t)
{
    return (int64_t)((double)start + slope * (double)t + .5);
}

static void flat_edge(struct outline *o, const struct edge *e)
{
    int64_t x, last;
    if (!column_range(o, e->xs, e->xe, &x, &last))
        return;
    for (; x <= last; x++) {
        const int64_t t = 5 * x + 2 - e->xs;
        const int64_t y0 = minor_at(e->ys, e->slope, t);
        const int64_t y1 = minor_at(e->ys, e->slope, t + 1);
        add_crossing(o, x, y0 < y1 ? y0 : y1);
    }
}

static void steep_edge(struct outline *o, const struct edge *e)
{
    const int64_t steps = e->ye - e->ys;
    const int64_t from = minor_at(e->xs, e->slope, 0);
    const int64_t to = minor_at(e->xs, e->slope, steps);
    const bool grows = to > from;
    int64_t x, last;
    if (!column_range(o, grows ? from : to, grows ? to : from, &x, &last))
        return;
    for (; x <= last; x++) {
        /* the first step on the far side of the middle: guess it, then make sure */
        const int64_t middle = 5 * x + 3;
        int64_t t = (int64_t)(((double)middle - .5 - (double)e->xs) / e->slope);
        t = t < 1 ? 1 : t > steps ? steps : t;
        while (t > 1 && (minor_at(e->xs, e->slope, t - 1) >= middle) == grows)
            t--;
        while (t < steps && (minor_at(e->xs, e->slope, t) >= middle) != grows)
            t++;
        add_crossing(o, x, e->ys + t - 1);
    }
}

static void add_edge(struct outline *o, int64_t xs, int64_t ys, int64_t xe, int64_t ye)
{
    const int64_t dx = xe > xs ? xe - xs : xs - xe;
    const int64_t dy = ye > ys ? ye - ys : ys - ye;
    const bool flat = dx >= dy;
    const bool flip = flat ? xs > xe : ys > ye;
    struct edge e = {flip ? xe : xs, flip ? ye : ys, flip ? xs : xe, flip ? ys : ye, 0};
    if (dx == 0 && flat)
        return; /* a single point crosses nothing */
    e.slope = flat ? (double)(e.ye - e.ys) / (double)dx : (double)(e.xe - e.xs) / (double)dy;
    if (flat)
        flat_edge(o, &e);
    else if (e.xe != e.xs)
        steep_edge(o, &e);
}

/* Fifths of a pixel, rounded half up (towards zero for negatives). */
static int64_t to_fifths(double v)
{
    return (int64_t)(SCALE * v + .5);
}

int sb_rle_check_polygon(const double *xy, size_t points, struct sb_error *err)
{
    for (size_t i = 0; i < points; i++) {
        const double x = xy[2 * i], y = xy[2 * i + 1];
        if (!(fabs(x) <= MAX_COORD && fabs(y) <= MAX_COORD))
            return sb_error_set(err, SB_EFORMAT, "polygon point (%g, %g) is out of range", x, y);
    }
    return 0;
}

/* Room for the crossings of an edge from x0 to x1 and the final one. */
static int reserve_crossings(struct outline *o, int64_t x0, int64_t x1, struct sb_error *err)
{
    struct sb_rle_scratch *const s = o->scratch;
    const int64_t columns = (x1 > x0 ? x1 - x0 : x0 - x1) / 5 + 2;
    const size_t most = columns < (int64_t)o->w ? (size_t)columns : o->w;
    const size_t need = o->count + most + 1;
    if (sb_grow(&s->crossings, &s->crossings_capacity, need, sizeof(*s->crossings), TAG))
        return sb_error_nomem(err, "a polygon's outline", need * sizeof(*s->crossings));
    return 0;
}

static int trace(struct outline *o, const double *xy, size_t points, struct sb_error *err)
{
    int rc = sb_rle_check_polygon(xy, points, err);
    if (rc || points == 0)
        return rc ? rc : reserve_crossings(o, 0, 0, err);
    const double *const last =
        xy + 2 * (points - 1); /* the edge that closes the outline is first */
    int64_t last_x = to_fifths(last[0]), last_y = to_fifths(last[1]);
    for (size_t i = 0; rc == 0 && i < points; i++) {
        const int64_t x = to_fifths(xy[2 * i]), y = to_fifths(xy[2 * i + 1]);
        rc = reserve_crossings(o, last_x, x, err);
        if (rc == 0)
            add_edge(o, last_x, last_y, x, y);
        last_x = x;
        last_y = y;
    }
    return rc;
}

/* Sorts the crossings: by column with counts, then the few of a column by insertion. Memory follows
 * the columns that the outline crosses, not the image. */
static int sort_crossings(struct outline *o, struct sb_error *err)
{
    struct sb_rle_scratch *const s = o->scratch;
    uint32_t lo = UINT32_MAX, hi = 0;
    for (size_t i = 0; i < o->count; i++) {
        const uint32_t column = s->crossings[i].column;
        lo = column < lo ? column : lo;
        hi = column > hi ? column : hi;
    }
    const size_t span = o->count ? (size_t)(hi - lo) + 1 : 0;
    if (sb_grow(&s->columns, &s->columns_capacity, span + 1, sizeof(uint32_t), TAG) ||
        sb_grow(&s->sorted, &s->sorted_capacity, o->count + 1, sizeof(uint32_t), TAG))
        return sb_error_nomem(err, "a polygon's outline", o->count * sizeof(uint32_t));
    memset(s->columns, 0, (span + 1) * sizeof(uint32_t));
    for (size_t i = 0; i < o->count; i++)
        s->columns[s->crossings[i].column - lo + 1]++;
    for (size_t x = 0; x < span; x++)
        s->columns[x + 1] += s->columns[x];
    for (size_t i = 0; i < o->count; i++) {
        const struct sb_crossing c = s->crossings[i];
        s->sorted[s->columns[c.column - lo]++] = c.pixel;
    }
    for (size_t i = 1; i < o->count; i++) {
        const uint32_t v = s->sorted[i];
        size_t j = i;
        for (; j > 0 && s->sorted[j - 1] > v; j--)
            s->sorted[j] = s->sorted[j - 1];
        s->sorted[j] = v;
    }
    return 0;
}

/* Differences of the sorted crossings; a run of length 0 joins its neighbours. */
static void write_runs(struct sb_rle *rle, const uint32_t *sorted, size_t count)
{
    rle->runs[0] = sorted[0];
    rle->count = 1;
    for (size_t i = 1; i < count; i++) {
        const uint32_t run = sorted[i] - sorted[i - 1];
        if (run > 0) {
            rle->runs[rle->count++] = run;
        } else if (++i < count) {
            rle->runs[rle->count - 1] += sorted[i] - sorted[i - 1];
        }
    }
}

int sb_rle_from_polygon(struct sb_rle *rle, uint32_t h, uint32_t w, const double *xy, size_t points,
                        struct sb_rle_scratch *scratch, struct sb_error *err)
{
    if ((uint64_t)h * w > UINT32_MAX)
        return sb_error_set(err, SB_EFORMAT, "a mask of %u x %u pixels is too large", h, w);
    struct outline o = {.h = h, .w = w, .scratch = scratch};
    int rc = trace(&o, xy, points, err);
    if (rc)
        return rc;
    if (h == 0)
        o.count = 0;
    rc = sort_crossings(&o, err);
    if (rc)
        return rc;
    if (sb_grow(&rle->runs, &rle->capacity, o.count + 1, sizeof(*rle->runs), TAG))
        return sb_error_nomem(err, "runs of a mask", o.count * sizeof(*rle->runs));
    rle->h = h;
    rle->w = w;
    scratch->sorted[o.count] = h * w;
    write_runs(rle, scratch->sorted, o.count + 1);
    return 0;
}
