/* The epilogue shared by the reference kernels. See epilogue.h. */
#include "engine/kernels/epilogue.h"

#include <math.h>

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

void sb_act_row(enum sb_act act, float *row, size_t n)
{
    switch (act) {
    case SB_ACT_NONE:
        return;
    case SB_ACT_RELU:
        for (size_t i = 0; i < n; i++)
            row[i] = row[i] > 0 ? row[i] : 0;
        return;
    case SB_ACT_SWISH:
        for (size_t i = 0; i < n; i++)
            row[i] *= sigmoid(row[i]);
        return;
    case SB_ACT_SIGMOID:
        for (size_t i = 0; i < n; i++)
            row[i] = sigmoid(row[i]);
        return;
    }
}

void sb_epilogue_row(const struct sb_kernel_call *call, int64_t channel, float *row, size_t n)
{
    const float shift = call->shift ? call->shift[channel] : 0;
    if (call->scale) {
        const float scale = call->scale[channel];
        for (size_t i = 0; i < n; i++)
            row[i] = row[i] * scale + shift;
    } else if (call->shift) {
        for (size_t i = 0; i < n; i++)
            row[i] += shift;
    }
    if (call->residual) {
        const float *residual = call->residual + (row - call->output);
        for (size_t i = 0; i < n; i++)
            row[i] += residual[i];
    }
    sb_act_row(call->step->act, row, n);
}
