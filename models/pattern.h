/*
 * The small pattern language of the name maps (models/names/).
 *
 *   *        any characters but '/', at least one       **   any characters, at least one
 *   {n}      digits, kept under the name n              everything else stands for itself
 *
 * A template puts values back: {n}, {n+1}, {n-2}.
 *
 *     struct sb_captures c = {0};
 *     if (sb_pattern_match("backbone/block{n}/repeat{r}/conv", path, &c))
 *         sb_pattern_expand("spinenet/sub_policy{n-2}/conv2d", &c, &text);
 */
#ifndef SB_MODELS_PATTERN_H
#define SB_MODELS_PATTERN_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_MAX_CAPTURES 8

struct sb_captures {
    size_t count;
    struct {
        const char *name; /* in the pattern, not terminated */
        size_t length;
        int64_t value;
    } items[SB_MAX_CAPTURES];
};

/* True when the whole text fits. `captures` may be NULL; it borrows from the pattern. A pattern
 * with an unclosed brace or too many captures fits nothing. */
bool sb_pattern_match(const char *pattern, const char *text, struct sb_captures *captures);

/* Appends the template with values put in; false when it names a value that was not captured, or
 * one would be negative. */
bool sb_pattern_expand(const char *pattern, const struct sb_captures *captures, struct sb_str *out);

#endif
