/*
 * Carving arrays out of one block of memory. The same function lays a struct's arrays out twice:
 * once without memory to learn the size, once with it, so the two cannot disagree.
 *
 *     static void lay_out(struct thing *t, struct sb_scratch *s) { t->rows = sb_scratch_take(s, n,
 * sizeof(*t->rows)); } struct sb_scratch s = {NULL, 0};  lay_out(&t, &s);  bytes = s.used;
 */
#ifndef SB_DETECT_SCRATCH_H
#define SB_DETECT_SCRATCH_H

#include "base/size.h"

#include <stddef.h>

struct sb_scratch {
    void *memory; /* 64-byte aligned; NULL while the size is being computed */
    size_t used;  /* bytes */
};

/* An array of count elements, 64-byte aligned; NULL while the size is being computed. Counts are
 * those of tensors that exist, so sizes do not overflow. */
static inline void *sb_scratch_take(struct sb_scratch *s, size_t count, size_t size)
{
    void *const out = s->memory ? (char *)s->memory + s->used : NULL;
    s->used += sb_align_size(count * size, 64);
    return out;
}

#endif
