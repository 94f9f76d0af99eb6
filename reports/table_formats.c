/* Formats of tables: text for terminals, Markdown, CSV. A new format is a function and a line in
 * the list at the end. See table.h. */
#include "reports/table.h"

#include <string.h>

static const char *cell_text(const struct sb_table_row *row, size_t column)
{
    return column < row->count ? row->cells[column].text : "";
}

/* "params [M]" */
static void header_text(const struct sb_table_column *c, struct sb_str *out)
{
    sb_str_puts(out, c->name);
    if (c->unit)
        sb_str_printf(out, " [%s]", c->unit);
}

static size_t header_width(const struct sb_table_column *c)
{
    return sb_text_width(c->name) + (c->unit ? sb_text_width(c->unit) + 3 : 0);
}

static size_t column_width(const struct sb_table *t, size_t column)
{
    size_t width = header_width(&t->columns[column]);
    for (size_t r = 0; r < t->num_rows; r++) {
        const size_t w = sb_text_width(cell_text(&t->rows[r], column));
        width = w > width ? w : width;
    }
    return width;
}

static void repeat(struct sb_str *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sb_str_puts(out, text);
}

/* text in `width` columns; at the end of a line nothing is padded. */
static void padded(struct sb_str *out, const char *text, size_t width, enum sb_align align,
                   bool last)
{
    const size_t own = sb_text_width(text);
    const size_t pad = width > own ? width - own : 0;
    repeat(out, " ", align == SB_RIGHT ? pad : 0);
    sb_str_puts(out, text);
    repeat(out, " ", align == SB_LEFT && !last ? pad : 0);
}

static void text_rule(const struct sb_table *t, struct sb_str *out)
{
    for (size_t c = 0; c < t->num_columns; c++) {
        repeat(out, "-", column_width(t, c));
        sb_str_puts(out, c + 1 < t->num_columns ? "  " : "\n");
    }
}

static void text_header(const struct sb_table *t, struct sb_str *out)
{
    for (size_t c = 0; c < t->num_columns; c++) {
        struct sb_str name = SB_STR_INIT;
        header_text(&t->columns[c], &name);
        const bool last = c + 1 == t->num_columns;
        padded(out, sb_str_text(&name), column_width(t, c), t->columns[c].align, last);
        sb_str_puts(out, last ? "\n" : "  ");
        out->failed = out->failed || name.failed;
        sb_str_release(&name);
    }
}

static void write_text(const struct sb_table *t, struct sb_str *out)
{
    if (t->title)
        sb_str_printf(out, "%s\n", t->title);
    text_header(t, out);
    text_rule(t, out);
    for (size_t r = 0; r < t->num_rows; r++) {
        if (t->rows[r].rule && r > 0)
            text_rule(t, out);
        for (size_t c = 0; c < t->num_columns; c++) {
            const bool last = c + 1 == t->num_columns;
            padded(out, cell_text(&t->rows[r], c), column_width(t, c), t->columns[c].align, last);
            sb_str_puts(out, last ? "\n" : "  ");
        }
    }
    for (size_t i = 0; i < t->num_notes; i++)
        sb_str_printf(out, "%s\n", t->notes[i]);
}

/* Text with the characters that Markdown tables give a meaning escaped. */
static void markdown_text(struct sb_str *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|\\*_`<", *text))
            sb_str_puts(out, "\\");
        sb_str_append(out, text, 1);
    }
}

static void write_markdown(const struct sb_table *t, struct sb_str *out)
{
    if (t->title)
        sb_str_printf(out, "### %s\n\n", t->title);
    for (size_t c = 0; c < t->num_columns; c++) {
        struct sb_str name = SB_STR_INIT;
        header_text(&t->columns[c], &name);
        sb_str_puts(out, "| ");
        markdown_text(out, sb_str_text(&name));
        sb_str_puts(out, c + 1 < t->num_columns ? " " : " |\n");
        out->failed = out->failed || name.failed;
        sb_str_release(&name);
    }
    for (size_t c = 0; c < t->num_columns; c++)
        sb_str_puts(out, t->columns[c].align == SB_RIGHT ? "| ---: " : "| --- ");
    sb_str_puts(out, "|\n");
    for (size_t r = 0; r < t->num_rows; r++) {
        for (size_t c = 0; c < t->num_columns; c++) {
            sb_str_puts(out, "| ");
            markdown_text(out, cell_text(&t->rows[r], c));
            sb_str_puts(out, c + 1 < t->num_columns ? " " : " |\n");
        }
    }
    for (size_t i = 0; i < t->num_notes; i++)
        sb_str_printf(out, "%s%s\n", i == 0 ? "\n" : "", t->notes[i]);
}

/* RFC 4180: quoted where it holds a comma, a quote or a newline. */
static void csv_field(struct sb_str *out, const char *text)
{
    if (!strpbrk(text, ",\"\n\r")) {
        sb_str_puts(out, text);
        return;
    }
    sb_str_puts(out, "\"");
    for (; *text; text++) {
        if (*text == '"')
            sb_str_puts(out, "\"");
        sb_str_append(out, text, 1);
    }
    sb_str_puts(out, "\"");
}

/* Raw values; title and notes are left out, so that a reader finds a plain grid. */
static void write_csv(const struct sb_table *t, struct sb_str *out)
{
    for (size_t c = 0; c < t->num_columns; c++) {
        struct sb_str name = SB_STR_INIT;
        header_text(&t->columns[c], &name);
        csv_field(out, sb_str_text(&name));
        sb_str_puts(out, c + 1 < t->num_columns ? "," : "\n");
        out->failed = out->failed || name.failed;
        sb_str_release(&name);
    }
    for (size_t r = 0; r < t->num_rows; r++) {
        const struct sb_table_row *row = &t->rows[r];
        for (size_t c = 0; c < t->num_columns; c++) {
            const char *raw = c < row->count ? row->cells[c].raw : NULL;
            csv_field(out, raw ? raw : cell_text(row, c));
            sb_str_puts(out, c + 1 < t->num_columns ? "," : "\n");
        }
    }
}

static const struct sb_table_format formats[] = {
    {"text", "txt", write_text},
    {"markdown", "md", write_markdown},
    {"csv", "csv", write_csv},
};
#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

const struct sb_table_format *sb_table_format_at(size_t index)
{
    return index < N_FORMATS ? &formats[index] : NULL;
}

const struct sb_table_format *sb_table_format(const char *name)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    }
    return NULL;
}

void sb_table_write(const struct sb_table *t, const struct sb_table_format *format,
                    struct sb_str *out)
{
    if (t->failed)
        out->failed = true;
    else
        format->write(t, out);
}
