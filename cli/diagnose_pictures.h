/* Pictures of the worst images of a diagnosis: files, a contact sheet, and records for the page. */
#ifndef SB_CLI_DIAGNOSE_PICTURES_H
#define SB_CLI_DIAGNOSE_PICTURES_H

#include "bench/accuracy_records.h"
#include "eval/diagnosis.h"

struct sb_diagnose_pictures {
    const char *annotations; /* file names of images come from it */
    const char *images;      /* folder of the images */
    const char *draw;        /* folder for PNG files; NULL for none */
    size_t count;            /* worst images to show */
};

/* Images that cannot be read are an error. */
int sb_diagnose_draw(const struct sb_diagnose_pictures *options, const struct sb_diagnosis *d,
                     const struct sb_coco_gt *gt, const struct sb_coco_dt *dt,
                     const struct sb_accuracy_source *source, sb_record_fn emit, void *ctx,
                     struct sb_error *err);

#endif
