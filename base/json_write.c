/* The JSON writer. See json.h. */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

void sb_jw_init(struct sb_jw *w, struct sb_str *out, int indent)
{
    memset(w, 0, sizeof(*w));
    w->out = out;
    w->indent = indent;
    w->first[0] = true;
    w->is_array[0] = true; /* the root takes values without keys */
}

static void write_escaped(struct sb_str *out, const char *text)
{
    sb_str_puts(out, "\"");
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            sb_str_printf(out, "\\%c", *p);
        else if (*p == '\n')
            sb_str_puts(out, "\\n");
        else if (*p == '\t')
            sb_str_puts(out, "\\t");
        else if (*p < 0x20)
            sb_str_printf(out, "\\u%04x", *p);
        else
            sb_str_append(out, (const char *)p, 1);
    }
    sb_str_puts(out, "\"");
}

static void new_line(struct sb_jw *w)
{
    if (w->indent)
        sb_str_printf(w->out, "\n%*s", w->indent * w->depth, "");
}

/* Comma, line break and key before a value. */
static void start_value(struct sb_jw *w, const char *key)
{
    assert((key == NULL) == w->is_array[w->depth]);
    if (!w->first[w->depth])
        sb_str_puts(w->out, w->indent ? "," : ", ");
    if (w->depth > 0)
        new_line(w);
    w->first[w->depth] = false;
    if (key) {
        write_escaped(w->out, key);
        sb_str_puts(w->out, ": ");
    }
}

static void open_group(struct sb_jw *w, const char *key, bool is_array)
{
    start_value(w, key);
    sb_str_puts(w->out, is_array ? "[" : "{");
    w->depth++;
    assert(w->depth < (int)(sizeof(w->first) / sizeof(w->first[0])));
    w->first[w->depth] = true;
    w->is_array[w->depth] = is_array;
}

void sb_jw_object(struct sb_jw *w, const char *key)
{
    open_group(w, key, false);
}

void sb_jw_array(struct sb_jw *w, const char *key)
{
    open_group(w, key, true);
}

void sb_jw_end(struct sb_jw *w)
{
    assert(w->depth > 0);
    const bool was_array = w->is_array[w->depth];
    const bool empty = w->first[w->depth];
    w->depth--;
    if (!empty)
        new_line(w);
    sb_str_puts(w->out, was_array ? "]" : "}");
}

void sb_jw_int(struct sb_jw *w, const char *key, int64_t value)
{
    start_value(w, key);
    sb_str_printf(w->out, "%" PRId64, value);
}

void sb_jw_uint(struct sb_jw *w, const char *key, uint64_t value)
{
    start_value(w, key);
    sb_str_printf(w->out, "%" PRIu64, value);
}

void sb_jw_double(struct sb_jw *w, const char *key, double value)
{
    start_value(w, key);
    if (isfinite(value))
        sb_str_printf(w->out, "%.17g", value);
    else
        sb_str_puts(w->out, "null");
}

void sb_jw_string(struct sb_jw *w, const char *key, const char *value)
{
    start_value(w, key);
    if (value)
        write_escaped(w->out, value);
    else
        sb_str_puts(w->out, "null");
}

void sb_jw_bool(struct sb_jw *w, const char *key, bool value)
{
    start_value(w, key);
    sb_str_puts(w->out, value ? "true" : "false");
}

void sb_jw_null(struct sb_jw *w, const char *key)
{
    start_value(w, key);
    sb_str_puts(w->out, "null");
}
