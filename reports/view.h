/*
 * Views: which rows and columns a table shows, how they are ordered and in which units. Presets are
 * views with a name; options of the command line change single members.
 *
 *     const struct sb_view *preset;
 *     rc = sb_view_find("per-level", &preset, &err);
 *     struct sb_view view = *preset;
 *     view.sort = "-latency";
 *     rc = sb_view_table(&table, &view, &records, &err);
 */
#ifndef SB_REPORTS_VIEW_H
#define SB_REPORTS_VIEW_H

#include "base/error.h"
#include "bench/record.h"
#include "reports/paper.h"
#include "reports/rows.h"
#include "reports/table.h"

#include <stdbool.h>
#include <stddef.h>

struct sb_view {
    const char *name;    /* "per-level"; also the table's file name */
    const char *title;   /* heading of the table */
    enum sb_rows_by by;  /* what a row is about */
    const char *columns; /* keys, comma-separated. "KEY?" is shown only where it tells something: a
                            value that some row has, a label that differs between rows */
    const char *where;   /* conditions of the rows shown (table_select.h); NULL: all */
    const char *sort;    /* keys, "-KEY" for descending; NULL keeps the order of rows */
    const char *group;   /* key whose rows are set apart; NULL for none */
    const char *units;   /* "latency=ms,peak=MiB"; NULL picks what fits */
    const char *note;    /* below the table; NULL for none */
    unsigned kinds;      /* of the records that it shows: SB_KIND() bits, for the origin */
    /* Tables that are not made of rows have one of these: a function that fills an initialised
     * table, or the number of a table of the paper. Their columns are NULL for all of them; `by`
     * means nothing. */
    int (*build)(struct sb_table *t, const struct sb_records *records, struct sb_error *err);
    const char *paper;
};

/* Presets in order; NULL after the last. */
const struct sb_view *sb_view_at(size_t index);
/* SB_EINVAL with the names as hint. */
int sb_view_find(const char *name, const struct sb_view **out, struct sb_error *err);

/* True for tables of rows, whose kind of row can be chosen. */
bool sb_view_has_rows(const struct sb_view *view);

/* Builds and finishes the table. On failure nothing needs to be released. */
int sb_view_table(struct sb_table *t, const struct sb_view *view, const struct sb_records *records,
                  struct sb_error *err);

/* The same of a view of the paper, whose tables are open already: for many of them. */
int sb_view_paper_table(struct sb_table *t, const struct sb_view *view,
                        const struct sb_paper *paper, const struct sb_records *records,
                        struct sb_error *err);

#endif
