/*
 * Exact costs and arena bytes of every zoo model against tests/golden/costs.csv. When a difference
 * is meant, write the file anew and commit it with the change that explains it:
 *   build/spinebench cost --all --exact > tests/golden/costs.csv
 */
#include "bench/exact_costs.h"

#include "base/file.h"
#include "models/model.h"
#include "tests/test.h"

#include <string.h>

static struct sb_error err;

static void test_exact_costs__equal_the_committed_file(void **state)
{
    (void)state;
    struct sb_map map;
    assert_ok(sb_map_open(&map, test_source("golden/costs.csv"), &err), &err);
    struct sb_str want = SB_STR_INIT, got = SB_STR_INIT, diff = SB_STR_INIT;
    sb_str_append(&want, map.data, map.size);
    sb_map_release(&map);
    sb_str_puts(&got, sb_exact_costs_header);
    for (size_t i = 0; sb_zoo_name(i); i++)
        assert_ok(sb_exact_costs(sb_zoo_name(i), 0, &got, &err), &err);
    const size_t differences = sb_exact_costs_diff(sb_str_text(&want), sb_str_text(&got), &diff);
    if (differences)
        print_error("%s%s%zu lines differ from tests/golden/costs.csv\n", sb_exact_costs_header,
                    sb_str_text(&diff), differences);
    assert_int_equal(differences, 0);
    sb_str_release(&want);
    sb_str_release(&got);
    sb_str_release(&diff);
}

static void test_exact_costs__diff_shows_changed_missing_and_new_lines(void **state)
{
    (void)state;
    struct sb_str diff = SB_STR_INIT;
    const size_t n = sb_exact_costs_diff("h\na,1,L2,5\na,1,L3,6\nb,1,all,7\n",
                                         "h\na,1,L2,5\na,1,L3,9\nc,1,all,7\n", &diff);
    assert_int_equal(n, 3);
    assert_string_equal(sb_str_text(&diff), "- a,1,L3,6\n+ a,1,L3,9\n- b,1,all,7\n+ c,1,all,7\n");
    sb_str_clear(&diff);
    struct sb_str many = SB_STR_INIT;
    for (int i = 0; i < 25; i++)
        sb_str_printf(&many, "m%d,1,all,7\n", i);
    assert_int_equal(sb_exact_costs_diff(sb_str_text(&many), "", &diff), 25);
    assert_non_null(strstr(sb_str_text(&diff), "- m19,1,all,7\nand 5 more\n"));
    sb_str_release(&many);
    sb_str_clear(&diff);
    assert_int_equal(sb_exact_costs_diff("x,1,all,2\n", "x,1,all,2", &diff), 0);
    sb_str_release(&diff);
}

static void test_exact_costs__unknown_model_is_an_error(void **state)
{
    (void)state;
    struct sb_str out = SB_STR_INIT;
    assert_int_equal(sb_exact_costs("nosuch", 0, &out, &err), SB_ENOTFOUND);
    assert_int_equal(out.length, 0);
    sb_str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_costs__equal_the_committed_file),
        cmocka_unit_test(test_exact_costs__diff_shows_changed_missing_and_new_lines),
        cmocka_unit_test(test_exact_costs__unknown_model_is_an_error),
    };
    return cmocka_run_group_tests_name("bench/exact_costs", tests, NULL, NULL);
}
