/* base/temporary.c: what is remembered goes, what is forgotten stays. */
#include "base/temporary.h"

#include "base/file.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sb_error err;

static void make(const char *path)
{
    assert_ok(sb_write_file(path, "x", 1, &err), &err);
}

static void test_temporary__clears_what_is_kept(void **state)
{
    (void)state;
    char kept[512], dropped[512];
    snprintf(kept, sizeof(kept), "%s", test_path("kept"));
    snprintf(dropped, sizeof(dropped), "%s", test_path("dropped"));
    make(kept);
    make(dropped);
    sb_temporary_keep(dropped);
    sb_temporary_keep(kept);
    sb_temporary_drop(dropped);
    sb_temporary_clear();
    assert_false(sb_is_file(kept));
    assert_true(sb_is_file(dropped));
    sb_temporary_drop(kept);
    make(kept);
    sb_temporary_clear();
    assert_true(sb_is_file(kept));
}

static void test_temporary__folders_go_after_their_files(void **state)
{
    (void)state;
    char parent[512], folder[600], file[700], first[520];
    snprintf(parent, sizeof(parent), "%s", test_scratch());
    snprintf(first, sizeof(first), "%s/first", parent);
    assert_int_equal(setenv("TMPDIR", parent, 1), 0);
    sb_temporary_keep(first); /* its slot is free when the file comes, before the folder's */
    assert_ok(sb_temporary_folder(folder, sizeof(folder), &err), &err);
    assert_int_equal(strncmp(folder, parent, strlen(parent)), 0);
    sb_temporary_drop(first);
    snprintf(file, sizeof(file), "%s/file", folder);
    make(file);
    sb_temporary_keep(file);
    sb_temporary_clear();
    assert_false(sb_is_dir(folder));
    sb_temporary_drop(file);
    sb_temporary_remove_folder(folder);
    assert_int_equal(setenv("TMPDIR", test_path("absent"), 1), 0);
    assert_int_equal(sb_temporary_folder(folder, sizeof(folder), &err), SB_EIO);
    assert_error(&err, SB_EIO, "cannot create a folder like");
    unsetenv("TMPDIR");
}

/* What a child left half-done goes too; names of other places stay. */
static void test_temporary__removes_a_folder_with_what_is_kept_in_it(void **state)
{
    (void)state;
    char folder[512], inside[600], absent[600], beside[600];
    assert_ok(sb_temporary_folder(folder, sizeof(folder), &err), &err);
    snprintf(inside, sizeof(inside), "%s/inside", folder);
    snprintf(absent, sizeof(absent), "%s/absent", folder);
    snprintf(beside, sizeof(beside), "%s-beside", folder);
    make(inside);
    make(beside);
    sb_temporary_keep(inside);
    sb_temporary_keep(absent);
    sb_temporary_keep(beside);
    sb_temporary_remove_folder(folder);
    assert_false(sb_is_dir(folder));
    assert_true(sb_is_file(beside));
    sb_temporary_clear();
    assert_false(sb_is_file(beside));
    sb_temporary_drop(beside);
}

static void *keep_and_drop(void *number)
{
    char name[64];
    for (int i = 0; i < 50000; i++) {
        snprintf(name, sizeof(name), "/nonexistent/%d-%d", *(const int *)number, i);
        sb_temporary_keep(name);
        sb_temporary_drop(name);
    }
    return NULL;
}

/* A name that another thread looks at is forgotten all the same: no slot is lost. */
static void test_temporary__threads_lose_no_slots(void **state)
{
    (void)state;
    pthread_t threads[4];
    int numbers[4] = {0, 1, 2, 3};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_and_drop, &numbers[i]), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    char name[32];
    for (int i = 0; i < 64; i++) { /* as many as there are slots */
        snprintf(name, sizeof(name), "slot-%d", i);
        make(test_path(name));
        sb_temporary_keep(test_path(name));
    }
    sb_temporary_clear();
    for (int i = 0; i < 64; i++) {
        snprintf(name, sizeof(name), "slot-%d", i);
        assert_false(sb_is_file(test_path(name)));
        sb_temporary_drop(test_path(name));
    }
}

/* More names than the table has, and longer ones, do no harm. */
static void test_temporary__is_bounded(void **state)
{
    (void)state;
    static char longest[5000];
    char name[64];
    memset(longest, 'x', sizeof(longest) - 1);
    sb_temporary_keep(longest);
    sb_temporary_drop(longest);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "/nonexistent/%d", i);
        sb_temporary_keep(name);
    }
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "/nonexistent/%d", i);
        sb_temporary_drop(name);
    }
    make(test_path("last"));
    sb_temporary_keep(test_path("last"));
    sb_temporary_clear();
    assert_false(sb_is_file(test_path("last")));
    sb_temporary_drop(test_path("last"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_temporary__clears_what_is_kept),
        cmocka_unit_test(test_temporary__folders_go_after_their_files),
        cmocka_unit_test(test_temporary__removes_a_folder_with_what_is_kept_in_it),
        cmocka_unit_test(test_temporary__threads_lose_no_slots),
        cmocka_unit_test(test_temporary__is_bounded),
    };
    return cmocka_run_group_tests_name("base/temporary", tests, NULL, NULL);
}
