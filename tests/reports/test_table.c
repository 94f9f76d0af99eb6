/* reports/table*.c: one table in every format, and failures of memory. */
#include "reports/table.h"

#include "base/mem.h"
#include "tests/test.h"

#include <math.h>

static void build(struct sb_table *t)
{
    sb_table_init(t, "Costs");
    sb_table_column(t, "model", NULL, SB_LEFT);
    sb_table_column(t, "params", "M", SB_RIGHT);
    sb_table_column(t, "note", NULL, SB_LEFT);
    sb_table_row(t);
    sb_table_cell(t, "%s", "a_b|c");
    sb_table_number(t, 28.543383, 1);
    sb_table_cell(t, "%s", "12.5 \xc2\xb1 0.2");
    sb_table_row(t);
    sb_table_rule(t);
    sb_table_cell(t, "%s", "long, \"name\"");
    sb_table_integer(t, 1234567);
    sb_table_row(t);
    sb_table_cell(t, "x");
    sb_table_number(t, (double)NAN, 2);
    sb_table_note(t, "n = %d", 3);
}

static void assert_format(const char *name, const char *want)
{
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    build(&t);
    sb_table_write(&t, sb_table_format(name), &out);
    assert_false(out.failed);
    assert_string_equal(sb_str_text(&out), want);
    sb_str_release(&out);
    sb_table_release(&t);
}

static void test_table__text_is_aligned_by_characters(void **state)
{
    (void)state;
    assert_format("text", "Costs\n"
                          "model         params [M]  note\n"
                          "------------  ----------  ----------\n"
                          "a_b|c               28.5  12.5 \xc2\xb1 0.2\n"
                          "------------  ----------  ----------\n"
                          "long, \"name\"   1,234,567  \n"
                          "x                         \n"
                          "n = 3\n");
}

static void test_table__markdown_escapes(void **state)
{
    (void)state;
    assert_format("markdown", "### Costs\n\n"
                              "| model | params [M] | note |\n"
                              "| --- | ---: | --- |\n"
                              "| a\\_b\\|c | 28.5 | 12.5 \xc2\xb1 0.2 |\n"
                              "| long, \"name\" | 1,234,567 |  |\n"
                              "| x |  |  |\n"
                              "\nn = 3\n");
}

static void test_table__csv_has_raw_values(void **state)
{
    (void)state;
    assert_format("csv", "model,params [M],note\n"
                         "a_b|c,28.543382999999999,12.5 \xc2\xb1 0.2\n"
                         "\"long, \"\"name\"\"\",1234567,\n"
                         "x,,\n");
}

static void test_table__numbers_round_to_justified_digits(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    sb_number_text(&s, 1234.5, -2);
    sb_str_puts(&s, " ");
    sb_number_text(&s, 2.345, 0);
    sb_str_puts(&s, " ");
    sb_number_text(&s, 0.0123, 3);
    assert_string_equal(sb_str_text(&s), "1200 2 0.012");
    sb_str_release(&s);
}

/* Every allocation fails once; the table says so and leaks nothing. */
static void test_table__survives_running_out_of_memory(void **state)
{
    (void)state;
    for (long n = 1; n < 60; n++) {
        struct sb_table t;
        struct sb_str out = SB_STR_INIT;
        sb_mem_fail_after(n);
        build(&t);
        sb_table_write(&t, sb_table_format("text"), &out);
        sb_mem_fail_after(0);
        const int failed = t.failed || out.failed;
        sb_str_release(&out);
        sb_table_release(&t);
        if (n < 20)
            assert_true(failed);
    }
}

static void test_table__formats_are_found_by_name(void **state)
{
    (void)state;
    assert_null(sb_table_format("word"));
    for (size_t i = 0; sb_table_format_at(i); i++)
        assert_ptr_equal(sb_table_format(sb_table_format_at(i)->name), sb_table_format_at(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table__text_is_aligned_by_characters),
        cmocka_unit_test(test_table__markdown_escapes),
        cmocka_unit_test(test_table__csv_has_raw_values),
        cmocka_unit_test(test_table__numbers_round_to_justified_digits),
        cmocka_unit_test(test_table__survives_running_out_of_memory),
        cmocka_unit_test(test_table__formats_are_found_by_name),
    };
    return cmocka_run_group_tests_name("reports/table", tests, NULL, NULL);
}
