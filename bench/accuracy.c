/* Detection or classification of a data set, and its evaluation, in one call. See accuracy.h. */
#include "bench/accuracy.h"

#include "base/file.h"
#include "base/temporary.h"
#include "bench/accuracy_records.h"
#include "detect/classifier.h"
#include "detect/detect_set.h"
#include "models/weights.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LOADERS 16

/* One evaluation. */
struct job {
    const struct sb_measure_options *options;
    const struct sb_accuracy_set *set;
    struct sb_model *model;
    struct sb_weights weights;
    struct sb_accuracy_source source;
    /* what source points to */
    char weights_name[32], weights_digest[24], data_digest[24], images_digest[24];
    char note[160];
    struct sb_progress *progress;
    char results[280]; /* scratch file */
    sb_record_fn emit;
    void *ctx;
};

static int load_weights(struct job *j, struct sb_error *err)
{
    const struct sb_measure_options *o = j->options;
    const struct sb_bind_options bind = {.use_ema = o->use_ema};
    return o->weights ? sb_weights_load(&j->weights, j->model->graph, o->weights, &bind, err)
                      : sb_weights_seeded(&j->weights, j->model->graph, o->seed, err);
}

static int detect(struct job *j, struct sb_error *err)
{
    struct sb_pipeline_summary summary;
    const struct sb_detect_set job = {.model = j->model,
                                      .weights = &j->weights,
                                      .annotations = j->set->annotations,
                                      .images = j->set->images,
                                      .results = j->results,
                                      .score_threshold = -1,
                                      .threads = j->options->threads,
                                      .progress = j->progress};
    const int rc = sb_detect_set_run(&job, &summary, err);
    j->source.images = rc == 0 ? (int64_t)summary.images : 0;
    return rc;
}

static int evaluate_detector(struct job *j, struct sb_error *err)
{
    struct sb_coco_result result;
    int rc = detect(j, err);
    struct sb_pool *pool = rc == 0 ? sb_pool_new(j->options->threads, err) : NULL;
    if (rc == 0 && !pool)
        rc = err->code;
    if (rc == 0)
        rc = sb_coco_evaluate_files(j->set->annotations, j->results, SB_IOU_BBOX, pool, &result,
                                    err);
    sb_pool_free(&pool);
    if (rc)
        return rc;
    rc = sb_accuracy_records(&result, 1, &j->source, j->emit, j->ctx, err);
    sb_coco_result_release(&result);
    return rc;
}

/* A list of another data set's classes. */
static void note_labels(struct job *j, const struct sb_label_list *labels)
{
    const int64_t last = sb_classify_last_label(j->model, j->set->first_class);
    const size_t above = sb_label_list_above(labels, last);
    if (above == 0)
        return;
    snprintf(j->note, sizeof(j->note),
             "%simages with labels above %" PRId64
             ", the last that the model can predict: %zu of %zu",
             j->source.note ? "untrained weights; " : "", last, above, labels->images.count);
    j->source.note = j->note;
}

static int evaluate_classifier(struct job *j, struct sb_error *err)
{
    struct sb_label_list labels = {0};
    struct sb_classify_summary summary;
    struct sb_classify_options classify;
    sb_classify_options_defaults(&classify);
    classify.plan.threads = j->options->threads;
    classify.first_class = j->set->first_class;
    int rc = sb_label_list_load(&labels, j->set->annotations, j->set->images, NULL, err);
    if (rc == 0) {
        const int loaders = j->options->threads < MAX_LOADERS ? j->options->threads : MAX_LOADERS;
        const struct sb_pipeline_options pipeline = {.list = &labels.images,
                                                     .results = j->results,
                                                     .settings = "{}",
                                                     .loaders = loaders,
                                                     .progress = j->progress};
        rc = sb_classify_run(j->model, &j->weights, &classify, &labels, &pipeline, &summary, err);
    }
    if (rc == 0)
        note_labels(j, &labels);
    sb_label_list_release(&labels);
    if (rc)
        return rc;
    j->source.images = (int64_t)summary.labelled;
    const struct sb_topk topk = {.all = {.images = (int64_t)summary.labelled,
                                         .top1 = (int64_t)summary.top1,
                                         .top5 = (int64_t)summary.top5}};
    return sb_topk_records(&topk, &j->source, j->emit, j->ctx, err);
}

static int check_task(const struct sb_model *model, struct sb_error *err)
{
    if (model->task == SB_TASK_RETINANET || model->task == SB_TASK_MASKRCNN ||
        model->task == SB_TASK_CLASSIFY)
        return 0;
    return sb_error_set(err, SB_EINVAL, "%s neither detects nor classifies: it has no accuracy",
                        model->name);
}

static int label_digest(const struct sb_accuracy_set *set, uint64_t *digest, struct sb_error *err)
{
    struct sb_label_list labels = {0};
    int rc = sb_label_list_load(&labels, set->annotations, set->images, NULL, err);
    if (rc == 0)
        rc = sb_image_list_content_digest(&labels.images, digest, err);
    sb_label_list_release(&labels);
    return rc;
}

static int coco_digest(const struct sb_accuracy_set *set, uint64_t *digest, struct sb_error *err)
{
    struct sb_coco_images images = {0};
    struct sb_image_list list = {0};
    int rc = sb_coco_images_load(set->annotations, &images, err);
    if (rc == 0)
        rc = sb_image_list_from_coco(&list, &images, set->images, err);
    if (rc == 0)
        rc = sb_image_list_content_digest(&list, digest, err);
    sb_image_list_release(&list);
    sb_coco_images_release(&images);
    return rc;
}

int sb_accuracy_images_digest(const struct sb_accuracy_set *set, bool labels, char digest[24],
                              struct sb_error *err)
{
    uint64_t value = 0;
    const int rc = labels ? label_digest(set, &value, err) : coco_digest(set, &value, err);
    snprintf(digest, 24, "%016" PRIx64, value);
    return rc;
}

/* Which weights and which data, beyond names that files may share. */
static int identify(struct job *j, struct sb_error *err)
{
    uint64_t digest;
    int rc = sb_file_digest(j->set->annotations, &digest, err);
    if (rc == 0)
        rc = sb_accuracy_images_digest(j->set, j->model->task == SB_TASK_CLASSIFY, j->images_digest,
                                       err);
    if (rc)
        return rc;
    j->source.images_digest = j->images_digest;
    snprintf(j->data_digest, sizeof(j->data_digest), "%016" PRIx64, digest);
    snprintf(j->weights_digest, sizeof(j->weights_digest), "%016" PRIx64, j->weights.digest);
    snprintf(j->weights_name, sizeof(j->weights_name), "seed %" PRIu64, j->options->seed);
    j->source.data_digest = j->data_digest;
    j->source.weights_digest = j->weights_digest;
    j->source.weights = j->options->weights ? j->options->weights : j->weights_name;
    return 0;
}

int sb_measure_accuracy(const struct sb_measure_options *options, const struct sb_accuracy_set *set,
                        const char *run, struct sb_progress *progress, sb_record_fn emit, void *ctx,
                        struct sb_error *err)
{
    char dir[256], journal[300];
    const struct sb_model_options size = {.size = options->size, .batch = 1};
    struct job j = {.options = options, .set = set, .progress = progress, .emit = emit, .ctx = ctx};
    j.model = sb_model_open(options->model, &size, err);
    if (!j.model)
        return err->code;
    j.source = (struct sb_accuracy_source){
        .run = run,
        .cell = {.model = j.model->name,
                 .size = j.model->padded_h,
                 .batch = 1,
                 .threads = SB_NO_INT},
        .dataset = sb_path_base(set->annotations),
        .note = options->weights ? NULL : "untrained weights",
    };
    int rc = check_task(j.model, err);
    if (rc == 0)
        rc = sb_temporary_folder(dir, sizeof(dir), err);
    if (rc == 0) {
        snprintf(j.results, sizeof(j.results), "%s/results", dir);
        snprintf(journal, sizeof(journal), "%s.journal", j.results);
        sb_temporary_keep(j.results);
        sb_temporary_keep(journal);
        rc = load_weights(&j, err);
        if (rc == 0)
            rc = identify(&j, err);
        if (rc == 0)
            rc = j.model->task == SB_TASK_CLASSIFY ? evaluate_classifier(&j, err)
                                                   : evaluate_detector(&j, err);
        sb_temporary_remove_folder(dir);
    }
    sb_weights_release(&j.weights);
    sb_model_free(&j.model);
    return rc;
}
