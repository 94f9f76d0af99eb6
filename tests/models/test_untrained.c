/* models/untrained.c: what batch norms of seeded weights expect, on graphs worked out by hand. */
#include "models/untrained.h"

#include "tests/test.h"

#include <math.h>
#include <string.h>

static struct sb_error err;

static struct sb_window square(int kernel, int pad)
{
    const struct sb_window w = {kernel, kernel, 1, 1, pad, pad, pad, pad};
    return w;
}

/* The variance that the batch norm called `path` gets in a graph. */
static double variance_at(const struct sb_graph *graph, const char *path)
{
    double variances[64];
    struct sb_moments moments[64];
    assert_true(graph->num_slots <= 64 && graph->num_nodes <= 64);
    sb_untrained_variances(graph, variances, moments);
    for (size_t i = 0; i < graph->num_nodes; i++) {
        if (strcmp(graph->nodes[i].path, path) == 0)
            return variances[graph->nodes[i].slots[3]];
    }
    fail_msg("no node %s", path);
    return 0;
}

static void test_untrained__convolutions_double_and_relu_halves(void **state)
{
    (void)state;
    struct sb_graph *g = sb_graph_new("g", &err);
    const struct sb_shape shape = {1, 3, 8, 8};
    int x = sb_graph_input(g, "in", shape, &err);
    x = sb_graph_conv(g, x, "conv0", NULL, 4, square(1, 0), false, &err);
    x = sb_graph_batchnorm(g, x, "bn0", NULL, 1e-3, &err);
    x = sb_graph_act(g, x, "relu0", SB_ACT_RELU, &err);
    x = sb_graph_conv(g, x, "conv1", NULL, 4, square(1, 0), false, &err);
    x = sb_graph_batchnorm(g, x, "bn1", NULL, 1e-3, &err);
    assert_true(x > 0);
    assert_true(variance_at(g, "bn0") == 2);
    assert_true(fabs(variance_at(g, "bn1") - 1) < 0.002);
    sb_graph_free(&g);
}

static void test_untrained__padding_counts_as_zeros(void **state)
{
    (void)state;
    struct sb_graph *g = sb_graph_new("g", &err);
    const struct sb_shape shape = {1, 3, 1, 1};
    int x = sb_graph_input(g, "in", shape, &err);
    x = sb_graph_conv(g, x, "conv", NULL, 4, square(3, 1), false, &err);
    x = sb_graph_batchnorm(g, x, "bn", NULL, 1e-3, &err);
    assert_true(x > 0);
    assert_true(fabs(variance_at(g, "bn") / (2.0 / 9) - 1) < 0.001); /* one of nine taps */
    sb_graph_free(&g);
}

static void test_untrained__residual_sums_carry_the_mean_of_relu(void **state)
{
    (void)state;
    struct sb_graph *g = sb_graph_new("g", &err);
    const struct sb_shape shape = {1, 3, 8, 8};
    const int in = sb_graph_input(g, "in", shape, &err);
    const int relu = sb_graph_act(g, in, "relu", SB_ACT_RELU, &err);
    const int both[2] = {relu, in};
    int x = sb_graph_add(g, both, 2, "add", &err);
    x = sb_graph_act(g, x, "relu2", SB_ACT_RELU, &err);
    x = sb_graph_conv(g, x, "conv", NULL, 4, square(1, 0), false, &err);
    x = sb_graph_batchnorm(g, x, "bn", NULL, 1e-3, &err);
    assert_true(x > 0);
    /* sum ~ normal(m, v) with m = 1 / sqrt(2 pi), v = 1.5 - m^2; twice its rectified mean square
     * is 2.25167 (numerical integration); halving the square of the sum would give 1.5 */
    assert_true(fabs(variance_at(g, "bn") - 2.25167) < 0.004);
    sb_graph_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untrained__convolutions_double_and_relu_halves),
        cmocka_unit_test(test_untrained__padding_counts_as_zeros),
        cmocka_unit_test(test_untrained__residual_sums_carry_the_mean_of_relu),
    };
    return cmocka_run_group_tests_name("models/untrained", tests, NULL, NULL);
}
