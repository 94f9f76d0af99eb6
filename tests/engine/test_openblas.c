/* engine/kernels/openblas.c: the library comes with the first use, whoever is first. */
#include "engine/kernels/openblas.h"

#include "base/pool.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

/* Lines of the process's memory map that name the library. */
static int mapped_parts(void)
{
    char line[512];
    int count = 0;
    FILE *const maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps))
        count += strstr(line, "libopenblas") != NULL;
    fclose(maps);
    return count;
}

static void open_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    ((const struct sb_openblas **)ctx)[job] = sb_openblas_open(NULL);
}

static void test_openblas__is_opened_once_and_on_first_use(void **state)
{
    (void)state;
    const struct sb_openblas *opened[8];
    struct sb_error err;
    assert_int_equal(mapped_parts(), 0);
    struct sb_pool *pool = sb_pool_new(4, &err);
    assert_non_null(pool);
    sb_pool_run(pool, 8, open_job, opened);
    sb_pool_free(&pool);
    assert_true(mapped_parts() > 0);
    for (size_t i = 0; i < 8; i++) {
        assert_non_null(opened[i]);
        assert_ptr_equal(opened[i], opened[0]);
    }
}

static void test_openblas__multiplies(void **state)
{
    (void)state;
    struct sb_error err;
    const struct sb_openblas *const blas = sb_openblas_open(&err);
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {1, 0, 0, 1, 1, 1};
    float c[4] = {9, 9, 9, 9};
    assert_non_null(blas);
    blas->set_num_threads(1);
    blas->sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 2, 2, 3, 1, a, 3, b, 2, 0, c, 2);
    assert_true(c[0] == 4 && c[1] == 5 && c[2] == 10 && c[3] == 11);
    assert_non_null(strstr(blas->get_config(), "OpenBLAS"));
    assert_true(blas->get_corename()[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openblas__is_opened_once_and_on_first_use),
        cmocka_unit_test(test_openblas__multiplies),
    };
    return cmocka_run_group_tests_name("engine/openblas", tests, NULL, NULL);
}
