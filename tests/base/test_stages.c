/* Overlapping stages: order, limits on items in flight, and errors as without threads. */
#include "tests/test.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/stages.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ITEMS 60

struct probe {
    size_t slots, backlog;
    int values[ITEMS]; /* what slots hold, by slot */
    atomic_size_t loads, finished;
    size_t worked;
    size_t fail_load[2], fail_work, fail_finish; /* items; ITEMS = none */
    size_t chunk; /* 0 = all items are known at the start; else so many come at a time */
    bool slow;
    bool wrong; /* something happened out of turn */
};

static void pause_a_bit(const struct probe *p, size_t item)
{
    const struct timespec t = {0, (long)(sb_rng_mix(item) % 300000)};
    if (p->slow)
        nanosleep(&t, NULL);
}

static int failure(struct sb_error *err, const char *stage, size_t item)
{
    return sb_error_set(err, SB_EFORMAT, "%s %zu", stage, item);
}

static int load(void *ctx, size_t item, struct sb_error *err)
{
    struct probe *p = ctx;
    pause_a_bit(p, item);
    p->loads++;
    if (item >= p->finished + p->slots)
        p->wrong = true;
    if (item == p->fail_load[0] || item == p->fail_load[1])
        return failure(err, "load", item);
    p->values[item % p->slots] = (int)item + 1000;
    return 0;
}

static int work(void *ctx, size_t item, struct sb_error *err)
{
    struct probe *p = ctx;
    pause_a_bit(p, item + 7777);
    if (item != p->worked++ || item >= p->finished + p->backlog ||
        p->values[item % p->slots] != (int)item + 1000)
        p->wrong = true;
    if (item == p->fail_work)
        return failure(err, "work", item);
    p->values[item % p->slots] += 1000;
    return 0;
}

static int finish(void *ctx, size_t item, struct sb_error *err)
{
    struct probe *p = ctx;
    pause_a_bit(p, item + 99999);
    if (item != p->finished || p->values[item % p->slots] != (int)item + 2000)
        p->wrong = true;
    if (item == p->fail_finish)
        return failure(err, "finish", item);
    p->finished++;
    return 0;
}

static size_t more(void *ctx, size_t known)
{
    struct probe *p = ctx;
    pause_a_bit(p, known);
    if (p->loads < known) /* asked while known ones wait */
        p->wrong = p->wrong || p->loads + p->slots < known;
    return known + p->chunk <= ITEMS ? p->chunk : ITEMS - known;
}

static struct probe new_probe(size_t slots, size_t backlog)
{
    struct probe p;
    memset(&p, 0, sizeof(p));
    p.slots = slots;
    p.backlog = backlog;
    p.slow = true;
    p.fail_load[0] = p.fail_load[1] = p.fail_work = p.fail_finish = ITEMS;
    return p;
}

static int run(struct probe *p, size_t items, int loaders, struct sb_error *err)
{
    const struct sb_stages stages = {.items = p->chunk ? 0 : items,
                                     .slots = p->slots,
                                     .backlog = p->backlog,
                                     .loaders = loaders,
                                     .load = load,
                                     .work = work,
                                     .finish = finish,
                                     .more = p->chunk ? more : NULL};
    return sb_stages_run(&stages, p, err);
}

static void test_stages__finish_everything_in_order(void **state)
{
    (void)state;
    for (int loaders = 1; loaders <= 4; loaders++) {
        for (size_t slots = 2; slots <= 6; slots += 2) {
            struct sb_error err;
            struct probe p = new_probe(slots, slots / 2);
            assert_ok(run(&p, ITEMS, loaders, &err), &err);
            assert_int_equal(p.finished, ITEMS);
            assert_int_equal(p.loads, ITEMS);
            assert_false(p.wrong);
        }
    }
}

static void test_stages__take_items_as_they_become_known(void **state)
{
    (void)state;
    for (size_t chunk = 1; chunk <= 2 * ITEMS; chunk = chunk * 2 + 1) {
        struct sb_error err;
        struct probe p = new_probe(5, 2);
        p.chunk = chunk;
        assert_ok(run(&p, ITEMS, 3, &err), &err);
        assert_int_equal(p.finished, ITEMS);
        assert_int_equal(p.loads, ITEMS);
        assert_false(p.wrong);
    }
}

static void test_stages__nothing_to_do(void **state)
{
    (void)state;
    struct sb_error err;
    struct probe p = new_probe(3, 1);
    assert_ok(run(&p, 0, 2, &err), &err);
    assert_int_equal(p.loads, 0);
}

static void assert_stops(struct probe p, size_t finished, const char *message)
{
    for (int round = 0; round < 20; round++) {
        struct sb_error err;
        struct probe again = new_probe(p.slots, p.backlog);
        memcpy(again.fail_load, p.fail_load, sizeof(p.fail_load));
        again.fail_work = p.fail_work;
        again.fail_finish = p.fail_finish;
        again.chunk = round % 4; /* known at the start, or as they come */
        again.slow = round % 2 == 0;
        assert_int_equal(run(&again, ITEMS, 3, &err), SB_EFORMAT);
        assert_string_equal(err.message, message);
        assert_int_equal(again.finished, finished);
        assert_false(again.wrong);
    }
}

/* Everything before the failing item is finished, nothing after it, in every stage. */
static void test_stages__stop_at_the_first_failing_item(void **state)
{
    (void)state;
    struct probe p = new_probe(5, 2);
    p.fail_load[0] = 17;
    assert_stops(p, 17, "load 17");
    p.fail_load[1] = 15; /* may fail later in time, but comes first */
    assert_stops(p, 15, "load 15");
    p.fail_work = 9;
    assert_stops(p, 9, "work 9");
    p.fail_finish = 4;
    assert_stops(p, 4, "finish 4");
    p.fail_load[0] = 0;
    assert_stops(p, 0, "load 0");
}

static int run_small(void *ctx)
{
    (void)ctx;
    struct probe p = new_probe(3, 2);
    p.slow = false;
    return run(&p, 5, 2, NULL);
}

static void test_stages__survive_out_of_memory(void **state)
{
    (void)state;
    test_every_allocation_fails(run_small, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stages__finish_everything_in_order),
        cmocka_unit_test(test_stages__take_items_as_they_become_known),
        cmocka_unit_test(test_stages__nothing_to_do),
        cmocka_unit_test(test_stages__stop_at_the_first_failing_item),
        cmocka_unit_test(test_stages__survive_out_of_memory),
    };
    return cmocka_run_group_tests_name("base/stages", tests, NULL, NULL);
}
