/* The list of formats, and what they share. See table_format.h. */
#include "reports/table_format.h"

#include <string.h>

static const struct sb_table_format *const formats[] = {
    &sb_table_as_text,  &sb_table_as_markdown, &sb_table_as_csv,
    &sb_table_as_latex, &sb_table_as_json,
};
#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

const struct sb_table_format *sb_table_format_at(size_t index)
{
    return index < N_FORMATS ? formats[index] : NULL;
}

const struct sb_table_format *sb_table_format(const char *name)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(formats[i]->name, name) == 0 || strcmp(formats[i]->extension, name) == 0)
            return formats[i];
    }
    return NULL;
}

void sb_table_write(const struct sb_table *t, const struct sb_table_format *format,
                    struct sb_str *out)
{
    if (t->texts.failed)
        out->failed = true;
    else
        format->write(t, out);
}

/* "1234567" -> "1,234,567" */
static void group_thousands(char text[SB_NUMBER_SIZE])
{
    char out[SB_NUMBER_SIZE];
    const size_t n = strlen(text);
    size_t used = 0;
    for (size_t i = 0; i < n && used + 2 < sizeof(out); i++) {
        if (i > 0 && (n - i) % 3 == 0 && text[i - 1] != '-')
            out[used++] = ',';
        out[used++] = text[i];
    }
    out[used] = '\0';
    memcpy(text, out, used + 1);
}

void sb_cell_texts(const struct sb_table_column *column, const struct sb_table_cell *cell,
                   struct sb_cell_texts *out)
{
    memset(out, 0, sizeof(*out));
    if (column->quantity == SB_QUANTITY_SMALL) {
        sb_exponent_text(cell->value, out->value);
        return;
    }
    const size_t sign = cell->has_sign && cell->value > 0;
    out->value[0] = '+'; /* overwritten when it is not wanted */
    sb_number_text(cell->value / column->scale, cell->decimals, out->value + sign);
    if (cell->grouped)
        group_thousands(out->value);
    if (cell->has_interval) {
        sb_number_text(cell->low / column->scale, cell->decimals, out->low);
        sb_number_text(cell->high / column->scale, cell->decimals, out->high);
    }
}

static void number_plain(const struct sb_table_column *column, const struct sb_table_cell *cell,
                         struct sb_str *out)
{
    struct sb_cell_texts texts;
    sb_cell_texts(column, cell, &texts);
    sb_str_puts(out, texts.value);
    if (cell->has_interval)
        sb_str_printf(out, " [%s, %s]", texts.low, texts.high);
    const char *mark = sb_cell_mark(column, cell);
    if (*mark)
        sb_str_printf(out, " %s", mark);
    if (cell->flag)
        sb_str_printf(out, " %s", cell->flag);
}

size_t sb_control_bytes(const char *text)
{
    const unsigned char first = (unsigned char)text[0];
    if ((first > 0 && first < ' ') || first == 0x7f)
        return 1;
    return first == 0xc2 && ((unsigned char)text[1] & 0xe0) == 0x80 ? 2 : 0; /* U+0080 to U+009F */
}

void sb_control_text(const char *text, struct sb_str *out)
{
    sb_str_printf(out, "\\x%02x", (unsigned char)text[sb_control_bytes(text) - 1]);
}

void sb_visible_text(const char *text, struct sb_str *out)
{
    while (*text) {
        const size_t control = sb_control_bytes(text);
        if (control)
            sb_control_text(text, out);
        else
            sb_str_append(out, text, 1);
        text += control ? control : 1;
    }
}

void sb_comment_line(const char *prefix, const char *text, struct sb_str *out)
{
    const size_t length = strlen(text);
    sb_str_puts(out, prefix);
    sb_visible_text(text, out);
    /* gnuplot: a backslash at the end would take in the next line */
    sb_str_puts(out, length > 0 && text[length - 1] == '\\' ? " \n" : "\n");
}

void sb_origin_comments(const struct sb_origin *origin, const char *prefix, const char *options,
                        struct sb_str *out)
{
    struct sb_str text = SB_STR_INIT;
    sb_origin_records_text(origin, &text);
    if (text.length)
        sb_comment_line(prefix, sb_str_text(&text), out);
    sb_str_clear(&text);
    if (origin->command) {
        sb_str_printf(&text, "Made by: %s%s", origin->command, options);
        sb_comment_line(prefix, sb_str_text(&text), out);
    }
    out->failed = out->failed || text.failed;
    sb_str_release(&text);
}

void sb_cell_plain(const struct sb_table *t, size_t row, size_t column, struct sb_str *out)
{
    const struct sb_table_cell *cell = sb_table_at(t, row, column);
    switch (cell->type) {
    case SB_CELL_EMPTY:
        break;
    case SB_CELL_MISSING:
        sb_str_puts(out, "-");
        if (cell->note)
            sb_str_printf(out, " (%d)", cell->note);
        break;
    case SB_CELL_TEXT:
        sb_visible_text(cell->text, out);
        break;
    case SB_CELL_NUMBER:
        number_plain(&t->columns[column], cell, out);
        break;
    }
}

const char *sb_cell_mark(const struct sb_table_column *column, const struct sb_table_cell *cell)
{
    const bool other = cell->source != SB_SOURCE_NONE && cell->source != column->source;
    return other ? sb_source_mark(cell->source) : "";
}

unsigned sb_table_marks(const struct sb_table *t)
{
    unsigned marks = 0;
    for (size_t r = 0; r < t->num_rows; r++) {
        for (size_t c = 0; c < t->num_columns; c++) {
            const struct sb_table_cell *cell = sb_table_at(t, r, c);
            if (*sb_cell_mark(&t->columns[c], cell))
                marks |= 1u << cell->source;
        }
    }
    return marks;
}

void sb_column_heading(const struct sb_table_column *column, struct sb_str *out)
{
    sb_str_puts(out, column->name);
    if (*column->unit)
        sb_str_printf(out, " [%s]", column->unit);
}

bool sb_table_has_sources(const struct sb_table *t)
{
    for (size_t c = 0; c < t->num_columns; c++) {
        if (t->columns[c].source != SB_SOURCE_NONE)
            return true;
    }
    return false;
}
