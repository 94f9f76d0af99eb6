/*
 * One JSON document read by several ranks, each the elements that start in its span of the bytes.
 * Where its first element starts a rank can only guess: all read at once from their guesses, then
 * the spans are checked from the front, as json_array.h does with the parts of a thread. A span
 * counts only if the one before it ended exactly where it starts, else its rank reads it again from
 * the true place. So the result, errors included, is that of one process reading from front to
 * back.
 *
 * A document is any number of sections, the arrays that are read; what lies between two of them is
 * read by the rank that reads the end of the first.
 */
#ifndef SB_BASE_JSON_SPANS_H
#define SB_BASE_JSON_SPANS_H

#include "base/json_scan.h"
#include "base/ranks.h"

#define SB_SPAN_START (-1) /* the place before the document */
#define SB_SPAN_END   (-2) /* and the one behind it */

/* Where reading stands: between two elements. */
struct sb_span_place {
    int64_t at;      /* byte offset of the next element; of what follows the document at its end */
    int32_t section; /* the array it is in, from 0, or SB_SPAN_... */
    uint32_t seen;   /* sections met so far, a bit each */
};

struct sb_span_reader {
    /* The first place at s->pos or behind it, before limit, where an element seems to start, and in
     * which section; seen has that section's bit. False where none is in sight. */
    bool (*guess)(void *ctx, const struct sb_scan *s, const char *limit,
                  struct sb_span_place *place);
    /* Reads on from *place, where s stands, to the first element at limit or behind it, or to the
     * end; *place is where that is, on failure with what was seen so far. */
    int (*read)(void *ctx, struct sb_scan *s, struct sb_span_place *place, const char *limit);
    /* Forgets all that was read. */
    void (*discard)(void *ctx);
};

/*
 * Reads the document of s, which stands at its start; after it ctx holds what this rank read, and s
 * stands where the document ended on every rank. Alone (NULL) all of it is read here. An error is
 * the first in the document, on every rank. *end is the place where reading ended: another section
 * than SB_SPAN_END means that the text ended inside it. Collective.
 */
int sb_scan_spans(struct sb_scan *s, const struct sb_span_reader *reader, void *ctx,
                  struct sb_ranks *ranks, struct sb_span_place *end);

#endif
