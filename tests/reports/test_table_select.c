/* reports/table_select.c: rows by conditions, columns, units and order of any table; what is wrong
 * in an option is named. */
#include "reports/table_select.h"

#include "reports/table_format.h"
#include "tests/test.h"

#include <string.h>

static struct sb_error err;

/* Three models; "b" was not timed. */
static void build(struct sb_table *t)
{
    static const struct {
        const char *model;
        double size, ns;
    } rows[] = {{"net-a", 640, 2e6}, {"net-b", 640, 0}, {"other", 896, 30e6}};
    sb_table_init(t, NULL);
    sb_table_quantity(t, "model", "model", SB_QUANTITY_NONE, SB_SOURCE_NONE);
    sb_table_quantity(t, "size", "size", SB_QUANTITY_COUNT, SB_SOURCE_NONE);
    sb_table_quantity(t, "latency", "latency", SB_QUANTITY_TIME, SB_SOURCE_MEASURED);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sb_table_row(t);
        sb_table_cell(t, "%s", rows[i].model);
        sb_table_value(t, rows[i].size);
        if (rows[i].ns > 0)
            sb_table_value(t, rows[i].ns);
        else
            sb_table_missing(t, "not timed");
    }
}

/* The first column of what a condition keeps, joined by blanks. */
static void assert_kept(const char *conditions, const char *expected)
{
    struct sb_table t;
    struct sb_str kept = SB_STR_INIT;
    build(&t);
    assert_ok(sb_table_where(&t, conditions, &err), &err);
    for (size_t r = 0; r < t.num_rows; r++)
        sb_str_printf(&kept, "%s%s", r ? " " : "", sb_table_at(&t, r, 0)->text);
    assert_string_equal(sb_str_text(&kept), expected);
    sb_str_release(&kept);
    sb_table_release(&t);
}

static void test_table_select__conditions_keep_rows(void **state)
{
    (void)state;
    assert_kept("", "net-a net-b other");
    assert_kept("model=net-*", "net-a net-b");
    assert_kept("model!=net-*", "other");
    assert_kept("model=net-b|oth?r", "net-b other");
    assert_kept("size=640|896", "net-a net-b other");
    assert_kept("size>640", "other");
    assert_kept("size>=640,size<896", "net-a net-b");
    assert_kept("latency<10ms", "net-a");
    assert_kept("latency<=2ms", "net-a");
    assert_kept("latency!=2000us", "net-b other"); /* what is missing differs from everything */
    assert_kept("latency>1us,model=none", "");
}

static void assert_refused(int (*fn)(struct sb_table *, const char *, struct sb_error *),
                           const char *text, const char *message)
{
    struct sb_table t;
    char told[2048];
    build(&t);
    assert_int_equal(fn(&t, text, &err), SB_EINVAL);
    sb_error_text(&err, told, sizeof(told));
    if (!strstr(told, message))
        fail_msg("'%s' does not contain '%s'", told, message);
    sb_table_release(&t);
}

static void test_table_select__mistakes_are_named(void **state)
{
    (void)state;
    assert_refused(sb_table_where, "model", "no condition");
    assert_refused(sb_table_where, "=x", "no condition");
    assert_refused(sb_table_where, "model==x", "no condition");
    assert_refused(sb_table_where, "model!x", "no condition");
    assert_refused(sb_table_where, "modal=x", "known: model, size, latency");
    assert_refused(sb_table_where, "latency<3", "'ms'");
    assert_refused(sb_table_where, "latency<many", "holds numbers");
    assert_refused(sb_table_where, "model<3", "holds texts");
    assert_refused(sb_table_select, "model,cost", "no column 'cost'");
    assert_refused(sb_table_select, "", "expected KEY");
    assert_refused(sb_table_units, "latency", "COLUMN=UNIT");
    assert_refused(sb_table_units, "latency=MiB", "'ms'");
    assert_refused(sb_table_units, "cost=ms", "no column 'cost'");
}

static void test_table_select__columns_take_their_order(void **state)
{
    (void)state;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    build(&t);
    assert_ok(sb_table_order(&t, "size", "-latency,model", &err), &err);
    assert_ok(sb_table_units(&t, "latency=us", &err), &err);
    assert_ok(sb_table_select(&t, "latency,model", &err), &err);
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format("text"), &out);
    /* the line between groups stays, although their column is gone */
    assert_string_equal(sb_str_text(&out), "latency [µs]  model\n"
                                           "    measured\n"
                                           "------------  -----\n"
                                           "        2000  net-a\n"
                                           "       - (1)  net-b\n"
                                           "------------  -----\n"
                                           "       30000  other\n"
                                           "(1) not timed\n");
    sb_str_release(&out);
    sb_table_release(&t);
}

/* The keys left of those asked for, and the note of what was left out. */
static void assert_selected(const char *conditions, const char *asked, const char *expected,
                            const char *note)
{
    struct sb_table t;
    struct sb_str keys = SB_STR_INIT;
    build(&t);
    assert_ok(sb_table_where(&t, conditions, &err), &err);
    assert_ok(sb_table_select(&t, asked, &err), &err);
    for (size_t c = 0; c < t.num_columns; c++)
        sb_str_printf(&keys, "%s%s", c ? "," : "", t.columns[c].key);
    assert_string_equal(sb_str_text(&keys), expected);
    assert_int_equal(t.num_notes, note != NULL);
    if (note)
        assert_string_equal(t.notes[0], note);
    sb_str_release(&keys);
    sb_table_release(&t);
}

static void test_table_select__optional_columns_are_shown_where_they_tell(void **state)
{
    (void)state;
    assert_selected("", "model,size?,latency?", "model,size,latency", NULL);
    assert_selected("size=640", "model,size?,latency?", "model,latency", "All rows: size 640.");
    assert_selected("model=net-b", "latency?,size", "size", NULL); /* nothing but a reason */
    assert_selected("model=net-b", "latency,model?,size?", "latency",
                    "All rows: model net-b, size 640.");
    assert_refused(sb_table_select, "model,cost?", "no column 'cost'");
}

/* What people read in a note is a column of machines. */
static void test_table_select__machines_get_what_is_the_same_in_every_row(void **state)
{
    (void)state;
    struct sb_table t;
    struct sb_str csv = SB_STR_INIT, json = SB_STR_INIT;
    build(&t);
    assert_ok(sb_table_where(&t, "model=net-a", &err), &err);
    assert_ok(sb_table_select(&t, "model?,size?,latency", &err), &err);
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format("csv"), &csv);
    assert_string_equal(sb_str_text(&csv), "latency_ns,model,size\n2000000,net-a,640\n");
    sb_table_write(&t, sb_table_format("json"), &json);
    assert_non_null(strstr(sb_str_text(&json),
                           "\"all_rows\": {\n  \"model\": \"net-a\",\n  \"size\": 640\n }"));
    sb_str_release(&csv);
    sb_str_release(&json);
    sb_table_release(&t);
}

static void test_table_select__sorts_by_several_keys(void **state)
{
    (void)state;
    struct sb_table t;
    build(&t);
    assert_ok(sb_table_order(&t, NULL, "-size,-model", &err), &err);
    assert_string_equal(sb_table_at(&t, 0, 0)->text, "other");
    assert_string_equal(sb_table_at(&t, 1, 0)->text, "net-b");
    assert_string_equal(sb_table_at(&t, 2, 0)->text, "net-a");
    sb_table_release(&t);
}

static int select_all(void *ctx)
{
    struct sb_table t;
    (void)ctx;
    build(&t);
    int rc = t.texts.failed ? SB_ENOMEM : 0;
    if (rc == 0)
        rc = sb_table_where(&t, "size=640", &err);
    if (rc == 0)
        rc = sb_table_order(&t, "size", "-latency", &err);
    if (rc == 0)
        rc = sb_table_select(&t, "latency,model,size?", &err);
    if (rc == 0)
        rc = sb_table_finish(&t, &err);
    sb_table_release(&t);
    return rc;
}

static void test_table_select__survives_running_out_of_memory(void **state)
{
    (void)state;
    test_every_allocation_fails(select_all, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_select__conditions_keep_rows),
        cmocka_unit_test(test_table_select__mistakes_are_named),
        cmocka_unit_test(test_table_select__columns_take_their_order),
        cmocka_unit_test(test_table_select__optional_columns_are_shown_where_they_tell),
        cmocka_unit_test(test_table_select__machines_get_what_is_the_same_in_every_row),
        cmocka_unit_test(test_table_select__sorts_by_several_keys),
        cmocka_unit_test(test_table_select__survives_running_out_of_memory),
    };
    return cmocka_run_group_tests_name("reports/table_select", tests, NULL, NULL);
}
