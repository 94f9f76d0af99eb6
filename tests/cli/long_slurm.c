/* The job scripts of docs/slurm, run through a Slurm of one node (scripts/slurm_check.sh). */
#include "tests/runner.h"
#include "tests/test.h"

static void test_slurm__array_and_mpi_job_give_the_bytes_of_one_process(void **state)
{
    (void)state;
    struct test_run run;
    test_run_shell(test_fresh_dir(),
                   "\"$SPINEBENCH_SOURCE\"/scripts/slurm_check.sh "
                   "\"$(dirname \"$(command -v spinebench)\")\"",
                   &run);
    if (run.status == 77) {
        print_message("skipped: %s", sb_str_text(&run.err));
        test_run_release(&run);
        skip();
    }
    if (run.status != 0)
        fail_msg("exit code %d:\n%s", run.status, sb_str_text(&run.err));
    test_assert_lines("stdout",
                      "== job array\narray.json: * results of 4 parts\nidentical to one process\n"
                      "== MPI job\n2\nidentical to one process\n",
                      sb_str_text(&run.out));
    test_run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slurm__array_and_mpi_job_give_the_bytes_of_one_process),
    };
    return cmocka_run_group_tests_name("slurm", tests, NULL, NULL);
}
