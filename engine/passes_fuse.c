/* Passes: activations and residual additions into the step that makes their operand. See passes.h.
 */
#include "engine/passes.h"

#include <limits.h>

int sb_pass_fuse_activation(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    for (size_t i = 0; i < steps->count; i++) {
        struct sb_step *act = &steps->items[i];
        if (act->op != SB_OP_ACT)
            continue;
        struct sb_step *before = sb_steps_producer(steps, act->inputs[0]);
        if (!before || !(sb_op_epilogue(before->op) & SB_EPILOGUE_ACT) ||
            before->act != SB_ACT_NONE || !sb_value_is_private(&steps->values[act->inputs[0]]))
            continue;
        before->act = act->node->u.act.kind;
        sb_steps_absorb(steps, before, act);
    }
    sb_steps_link(steps);
    return 0;
}

/* True when operand k of the sum is made by a step that can add a residual. */
static bool can_add(const struct sb_steps *steps, const struct sb_step *add, int k)
{
    const struct sb_step *maker = sb_steps_producer(steps, add->inputs[k]);
    return maker && (sb_op_epilogue(maker->op) & SB_EPILOGUE_RESIDUAL) &&
           maker->residual == SB_NO_VALUE && maker->act == SB_ACT_NONE &&
           sb_value_is_private(&steps->values[add->inputs[k]]);
}

/* Finds operands k, other such that k's maker can add `other`, which exists before it runs. The
 * earliest possible maker is taken, so that three operands make a chain and leave no sum. */
static bool find_pair(const struct sb_steps *steps, const struct sb_step *add, int *k, int *other)
{
    int best = INT_MAX;
    for (int a = 0; a < add->num_inputs; a++) {
        const int maker = steps->values[add->inputs[a]].producer;
        if (maker >= best || !can_add(steps, add, a))
            continue;
        for (int b = 0; b < add->num_inputs; b++) {
            if (b == a || steps->values[add->inputs[b]].producer >= maker)
                continue;
            best = maker;
            *k = a;
            *other = b;
            break;
        }
    }
    return best < INT_MAX;
}

static void remove_input(struct sb_step *step, int k)
{
    for (int i = k + 1; i < step->num_inputs; i++)
        step->inputs[i - 1] = step->inputs[i];
    step->num_inputs--;
}

int sb_pass_fuse_residual(struct sb_steps *steps, struct sb_error *err)
{
    (void)err;
    sb_steps_link(steps);
    for (size_t i = 0; i < steps->count; i++) {
        struct sb_step *add = &steps->items[i];
        int k = 0, other = 0;
        while (add->op == SB_OP_ADD && !add->dead && find_pair(steps, add, &k, &other)) {
            struct sb_step *maker = sb_steps_producer(steps, add->inputs[k]);
            maker->residual = add->inputs[other];
            remove_input(add, other);
            if (add->num_inputs == 1) {
                maker->act = add->act;
                sb_steps_absorb(steps, maker, add);
            }
        }
    }
    sb_steps_link(steps);
    return 0;
}
