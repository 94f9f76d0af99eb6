/*
 * Tables as CSV (RFC 4180, but with line feeds): one header line of keys in base units
 * ("latency_ns"), intervals in columns of their own (_low, _high), full precision. A missing value
 * is an empty field, and column "missing" tells why. Labels that are the same in every row follow
 * the table's columns. CSV knows no comments that every reader skips, so where the numbers come
 * from is a column, too: the last, "origin".
 */
#include "reports/table_format.h"

#include "base/mem.h"

#include <string.h>

static void put_field(struct sb_str *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        sb_str_puts(out, text);
        return;
    }
    sb_str_puts(out, "\"");
    for (; *text; text++)
        sb_str_printf(out, "%s%c", *text == '"' ? "\"" : "", *text);
    sb_str_puts(out, "\"");
}

static bool has_intervals(const struct sb_table *t, size_t column)
{
    for (size_t r = 0; r < t->num_rows; r++) {
        if (sb_table_at(t, r, column)->has_interval)
            return true;
    }
    return false;
}

static bool has_sources(const struct sb_table *t, size_t column)
{
    for (size_t r = 0; r < t->num_rows; r++) {
        if (*sb_cell_mark(&t->columns[column], sb_table_at(t, r, column)))
            return true;
    }
    return false;
}

/* "latency_ns": base units, whose header does not change with the values; a unit that was asked for
 * by name otherwise. */
static void put_key(struct sb_str *out, const struct sb_table_column *column, const char *suffix)
{
    if (column->quantity == SB_QUANTITY_NONE) {
        put_field(out, column->key);
        return;
    }
    sb_str_puts(out, column->key);
    if (!column->unit_given)
        sb_str_puts(out, sb_base_suffix(column->quantity));
    else if (column->quantity == SB_QUANTITY_ACCURACY)
        sb_str_puts(out, "_points"); /* in base units 0..1 */
    else if (*column->unit)
        sb_str_printf(out, "_%s%s", column->unit,
                      column->quantity == SB_QUANTITY_RATE ? "_per_s" : "");
    sb_str_puts(out, suffix);
}

/* What stands beside a column's values, found once per table. */
struct extras {
    bool intervals, sources;
};

static void put_header(const struct sb_table *t, const struct extras *extras, struct sb_str *out)
{
    for (size_t c = 0; c < t->num_columns; c++) {
        sb_str_puts(out, c ? "," : "");
        put_key(out, &t->columns[c], "");
        if (extras[c].intervals) {
            sb_str_puts(out, ",");
            put_key(out, &t->columns[c], "_low");
            sb_str_puts(out, ",");
            put_key(out, &t->columns[c], "_high");
        }
        if (extras[c].sources)
            sb_str_printf(out, ",%s_source", t->columns[c].key);
    }
    for (size_t i = 0; i < t->num_constants; i++)
        sb_str_printf(out, ",%s", t->constants[i].key);
    sb_str_printf(out, "%s%s\n", t->num_reasons ? ",missing" : "",
                  t->origin.records || t->origin.command ? ",origin" : "");
}

static void put_number(struct sb_str *out, const struct sb_table_column *column, double value,
                       bool exact)
{
    char text[SB_NUMBER_SIZE];
    const double shown = column->unit_given ? value / column->scale : value;
    if (exact)
        sb_round_trip_text(shown, text);
    else
        sb_exact_text(shown, text);
    sb_str_puts(out, text);
}

static void put_cell(const struct sb_table *t, size_t row, size_t c, const struct extras *extras,
                     struct sb_str *out)
{
    const struct sb_table_column *column = &t->columns[c];
    const struct sb_table_cell *e = sb_table_at(t, row, c);
    if (e->type == SB_CELL_TEXT)
        put_field(out, e->raw ? e->raw : e->text);
    else if (e->type == SB_CELL_NUMBER)
        put_number(out, column, e->value, e->exact);
    if (extras[c].intervals) {
        for (int side = 0; side < 2; side++) {
            sb_str_puts(out, ",");
            if (e->has_interval)
                put_number(out, column, side ? e->high : e->low, e->exact);
        }
    }
    if (extras[c].sources)
        sb_str_printf(out, ",%s", sb_source_name(e->source ? e->source : column->source));
}

/* "latency: not measured; arena: ..." */
static void put_missing(const struct sb_table *t, size_t row, struct sb_str *out)
{
    struct sb_str text = SB_STR_INIT;
    for (size_t c = 0; c < t->num_columns; c++) {
        const struct sb_table_cell *e = sb_table_at(t, row, c);
        if (e->type == SB_CELL_MISSING && e->text)
            sb_str_printf(&text, "%s%s: %s", text.length ? "; " : "", t->columns[c].key, e->text);
    }
    sb_str_puts(out, ",");
    put_field(out, sb_str_text(&text));
    out->failed = out->failed || text.failed;
    sb_str_release(&text);
}

/* ",640,native": what is the same in every row. */
static void make_constants(const struct sb_table *t, struct sb_str *out)
{
    for (size_t i = 0; i < t->num_constants; i++) {
        const struct sb_table_cell *const e = &t->constants[i].cell;
        sb_str_puts(out, ",");
        if (e->type == SB_CELL_TEXT)
            put_field(out, e->raw ? e->raw : e->text);
        else
            sb_str_printf(out, "%.0f", e->value);
    }
}

/* ",origin" as a field; "" where it is not known. */
static void make_origin(const struct sb_table *t, struct sb_str *out)
{
    struct sb_str text = SB_STR_INIT;
    sb_origin_text(&t->origin, "csv", &text);
    if (text.length) {
        sb_str_puts(out, ",");
        put_field(out, sb_str_text(&text));
    }
    out->failed = out->failed || text.failed;
    sb_str_release(&text);
}

static void write_csv(const struct sb_table *t, struct sb_str *out)
{
    struct extras *extras = sb_calloc(t->num_columns, sizeof(*extras), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!extras) {
        out->failed = true;
        return;
    }
    struct sb_str origin = SB_STR_INIT, constants = SB_STR_INIT;
    make_origin(t, &origin);
    make_constants(t, &constants);
    for (size_t c = 0; c < t->num_columns; c++)
        extras[c] = (struct extras){has_intervals(t, c), has_sources(t, c)};
    put_header(t, extras, out);
    for (size_t r = 0; r < t->num_rows; r++) {
        for (size_t c = 0; c < t->num_columns; c++) {
            sb_str_puts(out, c ? "," : "");
            put_cell(t, r, c, extras, out);
        }
        sb_str_puts(out, sb_str_text(&constants));
        if (t->num_reasons)
            put_missing(t, r, out);
        sb_str_printf(out, "%s\n", sb_str_text(&origin));
    }
    out->failed = out->failed || origin.failed || constants.failed;
    sb_str_release(&origin);
    sb_str_release(&constants);
    sb_free(extras);
}

const struct sb_table_format sb_table_as_csv = {"csv", "csv", write_csv};
