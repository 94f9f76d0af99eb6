/* Packed weights by slot, kernel and scale. See packed.h. */
#include "engine/packed.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

/* Items are allocated together, a chunk per level for every plan that packs something. */
struct sb_packed {
    struct sb_packed_item *items;
    size_t count, capacity;
    struct sb_ranks *ranks;
    struct sb_shared **chunks;
    size_t num_chunks, cap_chunks;
    size_t kept_chunks; /* those before hold nothing fresh */
    uint64_t network;   /* digest of names, shapes and weights; 0: no plan yet */
    unsigned users;
};

struct sb_packed *sb_packed_new(struct sb_ranks *ranks, struct sb_error *err)
{
    struct sb_packed *packed = sb_calloc(1, sizeof(*packed), TAG);
    if (packed)
        packed->ranks = ranks;
    else
        sb_error_nomem(err, "packed weights", sizeof(*packed));
    return packed;
}

bool sb_packed_is_filled_here(const struct sb_packed *packed)
{
    return sb_ranks_first_of_machine(packed->ranks);
}

void sb_packed_free(struct sb_packed **packed_ptr)
{
    struct sb_packed *packed = *packed_ptr;
    if (!packed)
        return;
    for (size_t i = 0; i < packed->num_chunks; i++)
        sb_shared_free(&packed->chunks[i]);
    sb_free(packed->chunks);
    sb_free(packed->items);
    sb_free(packed);
    *packed_ptr = NULL;
}

size_t sb_packed_bytes(const struct sb_packed *packed)
{
    size_t bytes = 0;
    for (size_t i = 0; i < packed->count; i++)
        bytes += packed->items[i].bytes;
    return bytes;
}

static uint64_t digest_network(const struct sb_graph *graph, const struct sb_weights *weights)
{
    uint64_t hash = sb_fnv1a(SB_FNV_START, &weights->digest, sizeof(weights->digest));
    for (size_t i = 0; i < graph->num_slots; i++) {
        const struct sb_slot *slot = &graph->slots[i];
        hash = sb_fnv1a(hash, slot->name, strlen(slot->name) + 1);
        hash = sb_fnv1a(hash, slot->shape, sizeof(slot->shape));
    }
    return hash | 1;
}

int sb_packed_join(struct sb_packed *packed, const struct sb_graph *graph,
                   const struct sb_weights *weights, struct sb_error *err)
{
    const uint64_t network = digest_network(graph, weights);
    if (packed->network && packed->network != network)
        return sb_error_set(err, SB_EINVAL,
                            "the packed weights are another network's than those of '%s'",
                            graph->name);
    packed->network = network;
    return 0;
}

int sb_packed_find(struct sb_packed *packed, const struct sb_packed_item *like, size_t *index,
                   struct sb_error *err)
{
    for (*index = 0; *index < packed->count; (*index)++) {
        const struct sb_packed_item *item = &packed->items[*index];
        if (item->slot == like->slot && item->kernel == like->kernel && item->simd == like->simd &&
            item->scale == like->scale)
            return 0;
    }
    if (sb_grow(&packed->items, &packed->capacity, packed->count + 1, sizeof(*packed->items), TAG))
        return sb_error_nomem(err, "packed weights", packed->count * sizeof(*packed->items));
    packed->items[packed->count] = *like;
    packed->items[packed->count].data = NULL;
    packed->items[packed->count++].fresh = true;
    return 0;
}

struct sb_packed_item *sb_packed_item(struct sb_packed *packed, size_t index)
{
    return &packed->items[index];
}

static bool is_fresh(const struct sb_packed_item *item, unsigned level)
{
    return item->fresh && (unsigned)item->level == level;
}

static int allocate_level(struct sb_packed *packed, unsigned level, struct sb_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < packed->count; i++)
        bytes += is_fresh(&packed->items[i], level) ? packed->items[i].bytes : 0;
    if (bytes == 0)
        return 0;
    if (sb_grow(&packed->chunks, &packed->cap_chunks, packed->num_chunks + 1,
                sizeof(*packed->chunks), TAG))
        return sb_error_nomem(err, "packed weights", packed->num_chunks * sizeof(void *));
    struct sb_shared *const shared =
        sb_shared_new(packed->ranks, bytes, SB_MEM_TAG(SB_MEM_WEIGHTS, level), err);
    if (!shared)
        return err ? (int)err->code : SB_ENOMEM;
    packed->chunks[packed->num_chunks++] = shared;
    char *chunk = sb_shared_data(shared);
    for (size_t i = 0; i < packed->count; i++) {
        if (!is_fresh(&packed->items[i], level))
            continue;
        packed->items[i].data = chunk;
        chunk += packed->items[i].bytes;
    }
    return 0;
}

int sb_packed_allocate(struct sb_packed *packed, struct sb_error *err)
{
    int rc = 0;
    for (unsigned level = 0; rc == 0 && level < SB_LEVEL_COUNT; level++)
        rc = allocate_level(packed, level, err);
    return rc;
}

void sb_packed_done(struct sb_packed *packed)
{
    for (size_t i = 0; i < packed->count; i++)
        packed->items[i].fresh = false;
    for (size_t i = packed->kept_chunks; i < packed->num_chunks; i++)
        sb_shared_ready(packed->chunks[i]);
    packed->kept_chunks = packed->num_chunks;
}

void sb_packed_drop_fresh(struct sb_packed *packed)
{
    while (packed->num_chunks > packed->kept_chunks)
        sb_shared_free(&packed->chunks[--packed->num_chunks]);
    size_t kept = 0;
    for (size_t i = 0; i < packed->count; i++) {
        if (!packed->items[i].fresh)
            packed->items[kept++] = packed->items[i];
    }
    packed->count = kept;
}

unsigned sb_packed_next_user(struct sb_packed *packed)
{
    return ++packed->users;
}
