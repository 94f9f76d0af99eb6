/*
 * Pass: one kernel on several maps runs once. The heads of a detector use the same weights on every
 * level of its pyramid, but each with batch normalisations of its own; small levels would read the
 * whole packed kernel for a few pixels. A step, or a group of siblings, moves up to the first one
 * with the same kernels, which it may when all that it reads is already there. See passes.h.
 */
#include "engine/passes.h"

#include "engine/kernels/kernels.h"

static bool is_made_before(const struct sb_steps *steps, int value, size_t step)
{
    return value == SB_NO_VALUE || steps->values[value].producer < (int)step;
}

/* Whether the group at `later` may run together with the one at `first`: step by step the same
 * kernels. */
static bool are_maps(const struct sb_steps *steps, size_t first, size_t later)
{
    const size_t size = sb_steps_group_end(steps, later) - later;
    for (size_t i = 0; i < size; i++) {
        const struct sb_step *a = &steps->items[first + i], *b = &steps->items[later + i];
        if (a->kernel_slot != b->kernel_slot || a->kernel != b->kernel || !b->kernel->joins_maps ||
            a->num_inputs != 1 || b->num_inputs != 1 ||
            !is_made_before(steps, b->inputs[0], first) ||
            !is_made_before(steps, b->residual, first))
            return false;
    }
    return true;
}

int sb_pass_join_maps(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    for (size_t first = 0; first < steps->count; first = sb_steps_group_end(steps, first)) {
        const size_t size = sb_steps_group_end(steps, first) - first;
        for (size_t i = first + size, end; i < steps->count; i = end) {
            end = sb_steps_group_end(steps, i);
            if (end - i != size || !are_maps(steps, first, i))
                continue;
            const size_t to = sb_steps_group_end(steps, first);
            for (size_t k = 0; k < size; k++)
                sb_steps_follow(steps, i + k, to + k);
        }
    }
    return 0;
}
