/* NMS per class and the best over all classes. See class_nms.h. */
#include "detect/class_nms.h"

#include "base/mem.h"
#include "detect/scratch.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

int sb_class_nms_check(const struct sb_class_nms_limits *limits, struct sb_error *err)
{
    const struct sb_postprocess_config *const c = &limits->post;
    if (limits->num_classes < 2)
        return sb_error_set(err, SB_EINVAL, "%d classes, expected at least 2 with background",
                            limits->num_classes);
    if (c->pre_nms_top_k < 1 || c->max_detections < 1)
        return sb_error_set(err, SB_EINVAL,
                            "post-processing keeps %d candidates and %d detections, expected at "
                            "least 1",
                            c->pre_nms_top_k, c->max_detections);
    if (!(c->nms_threshold >= 0 && c->nms_threshold <= 1))
        return sb_error_set(err, SB_EINVAL, "NMS threshold %g, expected 0 to 1", c->nms_threshold);
    if (!isfinite(c->score_threshold) || !(limits->soft_sigma >= 0))
        return sb_error_set(err, SB_EINVAL, "score threshold %g, soft NMS sigma %g",
                            c->score_threshold, limits->soft_sigma);
    if (limits->max_rows > INT32_MAX / 2)
        return sb_error_set(err, SB_EINVAL, "%zu candidate boxes, expected less than 2^30",
                            limits->max_rows);
    return 0;
}

static void lay_out(struct sb_class_nms *nms, const struct sb_class_nms_limits *limits,
                    struct sb_scratch *s)
{
    memset(nms, 0, sizeof(*nms));
    nms->options.iou_threshold = (float)limits->post.nms_threshold;
    nms->options.score_threshold = (float)limits->post.score_threshold;
    nms->options.max_output = (size_t)limits->post.max_detections;
    nms->options.soft_sigma = (float)limits->soft_sigma;
    nms->options.sort_corners = true;
    nms->pre_nms_top_k = smaller((size_t)limits->post.pre_nms_top_k, limits->max_rows);
    nms->max_candidates = smaller(2 * nms->pre_nms_top_k, limits->max_rows);
    const size_t per_class = smaller(nms->options.max_output, nms->pre_nms_top_k);
    const size_t all = per_class * (size_t)(limits->num_classes - 1);
    nms->candidates = sb_scratch_take(s, nms->max_candidates, sizeof(*nms->candidates));
    nms->kept = sb_scratch_take(s, per_class, sizeof(*nms->kept));
    nms->found = sb_scratch_take(s, all, sizeof(*nms->found));
    nms->order = sb_scratch_take(s, all, sizeof(*nms->order));
    nms->nms_workspace = sb_scratch_take(s, sb_nms_bytes(nms->pre_nms_top_k, &nms->options), 1);
}

size_t sb_class_nms_bytes(const struct sb_class_nms_limits *limits)
{
    struct sb_class_nms nms;
    struct sb_scratch s = {NULL, 0};
    lay_out(&nms, limits, &s);
    return s.used;
}

void sb_class_nms_init_in(struct sb_class_nms *nms, const struct sb_class_nms_limits *limits,
                          void *memory)
{
    struct sb_scratch s = {memory, 0};
    lay_out(nms, limits, &s);
    sb_class_nms_start(nms);
}

int sb_class_nms_init(struct sb_class_nms *nms, const struct sb_class_nms_limits *limits,
                      struct sb_error *err)
{
    memset(nms, 0, sizeof(*nms));
    const int rc = sb_class_nms_check(limits, err);
    if (rc)
        return rc;
    const size_t bytes = sb_class_nms_bytes(limits);
    void *const block = sb_malloc(bytes, SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!block)
        return sb_error_nomem(err, "NMS", bytes);
    sb_class_nms_init_in(nms, limits, block);
    nms->block = block;
    return 0;
}

void sb_class_nms_release(struct sb_class_nms *nms)
{
    sb_free(nms->block);
    memset(nms, 0, sizeof(*nms));
}

static void start_class(struct sb_class_nms *nms)
{
    nms->num_candidates = 0;
    nms->least_score = -INFINITY;
}

void sb_class_nms_start(struct sb_class_nms *nms)
{
    start_class(nms);
    nms->num_found = 0;
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

void sb_class_nms_candidate(struct sb_class_nms *nms, float score, size_t row)
{
    if (!(score > nms->options.score_threshold) || score < nms->least_score)
        return;
    if (nms->num_candidates == nms->max_candidates)
        thin_out(nms);
    assert(nms->num_candidates < nms->max_candidates);
    nms->candidates[nms->num_candidates++] = (struct sb_candidate){score, (int32_t)row};
}

void sb_class_nms_end_class(struct sb_class_nms *nms, int class_id, const struct sb_box *boxes)
{
    const size_t n = sb_select_k(nms->candidates, nms->num_candidates, nms->pre_nms_top_k);
    const size_t count =
        sb_nms(boxes, nms->candidates, n, &nms->options, nms->nms_workspace, nms->kept);
    for (size_t i = 0; i < count; i++)
        nms->found[nms->num_found++] =
            (struct sb_scored_box){boxes[nms->kept[i].index], nms->kept[i].score, class_id};
    start_class(nms);
}

size_t sb_class_nms_finish(struct sb_class_nms *nms, struct sb_scored_box *out)
{
    for (size_t i = 0; i < nms->num_found; i++)
        nms->order[i] = (struct sb_candidate){nms->found[i].score, (int32_t)i};
    const size_t count = sb_top_k(nms->order, nms->num_found, nms->options.max_output);
    for (size_t i = 0; i < count; i++)
        out[i] = nms->found[nms->order[i].index];
    return count;
}
