/*
 * Pass: a 1x1 convolution and the depthwise convolution that reads it run together, row by row. The
 * depthwise one moves up to the convolution, which it may when what it adds is already there, and
 * the value between them needs no memory. A mean of the result is made on the way. See passes.h.
 */
#include "engine/passes.h"

#include "engine/kernels/kernels.h"

/* The depthwise step that can run together with step `index`, or 0. */
static size_t find_depthwise(const struct sb_steps *steps, size_t index)
{
    const struct sb_step *conv = &steps->items[index];
    if (!conv->kernel->streams || conv->residual != SB_NO_VALUE ||
        !sb_value_is_private(&steps->values[conv->value]))
        return 0;
    const size_t reader = sb_steps_reader(steps, index);
    const struct sb_step *dw = &steps->items[reader];
    return reader > 0 && dw->kernel == &sb_kernel_dwconv_native &&
                   (dw->residual == SB_NO_VALUE ||
                    steps->values[dw->residual].producer < (int)index)
               ? reader
               : 0;
}

/* The global mean of step `index`'s result, or 0. */
static size_t find_mean(const struct sb_steps *steps, size_t index)
{
    for (size_t i = index + 1; i < steps->count; i++) {
        const struct sb_step *step = &steps->items[i];
        if (step->kernel == &sb_kernel_global_avg_native &&
            step->inputs[0] == steps->items[index].value)
            return i;
    }
    return 0;
}

int sb_pass_stream_depthwise(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    for (size_t i = 0; i < steps->count; i++) {
        const size_t depthwise = find_depthwise(steps, i);
        if (depthwise == 0)
            continue;
        struct sb_step *conv = &steps->items[i];
        conv->kernel = conv->kernel->streams;
        steps->values[conv->value].streamed = true;
        sb_steps_follow(steps, depthwise, i + 1);
        const size_t mean = find_mean(steps, i + 1);
        if (mean > 0)
            sb_steps_follow(steps, mean, i + 2);
    }
    return 0;
}
