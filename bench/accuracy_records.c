/* One record per statistic. See accuracy_records.h. */
#include "bench/accuracy_records.h"

int sb_accuracy_records(const struct sb_coco_result *result,
                        const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                        struct sb_error *err)
{
    static const char *const metrics[] = {"AP", "AP50", "AP75", "APs", "APm", "APl"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        struct sb_record r;
        sb_record_init(&r, SB_RECORD_ACCURACY);
        r.run = source->run;
        r.cell = source->cell;
        r.u.accuracy.dataset = source->dataset;
        r.u.accuracy.metric = metrics[i];
        r.u.accuracy.samples = source->images;
        r.u.accuracy.note = source->note;
        if (i < result->count && result->stats[i] >= 0)
            r.u.accuracy.value = result->stats[i];
        else
            sb_record_because(&r, "value", "no object of this size");
        rc = emit(ctx, &r, err);
    }
    return rc;
}
