/* Masks as runs and as text: real results, round trips, and broken text. */
#include "tests/test.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "datasets/rle.h"

#include <string.h>

static void assert_round_trip(const uint8_t *mask, uint32_t h, uint32_t w)
{
    struct sb_error err;
    struct sb_rle rle, back;
    struct sb_str text = SB_STR_INIT;
    assert_ok(sb_rle_encode(mask, h, w, &rle, &err), &err);
    sb_rle_append_text(&rle, &text);
    assert_ok(sb_rle_parse_text(sb_str_text(&text), text.length, h, w, &back, &err), &err);
    assert_int_equal(back.count, rle.count);
    assert_memory_equal(back.counts, rle.counts, rle.count * sizeof(*rle.counts));
    uint8_t *decoded = sb_calloc((size_t)h * w + 1, 1, 0);
    sb_rle_decode(&back, decoded);
    uint64_t area = 0;
    for (size_t i = 0; i < (size_t)h * w; i++) {
        assert_int_equal(decoded[i], mask[i] != 0);
        area += mask[i] != 0;
    }
    assert_int_equal(sb_rle_area(&rle), area);
    sb_free(decoded);
    sb_str_release(&text);
    sb_rle_release(&rle);
    sb_rle_release(&back);
}

static void test_rle__encodes_and_decodes(void **state)
{
    (void)state;
    static uint8_t mask[120 * 90];
    assert_round_trip(mask, 120, 90);
    memset(mask, 1, sizeof(mask));
    assert_round_trip(mask, 120, 90);
    struct sb_rng rng = sb_rng_seed(5);
    for (uint32_t density = 1; density < 1000; density += 37) {
        uint8_t current = 0;
        for (size_t i = 0; i < sizeof(mask); i++) {
            if (sb_rng_below(&rng, density) == 0)
                current = !current;
            mask[i] = current ? 200 : 0;
        }
        assert_round_trip(mask, 120, 90);
        assert_round_trip(mask, 1, 77);
    }
}

/* Worked by hand from the rule: runs 6, 1, 40, 4, 40, 2: 6, 1, 40, then 4 - 1, 40 - 40, 2 - 4. */
static void test_rle__text_follows_the_rule(void **state)
{
    (void)state;
    uint32_t runs[] = {6, 1, 40, 4, 40, 2};
    const struct sb_rle rle = {93, 1, 6, runs};
    struct sb_str text = SB_STR_INIT;
    sb_rle_append_text(&rle, &text);
    /* 40 = 8 + 32 * 1: 8 | 0x20 -> 'X', 1 -> '1'; -2 = 30 -> 'N' */
    assert_string_equal(sb_str_text(&text), "61X130N");
    sb_str_release(&text);
}

/* Every mask of a real results file comes back as the same text. */
static void test_rle__reproduces_real_results(void **state)
{
    (void)state;
    struct sb_error err;
    cJSON *doc = NULL;
    const char *path = test_data_or_skip("coco/instances_val2014_fakesegm100_results.json");
    assert_ok(sb_json_load(path, &doc, &err), &err);
    struct sb_json elem, root = sb_json_root(doc, path);
    size_t n = 0;
    for (bool ok = sb_json_first(&root, &elem); ok; ok = sb_json_next(&elem), n++) {
        struct sb_json segmentation, size;
        const char *counts = NULL;
        assert_ok(sb_json_get(&elem, "segmentation", &segmentation, &err), &err);
        assert_ok(sb_json_get(&segmentation, "size", &size, &err), &err);
        assert_ok(sb_json_get_string(&segmentation, "counts", &counts, &err), &err);
        const uint32_t h = (uint32_t)size.item->child->valueint;
        const uint32_t w = (uint32_t)size.item->child->next->valueint;
        struct sb_rle rle;
        assert_ok(sb_rle_parse_text(counts, strlen(counts), h, w, &rle, &err), &err);
        struct sb_str text = SB_STR_INIT;
        sb_rle_append_text(&rle, &text);
        assert_string_equal(sb_str_text(&text), counts);
        sb_str_release(&text);
        sb_rle_release(&rle);
    }
    assert_int_equal(n, 734);
    cJSON_Delete(doc);
}

static void test_rle__broken_text_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "covers 0 pixels, expected 10 x 10 = 100"},
        {"1", "covers 1 pixels"},
        {"X", "character 2: ends inside a number"},
        {"1 2", "character 2: expected '0' to 'o'"},
        {"1\x7f", "character 2: expected '0' to 'o'"},
        {"N", "character 1: negative run"},
        {"T32", "character 3: the runs exceed the image"},
        {"oooooooooo0", "number too long"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct sb_rle rle;
        assert_int_equal(
            sb_rle_parse_text(cases[i].text, strlen(cases[i].text), 10, 10, &rle, &err),
            SB_EFORMAT);
        assert_null(rle.counts);
        if (!strstr(err.message, cases[i].message))
            fail_msg("\"%s\": %s", cases[i].text, err.message);
    }
    struct sb_error err;
    struct sb_rle rle;
    assert_int_equal(sb_rle_parse_text("0", 1, 70000, 70000, &rle, &err), SB_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rle__encodes_and_decodes),
        cmocka_unit_test(test_rle__text_follows_the_rule),
        cmocka_unit_test(test_rle__reproduces_real_results),
        cmocka_unit_test(test_rle__broken_text_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
