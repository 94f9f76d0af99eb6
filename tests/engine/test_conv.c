/* Convolutions of every kind against the oracle: odd sizes, strides, uneven padding, batches, and
 * planes large enough to be cut into several jobs. */
#include "tests/engine/support_net.h"
#include "tests/test.h"

struct conv_case {
    struct sb_shape in;
    int64_t cout;
    struct sb_window window;
};

static const struct conv_case cases[] = {
    {{1, 3, 17, 19}, 5, {3, 3, 1, 1, 1, 1, 1, 1}},
    {{2, 7, 9, 8}, 13, {3, 3, 2, 2, 1, 1, 1, 1}},
    {{1, 3, 33, 31}, 16, {7, 7, 2, 2, 3, 3, 3, 3}},
    {{2, 6, 12, 12}, 4, {3, 3, 2, 2, 0, 0, 1, 1}}, /* TensorFlow's SAME */
    {{1, 16, 1, 1}, 33, {3, 3, 1, 1, 1, 1, 1, 1}}, /* only the middle tap is inside */
    {{1, 5, 2, 3}, 7, {5, 5, 1, 1, 2, 2, 2, 2}},
    {{1, 4, 8, 40}, 6, {1, 3, 1, 2, 0, 1, 0, 0}},
    {{1, 4, 11, 10}, 3, {2, 2, 1, 1, 4, 0, 0, 3}}, /* windows that lie in the padding alone */
    {{1, 32, 40, 41}, 48, {3, 3, 1, 1, 1, 1, 1, 1}},
    {{3, 9, 7, 5}, 11, {1, 1, 1, 1, 0, 0, 0, 0}},
    {{1, 64, 50, 50}, 20, {1, 1, 1, 1, 0, 0, 0, 0}},
    {{1, 8, 9, 9}, 8, {1, 1, 2, 2, 0, 0, 0, 0}},
    {{37, 20, 7, 7}, 33, {3, 3, 1, 1, 1, 1, 1, 1}}, /* crops side by side in one panel */
    {{5, 3, 6, 6}, 90, {3, 3, 2, 2, 1, 1, 1, 1}},
    {{1, 700, 12, 12}, 40, {3, 3, 1, 1, 1, 1, 1, 1}}, /* panels limited by their length */
};

static void test_conv__equals_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net net;
        net_init(&net, cases[i].in);
        net_output(&net, net_conv(&net, 0, cases[i].cout, cases[i].window));
        net_fill(&net, i);
        net_assert_engines(&net);
        net_release(&net);
    }
}

static void test_dwconv__equals_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net net;
        net_init(&net, cases[i].in);
        net_output(&net, net_dwconv(&net, 0, cases[i].window));
        net_fill(&net, i);
        net_assert_engines(&net);
        net_release(&net);
    }
}

static void test_deconv__equals_the_definition(void **state)
{
    (void)state;
    const struct conv_case deconvs[] = {
        {{3, 6, 7, 5}, 9, {2, 2, 2, 2, 0, 0, 0, 0}},
        {{1, 33, 14, 14}, 50, {2, 2, 2, 2, 0, 0, 0, 0}},
        {{2, 4, 3, 5}, 7, {1, 3, 1, 3, 0, 0, 0, 0}},
        {{1, 5, 4, 6}, 70, {3, 3, 1, 1, 1, 1, 1, 1}}, /* more than a block of channels */
        {{2, 3, 5, 5}, 4, {4, 4, 2, 2, 1, 1, 1, 1}},
        {{1, 3, 3, 4}, 2, {3, 2, 3, 1, 0, 1, 2, 0}},
    };
    for (size_t i = 0; i < sizeof(deconvs) / sizeof(deconvs[0]); i++) {
        struct net net;
        net_init(&net, deconvs[i].in);
        net_output(&net, net_deconv(&net, 0, deconvs[i].cout, deconvs[i].window));
        const int up = net_batchnorm(&net, net_deconv(&net, 0, deconvs[i].cout, deconvs[i].window));
        net_output(&net, net_act(&net, up, i % 2 ? SB_ACT_RELU : SB_ACT_SIGMOID));
        net_output(&net,
                   net_add(&net, net_deconv(&net, 0, deconvs[i].cout, deconvs[i].window), up));
        net_fill(&net, i);
        net_assert_engines(&net);
        net_release(&net);
    }
}

static void test_fc__equals_the_definition(void **state)
{
    (void)state;
    const struct conv_case fcs[] = {
        {{1, 10, 1, 1}, 3, {0}},    {{5, 4, 3, 2}, 200, {0}},
        {{300, 6, 2, 2}, 130, {0}}, {{9, 40, 7, 5}, 75, {0}}, /* more than one stretch of the sum */
        {{1, 600, 1, 1}, 33, {0}},
    };
    for (size_t i = 0; i < sizeof(fcs) / sizeof(fcs[0]); i++) {
        struct net net;
        net_init(&net, fcs[i].in);
        net_output(&net, net_fc(&net, 0, fcs[i].cout));
        const int fc = net_batchnorm(&net, net_fc(&net, 0, fcs[i].cout));
        net_output(&net, net_act(&net, fc, i % 2 ? SB_ACT_RELU : SB_ACT_SWISH));
        net_output(&net, net_add(&net, net_fc(&net, 0, fcs[i].cout), fc));
        net_fill(&net, i);
        net_assert_engines(&net);
        net_release(&net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv__equals_the_definition),
        cmocka_unit_test(test_dwconv__equals_the_definition),
        cmocka_unit_test(test_deconv__equals_the_definition),
        cmocka_unit_test(test_fc__equals_the_definition),
    };
    return cmocka_run_group_tests_name("engine/conv", tests, NULL, NULL);
}
