/* Weights in shared memory: what the other ranks need to know, then the values. See
 * weights_shared.h. */
#include "models/weights_shared.h"

#include "base/mem.h"
#include "models/weights_build.h"

#include <string.h>

/* Stands before the values. */
struct header {
    char source[sizeof(((struct sb_weights *)0)->source)];
    uint64_t digest;
};

#define HEADER_BYTES ((sizeof(struct header) + 63) / 64 * 64)

static void write_block(char *block, const struct sb_weights *weights)
{
    struct header h = {.digest = weights->digest};
    memcpy(h.source, weights->source, sizeof(h.source));
    memcpy(block, &h, sizeof(h));
    memcpy(block + HEADER_BYTES, weights->arena, weights->arena_bytes);
}

static void use_block(char *block, struct sb_weights *weights, const struct sb_graph *graph)
{
    struct header h;
    memcpy(&h, block, sizeof(h));
    memcpy(weights->source, h.source, sizeof(h.source));
    weights->digest = h.digest;
    sb_weights_place(weights, graph, (float *)(void *)(block + HEADER_BYTES));
}

int sb_weights_share(struct sb_weights *weights, const struct sb_graph *graph,
                     struct sb_ranks *ranks, struct sb_shared **shared, struct sb_error *err)
{
    *shared = NULL;
    if (sb_ranks_count(ranks) == 1)
        return 0;
    const bool first = sb_ranks_first_of_machine(ranks);
    int rc = first ? 0 : sb_weights_layout(weights, graph, err);
    rc = sb_ranks_agree(ranks, rc, err);
    if (rc)
        return rc;
    *shared = sb_shared_new(ranks, HEADER_BYTES + weights->arena_bytes,
                            SB_MEM_TAG(SB_MEM_WEIGHTS, 0), err);
    if (!*shared)
        return err->code;
    char *const block = sb_shared_data(*shared);
    if (first)
        write_block(block, weights);
    sb_shared_ready(*shared);
    sb_free(weights->arena);
    weights->arena = NULL; /* the shared block's */
    use_block(block, weights, graph);
    return 0;
}
