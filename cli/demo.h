/*
 * What the steps of spinebench demo share. The demo is a chain of steps over one folder; each
 * leaves a file when it is done, and a step whose file is there is not done again, so that a demo
 * that was stopped goes on. A folder of other settings (sb_demo_begin) loses these files first.
 */
#ifndef SB_CLI_DEMO_H
#define SB_CLI_DEMO_H

#include "base/pool.h"
#include "base/str.h"
#include "bench/record.h"
#include "datasets/synth_export.h"

#include <stdbool.h>
#include <stdint.h>

#define SB_DEMO_MODELS         7
#define SB_DEMO_RUNS           3 /* training runs of a model at most */
#define SB_DEMO_SEED           1 /* of the images */
#define SB_DEMO_WORST          4 /* worst images on the page */
#define SB_DEMO_DRAWN          12
#define SB_DEMO_DRAW_THRESHOLD 0.2

struct sb_demo_model {
    const char *name;
    bool classifies;
    const char *weights[SB_DEMO_RUNS]; /* embedded: MODEL, MODEL-seed2, MODEL-seed3 */
    size_t runs;                       /* how many of these there are */
    double ap[SB_DEMO_RUNS];           /* of detectors, after evaluation */
};

struct sb_demo {
    const char *dir;
    int64_t images; /* of each kind */
    int threads;
    bool quiet;
    struct sb_pool *pool;
    struct sb_demo_model models[SB_DEMO_MODELS];
    size_t num_models;
    struct sb_str scenes_gt, scenes_images; /* paths */
    struct sb_str species_list, species_images;
    struct sb_records records; /* costs, times, memory, checks and accuracy */
    struct sb_str accuracy;    /* the records of accuracy as lines */
};

void sb_demo_init(struct sb_demo *d);
void sb_demo_release(struct sb_demo *d);
/* Makes the folder and forgets what lies there from other settings. */
int sb_demo_begin(struct sb_demo *d, struct sb_error *err);
/* "DIR/NAME" into path, printf-style. */
int sb_demo_path(const struct sb_demo *d, struct sb_str *path, struct sb_error *err,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Costs, latency, memory and checks of all models into the records and DIR/bench.jsonl. */
int sb_demo_bench(struct sb_demo *d, struct sb_error *err);
int sb_demo_make_images(struct sb_demo *d, struct sb_error *err);
/* Every model and training run over its images. */
int sb_demo_recognize(struct sb_demo *d, struct sb_error *err);
/* Accuracy of all of them into the records and DIR/accuracy.jsonl. */
int sb_demo_evaluate(struct sb_demo *d, struct sb_error *err);
/* Detections of the first model on the first images. */
int sb_demo_draw(struct sb_demo *d, struct sb_error *err);

#endif
