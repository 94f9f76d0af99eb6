/* Results of `eval coco` that are the parts of a run: words that end in ".part", as `detect
 * --shard` names what it writes beside them. */
#ifndef SB_CLI_EVAL_PARTS_H
#define SB_CLI_EVAL_PARTS_H

#include "base/ranks.h"
#include "eval/coco_dt.h"
#include "eval/result_parts.h"

/* Zero it. */
struct sb_eval_parts {
    size_t count; /* 0: the words are results files of their own */
    char **paths; /* (count) of the results, in order of shards, owned */
    struct sb_result_parts joined;
};

/*
 * Looks at the words. SB_EINVAL where only some of them are parts, and, naming files and reasons,
 * unless they are all parts of one run, each once and unchanged. Collective; rank 0 checks.
 */
int sb_eval_parts_choose(struct sb_eval_parts *parts, const char *const *words, size_t count,
                         struct sb_ranks *ranks, struct sb_error *err);
/* Reads the results of all parts, as sb_coco_dt_load_ranks() does those of a file. */
int sb_eval_parts_load(struct sb_eval_parts *parts, struct sb_coco_dt *dt, struct sb_coco_gt *gt,
                       const struct sb_coco_params *params, struct sb_eval_ranks *team,
                       struct sb_pool *pool, struct sb_error *err);
/* An error about the results becomes one about the part that it is in. Without parts nothing. */
void sb_eval_parts_locate(const struct sb_eval_parts *parts, struct sb_error *err);
void sb_eval_parts_release(struct sb_eval_parts *parts);

#endif
