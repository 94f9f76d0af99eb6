/* Parts of a run: put in order when they are all there, refused by name when not. */
#include "tests/test.h"

#include "base/file.h"
#include "base/str.h"
#include "datasets/results_part.h"

#include <stdio.h>
#include <string.h>

static const char run_a[] = "{\"model\": \"m\", \"weights\": \"1234\", \"size\": 64}";

/* A results file with its part file; the path is kept in `path` (512 bytes). */
static void make_part(const char *name, const struct sb_results_part *part, char *path)
{
    struct sb_error err;
    char text[64];
    snprintf(text, sizeof(text), "[\n{\"shard\":%d}\n]\n", (int)part->shard);
    snprintf(path, 512, "%s", test_write_text(name, text));
    assert_ok(sb_results_part_write(path, part, &err), &err);
}

static struct sb_results_part shard(uint64_t i)
{
    return (struct sb_results_part){
        .shard = i, .shards = 3, .images = 10, .list = 77, .run = run_a};
}

static void test_parts__are_put_in_order(void **state)
{
    (void)state;
    struct sb_error err;
    char paths[3][512];
    const char *order[3];
    for (int i = 0; i < 3; i++) {
        char name[32];
        const struct sb_results_part part = shard((uint64_t)(i + 1));
        snprintf(name, sizeof(name), "in%d.json", i);
        make_part(name, &part, paths[i]);
        order[2 - i] = paths[i];
    }
    assert_ok(sb_results_parts_order(order, 3, &err), &err);
    for (int i = 0; i < 3; i++)
        assert_string_equal(order[i], paths[i]);
}

/* Parts 1 and 2 of run_a, and a third file that does not fit. */
static void assert_refused(const struct sb_results_part *third, const char *part)
{
    struct sb_error err;
    char paths[3][512];
    const struct sb_results_part one = shard(1), two = shard(2);
    make_part("r1.json", &one, paths[0]);
    make_part("r2.json", &two, paths[1]);
    make_part("r3.json", third, paths[2]);
    const char *order[3] = {paths[0], paths[1], paths[2]};
    assert_int_equal(sb_results_parts_order(order, 3, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, part);
}

static void test_parts__of_other_runs_are_named(void **state)
{
    (void)state;
    struct sb_results_part p = shard(3);
    p.run = "{\"model\": \"n\", \"weights\": \"1234\", \"size\": 64}";
    assert_refused(&p, "r3.json: is of another run than");
    assert_refused(&p, "model is \"n\", there \"m\"");
    p.run = "{\"model\": \"m\", \"weights\": \"1235\", \"size\": 64}";
    assert_refused(&p, "weights is \"1235\", there \"1234\"");
    p.run = "{\"model\": \"m\", \"weights\": \"1234\"}";
    assert_refused(&p, "size is nothing, there 64");
    p.run = "{\"model\": \"m\", \"weights\": \"1234\", \"size\": 64, \"exif\": true}";
    assert_refused(&p, "exif is true, there nothing");
    p = shard(3);
    p.list = 78;
    assert_refused(&p, "the list of images is 10");
    p = shard(3);
    p.images = 11;
    assert_refused(&p, "the list of images is 11");
    p = shard(3);
    p.shards = 4;
    assert_refused(&p, "the number of shards is 4, there 3");
    p = shard(2);
    assert_refused(&p, "both are shard 2 of 3");
}

static void test_parts__that_are_missing_are_counted(void **state)
{
    (void)state;
    struct sb_error err;
    char path[512];
    struct sb_results_part p = shard(2);
    make_part("alone.json", &p, path);
    const char *order[1] = {path};
    assert_int_equal(sb_results_parts_order(order, 1, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "of the 3 parts of this run 2 are missing: 1, 3");
    p.shards = 14;
    make_part("alone.json", &p, path);
    assert_int_equal(sb_results_parts_order(order, 1, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "13 are missing: 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...");
}

static void test_parts__that_were_changed_are_refused(void **state)
{
    (void)state;
    struct sb_error err;
    char path[512];
    struct sb_results_part p = shard(1);
    p.shards = 1;
    make_part("changed.json", &p, path);
    const char *order[1] = {path};
    assert_ok(sb_results_parts_order(order, 1, &err), &err);
    test_write_text("changed.json", "[\n{\"shard\":9}\n]\n"); /* of the same length */
    assert_int_equal(sb_results_parts_order(order, 1, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "was changed since it was written");
    test_write_text("bare.json", "[]");
    order[0] = test_path("bare.json");
    assert_int_equal(sb_results_parts_order(order, 1, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "there is no bare.json.part beside it");
    order[0] = "/nonexistent/x.json";
    assert_int_equal(sb_results_parts_order(order, 1, &err), SB_EINVAL);
}

static void test_parts__malformed_part_files(void **state)
{
    (void)state;
#define UP_TO_LIST "{\"part\": 1, \"shards\": 1, \"shard\": 1, \"images\": 1, \"list\": "
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"part\": 2}",
        "{\"part\": 1, \"shards\": 0, \"shard\": 0}",
        "{\"part\": 1, \"shards\": 2, \"shard\": 3}",
        "{\"part\": 1, \"shards\": 1e300, \"shard\": 1}",
        "{\"part\": 1, \"shards\": 1, \"shard\": 1, \"images\": -1}",
        UP_TO_LIST "3}",
        UP_TO_LIST "\"a\", \"bytes\": 2}",
        UP_TO_LIST "\"a\", \"bytes\": 2, \"crc32c\": \"00\"}",
        UP_TO_LIST "\"a\", \"bytes\": 2, \"crc32c\": \"1\", \"run\": []}",
        "{\"part\": 1, \"shards\": 1, \"sha"};
#undef UP_TO_LIST
    char path[512];
    snprintf(path, sizeof(path), "%s", test_write_text("bad.json", "[]"));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sb_error err;
        const char *order[1] = {path};
        test_write_text("bad.json.part", texts[i]);
        assert_int_equal(sb_results_parts_order(order, 1, &err), SB_EFORMAT);
        assert_non_null(strstr(err.path, "bad.json.part"));
    }
}

static int order_once(void *ctx)
{
    struct sb_error err;
    const char *order[1] = {ctx};
    struct sb_results_part p = shard(1);
    p.shards = 1;
    const int rc = sb_results_part_write(ctx, &p, &err);
    return rc ? rc : sb_results_parts_order(order, 1, &err);
}

static void test_parts__survive_out_of_memory(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof(path), "%s", test_write_text("memory.json", "[]"));
    test_every_allocation_fails(order_once, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts__are_put_in_order),
        cmocka_unit_test(test_parts__of_other_runs_are_named),
        cmocka_unit_test(test_parts__that_are_missing_are_counted),
        cmocka_unit_test(test_parts__that_were_changed_are_refused),
        cmocka_unit_test(test_parts__malformed_part_files),
        cmocka_unit_test(test_parts__survive_out_of_memory),
    };
    return cmocka_run_group_tests_name("datasets/results_part", tests, NULL, NULL);
}
