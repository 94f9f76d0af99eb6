/* Building tables. The formats are in table_formats.c. See table.h. */
#include "reports/table.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

static char *copy_text(struct sb_table *t, const char *text)
{
    char *copy = t->failed ? NULL : sb_strdup(text);
    if (text && !copy)
        t->failed = true;
    return copy;
}

static char *format_text(struct sb_table *t, const char *fmt, va_list args)
{
    char small[256];
    va_list again;
    va_copy(again, args);
    const int n = vsnprintf(small, sizeof(small), fmt, args);
    char *text = NULL;
    if (n >= 0 && (size_t)n < sizeof(small)) {
        text = copy_text(t, small);
    } else if (n >= 0 && !t->failed) {
        text = sb_malloc((size_t)n + 1, TAG);
        if (text)
            vsnprintf(text, (size_t)n + 1, fmt, again);
        else
            t->failed = true;
    }
    va_end(again);
    return text;
}

void sb_table_init(struct sb_table *t, const char *title)
{
    memset(t, 0, sizeof(*t));
    t->title = copy_text(t, title);
}

static void release_row(struct sb_table_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        sb_free(row->cells[i].text);
        sb_free(row->cells[i].raw);
    }
    sb_free(row->cells);
}

void sb_table_release(struct sb_table *t)
{
    for (size_t i = 0; i < t->num_columns; i++) {
        sb_free(t->columns[i].name);
        sb_free(t->columns[i].unit);
    }
    for (size_t i = 0; i < t->num_rows; i++)
        release_row(&t->rows[i]);
    for (size_t i = 0; i < t->num_notes; i++)
        sb_free(t->notes[i]);
    sb_free(t->title);
    sb_free(t->columns);
    sb_free(t->rows);
    sb_free(t->notes);
    memset(t, 0, sizeof(*t));
}

/* Room for one more element; false (and failed) when out of memory. */
static bool grow(struct sb_table *t, void *array, size_t *cap, size_t count, size_t elem_size)
{
    if (!t->failed && sb_grow(array, cap, count + 1, elem_size, TAG) != 0)
        t->failed = true;
    return !t->failed;
}

void sb_table_column(struct sb_table *t, const char *name, const char *unit, enum sb_align align)
{
    if (!grow(t, &t->columns, &t->cap_columns, t->num_columns, sizeof(*t->columns)))
        return;
    struct sb_table_column *c = &t->columns[t->num_columns++];
    c->name = copy_text(t, name);
    c->unit = copy_text(t, unit);
    c->align = align;
}

void sb_table_row(struct sb_table *t)
{
    if (!grow(t, &t->rows, &t->cap_rows, t->num_rows, sizeof(*t->rows)))
        return;
    memset(&t->rows[t->num_rows++], 0, sizeof(*t->rows));
}

void sb_table_rule(struct sb_table *t)
{
    if (!t->failed)
        t->rows[t->num_rows - 1].rule = true;
}

/* Appends a cell that owns text. */
static void add_cell(struct sb_table *t, char *text)
{
    struct sb_table_row *row = t->failed ? NULL : &t->rows[t->num_rows - 1];
    assert(!row || row->count < t->num_columns);
    if (!row || !grow(t, &row->cells, &row->capacity, row->count, sizeof(*row->cells))) {
        sb_free(text);
        return;
    }
    row->cells[row->count++] = (struct sb_table_cell){text, NULL};
}

void sb_table_cell(struct sb_table *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_cell(t, format_text(t, fmt, args));
    va_end(args);
}

void sb_table_raw(struct sb_table *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format_text(t, fmt, args);
    va_end(args);
    if (t->failed) {
        sb_free(text);
        return;
    }
    struct sb_table_row *row = &t->rows[t->num_rows - 1];
    sb_free(row->cells[row->count - 1].raw);
    row->cells[row->count - 1].raw = text;
}

void sb_table_note(struct sb_table *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = format_text(t, fmt, args);
    va_end(args);
    if (grow(t, &t->notes, &t->cap_notes, t->num_notes, sizeof(*t->notes)))
        t->notes[t->num_notes++] = text;
    else
        sb_free(text);
}

void sb_number_text(struct sb_str *out, double value, int decimals)
{
    if (decimals < 0) {
        const double unit = pow(10, -decimals);
        value = round(value / unit) * unit;
    }
    sb_str_printf(out, "%.*f", decimals > 0 ? decimals : 0, value);
}

void sb_table_number(struct sb_table *t, double value, int decimals)
{
    if (isnan(value)) {
        sb_table_cell(t, "%s", "");
        return;
    }
    struct sb_str text = SB_STR_INIT;
    sb_number_text(&text, value, decimals);
    t->failed = t->failed || text.failed;
    sb_table_cell(t, "%s", sb_str_text(&text));
    sb_table_raw(t, "%.17g", value);
    sb_str_release(&text);
}

void sb_table_integer(struct sb_table *t, long long value)
{
    char digits[32], grouped[48];
    const int n = snprintf(digits, sizeof(digits), "%lld", value);
    size_t out = 0;
    for (int i = 0; i < n; i++) {
        const int left = n - i;
        if (i > 0 && left % 3 == 0 && digits[i - 1] != '-')
            grouped[out++] = ',';
        grouped[out++] = digits[i];
    }
    grouped[out] = '\0';
    sb_table_cell(t, "%s", grouped);
    sb_table_raw(t, "%lld", value);
}

size_t sb_text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}
