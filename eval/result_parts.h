/*
 * Results in several files, the parts of one run (datasets/results_part.h), read as if they were
 * one list. They are mapped one behind the other, and the brackets between them become commas in
 * memory.
 */
#ifndef SB_EVAL_RESULT_PARTS_H
#define SB_EVAL_RESULT_PARTS_H

#include "base/file.h"

#include <stddef.h>

/* Zero it. */
struct sb_result_parts {
    const char *const *paths; /* (count) in order of shards, borrowed */
    size_t count;
    size_t *starts; /* (count) offsets of the files in the map; owned */
};

/* Maps the parts as one text, a JSON array of all their results. */
int sb_result_parts_open(struct sb_result_parts *parts, const char *const *paths, size_t count,
                         struct sb_map *map, struct sb_error *err);
/* An error about the text becomes one about the file that it stands in. */
void sb_result_parts_locate(const struct sb_result_parts *parts, struct sb_error *err);
void sb_result_parts_release(struct sb_result_parts *parts);

#endif
