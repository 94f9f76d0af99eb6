/* One record per statistic. See accuracy_records.h. */
#include "bench/accuracy_records.h"

#include "bench/statistics.h"

#include <math.h>

void sb_accuracy_record_init(struct sb_record *r, const struct sb_accuracy_source *source,
                             const char *metric)
{
    sb_record_init(r, SB_RECORD_ACCURACY);
    r->run = source->run;
    r->cell = source->cell;
    r->u.accuracy.dataset = source->dataset;
    r->u.accuracy.metric = metric;
    r->u.accuracy.samples = source->images;
    r->u.accuracy.note = source->note;
    r->u.accuracy.weights = source->weights;
    r->u.accuracy.weights_digest = source->weights_digest;
    r->u.accuracy.data_digest = source->data_digest;
    r->u.accuracy.images_digest = source->images_digest;
    if (!source->weights_digest)
        sb_record_because(r, "weights_digest", source->why_no_weights);
    if (!source->data_digest)
        sb_record_because(r, "data_digest", source->why_no_data);
    if (!source->images_digest)
        sb_record_because(r, "images_digest", source->why_no_images);
}

/* The i-th statistic's mean over the runs; false where a run has none. */
static bool mean_of(const struct sb_coco_result *results, size_t runs, size_t i,
                    struct sb_accuracy_record *out)
{
    double values[SB_MEAN_MAX];
    for (size_t k = 0; k < runs; k++) {
        if (i >= results[k].count || results[k].stats[i] < 0)
            return false;
        values[k] = results[k].stats[i];
    }
    const struct sb_interval interval = sb_mean_interval(values, runs, &out->value);
    if (interval.known) {
        out->low = interval.low;
        out->high = interval.high;
    }
    return true;
}

int sb_accuracy_records(const struct sb_coco_result *results, size_t runs,
                        const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                        struct sb_error *err)
{
    static const char *const metrics[] = {"AP", "AP50", "AP75", "APS", "APM", "APL"};
    int rc = 0;
    if (runs < 1 || runs > SB_MEAN_MAX)
        return sb_error_set(err, SB_EINVAL, "%zu training runs, expected 1 to %d", runs,
                            SB_MEAN_MAX);
    for (size_t i = 0; rc == 0 && i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        struct sb_record r;
        sb_accuracy_record_init(&r, source, metrics[i]);
        if (!mean_of(results, runs, i, &r.u.accuracy))
            sb_record_because(&r, "value", "no object of this size");
        rc = emit(ctx, &r, err);
    }
    return rc;
}

static int share_record(int64_t hits, int64_t images, const char *metric,
                        const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                        struct sb_error *err)
{
    struct sb_record r;
    sb_accuracy_record_init(&r, source, metric);
    if (images > 0) {
        r.u.accuracy.value = (double)hits / (double)images;
        sb_wilson_interval(hits, images, &r.u.accuracy.low, &r.u.accuracy.high);
    } else {
        sb_record_because(&r, "value", "no labelled image");
    }
    return emit(ctx, &r, err);
}

int sb_topk_records(const struct sb_topk *topk, const struct sb_accuracy_source *source,
                    sb_record_fn emit, void *ctx, struct sb_error *err)
{
    const struct sb_topk_group *const all = &topk->all;
    const int rc = share_record(all->top1, all->images, "top-1", source, emit, ctx, err);
    return rc ? rc : share_record(all->top5, all->images, "top-5", source, emit, ctx, err);
}
