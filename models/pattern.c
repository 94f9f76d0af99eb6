/* Patterns by backtracking: names are short and patterns have few wildcards. See pattern.h. */
#include "models/pattern.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits at text into *value; the number of them, 0 when there is none or too many. */
static size_t read_digits(const char *text, int64_t *value)
{
    size_t n = 0;
    for (*value = 0; is_digit(text[n]); n++) {
        if (n == 9)
            return 0;
        *value = 10 * *value + (text[n] - '0');
    }
    return n;
}

static bool match_capture(const char *pattern, const char *text, struct sb_captures *c)
{
    const char *close = strchr(pattern, '}');
    int64_t value;
    const size_t digits = read_digits(text, &value);
    if (!close || digits == 0 || c->count == SB_MAX_CAPTURES)
        return false;
    const size_t at = c->count++;
    c->items[at].name = pattern + 1;
    c->items[at].length = (size_t)(close - pattern - 1);
    c->items[at].value = value;
    if (sb_pattern_match(close + 1, text + digits, c))
        return true;
    c->count = at;
    return false;
}

static bool match_star(const char *pattern, const char *text, struct sb_captures *c)
{
    const bool across = pattern[1] == '*';
    const char *rest = pattern + (across ? 2 : 1);
    for (size_t n = 1; text[n - 1] && (across || text[n - 1] != '/'); n++) {
        if (sb_pattern_match(rest, text + n, c))
            return true;
    }
    return false;
}

bool sb_pattern_match(const char *pattern, const char *text, struct sb_captures *captures)
{
    struct sb_captures unused = {0};
    struct sb_captures *c = captures ? captures : &unused;
    while (*pattern && *pattern != '*' && *pattern != '{') {
        if (*pattern++ != *text++)
            return false;
    }
    if (*pattern == '*')
        return match_star(pattern, text, c);
    if (*pattern == '{')
        return match_capture(pattern, text, c);
    return *text == '\0';
}

/* The value of "n", "n+1" or "n-2" of the given length. */
static bool evaluate(const char *text, size_t length, const struct sb_captures *c, int64_t *value)
{
    size_t name = 0;
    while (name < length && text[name] != '+' && text[name] != '-')
        name++;
    int64_t shift = 0;
    const size_t digits = name < length ? read_digits(text + name + 1, &shift) : 0;
    if (name < length && (digits == 0 || digits != length - name - 1))
        return false;
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].length == name && memcmp(c->items[i].name, text, name) == 0) {
            *value = c->items[i].value + (name < length && text[name] == '-' ? -shift : shift);
            return *value >= 0;
        }
    }
    return false;
}

bool sb_pattern_expand(const char *pattern, const struct sb_captures *captures, struct sb_str *out)
{
    for (const char *p = pattern; *p;) {
        const char *open = strchr(p, '{');
        sb_str_append(out, p, open ? (size_t)(open - p) : strlen(p));
        if (!open)
            break;
        const char *close = strchr(open, '}');
        int64_t value;
        if (!close || !evaluate(open + 1, (size_t)(close - open - 1), captures, &value))
            return false;
        sb_str_printf(out, "%lld", (long long)value);
        p = close + 1;
    }
    return true;
}
