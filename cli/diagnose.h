/*
 * `eval coco --diagnose`: what explains an AP, as text, JSON and records. One session per command;
 * results files are diagnosed in order, and later ones are compared with the first.
 */
#ifndef SB_CLI_DIAGNOSE_H
#define SB_CLI_DIAGNOSE_H

#include "bench/accuracy_records.h"
#include "cli/options.h"
#include "eval/diagnosis.h"

struct sb_diagnose_options {
    int64_t resamples, seed;
    const char *records;                /* file of records; NULL for none */
    const char *images, *draw;          /* folders of images and of drawings; NULL for none */
    int64_t worst;                      /* images to draw */
    const struct sb_option_list *names; /* of the results, in order; else the files' names */
};

struct sb_diagnose_session {
    const struct sb_diagnose_options *options;
    const char *gt_path;
    bool has_base;
    struct sb_diagnosis base; /* of the first results */
    char base_name[256];
    struct sb_run_identity identity;
    struct sb_environment env;
    char data_digest[24];           /* of gt_path, for records; "" without */
    struct sb_record_writer writer; /* fd -1 without records */
};

/* What a results file is: loaded, with its number from 0. */
struct sb_diagnose_subject {
    const char *path;
    size_t number;
    const struct sb_coco_gt *gt;
    const struct sb_coco_dt *dt;
    const struct sb_coco_params *params;
};

int sb_diagnose_start(struct sb_diagnose_session *s, const struct sb_diagnose_options *options,
                      const char *gt_path, struct sb_error *err);
/* Diagnoses one results file: text is appended to `out`, or with w != NULL a member "diagnosis" is
 * written into the open object. */
int sb_diagnose_results(struct sb_diagnose_session *s, const struct sb_diagnose_subject *subject,
                        struct sb_pool *pool, struct sb_str *out, struct sb_jw *w,
                        struct sb_error *err);
/* Completes the file of records. */
int sb_diagnose_finish(struct sb_diagnose_session *s, struct sb_error *err);
/* In every case, after a start that succeeded. */
void sb_diagnose_release(struct sb_diagnose_session *s);

/* The same in one call, from files of boxes, for commands that evaluate on their way. */
struct sb_diagnose_files {
    const char *annotations, *images, *results;
    size_t worst; /* images to draw */
};
/* Records go to emit; the lines that pycocotools prints are appended to text. */
int sb_diagnose_files(const struct sb_diagnose_files *files,
                      const struct sb_accuracy_source *source, struct sb_pool *pool,
                      sb_record_fn emit, void *ctx, struct sb_str *text, struct sb_error *err);

#endif
