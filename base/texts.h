/*
 * Strings that live together: each is copied in, none moves, all are freed at once. For objects
 * that hold many short strings and do not care which of them are their own. A failed allocation
 * sets `failed` and gives "", so that a long chain of calls is checked once at its end.
 */
#ifndef SB_BASE_TEXTS_H
#define SB_BASE_TEXTS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct sb_texts {
    struct sb_texts_block *blocks; /* newest first, owned */
    bool failed;
};

#define SB_TEXTS_INIT                                                                              \
    {                                                                                              \
        NULL, false                                                                                \
    }

void sb_texts_release(struct sb_texts *texts);
/* A copy of text that lives as long as texts; NULL for NULL, "" when out of memory. */
const char *sb_texts_keep(struct sb_texts *texts, const char *text);
const char *sb_texts_printf(struct sb_texts *texts, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
const char *sb_texts_vprintf(struct sb_texts *texts, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
