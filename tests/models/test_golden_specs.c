/* scripts/spec_from_reference.py: the stored reference models become specs that build, with the
 * reference's own parameter counts. */
#include "base/file.h"
#include "base/json.h"
#include "models/model.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const mini_cases[] = {
    "mini_retinanet_spinenet49", "mini_retinanet_resnet18_fpn",    "mini_retinanet_mobile49xs",
    "mini_maskrcnn_spinenet49",  "mini_classification_spinenet49",
};
static const char *const full_cases[] = {
    "classification_spinenet49",   "maskrcnn_spinenet49",       "maskrcnn_spinenet49_512",
    "retinanet_mobile49xs_full",   "retinanet_resnet50_fpn",    "retinanet_resnet50_nasfpn",
    "retinanet_spinenet143_swish", "retinanet_spinenet49_relu", "retinanet_spinenet49s_swish",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Runs the converter; returns its exit code. */
static int convert(const char *reference, const char *out)
{
    char command[2600];
    snprintf(command, sizeof(command), "python3 '%s' '%s' '%s' 2>'%s.log'",
             test_source("../scripts/spec_from_reference.py"), reference, out, out);
    const int status = system(command);
    return status == -1 ? -1 : status / 256;
}

static size_t trainable_parameters(const char *reference)
{
    struct sb_error err;
    cJSON *doc = NULL;
    int64_t value = 0;
    assert_ok(sb_json_load(reference, &doc, &err), &err);
    const struct sb_json root = sb_json_root(doc, reference);
    assert_ok(sb_json_get_int(&root, "trainable_parameters", 1, 1 << 30, &value, &err), &err);
    cJSON_Delete(doc);
    return (size_t)value;
}

static void assert_builds(const char *spec, size_t params)
{
    struct sb_error err;
    sb_error_init(&err);
    struct sb_model *m = sb_model_open(spec, NULL, &err);
    test_assert_ok(m ? 0 : err.code, &err, __FILE__, __LINE__);
    assert_int_equal(sb_graph_params(m->graph), params);
    sb_model_free(&m);
}

static void assert_same_files(const char *a, const char *b)
{
    struct sb_error err;
    struct sb_map x, y;
    assert_ok(sb_map_open(&x, a, &err), &err);
    assert_ok(sb_map_open(&y, b, &err), &err);
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    sb_map_release(&x);
    sb_map_release(&y);
}

static void test_golden_specs__mini_cases_build_as_committed(void **state)
{
    (void)state;
    char name[200], out[300];
    for (size_t i = 0; i < COUNT(mini_cases); i++) {
        snprintf(out, sizeof(out), "%s/%s.json", test_scratch(), mini_cases[i]);
        snprintf(name, sizeof(name), "golden/%s/spec.json", mini_cases[i]);
        assert_int_equal(convert(test_source(name), out), 0);
        const size_t params = trainable_parameters(test_source(name));
        snprintf(name, sizeof(name), "golden/%s/model.json", mini_cases[i]);
        assert_same_files(out, test_source(name));
        assert_builds(test_source(name), params);
    }
}

static void test_golden_specs__full_cases_build(void **state)
{
    (void)state;
    char name[200], out[300];
    for (size_t i = 0; i < COUNT(full_cases); i++) {
        snprintf(name, sizeof(name), "golden/%s/spec.json", full_cases[i]);
        const char *reference = test_data_or_skip(name);
        snprintf(out, sizeof(out), "%s/%s.json", test_scratch(), full_cases[i]);
        assert_int_equal(convert(reference, out), 0);
        assert_builds(out, trainable_parameters(reference));
    }
}

/* Replaces the first `from` in the text of a file by `to`, into a new file. */
static void edit(const char *in, const char *from, const char *to, const char *out)
{
    struct sb_error err;
    struct sb_map map;
    assert_ok(sb_map_open(&map, in, &err), &err);
    char *text = strndup(map.data, map.size);
    sb_map_release(&map);
    char *at = strstr(text, from);
    assert_non_null(at);
    FILE *fp = fopen(out, "w");
    fprintf(fp, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    fclose(fp);
    free(text);
}

static void test_golden_specs__what_cannot_be_built_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } rows[] = {
        {"\"retinanet\"", "\"ssd\"", "/detector: \"ssd\" cannot be built"},
        {"\"spinenet-49\"", "\"spinenet-7\"", "/backbone/variant: unknown variant"},
        {"\"use_native_resize_op\": false", "\"use_native_resize_op\": true",
         "/backbone/use_native_resize_op: true cannot be built"},
        {"\"use_batch_norm\": true", "\"use_batch_norm\": false", "/head/use_batch_norm"},
        {"\"num_filters\": 8", "\"num_filters\": \"8\"", "/head/num_filters: expected a number"},
        {"\"anchor\":", "\"ancor\":", "member \"anchor\" is missing"},
        {"\"nms_version\": \"v1\"", "\"nms_version\": \"v2\"", "/postprocess/nms_version"},
        {"{", "", "Extra data"},
    };
    char in[300], out[300], log[320];
    snprintf(in, sizeof(in), "%s/bad.json", test_scratch());
    snprintf(out, sizeof(out), "%s/never.json", test_scratch());
    snprintf(log, sizeof(log), "%s.log", out);
    for (size_t i = 0; i < COUNT(rows); i++) {
        edit(test_source("golden/mini_retinanet_spinenet49/spec.json"), rows[i].from, rows[i].to,
             in);
        assert_int_equal(convert(in, out), 2);
        assert_false(sb_is_file(out));
        struct sb_error err;
        struct sb_map map;
        assert_ok(sb_map_open(&map, log, &err), &err);
        if (!memmem(map.data, map.size, rows[i].message, strlen(rows[i].message)))
            fail_msg("row %zu: '%.*s' lacks '%s'", i, (int)map.size, map.data, rows[i].message);
        sb_map_release(&map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_specs__mini_cases_build_as_committed),
        cmocka_unit_test(test_golden_specs__full_cases_build),
        cmocka_unit_test(test_golden_specs__what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests_name("models/golden_specs", tests, NULL, NULL);
}
