/* NMS per class and the best over all classes. See class_nms.h. */
#include "detect/class_nms.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

int sb_class_nms_init(struct sb_class_nms *nms, const struct sb_postprocess_config *config,
                      double soft_sigma, struct sb_error *err)
{
    memset(nms, 0, sizeof(*nms));
    if (config->pre_nms_top_k < 1 || config->max_detections < 1)
        return sb_error_set(err, SB_EINVAL,
                            "post-processing keeps %d candidates and %d detections, expected at "
                            "least 1",
                            config->pre_nms_top_k, config->max_detections);
    if (!(config->nms_threshold >= 0 && config->nms_threshold <= 1))
        return sb_error_set(err, SB_EINVAL, "NMS threshold %g, expected 0 to 1",
                            config->nms_threshold);
    if (!isfinite(config->score_threshold) || !(soft_sigma >= 0))
        return sb_error_set(err, SB_EINVAL, "score threshold %g, soft NMS sigma %g",
                            config->score_threshold, soft_sigma);
    nms->pre_nms_top_k = (size_t)config->pre_nms_top_k;
    nms->options.iou_threshold = (float)config->nms_threshold;
    nms->options.score_threshold = (float)config->score_threshold;
    nms->options.max_output = (size_t)config->max_detections;
    nms->options.soft_sigma = (float)soft_sigma;
    nms->options.sort_corners = true;
    nms->kept = sb_calloc(nms->options.max_output, sizeof(*nms->kept), TAG);
    return nms->kept ? 0 : sb_error_nomem(err, "NMS", nms->options.max_output);
}

void sb_class_nms_release(struct sb_class_nms *nms)
{
    sb_free(nms->candidates);
    sb_free(nms->kept);
    sb_free(nms->found);
    sb_free(nms->order);
    memset(nms, 0, sizeof(*nms));
}

void sb_class_nms_start(struct sb_class_nms *nms)
{
    nms->num_candidates = 0;
    nms->num_found = 0;
    nms->least_score = -INFINITY;
}

/* Keeps the best pre_nms_top_k; what scores less than the last of them need not come any more. */
static void thin_out(struct sb_class_nms *nms)
{
    nms->num_candidates = sb_select_k(nms->candidates, nms->num_candidates, nms->pre_nms_top_k);
    float least = INFINITY;
    for (size_t i = 0; i < nms->num_candidates; i++)
        least = nms->candidates[i].score < least ? nms->candidates[i].score : least;
    nms->least_score = least;
}

int sb_class_nms_candidate(struct sb_class_nms *nms, float score, size_t row, struct sb_error *err)
{
    if (!(score > nms->options.score_threshold) || score < nms->least_score)
        return 0;
    if (nms->num_candidates / 2 >= nms->pre_nms_top_k)
        thin_out(nms);
    if (row > INT32_MAX || sb_grow(&nms->candidates, &nms->cap_candidates, nms->num_candidates + 1,
                                   sizeof(*nms->candidates), TAG))
        return sb_error_nomem(err, "NMS candidates", nms->num_candidates);
    nms->candidates[nms->num_candidates++] = (struct sb_candidate){score, (int32_t)row};
    return 0;
}

int sb_class_nms_end_class(struct sb_class_nms *nms, int class_id, const struct sb_box *boxes,
                           struct sb_error *err)
{
    if (nms->num_candidates == 0)
        return 0;
    const size_t n = sb_select_k(nms->candidates, nms->num_candidates, nms->pre_nms_top_k);
    nms->num_candidates = 0;
    nms->least_score = -INFINITY;
    size_t count = 0;
    const int rc = sb_nms(boxes, nms->candidates, n, &nms->options, nms->kept, &count, err);
    if (rc)
        return rc;
    if (sb_grow(&nms->found, &nms->cap_found, nms->num_found + count, sizeof(*nms->found), TAG))
        return sb_error_nomem(err, "detections", nms->num_found + count);
    for (size_t i = 0; i < count; i++)
        nms->found[nms->num_found++] =
            (struct sb_scored_box){boxes[nms->kept[i].index], nms->kept[i].score, class_id};
    return 0;
}

int sb_class_nms_finish(struct sb_class_nms *nms, struct sb_scored_box *out, size_t *count,
                        struct sb_error *err)
{
    *count = 0;
    if (sb_grow(&nms->order, &nms->cap_order, nms->num_found, sizeof(*nms->order), TAG))
        return sb_error_nomem(err, "detections", nms->num_found);
    for (size_t i = 0; i < nms->num_found; i++)
        nms->order[i] = (struct sb_candidate){nms->found[i].score, (int32_t)i};
    *count = sb_top_k(nms->order, nms->num_found, nms->options.max_output);
    for (size_t i = 0; i < *count; i++)
        out[i] = nms->found[nms->order[i].index];
    return 0;
}
