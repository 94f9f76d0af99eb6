/* The trained weights that are part of the program give the outputs that the training framework
 * gives in float64 (tests/golden/trained, written by scripts/train/agreement.py), on both engines.
 */
#include "base/mem.h"
#include "datasets/preprocess.h"
#include "datasets/synth_scene.h"
#include "datasets/synth_species.h"
#include "detect/region_ops.h"
#include "engine/plan.h"
#include "models/model.h"
#include "models/weights.h"
#include "models/zoo.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIMIT 1e-4 /* of an output's standard deviation */

static struct sb_error err;

/* The first held-out image of the model's kind, as the network's input. */
static void fill_input(const struct sb_model *model, float *out)
{
    struct sb_image_info info;
    if (model->task == SB_TASK_CLASSIFY) {
        struct sb_image picture;
        int species;
        assert_ok(sb_species_make(1, "val", 0, &picture, &species, &err), &err);
        assert_ok(sb_preprocess_classification(&picture, model->image_h, out, &err), &err);
        sb_image_release(&picture);
        return;
    }
    struct sb_scene scene;
    assert_ok(sb_scene_make(1, "val", 0, &scene, &err), &err);
    assert_ok(sb_preprocess_detection(&scene.image, model->image_h, model->image_w, model->padded_h,
                                      model->padded_w, out, &info, &err),
              &err);
    sb_scene_release(&scene);
}

/* One line of the expectation: NAME COUNT DEVIATION STEP VALUES... */
static bool check_line(FILE *fp, const struct sb_plan *plan, const char *what)
{
    char name[64];
    size_t count, step;
    double deviation, value, worst = 0;
    struct sb_shape shape;
    if (fscanf(fp, "%63s %zu %lf %zu", name, &count, &deviation, &step) != 4)
        return false;
    const float *const ours = sb_plan_output(plan, name, &shape);
    assert_non_null(ours);
    assert_int_equal(shape.n * shape.c * shape.h * shape.w, count);
    for (size_t i = 0; i < count; i += step) {
        assert_int_equal(fscanf(fp, "%lf", &value), 1);
        worst = fmax(worst, fabs(ours[i] - value) / deviation);
    }
    if (!(worst <= LIMIT))
        fail_msg("%s: %s differs by %.2e of its deviation, expected at most %.0e", what, name,
                 worst, LIMIT);
    return true;
}

static void check_engine(struct sb_model *model, const struct sb_weights *weights,
                         enum sb_engine engine, FILE *fp)
{
    struct sb_plan_options options;
    char what[160];
    size_t outputs = 0;
    sb_plan_options_defaults(&options);
    options.engine = engine;
    options.threads = 1;
    options.region = &sb_detect_region_ops;
    struct sb_plan *plan = sb_plan_new(model->graph, weights, &options, &err);
    assert_ok(plan ? 0 : err.code, &err);
    fill_input(model, sb_plan_input(plan, 0, NULL));
    assert_ok(sb_plan_run(plan, NULL, &err), &err);
    snprintf(what, sizeof(what), "%s, engine %s", model->name, sb_engine_name(engine));
    rewind(fp);
    while (check_line(fp, plan, what))
        outputs++;
    assert_true(outputs > 0 && feof(fp));
    sb_plan_free(&plan);
}

/* The model of weights NAME or, of a further training run, NAME-seedN; *further says which. */
static struct sb_model *open_model(const char *weights, bool *further)
{
    char name[160];
    snprintf(name, sizeof(name), "%s", weights);
    char *const seed = strstr(name, "-seed");
    *further = seed != NULL;
    if (seed)
        *seed = '\0';
    struct sb_model *model = sb_model_open(name, NULL, &err);
    assert_ok(model ? 0 : err.code, &err);
    return model;
}

/* Of a Mask R-CNN the first stage: the second depends on what it finds. */
static void check_agreement(struct sb_model *model, const struct sb_weights *weights)
{
    char path[160];
    snprintf(path, sizeof(path), "golden/trained/%s.txt", model->name);
    FILE *fp = fopen(test_source(path), "r");
    if (!fp)
        fail_msg("%s is missing: scripts/train/agreement.py --sample writes it", path);
    check_engine(model, weights, SB_ENGINE_OPENBLAS, fp);
    check_engine(model, weights, SB_ENGINE_NATIVE, fp);
    fclose(fp);
}

static void test_trained__models_agree_with_the_training(void **state)
{
    (void)state;
    for (const struct sb_embedded *file = sb_weight_files; file->name; file++) {
        char source[160];
        bool further;
        struct sb_weights weights;
        struct sb_model *model = open_model(file->stem, &further);
        snprintf(source, sizeof(source), SB_EMBEDDED_WEIGHTS "%s", file->stem);
        assert_ok(sb_weights_load(&weights, model->graph, source, NULL, &err), &err);
        if (!further)
            check_agreement(model, &weights);
        sb_weights_release(&weights);
        sb_model_free(&model);
    }
}

static void test_trained__weights_are_small(void **state)
{
    (void)state;
    size_t bytes = 0;
    for (const struct sb_embedded *file = sb_weight_files; file->name; file++)
        bytes += file->size;
    assert_true(bytes > 0);
    if (bytes >= 6000000)
        fail_msg("the files of models/weights have %zu bytes, expected less than 6000000", bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trained__models_agree_with_the_training),
        cmocka_unit_test(test_trained__weights_are_small),
    };
    return cmocka_run_group_tests_name("trained", tests, NULL, NULL);
}
