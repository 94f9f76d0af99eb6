/* Detections: columns, the exact text of results, numbers that read back, failures. */
#include "tests/test.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "datasets/detections.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_file_is(const char *path, const char *expected)
{
    struct sb_error err;
    struct sb_map map;
    assert_ok(sb_map_open(&map, path, &err), &err);
    assert_int_equal(map.size, strlen(expected));
    assert_memory_equal(map.data, expected, map.size);
    sb_map_release(&map);
}

static void test_detections__are_written_one_per_line(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_detections dets;
    sb_detections_init(&dets);
    char *path = sb_path_join(test_scratch(), "dets.json");
    assert_ok(sb_detections_write(&dets, path, &err), &err);
    assert_file_is(path, "[\n]\n");
    const double box[4] = {258.15f, 41.29f, 348.26f, 0.1f};
    char counts[] = "a\\1";
    const struct sb_rle_text mask = {5, 7, counts};
    assert_int_equal(sb_detections_add(&dets, 42, 18, box, 0.5, NULL), 0);
    assert_int_equal(sb_detections_add(&dets, -1, 90, box, 1e-8f, &mask), 0);
    assert_int_equal(sb_detections_add(&dets, 5000000000, 1, box, -0.0, NULL), 0);
    assert_ok(sb_detections_write(&dets, path, &err), &err);
    assert_file_is(
        path,
        "[\n"
        "{\"image_id\":42,\"category_id\":18,\"bbox\":[258.15,41.29,348.26,0.1],\"score\":0.5},\n"
        "{\"image_id\":-1,\"category_id\":90,\"bbox\":[258.15,41.29,348.26,0.1],"
        "\"score\":1e-08,\"segmentation\":{\"size\":[5,7],\"counts\":\"a\\\\1\"}},\n"
        "{\"image_id\":5000000000,\"category_id\":1,\"bbox\":[258.15,41.29,348.26,0.1],"
        "\"score\":0}\n"
        "]\n");
    sb_free(path);
    sb_detections_release(&dets);
}

static void test_detections__numbers_read_back_to_the_same_float(void **state)
{
    (void)state;
    struct sb_rng rng = sb_rng_seed(11);
    struct sb_detections dets;
    sb_detections_init(&dets);
    for (int i = 0; i < 20000; i++) {
        double box[4];
        for (int k = 0; k < 4; k++)
            box[k] = (float)(sb_rng_double(&rng) * pow(10, (int)sb_rng_below(&rng, 9) - 3));
        assert_int_equal(sb_detections_add(&dets, i, 1, box, (float)sb_rng_double(&rng), NULL), 0);
    }
    for (size_t i = 0; i < dets.count; i++) {
        struct sb_error err;
        struct sb_str line = SB_STR_INIT;
        assert_ok(sb_detections_append_json(&dets, i, &line, &err), &err);
        const char *at = strstr(line.data, "[") + 1;
        for (int k = 0; k < 4; k++) {
            char *end = NULL;
            assert_true(strtof(at, &end) == (float)dets.box[i][k]);
            at = end + 1;
        }
        at = strstr(line.data, "\"score\":") + 8;
        assert_true(strtof(at, NULL) == (float)dets.score[i]);
        sb_str_release(&line);
    }
    sb_detections_release(&dets);
}

static void test_detections__keep_masks_beside_rows_without(void **state)
{
    (void)state;
    struct sb_detections dets;
    sb_detections_init(&dets);
    const double box[4] = {0, 0, 1, 1};
    char counts[] = "04";
    const struct sb_rle_text mask = {2, 2, counts};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(sb_detections_add(&dets, i, 1, box, 1, i % 3 ? NULL : &mask), 0);
    for (int i = 0; i < 1000; i++)
        assert_true((dets.mask[i].counts == NULL) == (i % 3 != 0));
    sb_detections_clear(&dets);
    assert_int_equal(dets.count, 0);
    assert_int_equal(sb_detections_add(&dets, 1, 1, box, 1, NULL), 0);
    assert_null(dets.mask[0].counts);
    sb_detections_release(&dets);
}

static void test_detections__not_finite_is_an_error(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_detections dets;
    sb_detections_init(&dets);
    const double box[4] = {0, 0, NAN, 1};
    assert_int_equal(sb_detections_add(&dets, 17, 1, box, 1, NULL), 0);
    char *path = sb_path_join(test_scratch(), "nan.json");
    assert_int_equal(sb_detections_write(&dets, path, &err), SB_EINVAL);
    assert_non_null(strstr(err.message, "image 17"));
    assert_false(sb_is_file(path));
    sb_free(path);
    sb_detections_release(&dets);
}

/* At whatever allocation memory ends, rows already there stay and nothing leaks. */
static void test_detections__survive_out_of_memory(void **state)
{
    (void)state;
    const double box[4] = {0, 0, 1, 1};
    char counts[] = "04";
    const struct sb_rle_text mask = {2, 2, counts};
    for (long n = 1; n < 40; n++) {
        struct sb_detections dets;
        sb_detections_init(&dets);
        sb_mem_fail_after(n);
        size_t added = 0;
        for (int i = 0; i < 100; i++)
            added += sb_detections_add(&dets, i, 1, box, 1, i % 2 ? &mask : NULL) == 0;
        sb_mem_fail_after(0);
        assert_int_equal(dets.count, added);
        assert_true(added < 100);
        sb_detections_release(&dets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detections__are_written_one_per_line),
        cmocka_unit_test(test_detections__numbers_read_back_to_the_same_float),
        cmocka_unit_test(test_detections__keep_masks_beside_rows_without),
        cmocka_unit_test(test_detections__not_finite_is_an_error),
        cmocka_unit_test(test_detections__survive_out_of_memory),
    };
    return cmocka_run_group_tests_name("datasets/detections", tests, NULL, NULL);
}
