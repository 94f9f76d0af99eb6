/* Stable pair sort: insertion for a handful, else radix by bytes that differ. See pair_sort.h. */
#include "eval/pair_sort.h"

#include <string.h>

#define FEW   48
#define BYTES 8

static void insertion_sort(struct sb_pair *a, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct sb_pair p = a[i];
        size_t j = i;
        for (; j > 0 && a[j - 1].key > p.key; j--)
            a[j] = a[j - 1];
        a[j] = p;
    }
}

/* One stable pass by the byte at `shift`; count has the number of pairs per value. */
static void scatter(const struct sb_pair *from, struct sb_pair *to, size_t n, unsigned shift,
                    const uint32_t count[256])
{
    uint32_t at[256], sum = 0;
    for (unsigned v = 0; v < 256; v++) {
        at[v] = sum;
        sum += count[v];
    }
    for (size_t i = 0; i < n; i++)
        to[at[from[i].key >> shift & 255]++] = from[i];
}

struct sb_pair *sb_pair_sort(struct sb_pair *a, struct sb_pair *spare, size_t n)
{
    if (n <= FEW) {
        insertion_sort(a, n);
        return a;
    }
    uint32_t count[BYTES][256];
    memset(count, 0, sizeof(count));
    for (size_t i = 0; i < n; i++) {
        for (unsigned b = 0; b < BYTES; b++)
            count[b][a[i].key >> (8 * b) & 255]++;
    }
    for (unsigned b = 0; b < BYTES; b++) {
        if (count[b][a[0].key >> (8 * b) & 255] == n) /* all alike */
            continue;
        scatter(a, spare, n, 8 * b, count[b]);
        struct sb_pair *const swap = a;
        a = spare;
        spare = swap;
    }
    return a;
}

uint64_t sb_score_key(double score)
{
    const double s = score + 0.0; /* -0 becomes 0 */
    uint64_t bits;
    memcpy(&bits, &s, sizeof(bits));
    if (s != s)
        return UINT64_MAX;
    /* ascending keys for doubles: flip negatives, lift positives; then reversed */
    return bits >> 63 ? bits : ~(bits | (uint64_t)1 << 63);
}
