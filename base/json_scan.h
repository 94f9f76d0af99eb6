/*
 * Streaming JSON scanner for data sets of any size: it walks over a byte range, converts what is
 * asked for and skips the rest, and builds no tree. Everything passed over is validated (RFC 8259
 * plus the NaN and Infinity that Python's json module writes); errors carry the byte offset, what
 * was expected and what was found. Small documents are easier to read with base/json.h.
 *
 *     enum { ID, BOX };
 *     static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("bbox"),
 * SB_SCAN_NAMES_END}; struct sb_scan_record rec = {.names = names}; int key, rc =
 * sb_scan_open_object(&s, &rec); while (rc == 0 && (key = sb_scan_key(&s, &rec)) != SB_SCAN_END) {
 *         if (key == ID)       rc = sb_scan_double(&s, &id);
 *         else if (key == BOX) rc = sb_scan_doubles(&s, box, 4);
 *         else                 rc = key < 0 ? key : sb_scan_skip(&s);
 *     }
 *
 * Rules: UTF-8 must be valid; a byte order mark is an error (as for Python); nesting is limited to
 * SB_SCAN_MAX_DEPTH; a key that the caller's table names may occur once per object; numbers are
 * correctly rounded and must fit a double. Every function returns 0 (or what it says) or a negative
 * sb_err with the scanner's `err` filled in; after an error the scanner must not be used.
 */
#ifndef SB_BASE_JSON_SCAN_H
#define SB_BASE_JSON_SCAN_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SB_SCAN_MAX_DEPTH 1000
/* The text must be followed by this many readable bytes, the first of them 0: sb_map_open() gives
 * that. Numbers and strings are then read in wide steps without a bounds check in each. */
#define SB_SCAN_PADDING 64

struct sb_scan {
    const char *begin;    /* offset 0 of error messages */
    const char *pos;      /* next byte */
    const char *end;      /* one past the last byte; *end == 0 */
    const char *path;     /* for messages, borrowed; may be NULL */
    struct sb_error *err; /* may be NULL */
    int depth;            /* open arrays and objects */
};

enum sb_scan_type {
    SB_SCAN_NULL,
    SB_SCAN_BOOL,
    SB_SCAN_NUMBER, /* NaN and infinities included */
    SB_SCAN_STRING,
    SB_SCAN_ARRAY,
    SB_SCAN_OBJECT,
    SB_SCAN_INVALID /* the end of the text included */
};

/* A string as it stands in the text, without the quotes. */
struct sb_scan_text {
    const char *data;
    size_t length;
    bool escaped; /* has backslashes: sb_scan_unescape() gives the value */
};

/* A number with its integer value, where it has one that fits. */
struct sb_scan_num {
    double value;
    int64_t integer; /* valid when whole */
    bool whole;      /* the value is a whole number within int64 (7, -0, 7.0, 1e3) */
};

/* Known keys of an object. The text includes its quotes, so one comparison finds a key's end; it is
 * padded so that 16 bytes can be compared at once. */
#define SB_SCAN_NAME_BYTES 40
struct sb_scan_name {
    char text[SB_SCAN_NAME_BYTES];
    size_t length; /* 0 ends a table */
};
#define SB_SCAN_NAME(name)                                                                         \
    {                                                                                              \
        "\"" name "\"", sizeof(name) + 1                                                           \
    }
#define SB_SCAN_NAMES_END                                                                          \
    {                                                                                              \
        "", 0                                                                                      \
    }
#define SB_SCAN_MAX_NAMES 32

#define SB_SCAN_OTHER 1000 /* sb_scan_key(): a key that is not in the table */
#define SB_SCAN_END   1001 /* sb_scan_key(): the object has ended */

/* Reading state of objects of one kind. Zero it, set names, keep it for all objects of the kind: it
 * remembers the order of keys and tries the likely one first. */
struct sb_scan_record {
    const struct sb_scan_name *names; /* at most SB_SCAN_MAX_NAMES, ended by SB_SCAN_NAMES_END */
    const char *what;                 /* the object's name in messages; NULL: "an object" */
    uint32_t seen;                    /* bit per name: already met in this object */
    struct sb_scan_text key;          /* the last key, when it was not in the table */
    const char *key_at;               /* where the last key starts, its quote included */
    unsigned
        last; /* 0 at the start of an object, else 1 + index of the key (MAX + 1: not in names) */
    uint8_t after[SB_SCAN_MAX_NAMES + 2]; /* key that followed `last` in the previous object */
};

/* data[0..size) with SB_SCAN_PADDING behind it; leading blanks are skipped, a BOM is an error. */
int sb_scan_init(struct sb_scan *s, const char *data, size_t size, const char *path,
                 struct sb_error *err);
/* A scanner in the middle of a checked text: pos is where a value starts. */
struct sb_scan sb_scan_at(const struct sb_scan *s, const char *pos);
/* SB_EFORMAT unless only blanks follow. */
int sb_scan_finish(struct sb_scan *s);

/* What sb_scan_peek() does for other values than plain numbers. */
enum sb_scan_type sb_scan_peek_other(const struct sb_scan *s);
/* The kind of the next value, judged by its first byte. */
static inline enum sb_scan_type sb_scan_peek(const struct sb_scan *s)
{
    return (unsigned char)(*s->pos - '0') < 10 ? SB_SCAN_NUMBER : sb_scan_peek_other(s);
}

int sb_scan_open_object(struct sb_scan *s, struct sb_scan_record *rec);
/* Moves to the next member's value: the key's index in rec->names, SB_SCAN_OTHER, SB_SCAN_END or a
 * negative error. The value must then be read or skipped. */
int sb_scan_key(struct sb_scan *s, struct sb_scan_record *rec);
/* SB_EFORMAT "member NAME is missing" at `at` unless rec has met names[index]. */
int sb_scan_require(struct sb_scan *s, const struct sb_scan_record *rec, int index, const char *at);

/* what: the array's name in messages, "an array of results". */
int sb_scan_open_array_of(struct sb_scan *s, const char *what);
int sb_scan_open_array(struct sb_scan *s);
/* What sb_scan_element() does when no plain ", VALUE" follows. */
int sb_scan_element_other(struct sb_scan *s, bool was_first);
/* Before each element: 1 an element follows, 0 the array has ended. *first starts as true. */
static inline int sb_scan_element(struct sb_scan *s, bool *first)
{
    const bool was_first = *first;
    const char *const p = s->pos;
    *first = false;
    if (!was_first && p[0] == ',') {
        const char *const value = p + 1 + (p[1] == ' ');
        if ((unsigned char)*value > ' ' && *value != ']') {
            s->pos = value;
            return 1;
        }
    }
    return sb_scan_element_other(s, was_first);
}

int sb_scan_double(struct sb_scan *s, double *value);
int sb_scan_number(struct sb_scan *s, struct sb_scan_num *value);
/* A whole number within [lo, hi]. */
int sb_scan_int(struct sb_scan *s, int64_t lo, int64_t hi, int64_t *value);
int sb_scan_bool(struct sb_scan *s, bool *value);
int sb_scan_string(struct sb_scan *s, struct sb_scan_text *value);
/* An array of exactly count numbers. */
int sb_scan_doubles(struct sb_scan *s, double *values, size_t count);
/* An array of any number of them into *values, which has room for *capacity and grows as needed;
 * free it with sb_free(). */
int sb_scan_all_doubles(struct sb_scan *s, double **values, size_t *capacity, size_t *count);
/* Passes over one value of any kind, validating it. */
int sb_scan_skip(struct sb_scan *s);

/* Appends the string's value in UTF-8. Lone surrogates become U+FFFD. */
void sb_scan_unescape(const struct sb_scan_text *text, struct sb_str *out);
/* A string's value for sb_free(), cut at its first NUL; *copy stays as it is when there is none.
 * `what` names it where memory is short. */
int sb_scan_string_copy(struct sb_scan *s, const char *what, char **copy);
/* True when the string's value is exactly `value`. */
bool sb_scan_text_is(const struct sb_scan_text *text, const char *value);

/* SB_EFORMAT with a printf message at byte `at`. */
int sb_scan_fail(struct sb_scan *s, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* "expected WHAT, found ..." at the current position, or that the text ends there. */
int sb_scan_expected(struct sb_scan *s, const char *what);

#endif
