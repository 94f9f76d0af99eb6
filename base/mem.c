/* Tagged memory: a 64-byte header before each block holds its size and tag. See mem.h. */
#include "base/mem.h"

#include "base/error.h"
#include "base/size.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEADER_BYTES    64
#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#define TAGS            (SB_MEM_KINDS * SB_MEM_GROUPS)

struct header {
    size_t size_bytes;
    unsigned tag;
};
_Static_assert(sizeof(struct header) <= HEADER_BYTES, "header must fit in front of a block");

static atomic_size_t current_bytes[TAGS];
static atomic_size_t peak_bytes[TAGS];
static atomic_size_t current_total;
static atomic_size_t peak_total;
static atomic_size_t current_taken;
static atomic_size_t peak_taken;
static atomic_long fail_countdown;

static struct header *header_of(void *ptr)
{
    return (struct header *)((char *)ptr - HEADER_BYTES);
}

static void raise_peak(atomic_size_t *peak, size_t value)
{
    size_t seen = atomic_load_explicit(peak, memory_order_relaxed);
    while (seen < value && !atomic_compare_exchange_weak_explicit(
                               peak, &seen, value, memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void add(atomic_size_t *current, atomic_size_t *peak, size_t size)
{
    raise_peak(peak, atomic_fetch_add_explicit(current, size, memory_order_relaxed) + size);
}

static size_t padded_size(size_t size)
{
    return sb_align_size(size + HEADER_BYTES, HEADER_BYTES);
}

static void count_add(unsigned tag, size_t size)
{
    add(&current_bytes[tag], &peak_bytes[tag], size);
    add(&current_total, &peak_total, size);
    add(&current_taken, &peak_taken, padded_size(size));
}

static void count_sub(unsigned tag, size_t size)
{
    atomic_fetch_sub_explicit(&current_bytes[tag], size, memory_order_relaxed);
    atomic_fetch_sub_explicit(&current_total, size, memory_order_relaxed);
    atomic_fetch_sub_explicit(&current_taken, padded_size(size), memory_order_relaxed);
}

/* True when the test hook wants this allocation to fail. */
static int injected_failure(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0)
        return 0;
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 1)
        return 1;
    atomic_fetch_sub_explicit(&fail_countdown, 1, memory_order_relaxed);
    return 0;
}

/* Tensors are walked in large strides and columns of data sets in scattered rows, where 4 KiB pages
 * cost a translation miss per step; and first touches cost a fault per page. The advice may be
 * refused, which only costs time. */
static char *allocate(size_t padded)
{
    if (padded < 2 * HUGE_PAGE_BYTES)
        return aligned_alloc(HEADER_BYTES, padded);
    char *raw = aligned_alloc(HUGE_PAGE_BYTES, sb_align_size(padded, HUGE_PAGE_BYTES));
    if (raw) /* the end that fills no page stays on small ones */
        (void)madvise(raw, padded / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES, MADV_HUGEPAGE);
    return raw;
}

void *sb_malloc(size_t size, unsigned tag)
{
    if (tag >= TAGS || size > SIZE_MAX / 2 || injected_failure())
        return NULL;
    char *raw = allocate(padded_size(size));
    if (!raw)
        return NULL;
    struct header *h = (struct header *)raw;
    h->size_bytes = size;
    h->tag = tag;
    count_add(tag, size);
    return raw + HEADER_BYTES;
}

void *sb_calloc(size_t count, size_t size, unsigned tag)
{
    size_t bytes;
    if (!sb_mul_size(count, size, &bytes))
        return NULL;
    void *ptr = sb_malloc(bytes, tag);
    if (ptr)
        memset(ptr, 0, bytes);
    return ptr;
}

void *sb_realloc(void *ptr, size_t count, size_t size, unsigned tag)
{
    size_t bytes;
    if (!sb_mul_size(count, size, &bytes))
        return NULL;
    void *fresh = sb_malloc(bytes, tag);
    if (!fresh || !ptr)
        return fresh;
    const size_t old = header_of(ptr)->size_bytes;
    memcpy(fresh, ptr, old < bytes ? old : bytes);
    sb_free(ptr);
    return fresh;
}

void sb_free(void *ptr)
{
    if (!ptr)
        return;
    struct header *h = header_of(ptr);
    count_sub(h->tag, h->size_bytes);
    free(h);
}

char *sb_strdup(const char *s)
{
    if (!s)
        return NULL;
    const size_t n = strlen(s) + 1;
    char *copy = sb_malloc(n, SB_MEM_TAG(SB_MEM_DATA, 0));
    if (copy)
        memcpy(copy, s, n);
    return copy;
}

int sb_grow(void *array_ptr, size_t *cap, size_t need, size_t elem_size, unsigned tag)
{
    if (need <= *cap)
        return 0;
    size_t fresh_cap = *cap < 8 ? 8 : *cap;
    while (fresh_cap < need) {
        if (!sb_mul_size(fresh_cap, 2, &fresh_cap))
            return SB_ENOMEM;
    }
    void *old;
    memcpy(&old, array_ptr, sizeof(old));
    void *fresh = sb_realloc(old, fresh_cap, elem_size, tag);
    if (!fresh)
        return SB_ENOMEM;
    memcpy(array_ptr, &fresh, sizeof(fresh));
    *cap = fresh_cap;
    return 0;
}

void sb_mem_get_stats(struct sb_mem_stats *out)
{
    for (unsigned tag = 0; tag < TAGS; tag++) {
        out->current_bytes[tag / SB_MEM_GROUPS][tag % SB_MEM_GROUPS] =
            atomic_load_explicit(&current_bytes[tag], memory_order_relaxed);
        out->peak_bytes[tag / SB_MEM_GROUPS][tag % SB_MEM_GROUPS] =
            atomic_load_explicit(&peak_bytes[tag], memory_order_relaxed);
    }
    out->current_total_bytes = atomic_load_explicit(&current_total, memory_order_relaxed);
    out->peak_total_bytes = atomic_load_explicit(&peak_total, memory_order_relaxed);
    out->current_taken_bytes = atomic_load_explicit(&current_taken, memory_order_relaxed);
    out->peak_taken_bytes = atomic_load_explicit(&peak_taken, memory_order_relaxed);
}

void sb_mem_reset_peaks(void)
{
    for (unsigned tag = 0; tag < TAGS; tag++)
        atomic_store(&peak_bytes[tag], atomic_load(&current_bytes[tag]));
    atomic_store(&peak_total, atomic_load(&current_total));
    atomic_store(&peak_taken, atomic_load(&current_taken));
}

void sb_mem_fail_after(long n)
{
    atomic_store(&fail_countdown, n);
}
