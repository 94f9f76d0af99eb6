/*
 * A table as data: columns with one unit each, cells that know where their value comes from. What
 * it looks like is the business of the formats (table_format.h). Building never fails on the way:
 * an allocation failure sets `texts.failed` and makes the rest harmless; it is checked once, by
 * sb_table_finish() and sb_table_write().
 *
 *     struct sb_table t;
 *     sb_table_init(&t, "Models");
 *     sb_table_column(&t, "model", NULL, SB_LEFT);
 *     sb_table_quantity(&t, "time", "latency", SB_QUANTITY_TIME, SB_SOURCE_MEASURED);
 *     sb_table_row(&t);
 *     sb_table_cell(&t, "%s", name);
 *     sb_table_interval(&t, median_ns, low_ns, high_ns);
 *     rc = sb_table_finish(&t, &err);                         // units, digits, numbers of notes
 *     sb_table_write(&t, sb_table_format("markdown"), &out);
 *     sb_table_release(&t);
 *
 * Two kinds of columns. Plain ones take text, or numbers in a unit and with decimals that the
 * caller chose. Quantities take values in base units (unit.h); finish picks the unit for the whole
 * column and the digits: as many as the interval justifies, four for exact values.
 *
 * A missing value says why; reasons that repeat are printed once, as numbered notes. Printed
 * (paper), computed and measured values are never mixed unmarked: a column carries its source in
 * the heading, a cell that differs carries its own mark. Cells that a row lacks are empty.
 */
#ifndef SB_REPORTS_TABLE_H
#define SB_REPORTS_TABLE_H

#include "base/error.h"
#include "base/str.h"
#include "base/texts.h"
#include "reports/provenance.h"
#include "reports/unit.h"

#include <stdbool.h>
#include <stddef.h>

enum sb_align { SB_LEFT, SB_RIGHT };

enum sb_source {
    SB_SOURCE_NONE,     /* labels */
    SB_SOURCE_PAPER,    /* printed in a publication */
    SB_SOURCE_COMPUTED, /* follows from shapes and specs; the same on every machine */
    SB_SOURCE_MEASURED, /* measured on the machine that the origin names */
    SB_SOURCES
};
/* "", "paper", "computed", "measured" */
const char *sb_source_name(enum sb_source source);
/* For single cells: "", "p", "c", "m". */
const char *sb_source_mark(enum sb_source source);

struct sb_table_column {
    const char *key;  /* "latency": options, CSV, JSON; of plain columns "params [M]" */
    const char *name; /* "latency": the heading */
    const char *unit; /* "ms"; "" when it has none; of quantities set by finish */
    double scale;     /* base units in one unit */
    enum sb_align align;
    enum sb_quantity quantity; /* NONE for plain columns */
    enum sb_source source;
    bool unit_given; /* the caller chose the unit of a quantity */
    int decimals;    /* of exact values; set by finish */
};

enum sb_cell_type {
    SB_CELL_EMPTY,   /* nothing belongs here */
    SB_CELL_MISSING, /* a value belongs here; text says why there is none, or NULL */
    SB_CELL_TEXT,
    SB_CELL_NUMBER
};

struct sb_table_cell {
    enum sb_cell_type type;
    enum sb_source source;   /* NONE: the column's */
    double value, low, high; /* base unit; plain columns: as shown */
    double uncertainty; /* digits end where it begins; it is not shown; 0: exact, or an interval */
    bool has_interval;
    bool fixed;    /* decimals are the caller's */
    bool grouped;  /* thousands are set apart */
    bool has_sign; /* "+0.1": a difference */
    bool exact;    /* machines get all digits, up to 17, that it takes to read the value back */
    int decimals;
    const char *flag; /* behind a number, for people: "*"; a literal; NULL for none */
    const char *text; /* TEXT, or why MISSING */
    const char *raw;  /* TEXT: what machines read instead; NULL = text */
    int note;         /* MISSING: 1-based index into notes + 1, 0 none; set by finish */
    bool rule;        /* first cell of a row: a line above */
};

/* A label that is the same in every row, and no column: people read of it below the table, machines
 * as a column more. */
struct sb_table_constant {
    const char *key, *name;
    struct sb_table_cell cell; /* TEXT or NUMBER */
};

struct sb_table {
    const char *name;  /* file name without extension: "per-level"; "" if none */
    const char *title; /* NULL if none */
    size_t num_columns, cap_columns;
    struct sb_table_column *columns; /* owned */
    size_t num_rows, cap_cells;
    struct sb_table_cell *cells; /* num_rows x num_columns, owned */
    size_t cursor;               /* next cell of the last row */
    int group_column;            /* a line above rows where its text changes; -1 none */
    size_t num_constants, cap_constants;
    struct sb_table_constant *constants; /* owned */
    size_t num_reasons, cap_reasons;
    const char **reasons; /* why cells are missing, numbered from 1; the array is owned */
    size_t num_notes, cap_notes;
    const char **notes;         /* below the table: meaning, n, source; the array is owned */
    struct sb_origin origin;    /* below the notes */
    struct sb_table_cell spare; /* stands for the last cell when memory ran out */
    struct sb_texts texts;
};

/* title may be NULL. Texts given to the functions below are copied. */
void sb_table_init(struct sb_table *t, const char *title);
void sb_table_release(struct sb_table *t);
void sb_table_set_name(struct sb_table *t, const char *name);
void sb_table_set_origin(struct sb_table *t, const struct sb_origin *origin);

/* All columns come before the first row. unit may be NULL. */
void sb_table_column(struct sb_table *t, const char *name, const char *unit, enum sb_align align);
void sb_table_quantity(struct sb_table *t, const char *key, const char *name,
                       enum sb_quantity quantity, enum sb_source source);
/* A quantity of texts that say what a row is about. */
void sb_table_label(struct sb_table *t, const char *key, const char *name);
/* Fixes the unit of a quantity; any time before finish. */
void sb_table_set_unit(struct sb_table *t, size_t column, const struct sb_unit *unit);
/* Takes a column out, in every row. */
void sb_table_drop_column(struct sb_table *t, size_t column);
/* Remembers the first row's cell of a column as that of all rows; the column stays. */
void sb_table_constant(struct sb_table *t, size_t column);

/* Starts a row. */
void sb_table_row(struct sb_table *t);
/* A line above the current row. */
void sb_table_rule(struct sb_table *t);
void sb_table_note(struct sb_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Each of these fills the next cell of the current row. */
void sb_table_cell(struct sb_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Fixed decimals (as sb_number_text()), in the column's unit. NaN leaves the cell empty. */
void sb_table_number(struct sb_table *t, double value, int decimals);
/* Digits grouped by thousands for people. */
void sb_table_integer(struct sb_table *t, long long value);
/* For quantities: a value in base units, with interval. */
void sb_table_value(struct sb_table *t, double value);
void sb_table_interval(struct sb_table *t, double value, double low, double high);
/* A value that is known to +-uncertainty, which decides how many digits are shown; <= 0: unknown.
 */
void sb_table_uncertain(struct sb_table *t, double value, double uncertainty);
void sb_table_missing(struct sb_table *t, const char *why);
void sb_table_empty(struct sb_table *t);
/* Any cell; its text is copied. */
void sb_table_add(struct sb_table *t, const struct sb_table_cell *cell);
/* The last cell, for its source, decimals or sign; never NULL, valid until the next row. */
struct sb_table_cell *sb_table_last(struct sb_table *t);
/* What machines read instead of the last cell's text. */
void sb_table_raw(struct sb_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

const struct sb_table_cell *sb_table_at(const struct sb_table *t, size_t row, size_t column);
/* Index of a column by key, or -1. */
int sb_table_find_column(const struct sb_table *t, const char *key);

/* Stable, within groups where the table is grouped; by value or text, cells without one last in
 * both directions. */
int sb_table_sort(struct sb_table *t, size_t column, bool descending, struct sb_error *err);
/* Moves rows with the same text in `column` together, groups in order of first appearance. */
int sb_table_group(struct sb_table *t, size_t column, struct sb_error *err);
/* True when a line belongs above this row (never above the first). */
bool sb_table_has_rule(const struct sb_table *t, size_t row);
/* Lines between groups become lines above rows: they stay when the column of the groups goes. */
void sb_table_keep_rules(struct sb_table *t);
/* Picks units and digits, numbers the reasons. Needed when there are quantities or missing values;
 * after the last row. SB_ENOMEM if anything before failed. */
int sb_table_finish(struct sb_table *t, struct sb_error *err);

/* A table as text: one writer per format behind this interface (table_format.h). */
struct sb_table_format {
    const char *name;      /* "text", "markdown", "csv", "latex", "json" */
    const char *extension; /* "txt", "md", "csv", "tex", "json" */
    void (*write)(const struct sb_table *t, struct sb_str *out);
};

/* Formats in order; NULL after the last. */
const struct sb_table_format *sb_table_format_at(size_t index);
/* By name or extension; NULL when unknown. */
const struct sb_table_format *sb_table_format(const char *name);
/* Appends the table; sets out->failed when the table had failed. */
void sb_table_write(const struct sb_table *t, const struct sb_table_format *format,
                    struct sb_str *out);

#endif
