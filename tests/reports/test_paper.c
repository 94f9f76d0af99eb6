/* reports/paper*.c: reading, judging, and what a broken file says. */
#include "reports/paper.h"

#include "base/embed.h"
#include "reports/paper_records.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct sb_error err;

static struct sb_paper_cell cell(const char *printed, double value, int decimals, double computed,
                                 const char *residual)
{
    const struct sb_paper_cell c = {.printed = printed,
                                    .value = value,
                                    .decimals = decimals,
                                    .computed = computed,
                                    .residual = residual};
    return c;
}

static void test_paper__judges_by_the_printed_digits(void **state)
{
    (void)state;
    struct sb_paper_cell c = cell("85.4", 85.4, 1, 85.38267, NULL);
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_AGREES);
    c = cell("34.0", 34.0, 1, 34.0499, NULL);
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_AGREES);
    c = cell("34.0", 34.0, 1, 34.09, NULL);
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_DIFFERS);
    c = cell("34.0", 34.0, 1, 34.09, "tried this");
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_RESIDUAL);
    c = cell("34.0", 34.0, 1, 34.01, "tried this");
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_STALE);
    c = cell("34.0", 34.0, 1, (double)NAN, NULL);
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_UNCHECKED);
    c = cell(NULL, (double)NAN, 0, 3, NULL);
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_UNCHECKED);
    c = cell("1-2", (double)NAN, 0, (double)NAN, NULL);
    strcpy(c.text, "1-2");
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_AGREES);
    strcpy(c.text, "1-3");
    assert_int_equal(sb_paper_judge(&c), SB_PAPER_DIFFERS);
}

static void load_own(struct sb_paper *paper)
{
    assert_non_null(sb_paper_files[0].name);
    assert_ok(sb_paper_load(paper, (const char *)sb_paper_files[0].data, sb_paper_files[0].size,
                            sb_paper_files[0].name, &err),
              &err);
}

static void test_paper__own_tables_are_complete(void **state)
{
    (void)state;
    static const size_t rows[] = {6, 16, 6, 3, 8, 7, 3, 4, 9, 7};
    struct sb_paper paper;
    load_own(&paper);
    for (size_t i = 0; i < 10; i++) {
        char id[4];
        snprintf(id, sizeof(id), "%zu", i + 1);
        const struct sb_paper_table *t;
        assert_ok(sb_paper_find(&paper, id, &t, &err), &err);
        assert_int_equal(t->num_rows, rows[i]);
    }
    const struct sb_paper_table *two, *six, *seven;
    assert_ok(sb_paper_find(&paper, "2", &two, &err), &err);
    assert_string_equal(two->rows[1].model, "retinanet-spinenet-49");
    assert_string_equal(two->rows[1].cells[0].printed, "85.4");
    assert_true(two->rows[1].cells[0].value == 85.4 && two->rows[1].cells[0].decimals == 1);
    assert_ok(sb_paper_find(&paper, "6", &six, &err), &err);
    assert_string_equal(sb_paper_model(&six->rows[2], &six->columns[0]), "resnet-50-imagenet");
    assert_string_equal(sb_paper_model(&six->rows[2], &six->columns[4]),
                        "resnet-50-inaturalist2017");
    assert_ok(sb_paper_find(&paper, "7", &seven, &err), &err);
    assert_non_null(seven->rows[0].not_published);
    assert_int_equal(sb_paper_find(&paper, "11", &two, &err), SB_ENOTFOUND);
    assert_non_null(strstr(err.hint, "zoo-maskrcnn"));
    sb_paper_release(&paper);
}

static void test_paper__tables_mark_where_values_come_from(void **state)
{
    (void)state;
    struct sb_paper paper;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    load_own(&paper);
    struct sb_paper_cell *latency = &paper.tables[3].rows[1].cells[1];
    latency->measured = 123.4;
    latency->measured_n = 9;
    sb_paper_table_build(&paper.tables[3], &t);
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format("text"), &out);
    assert_non_null(strstr(sb_str_text(&out), "paper"));
    assert_non_null(strstr(sb_str_text(&out), "measured"));
    assert_non_null(strstr(sb_str_text(&out), "123.4"));
    sb_table_release(&t);
    sb_str_release(&out);
    sb_paper_release(&paper);
}

/* What a cell of table 2 shows of an AP that was measured on so many images of a data set. */
static void assert_ap_cell(const char *dataset, int64_t images, const char *expected)
{
    struct sb_record ap;
    sb_record_init(&ap, SB_RECORD_ACCURACY);
    ap.cell.model = "retinanet-spinenet-49";
    ap.cell.size = 640;
    ap.u.accuracy.dataset = dataset;
    ap.u.accuracy.metric = "AP";
    ap.u.accuracy.value = 0.4375;
    ap.u.accuracy.low = 0.43;
    ap.u.accuracy.high = 0.445;
    ap.u.accuracy.samples = images;
    const struct sb_records records = {.items = &ap, .count = 1};
    struct sb_paper paper;
    struct sb_table t;
    struct sb_str out = SB_STR_INIT;
    assert_ok(sb_paper_open(&paper, &err), &err);
    assert_ok(sb_paper_view(&t, &paper, "2", &records, &err), &err);
    sb_paper_release(&paper);
    assert_ok(sb_table_finish(&t, &err), &err);
    sb_table_write(&t, sb_table_format("text"), &out);
    if (!strstr(sb_str_text(&out), expected))
        fail_msg("'%s' is not in\n%s", expected, sb_str_text(&out));
    sb_str_release(&out);
    sb_table_release(&t);
}

static void test_paper__only_its_images_give_its_accuracy(void **state)
{
    (void)state;
    assert_ap_cell("instances_val2017.json", 5000, "42.8  43.8 [43.0, 44.5]");
    assert_ap_cell("instances_val2017.json", 5000, "measured: instances_val2017.json, 5000 images");
    assert_ap_cell("instances_val2017.json", 80, "which is not COCO val2017 or test-dev2017");
    assert_ap_cell("embedded", 5000, "measured on embedded, which is not COCO");
    assert_ap_cell("embedded", SB_NO_INT, "measured on embedded, which is not COCO");
}

static const struct {
    const char *text, *message;
} broken[] = {
    {"{", ""},
    {"{}", "paper"},
    {"{\"paper\": \"x\"}", "tables"},
    {"{\"paper\": \"x\", \"tables\": [{}]}", "id"},
    {"{\"paper\": \"x\", \"tables\": [{\"id\": \"1\", \"title\": \"t\"}]}", "sources"},
    {"{\"paper\": \"x\", \"sources\": {\"P\": \"p\"}, \"tables\": [{\"id\": \"1\", \"title\": "
     "\"t\", \"sources\": [\"Q\"]}]}",
     "Q"},
    {"{\"paper\": \"x\", \"sources\": {\"P\": \"p\"}, \"tables\": [{\"id\": \"1\", \"title\": "
     "\"t\", \"sources\": [\"P\"], \"columns\": [{\"key\": \"a\", \"name\": \"a\", \"compute\": "
     "\"luck\"}]}]}",
     "luck"},
    {"{\"paper\": \"x\", \"sources\": {\"P\": \"p\"}, \"tables\": [{\"id\": \"1\", \"title\": "
     "\"t\", \"sources\": [\"P\"], \"columns\": [{\"key\": \"a\", \"name\": \"a\", \"measure\": "
     "\"AP\"}]}]}",
     "\"on\""},
    {"{\"paper\": \"x\", \"sources\": {\"P\": \"p\"}, \"tables\": [{\"id\": \"1\", \"title\": "
     "\"t\", \"sources\": [\"P\"], \"columns\": [{\"key\": \"a\", \"name\": \"a\", \"measure\": "
     "\"AP\", \"on\": \"mars\"}]}]}",
     "mars"},
    {"{\"paper\": \"x\", \"datasets\": {\"d\": {\"name\": \"D\", \"files\": \"x\"}}}", "files"},
    {"{\"paper\": \"x\", \"sources\": {\"P\": \"p\"}, \"tables\": [{\"id\": \"1\", \"title\": "
     "\"t\", \"sources\": [\"P\"], \"columns\": [], \"rows\": [{\"name\": \"r\"}, {\"name\": "
     "7}]}]}",
     "string"},
    {"{\"paper\": \"x\", \"sources\": {\"P\": \"p\"}, \"tables\": [{\"id\": \"1\", \"title\": "
     "\"t\", \"sources\": [\"P\"], \"columns\": [{\"key\": \"a\", \"name\": \"a\"}], \"rows\": "
     "[{\"name\": \"r\", \"printed\": {\"a\": 3.5}}]}]}",
     "string"},
    {"{\"paper\": \"x\", \"sources\": {\"P\": \"p\"}, \"adjustments\": {}, \"tables\": [{\"id\": "
     "\"1\", \"title\": \"t\", \"sources\": [\"P\"], \"columns\": [], \"rows\": [{\"name\": \"r\", "
     "\"adjust\": [\"nms\"]}]}]}",
     "nms"},
};

static void test_paper__broken_files_say_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct sb_paper paper;
        assert_int_equal(
            sb_paper_load(&paper, broken[i].text, strlen(broken[i].text), "x.json", &err),
            SB_EFORMAT);
        assert_string_equal(err.path, "x.json");
        char text[2048];
        sb_error_text(&err, text, sizeof(text));
        if (!strstr(text, broken[i].message))
            fail_msg("case %zu: '%s' does not contain '%s'", i, text, broken[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paper__judges_by_the_printed_digits),
        cmocka_unit_test(test_paper__own_tables_are_complete),
        cmocka_unit_test(test_paper__tables_mark_where_values_come_from),
        cmocka_unit_test(test_paper__only_its_images_give_its_accuracy),
        cmocka_unit_test(test_paper__broken_files_say_what_is_wrong),
    };
    return cmocka_run_group_tests_name("reports/paper", tests, NULL, NULL);
}
