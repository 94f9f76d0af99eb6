/*
 * A detector. The network writes the outputs that post-processing reads into one block per item, so
 * that the next item can run meanwhile. See detector.h.
 */
#include "detect/detector.h"

#include "base/mem.h"
#include "base/size.h"
#include "datasets/rle.h"
#include "detect/mask_paste.h"
#include "detect/region_ops.h"
#include "detect/retinanet.h"

#include <stdio.h>
#include <string.h>

#define MAX_TENSORS    (2 * SB_LEVEL_COUNT)
#define ROW_VALUES     6 /* of the "detections" tensor: box, score, class */
#define MASK_THRESHOLD 0.5f
#define ALIGNED_FLOATS 16 /* 64 bytes, as plans want bound outputs */
#define TAG            SB_MEM_TAG(SB_MEM_DATA, 0)

/* A network output that post-processing needs. */
struct tensor {
    char name[32];
    struct sb_shape shape;
    size_t start; /* in an output block */
};

struct sb_detector {
    const struct sb_model *model;
    struct sb_detector_options options;
    struct sb_plan *plan;
    struct tensor tensors[MAX_TENSORS];
    int num_tensors;
    size_t num_values;
    struct sb_retinanet retinanet; /* with SB_TASK_RETINANET */
    struct sb_scored_box *found;   /* max_detections, owned */
    uint8_t *mask;                 /* of the current image's size, owned */
    size_t mask_capacity;
};

void sb_detector_options_defaults(struct sb_detector_options *options)
{
    memset(options, 0, sizeof(*options));
    sb_plan_options_defaults(&options->plan);
    options->score_threshold = -1;
}

/* The options that change what the network's own last step keeps. */
static void adjust_graph(struct sb_model *model, const struct sb_detector_options *options)
{
    if (options->score_threshold >= 0)
        model->postprocess.score_threshold = options->score_threshold;
    for (size_t i = 0; i < model->graph->num_nodes; i++) {
        struct sb_node *const node = &model->graph->nodes[i];
        if (node->op != SB_OP_DETECTIONS)
            continue;
        node->u.region.score_threshold = model->postprocess.score_threshold;
        node->u.region.soft_nms_sigma = options->soft_sigma;
    }
}

static int add_tensor(struct sb_detector *d, const char *name, struct sb_error *err)
{
    struct tensor *const t = &d->tensors[d->num_tensors++];
    snprintf(t->name, sizeof(t->name), "%s", name);
    if (!sb_plan_output(d->plan, name, &t->shape))
        return sb_error_set(err, SB_EINVAL, "the model has no output '%s'", name);
    t->start = d->num_values;
    d->num_values += sb_align_size(sb_shape_count(t->shape), ALIGNED_FLOATS);
    return 0;
}

static int add_tensors(struct sb_detector *d, struct sb_error *err)
{
    if (d->model->task == SB_TASK_MASKRCNN) {
        const int rc = add_tensor(d, "detections", err);
        return rc ? rc : add_tensor(d, "detection_masks", err);
    }
    int rc = 0;
    char name[32];
    for (int l = d->model->anchor.min_level; rc == 0 && l <= d->model->anchor.max_level; l++) {
        snprintf(name, sizeof(name), "class_p%d", l);
        rc = add_tensor(d, name, err);
        snprintf(name, sizeof(name), "box_p%d", l);
        rc = rc ? rc : add_tensor(d, name, err);
    }
    return rc;
}

static int check_model(const struct sb_model *model, struct sb_error *err)
{
    if (model->task != SB_TASK_RETINANET && model->task != SB_TASK_MASKRCNN) {
        sb_error_set(err, SB_EINVAL, "model '%s' is no detector", model->name);
        return sb_error_hint(err, "'spinebench classify' runs classification models");
    }
    if (model->batch != 1)
        return sb_error_set(err, SB_EINVAL, "detection with batch %d, expected 1", model->batch);
    return 0;
}

static int set_up(struct sb_detector *d, struct sb_model *model, const struct sb_weights *weights,
                  struct sb_error *err)
{
    adjust_graph(model, &d->options);
    d->options.plan.region = &sb_detect_region_ops;
    d->plan = sb_plan_new(model->graph, weights, &d->options.plan, err);
    if (!d->plan)
        return SB_EINVAL; /* err is set */
    int rc = add_tensors(d, err);
    if (rc == 0 && model->task == SB_TASK_RETINANET)
        rc = sb_retinanet_init(&d->retinanet, model, d->options.soft_sigma, err);
    d->found = sb_calloc(sb_detector_max_detections(d), sizeof(*d->found), TAG);
    if (rc == 0 && !d->found)
        rc = sb_error_nomem(err, "detections", sb_detector_max_detections(d));
    return rc;
}

struct sb_detector *sb_detector_new(struct sb_model *model, const struct sb_weights *weights,
                                    const struct sb_detector_options *options, struct sb_error *err)
{
    if (check_model(model, err))
        return NULL;
    struct sb_detector *d = sb_calloc(1, sizeof(*d), TAG);
    if (!d) {
        sb_error_nomem(err, "a detector", sizeof(*d));
        return NULL;
    }
    d->model = model;
    d->options = *options;
    if (set_up(d, model, weights, err))
        sb_detector_free(&d);
    return d;
}

void sb_detector_free(struct sb_detector **detector)
{
    struct sb_detector *const d = *detector;
    if (!d)
        return;
    sb_plan_free(&d->plan);
    sb_retinanet_release(&d->retinanet);
    sb_free(d->found);
    sb_free(d->mask);
    sb_free(d);
    *detector = NULL;
}

size_t sb_detector_max_detections(const struct sb_detector *detector)
{
    return (size_t)detector->model->postprocess.max_detections;
}

int sb_detector_input_init(const struct sb_detector *detector, struct sb_detector_input *input,
                           struct sb_error *err)
{
    const struct sb_model *const m = detector->model;
    const size_t count = 3 * (size_t)m->padded_h * (size_t)m->padded_w;
    memset(input, 0, sizeof(*input));
    input->pixels = sb_calloc(count, sizeof(float), TAG);
    return input->pixels ? 0 : sb_error_nomem(err, "an input", count * sizeof(float));
}

void sb_detector_input_release(struct sb_detector_input *input)
{
    sb_image_release(&input->image);
    sb_free(input->pixels);
    memset(input, 0, sizeof(*input));
}

int sb_detector_output_init(const struct sb_detector *detector, struct sb_detector_output *output,
                            struct sb_error *err)
{
    memset(output, 0, sizeof(*output));
    output->values = sb_calloc(detector->num_values, sizeof(float), TAG);
    return output->values
               ? 0
               : sb_error_nomem(err, "network outputs", detector->num_values * sizeof(float));
}

void sb_detector_output_release(struct sb_detector_output *output)
{
    sb_free(output->values);
    memset(output, 0, sizeof(*output));
}

int sb_detector_load_image(const struct sb_detector *detector, const struct sb_image *image,
                           struct sb_detector_input *input, struct sb_error *err)
{
    const struct sb_model *const m = detector->model;
    input->height = image->height;
    input->width = image->width;
    sb_image_release(&input->image);
    if (detector->options.keep_image) {
        const int rc = sb_image_create(&input->image, image->width, image->height, err);
        if (rc)
            return rc;
        memcpy(input->image.pixels, image->pixels,
               (size_t)image->width * (size_t)image->height * 3);
    }
    return sb_preprocess_detection(image, m->image_h, m->image_w, m->padded_h, m->padded_w,
                                   input->pixels, &input->info, err);
}

int sb_detector_load(const struct sb_detector *detector, const char *path,
                     struct sb_detector_input *input, struct sb_error *err)
{
    struct sb_image_options options;
    struct sb_image image;
    sb_image_options_defaults(&options);
    options.apply_exif = detector->options.apply_exif;
    int rc = sb_image_load(path, &options, &image, err);
    if (rc)
        return rc;
    rc = sb_detector_load_image(detector, &image, input, err);
    sb_image_release(&image);
    return rc;
}

int sb_detector_run(struct sb_detector *detector, const struct sb_detector_input *input,
                    struct sb_detector_output *output, struct sb_error *err)
{
    sb_plan_bind_input(detector->plan, 0, input->pixels);
    for (int i = 0; i < detector->num_tensors; i++) {
        const struct tensor *const t = &detector->tensors[i];
        sb_plan_bind_output(detector->plan, t->name, output->values + t->start);
    }
    const int rc = sb_plan_run(detector->plan, NULL, err);
    if (rc)
        return rc;
    output->info = input->info;
    output->height = input->height;
    output->width = input->width;
    return 0;
}

/* x, y, w, h in pixels of the original image, float32 as officially. */
static void original_box(struct sb_box b, const struct sb_image_info *info, float xywh[4])
{
    const float ymin = b.ymin / info->scale[0], xmin = b.xmin / info->scale[1];
    const float ymax = b.ymax / info->scale[0], xmax = b.xmax / info->scale[1];
    xywh[0] = xmin;
    xywh[1] = ymin;
    xywh[2] = xmax - xmin;
    xywh[3] = ymax - ymin;
}

static int add_detection(const struct sb_scored_box *found, const struct sb_detector_output *output,
                         int64_t image_id, const struct sb_class_map *classes,
                         const struct sb_rle_text *mask, struct sb_detections *dets,
                         struct sb_error *err)
{
    float xywh[4];
    original_box(found->box, &output->info, xywh);
    const double box[4] = {xywh[0], xywh[1], xywh[2], xywh[3]};
    const int64_t category = classes->ids[found->class_id];
    if (sb_detections_add(dets, image_id, category, box, found->score, mask))
        return sb_error_nomem(err, "detections", dets->count);
    return 0;
}

static int finish_retinanet(struct sb_detector *d, const struct sb_detector_output *output,
                            int64_t image_id, const struct sb_class_map *classes,
                            struct sb_detections *dets, struct sb_error *err)
{
    struct sb_head_level levels[SB_LEVEL_COUNT] = {{NULL, NULL}};
    for (int i = 0; i < d->num_tensors; i += 2)
        levels[d->model->anchor.min_level + i / 2] = (struct sb_head_level){
            output->values + d->tensors[i].start, output->values + d->tensors[i + 1].start};
    const size_t n = sb_retinanet_detect(&d->retinanet, levels, d->found);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = add_detection(&d->found[i], output, image_id, classes, NULL, dets, err);
    return rc;
}

/* The pasted mask of a detection as text. */
static int make_mask(struct sb_detector *d, const struct sb_detector_output *output,
                     const float *probabilities, int size, struct sb_box box, struct sb_str *text,
                     struct sb_error *err)
{
    float xywh[4];
    struct sb_rle rle = {0};
    const int h = output->height, w = output->width;
    original_box(box, &output->info, xywh);
    if (sb_grow(&d->mask, &d->mask_capacity, (size_t)h * (size_t)w, 1, TAG))
        return sb_error_nomem(err, "a mask", (size_t)h * (size_t)w);
    int rc = sb_mask_paste(probabilities, size, xywh, MASK_THRESHOLD, d->mask, h, w, err);
    if (rc == 0)
        rc = sb_rle_from_mask(&rle, (uint32_t)h, (uint32_t)w, d->mask, (size_t)w, err);
    sb_str_clear(text);
    if (rc == 0)
        sb_rle_to_text(&rle, text);
    if (rc == 0 && text->failed)
        rc = sb_error_nomem(err, "a mask", text->length);
    sb_rle_release(&rle);
    return rc;
}

/* A row of the "detections" tensor; score -1 where there is none. */
static struct sb_scored_box row_of(const float *row)
{
    const struct sb_scored_box out = {{row[0], row[1], row[2], row[3]}, row[4], (int)row[5]};
    return out;
}

static int finish_maskrcnn(struct sb_detector *d, const struct sb_detector_output *output,
                           int64_t image_id, const struct sb_class_map *classes,
                           struct sb_detections *dets, struct sb_error *err)
{
    const float *const rows = output->values + d->tensors[0].start;
    const float *const masks = output->values + d->tensors[1].start;
    const int64_t size = d->tensors[1].shape.h;
    struct sb_str text = SB_STR_INIT;
    int rc = 0;
    for (int64_t i = 0; rc == 0 && i < d->tensors[0].shape.n; i++) {
        const struct sb_scored_box found = row_of(rows + i * ROW_VALUES);
        if (!(found.score >= 0))
            break;
        rc = make_mask(d, output, masks + i * size * size, (int)size, found.box, &text, err);
        const struct sb_rle_text mask = {output->height, output->width, text.data};
        if (rc == 0)
            rc = add_detection(&found, output, image_id, classes, &mask, dets, err);
    }
    sb_str_release(&text);
    return rc;
}

int sb_detector_finish(struct sb_detector *detector, const struct sb_detector_output *output,
                       int64_t image_id, const struct sb_class_map *classes,
                       struct sb_detections *dets, struct sb_error *err)
{
    return (detector->model->task == SB_TASK_MASKRCNN ? finish_maskrcnn : finish_retinanet)(
        detector, output, image_id, classes, dets, err);
}
