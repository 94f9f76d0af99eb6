/* What `detect` and `classify` have in common: options, shards and their parts, ranks, weights that
 * ranks share, and how a run is described. */
#ifndef SB_CLI_IMAGE_RUN_H
#define SB_CLI_IMAGE_RUN_H

#include "base/json.h"
#include "base/progress.h"
#include "cli/engine_choice.h"
#include "cli/model_weights.h"
#include "datasets/image_list.h"
#include "detect/pipeline.h"

struct sb_image_run {
    const char *command;
    /* options */
    struct sb_weights_choice choice;
    struct sb_engine_choice engine;
    const char *output, *images_dir, *shard;
    int64_t size, max_images;
    bool resume, skip_broken, json, quiet, exif, merge;
    /* of the whole list, before it is cut to the shard; for parts */
    size_t shard_index, shards;
    uint64_t whole_images, whole_list;
    struct sb_plan_options plan; /* as engine says */
    /* the model */
    struct sb_model *model;
    struct sb_weights weights;
    struct sb_shared *shared;
    /* JSON, one line each: what decides results; the same with the list of images */
    struct sb_str identity, settings;
    struct sb_jw writer;              /* of identity, between begin and end */
    struct sb_pipeline_share *shares; /* per rank, after the run; owned */
};

/* Options that both commands have, for a command's table. */
#define SB_OPT_IMAGE_RUN(run)                                                                      \
    SB_OPT_WEIGHTS(&(run)->choice),                                                                \
        SB_OPT_INT("size", 0, "N", "input size in pixels (default: the model's own)",              \
                   &(run)->size, 1, 65536),                                                        \
        SB_OPT_ENGINE(&(run)->engine),                                                             \
        SB_OPT_FLAG("exif", 0, "turn photos by their EXIF orientation", &(run)->exif),             \
        SB_OPT_INT("max-images", 0, "N", "only the first N images", &(run)->max_images, 1,         \
                   INT32_MAX),                                                                     \
        SB_OPT_STRING("shard", 0, "I/N", "only part I of N equal parts, I from 1", &(run)->shard), \
        SB_OPT_FLAG("merge", 0, "join what the shards of a run wrote", &(run)->merge),             \
        SB_OPT_FLAG("resume", 0, "go on with a run that was stopped", &(run)->resume),             \
        SB_OPT_FLAG("skip-broken", 0, "report images that cannot be read and go on",               \
                    &(run)->skip_broken),                                                          \
        SB_OPT_FLAG("json", 0, "one JSON document on stdout", &(run)->json),                       \
        SB_OPT_FLAG("quiet", 'q', "no progress", &(run)->quiet),                                   \
        SB_OPT_ALONE("merge", "output,quiet")

/* Options at their defaults, for the command of this name. */
void sb_image_run_defaults(struct sb_image_run *run, const char *command);
/* Loads model `name` and its weights, one copy for all ranks of a machine, and sets run->plan.
 * Collective. */
int sb_image_run_load(struct sb_image_run *run, const char *name, struct sb_error *err);
/* Reads --shard and notes what the whole list is; the caller then cuts it. */
int sb_image_run_shard(struct sb_image_run *run, const struct sb_image_list *whole,
                       struct sb_error *err);

/* Starts the description of a run: version, model, weights, engine, size. The caller adds what else
 * decides results to run->writer. */
void sb_image_run_describe(struct sb_image_run *run);
/* Ends it; makes sure that all ranks have the same. list_path: where the list comes from, for
 * messages. Collective. */
int sb_image_run_agree(struct sb_image_run *run, const struct sb_image_list *list,
                       const char *list_path, struct sb_error *err);

/* Counts and names, before hours of work, what the list has and the folder has not, when that is
 * more than one image. The run then meets them one by one, as broken images. */
void sb_image_run_warn_missing(const struct sb_image_run *run, const struct sb_image_list *list);

/* Options of the pipeline. */
struct sb_pipeline_options sb_image_run_pipeline(struct sb_image_run *run,
                                                 const struct sb_image_list *list,
                                                 struct sb_progress *progress);
/* After a run: writes the part file of a shard, and learns what each rank did. Collective. */
int sb_image_run_finish(struct sb_image_run *run, const struct sb_pipeline_summary *summary,
                        struct sb_error *err);
/* --merge: joins parts, JSON arrays or JSON Lines, and says how many results there are. */
int sb_image_run_merge(const struct sb_image_run *run, const struct sb_arguments *args, bool array,
                       struct sb_error *err);

/* Prints "N images ..; R images/s", behind "RESULTS: ", and a line per rank when there are several;
 * `untrained` says what seeded weights make worthless. */
void sb_image_run_print(const struct sb_image_run *run, const struct sb_pipeline_summary *summary,
                        const char *untrained);
/* The same as members of a JSON object; the results file is called results_key. */
void sb_image_run_json(const struct sb_image_run *run, const struct sb_pipeline_summary *summary,
                       const char *results_key, struct sb_jw *w);
/* True on the rank that prints. */
bool sb_image_run_prints(void);

void sb_image_run_release(struct sb_image_run *run);

#endif
