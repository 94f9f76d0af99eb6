/* Lists of labelled images in the forms of ImageNet and iNaturalist; what is wrong with a list. */
#include "tests/test.h"

#include "base/file.h"
#include "datasets/image.h"
#include "datasets/list_check.h"

#include <stdio.h>
#include <string.h>

#define SYNSETS "n00000004 a fish\nn00000002 a bird, a wren\nn00000009\n"

static const char *write_synsets(void)
{
    return test_write_text("synsets.txt", SYNSETS);
}

static void test_label_list__reads_the_forms_of_imagenet(void **state)
{
    (void)state;
    static const struct {
        const char *text, *names[2];
        int64_t labels[2];
    } cases[] = {
        {"a b.JPEG n00000002\nc.JPEG n00000009\n", {"a b.JPEG", "c.JPEG"}, {1, 2}},
        {"n00000009\nn00000004\n",
         {"ILSVRC2012_val_00000001.JPEG", "ILSVRC2012_val_00000002.JPEG"},
         {2, 0}},
        {"ImageId,PredictionString\n"
         "val_1,n00000002 85 1 499 272\r\nval_2,n00000009 1 2 3 4 n00000009 5 6 7 8\n",
         {"val_1.JPEG", "val_2.JPEG"},
         {1, 2}},
        {"ILSVRC2012_val_00000001.JPEG 65\nn00000009.jpg 970\n",
         {"ILSVRC2012_val_00000001.JPEG", "n00000009.jpg"},
         {65, 970}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_label_list list;
        struct sb_error err;
        char synsets[512];
        snprintf(synsets, sizeof(synsets), "%s", write_synsets());
        const char *path = test_write_text("val.txt", cases[i].text);
        assert_ok(sb_label_list_load(&list, path, "d", synsets, &err), &err);
        assert_int_equal(list.images.count, 2);
        for (size_t k = 0; k < 2; k++) {
            assert_string_equal(list.names[k], cases[i].names[k]);
            assert_int_equal(list.labels[k], cases[i].labels[k]);
        }
        sb_label_list_release(&list);
    }
}

static void test_label_list__reads_a_folder_of_classes(void **state)
{
    (void)state;
    static const char *const files[] = {"n00000002/b.JPEG", "n00000002/a.png",
                                        "n00000002/.hidden.png", "n00000002/notes.txt",
                                        "n00000009/c.jpg"};
    struct sb_label_list list;
    struct sb_error err;
    char name[64], synsets[512];
    snprintf(synsets, sizeof(synsets), "%s", write_synsets());
    assert_ok(sb_make_dirs(test_path("classes/n00000002"), &err), &err);
    assert_ok(sb_make_dirs(test_path("classes/n00000009"), &err), &err);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(name, sizeof(name), "classes/%s", files[i]);
        test_write_text(name, "x");
    }
    for (int with = 0; with < 2; with++) {
        assert_ok(sb_label_list_load(&list, test_path("classes"), "", with ? synsets : NULL, &err),
                  &err);
        assert_int_equal(list.images.count, 3);
        assert_string_equal(list.names[0], "n00000002/a.png");
        assert_string_equal(list.names[1], "n00000002/b.JPEG");
        assert_string_equal(list.names[2], "n00000009/c.jpg");
        assert_true(sb_is_file(list.images.items[2].path));
        assert_int_equal(list.labels[1], with ? 1 : 0);
        assert_int_equal(list.labels[2], with ? 2 : 1);
        sb_label_list_release(&list);
    }
    assert_ok(sb_make_dirs(test_path("classes/other"), &err), &err);
    assert_int_equal(sb_label_list_load(&list, test_path("classes"), "", synsets, &err),
                     SB_EFORMAT);
    assert_non_null(strstr(err.message, "folder 'other'"));
    assert_int_equal(sb_label_list_load(&list, test_path("classes/other"), "", NULL, &err),
                     SB_EFORMAT);
}

static void test_label_list__takes_super_categories_of_json(void **state)
{
    (void)state;
    struct sb_label_list list;
    struct sb_error err;
    const char *path = test_write_text(
        "inat2021.json",
        "{\"images\": [{\"id\": 0, \"file_name\": \"val/1_a/x.jpg\"}, {\"id\": 1, \"file_name\": "
        "\"val/0_b/y.jpg\"}, {\"id\": 2, \"file_name\": \"val/0_b/z.jpg\"}], \"annotations\": "
        "[{\"id\": 0, \"image_id\": 0, \"category_id\": 1}, {\"id\": 1, \"image_id\": 1, "
        "\"category_id\": 0}], \"categories\": [{\"id\": 1, \"name\": \"a\", \"supercategory\": "
        "\"Birds\", \"image_dir_name\": \"1_a\"}, {\"id\": 0, \"name\": \"b\", "
        "\"supercategory\": \"Plants\"}]}");
    assert_false(sb_label_list_is_plain(path));
    assert_ok(sb_label_list_load(&list, path, "", NULL, &err), &err);
    assert_string_equal(list.supers[0], "Birds");
    assert_string_equal(list.supers[1], "Plants");
    assert_null(list.supers[2]);
    sb_label_list_shard(&list, 2, 3);
    assert_string_equal(list.supers[0], "Plants");
    sb_label_list_release(&list);
}

static void test_label_list__refuses_broken_lists_of_synsets(void **state)
{
    (void)state;
    static const struct {
        const char *list, *synsets, *file, *message;
        int64_t line;
    } cases[] = {
        {"a.jpg n00000004\nb.jpg n00000005\n", SYNSETS, "list.txt", "unknown synset n00000005", 2},
        {"a.jpg n00000004\n", NULL, "list.txt", "the label is synset n00000004", 1},
        {"n00000004\n", NULL, "list.txt", "the label is synset n00000004", 1},
        {"ImageId,PredictionString\nval_1,85 1 2\n", SYNSETS, "list.txt", "expected NAME,SYNSET",
         2},
        {"ImageId,PredictionString\nval_1\n", SYNSETS, "list.txt", "expected NAME,SYNSET", 2},
        {"ImageId,PredictionString\nval_1,n00000007 1\n", SYNSETS, "list.txt", "unknown synset", 2},
        {"a.jpg 1\n", "n00000004 a\nfish\n", "synsets.txt", "expected a synset", 2},
        {"a.jpg 1\n", "n00000004a\n", "synsets.txt", "expected a synset", 1},
        {"a.jpg 1\n", "n00000004\n\nn00000002\n", "synsets.txt", "expected a synset", 2},
        {"a.jpg 1\n", "n00000004\nn00000004\n", "synsets.txt", "synset n00000004 occurs twice", 0},
        {"a.jpg 1\n", "", "synsets.txt", "lists no synset", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_label_list list;
        struct sb_error err;
        char synsets[512] = "";
        if (cases[i].synsets)
            snprintf(synsets, sizeof(synsets), "%s",
                     test_write_text("synsets.txt", cases[i].synsets));
        const char *path = test_write_text("list.txt", cases[i].list);
        assert_int_equal(
            sb_label_list_load(&list, path, "", cases[i].synsets ? synsets : NULL, &err),
            SB_EFORMAT);
        assert_non_null(strstr(err.message, cases[i].message));
        assert_non_null(strstr(err.path, cases[i].file));
        assert_int_equal(err.line, cases[i].line);
    }
}

struct heard {
    size_t count[SB_FINDINGS];
    char last[SB_FINDINGS][256];
};

static void listen(void *ctx, enum sb_finding kind, const char *text)
{
    struct heard *h = ctx;
    h->count[kind]++;
    snprintf(h->last[kind], sizeof(h->last[kind]), "%s", text);
}

static void test_list_check__names_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        enum sb_finding kind;
        size_t count;
        const char *text;
    } expected[] = {
        {SB_FINDING_MISSING_FILE, 1, "none.png"},    {SB_FINDING_BROKEN_FILE, 1, "text.png: "},
        {SB_FINDING_DUPLICATE_IMAGE, 1, "good.png"}, {SB_FINDING_NO_LABEL, 1, "none.png"},
        {SB_FINDING_UNUSED_CATEGORY, 2, "class 2"},
    };
    struct heard h = {{0}, {{0}}};
    struct sb_label_list list;
    struct sb_list_stats stats;
    struct sb_image image;
    struct sb_error err;
    assert_ok(sb_make_dirs(test_path("pictures"), &err), &err);
    assert_ok(sb_image_create(&image, 3, 3, &err), &err);
    assert_ok(sb_image_save_png(&image, test_path("pictures/good.png"), &err), &err);
    sb_image_release(&image);
    test_write_text("pictures/text.png", "no picture");
    const char *path =
        test_write_text("list.txt", "good.png 3\ngood.png 1\ntext.png 3\nnone.png\n");
    assert_true(sb_label_list_is_plain(path));
    assert_ok(sb_label_list_load(&list, path, test_path("pictures"), NULL, &err), &err);
    assert_ok(sb_list_check(&list, true, NULL, listen, &h, &stats, &err), &err);
    size_t total = 0, known = 0;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_int_equal(h.count[expected[i].kind], expected[i].count);
        assert_ptr_equal(strstr(h.last[expected[i].kind], expected[i].text),
                         h.last[expected[i].kind]);
        known += expected[i].count;
    }
    for (int k = 0; k < SB_FINDINGS; k++)
        total += stats.findings[k];
    assert_int_equal(total, known);
    assert_int_equal(stats.labelled, 3);
    assert_int_equal(stats.num_classes, 2);
    assert_int_equal(stats.classes[1].label, 3);
    assert_int_equal(stats.classes[1].images, 2);
    assert_int_equal(stats.class_sizes.fewest, 1);
    assert_int_equal(stats.class_sizes.most, 2);
    sb_list_stats_release(&stats);
    sb_label_list_release(&list);
}

static int check_once(void *path)
{
    struct sb_label_list list;
    struct sb_list_stats stats;
    struct sb_error err;
    int rc = sb_label_list_load(&list, path, "", NULL, &err);
    if (rc)
        return rc;
    rc = sb_list_check(&list, true, NULL, NULL, NULL, &stats, &err);
    sb_list_stats_release(&stats);
    sb_label_list_release(&list);
    return rc;
}

static void test_list_check__survives_failing_allocations(void **state)
{
    (void)state;
    struct sb_error err;
    char path[512];
    snprintf(path, sizeof(path), "%s", test_write_text("few.txt", "a.png 1\na.png 2\nb.png\n"));
    test_every_allocation_fails(check_once, path);
    assert_ok(sb_make_dirs(test_path("folder/a"), &err), &err);
    test_write_text("folder/a/1.png", "x");
    snprintf(path, sizeof(path), "%s", test_path("folder"));
    test_every_allocation_fails(check_once, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_list__reads_the_forms_of_imagenet),
        cmocka_unit_test(test_label_list__reads_a_folder_of_classes),
        cmocka_unit_test(test_label_list__takes_super_categories_of_json),
        cmocka_unit_test(test_label_list__refuses_broken_lists_of_synsets),
        cmocka_unit_test(test_list_check__names_what_is_wrong),
        cmocka_unit_test(test_list_check__survives_failing_allocations),
    };
    return cmocka_run_group_tests_name("datasets/list_check", tests, NULL, NULL);
}
