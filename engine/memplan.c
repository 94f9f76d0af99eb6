/* Greedy-by-size offset planner. See memplan.h. */
#include "engine/memplan.h"

#include "base/mem.h"
#include "base/size.h"

#include <stdbool.h>
#include <stdlib.h>

/* Larger first; of equal ones the one that starts earlier, then the earlier in the list. */
static int by_size(const void *pa, const void *pb)
{
    const struct sb_block *a = *(struct sb_block *const *)pa;
    const struct sb_block *b = *(struct sb_block *const *)pb;
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
static size_t first_fit(const struct sb_block *block, struct sb_block *const *placed, size_t count)
{
    const size_t need = sb_align_size(block->bytes, SB_MEMPLAN_ALIGN);
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (!live_together(block, placed[i]))
            continue;
        if (placed[i]->offset >= offset && placed[i]->offset - offset >= need)
            return offset;
        if (block_end(placed[i]) > offset)
            offset = block_end(placed[i]);
    }
    return offset;
}

static void insert_by_offset(struct sb_block *block, struct sb_block **placed, size_t count)
{
    size_t i = count;
    for (; i > 0 && placed[i - 1]->offset > block->offset; i--)
        placed[i] = placed[i - 1];
    placed[i] = block;
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
    struct sb_block **order = sb_calloc(2 * count, sizeof(*order), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!order)
        return sb_error_nomem(err, "the memory plan", 2 * count * sizeof(*order));
    struct sb_block **placed = order + count;
    for (size_t i = 0; i < count; i++)
        order[i] = &blocks[i];
    qsort(order, count, sizeof(*order), by_size);
    for (size_t i = 0; i < count; i++) {
        order[i]->offset = first_fit(order[i], placed, i);
        insert_by_offset(order[i], placed, i);
        if (block_end(order[i]) > *arena_bytes)
            *arena_bytes = block_end(order[i]);
    }
    sb_free(order);
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
