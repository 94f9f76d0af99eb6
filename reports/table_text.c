/* Tables as plain text for terminals: aligned columns, a rule under the heading and between groups.
 */
#include "reports/table_format.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define GAP 2 /* blanks between columns */

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

/* Columns that stand side by side. */
struct part {
    const size_t *columns; /* indices in order */
    size_t count;
};

static void put_line(const struct sb_table *t, const struct part *part, const size_t *width,
                     line_fn text_of, size_t row, struct sb_str *out)
{
    struct sb_str text = SB_STR_INIT;
    for (size_t i = 0; i < part->count; i++) {
        const size_t c = part->columns[i];
        sb_str_clear(&text);
        text_of(t, row, c, &text);
        const size_t used = sb_text_width(sb_str_text(&text)),
                     blanks = width[c] > used ? width[c] - used : 0;
        const bool right = t->columns[c].align == SB_RIGHT;
        repeat(out, ' ', (i ? GAP : 0) + (right ? blanks : 0));
        sb_str_puts(out, sb_str_text(&text));
        repeat(out, ' ', right ? 0 : blanks);
    }
    out->failed = out->failed || text.failed;
    sb_str_release(&text);
    trim_end(out);
    sb_str_puts(out, "\n");
}

static void put_rule(const struct part *part, const size_t *width, struct sb_str *out)
{
    for (size_t i = 0; i < part->count; i++) {
        repeat(out, ' ', i ? GAP : 0);
        repeat(out, '-', width[part->columns[i]]);
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

/* Notes and origin, filled into lines of `width` columns; 0: lines as long as they are. */
static void put_filled(const char *text, size_t width, struct sb_str *out)
{
    while (width && *text) {
        const size_t n = strcspn(text, "\n");
        struct sb_str line = SB_STR_INIT;
        sb_str_append(&line, text, n);
        sb_str_fill(out, sb_str_text(&line), 0, 0, width);
        sb_str_puts(out, "\n");
        out->failed = out->failed || line.failed;
        sb_str_release(&line);
        text += n + (text[n] == '\n');
    }
    sb_str_puts(out, text);
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

static void measure_all(const struct sb_table *t, size_t *width)
{
    measure(t, heading_of, 0, width);
    if (sb_table_has_sources(t))
        measure(t, source_of, 0, width);
    for (size_t r = 0; r < t->num_rows; r++)
        measure(t, sb_cell_plain, r, width);
}

static bool has_sources(const struct sb_table *t, const struct part *part)
{
    for (size_t i = 0; i < part->count; i++) {
        if (t->columns[part->columns[i]].source != SB_SOURCE_NONE)
            return true;
    }
    return false;
}

static void put_part(const struct sb_table *t, const struct part *part, const size_t *width,
                     struct sb_str *out)
{
    put_line(t, part, width, heading_of, 0, out);
    if (has_sources(t, part))
        put_line(t, part, width, source_of, 0, out);
    put_rule(part, width, out);
    for (size_t r = 0; r < t->num_rows; r++) {
        if (sb_table_has_rule(t, r))
            put_rule(part, width, out);
        put_line(t, part, width, sb_cell_plain, r, out);
    }
}

static size_t width_of(const size_t *columns, size_t count, const size_t *width)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += width[columns[i]] + (i ? GAP : 0);
    return sum;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* How many rows differ by the columns that `hashes` are of and this one, which is added to them. */
static size_t distinct_with(const struct sb_table *t, size_t column, uint64_t *hashes,
                            uint64_t *sorted)
{
    struct sb_str text = SB_STR_INIT;
    for (size_t r = 0; r < t->num_rows; r++) {
        sb_str_clear(&text);
        sb_cell_plain(t, r, column, &text);
        hashes[r] = sb_fnv1a(hashes[r], sb_str_text(&text), text.length + 1);
        sorted[r] = hashes[r];
    }
    sb_str_release(&text);
    qsort(sorted, t->num_rows, sizeof(*sorted), by_value);
    size_t count = t->num_rows > 0;
    for (size_t r = 1; r < t->num_rows; r++)
        count += sorted[r] != sorted[r - 1];
    return count;
}

/* The columns of every part: the first, and of the labels behind it those that tell apart rows
 * which the ones before do not, as long as they leave half of the width. Room for two hashes per
 * row. */
static size_t pick_keys(const struct sb_table *t, const size_t *width, size_t total,
                        uint64_t *hashes, size_t *keys)
{
    size_t count = 0, told_apart = 0;
    for (size_t r = 0; r < t->num_rows; r++)
        hashes[r] = SB_FNV_START;
    for (size_t c = 0; c < t->num_columns && (c == 0 || told_apart < t->num_rows); c++) {
        if (c > 0 && t->columns[c].source != SB_SOURCE_NONE)
            break;
        const size_t now = distinct_with(t, c, hashes, hashes + t->num_rows);
        keys[count] = c;
        if (c == 0 || (now > told_apart && 2 * width_of(keys, count + 1, width) <= total))
            count++;
        told_apart = now;
    }
    return count;
}

static bool is_among(size_t column, const size_t *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (columns[i] == column)
            return true;
    }
    return false;
}

/* columns: room for all twice; its front has the keys. */
static void put_parts(const struct sb_table *t, const size_t *width, size_t total, size_t *columns,
                      size_t keys, struct sb_str *out)
{
    size_t count = keys;
    for (size_t c = 0; c < t->num_columns; c++) {
        if (is_among(c, columns, keys))
            continue;
        columns[count] = c;
        if (count > keys && width_of(columns, count + 1, width) > total) {
            put_part(t, &(struct part){columns, count}, width, out);
            sb_str_puts(out, "\n");
            columns[count = keys] = c;
        }
        count++;
    }
    put_part(t, &(struct part){columns, count}, width, out);
}

static void put_table(const struct sb_table *t, size_t total, size_t *width, size_t *columns,
                      uint64_t *hashes, struct sb_str *out)
{
    measure_all(t, width);
    for (size_t c = 0; c < t->num_columns; c++)
        columns[c] = c;
    if (total == 0 || width_of(columns, t->num_columns, width) <= total)
        put_part(t, &(struct part){columns, t->num_columns}, width, out);
    else
        put_parts(t, width, total, columns, pick_keys(t, width, total, hashes, columns), out);
}

void sb_table_write_text(const struct sb_table *t, size_t width, struct sb_str *out)
{
    const size_t n = t->num_columns;
    size_t *widths = sb_calloc(2 * n + 1, sizeof(*widths), SB_MEM_TAG(SB_MEM_DATA, 0));
    uint64_t *hashes = sb_calloc(2 * t->num_rows + 1, sizeof(*hashes), SB_MEM_TAG(SB_MEM_DATA, 0));
    struct sb_str below = SB_STR_INIT;
    if (t->title)
        sb_str_printf(out, "%s\n", t->title);
    if (widths && hashes)
        put_table(t, width, widths, widths + n, hashes, out);
    put_notes(t, &below);
    put_origin(t, &below);
    put_filled(sb_str_text(&below), width, out);
    out->failed = out->failed || below.failed || !widths || !hashes;
    sb_str_release(&below);
    sb_free(hashes);
    sb_free(widths);
}

static void write_text(const struct sb_table *t, struct sb_str *out)
{
    sb_table_write_text(t, 0, out);
}

const struct sb_table_format sb_table_as_text = {"text", "txt", write_text};
