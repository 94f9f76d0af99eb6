/*
 * The readers of results and annotations on any text, and an evaluation of what they accept: no
 * number outside of its range, and an error that names a byte of the file.
 */
#include "eval/coco_eval.h"
#include "eval/coco_summary.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define MAX_IDS 1000 /* odd ids of results that are kept */

static const char annotations[] =
    "{\"images\":[{\"id\":1,\"height\":6,\"width\":8},{\"id\":2,\"height\":9,\"width\":5}],"
    "\"categories\":[{\"id\":1,\"name\":\"a\"},{\"id\":3}],\"annotations\":["
    "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,4,4],\"area\":16,\"iscrowd\":0,"
    "\"segmentation\":[[0,0,0,4,4,4,4,0]],\"num_keypoints\":1,\"keypoints\":[1,2,2,3,4,0]},"
    "{\"id\":2,\"image_id\":1,\"category_id\":1,\"bbox\":[2,2,4,3],\"area\":12,\"iscrowd\":1,"
    "\"segmentation\":{\"size\":[6,8],\"counts\":[14,3,3,3,25]},\"num_keypoints\":0,"
    "\"keypoints\":[0,0,0,0,0,0]},"
    "{\"id\":3,\"image_id\":2,\"category_id\":3,\"bbox\":[1,1,2,7.5],\"area\":15,\"iscrowd\":0,"
    "\"segmentation\":{\"size\":[9,5],\"counts\":\"9<h0\"},\"num_keypoints\":2,"
    "\"keypoints\":[1,2,2,3,4,1]}]}";

static const char results[] = "[{\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,4,4.5],\"score\":0."
                              "5,\"keypoints\":[1,2,1,3,4,"
                              "1]},{\"image_id\":1,\"category_id\":1,\"bbox\":[2,2,4,3],\"score\":"
                              "0.25,\"keypoints\":[1,1,1,1,"
                              "1,1]},{\"image_id\":2,\"category_id\":3,\"bbox\":[1,1,2,7],"
                              "\"score\":1,\"keypoints\":[9,9,1,0,0,"
                              "1]}]";

/* A copy of the text that may be read a little past its end, as a map. */
static struct sb_map text_of(const void *data, size_t size)
{
    return (struct sb_map){.data = fuzz_padded_text(data, size), .size = size, .borrowed = true};
}

/* Few thresholds, so that an evaluation is quick. */
static void choose_params(struct sb_coco_params *p, unsigned how)
{
    static const enum sb_iou_type types[] = {SB_IOU_BBOX, SB_IOU_SEGM, SB_IOU_KEYPOINTS};
    sb_coco_params_defaults(p, types[how % 3]);
    p->use_cats = !(how & 64);
    p->iou_count = 2;
    p->recall_count = 3;
    p->area_count = 2;
    p->areas[1].lo = 0;
    p->areas[1].hi = 14;
    p->max_det_count = 2;
    p->max_dets[0] = 1;
    p->max_dets[1] = 2;
    if (sb_compares_keypoints(p))
        p->keypoint_count = 2;
}

static void check_evaluation(const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                             const struct sb_coco_params *params)
{
    struct sb_coco_eval eval;
    struct sb_error err = {0};
    if (sb_coco_evaluate(&eval, gt, dt, params, SB_EVAL_ARRAYS, NULL, &err))
        fuzz_broken(err.message, __FILE__, __LINE__);
    for (size_t p = 0; p < params->area_count * params->max_det_count; p++) {
        for (size_t i = 0; i < params->iou_count * eval.classes; i++) {
            const double recall = eval.recall[p][i];
            FUZZ_CHECK(recall == -1 || (recall >= 0 && recall <= 1));
        }
        for (size_t i = 0; i < params->iou_count * eval.classes * params->recall_count; i++) {
            const double precision = eval.precision[p][i];
            FUZZ_CHECK(precision == -1 || (precision >= 0 && precision <= 1));
        }
    }
    sb_coco_eval_release(&eval);
}

static void check_error(const struct sb_error *err, size_t size)
{
    FUZZ_CHECK((err->code == SB_EFORMAT || err->code == SB_EUNSUPPORTED) && err->message[0]);
    FUZZ_CHECK(err->offset <= (int64_t)size);
}

/* Reads the results, evaluates what was read. */
static void try_results(struct sb_coco_gt *gt, const struct sb_coco_params *params,
                        const void *data, size_t size)
{
    struct sb_map text = text_of(data, size);
    struct sb_coco_dt dt;
    struct sb_error err = {0};
    if (sb_coco_dt_read(&dt, &text, "results", gt, params, NULL, NULL, &err)) {
        check_error(&err, size);
    } else {
        check_evaluation(gt, &dt, params);
        sb_coco_dt_release(&dt);
    }
    free((char *)text.data);
}

/* The annotations above, read once per kind of evaluation, and again when results have left many
 * odd ids behind. */
static struct sb_coco_gt *known_annotations(const struct sb_coco_params *params)
{
    static struct sb_map text;
    static struct sb_coco_gt kept[3];
    struct sb_coco_gt *const gt = &kept[params->iou_type];
    struct sb_error err = {0};
    if (gt->count > 0 && gt->ids.count < MAX_IDS)
        return gt;
    if (gt->count > 0)
        sb_coco_gt_release(gt);
    if (!text.data)
        text = text_of(annotations, sizeof(annotations) - 1);
    FUZZ_CHECK(sb_coco_gt_read(gt, &text, "annotations", params, NULL, NULL, &err) == 0);
    return gt;
}

/* The first byte chooses what is evaluated, the rest is the file. */
void fuzz_results(const uint8_t *data, size_t size)
{
    struct sb_coco_params params;
    if (size == 0)
        return;
    choose_params(&params, data[0]);
    try_results(known_annotations(&params), &params, data + 1, size - 1);
}

/* The same for annotations, with the results above. */
void fuzz_annotations(const uint8_t *data, size_t size)
{
    struct sb_coco_params params;
    struct sb_coco_gt gt;
    struct sb_error err = {0};
    if (size == 0)
        return;
    struct sb_map text = text_of(data + 1, size - 1);
    choose_params(&params, data[0]);
    if (sb_coco_gt_read(&gt, &text, "annotations", &params, NULL, NULL, &err)) {
        check_error(&err, size);
    } else {
        try_results(&gt, &params, results, sizeof(results) - 1);
        sb_coco_gt_release(&gt);
    }
    free((char *)text.data);
}
