/* Run-length masks: conversion, area, box. Polygons are in rle_polygon.c. See rle.h. */
#include "datasets/rle.h"

#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

void sb_rle_release(struct sb_rle *rle)
{
    sb_free(rle->runs);
    memset(rle, 0, sizeof(*rle));
}

void sb_rle_scratch_release(struct sb_rle_scratch *scratch)
{
    sb_free(scratch->crossings);
    sb_free(scratch->sorted);
    sb_free(scratch->columns);
    sb_rle_release(&scratch->part);
    sb_rle_release(&scratch->merged);
    memset(scratch, 0, sizeof(*scratch));
}

/* Empties *rle for a mask of h x w with room for `runs` runs. */
static int start_mask(struct sb_rle *rle, uint32_t h, uint32_t w, size_t runs, struct sb_error *err)
{
    if ((uint64_t)h * w > UINT32_MAX)
        return sb_error_set(err, SB_EFORMAT, "a mask of %u x %u pixels is too large", h, w);
    if (sb_grow(&rle->runs, &rle->capacity, runs, sizeof(*rle->runs), TAG))
        return sb_error_nomem(err, "runs of a mask", runs * sizeof(*rle->runs));
    rle->h = h;
    rle->w = w;
    rle->count = 0;
    return 0;
}

static int check_total(const struct sb_rle *rle, uint64_t total, struct sb_error *err)
{
    if (total == (uint64_t)rle->h * rle->w)
        return 0;
    return sb_error_set(
        err, SB_EFORMAT, "the runs of a mask sum to %llu pixels, expected %u x %u = %llu",
        (unsigned long long)total, rle->h, rle->w, (unsigned long long)((uint64_t)rle->h * rle->w));
}

/* Reads one number at text[*at]: 5 bits per byte, lowest first, 0x20 = more follow, sign in the
 * last byte's bit 4. Returns NULL or what is wrong. */
static const char *read_number(const char *text, size_t length, size_t *at, int64_t *value)
{
    uint64_t x = 0;
    for (unsigned shift = 0; *at < length; shift += 5) {
        const unsigned c = (unsigned char)text[*at] - 48u;
        if (c > 63)
            return "a byte that is no part of a run-length code";
        if (shift > 35)
            return "a number that is too long";
        (*at)++;
        x |= (uint64_t)(c & 0x1f) << shift;
        if (!(c & 0x20)) {
            if (c & 0x10)
                x |= ~(uint64_t)0 << (shift + 5);
            *value = (int64_t)x;
            return NULL;
        }
    }
    return "its end inside a number";
}

static int bad_text(struct sb_error *err, const char *what, const char *text, size_t length,
                    size_t at)
{
    const size_t shown = length - at < 12 ? length - at : 12;
    return sb_error_set(err, SB_EFORMAT, "the counts of a mask have %s at character %zu ('%.*s')",
                        what, at, (int)shown, text + at);
}

int sb_rle_from_text(struct sb_rle *rle, uint32_t h, uint32_t w, const char *text, size_t length,
                     struct sb_error *err)
{
    const int rc = start_mask(rle, h, w, length, err);
    if (rc)
        return rc;
    uint64_t total = 0;
    for (size_t at = 0; at < length;) {
        const size_t from = at;
        const unsigned c = (unsigned char)text[at] - 48u;
        const char *wrong = NULL;
        int64_t x;
        if (c < 32) { /* a single byte, as most are */
            x = (int64_t)(c & 15) - (int64_t)(c & 16);
            at++;
        } else {
            wrong = read_number(text, length, &at, &x);
        }
        if (wrong)
            return bad_text(err, wrong, text, length, at);
        if (rle->count > 2) /* coded as the difference to the run before the last */
            x += rle->runs[rle->count - 2];
        if (x < 0 || x > UINT32_MAX)
            return bad_text(err, x < 0 ? "a negative run" : "a run beyond the mask", text, length,
                            from);
        rle->runs[rle->count++] = (uint32_t)x;
        total += (uint64_t)x;
    }
    return check_total(rle, total, err);
}

int sb_rle_from_runs(struct sb_rle *rle, uint32_t h, uint32_t w, const uint32_t *runs, size_t count,
                     struct sb_error *err)
{
    const int rc = start_mask(rle, h, w, count, err);
    if (rc)
        return rc;
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        rle->runs[i] = runs[i];
        total += runs[i];
    }
    rle->count = count;
    return check_total(rle, total, err);
}

int sb_rle_from_mask(struct sb_rle *rle, uint32_t h, uint32_t w, const uint8_t *mask, size_t stride,
                     struct sb_error *err)
{
    int rc = start_mask(rle, h, w, 64, err);
    uint32_t run = 0;
    bool inside = false;
    for (uint32_t x = 0; rc == 0 && x < w; x++) {
        if (sb_grow(&rle->runs, &rle->capacity, rle->count + h + 1, sizeof(*rle->runs), TAG))
            rc = sb_error_nomem(err, "runs of a mask", rle->count * sizeof(*rle->runs));
        for (uint32_t y = 0; rc == 0 && y < h; y++, run++) {
            if ((mask[y * stride + x] != 0) != inside) {
                rle->runs[rle->count++] = run;
                run = 0;
                inside = !inside;
            }
        }
    }
    if (rc == 0)
        rle->runs[rle->count++] = run;
    return rc;
}

int sb_rle_copy(struct sb_rle *rle, const struct sb_rle *other, struct sb_error *err)
{
    const int rc = start_mask(rle, other->h, other->w, other->count, err);
    if (rc == 0 && other->count)
        memcpy(rle->runs, other->runs, other->count * sizeof(*rle->runs));
    rle->count = other->count;
    return rc;
}

/* One mask of a merge: what is left of its current run. */
struct walk {
    const struct sb_rle *rle;
    size_t next;
    uint32_t left;
    bool inside;
};

static struct walk start_walk(const struct sb_rle *rle)
{
    const struct walk walk = {rle, 1, rle->count ? rle->runs[0] : 0, false};
    return walk;
}

static void advance(struct walk *walk, uint32_t pixels)
{
    walk->left -= pixels;
    if (walk->left == 0 && walk->next < walk->rle->count) {
        walk->left = walk->rle->runs[walk->next++];
        walk->inside = !walk->inside;
    }
}

int sb_rle_merge(struct sb_rle *rle, const struct sb_rle *other, bool intersect,
                 struct sb_rle_scratch *scratch, struct sb_error *err)
{
    if (rle->h != other->h || rle->w != other->w)
        return sb_error_set(err, SB_EFORMAT, "masks of %u x %u and %u x %u cannot be merged",
                            rle->h, rle->w, other->h, other->w);
    struct sb_rle *const out = &scratch->merged;
    const int rc = start_mask(out, rle->h, rle->w, rle->count + other->count + 1, err);
    if (rc)
        return rc;
    struct walk a = start_walk(rle), b = start_walk(other);
    bool inside = false, more = true;
    uint32_t run = 0;
    /* Ends when both have nothing left in their current run, as the original does. */
    while (more) {
        const uint32_t step = a.left < b.left ? a.left : b.left;
        run += step;
        advance(&a, step);
        advance(&b, step);
        more = a.left || b.left;
        const bool now = intersect ? a.inside && b.inside : a.inside || b.inside;
        if (now != inside || !more) {
            out->runs[out->count++] = run;
            run = 0;
        }
        inside = now;
    }
    const struct sb_rle swap = *rle;
    *rle = *out;
    *out = swap;
    return 0;
}

void sb_rle_to_text(const struct sb_rle *rle, struct sb_str *out)
{
    for (size_t i = 0; i < rle->count; i++) {
        int64_t x = rle->runs[i];
        if (i > 2)
            x -= rle->runs[i - 2];
        bool more = true;
        while (more) {
            unsigned c = (unsigned)(x & 0x1f);
            x >>= 5;
            more = c & 0x10 ? x != -1 : x != 0;
            if (more)
                c |= 0x20;
            const char byte = (char)(c + 48);
            sb_str_append(out, &byte, 1);
        }
    }
}

void sb_rle_to_mask(const struct sb_rle *rle, uint8_t *mask, size_t stride)
{
    uint32_t x = 0, y = 0;
    for (size_t i = 0; i < rle->count; i++) {
        for (uint32_t n = rle->runs[i]; n > 0; n--) {
            mask[y * stride + x] = i & 1;
            if (++y == rle->h) {
                y = 0;
                x++;
            }
        }
    }
}

uint32_t sb_rle_area(const struct sb_rle *rle)
{
    uint32_t area = 0;
    for (size_t i = 1; i < rle->count; i += 2)
        area += rle->runs[i];
    return area;
}

/* The column of a pixel that moves forward only; a division where it moves far. */
struct column {
    uint32_t x, start; /* column, its first pixel */
};

static void move_to(struct column *c, uint32_t pixel, uint32_t h)
{
    for (int i = 0; i < 3; i++) { /* runs tend to follow each other from column to column */
        if (pixel - c->start < h)
            return;
        c->x++;
        c->start += h;
    }
    const uint32_t columns = (pixel - c->start) / h;
    c->x += columns;
    c->start += columns * h;
}

void sb_rle_box(const struct sb_rle *rle, double box[4])
{
    const uint32_t h = rle->h;
    uint32_t x0 = rle->w, y0 = h, x1 = 0, y1 = 0, at = 0;
    struct column column = {0, 0};
    memset(box, 0, 4 * sizeof(*box));
    if (rle->count < 2)
        return;
    for (size_t i = 0; i + 1 < rle->count; i += 2) {
        const uint32_t start = at + rle->runs[i], run = rle->runs[i + 1];
        at = start + run;
        if (run == 0)
            continue;
        move_to(&column, start, h);
        const uint32_t first_x = column.x;
        uint32_t top = start - column.start;
        move_to(&column, at - 1, h);
        uint32_t bottom = at - 1 - column.start;
        if (first_x < column.x) { /* spans columns */
            top = 0;
            bottom = h - 1;
        }
        x0 = first_x < x0 ? first_x : x0;
        x1 = column.x > x1 ? column.x : x1;
        y0 = top < y0 ? top : y0;
        y1 = bottom > y1 ? bottom : y1;
    }
    box[0] = x0;
    box[1] = y0;
    box[2] = (double)(x1 - x0 + 1);
    box[3] = (double)(y1 - y0 + 1);
}
