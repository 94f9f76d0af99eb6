/* Blocks per level from a model's spec. See block_counts.h. */
#include "bench/block_counts.h"

#include "models/model_spec.h"
#include "models/spec.h"

#include <string.h>

static void count_permuted(const struct sb_permuted_spec *spec, struct sb_block_counts *out)
{
    out->has_permuted = true;
    for (int i = 0; i < spec->num_blocks; i++) {
        const int level = spec->blocks[i].level;
        if (i < spec->num_stem)
            out->stem[level]++;
        else
            out->permuted[level]++;
    }
}

int sb_count_blocks(const char *model, struct sb_block_counts *out, struct sb_error *err)
{
    struct sb_spec doc;
    struct sb_model_spec spec;
    memset(out, 0, sizeof(*out));
    int rc = sb_spec_open(&doc, model, err);
    if (rc == 0) {
        const struct sb_json root = sb_spec_root(&doc);
        rc = sb_model_spec_parse(&root, &spec, err);
    }
    sb_spec_release(&doc);
    if (rc)
        return rc;
    if (spec.backbone.family != SB_FAMILY_RESNET) {
        count_permuted(&spec.backbone.u.permuted, out);
        return 0;
    }
    for (int stage = 0; stage < 4; stage++)
        out->stem[stage + 2] = spec.backbone.u.resnet.repeats[stage];
    return 0;
}
