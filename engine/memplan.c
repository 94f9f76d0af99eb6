/* Greedy-by-size offset planner. See memplan.h. */
#include "engine/memplan.h"

#include "base/mem.h"
#include "base/size.h"

#include <stdbool.h>
#include <stdlib.h>

struct ref {
    struct sb_block *block;
};

/* Larger first; of equal ones the one that starts earlier, then the earlier in the list. */
static int by_size(const void *pa, const void *pb)
{
    const struct sb_block *a = ((const struct ref *)pa)->block;
    const struct sb_block *b = ((const struct ref *)pb)->block;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return a < b ? -1 : a > b;
}

static bool live_together(const struct sb_block *a, const struct sb_block *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static size_t block_end(const struct sb_block *block)
{
    return block->offset + sb_align_size(block->bytes, SB_MEMPLAN_ALIGN);
}

/* The lowest free offset for `block` among `placed` blocks, which are ordered by offset. */
static size_t first_fit(const struct sb_block *block, const struct ref *placed, size_t count)
{
    const size_t need = sb_align_size(block->bytes, SB_MEMPLAN_ALIGN);
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sb_block *other = placed[i].block;
        if (!live_together(block, other))
            continue;
        if (other->offset >= offset && other->offset - offset >= need)
            return offset;
        if (block_end(other) > offset)
            offset = block_end(other);
    }
    return offset;
}

static void insert_by_offset(struct ref ref, struct ref *placed, size_t count)
{
    size_t i = count;
    for (; i > 0 && placed[i - 1].block->offset > ref.block->offset; i--)
        placed[i] = placed[i - 1];
    placed[i] = ref;
}

/* No placement needs more than the sum of all blocks; it must fit in a size_t. */
static bool sum_fits(const struct sb_block *blocks, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (blocks[i].bytes > SIZE_MAX - SB_MEMPLAN_ALIGN ||
            !sb_add_size(sum, sb_align_size(blocks[i].bytes, SB_MEMPLAN_ALIGN), &sum))
            return false;
    }
    return true;
}

int sb_memplan(struct sb_block *blocks, size_t count, size_t *arena_bytes, struct sb_error *err)
{
    *arena_bytes = 0;
    if (!sum_fits(blocks, count))
        return sb_error_nomem(err, "the activation arena", SIZE_MAX);
    struct ref *refs = sb_calloc(2 * count, sizeof(*refs), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!refs)
        return sb_error_nomem(err, "the memory plan", 2 * count * sizeof(*refs));
    struct ref *placed = refs + count;
    for (size_t i = 0; i < count; i++)
        refs[i].block = &blocks[i];
    qsort(refs, count, sizeof(*refs), by_size);
    for (size_t i = 0; i < count; i++) {
        struct sb_block *block = refs[i].block;
        block->offset = first_fit(block, placed, i);
        insert_by_offset(refs[i], placed, i);
        if (block_end(block) > *arena_bytes)
            *arena_bytes = block_end(block);
    }
    sb_free(refs);
    return 0;
}

size_t sb_memplan_peak(const struct sb_block *blocks, size_t count)
{
    size_t peak = 0;
    for (size_t i = 0; i < count; i++) {
        /* The sum only grows where a block starts. */
        size_t live = 0;
        for (size_t j = 0; j < count; j++) {
            if (blocks[j].first <= blocks[i].first && blocks[i].first <= blocks[j].last)
                live += sb_align_size(blocks[j].bytes, SB_MEMPLAN_ALIGN);
        }
        if (live > peak)
            peak = live;
    }
    return peak;
}
