/* Decodes the image files of a list, in parallel, and says which are not what they should be. */
#ifndef SB_DATASETS_FILE_CHECK_H
#define SB_DATASETS_FILE_CHECK_H

#include "base/pool.h"
#include "datasets/image_list.h"

enum sb_file_verdict { SB_FILE_GOOD, SB_FILE_MISSING, SB_FILE_BROKEN };

/* What was learnt of one file. */
struct sb_file_state {
    enum sb_file_verdict verdict;
    int width, height; /* pixels, of a good file */
    char why[200];     /* of a broken one: what the decoder says */
};

/* A state per item of the list, by the same index; free with sb_free(). pool may be NULL. Broken
 * files are no error: SB_ENOMEM alone is. */
int sb_files_check(const struct sb_image_list *list, struct sb_pool *pool,
                   struct sb_file_state **states, struct sb_error *err);

#endif
