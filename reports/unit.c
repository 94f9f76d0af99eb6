/* Units and number text. See unit.h. */
#include "reports/unit.h"

#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_UNITS 5

/* Smallest first; the first is the fallback for zero. */
static const struct sb_unit units[SB_QUANTITIES][MAX_UNITS + 1] = {
    [SB_QUANTITY_NONE] = {{"", 1}},
    [SB_QUANTITY_COUNT] = {{"", 1}},
    [SB_QUANTITY_AMOUNT] = {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}},
    [SB_QUANTITY_TIME] = {{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}},
    [SB_QUANTITY_BYTES] = {{"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}},
    [SB_QUANTITY_RATE] = {{"M/s", 1e6}, {"G/s", 1e9}, {"T/s", 1e12}},
    [SB_QUANTITY_SHARE] = {{"%", 0.01}},
    [SB_QUANTITY_RATIO] = {{"", 1}},
    [SB_QUANTITY_SMALL] = {{"", 1}},
    [SB_QUANTITY_ACCURACY] = {{"", 0.01}},
};

const struct sb_unit *sb_unit_choose(enum sb_quantity quantity, double largest)
{
    const struct sb_unit *best = units[quantity];
    for (const struct sb_unit *u = best; u->symbol; u++) {
        if (largest >= u->scale)
            best = u;
    }
    return best;
}

int sb_unit_find(enum sb_quantity quantity, const char *symbol, const struct sb_unit **out,
                 struct sb_error *err)
{
    char known[96] = "";
    const char *wanted = strcmp(symbol, "us") == 0 ? "µs" : symbol;
    for (const struct sb_unit *u = units[quantity]; u->symbol; u++) {
        if (strcmp(u->symbol, wanted) == 0) {
            *out = u;
            return 0;
        }
        const size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s'%s'", used ? ", " : "", u->symbol);
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

void sb_exponent_text(double value, char text[SB_NUMBER_SIZE])
{
    snprintf(text, SB_NUMBER_SIZE, "%.2e", value);
    fix_separator(text);
}
