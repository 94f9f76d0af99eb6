/* What the parts of the JSON scanner share. Not for users: see json_scan.h. */
#ifndef SB_BASE_JSON_SCAN_IMPL_H
#define SB_BASE_JSON_SCAN_IMPL_H

#include "base/json_scan.h"

#include <string.h>

static inline bool sb_scan_is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* Passes blanks; *end is 0, which is none. */
static inline const char *sb_scan_blanks(const char *p)
{
    while ((unsigned char)*p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* p is behind the opening quote. On success *end is the closing quote and *escaped says whether a
 * backslash was met; escapes, control bytes and UTF-8 are validated. */
int sb_scan_string_body(struct sb_scan *s, const char *p, const char **end, bool *escaped);

/* p is at a digit or a minus sign: the first byte behind a well-formed number, or NULL with err
 * set. */
const char *sb_scan_number_end(struct sb_scan *s, const char *p);

#endif
