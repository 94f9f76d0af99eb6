/* Parts of results as one list. See result_parts.h. */
#include "eval/result_parts.h"

#include "base/mem.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The brackets of the array in text[from, to). */
static int find_brackets(const char *text, size_t from, size_t to, size_t *open, size_t *close,
                         struct sb_error *err)
{
    while (from < to && is_blank(text[from]))
        from++;
    while (to > from && is_blank(text[to - 1]))
        to--;
    *open = from;
    *close = to - 1;
    if (to - from < 2 || text[*open] != '[' || text[*close] != ']') {
        sb_error_set(err, SB_EFORMAT, "expected an array of results");
        return sb_error_offset(err, (int64_t)from);
    }
    return 0;
}

static bool is_empty(const char *text, size_t open, size_t close)
{
    while (++open < close && is_blank(text[open]))
        ;
    return open == close;
}

/* Makes one array of all: each part's first bracket becomes the comma behind the part before,
 * unless there is nothing on one side of it. */
static int join(const struct sb_result_parts *parts, char *text, size_t size, struct sb_error *err)
{
    bool started = false;
    for (size_t i = 0; i < parts->count; i++) {
        const bool last = i + 1 == parts->count;
        size_t open, close;
        const int rc = find_brackets(text, parts->starts[i], last ? size : parts->starts[i + 1],
                                     &open, &close, err);
        if (rc)
            return rc;
        const bool empty = is_empty(text, open, close);
        if (i > 0)
            text[open] = started && !empty ? ',' : ' ';
        if (!last)
            text[close] = ' ';
        started = started || !empty;
    }
    return 0;
}

int sb_result_parts_open(struct sb_result_parts *parts, const char *const *paths, size_t count,
                         struct sb_map *map, struct sb_error *err)
{
    char *text;
    parts->paths = paths;
    parts->count = count;
    parts->starts = sb_calloc(count, sizeof(*parts->starts), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!parts->starts)
        return sb_error_nomem(err, "parts", count * sizeof(*parts->starts));
    int rc = sb_map_open_all(map, paths, count, parts->starts, &text, err);
    if (rc)
        return rc;
    rc = join(parts, text, map->size, err);
    if (rc) {
        sb_result_parts_locate(parts, err);
        sb_map_release(map);
        sb_result_parts_release(parts); /* offsets of errors are of files already */
    }
    return rc;
}

void sb_result_parts_locate(const struct sb_result_parts *parts, struct sb_error *err)
{
    size_t i = parts->count;
    if (err->offset < 0)
        return;
    while (i > 1 && parts->starts[i - 1] > (size_t)err->offset)
        i--;
    sb_error_file(err, parts->paths[i - 1]);
    sb_error_offset(err, err->offset - (int64_t)parts->starts[i - 1]);
}

void sb_result_parts_release(struct sb_result_parts *parts)
{
    sb_free(parts->starts);
    memset(parts, 0, sizeof(*parts));
}
