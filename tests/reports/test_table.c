/* reports/table*.c: one table in every format; units, digits and reasons; order; failures of
 * memory. */
#include "reports/table.h"

#include "base/mem.h"
#include "reports/table_format.h"
#include "tests/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static struct sb_error err;

/* Numbers as the caller wants them. */
static void build_plain(struct sb_table *t)
{
    sb_table_init(t, "Costs");
    sb_table_column(t, "model", NULL, SB_LEFT);
    sb_table_column(t, "params", "M", SB_RIGHT);
    sb_table_column(t, "note", NULL, SB_LEFT);
    sb_table_row(t);
    sb_table_cell(t, "%s", "a_b|c");
    sb_table_number(t, 28.543383, 1);
    sb_table_cell(t, "%s", "12.5 ± 0.2");
    sb_table_row(t);
    sb_table_rule(t);
    sb_table_cell(t, "%s", "long, \"name\"");
    sb_table_integer(t, 1234567);
    sb_table_row(t);
    sb_table_cell(t, "x");
    sb_table_number(t, (double)NAN, 2);
    sb_table_note(t, "n = %d", 3);
}

/* Quantities in base units. */
static void build_quantities(struct sb_table *t)
{
    sb_table_init(t, "Latency & cost");
    sb_table_set_name(t, "latency");
    sb_table_quantity(t, "model", "model", SB_QUANTITY_NONE, SB_SOURCE_NONE);
    sb_table_quantity(t, "macs", "multiply-adds", SB_QUANTITY_AMOUNT, SB_SOURCE_COMPUTED);
    sb_table_quantity(t, "latency", "latency", SB_QUANTITY_TIME, SB_SOURCE_MEASURED);
    sb_table_row(t);
    sb_table_cell(t, "spinenet_49");
    sb_table_value(t, 85.4e9);
    sb_table_interval(t, 812345678, 809e6, 815.4e6);
    sb_table_row(t);
    sb_table_cell(t, "tiny");
    sb_table_value(t, 0.0123456e9);
    sb_table_missing(t, "not measured");
    sb_table_row(t);
    sb_table_cell(t, "printed");
    sb_table_value(t, 96.8e9);
    sb_table_last(t)->source = SB_SOURCE_PAPER;
    sb_table_last(t)->fixed = true;
    sb_table_last(t)->decimals = 1;
    sb_table_missing(t, "not measured");
}

static void assert_format(void (*build)(struct sb_table *t), const char *name, const char *want)
{
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    build(&t);
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format(name), &out);
    assert_false(out.failed);
    assert_string_equal(sb_str_text(&out), want);
    sb_str_release(&out);
    sb_table_release(&t);
}

static void test_table__text_is_aligned_by_characters(void **state)
{
    (void)state;
    assert_format(build_plain, "text",
                  "Costs\n"
                  "model         params [M]  note\n"
                  "------------  ----------  ----------\n"
                  "a_b|c               28.5  12.5 ± 0.2\n"
                  "------------  ----------  ----------\n"
                  "long, \"name\"   1,234,567\n"
                  "x\n"
                  "n = 3\n");
    assert_format(build_quantities, "text",
                  "Latency & cost\n"
                  "model        multiply-adds [G]    latency [ms]\n"
                  "                      computed        measured\n"
                  "-----------  -----------------  --------------\n"
                  "spinenet_49              85.40  812 [809, 815]\n"
                  "tiny                     0.012           - (1)\n"
                  "printed                 96.8 p           - (1)\n"
                  "(1) not measured\n"
                  "p: paper\n");
}

/* Sizes and levels tell rows of a model apart, the batch does not. */
static void build_wide(struct sb_table *t)
{
    sb_table_init(t, "Wide");
    sb_table_column(t, "model", NULL, SB_LEFT);
    sb_table_column(t, "batch", NULL, SB_RIGHT);
    sb_table_column(t, "size", NULL, SB_RIGHT);
    sb_table_quantity(t, "macs", "multiply-adds", SB_QUANTITY_AMOUNT, SB_SOURCE_COMPUTED);
    sb_table_quantity(t, "latency", "latency", SB_QUANTITY_TIME, SB_SOURCE_MEASURED);
    for (int size = 64; size <= 128; size += 64) {
        sb_table_row(t);
        sb_table_cell(t, "tiny");
        sb_table_integer(t, 1);
        sb_table_integer(t, size);
        sb_table_value(t, 1e6 * size);
        sb_table_value(t, 1e6 * size);
    }
    sb_table_note(t, "Times are of one run each, on one CPU.");
    assert_ok(sb_table_finish(t, &err), &err);
}

static void test_table__parts_of_a_wide_text_repeat_what_tells_rows_apart(void **state)
{
    (void)state;
    struct sb_table t;
    struct sb_str whole = SB_STR_INIT, wide = SB_STR_INIT, parts = SB_STR_INIT;
    build_wide(&t);
    sb_table_write(&t, sb_table_format("text"), &whole);
    sb_table_write_text(&t, 58, &wide);
    assert_string_equal(sb_str_text(&wide), sb_str_text(&whole)); /* it fits */
    sb_table_write_text(&t, 32, &parts);
    assert_string_equal(sb_str_text(&parts), "Wide\n"
                                             "model  size  batch\n"
                                             "-----  ----  -----\n"
                                             "tiny     64      1\n"
                                             "tiny    128      1\n"
                                             "\n"
                                             "model  size  multiply-adds [M]\n"
                                             "                      computed\n"
                                             "-----  ----  -----------------\n"
                                             "tiny     64               64.0\n"
                                             "tiny    128              128.0\n"
                                             "\n"
                                             "model  size  latency [ms]\n"
                                             "                 measured\n"
                                             "-----  ----  ------------\n"
                                             "tiny     64          64.0\n"
                                             "tiny    128         128.0\n"
                                             "Times are of one run each, on\n"
                                             "one CPU.\n");
    sb_str_release(&whole);
    sb_str_release(&wide);
    sb_str_release(&parts);
    sb_table_release(&t);
}

static void test_table__markdown_escapes(void **state)
{
    (void)state;
    assert_format(build_plain, "markdown",
                  "### Costs\n\n"
                  "| model | params [M] | note |\n"
                  "| --- | ---: | --- |\n"
                  "| a\\_b\\|c | 28.5 | 12.5 ± 0.2 |\n"
                  "| long, \"name\" | 1,234,567 |  |\n"
                  "| x |  |  |\n"
                  "\nn = 3\n");
    assert_format(build_quantities, "markdown",
                  "### Latency & cost\n\n"
                  "| model | multiply-adds [G]<br>computed | latency [ms]<br>measured |\n"
                  "| --- | ---: | ---: |\n"
                  "| spinenet\\_49 | 85.40 | 812 [809, 815] |\n"
                  "| tiny | 0.012 | –<sup>1</sup> |\n"
                  "| printed | 96.8 p | –<sup>1</sup> |\n"
                  "\n<sup>1</sup> not measured\n"
                  "\np: paper\n");
}

static void test_table__csv_has_base_units_and_all_digits(void **state)
{
    (void)state;
    assert_format(build_plain, "csv",
                  "model,params [M],note\n"
                  "a_b|c,28.543383,12.5 ± 0.2\n"
                  "\"long, \"\"name\"\"\",1234567,\n"
                  "x,,\n");
    assert_format(build_quantities, "csv",
                  "model,macs,macs_source,latency_ns,latency_ns_low,latency_ns_high,missing\n"
                  "spinenet_49,85400000000,computed,812345678,809000000,815400000,\n"
                  "tiny,12345600,computed,,,,latency: not measured\n"
                  "printed,96800000000,paper,,,,latency: not measured\n");
}

static void test_table__latex_escapes_and_uses_booktabs(void **state)
{
    (void)state;
    assert_format(build_quantities, "latex",
                  "\\begin{table}\n\\centering\n"
                  "\\caption{Latency \\& cost}\n\\label{tab:latency}\n"
                  "\\begin{tabular}{lrr}\n\\toprule\n"
                  "model & multiply-adds [G] & latency [ms] \\\\\n"
                  " & {\\footnotesize computed} & {\\footnotesize measured} \\\\\n\\midrule\n"
                  "spinenet\\_49 & $85.40$ & $812$ {\\scriptsize $[809, 815]$} \\\\\n"
                  "tiny & $0.012$ & --\\textsuperscript{1} \\\\\n"
                  "printed & $96.8$\\textsuperscript{p} & --\\textsuperscript{1} \\\\\n"
                  "\\bottomrule\n\\end{tabular}\n"
                  "\\par\\footnotesize\\textsuperscript{1} not measured\n"
                  "\\par\\footnotesize\\textsuperscript{p} paper\n"
                  "\\end{table}\n");
}

static const cJSON *member(const cJSON *rows, int row, const char *key, const char *part)
{
    const cJSON *cell = cJSON_GetObjectItem(cJSON_GetArrayItem(rows, row), key);
    return cJSON_GetObjectItem(cell, part);
}

static void test_table__json_keeps_values_and_reasons(void **state)
{
    (void)state;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    build_quantities(&t);
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format("json"), &out);
    cJSON *doc = cJSON_Parse(sb_str_text(&out));
    assert_non_null(doc);
    const cJSON *rows = cJSON_GetObjectItem(doc, "rows");
    assert_int_equal(cJSON_GetArraySize(rows), 3);
    assert_true(member(rows, 0, "latency", "value")->valuedouble == 812345678);
    assert_true(member(rows, 0, "latency", "low")->valuedouble == 809e6);
    assert_true(cJSON_IsNull(member(rows, 1, "latency", "value")));
    assert_string_equal(member(rows, 1, "latency", "why")->valuestring, "not measured");
    assert_string_equal(member(rows, 2, "macs", "source")->valuestring, "paper");
    cJSON_Delete(doc);
    sb_str_release(&out);
    sb_table_release(&t);
}

static void test_table__a_wide_interval_does_not_hide_the_value(void **state)
{
    (void)state;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    sb_table_init(&t, NULL);
    sb_table_quantity(&t, "time", "time", SB_QUANTITY_TIME, SB_SOURCE_MEASURED);
    sb_table_row(&t);
    sb_table_interval(&t, 998e6, 928e6, 60000e6);
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format("csv"), &out);
    assert_int_equal(sb_table_at(&t, 0, 0)->decimals, -2);
    sb_str_release(&out);
    sb_table_release(&t);
}

static void test_table__digits_end_where_a_value_is_uncertain(void **state)
{
    (void)state;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    sb_table_init(&t, NULL);
    sb_table_quantity(&t, "time", "time", SB_QUANTITY_TIME, SB_SOURCE_MEASURED);
    sb_table_quantity(&t, "share", "share", SB_QUANTITY_SHARE, SB_SOURCE_MEASURED);
    for (int i = 0; i < 3; i++) {
        static const double half[] = {1e6, 11e6, 0.001e6};
        sb_table_row(&t);
        sb_table_uncertain(&t, 123.456e6, half[i]);
        sb_table_uncertain(&t, 0.123456, half[i] * 1e-9);
    }
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format("text"), &out);
    assert_string_equal(sb_str_text(&out), "time [ms]  share [%]\n"
                                           " measured   measured\n"
                                           "---------  ---------\n"
                                           "      123       12.3\n"
                                           "      120         12\n"
                                           "  123.456       12.3\n");
    sb_str_release(&out);
    sb_table_release(&t);
}

static void test_table__a_unit_that_was_asked_for_stays(void **state)
{
    (void)state;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    const struct sb_unit *unit = NULL;
    assert_ok(sb_unit_find(SB_QUANTITY_TIME, "s", &unit, &err), &err);
    sb_table_init(&t, NULL);
    sb_table_quantity(&t, "time", "time", SB_QUANTITY_TIME, SB_SOURCE_NONE);
    sb_table_set_unit(&t, 0, unit);
    sb_table_row(&t);
    sb_table_value(&t, 1234567);
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format("csv"), &out);
    sb_table_write(&t, sb_table_format("text"), &out);
    assert_string_equal(sb_str_text(&out), "time_s\n0.001234567\n"
                                           "time [s]\n--------\n0.001235\n");
    sb_str_release(&out);
    sb_table_release(&t);
}

/* Rows "b 2", "a -", "b 1", "a 3"; the order as letters of the first column and the number. */
static void assert_order(int sort, bool descending, int group, const char *want)
{
    static const char *const names[] = {"b", "a", "b", "a"};
    static const int values[] = {2, 0, 1, 3};
    struct sb_table t;
    sb_table_init(&t, NULL);
    sb_table_column(&t, "name", NULL, SB_LEFT);
    sb_table_column(&t, "value", NULL, SB_RIGHT);
    for (int i = 0; i < 4; i++) {
        sb_table_row(&t);
        sb_table_cell(&t, "%s", names[i]);
        if (values[i])
            sb_table_integer(&t, values[i]);
        else
            sb_table_missing(&t, "why");
    }
    if (group >= 0)
        assert_ok(sb_table_group(&t, (size_t)group, &err), &err);
    if (sort >= 0)
        assert_ok(sb_table_sort(&t, (size_t)sort, descending, &err), &err);
    char got[32] = "";
    for (size_t r = 0; r < t.num_rows; r++) {
        const char digit = (char)('0' + (int)sb_table_at(&t, r, 1)->value);
        const size_t n = strlen(got);
        got[n] = sb_table_has_rule(&t, r) ? '|' : ' ';
        got[n + 1] = sb_table_at(&t, r, 0)->text[0];
        got[n + 2] = digit;
        got[n + 3] = '\0';
    }
    assert_string_equal(got, want);
    sb_table_release(&t);
}

static void test_table__rows_are_sorted_and_grouped(void **state)
{
    (void)state;
    assert_order(1, false, -1, " b1 b2 a3 a0");
    assert_order(1, true, -1, " a3 b2 b1 a0");
    assert_order(0, false, -1, " a0 a3 b2 b1");
    assert_order(-1, false, 0, " b2 b1|a0 a3");
    assert_order(1, true, 0, " b2 b1|a3 a0");
}

static int build_and_write(void *ctx)
{
    (void)ctx;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    build_quantities(&t);
    sb_table_note(&t, "a note");
    int rc = t.texts.failed ? SB_ENOMEM : sb_table_group(&t, 0, &err);
    if (rc == 0)
        rc = sb_table_sort(&t, 1, true, &err);
    if (rc == 0)
        rc = sb_table_finish(&t, &err);
    for (size_t i = 0; sb_table_format_at(i) && rc == 0; i++)
        sb_table_write(&t, sb_table_format_at(i), &out);
    if (out.failed)
        rc = SB_ENOMEM;
    sb_str_release(&out);
    sb_table_release(&t);
    return rc;
}

static void test_table__survives_running_out_of_memory(void **state)
{
    (void)state;
    test_every_allocation_fails(build_and_write, NULL);
}

/* Every format says where a table comes from; CSV as a column, so that every reader takes it. */
static void test_table__every_format_names_the_origin(void **state)
{
    (void)state;
    const struct sb_origin origin = {"spinebench report r.jsonl", "r.jsonl", "commit 1, machine 2"};
    for (size_t i = 0; sb_table_format_at(i); i++) {
        struct sb_table t;
        struct sb_str out = SB_STR_INIT;
        build_quantities(&t);
        sb_table_set_origin(&t, &origin);
        assert_ok(sb_table_finish(&t, &err), &err);
        sb_table_write(&t, sb_table_format_at(i), &out);
        assert_non_null(strstr(sb_str_text(&out), "r.jsonl"));
        assert_non_null(strstr(sb_str_text(&out), "commit 1, machine 2"));
        assert_non_null(strstr(sb_str_text(&out), "spinebench report r.jsonl"));
        if (strcmp(sb_table_format_at(i)->name, "csv") == 0)
            assert_non_null(strstr(sb_str_text(&out), ",missing,origin\n"));
        sb_str_release(&out);
        sb_table_release(&t);
    }
}

static void test_table__formats_are_found_by_name_and_extension(void **state)
{
    (void)state;
    assert_null(sb_table_format("word"));
    for (size_t i = 0; sb_table_format_at(i); i++) {
        const struct sb_table_format *f = sb_table_format_at(i);
        assert_ptr_equal(sb_table_format(f->name), f);
        assert_ptr_equal(sb_table_format(f->extension), f);
    }
}

/* Text of records stands in scripts that gnuplot runs: no line of it may end its comment. */
static void test_table__comments_stay_comments(void **state)
{
    (void)state;
    struct sb_str out = SB_STR_INIT;
    const struct sb_origin origin = {
        .command = "report a\r\\", .records = "a.jsonl", .runs = "machine x\n!echo y"};
    sb_origin_comments(&origin, "# ", "", &out);
    sb_comment_line("% ", "", &out);
    assert_string_equal(sb_str_text(&out), "# Records: a.jsonl; machine x\\x0a!echo y\n"
                                           "# Made by: report a\\x0d\\ \n"
                                           "% \n");
    sb_str_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table__text_is_aligned_by_characters),
        cmocka_unit_test(test_table__parts_of_a_wide_text_repeat_what_tells_rows_apart),
        cmocka_unit_test(test_table__markdown_escapes),
        cmocka_unit_test(test_table__csv_has_base_units_and_all_digits),
        cmocka_unit_test(test_table__latex_escapes_and_uses_booktabs),
        cmocka_unit_test(test_table__json_keeps_values_and_reasons),
        cmocka_unit_test(test_table__a_wide_interval_does_not_hide_the_value),
        cmocka_unit_test(test_table__digits_end_where_a_value_is_uncertain),
        cmocka_unit_test(test_table__a_unit_that_was_asked_for_stays),
        cmocka_unit_test(test_table__rows_are_sorted_and_grouped),
        cmocka_unit_test(test_table__every_format_names_the_origin),
        cmocka_unit_test(test_table__survives_running_out_of_memory),
        cmocka_unit_test(test_table__comments_stay_comments),
        cmocka_unit_test(test_table__formats_are_found_by_name_and_extension),
    };
    return cmocka_run_group_tests_name("reports/table", tests, NULL, NULL);
}
