/* Narrow columns. See row_cells.h. */
#include "eval/row_cells.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Rounding finds the whole number behind a product below it. */
#define WHOLE_LIMIT 0x1p50

static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

size_t sb_cell_bytes(enum sb_cell cell)
{
    static const size_t bytes[] = {1, sizeof(int32_t), sizeof(int64_t), sizeof(double)};
    return bytes[cell];
}

/* The cell as a whole number: of doubles the bits. */
static int64_t load(enum sb_cell cell, const void *cells, size_t i)
{
    const size_t bytes = sb_cell_bytes(cell);
    const char *const at = (const char *)cells + i * bytes;
    int64_t wide;
    int32_t narrow;
    if (bytes == 1)
        return *(const unsigned char *)at;
    if (bytes == sizeof(wide)) {
        memcpy(&wide, at, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, at, sizeof(narrow));
    return narrow;
}

static void store(enum sb_cell cell, int64_t value, void *cells, size_t i)
{
    const size_t bytes = sb_cell_bytes(cell);
    char *const at = (char *)cells + i * bytes;
    if (bytes == sizeof(value))
        memcpy(at, &value, sizeof(value));
    else if (bytes == sizeof(int32_t))
        memcpy(at, &value, sizeof(int32_t)); /* the low bytes */
    else
        *at = (char)value;
}

static double double_of(int64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

static int64_t bits_of(double v)
{
    int64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static int64_t float_bits_of(double v)
{
    const float narrow = (float)v;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof(bits));
    return bits;
}

static double double_of_float(int64_t float_bits)
{
    const uint32_t bits = (uint32_t)float_bits;
    float v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

/* v in units of 10^-decimals, rounded; for |v| * 10^decimals < WHOLE_LIMIT. */
static int64_t whole_of(double v, int32_t decimals)
{
    const double x = v * powers[decimals];
    return (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
}

static bool in_reach(double v, int32_t decimals)
{
    return fabs(v) * powers[decimals] < WHOLE_LIMIT; /* not for NaN */
}

/* The quotient of two exact numbers is what strtod() makes of the decimals, so the way back gives
 * the same bits. With more decimals too: the quotient is the same. */
static bool has_decimals(double v, int32_t decimals)
{
    return in_reach(v, decimals) &&
           bits_of((double)whole_of(v, decimals) / powers[decimals]) == bits_of(v);
}

static void widen(struct sb_cell_span *span, struct sb_cell_span by)
{
    span->lowest = by.lowest < span->lowest ? by.lowest : span->lowest;
    span->highest = by.highest > span->highest ? by.highest : span->highest;
}

static void measure_double(double v, struct sb_cell_range *r)
{
    if (r->all_floats) {
        const int64_t bits = float_bits_of(v);
        r->all_floats = bits_of(double_of_float(bits)) == bits_of(v);
        widen(&r->floats, (struct sb_cell_span){bits, bits});
    }
    while (r->decimals <= SB_CELLS_DECIMALS && !has_decimals(v, r->decimals))
        r->decimals++;
    r->least = v < r->least ? v : r->least;
    r->greatest = v > r->greatest ? v : r->greatest;
}

static const struct sb_cell_range no_cells = {
    {INT64_MAX, INT64_MIN}, {INT64_MAX, INT64_MIN}, 1, 0, INFINITY, -INFINITY};

struct sb_cell_range sb_cells_measure(enum sb_cell cell, const void *cells, size_t count)
{
    struct sb_cell_range r = no_cells;
    for (size_t i = 0; i < count; i++) {
        const int64_t v = load(cell, cells, i);
        widen(&r.plain, (struct sb_cell_span){v, v});
        if (cell == SB_CELL_DOUBLE)
            measure_double(double_of(v), &r);
    }
    return r;
}

/* Of all ranges together. */
static struct sb_cell_range join(const struct sb_cell_range *ranges, size_t count)
{
    struct sb_cell_range all = no_cells;
    for (size_t i = 0; i < count; i++) {
        const struct sb_cell_range *const r = &ranges[i];
        widen(&all.plain, r->plain);
        widen(&all.floats, r->floats);
        all.all_floats = all.all_floats && r->all_floats;
        all.decimals = r->decimals > all.decimals ? r->decimals : all.decimals;
        all.least = r->least < all.least ? r->least : all.least;
        all.greatest = r->greatest > all.greatest ? r->greatest : all.greatest;
    }
    return all;
}

/* Takes a way to write the cells if it is narrower. */
static void offer(struct sb_cell_form *form, int kind, struct sb_cell_span span)
{
    const uint64_t distance = (uint64_t)span.highest - (uint64_t)span.lowest;
    unsigned bits = 0;
    while (bits < 64 && distance >> bits)
        bits++;
    if (bits >= form->bits)
        return;
    form->kind = kind;
    form->bits = bits;
    form->lowest = span.lowest;
}

struct sb_cell_form sb_cells_form(enum sb_cell cell, const struct sb_cell_range *ranges,
                                  size_t count)
{
    const struct sb_cell_range all = join(ranges, count);
    const int32_t d = all.decimals;
    struct sb_cell_form form = {cell, SB_FORM_PLAIN, 0, d, 0};
    if (all.plain.lowest > all.plain.highest) /* no cells */
        return form;
    form.bits = 65;
    offer(&form, SB_FORM_PLAIN, all.plain);
    if (cell == SB_CELL_DOUBLE && all.all_floats)
        offer(&form, SB_FORM_FLOAT, all.floats);
    if (cell == SB_CELL_DOUBLE && d <= SB_CELLS_DECIMALS && in_reach(all.least, d) &&
        in_reach(all.greatest, d))
        offer(&form, SB_FORM_DECIMAL,
              (struct sb_cell_span){whole_of(all.least, d), whole_of(all.greatest, d)});
    return form;
}

void sb_cells_pack(const struct sb_cell_form *form, const void *cells, size_t count, char *out)
{
    struct sb_bits bits = {0};
    bits.at = out;
    for (size_t i = 0; i < count; i++) {
        int64_t v = load(form->cell, cells, i);
        if (form->kind == SB_FORM_FLOAT)
            v = float_bits_of(double_of(v));
        else if (form->kind == SB_FORM_DECIMAL)
            v = whole_of(double_of(v), form->decimals);
        sb_bits_put(&bits, (uint64_t)v - (uint64_t)form->lowest, form->bits);
    }
    sb_bits_flush(&bits);
}

void sb_cells_unpack(const struct sb_cell_form *form, const char *in, size_t count, void *cells)
{
    struct sb_bit_reader bits = {.at = in};
    for (size_t i = 0; i < count; i++) {
        int64_t v = (int64_t)(sb_bits_get(&bits, form->bits) + (uint64_t)form->lowest);
        if (form->kind == SB_FORM_FLOAT)
            v = bits_of(double_of_float(v));
        else if (form->kind == SB_FORM_DECIMAL)
            v = bits_of((double)v / powers[form->decimals]);
        store(form->cell, v, cells, i);
    }
}
