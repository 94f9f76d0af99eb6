/* spinebench demo: succeeds on its own, says that the weights are untrained, names what it wrote.
 */
#include "base/file.h"
#include "tests/runner.h"
#include "tests/test.h"

#include <stdio.h>

static void test_demo__does_the_main_job(void **state)
{
    (void)state;
    char dir[512];
    struct test_run run;
    snprintf(dir, sizeof(dir), "%s", test_fresh_dir());
    test_run_shell(dir, "spinebench demo -o out --images 2", &run);
    if (run.status != 0)
        fail_msg("exit code %d:\n%s", run.status, sb_str_text(&run.err));
    test_assert_lines("stdout",
                      "\n== Costs*\n...\n== Latency*\n...\n== Images*\n...\n== Detection*\n...\n"
                      "== Evaluation*\n\nretinanet-spinenet-49 (untrained weights*\n"
                      " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all *\n...\n"
                      "== Written\n...\n*What to do next:\n...\n",
                      sb_str_text(&run.out));
    static const char *const written[] = {"data/annotations/instances_val.json",
                                          "data/val/000000000002.png",
                                          "detections-retinanet-spinenet-49.json",
                                          "detections-retinanet-resnet-50-fpn.json",
                                          "costs.jsonl",
                                          "run.jsonl",
                                          "report/report.md",
                                          "report/plots/levels.png"};
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/out/%s", dir, written[i]);
        if (!sb_is_file(path))
            fail_msg("%s was not written", written[i]);
    }
    test_run_release(&run);
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
        cmocka_unit_test(test_demo__does_the_main_job),
        cmocka_unit_test(test_demo__refuses_a_folder_that_cannot_be),
    };
    return cmocka_run_group_tests_name("demo", tests, NULL, NULL);
}
