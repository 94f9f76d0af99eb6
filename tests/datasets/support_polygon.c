/* See support_polygon.h. */
#include "tests/datasets/support_polygon.h"

#include <math.h>
#include <stdlib.h>

#define MAX_CROSSINGS 100000

static int compare_u32(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x > y ? 1 : x < y ? -1 : 0;
}

struct walker {
    int u, v;
    bool started;
    uint32_t *out;
    size_t count;
    int h, w;
};

static void walk_to(struct walker *k, int u, int v)
{
    if (k->started && u != k->u && k->count < MAX_CROSSINGS) {
        double x = u < k->u ? u : u - 1, y = v < k->v ? v : k->v;
        x = (x + .5) / 5 - .5;
        y = (y + .5) / 5 - .5;
        if (floor(x) == x && x >= 0 && x <= k->w - 1)
            k->out[k->count++] = (uint32_t)((int)x * k->h + (int)ceil(fmin(fmax(y, 0), k->h)));
    }
    k->started = true;
    k->u = u;
    k->v = v;
}

static void walk_edge(struct walker *k, int xs, int ys, int xe, int ye)
{
    const int dx = abs(xe - xs), dy = abs(ye - ys), n = dx > dy ? dx : dy;
    const bool flat = dx >= dy, flip = flat ? xs > xe : ys > ye;
    const int ax = flip ? xe : xs, ay = flip ? ye : ys, bx = flip ? xs : xe, by = flip ? ys : ye;
    for (int d = 0; n > 0 && d <= n; d++) {
        const int t = flip ? n - d : d;
        const double s = flat ? (double)(by - ay) / dx : (double)(bx - ax) / dy;
        if (flat)
            walk_to(k, ax + t, (int)(ay + s * t + .5));
        else
            walk_to(k, (int)(ax + s * t + .5), ay + t);
    }
}

/* A mask is the parity of the crossings before each pixel. */
static bool is_parity_of(const struct sb_rle *rle, const uint32_t *crossings, size_t count)
{
    uint32_t pixel = 0;
    size_t passed = 0;
    for (size_t i = 0; i < rle->count; i++) {
        if (i > 0 && rle->runs[i] == 0)
            return false;
        for (uint32_t n = 0; n < rle->runs[i]; n++, pixel++) {
            while (passed < count && crossings[passed] <= pixel)
                passed++;
            if ((passed & 1) != (i & 1))
                return false;
        }
    }
    return pixel == rle->h * rle->w;
}

bool test_polygon_matches_walk(const struct sb_rle *rle, const double *xy, size_t points)
{
    static uint32_t crossings[MAX_CROSSINGS + 1];
    struct walker k = {.out = crossings, .h = (int)rle->h, .w = (int)rle->w};
    for (size_t i = 0; i < points; i++) {
        const double *const a = xy + 2 * i, *const b = xy + 2 * ((i + 1) % points);
        walk_edge(&k, (int)(5 * a[0] + .5), (int)(5 * a[1] + .5), (int)(5 * b[0] + .5),
                  (int)(5 * b[1] + .5));
    }
    crossings[k.count++] = rle->h * rle->w;
    qsort(crossings, k.count, sizeof(*crossings), compare_u32);
    return is_parity_of(rle, crossings, k.count);
}
