/* The Potts fit. See change_points.h. */
#include "bench/change_points.h"

#include "base/mem.h"
#include "bench/statistics.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define TAG         SB_MEM_TAG(SB_MEM_DATA, 0)
#define NOISE_RATIO 1.15

double sb_median_of(const double *y, size_t count)
{
    double *sorted = count ? sb_calloc(count, sizeof(*sorted), TAG) : NULL;
    if (!sorted)
        return (double)NAN;
    memcpy(sorted, y, count * sizeof(*sorted));
    sb_sort_doubles(sorted, count);
    const double level = sb_median_sorted(sorted, count);
    sb_free(sorted);
    return level;
}

double sb_neighbour_noise(const double *y, size_t count)
{
    if (count < 3)
        return 0;
    double *d = sb_calloc(count, sizeof(*d), TAG);
    if (!d)
        return (double)NAN;
    for (size_t i = 0; i + 1 < count; i++)
        d[i] = fabs(y[i + 1] - y[i]);
    const double noise = sb_median_of(d, count - 1) / NOISE_RATIO;
    sb_free(d);
    return noise;
}

double sb_step_penalty(double noise, size_t count)
{
    return count > 1 ? 2 * noise * log((double)count) : 0;
}

/* Values of a segment that grows, and the sum of their distances from the median. */
struct segment {
    double *sorted;
    size_t count;
    double cost;
};

static void insert(struct segment *s, double y)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (s->sorted[middle] <= y)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(s->sorted + low + 1, s->sorted + low, (s->count - low) * sizeof(*s->sorted));
    s->sorted[low] = y;
    s->count++;
}

/* The sum grows by the distance of the new value from the median, which is a point for an odd and
 * the interval between the two middle values for an even number of values. */
static void grow(struct segment *s, double y)
{
    if (s->count) {
        const double upper = s->sorted[s->count / 2];
        const double lower = s->count % 2 ? upper : s->sorted[s->count / 2 - 1];
        s->cost += fmax(0, fmax(lower - y, y - upper));
    }
    insert(s, y);
}

/* A fit under way. */
struct fit {
    const double *y;
    size_t count, least;
    double penalty;
    double *best;  /* [count + 1]: of y[0..end) */
    size_t *start; /* [count + 1]: where the last segment of that begins */
    double *room;  /* [count]: for a segment's values */
};

/* The best last segment of y[0..end), given the best of all shorter parts. */
static void extend_fit(struct fit *f, size_t end)
{
    struct segment s = {.sorted = f->room};
    f->best[end] = INFINITY;
    for (size_t i = end; i-- > 0;) {
        grow(&s, f->y[i]);
        if (s.count < f->least && end < f->count)
            continue;
        const double total = f->best[i] + s.cost + (i ? f->penalty : 0);
        if (total < f->best[end]) {
            f->best[end] = total;
            f->start[end] = i;
        }
    }
}

/* The segments of the best fit of all values, which are found from the end. */
static size_t trace_back(const struct fit *f, size_t *first)
{
    size_t n = 0;
    for (size_t end = f->count; end > 0; end = f->start[end])
        first[n++] = f->start[end];
    for (size_t i = 0; i < n / 2; i++) {
        const size_t kept = first[i];
        first[i] = first[n - 1 - i];
        first[n - 1 - i] = kept;
    }
    return n;
}

int sb_fit_levels(const double *y, size_t count, double penalty, size_t least, size_t *first,
                  size_t *segments, struct sb_error *err)
{
    struct fit f = {.y = y, .count = count, .least = least, .penalty = penalty};
    f.best = sb_calloc(2 * count + 1, sizeof(*f.best), TAG);
    f.start = sb_calloc(count + 1, sizeof(*f.start), TAG);
    const bool ok = f.best && f.start;
    if (ok) {
        f.room = f.best + count + 1;
        for (size_t end = 1; end <= count; end++)
            extend_fit(&f, end);
        *segments = trace_back(&f, first);
    }
    sb_free(f.best);
    sb_free(f.start);
    return ok ? 0 : sb_error_nomem(err, "a fit of levels", count * sizeof(*f.best));
}
