/* Scratch memory. See bump_arena.h. */
#include "base/bump_arena.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/size.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define ALIGNMENT 64

size_t sb_arena_bytes(size_t count, size_t size)
{
    size_t bytes;
    if (!sb_mul_size(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return SIZE_MAX;
    return sb_align_size(bytes + 1, ALIGNMENT);
}

int sb_arena_reset(struct sb_arena *arena, size_t bytes)
{
    arena->used = 0;
    if (bytes <= arena->capacity)
        return 0;
    char *const data = bytes > SIZE_MAX / 2 ? NULL : sb_malloc(bytes, SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!data)
        return SB_ENOMEM;
    sb_free(arena->data);
    arena->data = data;
    arena->capacity = bytes;
    return 0;
}

void *sb_arena_take(struct sb_arena *arena, size_t count, size_t size)
{
    char *const piece = arena->data + arena->used;
    arena->used += sb_arena_bytes(count, size);
    assert(arena->used <= arena->capacity);
    return piece;
}

void sb_arena_release(struct sb_arena *arena)
{
    sb_free(arena->data);
    memset(arena, 0, sizeof(*arena));
}
