/* bench/memory.c: the peak of a phase is seen, also when it is over; and every phase of a
 * measurement takes what was planned for it. */
#include "bench/memory.h"

#include "base/mem.h"
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

static void test_memory__counts_what_the_allocator_gives(void **state)
{
    (void)state;
    struct sb_memory_probe probe;
    void *before = sb_malloc(MIB, SB_MEM_TAG(SB_MEM_DATA, 0));
    sb_memory_probe_start(&probe);
    assert_int_equal(sb_memory_probe_taken(&probe), 0);
    void *during = sb_malloc(2 * MIB, SB_MEM_TAG(SB_MEM_WEIGHTS, 0));
    sb_free(before);
    sb_free(during);
    assert_in_range(sb_memory_probe_taken(&probe), 2 * MIB, 2 * MIB + 128);
}

static int64_t absolute(int64_t x)
{
    return x < 0 ? -x : x;
}

/* 5 % of what was planned, or what threads and the kernel's counting may add. */
static void assert_phase(const char *model, const char *name, const struct sb_phase_memory *phase,
                         int threads)
{
    const int64_t planned = sb_phase_planned_bytes(phase), slack = SB_MEMORY_SLACK(threads);
    const int64_t allowed = planned / 20 > slack ? planned / 20 : slack;
    if (absolute(phase->measured_bytes - planned) > allowed)
        fail_msg("%s, %s: planned %lld bytes, measured %lld", model, name, (long long)planned,
                 (long long)phase->measured_bytes);
}

/* False where the kernel hides the peak. */
static bool measure_phases(const struct sb_measure_options *o)
{
    struct sb_error err;
    struct sb_measurement m;
    assert_ok(sb_measure(&m, o, NULL, &err), &err);
    const bool visible = m.total.measured_bytes != SB_NO_INT;
    if (visible) {
        assert_phase(o->model, "load", &m.load, o->threads);
        assert_phase(o->model, "build", &m.build, o->threads);
        assert_phase(o->model, "forward", &m.forward, o->threads);
        assert_phase(o->model, "total", &m.total, o->threads);
        assert_true(sb_phase_planned_bytes(&m.forward) == 0);
        assert_true(m.build.arena_bytes > 0 && m.build.other_bytes > 0);
        assert_true(m.load.weight_bytes > 0 && m.load.arena_bytes == 0);
    }
    sb_measurement_release(&m);
    return visible;
}

/* Small and large models of several families: what a phase takes is what was planned for it. */
static void test_memory__phases_take_what_was_planned(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        int size, threads;
        enum sb_engine engine;
    } cases[] = {
        {"tiny-retinanet-spinenet", 128, 1, SB_ENGINE_OPENBLAS},
        {"retinanet-mobile-spinenet-49xs", 128, 2, SB_ENGINE_OPENBLAS},
        {"retinanet-mobile-spinenet-49xs", 128, 1, SB_ENGINE_NATIVE},
        {"retinanet-resnet-50-fpn", 256, 1, SB_ENGINE_OPENBLAS},
        {"retinanet-spinenet-49", 256, 2, SB_ENGINE_NATIVE},
    };
    if (SANITIZED)
        skip();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_measure_options o;
        sb_measure_options_defaults(&o);
        o.model = cases[i].model;
        o.size = cases[i].size;
        o.threads = cases[i].threads;
        o.engine = cases[i].engine;
        o.time.warmup = 0;
        o.time.stop = (struct sb_stop_rule){.min_runs = 1, .max_runs = 1};
        o.time.step_passes = 0;
        o.check = false;
        if (!measure_phases(&o))
            skip();
    }
}

/* The file is mapped while it is read, an array per thread at a time. */
static void test_memory__files_are_part_of_the_plan(void **state)
{
    (void)state;
    struct sb_measure_options o;
    if (SANITIZED)
        skip();
    sb_measure_options_defaults(&o);
    o.model = "tiny-retinanet-spinenet";
    o.size = 128;
    o.weights = "models/weights/tiny-retinanet-spinenet.safetensors";
    o.time.warmup = 0;
    o.time.stop = (struct sb_stop_rule){.min_runs = 1, .max_runs = 1};
    o.time.step_passes = 0;
    o.check = false;
    if (!measure_phases(&o))
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__sees_the_peak_of_each_phase),
        cmocka_unit_test(test_memory__counts_what_the_allocator_gives),
        cmocka_unit_test(test_memory__phases_take_what_was_planned),
        cmocka_unit_test(test_memory__files_are_part_of_the_plan),
    };
    return cmocka_run_group_tests_name("bench/memory", tests, NULL, NULL);
}
