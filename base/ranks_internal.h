/* What carries ranks (MPI, or anything else that can send bytes). Private to base/ranks*.c. */
#ifndef SB_BASE_RANKS_INTERNAL_H
#define SB_BASE_RANKS_INTERNAL_H

#include "base/ranks.h"

#include <pthread.h>

/* Called under the lock of the ranks, one call at a time; failures inside end the program. Sizes
 * are never 0. */
struct sb_ranks_ops {
    void (*barrier)(struct sb_ranks *ranks);
    void (*broadcast)(struct sb_ranks *ranks, int from, void *data, size_t bytes);
    void (*gather)(struct sb_ranks *ranks, const void *mine, size_t bytes, void *all);
    /* `send` bytes to one rank and `receive` bytes from another at once; either may be 0 */
    void (*swap)(struct sb_ranks *ranks, const void *out, size_t send, int to, void *in,
                 size_t receive, int from);
    void (*sum)(struct sb_ranks *ranks, int64_t *values, size_t count);
    /* int64 counters at 0 */
    void *(*counters_new)(struct sb_ranks *ranks, size_t count);
    int64_t (*counters_add)(struct sb_ranks *ranks, void *counters, size_t index, int64_t amount);
    void (*counters_free)(struct sb_ranks *ranks, void *counters);
    /* memory of one machine; *data is where this rank sees it */
    void *(*shared_new)(struct sb_ranks *ranks, size_t bytes, void **data);
    void (*shared_ready)(struct sb_ranks *ranks, void *shared);
    void (*shared_free)(struct sb_ranks *ranks, void *shared);
    /* ends all ranks at once, without their help */
    void (*end_all)(struct sb_ranks *ranks, int code);
    /* releases all but the struct sb_ranks itself */
    void (*end)(struct sb_ranks *ranks);
};

/* How it went on one rank. */
struct sb_verdict {
    int64_t rc, order;
};

struct sb_ranks {
    const struct sb_ranks_ops *ops;
    int rank, count;
    bool first_of_machine;
    char (*hosts)[256]; /* (count), owned */
    pthread_mutex_t lock;
    uint64_t sent;
    int64_t entered_ns, waited_ns;
    struct sb_verdict *verdicts; /* (count), owned: what sb_ranks_agree() hears */
    bool failed;                 /* the ranks have agreed that one failed */
    void *carrier;               /* of the ops */
};

#endif
