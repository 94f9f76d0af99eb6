/* models/spec.c and the typed specs: bases, merging, and refusals that name file, line and pointer.
 */
#include "models/spec.h"

#include "base/file.h"
#include "base/mem.h"
#include "models/model.h"
#include "models/model_spec.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static struct sb_error err;

/* A spec file in the scratch folder; the path is valid until the next four calls. */
static const char *spec_file(const char *name, const char *text)
{
    static char paths[4][300];
    static int next;
    char *path = paths[next = (next + 1) % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", test_scratch(), name);
    assert_ok(sb_write_file(path, text, strlen(text), &err), &err);
    return path;
}

/* Strips the newline; false at the end of the file. */
static bool read_line(FILE *fp, char *line, size_t size)
{
    if (!fgets(line, (int)size, fp))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static void assert_refused(const char *spec, const char *pointer, const char *message)
{
    const char *path = spec_file("bad.json", spec);
    sb_error_init(&err);
    struct sb_model *m = sb_model_open(path, NULL, &err);
    if (m)
        fail_msg("accepted: %s", spec);
    if (strcmp(err.pointer, pointer) != 0)
        fail_msg("%s\n  pointer '%s', expected '%s': %s", spec, err.pointer, pointer, err.message);
    if (!strstr(err.message, message))
        fail_msg("%s\n  '%s' does not contain '%s'", spec, err.message, message);
    assert_true(err.path[0] != '\0');
    if (pointer[0])
        assert_true(err.line >= 1 && err.column >= 1);
}

static void test_spec__bad_ones_are_refused(void **state)
{
    (void)state;
    char spec[2000], pointer[300], message[300];
    struct sb_mem_stats before, after;
    int rows = 0;
    FILE *fp = fopen(test_source("models/bad_specs.txt"), "r");
    assert_non_null(fp);
    sb_mem_get_stats(&before);
    while (read_line(fp, spec, sizeof(spec))) {
        if (spec[0] == '\0' || spec[0] == '#')
            continue;
        assert_true(read_line(fp, pointer, sizeof(pointer)));
        assert_true(read_line(fp, message, sizeof(message)));
        assert_refused(spec, pointer, message);
        rows++;
    }
    sb_mem_get_stats(&after);
    assert_int_equal(after.current_total_bytes, before.current_total_bytes);
    fclose(fp);
    assert_true(rows >= 100);
}

/* Cut anywhere, a spec is refused, or complete and accepted. */
static void test_spec__cut_anywhere_is_an_error(void **state)
{
    (void)state;
    const char *text = "{\"base\": \"spinenet-49\", \"endpoint_filters\": 64}";
    char part[100];
    for (size_t n = 0; n < strlen(text); n++) {
        snprintf(part, sizeof(part), "%.*s", (int)n, text);
        struct sb_model *m = sb_model_open(spec_file("cut.json", part), NULL, &err);
        assert_null(m);
        assert_int_equal(err.code, SB_EFORMAT);
    }
}

static void test_spec__members_are_laid_over_the_base(void **state)
{
    (void)state;
    const char *path = spec_file("over.json", "{\"base\": \"retinanet-spinenet-49\",\n"
                                              " \"anchors\": {\"size\": 4.0},\n"
                                              " \"postprocess\": null}");
    struct sb_spec spec;
    assert_ok(sb_spec_open(&spec, path, &err), &err);
    const struct sb_json root = sb_spec_root(&spec);
    struct sb_json anchors;
    double anchor_size = 0.0;
    int64_t scales = 0;
    assert_ok(sb_json_get(&root, "anchors", &anchors, &err), &err);
    assert_ok(sb_json_get_double(&anchors, "size", &anchor_size, &err), &err);
    assert_ok(sb_json_get_int(&anchors, "scales", 1, 9, &scales, &err), &err);
    assert_true(anchor_size == 4.0);
    assert_int_equal(scales, 3);
    assert_false(sb_json_has(&root, "postprocess"));
    assert_false(sb_json_has(&root, "base"));
    sb_spec_release(&spec);
}

/* A backbone is replaced as a whole: nothing of the base's is left in it. */
static void test_spec__backbones_are_replaced(void **state)
{
    (void)state;
    const char *path = spec_file(
        "swap.json", "{\"base\": \"retinanet-spinenet-49s\", \"head\": {\"convs\": 1},"
                     " \"backbone\": {\"base\": \"spinenet-49\", \"filter_scale\": 0.25}}");
    struct sb_model *m = sb_model_open(path, NULL, &err);
    assert_non_null(m);
    assert_string_equal(m->name, "retinanet-spinenet-49s");
    assert_int_equal(m->spec->backbone.u.permuted.endpoint_filters, 256);
    assert_int_equal(m->spec->backbone.u.permuted.blocks[0].filters, 16);
    assert_int_equal(m->spec->head.convs, 1);
    assert_int_equal(m->spec->head.filters, 128);
    sb_model_free(&m);
}

/* Paths are relative to the file that says them. */
static void test_spec__files_build_on_files(void **state)
{
    (void)state;
    char dir[300];
    snprintf(dir, sizeof(dir), "%s/sub", test_scratch());
    assert_ok(sb_make_dirs(dir, &err), &err);
    spec_file("sub/net.json", "{\"base\": \"spinenet-49\", \"filter_scale\": 0.5}");
    spec_file("sub/base.json", "{\"base\": \"retinanet-spinenet-49\", \"backbone\": \"net.json\"}");
    struct sb_model *m = sb_model_open(
        spec_file("top.json", "{\"base\": \"sub/base.json\", \"size\": 128}"), NULL, &err);
    assert_non_null(m);
    assert_int_equal(m->image_w, 128);
    assert_int_equal(m->spec->backbone.u.permuted.blocks[0].filters, 32);
    sb_model_free(&m);
}

/* A wrong value is looked for in the file where it stands. */
static void test_spec__errors_name_the_file_of_the_value(void **state)
{
    (void)state;
    spec_file("wrong.json", "{\n  \"base\": \"spinenet-49\",\n  \"endpoint_filters\": 0\n}");
    const char *path = spec_file("user.json", "{\"base\": \"retinanet-spinenet-49\",\n"
                                              " \"backbone\": \"wrong.json\"}");
    assert_null(sb_model_open(path, NULL, &err));
    assert_string_equal(sb_path_base(err.path), "wrong.json");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 23);
    assert_string_equal(err.pointer, "/endpoint_filters");

    path = spec_file("inline.json", "{\"base\": \"retinanet-spinenet-49\",\n"
                                    " \"backbone\": {\"base\": \"spinenet-49\",\n"
                                    "  \"block_repeats\": 0}}");
    assert_null(sb_model_open(path, NULL, &err));
    assert_string_equal(sb_path_base(err.path), "inline.json");
    assert_int_equal(err.line, 3);
    assert_string_equal(err.pointer, "/backbone/block_repeats");

    path = spec_file("alpha.json", "{\"base\": \"spinenet-49\", \"filter_scale\": 0.02}");
    assert_null(sb_model_open(path, NULL, &err));
    assert_string_equal(err.path, "zoo:spinenet-49.json");
    assert_string_equal(err.pointer, "/resample_alpha");
    assert_true(err.line > 1);
}

static void test_spec__a_base_that_leads_back_is_an_error(void **state)
{
    (void)state;
    const char *path = spec_file("loop.json", "{\"base\": \"loop.json\"}");
    assert_null(sb_model_open(path, NULL, &err));
    assert_int_equal(err.code, SB_EFORMAT);
    assert_non_null(strstr(err.hint, "lead back"));
}

static void test_spec__unread_blocks_can_be_dropped(void **state)
{
    (void)state;
    const char *path = spec_file(
        "drop.json", "{\"base\": \"spinenet-49\", \"drop_unused_blocks\": true, \"blocks\": ["
                     "{\"level\": 4, \"parents\": [0, 1]},"
                     "{\"level\": 3, \"parents\": [0], \"output\": true}]}");
    struct sb_model *m = sb_model_open(path, NULL, &err);
    assert_non_null(m);
    assert_int_equal(sb_graph_find_slot(m->graph, "backbone/block1/repeat0/conv0/conv/kernel"), -1);
    assert_int_equal(sb_graph_find_slot(m->graph, "backbone/block2/repeat0/conv0/conv/kernel"), -1);
    assert_true(sb_graph_find_slot(m->graph, "backbone/block3/parent0/conv1/conv/kernel") >= 0);
    sb_model_free(&m);
}

static void test_spec__out_of_memory_is_an_error(void **state)
{
    (void)state;
    struct sb_mem_stats before, after;
    const struct sb_model_options options = {.size = 128};
    sb_mem_get_stats(&before);
    long n = 1;
    for (;; n = n < 60 ? n + 1 : n + 101) {
        sb_mem_fail_after(n);
        struct sb_model *m = sb_model_open("retinanet-spinenet-49", &options, &err);
        sb_mem_fail_after(0);
        if (m) {
            sb_model_free(&m);
            break;
        }
        assert_int_equal(err.code, SB_ENOMEM);
    }
    assert_true(n > 1000);
    sb_mem_get_stats(&after);
    assert_int_equal(after.current_total_bytes, before.current_total_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec__bad_ones_are_refused),
        cmocka_unit_test(test_spec__cut_anywhere_is_an_error),
        cmocka_unit_test(test_spec__members_are_laid_over_the_base),
        cmocka_unit_test(test_spec__backbones_are_replaced),
        cmocka_unit_test(test_spec__files_build_on_files),
        cmocka_unit_test(test_spec__errors_name_the_file_of_the_value),
        cmocka_unit_test(test_spec__a_base_that_leads_back_is_an_error),
        cmocka_unit_test(test_spec__unread_blocks_can_be_dropped),
        cmocka_unit_test(test_spec__out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("models/spec", tests, NULL, NULL);
}
