/*
 * Pass: siblings run together. Two steps are siblings when they have the same kernel, which can run
 * a chain of calls, and read the same input through the same window; a cross-scale connection and
 * the block below it, or the first layers of the two heads. The later one moves up, which it may
 * when what it adds is already there. See passes.h.
 */
#include "engine/passes.h"

#include "engine/kernels/kernels.h"

static bool same_window(const struct sb_window *a, const struct sb_window *b)
{
    return a->kernel_h == b->kernel_h && a->kernel_w == b->kernel_w && a->stride_h == b->stride_h &&
           a->stride_w == b->stride_w && a->pad_top == b->pad_top && a->pad_left == b->pad_left &&
           a->pad_bottom == b->pad_bottom && a->pad_right == b->pad_right;
}

/* Whether `later` may run together with the step at `first`. A gate is another input. Windows
 * belong to convolutions, the only steps whose kernels join. */
static bool are_siblings(const struct sb_steps *steps, size_t first, const struct sb_step *later)
{
    const struct sb_step *step = &steps->items[first];
    return step->kernel == later->kernel && step->inputs[0] == later->inputs[0] &&
           step->num_inputs == 1 && later->num_inputs == 1 &&
           same_window(&step->node->u.window, &later->node->u.window) &&
           (later->residual == SB_NO_VALUE || steps->values[later->residual].producer < (int)first);
}

int sb_pass_join_siblings(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    for (size_t first = 0; first < steps->count; first = sb_steps_group_end(steps, first)) {
        if (!steps->items[first].kernel->joins)
            continue;
        for (size_t i = first + 1; i < steps->count; i++) {
            if (!are_siblings(steps, first, &steps->items[i]))
                continue;
            sb_steps_follow(steps, i, sb_steps_group_end(steps, first));
        }
    }
    return 0;
}
