/* bench/environment.c on made-up machines: what shows is read, what does not has a reason. */
#include "bench/environment.h"

#include "base/file.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct sb_error err;

/* Writes scratch/NAME/PATH with its folders. */
static void put(const char *machine, const char *path, const char *text)
{
    char full[700];
    snprintf(full, sizeof(full), "%s/%s/%s", test_scratch(), machine, path);
    char *slash = strrchr(full, '/');
    *slash = '\0';
    assert_ok(sb_make_dirs(full, &err), &err);
    *slash = '/';
    assert_ok(sb_write_file(full, text, strlen(text), &err), &err);
}

static struct sb_environment read_machine(const char *machine)
{
    char root[512];
    snprintf(root, sizeof(root), "%s/%s", test_scratch(), machine);
    struct sb_environment env;
    sb_environment_read(&env, root);
    return env;
}

#define CPU0 "sys/devices/system/cpu/cpu0/"

static void test_environment__reads_a_visible_machine(void **state)
{
    (void)state;
    put("a", "proc/cpuinfo",
        "processor\t: 0\nmodel name\t: Some CPU @ 3.0GHz\ncpu MHz\t\t: 2995.1\n"
        "flags\t\t: fpu sse4_2 avx avx2 avx512f_not fma\nprocessor\t: 1\n");
    put("a", "proc/loadavg", "0.50 0.40 0.30 1/100 1234\n");
    put("a", "proc/stat", "cpu  1 2 3 4 5 6 7 42 0 0\ncpu0 1 2 3\n");
    put("a", CPU0 "cpufreq/scaling_governor", "powersave\n");
    put("a", CPU0 "cpufreq/scaling_cur_freq", "1200000\n");
    put("a", CPU0 "cache/index0/level", "1\n");
    put("a", CPU0 "cache/index0/type", "Data\n");
    put("a", CPU0 "cache/index0/size", "32K\n");
    put("a", CPU0 "cache/index1/level", "1\n");
    put("a", CPU0 "cache/index1/type", "Instruction\n");
    put("a", CPU0 "cache/index1/size", "64K\n");
    put("a", CPU0 "cache/index2/level", "3\n");
    put("a", CPU0 "cache/index2/type", "Unified\n");
    put("a", CPU0 "cache/index2/size", "8M\n");
    const struct sb_environment env = read_machine("a");
    assert_string_equal(env.cpu, "Some CPU @ 3.0GHz");
    assert_string_equal(env.cpu_features, "sse4_2 avx avx2 fma");
    assert_string_equal(env.governor, "powersave");
    assert_int_equal(env.mhz, 1200);
    assert_int_equal(env.steal_ticks, 42);
    assert_true(env.load == 0.5);
    assert_int_equal(env.l1d_bytes, 32768);
    assert_int_equal(env.l2_bytes, SB_NO_INT);
    assert_int_equal(env.l3_bytes, 8 << 20);
    assert_int_equal(strlen(env.machine), 8);
    assert_true(env.usable_cpus >= 1 && env.affinity[0]);

    struct sb_str advice = SB_STR_INIT;
    sb_environment_advice(&env, &advice);
    assert_non_null(strstr(sb_str_text(&advice), "governor is 'powersave'"));
    assert_non_null(strstr(sb_str_text(&advice), "hypervisor"));
    sb_str_release(&advice);
}

static void test_environment__says_why_values_are_missing(void **state)
{
    (void)state;
    put("b", "proc/cpuinfo", "processor\t: 0\n");
    const struct sb_environment env = read_machine("b");
    assert_true(isnan(env.load));
    struct sb_record run;
    sb_record_init(&run, SB_RECORD_RUN);
    sb_environment_to_record(&env, &run);
    sb_build_to_record(&run);
    assert_null(run.u.run.governor);
    assert_string_equal(sb_record_why(&run, "governor"), "not visible");
    assert_null(run.u.run.cpu);
    assert_int_equal(run.u.run.steal_ticks, SB_NO_INT);
    assert_string_equal(sb_record_why(&run, "steal_ticks"), "not visible");
    assert_string_equal(run.u.run.version, "test");
    assert_non_null(run.u.run.commit);
}

static void test_environment__this_machine_has_the_basics(void **state)
{
    (void)state;
    struct sb_environment env;
    sb_environment_read(&env, "");
    assert_true(env.cpus >= 1 && env.page_bytes >= 4096 && env.memory_bytes > 0);
    assert_true(env.blas_core[0] && env.kernel[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment__reads_a_visible_machine),
        cmocka_unit_test(test_environment__says_why_values_are_missing),
        cmocka_unit_test(test_environment__this_machine_has_the_basics),
    };
    return cmocka_run_group_tests_name("bench/environment", tests, NULL, NULL);
}
