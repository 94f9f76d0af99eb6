/* bench/measure*.c, latency.c, output_check.c, step_costs.c on a small model of the zoo. */
#include "bench/measure.h"
#include "bench/measure_records.h"
#include "bench/session.h"
#include "bench/trace.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "bench/step_costs.h"
#include "models/weights.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MODEL "retinanet-mobile-spinenet-49xs"

static struct sb_error err;

static struct sb_measure_options small_options(void)
{
    struct sb_measure_options o;
    sb_measure_options_defaults(&o);
    o.model = MODEL;
    o.size = 128;
    o.threads = 1;
    o.time.warmup = 1;
    o.time.stop = (struct sb_stop_rule){.min_runs = 6, .max_runs = 6, .max_ns = INT64_MAX};
    o.time.step_passes = 3;
    return o;
}

static void measure(struct sb_measurement *m, const struct sb_measure_options *o)
{
    assert_ok(sb_measure(m, o, NULL, &err), &err);
}

static int collect(void *ctx, const struct sb_record *record, struct sb_error *e)
{
    (void)e;
    sb_record_to_json(record, ctx);
    return 0;
}

static void records_of(struct sb_measurement *m, struct sb_records *out)
{
    char path[512];
    struct sb_str text = SB_STR_INIT;
    assert_ok(sb_measurement_records(m, "r1", collect, &text, &err), &err);
    snprintf(path, sizeof(path), "%s/m.jsonl", test_scratch());
    assert_ok(sb_write_file(path, text.data, text.length, &err), &err);
    sb_str_release(&text);
    sb_records_init(out);
    assert_ok(sb_records_read(out, path, NULL, NULL, &err), &err);
}

static void test_measure__takes_what_the_options_ask_for(void **state)
{
    (void)state;
    const struct sb_measure_options o = small_options();
    struct sb_measurement m;
    measure(&m, &o);
    assert_int_equal(m.samples.count, 6);
    assert_int_equal(m.samples.step_passes, 3);
    assert_true(m.checked && m.check.passed);
    assert_true(m.check.compared >= 10 && m.check.left_out == 0);
    assert_true(m.check.nmse > 0 && m.check.nmse < SB_CHECK_TOLERANCE);
    assert_true(m.total.arena_bytes > 0 && m.total.weight_bytes > 0);
    sb_measurement_release(&m);
}

static void test_measure__precision_stops_early(void **state)
{
    (void)state;
    struct sb_measure_options o = small_options();
    o.time.stop = (struct sb_stop_rule){
        .min_runs = 3, .max_runs = 500, .max_ns = INT64_MAX, .precision = 0.9};
    o.time.step_passes = 0;
    o.check = false;
    struct sb_measurement m;
    measure(&m, &o);
    assert_in_range(m.samples.count, 6, 499); /* an interval needs six samples */
    sb_measurement_release(&m);
}

static void test_measure__scenarios_run(void **state)
{
    (void)state;
    struct sb_measure_options o = small_options();
    o.time.stop = (struct sb_stop_rule){.min_runs = 2, .max_runs = 2};
    o.time.step_passes = 1;
    o.time.cache_bytes = 1 << 20;
    for (int i = SB_SCENARIO_STREAM; i <= SB_SCENARIO_OFFLINE; i++) {
        struct sb_measurement m;
        struct sb_records records;
        enum sb_scenario parsed;
        o.time.scenario = (enum sb_scenario)i;
        assert_ok(sb_scenario_parse(sb_scenario_name(o.time.scenario), &parsed, &err), &err);
        assert_int_equal(parsed, i);
        measure(&m, &o);
        assert_true(m.check.passed);
        records_of(&m, &records);
        const char *name = records.items[0].cell.scenario;
        if (i == SB_SCENARIO_STREAM)
            assert_null(name);
        else
            assert_string_equal(name, sb_scenario_name(o.time.scenario));
        sb_records_release(&records);
        sb_measurement_release(&m);
    }
    assert_int_equal(sb_scenario_parse("hot", &o.time.scenario, &err), SB_EINVAL);
}

static void test_measure__time_limit_stops_after_the_least_runs(void **state)
{
    (void)state;
    struct sb_measure_options o = small_options();
    o.time.stop = (struct sb_stop_rule){.min_runs = 2, .max_runs = 1000, .max_ns = 0};
    o.time.step_passes = 0;
    o.check = false;
    struct sb_measurement m;
    measure(&m, &o);
    assert_int_equal(m.samples.count, 2);
    assert_int_equal(m.samples.step_passes, 0);
    assert_false(m.checked);
    sb_measurement_release(&m);
}

/* More step passes than runs: the rest follow without end-to-end runs. */
static void test_measure__step_passes_are_completed(void **state)
{
    (void)state;
    struct sb_measure_options o = small_options();
    o.time.stop = (struct sb_stop_rule){.min_runs = 1, .max_runs = 1, .max_ns = 0};
    o.time.step_passes = 4;
    struct sb_measurement m;
    measure(&m, &o);
    assert_int_equal(m.samples.count, 1);
    assert_int_equal(m.samples.step_passes, 4);
    sb_measurement_release(&m);
}

/* A network that does nothing, from the same kind of options. */
static void measure_nothing(struct sb_measurement *m, struct sb_measure_options o)
{
    struct sb_model *model = sb_calloc(1, sizeof(*model), SB_MEM_TAG(SB_MEM_DATA, 0));
    assert_non_null(model);
    snprintf(model->name, sizeof(model->name), "nothing");
    model->batch = 1;
    model->task = SB_TASK_BACKBONE;
    model->padded_h = model->padded_w = model->image_h = model->image_w = 8;
    model->graph = sb_graph_new("nothing", &err);
    assert_non_null(model->graph);
    const int x = sb_graph_input(model->graph, "input", (struct sb_shape){1, 3, 8, 8}, &err);
    assert_true(x >= 0);
    assert_ok(sb_graph_output(model->graph, x, "output", &err), &err);
    assert_ok(sb_measure_model(m, model, &o, NULL, &err), &err);
}

static int64_t fastest(const struct sb_measurement *m)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < m->samples.count; i++)
        least = m->samples.ns[i] < least ? m->samples.ns[i] : least;
    return least;
}

/* What timing a run costs, clock, bookkeeping and an empty pass: below 0.1 % of the shortest row,
 * the lightest model at its smallest size. */
static void test_measure__timing_costs_next_to_nothing(void **state)
{
    (void)state;
    struct sb_measure_options o = small_options();
    o.check = false;
    o.time.step_passes = 0;
    o.time.stop.min_runs = o.time.stop.max_runs = 50;
    struct sb_measurement row, nothing;
    measure(&row, &o);
    measure_nothing(&nothing, o);
    assert_int_equal(nothing.samples.num_steps, 0);
    const int64_t empty = fastest(&nothing), shortest = fastest(&row);
    print_message("an empty pass takes %lld ns, the shortest row %lld ns: %.4f %%\n",
                  (long long)empty, (long long)shortest, 100 * (double)empty / (double)shortest);
    assert_true(1000 * empty < shortest);
    sb_measurement_release(&nothing);
    sb_measurement_release(&row);
}

static void test_measure__costs_of_steps_sum_to_the_graphs(void **state)
{
    (void)state;
    const struct sb_measure_options o = small_options();
    struct sb_measurement m;
    measure(&m, &o);
    struct sb_cost sum = {0};
    for (size_t i = 0; i < m.samples.num_steps; i++)
        sb_cost_add(&sum, &m.step_costs[i]);
    assert_int_equal(sum.macs, m.costs.total.macs);
    assert_int_equal(sum.params, m.costs.total.params);
    assert_int_equal(sum.nodes, m.costs.total.nodes - 1); /* all but the input */
    sb_measurement_release(&m);
}

/* Convolution, batch norm and activation in one step: it reads the picture, and nothing between. */
static void test_measure__steps_read_what_other_steps_wrote(void **state)
{
    (void)state;
    const struct sb_measure_options o = small_options();
    struct sb_measurement m;
    measure(&m, &o);
    struct sb_step_info first;
    sb_plan_step_info(m.plan, 0, &first);
    assert_int_equal(first.op, SB_OP_CONV);
    assert_true(m.step_costs[0].nodes > 1);
    const struct sb_shape picture = m.model->graph->nodes[0].shape;
    assert_int_equal(m.step_costs[0].input_bytes, 4 * sb_shape_count(picture));
    for (size_t i = 0; i < m.samples.num_steps; i++)
        assert_true(m.step_costs[i].input_bytes >= 0);
    sb_measurement_release(&m);
}

/* Everything that a failing allocation or a wrong name leaves behind is released. */
static void test_measure__errors_leave_nothing(void **state)
{
    (void)state;
    struct sb_measure_options o = small_options();
    struct sb_measurement m;
    o.model = "nosuch";
    assert_int_equal(sb_measure(&m, &o, NULL, &err), SB_ENOTFOUND);
    o = small_options();
    o.weights = "/nonexistent.safetensors";
    assert_true(sb_measure(&m, &o, NULL, &err) < 0);
    o = small_options();
    o.time.stop.max_runs = o.time.stop.min_runs = SIZE_MAX / 2;
    assert_int_equal(sb_measure(&m, &o, NULL, &err), SB_ENOMEM);
}

/* A plan whose weights are not those of the reference is caught. */
static void test_output_check__finds_wrong_outputs(void **state)
{
    (void)state;
    const struct sb_model_options size = {.size = 128, .batch = 1};
    struct sb_model *model = sb_model_open(MODEL, &size, &err);
    assert_non_null(model);
    struct sb_weights right, wrong;
    assert_ok(sb_weights_seeded(&right, model->graph, 1, &err), &err);
    assert_ok(sb_weights_seeded(&wrong, model->graph, 1, &err), &err);
    size_t last = 0; /* one kernel value of the last kernel */
    for (size_t i = 0; i < model->graph->num_slots; i++)
        last = model->graph->slots[i].kind == SB_SLOT_KERNEL ? i : last;
    wrong.slots[last][0] += 1;
    struct sb_plan_options options;
    sb_plan_options_defaults(&options);
    struct sb_plan *plan = sb_plan_new(model->graph, &wrong, &options, &err);
    assert_non_null(plan);
    sb_fill_inputs(plan, 3);
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
    struct sb_output_check check;
    assert_ok(sb_check_outputs(&check, plan, model->graph, &right, &options, &err), &err);
    assert_false(check.passed);
    assert_true(check.nmse > SB_CHECK_TOLERANCE);
    assert_ok(sb_check_outputs(&check, plan, model->graph, &wrong, &options, &err), &err);
    assert_true(check.passed);
    sb_plan_free(&plan);
    sb_weights_release(&right);
    sb_weights_release(&wrong);
    sb_model_free(&model);
}

static void test_output_check__compares_arrays(void **state)
{
    (void)state;
    const float b[] = {1, -1, 1, -1};
    float a[] = {1, -1, 1, -1};
    double nmse, error;
    sb_compare_arrays(a, b, 4, &nmse, &error);
    assert_true(nmse == 0 && error == 0);
    a[3] = -3; /* difference 2; sum of squares 4, deviation 1 */
    sb_compare_arrays(a, b, 4, &nmse, &error);
    assert_true(nmse == 1 && error == 2);
    a[3] = NAN;
    sb_compare_arrays(a, b, 4, &nmse, &error);
    assert_true(isinf(nmse) && isinf(error));
    const float zero[] = {0, 0};
    sb_compare_arrays(zero, zero, 2, &nmse, &error);
    assert_true(nmse == 0 && error == 0);
    sb_compare_arrays(b, zero, 2, &nmse, &error);
    assert_true(isinf(nmse));
}

static void test_measure_records__hold_every_kind(void **state)
{
    (void)state;
    const struct sb_measure_options o = small_options();
    struct sb_measurement m;
    measure(&m, &o);
    struct sb_records records;
    records_of(&m, &records);
    size_t by_kind[SB_RECORD_KINDS] = {0}, steps = 0, level_memory = 0;
    int64_t level_macs = 0, op_macs = 0, step_macs = 0, whole = 0;
    for (size_t i = 0; i < records.count; i++) {
        const struct sb_record *r = &records.items[i];
        by_kind[r->kind]++;
        assert_string_equal(r->cell.model, MODEL);
        assert_int_equal(r->cell.size, 128);
        steps += r->kind == SB_RECORD_TIME && r->part.node != NULL;
        level_memory += r->kind == SB_RECORD_MEMORY && r->part.level;
        if (r->kind != SB_RECORD_COST)
            continue;
        if (r->part.node)
            step_macs += r->u.cost.macs;
        else if (r->part.level)
            level_macs += r->u.cost.macs;
        else if (r->part.op)
            op_macs += r->u.cost.macs;
        else
            whole = r->u.cost.macs;
    }
    assert_int_equal(by_kind[SB_RECORD_CHECK], 1);
    assert_int_equal(by_kind[SB_RECORD_TIME], 1 + m.samples.num_steps);
    assert_int_equal(steps, m.samples.num_steps);
    assert_true(level_memory >= 6);
    assert_int_equal(whole, m.costs.total.macs);
    assert_int_equal(level_macs, whole);
    assert_int_equal(op_macs, whole);
    assert_int_equal(step_macs, whole);
    sb_records_release(&records);
    sb_measurement_release(&m);
}

static void test_measure_records__failed_check_blanks_times(void **state)
{
    (void)state;
    const struct sb_measure_options o = small_options();
    struct sb_measurement m;
    measure(&m, &o);
    m.check.passed = false;
    struct sb_records records;
    records_of(&m, &records);
    size_t times = 0;
    for (size_t i = 0; i < records.count; i++) {
        const struct sb_record *r = &records.items[i];
        if (r->kind != SB_RECORD_TIME)
            continue;
        assert_null(r->u.time.ns);
        assert_string_equal(sb_record_why(r, "ns"), "the output check failed");
        times++;
    }
    assert_true(times > 1);
    sb_records_release(&records);
    sb_measurement_release(&m);
}

static void test_trace__is_a_complete_document(void **state)
{
    (void)state;
    struct sb_measure_options o = small_options();
    struct sb_measurement m;
    char path[512];
    snprintf(path, sizeof(path), "%s/trace.json", test_scratch());
    measure(&m, &o);
    assert_ok(sb_trace_write(&m, path, &err), &err);
    cJSON *doc;
    assert_ok(sb_json_load(path, &doc, &err), &err);
    const cJSON *events = cJSON_GetObjectItem(doc, "traceEvents");
    size_t steps = 0;
    double end = 0;
    for (const cJSON *e = events->child; e; e = e->next) {
        const cJSON *row = cJSON_GetObjectItem(e, "tid"), *ts = cJSON_GetObjectItem(e, "ts");
        if (!ts || row->valueint != 1)
            continue;
        assert_true(ts->valuedouble >= end - 1e-6); /* steps follow each other */
        end = ts->valuedouble + cJSON_GetObjectItem(e, "dur")->valuedouble;
        steps++;
    }
    assert_int_equal(steps, m.samples.num_steps);
    cJSON_Delete(doc);
    m.samples.step_passes = 0;
    assert_int_equal(sb_trace_write(&m, path, &err), SB_EINVAL);
    sb_measurement_release(&m);
}

static void test_measure_records__run_identities_differ(void **state)
{
    (void)state;
    struct sb_run_identity a, b;
    sb_run_identity_new(&a);
    sb_run_identity_new(&b);
    assert_int_equal(strlen(a.id), strlen("20260101T120000-1f3a9c"));
    assert_int_equal(strlen(a.started), strlen("2026-01-01T12:00:00Z"));
    assert_string_not_equal(a.id, b.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measure__takes_what_the_options_ask_for),
        cmocka_unit_test(test_measure__precision_stops_early),
        cmocka_unit_test(test_measure__scenarios_run),
        cmocka_unit_test(test_measure__time_limit_stops_after_the_least_runs),
        cmocka_unit_test(test_measure__step_passes_are_completed),
        cmocka_unit_test(test_measure__timing_costs_next_to_nothing),
        cmocka_unit_test(test_measure__costs_of_steps_sum_to_the_graphs),
        cmocka_unit_test(test_measure__steps_read_what_other_steps_wrote),
        cmocka_unit_test(test_measure__errors_leave_nothing),
        cmocka_unit_test(test_output_check__finds_wrong_outputs),
        cmocka_unit_test(test_output_check__compares_arrays),
        cmocka_unit_test(test_measure_records__hold_every_kind),
        cmocka_unit_test(test_measure_records__failed_check_blanks_times),
        cmocka_unit_test(test_trace__is_a_complete_document),
        cmocka_unit_test(test_measure_records__run_identities_differ),
    };
    return cmocka_run_group_tests_name("bench/measure", tests, NULL, NULL);
}
