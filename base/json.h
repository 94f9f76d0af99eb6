/*
 * JSON. Small documents (specs, records, options) are read into cJSON trees, with positions in
 * error messages; large data sets have their own streaming reader in eval/. Writing goes through a
 * small writer whose output depends on the values alone (doubles as %.17g, no locale).
 *
 * Reading: a `struct sb_json` is a place in a document (value, file, JSON pointer), so every getter
 * can say "FILE /blocks/3/level: expected an integer from 1 to 7, found "x"".
 */
#ifndef SB_BASE_JSON_H
#define SB_BASE_JSON_H

#include "base/error.h"
#include "base/str.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sb_json {
    const cJSON *item; /* borrowed from the document */
    const char *path;  /* file name for messages, borrowed */
    char pointer[200]; /* JSON pointer of item; truncated when very deep */
};

/* Parses text (length bytes, one value, nothing after it but blanks). `path` is for messages and
 * must outlive the document. Depth is limited to 200. On success *doc must be freed with
 * cJSON_Delete(). */
int sb_json_parse(const char *text, size_t length, const char *path, cJSON **doc,
                  struct sb_error *err);
/* The same from a file of at most 64 MiB. */
int sb_json_load(const char *path, cJSON **doc, struct sb_error *err);
/* The root place of a document. */
struct sb_json sb_json_root(const cJSON *doc, const char *path);

/* Line and column (1-based) of the value at a JSON pointer in a valid document; "" and "/" are the
 * root, steps are compared unescaped. False when there is no such value. */
bool sb_json_position(const char *text, size_t length, const char *pointer, int64_t *line,
                      int64_t *column);

/* Fills err with "expected WHAT, found ..." at this place; returns SB_EFORMAT. */
int sb_json_expected(const struct sb_json *at, const char *what, struct sb_error *err);

/* Member `key` of an object; SB_EFORMAT when absent or at is no object. */
int sb_json_get(const struct sb_json *at, const char *key, struct sb_json *out,
                struct sb_error *err);
/* True when at is an object with member key (null counts as absent). */
bool sb_json_has(const struct sb_json *at, const char *key);
/* Length of an array member, SB_EFORMAT if it is none. */
int sb_json_get_array(const struct sb_json *at, const char *key, struct sb_json *out, size_t *count,
                      struct sb_error *err);
/* Walks an array: first element, then next; false at the end. `it` starts as the array's place.
 *     struct sb_json elem; for (bool ok = sb_json_first(&array, &elem); ok; ok =
 * sb_json_next(&elem)) */
bool sb_json_first(const struct sb_json *array, struct sb_json *elem);
bool sb_json_next(struct sb_json *elem);

/* Walks the members of an object in file order, repeated keys too; the key is member->item->string.
 *     for (bool ok = sb_json_first_member(&object, &m); ok; ok = sb_json_next_member(&object, &m))
 */
bool sb_json_first_member(const struct sb_json *object, struct sb_json *member);
bool sb_json_next_member(const struct sb_json *object, struct sb_json *member);

/* The value at a place itself. Strings are borrowed from the document. Integers must be whole
 * and at most 2^53, because larger ones may not be what the file says. */
int sb_json_int(const struct sb_json *at, int64_t lo, int64_t hi, int64_t *value,
                struct sb_error *err);
int sb_json_double(const struct sb_json *at, double *value, struct sb_error *err);
int sb_json_string(const struct sb_json *at, const char **value, struct sb_error *err);
int sb_json_bool(const struct sb_json *at, bool *value, struct sb_error *err);

/* Required members. */
int sb_json_get_int(const struct sb_json *at, const char *key, int64_t lo, int64_t hi,
                    int64_t *value, struct sb_error *err);
int sb_json_get_double(const struct sb_json *at, const char *key, double *value,
                       struct sb_error *err);
int sb_json_get_string(const struct sb_json *at, const char *key, const char **value,
                       struct sb_error *err);
/* Optional members: *value keeps what it held (the default) when the key is absent or null. */
int sb_json_opt_int(const struct sb_json *at, const char *key, int64_t lo, int64_t hi,
                    int64_t *value, struct sb_error *err);
int sb_json_opt_double(const struct sb_json *at, const char *key, double *value,
                       struct sb_error *err);
int sb_json_opt_string(const struct sb_json *at, const char *key, const char **value,
                       struct sb_error *err);
int sb_json_opt_bool(const struct sb_json *at, const char *key, bool *value, struct sb_error *err);
/* SB_EFORMAT naming the first member that is not in the NULL-terminated list, or that stands twice.
 */
int sb_json_only(const struct sb_json *at, const char *const *keys, struct sb_error *err);

/*
 * Writer. Appends to a string; commas are its business.
 *     struct sb_jw w; sb_jw_init(&w, &text, 0);
 *     sb_jw_object(&w, NULL); sb_jw_int(&w, "params", n); sb_jw_end(&w);
 * key is NULL inside arrays and at the root. indent 0 writes one line, else spaces per level.
 */
struct sb_jw {
    struct sb_str *out;
    int indent;
    int depth;
    bool first[64]; /* nothing written yet at this depth */
    bool is_array[64];
};
void sb_jw_init(struct sb_jw *w, struct sb_str *out, int indent);
void sb_jw_object(struct sb_jw *w, const char *key);
void sb_jw_array(struct sb_jw *w, const char *key);
void sb_jw_end(struct sb_jw *w);
void sb_jw_int(struct sb_jw *w, const char *key, int64_t value);
void sb_jw_uint(struct sb_jw *w, const char *key, uint64_t value);
/* %.17g; NaN and infinities are written as null (callers add the why). */
void sb_jw_double(struct sb_jw *w, const char *key, double value);
void sb_jw_string(struct sb_jw *w, const char *key, const char *value); /* NULL writes null */
void sb_jw_bool(struct sb_jw *w, const char *key, bool value);
void sb_jw_null(struct sb_jw *w, const char *key);

#endif
