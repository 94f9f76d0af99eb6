/* base/json_array.c: cut at any place, on any number of threads, an array reads the same. */
#include "base/json_array.h"
#include "base/mem.h"

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

struct numbers {
    size_t count, capacity;
    int64_t *values;
};

static int add_number(struct numbers *n, int64_t value)
{
    if (sb_grow(&n->values, &n->capacity, n->count + 1, sizeof(*n->values), 0))
        return SB_ENOMEM;
    n->values[n->count++] = value;
    return 0;
}

/* {"n": 5, ...} gives 5. */
static int read_number(void *state, const void *ctx, struct sb_scan *s)
{
    static const struct sb_scan_name names[] = {SB_SCAN_NAME("n"), SB_SCAN_NAMES_END};
    struct sb_scan_record rec = {.names = names};
    (void)ctx;
    int64_t value = 0;
    int key, rc = sb_scan_open_object(s, &rec);
    while (rc == 0 && (key = sb_scan_key(s, &rec)) != SB_SCAN_END) {
        if (key == 0)
            rc = sb_scan_int(s, 0, INT32_MAX, &value);
        else
            rc = key < 0 ? key : sb_scan_skip(s);
    }
    return rc ? rc : add_number(state, value);
}

static int merge_numbers(void *state, void *ctx, size_t done, size_t total, struct sb_error *err)
{
    struct numbers *part = state;
    (void)err;
    assert_true(done <= total);
    for (size_t i = 0; i < part->count; i++)
        assert_int_equal(add_number(ctx, part->values[i]), 0);
    part->count = 0;
    return 0;
}

static void discard_numbers(void *state)
{
    ((struct numbers *)state)->count = 0;
}

static void release_numbers(void *state)
{
    sb_free(((struct numbers *)state)->values);
}

static int read_all(const char *text, size_t part_bytes, struct sb_pool *pool, struct numbers *out,
                    struct sb_error *err)
{
    const struct sb_array_reader reader = {
        sizeof(struct numbers), part_bytes,      read_number,
        merge_numbers,          discard_numbers, release_numbers};
    static char copy[1 << 16];
    struct sb_scan s;
    memset(copy, 0, sizeof(copy));
    assert_true(strlen(text) + SB_SCAN_PADDING <= sizeof(copy));
    memcpy(copy, text, strlen(text));
    sb_error_init(err);
    out->count = 0;
    int rc = sb_scan_init(&s, copy, strlen(text), "a.json", err);
    if (rc == 0)
        rc = sb_scan_array(&s, &reader, out, pool, NULL);
    return rc ? rc : sb_scan_finish(&s);
}

/* Elements of varying length, some with texts and nested objects that look like the start of one.
 */
static void make_text(char *text, size_t size, int count)
{
    size_t n = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < count; i++) {
        const char *const extra[] = {"", ",\"x\":\"}, {\\\"\"",
                                     ",\"y\":[{\"n\":7},{\"n\":8}, {\"n\":9}]", ",\"z\":[1,2,3]"};
        n += (size_t)snprintf(text + n, size - n, "%s{\"n\":%d%s}",
                              i ? (i % 3 ? "," : " ,\n ") : "", i, extra[i * 7 % 4]);
    }
    snprintf(text + n, size - n, "]");
}

static void test_json_array__any_cut_reads_the_same(void **state)
{
    (void)state;
    char text[16384];
    make_text(text, sizeof(text), 300);
    struct numbers out = {0};
    struct sb_error err;
    for (int threads = 1; threads <= 3; threads++) {
        struct sb_pool *pool = sb_pool_new(threads, &err);
        for (size_t part = 1; part < 9000; part = part * 3 / 2 + 1) {
            assert_ok(read_all(text, part, pool, &out, &err), &err);
            assert_int_equal(out.count, 300);
            for (size_t i = 0; i < out.count; i++)
                assert_int_equal(out.values[i], i);
        }
        sb_pool_free(&pool);
    }
    sb_free(out.values);
}

static void test_json_array__empty_and_single(void **state)
{
    (void)state;
    struct numbers out = {0};
    struct sb_error err;
    assert_ok(read_all(" [ ] ", 8, NULL, &out, &err), &err);
    assert_int_equal(out.count, 0);
    assert_ok(read_all("[{\"n\":3}]", 8, NULL, &out, &err), &err);
    assert_int_equal(out.count, 1);
    sb_free(out.values);
}

/* An error is the first one of the file, wherever the cuts are; what follows the end is not read.
 */
static void test_json_array__first_error_wins(void **state)
{
    (void)state;
    char text[16384];
    struct numbers out = {0};
    struct sb_error err;
    make_text(text, sizeof(text), 200);
    *strstr(text, "{\"n\":150") = 'x';
    *strstr(text, "{\"n\":170") = 'y';
    const int64_t at = strchr(text, 'x') == NULL ? -1 : strstr(text, "x\"n\":150") - text;
    struct sb_pool *pool = sb_pool_new(3, &err);
    for (size_t part = 1; part < 9000; part = part * 3 / 2 + 1) {
        assert_int_equal(read_all(text, part, pool, &out, &err), SB_EFORMAT);
        assert_int_equal(err.offset, at);
    }
    assert_int_equal(read_all("[{\"n\":1},{\"n\":2}] [{\"n\":1}, {\"n\":2}]", 9, pool, &out, &err),
                     SB_EFORMAT);
    assert_int_equal(err.offset, 18);
    assert_int_equal(read_all("[{\"n\":1},{\"n\":2}, ", 9, pool, &out, &err), SB_EFORMAT);
    assert_int_equal(err.offset, 18);
    sb_pool_free(&pool);
    sb_free(out.values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_array__any_cut_reads_the_same),
        cmocka_unit_test(test_json_array__empty_and_single),
        cmocka_unit_test(test_json_array__first_error_wins),
    };
    return cmocka_run_group_tests_name("base/json_array", tests, NULL, NULL);
}
