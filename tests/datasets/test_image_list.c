/* Image lists: annotation files, plain names, shards, and broken annotation files. */
#include "tests/test.h"

#include "base/mem.h"
#include "datasets/image_list.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void test_coco_images__reads_real_files(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t images, categories;
        bool sizes; /* the file has heights and widths */
    } cases[] = {
        {"coco/tiny80_annotations/instances_val2017.json", 80, 80, true},
        {"coco/instances_val2017_boxes.json", 4952, 80, false},
        {"lvis/lvis_val_100.json", 100, 1230, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct sb_coco_images set;
        assert_ok(sb_coco_images_load(test_data_or_skip(cases[i].file), &set, &err), &err);
        assert_int_equal(set.num_images, cases[i].images);
        assert_int_equal(set.num_categories, cases[i].categories);
        for (size_t k = 0; k < set.num_images; k++) {
            assert_true(set.images[k].height > 0 || !cases[i].sizes);
            assert_true(strlen(set.images[k].file_name) >= 16);
            assert_null(strchr(set.images[k].file_name, ':'));
        }
        assert_null(sb_coco_category_name(&set, 99999));
        if (i < 2)
            assert_string_equal(sb_coco_category_name(&set, 18), "dog");
        sb_coco_images_release(&set);
    }
}

static void test_coco_images__keeps_file_order_and_escapes(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_coco_images set;
    const char *path =
        test_write_text("order.json", "{\"info\": {\"a\": [1, {\"b\": null}]}, \"categories\": "
                                      "[{\"name\": \"caf\\u00e9\", \"id\": 3}],\n"
                                      " \"images\": [{\"id\": 9, \"file_name\": \"b/x "
                                      "\\\"1\\\".jpg\", \"height\": 4, \"width\": 5},\n"
                                      "  {\"coco_url\": \"http://a.b/val2017/7.jpg\", \"id\": 7}], "
                                      "\"annotations\": [{\"id\": 1}]}");
    assert_ok(sb_coco_images_load(path, &set, &err), &err);
    assert_int_equal(set.num_images, 2);
    assert_int_equal(set.images[0].id, 9);
    assert_int_equal(set.images[0].width, 5);
    assert_string_equal(set.images[0].file_name, "b/x \"1\".jpg");
    assert_string_equal(set.images[1].file_name, "7.jpg");
    assert_int_equal(set.images[1].height, 0);
    assert_string_equal(sb_coco_category_name(&set, 3), "caf\xc3\xa9");

    struct sb_image_list list;
    assert_ok(sb_image_list_from_coco(&list, &set, "dir/", &err), &err);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[1].path, "dir/7.jpg");
    sb_image_list_release(&list);
    sb_coco_images_release(&set);
}

static void test_coco_images__broken_files_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "an object was expected"},
        {"[]", "expected an object"},
        {"{}", "images"},
        {"{\"images\": 5}", "expected an array"},
        {"{\"images\": [5]}", "expected an object"},
        {"{\"images\": [{\"file_name\": \"a\"}]}", "id"},
        {"{\"images\": [{\"id\": 1}]}", "file_name"},
        {"{\"images\": [{\"id\": 1.5, \"file_name\": \"a\"}]}", "whole number"},
        {"{\"images\": [{\"id\": 1, \"file_name\": 7}]}", "expected a string"},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\\u0000b\"}]}", "NUL"},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\", \"height\": -3}]}", "from 0 to"},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\"}, {\"id\": 1, \"file_name\": \"b\"}]}",
         "image id 1 occurs twice"},
        {"{\"images\": [], \"categories\": [{\"id\": 4}, {\"id\": 4}]}",
         "category id 4 occurs twice"},
        {"{\"images\": []} x", ""},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\"}", ""},
        {"{\"images\": [], \"annotations\": [{\"id\": 1,}]}", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct sb_coco_images set;
        const char *path = test_write_text("broken.json", cases[i].text);
        assert_int_equal(sb_coco_images_load(path, &set, &err), SB_EFORMAT);
        assert_null(set.images);
        assert_string_equal(err.path, path);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s: %s", cases[i].text, err.message);
    }
}

static int load_and_list(void *ctx)
{
    struct sb_error err;
    struct sb_coco_images set;
    struct sb_image_list list;
    int rc = sb_coco_images_load(ctx, &set, &err);
    if (rc)
        return rc;
    rc = sb_image_list_from_coco(&list, &set, "d", &err);
    if (rc == 0)
        sb_image_list_release(&list);
    sb_coco_images_release(&set);
    return rc;
}

static void test_coco_images__survive_out_of_memory(void **state)
{
    (void)state;
    const char *path =
        test_write_text("memory.json", "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], "
                                       "\"categories\": [{\"id\": 1, \"name\": \"x\"}]}");
    test_every_allocation_fails(load_and_list, (void *)(uintptr_t)path);
}

static void assert_ids(const char *const *paths, size_t n, const int64_t *ids)
{
    struct sb_error err;
    struct sb_image_list list;
    assert_ok(sb_image_list_from_paths(&list, paths, n, &err), &err);
    assert_int_equal(list.count, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(list.items[i].path, paths[i]);
        assert_int_equal(list.items[i].id, ids[i]);
    }
    sb_image_list_release(&list);
}

static void test_image_list__ids_of_plain_files(void **state)
{
    (void)state;
    assert_ids((const char *const[]){"a/000000000139.jpg", "12.png", "7"}, 3,
               (const int64_t[]){139, 12, 7});
    assert_ids((const char *const[]){"a/000139.jpg", "b/139.jpg"}, 2, (const int64_t[]){1, 2});
    assert_ids((const char *const[]){"139.jpg", "cat.jpg", ".jpg"}, 3, (const int64_t[]){1, 2, 3});
    assert_ids((const char *const[]){"1234567890123456.jpg"}, 1, (const int64_t[]){1});
}

static void test_image_list__shards_join_to_the_whole(void **state)
{
    (void)state;
    char names[23][16];
    const char *paths[23];
    for (int i = 0; i < 23; i++) {
        snprintf(names[i], sizeof(names[i]), "%d.jpg", 100 + i);
        paths[i] = names[i];
    }
    for (size_t shards = 1; shards <= 30; shards++) {
        size_t seen = 0;
        for (size_t index = 1; index <= shards; index++) {
            struct sb_error err;
            struct sb_image_list list;
            assert_ok(sb_image_list_from_paths(&list, paths, 23, &err), &err);
            sb_image_list_shard(&list, index, shards);
            assert_true(list.count <= 23 / shards + 1);
            for (size_t i = 0; i < list.count; i++)
                assert_int_equal(list.items[i].id, 100 + (int64_t)seen++);
            sb_image_list_release(&list);
        }
        assert_int_equal(seen, 23);
    }
}

static void test_image_list__digest_tells_lists_apart(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image_list list;
    const char *const paths[] = {"1.jpg", "2.jpg", "3.jpg"};
    assert_ok(sb_image_list_from_paths(&list, paths, 3, &err), &err);
    const uint64_t whole = sb_image_list_digest(&list);
    sb_image_list_truncate(&list, 2);
    assert_true(sb_image_list_digest(&list) != whole);
    sb_image_list_release(&list);
}

static void test_shard__is_one_based(void **state)
{
    (void)state;
    size_t index = 0, shards = 0;
    struct sb_error err;
    assert_ok(sb_shard_parse("2/3", &index, &shards, &err), &err);
    assert_int_equal(index, 2);
    assert_int_equal(shards, 3);
    static const char *const bad[] = {"",     "0/3",  "4/3", "1/0",      "1",
                                      "1/3x", "-1/3", "a/b", "1/2000000"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(sb_shard_parse(bad[i], &index, &shards, &err), SB_EINVAL);
}

/* Digest of two pictures in a folder of their own. */
static uint64_t digest_of(const char *folder, const char *first, const char *second)
{
    struct sb_error err;
    struct sb_image_list list;
    char names[2][64], paths[2][512];
    const char *const texts[] = {first, second};
    for (int i = 0; i < 2; i++) {
        snprintf(names[i], sizeof(names[i]), "%s-%d.png", folder, i + 1);
        snprintf(paths[i], sizeof(paths[i]), "%s",
                 texts[i] ? test_write_text(names[i], texts[i]) : test_path("gone.png"));
    }
    const char *const list_of[] = {paths[0], paths[1]};
    uint64_t digest = 0;
    assert_ok(sb_image_list_from_paths(&list, list_of, 2, &err), &err);
    assert_ok(sb_image_list_content_digest(&list, &digest, &err), &err);
    sb_image_list_release(&list);
    return digest;
}

/* Content, order, names and absence count; the folder does not. */
static void test_image_list__digest_of_pictures(void **state)
{
    (void)state;
    const uint64_t digest = digest_of("a", "red", "blue");
    assert_true(digest == digest_of("a", "red", "blue"));
    assert_true(digest != digest_of("a", "red", "blur"));
    assert_true(digest != digest_of("a", "redb", "lue"));
    assert_true(digest != digest_of("a", "blue", "red"));
    assert_true(digest != digest_of("b", "red", "blue"));
    assert_true(digest != digest_of("a", "red", NULL));
    assert_true(digest_of("a", "red", "") != digest_of("a", "red", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coco_images__reads_real_files),
        cmocka_unit_test(test_coco_images__keeps_file_order_and_escapes),
        cmocka_unit_test(test_coco_images__broken_files_are_errors),
        cmocka_unit_test(test_coco_images__survive_out_of_memory),
        cmocka_unit_test(test_image_list__ids_of_plain_files),
        cmocka_unit_test(test_image_list__shards_join_to_the_whole),
        cmocka_unit_test(test_image_list__digest_tells_lists_apart),
        cmocka_unit_test(test_shard__is_one_based),
        cmocka_unit_test(test_image_list__digest_of_pictures),
    };
    return cmocka_run_group_tests_name("datasets/image_list", tests, NULL, NULL);
}
