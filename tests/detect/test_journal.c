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
static const char settings[] = "{\"model\":\"m\"}";

static void make_list(struct sb_image_list *list)
{
    struct sb_error err;
    static const char *const paths[IMAGES] = {"11.jpg", "7.jpg", "300.jpg", "4.jpg", "5.jpg"};
    assert_ok(sb_image_list_from_paths(list, paths, IMAGES, &err), &err);
}

static struct sb_journal_run new_run(const char *results, const struct sb_image_list *list)
{
    return (struct sb_journal_run){results, settings, format, list};
}

/* Image i has i results; image 3 is broken. */
static int append_image(struct sb_journal *j, size_t image, struct sb_error *err)
{
    struct sb_str lines = SB_STR_INIT;
    for (size_t i = 0; i < image; i++)
        sb_str_printf(&lines, "{\"image_id\":%lld,\"x\":%zu}\n",
                      (long long)j->run->list->items[image].id, i);
    const char *broken = image == 3 ? "a \"quoted\"\nreason" : NULL;
    const int rc = sb_journal_append(j, image, &lines, image, broken, err);
    sb_str_release(&lines);
    return rc;
}

/* Writes what is missing of the first `upto` images into the journal of `rank`; how many there are.
 */
static size_t complete(const struct sb_journal_run *run, int rank, size_t upto)
{
    struct sb_error err;
    struct sb_journal_set set;
    struct sb_journal j;
    assert_ok(sb_journal_set_read(&set, run, &err), &err);
    assert_ok(sb_journal_open(&j, run, rank, true, &err), &err);
    const size_t before = set.images;
    for (size_t i = 0; i < upto; i++) {
        if (set.entries[i].offset < 0)
            assert_ok(append_image(&j, i, &err), &err);
    }
    sb_journal_close(&j);
    sb_journal_set_release(&set);
    return before;
}

static void publish(const struct sb_journal_run *run, size_t images)
{
    struct sb_error err;
    struct sb_journal_set set;
    assert_ok(sb_journal_set_read(&set, run, &err), &err);
    assert_int_equal(sb_journal_set_prefix(&set), images);
    assert_ok(sb_journal_set_publish(&set, images, &err), &err);
    sb_journal_set_release(&set);
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

/* The results of an undisturbed run, and its journal. */
static void whole_run(const struct sb_image_list *list, struct sb_str *results,
                      struct sb_str *journal)
{
    struct sb_error err;
    struct sb_journal_set set;
    char path[512];
    snprintf(path, sizeof(path), "%s", test_path("whole.json"));
    const struct sb_journal_run run = new_run(path, list);
    assert_int_equal(complete(&run, 0, IMAGES), 0);
    assert_ok(sb_journal_set_read(&set, &run, &err), &err);
    assert_int_equal(set.images, IMAGES);
    assert_int_equal(set.lines, 0 + 1 + 2 + 4);
    assert_int_equal(set.broken, 1);
    assert_ok(sb_journal_set_publish(&set, IMAGES, &err), &err);
    sb_journal_set_release(&set);
    read_file(path, results);
    read_file(test_path("whole.json.journal"), journal);
    assert_ok(sb_journals_remove(path, &err), &err);
    assert_false(sb_is_file(test_path("whole.json.journal")));
}

/* Whatever number of bytes a kill left, resuming ends with the same results. */
static void test_journal__resumes_after_a_cut_anywhere(void **state)
{
    (void)state;
    struct sb_image_list list;
    struct sb_str whole = SB_STR_INIT, journal = SB_STR_INIT, again = SB_STR_INIT;
    char path[512];
    make_list(&list);
    whole_run(&list, &whole, &journal);
    assert_non_null(strstr(whole.data, "\"image_id\":5,"));
    assert_null(strstr(whole.data, "reason"));
    snprintf(path, sizeof(path), "%s", test_path("cut.json"));
    const struct sb_journal_run run = new_run(path, &list);
    size_t last = 0;
    for (size_t cut = 0; cut <= journal.length; cut++) {
        test_write("cut.json.journal", journal.data, cut);
        const size_t before = complete(&run, 0, IMAGES);
        assert_true(before >= last && before <= IMAGES);
        last = before;
        publish(&run, IMAGES);
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

/* Images lie in the journals of several ranks, in any order; one of them is cut anywhere. */
static void test_journal__of_several_ranks_is_one_run(void **state)
{
    (void)state;
    static const size_t order[IMAGES] = {4, 0, 3, 1, 2}; /* of rank 3: the first three */
    struct sb_error err;
    struct sb_image_list list;
    struct sb_str whole = SB_STR_INIT, journal = SB_STR_INIT, again = SB_STR_INIT;
    char path[512];
    make_list(&list);
    whole_run(&list, &whole, &journal);
    snprintf(path, sizeof(path), "%s", test_path("ranks.json"));
    const struct sb_journal_run run = new_run(path, &list);
    for (size_t cut = 0; cut < 400; cut += 7) {
        for (size_t i = 0; i < IMAGES; i++) {
            struct sb_journal j;
            assert_ok(sb_journal_open(&j, &run, i < 3 ? 3 : 12, i != 0 && i != 3, &err), &err);
            assert_ok(append_image(&j, order[i], &err), &err);
            sb_journal_close(&j);
        }
        read_file(test_path("ranks.json.journal-3"), &journal);
        if (cut < journal.length)
            test_write("ranks.json.journal-3", journal.data, cut);
        assert_true(complete(&run, 1, IMAGES) >= 2);
        publish(&run, IMAGES);
        read_file(path, &again);
        assert_string_equal(again.data, whole.data);
        assert_ok(sb_journals_remove(path, &err), &err);
    }
    assert_false(sb_is_file(test_path("ranks.json.journal-12")));
    sb_str_release(&whole);
    sb_str_release(&journal);
    sb_str_release(&again);
    sb_image_list_release(&list);
}

/* Files of other results are left alone. */
static void test_journal__knows_its_own_files(void **state)
{
    (void)state;
    static const char *const others[] = {"x.json.journal-", "x.json.journal-1a", "x.json.journals",
                                         "y.json.journal", "ax.json.journal"};
    struct sb_error err;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        test_write_text(others[i], "kept");
    test_write_text("x.json.journal", "goes");
    test_write_text("x.json.journal-10", "goes");
    assert_ok(sb_journals_remove(test_path("x.json"), &err), &err);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(sb_is_file(test_path(others[i])));
    assert_false(sb_is_file(test_path("x.json.journal")));
    assert_false(sb_is_file(test_path("x.json.journal-10")));
}

/* The line on which the image begins that byte `at` of a journal belongs to, and whether it is the
 * last one. */
static size_t image_line(const struct sb_str *journal, size_t at, bool *last)
{
    size_t found = 0, line = 1;
    *last = true;
    for (size_t start = 0; start < journal->length; line++) {
        if (strncmp(journal->data + start, "{\"image\":", 9) == 0) {
            if (start <= at)
                found = line;
            else
                *last = false;
        }
        start += strcspn(journal->data + start, "\n") + 1;
    }
    return found;
}

/* Of the first line, its newline included. */
static size_t settings_length(const struct sb_str *journal)
{
    return strcspn(journal->data, "\n") + 1;
}

/* Any bit that a crash of the machine or its disk left wrong: the image is not there, what is whole
 * behind it is, and the position is known where something is. */
static void test_journal__notices_every_flipped_bit(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_image_list list;
    struct sb_journal_set set;
    struct sb_str whole = SB_STR_INIT, journal = SB_STR_INIT, again = SB_STR_INIT;
    char path[512];
    make_list(&list);
    whole_run(&list, &whole, &journal);
    snprintf(path, sizeof(path), "%s", test_path("wrong.json"));
    const struct sb_journal_run run = new_run(path, &list);
    for (size_t bit = 8 * settings_length(&journal); bit < 8 * journal.length; bit++) {
        bool last;
        const size_t line = image_line(&journal, bit / 8, &last);
        journal.data[bit / 8] ^= (char)(1 << bit % 8);
        test_write("wrong.json.journal", journal.data, journal.length);
        journal.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_ok(sb_journal_set_read(&set, &run, &err), &err);
        assert_true(set.images == IMAGES - 1 || set.images == IMAGES - 2); /* a newline joins two */
        const bool tail = last || (set.images == IMAGES - 2 && set.damaged_line == 0);
        assert_int_equal(set.damaged_line, tail ? 0 : line);
        sb_journal_set_release(&set);
        if (bit % 8)
            continue;
        complete(&run, 0, IMAGES);
        publish(&run, IMAGES);
        read_file(path, &again);
        assert_string_equal(again.data, whole.data);
    }
    sb_str_release(&whole);
    sb_str_release(&journal);
    sb_str_release(&again);
    sb_image_list_release(&list);
}

/* Without brackets and commas, for JSON Lines. */
static void test_journal__publishes_lines(void **state)
{
    (void)state;
    struct sb_image_list list;
    struct sb_str text = SB_STR_INIT;
    char path[512];
    make_list(&list);
    snprintf(path, sizeof(path), "%s", test_path("lines.jsonl"));
    struct sb_journal_run run = new_run(path, &list);
    run.format.array = false;
    complete(&run, 0, 3);
    publish(&run, 3);
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
    struct sb_journal_set set;
    struct sb_image_list list;
    char path[512];
    make_list(&list);
    snprintf(path, sizeof(path), "%s", test_path("other.json"));
    const struct sb_journal_run run = new_run(path, &list);
    complete(&run, 0, 2);
    struct sb_journal_run other = run;
    other.settings = "{\"model\":\"n\"}";
    assert_int_equal(sb_journal_open(&j, &other, 0, true, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "other settings");
    assert_int_equal(sb_journal_set_read(&set, &other, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "other.json.journal");
    assert_int_equal(complete(&run, 0, 2), 2); /* the refusal left it alone */
    assert_ok(sb_journal_open(&j, &run, 0, false, &err), &err);
    sb_journal_close(&j);
    assert_int_equal(complete(&run, 0, 0), 0); /* without resume: from the start */
    other.results = "/nonexistent/x.json";
    assert_int_equal(sb_journal_open(&j, &other, 0, false, &err), SB_EIO);
    sb_image_list_release(&list);
}

/* Settings that a crash left wrong are told from those of another run, and from older journals. */
static void test_journal__tells_damaged_settings_from_others(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_journal_set set;
    struct sb_image_list list;
    struct sb_str whole = SB_STR_INIT, journal = SB_STR_INIT;
    char path[512];
    make_list(&list);
    whole_run(&list, &whole, &journal);
    snprintf(path, sizeof(path), "%s", test_path("settings.json"));
    const struct sb_journal_run run = new_run(path, &list);
    for (size_t bit = 0; bit < 8 * settings_length(&journal); bit++) {
        journal.data[bit / 8] ^= (char)(1 << bit % 8);
        test_write("settings.json.journal", journal.data, journal.length);
        journal.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(sb_journal_set_read(&set, &run, &err), SB_EFORMAT);
        assert_error(&err, SB_EFORMAT, "settings.json.journal:1: damaged");
    }
    test_write_text("settings.json.journal", "{\"journal\": 2, \"model\": \"m\"}\n");
    assert_int_equal(sb_journal_set_read(&set, &run, &err), SB_EFORMAT);
    assert_error(&err, SB_EFORMAT, "older version of this program\nhint: leave out --resume");
    sb_str_release(&whole);
    sb_str_release(&journal);
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
    struct sb_journal_set set = {0};
    struct sb_str lines = SB_STR_INIT;
    char path[512];
    snprintf(path, sizeof(path), "%s", test_path("memory.json"));
    const struct sb_journal_run run = new_run(path, ctx);
    int rc = sb_journal_open(&j, &run, 0, false, &err);
    sb_str_puts(&lines, "{\"image_id\":11,}\n");
    if (rc == 0)
        rc = sb_journal_append(&j, 0, &lines, 1, NULL, &err);
    if (rc == 0)
        rc = sb_journal_append(&j, 1, NULL, 0, "why", &err);
    sb_journal_close(&j);
    if (rc == 0)
        rc = sb_journal_set_read(&set, &run, &err);
    /* an entry that could not be read for want of memory counts as not there */
    if (rc == 0)
        rc = set.images == 2 ? sb_journal_set_publish(&set, 2, &err) : SB_ENOMEM;
    if (rc == 0)
        rc = sb_journals_remove(path, &err);
    sb_journal_set_release(&set);
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
        cmocka_unit_test(test_journal__of_several_ranks_is_one_run),
        cmocka_unit_test(test_journal__knows_its_own_files),
        cmocka_unit_test(test_journal__notices_every_flipped_bit),
        cmocka_unit_test(test_journal__publishes_lines),
        cmocka_unit_test(test_journal__of_another_run_is_refused),
        cmocka_unit_test(test_journal__tells_damaged_settings_from_others),
        cmocka_unit_test(test_journal__survives_out_of_memory),
        cmocka_unit_test(test_merge_results__joins_as_one_run),
    };
    return cmocka_run_group_tests_name("detect/journal", tests, NULL, NULL);
}
