/*
 * The catalogue of columns that tables of rows can show: key, heading, quantity, source and how the
 * value is found. Adding a column is a line in columns.c, and a function where it is not simply a
 * field of the row.
 */
#ifndef SB_REPORTS_COLUMNS_H
#define SB_REPORTS_COLUMNS_H

#include "base/error.h"
#include "reports/rows.h"
#include "reports/table.h"

#include <stddef.h>

struct sb_report_column {
    const char *key;  /* "latency" */
    const char *name; /* heading; NULL: what the rows are made of ("level") */
    const char *help; /* one line */
    enum sb_quantity quantity;
    enum sb_source source;
    /* Fills one cell of t. */
    void (*put)(const struct sb_report_column *column, const struct sb_report_rows *rows,
                const struct sb_row *row, struct sb_table *t);
    size_t offset;     /* of the field in struct sb_row, for the generic put functions */
    const char *field; /* the field's name in records, for its reason; or the accuracy metric */
};

/* Columns in order; NULL after the last. */
const struct sb_report_column *sb_report_column_at(size_t index);
/* SB_EINVAL with a hint when there is no such column; the message names the option that asks. */
int sb_report_column_find(const char *option, const char *key, const struct sb_report_column **out,
                          struct sb_error *err);

#endif
