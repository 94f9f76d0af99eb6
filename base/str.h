/*
 * A growing string. Invariant: data is NUL-terminated and length < capacity, or data is NULL and
 * both are 0. An allocation failure sets `failed` and turns later appends into no-ops, so that a
 * long chain of appends is checked once at its end.
 *
 *     struct sb_str s = SB_STR_INIT;
 *     sb_str_printf(&s, "%zu nodes", n);
 *     if (s.failed) ...
 *     sb_str_release(&s);
 */
#ifndef SB_BASE_STR_H
#define SB_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_str {
    char *data; /* NUL-terminated, owned; NULL while empty */
    size_t length;
    size_t capacity;
    bool failed;
};

#define SB_STR_INIT                                                                                \
    {                                                                                              \
        0                                                                                          \
    }

void sb_str_release(struct sb_str *s);
/* length := 0, memory kept. */
void sb_str_clear(struct sb_str *s);
void sb_str_append(struct sb_str *s, const char *data, size_t length);
void sb_str_puts(struct sb_str *s, const char *text);
void sb_str_printf(struct sb_str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Line and column (1-based, in bytes) of a byte offset in text. */
void sb_text_position(const char *text, size_t offset, int64_t *line, int64_t *column);
/* True when the texts are equal, or both NULL. */
bool sb_same_text(const char *a, const char *b);
/* True when both are known and not equal. */
bool sb_texts_differ(const char *a, const char *b);
/* What the plural of a noun ends in: "" for 1, else "s". */
const char *sb_plural(size_t count);
/* Edits (insert, delete, replace a character) from a to b; longer than 63 matches nothing. */
size_t sb_name_distance(const char *a, const char *b);
/* True when `name` looks like a slip for `known`: for "did you mean". */
bool sb_name_is_near(const char *name, const char *known);
/* The shortest decimal that reads back to the same float32; "0" for -0 and, as callers check
 * before, for what is not finite. */
void sb_str_float(struct sb_str *s, float value);
/*
 * Appends text in lines of at most `width` columns (a code point takes one), broken at blanks, of
 * which none are left at breaks; lines after the first begin with `indent` blanks. The first starts
 * in column `column`, from 0; a longer word overhangs. No newline at the end.
 */
void sb_str_fill(struct sb_str *s, const char *text, size_t column, size_t indent, size_t width);
/* Columns that UTF-8 text takes on a terminal (every code point one). */
size_t sb_text_width(const char *text);
/* "(8, 3, 3)"; "()" for none. */
void sb_str_dims(struct sb_str *s, const size_t *dims, int count);
/* The text, never NULL ("" while empty); owned by s. */
const char *sb_str_text(const struct sb_str *s);

#endif
