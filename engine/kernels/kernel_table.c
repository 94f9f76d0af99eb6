/* The tables of kernels by engine, in order of preference. See kernels.h. */
#include "engine/kernels/kernels.h"

#include <string.h>

static const struct sb_kernel *const openblas_kernels[] = {
    &sb_kernel_conv_1x1_openblas,
    &sb_kernel_conv_im2col_openblas,
    &sb_kernel_deconv_openblas,
    &sb_kernel_fc_openblas,
    &sb_kernel_dwconv,
    &sb_kernel_affine,
    &sb_kernel_act,
    &sb_kernel_add,
    &sb_kernel_mul,
    &sb_kernel_scale,
    &sb_kernel_maxpool,
    &sb_kernel_global_avg,
    &sb_kernel_global_max,
    &sb_kernel_resize,
    &sb_kernel_softmax,
    &sb_kernel_proposals,
    &sb_kernel_roi_align,
    &sb_kernel_detections,
    &sb_kernel_select,
    NULL,
};

/* What has no kernel of its own here runs the plain one between two copies. */
static const struct sb_kernel *const native_kernels[] = {
#if defined(__x86_64__)
#define BF16_KERNELS 1 /* those before the engine in float32 */
    &sb_kernel_conv_1x1_bf16,
#else
#define BF16_KERNELS 0
#endif
    &sb_kernel_conv_stem_native,  &sb_kernel_conv_1x1_native,
    &sb_kernel_winograd_native,   &sb_kernel_conv_taps_native,
    &sb_kernel_conv_native,       &sb_kernel_dwconv_native,
    &sb_kernel_affine_native,     &sb_kernel_act_native,
    &sb_kernel_add_native,        &sb_kernel_mul_native,
    &sb_kernel_scale_native,      &sb_kernel_maxpool_native,
    &sb_kernel_global_avg_native, &sb_kernel_global_max_native,
    &sb_kernel_resize_native,     &sb_kernel_deconv_native,
    &sb_kernel_fc_native,         &sb_kernel_roi_align_native,
    &sb_kernel_deconv_openblas,   &sb_kernel_fc_openblas,
    &sb_kernel_softmax,           &sb_kernel_proposals,
    &sb_kernel_detections,        &sb_kernel_select,
    &sb_kernel_roi_align,         NULL,
};

const struct sb_kernel *const *sb_kernel_table(enum sb_engine engine)
{
#if defined(__x86_64__)
    if (engine == SB_ENGINE_NATIVE_BF16)
        return native_kernels;
#endif
    return engine == SB_ENGINE_OPENBLAS ? openblas_kernels : native_kernels + BF16_KERNELS;
}

static bool can_run(const struct sb_kernel *kernel, const struct sb_kernel_call *call)
{
    return kernel->op == call->step->op && (!kernel->supports || kernel->supports(call));
}

const struct sb_kernel *sb_kernel_choose(enum sb_engine engine, const struct sb_kernel_call *call,
                                         const char *name)
{
    const struct sb_kernel *const *table = sb_kernel_table(engine);
    for (const struct sb_kernel *const *k = table; name && *k; k++) {
        if (strcmp((*k)->name, name) == 0 && can_run(*k, call))
            return *k;
    }
    for (const struct sb_kernel *const *k = table; *k; k++) {
        if (can_run(*k, call) && (!(*k)->pays || (*k)->pays(call)))
            return *k;
    }
    return NULL;
}

const char *sb_engine_kernel(enum sb_engine engine, size_t index, enum sb_op *op)
{
    const struct sb_kernel *const *table = sb_kernel_table(engine);
    for (size_t i = 0; i < index; i++, table++) {
        if (!*table)
            return NULL;
    }
    if (!*table)
        return NULL;
    *op = (*table)->op;
    return (*table)->name;
}
