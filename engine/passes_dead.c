/* Pass: dead code. See passes.h. */
#include "engine/passes.h"

int sb_pass_dead_code(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    /* Readers come after what they read, so one walk from the end finds every dead chain. */
    for (size_t i = steps->count; i-- > 0;) {
        struct sb_step *step = &steps->items[i];
        const struct sb_value *value = &steps->values[step->value];
        if (value->uses > 0 || value->output)
            continue;
        step->dead = true;
        for (int k = 0; k < step->num_inputs; k++)
            steps->values[step->inputs[k]].uses--;
        if (step->residual != SB_NO_VALUE)
            steps->values[step->residual].uses--;
    }
    sb_steps_link(steps);
    return 0;
}
