/* One copy of the weights for all ranks of a machine. */
#ifndef SB_MODELS_WEIGHTS_SHARED_H
#define SB_MODELS_WEIGHTS_SHARED_H

#include "base/ranks.h"
#include "models/weights.h"

/*
 * Collective. `weights` is filled on the first rank of each machine (sb_ranks_first_of_machine()),
 * zeroed on the others; afterwards all ranks have them, in memory that they share: *shared, to be
 * freed after the weights are released. A process alone keeps what it has, and *shared is NULL.
 */
int sb_weights_share(struct sb_weights *weights, const struct sb_graph *graph,
                     struct sb_ranks *ranks, struct sb_shared **shared, struct sb_error *err);

#endif
