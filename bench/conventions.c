/* The conventions for operation counts, as formulas over struct sb_cost. See conventions.h. */
#include "bench/conventions.h"

#include <string.h>

static const char *const names[] = {
    [SB_CONVENTION_MAC] = "mac",
    [SB_CONVENTION_TF] = "tf",
    [SB_CONVENTION_TF_EXACT] = "tf-exact",
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

struct sb_profile sb_profile_of(const struct sb_model *model)
{
    const struct sb_profile profile = {
        .sync_batchnorm = model->sync_batchnorm,
        .drop_initialisers = model->task == SB_TASK_CLASSIFY,
        .batch = model->batch,
    };
    return profile;
}

/* Operations per run that both tf conventions share: all but additions and swish. */
static int64_t run_ops(const struct sb_cost *c, const struct sb_profile *p)
{
    return 2 * c->macs + c->bias_adds + c->pool_ops + (p->sync_batchnorm ? c->bn_elements : 0) +
           c->gate_elements + c->scale_elements + c->mean_elements + 5 * c->softmax_elements +
           c->region_ops;
}

/* Operations that happen once, whatever the batch: initialisers, batch-norm constants, sizes. */
static int64_t constant_ops(const struct sb_cost *c, const struct sb_profile *p)
{
    return c->kernel_values + (p->sync_batchnorm ? 5 * c->bn_channels : 0) + c->glorot_kernels +
           c->resize_scalars;
}

/* Everything that TensorFlow spells with AddV2. */
static int64_t adds(const struct sb_cost *c, const struct sb_profile *p)
{
    const int64_t batchnorm = p->sync_batchnorm ? c->bn_elements + c->bn_channels : 0;
    return batchnorm + c->add_elements + c->kernel_values + c->region_adds;
}

int64_t sb_tf_exact_float_ops(const struct sb_cost *cost, const struct sb_profile *profile)
{
    return run_ops(cost, profile) + constant_ops(cost, profile) + adds(cost, profile) +
           2 * cost->swish_elements;
}

double sb_multi_adds(const struct sb_cost *cost, enum sb_convention convention,
                     const struct sb_profile *profile)
{
    const double batch = profile->batch > 0 ? profile->batch : 1;
    int64_t float_ops = 2 * cost->macs;
    if (convention == SB_CONVENTION_TF_EXACT) {
        float_ops = sb_tf_exact_float_ops(cost, profile);
    } else if (convention == SB_CONVENTION_TF) {
        float_ops = run_ops(cost, profile) + cost->swish_elements;
        if (!profile->drop_initialisers)
            float_ops += constant_ops(cost, profile);
    }
    return (double)float_ops / 2 / batch;
}

int64_t sb_other_ops(const struct sb_cost *c)
{
    return c->bias_adds + c->pool_ops + 2 * c->bn_elements + c->add_elements + c->gate_elements +
           c->scale_elements + 2 * c->swish_elements + c->mean_elements + 5 * c->softmax_elements +
           c->region_ops + c->region_adds;
}

const char *sb_convention_name(enum sb_convention convention)
{
    return (unsigned)convention < N_NAMES ? names[convention] : "unknown";
}

int sb_convention_parse(const char *name, enum sb_convention *out, struct sb_error *err)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum sb_convention)i;
            return 0;
        }
    }
    sb_error_set(err, SB_EINVAL, "unknown convention '%s'", name);
    return sb_error_hint(err, "one of mac, tf, tf-exact");
}
