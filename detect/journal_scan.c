/* Reading a journal's text. See journal_text.h. */
#include "detect/journal_text.h"

#include "base/file.h"
#include "base/mem.h"

#include <string.h>

bool sb_journal_line(struct sb_journal_lines *r, const char **line, size_t *length)
{
    const char *newline = r->at < r->end ? memchr(r->at, '\n', (size_t)(r->end - r->at)) : NULL;
    if (!newline)
        return false;
    *line = r->at;
    *length = (size_t)(newline - r->at);
    r->at = newline + 1;
    return true;
}

void sb_journal_image_prefix(const struct sb_image_list *list, size_t image, struct sb_str *out)
{
    sb_str_clear(out);
    sb_str_printf(out, "{\"image\":%zu,\"id\":%lld,\"lines\":", image,
                  (long long)list->items[image].id);
}

/* The whole number at *at, which moves behind it; false when there is none below 10^15. */
static bool parse_number(const char *line, size_t length, size_t *at, size_t *value)
{
    const size_t start = *at;
    *value = 0;
    for (; *at < length && line[*at] >= '0' && line[*at] <= '9'; (*at)++) {
        if (*value >= 100000000000000)
            return false;
        *value = *value * 10 + (size_t)(line[*at] - '0');
    }
    return *at > start;
}

/* Which image a line is about, as it claims. */
static bool claimed_image(const char *line, size_t length, size_t *image)
{
    static const char key[] = "{\"image\":";
    size_t at = sizeof(key) - 1;
    return length > at && memcmp(line, key, at) == 0 && parse_number(line, length, &at, image);
}

/* Number of result lines in an image's line; false when it is not the line of that image. */
static bool parse_image(const char *line, size_t length, const struct sb_str *prefix,
                        struct sb_journal_entry *entry)
{
    if (prefix->failed || length <= prefix->length ||
        memcmp(line, prefix->data, prefix->length) != 0)
        return false;
    size_t at = prefix->length, lines = 0;
    if (!parse_number(line, length, &at, &lines) || lines > UINT32_MAX)
        return false;
    entry->lines = (uint32_t)lines;
    entry->broken = at < length && line[at] == ',';
    return at < length && line[length - 1] == '}' && !memchr(line, '\0', length);
}

/* True for a result line of the image with this prefix; a crash of the machine may leave
 * anything, zeros above all. */
static bool is_result(const char *line, size_t length, const struct sb_str *prefix)
{
    return length > prefix->length && memcmp(line, prefix->data, prefix->length) == 0 &&
           line[length - 1] == '}' && !memchr(line, '\0', length);
}

/* Reads the complete image that comes next; false when there is none. */
static bool next_image(const struct sb_journal_run *run, const char *start,
                       struct sb_journal_lines *r, size_t *image, struct sb_journal_entry *entry)
{
    struct sb_journal_lines ahead = *r;
    struct sb_str prefix = SB_STR_INIT;
    const char *line = NULL;
    size_t length = 0;
    bool ok = sb_journal_line(&ahead, &line, &length) && claimed_image(line, length, image) &&
              *image < run->list->count;
    if (ok) {
        sb_journal_image_prefix(run->list, *image, &prefix);
        ok = parse_image(line, length, &prefix, entry);
        entry->offset = ahead.at - start;
        sb_str_clear(&prefix);
        sb_str_printf(&prefix, "{\"%s\":%lld,", run->format.id_key,
                      (long long)run->list->items[*image].id);
        ok = ok && !prefix.failed;
    }
    for (size_t i = 0; ok && i < entry->lines; i++)
        ok = sb_journal_line(&ahead, &line, &length) && is_result(line, length, &prefix);
    sb_str_release(&prefix);
    if (ok)
        *r = ahead;
    return ok;
}

static int other_settings(const char *path, const char *line, size_t length, struct sb_error *err)
{
    sb_error_set(err, SB_EINVAL, "is the journal of a run with other settings: %.*s",
                 (int)(length < 1000 ? length : 1000), line);
    sb_error_file(err, path);
    return sb_error_hint(err, "give the same options, or leave out --resume to start over");
}

int sb_journal_scan(const char *path, const struct sb_journal_run *run, size_t *valid,
                    void (*found)(void *ctx, size_t image, struct sb_journal_entry entry),
                    void *ctx, struct sb_error *err)
{
    struct sb_map map;
    const char *line = NULL;
    size_t length = 0, image = 0;
    struct sb_journal_entry entry = {0};
    *valid = 0;
    if (!sb_is_file(path))
        return 0;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    struct sb_journal_lines r = {map.data, map.data + map.size};
    if (sb_journal_line(&r, &line, &length)) {
        if (length != strlen(run->settings) || memcmp(line, run->settings, length) != 0)
            rc = other_settings(path, line, length, err);
        while (rc == 0 && next_image(run, map.data, &r, &image, &entry)) {
            found(ctx, image, entry);
            sb_map_forget_behind(&map, (size_t)entry.offset, (size_t)(r.at - map.data));
        }
        *valid = rc == 0 ? (size_t)(r.at - map.data) : 0;
    }
    sb_map_release(&map);
    return rc;
}

char *sb_journal_path(const char *results, int rank)
{
    struct sb_str path = SB_STR_INIT;
    sb_str_printf(&path, "%s.journal", results);
    if (rank > 0)
        sb_str_printf(&path, "-%d", rank);
    if (!path.failed)
        return path.data; /* ownership moves */
    sb_str_release(&path);
    return NULL;
}
