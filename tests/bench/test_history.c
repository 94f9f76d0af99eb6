/* bench/history*.c: files that only grow, series from runs, and which commits moved what. */
#include "bench/history.h"

#include "base/file.h"
#include "base/str.h"
#include "tests/test.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static struct sb_error err;
static struct sb_records input; /* what is added next */

/* A run record with its id from a number; commit "cNN". */
static void add_run(int number, const char *machine, const char *blas)
{
    char id[16], commit[16];
    struct sb_record r;
    sb_record_init(&r, SB_RECORD_RUN);
    snprintf(id, sizeof(id), "run%d", number);
    snprintf(commit, sizeof(commit), "c%02d", number);
    r.run = id;
    r.u.run = (struct sb_run_record){.started = "2026-01-01T00:00:00Z",
                                     .command = "bench",
                                     .version = "1",
                                     .commit = commit,
                                     .compiler = "gcc",
                                     .flags = "-O2",
                                     .machine = machine,
                                     .blas = blas,
                                     .load = NAN,
                                     .noise = NAN};
    assert_ok(sb_records_add(&input, &r, &err), &err);
}

static struct sb_record of_last_run(enum sb_record_kind kind)
{
    struct sb_record r;
    sb_record_init(&r, kind);
    for (size_t i = 0; i < input.count; i++)
        r.run = input.items[i].kind == SB_RECORD_RUN ? input.items[i].run : r.run;
    r.cell = (struct sb_cell){"tiny", 64, 1, 2, "native", NULL};
    return r;
}

/* Three samples around ns, and a step that history has no use for. */
static void add_time(int64_t process, double ns, double reference_ns)
{
    const int64_t samples[] = {(int64_t)(1.4 * ns), (int64_t)ns, (int64_t)(0.9 * ns)};
    struct sb_record r = of_last_run(SB_RECORD_TIME);
    r.u.time.pass = "end_to_end";
    r.u.time.process = process;
    r.u.time.warmup = 0;
    r.u.time.reference_ns = reference_ns;
    r.u.time.ns = samples;
    r.u.time.num_ns = 3;
    assert_ok(sb_records_add(&input, &r, &err), &err);
    r.part.node = "conv1";
    assert_ok(sb_records_add(&input, &r, &err), &err);
}

static void add_memory(int64_t bytes)
{
    struct sb_record r = of_last_run(SB_RECORD_MEMORY);
    r.u.memory.phase = "total";
    r.u.memory.measured_bytes = bytes;
    assert_ok(sb_records_add(&input, &r, &err), &err);
}

static void add_accuracy(double value)
{
    struct sb_record r = of_last_run(SB_RECORD_ACCURACY);
    r.u.accuracy.dataset = "val";
    r.u.accuracy.metric = "AP";
    r.u.accuracy.value = value;
    assert_ok(sb_records_add(&input, &r, &err), &err);
}

/* Adds what was prepared. */
static int add(const char *dir, bool dirty, struct sb_history_added *added)
{
    const int rc = sb_history_add(dir, &input, dirty, added, &err);
    sb_records_release(&input);
    sb_records_init(&input);
    return rc;
}

static void load(struct sb_history *h, const char *dir)
{
    struct sb_history_options o;
    sb_history_options_defaults(&o);
    assert_ok(sb_history_load(h, dir, &o, &err), &err);
}

static const struct sb_history_series *find(const struct sb_history *h, const char *metric)
{
    for (size_t i = 0; i < h->count; i++) {
        if (strcmp(h->series[i].metric, metric) == 0)
            return &h->series[i];
    }
    fail_msg("no series of %s", metric);
    return NULL;
}

/* Twelve commits; from the seventh on latency is 10 % higher and AP higher, too, while the machine
 * runs at half speed for every second run. */
static const char *story(const char *name)
{
    struct sb_history_added added;
    const char *dir = test_path(name);
    for (int i = 0; i < 12; i++) {
        const double slow = i % 2 ? 2 : 1, step = i < 6 ? 1 : 1.1;
        add_run(i, "0a", "b");
        add_time(0, 1e6 * slow * step, 1e4 * slow);
        add_memory(1000000 + (i == 11 ? 100000 : 0));
        add_accuracy(i < 6 ? 0.30 : 0.33);
        assert_ok(add(dir, false, &added), &err);
        assert_int_equal(added.runs, 1);
    }
    return dir;
}

static void test_history__says_which_commits_moved_what(void **state)
{
    (void)state;
    struct sb_history h;
    struct sb_str text = SB_STR_INIT;
    load(&h, story("story"));
    const struct sb_history_series *latency = find(&h, "latency"), *ap = find(&h, "AP");
    assert_int_equal(latency->count, 12);
    assert_int_equal(latency->num_segments, 2);
    assert_int_equal(latency->segments[1].first, 6);
    assert_true(fabs(latency->segments[0].level - 100) < 1e-9); /* the median sample / reference */
    assert_true(fabs(latency->segments[1].change - 0.1) < 1e-6);
    assert_true(sb_history_is_worse(latency, 1));
    assert_true(ap->segments[1].counts && !sb_history_is_worse(ap, 1));
    sb_history_step_text(latency, 1, &text);
    assert_string_equal(sb_str_text(&text),
                        "latency of tiny at 64, 2 threads, native rose by 10.0 % "
                        "in c05..c06 (machine 0a; 6 points before, 6 since)");
    const struct sb_history_series *memory = find(&h, "peak memory");
    assert_int_equal(memory->num_segments, 2); /* one point, which may become a step */
    assert_false(memory->segments[1].counts);
    sb_str_release(&text);
    sb_history_release(&h);
}

static int count_counting(void *ctx, const struct sb_record *r, struct sb_error *e)
{
    (void)e;
    assert_int_equal(r->kind, SB_RECORD_HISTORY);
    *(size_t *)ctx += r->u.history.counts;
    if (r->u.history.counts)
        assert_string_equal(r->u.history.commit, "c06");
    return 0;
}

static void test_history__points_become_records(void **state)
{
    (void)state;
    struct sb_history h;
    size_t counting = 0;
    load(&h, story("records"));
    assert_ok(sb_history_records(&h, count_counting, &counting, &err), &err);
    assert_int_equal(counting, 2); /* latency and AP */
    sb_history_release(&h);
}

static void test_history__knows_runs_by_their_ids(void **state)
{
    (void)state;
    struct sb_history_added added;
    const char *dir = test_path("ids");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2; i++) {
            add_run(i, "0a", "b");
            add_time(0, 1e6, 1e4);
        }
        add_run(round, "0b", "b"); /* run 0 of another machine, then run 1 */
        assert_ok(add(dir, false, &added), &err);
        assert_int_equal(added.runs, round ? 0 : 2); /* an id stands for one run */
    }
    assert_int_equal(added.known, 2);
}

/* Machines and BLAS builds have series of their own; processes of a run are pooled; blank times are
 * left out. */
static void test_history__series_hold_what_can_be_compared(void **state)
{
    (void)state;
    struct sb_history h;
    struct sb_history_added added;
    const char *dir = test_path("series");
    static const struct {
        const char *machine, *blas;
    } setups[] = {{"0a", "b"}, {"0a", "c"}, {"0b", "b"}};
    for (int i = 0; i < 3; i++) {
        add_run(i, setups[i].machine, setups[i].blas);
        add_time(0, 1e6, 1e4);
        add_time(1, 3e6, 1e4);
        add_memory(5000);
    }
    add_run(3, "0b", "b");
    struct sb_record blank = of_last_run(SB_RECORD_TIME);
    blank.u.time.pass = "end_to_end";
    blank.u.time.process = blank.u.time.warmup = 0;
    assert_ok(sb_records_add(&input, &blank, &err), &err);
    assert_ok(add(dir, false, &added), &err);
    assert_int_equal(added.runs, 4);
    assert_true(sb_is_file(test_path("series/0a.jsonl")) &&
                sb_is_file(test_path("series/0b.jsonl")));
    load(&h, dir);
    assert_int_equal(h.count, 5); /* three of latency, memory of two machines */
    for (size_t i = 0; i < h.count; i++) {
        if (strcmp(h.series[i].metric, "latency") == 0) {
            assert_int_equal(h.series[i].count, 1);
            assert_true(fabs(h.series[i].points[0].value - 205) <
                        1e-9); /* of 0.9 1 1.4 2.7 3 4.2 */
        }
    }
    sb_history_release(&h);
    struct sb_history_options o;
    sb_history_options_defaults(&o);
    o.model = "other";
    assert_ok(sb_history_load(&h, dir, &o, &err), &err);
    assert_int_equal(h.count, 0);
    sb_history_release(&h);
}

/* AP on annotations or pictures that were changed is another series; runs from before there were
 * digests belong to the first of their name. */
static void test_history__accuracies_of_other_data_are_apart(void **state)
{
    (void)state;
    static const char *const digests[][2] = {
        {NULL, NULL}, {"1f", "3d"}, {"2e", "3d"}, {"1f", NULL}, {"1f", "4c"}};
    struct sb_str text = SB_STR_INIT;
    struct sb_history h;
    struct sb_history_added added;
    const char *dir = test_path("data");
    for (int i = 0; i < 5; i++) {
        add_run(i, "0a", "b");
        add_accuracy(0.25);
        input.items[input.count - 1].u.accuracy.data_digest = digests[i][0];
        input.items[input.count - 1].u.accuracy.images_digest = digests[i][1];
        assert_ok(add(dir, false, &added), &err);
    }
    load(&h, dir);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.series[0].count, 3);
    assert_int_equal(h.series[1].count, 1);
    assert_int_equal(h.series[2].count, 1);
    const struct sb_history_series *const s = &h.series[0];
    sb_record_data_text(s->dataset, s->data_digest, s->images_digest, &text);
    assert_string_equal(sb_str_text(&text), "val (1f, pictures 3d)");
    sb_str_release(&text);
    sb_history_release(&h);
}

static void test_history__refuses_what_it_cannot_place(void **state)
{
    (void)state;
    struct sb_history_added added;
    const char *dir = test_path("refused");
    assert_int_equal(add(dir, false, &added), SB_EFORMAT);
    add_run(1, "0a", "b");
    input.items[0].u.run.commit = NULL;
    assert_int_equal(add(dir, false, &added), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "names no commit");
    add_run(1, "0a", "b");
    input.items[0].u.run.dirty = true;
    assert_int_equal(add(dir, false, &added), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "--dirty");
    add_run(1, "../../etc", "b"); /* a file name is made of it */
    assert_int_equal(add(dir, false, &added), SB_EFORMAT);
    add_run(1, "0a", "b");
    add_time(0, 1e6, NAN);
    assert_int_equal(add(dir, false, &added), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "without the reference kernel");
    assert_false(sb_is_dir(dir));
    add_run(1, "0a", "b");
    input.items[0].u.run.dirty = true;
    assert_ok(add(dir, true, &added), &err);
    assert_int_equal(added.runs, 1);
}

static void add_check(bool passed)
{
    struct sb_record r = of_last_run(SB_RECORD_CHECK);
    r.cell = (struct sb_cell){"m", 64, 1, 2, "native", NULL};
    r.u.check = (struct sb_check_record){.reference = "reference",
                                         .output = "logits",
                                         .nmse = passed ? 1e-12 : 0.5,
                                         .tolerance = 1e-7,
                                         .passed = passed};
    assert_ok(sb_records_add(&input, &r, &err), &err);
}

/* A failed check stands until a later run of the same machine passes. */
static void test_history__failed_checks_stand_until_they_pass(void **state)
{
    (void)state;
    struct sb_history_added added;
    struct sb_history h;
    size_t index = 0;
    const char *dir = test_path("failed-checks");
    add_run(1, "aa", "blas");
    add_check(false);
    add_run(2, "bb", "blas");
    add_check(true); /* another machine's */
    assert_ok(add(dir, false, &added), &err);
    load(&h, dir);
    const struct sb_record *failed = sb_history_next_failed(&h, &index);
    assert_non_null(failed);
    assert_string_equal(failed->run, "run1");
    assert_null(sb_history_next_failed(&h, &index));
    sb_history_release(&h);
    add_run(3, "aa", "blas");
    add_check(true);
    assert_ok(add(dir, false, &added), &err);
    load(&h, dir);
    index = 0;
    assert_null(sb_history_next_failed(&h, &index));
    sb_history_release(&h);
}

static size_t size_of(const char *path)
{
    struct sb_map map;
    assert_ok(sb_map_open(&map, path, &err), &err);
    const size_t size = map.size;
    sb_map_release(&map);
    return size;
}

/* A limit on the file's size stands for the full disk. */
static void test_history__a_full_disk_changes_nothing(void **state)
{
    (void)state;
    struct sb_history_added added;
    const char *dir = test_path("full");
    add_run(1, "0a", "b");
    add_time(0, 1e6, 1e4);
    assert_ok(add(dir, false, &added), &err);
    const size_t before = size_of(test_path("full/0a.jsonl"));
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = before + 100;
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    add_run(2, "0a", "b");
    add_time(0, 1e6, 1e4);
    const int rc = add(dir, false, &added);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    assert_int_equal(rc, SB_EIO);
    assert_int_equal(size_of(test_path("full/0a.jsonl")), before);
}

static void test_history__a_cut_line_is_named(void **state)
{
    (void)state;
    struct sb_history_added added;
    const char *dir = test_path("cut");
    assert_ok(sb_make_dirs(dir, &err), &err);
    test_write_text("cut/0a.jsonl", "{\"schema\": 1,");
    add_run(1, "0a", "b");
    assert_int_equal(add(dir, false, &added), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "0a.jsonl:1: the last line is cut");
    struct sb_history h;
    struct sb_history_options o;
    sb_history_options_defaults(&o);
    assert_int_equal(sb_history_load(&h, dir, &o, &err), SB_EFORMAT);
    assert_int_equal(sb_history_load(&h, test_path("nosuch"), &o, &err), SB_EIO);
}

static int load_without_memory(void *ctx)
{
    struct sb_history h;
    struct sb_history_options o;
    sb_history_options_defaults(&o);
    const int rc = sb_history_load(&h, ctx, &o, &err);
    if (rc == 0)
        sb_history_release(&h);
    return rc;
}

static void test_history__survives_without_memory(void **state)
{
    (void)state;
    struct sb_history_added added;
    char dir[512];
    snprintf(dir, sizeof(dir), "%s", test_path("memory"));
    for (int i = 0; i < 3; i++) {
        add_run(i, "0a", "b");
        add_time(0, 1e6, 1e4);
        add_memory(1000);
    }
    assert_ok(add(dir, false, &added), &err);
    test_every_allocation_fails(load_without_memory, dir);
}

static int release_input(void **state)
{
    (void)state;
    sb_records_release(&input);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_history__says_which_commits_moved_what),
        cmocka_unit_test(test_history__points_become_records),
        cmocka_unit_test(test_history__knows_runs_by_their_ids),
        cmocka_unit_test(test_history__series_hold_what_can_be_compared),
        cmocka_unit_test(test_history__accuracies_of_other_data_are_apart),
        cmocka_unit_test(test_history__refuses_what_it_cannot_place),
        cmocka_unit_test(test_history__failed_checks_stand_until_they_pass),
        cmocka_unit_test(test_history__a_full_disk_changes_nothing),
        cmocka_unit_test(test_history__a_cut_line_is_named),
        cmocka_unit_test(test_history__survives_without_memory),
    };
    return cmocka_run_group_tests_name("bench/history", tests, NULL, release_input);
}
