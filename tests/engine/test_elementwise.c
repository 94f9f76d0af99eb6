/* Ops without weights against the oracle, each alone. */
#include "base/mem.h"
#include "tests/engine/support_net.h"
#include "tests/test.h"

static const struct sb_shape shapes[] = {
    {1, 3, 7, 5}, {2, 5, 1, 1}, {2, 9, 64, 65}, {1, 1, 1, 9}, {3, 4, 16, 2}};

/* Runs a net of one op (built by `build` on node 0) on every shape. */
static void check(int (*build)(struct net *net))
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct net net;
        net_init(&net, shapes[i]);
        net_output(&net, build(&net));
        net_fill(&net, i);
        net_assert_engines(&net);
        net_release(&net);
    }
}

static int build_relu(struct net *net)
{
    return net_act(net, 0, SB_ACT_RELU);
}

static int build_swish(struct net *net)
{
    return net_act(net, 0, SB_ACT_SWISH);
}

static int build_sigmoid(struct net *net)
{
    return net_act(net, 0, SB_ACT_SIGMOID);
}

static int build_add(struct net *net)
{
    const int a = net_scale(net, 0, 2);
    const int b = net_scale(net, 0, -0.3);
    return net_add3(net, a, b, 0);
}

static int build_gate(struct net *net)
{
    return net_mul(net, 0, net_unary(net, SB_OP_GLOBAL_MAX, 0));
}

static int build_square(struct net *net)
{
    return net_mul(net, 0, 0);
}

static int build_batchnorm(struct net *net)
{
    return net_batchnorm(net, 0);
}

static int build_global_avg(struct net *net)
{
    return net_unary(net, SB_OP_GLOBAL_AVG, 0);
}

static int build_softmax(struct net *net)
{
    return net_unary(net, SB_OP_SOFTMAX, net_scale(net, 0, 30));
}

static int build_resize_up(struct net *net)
{
    const struct sb_shape s = net->graph->nodes[0].shape;
    return net_resize(net, 0, 2 * s.h, 2 * s.w);
}

static int build_resize_odd(struct net *net)
{
    const struct sb_shape s = net->graph->nodes[0].shape;
    return net_resize(net, 0, s.h * 7 / 4 + 1, (s.w + 2) / 3);
}

static int build_maxpool(struct net *net)
{
    return net_maxpool(net, 0, net_window(3, 2, 1));
}

/* TensorFlow's SAME: padding only at the end; all values negative, so that zeros would win. */
static int build_maxpool_same(struct net *net)
{
    const struct sb_window window = {5, 5, 4, 4, 0, 0, 4, 4};
    const int square = net_mul(net, 0, 0);
    return net_maxpool(net, net_scale(net, square, -1), window);
}

#define ELEMENTWISE_TEST(name)                                                                     \
    static void test_##name##__equals_the_definition(void **state)                                 \
    {                                                                                              \
        (void)state;                                                                               \
        check(build_##name);                                                                       \
    }
ELEMENTWISE_TEST(relu)
ELEMENTWISE_TEST(swish)
ELEMENTWISE_TEST(sigmoid)
ELEMENTWISE_TEST(add)
ELEMENTWISE_TEST(gate)
ELEMENTWISE_TEST(square)
ELEMENTWISE_TEST(batchnorm)
ELEMENTWISE_TEST(global_avg)
ELEMENTWISE_TEST(softmax)
ELEMENTWISE_TEST(resize_up)
ELEMENTWISE_TEST(resize_odd)
ELEMENTWISE_TEST(maxpool)
ELEMENTWISE_TEST(maxpool_same)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relu__equals_the_definition),
        cmocka_unit_test(test_swish__equals_the_definition),
        cmocka_unit_test(test_sigmoid__equals_the_definition),
        cmocka_unit_test(test_add__equals_the_definition),
        cmocka_unit_test(test_gate__equals_the_definition),
        cmocka_unit_test(test_square__equals_the_definition),
        cmocka_unit_test(test_batchnorm__equals_the_definition),
        cmocka_unit_test(test_global_avg__equals_the_definition),
        cmocka_unit_test(test_softmax__equals_the_definition),
        cmocka_unit_test(test_resize_up__equals_the_definition),
        cmocka_unit_test(test_resize_odd__equals_the_definition),
        cmocka_unit_test(test_maxpool__equals_the_definition),
        cmocka_unit_test(test_maxpool_same__equals_the_definition),
    };
    return cmocka_run_group_tests_name("engine/elementwise", tests, NULL, NULL);
}
