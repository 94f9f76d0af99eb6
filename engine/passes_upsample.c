/*
 * Pass: upsampled maps are added by convolutions. Where paths of different resolutions meet, the
 * small one is enlarged and added to the result of a convolution, which was written for this alone.
 * The convolution moves down to the resize and adds the small map itself, in the same order of
 * sums. See passes.h.
 */
#include "engine/passes.h"

#include "engine/kernels/kernels.h"

/* The convolution whose result the resize adds and that can add the resize's input instead; NULL
 * where there is none. */
static struct sb_step *find_adder(const struct sb_steps *steps, const struct sb_step *resize)
{
    if (resize->op != SB_OP_RESIZE || resize->reorder || resize->residual == SB_NO_VALUE)
        return NULL;
    const struct sb_shape in = steps->values[resize->inputs[0]].shape;
    const struct sb_shape out = steps->values[resize->value].shape;
    struct sb_step *conv = sb_steps_producer(steps, resize->residual);
    const bool enlarges = in.h <= out.h && in.w <= out.w && in.h * in.w < out.h * out.w;
    return enlarges && conv && conv->kernel->enlarges && conv->residual == SB_NO_VALUE &&
                   conv->act == SB_ACT_NONE && sb_value_is_private(&steps->values[conv->value]) &&
                   conv->kernel->out_layout == resize->kernel->out_layout &&
                   conv->kernel->out_layout == resize->kernel->in_layout
               ? conv
               : NULL;
}

int sb_pass_fuse_upsample(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    for (size_t i = 0; i < steps->count; i++) {
        struct sb_step *resize = &steps->items[i], *conv = find_adder(steps, resize);
        if (!conv)
            continue;
        const struct sb_step last = *resize;
        *resize = *conv;
        resize->residual = last.inputs[0];
        resize->act = last.act;
        resize->value = last.value;
        *conv = last;
        conv->dead = true;
    }
    sb_steps_link(steps);
    return 0;
}
