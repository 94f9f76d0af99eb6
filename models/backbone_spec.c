/* The backbone part of a spec: what all families share, and ResNet. See model_spec.h. */
#include "models/model_spec.h"

#include <stdio.h>
#include <string.h>

const char *sb_family_name(enum sb_family family)
{
    switch (family) {
    case SB_FAMILY_SPINENET:
        return "spinenet";
    case SB_FAMILY_SPINENET_MBCONV:
        return "spinenet_mbconv";
    case SB_FAMILY_RESNET:
        return "resnet";
    }
    return "unknown";
}

int sb_spec_opt_int(const struct sb_json *at, const char *key, int lo, int hi, int *value,
                    struct sb_error *err)
{
    int64_t v = *value;
    const int rc = sb_json_opt_int(at, key, lo, hi, &v, err);
    *value = (int)v;
    return rc;
}

int sb_spec_opt_act(const struct sb_json *at, struct sb_error *err, enum sb_act *act)
{
    struct sb_json member;
    const char *name;
    if (!sb_json_has(at, "activation"))
        return 0;
    int rc = sb_json_get(at, "activation", &member, err);
    if (rc == 0)
        rc = sb_json_string(&member, &name, err);
    SB_CHECK(rc == 0, rc);
    if (strcmp(name, "relu") == 0)
        *act = SB_ACT_RELU;
    else if (strcmp(name, "swish") == 0)
        *act = SB_ACT_SWISH;
    else
        return sb_json_expected(&member, "\"relu\" or \"swish\"", err);
    return 0;
}

int sb_spec_opt_positive(const struct sb_json *at, const char *key, double hi, double *value,
                         struct sb_error *err)
{
    struct sb_json member;
    char what[80];
    if (!sb_json_has(at, key))
        return 0;
    int rc = sb_json_get(at, key, &member, err);
    if (rc == 0)
        rc = sb_json_double(&member, value, err);
    if (rc || (*value > 0.0 && *value <= hi))
        return rc;
    snprintf(what, sizeof(what), "a number above 0 and at most %g", hi);
    return sb_json_expected(&member, what, err);
}

int sb_spec_opt_fraction(const struct sb_json *at, const char *key, double *value,
                         struct sb_error *err)
{
    struct sb_json member;
    if (!sb_json_has(at, key))
        return 0;
    int rc = sb_json_get(at, key, &member, err);
    if (rc == 0)
        rc = sb_json_double(&member, value, err);
    if (rc == 0 && !(*value >= 0.0 && *value <= 1.0))
        rc = sb_json_expected(&member, "a number from 0 to 1", err);
    return rc;
}

/* An array of exactly four integers. */
static int read_four(const struct sb_json *at, const char *key, int64_t hi, int64_t out[4],
                     struct sb_error *err)
{
    struct sb_json list, elem;
    size_t count;
    int i = 0;
    int rc = sb_json_get_array(at, key, &list, &count, err);
    SB_CHECK(rc == 0, rc);
    if (count != 4)
        return sb_json_expected(&list, "an array of four integers, one per stage C2..C5", err);
    for (bool ok = sb_json_first(&list, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = sb_json_int(&elem, 1, hi, &out[i++], err);
    return rc;
}

static int parse_resnet(const struct sb_json *at, struct sb_backbone_spec *out,
                        struct sb_error *err)
{
    static const char *const keys[] = {"name",          "description",       "family", "size",
                                       "activation",    "batchnorm_epsilon", "block",  "stages",
                                       "stage_filters", "stem_filters",      NULL};
    struct sb_resnet_spec *s = &out->u.resnet;
    struct sb_json block;
    const char *type = NULL;
    int64_t repeats[4] = {0}, filters[4] = {64, 128, 256, 512};
    int rc = sb_json_only(at, keys, err);
    if (rc == 0)
        rc = sb_json_get(at, "block", &block, err);
    if (rc == 0)
        rc = sb_json_string(&block, &type, err);
    SB_CHECK(rc == 0, rc);
    s->type = strcmp(type, "residual") == 0 ? SB_BLOCK_RESIDUAL : SB_BLOCK_BOTTLENECK;
    if (strcmp(type, sb_block_type_name(s->type)) != 0)
        return sb_json_expected(&block, "\"bottleneck\" or \"residual\"", err);
    rc = read_four(at, "stages", SB_SPEC_MAX_REPEATS, repeats, err);
    if (rc == 0 && sb_json_has(at, "stage_filters"))
        rc = read_four(at, "stage_filters", SB_SPEC_MAX_FILTERS, filters, err);
    s->stem_filters = 64;
    if (rc == 0)
        rc = sb_json_opt_int(at, "stem_filters", 1, SB_SPEC_MAX_FILTERS, &s->stem_filters, err);
    for (int i = 0; i < 4; i++) {
        s->repeats[i] = (int)repeats[i];
        s->filters[i] = filters[i];
    }
    out->min_level = 2;
    out->max_level = 5;
    return rc;
}

static int read_family(const struct sb_json *at, enum sb_family *family, struct sb_error *err)
{
    struct sb_json member;
    const char *name;
    int rc = sb_json_get(at, "family", &member, err);
    if (rc == 0)
        rc = sb_json_string(&member, &name, err);
    SB_CHECK(rc == 0, rc);
    for (int f = SB_FAMILY_SPINENET; f <= SB_FAMILY_RESNET; f++) {
        if (strcmp(name, sb_family_name((enum sb_family)f)) == 0) {
            *family = (enum sb_family)f;
            return 0;
        }
    }
    return sb_json_expected(&member, "\"spinenet\", \"spinenet_mbconv\" or \"resnet\"", err);
}

int sb_backbone_spec_parse(const struct sb_json *at, struct sb_backbone_spec *out,
                           struct sb_error *err)
{
    const char *name = "backbone";
    memset(out, 0, sizeof(*out));
    int rc = read_family(at, &out->family, err);
    if (rc == 0)
        rc = sb_json_opt_string(at, "name", &name, err);
    SB_CHECK(rc == 0, rc);
    snprintf(out->name, sizeof(out->name), "%s", name);
    out->act = SB_ACT_RELU;
    rc = sb_spec_opt_act(at, err, &out->act);
    SB_CHECK(rc == 0, rc);
    return out->family == SB_FAMILY_RESNET ? parse_resnet(at, out, err)
                                           : sb_permuted_spec_parse(at, out, err);
}
