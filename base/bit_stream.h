/*
 * Whole numbers of 0 to 64 bits one after the other in bytes, the low bits first, with no room
 * between them. Words are stored as this machine has them, which is little-endian, as all is here.
 *
 *     struct sb_bits out = {.at = bytes};
 *     sb_bits_put(&out, 5, 3);                                  // value, bits
 *     sb_bits_flush(&out);                                      // fills up the last byte
 *     struct sb_bit_reader in = {.at = bytes};
 *     five = sb_bits_get(&in, 3);
 */
#ifndef SB_BASE_BIT_STREAM_H
#define SB_BASE_BIT_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes behind the last one that sb_bits_get() may touch. */
#define SB_BITS_SLACK sizeof(uint64_t)

struct sb_bits {
    char *at;        /* the next word */
    uint64_t word;   /* what is not yet written */
    unsigned filled; /* bits of it, below 64 */
};

struct sb_bit_reader {
    const char *at;  /* the next word */
    uint64_t word;   /* what is read but not yet taken */
    unsigned filled; /* bits of it */
};

/* Bytes of `count` numbers of `bits` bits each. */
static inline size_t sb_bits_bytes(size_t count, unsigned bits)
{
    return count / 8 * bits + (count % 8 * bits + 7) / 8;
}

/* value has no more than `bits` bits. Writes only words that are full. */
static inline void sb_bits_put(struct sb_bits *s, uint64_t value, unsigned bits)
{
    s->word |= value << s->filled;
    s->filled += bits;
    if (s->filled < 64)
        return;
    memcpy(s->at, &s->word, sizeof(s->word));
    s->at += sizeof(s->word);
    s->filled -= 64;
    s->word = s->filled > 0 ? value >> (bits - s->filled) : 0;
}

/* Writes the rest; at is the byte behind it. */
static inline void sb_bits_flush(struct sb_bits *s)
{
    const size_t bytes = (s->filled + 7) / 8;
    memcpy(s->at, &s->word, bytes);
    *s = (struct sb_bits){s->at + bytes, 0, 0};
}

static inline uint64_t sb_bits_get(struct sb_bit_reader *s, unsigned bits)
{
    const uint64_t mask = bits > 0 ? UINT64_MAX >> (64 - bits) : 0;
    uint64_t value = s->word;
    if (s->filled >= bits) {
        s->word = bits < 64 ? s->word >> bits : 0;
        s->filled -= bits;
        return value & mask;
    }
    uint64_t next;
    memcpy(&next, s->at, sizeof(next));
    s->at += sizeof(next);
    value |= next << s->filled;
    const unsigned taken = bits - s->filled;
    s->word = taken < 64 ? next >> taken : 0;
    s->filled = 64 - taken;
    return value & mask;
}

#endif
