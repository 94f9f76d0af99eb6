/* Checksums. See hash.h. */
#include "base/hash.h"

#include <string.h>

#define CRC32C_POLY 0x82f63b78u /* reflected Castagnoli polynomial */

uint32_t sb_crc32c_portable(uint32_t crc, const void *data, size_t size)
{
    const unsigned char *p = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (CRC32C_POLY & (0u - (crc & 1u)));
    }
    return ~crc;
}

#if defined(__x86_64__)

/*
 * The crc32 instruction takes three cycles and one can start in each, so three lanes run at once.
 * They are joined by linearity: the register after a lane and then n zero bytes is a linear map of
 * its 32 bits. after_lane[i] is what bit i alone becomes behind LANE_BYTES zeros.
 */
#define LANE_BYTES 8192
static const uint32_t after_lane[32] = {
    0xe040e0ac, 0xc56db7a9, 0x8f3719a3, 0x1b8245b7, 0x37048b6e, 0x6e0916dc, 0xdc122db8, 0xbdc82d81,
    0x7e7c2df3, 0xfcf85be6, 0xfc1cc13d, 0xfdd5f48b, 0xfe479fe7, 0xf963493f, 0xf72ae48f, 0xebb9bfef,
    0xd29f092f, 0xa0d264af, 0x4448bfaf, 0x88917f5e, 0x14ce884d, 0x299d109a, 0x533a2134, 0xa6744268,
    0x4904f221, 0x9209e442, 0x21ffbe75, 0x43ff7cea, 0x87fef9d4, 0x0a118559, 0x14230ab2, 0x28461564,
};

static uint32_t skip_lane(uint32_t crc)
{
    uint32_t out = 0;
    for (int i = 0; i < 32; i++)
        out ^= after_lane[i] & (0u - ((crc >> i) & 1u));
    return out;
}

static uint64_t load_word(const unsigned char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

__attribute__((target("sse4.2"))) static uint32_t crc_three_lanes(uint32_t crc,
                                                                  const unsigned char *p)
{
    uint64_t a = crc, b = 0, c = 0;
    for (size_t i = 0; i < LANE_BYTES; i += 8) {
        a = __builtin_ia32_crc32di(a, load_word(p + i));
        b = __builtin_ia32_crc32di(b, load_word(p + LANE_BYTES + i));
        c = __builtin_ia32_crc32di(c, load_word(p + (size_t)2 * LANE_BYTES + i));
    }
    return skip_lane(skip_lane((uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
}

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t crc, const unsigned char *p,
                                                            size_t size)
{
    for (; size >= (size_t)3 * LANE_BYTES; size -= (size_t)3 * LANE_BYTES) {
        crc = crc_three_lanes(crc, p);
        p += (size_t)3 * LANE_BYTES;
    }
    uint64_t c = crc;
    for (; size >= 8; size -= 8) {
        c = __builtin_ia32_crc32di(c, load_word(p));
        p += 8;
    }
    crc = (uint32_t)c;
    while (size-- > 0)
        crc = __builtin_ia32_crc32qi(crc, *p++);
    return crc;
}
#endif

uint32_t sb_crc32c(uint32_t crc, const void *data, size_t size)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc_sse42(~crc, data, size);
#endif
    return sb_crc32c_portable(crc, data, size);
}

uint64_t sb_fnv1a(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash;
}
