/* What kernels do with a row of results: scale, shift, residual, activation (see steps.h). */
#ifndef SB_ENGINE_KERNELS_EPILOGUE_H
#define SB_ENGINE_KERNELS_EPILOGUE_H

#include "engine/kernels/kernels.h"

/* ReLU max(x, 0); swish x * sigmoid(x); sigmoid 1 / (1 + exp(-x)). */
void sb_act_row(enum sb_act act, float *row, size_t n);

/* The whole epilogue on n consecutive values of one channel. `row` points into call->output, so
 * that the residual is found at the same place. */
void sb_epilogue_row(const struct sb_kernel_call *call, int64_t channel, float *row, size_t n);

#endif
