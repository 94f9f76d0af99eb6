/* base/json_position.c: pointers to lines and columns. */
#include "base/json.h"
#include "tests/test.h"

#include <string.h>

static const char text[] = "{\n"
                           "  \"a,}\\\"\": [1, {\"x\": \"]\"}, [ ]],\n"
                           "  \"blocks\": [\n"
                           "    {\"level\": 2},\n"
                           "    {\"type\": \"b\", \"level\": 9}\n"
                           "  ]\n"
                           "}\n";

static void test_json_position__values_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *pointer;
        int64_t line, column;
    } rows[] = {
        {"", 1, 1},          {"/", 1, 1},
        {"/a,}\\\"", 2, 12}, {"/a,}\\\"/1/x", 2, 22},
        {"/blocks/0", 4, 5}, {"/blocks/1/level", 5, 28},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t line = 0, column = 0;
        assert_true(sb_json_position(text, strlen(text), rows[i].pointer, &line, &column));
        assert_int_equal(line, rows[i].line);
        assert_int_equal(column, rows[i].column);
    }
}

static void test_json_position__absent_values_are_not(void **state)
{
    (void)state;
    static const char *const pointers[] = {"/b",           "/blocks/2",   "/blocks/x",
                                           "/a,}\\\"/2/0", "/blocks/0/x", "/blocks/0/level/x"};
    int64_t line, column;
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
        assert_false(sb_json_position(text, strlen(text), pointers[i], &line, &column));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_position__values_are_found),
        cmocka_unit_test(test_json_position__absent_values_are_not),
    };
    return cmocka_run_group_tests_name("base/json_position", tests, NULL, NULL);
}
