/* bench/gate_rule.c: verdicts by hand, and false alarms and power on simulated machines. */
#include "bench/gate_rule.h"

#include "base/rng.h"
#include "tests/test.h"

#include <math.h>

static const struct sb_gate_rule rule = {.delta = 0.02, .alpha = 0.01};

/* Looks at the first pairs, then at all. */
static struct sb_gate_cell judge_twice(const double *d, size_t first, size_t count)
{
    struct sb_gate_cell cell = {.d = d, .count = first};
    assert_true(sb_gate_judge(&cell, 1, &rule));
    cell.count = count;
    assert_true(sb_gate_judge(&cell, 1, &rule));
    return cell;
}

static struct sb_gate_cell judge_one(const double *d, size_t count)
{
    struct sb_gate_cell cell = {.d = d, .count = count};
    assert_true(sb_gate_judge(&cell, 1, &rule));
    return cell;
}

/* d[i] = center, with `against` of them on the other side of zero. */
static struct sb_gate_cell constant(double center, size_t count, size_t against)
{
    double d[64];
    for (size_t i = 0; i < count; i++)
        d[i] = i < against ? -center : center;
    return judge_one(d, count);
}

static void test_gate_rule__needs_17_of_21_rounds(void **state)
{
    (void)state;
    assert_int_equal(constant(0.05, 21, 4).suspected, SB_GATE_REGRESSED);
    assert_int_equal(constant(0.05, 21, 5).suspected, SB_GATE_SAME);
    assert_int_equal(constant(0.05, 21, 5).verdict, SB_GATE_UNRESOLVED);
    assert_int_equal(constant(-0.05, 21, 4).suspected, SB_GATE_IMPROVED);
    assert_int_equal(constant(0.01, 21, 0).verdict, SB_GATE_SAME);      /* clear, but too small */
    assert_int_equal(constant(0.05, 6, 0).verdict, SB_GATE_UNRESOLVED); /* too few rounds */
    assert_true(fabs(constant(0.05, 21, 0).ratio - exp(0.05)) < 1e-15);
}

static void test_gate_rule__a_difference_needs_new_pairs_that_confirm_it(void **state)
{
    (void)state;
    double d[63];
    for (size_t i = 0; i < 63; i++)
        d[i] = 0.05;
    assert_int_equal(judge_one(d, 63).verdict, SB_GATE_UNRESOLVED); /* however clear */
    assert_int_equal(judge_twice(d, 21, 42).verdict, SB_GATE_REGRESSED);
    assert_int_equal(judge_twice(d, 21, 42).suspected, SB_GATE_SAME);
    assert_int_equal(judge_twice(d, 21, 27).verdict, SB_GATE_UNRESOLVED); /* 6 of 6: p 0.016 */
    assert_int_equal(judge_twice(d, 21, 28).verdict, SB_GATE_REGRESSED);  /* 7 of 7: p 0.008 */
    for (size_t i = 21; i < 26; i++)
        d[i] = -0.05; /* 16 of the 21 new ones; of all 42, 37 */
    assert_int_equal(judge_twice(d, 21, 42).verdict, SB_GATE_UNRESOLVED);
    assert_int_equal(judge_twice(d, 21, 42).suspected, SB_GATE_REGRESSED);
    for (size_t i = 0; i < 63; i++)
        d[i] = -fabs(d[i]);
    assert_int_equal(judge_twice(d, 21, 42).verdict, SB_GATE_IMPROVED);
    for (size_t i = 21; i < 63; i++)
        d[i] = 0.05; /* the other way: the next look suspects that instead */
    assert_int_equal(judge_twice(d, 21, 63).verdict, SB_GATE_UNRESOLVED);
    assert_int_equal(judge_twice(d, 21, 63).suspected, SB_GATE_REGRESSED);
}

/* Six cells: the first Holm step needs alpha / 6. */
static void test_gate_rule__corrects_over_the_cells(void **state)
{
    (void)state;
    double d[21], quiet[21] = {0};
    for (size_t i = 0; i < 21; i++)
        d[i] = i < 4 ? -0.05 : 0.05; /* 17 of 21: p = 7547 / 2^21 */
    struct sb_gate_cell cells[6];
    for (size_t i = 0; i < 6; i++)
        cells[i] = (struct sb_gate_cell){.d = i == 2 ? d : quiet, .count = 21};
    assert_true(sb_gate_judge(cells, 6, &rule));
    assert_int_equal(cells[2].verdict, SB_GATE_UNRESOLVED);
    assert_true(fabs(cells[2].p_up - 6 * 7547.0 / 2097152) < 1e-12);
    assert_int_equal(cells[0].verdict, SB_GATE_SAME); /* ties speak against both directions */
    assert_true(cells[0].p_up == 1 && cells[0].p_down == 1);
}

static void test_gate_rule__control_pairs_must_show_nothing(void **state)
{
    (void)state;
    double d[21];
    struct sb_gate_control control;
    for (size_t i = 0; i < 21; i++)
        d[i] = 0.004 * ((double)i - 10) / 10;
    assert_true(sb_gate_check_control(d, 21, &rule, &control));
    assert_false(control.noisy);
    for (size_t i = 0; i < 21; i++)
        d[i] = 0.2 * ((double)i - 10) / 10; /* wide */
    assert_true(sb_gate_check_control(d, 21, &rule, &control));
    assert_true(control.noisy);
    for (size_t i = 0; i < 21; i++)
        d[i] = 0.003; /* narrow, but one-sided */
    assert_true(sb_gate_check_control(d, 21, &rule, &control));
    assert_true(control.noisy && control.p < 0.01);
    assert_true(sb_gate_check_control(d, 3, &rule, &control));
    assert_true(control.noisy && isnan(control.half_width));
}

/*
 * A shared machine: slow drift that both runs of a pair see, a level shift now and then, noise of
 * each run, and spikes. `effect` is the true difference.
 */
struct machine {
    struct sb_rng rng;
    double drift, level;
};

static double run_time(struct machine *m, double effect, double noise)
{
    const double spike = sb_rng_double(&m->rng) < 0.05 ? 0.3 * sb_rng_double(&m->rng) : 0;
    return m->level + m->drift + effect + noise * sb_rng_normal(&m->rng) + spike;
}

static void simulate(struct machine *m, double effect, double noise, double *d, size_t rounds)
{
    for (size_t r = 0; r < rounds; r++) {
        m->drift += 0.005 * sb_rng_normal(&m->rng);
        if (sb_rng_double(&m->rng) < 0.05)
            m->level = 0.2 * sb_rng_double(&m->rng);
        const double base = run_time(m, 0, noise);
        d[r] = run_time(m, effect, noise) - base;
    }
}

/* Of 1000 first looks at two cells, how many suspect a regression? */
static size_t suspicions(double effect, double noise, uint64_t seed)
{
    struct machine m = {.rng = sb_rng_seed(seed)};
    size_t found = 0;
    for (size_t gate = 0; gate < 1000; gate++) {
        double d[2][21];
        struct sb_gate_cell cells[2] = {{.d = d[0], .count = 21}, {.d = d[1], .count = 21}};
        simulate(&m, effect, noise, d[0], 21);
        simulate(&m, 0, noise, d[1], 21);
        assert_true(sb_gate_judge(cells, 2, &rule));
        found += cells[0].suspected == SB_GATE_REGRESSED || cells[1].suspected == SB_GATE_REGRESSED;
    }
    return found;
}

static void test_gate_rule__one_look_suspects_at_its_level(void **state)
{
    (void)state;
    assert_int_equal(suspicions(0, 0.01, 1), 0);
    assert_in_range(suspicions(0, 0.10, 2), 1, 10); /* at most alpha */
    assert_in_range(suspicions(log(1.05), 0.015, 3), 960, 1000);
    assert_in_range(suspicions(log(1.10), 0.015, 4), 995, 1000);
}

/* A cell of a gate that looks again while it is unresolved. */
static enum sb_gate_verdict look_until_resolved(struct machine *m, double effect, double noise)
{
    double d[21 << (SB_GATE_MAX_LOOKS - 1)];
    struct sb_gate_cell cell = {.d = d, .verdict = SB_GATE_UNRESOLVED};
    for (int look = 0; look < SB_GATE_MAX_LOOKS && cell.verdict == SB_GATE_UNRESOLVED; look++) {
        const size_t more = look ? cell.count : 21;
        const struct sb_gate_rule at = sb_gate_rule_at(&rule, look);
        simulate(m, effect, noise, d + cell.count, more);
        cell.count += more;
        assert_true(sb_gate_judge(&cell, 1, &at));
    }
    return cell.verdict;
}

/* Of `gates` gates over one cell, how many end with the verdict? */
static size_t verdicts(enum sb_gate_verdict verdict, double effect, double noise, size_t gates,
                       uint64_t seed)
{
    struct machine m = {.rng = sb_rng_seed(seed)};
    size_t count = 0;
    for (size_t gate = 0; gate < gates; gate++)
        count += look_until_resolved(&m, effect, noise) == verdict;
    return count;
}

/* Noise of 8 % per run, where 21 pairs tell nothing, and of 1.5 %. */
static void test_gate_rule__more_looks_resolve_what_noise_hides(void **state)
{
    (void)state;
    assert_in_range(verdicts(SB_GATE_SAME, 0, 0.08, 500, 5), 400, 500);
    assert_in_range(verdicts(SB_GATE_REGRESSED, log(1.05), 0.08, 500, 6), 475, 500);
    assert_in_range(verdicts(SB_GATE_REGRESSED, log(1.10), 0.08, 500, 7), 498, 500);
    assert_in_range(verdicts(SB_GATE_REGRESSED, log(1.05), 0.015, 500, 8), 498, 500);
}

/* Without the confirmation up to 2 % would be called REGRESSED. */
static void test_gate_rule__no_false_alarms_in_simulation(void **state)
{
    (void)state;
    assert_int_equal(verdicts(SB_GATE_REGRESSED, 0, 0.015, 2000, 9), 0);
    assert_int_equal(verdicts(SB_GATE_REGRESSED, 0, 0.08, 2000, 10), 0);
    assert_in_range(verdicts(SB_GATE_REGRESSED, 0, 0.20, 2000, 11), 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_rule__needs_17_of_21_rounds),
        cmocka_unit_test(test_gate_rule__a_difference_needs_new_pairs_that_confirm_it),
        cmocka_unit_test(test_gate_rule__corrects_over_the_cells),
        cmocka_unit_test(test_gate_rule__control_pairs_must_show_nothing),
        cmocka_unit_test(test_gate_rule__one_look_suspects_at_its_level),
        cmocka_unit_test(test_gate_rule__more_looks_resolve_what_noise_hides),
        cmocka_unit_test(test_gate_rule__no_false_alarms_in_simulation),
    };
    return cmocka_run_group_tests_name("bench/gate_rule", tests, NULL, NULL);
}
