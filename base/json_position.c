/*
 * Where a value stands in JSON text: cJSON keeps no positions, so errors that are found after
 * parsing look them up here. The text has been parsed before, so only its structure is followed.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && strchr(" \t\r\n", *c->at))
        c->at++;
}

/* Moves behind the character, and blanks, when it is next. */
static bool take(struct cursor *c, char what)
{
    skip_blanks(c);
    if (c->at >= c->end || *c->at != what)
        return false;
    c->at++;
    skip_blanks(c);
    return true;
}

/* A string literal: its raw text between the quotes. */
static bool take_string(struct cursor *c, const char **text, size_t *length)
{
    if (c->at >= c->end || *c->at != '"')
        return false;
    const char *start = ++c->at;
    while (c->at < c->end && *c->at != '"')
        c->at += *c->at == '\\' && c->at + 1 < c->end ? 2 : 1;
    *text = start;
    *length = (size_t)(c->at - start);
    return take(c, '"');
}

/* Moves behind any value: brackets are counted outside strings. */
static void skip_value(struct cursor *c)
{
    const char *text;
    size_t length;
    int depth = 0;
    do {
        skip_blanks(c);
        if (c->at >= c->end)
            return;
        if (*c->at == '"') {
            take_string(c, &text, &length);
        } else {
            depth += (*c->at == '{' || *c->at == '[') - (*c->at == '}' || *c->at == ']');
            c->at++;
        }
        skip_blanks(c);
    } while (c->at < c->end && (depth > 0 || !strchr(",]}", *c->at)));
}

/* Moves from an object to the value of its member `step`. */
static bool enter_member(struct cursor *c, const char *step, size_t step_length)
{
    const char *key;
    size_t length;
    while (take_string(c, &key, &length) && take(c, ':')) {
        if (length == step_length && memcmp(key, step, length) == 0)
            return true;
        skip_value(c);
        if (!take(c, ','))
            return false;
    }
    return false;
}

static bool enter_element(struct cursor *c, const char *step)
{
    char *end;
    const unsigned long index = strtoul(step, &end, 10);
    if (end == step || (*end && *end != '/') || (c->at < c->end && *c->at == ']'))
        return false;
    for (unsigned long i = 0; i < index; i++) {
        skip_value(c);
        if (!take(c, ','))
            return false;
    }
    return true;
}

bool sb_json_position(const char *text, size_t length, const char *pointer, int64_t *line,
                      int64_t *column)
{
    struct cursor c = {text, text + length};
    skip_blanks(&c);
    const char *step = strcmp(pointer, "/") == 0 ? "" : pointer;
    while (*step == '/') {
        step++;
        const size_t n = strcspn(step, "/");
        const bool found =
            take(&c, '{') ? enter_member(&c, step, n) : take(&c, '[') && enter_element(&c, step);
        if (!found)
            return false;
        step += n;
    }
    sb_text_position(text, (size_t)(c.at - text), line, column);
    return c.at < c.end;
}
