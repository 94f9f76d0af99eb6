/*
 * The JSON scanner on any text: reading every value and skipping the whole end at the same byte or
 * agree that the text is broken; numbers are those of the C library; an array read in parts gives
 * what reading it from front to back gives.
 */
#include "base/json_array.h"
#include "base/json_scan.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("bbox"),
                                            SB_SCAN_NAMES_END};

static int read_value(struct sb_scan *s);

static int read_array(struct sb_scan *s)
{
    bool first = true;
    int rc = sb_scan_open_array(s);
    while (rc == 0 && (rc = sb_scan_element(s, &first)) == 1)
        rc = read_value(s);
    return rc;
}

static int read_object(struct sb_scan *s)
{
    struct sb_scan_record rec = {.names = names};
    int key, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END)
        rc = key < 0 ? key : read_value(s);
    return rc;
}

static int read_text(struct sb_scan *s)
{
    struct sb_scan_text text;
    struct sb_str value = SB_STR_INIT;
    const int rc = sb_scan_string(s, &text);
    if (rc == 0) {
        sb_scan_unescape(&text, &value);
        FUZZ_CHECK(!value.failed && value.length <= text.length);
        if (!memchr(sb_str_text(&value), 0, value.length))
            FUZZ_CHECK(sb_scan_text_is(&text, sb_str_text(&value)));
    }
    sb_str_release(&value);
    return rc;
}

/* The C library's value of the number that ends at `end`. */
static double library_value(const char *start, const char *end)
{
    char copy[64], *stop;
    const size_t n = (size_t)(end - start);
    if (n >= sizeof(copy))
        return NAN;
    memcpy(copy, start, n);
    copy[n] = '\0';
    const double v = strtod(copy, &stop);
    FUZZ_CHECK(stop == copy + n);
    return v;
}

static int read_number(struct sb_scan *s)
{
    struct sb_scan again = *s;
    struct sb_scan_num n;
    double v = 0;
    const char *const start = s->pos;
    const int rc = sb_scan_double(s, &v);
    if (rc)
        return rc;
    FUZZ_CHECK(sb_scan_number(&again, &n) == 0 && again.pos == s->pos);
    FUZZ_CHECK(n.value == v || isnan(v));
    FUZZ_CHECK(!n.whole || fabs((double)n.integer - v) <= fabs(v) * 0x1p-52);
    const double expected = library_value(start, s->pos);
    FUZZ_CHECK(v == expected || isnan(expected));
    return 0;
}

static int read_value(struct sb_scan *s)
{
    bool b;
    switch (sb_scan_peek(s)) {
    case SB_SCAN_STRING:
        return read_text(s);
    case SB_SCAN_NUMBER:
        return read_number(s);
    case SB_SCAN_BOOL:
        return sb_scan_bool(s, &b);
    case SB_SCAN_ARRAY:
        return read_array(s);
    case SB_SCAN_OBJECT:
        return read_object(s);
    default:
        return sb_scan_skip(s);
    }
}

static void check_error(const struct sb_error *err, size_t size)
{
    FUZZ_CHECK(err->code == SB_EFORMAT && err->message[0]);
    FUZZ_CHECK(err->offset >= 0 && (size_t)err->offset <= size);
}

/* What an array's elements were: their number and where they started. */
struct elements {
    size_t count;
    uint64_t digest;
};

static int note_element(void *state, const void *ctx, struct sb_scan *s)
{
    (void)ctx;
    struct elements *const e = state;
    e->count++;
    e->digest = (e->digest ^ (uint64_t)(s->pos - s->begin)) * 0x100000001b3u;
    return sb_scan_skip(s);
}

static int merge_elements(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    (void)done;
    (void)total;
    (void)err;
    struct elements *const part = state, *const all = ctx;
    all->count += part->count;
    memset(part, 0, sizeof(*part));
    return 0;
}

static void discard_elements(void *state)
{
    memset(state, 0, sizeof(struct elements));
}

static void check_parts(const struct sb_scan *at, size_t part_bytes)
{
    const struct sb_array_reader reader = {
        sizeof(struct elements), part_bytes,       note_element,
        merge_elements,          discard_elements, discard_elements};
    struct sb_error err = {0}, parts_err = {0};
    struct sb_scan whole = *at, parts = *at;
    struct elements one = {0}, sum = {0};
    bool first = true;
    whole.err = &err;
    parts.err = &parts_err;
    int rc = sb_scan_open_array(&whole);
    while (rc == 0 && (rc = sb_scan_element(&whole, &first)) == 1)
        rc = note_element(&one, NULL, &whole);
    const int parts_rc = sb_scan_array(&parts, &reader, &sum, NULL, NULL);
    FUZZ_CHECK(rc == parts_rc);
    FUZZ_CHECK(rc ? err.offset == parts_err.offset
                  : one.count == sum.count && whole.pos == parts.pos);
}

void fuzz_json(const uint8_t *data, size_t size)
{
    if (size == 0)
        return;
    const size_t part_bytes = 1 + *data++ % 64;
    char *const text = fuzz_padded_text(data, --size);
    struct sb_error err = {0};
    struct sb_scan s;
    if (sb_scan_init(&s, text, size, NULL, &err) == 0) {
        struct sb_scan skip = s;
        const struct sb_scan start = s;
        const int skipped = sb_scan_skip(&skip);
        if (skipped)
            check_error(&err, size);
        const int rc = read_value(&s);
        if (rc)
            check_error(&err, size);
        FUZZ_CHECK(rc || (skipped == 0 && skip.pos == s.pos && s.depth == 0));
        FUZZ_CHECK(rc == 0 || skipped || strstr(err.message, "twice") ||
                   strstr(err.message, "range of a double"));
        if (*text == '[')
            check_parts(&start, part_bytes);
    }
    free(text);
}
