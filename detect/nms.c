/*
 * Hard and soft NMS. The hard one files kept boxes under the cells of a grid that they touch. With
 * a threshold of at least 1/2 a kept box can only suppress a candidate whose centre it covers: the
 * overlap is at least half of the union, so at least half of the candidate along each axis. A
 * candidate therefore looks at the boxes of its centre's cell alone. See nms.h.
 */
#include "detect/nms.h"

#include "detect/scratch.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define GRID 16 /* cells per axis */

static float area(struct sb_box b)
{
    return (b.ymax - b.ymin) * (b.xmax - b.xmin);
}

static float overlap(struct sb_box a, struct sb_box b)
{
    const float h = (a.ymax < b.ymax ? a.ymax : b.ymax) - (a.ymin > b.ymin ? a.ymin : b.ymin);
    const float w = (a.xmax < b.xmax ? a.xmax : b.xmax) - (a.xmin > b.xmin ? a.xmin : b.xmin);
    return h > 0.0f && w > 0.0f ? h * w : 0.0f;
}

float sb_iou(struct sb_box a, struct sb_box b)
{
    const float shared = overlap(a, b);
    return shared > 0.0f ? shared / (area(a) + area(b) - shared) : 0.0f;
}

static struct sb_box sorted_corners(struct sb_box b)
{
    const struct sb_box out = {b.ymin < b.ymax ? b.ymin : b.ymax, b.xmin < b.xmax ? b.xmin : b.xmax,
                               b.ymin < b.ymax ? b.ymax : b.ymin,
                               b.xmin < b.xmax ? b.xmax : b.xmin};
    return out;
}

static struct sb_box measured(const struct sb_box *boxes, struct sb_candidate c,
                              const struct sb_nms_options *options)
{
    const struct sb_box box = boxes[c.index];
    return options->sort_corners ? sorted_corners(box) : box;
}

/* A kept box filed under a cell. */
struct entry {
    int32_t kept; /* index among the kept boxes */
    int32_t next; /* the entry filed before it in the same cell; -1 = none */
};

/* Kept boxes by cell; `cells` is 1 when the threshold does not allow the shortcut. */
struct grid {
    int cells;          /* per axis */
    float y0, x0;       /* corner of all candidates */
    float per_y, per_x; /* cells per pixel */
    int32_t heads[GRID * GRID];
    struct entry *entries; /* room for every kept box under every cell */
    struct sb_box *boxes;  /* kept */
    int32_t num_entries, num_boxes;
};

/* Cell of a coordinate; what is not a number goes to the first. */
static int cell_of(const struct grid *g, float offset, float per_pixel)
{
    const float cell = offset * per_pixel;
    if (!(cell > 0.0f))
        return 0;
    return cell < (float)g->cells ? (int)cell : g->cells - 1;
}

static void grid_init(struct grid *g, const struct sb_box *boxes, const struct sb_candidate *c,
                      size_t n, const struct sb_nms_options *options)
{
    memset(g->heads, 0xff, sizeof(g->heads));
    g->num_entries = g->num_boxes = 0;
    struct sb_box all = n ? measured(boxes, c[0], options) : (struct sb_box){0, 0, 0, 0};
    for (size_t i = 1; i < n; i++) {
        const struct sb_box b = measured(boxes, c[i], options);
        all.ymin = b.ymin < all.ymin ? b.ymin : all.ymin;
        all.xmin = b.xmin < all.xmin ? b.xmin : all.xmin;
        all.ymax = b.ymax > all.ymax ? b.ymax : all.ymax;
        all.xmax = b.xmax > all.xmax ? b.xmax : all.xmax;
    }
    g->y0 = all.ymin;
    g->x0 = all.xmin;
    const float h = all.ymax - all.ymin, w = all.xmax - all.xmin;
    g->per_y = h > 0.0f ? (float)g->cells / h : 0.0f;
    g->per_x = w > 0.0f ? (float)g->cells / w : 0.0f;
}

/* Files a kept box under every cell it touches, and one pixel around it against rounding. */
static void grid_add(struct grid *g, struct sb_box b)
{
    const int y0 = cell_of(g, b.ymin - 1.0f - g->y0, g->per_y);
    const int y1 = cell_of(g, b.ymax + 1.0f - g->y0, g->per_y);
    const int x0 = cell_of(g, b.xmin - 1.0f - g->x0, g->per_x);
    const int x1 = cell_of(g, b.xmax + 1.0f - g->x0, g->per_x);
    g->boxes[g->num_boxes] = b;
    for (int y = y0; y <= y1; y++) {
        for (int x = x0; x <= x1; x++) {
            int32_t *const head = &g->heads[y * g->cells + x];
            g->entries[g->num_entries] = (struct entry){g->num_boxes, *head};
            *head = g->num_entries++;
        }
    }
    g->num_boxes++;
}

static bool suppressed(const struct grid *g, struct sb_box b, float threshold)
{
    const int y = cell_of(g, 0.5f * (b.ymin + b.ymax) - g->y0, g->per_y);
    const int x = cell_of(g, 0.5f * (b.xmin + b.xmax) - g->x0, g->per_x);
    for (int32_t i = g->heads[y * g->cells + x]; i >= 0; i = g->entries[i].next)
        if (sb_iou(b, g->boxes[g->entries[i].kept]) >= threshold)
            return true;
    return false;
}

/* Candidates wait in a heap, because often only the first hundred of thousands are ever looked at.
 */
struct waiting {
    struct sb_candidate candidate; /* as it came */
    float score;                   /* lowered, when soft, by the first `seen` kept boxes */
    int32_t seen;
};

static bool waits_before(const struct waiting *a, const struct waiting *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    return sb_comes_first(a->candidate, b->candidate);
}

/* Restores the heap below position i. */
static void sift_down(struct waiting *heap, size_t n, size_t i)
{
    const struct waiting moved = heap[i];
    for (size_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && waits_before(&heap[child + 1], &heap[child]))
            child++;
        if (!waits_before(&heap[child], &moved))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = moved;
}

/* Removes the first of the heap. */
static void pop(struct waiting *heap, size_t *n)
{
    heap[0] = heap[--*n];
    if (*n)
        sift_down(heap, *n, 0);
}

/* A heap of the candidates above the score threshold; returns how many. */
static size_t make_heap(const struct sb_candidate *candidates, size_t n, float score_threshold,
                        struct waiting *heap)
{
    size_t waiting = 0;
    for (size_t i = 0; i < n; i++)
        if (candidates[i].score > score_threshold)
            heap[waiting++] = (struct waiting){candidates[i], candidates[i].score, 0};
    for (size_t i = waiting / 2; i > 0; i--)
        sift_down(heap, waiting, i - 1);
    return waiting;
}

static size_t hard_nms(const struct sb_box *boxes, struct waiting *heap, size_t waiting,
                       struct grid *grid, const struct sb_nms_options *options,
                       struct sb_candidate *kept)
{
    size_t count = 0;
    for (; waiting && count < options->max_output; pop(heap, &waiting)) {
        const struct sb_box box = measured(boxes, heap[0].candidate, options);
        if (suppressed(grid, box, options->iou_threshold))
            continue;
        kept[count++] = heap[0].candidate;
        grid_add(grid, box);
    }
    return count;
}

/* Lowers the score of w by the boxes kept since it was last looked at, latest first. */
static void decay(struct waiting *w, const struct sb_box *boxes, const struct sb_candidate *kept,
                  size_t count, const struct sb_nms_options *options)
{
    const struct sb_box box = measured(boxes, w->candidate, options);
    const float factor = -0.5f / options->soft_sigma;
    for (size_t j = count; j > (size_t)w->seen && w->score > options->score_threshold; j--) {
        const float iou = sb_iou(box, measured(boxes, kept[j - 1], options));
        w->score *= iou > 0.0f ? expf(factor * iou * iou) : 1.0f;
    }
    w->seen = (int32_t)count;
}

static size_t soft_nms(const struct sb_box *boxes, struct waiting *heap, size_t waiting,
                       const struct sb_nms_options *options, struct sb_candidate *kept)
{
    size_t count = 0;
    while (waiting && count < options->max_output) {
        const float before = heap[0].score;
        decay(&heap[0], boxes, kept, count, options);
        const bool unchanged = heap[0].score == before;
        if (unchanged)
            kept[count++] = (struct sb_candidate){before, heap[0].candidate.index};
        if (unchanged || !(heap[0].score > options->score_threshold))
            pop(heap, &waiting);
        else
            sift_down(heap, waiting, 0);
    }
    return count;
}

/* The arrays of one call for n candidates. */
static struct waiting *lay_out(struct sb_scratch *s, size_t n, const struct sb_nms_options *options,
                               struct grid *grid)
{
    struct waiting *const heap = sb_scratch_take(s, n, sizeof(*heap));
    memset(grid, 0, sizeof(*grid));
    if (options->soft_sigma > 0.0f)
        return heap;
    const size_t most = n < options->max_output ? n : options->max_output;
    grid->cells = options->iou_threshold >= 0.5f && n > 64 ? GRID : 1;
    const size_t cells = (size_t)grid->cells * (size_t)grid->cells;
    grid->boxes = sb_scratch_take(s, most, sizeof(*grid->boxes));
    grid->entries = sb_scratch_take(s, most * cells, sizeof(*grid->entries));
    return heap;
}

size_t sb_nms_bytes(size_t n, const struct sb_nms_options *options)
{
    struct sb_scratch s = {NULL, 0};
    struct grid grid;
    lay_out(&s, n, options, &grid);
    return s.used;
}

size_t sb_nms(const struct sb_box *boxes, const struct sb_candidate *candidates, size_t n,
              const struct sb_nms_options *options, void *workspace, struct sb_candidate *kept)
{
    struct sb_scratch s = {workspace, 0};
    struct grid grid;
    struct waiting *const heap = lay_out(&s, n, options, &grid);
    const size_t waiting = make_heap(candidates, n, options->score_threshold, heap);
    if (options->soft_sigma > 0.0f)
        return soft_nms(boxes, heap, waiting, options, kept);
    grid_init(&grid, boxes, candidates, n, options);
    return hard_nms(boxes, heap, waiting, &grid, options, kept);
}
