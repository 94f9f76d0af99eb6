/* models/layout.c: every op's permutation against a loop over TensorFlow's indices. */
#include "models/layout.h"

#include "tests/test.h"

#include <string.h>

static const struct {
    const char *what;
    struct sb_slot slot;
    int ndim;
    size_t variable[4];
} cases[] = {
    {"conv", {.op = SB_OP_CONV, .ndim = 4, .shape = {70, 37, 3, 2}}, 4, {3, 2, 37, 70}},
    {"conv 1x1", {.op = SB_OP_CONV, .ndim = 4, .shape = {33, 17, 1, 1}}, 4, {1, 1, 17, 33}},
    {"dwconv", {.op = SB_OP_DWCONV, .ndim = 4, .shape = {40, 1, 3, 3}}, 4, {3, 3, 40, 1}},
    {"deconv", {.op = SB_OP_DECONV, .ndim = 4, .shape = {5, 34, 2, 2}}, 4, {2, 2, 34, 5}},
    {"fc",
     {.op = SB_OP_FC, .ndim = 2, .shape = {6, 3 * 2 * 5, 1, 1}, .fc_chw = {3, 2, 5}},
     2,
     {2 * 5 * 3, 6}},
    {"fc of one row",
     {.op = SB_OP_FC, .ndim = 2, .shape = {1, 1, 1, 1}, .fc_chw = {1, 1, 1}},
     2,
     {1, 1}},
};

/* Index in the variable of the value at (a, b, c, d) of the slot. */
static size_t variable_index(const struct sb_slot *s, size_t a, size_t b, size_t c, size_t d)
{
    const size_t n0 = (size_t)s->shape[0], n1 = (size_t)s->shape[1], w = (size_t)s->shape[3];
    switch (s->op) {
    case SB_OP_CONV: /* slot (out, in, y, x), variable (y, x, in, out) */
        return ((c * w + d) * n1 + b) * n0 + a;
    case SB_OP_DWCONV: /* slot (channel, 0, y, x), variable (y, x, channel, 0) */
        return (c * w + d) * n0 + a;
    case SB_OP_DECONV: /* slot (in, out, y, x), variable (y, x, out, in) */
        return ((c * w + d) * n1 + b) * n0 + a;
    default: { /* slot (out, (channel, y, x)), variable ((y, x, channel), out) */
        const size_t plane = (size_t)(s->fc_chw[1] * s->fc_chw[2]);
        const size_t channel = b / plane, place = b % plane;
        return (place * (size_t)s->fc_chw[0] + channel) * n0 + a;
    }
    }
}

static void check_case(const struct sb_slot *s, const char *what)
{
    static float variable[70 * 37 * 6], slot[70 * 37 * 6], back[70 * 37 * 6];
    const size_t count = sb_slot_count(s);
    for (size_t i = 0; i < count; i++)
        variable[i] = (float)i;
    sb_layout_from_variable(s, SB_F32, variable, slot);
    size_t at = 0;
    for (size_t a = 0; a < (size_t)s->shape[0]; a++) {
        for (size_t b = 0; b < (size_t)s->shape[1]; b++) {
            for (size_t c = 0; c < (size_t)s->shape[2]; c++) {
                for (size_t d = 0; d < (size_t)s->shape[3]; d++, at++) {
                    if (slot[at] != (float)variable_index(s, a, b, c, d))
                        fail_msg("%s: slot[%zu,%zu,%zu,%zu] is %g", what, a, b, c, d, slot[at]);
                }
            }
        }
    }
    sb_layout_to_variable(s, slot, back);
    assert_memory_equal(back, variable, count * sizeof(float));
}

static void test_layout__kernels_of_every_op(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t shape[4];
        assert_int_equal(sb_variable_shape(&cases[i].slot, shape), cases[i].ndim);
        assert_memory_equal(shape, cases[i].variable, (size_t)cases[i].ndim * sizeof(shape[0]));
        check_case(&cases[i].slot, cases[i].what);
    }
}

static void test_layout__vectors_stay(void **state)
{
    (void)state;
    const struct sb_slot gamma = {
        .kind = SB_SLOT_GAMMA, .op = SB_OP_BATCHNORM, .ndim = 1, .shape = {3, 1, 1, 1}};
    const double values[3] = {0.1, 2, -3};
    float out[3], back[3];
    size_t shape[4];
    assert_int_equal(sb_variable_shape(&gamma, shape), 1);
    assert_int_equal(shape[0], 3);
    sb_layout_from_variable(&gamma, SB_F64, values, out);
    assert_true(out[0] == 0.1f && out[1] == 2 && out[2] == -3);
    sb_layout_to_variable(&gamma, out, back);
    assert_memory_equal(back, out, sizeof(out));
}

static void test_layout__input_may_be_unaligned_and_half(void **state)
{
    (void)state;
    const struct sb_slot conv = {.op = SB_OP_CONV, .ndim = 4, .shape = {2, 2, 1, 1}};
    static const unsigned char halves[9] = {0, 0, 0x3c, 0, 0x40, 0, 0x42, 0, 0x44}; /* 1 2 3 4 */
    float out[4];
    sb_layout_from_variable(&conv, SB_F16, halves + 1, out);
    assert_true(out[0] == 1 && out[1] == 3 && out[2] == 2 && out[3] == 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout__kernels_of_every_op),
        cmocka_unit_test(test_layout__vectors_stay),
        cmocka_unit_test(test_layout__input_may_be_unaligned_and_half),
    };
    return cmocka_run_group_tests_name("models/layout", tests, NULL, NULL);
}
