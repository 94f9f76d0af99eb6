/* The table of passes. See passes.h. */
#include "engine/passes.h"

struct pass {
    const char *name, *text;
    int (*run)(struct sb_steps *, struct sb_error *);
    bool after_choice; /* of kernels */
};

static const struct pass passes[SB_PASS_COUNT] = {
    [SB_PASS_DEAD_CODE] = {"dead-code", "steps that reach no output are dropped", sb_pass_dead_code,
                           false},
    [SB_PASS_FOLD_BATCHNORM] = {"fold-batchnorm", "batch norms become scale and shift of layers",
                                sb_pass_fold_batchnorm, false},
    [SB_PASS_SINK_POINTWISE] = {"sink-pointwise", "1x1 convolutions run before an upsample",
                                sb_pass_sink_pointwise, false},
    [SB_PASS_FUSE_RESIDUAL] = {"fuse-residual", "sums become the end of a layer",
                               sb_pass_fuse_residual, false},
    [SB_PASS_FUSE_ACTIVATION] = {"fuse-activation", "activations become the end of a layer",
                                 sb_pass_fuse_activation, false},
    [SB_PASS_STREAM_DEPTHWISE] = {"stream-depthwise",
                                  "1x1 convolutions feed depthwise ones by rows",
                                  sb_pass_stream_depthwise, true},
    [SB_PASS_FUSE_GATE] = {"fuse-gate", "gates are factors of the next layer's input",
                           sb_pass_fuse_gate, true},
    [SB_PASS_FUSE_UPSAMPLE] = {"fuse-upsample", "upsampled maps are added by convolutions",
                               sb_pass_fuse_upsample, true},
    [SB_PASS_JOIN_SIBLINGS] = {"join-siblings", "convolutions of one input run together",
                               sb_pass_join_siblings, true},
    [SB_PASS_JOIN_MAPS] = {"join-maps", "a kernel runs once for several maps", sb_pass_join_maps,
                           true},
    [SB_PASS_OVERWRITE] = {"overwrite", "results take the memory of dying operands",
                           sb_pass_overwrite, true},
};

const char *sb_pass_name(enum sb_pass pass)
{
    return passes[pass].name;
}

const char *sb_pass_text(enum sb_pass pass)
{
    return passes[pass].text;
}

int sb_run_passes(struct sb_steps *steps, unsigned set, bool after_choice, struct sb_error *err)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < SB_PASS_COUNT; i++) {
        if ((set >> i & 1) && passes[i].after_choice == after_choice)
            rc = passes[i].run(steps, err);
    }
    return rc;
}
