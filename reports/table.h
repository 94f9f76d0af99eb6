/*
 * Tables of text, and writers that turn one into a format. Building a table never fails on the
 * way: an allocation failure sets `failed` and makes the rest a no-op, so it is checked once.
 *
 *     struct sb_table t;
 *     sb_table_init(&t, "Costs");
 *     sb_table_column(&t, "model", NULL, SB_LEFT);
 *     sb_table_column(&t, "params", "M", SB_RIGHT);
 *     sb_table_row(&t);
 *     sb_table_cell(&t, "%s", name);
 *     sb_table_number(&t, 28.543383, 1);
 *     sb_table_write(&t, sb_table_format("markdown"), &out);
 *     sb_table_release(&t);
 *
 * A cell has a text for people and may have a raw value for CSV and JSON (full precision, no
 * units). A row may have fewer cells than columns; the rest are empty.
 */
#ifndef SB_REPORTS_TABLE_H
#define SB_REPORTS_TABLE_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum sb_align { SB_LEFT, SB_RIGHT };

struct sb_table_column {
    char *name;
    char *unit; /* NULL when it has none */
    enum sb_align align;
};

struct sb_table_cell {
    char *text; /* UTF-8, no newline */
    char *raw;  /* a number or text for machines; NULL = same as text */
};

struct sb_table_row {
    struct sb_table_cell *cells;
    size_t count, capacity;
    bool rule; /* a line above */
};

struct sb_table {
    char *title;
    struct sb_table_column *columns;
    size_t num_columns, cap_columns;
    struct sb_table_row *rows;
    size_t num_rows, cap_rows;
    char **notes; /* below the table: meaning, source, command */
    size_t num_notes, cap_notes;
    bool failed;
};

/* title may be NULL. */
void sb_table_init(struct sb_table *t, const char *title);
void sb_table_release(struct sb_table *t);
/* All columns before the first row. */
void sb_table_column(struct sb_table *t, const char *name, const char *unit, enum sb_align align);
/* Starts a row. */
void sb_table_row(struct sb_table *t);
/* A line above the current row. */
void sb_table_rule(struct sb_table *t);
/* Appends a cell to the current row; more cells than columns is a bug (asserted). */
void sb_table_cell(struct sb_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A number with this many decimals; negative ones round to tens, hundreds. Raw: all digits.
 * NaN leaves the cell empty. */
void sb_table_number(struct sb_table *t, double value, int decimals);
/* An integer, digits grouped by thousands for people. */
void sb_table_integer(struct sb_table *t, long long value);
/* Sets the raw value of the last cell. */
void sb_table_raw(struct sb_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sb_table_note(struct sb_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct sb_table_format {
    const char *name;      /* "text", "markdown", "csv" */
    const char *extension; /* "txt", "md", "csv" */
    void (*write)(const struct sb_table *t, struct sb_str *out);
};
/* Formats in order; NULL after the last. */
const struct sb_table_format *sb_table_format_at(size_t index);
/* By name; NULL when unknown. */
const struct sb_table_format *sb_table_format(const char *name);
/* Appends the table; sets out->failed when the table had failed. */
void sb_table_write(const struct sb_table *t, const struct sb_table_format *format,
                    struct sb_str *out);

/* Appends the text of a number, for cells that hold more than one. */
void sb_number_text(struct sb_str *out, double value, int decimals);
/* Columns that UTF-8 text takes on a terminal (every code point one). */
size_t sb_text_width(const char *text);

#endif
