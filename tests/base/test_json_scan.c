/* base/json_scan*.c: values, keys, skipping, and errors with their byte offset. */
#include "base/json_scan.h"
#include "base/mem.h"

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A scanner over a padded copy of text; valid until the next call. */
static int start(const char *text, struct sb_scan *s, struct sb_error *err)
{
    static char copy[8192 + SB_SCAN_PADDING];
    memset(copy, 0, sizeof(copy));
    assert_true(strlen(text) <= 8192);
    memcpy(copy, text, strlen(text));
    sb_error_init(err);
    return sb_scan_init(s, copy, strlen(text), "t.json", err);
}

static struct sb_scan scan_of(const char *text, struct sb_error *err)
{
    struct sb_scan s;
    assert_ok(start(text, &s, err), err);
    return s;
}

static void test_json_scan__reads_doubles(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"7", 7.0},
        {"0.5", 0.5},
        {"123.45678901234567", 123.45678901234567},
        {"0.30000000000000004", 0.30000000000000004},
        {"1e3", 1000.0},
        {"-2.5E-3", -0.0025},
        {"12345678901234567890123", 12345678901234567890123.0},
        {"1.0000000000000002220446049250313080847263336181640625", 1.0000000000000002},
        {"Infinity", INFINITY},
        {"-Infinity", -INFINITY},
        {"1e-400", 0.0},
        {"99999999.99999999", 99999999.99999999},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct sb_scan s = scan_of(cases[i].text, &err);
        double value = -1;
        assert_ok(sb_scan_double(&s, &value), &err);
        assert_ok(sb_scan_finish(&s), &err);
        if (memcmp(&value, &cases[i].value, sizeof(value)) != 0)
            fail_msg("%s gave %.17g", cases[i].text, value);
    }
}

static void test_json_scan__nan_is_read(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_scan s = scan_of("NaN", &err);
    double value = 0;
    assert_ok(sb_scan_double(&s, &value), &err);
    assert_true(isnan(value));
}

static void test_json_scan__whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
        bool whole;
    } cases[] = {
        {"1", 1, true},
        {"1.0", 1, true},
        {"-3e2", -300, true},
        {"1.5", 0, false},
        {"9007199254740993", 9007199254740993, true},
        {"9223372036854775807", INT64_MAX, true},
        {"-9223372036854775808", INT64_MIN, true},
        {"9223372036854775808", 0, false},
        {"18446744073709551616", 0, false},
        {"9007199254740993.0", 9007199254740992, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct sb_scan s = scan_of(cases[i].text, &err);
        struct sb_scan_num n;
        assert_ok(sb_scan_number(&s, &n), &err);
        assert_int_equal(n.whole, cases[i].whole);
        if (n.whole)
            assert_int_equal(n.integer, cases[i].value);
    }
}

enum { ID, BOX, NAME };
static const struct sb_scan_name names[] = {SB_SCAN_NAME("id"), SB_SCAN_NAME("bbox"),
                                            SB_SCAN_NAME("name"), SB_SCAN_NAMES_END};

struct thing {
    int64_t id;
    double box[4];
    char name[64];
};

static int read_thing(struct sb_scan *s, struct sb_scan_record *rec, struct thing *t)
{
    char *name = NULL;
    const char *const at = s->pos;
    int key, rc = sb_scan_open_object(s, rec);
    while (rc == 0 && (key = sb_scan_key(s, rec)) != SB_SCAN_END) {
        if (key == ID) {
            rc = sb_scan_int(s, -100, 100, &t->id);
        } else if (key == BOX) {
            rc = sb_scan_doubles(s, t->box, 4);
        } else if (key == NAME) {
            rc = sb_scan_string_copy(s, "a name", &name);
            snprintf(t->name, sizeof(t->name), "%s", name ? name : "");
            sb_free(name);
            name = NULL;
        } else {
            rc = key < 0 ? key : sb_scan_skip(s);
        }
    }
    return rc ? rc : sb_scan_require(s, rec, ID, at);
}

static int read_things(const char *text, struct thing *things, struct sb_error *err)
{
    struct sb_scan s;
    struct sb_scan_record rec = {.names = names};
    bool first = true;
    int n = 0, rc = start(text, &s, err);
    if (rc == 0)
        rc = sb_scan_open_array(&s);
    while (rc == 0 && (rc = sb_scan_element(&s, &first)) == 1)
        rc = read_thing(&s, &rec, &things[n++]);
    if (rc == 0)
        rc = sb_scan_finish(&s);
    return rc ? rc : n;
}

static void test_json_scan__reads_records_in_any_order(void **state)
{
    (void)state;
    struct sb_error err;
    struct thing t[3] = {{0}};
    const int n = read_things(
        " [ {\"id\":1,\"bbox\":[1,2,3.5,4e1],\"name\":\"a\\u00e9\\ud83d\\ude00\\n\"} ,\n"
        "{\"x\":{\"id\":[[],{},\"]}\"]},\"name\" : \"\\\"\" , \"bbox\" : [ 1 , 2 , 3 , 4 ], "
        "\"id\":-0},"
        "{\"\\u0069d\":5}]\n",
        t, &err);
    assert_ok(n < 0 ? n : 0, &err);
    assert_int_equal(n, 3);
    assert_int_equal(t[0].id, 1);
    assert_true(t[0].box[3] == 40.0);
    assert_string_equal(t[0].name, "a\xc3\xa9\xf0\x9f\x98\x80\n");
    assert_int_equal(t[1].id, 0);
    assert_string_equal(t[1].name, "\"");
    assert_true(t[1].box[0] == 1.0);
    assert_int_equal(t[2].id, 5);
}

/* Everything that is not JSON, or not what was asked for: the offset and a part of the message. */
static void test_json_scan__errors_name_the_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t offset;
        const char *message;
    } cases[] = {
        {"", 0, "the file ends where an array was expected"},
        {"\xef\xbb\xbf[]", 0, "byte order mark"},
        {"{}", 0, "expected an array, found {"},
        {"[", 1, "the file ends"},
        {"[{\"id\":1}", 9, "the file ends where ',' or ']'"},
        {"[{\"id\":1}]x", 10, "expected nothing more, found x"},
        {"[{\"id\":1},]", 10, "expected a value after ','"},
        {"[{\"id\":1,}]", 9, "expected a member name in quotes, found }"},
        {"[{\"id\" 1}]", 7, "expected ':', found 1"},
        {"[{\"id\":\"x y\"}]", 7, "expected a number, found \"x y\""},
        {"[{\"id\":1.5}]", 7, "expected a whole number from -100 to 100, found 1.5"},
        {"[{\"id\":101}]", 7, "found 101"},
        {"[{\"id\":1e999}]", 7, "expected a number within the range of a double, found 1e999"},
        {"[{\"id\":01}]", 7, "expected a number, found 01"},
        {"[{\"id\":1.}]", 7, "expected a number, found 1."},
        {"[{\"id\":.5}]", 7, "expected a number, found .5"},
        {"[{\"id\":+5}]", 7, "expected a number, found +5"},
        {"[{\"id\":-}]", 7, "expected a number, found -"},
        {"[{\"id\":1e}]", 7, "expected a number, found 1e"},
        {"[{\"id\":1 2}]", 9, "expected ',' or '}', found 2"},
        {"[{\"id\":1,\"id\":2}]", 9, "member \"id\" occurs twice"},
        {"[{\"id\":1,\"\\u0069d\":2}]", 9, "member \"id\" occurs twice"},
        {"[{\"bbox\":[1,2,3,4]}]", 1, "member \"id\" is missing"},
        {"[{\"bbox\":[1,2,3]}]", 9, "expected 4 numbers, found 3"},
        {"[{\"bbox\":[1,2,3,4,5]}]", 9, "expected 4 numbers, found 5"},
        {"[{\"bbox\":[1,2,,4]}]", 14, "expected a number, found "},
        {"[{\"bbox\":null}]", 9, "expected an array, found null"},
        {"[{\"x\":tru}]", 6, "expected a value, found tru"},
        {"[{\"x\":[1,2", 10, "the file ends"},
        {"[{\"x\":[1,]}]", 9, "expected a value, found ]"},
        {"[{\"x\":{\"a\":1]}]", 12, "expected ',' or '}', found ]"},
        {"[{\"x\":[1.2.3]}]", 10, "expected ',' or ']', found .3"},
        {"[{\"x\":[00]}]", 7, "expected a number, found 00"},
        {"[{\"x\":\"abc", 10, "inside the string that starts at byte 6"},
        {"[{\"x\":\"a\\qb\"}]", 8, "invalid escape"},
        {"[{\"x\":\"a\\u12g4\"}]", 8, "invalid escape"},
        {"[{\"x\":\"a\nb\"}]", 8, "control byte 0x0a"},
        {"[{\"x\":\"a\xff\"}]", 8, "invalid UTF-8 (byte 0xff)"},
        {"[{\"x\":\"\xc0\x80\"}]", 7, "invalid UTF-8"},
        {"[{\"x\":\"\xed\xa0\x80\"}]", 7, "invalid UTF-8"},
        {"[{\"x\":\"\xe2\x82\"}]", 7, "invalid UTF-8"},
        {"[{\"x\":\"\xf4\x90\x80\x80\"}]", 7, "invalid UTF-8"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct thing t[4];
        const int rc = read_things(cases[i].text, t, &err);
        if (rc >= 0 || !strstr(err.message, cases[i].message) || err.offset != cases[i].offset)
            fail_msg("%s: %d, byte %lld: %s", cases[i].text, rc, (long long)err.offset,
                     err.message);
    }
}

static int skip_nested(int depth, struct sb_error *err)
{
    static char text[4096];
    memset(text, '[', (size_t)depth);
    memset(text + depth, ']', (size_t)depth);
    text[2 * depth] = '\0';
    struct sb_scan s = scan_of(text, err);
    const int rc = sb_scan_skip(&s);
    return rc ? rc : sb_scan_finish(&s);
}

static void test_json_scan__depth_is_limited(void **state)
{
    (void)state;
    struct sb_error err;
    assert_ok(skip_nested(SB_SCAN_MAX_DEPTH, &err), &err);
    assert_int_equal(skip_nested(SB_SCAN_MAX_DEPTH + 1, &err), SB_EFORMAT);
    assert_int_equal(err.offset, SB_SCAN_MAX_DEPTH);
}

static void test_json_scan__skip_agrees_with_every_cut(void **state)
{
    (void)state;
    const char *const whole = "{\"a\":[1,-2.5e+3,[],{}],\"b\":{\"c\":null,\"d\":[true,false]},"
                              "\"e\":\"x\\\"\\u0041\xc3\xa9\",\"f\":NaN}";
    struct sb_error err;
    struct sb_scan s = scan_of(whole, &err);
    assert_ok(sb_scan_skip(&s), &err);
    assert_ok(sb_scan_finish(&s), &err);
    for (size_t n = 0; n < strlen(whole); n++) {
        char cut[256] = "";
        memcpy(cut, whole, n);
        s = scan_of(cut, &err);
        assert_int_equal(sb_scan_skip(&s), SB_EFORMAT);
        assert_true(err.offset >= 0 && err.offset <= (int64_t)n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_scan__reads_doubles),
        cmocka_unit_test(test_json_scan__nan_is_read),
        cmocka_unit_test(test_json_scan__whole_numbers),
        cmocka_unit_test(test_json_scan__reads_records_in_any_order),
        cmocka_unit_test(test_json_scan__errors_name_the_byte),
        cmocka_unit_test(test_json_scan__depth_is_limited),
        cmocka_unit_test(test_json_scan__skip_agrees_with_every_cut),
    };
    return cmocka_run_group_tests_name("base/json_scan", tests, NULL, NULL);
}
