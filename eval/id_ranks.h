/* One table of interned ids for all ranks. */
#ifndef SB_EVAL_ID_RANKS_H
#define SB_EVAL_ID_RANKS_H

#include "base/ranks.h"
#include "eval/id_map.h"

/*
 * Makes the pool of every rank the same, with the ids of all. *fresh gets the new id of each entry
 * that this rank's pool had, for sb_id_renewed(); NULL where no rank had any. Owned by the caller.
 * Collective.
 */
int sb_id_pool_share(struct sb_id_pool *pool, struct sb_ranks *ranks, int64_t **fresh,
                     struct sb_error *err);
/* The id after sharing that stands for what `id` stood for before. */
static inline int64_t sb_id_renewed(const int64_t *fresh, int64_t id)
{
    return fresh && id < SB_ID_LOWEST ? fresh[(uint64_t)id - (uint64_t)INT64_MIN] : id;
}

#endif
