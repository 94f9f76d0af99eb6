/* bench/process.c: exit codes, output, pinning, and programs that cannot be started. */
#include "bench/process.h"

#include "base/file.h"
#include "tests/test.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sb_error err;

static int run(const char *script, const struct sb_process_options *options)
{
    char shell[] = "/bin/sh", flag[] = "-c", text[700];
    char *argv[] = {shell, flag, text, NULL};
    int code = -1;
    const int n = snprintf(text, sizeof(text), "%s", script);
    assert_true(n >= 0 && (size_t)n < sizeof(text));
    assert_ok(sb_process_run(argv, options, &code, &err), &err);
    return code;
}

static void test_process__gives_the_exit_code(void **state)
{
    (void)state;
    assert_int_equal(run("exit 0", NULL), 0);
    assert_int_equal(run("exit 3", NULL), 3);
    assert_int_equal(run("kill -9 $$", NULL), 128 + SIGKILL);
}

static void test_process__writes_where_it_is_told(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof(path), "%s/out", test_scratch());
    const struct sb_process_options options = {.stdout_path = path, .cpu = -1, .padding = 5};
    assert_int_equal(run("printf %s \"$SPINEBENCH_PADDING\"", &options), 0);
    struct sb_map map;
    assert_ok(sb_map_open(&map, path, &err), &err);
    assert_int_equal(map.size, 5);
    assert_memory_equal(map.data, "xxxxx", 5);
    sb_map_release(&map);
}

static void test_process__pins_to_a_cpu(void **state)
{
    (void)state;
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    char path[512], want[32];
    snprintf(path, sizeof(path), "%s/cpu", test_scratch());
    const struct sb_process_options options = {.stdout_path = path, .cpu = cpu};
    assert_int_equal(
        run("sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status", &options), 0);
    struct sb_map map;
    assert_ok(sb_map_open(&map, path, &err), &err);
    const int n = snprintf(want, sizeof(want), "%d\n", cpu);
    assert_int_equal(map.size, n);
    assert_memory_equal(map.data, want, (size_t)n);
    sb_map_release(&map);
}

static void test_process__says_what_cannot_be_started(void **state)
{
    (void)state;
    char missing[] = "/nonexistent/program";
    char *argv[] = {missing, NULL};
    int code;
    assert_int_equal(sb_process_run(argv, NULL, &code, &err), SB_EIO);
    assert_string_equal(err.path, missing);
    char text[600], path[512];
    snprintf(path, sizeof(path), "%s/text", test_scratch());
    assert_ok(sb_write_file(path,
                            "\x7f"
                            "ELF",
                            4, &err),
              &err);
    snprintf(text, sizeof(text), "chmod +x %s", path);
    assert_int_equal(run(text, NULL), 0);
    char *broken[] = {path, NULL};
    assert_int_equal(sb_process_run(broken, NULL, &code, &err), SB_EIO);
}

static void test_process__knows_itself(void **state)
{
    (void)state;
    char self[512], tiny[3];
    assert_ok(sb_process_self(self, sizeof(self), &err), &err);
    assert_non_null(strstr(self, "test_process"));
    assert_true(sb_process_self(tiny, sizeof(tiny), &err) < 0);
}

static void test_command__notices_what_does_not_fit(void **state)
{
    (void)state;
    struct sb_command_line *const c = calloc(1, sizeof(*c));
    assert_non_null(c);
    for (int i = 0; i < SB_COMMAND_WORDS; i++)
        sb_command_add(c, "--word=%d", i);
    assert_false(c->failed);
    assert_string_equal(c->argv[SB_COMMAND_WORDS - 1], "--word=39");
    assert_null(c->argv[SB_COMMAND_WORDS]);
    sb_command_add(c, "one more");
    assert_true(c->failed);
    memset(c, 0, sizeof(*c));
    sb_command_add(c, "%*s", PATH_MAX - 1, "x");
    assert_false(c->failed);
    sb_command_add(c, "%*s", PATH_MAX, "x");
    assert_true(c->failed);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process__gives_the_exit_code),
        cmocka_unit_test(test_process__writes_where_it_is_told),
        cmocka_unit_test(test_process__pins_to_a_cpu),
        cmocka_unit_test(test_process__says_what_cannot_be_started),
        cmocka_unit_test(test_process__knows_itself),
        cmocka_unit_test(test_command__notices_what_does_not_fit),
    };
    return cmocka_run_group_tests_name("bench/process", tests, NULL, NULL);
}
