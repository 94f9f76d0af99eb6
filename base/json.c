/* JSON reading with positions, over cJSON. The writer is in json_write.c. See json.h. */
#include "base/json.h"

#include "base/file.h"
#include "base/json_scan.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)64 << 20)
#define MAX_DEPTH      200
#define MAX_EXACT      0x1p53

static int fail_at(const char *text, size_t offset, const char *path, const char *what,
                   struct sb_error *err)
{
    int64_t line, column;
    sb_text_position(text, offset, &line, &column);
    sb_error_set(err, SB_EFORMAT, "%s", what);
    sb_error_file(err, path);
    sb_error_line(err, line, column);
    return SB_EFORMAT;
}

/* What the brackets outside strings say before cJSON, which recurses per level, sees the text. */
struct nesting {
    size_t too_deep; /* offset of the bracket that opens level MAX_DEPTH + 1; SIZE_MAX if none */
    size_t open;     /* an error from here on means that the text is cut off; SIZE_MAX if whole */
};

static struct nesting scan_nesting(const char *text, size_t length)
{
    struct nesting found = {.too_deep = SIZE_MAX, .open = SIZE_MAX};
    size_t string_start = 0;
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
            string_start = i;
        } else if (c == '[' || c == '{') {
            if (++depth > MAX_DEPTH) {
                found.too_deep = i;
                return found;
            }
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    if (in_string)
        found.open = string_start;
    else if (depth > 0)
        found.open = length - 1; /* where cJSON puts an error at the end */
    return found;
}

/* Says what the grammar wants where the text breaks it: cJSON tells only where it gave up. */
static int explain(const char *text, size_t length, size_t given_up, const char *path,
                   struct sb_error *err)
{
    struct sb_error found;
    struct sb_scan scan;
    char *copy = sb_calloc(length + SB_SCAN_PADDING, 1, SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!copy)
        return sb_error_nomem(err, path, length + SB_SCAN_PADDING);
    memcpy(copy, text, length);
    if (strncmp(copy, "\xef\xbb\xbf", 3) == 0)
        memset(copy, ' ', 3); /* a byte order mark, which cJSON takes */
    int rc = sb_scan_init(&scan, copy, length, path, &found);
    if (rc == 0)
        rc = sb_scan_skip(&scan);
    if (rc == 0) { /* the scanner takes NaN */
        scan.pos = copy + given_up;
        sb_scan_expected(&scan, "a JSON value");
    }
    sb_free(copy);
    return fail_at(text, (size_t)found.offset, path, found.message, err);
}

int sb_json_parse(const char *text, size_t length, const char *path, cJSON **doc,
                  struct sb_error *err)
{
    *doc = NULL;
    if (length == 0)
        return fail_at(text, 0, path, "empty file, expected a JSON value", err);
    const struct nesting nesting = scan_nesting(text, length);
    if (nesting.too_deep != SIZE_MAX)
        return fail_at(text, nesting.too_deep, path, "JSON nested more than 200 levels deep", err);
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    if (!root) {
        const bool cut = (size_t)(end - text) >= nesting.open;
        if (cut)
            return fail_at(text, length, path, "JSON ends in the middle of a value", err);
        return explain(text, length, (size_t)(end - text), path, err);
    }
    for (const char *p = end; p < text + length; p++) {
        if (*p == '\0' || !strchr(" \t\r\n", *p)) {
            cJSON_Delete(root);
            return fail_at(text, (size_t)(p - text), path, "unexpected text after the JSON value",
                           err);
        }
    }
    *doc = root;
    return 0;
}

int sb_json_load(const char *path, cJSON **doc, struct sb_error *err)
{
    struct sb_map map;
    int rc = sb_map_open(&map, path, err);
    if (rc)
        return rc;
    if (map.size > MAX_FILE_BYTES) {
        rc = sb_error_set(err, SB_EFORMAT, "%zu bytes, expected at most %zu", map.size,
                          MAX_FILE_BYTES);
        sb_error_file(err, path);
    } else {
        rc = sb_json_parse(map.data, map.size, path, doc, err);
    }
    sb_map_release(&map);
    return rc;
}

struct sb_json sb_json_root(const cJSON *doc, const char *path)
{
    struct sb_json at = {.item = doc, .path = path, .pointer = ""};
    return at;
}

/* A short picture of a value for messages. */
static void describe(const cJSON *item, char *buf, size_t size)
{
    if (!item)
        snprintf(buf, size, "nothing");
    else if (cJSON_IsString(item))
        snprintf(buf, size, "\"%.40s\"", item->valuestring);
    else if (cJSON_IsNumber(item))
        snprintf(buf, size, "%.17g", item->valuedouble);
    else if (cJSON_IsArray(item))
        snprintf(buf, size, "an array");
    else if (cJSON_IsObject(item))
        snprintf(buf, size, "an object");
    else
        snprintf(buf, size, "%s",
                 cJSON_IsNull(item) ? "null" : (cJSON_IsTrue(item) ? "true" : "false"));
}

int sb_json_expected(const struct sb_json *at, const char *what, struct sb_error *err)
{
    char found[96];
    describe(at->item, found, sizeof(found));
    sb_error_set(err, SB_EFORMAT, "expected %s, found %s", what, found);
    sb_error_file(err, at->path);
    sb_error_pointer(err, "%s", at->pointer[0] ? at->pointer : "/");
    return SB_EFORMAT;
}

/* The place of a child: one more step on the pointer, with ~ and / escaped as RFC 6901 says. */
static struct sb_json child_of(const struct sb_json *at, const cJSON *item, const char *step)
{
    struct sb_json child = {.item = item, .path = at->path, .pointer = ""};
    size_t used = strlen(at->pointer);
    memcpy(child.pointer, at->pointer, used);
    const size_t last = sizeof(child.pointer) - 3; /* room for an escape and the terminator */
    if (used < last)
        child.pointer[used++] = '/';
    for (const char *p = step; *p && used < last; p++) {
        const bool escape = *p == '~' || *p == '/';
        child.pointer[used++] = escape ? '~' : *p;
        if (escape)
            child.pointer[used++] = *p == '~' ? '0' : '1';
    }
    child.pointer[used] = '\0';
    return child;
}

bool sb_json_has(const struct sb_json *at, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(at->item, key);
    return item && !cJSON_IsNull(item);
}

int sb_json_get(const struct sb_json *at, const char *key, struct sb_json *out,
                struct sb_error *err)
{
    if (!cJSON_IsObject(at->item))
        return sb_json_expected(at, "an object", err);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(at->item, key);
    if (!item) {
        sb_error_set(err, SB_EFORMAT, "member \"%s\" is missing", key);
        sb_error_file(err, at->path);
        sb_error_pointer(err, "%s", at->pointer[0] ? at->pointer : "/");
        return SB_EFORMAT;
    }
    *out = child_of(at, item, key);
    return 0;
}

int sb_json_get_array(const struct sb_json *at, const char *key, struct sb_json *out, size_t *count,
                      struct sb_error *err)
{
    const int rc = sb_json_get(at, key, out, err);
    if (rc)
        return rc;
    if (!cJSON_IsArray(out->item))
        return sb_json_expected(out, "an array", err);
    *count = (size_t)cJSON_GetArraySize(out->item);
    return 0;
}

bool sb_json_first(const struct sb_json *array, struct sb_json *elem)
{
    if (!cJSON_IsArray(array->item) || !array->item->child)
        return false;
    *elem = child_of(array, array->item->child, "0");
    return true;
}

bool sb_json_next(struct sb_json *elem)
{
    if (!elem->item->next)
        return false;
    elem->item = elem->item->next;
    char *slash = strrchr(elem->pointer, '/');
    if (slash)
        snprintf(slash + 1, sizeof(elem->pointer) - (size_t)(slash + 1 - elem->pointer), "%lu",
                 strtoul(slash + 1, NULL, 10) + 1);
    return true;
}

bool sb_json_first_member(const struct sb_json *object, struct sb_json *member)
{
    if (!cJSON_IsObject(object->item) || !object->item->child)
        return false;
    *member = child_of(object, object->item->child, object->item->child->string);
    return true;
}

bool sb_json_next_member(const struct sb_json *object, struct sb_json *member)
{
    const cJSON *next = member->item->next;
    if (!next)
        return false;
    *member = child_of(object, next, next->string);
    return true;
}

int sb_json_int(const struct sb_json *at, int64_t lo, int64_t hi, int64_t *value,
                struct sb_error *err)
{
    const double v = cJSON_IsNumber(at->item) ? at->item->valuedouble : NAN;
    /* doubles above 2^53 are no longer exact integers, and 2^63 would overflow the cast */
    if (!(v == floor(v)) || fabs(v) > MAX_EXACT || (int64_t)v < lo || (int64_t)v > hi) {
        char what[96];
        snprintf(what, sizeof(what), "an integer from %lld to %lld", (long long)lo, (long long)hi);
        return sb_json_expected(at, what, err);
    }
    *value = (int64_t)v;
    return 0;
}

int sb_json_double(const struct sb_json *at, double *value, struct sb_error *err)
{
    if (!cJSON_IsNumber(at->item) || !isfinite(at->item->valuedouble))
        return sb_json_expected(at, "a finite number", err);
    *value = at->item->valuedouble;
    return 0;
}

int sb_json_string(const struct sb_json *at, const char **value, struct sb_error *err)
{
    if (!cJSON_IsString(at->item))
        return sb_json_expected(at, "a string", err);
    *value = at->item->valuestring;
    return 0;
}

int sb_json_bool(const struct sb_json *at, bool *value, struct sb_error *err)
{
    if (!cJSON_IsBool(at->item))
        return sb_json_expected(at, "true or false", err);
    *value = cJSON_IsTrue(at->item);
    return 0;
}

int sb_json_get_int(const struct sb_json *at, const char *key, int64_t lo, int64_t hi,
                    int64_t *value, struct sb_error *err)
{
    struct sb_json child;
    const int rc = sb_json_get(at, key, &child, err);
    return rc ? rc : sb_json_int(&child, lo, hi, value, err);
}

int sb_json_get_double(const struct sb_json *at, const char *key, double *value,
                       struct sb_error *err)
{
    struct sb_json child;
    const int rc = sb_json_get(at, key, &child, err);
    return rc ? rc : sb_json_double(&child, value, err);
}

int sb_json_get_string(const struct sb_json *at, const char *key, const char **value,
                       struct sb_error *err)
{
    struct sb_json child;
    const int rc = sb_json_get(at, key, &child, err);
    return rc ? rc : sb_json_string(&child, value, err);
}

int sb_json_opt_int(const struct sb_json *at, const char *key, int64_t lo, int64_t hi,
                    int64_t *value, struct sb_error *err)
{
    return sb_json_has(at, key) ? sb_json_get_int(at, key, lo, hi, value, err) : 0;
}

int sb_json_opt_double(const struct sb_json *at, const char *key, double *value,
                       struct sb_error *err)
{
    return sb_json_has(at, key) ? sb_json_get_double(at, key, value, err) : 0;
}

int sb_json_opt_string(const struct sb_json *at, const char *key, const char **value,
                       struct sb_error *err)
{
    return sb_json_has(at, key) ? sb_json_get_string(at, key, value, err) : 0;
}

int sb_json_opt_bool(const struct sb_json *at, const char *key, bool *value, struct sb_error *err)
{
    struct sb_json child;
    if (!sb_json_has(at, key))
        return 0;
    const int rc = sb_json_get(at, key, &child, err);
    return rc ? rc : sb_json_bool(&child, value, err);
}

static int unknown_member(const struct sb_json *member, const char *const *keys,
                          struct sb_error *err)
{
    struct sb_str list = SB_STR_INIT;
    for (size_t i = 0; keys[i]; i++)
        sb_str_printf(&list, "%s%s", i ? ", " : "", keys[i]);
    sb_error_set(err, SB_EFORMAT, "unknown member \"%.60s\"", member->item->string);
    sb_error_file(err, member->path);
    sb_error_pointer(err, "%s", member->pointer);
    sb_error_hint(err, "known members here: %s", sb_str_text(&list));
    sb_str_release(&list);
    return SB_EFORMAT;
}

int sb_json_only(const struct sb_json *at, const char *const *keys, struct sb_error *err)
{
    if (!cJSON_IsObject(at->item))
        return sb_json_expected(at, "an object", err);
    for (const cJSON *m = at->item->child; m; m = m->next) {
        const struct sb_json member = child_of(at, m, m->string);
        bool known = false;
        for (size_t i = 0; keys[i] && !known; i++)
            known = strcmp(keys[i], m->string) == 0;
        if (!known)
            return unknown_member(&member, keys, err);
        if (cJSON_GetObjectItemCaseSensitive(at->item, m->string) != m) {
            sb_error_set(err, SB_EFORMAT, "member \"%.60s\" stands twice", m->string);
            sb_error_file(err, at->path);
            return sb_error_pointer(err, "%s", member.pointer);
        }
    }
    return 0;
}
