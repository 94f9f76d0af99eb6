/* Growing strings. See str.h. */
#include "base/str.h"

#include "base/mem.h"
#include "base/size.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sb_str_release(struct sb_str *s)
{
    sb_free(s->data);
    memset(s, 0, sizeof(*s));
}

void sb_str_clear(struct sb_str *s)
{
    s->length = 0;
    if (s->data)
        s->data[0] = '\0';
}

/* Room for `extra` more bytes and the terminator; false once memory ran out. */
static bool reserve(struct sb_str *s, size_t extra)
{
    size_t need;
    if (s->failed)
        return false;
    s->failed = !sb_add_size(s->length + 1, extra, &need) ||
                sb_grow(&s->data, &s->capacity, need, 1, SB_MEM_TAG(SB_MEM_DATA, 0)) != 0;
    return !s->failed;
}

void sb_str_append(struct sb_str *s, const char *data, size_t length)
{
    if (!reserve(s, length))
        return;
    if (length)
        memcpy(s->data + s->length, data, length);
    s->length += length;
    s->data[s->length] = '\0';
}

void sb_str_puts(struct sb_str *s, const char *text)
{
    sb_str_append(s, text, strlen(text));
}

void sb_str_printf(struct sb_str *s, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n >= 0 && reserve(s, (size_t)n)) {
        vsnprintf(s->data + s->length, (size_t)n + 1, fmt, again);
        s->length += (size_t)n;
    }
    va_end(again);
}

void sb_str_float(struct sb_str *s, float value)
{
    char text[32] = "0";
    /* six digits tell most float32 values apart, nine tell all */
    for (int digits = 6; digits <= 9 && isfinite(value) && value != 0.0f; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    sb_str_puts(s, text);
}

const char *sb_str_text(const struct sb_str *s)
{
    return s->data ? s->data : "";
}

void sb_text_position(const char *text, size_t offset, int64_t *line, int64_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset; i++) {
        *column = text[i] == '\n' ? 1 : *column + 1;
        *line += text[i] == '\n';
    }
}

/* Columns of the first n bytes. */
static size_t columns_of(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

size_t sb_text_width(const char *text)
{
    return columns_of(text, strlen(text));
}

void sb_str_fill(struct sb_str *s, const char *text, size_t column, size_t indent, size_t width)
{
    const char *blanks = text; /* those before the next word */
    for (const char *word = text + strspn(text, " "); *word; word += strspn(word, " ")) {
        const size_t bytes = strcspn(word, " "), columns = columns_of(word, bytes);
        const size_t gap = (size_t)(word - blanks);
        if (column > indent && column + gap + columns > width) {
            sb_str_printf(s, "\n%*s", (int)indent, "");
            column = indent;
        } else {
            sb_str_append(s, blanks, gap);
            column += gap;
        }
        sb_str_append(s, word, bytes);
        column += columns;
        blanks = word += bytes;
    }
}

void sb_str_dims(struct sb_str *s, const size_t *dims, int count)
{
    sb_str_puts(s, "(");
    for (int d = 0; d < count; d++)
        sb_str_printf(s, "%s%zu", d ? ", " : "", dims[d]);
    sb_str_puts(s, ")");
}

#define MAX_NAME 63 /* longer names match nothing */

bool sb_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool sb_texts_differ(const char *a, const char *b)
{
    return a && b && strcmp(a, b) != 0;
}

const char *sb_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

size_t sb_name_distance(const char *a, const char *b)
{
    size_t row[MAX_NAME + 1];
    const size_t n = strlen(b);
    if (strlen(a) > MAX_NAME || n > MAX_NAME)
        return MAX_NAME;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            const size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replace < other ? replace : other;
        }
    }
    return row[n];
}

bool sb_name_is_near(const char *name, const char *known)
{
    const size_t d = sb_name_distance(name, known);
    return d <= 3 && 2 * d < strlen(known);
}
