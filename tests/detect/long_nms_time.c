/* How long RetinaNet's post-processing takes where it is worst: an untrained SpineNet-49 at 640,
 * once as its seeded weights leave it and once with every logit raised above the score threshold,
 * so that each of the 90 classes has 5000 candidates. Times are printed; what is tested is the
 * result. */
#include "base/clock.h"
#include "base/mem.h"
#include "detect/retinanet.h"
#include "engine/plan.h"
#include "models/model.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#define MAX_DETECTIONS 100
#define REPEATS        5

static struct sb_error err;

static struct sb_plan *untrained(const struct sb_model *model)
{
    struct sb_weights weights;
    struct sb_plan_options options;
    sb_plan_options_defaults(&options);
    assert_ok(sb_weights_seeded(&weights, model->graph, 1, &err), &err);
    struct sb_plan *plan = sb_plan_new(model->graph, &weights, &options, &err);
    sb_weights_release(&weights);
    assert_non_null(plan);
    struct sb_shape shape;
    float *input = sb_plan_input(plan, 0, &shape);
    const size_t n = sb_shape_count(shape);
    for (size_t i = 0; i < n; i++)
        input[i] = (float)((i * 7919) % 1000) / 500 - 1;
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
    return plan;
}

/* A level's class logits, raised; the copy goes into *copy and is freed with sb_free(). */
static struct sb_head_level level_of(const struct sb_plan *plan, int level, float raise,
                                     float **copy)
{
    char name[32];
    struct sb_shape shape;
    struct sb_head_level head;
    snprintf(name, sizeof(name), "box_p%d", level);
    head.box_deltas = sb_plan_output(plan, name, &shape);
    snprintf(name, sizeof(name), "class_p%d", level);
    const float *logits = sb_plan_output(plan, name, &shape);
    const size_t n = sb_shape_count(shape);
    *copy = sb_malloc(n * sizeof(float), SB_MEM_TAG(SB_MEM_DATA, 0));
    assert_non_null(*copy);
    for (size_t i = 0; i < n; i++)
        (*copy)[i] = logits[i] + raise;
    head.class_logits = *copy;
    return head;
}

static void time_detections(const struct sb_model *model, const struct sb_plan *plan, float raise,
                            const char *what)
{
    struct sb_retinanet r;
    struct sb_head_level levels[SB_LEVEL_COUNT];
    float *copies[SB_LEVEL_COUNT] = {0};
    struct sb_scored_box first[MAX_DETECTIONS], again[MAX_DETECTIONS];
    memset(levels, 0, sizeof(levels));
    memset(first, 0, sizeof(first));
    memset(again, 0, sizeof(again));
    for (int l = model->anchor.min_level; l <= model->anchor.max_level; l++)
        levels[l] = level_of(plan, l, raise, &copies[l]);
    assert_int_equal(model->postprocess.max_detections, MAX_DETECTIONS);
    assert_ok(sb_retinanet_init(&r, model, 0.0, &err), &err);
    assert_int_equal(sb_retinanet_detect(&r, levels, first), MAX_DETECTIONS);
    int64_t best_ns = INT64_MAX;
    for (int i = 0; i < REPEATS; i++) {
        const int64_t start = sb_now_ns();
        assert_int_equal(sb_retinanet_detect(&r, levels, again), MAX_DETECTIONS);
        const int64_t ns = sb_now_ns() - start;
        best_ns = ns < best_ns ? ns : best_ns;
        assert_memory_equal(first, again, sizeof(first));
    }
    for (int i = 1; i < MAX_DETECTIONS; i++)
        assert_true(first[i].score <= first[i - 1].score);
    print_message("%s: %.1f ms, best of %d\n", what, (double)best_ns * 1e-6, REPEATS);
    sb_retinanet_release(&r);
    for (int l = 0; l < SB_LEVEL_COUNT; l++)
        sb_free(copies[l]);
}

static void test_nms__worst_case_of_an_untrained_model(void **state)
{
    (void)state;
    struct sb_model *model = sb_model_open("retinanet-spinenet-49", NULL, &err);
    assert_non_null(model);
    struct sb_plan *plan = untrained(model);
    time_detections(model, plan, 0, "untrained");
    time_detections(model, plan, 10, "untrained, every logit raised by 10");
    sb_plan_free(&plan);
    sb_model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nms__worst_case_of_an_untrained_model),
    };
    return cmocka_run_group_tests_name("detect/nms_time", tests, NULL, NULL);
}
