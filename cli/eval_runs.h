/*
 * What `eval coco` prints: the summary of one results file, or a table with a row per file; tables
 * of categories; the same as JSON.
 *
 *     struct sb_eval_runs runs;
 *     sb_eval_runs_start(&runs, &options);
 *     for (each results file)
 *         rc = sb_eval_runs_add(&runs, path, &eval, &summary, &gt, &out, &err);
 *     rc = sb_eval_runs_finish(&runs, &out, &err);
 *     sb_eval_runs_release(&runs);
 */
#ifndef SB_CLI_EVAL_RUNS_H
#define SB_CLI_EVAL_RUNS_H

#include "cli/eval_tables.h"
#include "eval/coco_report.h"

struct sb_eval_runs_options {
    const struct sb_table_format *format;
    const char *sort; /* of categories where they are printed, else of runs; NULL = as they come */
    bool several;     /* results files */
    bool summaries;   /* the summary of each of several, too */
    bool per_category;
    enum sb_numpy_order order;
};

struct sb_eval_runs {
    struct sb_eval_runs_options options;
    size_t count;                      /* of runs so far */
    struct sb_table table, categories; /* of the runs; of the categories of all runs */
};

/* SB_EINVAL, with the keys there are, unless a table of such summaries can be sorted by the key. */
int sb_eval_runs_key_check(const struct sb_coco_summary *summary,
                           const struct sb_coco_params *params, const char *key,
                           struct sb_error *err);
void sb_eval_runs_start(struct sb_eval_runs *runs, const struct sb_eval_runs_options *options);
/* Appends the summary to out where it is wanted, and remembers rows. */
int sb_eval_runs_add(struct sb_eval_runs *runs, const char *path, const struct sb_coco_eval *eval,
                     const struct sb_coco_summary *summary, const struct sb_coco_gt *gt,
                     struct sb_str *out, struct sb_error *err);
/* Appends the tables: people get both, machines that of the categories where it was asked for, else
 * that of the runs. */
int sb_eval_runs_finish(struct sb_eval_runs *runs, struct sb_str *out, struct sb_error *err);
void sb_eval_runs_release(struct sb_eval_runs *runs);

/* A run as members of the open JSON object. */
int sb_eval_runs_json(const struct sb_eval_runs *runs, const struct sb_coco_eval *eval,
                      const struct sb_coco_summary *summary, const struct sb_coco_gt *gt,
                      const struct sb_warnings *warnings, struct sb_jw *w, struct sb_error *err);

#endif
