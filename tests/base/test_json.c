/* base/json.c and json_write.c: positions, pointers and limits of the reader; writer round trips.
 */
#include "base/json.h"

#include "base/mem.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static cJSON *parse(const char *text)
{
    cJSON *doc = NULL;
    struct sb_error err;
    assert_ok(sb_json_parse(text, strlen(text), "a.json", &doc, &err), &err);
    return doc;
}

static void test_json__syntax_errors_name_the_position(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", "a.json:1:1: empty file"},
        {"{\"a\": 1,\n \"b\": }", "a.json:2:7: expected a value, found }"},
        {"[1, 2", "a.json:1:6: JSON ends in the middle of a value"},
        {"{\"a\": \"cut", "JSON ends in the middle of a value"},
        {"[1] x", "a.json:1:5: unexpected text after the JSON value"},
        {"[1, x, 2", "a.json:1:5: expected a value, found x"},
        {"[1}", "a.json:1:3: expected ',' or ']', found }"},
        {"{\"a\": 1]", "a.json:1:8: expected ',' or '}', found ]"},
        {"{\"a\"", "JSON ends in the middle"},
        {"nul", "a.json:1:1: expected a value, found nul"},
        {"{\"a\": [1 2]}", "a.json:1:10: expected ',' or ']', found 2"},
        {"{\"a\": 1, b: 2}", "a.json:1:10: expected a member name in quotes, found b: 2"},
        {"\xef\xbb\xbf[1, NaN]", "expected a JSON value, found NaN"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *doc;
        struct sb_error err;
        const size_t n = strlen(cases[i].text);
        assert_int_equal(sb_json_parse(cases[i].text, n, "a.json", &doc, &err), SB_EFORMAT);
        assert_error(&err, SB_EFORMAT, cases[i].expected);
        assert_null(doc);
    }
}

static void test_json__only_blanks_may_follow(void **state)
{
    (void)state;
    cJSON *doc;
    struct sb_error err;
    cJSON_Delete(parse("[1]\r\n\t "));
    assert_int_equal(sb_json_parse("[1]\0", 4, "a.json", &doc, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "a.json:1:4");
}

static void test_json__depth_is_limited(void **state)
{
    (void)state;
    char text[2 * 201 + 1] = "";
    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    cJSON_Delete(parse(text));
    memset(text, '[', 201);
    memset(text + 201, ']', 201);
    cJSON *doc;
    struct sb_error err;
    assert_int_equal(sb_json_parse(text, 402, "a.json", &doc, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "a.json:1:201: JSON nested more than 200 levels deep");
    cJSON_Delete(parse("{\"[[[[\": \"\\\"[[[[\"}")); /* brackets inside strings do not count */
}

static void test_json__load_names_the_file(void **state)
{
    (void)state;
    cJSON *doc;
    struct sb_error err;
    assert_int_equal(sb_json_load(test_path("absent.json"), &doc, &err), SB_EIO);
    assert_error(&err, SB_EIO, "absent.json: cannot open");
    assert_int_equal(sb_json_load(test_write_text("bad.json", "{"), &doc, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "bad.json:1:");
    assert_ok(sb_json_load(test_write_text("good.json", "{}"), &doc, &err), &err);
    cJSON_Delete(doc);
}

static void test_json__getters_say_where_and_what(void **state)
{
    (void)state;
    cJSON *doc = parse("{\"blocks\": [{\"level\": 3}, {\"level\": \"x\"}, 7], \"a/b~c\": {\"d\": "
                       "null}, \"t\": true}");
    struct sb_json root = sb_json_root(doc, "a.json"), blocks, elem, member;
    struct sb_error err;
    size_t count = 0;
    int64_t level = 0;
    const char *text;
    bool flag = false;
    assert_ok(sb_json_get_array(&root, "blocks", &blocks, &count, &err), &err);
    assert_int_equal(count, 3);
    assert_true(sb_json_first(&blocks, &elem));
    assert_ok(sb_json_get_int(&elem, "level", 1, 7, &level, &err), &err);
    assert_int_equal(level, 3);
    assert_int_equal(sb_json_get_int(&elem, "level", 4, 7, &level, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT,
                 "a.json /blocks/0/level: expected an integer from 4 to 7, found 3");
    assert_true(sb_json_next(&elem));
    assert_int_equal(sb_json_get_int(&elem, "level", 1, 7, &level, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "/blocks/1/level: expected an integer from 1 to 7, found \"x\"");
    assert_int_equal(sb_json_get_string(&elem, "name", &text, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "/blocks/1: member \"name\" is missing");
    assert_true(sb_json_next(&elem));
    assert_int_equal(sb_json_get(&elem, "level", &member, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "/blocks/2: expected an object, found 7");
    assert_false(sb_json_next(&elem));
    assert_ok(sb_json_get(&root, "a/b~c", &member, &err), &err);
    assert_int_equal(sb_json_get_string(&member, "d", &text, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "/a~1b~0c/d: expected a string, found null");
    assert_int_equal(sb_json_get_array(&root, "t", &member, &count, &err), SB_EFORMAT);
    assert_ok(sb_json_get(&root, "t", &member, &err), &err);
    assert_ok(sb_json_bool(&member, &flag, &err), &err);
    assert_true(flag);
    cJSON_Delete(doc);
}

static void test_json__integers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t expected;
        bool good;
    } cases[] = {
        {"0", 0, true},
        {"-3", -3, true},
        {"1e3", 1000, true},
        {"9007199254740992", 9007199254740992, true},
        {"9007199254740994", 0, false},
        {"1.5", 0, false},
        {"1e300", 0, false},
        {"9223372036854775808", 0, false},
        {"\"1\"", 0, false},
        {"null", 0, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cJSON *doc = parse(cases[i].text);
        const struct sb_json at = sb_json_root(doc, "a.json");
        struct sb_error err;
        int64_t value = 0;
        const int rc = sb_json_int(&at, INT64_MIN, INT64_MAX, &value, &err);
        assert_int_equal(rc, cases[i].good ? 0 : SB_EFORMAT);
        assert_true(value == cases[i].expected);
        cJSON_Delete(doc);
    }
}

static void test_json__doubles_are_finite(void **state)
{
    (void)state;
    struct sb_error err;
    double value = 0;
    cJSON *doc = parse("[1e999, 0.1, \"x\"]");
    const struct sb_json root = sb_json_root(doc, "a.json");
    struct sb_json elem;
    assert_true(sb_json_first(&root, &elem));
    assert_int_equal(sb_json_double(&elem, &value, &err), SB_EFORMAT);
    assert_true(sb_json_next(&elem));
    assert_ok(sb_json_double(&elem, &value, &err), &err);
    assert_true(value == 0.1);
    assert_true(sb_json_next(&elem));
    assert_int_equal(sb_json_double(&elem, &value, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "/2: expected a finite number, found \"x\"");
    cJSON_Delete(doc);
}

static void test_json__optional_members_keep_defaults(void **state)
{
    (void)state;
    cJSON *doc =
        parse("{\"a\": null, \"i\": 5, \"s\": \"x\", \"d\": 2, \"b\": false, \"bad\": []}");
    const struct sb_json root = sb_json_root(doc, "a.json");
    struct sb_error err;
    int64_t i = 1;
    double d = 1;
    const char *s = "default";
    bool b = true;
    assert_ok(sb_json_opt_int(&root, "a", 0, 9, &i, &err), &err);
    assert_ok(sb_json_opt_string(&root, "none", &s, &err), &err);
    assert_int_equal(i, 1);
    assert_string_equal(s, "default");
    assert_ok(sb_json_opt_int(&root, "i", 0, 9, &i, &err), &err);
    assert_ok(sb_json_opt_double(&root, "d", &d, &err), &err);
    assert_ok(sb_json_opt_string(&root, "s", &s, &err), &err);
    assert_ok(sb_json_opt_bool(&root, "b", &b, &err), &err);
    assert_int_equal(i, 5);
    assert_true(d == 2 && !b);
    assert_string_equal(s, "x");
    assert_int_equal(sb_json_opt_bool(&root, "bad", &b, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "/bad: expected true or false, found an array");
    cJSON_Delete(doc);
}

static void test_json__unknown_members_are_named(void **state)
{
    (void)state;
    static const char *const keys[] = {"name", "level", NULL};
    struct sb_error err;
    cJSON *doc = parse("{\"name\": 1, \"levle\": 2}");
    struct sb_json root = sb_json_root(doc, "a.json");
    assert_int_equal(sb_json_only(&root, keys, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT,
                 "unknown member \"levle\"\nhint: known members here: name, level");
    cJSON_Delete(doc);
}

static void test_json__deep_pointers_are_cut_not_overrun(void **state)
{
    (void)state;
    cJSON *doc =
        parse("{\"~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\": [1, 2]}");
    struct sb_json at = sb_json_root(doc, "a.json"), child;
    struct sb_error err;
    for (int i = 0; i < 4; i++) {
        assert_ok(sb_json_get(&at, doc->child->string, &child, &err), &err);
        assert_true(strlen(child.pointer) < sizeof(child.pointer));
        memcpy(at.pointer, child.pointer, sizeof(at.pointer)); /* as if it were nested */
    }
    assert_true(sb_json_first(&child, &at));
    assert_true(sb_json_next(&at));
    assert_true(strlen(at.pointer) < sizeof(at.pointer));
    cJSON_Delete(doc);
}

static void write_sample(struct sb_str *out, int indent)
{
    struct sb_jw w;
    sb_jw_init(&w, out, indent);
    sb_jw_object(&w, NULL);
    sb_jw_int(&w, "min", INT64_MIN);
    sb_jw_uint(&w, "max", UINT64_MAX);
    sb_jw_array(&w, "values");
    sb_jw_double(&w, NULL, 0.1);
    sb_jw_double(&w, NULL, NAN);
    sb_jw_double(&w, NULL, -INFINITY);
    sb_jw_bool(&w, NULL, true);
    sb_jw_array(&w, NULL);
    sb_jw_end(&w);
    sb_jw_end(&w);
    sb_jw_string(&w, "text", "a\"\\\n\t\x01/\xc3\xa9");
    sb_jw_string(&w, "none", NULL);
    sb_jw_null(&w, "null");
    sb_jw_object(&w, "empty");
    sb_jw_end(&w);
    sb_jw_end(&w);
}

static void test_json_write__one_line_is_exact(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    write_sample(&s, 0);
    assert_string_equal(
        sb_str_text(&s),
        "{\"min\": -9223372036854775808, \"max\": 18446744073709551615, \"values\": "
        "[0.10000000000000001, null, null, true, []], \"text\": "
        "\"a\\\"\\\\\\n\\t\\u0001/\xc3\xa9\", \"none\": null, \"null\": null, "
        "\"empty\": {}}");
    sb_str_release(&s);
}

static void test_json_write__indented_reads_back(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    write_sample(&s, 2);
    assert_non_null(strstr(sb_str_text(&s), "\n  \"values\": [\n    0.10000000000000001,\n"));
    cJSON *doc = parse(sb_str_text(&s));
    const struct sb_json root = sb_json_root(doc, "a.json");
    struct sb_error err;
    const char *text;
    assert_ok(sb_json_get_string(&root, "text", &text, &err), &err);
    assert_string_equal(text, "a\"\\\n\t\x01/\xc3\xa9");
    cJSON_Delete(doc);
    sb_str_release(&s);
}

static void test_json_write__doubles_round_trip(void **state)
{
    (void)state;
    static const double values[] = {0.1,  1.0 / 3, 1e-308, 4.9e-324, 1.7976931348623157e308,
                                    -0.0, 1e22};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct sb_str s = SB_STR_INIT;
        struct sb_jw w;
        sb_jw_init(&w, &s, 0);
        sb_jw_double(&w, NULL, values[i]);
        cJSON *doc = parse(sb_str_text(&s));
        assert_memory_equal(&doc->valuedouble, &values[i], sizeof(double));
        cJSON_Delete(doc);
        sb_str_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__syntax_errors_name_the_position),
        cmocka_unit_test(test_json__only_blanks_may_follow),
        cmocka_unit_test(test_json__depth_is_limited),
        cmocka_unit_test(test_json__load_names_the_file),
        cmocka_unit_test(test_json__getters_say_where_and_what),
        cmocka_unit_test(test_json__integers_are_exact),
        cmocka_unit_test(test_json__doubles_are_finite),
        cmocka_unit_test(test_json__optional_members_keep_defaults),
        cmocka_unit_test(test_json__unknown_members_are_named),
        cmocka_unit_test(test_json__deep_pointers_are_cut_not_overrun),
        cmocka_unit_test(test_json_write__one_line_is_exact),
        cmocka_unit_test(test_json_write__indented_reads_back),
        cmocka_unit_test(test_json_write__doubles_round_trip),
    };
    return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
