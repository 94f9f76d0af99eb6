/* engine/memplan.c and arena.c: blocks that live together never overlap, on random lives. */
#include "engine/memplan.h"

#include "base/mem.h"
#include "base/rng.h"
#include "engine/arena.h"
#include "tests/engine/support_net.h"
#include "tests/test.h"

#include <string.h>

#define MAX_BLOCKS 120

static struct sb_error err;

static void assert_plan_is_sound(const struct sb_block *blocks, size_t n, size_t arena)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(blocks[i].offset % SB_MEMPLAN_ALIGN, 0);
        assert_true(blocks[i].offset + blocks[i].bytes <= arena);
        sum += (blocks[i].bytes + SB_MEMPLAN_ALIGN - 1) / SB_MEMPLAN_ALIGN * SB_MEMPLAN_ALIGN;
        for (size_t j = 0; j < i; j++) {
            const bool together =
                blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last;
            const bool apart = blocks[i].offset + blocks[i].bytes <= blocks[j].offset ||
                               blocks[j].offset + blocks[j].bytes <= blocks[i].offset;
            assert_true(!together || apart || blocks[i].bytes == 0 || blocks[j].bytes == 0);
        }
    }
    assert_true(arena <= sum);
    assert_true(arena >= sb_memplan_peak(blocks, n));
}

static size_t random_blocks(struct sb_block *blocks, uint64_t seed)
{
    struct sb_rng rng = sb_rng_seed(seed);
    const size_t n = sb_rng_below(&rng, MAX_BLOCKS) + 1;
    const uint32_t steps = sb_rng_below(&rng, 60) + 1;
    for (size_t i = 0; i < n; i++) {
        const int a = (int)sb_rng_below(&rng, steps), length = (int)sb_rng_below(&rng, 8);
        blocks[i] = (struct sb_block){.bytes = sb_rng_below(&rng, 5) * sb_rng_below(&rng, 1000),
                                      .first = a,
                                      .last = a + length};
    }
    return n;
}

static void test_memplan__live_blocks_never_overlap(void **state)
{
    (void)state;
    struct sb_block blocks[MAX_BLOCKS];
    for (uint64_t seed = 0; seed < 300; seed++) {
        size_t arena;
        const size_t n = random_blocks(blocks, seed);
        assert_ok(sb_memplan(blocks, n, &arena, &err), &err);
        assert_plan_is_sound(blocks, n, arena);
    }
}

static void test_memplan__is_deterministic(void **state)
{
    (void)state;
    struct sb_block a[MAX_BLOCKS], b[MAX_BLOCKS];
    memset(a, 0, sizeof(a)); /* padding bytes are compared too */
    const size_t n = random_blocks(a, 7);
    memcpy(b, a, sizeof(a));
    size_t arena_a, arena_b;
    assert_ok(sb_memplan(a, n, &arena_a, &err), &err);
    assert_ok(sb_memplan(b, n, &arena_b, &err), &err);
    assert_int_equal(arena_a, arena_b);
    assert_memory_equal(a, b, sizeof(a));
}

static void test_memplan__a_chain_needs_two_places(void **state)
{
    (void)state;
    struct sb_block chain[10];
    for (int i = 0; i < 10; i++)
        chain[i] = (struct sb_block){.bytes = 640, .first = i, .last = i + 1};
    size_t arena;
    assert_ok(sb_memplan(chain, 10, &arena, &err), &err);
    assert_int_equal(arena, 2 * 640);
    assert_int_equal(sb_memplan_peak(chain, 10), 2 * 640);
}

static void test_memplan__a_gap_is_used_only_when_it_is_large_enough(void **state)
{
    (void)state;
    /* the two large ones leave a hole of 128 bytes below the second during step 1 */
    struct sb_block blocks[] = {{.bytes = 1024, .first = 1, .last = 2},
                                {.bytes = 512, .first = 0, .last = 0},
                                {.bytes = 128, .first = 1, .last = 1}};
    size_t arena;
    assert_ok(sb_memplan(blocks, 3, &arena, &err), &err);
    assert_int_equal(blocks[0].offset, 0);
    assert_int_equal(blocks[1].offset, 0);
    assert_int_equal(blocks[2].offset, 1024);
    assert_int_equal(arena, 1152);
}

static void test_memplan__sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct sb_block blocks[] = {{.bytes = SIZE_MAX / 2, .first = 0, .last = 0},
                                {.bytes = SIZE_MAX / 2, .first = 1, .last = 1},
                                {.bytes = SIZE_MAX / 2, .first = 2, .last = 2}};
    size_t arena;
    assert_int_equal(sb_memplan(blocks, 3, &arena, &err), SB_ENOMEM);
    blocks[0].bytes = SIZE_MAX;
    assert_int_equal(sb_memplan(blocks, 1, &arena, &err), SB_ENOMEM);
}

/* A chain of same-sized values with an output in the middle. */
static void build_chain(struct net *net)
{
    net_init(net, (struct sb_shape){1, 4, 8, 8});
    int x = net_conv(net, 0, 4, net_window(3, 1, 1));
    x = net_act(net, x, SB_ACT_SIGMOID);
    net_output(net, x);
    x = net_act(net, x, SB_ACT_RELU);
    x = net_scale(net, x, 3);
    net_output(net, net_maxpool(net, x, net_window(2, 2, 0)));
    net_fill(net, 3);
}

static void test_arena__results_take_over_the_place_of_what_they_overwrite(void **state)
{
    (void)state;
    struct net net;
    struct sb_steps steps;
    size_t offsets[8], arena, peak;
    build_chain(&net);
    assert_ok(sb_steps_init(&steps, net.graph, &net.weights, &err), &err);
    steps.items[1].overwrites = 1;
    steps.items[3].overwrites = 3;
    assert_ok(sb_arena_plan(&steps, true, offsets, &arena, &peak, &err), &err);
    assert_int_equal(offsets[2], offsets[1]);     /* sigmoid over the convolution's result */
    assert_int_not_equal(offsets[3], offsets[2]); /* an output stays */
    assert_int_equal(offsets[4], offsets[3]);
    assert_int_not_equal(offsets[1], offsets[0]); /* so does the input */
    assert_int_equal(arena, peak);
    assert_int_equal(arena, (3 * 4 * 64 + 4 * 16) * sizeof(float));
    assert_ok(sb_arena_plan(&steps, false, offsets, &arena, &peak, &err), &err);
    assert_int_equal(arena, (5 * 4 * 64 + 4 * 16) * sizeof(float));
    sb_steps_release(&steps);
    net_release(&net);
}

/* Two steps that run together: the first one's result must not lie on what the second one reads. */
static void test_arena__steps_of_a_group_live_at_the_same_time(void **state)
{
    (void)state;
    struct net net;
    struct sb_steps steps;
    size_t offsets[6], arena;
    net_init(&net, (struct sb_shape){1, 4, 8, 8});
    const int x = net_act(&net, 0, SB_ACT_RELU);
    const int a = net_conv(&net, x, 4, net_window(3, 1, 1));
    const int b = net_conv(&net, x, 4, net_window(3, 1, 1));
    net_output(&net, net_add(&net, a, b));
    net_fill(&net, 3);
    assert_ok(sb_steps_init(&steps, net.graph, &net.weights, &err), &err);
    steps.items[2].follows = true;
    sb_steps_link(&steps);
    assert_ok(sb_arena_plan(&steps, true, offsets, &arena, NULL, &err), &err);
    assert_int_not_equal(offsets[a], offsets[x]);
    assert_int_not_equal(offsets[b], offsets[x]);
    assert_int_not_equal(offsets[a], offsets[b]);
    sb_steps_release(&steps);
    net_release(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memplan__live_blocks_never_overlap),
        cmocka_unit_test(test_memplan__is_deterministic),
        cmocka_unit_test(test_memplan__a_chain_needs_two_places),
        cmocka_unit_test(test_memplan__a_gap_is_used_only_when_it_is_large_enough),
        cmocka_unit_test(test_memplan__sizes_that_overflow_are_refused),
        cmocka_unit_test(test_arena__results_take_over_the_place_of_what_they_overwrite),
        cmocka_unit_test(test_arena__steps_of_a_group_live_at_the_same_time),
    };
    return cmocka_run_group_tests_name("engine/memplan", tests, NULL, NULL);
}
