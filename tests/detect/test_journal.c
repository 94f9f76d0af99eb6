/* The journal: what is complete survives a kill at any byte, and becomes the same results file. */
#include "tests/test.h"

#include "base/file.h"
#include "base/mem.h"
#include "datasets/merge_results.h"
#include "detect/journal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define IMAGES 5
static const struct sb_journal_format format = {"image_id", true};
static const char settings[] = "{\"journal\":1,\"model\":\"m\"}";

static void make_list(struct sb_image_list *list)
{
    struct sb_error err;
    static const char *const paths[IMAGES] = {"11.jpg", "7.jpg", "300.jpg", "4.jpg", "5.jpg"};
    assert_ok(sb_image_list_from_paths(list, paths, IMAGES, &err), &err);
}

/* Image i has i results; image 3 is broken. */
static void append_images(struct sb_journal *j, size_t upto)
{
    struct sb_error err;
    while (j->images < upto) {
        struct sb_str lines = SB_STR_INIT;
        for (size_t i = 0; i < j->images; i++)
            sb_str_printf(&lines, "{\"image_id\":%lld,\"x\":%zu}\n",
                          (long long)j->list->items[j->images].id, i);
        const char *broken = j->images == 3 ? "a \"quoted\"\nreason" : NULL;
        assert_ok(sb_journal_append(j, &lines, j->images, broken, &err), &err);
        sb_str_release(&lines);
    }
}

static void read_file(const char *path, struct sb_str *out)
{
    struct sb_error err;
    struct sb_map map;
    assert_ok(sb_map_open(&map, path, &err), &err);
    sb_str_clear(out);
    sb_str_append(out, map.data, map.size);
    sb_map_release(&map);
}

/* The results of an undisturbed run. */
static void whole_run(const struct sb_image_list *list, struct sb_str *results,
                      struct sb_str *journal)
{
    struct sb_error err;
    struct sb_journal j;
    const char *path = test_path("whole.json");
    assert_ok(sb_journal_open(&j, path, settings, format, list, false, &err), &err);
    append_images(&j, IMAGES);
    assert_ok(sb_journal_publish(&j, path, &err), &err);
    assert_int_equal(j.lines, 0 + 1 + 2 + 4);
    assert_int_equal(j.broken, 1);
    read_file(path, results);
    read_file(test_path("whole.json.journal"), journal);
    sb_journal_close(&j, false);
    assert_false(sb_is_file(test_path("whole.json.journal")));
}

/* Whatever number of bytes a kill left, resuming ends with the same results. */
static void test_journal__resumes_after_a_cut_anywhere(void **state)
{
    (void)state;
    struct sb_image_list list;
    struct sb_str whole = SB_STR_INIT, journal = SB_STR_INIT, again = SB_STR_INIT;
    make_list(&list);
    whole_run(&list, &whole, &journal);
    assert_non_null(strstr(whole.data, "\"image_id\":5,"));
    assert_null(strstr(whole.data, "reason"));
    size_t last = 0;
    for (size_t cut = 0; cut <= journal.length; cut++) {
        struct sb_error err;
        struct sb_journal j;
        const char *path = test_path("cut.json");
        test_write("cut.json.journal", journal.data, cut);
        assert_ok(sb_journal_open(&j, path, settings, format, &list, true, &err), &err);
        assert_true(j.images >= last && j.images <= IMAGES);
        last = j.images;
        append_images(&j, IMAGES);
        assert_ok(sb_journal_publish(&j, path, &err), &err);
        sb_journal_close(&j, true);
        read_file(path, &again);
        assert_string_equal(again.data, whole.data);
        read_file(test_path("cut.json.journal"), &again);
        assert_string_equal(again.data, journal.data);
    }
    assert_int_equal(last, IMAGES);
    sb_str_release(&whole);
    sb_str_release(&journal);
    sb_str_release(&again);
    sb_image_list_release(&list);
}

/* Bytes that a crash of the machine left wrong: everything from there on is done again. */
static void test_journal__does_not_trust_wrong_lines(void **state)
{
    (void)state;
    struct sb_image_list list;
    struct sb_str whole = SB_STR_INIT, journal = SB_STR_INIT;
    make_list(&list);
    whole_run(&list, &whole, &journal);
    for (size_t at = sizeof(settings); at < journal.length; at++) {
        struct sb_error err;
        struct sb_journal j;
        struct sb_str again = SB_STR_INIT;
        const char kept = journal.data[at];
        const char *path = test_path("wrong.json");
        journal.data[at] = '\0';
        test_write("wrong.json.journal", journal.data, journal.length);
        journal.data[at] = kept;
        assert_ok(sb_journal_open(&j, path, settings, format, &list, true, &err), &err);
        assert_true(j.images <= IMAGES);
        append_images(&j, IMAGES);
        assert_ok(sb_journal_publish(&j, path, &err), &err);
        sb_journal_close(&j, false);
        read_file(path, &again);
        assert_string_equal(again.data, whole.data);
        sb_str_release(&again);
    }
    sb_str_release(&whole);
    sb_str_release(&journal);
    sb_image_list_release(&list);
}

/* Without brackets and commas, for JSON Lines. */
static void test_journal__publishes_lines(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_journal j;
    struct sb_image_list list;
    struct sb_str text = SB_STR_INIT;
    const struct sb_journal_format lines = {"image_id", false};
    make_list(&list);
    const char *path = test_path("lines.jsonl");
    assert_ok(sb_journal_open(&j, path, settings, lines, &list, false, &err), &err);
    append_images(&j, 3);
    assert_ok(sb_journal_publish(&j, path, &err), &err);
    sb_journal_close(&j, false);
    read_file(path, &text);
    assert_string_equal(text.data, "{\"image_id\":7,\"x\":0}\n{\"image_id\":300,\"x\":0}\n"
                                   "{\"image_id\":300,\"x\":1}\n");
    sb_str_release(&text);
    sb_image_list_release(&list);
}

static void test_journal__of_another_run_is_refused(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_journal j;
    struct sb_image_list list;
    make_list(&list);
    const char *path = test_path("other.json");
    assert_ok(sb_journal_open(&j, path, settings, format, &list, false, &err), &err);
    append_images(&j, 2);
    sb_journal_close(&j, true);
    assert_int_equal(
        sb_journal_open(&j, path, "{\"journal\":1,\"model\":\"n\"}", format, &list, true, &err),
        SB_EINVAL);
    assert_error(&err, SB_EINVAL, "other settings");
    assert_ok(sb_journal_open(&j, path, settings, format, &list, true, &err), &err);
    assert_int_equal(j.images, 2); /* the refusal left it alone */
    sb_journal_close(&j, true);
    assert_ok(sb_journal_open(&j, path, settings, format, &list, false, &err), &err);
    assert_int_equal(j.images, 0); /* without resume: from the start */
    sb_journal_close(&j, false);
    assert_int_equal(
        sb_journal_open(&j, "/nonexistent/x.json", settings, format, &list, false, &err), SB_EIO);
    sb_image_list_release(&list);
}

static void test_merge_results__joins_as_one_run(void **state)
{
    (void)state;
    struct sb_error err;
    uint64_t n = 0;
    struct sb_str text = SB_STR_INIT;
    char a[512], b[512], c[512];
    snprintf(a, sizeof(a), "%s", test_write_text("a.json", "[\n{\"x\":1},\n{\"y\":[2]}\n]\n"));
    snprintf(b, sizeof(b), "%s", test_write_text("b.json", "[\n]\n"));
    snprintf(c, sizeof(c), "%s", test_write_text("c.json", "[{\"z\": 3.10}]"));
    const char *const paths[3] = {a, b, c};
    assert_ok(sb_results_merge(paths, 3, test_path("all.json"), &n, &err), &err);
    assert_int_equal(n, 3);
    read_file(test_path("all.json"), &text);
    assert_string_equal(text.data, "[\n{\"x\":1},\n{\"y\":[2]},\n{\"z\": 3.10}\n]\n");
    test_write_text("c.json", "[{\"z\": 3.10}");
    assert_int_equal(sb_results_merge(paths, 3, test_path("none.json"), &n, &err), SB_EFORMAT);
    assert_string_equal(err.path, c);
    assert_false(sb_is_file(test_path("none.json")));
    sb_str_release(&text);
}

static int journal_once(void *ctx)
{
    struct sb_error err;
    struct sb_journal j;
    struct sb_str lines = SB_STR_INIT;
    const char *path = test_path("memory.json");
    int rc = sb_journal_open(&j, path, settings, format, ctx, false, &err);
    sb_str_puts(&lines, "{\"image_id\":11,}\n");
    if (rc == 0)
        rc = sb_journal_append(&j, &lines, 1, NULL, &err);
    if (rc == 0)
        rc = sb_journal_append(&j, NULL, 0, "why", &err);
    if (rc == 0)
        rc = sb_journal_publish(&j, path, &err);
    sb_journal_close(&j, false);
    sb_str_release(&lines);
    return rc;
}

static void test_journal__survives_out_of_memory(void **state)
{
    (void)state;
    struct sb_image_list list;
    make_list(&list);
    test_every_allocation_fails(journal_once, &list);
    sb_image_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__resumes_after_a_cut_anywhere),
        cmocka_unit_test(test_journal__does_not_trust_wrong_lines),
        cmocka_unit_test(test_journal__publishes_lines),
        cmocka_unit_test(test_journal__of_another_run_is_refused),
        cmocka_unit_test(test_journal__survives_out_of_memory),
        cmocka_unit_test(test_merge_results__joins_as_one_run),
    };
    return cmocka_run_group_tests_name("detect/journal", tests, NULL, NULL);
}
