/* JSON scanner: strings. Plain ASCII is passed 16 bytes at a time; the rare rest (escapes, UTF-8)
 * is validated byte by byte. */
#include "base/json_scan.h"
#include "base/json_scan_impl.h"
#include "base/mem.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The first byte that is not plain: a quote, a backslash, a control byte or part of UTF-8. */
static inline const char *pass_plain(const char *p)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i blank = _mm_set1_epi8(' ');
    for (;; p += 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* signed: bytes from 0x80 are below the blank, too */
        const __m128i stop =
            _mm_or_si128(_mm_cmplt_epi8(v, blank),
                         _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)));
        const unsigned mask = (unsigned)_mm_movemask_epi8(stop);
        if (mask)
            return p + __builtin_ctz(mask);
    }
#else
    while (*p != '"' && *p != '\\' && *p >= ' ' && *p < 127)
        p++;
    return p;
#endif
}

/* Length of the UTF-8 sequence at p (RFC 3629: shortest form, no surrogates), 0 if it is invalid.
 */
static int utf8_length(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80)
        return 1;
    if ((p[1] & 0xc0) != 0x80 || p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    if (p[0] < 0xe0)
        return 2;
    if ((p[2] & 0xc0) != 0x80 || (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
        return 0;
    if (p[0] < 0xf0)
        return 3;
    if ((p[3] & 0xc0) != 0x80 || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return 4;
}

static int hex_digit(char c)
{
    if (sb_scan_is_digit(c))
        return c - '0';
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Four hex digits, or -1. */
static int hex4(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        const int d = hex_digit(p[i]);
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

/* p is at a backslash: the length of the escape, 0 if it is none. */
static int escape_length(const char *p)
{
    if (p[1] == 'u')
        return hex4(p + 2) >= 0 ? 6 : 0;
    return p[1] && strchr("\"\\/bfnrt", p[1]) ? 2 : 0;
}

int sb_scan_string_body(struct sb_scan *s, const char *p, const char **end, bool *escaped)
{
    const char *const start = p;
    *escaped = false;
    for (;;) {
        p = pass_plain(p);
        if (*p == '"') {
            *end = p;
            return 0;
        }
        if (p >= s->end)
            return sb_scan_fail(s, s->end,
                                "the file ends inside the string that starts at byte %td",
                                start - 1 - s->begin);
        int n;
        if (*p == '\\') {
            *escaped = true;
            n = escape_length(p);
            if (n == 0)
                return sb_scan_fail(s, p, "invalid escape in a string");
        } else if ((unsigned char)*p < ' ') {
            return sb_scan_fail(s, p, "control byte 0x%02x inside a string", (unsigned char)*p);
        } else {
            n = utf8_length(p);
            if (n == 0)
                return sb_scan_fail(s, p, "invalid UTF-8 (byte 0x%02x) inside a string",
                                    (unsigned char)*p);
        }
        p += n;
    }
}

int sb_scan_string(struct sb_scan *s, struct sb_scan_text *value)
{
    if (*s->pos != '"')
        return sb_scan_expected(s, "a string");
    value->data = s->pos + 1;
    const char *end = value->data;
    const int rc = sb_scan_string_body(s, value->data, &end, &value->escaped);
    if (rc)
        return rc;
    value->length = (size_t)(end - value->data);
    s->pos = end + 1;
    return 0;
}

static size_t encode_utf8(unsigned code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 63));
        out[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 63));
    out[2] = (char)(0x80 | (code >> 6 & 63));
    out[3] = (char)(0x80 | (code & 63));
    return 4;
}

/* Decodes the escape at p (validated before) into out; *used = bytes of text it took. */
static size_t decode_escape(const char *p, const char *end, char out[4], size_t *used)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (p[1] != 'u') {
        const char *const known = strchr(from, p[1]);
        out[0] = known ? to[known - from] : p[1];
        *used = 2;
        return 1;
    }
    unsigned code = (unsigned)hex4(p + 2);
    *used = 6;
    if (code >= 0xd800 && code < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
        const unsigned low = (unsigned)hex4(p + 8);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            *used = 12;
        }
    }
    return encode_utf8(code >= 0xd800 && code < 0xe000 ? 0xfffd : code, out);
}

void sb_scan_unescape(const struct sb_scan_text *text, struct sb_str *out)
{
    const char *const end = text->data + text->length;
    for (const char *p = text->data; p < end;) {
        const char *const escape = memchr(p, '\\', (size_t)(end - p));
        sb_str_append(out, p, (size_t)((escape ? escape : end) - p));
        if (!escape)
            break;
        char bytes[4];
        size_t used;
        const size_t n = decode_escape(escape, end, bytes, &used);
        sb_str_append(out, bytes, n);
        p = escape + used;
    }
}

int sb_scan_string_copy(struct sb_scan *s, const char *what, char **copy)
{
    struct sb_scan_text raw;
    struct sb_str text = SB_STR_INIT;
    const int rc = sb_scan_string(s, &raw);
    if (rc)
        return rc;
    sb_scan_unescape(&raw, &text);
    char *const value = text.failed ? NULL : sb_strdup(sb_str_text(&text));
    sb_str_release(&text);
    if (!value)
        return sb_error_nomem(s->err, what, raw.length);
    *copy = value;
    return 0;
}

bool sb_scan_text_is(const struct sb_scan_text *text, const char *value)
{
    const char *const end = text->data + text->length;
    for (const char *p = text->data; p < end;) {
        char bytes[4] = {*p};
        size_t used = 1;
        const size_t n = *p == '\\' ? decode_escape(p, end, bytes, &used) : 1;
        if (strncmp(value, bytes, n) != 0 || (n == 1 && bytes[0] == '\0'))
            return false;
        value += n;
        p += used;
    }
    return *value == '\0';
}
