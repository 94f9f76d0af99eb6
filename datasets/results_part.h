/*
 * Parts of a run: what `--shard I/N` wrote, so that joining them finds out whether they are all
 * there and of the same run. Beside the results file of a shard lies RESULTS.part, one line of
 * JSON:
 *
 *     {"part": 1, "shard": 2, "shards": 4, "images": 80, "list": "9f..", "bytes": 123,
 *      "crc32c": "0a..", "run": {"version": "0.1.0", "model": "..", "weights": "..", ...}}
 *
 * "images" and "list" (a digest of ids and paths) are of the whole list, "bytes" and "crc32c" of
 * the results file, "run" is what decides results: parts are of one run when all of its members
 * agree.
 */
#ifndef SB_DATASETS_RESULTS_PART_H
#define SB_DATASETS_RESULTS_PART_H

#include "base/error.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct sb_results_part {
    uint64_t shard, shards; /* 1 <= shard <= shards */
    uint64_t images;        /* of the whole list */
    uint64_t list;          /* digest of the whole list */
    const char *run;        /* one line of JSON, an object; borrowed */
};

/* Writes RESULTS.part; the results file must be complete. */
int sb_results_part_write(const char *results, const struct sb_results_part *part,
                          struct sb_error *err);

/*
 * Puts results files of shards, given in any order, into the order of shards. SB_EINVAL, naming
 * files and reasons, unless they are all N parts of one run, each once, unchanged since they were
 * written. paths[] is sorted in place.
 */
int sb_results_parts_order(const char **paths, size_t count, struct sb_error *err);

#endif
