/*
 * Pass: batch normalisation into the step before it. With op(x) * s + t followed by * S + T, the
 * step gets scale s * S and shift t * S + T; whether the scale is multiplied into the kernel or
 * applied by the epilogue is decided when weights are packed (a kernel shared by several levels,
 * each with its own batch normalisation, keeps one copy). See passes.h.
 */
#include "engine/passes.h"

#include "base/mem.h"

static bool can_take_affine(const struct sb_step *step)
{
    return step && (sb_op_epilogue(step->op) & SB_EPILOGUE_AFFINE) && step->act == SB_ACT_NONE &&
           step->residual == SB_NO_VALUE;
}

/* Moves the vectors of the batch normalisation into `step`. */
static void fold_into(struct sb_step *step, struct sb_step *bn, int64_t channels)
{
    for (int64_t c = 0; c < channels; c++) {
        if (step->shift)
            bn->shift[c] += step->shift[c] * bn->scale[c];
        if (step->scale)
            bn->scale[c] *= step->scale[c];
    }
    sb_free(step->scale);
    sb_free(step->shift);
    step->scale = bn->scale;
    step->shift = bn->shift;
    bn->scale = bn->shift = NULL;
}

int sb_pass_fold_batchnorm(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    for (size_t i = 0; i < steps->count; i++) {
        struct sb_step *bn = &steps->items[i];
        if (bn->op != SB_OP_BATCHNORM || bn->residual != SB_NO_VALUE)
            continue; /* a residual may not exist yet where the step before runs */
        struct sb_step *before = sb_steps_producer(steps, bn->inputs[0]);
        if (!can_take_affine(before) || !sb_value_is_private(&steps->values[bn->inputs[0]]))
            continue;
        fold_into(before, bn, bn->node->shape.c);
        before->act = bn->act;
        sb_steps_absorb(steps, before, bn);
    }
    sb_steps_link(steps);
    return 0;
}
