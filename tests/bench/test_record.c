/* bench/record*.c: what is written is read back; bad lines name file and line; a full disk leaves
 * whole lines. */
#include "bench/record.h"

#include "base/file.h"
#include "tests/test.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static struct sb_error err;

static const char *scratch(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
    return path;
}

static struct sb_record time_record(const int64_t *ns, size_t count)
{
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_TIME);
    r.run = "r1";
    r.cell = (struct sb_cell){"tiny", 64, 1, 2, "openblas", NULL};
    r.u.time.pass = "end_to_end";
    r.u.time.process = 0;
    r.u.time.warmup = 3;
    r.u.time.ns = ns;
    r.u.time.num_ns = count;
    return r;
}

static const double numbers[] = {0.5, NAN};

/* Some content of the record's kind. */
static void fill_body(struct sb_record *r)
{
    switch (r->kind) {
    case SB_RECORD_RUN:
        r->u.run = (struct sb_run_record){.started = "2026-01-01T00:00:00Z",
                                          .command = "bench \"x\"",
                                          .version = "1",
                                          .compiler = "gcc",
                                          .flags = "-O2",
                                          .dirty = true,
                                          .load = 0.25};
        sb_record_because(r, "commit", "not built from a repository");
        break;
    case SB_RECORD_COST:
        r->part.level = "L3";
        r->u.cost.nodes = 7;
        r->u.cost.params = r->u.cost.param_bytes = r->u.cost.activation_bytes = 0;
        r->u.cost.macs = 1885000000000;
        break;
    case SB_RECORD_OUTPUT:
        r->cell.model = "tiny";
        r->cell.size = 64;
        r->u.output = (struct sb_output_record){"logits", 10, 0.25, 1.5, {1, numbers}};
        break;
    case SB_RECORD_MEMORY:
        r->u.memory.phase = "forward";
        break;
    case SB_RECORD_CHECK:
        r->u.check = (struct sb_check_record){.reference = "x", .nmse = 1e-9, .passed = true};
        break;
    case SB_RECORD_ACCURACY:
        r->u.accuracy.dataset = "d";
        r->u.accuracy.metric = "AP";
        r->u.accuracy.value = 0.1;
        break;
    case SB_RECORD_VERDICT:
        r->u.verdict.metric = "latency";
        r->u.verdict.verdict = "SAME";
        break;
    case SB_RECORD_CATEGORY:
        r->u.category.dataset = "d";
        r->u.category.category = "dog";
        r->u.category.objects = r->u.category.detections = 3;
        r->u.category.ap_small = 0.25;
        break;
    case SB_RECORD_ERROR:
        r->u.error = (struct sb_error_record){"d", "Loc", 4, 0.125, 0.1, 0.2, 0.0625, NAN, 0.03125};
        break;
    case SB_RECORD_CURVE:
        r->u.curve = (struct sb_curve_record){.dataset = "d",
                                              .curve = "precision-recall",
                                              .series = "IoU 0.50",
                                              .x = {2, numbers},
                                              .y = {2, numbers},
                                              .count = {2, numbers}};
        break;
    case SB_RECORD_CONFUSION:
        r->u.confusion = (struct sb_confusion_record){"d", "dog", NULL, 2};
        break;
    case SB_RECORD_PICTURE:
        r->u.picture = (struct sb_picture_record){"t", "c", "image/png", 3, 4, "AAAA"};
        break;
    case SB_RECORD_HISTORY:
        r->u.history = (struct sb_history_record){.metric = "latency",
                                                  .machine = "0a",
                                                  .commit = "c",
                                                  .started = "2026-01-01T00:00:00Z",
                                                  .point = 3,
                                                  .value = 1.5,
                                                  .level = 1.25,
                                                  .change = NAN};
        break;
    default:
        break;
    }
}

static void test_record__every_kind_survives_the_round_trip(void **state)
{
    (void)state;
    static const int64_t ns[] = {1, 9007199254740991, 3};
    struct sb_str first = SB_STR_INIT, second = SB_STR_INIT;
    for (int k = 0; k < SB_RECORD_KINDS; k++) {
        struct sb_record r;
        sb_record_init(&r, (enum sb_record_kind)k);
        if (k == SB_RECORD_TIME)
            r = time_record(ns, 3);
        r.run = "r1";
        fill_body(&r);
        sb_record_to_json(&r, &first);
    }
    const char *path = scratch("all.jsonl");
    assert_ok(sb_write_file(path, first.data, first.length, &err), &err);
    struct sb_records records;
    sb_records_init(&records);
    assert_ok(sb_records_read(&records, path, NULL, NULL, &err), &err);
    assert_int_equal(records.count, SB_RECORD_KINDS);
    for (size_t i = 0; i < records.count; i++) {
        assert_int_equal(records.items[i].line, i + 1);
        sb_record_to_json(&records.items[i], &second);
    }
    assert_string_equal(first.data, second.data);
    const struct sb_record *run = sb_records_find_run(&records, "r1");
    assert_non_null(run);
    assert_null(run->u.run.commit);
    assert_string_equal(sb_record_why(run, "commit"), "not built from a repository");
    assert_null(sb_record_why(run, "cpu"));
    assert_int_equal(records.items[SB_RECORD_TIME].u.time.ns[1], 9007199254740991);
    assert_true(isnan(records.items[SB_RECORD_VERDICT].u.verdict.ratio));
    sb_records_release(&records);
    sb_str_release(&first);
    sb_str_release(&second);
}

/* Older records write "APs"; nothing behind the reader needs to know. */
static void test_record__metrics_have_one_spelling(void **state)
{
    (void)state;
    static const char *const spellings[][2] = {{"APs", "APS"},
                                               {"difference of APl", "difference of APL"},
                                               {"APM", "APM"},
                                               {"APsmile", "APsmile"}};
    const char *path = scratch("metrics.jsonl");
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        struct sb_record r;
        struct sb_records records;
        struct sb_str line = SB_STR_INIT;
        sb_record_init(&r, SB_RECORD_ACCURACY);
        r.run = "r1";
        r.cell.model = "tiny";
        r.u.accuracy.dataset = "d";
        r.u.accuracy.metric = spellings[i][0];
        sb_record_to_json(&r, &line);
        assert_ok(sb_write_file(path, line.data, line.length, &err), &err);
        sb_records_init(&records);
        assert_ok(sb_records_read(&records, path, NULL, NULL, &err), &err);
        assert_string_equal(records.items[0].u.accuracy.metric, spellings[i][1]);
        sb_records_release(&records);
        sb_str_release(&line);
    }
}

#define CELL "\"model\":\"m\",\"size\":64,\"threads\":1,\"engine\":\"e\","
#define GOOD                                                                                       \
    "{\"schema\":1,\"kind\":\"time\",\"run\":\"r\"," CELL                                          \
    "\"pass\":\"x\",\"process\":0,\"warmup\":0,"                                                   \
    "\"ns\":[5]}\n"
/* A time record's rest; a check and an accuracy with everything but what is given. */
#define PASS             "\"pass\":\"x\",\"process\":0,\"warmup\":0"
#define TIME_OF(members) "{\"schema\":1,\"kind\":\"time\",\"run\":\"r\"," members PASS "}\n"
#define CHECK_OF(members)                                                                          \
    "{\"schema\":1,\"kind\":\"check\",\"run\":\"r\"," members                                      \
    "\"reference\":\"x\",\"passed\":true}\n"
#define ACCURACY_OF(members)                                                                       \
    "{\"schema\":1,\"kind\":\"accuracy\",\"run\":\"r\"," members                                   \
    "\"dataset\":\"d\",\"metric\":\"AP\"}\n"

static const struct {
    const char *text, *message;
} bad[] = {
    {"{\n", ""},
    {"[]\n", "object"},
    {"{\"schema\":1,\"kind\":\"curve\",\"run\":\"r\",\"dataset\":\"d\",\"curve\":\"c\","
     "\"series\":\"s\",\"x\":[1,2],\"y\":[1]}\n",
     "a curve of 2 points has 1 values"},
    {"\n", ""},
    {"{\"schema\":2,\"kind\":\"time\",\"run\":\"r\"}\n", "schema 2"},
    {"{\"kind\":\"time\",\"run\":\"r\"}\n", "schema"},
    {"{\"schema\":1,\"kind\":\"tine\",\"run\":\"r\"}\n", "unknown kind"},
    {"{\"schema\":1,\"kind\":7,\"run\":\"r\"}\n", "string"},
    {"{\"schema\":1,\"kind\":\"time\"}\n", "run"},
    {"{\"schema\":1,\"kind\":\"time\",\"run\":\"r\",\"process\":0,\"warmup\":0}\n", "pass"},
    {"{\"schema\":1,\"kind\":\"time\",\"run\":\"r\",\"pass\":\"x\",\"process\":0,\"warmup\":0,"
     "\"ns\":[1.5]}\n",
     "integer"},
    {"{\"schema\":1,\"kind\":\"time\",\"run\":\"r\",\"pass\":\"x\",\"process\":0,\"warmup\":0,"
     "\"ns\":[-1]}\n",
     "integer"},
    {"{\"schema\":1,\"kind\":\"time\",\"run\":\"r\",\"pass\":\"x\",\"process\":0,\"warmup\":0,"
     "\"ns\":5}\n",
     "array"},
    {"{\"schema\":1,\"kind\":\"time\",\"run\":\"r\",\"pass\":\"x\",\"process\":0,\"warmup\":0,"
     "\"ns\":[NaN]}\n",
     ""},
    {"{\"schema\":1,\"kind\":\"check\",\"run\":\"r\",\"reference\":\"x\",\"passed\":\"yes\"}\n",
     "true or false"},
    {"{\"schema\":1,\"kind\":\"accuracy\",\"run\":\"r\",\"dataset\":\"d\",\"metric\":\"AP\","
     "\"value\":\"high\"}\n",
     "number"},
    {"{\"schema\":1,\"kind\":\"memory\",\"run\":\"r\",\"phase\":\"x\",\"why\":[]}\n", "object"},
    {"{\"schema\":1,\"kind\":\"memory\",\"run\":\"r\",\"phase\":\"x\",\"why\":{\"a\":1}}\n",
     "strings"},
    {"{\"schema\":1,\"kind\":\"time\",\"run\":\"r\",\"pass\":\"x\"", "cut"},
    {TIME_OF("\"size\":64,\"threads\":1,\"engine\":\"e\",\"ns\":[5],"), "\"model\" is missing"},
    {TIME_OF("\"model\":\"m\",\"threads\":1,\"engine\":\"e\",\"ns\":[5],"), "\"size\" is missing"},
    {TIME_OF("\"model\":\"m\",\"size\":64,\"engine\":\"e\",\"ns\":[5],"), "\"threads\" is missing"},
    {TIME_OF("\"model\":\"m\",\"size\":64,\"threads\":1,\"ns\":[5],"), "\"engine\" is missing"},
    {TIME_OF(CELL), "\"ns\" is missing"},
    {CHECK_OF("\"nmse\":1,\"tolerance\":1,"), "\"model\" is missing"},
    {CHECK_OF("\"model\":\"m\",\"tolerance\":1,"), "\"nmse\" is missing"},
    {CHECK_OF("\"model\":\"m\",\"nmse\":1,"), "\"tolerance\" is missing"},
    {ACCURACY_OF("\"value\":0.5,"), "\"model\" is missing"},
    {ACCURACY_OF("\"model\":\"m\","), "\"value\" is missing"},
};

static void remember_line(void *ctx, const struct sb_error *e)
{
    *(int64_t *)ctx = e->line;
}

static void test_record__bad_lines_name_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[1024];
        const int n = snprintf(text, sizeof(text), "%s%s", GOOD, bad[i].text);
        const char *path = scratch("bad.jsonl");
        assert_ok(sb_write_file(path, text, (size_t)n, &err), &err);
        struct sb_records records;
        sb_records_init(&records);
        assert_int_equal(sb_records_read(&records, path, NULL, NULL, &err), SB_EFORMAT);
        assert_int_equal(err.line, 2);
        assert_string_equal(err.path, path);
        if (!strstr(err.message, bad[i].message))
            fail_msg("case %zu: '%s' does not contain '%s'", i, err.message, bad[i].message);
        assert_int_equal(records.count, 1);

        int64_t line = 0; /* the same file, good lines kept */
        assert_ok(sb_records_read(&records, path, remember_line, &line, &err), &err);
        assert_int_equal(line, 2);
        assert_int_equal(records.count, 2);
        assert_int_equal(records.skipped, 1);
        sb_records_release(&records);
    }
}

static void test_record__a_file_appears_when_it_is_complete(void **state)
{
    (void)state;
    static const int64_t ns[] = {1, 2};
    const struct sb_record r = time_record(ns, 2);
    const char *path = scratch("run.jsonl");
    struct sb_record_writer w;
    assert_ok(sb_record_writer_open(&w, path, &err), &err);
    assert_ok(sb_record_write(&w, &r, &err), &err);
    assert_false(sb_is_file(path));
    assert_ok(sb_record_write(&w, &r, &err), &err);
    assert_ok(sb_record_writer_commit(&w, &err), &err);
    sb_record_writer_close(&w);
    struct sb_records records;
    sb_records_init(&records);
    assert_ok(sb_records_read(&records, path, NULL, NULL, &err), &err);
    assert_int_equal(records.count, 2);
    assert_false(sb_is_file(scratch("run.jsonl.part")));
    sb_records_release(&records);
    assert_int_equal(sb_record_writer_open(&w, "/nonexistent/x.jsonl", &err), SB_EIO);
}

static void test_record__two_writers_of_one_file_are_refused(void **state)
{
    (void)state;
    struct sb_record_writer first, second;
    static const int64_t ns[] = {1, 2};
    const struct sb_record r = time_record(ns, 2);
    char part[600];
    snprintf(part, sizeof(part), "%s.part", scratch("twice.jsonl"));
    assert_ok(sb_record_writer_open(&first, scratch("twice.jsonl"), &err), &err);
    assert_ok(sb_record_write(&first, &r, &err), &err);
    assert_int_equal(sb_record_writer_open(&second, scratch("twice.jsonl"), &err), SB_EIO);
    assert_non_null(strstr(err.message, "another process"));
    sb_record_writer_close(&second);
    assert_true(sb_is_file(part));
    assert_ok(sb_record_writer_commit(&first, &err), &err);
    sb_record_writer_close(&first);
    assert_ok(sb_record_writer_open(&second, scratch("twice.jsonl"), &err), &err);
    sb_record_writer_close(&second);
}

static void test_record__a_run_without_results_leaves_no_file(void **state)
{
    (void)state;
    struct sb_record run;
    sb_record_init(&run, SB_RECORD_RUN);
    struct sb_record_writer w;
    assert_ok(sb_record_writer_open(&w, scratch("empty.jsonl"), &err), &err);
    assert_ok(sb_record_write(&w, &run, &err), &err);
    assert_true(sb_is_file(scratch("empty.jsonl.part")));
    sb_record_writer_close(&w);
    assert_false(sb_is_file(scratch("empty.jsonl.part")));
}

/* A limit on the file's size stands for the full disk. */
static void test_record__a_full_disk_leaves_whole_lines(void **state)
{
    (void)state;
    static int64_t ns[400];
    for (size_t i = 0; i < 400; i++)
        ns[i] = 1000000 + (int64_t)i;
    const struct sb_record r = time_record(ns, 400);
    char part[600];
    snprintf(part, sizeof(part), "%s.part", scratch("full.jsonl"));
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 10000;
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct sb_record_writer w;
    assert_ok(sb_record_writer_open(&w, scratch("full.jsonl"), &err), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = 0;
    for (int i = 0; i < 10 && rc == 0; i++)
        rc = sb_record_write(&w, &r, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    assert_int_equal(rc, SB_EIO);
    sb_record_writer_close(&w);
    struct sb_records records;
    sb_records_init(&records);
    assert_ok(sb_records_read(&records, part, NULL, NULL, &err), &err);
    assert_true(records.count >= 1);
    sb_records_release(&records);
}

static void test_record__cells_compare_by_value(void **state)
{
    (void)state;
    char name[] = "tiny";
    const struct sb_cell a = {"tiny", 64, 1, 2, NULL, NULL}, b = {name, 64, 1, 2, NULL, NULL};
    const struct sb_cell c = {"tiny", 64, 1, 2, "openblas", NULL};
    assert_true(sb_same_cell(&a, &b));
    assert_false(sb_same_cell(&a, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__every_kind_survives_the_round_trip),
        cmocka_unit_test(test_record__metrics_have_one_spelling),
        cmocka_unit_test(test_record__bad_lines_name_file_and_line),
        cmocka_unit_test(test_record__a_file_appears_when_it_is_complete),
        cmocka_unit_test(test_record__two_writers_of_one_file_are_refused),
        cmocka_unit_test(test_record__a_run_without_results_leaves_no_file),
        cmocka_unit_test(test_record__a_full_disk_leaves_whole_lines),
        cmocka_unit_test(test_record__cells_compare_by_value),
    };
    return cmocka_run_group_tests_name("bench/record", tests, NULL, NULL);
}
