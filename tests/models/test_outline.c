/* models/outline*.c: blocks, edges and drawings of models. */
#include "models/outline.h"

#include "base/mem.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static struct sb_error err;

static struct sb_model *outline_of(struct sb_outline *o, const char *name)
{
    const struct sb_model_options options = {.size = 128};
    struct sb_model *m = sb_model_open(name, &options, &err);
    assert_non_null(m);
    assert_ok(sb_outline_init(o, m, &err), &err);
    return m;
}

static const struct sb_outline_block *find(const struct sb_outline *o, const char *name)
{
    for (size_t i = 0; i < o->num_blocks; i++) {
        if (strcmp(o->blocks[i].name, name) == 0)
            return &o->blocks[i];
    }
    fail_msg("no block '%s'", name);
    return NULL;
}

/* The numbers of the backbone blocks that block `to` reads, as text: "7r 12r 11i". */
static void parents_of(const struct sb_outline *o, const char *to, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < o->num_edges; i++) {
        const struct sb_outline_edge *e = &o->edges[i];
        if (strcmp(o->blocks[e->to].name, to) != 0)
            continue;
        const char *name = o->blocks[e->from].name;
        const char *number = strstr(name, "backbone/block");
        used += (size_t)snprintf(text + used, size - used, "%s%s%c", used ? " " : "",
                                 number ? number + 14 : name, sb_edge_kind_name(e->kind)[0]);
    }
}

static void assert_parents(const struct sb_outline *o, const char *block, const char *want)
{
    char text[200];
    parents_of(o, block, text, sizeof(text));
    assert_string_equal(text, want);
}

static void test_outline__spinenet_49(void **state)
{
    (void)state;
    struct sb_outline o;
    struct sb_model *m = outline_of(&o, "spinenet-49");
    assert_int_equal(o.num_blocks, 1 + 1 + 17 + 5);
    assert_parents(&o, "backbone/block0", "backbone/stemp");
    assert_parents(&o, "backbone/block1", "0p");
    assert_parents(&o, "backbone/block2", "0r 1r");
    assert_parents(&o, "backbone/block9", "6r 8r");
    assert_parents(&o, "backbone/block14", "7r 12r 11i");
    assert_parents(&o, "backbone/p5", "14p");
    assert_string_equal(find(&o, "backbone/block3")->kind, "residual");
    assert_string_equal(find(&o, "backbone/block4")->kind, "bottleneck");
    assert_int_equal(find(&o, "backbone/block4")->level, SB_LEVEL_3);
    assert_true(find(&o, "backbone/block1")->is_stem);
    assert_false(find(&o, "backbone/block2")->is_stem);
    assert_true(find(&o, "backbone/block16")->is_output);
    assert_false(find(&o, "backbone/block11")->is_output);
    assert_string_equal(find(&o, "backbone/p7")->output, "feature_p7");
    size_t params = 0;
    for (size_t i = 0; i < o.num_blocks; i++)
        params += o.blocks[i].params;
    assert_int_equal(params, sb_graph_params(m->graph));
    sb_outline_release(&o);
    sb_model_free(&m);
}

/* Connections of the other published networks whose implicit edge is known. */
static void test_outline__implicit_edges(void **state)
{
    (void)state;
    static const struct {
        const char *model, *block, *parents;
    } rows[] = {
        {"r0-sp53", "backbone/block13", "6r 7r 11i"},
        {"mobile-spinenet-49", "backbone/block15", "8r 13r 12i"},
        {"r23-sp30", "backbone/block7", "5r 6r"},
    };
    static const int implicit[] = {1, 1, 0};
    for (size_t r = 0; r < 3; r++) {
        struct sb_outline o;
        struct sb_model *m = outline_of(&o, rows[r].model);
        int count = 0;
        for (size_t i = 0; i < o.num_edges; i++)
            count += o.edges[i].kind == SB_EDGE_IMPLICIT;
        assert_int_equal(count, implicit[r]);
        assert_parents(&o, rows[r].block, rows[r].parents);
        sb_outline_release(&o);
        sb_model_free(&m);
    }
}

static void test_outline__necks_and_heads(void **state)
{
    (void)state;
    struct sb_outline o;
    struct sb_model *m = outline_of(&o, "maskrcnn-resnet-50-fpn");
    assert_parents(&o, "neck/p4", "backbone/stage4/block5p neck/p5p");
    assert_parents(&o, "neck/p7", "neck/p6p");
    assert_string_equal(find(&o, "backbone/stage3/block0")->kind, "bottleneck");
    assert_string_equal(find(&o, "mask_head")->kind, "mask head");
    assert_string_equal(find(&o, "rpn/p3")->kind, "rpn");
    assert_int_equal(find(&o, "detections")->part, SB_PART_HEAD);
    assert_parents(&o, "detections", "box_headp proposalsp");
    sb_outline_release(&o);
    sb_model_free(&m);
}

static void test_outline__dot_names_every_block(void **state)
{
    (void)state;
    struct sb_outline o;
    struct sb_str out = SB_STR_INIT;
    struct sb_model *m = outline_of(&o, "spinenet-49");
    sb_outline_dot(&o, "a \"quoted\" title", &out);
    const char *text = sb_str_text(&out);
    assert_non_null(strstr(text, "digraph \"a quoted title\" {"));
    assert_non_null(strstr(text, "\"backbone/block11\" -> \"backbone/block14\" [style=dashed]"));
    assert_non_null(strstr(text, "\"backbone/block3\" [label=\"backbone/block3\\nL4 residual\\n"
                                 "(1, 256, 8, 8)\", shape=diamond"));
    size_t arrows = 0;
    for (const char *p = strstr(text, "->"); p; p = strstr(p + 2, "->"))
        arrows++;
    assert_int_equal(arrows, o.num_edges);
    sb_str_release(&out);
    sb_outline_release(&o);
    sb_model_free(&m);
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
        n++;
    return n;
}

static void test_outline__drawing_has_every_block_and_edge(void **state)
{
    (void)state;
    struct sb_outline o;
    struct sb_str script = SB_STR_INIT;
    int width = 0, height = 0;
    struct sb_model *m = outline_of(&o, "spinenet-49");
    assert_ok(sb_outline_gnuplot(&o, "spinenet-49", &script, &width, &height, &err), &err);
    const char *text = sb_str_text(&script);
    assert_int_equal(count_of(text, "set object polygon"), 4);             /* residual */
    assert_int_equal(count_of(text, " front fillstyle solid border"), 18); /* and the stem */
    assert_int_equal(count_of(text, "border linecolor rgb '#c0392b'"), 5);
    assert_int_equal(count_of(text, "set arrow"), 2 + 30 + 1);
    assert_true(width > 800 && height > 500);
    sb_str_release(&script);
    sb_outline_release(&o);
    sb_model_free(&m);
}

/* Every arrow points to the right, also in networks whose pyramid is built from the top. */
static void test_outline__arrows_point_right(void **state)
{
    (void)state;
    static const char *const models[] = {"retinanet-resnet-50-fpn", "retinanet-resnet-50-nasfpn",
                                         "r23-sp30", "mobile-spinenet-49"};
    for (size_t i = 0; i < 4; i++) {
        struct sb_outline o;
        struct sb_str script = SB_STR_INIT;
        int width, height, arrows = 0;
        struct sb_model *m = outline_of(&o, models[i]);
        assert_ok(sb_outline_gnuplot(&o, models[i], &script, &width, &height, &err), &err);
        for (const char *p = strstr(sb_str_text(&script), "set arrow"); p;
             p = strstr(p + 1, "set arrow")) {
            double x0, y0, x1, y1;
            assert_int_equal(sscanf(p, "set arrow from %lf,%lf to %lf,%lf", &x0, &y0, &x1, &y1), 4);
            assert_true(x1 > x0);
            arrows++;
        }
        assert_true(arrows > 15);
        sb_str_release(&script);
        sb_outline_release(&o);
        sb_model_free(&m);
    }
}

static void test_outline__out_of_memory_is_an_error(void **state)
{
    (void)state;
    const struct sb_model_options options = {.size = 128};
    struct sb_model *m = sb_model_open("spinenet-49", &options, &err);
    struct sb_outline o;
    long n = 1;
    for (;; n++) {
        sb_mem_fail_after(n);
        const int rc = sb_outline_init(&o, m, &err);
        sb_mem_fail_after(0);
        if (rc == 0)
            break;
        assert_int_equal(rc, SB_ENOMEM);
    }
    assert_true(n > 3);
    sb_outline_release(&o);
    sb_model_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outline__spinenet_49),
        cmocka_unit_test(test_outline__implicit_edges),
        cmocka_unit_test(test_outline__necks_and_heads),
        cmocka_unit_test(test_outline__dot_names_every_block),
        cmocka_unit_test(test_outline__drawing_has_every_block_and_edge),
        cmocka_unit_test(test_outline__arrows_point_right),
        cmocka_unit_test(test_outline__out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("models/outline", tests, NULL, NULL);
}
