/*
 * The embedded data set: the same bytes everywhere (digests kept here), annotations that agree with
 * the pixels, files that do not depend on threads.
 */
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "datasets/synth_export.h"
#include "datasets/synth_scene.h"
#include "datasets/synth_species.h"
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PIXELS (SB_SCENE_SIZE * SB_SCENE_SIZE)

static uint64_t scene_digest(uint64_t seed, const char *split, uint64_t index)
{
    struct sb_scene scene;
    struct sb_error err;
    assert_ok(sb_scene_make(seed, split, index, &scene, &err), &err);
    uint64_t hash = sb_fnv1a(SB_FNV_START, scene.image.pixels, PIXELS * 3);
    for (size_t i = 0; i < scene.count; i++) {
        const struct sb_scene_object *o = &scene.objects[i];
        hash = sb_fnv1a(hash, &o->category, sizeof(o->category));
        hash = sb_fnv1a(hash, o->mask.runs, o->mask.count * sizeof(*o->mask.runs));
    }
    sb_scene_release(&scene);
    return hash;
}

/* Whoever changes how scenes look changes the data set: publish new digests with it. */
static void test_scene__digests_are_those_of_every_machine(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        const char *split;
        uint64_t index, digest;
    } golden[] = {
        {1, "val", 0, 0x8fb1f0624f6398b6u},       {1, "val", 1, 0xfdce29ffef143781u},
        {1, "train", 0, 0x06b9906036b5b69eu},     {2, "val", 0, 0x7b88838b8844583au},
        {7, "test", 999999, 0x8716ae00a170319fu},
    };
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        const uint64_t digest = scene_digest(golden[i].seed, golden[i].split, golden[i].index);
        if (digest != golden[i].digest)
            fail_msg("scene %zu: 0x%016" PRIx64, i, digest);
    }
}

static void test_species__digests_are_those_of_every_machine(void **state)
{
    (void)state;
    static const uint64_t golden[] = {0x5c60f432699c2ec2u, 0xb52f2ed021f8b999u, 0x73afdd7bb03a9f9fu,
                                      0x9831a4f9f53eec15u};
    for (uint64_t i = 0; i < 4; i++) {
        struct sb_image image;
        struct sb_error err;
        int species;
        assert_ok(sb_species_make(1, "val", i * 7, &image, &species, &err), &err);
        assert_int_equal(species, i * 7);
        const uint64_t digest =
            sb_fnv1a(SB_FNV_START, image.pixels, SB_SPECIES_SIZE * SB_SPECIES_SIZE * 3);
        sb_image_release(&image);
        if (digest != golden[i])
            fail_msg("species %zu: 0x%016" PRIx64, (size_t)i, digest);
    }
}

static void check_object(const struct sb_scene_object *o, uint8_t *taken)
{
    uint8_t mask[PIXELS];
    double box[4];
    assert_in_range(o->category, 1, SB_SCENE_CLASSES);
    assert_int_equal(sb_rle_area(&o->mask), o->area);
    sb_rle_box(&o->mask, box);
    for (int i = 0; i < 4; i++)
        assert_true(box[i] == o->box[i]);
    assert_true(o->box[0] >= 0 && o->box[0] + o->box[2] <= SB_SCENE_SIZE);
    assert_true(o->box[1] >= 0 && o->box[1] + o->box[3] <= SB_SCENE_SIZE);
    assert_true(o->crowd || o->box[2] >= 8 || o->box[3] >= 8);
    assert_true(o->crowd || (o->box[2] <= 220 && o->box[3] <= 220));
    sb_rle_to_mask(&o->mask, mask, SB_SCENE_SIZE);
    for (size_t p = 0; p < PIXELS; p++) {
        assert_false(mask[p] && taken[p]); /* a pixel shows one thing */
        taken[p] |= mask[p];
    }
}

static void test_scene__annotations_agree_with_themselves(void **state)
{
    (void)state;
    size_t objects = 0, crowds = 0, per_class[SB_SCENE_CLASSES + 1] = {0}, small = 0, large = 0;
    for (uint64_t i = 0; i < 60; i++) {
        struct sb_scene scene;
        struct sb_error err;
        uint8_t taken[PIXELS] = {0};
        assert_ok(sb_scene_make(3, "val", i, &scene, &err), &err);
        for (size_t k = 0; k < scene.count; k++) {
            check_object(&scene.objects[k], taken);
            crowds += scene.objects[k].crowd;
            small += scene.objects[k].area < 32 * 32;
            large += scene.objects[k].area > 96 * 96;
            per_class[scene.objects[k].category]++;
        }
        objects += scene.count;
        sb_scene_release(&scene);
    }
    assert_in_range(objects, 240, 720);
    assert_true(crowds >= 2 && small >= 60 && large >= 6);
    for (int c = 1; c <= SB_SCENE_CLASSES; c++)
        assert_true(per_class[c] >= 3);
}

static void test_species__training_has_a_long_tail_and_others_none(void **state)
{
    (void)state;
    size_t train[SB_SPECIES_COUNT] = {0}, val[SB_SPECIES_COUNT] = {0};
    for (uint64_t i = 0; i < 240; i++) {
        struct sb_image image;
        struct sb_error err;
        int species;
        assert_ok(sb_species_make(1, i % 2 ? "train" : "val", i / 2, &image, &species, &err), &err);
        (i % 2 ? train : val)[species]++;
        sb_image_release(&image);
    }
    size_t most = 0, few = 0;
    for (int s = 0; s < SB_SPECIES_COUNT; s++) {
        assert_int_equal(val[s], 5);
        most = train[s] > most ? train[s] : most;
        few += train[s] <= 3;
    }
    assert_true(most >= 22); /* a quarter of 120 */
    assert_true(few >= 5);
}

static void write_set(const char *dir, enum sb_synth_set set, struct sb_pool *pool,
                      struct sb_synth_written *out)
{
    struct sb_error err;
    const struct sb_synth_options o = {set, dir, "val", 5, 20}; /* more than one batch */
    assert_ok(sb_synth_write(&o, pool, NULL, out, &err), &err);
}

static void test_export__files_do_not_depend_on_threads(void **state)
{
    (void)state;
    struct sb_error err;
    for (int set = SB_SYNTH_SCENES; set <= SB_SYNTH_SPECIES; set++) {
        struct sb_synth_written one, many;
        struct sb_map a, b;
        struct sb_pool *pool = sb_pool_new(3, &err);
        write_set(test_path("one"), (enum sb_synth_set)set, NULL, &one);
        write_set(test_path("many"), (enum sb_synth_set)set, pool, &many);
        sb_pool_free(&pool);
        assert_true(one.digest == many.digest);
        assert_ok(sb_map_open(&a, one.annotations.data, &err), &err);
        assert_ok(sb_map_open(&b, many.annotations.data, &err), &err);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.data, b.data, a.size);
        sb_map_release(&a);
        sb_map_release(&b);
        sb_synth_written_release(&one);
        sb_synth_written_release(&many);
    }
}

static void test_export__annotations_name_the_images(void **state)
{
    (void)state;
    for (int set = SB_SYNTH_SCENES; set <= SB_SYNTH_SPECIES; set++) {
        struct sb_synth_written w;
        struct sb_error err;
        cJSON *doc;
        struct sb_json images, categories, annotations, image;
        size_t count;
        write_set(test_path("named"), (enum sb_synth_set)set, NULL, &w);
        assert_ok(sb_json_load(w.annotations.data, &doc, &err), &err);
        const struct sb_json root = sb_json_root(doc, "x");
        assert_ok(sb_json_get_array(&root, "categories", &categories, &count, &err), &err);
        assert_int_equal(count, set == SB_SYNTH_SCENES ? SB_SCENE_CLASSES : SB_SPECIES_COUNT);
        assert_ok(sb_json_get_array(&root, "annotations", &annotations, &count, &err), &err);
        assert_int_equal(count, w.objects);
        assert_ok(sb_json_get_array(&root, "images", &images, &count, &err), &err);
        assert_int_equal(count, 20);
        for (bool ok = sb_json_first(&images, &image); ok; ok = sb_json_next(&image)) {
            const char *name;
            char path[1024];
            struct sb_image pixels;
            int64_t width;
            assert_ok(sb_json_get_string(&image, "file_name", &name, &err), &err);
            assert_ok(sb_json_get_int(&image, "width", 1, 9999, &width, &err), &err);
            snprintf(path, sizeof(path), "%s/%s", w.images.data, name);
            assert_ok(sb_image_load(path, NULL, &pixels, &err), &err);
            assert_int_equal(pixels.width, width);
            sb_image_release(&pixels);
        }
        cJSON_Delete(doc);
        sb_synth_written_release(&w);
    }
}

static void test_export__bad_options_are_refused(void **state)
{
    (void)state;
    static const struct sb_synth_options cases[] = {
        {SB_SYNTH_SCENES, "x", "", 1, 1},
        {SB_SYNTH_SCENES, "x", "../val", 1, 1},
        {SB_SYNTH_SCENES, "x", "a_very_long_name_of_a_split_indeed", 1, 1},
        {SB_SYNTH_SCENES, "x", "val", 1, 0},
        {SB_SYNTH_SCENES, "x", "val", 1, 1000001},
    };
    struct sb_synth_written w;
    struct sb_error err;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(sb_synth_write(&cases[i], NULL, NULL, &w, &err), SB_EINVAL);
    const char *file = test_write_text("a_file", "");
    const struct sb_synth_options in_file = {SB_SYNTH_SCENES, file, "val", 1, 1};
    assert_int_equal(sb_synth_write(&in_file, NULL, NULL, &w, &err), SB_EIO);
}

static int write_two(void *dir)
{
    struct sb_synth_written w;
    struct sb_error err;
    const struct sb_synth_options o = {SB_SYNTH_SPECIES, dir, "val", 5, 2};
    const int rc = sb_synth_write(&o, NULL, NULL, &w, &err);
    sb_synth_written_release(&w);
    return rc;
}

static int make_one(void *ctx)
{
    (void)ctx;
    struct sb_scene scene;
    struct sb_error err;
    const int rc = sb_scene_make(5, "val", 3, &scene, &err);
    sb_scene_release(&scene);
    return rc;
}

static void test_synth__survives_failing_allocations(void **state)
{
    (void)state;
    char dir[512];
    snprintf(dir, sizeof(dir), "%s", test_path("nomem"));
    test_every_allocation_fails(write_two, dir);
    test_every_allocation_fails(make_one, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scene__digests_are_those_of_every_machine),
        cmocka_unit_test(test_species__digests_are_those_of_every_machine),
        cmocka_unit_test(test_scene__annotations_agree_with_themselves),
        cmocka_unit_test(test_species__training_has_a_long_tail_and_others_none),
        cmocka_unit_test(test_export__files_do_not_depend_on_threads),
        cmocka_unit_test(test_export__annotations_name_the_images),
        cmocka_unit_test(test_export__bad_options_are_refused),
        cmocka_unit_test(test_synth__survives_failing_allocations),
    };
    return cmocka_run_group_tests_name("datasets/synth", tests, NULL, NULL);
}
