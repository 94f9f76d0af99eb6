/*
 * Tables as text: one writer per format behind one interface. Adding a format takes two steps: a
 * file table_NAME.c with a struct sb_table_format, and its line in the list in table_format.c.
 *
 * Writers append to a string, which remembers when memory ran out. The same table gives the same
 * bytes: no dates, no locale, no environment.
 */
#ifndef SB_REPORTS_TABLE_FORMAT_H
#define SB_REPORTS_TABLE_FORMAT_H

#include "base/str.h"
#include "reports/table.h"

extern const struct sb_table_format sb_table_as_text, sb_table_as_markdown, sb_table_as_csv,
    sb_table_as_latex, sb_table_as_json;

/* The text format in lines of at most `width` columns (0: as long as they are): a table that is
 * wider comes in parts, one below the other. Each has the columns again that tell its rows apart. A
 * single column may still be wider. */
void sb_table_write_text(const struct sb_table *t, size_t width, struct sb_str *out);

/*
 * What formats share.
 */

/* The parts of a NUMBER cell as text, in its column's unit. */
struct sb_cell_texts {
    char value[SB_NUMBER_SIZE];
    char low[SB_NUMBER_SIZE], high[SB_NUMBER_SIZE]; /* "" without interval */
};
void sb_cell_texts(const struct sb_table_column *column, const struct sb_table_cell *cell,
                   struct sb_cell_texts *out);
/* "12.3 [12.1, 12.6]", "text", "- (1)" with the number of the reason; with the mark of a source
 * that is not the column's. Control characters are shown as "\x1b"; nothing else is escaped. */
void sb_cell_plain(const struct sb_table *t, size_t row, size_t column, struct sb_str *out);
/* Bytes of the control character that UTF-8 text starts with; 0 when it starts with another. */
size_t sb_control_bytes(const char *text);
/* Appends that character as "\x1b". */
void sb_control_text(const char *text, struct sb_str *out);
/* Appends text with its control characters so, as one line that moves no cursor. */
void sb_visible_text(const char *text, struct sb_str *out);
/* Appends a line of its own, PREFIX and text so: a comment of gnuplot or LaTeX, whatever the text.
 */
void sb_comment_line(const char *prefix, const char *text, struct sb_str *out);
/* Lines of records and command (with `options` behind it); nothing of what is not known. */
void sb_origin_comments(const struct sb_origin *origin, const char *prefix, const char *options,
                        struct sb_str *out);
/* The mark of a cell whose source is not its column's; "" else. */
const char *sb_cell_mark(const struct sb_table_column *column, const struct sb_table_cell *cell);
/* Bit 1 << source for each mark in the table. */
unsigned sb_table_marks(const struct sb_table *t);
/* "latency [ms]" */
void sb_column_heading(const struct sb_table_column *column, struct sb_str *out);
/* True when a column says where its values come from. */
bool sb_table_has_sources(const struct sb_table *t);

#endif
