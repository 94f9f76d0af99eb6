/* bench/memory.c: the peak of a phase is seen, also when it is over; and plans take what they say.
 */
#include "bench/memory.h"

#include "bench/measure.h"
#include "bench/record.h"
#include "tests/test.h"

#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MIB ((size_t)1 << 20)

static void touch(size_t bytes)
{
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(p, MAP_FAILED);
    memset(p, 1, bytes);
    munmap(p, bytes);
}

static void test_memory__sees_the_peak_of_each_phase(void **state)
{
    (void)state;
    struct sb_memory_probe probe;
    sb_memory_probe_start(&probe);
    if (!probe.works)
        skip();
    touch(64 * MIB);
    const int64_t large = sb_memory_probe_peak(&probe);
    assert_in_range(large, 60 * MIB, 80 * MIB);
    sb_memory_probe_start(&probe); /* forgets the first peak */
    touch(8 * MIB);
    assert_in_range(sb_memory_probe_peak(&probe), 6 * MIB, 24 * MIB);
}

/* Plans of two families: measured peak within 5 % of what was planned. */
static void test_memory__plans_take_what_they_say(void **state)
{
    (void)state;
    if (SANITIZED)
        skip();
    static const char *const models[] = {"retinanet-spinenet-49", "retinanet-resnet-50-fpn"};
    for (size_t i = 0; i < 2; i++) {
        struct sb_error err;
        struct sb_measure_options o;
        struct sb_measurement m;
        sb_measure_options_defaults(&o);
        o.model = models[i];
        o.size = 256;
        o.time.warmup = 0;
        o.time.stop = (struct sb_stop_rule){.min_runs = 1, .max_runs = 1};
        o.time.step_passes = 0;
        o.check = false;
        assert_ok(sb_measure(&m, &o, NULL, &err), &err);
        const double planned =
            (double)(m.total.arena_bytes + m.total.weight_bytes + m.total.workspace_bytes);
        const double measured = (double)m.total.measured_bytes;
        const bool visible = m.total.measured_bytes != SB_NO_INT;
        sb_measurement_release(&m);
        if (!visible)
            skip();
        if (measured < 0.95 * planned || measured > 1.05 * planned)
            fail_msg("%s: planned %.0f bytes, measured %.0f", models[i], planned, measured);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__sees_the_peak_of_each_phase),
        cmocka_unit_test(test_memory__plans_take_what_they_say),
    };
    return cmocka_run_group_tests_name("bench/memory", tests, NULL, NULL);
}
