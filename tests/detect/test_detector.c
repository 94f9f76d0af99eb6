/* The detector from network input to COCO detections: the official final detections of every stored
 * detector case, from its checkpoint; scaling back to the image; refused models. */
#include "tests/test.h"

#include "base/mem.h"
#include "detect/detector.h"
#include "models/weights.h"
#include "tests/golden_case.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct fixture {
    struct golden_case c;
    struct sb_model *model;
    struct sb_detector *detector;
    struct sb_class_map classes;
    struct sb_detector_input input;
    struct sb_detector_output output;
    struct sb_detections dets;
};

static struct sb_model *open_model(const char *name)
{
    struct sb_error err;
    struct sb_model *model = sb_model_open(golden_model_spec(name), NULL, &err);
    if (!model)
        assert_ok(err.code, &err);
    return model;
}

/* options may be NULL. */
static void open_fixture(struct fixture *f, const char *name,
                         const struct sb_detector_options *options)
{
    struct sb_error err;
    struct sb_weights weights;
    struct sb_detector_options defaults;
    sb_detector_options_defaults(&defaults);
    memset(f, 0, sizeof(*f));
    golden_open(&f->c, name);
    f->model = open_model(name);
    assert_ok(sb_weights_load(&weights, f->model->graph, golden_path(name, "model.ckpt.index"),
                              NULL, &err),
              &err);
    f->detector = sb_detector_new(f->model, &weights, options ? options : &defaults, &err);
    sb_weights_release(&weights);
    if (!f->detector)
        assert_ok(err.code, &err);
    assert_ok(sb_class_map_init(&f->classes, f->model->num_classes, NULL, &err), &err);
    assert_ok(sb_detector_input_init(f->detector, &f->input, &err), &err);
    assert_ok(sb_detector_output_init(f->detector, &f->output, &err), &err);
    sb_detections_init(&f->dets);
}

static void close_fixture(struct fixture *f)
{
    sb_detections_release(&f->dets);
    sb_detector_output_release(&f->output);
    sb_detector_input_release(&f->input);
    sb_class_map_release(&f->classes);
    sb_detector_free(&f->detector);
    sb_model_free(&f->model);
}

/* Runs the case's stored input as an image that was not scaled. */
static void run_golden_input(struct fixture *f)
{
    struct sb_error err;
    float *const pixels = golden_planar(&f->c, "input");
    const size_t count = 3 * (size_t)f->model->padded_h * (size_t)f->model->padded_w;
    memcpy(f->input.pixels, pixels, count * sizeof(float));
    sb_free(pixels);
    sb_image_info_compute(f->model->image_h, f->model->image_w, f->model->image_h,
                          f->model->image_w, &f->input.info);
    f->input.height = f->model->image_h;
    f->input.width = f->model->image_w;
    assert_ok(sb_detector_run(f->detector, &f->input, &f->output, &err), &err);
    assert_ok(sb_detector_finish(f->detector, &f->output, 7, &f->classes, &f->dets, &err), &err);
}

/* Ten times the float32 error of the reference, the limit for folded batch norm; the READMEs of the
 * cases list it: at most 1.4e-3 px and 9e-6. */
static void assert_golden_detections(const struct fixture *f)
{
    struct sb_npy boxes = golden_array(&f->c, "detection_boxes");
    struct sb_npy scores = golden_array(&f->c, "detection_scores");
    struct sb_npy classes = golden_array(&f->c, "detection_classes");
    struct sb_npy valid = golden_array(&f->c, "num_detections");
    const size_t n = (size_t)((const int32_t *)valid.data)[0];
    assert_int_equal(f->dets.count, n);
    float ours[400], theirs[400], our_scores[100];
    for (size_t i = 0; i < n; i++) {
        const float *const b = (const float *)boxes.data + 4 * i;
        const float xywh[4] = {b[1], b[0], b[3] - b[1], b[2] - b[0]};
        memcpy(theirs + 4 * i, xywh, sizeof(xywh));
        for (int k = 0; k < 4; k++)
            ours[4 * i + k] = (float)f->dets.box[i][k];
        our_scores[i] = (float)f->dets.score[i];
        assert_int_equal(f->dets.category_id[i], ((const int32_t *)classes.data)[i]);
        assert_int_equal(f->dets.image_id[i], 7);
    }
    golden_assert_close("boxes", ours, theirs, 4 * n, 1.4e-2);
    golden_assert_close("scores", our_scores, scores.data, n, 9e-5);
    sb_npy_release(&boxes);
    sb_npy_release(&scores);
    sb_npy_release(&classes);
    sb_npy_release(&valid);
}

static void run_case(const char *name)
{
    struct fixture f;
    print_message("%s\n", name);
    open_fixture(&f, name, NULL);
    run_golden_input(&f);
    assert_golden_detections(&f);
    if (f.model->task == SB_TASK_MASKRCNN)
        for (size_t i = 0; i < f.dets.count; i++)
            assert_true(f.dets.mask[i].counts && f.dets.mask[i].h == f.model->image_h);
    else
        assert_null(f.dets.mask);
    close_fixture(&f);
}

static void test_detector__gives_the_official_detections_of_mini_cases(void **state)
{
    (void)state;
    static const char *const cases[] = {"mini_retinanet_spinenet49", "mini_retinanet_resnet18_fpn",
                                        "mini_retinanet_mobile49xs", "mini_maskrcnn_spinenet49"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        run_case(cases[i]);
}

static void test_detector__gives_the_official_detections_of_all_cases(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "retinanet_spinenet49_relu", "retinanet_spinenet49s_swish", "retinanet_spinenet143_swish",
        "retinanet_mobile49xs_full", "retinanet_resnet50_fpn",      "retinanet_resnet50_nasfpn",
        "maskrcnn_spinenet49",       "maskrcnn_spinenet49_512"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        run_case(cases[i]);
}

static void random_image(struct sb_image *image, int width, int height)
{
    struct sb_error err;
    assert_ok(sb_image_create(image, width, height, &err), &err);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                image->pixels[(y * width + x) * 3 + c] =
                    (uint8_t)(128 + 90 * sin(x * 0.05 * (c + 1)) * cos(y * 0.04));
}

static size_t detect_image(struct fixture *f, const struct sb_image *image)
{
    struct sb_error err;
    sb_detections_clear(&f->dets);
    assert_ok(sb_detector_load_image(f->detector, image, &f->input, &err), &err);
    assert_ok(sb_detector_run(f->detector, &f->input, &f->output, &err), &err);
    assert_ok(sb_detector_finish(f->detector, &f->output, 1, &f->classes, &f->dets, &err), &err);
    return f->dets.count;
}

/* The same picture, twice as large without new detail, gives boxes twice as large. */
static void test_detector__boxes_are_in_pixels_of_the_image(void **state)
{
    (void)state;
    static const int sizes[][2] = {{100, 60}, {60, 100}, {300, 200}, {2, 90}};
    struct fixture f;
    open_fixture(&f, "mini_retinanet_spinenet49", NULL);
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        struct sb_image image;
        random_image(&image, sizes[k][0], sizes[k][1]);
        const size_t n = detect_image(&f, &image);
        double right = 0, bottom = 0;
        for (size_t i = 0; i < n; i++) {
            const double *const b = f.dets.box[i];
            assert_true(b[0] >= 0 && b[1] >= 0);
            right = fmax(right, b[0] + b[2]);
            bottom = fmax(bottom, b[1] + b[3]);
        }
        /* the whole 128 x 128 input maps to a square around the longer side */
        const double longer = sizes[k][0] > sizes[k][1] ? sizes[k][0] : sizes[k][1];
        const double scale_y = (double)f.input.info.scale[0], scale_x = f.input.info.scale[1];
        assert_true(n > 0 && right <= 127 / scale_x + 1e-3 && bottom <= 127 / scale_y + 1e-3);
        assert_true(right > longer * 0.5 || bottom > longer * 0.5);
        sb_image_release(&image);
    }
    close_fixture(&f);
}

/* Pairs of one category that overlap by half: hard NMS leaves none. */
static size_t overlapping_pairs(const struct sb_detections *d)
{
    size_t pairs = 0;
    for (size_t i = 0; i < d->count; i++) {
        for (size_t k = 0; k < i; k++) {
            const double *const a = d->box[i], *const b = d->box[k];
            const double w = fmin(a[0] + a[2], b[0] + b[2]) - fmax(a[0], b[0]);
            const double h = fmin(a[1] + a[3], b[1] + b[3]) - fmax(a[1], b[1]);
            const double shared = fmax(w, 0) * fmax(h, 0);
            pairs += d->category_id[i] == d->category_id[k] &&
                     shared > 0.501 * (a[2] * a[3] + b[2] * b[3] - shared);
        }
    }
    return pairs;
}

static void test_detector__options_change_what_is_kept(void **state)
{
    (void)state;
    static const char *const cases[] = {"mini_retinanet_spinenet49", "mini_maskrcnn_spinenet49"};
    for (size_t k = 0; k < 2; k++) {
        struct sb_detector_options options;
        size_t counts[3], pairs[3];
        for (int i = 0; i < 3; i++) {
            struct fixture f;
            sb_detector_options_defaults(&options);
            options.score_threshold = i == 1 ? 0.5 : -1;
            options.soft_sigma = i == 2 ? 0.5 : 0;
            open_fixture(&f, cases[k], &options);
            run_golden_input(&f);
            counts[i] = f.dets.count;
            pairs[i] = overlapping_pairs(&f.dets);
            for (size_t d = 0; i == 1 && d < f.dets.count; d++)
                assert_true(f.dets.score[d] > 0.5);
            close_fixture(&f);
        }
        assert_true(counts[1] < counts[0]);
        assert_int_equal(pairs[0], 0);
        assert_true(pairs[2] > 0); /* overlapping boxes stay, with lower scores */
    }
}

static void test_detector__refuses_other_models(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_weights weights;
    struct sb_detector_options options;
    sb_detector_options_defaults(&options);
    struct sb_model *model = open_model("mini_classification_spinenet49");
    assert_ok(sb_weights_seeded(&weights, model->graph, 1, &err), &err);
    assert_null(sb_detector_new(model, &weights, &options, &err));
    assert_error(&err, SB_EINVAL, "is no detector");
    sb_weights_release(&weights);
    sb_model_free(&model);
}

static void test_class_map__fits_classes_to_categories(void **state)
{
    (void)state;
    struct sb_error err;
    struct sb_class_map map;
    assert_ok(sb_class_map_init(&map, 91, NULL, &err), &err);
    assert_int_equal(map.ids[90], 90);
    assert_string_equal(map.names[90], "toothbrush");
    assert_null(map.names[12]);
    sb_class_map_release(&map);
    assert_ok(sb_class_map_init(&map, 5, NULL, &err), &err);
    assert_null(map.names[1]);
    sb_class_map_release(&map);

    struct sb_coco_category gaps[3] = {{7, "c", ""}, {2, "a", ""}, {5, "b", ""}};
    struct sb_coco_images set = {.num_categories = 3, .categories = gaps};
    assert_ok(sb_class_map_init(&map, 8, &set, &err), &err); /* ids fit: class = id */
    assert_int_equal(map.ids[7], 7);
    assert_string_equal(map.names[7], "c");
    assert_null(map.names[1]);
    sb_class_map_release(&map);
    assert_ok(sb_class_map_init(&map, 4, &set, &err), &err); /* as many classes as categories */
    assert_int_equal(map.ids[1], 2);
    assert_int_equal(map.ids[3], 7);
    assert_string_equal(map.names[2], "b");
    sb_class_map_release(&map);
    assert_int_equal(sb_class_map_init(&map, 6, &set, &err), SB_EINVAL);
    assert_error(&err, SB_EINVAL, "5 classes without background, the annotations 3 categories");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detector__gives_the_official_detections_of_mini_cases),
        cmocka_unit_test(test_detector__gives_the_official_detections_of_all_cases),
        cmocka_unit_test(test_detector__boxes_are_in_pixels_of_the_image),
        cmocka_unit_test(test_detector__options_change_what_is_kept),
        cmocka_unit_test(test_detector__refuses_other_models),
        cmocka_unit_test(test_class_map__fits_classes_to_categories),
    };
    return cmocka_run_group_tests_name("detect/detector", tests, NULL, NULL);
}
