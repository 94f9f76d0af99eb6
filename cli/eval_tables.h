/* Tables of `spinebench eval`: the options --format and --sort, which its metrics share. */
#ifndef SB_CLI_EVAL_TABLES_H
#define SB_CLI_EVAL_TABLES_H

#include "reports/table.h"

/* --format: NULL is text; SB_EINVAL for an unknown name. */
int sb_eval_format(const char *name, const struct sb_table_format **format, struct sb_error *err);
/* True for the formats that people read, where other text may stand around a table. */
bool sb_eval_format_is_text(const struct sb_table_format *format);

/* A statistic from 0 to 1 with 3 decimals, exact for machines; below 0 it is missing. */
void sb_eval_cell(struct sb_table *t, double value);

/* --sort: by the column with this key, upper or lower case; numbers fall, names and ids rise; rows
 * without a value come last. NULL keeps the order. SB_EINVAL names the keys there are. */
int sb_eval_sort(struct sb_table *t, const char *key, struct sb_error *err);
/* Finishes the table and appends it. */
int sb_eval_write(struct sb_table *t, const struct sb_table_format *format, struct sb_str *out,
                  struct sb_error *err);

#endif
