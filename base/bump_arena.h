/*
 * Scratch memory that is taken piece by piece and given back all at once. Reserve what a task needs
 * at most, take the pieces (which then cannot fail), reset, go on with the next task in the same
 * memory.
 */
#ifndef SB_BASE_BUMP_ARENA_H
#define SB_BASE_BUMP_ARENA_H

#include <stddef.h>

struct sb_arena {
    char *data; /* owned */
    size_t capacity, used;
};

/* Bytes that a piece of count * size takes, alignment included; SIZE_MAX on overflow. */
size_t sb_arena_bytes(size_t count, size_t size);
/* Empties the arena and makes room for `bytes` more. 0 or SB_ENOMEM. */
int sb_arena_reset(struct sb_arena *arena, size_t bytes);
/* Gives all pieces back and keeps the memory for others. */
static inline void sb_arena_empty(struct sb_arena *arena)
{
    arena->used = 0;
}
/* count * size bytes, aligned to 64, uninitialised; never NULL within what was reserved, even for
 * count 0. */
void *sb_arena_take(struct sb_arena *arena, size_t count, size_t size);
void sb_arena_release(struct sb_arena *arena);

#endif
