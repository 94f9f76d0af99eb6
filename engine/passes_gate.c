/*
 * Pass: a gate, one factor per channel, becomes a second input of the convolution that reads the
 * gated map. Its kernel multiplies its weights, which are fewer than the pixels; the product is
 * never made. See passes.h.
 */
#include "engine/passes.h"

#include "engine/kernels/kernels.h"

static bool is_gate(const struct sb_steps *steps, const struct sb_step *step)
{
    if (step->op != SB_OP_MUL || step->kernel != &sb_kernel_mul_native)
        return false;
    const struct sb_shape factor = steps->values[step->inputs[1]].shape;
    return factor.h * factor.w == 1 && sb_value_is_private(&steps->values[step->value]);
}

int sb_pass_fuse_gate(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    for (size_t i = 0; i < steps->count; i++) {
        struct sb_step *gate = &steps->items[i];
        const size_t reader = is_gate(steps, gate) ? sb_steps_reader(steps, i) : 0;
        struct sb_step *conv = &steps->items[reader];
        if (reader == 0 || !conv->kernel->gates)
            continue;
        int *const inputs = conv->inputs;
        conv->inputs = gate->inputs; /* map and gate */
        conv->num_inputs = 2;
        gate->inputs = inputs;
        gate->num_inputs = 1;
        gate->dead = true;
    }
    sb_steps_link(steps);
    return 0;
}
