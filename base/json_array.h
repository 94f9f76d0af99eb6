/*
 * Reads one big JSON array on all threads. The text is cut at places that look like the start of an
 * element ("}, {"); every part is read at once, then the parts are checked from the front: a part
 * counts only if the one before it ended exactly where it starts, else that stretch is read again
 * from the true place. So the result, errors included, is that of reading from front to back.
 *
 * A part collects elements in a state of the reader's own; finished parts are merged in file order.
 */
#ifndef SB_BASE_JSON_ARRAY_H
#define SB_BASE_JSON_ARRAY_H

#include "base/file.h"
#include "base/json_scan.h"
#include "base/pool.h"

struct sb_array_reader {
    size_t state_bytes; /* of a part's state; it starts zeroed */
    size_t part_bytes;  /* of text; 0 = default (256 KiB) */
    /* Reads the element at s->pos into state. Runs on any thread; ctx is shared, read-only. */
    int (*element)(void *state, const void *ctx, struct sb_scan *s);
    /* Takes over what state holds and leaves it empty. Runs on the calling thread, in file order;
     * done of total bytes from the array's start to the end of the text are read: for guessing
     * sizes. */
    int (*merge)(void *state, void *ctx, size_t done, size_t total, struct sb_error *err);
    void (*discard)(void *state); /* empties it */
    void (*release)(void *state); /* frees it */
};

/* s is at the array's '['; on success behind its ']'. pool may be NULL. map may be NULL; else it is
 * the file the text lies in, and pages that were read are handed back to the system. */
int sb_scan_array(struct sb_scan *s, const struct sb_array_reader *reader, void *ctx,
                  struct sb_pool *pool, const struct sb_map *map);
/*
 * Reads the elements that start before limit; s is at the first of them. 1: the next element, at
 * s->pos, starts at limit or behind it; 0: the array has ended, s is behind its ']'. At the end of
 * the text s->pos may be s->end, where an element is missing.
 */
int sb_scan_elements(struct sb_scan *s, const struct sb_array_reader *reader, void *ctx,
                     struct sb_pool *pool, const struct sb_map *map, const char *limit);
/* The first place from p on, before end, that looks like the start of an element; NULL if none. */
const char *sb_scan_guess_element(const char *p, const char *end);

#endif
