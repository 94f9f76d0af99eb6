/* bench/session.c: cells into a file, and what an interrupted session leaves is continued. */
#include "bench/session.h"

#include "base/file.h"
#include "base/json.h"
#include "bench/session_internal.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MODEL "retinanet-mobile-spinenet-49xs"

static struct sb_error err;
static struct sb_environment env;

static const struct sb_session_cell cells[] = {
    {MODEL, 128, 1, 1, SB_ENGINE_OPENBLAS, NULL},
    {MODEL, 128, 1, 2, SB_ENGINE_OPENBLAS, NULL},
    {MODEL, 256, 1, 1, SB_ENGINE_OPENBLAS, NULL},
};

static const char *scratch(const char *name)
{
    static char path[2][512];
    static int next;
    next = !next;
    snprintf(path[next], sizeof(path[next]), "%s/%s", test_scratch(), name);
    return path[next];
}

static struct sb_session_options quick_options(const char *output)
{
    struct sb_session_options o;
    sb_session_options_defaults(&o);
    o.measure.time.warmup = 0;
    o.measure.time.stop = (struct sb_stop_rule){.min_runs = 2, .max_runs = 2};
    o.measure.time.step_passes = 1;
    o.measure.check = false;
    o.cells = cells;
    o.num_cells = 3;
    o.probe = false;
    o.quiet = true;
    o.command = "test";
    o.output = output;
    return o;
}

static int run(const struct sb_session_options *o, struct sb_records *records,
               struct sb_session_result *result)
{
    sb_environment_read(&env, "");
    sb_records_init(records);
    return sb_session_run(o, &env, records, result, &err);
}

/* What differs from one measurement to the next becomes 0 where it has a value. */
static void blank_measured(struct sb_record *r, const int64_t *zeros, size_t room)
{
    if (r->kind == SB_RECORD_TIME) {
        struct sb_time_record *t = &r->u.time;
        assert_true(t->num_ns <= room);
        t->ns = t->ns ? zeros : NULL;
        t->steal_ticks = t->steal_ticks == SB_NO_INT ? SB_NO_INT : 0;
    } else if (r->kind == SB_RECORD_MEMORY) {
        int64_t *bytes = &r->u.memory.measured_bytes;
        *bytes = *bytes == SB_NO_INT ? SB_NO_INT : 0;
        r->u.memory.other_bytes = 0;
    }
}

/* A file's text with measured values blanked. */
static void text_of(const char *path, struct sb_str *out)
{
    static const int64_t zeros[16];
    struct sb_records records;
    sb_records_init(&records);
    assert_ok(sb_records_read(&records, path, NULL, NULL, &err), &err);
    for (size_t i = 0; i < records.count; i++) {
        struct sb_record r = records.items[i];
        blank_measured(&r, zeros, 16);
        sb_record_to_json(&r, out);
    }
    sb_records_release(&records);
}

static void test_session__resumes_to_the_same_file(void **state)
{
    (void)state;
    struct sb_records records;
    struct sb_session_result result;
    struct sb_str whole = SB_STR_INIT, again = SB_STR_INIT;
    const struct sb_session_options o = quick_options(scratch("whole.jsonl"));
    assert_ok(run(&o, &records, &result), &err);
    sb_records_release(&records);
    assert_int_equal(result.resumed_cells, 0);
    text_of(o.output, &whole);
    struct sb_map map;
    assert_ok(sb_map_open(&map, o.output, &err), &err);

    /* killed at any byte: what is there is continued */
    const size_t cuts[] = {map.size / 5, map.size / 2, map.size - map.size / 7, map.size - 1};
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct sb_session_options r = quick_options(scratch("cut.jsonl"));
        r.resume = true;
        assert_ok(sb_write_file(scratch("cut.jsonl.part"), map.data, cuts[i], &err), &err);
        assert_ok(run(&r, &records, &result), &err);
        text_of(r.output, &again);
        assert_string_equal(sb_str_text(&again), sb_str_text(&whole));
        assert_true(records.count > 10);
        assert_true(result.resumed_cells <= 2);
        if (i == 3)
            assert_int_equal(result.resumed_cells, 2);
        assert_false(sb_is_file(scratch("cut.jsonl.part")));
        sb_records_release(&records);
        sb_str_clear(&again);
        unlink(r.output);
    }
    sb_map_release(&map);
    sb_str_release(&whole);
    sb_str_release(&again);
}

static void test_session__a_complete_file_needs_no_work(void **state)
{
    (void)state;
    struct sb_records records;
    struct sb_session_result result;
    struct sb_session_options o = quick_options(scratch("done.jsonl"));
    assert_ok(run(&o, &records, &result), &err);
    const size_t count = records.count;
    sb_records_release(&records);
    o.resume = true;
    assert_ok(run(&o, &records, &result), &err);
    assert_int_equal(records.count, count);
    assert_int_equal(result.resumed_cells, 3);
    assert_int_equal(result.failed_checks, 0);
    sb_records_release(&records);
}

static void test_session__kept_failures_count(void **state)
{
    (void)state;
    static const char passed[] = "\"passed\": true", failed[] = "\"passed\": false";
    struct sb_records records;
    struct sb_session_result result;
    struct sb_map map;
    struct sb_str text = SB_STR_INIT;
    struct sb_session_options o = quick_options(scratch("failed.jsonl"));
    o.num_cells = 1;
    o.measure.check = true;
    assert_ok(run(&o, &records, &result), &err);
    sb_records_release(&records);
    assert_ok(sb_map_open(&map, o.output, &err), &err);
    const char *at = strstr(map.data, passed);
    assert_non_null(at);
    sb_str_printf(&text, "%.*s%s%s", (int)(at - (const char *)map.data), (const char *)map.data,
                  failed, at + strlen(passed));
    sb_map_release(&map);
    assert_ok(sb_write_file(o.output, text.data, text.length, &err), &err);
    sb_str_release(&text);
    o.resume = true;
    assert_ok(run(&o, &records, &result), &err);
    assert_int_equal(result.resumed_cells, 1);
    assert_int_equal(result.failed_checks, 1);
    sb_records_release(&records);
}

static void test_session__refuses_files_of_other_sessions(void **state)
{
    (void)state;
    struct sb_records records;
    struct sb_session_result result;
    struct sb_session_options o = quick_options(scratch("other.jsonl"));
    o.num_cells = 2;
    assert_ok(run(&o, &records, &result), &err);
    sb_records_release(&records);
    assert_int_equal(rename(scratch("other.jsonl"), scratch("other.jsonl.part")), 0);
    o.resume = true;
    o.cells = cells + 1; /* another first cell */
    assert_int_equal(run(&o, &records, &result), SB_EINVAL);
    assert_non_null(strstr(err.message, "not cell 1"));
    sb_records_release(&records);
    assert_ok(sb_write_file(scratch("other.jsonl.part"), "nonsense\n", 9, &err), &err);
    assert_int_equal(run(&o, &records, &result), SB_EFORMAT);
    sb_records_release(&records);
}

/* A file of the same name with other weights; of a checkpoint, or its folder, its index counts. */
static void test_session__settings_hold_the_digest_of_weights(void **state)
{
    (void)state;
    struct sb_session_options o = quick_options(NULL);
    static const struct {
        const char *weights, *file;
    } kinds[] = {
        {"w.safetensors", "w.safetensors"}, {"ckpt", "ckpt.index"}, {"dir", "dir/ckpt.index"}};
    assert_ok(sb_make_dirs(scratch("dir"), &err), &err);
    for (int i = 0; i < 3; i++) {
        struct sb_str a = SB_STR_INIT, b = SB_STR_INIT, c = SB_STR_INIT;
        char weights[512];
        snprintf(weights, sizeof(weights), "%s", scratch(kinds[i].weights));
        o.measure.weights = weights;
        assert_ok(sb_write_file(scratch(kinds[i].file), "one", 3, &err), &err);
        assert_ok(sb_session_settings(&o, &a, &err), &err);
        assert_ok(sb_session_settings(&o, &b, &err), &err);
        assert_ok(sb_write_file(scratch(kinds[i].file), "two", 3, &err), &err);
        assert_ok(sb_session_settings(&o, &c, &err), &err);
        assert_string_equal(sb_str_text(&a), sb_str_text(&b));
        assert_string_not_equal(sb_str_text(&a), sb_str_text(&c));
        sb_str_release(&a);
        sb_str_release(&b);
        sb_str_release(&c);
    }
}

/* Two cells with every kind of line. */
static void damage_options(struct sb_session_options *o)
{
    o->num_cells = 2;
    o->measure.check = true;
}

/* Resumes two cells of whose file the line that holds `mark` first is broken or left out. */
static void resume_damaged(const struct sb_map *map, const char *mark, bool leave_out,
                           const char *message)
{
    struct sb_records records;
    struct sb_session_result result;
    struct sb_session_options o = quick_options(scratch("damaged.jsonl"));
    damage_options(&o);
    struct sb_str text = SB_STR_INIT;
    const char *at = strstr(map->data, mark);
    assert_non_null(at);
    while (at[-1] != '\n')
        at--;
    sb_str_printf(&text, "%.*s%s%s", (int)(at - map->data), map->data, leave_out ? "" : "broken ",
                  leave_out ? strchr(at, '\n') + 1 : at);
    assert_ok(sb_write_file(scratch("damaged.jsonl.part"), text.data, text.length, &err), &err);
    o.resume = true;
    if (leave_out) { /* the cell is measured again */
        assert_ok(run(&o, &records, &result), &err);
        assert_int_equal(result.resumed_cells, 0);
        assert_non_null(result.redone);
        if (!strstr(result.redone, message))
            fail_msg("'%s' lacks '%s'", result.redone, message);
        assert_true(sb_is_file(o.output));
        unlink(o.output);
    } else {
        assert_int_equal(run(&o, &records, &result), SB_EFORMAT);
        assert_int_equal(err.line, 2);
        assert_non_null(strstr(err.path, "damaged.jsonl.part"));
        assert_false(sb_is_file(o.output));
    }
    sb_records_release(&records);
    sb_str_release(&text);
}

/* A broken line is refused (but for a last one that was cut, see resumes_to_the_same_file); where a
 * line of any kind is missing, the cell is measured again. */
static void test_session__broken_and_missing_lines_are_noticed(void **state)
{
    (void)state;
    struct sb_records records;
    struct sb_session_result result;
    struct sb_map map;
    struct sb_session_options o = quick_options(scratch("intact.jsonl"));
    damage_options(&o);
    assert_ok(run(&o, &records, &result), &err);
    sb_records_release(&records);
    assert_ok(sb_map_open(&map, o.output, &err), &err);
    resume_damaged(&map, "\"kind\": \"check\"", false, "");
    static const struct {
        const char *mark, *missing;
    } lines[] = {
        {"\"end_to_end\"", "end-to-end times"},
        {"\"kind\": \"check\"", "the output check"},
        {"\"kind\": \"output\"", "the values of every output"},
        {"\"phase\": \"total\"", "memory of every phase"},
        {"\"phase\": \"plan\"", "memory of every phase and level"},
        {"\"kind\": \"cost\"", "costs of every level, op and step"},
        {"\"op\": \"add\"", "costs of every level, op and step"},
        {"\"per_op\"", "times of every step"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        resume_damaged(&map, lines[i].mark, true, lines[i].missing);
    sb_map_release(&map);
}

static void expect_refused(const struct sb_session_options *o, const char *part)
{
    struct sb_records records;
    struct sb_session_result result;
    assert_int_equal(run(o, &records, &result), SB_EINVAL);
    if (!strstr(err.message, part))
        fail_msg("'%s' lacks '%s'", err.message, part);
    assert_non_null(strstr(err.hint, "leave out --resume to start over"));
    sb_records_release(&records);
}

/* One file never mixes settings, weights or builds. */
static void test_session__refuses_other_settings(void **state)
{
    (void)state;
    struct sb_records records;
    struct sb_session_result result;
    struct sb_map map;
    struct sb_session_options first = quick_options(scratch("settings.jsonl")), o;
    first.num_cells = 1;
    first.resume = true;
    assert_ok(run(&first, &records, &result), &err);
    sb_records_release(&records);
    for (int part = 0; part < 2; part++) { /* a complete file, and one that was stopped */
        if (part)
            assert_int_equal(rename(scratch("settings.jsonl"), scratch("settings.jsonl.part")), 0);
        o = first;
        o.measure.time.stop.min_runs = o.measure.time.stop.max_runs = 3;
        expect_refused(&o, "settings 'least runs 2', this one has 'least runs 3'");
        o = first;
        o.measure.time.stop.precision = 0.01;
        expect_refused(&o, "settings 'precision 0 %', this one has 'precision 1 %'");
        o = first;
        o.measure.check = true;
        expect_refused(&o, "settings 'check no', this one has 'check yes'");
        o = first;
        o.measure.seed = 2;
        expect_refused(&o, "seed '1', this one has '2'");
        const struct sb_accuracy_set truth = {.annotations = "gt.json", .images = "val"};
        o = first;
        o.accuracy = &truth;
        expect_refused(&o, "settings 'truth none', this one has 'truth gt.json'");
        o = first;
        o.weights_text = "other.safetensors";
        expect_refused(&o, "weights 'seed 1', this one has 'other.safetensors'");
    }
    /* built by another compiler */
    const char *part = scratch("settings.jsonl.part");
    assert_ok(sb_map_open(&map, part, &err), &err);
    struct sb_str text = SB_STR_INIT;
    const char *at = strstr(map.data, "\"compiler\": \"");
    assert_non_null(at);
    at += strlen("\"compiler\": \"");
    sb_str_printf(&text, "%.*sX%s", (int)(at - (const char *)map.data), (const char *)map.data, at);
    sb_map_release(&map);
    assert_ok(sb_write_file(part, text.data, text.length, &err), &err);
    sb_str_release(&text);
    expect_refused(&first, "the kept run has compiler 'X");
}

static void test_session__checks_every_cell_before_the_first(void **state)
{
    (void)state;
    struct sb_records records;
    struct sb_session_result result;
    const struct sb_session_cell bad[] = {cells[0], {"nosuch", 0, 1, 1, SB_ENGINE_OPENBLAS, NULL}};
    struct sb_session_options o = quick_options(scratch("never.jsonl"));
    o.cells = bad;
    o.num_cells = 2;
    assert_int_equal(run(&o, &records, &result), SB_ENOTFOUND);
    assert_int_equal(records.count, 0);
    assert_false(sb_is_file(scratch("never.jsonl.part")));
    sb_records_release(&records);
    o = quick_options(NULL);
    o.resume = true;
    assert_int_equal(run(&o, &records, &result), SB_EINVAL);
    sb_records_release(&records);
    o = quick_options(NULL);
    o.trace = scratch("t.json");
    assert_int_equal(run(&o, &records, &result), SB_EINVAL);
    sb_records_release(&records);
}

static void test_session__parts_make_the_whole(void **state)
{
    (void)state;
    struct sb_records records;
    struct sb_session_result result;
    struct sb_session_options o = quick_options(NULL);
    o.num_cells = 1;
    o.measure.time.stop = (struct sb_stop_rule){.min_runs = 5, .max_runs = 5};
    o.measure.time.step_passes = 5;
    o.probe = true;
    assert_ok(run(&o, &records, &result), &err);
    const struct sb_record *time = NULL;
    for (size_t i = 0; i < records.count && !time; i++) {
        if (records.items[i].kind == SB_RECORD_TIME)
            time = &records.items[i];
    }
    assert_non_null(time);
    const double ratio = sb_reconcile(&records, &time->cell);
    assert_true(ratio > 0.3 && ratio < 3); /* wide: test machines are shared */
    assert_true(time->u.time.peak_flops > 1e8 && time->u.time.peak_bytes_per_s > 1e7);
    assert_true(result.noise >= 0);
    struct sb_cell unknown = time->cell;
    unknown.size = 7;
    assert_true(isnan(sb_reconcile(&records, &unknown)));
    sb_records_release(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__resumes_to_the_same_file),
        cmocka_unit_test(test_session__a_complete_file_needs_no_work),
        cmocka_unit_test(test_session__kept_failures_count),
        cmocka_unit_test(test_session__refuses_files_of_other_sessions),
        cmocka_unit_test(test_session__refuses_other_settings),
        cmocka_unit_test(test_session__settings_hold_the_digest_of_weights),
        cmocka_unit_test(test_session__broken_and_missing_lines_are_noticed),
        cmocka_unit_test(test_session__checks_every_cell_before_the_first),
        cmocka_unit_test(test_session__parts_make_the_whole),
    };
    return cmocka_run_group_tests_name("bench/session", tests, NULL, NULL);
}
