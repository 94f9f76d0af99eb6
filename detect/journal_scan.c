/* Reading a journal's text. See journal_text.h. */
#include "detect/journal_text.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define VERSION 3 /* 2 had no checksum of the settings */

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

/* The start of an image's line, without the checksum; false when it is not the line of the image
 * with this prefix. */
static bool parse_image(const char *head, size_t length, const struct sb_str *prefix,
                        struct sb_journal_entry *entry)
{
    size_t at = prefix->length, lines = 0;
    if (prefix->failed || length <= at || memcmp(head, prefix->data, at) != 0 ||
        !parse_number(head, length, &at, &lines) || lines > UINT32_MAX)
        return false;
    *entry = (struct sb_journal_entry){.lines = (uint32_t)lines, .broken = at < length};
    return true;
}

/* Reads the complete image that comes next; false when there is none, or its checksum is wrong: a
 * crash of the machine may leave anything. */
static bool next_image(const struct sb_journal_run *run, const char *start,
                       struct sb_journal_lines *r, size_t *image, struct sb_journal_entry *entry)
{
    struct sb_journal_lines ahead = *r;
    struct sb_str prefix = SB_STR_INIT;
    char crc[SB_JOURNAL_CRC_SIZE + 1];
    const char *head = NULL, *line;
    size_t length = 0, ignored;
    if (!sb_journal_line(&ahead, &head, &length) || length < SB_JOURNAL_CRC_SIZE ||
        !claimed_image(head, length, image) || *image >= run->list->count)
        return false;
    length -= SB_JOURNAL_CRC_SIZE;
    sb_journal_image_prefix(run->list, *image, &prefix);
    bool ok = parse_image(head, length, &prefix, entry);
    sb_str_release(&prefix);
    const char *const results = ahead.at;
    for (size_t i = 0; ok && i < entry->lines; i++)
        ok = sb_journal_line(&ahead, &line, &ignored);
    if (!ok)
        return false;
    sb_journal_crc(head, length, results, (size_t)(ahead.at - results), crc);
    if (memcmp(crc, head + length, SB_JOURNAL_CRC_SIZE) != 0)
        return false;
    entry->offset = results - start;
    *r = ahead;
    return true;
}

/* True for a first line with its checksum. */
static bool is_whole(const char *line, size_t length)
{
    char crc[SB_JOURNAL_CRC_SIZE + 1];
    if (length < SB_JOURNAL_CRC_SIZE)
        return false;
    length -= SB_JOURNAL_CRC_SIZE;
    sb_journal_crc(line, length, "", 0, crc);
    return memcmp(crc, line + length, SB_JOURNAL_CRC_SIZE) == 0;
}

static int unreadable_settings(const char *path, const char *line, size_t length,
                               struct sb_error *err)
{
    static const char before[] = "{\"journal\": "; /* as versions 1 and 2 begin */
    const size_t n = sizeof(before) - 1;
    if (length > n && memcmp(line, before, n) == 0) {
        sb_error_set(err, SB_EFORMAT, "is the journal of an older version of this program");
        sb_error_file(err, path);
    } else {
        sb_error_set(err, SB_EFORMAT, "damaged: the settings do not have their checksum");
        sb_error_file(err, path);
        sb_error_line(err, 1, 0);
    }
    return sb_error_hint(err, "leave out --resume to start over");
}

static int other_settings(const char *path, const char *line, size_t length, struct sb_error *err)
{
    if (!is_whole(line, length))
        return unreadable_settings(path, line, length, err);
    sb_error_set(err, SB_EINVAL, "is the journal of a run with other settings: %.*s",
                 (int)(length < 1000 ? length : 1000), line);
    sb_error_file(err, path);
    return sb_error_hint(err, "give the same options, or leave out --resume to start over");
}

static size_t line_number(const struct sb_map *map, const char *at)
{
    size_t line = 1;
    for (const char *p = map->data; (p = memchr(p, '\n', (size_t)(at - p))) != NULL; p++)
        line++;
    return line;
}

/* All images of a journal, from behind its settings on. Wrong lines are passed over: what they say
 * is missing, and what is whole behind them counts. */
static void scan_images(const struct sb_map *map, const struct sb_journal_run *run,
                        struct sb_journal_lines *r, struct sb_journal_scan *out,
                        void (*found)(void *ctx, size_t image, struct sb_journal_entry entry),
                        void *ctx)
{
    struct sb_journal_entry entry = {0};
    const char *wrong = NULL, *line;
    size_t image = 0, length;
    for (bool more = true; more;) {
        if (!next_image(run, map->data, r, &image, &entry)) {
            wrong = wrong ? wrong : r->at;
            more = sb_journal_line(r, &line, &length);
            continue;
        }
        if (wrong && out->damaged_line == 0)
            out->damaged_line = line_number(map, wrong);
        wrong = NULL;
        found(ctx, image, entry);
        out->valid = (size_t)(r->at - map->data);
        sb_map_forget_behind(map, (size_t)entry.offset, out->valid);
    }
}

int sb_journal_scan(const char *path, const struct sb_journal_run *run, struct sb_journal_scan *out,
                    void (*found)(void *ctx, size_t image, struct sb_journal_entry entry),
                    void *ctx, struct sb_error *err)
{
    struct sb_map map;
    const char *line = NULL;
    size_t length = 0;
    memset(out, 0, sizeof(*out));
    if (!sb_is_file(path))
        return 0;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    struct sb_journal_lines r = {map.data, map.data + map.size};
    struct sb_str own = SB_STR_INIT;
    sb_journal_settings_line(run->settings, &own);
    if (own.failed) {
        rc = sb_error_nomem(err, "the settings", own.length);
    } else if (sb_journal_line(&r, &line, &length)) {
        if (length != own.length || memcmp(line, own.data, length) != 0) {
            rc = other_settings(path, line, length, err);
        } else {
            out->valid = (size_t)(r.at - map.data);
            scan_images(&map, run, &r, out, found, ctx);
        }
    }
    sb_str_release(&own);
    sb_map_release(&map);
    return rc;
}

void sb_journal_settings_line(const char *settings, struct sb_str *out)
{
    char crc[SB_JOURNAL_CRC_SIZE + 1];
    sb_str_clear(out);
    sb_str_printf(out, "{\"journal\":%d,%.*s", VERSION, (int)strlen(settings) - 2, settings + 1);
    sb_journal_crc(sb_str_text(out), out->length, "", 0, crc);
    sb_str_puts(out, crc);
}

void sb_journal_crc(const char *head, size_t head_length, const char *lines, size_t lines_length,
                    char text[SB_JOURNAL_CRC_SIZE + 1])
{
    const uint32_t crc = sb_crc32c(sb_crc32c(0, head, head_length), lines, lines_length);
    snprintf(text, SB_JOURNAL_CRC_SIZE + 1, ",\"crc\":\"%08x\"}", (unsigned)crc);
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
