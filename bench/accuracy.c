/* Detection and evaluation in one call. See accuracy.h. */
#include "bench/accuracy.h"

#include "base/file.h"
#include "bench/accuracy_records.h"
#include "detect/detect_set.h"
#include "models/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Detections of the whole set into `results`. */
static int detect(struct sb_model *model, const struct sb_measure_options *o,
                  const struct sb_accuracy_set *set, const char *results,
                  struct sb_progress *progress, size_t *images, struct sb_error *err)
{
    struct sb_weights weights = {0};
    struct sb_pipeline_summary summary;
    const struct sb_bind_options bind = {.use_ema = o->use_ema};
    int rc = o->weights ? sb_weights_load(&weights, model->graph, o->weights, &bind, err)
                        : sb_weights_seeded(&weights, model->graph, o->seed, err);
    const struct sb_detect_set job = {.model = model,
                                      .weights = &weights,
                                      .annotations = set->annotations,
                                      .images = set->images,
                                      .results = results,
                                      .score_threshold = -1,
                                      .threads = o->threads,
                                      .progress = progress};
    if (rc == 0)
        rc = sb_detect_set_run(&job, &summary, err);
    *images = rc == 0 ? summary.images : 0;
    sb_weights_release(&weights);
    return rc;
}

static int evaluate(const struct sb_model *model, const struct sb_measure_options *o,
                    const struct sb_accuracy_set *set, const char *results, size_t images,
                    const char *run, sb_record_fn emit, void *ctx, struct sb_error *err)
{
    struct sb_coco_result result;
    struct sb_pool *pool = sb_pool_new(o->threads, err);
    if (!pool)
        return err->code;
    int rc = sb_coco_evaluate_files(set->annotations, results, SB_IOU_BBOX, pool, &result, err);
    sb_pool_free(&pool);
    if (rc)
        return rc;
    const struct sb_accuracy_source source = {
        .run = run,
        .cell = {.model = model->name, .size = model->padded_h, .batch = 1, .threads = SB_NO_INT},
        .dataset = sb_path_base(set->annotations),
        .images = (int64_t)images,
        .note = o->weights ? NULL : "untrained weights",
    };
    rc = sb_accuracy_records(&result, 1, &source, emit, ctx, err);
    sb_coco_result_release(&result);
    return rc;
}

int sb_measure_accuracy(const struct sb_measure_options *options, const struct sb_accuracy_set *set,
                        const char *run, struct sb_progress *progress, sb_record_fn emit, void *ctx,
                        struct sb_error *err)
{
    char dir[] = "/tmp/spinebench-XXXXXX", results[64];
    const struct sb_model_options size = {.size = options->size, .batch = 1};
    struct sb_model *model = sb_model_open(options->model, &size, err);
    if (!model)
        return err->code;
    int rc = 0;
    size_t images = 0;
    if (model->task != SB_TASK_RETINANET && model->task != SB_TASK_MASKRCNN)
        rc = sb_error_set(err, SB_EINVAL, "%s detects nothing, so it has no COCO accuracy",
                          model->name);
    if (rc == 0 && !mkdtemp(dir))
        rc = sb_error_errno(err, "cannot create a folder like", dir);
    if (rc == 0) {
        snprintf(results, sizeof(results), "%s/detections.json", dir);
        rc = detect(model, options, set, results, progress, &images, err);
        if (rc == 0)
            rc = evaluate(model, options, set, results, images, run, emit, ctx, err);
        unlink(results);
        rmdir(dir);
    }
    sb_model_free(&model);
    return rc;
}
