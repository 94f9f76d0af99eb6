/* Layouts of weights: one blocked permutation for all kernels. See layout.h. */
#include "models/layout.h"

/* A tile reads runs of TILE_O values and fills TILE_O rows of TILE_I * K values, which stay in the
 * first-level cache until they are complete (3x3: 16 * 32 * 9 * 4 = 18 KiB). More than 16 rows
 * would fall into the same cache sets where the row length is a power of two (512 inputs: 2.7 times
 * slower with 32). */
#define TILE_O 16
#define TILE_I 32

struct kio {
    size_t k, i, o;
};

static struct kio kio_of(const struct sb_slot *slot)
{
    const size_t o = (size_t)slot->shape[0];
    if (slot->op == SB_OP_FC) {
        const size_t plane = (size_t)(slot->fc_chw[1] * slot->fc_chw[2]);
        return (struct kio){plane, (size_t)slot->fc_chw[0], o};
    }
    return (struct kio){(size_t)(slot->shape[2] * slot->shape[3]), (size_t)slot->shape[1], o};
}

int sb_variable_shape(const struct sb_slot *slot, size_t shape[4])
{
    if (slot->kind != SB_SLOT_KERNEL) {
        shape[0] = (size_t)slot->shape[0];
        return 1;
    }
    const struct kio n = kio_of(slot);
    if (slot->op == SB_OP_FC) {
        shape[0] = n.k * n.i;
        shape[1] = n.o;
        return 2;
    }
    const bool depthwise = slot->op == SB_OP_DWCONV;
    shape[0] = (size_t)slot->shape[2];
    shape[1] = (size_t)slot->shape[3];
    shape[2] = depthwise ? n.o : n.i;
    shape[3] = depthwise ? 1 : n.o;
    return 4;
}

/* A run of values as floats: in place where they are aligned floats, else converted into buffer. */
static const float *load_run(enum sb_dtype type, const unsigned char *in, size_t count,
                             float *buffer)
{
    if (type == SB_F32 && (uintptr_t)in % sizeof(float) == 0)
        return (const float *)(const void *)in;
    sb_dtype_to_f32(type, in, count, buffer);
    return buffer;
}

/* One tile: outputs o0 .. o0 + no, inputs i0 .. i0 + ni. */
static void permute_tile(struct kio n, enum sb_dtype type, const unsigned char *in, size_t o0,
                         size_t no, size_t i0, size_t ni, float *out)
{
    const size_t elem = sb_dtype_bytes(type);
    float buffer[TILE_O];
    for (size_t k = 0; k < n.k; k++) {
        for (size_t i = i0; i < i0 + ni; i++) {
            const float *run = load_run(type, in + ((k * n.i + i) * n.o + o0) * elem, no, buffer);
            float *to = out + (o0 * n.i + i) * n.k + k;
            for (size_t o = 0; o < no; o++)
                to[o * n.i * n.k] = run[o];
        }
    }
}

static void permute(struct kio n, enum sb_dtype type, const unsigned char *in, float *out)
{
    for (size_t o = 0; o < n.o; o += TILE_O) {
        const size_t no = n.o - o < TILE_O ? n.o - o : TILE_O;
        for (size_t i = 0; i < n.i; i += TILE_I) {
            const size_t ni = n.i - i < TILE_I ? n.i - i : TILE_I;
            permute_tile(n, type, in, o, no, i, ni, out);
        }
    }
}

void sb_layout_from_variable(const struct sb_slot *slot, enum sb_dtype type, const void *variable,
                             float *out)
{
    if (slot->kind == SB_SLOT_KERNEL)
        permute(kio_of(slot), type, variable, out);
    else
        sb_dtype_to_f32(type, variable, sb_slot_count(slot), out);
}

void sb_layout_to_variable(const struct sb_slot *slot, const float *values, float *out)
{
    const struct kio n =
        slot->kind == SB_SLOT_KERNEL ? kio_of(slot) : (struct kio){1, 1, sb_slot_count(slot)};
    for (size_t o = 0; o < n.o; o++) {
        for (size_t i = 0; i < n.i; i++) {
            for (size_t k = 0; k < n.k; k++)
                out[(k * n.i + i) * n.o + o] = values[(o * n.i + i) * n.k + k];
        }
    }
}
