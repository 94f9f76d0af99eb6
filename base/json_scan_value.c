/* JSON scanner: numbers and booleans. Digits are taken eight at a time; the decimal point and the
 * exponent only move the scale, so most values cost one multiplication or division (decimal.h). */
#include "base/decimal.h"
#include "base/json_scan.h"
#include "base/json_scan_impl.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* A number token taken apart: (-1)^negative * significand * 10^exponent. */
struct token {
    uint64_t significand; /* modulo 2^64 when there are more than 19 digits */
    int exponent;
    size_t digits; /* leading zeros included */
    bool negative;
    bool plain; /* neither point nor exponent: Python reads it as int */
};

static inline uint64_t load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* How many of the 8 bytes, from the lowest, are digits. */
static inline unsigned leading_digits(uint64_t chars)
{
    const uint64_t t = chars ^ 0x3030303030303030u;
    const uint64_t other =
        (((t & 0x7f7f7f7f7f7f7f7fu) + 0x7676767676767676u) | t) & 0x8080808080808080u;
    return other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}

/* The value of 8 digits, the first in the lowest byte: pairs, then fours, then all eight. */
static inline uint64_t eight_digits(uint64_t chars)
{
    uint64_t v = chars & 0x0f0f0f0f0f0f0f0fu;
    v = v * 10 + (v >> 8);
    return (((v & 0x000000ff000000ffu) * 0x000f424000000064u) +
            (((v >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u)) >>
           32;
}

/* Appends the digits at p to *value; the first byte that is none. */
static inline const char *take_digits(const char *p, uint64_t *value)
{
    static const uint64_t scale[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    for (;;) {
        const uint64_t chars = load8(p);
        const unsigned n = leading_digits(chars);
        if (n < 8) {
            if (n) /* shifted up, the missing leading digits are zeros */
                *value = *value * scale[n] + eight_digits(chars << (64 - 8 * n));
            return p + n;
        }
        *value = *value * scale[8] + eight_digits(chars);
        p += 8;
    }
}

/* p is behind 'e': adds the exponent to *exponent, clamped where only its sign matters. */
static const char *take_exponent(const char *p, int *exponent)
{
    const bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (!sb_scan_is_digit(*p))
        return NULL;
    int e = 0;
    for (; sb_scan_is_digit(*p); p++)
        e = e < 100000 ? e * 10 + (*p - '0') : e;
    *exponent += negative ? -e : e;
    return p;
}

#ifdef __SSE2__
/* Bit i is set where p[i] is no digit, for 32 bytes. */
static inline uint32_t other_than_digits(const char *p)
{
    const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
    uint32_t digits = 0;
    for (size_t half = 0; half < 2; half++) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * half));
        const __m128i above_nine = _mm_subs_epu8(_mm_sub_epi8(v, zero), nine);
        digits |= (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(above_nine, _mm_setzero_si128()))
                  << (16 * half);
    }
    return ~digits;
}

/* The value of the n <= 16 digits in front of end; the 16 bytes there are readable. */
static inline uint64_t digits_before(const char *end, unsigned n)
{
    static const uint8_t keep[32] = {0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
                                     0,   0,   0,   0,   0,   255, 255, 255, 255, 255, 255,
                                     255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    const __m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(keep + n));
    const __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(end - 16));
    const __m128i ones = _mm_and_si128(_mm_sub_epi8(text, _mm_set1_epi8('0')), mask);
    /* neighbours join: 16 digits to 8 pairs, 4 fours, 2 eights */
    const __m128i tens =
        _mm_mullo_epi16(_mm_and_si128(ones, _mm_set1_epi16(255)), _mm_set1_epi16(10));
    const __m128i pairs = _mm_add_epi16(tens, _mm_srli_epi16(ones, 8));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
    const __m128i packed = _mm_packs_epi32(fours, fours);
    const __m128i eights = _mm_madd_epi16(packed, _mm_set1_epi32(1 << 16 | 10000));
    const uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
    return (both & UINT32_MAX) * 100000000 + (both >> 32);
}

/* The usual number: at most 8 digits, a point, at most 16 digits, no exponent. NULL for any other.
 * The 16 bytes in front of p are readable. */
static inline const char *take_usual(const char *p, struct token *t)
{
    static const uint64_t scale[] = {1,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000};
    t->negative = *p == '-';
    p += t->negative;
    const uint32_t other = other_than_digits(p);
    const uint32_t after_point = other & (other - 1);
    if (after_point == 0)
        return NULL;
    const unsigned whole = (unsigned)__builtin_ctz(other);
    const unsigned end = (unsigned)__builtin_ctz(after_point);
    const unsigned fraction = end - whole - 1;
    if (p[whole] != '.' || whole - 1 > 7 || fraction - 1 > 15 || whole + fraction > 19 ||
        (p[end] | 0x20) == 'e' || (*p == '0' && whole > 1))
        return NULL;
    const uint64_t before = eight_digits(load8(p) << (64 - 8 * whole));
    t->significand = before * scale[fraction] + digits_before(p + end, fraction);
    t->exponent = -(int)fraction;
    t->digits = whole + fraction;
    t->plain = false;
    return p + end;
}
#endif

/* Takes the number at p apart; its end, or NULL when the grammar is broken. */
static inline const char *take_number(const char *p, struct token *t)
{
    t->significand = 0;
    t->exponent = 0;
    t->negative = *p == '-';
    p += t->negative;
    const char *const start = p;
    p = take_digits(p, &t->significand);
    t->digits = (size_t)(p - start);
    t->plain = true;
    if (t->digits == 0 || (*start == '0' && t->digits > 1))
        return NULL;
    if (*p == '.') {
        const char *const fraction = p + 1;
        p = take_digits(fraction, &t->significand);
        const size_t n = (size_t)(p - fraction);
        if (n == 0)
            return NULL;
        t->digits += n;
        t->exponent = n < 100000 ? -(int)n : -100000;
        t->plain = false;
    }
    if (*p == 'e' || *p == 'E') {
        t->plain = false;
        p = take_exponent(p + 1, &t->exponent);
    }
    return p;
}

/* NaN, Infinity and -Infinity as Python writes them. */
static const char *take_special(const char *p, double *value)
{
    const bool negative = *p == '-';
    p += negative;
    if (!negative && strncmp(p, "NaN", 3) == 0) {
        *value = NAN;
        return p + 3;
    }
    if (strncmp(p, "Infinity", 8) != 0)
        return NULL;
    *value = negative ? -INFINITY : INFINITY;
    return p + 8;
}

static int bad_number(struct sb_scan *s)
{
    return sb_scan_expected(s, "a number");
}

/* The value of a token of the text [pos, end). */
static int convert(struct sb_scan *s, const struct token *t, const char *end, double *value)
{
    if (t->digits > 19 || !sb_decimal_fast(t->significand, t->exponent, value)) {
        *value = sb_decimal_exact(s->pos, (size_t)(end - s->pos));
        if (isinf(*value))
            return sb_scan_expected(s, "a number within the range of a double");
        return 0;
    }
    if (t->negative)
        *value = -*value;
    return 0;
}

static int read_any_double(struct sb_scan *s, double *value)
{
    struct token t;
    const char *end = take_number(s->pos, &t);
    if (!end) {
        end = take_special(s->pos, value);
        if (!end)
            return bad_number(s);
    } else {
        const int rc = convert(s, &t, end, value);
        if (rc)
            return rc;
    }
    s->pos = end;
    return 0;
}

static inline int read_double(struct sb_scan *s, double *value)
{
#ifdef __SSE2__
    struct token t;
    const char *const end = s->pos - s->begin >= 16 ? take_usual(s->pos, &t) : NULL;
    if (end && sb_decimal_fast(t.significand, t.exponent, value)) {
        *value = t.negative ? -*value : *value;
        s->pos = end;
        return 0;
    }
#endif
    return read_any_double(s, value);
}

int sb_scan_double(struct sb_scan *s, double *value)
{
    return read_double(s, value);
}

/* What may follow the digits of a number that is no plain integer. */
static inline bool is_number_part(char c)
{
    return c == '.' || (c | 0x20) == 'e';
}

int sb_scan_number(struct sb_scan *s, struct sb_scan_num *value)
{
    struct token t;
    const char *const start = s->pos;
    const uint64_t chars = load8(start);
    const unsigned few = leading_digits(chars);
    if (few - 1 < 7 && !(few > 1 && *start == '0') && !is_number_part(start[few])) {
        value->integer = (int64_t)eight_digits(chars << (64 - 8 * few));
        value->value = (double)value->integer;
        value->whole = true;
        s->pos = start + few;
        return 0;
    }
    const char *const end = take_number(start, &t);
    if (end && t.plain && t.digits <= 18) {
        value->integer = t.negative ? -(int64_t)t.significand : (int64_t)t.significand;
        value->value = (double)value->integer;
        value->whole = true;
        s->pos = end;
        return 0;
    }
    double v = 0;
    const int rc = sb_scan_double(s, &v);
    if (rc)
        return rc;
    value->value = v;
    value->whole = v >= -0x1p63 && v < 0x1p63 && v == floor(v);
    value->integer = value->whole ? (int64_t)v : 0;
    if (end && t.plain && t.digits == 19) { /* up to 9999999999999999999: fits uint64 */
        value->whole = t.significand <= (uint64_t)INT64_MAX + t.negative;
        value->integer = (int64_t)(t.negative ? 0 - t.significand : t.significand);
    }
    return 0;
}

int sb_scan_int(struct sb_scan *s, int64_t lo, int64_t hi, int64_t *value)
{
    struct sb_scan_num n;
    struct sb_scan before = *s;
    const int rc = sb_scan_number(s, &n);
    if (rc)
        return rc;
    if (!n.whole || n.integer < lo || n.integer > hi) {
        char what[96];
        snprintf(what, sizeof(what), "a whole number from %lld to %lld", (long long)lo,
                 (long long)hi);
        return sb_scan_expected(&before, what);
    }
    *value = n.integer;
    return 0;
}

int sb_scan_bool(struct sb_scan *s, bool *value)
{
    if (strncmp(s->pos, "true", 4) == 0) {
        *value = true;
        s->pos += 4;
        return 0;
    }
    if (strncmp(s->pos, "false", 5) == 0) {
        *value = false;
        s->pos += 5;
        return 0;
    }
    return sb_scan_expected(s, "true or false");
}

int sb_scan_doubles(struct sb_scan *s, double *values, size_t count)
{
    const char *const start = s->pos;
    int rc = sb_scan_open_array(s);
    bool first = true;
    size_t n = 0;
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1) {
        double extra;
        rc = read_double(s, n < count ? &values[n] : &extra);
        n++;
    }
    if (rc == 0 && n != count)
        return sb_scan_fail(s, start, "expected %zu numbers, found %zu", count, n);
    return rc;
}

int sb_scan_all_doubles(struct sb_scan *s, double **values, size_t *capacity, size_t *count)
{
    int rc = sb_scan_open_array(s);
    bool first = true;
    size_t n = 0;
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1) {
        if (n == *capacity &&
            sb_grow(values, capacity, n + 1, sizeof(double), SB_MEM_TAG(SB_MEM_DATA, 0)))
            return sb_error_nomem(s->err, "an array of numbers", n * sizeof(double));
        rc = read_double(s, &(*values)[n++]);
    }
    *count = n;
    return rc;
}

/* Digits from p on. */
static inline const char *pass_digits(const char *p)
{
    while (sb_scan_is_digit(*p))
        p++;
    return p;
}

const char *sb_scan_number_end(struct sb_scan *s, const char *p)
{
    s->pos = p;
    double special;
    p += *p == '-';
    const char *const start = p;
    p = pass_digits(p);
    bool ok = p > start && !(*start == '0' && p - start > 1);
    if (ok && *p == '.') {
        const char *const fraction = p + 1;
        p = pass_digits(fraction);
        ok = p > fraction;
    }
    if (ok && (*p == 'e' || *p == 'E')) {
        p += 1 + (p[1] == '-' || p[1] == '+');
        ok = sb_scan_is_digit(*p);
        p = pass_digits(p);
    }
    if (!ok)
        p = take_special(s->pos, &special);
    if (!p)
        bad_number(s);
    return p;
}
