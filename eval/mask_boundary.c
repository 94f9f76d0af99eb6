/*
 * Boundaries of masks on bits, a column of the image after the other. Erosion by a square is one
 * along columns, which shortens every stretch at both ends, and one along rows: a column keeps what
 * all its neighbours up to d have, found from running ANDs within blocks of 2 d + 1 columns (van
 * Herk 1992). See mask_boundary.h.
 */
#include "eval/mask_boundary.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_boundary_scratch_release(struct sb_boundary_scratch *scratch)
{
    sb_free(scratch->mask);
    sb_free(scratch->eroded);
    sb_free(scratch->prefix);
    memset(scratch, 0, sizeof(*scratch));
}

uint32_t sb_boundary_width(uint32_t h, uint32_t w, double dilation_ratio)
{
    const double diagonal = sqrt((double)h * h + (double)w * w);
    const double width = rint(dilation_ratio * diagonal);
    return width < 1 ? 1 : width < UINT32_MAX ? (uint32_t)width : UINT32_MAX;
}

/* The columns [first, first + count) of an image as bits. */
struct window {
    uint32_t h, first, count;
    size_t words; /* of a column */
    uint32_t d;
    struct sb_boundary_scratch *scratch;
};

/* Sets bits [from, to) of a column. */
static void set_bits(uint64_t *column, uint32_t from, uint32_t to)
{
    for (uint32_t at = from; at < to;) {
        const uint32_t bit = at % 64, n = to - at < 64 - bit ? to - at : 64 - bit;
        column[at / 64] |= (n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1) << bit;
        at += n;
    }
}

/* Notes a stretch of pixels in the mask and, shortened by d at both ends of each column, in the
 * eroded one. */
static void draw_stretch(const struct window *v, uint64_t start, uint64_t end)
{
    while (start < end) {
        const uint32_t column = (uint32_t)(start / v->h), from = (uint32_t)(start % v->h);
        const uint64_t column_end = ((uint64_t)column + 1) * v->h;
        const uint32_t to = end < column_end ? (uint32_t)(end - column_end + v->h) : v->h;
        const size_t at = (column - v->first) * v->words;
        set_bits(v->scratch->mask + at, from, to);
        if (to - from > 2 * (uint64_t)v->d)
            set_bits(v->scratch->eroded + at, from + v->d, to - v->d);
        start += to - from;
    }
}

/* All foreground; runs of length 0 may cut a stretch in pieces. */
static void draw(const struct window *v, const struct sb_rle *mask)
{
    uint64_t start = 0, end = 0, at = 0;
    for (size_t i = 0; i < mask->count; i++) {
        const uint64_t next = at + mask->runs[i];
        if (i % 2 && next > at) {
            if (at != end) {
                draw_stretch(v, start, end);
                start = at;
            }
            end = next;
        }
        at = next;
    }
    draw_stretch(v, start, end);
}

static void and_columns(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t words)
{
    for (size_t i = 0; i < words; i++)
        out[i] = a[i] & b[i];
}

/* eroded becomes the AND from each column to the end of its block, prefix that from the block's
 * start. */
static void run_along_rows(const struct window *v, size_t block)
{
    uint64_t *const eroded = v->scratch->eroded, *const prefix = v->scratch->prefix;
    const size_t words = v->words;
    for (size_t x = 0; x < v->count; x++) {
        const uint64_t *const before = x % block ? prefix + (x - 1) * words : eroded + x * words;
        and_columns(prefix + x * words, eroded + x * words, before, words);
    }
    for (size_t x = v->count - 1; x-- > 0;) {
        if ((x + 1) % block)
            and_columns(eroded + x * words, eroded + x * words, eroded + (x + 1) * words, words);
    }
}

/* Takes away from the mask what erosion keeps. */
static void subtract_eroded(const struct window *v)
{
    const size_t block = 2 * (size_t)v->d + 1, words = v->words;
    if (v->count < block)
        return; /* nothing is that far from the outside */
    run_along_rows(v, block);
    for (size_t x = v->d; x + v->d < v->count; x++) {
        const uint64_t *const left = v->scratch->eroded + (x - v->d) * words;
        const uint64_t *const right = v->scratch->prefix + (x + v->d) * words;
        uint64_t *const mask = v->scratch->mask + x * words;
        for (size_t i = 0; i < words; i++)
            mask[i] &= ~(left[i] & right[i]);
    }
}

struct writer {
    struct sb_rle *rle;
    uint64_t end; /* of the last stretch */
};

static int push(struct sb_rle *rle, uint64_t pixels)
{
    if (sb_grow(&rle->runs, &rle->capacity, rle->count + 1, sizeof(*rle->runs), TAG))
        return SB_ENOMEM;
    rle->runs[rle->count++] = (uint32_t)pixels;
    return 0;
}

/* A stretch that may go on where the last one ended. */
static int write_stretch(struct writer *w, uint64_t start, uint64_t end)
{
    int rc = 0;
    if (w->rle->count > 0 && start == w->end) {
        w->rle->runs[w->rle->count - 1] += (uint32_t)(end - start);
    } else {
        rc = push(w->rle, start - w->end);
        if (rc == 0)
            rc = push(w->rle, end - start);
    }
    w->end = end;
    return rc;
}

/* The stretches of one column, whose first pixel has number `base`. */
static int write_column(struct writer *w, const uint64_t *column, const struct window *v,
                        uint64_t base)
{
    uint64_t before = 0, start = 0; /* the last bit so far; where the open stretch starts */
    int rc = 0;
    for (size_t i = 0; i < v->words; i++) {
        uint64_t edges = column[i] ^ (column[i] << 1 | before);
        before = column[i] >> 63;
        for (; edges && rc == 0; edges &= edges - 1) {
            const uint64_t at = base + i * 64 + (uint64_t)__builtin_ctzll(edges);
            const bool opens = column[i] >> (at - base) % 64 & 1;
            if (opens)
                start = at;
            else
                rc = write_stretch(w, start, at);
        }
    }
    return rc == 0 && before ? write_stretch(w, start, base + v->words * 64) : rc;
}

static int write_all(const struct window *v, struct sb_rle *rle, uint64_t pixels)
{
    struct writer w = {rle, 0};
    int rc = 0;
    for (uint32_t x = 0; x < v->count && rc == 0; x++)
        rc = write_column(&w, v->scratch->mask + x * v->words, v, (uint64_t)(v->first + x) * v->h);
    if (rc == 0 && (w.end < pixels || rle->count == 0))
        rc = push(rle, pixels - w.end);
    return rc;
}

static int clear(uint64_t **bits, size_t *capacity, size_t words)
{
    if (sb_grow(bits, capacity, words, sizeof(**bits), TAG))
        return SB_ENOMEM;
    memset(*bits, 0, words * sizeof(**bits));
    return 0;
}

static int make_bits(const struct window *v, const struct sb_rle *mask)
{
    struct sb_boundary_scratch *const s = v->scratch;
    const size_t words = v->words * v->count; /* no more than pixels and a word per column */
    if (words == 0)
        return 0;
    if (clear(&s->mask, &s->mask_capacity, words) ||
        clear(&s->eroded, &s->eroded_capacity, words) ||
        clear(&s->prefix, &s->prefix_capacity, words))
        return SB_ENOMEM;
    draw(v, mask);
    subtract_eroded(v);
    return 0;
}

int sb_mask_boundary(const struct sb_rle *mask, double dilation_ratio, struct sb_rle *boundary,
                     struct sb_boundary_scratch *scratch, struct sb_error *err)
{
    double box[4] = {0, 0, 0, 0};
    if (sb_rle_area(mask) > 0)
        sb_rle_box(mask, box);
    const struct window v = {mask->h,
                             (uint32_t)box[0],
                             (uint32_t)box[2],
                             ((size_t)mask->h + 63) / 64,
                             sb_boundary_width(mask->h, mask->w, dilation_ratio),
                             scratch};
    boundary->h = mask->h;
    boundary->w = mask->w;
    boundary->count = 0;
    int rc = make_bits(&v, mask);
    if (rc == 0)
        rc = write_all(&v, boundary, (uint64_t)mask->h * mask->w);
    return rc ? sb_error_nomem(err, "a mask's boundary", v.words * v.count * sizeof(uint64_t)) : 0;
}
