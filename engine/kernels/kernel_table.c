/* The tables of kernels by engine, in order of preference. See kernels.h. */
#include "engine/kernels/kernels.h"

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
    &sb_kernel_conv_stem_native,
    &sb_kernel_conv_1x1_native,
    &sb_kernel_winograd_native,
    &sb_kernel_conv_native,
    &sb_kernel_dwconv_native,
    &sb_kernel_affine_native,
    &sb_kernel_act_native,
    &sb_kernel_add_native,
    &sb_kernel_mul_native,
    &sb_kernel_scale_native,
    &sb_kernel_maxpool_native,
    &sb_kernel_global_avg_native,
    &sb_kernel_global_max_native,
    &sb_kernel_resize_native,
    &sb_kernel_deconv_native,
    &sb_kernel_fc_native,
    &sb_kernel_roi_align_native,
    &sb_kernel_deconv_openblas,
    &sb_kernel_fc_openblas,
    &sb_kernel_softmax,
    &sb_kernel_proposals,
    &sb_kernel_detections,
    &sb_kernel_select,
    &sb_kernel_roi_align,
    NULL,
};

const struct sb_kernel *const *sb_kernel_table(enum sb_engine engine)
{
    return engine == SB_ENGINE_OPENBLAS ? openblas_kernels : native_kernels;
}

const struct sb_kernel *sb_kernel_choose(enum sb_engine engine, const struct sb_kernel_call *call)
{
    for (const struct sb_kernel *const *k = sb_kernel_table(engine); *k; k++) {
        if ((*k)->op == call->step->op && (!(*k)->supports || (*k)->supports(call)))
            return *k;
    }
    return NULL;
}
