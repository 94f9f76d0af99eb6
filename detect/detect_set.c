/* Images, classes and detector of a run over one annotation file. See detect_set.h. */
#include "detect/detect_set.h"

#include "detect/detect_run.h"

#include <string.h>

static int run_detector(const struct sb_detect_set *set, const struct sb_class_map *classes,
                        const struct sb_image_list *list, struct sb_pipeline_summary *summary,
                        struct sb_error *err)
{
    struct sb_detector_options options;
    sb_detector_options_defaults(&options);
    options.plan.threads = set->threads;
    options.score_threshold = set->score_threshold;
    options.keep_image = set->draw_dir != NULL;
    struct sb_detector *detector = sb_detector_new(set->model, set->weights, &options, err);
    if (!detector)
        return err->code;
    const struct sb_detect_job job = {.detector = detector,
                                      .classes = classes,
                                      .draw_dir = set->draw_dir,
                                      .draw_threshold = set->draw_threshold};
    const struct sb_pipeline_options pipeline = {.list = list,
                                                 .results = set->results,
                                                 .settings = "{}", /* never resumed */
                                                 .loaders = 1,
                                                 .progress = set->progress};
    const int rc = sb_detect_run(&job, &pipeline, summary, err);
    sb_detector_free(&detector);
    return rc;
}

int sb_detect_set_run(const struct sb_detect_set *set, struct sb_pipeline_summary *summary,
                      struct sb_error *err)
{
    struct sb_coco_images images = {0};
    struct sb_image_list list = {0};
    struct sb_class_map classes = {0};
    int rc = sb_coco_images_load(set->annotations, &images, err);
    if (rc == 0)
        rc = sb_image_list_from_coco(&list, &images, set->images, err);
    if (rc == 0 && set->max_images)
        sb_image_list_truncate(&list, set->max_images);
    if (rc == 0)
        rc = sb_class_map_init(&classes, set->model->num_classes, &images, err);
    if (rc == 0)
        rc = run_detector(set, &classes, &list, summary, err);
    sb_class_map_release(&classes);
    sb_image_list_release(&list);
    sb_coco_images_release(&images);
    return rc;
}
