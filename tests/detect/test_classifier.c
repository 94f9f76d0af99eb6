/* Classification of images: label lists, ranked classes, shards and resumed runs, refusals. */
#include "tests/test.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "datasets/image.h"
#include "datasets/label_list.h"
#include "tests/runner.h"

#include <stdio.h>
#include <string.h>

#define CLASSIFY                                                                                   \
    "spinebench classify "                                                                         \
    "\"$SPINEBENCH_SOURCE/tests/golden/mini_classification_spinenet49/model.json\" "               \
    "--weights \"$SPINEBENCH_SOURCE/tests/golden/mini_classification_spinenet49/model.ckpt\" -q "
#define IMAGES 7

static void assert_item(const struct sb_label_list *l, size_t i, const char *name, int64_t label)
{
    assert_string_equal(l->names[i], name);
    assert_int_equal(l->labels[i], label);
}

static void test_label_list__reads_text(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_label_list list;
    const char *path = test_write_text("list.txt", "# a comment\n"
                                                   "a/b.jpg 7291\n"
                                                   "\n"
                                                   "with blanks 3.jpg\t12\r\n"
                                                   "c.png,4\n"
                                                   "no label.png\n"
                                                   "2017\n"
                                                   "last.jpg 0");
    assert_ok(sb_label_list_load(&list, path, "dir", NULL, &err), &err);
    assert_int_equal(list.images.count, 6);
    assert_item(&list, 0, "a/b.jpg", 7291);
    assert_item(&list, 1, "with blanks 3.jpg", 12);
    assert_item(&list, 2, "c.png", 4);
    assert_item(&list, 3, "no label.png", -1);
    assert_item(&list, 4, "2017", -1);
    assert_item(&list, 5, "last.jpg", 0);
    assert_string_equal(list.images.items[0].path, "dir/a/b.jpg");
    assert_int_equal(list.images.items[5].id, 6);
    sb_label_list_shard(&list, 2, 4); /* 2, 2, 1, 1 */
    assert_int_equal(list.images.count, 2);
    assert_item(&list, 0, "c.png", 4);
    assert_int_equal(list.images.items[1].id, 4);
    sb_label_list_truncate(&list, 1);
    assert_int_equal(list.images.count, 1);
    sb_label_list_release(&list);
}

static void test_label_list__reads_a_real_one(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_label_list list;
    assert_ok(
        sb_label_list_load(&list, test_data_or_skip("inaturalist/val2018.txt"), "", NULL, &err),
        &err);
    assert_int_equal(list.images.count, 24426);
    assert_item(&list, 0, "train_val2018/Plantae/7291/9f8ecb39e5f767e39e9b28e34488f179.jpg", 7291);
    for (size_t i = 0; i < list.images.count; i++)
        assert_in_range(list.labels[i], 0, 8141);
    sb_label_list_release(&list);
}

static void test_label_list__reads_json(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_label_list list;
    const char *path = test_write_text(
        "inat.json",
        " {\"annotations\": [{\"id\": 1, \"image_id\": 20, \"category_id\": 5},"
        " {\"image_id\": 10, \"category_id\": 6}],"
        " \"images\": [{\"id\": 10, \"file_name\": \"a.jpg\"},"
        " {\"id\": 20, \"file_name\": \"b.jpg\"}, {\"id\": 30, \"file_name\": \"c.jpg\"}]}");
    assert_ok(sb_label_list_load(&list, path, "d", NULL, &err), &err);
    assert_int_equal(list.images.count, 3);
    assert_item(&list, 0, "a.jpg", 6);
    assert_item(&list, 1, "b.jpg", 5);
    assert_item(&list, 2, "c.jpg", -1);
    assert_int_equal(list.images.items[2].id, 30);
    sb_label_list_release(&list);
}

static void test_label_list__broken_lists_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "lists no image"},
        {"# nothing\n\n", "lists no image"},
        {"a.jpg 1\n 5\n", "no file name before the label"},
        {"{\"images\": [], \"annotations\": []}", "lists no image"},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": [{\"image_id\": 1}]}",
         "category_id"},
        {"{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], \"annotations\": "
         "[{\"image_id\": 1, \"category_id\": 2}, {\"image_id\": 1, \"category_id\": 3}]}",
         "image 1 has two annotations"},
        {"{\"images\": [", "ends"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sb_error err;
        struct sb_label_list list;
        const char *path = test_write_text("broken.txt", cases[i].text);
        assert_int_equal(sb_label_list_load(&list, path, "", NULL, &err), SB_EFORMAT);
        assert_string_equal(err.path, path);
        assert_null(list.names);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s: %s", cases[i].text, err.message);
    }
}

static int load_list(void *ctx)
{
    struct sb_error err;
    struct sb_label_list list;
    const int rc = sb_label_list_load(&list, ctx, "d", NULL, &err);
    if (rc == 0)
        sb_label_list_release(&list);
    return rc;
}

static void test_label_list__survives_out_of_memory(void **state)
{
    (void)state;
    char text[1024], json[1024];
    snprintf(text, sizeof(text), "%s", test_write_text("m.txt", "a 1\nb 2\nc\n"));
    snprintf(json, sizeof(json), "%s",
             test_write_text("m.json",
                             "{\"images\": [{\"id\": 1, \"file_name\": \"a\"}], "
                             "\"annotations\": [{\"image_id\": 1, \"category_id\": 2}]}"));
    test_every_allocation_fails(load_list, text);
    test_every_allocation_fails(load_list, json);
}

/* A folder with IMAGES pictures 0.png .. and list.txt with label i % 3 for picture i. */
static void make_set(char dir[1024])
{
    struct sb_error err;
    struct sb_str list = SB_STR_INIT;
    snprintf(dir, 1024, "%s", test_fresh_dir());
    for (int i = 0; i < IMAGES; i++) {
        struct sb_image image;
        char name[16];
        assert_ok(sb_image_create(&image, 160 + i, 150, &err), &err);
        for (int p = 0; p < image.width * image.height * 3; p++)
            image.pixels[p] = (uint8_t)(p * (i + 1) / 7 % (100 + 20 * i));
        snprintf(name, sizeof(name), "%d.png", i);
        char *const path = sb_path_join(dir, name);
        assert_ok(sb_image_save_png(&image, path, &err), &err);
        sb_free(path);
        sb_image_release(&image);
        sb_str_printf(&list, "%d.png %d\n", i, i % 3);
    }
    char *const path = sb_path_join(dir, "list.txt");
    assert_ok(sb_write_file(path, list.data, list.length, &err), &err);
    sb_free(path);
    sb_str_release(&list);
}

static void shell(const char *dir, const char *command, int status, const char *err_pattern)
{
    struct test_run run;
    test_run_shell(dir, command, &run);
    if (run.status != status)
        fail_msg("exit code %d instead of %d: %s\n%s%s", run.status, status, command,
                 sb_str_text(&run.out), sb_str_text(&run.err));
    test_assert_lines(command, err_pattern, sb_str_text(&run.err));
    test_run_release(&run);
}

/* One line of predictions: classes distinct and below the class count, scores descending. */
static void check_line(const char *text, size_t length, size_t index)
{
    struct sb_error err;
    cJSON *doc = NULL;
    struct sb_json classes, scores;
    size_t n = 0, m = 0;
    int64_t label = -1, id = 0;
    assert_ok(sb_json_parse(text, length, "line", &doc, &err), &err);
    const struct sb_json root = sb_json_root(doc, "line");
    assert_ok(sb_json_get_int(&root, "id", 1, 100, &id, &err), &err);
    assert_ok(sb_json_get_int(&root, "label", 0, 100, &label, &err), &err);
    assert_ok(sb_json_get_array(&root, "classes", &classes, &n, &err), &err);
    assert_ok(sb_json_get_array(&root, "scores", &scores, &m, &err), &err);
    assert_int_equal(id, (int64_t)index + 1);
    assert_int_equal(label, (int64_t)index % 3);
    assert_true(n == 5 && m == 5);
    double last = 1, sum = 0;
    for (const cJSON *s = scores.item->child; s; s = s->next) {
        assert_true(s->valuedouble <= last && s->valuedouble >= 0);
        last = s->valuedouble;
        sum += last;
    }
    assert_true(sum <= 1.000001);
    for (const cJSON *a = classes.item->child; a; a = a->next)
        for (const cJSON *b = a->next; b; b = b->next)
            assert_true(a->valueint != b->valueint);
    cJSON_Delete(doc);
}

static void test_classify__ranks_classes(void **state)
{
    (void)state;
    char dir[1024];
    struct sb_str text = SB_STR_INIT;
    make_set(dir);
    shell(dir, CLASSIFY "--list list.txt --images . -o p.jsonl", 0, "");
    char *const path = sb_path_join(dir, "p.jsonl");
    assert_true(test_read_file(path, &text));
    size_t index = 0;
    for (const char *line = text.data; *line; index++) {
        const char *end = strchr(line, '\n');
        check_line(line, (size_t)(end - line), index);
        line = end + 1;
    }
    assert_int_equal(index, IMAGES);
    sb_str_release(&text);
    sb_free(path);
}

static void test_classify__gives_the_same_bytes_however_it_runs(void **state)
{
    (void)state;
    char dir[1024];
    make_set(dir);
    shell(dir, CLASSIFY "--list list.txt --images . -o p.jsonl", 0, "");
    shell(dir, CLASSIFY "--list list.txt --images . -o q.jsonl -t 1; cmp p.jsonl q.jsonl", 0, "");
    shell(dir,
          "for i in 1 2 3; do " CLASSIFY "--list list.txt --images . -o s$i --shard $i/3; done\n"
          "cat s1 s2 s3 | cmp - p.jsonl",
          0, "");
    shell(dir, "mv 4.png kept; echo >4.png", 0, "");
    shell(dir, CLASSIFY "--list list.txt --images . -o r.jsonl", 2,
          "spinebench classify: ./4.png (byte 0): neither JPEG nor PNG: *\n"
          "hint: the 4 images before it are in r.jsonl; --resume goes on from there; "
          "--skip-broken leaves broken images out\n");
    shell(dir, "head -n 4 p.jsonl | cmp - r.jsonl; mv kept 4.png", 0, "");
    shell(dir, CLASSIFY "--list list.txt --images . -o r.jsonl --resume; cmp p.jsonl r.jsonl", 0,
          "");
    shell(dir,
          CLASSIFY "--list list.txt --images . -o f.jsonl --first-class 1 --top 2\n"
                   "grep -c '\"classes\":\\[[0-9]*,[0-9]*\\],' f.jsonl | grep -qx 7",
          0, "");
}

static void test_classify__refuses_with_exit_code_2(void **state)
{
    (void)state;
    static const struct {
        const char *options, *message;
    } cases[] = {
        {"", "*-o FILE is missing"},
        {"-o p", "*no images: give IMAGE files, or --list FILE"},
        {"-o p --list list.txt 1.png", "*IMAGE arguments beside --list"},
        {"-o p --list absent.txt", "*absent.txt: cannot open*"},
        {"-o p 1.png --first-class 1000", "*first class 1000 of a model with * classes"},
        {"-o p 1.png --top 0", "*top*from 1*"},
    };
    char dir[1024];
    make_set(dir);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char command[1024], pattern[256];
        snprintf(command, sizeof(command), CLASSIFY "%s", cases[i].options);
        snprintf(pattern, sizeof(pattern), "%s\n...\n", cases[i].message);
        shell(dir, command, 2, pattern);
    }
    shell(dir, "spinebench classify retinanet-spinenet-49 --weights-seed 1 --size 128 -o p 1.png",
          2, "*model 'retinanet-spinenet-49' does not classify\nhint: *\n");
    shell(dir, "test ! -e p; test ! -e p.journal", 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_list__reads_text),
        cmocka_unit_test(test_label_list__reads_a_real_one),
        cmocka_unit_test(test_label_list__reads_json),
        cmocka_unit_test(test_label_list__broken_lists_are_errors),
        cmocka_unit_test(test_label_list__survives_out_of_memory),
        cmocka_unit_test(test_classify__ranks_classes),
        cmocka_unit_test(test_classify__gives_the_same_bytes_however_it_runs),
        cmocka_unit_test(test_classify__refuses_with_exit_code_2),
    };
    return cmocka_run_group_tests_name("detect/classifier", tests, NULL, NULL);
}
