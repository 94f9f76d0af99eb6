/* Tables on standard output, and the option --format. */
#ifndef SB_CLI_TABLE_OUTPUT_H
#define SB_CLI_TABLE_OUTPUT_H

#include "base/error.h"
#include "base/str.h"
#include "reports/table.h"

/* Appends the table for standard output. As text on a terminal it keeps to the terminal's width, in
 * parts where it is wider; to files and pipes lines are as long as they are. */
void sb_cli_put_table(const struct sb_table *t, const struct sb_table_format *format,
                      struct sb_str *out);

/* The format of --format; SB_EINVAL unless it is in `known`, a list for people too: "text, markdown
 * or csv". */
int sb_cli_format(const char *name, const char *known, const struct sb_table_format **format,
                  struct sb_error *err);
#define SB_ALL_FORMATS "text, markdown, csv, latex or json"

#endif
