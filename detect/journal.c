/* The journal of a run. See journal.h. */
#include "detect/journal.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A walk over the lines of a journal's text. */
struct reader {
    const char *at, *end;
};

/* The next complete line, without its newline; false at the end or at a line that is cut. */
static bool next_line(struct reader *r, const char **line, size_t *length)
{
    const char *newline = r->at < r->end ? memchr(r->at, '\n', (size_t)(r->end - r->at)) : NULL;
    if (!newline)
        return false;
    *line = r->at;
    *length = (size_t)(newline - r->at);
    r->at = newline + 1;
    return true;
}

/* The start of an image's line; what follows is the number of its result lines. */
static void image_prefix(const struct sb_journal *j, size_t image, struct sb_str *out)
{
    sb_str_clear(out);
    sb_str_printf(out, "{\"image\":%zu,\"id\":%lld,\"lines\":", image,
                  (long long)j->list->items[image].id);
}

/* Number of result lines in an image's line; false when it is not the line of that image. */
static bool parse_image(const char *line, size_t length, const struct sb_str *prefix, size_t *lines,
                        bool *broken)
{
    if (prefix->failed || length <= prefix->length ||
        memcmp(line, prefix->data, prefix->length) != 0)
        return false;
    size_t at = prefix->length, value = 0;
    for (; at < length && line[at] >= '0' && line[at] <= '9' && value < 100000000; at++)
        value = value * 10 + (size_t)(line[at] - '0');
    *lines = value;
    *broken = at < length && line[at] == ',';
    return at > prefix->length && at < length && line[length - 1] == '}' &&
           !memchr(line, '\0', length);
}

/* True for a result line of the image with this prefix; a crash of the machine may leave
 * anything, zeros above all. */
static bool is_result(const char *line, size_t length, const struct sb_str *prefix)
{
    return length > prefix->length && memcmp(line, prefix->data, prefix->length) == 0 &&
           line[length - 1] == '}' && !memchr(line, '\0', length);
}

/* Reads the complete image that comes next; false when there is none. */
static bool next_image(struct sb_journal *j, struct reader *r)
{
    struct reader ahead = *r;
    struct sb_str prefix = SB_STR_INIT;
    const char *line = NULL;
    size_t length = 0, lines = 0;
    bool broken = false;
    bool ok = j->images < j->list->count && next_line(&ahead, &line, &length);
    if (ok) {
        image_prefix(j, j->images, &prefix);
        ok = parse_image(line, length, &prefix, &lines, &broken);
        sb_str_clear(&prefix);
        sb_str_printf(&prefix, "{\"%s\":%lld,", j->format.id_key,
                      (long long)j->list->items[j->images].id);
        ok = ok && !prefix.failed;
    }
    for (size_t i = 0; ok && i < lines; i++)
        ok = next_line(&ahead, &line, &length) && is_result(line, length, &prefix);
    sb_str_release(&prefix);
    if (!ok)
        return false;
    j->images++;
    j->lines += lines;
    j->broken += broken;
    *r = ahead;
    return true;
}

static int other_settings(const struct sb_journal *j, const char *line, size_t length,
                          struct sb_error *err)
{
    sb_error_set(err, SB_EINVAL, "is the journal of a run with other settings: %.*s",
                 (int)(length < 1000 ? length : 1000), line);
    sb_error_file(err, j->path);
    return sb_error_hint(err, "give the same options, or leave out --resume to start over");
}

/* Finds out what is complete; *valid is the length of it in bytes. */
static int read_journal(struct sb_journal *j, const char *settings, size_t *valid,
                        struct sb_error *err)
{
    struct sb_map map;
    const char *line = NULL;
    size_t length = 0;
    int rc = sb_map_open(&map, j->path, err);
    if (rc)
        return rc;
    struct reader r = {map.data, map.data + map.size};
    *valid = 0;
    if (next_line(&r, &line, &length)) {
        if (length != strlen(settings) || memcmp(line, settings, length) != 0) {
            rc = other_settings(j, line, length, err);
        } else {
            while (next_image(j, &r))
                continue;
            *valid = (size_t)(r.at - map.data);
        }
    }
    sb_map_release(&map);
    return rc;
}

static int write_error(const struct sb_journal *j, struct sb_error *err)
{
    return sb_error_errno(err, "cannot write", j->path);
}

/* Opens the file for appending after its first `valid` bytes; 0 starts it with the settings. */
static int open_at(struct sb_journal *j, size_t valid, const char *settings, struct sb_error *err)
{
    j->fp = fopen(j->path, valid ? "r+b" : "wb");
    if (!j->fp)
        return sb_error_errno(err, "cannot open", j->path);
    if (valid && (ftruncate(fileno(j->fp), (off_t)valid) != 0 || fseek(j->fp, 0, SEEK_END) != 0))
        return write_error(j, err);
    if (!valid && fprintf(j->fp, "%s\n", settings) < 0)
        return write_error(j, err);
    return fflush(j->fp) == 0 ? 0 : write_error(j, err);
}

int sb_journal_open(struct sb_journal *journal, const char *results, const char *settings,
                    struct sb_journal_format format, const struct sb_image_list *list, bool resume,
                    struct sb_error *err)
{
    struct sb_str path = SB_STR_INIT;
    memset(journal, 0, sizeof(*journal));
    journal->format = format;
    journal->list = list;
    sb_str_printf(&path, "%s.journal", results);
    if (path.failed)
        return sb_error_nomem(err, "a file name", strlen(results));
    journal->path = path.data; /* ownership moves */
    size_t valid = 0;
    int rc = 0;
    if (resume && sb_is_file(journal->path))
        rc = read_journal(journal, settings, &valid, err);
    if (rc == 0)
        rc = open_at(journal, valid, settings, err);
    if (rc)
        sb_journal_close(journal, true);
    return rc;
}

static void append_broken(struct sb_str *line, const char *broken)
{
    struct sb_str text = SB_STR_INIT;
    struct sb_jw w;
    sb_jw_init(&w, &text, 0);
    sb_jw_string(&w, NULL, broken);
    sb_str_printf(line, ",\"broken\":%s", sb_str_text(&text));
    line->failed = line->failed || text.failed;
    sb_str_release(&text);
}

int sb_journal_append(struct sb_journal *journal, const struct sb_str *lines, size_t count,
                      const char *broken, struct sb_error *err)
{
    struct sb_str text = SB_STR_INIT;
    int rc = 0;
    image_prefix(journal, journal->images, &text);
    sb_str_printf(&text, "%zu", broken ? 0 : count);
    if (broken)
        append_broken(&text, broken);
    sb_str_puts(&text, "}\n");
    if (!broken)
        sb_str_append(&text, sb_str_text(lines), lines->length);
    if (text.failed || (!broken && lines->failed))
        rc = sb_error_nomem(err, "a journal entry", text.length);
    if (rc == 0 &&
        (fwrite(text.data, 1, text.length, journal->fp) != text.length || fflush(journal->fp) != 0))
        rc = write_error(journal, err);
    sb_str_release(&text);
    if (rc)
        return rc;
    journal->images++;
    journal->lines += broken ? 0 : count;
    journal->broken += broken != NULL;
    return 0;
}

/* Copies the result lines, and nothing else. */
static void copy_results(const struct sb_journal *j, struct reader r, FILE *out)
{
    struct sb_str prefix = SB_STR_INIT;
    const char *line = NULL;
    size_t length = 0, lines = 0, copied = 0;
    bool broken = false;
    next_line(&r, &line, &length); /* the settings */
    for (size_t image = 0; image < j->images && next_line(&r, &line, &length); image++) {
        image_prefix(j, image, &prefix);
        if (!parse_image(line, length, &prefix, &lines, &broken))
            break; /* cannot be: they were read or written before */
        for (size_t i = 0; i < lines && next_line(&r, &line, &length); i++, copied++) {
            if (j->format.array)
                fputs(copied ? ",\n" : "[\n", out);
            fwrite(line, 1, length, out); /* errors show at commit */
            if (!j->format.array)
                fputs("\n", out);
        }
    }
    if (j->format.array)
        fputs(copied ? "\n]\n" : "[\n]\n", out);
    sb_str_release(&prefix);
}

int sb_journal_publish(struct sb_journal *journal, const char *results, struct sb_error *err)
{
    struct sb_map map;
    struct sb_outfile out;
    int rc = sb_map_open(&map, journal->path, err);
    if (rc)
        return rc;
    rc = sb_outfile_open(&out, results, err);
    if (rc == 0) {
        const struct reader r = {map.data, map.data + map.size};
        copy_results(journal, r, out.fp);
        rc = sb_outfile_commit(&out, err);
    }
    sb_map_release(&map);
    return rc;
}

void sb_journal_close(struct sb_journal *journal, bool keep)
{
    if (journal->fp)
        fclose(journal->fp); /* every append was flushed */
    if (journal->path && !keep)
        unlink(journal->path);
    sb_free(journal->path);
    memset(journal, 0, sizeof(*journal));
}
