/* Strings that live together: bump allocation in blocks. See texts.h. */
#include "base/texts.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 8192

struct sb_texts_block {
    struct sb_texts_block *next;
    size_t used, capacity;
    char data[];
};

void sb_texts_release(struct sb_texts *texts)
{
    while (texts->blocks) {
        struct sb_texts_block *next = texts->blocks->next;
        sb_free(texts->blocks);
        texts->blocks = next;
    }
    memset(texts, 0, sizeof(*texts));
}

/* size bytes that live as long as texts, or NULL. */
static char *reserve(struct sb_texts *texts, size_t size)
{
    struct sb_texts_block *block = texts->blocks;
    if (!block || size > block->capacity - block->used) {
        const size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        block = sb_malloc(sizeof(*block) + capacity, SB_MEM_TAG(SB_MEM_DATA, 0));
        if (!block) {
            texts->failed = true;
            return NULL;
        }
        *block = (struct sb_texts_block){texts->blocks, 0, capacity};
        texts->blocks = block;
    }
    char *out = block->data + block->used;
    block->used += size;
    return out;
}

const char *sb_texts_keep(struct sb_texts *texts, const char *text)
{
    if (!text)
        return NULL;
    const size_t size = strlen(text) + 1;
    char *out = reserve(texts, size);
    return out ? memcpy(out, text, size) : "";
}

const char *sb_texts_vprintf(struct sb_texts *texts, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int n = vsnprintf(NULL, 0, fmt, args);
    char *out = n < 0 ? NULL : reserve(texts, (size_t)n + 1);
    if (out)
        vsnprintf(out, (size_t)n + 1, fmt, again);
    va_end(again);
    return out ? out : "";
}

const char *sb_texts_printf(struct sb_texts *texts, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *out = sb_texts_vprintf(texts, fmt, args);
    va_end(args);
    return out;
}
