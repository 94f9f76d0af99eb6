/* Lines of a journal. Private to detect/journal*.c. */
#ifndef SB_DETECT_JOURNAL_TEXT_H
#define SB_DETECT_JOURNAL_TEXT_H

#include "detect/journal.h"

/* A walk over the lines of a journal's text. */
struct sb_journal_lines {
    const char *at, *end;
};

/* The next complete line, without its newline; false at the end or at a line that is cut. */
bool sb_journal_line(struct sb_journal_lines *lines, const char **line, size_t *length);
/* The first line of a journal: its version, the settings (an object with members) and their
 * checksum. */
void sb_journal_settings_line(const char *settings, struct sb_str *out);
/* The start of an image's line; what follows is the number of its result lines. */
void sb_journal_image_prefix(const struct sb_image_list *list, size_t image, struct sb_str *out);
/* RESULTS.journal or RESULTS.journal-RANK; NULL when out of memory. sb_free(). */
char *sb_journal_path(const char *results, int rank);

#define SB_JOURNAL_CRC_SIZE (sizeof(",\"crc\":\"89abcdef\"}") - 1)
/* What ends an image's line: the CRC-32C of the line before it and of its result lines. */
void sb_journal_crc(const char *head, size_t head_length, const char *lines, size_t lines_length,
                    char text[SB_JOURNAL_CRC_SIZE + 1]);

struct sb_journal_scan {
    size_t valid;        /* bytes up to the end of the last complete image or of the settings; 0:
                            not even these are complete */
    size_t damaged_line; /* the first that is wrong with a complete image behind it; 0: none */
};
/*
 * Reads the journal at path: calls found() for each complete image, in the order of the file, with
 * where its result lines begin. A file that is not there has nothing.
 */
int sb_journal_scan(const char *path, const struct sb_journal_run *run, struct sb_journal_scan *out,
                    void (*found)(void *ctx, size_t image, struct sb_journal_entry entry),
                    void *ctx, struct sb_error *err);

#endif
