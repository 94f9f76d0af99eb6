/* Costs of zoo models against what TensorFlow's profiler counts on the official graphs, to the
 * last digit (tests/golden/tf_profiler.csv). */
#include "bench/conventions.h"
#include "bench/costs.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden {
    char model[80], batchnorm[8]; /* a name of the zoo, or a spec below tests/ */
    long long size, batch, params, float_ops, without_adds;
};

/* The text up to the next comma into field; returns what follows it. */
static char *next_field(char *line, char *field, size_t size)
{
    const size_t n = strcspn(line, ",\n");
    assert_true(n > 0 && n < size);
    memcpy(field, line, n);
    field[n] = '\0';
    return line + n + (line[n] == ',');
}

static char *next_number(char *line, long long *value)
{
    char field[32], *end;
    line = next_field(line, field, sizeof(field));
    *value = strtoll(field, &end, 10);
    assert_true(*end == '\0');
    return line;
}

/* The next case of the file; false at its end. */
static bool next_case(FILE *fp, struct golden *g)
{
    char line[512], *p = line;
    while (fgets(line, sizeof(line), fp)) {
        if (line[0] == '#')
            continue;
        p = next_field(p, g->model, sizeof(g->model));
        p = next_number(p, &g->size);
        p = next_number(p, &g->batch);
        p = next_field(p, g->batchnorm, sizeof(g->batchnorm));
        p = next_number(p, &g->params);
        p = next_number(p, &g->float_ops);
        next_number(p, &g->without_adds);
        return true;
    }
    return false;
}

/* Complains when got != want; returns whether. */
static bool differs(const struct golden *g, const char *what, double got, double want)
{
    if (got == want)
        return false;
    print_error(
        "%s at %lld, batch %lld, %s batch norm: %s %.1f, official graph %.1f (off by %+.1f)\n",
        g->model, g->size, g->batch, g->batchnorm, what, got, want, got - want);
    return true;
}

static size_t check_case(const struct golden *g)
{
    struct sb_error err;
    sb_error_init(&err);
    const struct sb_model_options options = {.size = (int)g->size, .batch = (int)g->batch};
    const bool is_spec = strchr(g->model, '/') != NULL;
    struct sb_model *model =
        sb_model_open(is_spec ? test_source(g->model) : g->model, &options, &err);
    if (!model) {
        test_assert_ok(err.code, &err, __FILE__, __LINE__);
        return 1;
    }
    struct sb_costs costs;
    assert_ok(sb_costs_count(&costs, model->graph, &err), &err);
    const struct sb_profile profile = {
        .sync_batchnorm = strcmp(g->batchnorm, "sync") == 0,
        .batch = (int)g->batch,
    };
    /* the printed convention is the official count without AddV2, but for one product per swish */
    const double printed =
        2 * (double)g->batch * sb_multi_adds(&costs.total, SB_CONVENTION_TF, &profile) +
        (double)costs.total.swish_elements;
    size_t wrong = differs(g, "params", (double)costs.total.params, (double)g->params);
    wrong += differs(g, "float ops", (double)sb_tf_exact_float_ops(&costs.total, &profile),
                     (double)g->float_ops);
    wrong += differs(g, "float ops without additions", printed, (double)g->without_adds);
    sb_costs_release(&costs);
    sb_model_free(&model);
    return wrong;
}

static void test_tf_profiler__equals_official_graphs_to_the_last_digit(void **state)
{
    (void)state;
    FILE *fp = fopen(test_source("golden/tf_profiler.csv"), "r");
    assert_non_null(fp);
    struct golden g;
    size_t cases = 0, wrong = 0;
    while (next_case(fp, &g)) {
        wrong += check_case(&g);
        cases++;
    }
    fclose(fp);
    assert_true(cases > 0);
    assert_int_equal(wrong, 0);
}

/* The official Mask R-CNN at batch 8: its proposal loops count a little less than eight images do.
 */
static void test_tf_profiler__maskrcnn_of_a_batch_is_near(void **state)
{
    (void)state;
    const double official = 3453473258461.0;
    struct sb_error err;
    sb_error_init(&err);
    const struct sb_model_options options = {.size = 640, .batch = 8};
    struct sb_model *model = sb_model_open("maskrcnn-spinenet-49", &options, &err);
    assert_ok(model ? 0 : err.code, &err);
    struct sb_costs costs;
    assert_ok(sb_costs_count(&costs, model->graph, &err), &err);
    const struct sb_profile profile = {.sync_batchnorm = true, .batch = 8};
    const double got = (double)sb_tf_exact_float_ops(&costs.total, &profile);
    assert_true(got > official * (1 - 1e-5) && got < official * (1 + 1e-5));
    sb_costs_release(&costs);
    sb_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tf_profiler__equals_official_graphs_to_the_last_digit),
        cmocka_unit_test(test_tf_profiler__maskrcnn_of_a_batch_is_near),
    };
    return cmocka_run_group_tests_name("bench/tf_profiler", tests, NULL, NULL);
}
