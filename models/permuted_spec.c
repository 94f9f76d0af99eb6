/*
 * The part of a spec that describes a scale-permuted network: blocks with levels, types and
 * parents (paper, section 3), and the rules that make it buildable. Implicit edges and what leads
 * to an output are worked out here, so that graph, check and drawing agree. See model_spec.h.
 */
#include "models/model_spec.h"

#include <stdio.h>
#include <string.h>

/* What the members of a permuted network are read with. */
struct permuted_reader {
    struct sb_permuted_spec *spec;
    bool mbconv;
    double scale;
    int64_t level_filters[SB_MAX_LEVEL + 1]; /* unscaled */
};

/* Published channel counts are truncated products. */
static int64_t scaled(double scale, int64_t filters)
{
    return (int64_t)(scale * (double)filters);
}

/* "level_filters": {"2": 64, ...} over the family's defaults. */
static int read_level_filters(const struct sb_json *at, struct permuted_reader *r,
                              struct sb_error *err)
{
    static const int64_t residual[] = {0, 32, 64, 128, 256, 256, 256, 256};
    static const int64_t mbconv[] = {0, 16, 24, 40, 80, 112, 112, 112};
    static const char *const keys[] = {"1", "2", "3", "4", "5", "6", "7", NULL};
    struct sb_json table;
    memcpy(r->level_filters, r->mbconv ? mbconv : residual, sizeof(r->level_filters));
    if (!sb_json_has(at, "level_filters"))
        return 0;
    int rc = sb_json_get(at, "level_filters", &table, err);
    if (rc == 0)
        rc = sb_json_only(&table, keys, err);
    for (int i = 0; keys[i] && rc == 0; i++)
        rc =
            sb_json_opt_int(&table, keys[i], 1, SB_SPEC_MAX_FILTERS, &r->level_filters[i + 1], err);
    return rc;
}

static int scale_width(const struct sb_json *at, const struct permuted_reader *r, int64_t filters,
                       int64_t *out, struct sb_error *err)
{
    *out = scaled(r->scale, filters);
    if (*out >= 1)
        return 0;
    return sb_spec_fail(at, err, "filter_scale %g leaves no channel of %lld", r->scale,
                        (long long)filters);
}

static int read_block_type(const struct sb_json *at, bool mbconv, enum sb_block_type *type,
                           struct sb_error *err)
{
    struct sb_json member;
    const char *name;
    *type = mbconv ? SB_BLOCK_MBCONV : SB_BLOCK_BOTTLENECK;
    if (!sb_json_has(at, "type"))
        return 0;
    int rc = sb_json_get(at, "type", &member, err);
    if (rc == 0)
        rc = sb_json_string(&member, &name, err);
    SB_CHECK(rc == 0, rc);
    if (!mbconv && strcmp(name, "residual") == 0)
        *type = SB_BLOCK_RESIDUAL;
    else if (strcmp(name, sb_block_type_name(*type)) != 0)
        return sb_json_expected(&member, mbconv ? "\"mbconv\"" : "\"bottleneck\" or \"residual\"",
                                err);
    return 0;
}

/* Level, type and width: what stem blocks and permuted blocks have in common. */
static int read_block_common(const struct sb_json *at, const struct permuted_reader *r,
                             struct sb_permuted_block *block, struct sb_error *err)
{
    int64_t level = 0;
    int rc = sb_json_get_int(at, "level", r->mbconv ? 1 : 2, SB_MAX_LEVEL, &level, err);
    if (rc == 0)
        rc = read_block_type(at, r->mbconv, &block->type, err);
    SB_CHECK(rc == 0, rc);
    int64_t filters = r->level_filters[level];
    rc = sb_json_opt_int(at, "filters", 1, SB_SPEC_MAX_FILTERS, &filters, err);
    block->level = (int)level;
    return rc ? rc : scale_width(at, r, filters, &block->filters, err);
}

/* Room for one more block. */
static int next_block(const struct sb_json *at, struct permuted_reader *r,
                      struct sb_permuted_block **block, struct sb_error *err)
{
    if (r->spec->num_blocks == SB_SPEC_MAX_BLOCKS)
        return sb_spec_fail(at, err, "more than %d blocks", SB_SPEC_MAX_BLOCKS);
    *block = &r->spec->blocks[r->spec->num_blocks++];
    return 0;
}

/* A stem block follows the one before it, one level up at most. */
static int read_stem_block(const struct sb_json *at, struct permuted_reader *r,
                           struct sb_error *err)
{
    static const char *const keys[] = {"level", "type", "filters", NULL};
    struct sb_permuted_block *block = NULL;
    int rc = next_block(at, r, &block, err);
    if (rc == 0)
        rc = sb_json_only(at, keys, err);
    if (rc == 0)
        rc = read_block_common(at, r, block, err);
    SB_CHECK(rc == 0, rc);
    const int before = r->spec->num_blocks > 1 ? block[-1].level : (r->mbconv ? 1 : 2);
    if (block->level == before || block->level == before + 1)
        return 0;
    struct sb_json level;
    char what[80];
    snprintf(what, sizeof(what), "level %d or %d behind a map of level %d", before, before + 1,
             before);
    rc = sb_json_get(at, "level", &level, err);
    return rc ? rc : sb_json_expected(&level, what, err);
}

/* "stem_blocks": an array, or a number of level-2 bottlenecks. */
static int read_stem(const struct sb_json *at, struct permuted_reader *r, struct sb_error *err)
{
    struct sb_json stem, elem;
    int64_t count = 0;
    int rc = sb_json_get(at, "stem_blocks", &stem, err);
    SB_CHECK(rc == 0, rc);
    if (!cJSON_IsArray(stem.item) && !r->mbconv) {
        rc = sb_json_int(&stem, 1, 16, &count, err);
        for (int i = 0; i < count && rc == 0; i++) {
            struct sb_permuted_block *block = &r->spec->blocks[r->spec->num_blocks++];
            block->level = 2;
            block->type = SB_BLOCK_BOTTLENECK;
            rc = scale_width(&stem, r, r->level_filters[2], &block->filters, err);
        }
        r->spec->num_stem = r->spec->num_blocks;
        return rc;
    }
    if (!cJSON_IsArray(stem.item) || !sb_json_first(&stem, &elem))
        return sb_json_expected(&stem, "an array of at least one block", err);
    do {
        rc = read_stem_block(&elem, r, err);
    } while (rc == 0 && sb_json_next(&elem));
    r->spec->num_stem = r->spec->num_blocks;
    return rc;
}

static int read_parents(const struct sb_json *at, int index, struct sb_permuted_block *block,
                        struct sb_error *err)
{
    struct sb_json list, elem;
    size_t count;
    int rc = sb_json_get_array(at, "parents", &list, &count, err);
    SB_CHECK(rc == 0, rc);
    if (count < 1 || count > SB_SPEC_MAX_PARENTS)
        return sb_json_expected(&list, "one to four parents", err);
    for (bool ok = sb_json_first(&list, &elem); ok; ok = sb_json_next(&elem)) {
        int64_t parent = 0;
        rc = sb_json_int(&elem, 0, index - 1, &parent, err);
        if (rc) {
            sb_error_hint(err, "this is block %d, stem blocks counted first: parents come earlier",
                          index);
            return rc;
        }
        block->parents[block->num_parents++] = (int)parent;
    }
    return 0;
}

static int read_permuted_block(const struct sb_json *at, struct permuted_reader *r,
                               struct sb_error *err)
{
    static const char *const keys[] = {"level",  "type",        "filters", "parents",
                                       "output", "description", NULL};
    struct sb_permuted_block *block = NULL;
    int rc = next_block(at, r, &block, err);
    if (rc == 0)
        rc = sb_json_only(at, keys, err);
    if (rc == 0)
        rc = read_block_common(at, r, block, err);
    if (rc == 0)
        rc = read_parents(at, r->spec->num_blocks - 1, block, err);
    if (rc == 0)
        rc = sb_json_opt_bool(at, "output", &block->output, err);
    return rc;
}

/* Output levels must follow each other without gap, one block each. */
static int check_outputs(const struct sb_json *blocks, const struct sb_permuted_spec *s,
                         struct sb_backbone_spec *out, struct sb_error *err)
{
    int owner[SB_MAX_LEVEL + 1] = {0};
    int lo = SB_MAX_LEVEL + 1, hi = 0;
    for (int i = s->num_stem; i < s->num_blocks; i++) {
        const int level = s->blocks[i].level;
        if (!s->blocks[i].output)
            continue;
        if (owner[level])
            return sb_spec_fail(blocks, err, "blocks %d and %d are both output blocks of level %d",
                                owner[level], i, level);
        owner[level] = i;
        lo = level < lo ? level : lo;
        hi = level > hi ? level : hi;
    }
    if (hi == 0)
        return sb_spec_fail(blocks, err, "no block has \"output\": true");
    for (int level = lo; level <= hi; level++) {
        if (!owner[level])
            return sb_spec_fail(blocks, err,
                                "level %d has no output block; the pyramid spans levels %d to %d",
                                level, lo, hi);
    }
    out->min_level = lo;
    out->max_level = hi;
    return 0;
}

/* Childless blocks of the level and width of an output block are added to it. Edges up to and
 * including this block's own count. */
static int add_implicit_edges(const struct sb_json *blocks, struct sb_permuted_spec *s,
                              struct sb_error *err)
{
    bool has_child[SB_SPEC_MAX_BLOCKS] = {false};
    for (int i = 0; i < s->num_blocks; i++) {
        struct sb_permuted_block *block = &s->blocks[i];
        if (i > 0 && i < s->num_stem)
            has_child[i - 1] = true;
        for (int k = 0; k < block->num_parents; k++)
            has_child[block->parents[k]] = true;
        for (int j = 0; j < i && block->output; j++) {
            const struct sb_permuted_block *other = &s->blocks[j];
            const bool same =
                other->level == block->level && sb_block_channels(other->type, other->filters) ==
                                                    sb_block_channels(block->type, block->filters);
            if (has_child[j] || !same)
                continue;
            if (block->num_implicit == SB_SPEC_MAX_IMPLICIT)
                return sb_spec_fail(blocks, err,
                                    "more than %d blocks that nothing reads would join block %d",
                                    SB_SPEC_MAX_IMPLICIT, i);
            block->implicit[block->num_implicit++] = j;
            has_child[j] = true;
        }
    }
    return 0;
}

static void mark_used(struct sb_permuted_spec *s)
{
    for (int i = s->num_blocks - 1; i >= 0; i--) {
        struct sb_permuted_block *block = &s->blocks[i];
        block->used = block->used || block->output;
        if (!block->used)
            continue;
        if (i > 0 && i < s->num_stem)
            s->blocks[i - 1].used = true;
        for (int k = 0; k < block->num_parents; k++)
            s->blocks[block->parents[k]].used = true;
        for (int k = 0; k < block->num_implicit; k++)
            s->blocks[block->implicit[k]].used = true;
    }
}

/* Blocks that lead to no output are an error unless the spec says to drop them. */
static int check_used(const struct sb_json *at, const struct sb_json *blocks,
                      struct sb_permuted_spec *s, struct sb_error *err)
{
    bool drop = false;
    const int rc = sb_json_opt_bool(at, "drop_unused_blocks", &drop, err);
    SB_CHECK(rc == 0, rc);
    mark_used(s);
    for (int i = 0; i < s->num_blocks && !drop; i++) {
        if (s->blocks[i].used)
            continue;
        sb_spec_fail(blocks, err, "block %d leads to no output block", i);
        if (i >= s->num_stem)
            sb_error_pointer(err, "%s/%d", blocks->pointer, i - s->num_stem);
        return sb_error_hint(err, "name it as a parent of a later block, mark it \"output\": true, "
                                  "or set \"drop_unused_blocks\": true");
    }
    return 0;
}

/* The resampling's inner width must not vanish. */
static int check_alpha(const struct sb_json *at, const struct sb_permuted_spec *s,
                       struct sb_error *err)
{
    struct sb_json alpha;
    for (int i = s->num_stem; i < s->num_blocks; i++) {
        for (int k = 0; k < s->blocks[i].num_parents; k++) {
            if (scaled(s->resample_alpha, s->blocks[s->blocks[i].parents[k]].filters) >= 1)
                continue;
            const bool said = sb_json_has(at, "resample_alpha") &&
                              sb_json_get(at, "resample_alpha", &alpha, err) == 0;
            return sb_spec_fail(said ? &alpha : at, err,
                                "resample_alpha %g leaves no channel of block %d's %lld",
                                s->resample_alpha, s->blocks[i].parents[k],
                                (long long)s->blocks[s->blocks[i].parents[k]].filters);
        }
    }
    return 0;
}

static int read_scalars(const struct sb_json *at, struct permuted_reader *r, struct sb_error *err)
{
    struct sb_permuted_spec *s = r->spec;
    int64_t stem = r->mbconv ? 8 : 64;
    s->block_repeats = 1;
    s->resample_alpha = 0.5;
    s->expand_ratio = 6;
    s->se_ratio = 0.2;
    r->scale = 1.0;
    int rc = sb_spec_opt_positive(at, "filter_scale", 64.0, &r->scale, err);
    if (rc == 0)
        rc = sb_json_opt_int(at, "stem_filters", 1, SB_SPEC_MAX_FILTERS, &stem, err);
    if (rc == 0)
        rc = sb_json_get_int(at, "endpoint_filters", 1, SB_SPEC_MAX_FILTERS, &s->endpoint_filters,
                             err);
    if (rc == 0)
        rc = sb_spec_opt_int(at, "block_repeats", 1, SB_SPEC_MAX_REPEATS, &s->block_repeats, err);
    if (rc == 0)
        rc = sb_spec_opt_positive(at, "resample_alpha", 64.0, &s->resample_alpha, err);
    if (rc == 0)
        rc = sb_spec_opt_int(at, "expand_ratio", 1, 64, &s->expand_ratio, err);
    if (rc == 0)
        rc = sb_spec_opt_fraction(at, "se_ratio", &s->se_ratio, err); /* 0: none */
    /* SpineNet keeps its stem at full width in every variant, MBConv scales it. */
    s->stem_filters = r->mbconv ? scaled(r->scale, stem) : stem;
    return rc;
}

static int read_blocks(const struct sb_json *at, struct permuted_reader *r,
                       struct sb_backbone_spec *out, struct sb_error *err)
{
    struct sb_json list, elem;
    size_t count;
    bool implicit = true;
    int rc = sb_json_get_array(at, "blocks", &list, &count, err);
    if (rc == 0)
        rc = sb_json_opt_bool(at, "implicit_edges", &implicit, err);
    SB_CHECK(rc == 0, rc);
    for (bool ok = sb_json_first(&list, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = read_permuted_block(&elem, r, err);
    if (rc == 0)
        rc = check_outputs(&list, r->spec, out, err);
    if (rc == 0 && implicit)
        rc = add_implicit_edges(&list, r->spec, err);
    return rc ? rc : check_used(at, &list, r->spec, err);
}

int sb_permuted_spec_parse(const struct sb_json *at, struct sb_backbone_spec *out,
                           struct sb_error *err)
{
    static const char *const keys[] = {"name",
                                       "description",
                                       "family",
                                       "size",
                                       "activation",
                                       "batchnorm_epsilon",
                                       "filter_scale",
                                       "stem_filters",
                                       "level_filters",
                                       "endpoint_filters",
                                       "resample_alpha",
                                       "block_repeats",
                                       "expand_ratio",
                                       "se_ratio",
                                       "stem_blocks",
                                       "blocks",
                                       "implicit_edges",
                                       "drop_unused_blocks",
                                       NULL};
    struct permuted_reader r = {.spec = &out->u.permuted,
                                .mbconv = out->family == SB_FAMILY_SPINENET_MBCONV};
    int rc = sb_json_only(at, keys, err);
    if (rc == 0)
        rc = read_scalars(at, &r, err);
    if (rc == 0)
        rc = read_level_filters(at, &r, err);
    if (rc == 0)
        rc = read_stem(at, &r, err);
    if (rc == 0)
        rc = read_blocks(at, &r, out, err);
    if (rc == 0 && !r.mbconv)
        rc = check_alpha(at, &out->u.permuted, err);
    return rc;
}
