/* Tables as plain text for terminals: aligned columns, a rule under the heading and between groups.
 */
#include "reports/table_format.h"

#include "base/mem.h"

#include <string.h>

/* What one line is made of: the text of each column. */
typedef void (*line_fn)(const struct sb_table *t, size_t row, size_t column, struct sb_str *out);

static void heading_of(const struct sb_table *t, size_t row, size_t column, struct sb_str *out)
{
    (void)row;
    sb_column_heading(&t->columns[column], out);
}

static void source_of(const struct sb_table *t, size_t row, size_t column, struct sb_str *out)
{
    (void)row;
    sb_str_puts(out, sb_source_name(t->columns[column].source));
}

static void repeat(struct sb_str *out, char c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sb_str_append(out, &c, 1);
}

static void trim_end(struct sb_str *out)
{
    while (out->length > 0 && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
}

static void put_line(const struct sb_table *t, const size_t *width, line_fn text_of, size_t row,
                     struct sb_str *out)
{
    struct sb_str text = SB_STR_INIT;
    for (size_t c = 0; c < t->num_columns; c++) {
        sb_str_clear(&text);
        text_of(t, row, c, &text);
        const size_t used = sb_text_width(sb_str_text(&text)),
                     blanks = width[c] > used ? width[c] - used : 0;
        const bool right = t->columns[c].align == SB_RIGHT;
        repeat(out, ' ', (c ? 2 : 0) + (right ? blanks : 0));
        sb_str_puts(out, sb_str_text(&text));
        repeat(out, ' ', right ? 0 : blanks);
    }
    out->failed = out->failed || text.failed;
    sb_str_release(&text);
    trim_end(out);
    sb_str_puts(out, "\n");
}

static void put_rule(const struct sb_table *t, const size_t *width, struct sb_str *out)
{
    for (size_t c = 0; c < t->num_columns; c++) {
        repeat(out, ' ', c ? 2 : 0);
        repeat(out, '-', width[c]);
    }
    sb_str_puts(out, "\n");
}

static void measure(const struct sb_table *t, line_fn text_of, size_t row, size_t *width)
{
    struct sb_str text = SB_STR_INIT;
    for (size_t c = 0; c < t->num_columns; c++) {
        sb_str_clear(&text);
        text_of(t, row, c, &text);
        const size_t w = sb_text_width(sb_str_text(&text));
        width[c] = w > width[c] ? w : width[c];
    }
    sb_str_release(&text);
}

static void put_notes(const struct sb_table *t, struct sb_str *out)
{
    for (size_t i = 0; i < t->num_reasons; i++) {
        sb_str_printf(out, "(%zu) ", i + 1);
        sb_comment_line("", t->reasons[i], out);
    }
    const unsigned marks = sb_table_marks(t);
    for (int s = 1; s < SB_SOURCES; s++) {
        if (marks & 1u << s)
            sb_str_printf(out, "%s: %s\n", sb_source_mark((enum sb_source)s),
                          sb_source_name((enum sb_source)s));
    }
    for (size_t i = 0; i < t->num_notes; i++)
        sb_comment_line("", t->notes[i], out);
}

static void put_origin(const struct sb_table *t, struct sb_str *out)
{
    struct sb_str records = SB_STR_INIT;
    sb_origin_records_text(&t->origin, &records);
    sb_visible_text(sb_str_text(&records), out);
    sb_str_puts(out, records.length ? ".\n" : "");
    if (t->origin.command)
        sb_comment_line("Made by: ", t->origin.command, out);
    out->failed = out->failed || records.failed;
    sb_str_release(&records);
}

static void put_table(const struct sb_table *t, size_t *width, struct sb_str *out)
{
    const bool sources = sb_table_has_sources(t);
    measure(t, heading_of, 0, width);
    if (sources)
        measure(t, source_of, 0, width);
    for (size_t r = 0; r < t->num_rows; r++)
        measure(t, sb_cell_plain, r, width);
    put_line(t, width, heading_of, 0, out);
    if (sources)
        put_line(t, width, source_of, 0, out);
    put_rule(t, width, out);
    for (size_t r = 0; r < t->num_rows; r++) {
        if (sb_table_has_rule(t, r))
            put_rule(t, width, out);
        put_line(t, width, sb_cell_plain, r, out);
    }
}

static void write_text(const struct sb_table *t, struct sb_str *out)
{
    size_t *width = sb_calloc(t->num_columns, sizeof(*width), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!width) {
        out->failed = true;
        return;
    }
    if (t->title)
        sb_str_printf(out, "%s\n", t->title);
    put_table(t, width, out);
    put_notes(t, out);
    put_origin(t, out);
    sb_free(width);
}

const struct sb_table_format sb_table_as_text = {"text", "txt", write_text};
