/* JSON scanner: structure, keys and error messages. Values are read in json_scan_value.c, strings
 * in json_scan_string.c, skipping is in json_scan_skip.c. See json_scan.h. */
#include "base/json_scan.h"

#include "base/json_scan_impl.h"

#include <stdarg.h>
#include <stdio.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

int sb_scan_init(struct sb_scan *s, const char *data, size_t size, const char *path,
                 struct sb_error *err)
{
    memset(s, 0, sizeof(*s));
    s->begin = size ? data : "";
    s->pos = s->begin;
    s->end = s->begin + size;
    s->path = path;
    s->err = err;
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        sb_scan_fail(s, data, "the file starts with a byte order mark, which JSON does not allow");
        return sb_error_hint(err, "save it as UTF-8 without a byte order mark");
    }
    s->pos = sb_scan_blanks(s->pos);
    return 0;
}

struct sb_scan sb_scan_at(const struct sb_scan *s, const char *pos)
{
    struct sb_scan part = *s;
    part.pos = pos;
    part.depth = 0;
    return part;
}

int sb_scan_finish(struct sb_scan *s)
{
    s->pos = sb_scan_blanks(s->pos);
    return s->pos == s->end ? 0 : sb_scan_expected(s, "nothing more");
}

int sb_scan_fail(struct sb_scan *s, const char *at, const char *fmt, ...)
{
    char message[sizeof(s->err->message)];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    sb_error_set(s->err, SB_EFORMAT, "%s", message);
    if (s->path)
        sb_error_file(s->err, s->path);
    sb_error_offset(s->err, at - s->begin);
    return SB_EFORMAT;
}

/* The value at pos, shortened, with what cannot be printed replaced. */
static void excerpt(const struct sb_scan *s, char *out, size_t size)
{
    const bool is_string = *s->pos == '"';
    size_t n = 0;
    const char *p = s->pos;
    for (; p < s->end && n + 4 < size; p++) {
        if (n > 0 && (is_string ? p[-1] == '"' && n > 1 : strchr(",]}\n\r", *p) != NULL))
            break;
        out[n++] = *p >= ' ' && *p < 127 ? *p : '?';
    }
    out[n] = '\0';
    if (p < s->end && n + 4 >= size)
        memcpy(out + n, "...", 4);
}

int sb_scan_expected(struct sb_scan *s, const char *what)
{
    char found[48];
    if (s->pos >= s->end)
        return sb_scan_fail(s, s->end,
                            "the file ends where %s was expected: it is cut off or empty", what);
    excerpt(s, found, sizeof(found));
    return sb_scan_fail(s, s->pos, "expected %s, found %s", what, found);
}

enum sb_scan_type sb_scan_peek_other(const struct sb_scan *s)
{
    switch (*s->pos) {
    case '"':
        return SB_SCAN_STRING;
    case '[':
        return SB_SCAN_ARRAY;
    case '{':
        return SB_SCAN_OBJECT;
    case 't':
    case 'f':
        return SB_SCAN_BOOL;
    case 'n':
        return SB_SCAN_NULL;
    case '-':
    case 'N':
    case 'I':
        return SB_SCAN_NUMBER;
    default:
        return SB_SCAN_INVALID;
    }
}

static int open_container(struct sb_scan *s, char bracket, const char *what)
{
    if (*s->pos != bracket)
        return sb_scan_expected(s, what);
    if (++s->depth > SB_SCAN_MAX_DEPTH)
        return sb_scan_fail(s, s->pos, "nested deeper than %d levels", SB_SCAN_MAX_DEPTH);
    s->pos = sb_scan_blanks(s->pos + 1);
    return 0;
}

int sb_scan_open_array_of(struct sb_scan *s, const char *what)
{
    return open_container(s, '[', what);
}

int sb_scan_open_array(struct sb_scan *s)
{
    return sb_scan_open_array_of(s, "an array");
}

int sb_scan_element_other(struct sb_scan *s, bool was_first)
{
    const char *p = sb_scan_blanks(s->pos);
    s->pos = p;
    if (*p == ']') {
        s->pos = p + 1;
        s->depth--;
        return 0;
    }
    if (was_first)
        return 1;
    if (*p != ',')
        return sb_scan_expected(s, "',' or ']'");
    s->pos = sb_scan_blanks(p + 1);
    return *s->pos == ']' ? sb_scan_expected(s, "a value after ','") : 1;
}

int sb_scan_open_object(struct sb_scan *s, struct sb_scan_record *rec)
{
    rec->seen = 0;
    rec->last = 0;
    return open_container(s, '{', rec->what ? rec->what : "an object");
}

/* Notes that names[index] follows; its second occurrence is an error. */
static int found_key(struct sb_scan *s, struct sb_scan_record *rec, unsigned index)
{
    rec->after[rec->last] = (uint8_t)index;
    rec->last = index + 1;
    if (rec->seen >> index & 1)
        return sb_scan_fail(s, rec->key_at, "member %s occurs twice in one object",
                            rec->names[index].text);
    rec->seen |= (uint32_t)1 << index;
    return (int)index;
}

/* Which name the key is, though it is spelled with escapes; SB_SCAN_OTHER if none. */
static int find_escaped(struct sb_scan *s, struct sb_scan_record *rec)
{
    for (unsigned i = 0; rec->names[i].length; i++) {
        char name[128];
        const size_t n = rec->names[i].length - 2;
        if (n < sizeof(name)) {
            memcpy(name, rec->names[i].text + 1, n);
            name[n] = '\0';
            if (sb_scan_text_is(&rec->key, name))
                return found_key(s, rec, i);
        }
    }
    return SB_SCAN_OTHER;
}

/* True when the text at p starts with the name; 16 bytes there are readable. */
static inline bool starts_with(const char *p, const struct sb_scan_name *name)
{
#ifdef __SSE2__
    if (name->length <= 16) {
        const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
        const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)name->text);
        const unsigned wanted = (1u << name->length) - 1;
        return ((unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) & wanted) == wanted;
    }
#endif
    return strncmp(p, name->text, name->length) == 0;
}

/* pos is at the key's quote: its index or SB_SCAN_OTHER, pos behind the closing quote. */
static int match_key(struct sb_scan *s, struct sb_scan_record *rec)
{
    const struct sb_scan_name *const names = rec->names;
    const unsigned guess = rec->after[rec->last];
    if (names[guess].length && starts_with(s->pos, &names[guess])) {
        s->pos += names[guess].length;
        return found_key(s, rec, guess);
    }
    for (unsigned i = 0; names[i].length; i++) {
        if (starts_with(s->pos, &names[i])) {
            s->pos += names[i].length;
            return found_key(s, rec, i);
        }
    }
    rec->last = SB_SCAN_MAX_NAMES + 1;
    const int rc = sb_scan_string(s, &rec->key);
    if (rc)
        return rc;
    return rec->key.escaped ? find_escaped(s, rec) : SB_SCAN_OTHER;
}

int sb_scan_key(struct sb_scan *s, struct sb_scan_record *rec)
{
    const char *p = sb_scan_blanks(s->pos);
    s->pos = p;
    if (*p == '}') {
        s->pos = p + 1;
        s->depth--;
        return SB_SCAN_END;
    }
    if (rec->last) { /* not the first member */
        if (*p != ',')
            return sb_scan_expected(s, "',' or '}'");
        s->pos = p = sb_scan_blanks(p + 1);
    }
    if (*p != '"')
        return sb_scan_expected(s, "a member name in quotes");
    rec->key_at = p;
    const int key = match_key(s, rec);
    if (key < 0)
        return key;
    s->pos = sb_scan_blanks(s->pos);
    if (*s->pos != ':')
        return sb_scan_expected(s, "':'");
    s->pos = sb_scan_blanks(s->pos + 1);
    return key;
}

int sb_scan_require(struct sb_scan *s, const struct sb_scan_record *rec, int index, const char *at)
{
    if (rec->seen >> index & 1)
        return 0;
    return sb_scan_fail(s, at, "member %s is missing in this object", rec->names[index].text);
}
