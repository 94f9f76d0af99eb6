/*
 * Columns of numbers cut to the bits that their values need, for the way to other ranks. Nothing is
 * lost. Whole numbers travel as their distance from the lowest one; doubles that a file gives with
 * a few decimals (0.875, 123.45) as whole multiples of the last decimal, those that are floats by
 * the bits of a float, others by the bits of a double, all again as distances.
 *
 *     range = sb_cells_measure(SB_CELL_DOUBLE, cells, count);       // on each rank
 *     form = sb_cells_form(SB_CELL_DOUBLE, ranges, ranks);          // of all of them
 *     sb_cells_pack(&form, cells, count, out);
 *     sb_cells_unpack(&form, out, count, cells);
 */
#ifndef SB_EVAL_ROW_CELLS_H
#define SB_EVAL_ROW_CELLS_H

#include "base/bit_stream.h"

#include <stddef.h>
#include <stdint.h>

enum sb_cell { SB_CELL_BYTE, SB_CELL_INT32, SB_CELL_INT64, SB_CELL_DOUBLE };

#define SB_CELLS_DECIMALS 9 /* more are not looked for */

struct sb_cell_span {
    int64_t lowest, highest; /* highest < lowest: of no cells */
};

/* What cells are like. */
struct sb_cell_range {
    struct sb_cell_span plain;  /* whole numbers, or bits of doubles read as such */
    struct sb_cell_span floats; /* bits of doubles as floats, */
    int32_t all_floats;         /* where all of them are floats */
    int32_t decimals;       /* that all doubles are given with; SB_CELLS_DECIMALS + 1: not so few */
    double least, greatest; /* of doubles */
};

/* How cells travel: as distances from `lowest`. */
struct sb_cell_form {
    enum sb_cell cell;
    enum { SB_FORM_PLAIN, SB_FORM_FLOAT, SB_FORM_DECIMAL } kind;
    unsigned bits;    /* of a cell, 0 to 64 */
    int32_t decimals; /* SB_FORM_DECIMAL: the unit is 10^-decimals */
    int64_t lowest;
};

/* Bytes of a cell in memory. */
size_t sb_cell_bytes(enum sb_cell cell);
/* cells: (count), aligned to anything, as in all of these. */
struct sb_cell_range sb_cells_measure(enum sb_cell cell, const void *cells, size_t count);
/* The narrowest form for the cells of all `count` ranges. */
struct sb_cell_form sb_cells_form(enum sb_cell cell, const struct sb_cell_range *ranges,
                                  size_t count);
/* out: sb_bits_bytes(count, form->bits) bytes, apart from the cells or from their first byte (or
 * one before it) on. */
void sb_cells_pack(const struct sb_cell_form *form, const void *cells, size_t count, char *out);
/* in: what sb_cells_pack() wrote, and SB_BITS_SLACK bytes to read; apart from the cells. */
void sb_cells_unpack(const struct sb_cell_form *form, const char *in, size_t count, void *cells);

#endif
