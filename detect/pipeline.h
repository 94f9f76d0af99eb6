/*
 * A model over a list of images, whatever the model gives: loading, the network, and what follows
 * overlap (base/stages.h), images in flight are few, and the results file depends on the list, the
 * model and the settings alone: not on threads, ranks, timing, or how often the run was killed and
 * resumed (detect/journal.h).
 *
 * Ranks take images in small chunks, whoever is free, and write journals of their own in the folder
 * of the results file, which they must share; rank 0 makes the results file.
 *
 * An image that cannot be read stops the run after everything before it is written; with
 * skip_broken it is reported and left out.
 */
#ifndef SB_DETECT_PIPELINE_H
#define SB_DETECT_PIPELINE_H

#include "base/error.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "base/str.h"
#include "datasets/image_list.h"
#include "detect/journal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Network outputs kept at a time: one being filled, one being read. */
#define SB_PIPELINE_BACKLOG 2

/* What a run writes and how; the same for every kind of model. */
struct sb_pipeline_options {
    struct sb_ranks *ranks; /* share the images; NULL: this process has all */
    const struct sb_image_list *list;
    const char *results;  /* file to write */
    const char *settings; /* one line of JSON: what a resumed run must have in common */
    bool resume;          /* go on with the journal of a run that was stopped */
    bool skip_broken;
    int loaders;                  /* threads that load, >= 1 */
    struct sb_progress *progress; /* started by the caller with list->count; may be NULL */
    /* A skipped image, in order on each rank; err has the file. May be NULL. Called on another
     * thread. */
    void (*on_broken)(void *ctx, const struct sb_error *err);
    /* A journal that is resumed is damaged; err has file and line. On rank 0; may be NULL. */
    void (*on_damaged)(void *ctx, const struct sb_error *err);
    void *ctx;
};

/* The steps of one kind of model. An image has a slot (below sb_pipeline_slots()) from load to
 * finish, and an output (below SB_PIPELINE_BACKLOG) from work to finish. */
struct sb_pipeline_steps {
    struct sb_journal_format format;
    void *ctx;
    /* Fills the slot; several threads. SB_EFORMAT, SB_EIO and SB_EUNSUPPORTED mean a broken image.
     */
    int (*load)(void *ctx, const struct sb_image_item *item, size_t slot, struct sb_error *err);
    /* Runs the network; the calling thread. */
    int (*work)(void *ctx, size_t slot, size_t output, struct sb_error *err);
    /* Appends the result lines, each with its newline, and counts them; one thread, in order. */
    int (*finish)(void *ctx, const struct sb_image_item *item, size_t slot, size_t output,
                  struct sb_str *lines, size_t *count, struct sb_error *err);
};

/* What one rank did in this run. */
struct sb_pipeline_share {
    uint64_t images; /* broken ones included */
    uint64_t sent;   /* bytes to other ranks */
    int64_t busy_ns; /* from the first image to its last */
    int64_t work_ns; /* of these, inside the network */
};

/* The same on all ranks, but for the last member. */
struct sb_pipeline_summary {
    size_t images;                /* in the results file, broken ones not counted */
    size_t resumed;               /* of these, taken from the journals */
    size_t broken;                /* skipped */
    size_t lines;                 /* of results */
    int64_t elapsed_ns;           /* of this run */
    int64_t work_ns;              /* inside the network, summed over ranks */
    struct sb_pipeline_share own; /* what this rank did: not the same on all */
};

size_t sb_pipeline_slots(const struct sb_pipeline_options *options);

/*
 * Collective over the ranks. On an error, which is the one of the first image in the list that
 * failed, what is complete before it has been written to `results` (nothing when that is no image),
 * the journals are kept, err's hint says how to go on, and *summary counts what was written.
 */
int sb_pipeline_run(const struct sb_pipeline_options *options,
                    const struct sb_pipeline_steps *steps, struct sb_pipeline_summary *summary,
                    struct sb_error *err);

#endif
