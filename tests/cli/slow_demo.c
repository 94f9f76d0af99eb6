/* spinebench demo: succeeds on its own, names what it wrote, goes on where it was stopped. */
#include "base/file.h"
#include "tests/runner.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static void assert_written(const char *dir)
{
    static const char *const written[] = {"scenes/annotations/instances_val.json",
                                          "scenes/val/000000000003.png",
                                          "species/val.txt",
                                          "detections-tiny-retinanet-spinenet.json",
                                          "detections-tiny-retinanet-resnet-fpn.json",
                                          "drawn/000000000001.png",
                                          "bench.jsonl",
                                          "accuracy.jsonl",
                                          "report/report.html",
                                          "report/plots/levels.png"};
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/out/%s", dir, written[i]);
        if (!sb_is_file(path))
            fail_msg("%s was not written", written[i]);
    }
}

static void run_demo(const char *dir, struct test_run *run)
{
    test_run_shell(dir, "spinebench demo -o out --images 3", run);
    if (run->status != 0)
        fail_msg("exit code %d:\n%s", run->status, sb_str_text(&run->err));
}

/* The second run takes over what the first one left, but for what is cheap, and says the same. */
static void test_demo__does_the_main_job_and_goes_on(void **state)
{
    (void)state;
    char dir[512];
    struct test_run first, second;
    snprintf(dir, sizeof(dir), "%s", test_fresh_dir());
    run_demo(dir, &first);
    test_assert_lines(
        "stdout",
        "\n== Costs*\n...\n== By level*\n...\n== Comparison*\n...\n"
        "AP of tiny-retinanet-spinenet minus AP of tiny-retinanet-resnet-fpn: *\n...\n"
        "== Written\n...\nWhat to do next:\n  your own images *\n...\n",
        sb_str_text(&first.out));
    assert_null(strstr(sb_str_text(&first.out), "times of")); /* of other weights than accuracy */
    assert_written(dir);
    run_demo(dir, &second);
    assert_string_equal(sb_str_text(&first.out), sb_str_text(&second.out));
    assert_non_null(strstr(sb_str_text(&second.err), "going on in out"));
    assert_null(strstr(sb_str_text(&second.err), "images/s"));
    test_run_release(&first);
    test_run_release(&second);
}

static void test_demo__refuses_a_folder_that_cannot_be(void **state)
{
    (void)state;
    struct test_run run;
    test_run_shell(test_fresh_dir(), "spinebench demo -o /dev/null/out", &run);
    assert_int_equal(run.status, 2);
    test_assert_lines("stderr", "spinebench demo: /dev/null/out: cannot create the folder: *\n",
                      sb_str_text(&run.err));
    test_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demo__does_the_main_job_and_goes_on),
        cmocka_unit_test(test_demo__refuses_a_folder_that_cannot_be),
    };
    return cmocka_run_group_tests_name("demo", tests, NULL, NULL);
}
