/* base/gnuplot.c: complete files or none, and errors that say what to do. */
#include "base/gnuplot.h"

#include "base/file.h"
#include "tests/runner.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sb_error err;

static void scratch_path(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", test_scratch(), name);
}

static void skip_without_gnuplot(void)
{
    if (system("command -v gnuplot >/dev/null 2>&1") != 0)
        skip();
}

static void assert_begins(const char *path, const char *magic)
{
    struct sb_map map;
    assert_ok(sb_map_open(&map, path, &err), &err);
    assert_true(map.size > strlen(magic));
    assert_memory_equal(map.data, magic, strlen(magic));
    sb_map_release(&map);
}

static void test_gnuplot__draws_png_and_svg(void **state)
{
    (void)state;
    char path[400];
    skip_without_gnuplot();
    scratch_path(path, sizeof(path), "it's a sine.png");
    assert_ok(sb_gnuplot_draw(path, 320, 200, "plot sin(x)", &err), &err);
    assert_begins(path, "\x89PNG");
    scratch_path(path, sizeof(path), "sine.svg");
    assert_ok(sb_gnuplot_draw(path, 320, 200, "plot sin(x)", &err), &err);
    assert_begins(path, "<?xml");
}

/* Draws a PDF twice, a second apart and in another time zone. */
static void test_gnuplot__the_same_script_gives_the_same_bytes(void **state)
{
    (void)state;
    static const char *const endings[] = {"pdf", "png", "svg"};
    char path[2][400], name[32];
    skip_without_gnuplot();
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof(name), "same%d.%s", k, endings[i]);
            scratch_path(path[k], sizeof(path[k]), name);
            setenv("TZ", k ? "America/St_Johns" : "Asia/Tokyo", 1);
            assert_ok(sb_gnuplot_draw(path[k], 320, 200, "plot sin(x) title 'a'", &err), &err);
            if (i + (size_t)k == 0)
                sleep(1);
        }
        unsetenv("TZ");
        char command[900];
        snprintf(command, sizeof(command), "cmp '%s' '%s'", path[0], path[1]);
        assert_int_equal(system(command), 0);
    }
}

/* What would differ between machines though the drawing is the same. */
static void test_gnuplot__files_name_no_versions(void **state)
{
    (void)state;
    static const char *const names[] = {"plain.svg", "plain.pdf"};
    static const char *const marks[] = {"GNUPLOT", "Gnuplot", "cairo 1", "cairo 2"};
    skip_without_gnuplot();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[400];
        struct sb_str text = SB_STR_INIT;
        scratch_path(path, sizeof(path), names[i]);
        assert_ok(sb_gnuplot_draw(path, 320, 200, "plot sin(x)", &err), &err);
        assert_true(test_read_file(path, &text));
        for (size_t k = 0; k < sizeof(marks) / sizeof(marks[0]); k++)
            assert_null(memmem(text.data, text.length, marks[k], strlen(marks[k])));
        assert_non_null(memmem(text.data, text.length, i ? "%%EOF" : "</svg>", i ? 5 : 6));
        sb_str_release(&text);
    }
}

static void test_gnuplot__data_are_found_in_the_folder(void **state)
{
    (void)state;
    char path[400];
    skip_without_gnuplot();
    test_write_text("some.dat", "1 2\n2 3\n");
    scratch_path(path, sizeof(path), "data.png");
    assert_ok(sb_gnuplot_draw_in(path, 320, 200, 2, test_scratch(), "plot 'some.dat'", &err), &err);
    assert_begins(path, "\x89PNG");
}

static void test_gnuplot__a_bad_script_leaves_no_file(void **state)
{
    (void)state;
    char path[400];
    skip_without_gnuplot();
    scratch_path(path, sizeof(path), "bad.png");
    assert_int_equal(sb_gnuplot_draw(path, 320, 200, "plat sin(x)", &err), SB_EINTERNAL);
    assert_non_null(strstr(err.message, "invalid command"));
    assert_int_not_equal(access(path, F_OK), 0);
    char command[500];
    snprintf(command, sizeof(command), "ls %s | grep -c bad", test_scratch());
    assert_int_not_equal(system(command), 0);
}

static void test_gnuplot__other_endings_are_refused(void **state)
{
    (void)state;
    assert_int_equal(sb_gnuplot_draw("x.jpg", 320, 200, "plot sin(x)", &err), SB_EINVAL);
}

static void test_gnuplot__absence_is_said(void **state)
{
    (void)state;
    char path[400];
    char *old = strdup(getenv("PATH"));
    scratch_path(path, sizeof(path), "none.png");
    setenv("PATH", "/nonexistent", 1);
    const int rc = sb_gnuplot_draw(path, 320, 200, "plot sin(x)", &err);
    setenv("PATH", old, 1);
    free(old);
    assert_int_equal(rc, SB_EUNSUPPORTED);
    assert_non_null(strstr(err.hint, "gnuplot-nox"));
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_gnuplot__quotes_are_doubled(void **state)
{
    (void)state;
    struct sb_str s = SB_STR_INIT;
    sb_gnuplot_quote(&s, "it's\na_b");
    assert_string_equal(sb_str_text(&s), "'it''s a_b'");
    sb_str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gnuplot__draws_png_and_svg),
        cmocka_unit_test(test_gnuplot__the_same_script_gives_the_same_bytes),
        cmocka_unit_test(test_gnuplot__files_name_no_versions),
        cmocka_unit_test(test_gnuplot__data_are_found_in_the_folder),
        cmocka_unit_test(test_gnuplot__a_bad_script_leaves_no_file),
        cmocka_unit_test(test_gnuplot__other_endings_are_refused),
        cmocka_unit_test(test_gnuplot__absence_is_said),
        cmocka_unit_test(test_gnuplot__quotes_are_doubled),
    };
    return cmocka_run_group_tests_name("base/gnuplot", tests, NULL, NULL);
}
