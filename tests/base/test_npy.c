/* base/npy.c: round trips, the headers NumPy writes, and a table of broken files. */
#include "base/npy.h"

#include "base/file.h"
#include "base/mem.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

/* A file of format 1.0 with this header text and n bytes of data. */
static const char *write_npy(const char *header, size_t data_bytes)
{
    unsigned char buf[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    const size_t n = strlen(header);
    assert_true(10 + n + data_bytes <= sizeof(buf));
    buf[8] = (unsigned char)(n & 255);
    buf[9] = (unsigned char)(n >> 8);
    memcpy(buf + 10, header, n);
    return test_write("x.npy", buf, 10 + n + data_bytes);
}

static void test_npy__round_trip_of_every_type(void **state)
{
    (void)state;
    unsigned char data[24 * 8];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 37);
    const size_t shape[] = {2, 3, 4};
    for (int t = SB_F32; t <= SB_BOOL; t++) {
        struct sb_npy a;
        struct sb_error err;
        const char *path = test_path("t.npy");
        assert_ok(sb_npy_save(path, (enum sb_dtype)t, 3, shape, data, &err), &err);
        assert_ok(sb_npy_load(path, &a, &err), &err);
        assert_int_equal(a.dtype, t);
        assert_int_equal(a.ndim, 3);
        assert_memory_equal(a.shape, shape, sizeof(shape));
        assert_int_equal(a.count, 24);
        assert_memory_equal(a.data, data, 24 * sb_dtype_bytes(a.dtype));
        sb_npy_release(&a);
        assert_null(a.data);
    }
}

static void test_npy__scalars_vectors_and_empty_arrays(void **state)
{
    (void)state;
    static const struct {
        int ndim;
        size_t shape[2];
        size_t count;
        const char *header;
    } cases[] = {
        {0, {0, 0}, 1, "'shape': (), }"},
        {1, {5, 0}, 5, "'shape': (5,), }"},
        {1, {0, 0}, 0, "'shape': (0,), }"},
        {2, {0, 7}, 0, "'shape': (0, 7), }"},
    };
    const float data[5] = {1, 2, 3, 4, 5};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_npy a;
        struct sb_error err;
        struct sb_map map;
        const char *path = test_path("t.npy");
        assert_ok(sb_npy_save(path, SB_F32, cases[i].ndim, cases[i].shape, data, &err), &err);
        assert_ok(sb_map_open(&map, path, &err), &err);
        assert_int_equal(map.size, 128 + 4 * cases[i].count); /* data starts at a multiple of 64 */
        assert_non_null(memmem(map.data, map.size, cases[i].header, strlen(cases[i].header)));
        sb_map_release(&map);
        assert_ok(sb_npy_load(path, &a, &err), &err);
        assert_int_equal(a.ndim, cases[i].ndim);
        assert_int_equal(a.count, cases[i].count);
        assert_memory_equal(a.data, data, 4 * cases[i].count);
        sb_npy_release(&a);
    }
}

static void test_npy__later_versions_have_long_headers(void **state)
{
    (void)state;
    const char header[] = "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }";
    unsigned char buf[128] = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, sizeof(header) - 1};
    memcpy(buf + 12, header, sizeof(header) - 1);
    buf[12 + sizeof(header) - 1] = 9;
    struct sb_npy a;
    struct sb_error err;
    const char *path = test_write("v2.npy", buf, 12 + sizeof(header) - 1 + 4);
    assert_ok(sb_npy_load(path, &a, &err), &err);
    assert_int_equal(((int32_t *)a.data)[0], 9);
    sb_npy_release(&a);
}

static void test_npy__broken_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data_bytes;
        const char *expected;
    } cases[] = {
        {"{'fortran_order': False, 'shape': (1,), }", 4, "header lacks descr"},
        {"{'descr': '<f4', 'shape': (1,), }", 4, "header lacks"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", 4, "Fortran order"},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4, "unsupported type"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, "unsupported type"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, "unsupported"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': 1, }", 4, "invalid shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4, "invalid shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 1), }", 4, "invalid shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, ", 4, "invalid shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4,
         "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 4,
         "shape"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,), }", 0,
         "disagree"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4, "disagree"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 5, "disagree"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_npy a;
        struct sb_error err;
        const char *path = write_npy(cases[i].header, cases[i].data_bytes);
        assert_int_equal(sb_npy_load(path, &a, &err), SB_EFORMAT);
        assert_error(&err, SB_EFORMAT, cases[i].expected);
        assert_non_null(strstr(err.path, "x.npy"));
        assert_null(a.data);
    }
}

static void test_npy__every_cut_is_refused(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_map map;
    struct sb_npy a;
    const float data[2] = {1, 2};
    assert_ok(sb_npy_save(test_path("whole.npy"), SB_F32, 1, (const size_t[]){2}, data, &err),
              &err);
    assert_ok(sb_map_open(&map, test_path("whole.npy"), &err), &err);
    for (size_t cut = 0; cut < map.size; cut++)
        assert_int_equal(sb_npy_load(test_write("cut.npy", map.data, cut), &a, &err), SB_EFORMAT);
    sb_map_release(&map);
}

static void test_npy__save_checks_its_arguments(void **state)
{
    (void)state;
    struct sb_error err;
    const size_t huge[9] = {SIZE_MAX / 2, 3, 1, 1, 1, 1, 1, 1, 1};
    assert_int_equal(sb_npy_save(test_path("no.npy"), SB_F32, 2, huge, NULL, &err), SB_ENOMEM);
    assert_int_equal(sb_npy_save(test_path("no.npy"), SB_F32, 9, huge, NULL, &err), SB_EINVAL);
    assert_false(sb_is_file(test_path("no.npy")));
    assert_int_equal(sb_npy_save("/dev/full", SB_F32, 0, NULL, &err, &err), SB_EIO);
}

static int save_and_load(void *path)
{
    struct sb_npy a;
    struct sb_error err;
    const double value = 3;
    int rc = sb_npy_save(path, SB_F64, 0, NULL, &value, &err);
    if (rc)
        return rc;
    rc = sb_npy_load(path, &a, &err);
    sb_npy_release(&a);
    return rc;
}

static void test_npy__survives_failing_allocations(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof(path), "%s", test_path("nomem.npy"));
    test_every_allocation_fails(save_and_load, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy__round_trip_of_every_type),
        cmocka_unit_test(test_npy__scalars_vectors_and_empty_arrays),
        cmocka_unit_test(test_npy__later_versions_have_long_headers),
        cmocka_unit_test(test_npy__broken_headers_are_refused),
        cmocka_unit_test(test_npy__every_cut_is_refused),
        cmocka_unit_test(test_npy__save_checks_its_arguments),
        cmocka_unit_test(test_npy__survives_failing_allocations),
    };
    return cmocka_run_group_tests_name("base/npy", tests, NULL, NULL);
}
