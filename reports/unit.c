/* Units and number text. See unit.h. */
#include "reports/unit.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UNITS 5

struct choice {
    struct sb_unit unit;
    double from; /* used from this value on, in base units */
};

/* Smallest first. Seconds start at ten, tera at ten: "1885 G", as papers print it. */
static const struct choice units[SB_QUANTITIES][MAX_UNITS + 1] = {
    [SB_QUANTITY_NONE] = {{{"", 1}, 0}},
    [SB_QUANTITY_COUNT] = {{{"", 1}, 0}},
    [SB_QUANTITY_AMOUNT] = {{{"", 1}, 0},
                            {{"k", 1e3}, 1e3},
                            {{"M", 1e6}, 1e6},
                            {{"G", 1e9}, 1e9},
                            {{"T", 1e12}, 1e13}},
    [SB_QUANTITY_TIME] = {{{"ns", 1}, 0},
                          {{"µs", 1e3}, 1e3},
                          {{"ms", 1e6}, 1e6},
                          {{"s", 1e9}, 1e10}},
    [SB_QUANTITY_BYTES] = {{{"B", 1}, 0},
                           {{"KiB", 0x1p10}, 0x1p10},
                           {{"MiB", 0x1p20}, 0x1p20},
                           {{"GiB", 0x1p30}, 0x1p32}},
    [SB_QUANTITY_RATE] = {{{"M", 1e6}, 0}, {{"G", 1e9}, 1e9}, {{"T", 1e12}, 1e13}},
    [SB_QUANTITY_SHARE] = {{{"%", 0.01}, 0}},
    [SB_QUANTITY_RATIO] = {{{"", 1}, 0}},
    [SB_QUANTITY_SMALL] = {{{"", 1}, 0}},
    [SB_QUANTITY_ACCURACY] = {{{"", 0.01}, 0}},
};

const struct sb_unit *sb_unit_choose(enum sb_quantity quantity, double largest)
{
    const struct choice *best = units[quantity];
    for (const struct choice *c = best; c->unit.symbol; c++) {
        if (largest >= c->from)
            best = c;
    }
    return &best->unit;
}

int sb_unit_find(enum sb_quantity quantity, const char *symbol, const struct sb_unit **out,
                 struct sb_error *err)
{
    char known[96] = "";
    const char *wanted = strcmp(symbol, "us") == 0 ? "µs" : symbol;
    for (const struct choice *c = units[quantity]; c->unit.symbol; c++) {
        if (strcmp(c->unit.symbol, wanted) == 0) {
            *out = &c->unit;
            return 0;
        }
        const size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s'%s'", used ? ", " : "", c->unit.symbol);
    }
    sb_error_set(err, SB_EINVAL, "unknown unit '%s'", symbol);
    return sb_error_hint(err, "known here: %s", known);
}

const char *sb_base_suffix(enum sb_quantity quantity)
{
    static const char *const suffixes[SB_QUANTITIES] = {
        [SB_QUANTITY_TIME] = "_ns", [SB_QUANTITY_BYTES] = "_bytes", [SB_QUANTITY_RATE] = "_per_s"};
    return suffixes[quantity] ? suffixes[quantity] : "";
}

/* A decimal comma of the caller's locale becomes a point. */
static void fix_separator(char *text)
{
    const char *point = localeconv()->decimal_point;
    const size_t n = strlen(point);
    char *at = n > 0 && strcmp(point, ".") != 0 ? strstr(text, point) : NULL;
    if (!at)
        return;
    *at = '.';
    memmove(at + 1, at + n, strlen(at + n) + 1);
}

void sb_number_text(double value, int decimals, char text[SB_NUMBER_SIZE])
{
    if (decimals < 0) {
        const double step = pow(10, -decimals);
        value = round(value / step) * step;
        decimals = 0;
    }
    if (fabs(value) >= 1e18) {
        sb_exponent_text(value, text);
        return;
    }
    snprintf(text, SB_NUMBER_SIZE, "%.*f", decimals < 20 ? decimals : 20, value);
    fix_separator(text);
    if (text[0] == '-' && strspn(text, "-0.") == strlen(text))
        memmove(text, text + 1, strlen(text));
}

int sb_significant_decimals(double value, int digits)
{
    if (value == 0 || !isfinite(value))
        return 0;
    const int decimals = digits - 1 - (int)floor(log10(fabs(value)));
    return decimals > 0 ? decimals : 0;
}

void sb_exact_text(double value, char text[SB_NUMBER_SIZE])
{
    const bool whole = value == floor(value) && fabs(value) < 1e15;
    snprintf(text, SB_NUMBER_SIZE, whole ? "%.0f" : "%.15g", value);
    fix_separator(text);
}

void sb_round_trip_text(double value, char text[SB_NUMBER_SIZE])
{
    const bool whole = value == floor(value) && fabs(value) < 1e15;
    snprintf(text, SB_NUMBER_SIZE, whole ? "%.0f" : "%.15g", value);
    for (int digits = 16; digits <= 17 && strtod(text, NULL) != value; digits++)
        snprintf(text, SB_NUMBER_SIZE, "%.*g", digits, value);
    fix_separator(text);
}

void sb_exponent_text(double value, char text[SB_NUMBER_SIZE])
{
    snprintf(text, SB_NUMBER_SIZE, "%.2e", value);
    fix_separator(text);
}
