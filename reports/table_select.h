/*
 * What a table shows of itself: rows by conditions, columns and their order, units, groups and
 * sorting, each from one text as options give it. They work on any table that is filled and not yet
 * finished; keys are those of its columns.
 *
 *     rc = sb_table_where(&t, "model=retinanet-*,latency<200ms", &err);
 *     rc = sb_table_order(&t, "model", "-latency", &err);
 *     rc = sb_table_units(&t, "latency=ms", &err);
 *     rc = sb_table_select(&t, "model,latency", &err);
 *
 * Errors are SB_EINVAL and name the option, the key and the keys that there are.
 */
#ifndef SB_REPORTS_TABLE_SELECT_H
#define SB_REPORTS_TABLE_SELECT_H

#include "base/error.h"
#include "reports/table.h"

#include <stdbool.h>

#define SB_MAX_KEY 48 /* bytes of a column's key, with its end */

/* The next word of a comma-separated list, *list moves behind it; false at the end. Longer words
 * are cut. */
bool sb_next_word(const char **list, char *word, size_t size);

/* Takes the mark off "KEY?", a column shown only where it tells something; false without one. */
bool sb_take_optional(char *key);

/* A condition on a column. */
struct sb_condition {
    char key[SB_MAX_KEY];
    char op[3];      /* "=", "!=", "<", "<=", ">", ">=" */
    char value[128]; /* alternatives stand between bars */
};
/* The next of "KEY=VALUE,KEY<VALUE,..."; *found is false at the end. */
int sb_next_condition(const char **list, struct sb_condition *out, bool *found,
                      struct sb_error *err);

/* Keeps the rows for which all conditions hold. "=" and "!=" take patterns with * and ? for texts
 * and numbers else, in alternatives "640|896"; the others compare numbers. A number has the unit of
 * its column behind it ("200ms"), or none where the column has a unit without symbol. A missing
 * value differs from everything and is neither more nor less. */
int sb_table_where(struct sb_table *t, const char *conditions, struct sb_error *err);
/* True when a column tells something: a value that some row has, or a label that differs between
 * rows. Of a table without rows all do. */
bool sb_table_tells(const struct sb_table *t, size_t column);
/* Makes a column that tells nothing a constant, where it is a label that the rows have. */
void sb_table_keep_constant(struct sb_table *t, size_t column);
/* Notes the constants: "All rows: size 640, batch 1."; nothing for none. */
void sb_table_note_constants(struct sb_table *t);
/* Keeps the columns of "KEY,KEY?", in that order; "KEY?" where it tells something, and a label that
 * is the same in every row becomes a note. */
int sb_table_select(struct sb_table *t, const char *keys, struct sb_error *err);
/* Units of columns: "latency=ms,peak=MiB". */
int sb_table_units(struct sb_table *t, const char *units, struct sb_error *err);
/* Rows with the same value in column `group` are set apart; within groups they are sorted by the
 * keys of "KEY,-KEY", the first first, "-" for descending. NULL: left as they are. */
int sb_table_order(struct sb_table *t, const char *group, const char *sort, struct sb_error *err);

#endif
