/* AP of a trained model's detections on the embedded scenes is pycocotools' to the last bit
 * (tests/golden/trained, written by scripts/train/expected_ap.py). */
#include "base/embed.h"
#include "datasets/synth_export.h"
#include "eval/coco_files.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static void check_model(const char *name)
{
    struct sb_error err;
    struct sb_synth_written data = {0};
    struct sb_coco_result result;
    char path[160];
    size_t images = 0;
    snprintf(path, sizeof(path), "golden/trained/%s.stats.txt", name);
    FILE *fp = fopen(test_source(path), "r");
    if (!fp)
        fail_msg("%s is missing: scripts/train/expected_ap.py writes it", path);
    assert_int_equal(fscanf(fp, "%zu", &images), 1);
    const struct sb_synth_options o = {SB_SYNTH_SCENES, test_path(name), "val", 1, images};
    assert_ok(sb_synth_write(&o, NULL, NULL, &data, &err), &err);
    snprintf(path, sizeof(path), "golden/trained/%s.detections.json", name);
    assert_ok(sb_coco_evaluate_files(sb_str_text(&data.annotations), test_source(path), SB_IOU_BBOX,
                                     NULL, &result, &err),
              &err);
    assert_int_equal(result.count, 12);
    for (size_t i = 0; i < result.count; i++) {
        double expected;
        assert_int_equal(fscanf(fp, "%lf", &expected), 1);
        if (memcmp(&expected, &result.stats[i], sizeof(expected)) != 0)
            fail_msg("%s: statistic %zu is %.17g, expected %.17g", name, i, result.stats[i],
                     expected);
    }
    sb_coco_result_release(&result);
    sb_synth_written_release(&data);
    fclose(fp);
}

static void test_trained__ap_is_that_of_pycocotools(void **state)
{
    size_t checked = 0;
    (void)state;
    for (const struct sb_embedded *file = sb_weight_files; file->name; file++) {
        if (strncmp(file->stem, "tiny-retinanet-", 15) != 0 || strstr(file->stem, "-seed"))
            continue;
        check_model(file->stem);
        checked++;
    }
    assert_true(checked > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trained__ap_is_that_of_pycocotools),
    };
    return cmocka_run_group_tests_name("trained_ap", tests, NULL, NULL);
}
