/*
 * The journal of a run over many images: what is complete so far, in order, so that a run that was
 * killed goes on where it stopped and ends with the same bytes. It lies beside the results file
 * (RESULTS.journal) and is text:
 *
 *     {"journal":1,"model":"...",...}                    the run's settings, one line
 *     {"image":0,"id":139,"detections":2}                an image, then as many lines as it has
 *     {"image_id":139,"category_id":18,...}
 *     {"image_id":139,"category_id":1,...}
 *     {"image":1,"id":285,"detections":0,"broken":"..."} an image that was skipped
 *
 * An image counts once its last line is complete; what a kill left of the next one is cut off. The
 * results file is made from the journal, so memory does not grow with the number of images.
 */
#ifndef SB_DETECT_JOURNAL_H
#define SB_DETECT_JOURNAL_H

#include "base/error.h"
#include "datasets/detections.h"
#include "datasets/image_list.h"

#include <stdbool.h>
#include <stdio.h>

struct sb_journal {
    char *path;
    FILE *fp;
    const struct sb_image_list *list; /* borrowed */
    size_t images;                    /* complete, broken ones included */
    size_t detections;
    size_t broken;
};

/*
 * Opens the journal of results file `results`. settings: one line of JSON without a newline. With
 * resume, a journal that is there is read and continued; SB_EINVAL when its settings differ.
 * Without, it is started anew.
 */
int sb_journal_open(struct sb_journal *journal, const char *results, const char *settings,
                    const struct sb_image_list *list, bool resume, struct sb_error *err);
/* Appends the next image of the list: all of dets, or, with `broken`, why there are none. */
int sb_journal_append(struct sb_journal *journal, const struct sb_detections *dets,
                      const char *broken, struct sb_error *err);
/* Writes the results file from what is complete. */
int sb_journal_publish(struct sb_journal *journal, const char *results, struct sb_error *err);
/* Closes; `keep` leaves the file for a later resume. Also for a half-opened or closed journal. */
void sb_journal_close(struct sb_journal *journal, bool keep);

#endif
