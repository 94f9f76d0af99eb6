/* bench/compare.c, merge.c on made-up records. */
#include "bench/compare.h"
#include "bench/merge.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

static struct sb_error err;

static void add_time(struct sb_records *records, const char *model, const char *engine,
                     int64_t process, const int64_t *ns, size_t count)
{
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_TIME);
    r.run = "r";
    r.cell = (struct sb_cell){model, 64, 1, 1, engine, NULL};
    r.u.time.pass = "end_to_end";
    r.u.time.process = process;
    r.u.time.warmup = 0;
    r.u.time.ns = ns;
    r.u.time.num_ns = count;
    assert_ok(sb_records_add(records, &r, &err), &err);
}

/* count samples around `center`, one apart. */
static void add_times(struct sb_records *records, const char *model, int64_t center, size_t count)
{
    int64_t ns[64];
    for (size_t i = 0; i < count; i++)
        ns[i] = center + (int64_t)i - (int64_t)count / 2;
    add_time(records, model, "openblas", 0, ns, count);
}

static void add_memory(struct sb_records *records, const char *model, int64_t arena,
                       int64_t measured)
{
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_MEMORY);
    r.run = "r";
    r.cell = (struct sb_cell){model, 64, 1, 1, "openblas", NULL};
    r.u.memory = (struct sb_memory_record){
        .phase = "total",
        .arena_bytes = arena,
        .weight_bytes = 10,
        .workspace_bytes = 20,
        .other_bytes = SB_NO_INT,
        .measured_bytes = measured,
    };
    assert_ok(sb_records_add(records, &r, &err), &err);
}

static void add_accuracy(struct sb_records *records, double value, double low, double high)
{
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_ACCURACY);
    r.run = "r";
    r.cell = (struct sb_cell){"a", 64, 1, SB_NO_INT, NULL, NULL};
    r.u.accuracy.dataset = "d";
    r.u.accuracy.metric = "AP";
    r.u.accuracy.value = value;
    r.u.accuracy.low = low;
    r.u.accuracy.high = high;
    assert_ok(sb_records_add(records, &r, &err), &err);
}

static void add_check(struct sb_records *records, bool passed)
{
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_CHECK);
    r.run = "r";
    r.cell = (struct sb_cell){"a", 64, 1, 1, "openblas", NULL};
    r.u.check = (struct sb_check_record){.reference = "reference",
                                         .output = "logits",
                                         .nmse = passed ? 1e-12 : 0.5,
                                         .tolerance = 1e-7,
                                         .passed = passed};
    assert_ok(sb_records_add(records, &r, &err), &err);
}

static int keep(void *ctx, const struct sb_record *record, struct sb_error *e)
{
    return sb_records_add(ctx, record, e);
}

/* Compares, releases both sides. */
static void compare(struct sb_records *base, struct sb_records *head, struct sb_records *verdicts,
                    const struct sb_compare_options *options)
{
    struct sb_compare_summary summary;
    struct sb_compare_options o;
    sb_compare_options_defaults(&o);
    sb_records_init(verdicts);
    assert_ok(
        sb_compare_records(base, head, options ? options : &o, keep, verdicts, &summary, &err),
        &err);
    assert_int_equal(summary.regressed + summary.improved + summary.same + summary.unresolved +
                         summary.unmatched + summary.other_data + summary.failed,
                     verdicts->count);
    sb_records_release(base);
    sb_records_release(head);
}

static const struct sb_verdict_record *verdict(const struct sb_records *verdicts, const char *model,
                                               const char *metric)
{
    for (size_t i = 0; i < verdicts->count; i++) {
        const struct sb_record *r = &verdicts->items[i];
        const bool same_model =
            model ? r->cell.model && strcmp(r->cell.model, model) == 0 : r->cell.model == NULL;
        if (same_model && strcmp(r->u.verdict.metric, metric) == 0)
            return &r->u.verdict;
    }
    fail_msg("no verdict for %s of %s", metric, model ? model : "all");
    return NULL;
}

static void test_compare__latencies_by_their_intervals(void **state)
{
    (void)state;
    struct sb_records base, head, verdicts;
    sb_records_init(&base);
    sb_records_init(&head);
    add_times(&base, "slower", 10000, 21);
    add_times(&head, "slower", 11000, 21);
    add_times(&base, "faster", 10000, 21);
    add_times(&head, "faster", 9000, 21);
    add_times(&base, "same", 10000, 21);
    add_times(&head, "same", 10001, 21);
    add_times(&base, "few", 10000, 3);
    add_times(&head, "few", 20000, 3);
    add_times(&base, "small", 10000, 21); /* clear, but below the smallest effect */
    add_times(&head, "small", 10100, 21);
    compare(&base, &head, &verdicts, NULL);
    assert_string_equal(verdict(&verdicts, "slower", "latency")->verdict, "REGRESSED");
    assert_string_equal(verdict(&verdicts, "faster", "latency")->verdict, "IMPROVED");
    assert_string_equal(verdict(&verdicts, "same", "latency")->verdict, "SAME");
    assert_string_equal(verdict(&verdicts, "few", "latency")->verdict, "UNRESOLVED");
    assert_true(isnan(verdict(&verdicts, "few", "latency")->low));
    assert_string_equal(verdict(&verdicts, "small", "latency")->verdict, "SAME");
    const struct sb_verdict_record *v = verdict(&verdicts, "slower", "latency");
    assert_true(v->ratio == 1.1 && v->low < 1.1 && v->high > 1.1);
    const double mean = pow(1.1 * 0.9 * 1.0001 * 2 * 1.01, 0.2);
    assert_true(fabs(verdict(&verdicts, NULL, "latency, geometric mean")->ratio - mean) < 1e-12);
    const struct sb_record *last = &verdicts.items[verdicts.count - 1];
    assert_string_equal(sb_record_why(last, "model"), "over all cells");
    /* a mean over a ratio without an interval has none */
    assert_string_equal(last->u.verdict.verdict, "UNRESOLVED");
    assert_true(isnan(last->u.verdict.low) && isnan(last->u.verdict.high));
    sb_records_release(&verdicts);
}

/* Eight processes are eight samples, whatever the runs in them. */
static void test_compare__processes_are_samples_when_there_are_enough(void **state)
{
    (void)state;
    struct sb_records base, head, verdicts;
    sb_records_init(&base);
    sb_records_init(&head);
    for (int64_t p = 0; p < 8; p++) {
        /* within a process all runs agree; between processes they differ by 20 % */
        const int64_t b[] = {10000 + 250 * p, 10000 + 250 * p, 10000 + 250 * p};
        const int64_t h[] = {10300 + 250 * p, 10300 + 250 * p, 10300 + 250 * p};
        add_time(&base, "a", "openblas", p, b, 3);
        add_time(&head, "a", "openblas", p, h, 3);
    }
    compare(&base, &head, &verdicts, NULL);
    assert_string_equal(verdict(&verdicts, "a", "latency")->verdict, "UNRESOLVED");
    assert_int_equal(verdict(&verdicts, "a", "latency")->base_samples, 8);
    sb_records_release(&verdicts);
}

/* Few processes: their runs agree, but nothing says how processes differ. */
static void test_compare__few_processes_resolve_nothing(void **state)
{
    (void)state;
    for (int64_t processes = 1; processes <= 5; processes++) {
        struct sb_records base, head, verdicts;
        sb_records_init(&base);
        sb_records_init(&head);
        for (int64_t p = 0; p < processes; p++) {
            const int64_t b[12] = {10000, 10001, 10002, 10003, 10004, 10005,
                                   10006, 10007, 10008, 10009, 10010, 10011};
            const int64_t h[12] = {12000, 12001, 12002, 12003, 12004, 12005,
                                   12006, 12007, 12008, 12009, 12010, 12011};
            add_time(&base, "a", "openblas", p, b, 12);
            add_time(&head, "a", "openblas", p, h, 12);
            add_time(&base, "b", "openblas", p, b, 12);
            add_time(&head, "b", "openblas", p, h, 12);
        }
        compare(&base, &head, &verdicts, NULL);
        const struct sb_verdict_record *v = verdict(&verdicts, "a", "latency");
        const char *expected = processes == 1 ? "REGRESSED" : "UNRESOLVED";
        assert_string_equal(v->verdict, expected);
        assert_int_equal(isnan(v->low) && isnan(v->high), processes > 1);
        assert_true(fabs(v->ratio - 1.2) < 1e-3);
        assert_string_equal(verdict(&verdicts, NULL, "latency, geometric mean")->verdict, expected);
        sb_records_release(&verdicts);
    }
}

static void test_compare__memory_and_missing_cells(void **state)
{
    (void)state;
    struct sb_records base, head, verdicts;
    sb_records_init(&base);
    sb_records_init(&head);
    add_memory(&base, "a", 1000, 5000);
    add_memory(&head, "a", 1001, 5050);
    add_memory(&base, "b", 1000, 5000);
    add_memory(&head, "c", 1000, 5000);
    compare(&base, &head, &verdicts, NULL);
    assert_string_equal(verdict(&verdicts, "a", "planned memory")->verdict, "REGRESSED");
    assert_string_equal(verdict(&verdicts, "a", "peak memory")->verdict, "SAME");
    assert_string_equal(verdict(&verdicts, "b", "all")->verdict, "ONLY BASE");
    assert_string_equal(verdict(&verdicts, "c", "all")->verdict, "ONLY HEAD");
    sb_records_release(&verdicts);
}

/* A passed check says nothing, a failed one of either side is a row of its own in place of a
 * latency. */
static void test_compare__failed_checks_are_verdicts(void **state)
{
    (void)state;
    static const char *const wanted[2][2] = {{"FAILED BOTH", "FAILED BASE"}, {"FAILED HEAD", NULL}};
    for (int b = 0; b < 2; b++) {
        for (int h = 0; h < 2; h++) {
            struct sb_records base, head, verdicts;
            sb_records_init(&base);
            sb_records_init(&head);
            add_memory(&base, "a", 1000, 1000);
            add_memory(&head, "a", 1000, 1000);
            add_times(&base, "a", 10000, 21);
            add_times(&head, "a", 10000, 21);
            add_check(&base, b == 1);
            add_check(&head, h == 1);
            compare(&base, &head, &verdicts, NULL);
            const struct sb_record *first = &verdicts.items[0];
            if (wanted[b][h])
                assert_string_equal(verdict(&verdicts, "a", "output check")->verdict, wanted[b][h]);
            else
                assert_string_not_equal(first->u.verdict.metric, "output check");
            size_t latencies = 0;
            for (size_t i = 0; i < verdicts.count; i++)
                latencies += strcmp(verdicts.items[i].u.verdict.metric, "latency") == 0;
            assert_int_equal(latencies, wanted[b][h] ? 0 : 1);
            sb_records_release(&verdicts);
        }
    }
}

static void test_compare__accuracy_up_is_better(void **state)
{
    (void)state;
    static const struct {
        double base[3], head[3];
        const char *verdict;
    } cases[] = {
        {{0.40, NAN, NAN}, {0.41, NAN, NAN}, "IMPROVED"},
        {{0.40, NAN, NAN}, {0.40, NAN, NAN}, "SAME"},
        {{0.40, 0.39, 0.41}, {0.405, 0.395, 0.415}, "UNRESOLVED"},
        {{0.40, 0.39, 0.41}, {0.30, 0.29, 0.31}, "REGRESSED"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_records base, head, verdicts;
        sb_records_init(&base);
        sb_records_init(&head);
        add_accuracy(&base, cases[i].base[0], cases[i].base[1], cases[i].base[2]);
        add_accuracy(&head, cases[i].head[0], cases[i].head[1], cases[i].head[2]);
        compare(&base, &head, &verdicts, NULL);
        assert_string_equal(verdict(&verdicts, "a", "AP")->verdict, cases[i].verdict);
        sb_records_release(&verdicts);
    }
}

/* A data set of the same name with other annotations or pictures; records without digests go by the
 * name. */
static void test_compare__accuracies_of_other_data_are_not_compared(void **state)
{
    (void)state;
    static const struct {
        const char *base, *head, *base_images, *head_images, *verdict;
    } cases[] = {{"1f", "1f", "3d", "3d", "IMPROVED"},
                 {"1f", NULL, NULL, "3d", "IMPROVED"},
                 {"1f", "2e", "3d", "3d", "OTHER DATA"},
                 {"1f", "1f", "3d", "4c", "OTHER DATA"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_records base, head, verdicts;
        sb_records_init(&base);
        sb_records_init(&head);
        add_accuracy(&base, 0.4, NAN, NAN);
        add_accuracy(&head, 0.5, NAN, NAN);
        base.items[0].u.accuracy.data_digest = cases[i].base;
        head.items[0].u.accuracy.data_digest = cases[i].head;
        base.items[0].u.accuracy.images_digest = cases[i].base_images;
        head.items[0].u.accuracy.images_digest = cases[i].head_images;
        compare(&base, &head, &verdicts, NULL);
        assert_string_equal(verdict(&verdicts, "a", "AP")->verdict, cases[i].verdict);
        assert_int_equal(isnan(verdict(&verdicts, "a", "AP")->ratio), i >= 2);
        sb_records_release(&verdicts);
    }
}

static void test_compare__engines_match_on_request(void **state)
{
    (void)state;
    const int64_t slow[] = {200, 201, 202, 203, 204, 205, 206, 207, 208};
    const int64_t fast[] = {100, 101, 102, 103, 104, 105, 106, 107, 108};
    for (int ignore = 0; ignore < 2; ignore++) {
        struct sb_records base, head, verdicts;
        struct sb_compare_options o;
        sb_compare_options_defaults(&o);
        o.ignore_engine = ignore;
        sb_records_init(&base);
        sb_records_init(&head);
        add_time(&base, "a", "openblas", 0, slow, 9);
        add_time(&head, "a", "native", 0, fast, 9);
        compare(&base, &head, &verdicts, &o);
        if (ignore)
            assert_string_equal(verdict(&verdicts, "a", "latency")->verdict, "IMPROVED");
        else
            assert_string_equal(verdict(&verdicts, "a", "all")->verdict, "ONLY BASE");
        sb_records_release(&verdicts);
    }
}

static void test_merge__drops_records_that_repeat(void **state)
{
    (void)state;
    struct sb_records records;
    size_t dropped;
    sb_records_init(&records);
    add_times(&records, "a", 100, 3);
    add_times(&records, "b", 100, 3);
    add_times(&records, "a", 100, 3);
    add_times(&records, "a", 101, 3);
    assert_ok(sb_records_drop_repeated(&records, &dropped, &err), &err);
    assert_int_equal(dropped, 1);
    assert_int_equal(records.count, 3);
    assert_string_equal(records.items[1].cell.model, "b");
    sb_records_release(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare__latencies_by_their_intervals),
        cmocka_unit_test(test_compare__processes_are_samples_when_there_are_enough),
        cmocka_unit_test(test_compare__few_processes_resolve_nothing),
        cmocka_unit_test(test_compare__memory_and_missing_cells),
        cmocka_unit_test(test_compare__failed_checks_are_verdicts),
        cmocka_unit_test(test_compare__accuracy_up_is_better),
        cmocka_unit_test(test_compare__accuracies_of_other_data_are_not_compared),
        cmocka_unit_test(test_compare__engines_match_on_request),
        cmocka_unit_test(test_merge__drops_records_that_repeat),
    };
    return cmocka_run_group_tests_name("bench/compare", tests, NULL, NULL);
}
