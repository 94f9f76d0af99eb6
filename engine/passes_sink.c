/*
 * Pass: a 1x1 convolution below a nearest resize changes places with it. Every output pixel of the
 * convolution depends on one input pixel, and the resize only repeats pixels, so both orders give
 * the same bits; the convolution's scale, shift and activation stay with it. See passes.h.
 */
#include "engine/passes.h"

static bool is_pointwise(const struct sb_step *step)
{
    const struct sb_window *w = &step->node->u.window;
    return step->op == SB_OP_CONV && w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 &&
           w->stride_w == 1 && w->pad_top == 0 && w->pad_left == 0 && w->pad_bottom == 0 &&
           w->pad_right == 0 && step->residual == SB_NO_VALUE;
}

/* The resize that `conv` can change places with, or NULL. */
static struct sb_step *find_resize(const struct sb_steps *steps, const struct sb_step *conv)
{
    if (!is_pointwise(conv) || !sb_value_is_private(&steps->values[conv->inputs[0]]))
        return NULL;
    struct sb_step *resize = sb_steps_producer(steps, conv->inputs[0]);
    if (!resize || resize->op != SB_OP_RESIZE || resize->residual != SB_NO_VALUE ||
        resize->act != SB_ACT_NONE)
        return NULL;
    const struct sb_shape small = steps->values[resize->inputs[0]].shape;
    const struct sb_shape large = steps->values[resize->value].shape;
    return small.h * small.w < large.h * large.w ? resize : NULL;
}

/* The two steps trade their places in the list and what they read and write. */
static int change_places(struct sb_steps *steps, struct sb_step *conv, struct sb_step *resize,
                         struct sb_error *err)
{
    const struct sb_value *from = &steps->values[resize->inputs[0]];
    struct sb_value small = {.shape = from->shape, .level = from->level, .node = conv->node};
    small.shape.c = steps->values[conv->value].shape.c;
    const int value = sb_steps_add_value(steps, &small, err);
    if (value < 0)
        return value;
    resize->value = conv->value;
    conv->value = value;
    conv->inputs[0] = resize->inputs[0];
    resize->inputs[0] = value;
    const struct sb_step first = *conv;
    *conv = *resize;
    *resize = first;
    return 0;
}

int sb_pass_sink_pointwise(struct sb_steps *steps, struct sb_error *err)
{
    sb_steps_link(steps);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < steps->count; i++) {
        struct sb_step *resize = find_resize(steps, &steps->items[i]);
        if (!resize)
            continue;
        rc = change_places(steps, &steps->items[i], resize, err);
        sb_steps_link(steps);
    }
    return rc;
}
