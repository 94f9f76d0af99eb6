/*
 * Quantities, the units they are printed in, and numbers as text. A value is kept in its base unit
 * (nanoseconds, bytes, operations); a table column or plot axis picks one unit for all its values.
 *
 * Text of numbers does not depend on the locale: the decimal separator is always a point.
 */
#ifndef SB_REPORTS_UNIT_H
#define SB_REPORTS_UNIT_H

#include "base/error.h"

#include <stddef.h>

enum sb_quantity {
    SB_QUANTITY_NONE,     /* text, or numbers in a unit of the caller */
    SB_QUANTITY_COUNT,    /* whole numbers, printed in full */
    SB_QUANTITY_AMOUNT,   /* parameters, operations: k, M, G, T (decimal) */
    SB_QUANTITY_TIME,     /* nanoseconds: ns, us, ms, s */
    SB_QUANTITY_BYTES,    /* B, KiB, MiB, GiB */
    SB_QUANTITY_RATE,     /* per second, which the name says: FLOP/s [G] */
    SB_QUANTITY_SHARE,    /* 0..1, printed in percent */
    SB_QUANTITY_RATIO,    /* pure number around 1 */
    SB_QUANTITY_SMALL,    /* pure number over many magnitudes: %.2e */
    SB_QUANTITY_ACCURACY, /* 0..1, printed in points of 100, as the literature does */
    SB_QUANTITIES
};

struct sb_unit {
    const char *symbol; /* "ms"; "" for pure numbers */
    double scale;       /* base units in one */
};

/* The unit in which `largest` (>= 0, base unit) has one to four digits before the point. */
const struct sb_unit *sb_unit_choose(enum sb_quantity quantity, double largest);
/* SB_EINVAL with the known symbols as hint when the quantity has no such unit. "us" is "µs". */
int sb_unit_find(enum sb_quantity quantity, const char *symbol, const struct sb_unit **out,
                 struct sb_error *err);

/* How machine-readable keys end in base units: "_ns", "_bytes", "_per_s", "". */
const char *sb_base_suffix(enum sb_quantity quantity);

#define SB_NUMBER_SIZE 48 /* enough for sb_number_text() of any double */

/* value with `decimals` digits behind the point; negative: rounded to tens (-1), hundreds (-2), ...
 * Minus zero is printed as 0. */
void sb_number_text(double value, int decimals, char text[SB_NUMBER_SIZE]);
/* The fewest decimals that show `digits` significant digits of value, at least 0; 0 for 0. */
int sb_significant_decimals(double value, int digits);
/* For people: whole numbers in full, else up to 15 significant digits. */
void sb_exact_text(double value, char text[SB_NUMBER_SIZE]);
/* For machines: the same with as many digits, up to 17, as it takes to read the same number back.
 */
void sb_round_trip_text(double value, char text[SB_NUMBER_SIZE]);
/* "1.23e-09" */
void sb_exponent_text(double value, char text[SB_NUMBER_SIZE]);

#endif
