/* reports/rows*.c: records of all kinds meet in one row; sums are made per repetition; setups stay
 * apart. */
#include "reports/rows.h"

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct sb_error err;

#define CELL "\"model\":\"m\",\"size\":64,\"batch\":1,\"threads\":2,\"engine\":\"e\","
#define RUN(id, commit)                                                                            \
    "{\"schema\":1,\"kind\":\"run\",\"run\":\"" id "\",\"started\":\"2026-01-01T00:00:00Z\","      \
    "\"command\":\"c\",\"version\":\"1\",\"commit\":\"" commit "\",\"dirty\":false,"               \
    "\"compiler\":\"gcc\",\"flags\":\"-O2\"}\n"
#define TIME(id, process, part, ns)                                                                \
    "{\"schema\":1,\"kind\":\"time\",\"run\":\"" id "\"," CELL part                                \
    "\"pass\":\"p\",\"process\":" process ",\"warmup\":0,\"ns\":" ns "}\n"
#define COST(part, macs)                                                                           \
    "{\"schema\":1,\"kind\":\"cost\",\"run\":\"a\",\"model\":\"m\",\"size\":64,\"batch\":1," part  \
    "\"nodes\":1,\"params\":1,\"macs\":" macs ",\"param_bytes\":4,\"activation_bytes\":8}\n"
#define CHECK(passed, nmse)                                                                        \
    "{\"schema\":1,\"kind\":\"check\",\"run\":\"a\"," CELL "\"reference\":\"r\",\"nmse\":" nmse    \
    ",\"tolerance\":1e-7,\"passed\":" passed "}\n"
#define NODE(name, level) "\"node\":\"" name "\",\"op\":\"conv\",\"level\":\"" level "\","

static struct sb_records records;
static struct sb_report_rows rows;

static void collect(const char *text, enum sb_rows_by by)
{
    sb_records_init(&records);
    const char *path = test_write_text("rows.jsonl", text);
    assert_ok(sb_records_read(&records, path, NULL, NULL, &err), &err);
    assert_ok(sb_report_rows_collect(&rows, &records, by, &err), &err);
}

static void release(void)
{
    sb_report_rows_release(&rows);
    sb_records_release(&records);
}

static void test_rows__runs_of_one_setup_are_pooled(void **state)
{
    (void)state;
    collect(RUN("a", "c1") RUN("b", "c1") RUN("c", "c2") TIME("a", "0", "", "[3,1]")
                TIME("a", "1", "", "[9]") TIME("b", "0", "", "[5]") TIME("c", "0", "", "[100]"),
            SB_ROWS_MODEL);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.items[0].time.count, 4);
    assert_int_equal(rows.items[0].processes, 3);
    assert_true(rows.items[0].time.median == 4);
    assert_true(rows.items[0].samples[3] == 9);
    assert_true(rows.items[1].time.median == 100);
    assert_int_not_equal(rows.items[0].setup, rows.items[1].setup);
    release();
}

/* Runs within a process agree; the interval is of what differs, the processes. */
static void test_rows__intervals_are_of_processes(void **state)
{
    (void)state;
#define SAME(id, p, n) TIME(id, p, "", "[" n "," n "," n "," n "]")
    collect(RUN("a", "c1") SAME("a", "0", "10") SAME("a", "1", "20"), SB_ROWS_MODEL);
    assert_int_equal(rows.items[0].time.count, 8);
    assert_false(rows.items[0].time.interval.known); /* eight pooled runs would give 10 to 20 */
    assert_true(rows.items[0].time.median == 15);
    release();
    collect(RUN("a", "c1") SAME("a", "0", "30") SAME("a", "1", "20") SAME("a", "2", "40")
                SAME("a", "3", "60") SAME("a", "4", "50") SAME("a", "5", "70"),
            SB_ROWS_MODEL);
    assert_true(rows.items[0].time.interval.known);
    assert_true(rows.items[0].time.interval.low == 20); /* six medians: smallest and largest */
    assert_true(rows.items[0].time.interval.high == 70);
    assert_true(rows.items[0].time.median == 45);
    release();
    collect(RUN("a", "c1") TIME("a", "0", "", "[1,2,3,4,5,6,7]"), SB_ROWS_MODEL);
    assert_true(rows.items[0].time.interval.known);
    release();
#undef SAME
}

static void test_rows__times_of_a_level_are_summed_per_repetition(void **state)
{
    (void)state;
    collect(RUN("a", "c1") TIME("a", "0", NODE("x", "L3"), "[1,10,100]")
                TIME("a", "0", NODE("y", "L3"), "[100,10,1]")
                    TIME("a", "0", NODE("z", "L2"), "[1,2,3]"),
            SB_ROWS_LEVEL);
    assert_int_equal(rows.count, 2);
    assert_string_equal(sb_row_label(&rows, &rows.items[0]), "L2"); /* stem to head */
    assert_string_equal(sb_row_label(&rows, &rows.items[1]), "L3");
    assert_true(rows.items[1].time.median == 101); /* the sum of medians would be 20 */
    assert_true(rows.items[1].time.min == 20);
    assert_true(fabs(rows.items[1].time_share - 101.0 / 103) < 1e-12);
    release();
}

static void test_rows__a_direct_record_stands_above_sums(void **state)
{
    (void)state;
    collect(RUN("a", "c1") COST(NODE("x", "L3"), "7") COST("\"level\":\"L3\",", "10")
                COST(NODE("y", "L2"), "5") COST(NODE("z", "L2"), "6"),
            SB_ROWS_LEVEL);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.items[0].cost.macs, 11);
    assert_int_equal(rows.items[1].cost.macs, 10);
    assert_true(fabs(rows.items[1].macs_share - 10.0 / 21) < 1e-12);
    assert_string_equal(sb_row_time_why(&rows.items[1]), "not measured");
    release();
}

static void test_rows__costs_join_every_engine(void **state)
{
    (void)state;
    collect(RUN("a", "c1") COST("", "7") TIME(
                "a", "0", "",
                "[3]") "{\"schema\":1,\"kind\":\"time\",\"run\":\"a\",\"model\":\"m\",\"size\":64,"
                       "\"batch\":1,\"threads\":2,\"engine\":\"f\",\"pass\":\"p\",\"process\":0,"
                       "\"warmup\":0,\"ns\":[2]}\n",
            SB_ROWS_MODEL);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.items[0].cost.macs, 7);
    assert_int_equal(rows.items[1].cost.macs, 7);
    release();
}

static void test_rows__the_worst_check_counts_for_every_part(void **state)
{
    (void)state;
    collect(RUN("a", "c1") TIME("a", "0", NODE("x", "L3"), "[1]") CHECK("true", "1e-9")
                CHECK("false", "1e-3") CHECK("true", "1e-2"),
            SB_ROWS_LEVEL);
    assert_int_equal(rows.count, 1);
    assert_false(rows.items[0].check->u.check.passed);
    assert_string_equal(sb_row_time_why(&rows.items[0]), "the output check failed");
    release();
}

#define ACCURACY(id, dataset, value)                                                               \
    "{\"schema\":1,\"kind\":\"accuracy\",\"run\":\"" id "\",\"model\":\"m\",\"size\":64,"          \
    "\"dataset\":\"" dataset "\",\"metric\":\"AP\",\"value\":" value "}\n"

static double ap_of(size_t row, const char *dataset, const char **why)
{
    const struct sb_record *r = sb_row_accuracy(&rows, &rows.items[row], "AP", dataset, why);
    return r ? r->u.accuracy.value : (double)NAN;
}

/* A row has the accuracy of its own run; that of other runs only if there is one answer. */
static void test_rows__accuracies_of_unlike_runs_do_not_mix(void **state)
{
    (void)state;
    const char *why;
    collect(RUN("a", "c1") RUN("b", "c2") TIME("a", "0", "", "[3]") TIME("b", "0", "", "[4]")
                ACCURACY("a", "d", "0.25") ACCURACY("b", "d", "0.5"),
            SB_ROWS_MODEL);
    assert_true(ap_of(0, NULL, &why) == 0.25 && ap_of(1, NULL, &why) == 0.5);
    release();
    collect(RUN("a", "c1") TIME("a", "0", "", "[3]") ACCURACY("x", "d", "0.25")
                ACCURACY("y", "d", "0.25"),
            SB_ROWS_MODEL);
    assert_true(ap_of(0, NULL, &why) == 0.25);
    release();
    collect(RUN("a", "c1") TIME("a", "0", "", "[3]") ACCURACY("x", "d", "0.25")
                ACCURACY("y", "e", "0.5"),
            SB_ROWS_MODEL);
    assert_true(isnan(ap_of(0, NULL, &why)));
    assert_non_null(strstr(why, "several values"));
    assert_true(ap_of(0, "e", &why) == 0.5);
    assert_true(isnan(ap_of(0, "f", &why)));
    assert_string_equal(why, "not evaluated");
    release();
}

/* An accuracy with its digests, and an end-to-end time with that of its weights. */
#define ACCURACY_OF(id, value, weights, data)                                                      \
    "{\"schema\":1,\"kind\":\"accuracy\",\"run\":\"" id "\",\"model\":\"m\",\"size\":64,"          \
    "\"dataset\":\"d\",\"metric\":\"AP\",\"value\":" value ",\"weights\":\"f\","                   \
    "\"weights_digest\":\"" weights "\",\"data_digest\":\"" data "\"}\n"
#define TIME_OF(id, weights)                                                                       \
    "{\"schema\":1,\"kind\":\"time\",\"run\":\"" id "\"," CELL                                     \
    "\"pass\":\"end_to_end\",\"process\":0,\"warmup\":0,\"ns\":[3],\"weights_digest\":\"" weights  \
    "\"}\n"

static const char *remark_of(size_t row)
{
    static struct sb_str text;
    sb_row_accuracy_remark(&rows, &rows.items[row], &text);
    return sb_str_text(&text);
}

/* Weights and data are told by digests: one name may be of two files, two names of one. */
static void test_rows__accuracies_are_told_apart_by_digests(void **state)
{
    (void)state;
    const char *why;
    collect(RUN("a", "c1") TIME_OF("a", "11") ACCURACY_OF("x", "0.25", "11", "dd")
                ACCURACY_OF("y", "0.25", "11", "dd"),
            SB_ROWS_MODEL);
    assert_true(ap_of(0, NULL, &why) == 0.25);
    release();
    static const char *const unlike[] = {
        ACCURACY_OF("y", "0.25", "22", "dd"), /* other weights, the same name and value */
        ACCURACY_OF("y", "0.25", "11", "ee"), /* other data */
        ACCURACY_OF("y", "0.5", "11", "dd"),  /* alike, yet another value */
        ACCURACY_OF("y", "0.25", "11", "dd\",\"images_digest\":\"f1"), /* other pictures */
    };
    for (size_t i = 0; i < sizeof(unlike) / sizeof(unlike[0]); i++) {
        struct sb_str text = SB_STR_INIT;
        sb_str_printf(&text, "%s%s",
                      RUN("a", "c1") TIME_OF("a", "11")
                          ACCURACY_OF("x", "0.25", "11", "dd\",\"images_digest\":\"f0"),
                      unlike[i]);
        collect(sb_str_text(&text), SB_ROWS_MODEL);
        assert_true(isnan(ap_of(0, NULL, &why)));
        assert_non_null(strstr(why, "several values"));
        assert_non_null(strstr(remark_of(0), "several values"));
        release();
        sb_str_release(&text);
    }
}

/* Runs whose samples are pooled must agree on the accuracy, too. */
static void test_rows__pooled_runs_of_other_weights_have_no_accuracy(void **state)
{
    (void)state;
    const char *why;
    collect(RUN("a", "c1") RUN("b", "c1") TIME_OF("a", "11") TIME_OF("b", "22")
                ACCURACY_OF("a", "0.25", "11", "dd") ACCURACY_OF("b", "0.5", "22", "dd"),
            SB_ROWS_MODEL);
    assert_int_equal(rows.count, 1);
    assert_true(isnan(ap_of(0, NULL, &why)));
    assert_non_null(strstr(why, "several values"));
    release();
}

static void test_rows__foreign_accuracies_are_marked(void **state)
{
    (void)state;
    collect(RUN("a", "c1") RUN("x", "c1") TIME_OF("a", "11") ACCURACY_OF("x", "0.25", "11", "dd"),
            SB_ROWS_MODEL);
    assert_string_equal(remark_of(0), "");
    release();
    collect(RUN("a", "c1") RUN("x", "c1") TIME_OF("a", "11") ACCURACY_OF("x", "0.25", "22", "dd"),
            SB_ROWS_MODEL);
    assert_string_equal(remark_of(0), "accuracy of weights f (22) at commit c1, times of weights "
                                      "unknown (11) at commit c1");
    release();
    collect(RUN("a", "c1") RUN("x", "c2") TIME_OF("a", "11") ACCURACY_OF("x", "0.25", "11", "dd"),
            SB_ROWS_MODEL);
    assert_string_equal(remark_of(0), "accuracy at commit c2, times at commit c1");
    release();
}

static void test_rows__fused_ops_say_so(void **state)
{
    (void)state;
    collect(RUN("a", "c1") TIME("a", "0", NODE("x", "L3"), "[1]") COST("\"op\":\"conv\",", "7")
                COST("\"op\":\"batchnorm\",", "0"),
            SB_ROWS_OP);
    assert_int_equal(rows.count, 2);
    assert_string_equal(sb_row_time_why(&rows.items[1]), "runs as part of other steps");
    release();
}

static void test_rows__a_block_has_the_level_of_its_last_step(void **state)
{
    (void)state;
    collect(RUN("a", "c1") TIME("a", "0", "\"node\":\"x\",\"block\":\"b\",\"level\":\"L2\",", "[1]")
                TIME("a", "0", "\"node\":\"y\",\"block\":\"b\",\"level\":\"L4\",", "[2]"),
            SB_ROWS_BLOCK);
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.items[0].part.level, "L4");
    assert_true(rows.items[0].time.median == 3);
    release();
}

static int collect_golden(void *ctx)
{
    struct sb_report_rows got;
    int rc = 0;
    for (int by = 0; by < SB_ROWS_BYS && rc == 0; by++) {
        rc = sb_report_rows_collect(&got, ctx, (enum sb_rows_by)by, &err);
        if (rc == 0)
            sb_report_rows_release(&got);
    }
    return rc;
}

static void test_rows__survive_running_out_of_memory(void **state)
{
    (void)state;
    sb_records_init(&records);
    assert_ok(sb_records_read(&records, test_source("golden/reports/mini.jsonl"), NULL, NULL, &err),
              &err);
    test_every_allocation_fails(collect_golden, &records);
    sb_records_release(&records);
}

/* A note is said once; where models have different ones, with their names. */
static void test_rows__notes_of_accuracies_name_models_where_they_differ(void **state)
{
    (void)state;
#define AP_OF(model, metric, note)                                                                 \
    "{\"schema\":1,\"kind\":\"accuracy\",\"run\":\"a\",\"model\":\"" model "\",\"batch\":1,"       \
    "\"dataset\":\"val\",\"metric\":\"" metric "\",\"value\":0.5," note "\"weights\":\"w\"}\n"
#define NOTE(text) "\"note\":\"" text "\","
    collect(RUN("a", "c1") AP_OF("m", "AP", NOTE("long")) AP_OF("n", "AP", NOTE("short"))
                AP_OF("o", "AP", NOTE("long")) AP_OF("p", "AP", "") AP_OF("m", "AP50", NOTE("x"))
                    AP_OF("q", "top-1", NOTE("long")) AP_OF("r", "top-1", NOTE("long")),
            SB_ROWS_MODEL);
    static const char *const said[] = {NULL,
                                       "AP on val: long (m, o).",
                                       "AP on val: short (n).",
                                       NULL,
                                       NULL,
                                       NULL,
                                       "top-1 on val: long.",
                                       NULL};
    struct sb_str text = SB_STR_INIT;
    assert_int_equal(records.count, sizeof(said) / sizeof(said[0]));
    for (size_t i = 0; i < records.count; i++) {
        assert_int_equal(sb_accuracy_note(&records, i, &text), said[i] != NULL);
        assert_string_equal(sb_str_text(&text), said[i] ? said[i] : "");
    }
    sb_str_release(&text);
    release();
#undef NOTE
#undef AP_OF
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows__notes_of_accuracies_name_models_where_they_differ),
        cmocka_unit_test(test_rows__runs_of_one_setup_are_pooled),
        cmocka_unit_test(test_rows__intervals_are_of_processes),
        cmocka_unit_test(test_rows__times_of_a_level_are_summed_per_repetition),
        cmocka_unit_test(test_rows__a_direct_record_stands_above_sums),
        cmocka_unit_test(test_rows__costs_join_every_engine),
        cmocka_unit_test(test_rows__the_worst_check_counts_for_every_part),
        cmocka_unit_test(test_rows__accuracies_of_unlike_runs_do_not_mix),
        cmocka_unit_test(test_rows__accuracies_are_told_apart_by_digests),
        cmocka_unit_test(test_rows__pooled_runs_of_other_weights_have_no_accuracy),
        cmocka_unit_test(test_rows__foreign_accuracies_are_marked),
        cmocka_unit_test(test_rows__fused_ops_say_so),
        cmocka_unit_test(test_rows__a_block_has_the_level_of_its_last_step),
        cmocka_unit_test(test_rows__survive_running_out_of_memory),
    };
    return cmocka_run_group_tests_name("reports/rows", tests, NULL, NULL);
}
