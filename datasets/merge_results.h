/* Joining results files of shards. */
#ifndef SB_DATASETS_MERGE_RESULTS_H
#define SB_DATASETS_MERGE_RESULTS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Writes one results file with the elements of all, in order, each as it stands in its file, on a
 * line of its own. Shards 1 to N of a list give the bytes of a run over the whole list. Files may
 * be of any size and layout; their JSON is checked. *elements counts what was copied.
 */
int sb_results_merge(const char *const *paths, size_t count, const char *out_path,
                     uint64_t *elements, struct sb_error *err);
/* The same for JSON Lines: files are copied line by line, each line must end. */
int sb_result_lines_merge(const char *const *paths, size_t count, const char *out_path,
                          uint64_t *lines, struct sb_error *err);

#endif
