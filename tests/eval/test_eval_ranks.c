/*
 * Evaluations over ranks against those of one process, on random small data sets: sections in any
 * order, text that looks like the start of an element, ids that repeat, are text, or are unknown,
 * any rules, and broken files. Small files are cut anywhere, so most guesses of a rank are wrong.
 * Stored cases of all metrics are in test_coco_parity.c.
 */
#include "base/rng.h"
#include "base/str.h"
#include "eval/metric.h"
#include "tests/base/support_ranks.h"
#include "tests/eval/support_eval.h"

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

/* What a data set is made with. */
struct maker {
    struct sb_rng rng;
    struct sb_str *out;
    bool masks, texts, repeats, unknown;
};

static int below(struct maker *m, int count)
{
    return (int)sb_rng_below(&m->rng, (uint32_t)count);
}

static void blank(struct maker *m)
{
    static const char *const blanks[] = {"", "", "", " ", "\n", " \t"};
    sb_str_puts(m->out, blanks[below(m, 6)]);
}

static void comma(struct maker *m, bool wanted)
{
    blank(m);
    sb_str_puts(m->out, wanted ? "," : "");
    blank(m);
}

static void image_id(struct maker *m, int id)
{
    sb_str_printf(m->out, m->texts ? "\"im%d\"" : "%d", id);
}

/* Sometimes a member that holds what elements look like. */
static void distraction(struct maker *m)
{
    static const char *const members[] = {"\"x\":\"}, {\\\"image_id\\\": 1\",",
                                          "\"x\":[{}, {\"id\":1}],",
                                          "\"x\":[{\"image_id\":1},{\"image_id\":2}],"};
    if (below(m, 4) == 0)
        sb_str_puts(m->out, members[below(m, 3)]);
}

static void box(struct maker *m)
{
    sb_str_printf(m->out, "\"bbox\":[%d,%d,%d,9]", below(m, 2), below(m, 2), 7 + below(m, 3));
}

static void mask(struct maker *m)
{
    const int a = below(m, 9), b = 1 + below(m, 60);
    sb_str_printf(m->out, ",\"segmentation\":{\"size\":[10,10],\"counts\":[%d,%d,%d]}", a, b,
                  100 - a - b);
}

static void images(struct maker *m)
{
    const int count = 2 + below(m, 5);
    for (int i = 0; i < count; i++) {
        sb_str_puts(m->out, "{");
        distraction(m);
        sb_str_puts(m->out, "\"id\":");
        image_id(m, (i * 5 + 3) % 7);
        sb_str_puts(m->out, ",\"height\":10,\"width\":10}");
        comma(m, i + 1 < count);
    }
}

static void annotations(struct maker *m)
{
    const int count = below(m, 12);
    for (int i = 0; i < count; i++) {
        sb_str_puts(m->out, "{");
        distraction(m);
        sb_str_printf(m->out, "\"id\":%d,\"image_id\":", m->repeats ? below(m, 6) : (i * 5) % 13);
        image_id(m, m->unknown ? below(m, 7) : (below(m, 2) * 5 + 3) % 7);
        sb_str_printf(m->out, ",\"category_id\":%d,\"iscrowd\":%d,\"area\":%d,",
                      1 + below(m, m->unknown ? 4 : 2), below(m, 5) == 0, below(m, 3) * 1024);
        box(m);
        if (m->masks)
            mask(m);
        sb_str_puts(m->out, "}");
        comma(m, i + 1 < count);
    }
}

static void categories(struct maker *m)
{
    for (int i = 3; i > 0; i--) {
        sb_str_printf(m->out, "{\"name\":\"cat %d }, {\",\"id\":%d}", i, i);
        comma(m, i > 1);
    }
}

static void section(struct maker *m, int which)
{
    static const char *const names[] = {"images", "annotations", "categories", "info"};
    static void (*const makers[])(struct maker * m) = {images, annotations, categories, categories};
    sb_str_printf(m->out, "\"%s\"", names[which]);
    blank(m);
    sb_str_puts(m->out, ":");
    blank(m);
    sb_str_puts(m->out, "[");
    makers[which](m);
    sb_str_puts(m->out, "]");
}

static void make_gt(struct maker *m)
{
    const int first = below(m, 4), step = below(m, 2) ? 1 : 3;
    sb_str_puts(m->out, "{");
    for (int i = 0; i < 4; i++) {
        section(m, (first + i * step) % 4);
        comma(m, i < 3);
    }
    sb_str_puts(m->out, "}");
    blank(m);
}

static void make_dt(struct maker *m)
{
    const int count = 1 + below(m, 15);
    blank(m);
    sb_str_puts(m->out, "[");
    for (int i = 0; i < count; i++) {
        sb_str_puts(m->out, "{\"image_id\":");
        image_id(m, m->unknown ? below(m, 9) : (below(m, 2) * 5 + 3) % 7);
        sb_str_printf(m->out, ",\"category_id\":%d,", 1 + below(m, m->unknown ? 5 : 2));
        distraction(m);
        box(m);
        if (m->masks)
            mask(m);
        sb_str_printf(m->out, ",\"score\":0.%d}", below(m, 4));
        comma(m, i + 1 < count);
    }
    sb_str_puts(m->out, "]");
}

/* Changes, takes out or cuts off at a random byte. */
static void spoil(struct maker *m)
{
    static const char bytes[] = "{}[],:\"0x -";
    char *const text = m->out->data;
    const size_t at = sb_rng_below(&m->rng, (uint32_t)m->out->length);
    switch (below(m, 3)) {
    case 0:
        text[at] = bytes[below(m, sizeof(bytes) - 1)];
        break;
    case 1:
        memmove(text + at, text + at + 1, m->out->length - at);
        m->out->length--;
        break;
    default:
        m->out->length = at;
        text[at] = 0;
    }
}

static void random_rules(struct maker *m, struct sb_coco_params *params)
{
    for (int i = 0; i < SB_RULES; i++) {
        const struct sb_rule_row *const row = sb_rule_row((enum sb_rule)i);
        int values = 0;
        while (values < SB_RULE_VALUES && row->values[values])
            values++;
        if (below(m, 4) == 0)
            params->rules[i] = (uint8_t)below(m, values);
    }
}

/* More thresholds than a word of 32 bits or two hold. */
static void many_thresholds(struct sb_coco_params *params)
{
    params->iou_count = 70;
    for (size_t t = 0; t < params->iou_count; t++)
        params->iou_thresholds[t] = 0.3 + 0.01 * (double)t;
}

static const char *make_file(struct maker *m, void (*make)(struct maker *m), const char *name,
                             bool spoilt)
{
    struct sb_str text = SB_STR_INIT;
    m->out = &text;
    make(m);
    if (spoilt)
        spoil(m);
    const char *const path = test_write(name, sb_str_text(&text), text.length);
    sb_str_release(&text);
    return path;
}

static void check_seed(uint64_t seed, bool spoilt)
{
    struct maker m = {0};
    struct sb_coco_params params;
    struct test_outcome one, many;
    char what[64];
    m.rng = sb_rng_seed(seed);
    m.masks = below(&m, 3) == 0;
    m.texts = below(&m, 4) == 0;
    m.repeats = below(&m, 4) == 0;
    m.unknown = below(&m, 5) == 0;
    const int which = spoilt ? below(&m, 2) : 2;
    const char *const gt = make_file(&m, make_gt, "gt.json", which == 0);
    const char *const dt = make_file(&m, make_dt, "dt.json", which == 1);
    sb_coco_params_init(&params,
                        sb_metric_find(SB_PROTOCOL_COCO, m.masks ? SB_IOU_SEGM : SB_IOU_BBOX));
    params.use_cats = below(&m, 4) != 0;
    if (seed % 2)
        random_rules(&m, &params);
    if (seed % 5 == 0)
        many_thresholds(&params);
    test_eval_outcome(gt, dt, &params, 1, 1, &one);
    const int ranks = 2 + below(&m, 6), threads = 1 + (seed % 16 == 0);
    snprintf(what, sizeof(what), "seed %d on %d ranks", (int)seed, ranks);
    test_eval_outcome(gt, dt, &params, ranks, threads, &many);
    test_assert_same_outcome(&one, &many, what);
}

static void test_eval_ranks__results_are_those_of_one_process(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++)
        check_seed(seed, false);
}

static void test_eval_ranks__errors_are_those_of_one_process(void **state)
{
    (void)state;
    for (uint64_t seed = 1001; seed <= 1300; seed++)
        check_seed(seed, true);
}

static int evaluate_on_two(void *ctx)
{
    const char **const paths = ctx;
    struct sb_coco_params params;
    struct test_outcome out;
    sb_coco_params_init(&params, sb_metric_find(SB_PROTOCOL_LVIS, SB_IOU_SEGM));
    test_eval_outcome(paths[0], paths[1], &params, 2, 1, &out);
    return out.rc;
}

static void test_eval_ranks__memory_that_runs_out_ends_all_ranks(void **state)
{
    (void)state;
    char gt[] = "{\"images\":[{\"id\":\"a\",\"height\":9,\"width\":9,\"neg_category_ids\":[1],"
                "\"not_exhaustive_category_ids\":[]},{\"id\":\"b\",\"height\":9,\"width\":9,"
                "\"neg_category_ids\":[],\"not_exhaustive_category_ids\":[1]}],\"annotations\":["
                "{\"id\":2,\"image_id\":\"b\",\"category_id\":1,\"area\":4,\"bbox\":[0,0,2,2],"
                "\"segmentation\":{\"size\":[9,9],\"counts\":[0,4,77]}},"
                "{\"id\":1,\"image_id\":\"a\",\"category_id\":1,\"area\":4,\"bbox\":[0,0,2,2],"
                "\"segmentation\":{\"size\":[9,9],\"counts\":[0,4,77]}}],"
                "\"categories\":[{\"id\":1,\"name\":\"cat\",\"frequency\":\"c\"}]}";
    static const char dt[] =
        "[{\"image_id\":\"b\",\"category_id\":1,\"score\":1,\"bbox\":[0,0,2,2],"
        "\"segmentation\":{\"size\":[9,9],\"counts\":[0,5,76]}},"
        "{\"image_id\":\"a\",\"category_id\":1,\"score\":1,\"bbox\":[0,0,2,2],"
        "\"segmentation\":{\"size\":[9,9],\"counts\":[0,5,76]}}]";
    const char *paths[] = {test_write_text("gt.json", gt), test_write_text("dt.json", dt)};
    test_every_allocation_fails(evaluate_on_two, paths);
    strstr(gt, "\"id\":2")[5] = '1'; /* an id that repeats */
    test_write_text("gt.json", gt);
    test_every_allocation_fails(evaluate_on_two, paths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eval_ranks__results_are_those_of_one_process),
        cmocka_unit_test(test_eval_ranks__errors_are_those_of_one_process),
        cmocka_unit_test(test_eval_ranks__memory_that_runs_out_ends_all_ranks),
    };
    return cmocka_run_group_tests_name("eval/eval_ranks", tests, NULL, NULL);
}
