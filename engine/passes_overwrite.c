/*
 * Pass: results in the memory of operands. Kernels that work element by element say which operands
 * they may write over; an operand whose last reader is the step, and that is neither an input nor
 * an output of the plan, gives up its memory. See passes.h.
 */
#include "engine/passes.h"

#include "base/mem.h"
#include "engine/kernels/kernels.h"

/* last[v]: the last step that reads value v, -1 where none does. */
static void find_last_readers(const struct sb_steps *steps, int *last)
{
    for (size_t v = 0; v < steps->num_values; v++)
        last[v] = -1;
    for (size_t s = 0; s < steps->count; s++) {
        const struct sb_step *step = &steps->items[s];
        for (int k = 0; k < step->num_inputs; k++)
            last[step->inputs[k]] = (int)s;
        if (step->residual != SB_NO_VALUE)
            last[step->residual] = (int)s;
    }
}

static bool reads(const struct sb_step *step, int value)
{
    for (int k = 0; k < step->num_inputs; k++) {
        if (step->inputs[k] == value)
            return true;
    }
    return false;
}

/* Whether step s may take the memory of `operand`. Steps of a group read at the same time: there
 * the operand must have no other reader. */
static bool may_take(const struct sb_steps *steps, size_t s, int operand, const int *last)
{
    const struct sb_value *value = &steps->values[operand];
    const bool grouped = sb_steps_group_end(steps, s) - sb_steps_group_start(steps, s) > 1;
    return value->producer >= 0 && !value->output && last[operand] == (int)s &&
           (!grouped || value->uses == 1) &&
           sb_value_count(value) == sb_value_count(&steps->values[steps->items[s].value]);
}

static int find_operand(const struct sb_steps *steps, size_t s, const int *last)
{
    const struct sb_step *step = &steps->items[s];
    const unsigned inplace = step->kernel->inplace;
    const int r = step->residual;
    if ((inplace & SB_INPLACE_RESIDUAL) && r != SB_NO_VALUE && !reads(step, r) &&
        may_take(steps, s, r, last))
        return r;
    for (int k = 0; (inplace & SB_INPLACE_INPUTS) && k < step->num_inputs; k++) {
        if (step->inputs[k] != r && may_take(steps, s, step->inputs[k], last))
            return step->inputs[k];
    }
    return SB_NO_VALUE;
}

int sb_pass_overwrite(struct sb_steps *steps, struct sb_error *err)
{
    sb_steps_link(steps);
    int *last = sb_calloc(steps->num_values, sizeof(*last), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!last)
        return sb_error_nomem(err, "last readers", steps->num_values * sizeof(*last));
    find_last_readers(steps, last);
    for (size_t s = 0; s < steps->count; s++)
        steps->items[s].overwrites = find_operand(steps, s, last);
    sb_free(last);
    return 0;
}
