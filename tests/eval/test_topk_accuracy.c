/* eval/topk_accuracy.c: Wilson intervals against published values, counting, refused input. */
#include "base/file.h"
#include "eval/topk_accuracy.h"

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void test_wilson__known_intervals(void **state)
{
    (void)state;
    double lo, hi;
    sb_wilson_interval(81, 263, &lo, &hi); /* Newcombe 1998, table I */
    assert_true(fabs(lo - 0.2553) < 5e-5 && fabs(hi - 0.3662) < 5e-5);
    sb_wilson_interval(15, 148, &lo, &hi);
    assert_true(fabs(lo - 0.0624) < 5e-5 && fabs(hi - 0.1605) < 5e-5);
    sb_wilson_interval(0, 20, &lo, &hi);
    assert_true(lo == 0 && fabs(hi - 0.1611) < 5e-5);
    sb_wilson_interval(0, 0, &lo, &hi);
    assert_true(lo == 0 && hi == 1);
}

static int evaluate(const char *list, const char *predictions, struct sb_topk *topk,
                    struct sb_error *err)
{
    char list_path[300], path[300];
    struct sb_label_list labels;
    snprintf(list_path, sizeof(list_path), "%s/list.txt", test_scratch());
    snprintf(path, sizeof(path), "%s/preds", test_scratch());
    assert_ok(sb_write_file(list_path, list, strlen(list), err), err);
    assert_ok(sb_write_file(path, predictions, strlen(predictions), err), err);
    assert_ok(sb_label_list_load(&labels, list_path, "", NULL, err), err);
    const int rc = sb_topk_evaluate(topk, &labels, path, err);
    sb_label_list_release(&labels);
    return rc;
}

static const char list[] = "x/Aves/3/a.jpg 3\nx/Aves/4/b.jpg 4\nx/Insecta/7/c.jpg 7\n"
                           "x/Insecta/7/d.jpg 7\n";

static void check_counts(const struct sb_topk *topk)
{
    assert_int_equal(topk->all.images, 4);
    assert_int_equal(topk->all.top1, 1);
    assert_int_equal(topk->all.top5, 2);
    assert_int_equal(topk->missing, 1);
    assert_int_equal(topk->super_count, 2);
    assert_string_equal(topk->supers[0].name, "Aves");
    assert_int_equal(topk->supers[0].top5, 2);
    assert_int_equal(topk->supers[1].images, 2);
    assert_int_equal(topk->class_count, 3);
    assert_string_equal(topk->classes[2].name, "7");
    assert_int_equal(topk->classes[2].images, 2);
}

static void test_topk__counts_json_lines_and_csv(void **state)
{
    (void)state;
    struct sb_topk topk;
    struct sb_error err;
    assert_ok(
        evaluate(list,
                 "{\"id\":1,\"image\":\"x/Aves/3/a.jpg\",\"classes\":[3,4],\"scores\":[1,0]}\n"
                 "{\"image\":\"x/Aves/4/b.jpg\",\"classes\":[1,2,3,5,4]}\n"
                 "{\"image\":\"x/Insecta/7/c.jpg\",\"classes\":[1,2,3,4,5,7]}\n",
                 &topk, &err),
        &err);
    check_counts(&topk);
    sb_topk_release(&topk);
    assert_ok(evaluate(list,
                       "x/Aves/3/a.jpg,3,4\r\nx/Aves/4/b.jpg,1,2,3,5,4\n\n"
                       "x/Insecta/7/c.jpg,1,2,3,4,5,7",
                       &topk, &err),
              &err);
    check_counts(&topk);
    sb_topk_release(&topk);
}

static void test_topk__reads_csv_as_others_write_it(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "image,first,second\nx/Aves/3/a.jpg,3,4\nx/Aves/4/b.jpg,1,2,3,5,4\n"
        "x/Insecta/7/c.jpg,1\n",
        "\"image\",\"class\"\r\n\"x/Aves/3/a.jpg\",\"3\"\r\n\"x/Aves/4/b.jpg\",\"1\",\"4\"\r\n"
        "\"x/Insecta/7/c.jpg\",\"1\"",
        "x/Aves/3/a.jpg , 3, 4 \n x/Aves/4/b.jpg, 1, 4\n\"x/Insecta/7/c.jpg\" ,1\n",
    };
    struct sb_topk topk;
    struct sb_error err;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_ok(evaluate(list, texts[i], &topk, &err), &err);
        check_counts(&topk);
        sb_topk_release(&topk);
    }
    assert_ok(evaluate("q\"u,o 3\n", "\"q\"\"u,o\",3\n", &topk, &err), &err);
    assert_int_equal(topk.all.top1, 1);
    sb_topk_release(&topk);
}

static void test_topk__wrong_input_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *predictions, *message;
        int64_t offset, line;
    } cases[] = {
        {"y.jpg,3\n", "the list has no image \"y.jpg\"", 0, 1},
        {"x/Aves/3/a.jpg,3\nx/Aves/3/a.jpg,4\n", "a second prediction for", 17, 2},
        {"x/Aves/3/a.jpg\n", "expected IMAGE,CLASS", 0, 1},
        {"x/Aves/3/a.jpg,three\n", "expected a number, found three", 15, 1},
        {"{\"image\":\"x/Aves/3/a.jpg\"}", "member \"classes\" is missing", 0, 1},
        {"{\"image\":5,\"classes\":[1]}", "expected an image's name, found 5", 9, 1},
        {"{\"image\":\"x/Aves/3/a.jpg\",\"classes\":[1", "the file ends", 38, 1},
        {"image,class\nimage,class\n", "expected a number, found class", 18, 2},
        {"x/Aves/3/a.jpg,3\n\"x/Aves/4/b.jpg,3\n", "the line ends inside quotes", 17, 2},
        {"x/Aves/3/a.jpg,\"3,4\n", "expected the closing quote", 17, 1},
        {"x/Aves/3/a.jpg,3;4\n", "expected ','", 16, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_topk topk;
        struct sb_error err;
        const int rc = evaluate(list, cases[i].predictions, &topk, &err);
        if (rc != SB_EFORMAT || !strstr(err.message, cases[i].message) ||
            err.offset != cases[i].offset || err.line != cases[i].line)
            fail_msg("%s: %d, line %lld, byte %lld: %s", cases[i].predictions, rc,
                     (long long)err.line, (long long)err.offset, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wilson__known_intervals),
        cmocka_unit_test(test_topk__counts_json_lines_and_csv),
        cmocka_unit_test(test_topk__reads_csv_as_others_write_it),
        cmocka_unit_test(test_topk__wrong_input_is_refused),
    };
    return cmocka_run_group_tests_name("eval/topk_accuracy", tests, NULL, NULL);
}
