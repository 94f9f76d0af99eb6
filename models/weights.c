/* Weights: arena, seeded values, safetensors. Loading is in weights_bind.c. See weights.h. */
#include "models/weights.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "base/size.h"
#include "models/pattern.h"
#include "models/safetensors.h"
#include "models/untrained.h"
#include "models/weights_build.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TAG         SB_MEM_TAG(SB_MEM_DATA, 0)
#define ALIGN_BYTES 64

static int arena_size(const struct sb_graph *graph, size_t *out, struct sb_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < graph->num_slots; i++) {
        size_t bytes;
        if (!sb_mul_size(sb_slot_count(&graph->slots[i]), sizeof(float), &bytes) ||
            bytes > SIZE_MAX - ALIGN_BYTES ||
            !sb_add_size(total, sb_align_size(bytes, ALIGN_BYTES), &total))
            return sb_error_set(err, SB_ENOMEM, "the size of the weights overflows at '%s'",
                                graph->slots[i].name);
    }
    *out = total;
    return 0;
}

int sb_weights_layout(struct sb_weights *out, const struct sb_graph *graph, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    const int rc = arena_size(graph, &out->arena_bytes, err);
    if (rc)
        return rc;
    out->slots = sb_calloc(graph->num_slots, sizeof(*out->slots), TAG);
    if (!out->slots)
        return sb_error_nomem(err, "the weights", graph->num_slots * sizeof(*out->slots));
    out->num_slots = graph->num_slots;
    return 0;
}

void sb_weights_place(struct sb_weights *out, const struct sb_graph *graph, float *arena)
{
    size_t offset = 0;
    for (size_t i = 0; i < graph->num_slots; i++) {
        out->slots[i] = arena + offset / sizeof(float);
        offset += sb_align_size(sb_slot_count(&graph->slots[i]) * sizeof(float), ALIGN_BYTES);
    }
}

int sb_weights_alloc(struct sb_weights *out, const struct sb_graph *graph, struct sb_error *err)
{
    const int rc = sb_weights_layout(out, graph, err);
    if (rc)
        return rc;
    out->arena = sb_malloc(out->arena_bytes, SB_MEM_TAG(SB_MEM_WEIGHTS, 0));
    if (!out->arena)
        return sb_error_nomem(err, "the weights", out->arena_bytes);
    sb_weights_place(out, graph, out->arena);
    return 0;
}

void sb_weights_release(struct sb_weights *weights)
{
    sb_free(weights->slots);
    sb_free(weights->arena);
    memset(weights, 0, sizeof(*weights));
}

uint32_t sb_weights_seal_slot(const struct sb_slot *slot, float *values)
{
    const size_t bytes = sb_slot_count(slot) * sizeof(float);
    memset((char *)values + bytes, 0, sb_align_size(bytes, ALIGN_BYTES) - bytes);
    return sb_crc32c(0, values, bytes);
}

void sb_weights_set_digest(struct sb_weights *out, const uint32_t *crcs)
{
    out->digest = SB_FNV_START;
    for (size_t i = 0; i < out->num_slots; i++)
        out->digest = sb_fnv1a(out->digest, &crcs[i], sizeof(crcs[i]));
}

/* -- seeded values ---------------------------------------------------------------------------- */

/* Inputs of one output value. A transposed convolution with kernel = stride adds up its input
 * channels only. */
static double fan_in(const struct sb_slot *slot)
{
    switch (slot->op) {
    case SB_OP_FC:
        return (double)slot->shape[1];
    case SB_OP_DECONV:
        return (double)slot->shape[0];
    default:
        return (double)(slot->shape[1] * slot->shape[2] * slot->shape[3]);
    }
}

static float constant_of(const struct sb_slot *slot)
{
    switch (slot->kind) {
    case SB_SLOT_GAMMA:
    case SB_SLOT_VARIANCE:
        return 1;
    case SB_SLOT_BIAS: /* focal loss paper, section 4.1: prior 0.01 */
        return sb_pattern_match("head/class/predict/**/bias", slot->name, NULL) ? -4.59511985f : 0;
    default:
        return 0;
    }
}

void sb_weights_seed_slot(const struct sb_slot *slot, uint64_t seed, float *values)
{
    const size_t count = sb_slot_count(slot);
    if (slot->kind != SB_SLOT_KERNEL) {
        const float value = constant_of(slot);
        for (size_t i = 0; i < count; i++)
            values[i] = value;
        return;
    }
    const uint64_t name = sb_fnv1a(SB_FNV_START, slot->name, strlen(slot->name));
    struct sb_rng rng = sb_rng_seed(sb_rng_mix(seed) ^ name);
    const double deviation = sqrt(2 / fan_in(slot));
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(sb_rng_normal(&rng) * deviation);
}

struct seeding {
    const struct sb_graph *graph;
    struct sb_weights *out;
    uint64_t seed;
    const double *variances; /* per slot, of moving variances only */
    uint32_t *crcs;
};

static void seed_job(void *ctx, size_t job, int worker)
{
    (void)worker;
    const struct seeding *s = ctx;
    const struct sb_slot *slot = &s->graph->slots[job];
    float *const values = s->out->slots[job];
    sb_weights_seed_slot(slot, s->seed, values);
    for (size_t i = 0; slot->kind == SB_SLOT_VARIANCE && i < sb_slot_count(slot); i++)
        values[i] = (float)s->variances[job];
    s->crcs[job] = sb_weights_seal_slot(slot, values);
}

int sb_weights_seeded(struct sb_weights *out, const struct sb_graph *graph, uint64_t seed,
                      struct sb_error *err)
{
    int rc = sb_weights_alloc(out, graph, err);
    struct sb_pool *pool = rc ? NULL : sb_pool_new(sb_cpu_count(), err);
    uint32_t *crcs = sb_calloc(graph->num_slots, sizeof(*crcs), TAG);
    double *variances = sb_calloc(graph->num_slots, sizeof(*variances), TAG);
    struct sb_moments *moments = sb_calloc(graph->num_nodes, sizeof(*moments), TAG);
    if (rc == 0 && !pool)
        rc = SB_ENOMEM;
    else if (rc == 0 && (!crcs || !variances || !moments))
        rc = sb_error_nomem(err, "checksums and variances", graph->num_slots * sizeof(*variances));
    if (rc == 0) {
        sb_untrained_variances(graph, variances, moments);
        struct seeding s = {graph, out, seed, variances, crcs};
        sb_pool_run(pool, graph->num_slots, seed_job, &s);
        sb_weights_set_digest(out, crcs);
        snprintf(out->source, sizeof(out->source), "seed %llu", (unsigned long long)seed);
    } else {
        sb_weights_release(out);
    }
    sb_free(moments);
    sb_free(variances);
    sb_free(crcs);
    sb_pool_free(&pool);
    return rc;
}

/* -- saving ----------------------------------------------------------------------------------- */

static struct sb_tensor tensor_of_slot(const struct sb_slot *slot, const float *values)
{
    struct sb_tensor t = {.name = slot->name, .dtype = SB_F32, .type = sb_dtype_name(SB_F32)};
    t.ndim = slot->ndim;
    for (int d = 0; d < slot->ndim; d++)
        t.shape[d] = (size_t)slot->shape[d];
    t.count = sb_slot_count(slot);
    t.bytes = t.count * sizeof(float);
    t.data = (const unsigned char *)values;
    return t;
}

int sb_weights_save_safetensors(const struct sb_weights *weights, const struct sb_graph *graph,
                                const char *path, struct sb_error *err)
{
    const size_t n = graph->num_slots;
    struct sb_tensor *tensors = sb_calloc(n, sizeof(*tensors), TAG);
    const struct sb_tensor **pointers = sb_calloc(n, sizeof(const struct sb_tensor *), TAG);
    int rc = 0;
    if (!tensors || !pointers) {
        rc = sb_error_nomem(err, "a tensor table", n * sizeof(*tensors));
    } else {
        for (size_t i = 0; i < n; i++) {
            tensors[i] = tensor_of_slot(&graph->slots[i], weights->slots[i]);
            pointers[i] = &tensors[i];
        }
        rc = sb_safetensors_write(path, pointers, n, NULL, err);
    }
    sb_free(tensors);
    sb_free(pointers);
    return rc;
}
