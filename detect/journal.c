/* Writing a journal. See journal.h. */
#include "detect/journal.h"

#include "base/json.h"
#include "base/mem.h"
#include "detect/journal_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int write_error(const struct sb_journal *j, struct sb_error *err)
{
    return sb_error_errno(err, "cannot write", j->path);
}

/* Opens the file for appending after its first `valid` bytes; 0 starts it with the settings. */
static int open_at(struct sb_journal *j, size_t valid, struct sb_error *err)
{
    j->fp = fopen(j->path, valid ? "r+b" : "wb");
    if (!j->fp && errno == ENOENT) /* of the folder: the name that was given says it */
        return sb_error_errno(err, "cannot create", j->run->results);
    if (!j->fp)
        return sb_error_errno(err, "cannot open", j->path);
    if (valid && (ftruncate(fileno(j->fp), (off_t)valid) != 0 || fseek(j->fp, 0, SEEK_END) != 0))
        return write_error(j, err);
    if (valid)
        return 0;
    struct sb_str line = SB_STR_INIT;
    sb_journal_settings_line(j->run->settings, &line);
    int rc = line.failed ? sb_error_nomem(err, "the settings", line.length) : 0;
    if (rc == 0 && (fprintf(j->fp, "%s\n", line.data) < 0 || fflush(j->fp) != 0))
        rc = write_error(j, err);
    sb_str_release(&line);
    return rc;
}

static void pass_over(void *ctx, size_t image, struct sb_journal_entry entry)
{
    (void)ctx;
    (void)image;
    (void)entry;
}

int sb_journal_open(struct sb_journal *journal, const struct sb_journal_run *run, int rank,
                    bool resume, struct sb_error *err)
{
    struct sb_journal_scan scan = {0};
    memset(journal, 0, sizeof(*journal));
    journal->run = run;
    journal->path = sb_journal_path(run->results, rank);
    if (!journal->path)
        return sb_error_nomem(err, "a file name", strlen(run->results));
    int rc = resume ? sb_journal_scan(journal->path, run, &scan, pass_over, NULL, err) : 0;
    if (rc == 0)
        rc = open_at(journal, scan.valid, err);
    if (rc)
        sb_journal_close(journal);
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

int sb_journal_append(struct sb_journal *journal, size_t index, const struct sb_str *lines,
                      size_t count, const char *broken, struct sb_error *err)
{
    struct sb_str text = SB_STR_INIT;
    char crc[SB_JOURNAL_CRC_SIZE + 1];
    int rc = 0;
    sb_journal_image_prefix(journal->run->list, index, &text);
    sb_str_printf(&text, "%zu", broken ? 0 : count);
    if (broken)
        append_broken(&text, broken);
    const char *const results = broken ? "" : sb_str_text(lines);
    const size_t bytes = broken ? 0 : lines->length;
    sb_journal_crc(sb_str_text(&text), text.length, results, bytes, crc);
    sb_str_printf(&text, "%s\n", crc);
    sb_str_append(&text, results, bytes);
    if (text.failed || (!broken && lines->failed))
        rc = sb_error_nomem(err, "a journal entry", text.length);
    if (rc == 0 &&
        (fwrite(text.data, 1, text.length, journal->fp) != text.length || fflush(journal->fp) != 0))
        rc = write_error(journal, err);
    sb_str_release(&text);
    return rc;
}

void sb_journal_close(struct sb_journal *journal)
{
    if (journal->fp)
        fclose(journal->fp); /* every append was flushed */
    sb_free(journal->path);
    memset(journal, 0, sizeof(*journal));
}
