/*
 * The journals of a run over many images: what is complete so far, so that a run that was killed
 * goes on where it stopped and ends with the same bytes. They lie beside the results file,
 * RESULTS.journal of a process alone and of rank 0, RESULTS.journal-R of rank R, and are text:
 *
 *     {"journal":3,"model":"...",...,"crc":"..."}     the run's settings, one line
 *     {"image":0,"id":139,"lines":2,"crc":"89abcdef"} an image, then its two result lines
 *     {"image_id":139,"category_id":18,...}
 *     {"image_id":139,"category_id":1,...}
 *     {"image":4,"id":285,"lines":0,"broken":"...","crc":"01234567"} one that was skipped
 *
 * The settings have a checksum, so that a damaged line is told from another run's. An image counts
 * once its last line is complete and they have their checksum; what a kill left of
 * the next one is cut off. Lines in the middle that are damaged are passed over: their image is
 * done again, and the journal's first such line is reported.
 * Which journal has which image does not matter, so a run may go on with another number of ranks.
 * The results file is made from the journals, so results need no memory.
 */
#ifndef SB_DETECT_JOURNAL_H
#define SB_DETECT_JOURNAL_H

#include "base/error.h"
#include "base/str.h"
#include "datasets/image_list.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a run writes. */
struct sb_journal_format {
    const char *id_key; /* a result line starts with {"ID_KEY":ID, */
    bool array;         /* results are one JSON array (COCO), else JSON Lines */
};

/* What all journals of a run have in common. */
struct sb_journal_run {
    const char *results;  /* the results file */
    const char *settings; /* one line of JSON without a newline: an object with members */
    struct sb_journal_format format;
    const struct sb_image_list *list;
};

/* The journal of one rank, open for writing. */
struct sb_journal {
    const struct sb_journal_run *run; /* borrowed */
    char *path;
    FILE *fp;
};

/*
 * Opens the journal of a rank. With resume what is complete in it is kept; SB_EINVAL when its
 * settings are others, SB_EFORMAT when they are damaged or of another version of the journal.
 * Without, it is started anew.
 */
int sb_journal_open(struct sb_journal *journal, const struct sb_journal_run *run, int rank,
                    bool resume, struct sb_error *err);
/* Appends image `index` of the list: `count` result lines, each with its newline, or, with
 * `broken`, why there are none (lines is not read). */
int sb_journal_append(struct sb_journal *journal, size_t index, const struct sb_str *lines,
                      size_t count, const char *broken, struct sb_error *err);
/* Also for a half-opened or closed journal. */
void sb_journal_close(struct sb_journal *journal);

/* Where an image stands. */
struct sb_journal_entry {
    int64_t offset; /* of its result lines in the file; -1: not complete in any journal */
    uint32_t file;  /* index of the journal */
    uint32_t lines;
    bool broken; /* skipped */
};

/* All journals of a run, read. */
struct sb_journal_set {
    const struct sb_journal_run *run; /* borrowed */
    char **paths;                     /* owned */
    size_t path_count;
    struct sb_journal_entry *entries; /* one per image of the list, owned */
    size_t images;                    /* complete, broken ones included */
    size_t lines;
    size_t broken;
    const char *damaged_path; /* a journal with wrong lines before right ones, or NULL; borrowed */
    size_t damaged_line;      /* the first of them */
};

/* Finds out what is complete; no journal at all is fine. SB_EINVAL, naming the file, for a journal
 * with other settings, SB_EFORMAT for one whose settings cannot be read. */
int sb_journal_set_read(struct sb_journal_set *set, const struct sb_journal_run *run,
                        struct sb_error *err);
/* How many images at the start of the list are complete without a gap. */
size_t sb_journal_set_prefix(const struct sb_journal_set *set);
/* Writes the results file from the first `images` images, which must be complete. */
int sb_journal_set_publish(const struct sb_journal_set *set, size_t images, struct sb_error *err);
void sb_journal_set_release(struct sb_journal_set *set);

/* Removes all journals of a results file. */
int sb_journals_remove(const char *results, struct sb_error *err);

#endif
