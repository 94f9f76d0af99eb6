/*
 * The journal of a run over many images: what is complete so far, in order, so that a run that was
 * killed goes on where it stopped and ends with the same bytes. It lies beside the results file
 * (RESULTS.journal) and is text:
 *
 *     {"journal":1,"model":"...",...}               the run's settings, one line
 *     {"image":0,"id":139,"lines":2}                an image, then as many result lines as it has
 *     {"image_id":139,"category_id":18,...}
 *     {"image_id":139,"category_id":1,...}
 *     {"image":1,"id":285,"lines":0,"broken":"..."} an image that was skipped
 *
 * An image counts once its last line is complete; what a kill left of the next one is cut off. The
 * results file is made from the journal, so memory does not grow with the number of images.
 */
#ifndef SB_DETECT_JOURNAL_H
#define SB_DETECT_JOURNAL_H

#include "base/error.h"
#include "base/str.h"
#include "datasets/image_list.h"

#include <stdbool.h>
#include <stdio.h>

/* What a run writes. */
struct sb_journal_format {
    const char *id_key; /* a result line starts with {"ID_KEY":ID, */
    bool array;         /* results are one JSON array (COCO), else JSON Lines */
};

struct sb_journal {
    struct sb_journal_format format;
    char *path;
    FILE *fp;
    const struct sb_image_list *list; /* borrowed */
    size_t images;                    /* complete, broken ones included */
    size_t lines;
    size_t broken;
};

/*
 * Opens the journal of results file `results`. settings: one line of JSON without a newline. With
 * resume, a journal that is there is read and continued; SB_EINVAL when its settings differ.
 * Without, it is started anew.
 */
int sb_journal_open(struct sb_journal *journal, const char *results, const char *settings,
                    struct sb_journal_format format, const struct sb_image_list *list, bool resume,
                    struct sb_error *err);
/* Appends the next image of the list: `count` result lines, each with its newline, or, with
 * `broken`, why there are none (lines is not read). */
int sb_journal_append(struct sb_journal *journal, const struct sb_str *lines, size_t count,
                      const char *broken, struct sb_error *err);
/* Writes the results file from what is complete. */
int sb_journal_publish(struct sb_journal *journal, const char *results, struct sb_error *err);
/* Closes; `keep` leaves the file for a later resume. Also for a half-opened or closed journal. */
void sb_journal_close(struct sb_journal *journal, bool keep);

#endif
