/* Blocks and edges from a graph; canonical names (blocks.h) tell what is what. See outline.h. */
#include "models/outline.h"

#include "base/mem.h"
#include "models/model_spec.h"

#include <stdio.h>
#include <string.h>

#define TAG SB_MEM_TAG(SB_MEM_DATA, 0)

const char *sb_edge_kind_name(enum sb_edge_kind kind)
{
    switch (kind) {
    case SB_EDGE_PLAIN:
        return "plain";
    case SB_EDGE_RESAMPLED:
        return "resampled";
    case SB_EDGE_IMPLICIT:
        return "implicit";
    }
    return "unknown";
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What the name alone tells. */
static void classify_by_name(struct sb_outline_block *block)
{
    static const struct {
        const char *prefix, *kind;
        enum sb_part part;
    } rows[] = {
        {"backbone/stem", "stem", SB_PART_BACKBONE},
        {"backbone/p", "endpoint", SB_PART_BACKBONE},
        {"backbone/", "block", SB_PART_BACKBONE},
        {"neck/cell", "nasfpn", SB_PART_NECK},
        {"neck/", "fpn", SB_PART_NECK},
        {"head/class/", "class head", SB_PART_HEAD},
        {"head/box/", "box head", SB_PART_HEAD},
        {"rpn/", "rpn", SB_PART_HEAD},
        {"proposals", "proposals", SB_PART_HEAD},
        {"box_head", "box head", SB_PART_HEAD},
        {"detections", "detections", SB_PART_HEAD},
        {"mask_head", "mask head", SB_PART_HEAD},
        {"classifier", "classifier", SB_PART_HEAD},
    };
    block->kind = "input";
    block->part = SB_PART_INPUT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (begins(block->name, rows[i].prefix)) {
            block->kind = rows[i].kind;
            block->part = rows[i].part;
            return;
        }
    }
}

/* What the spec adds for the backbone's numbered blocks. */
static void classify_by_spec(struct sb_outline_block *block, const struct sb_backbone_spec *spec)
{
    int index = 0, level = 0;
    block->is_stem = strcmp(block->name, "backbone/stem") == 0;
    if (spec->family == SB_FAMILY_RESNET) {
        if (sscanf(block->name, "backbone/stage%d/", &level) == 1)
            block->kind = sb_block_type_name(spec->u.resnet.type);
        return;
    }
    if (sscanf(block->name, "backbone/block%d", &index) != 1)
        return;
    const struct sb_permuted_block *b = &spec->u.permuted.blocks[index];
    block->kind = sb_block_type_name(b->type);
    block->is_stem = index < spec->u.permuted.num_stem;
    block->is_output = b->output;
}

static const char *block_name(const struct sb_node *node)
{
    return node->block[0] ? node->block : node->path;
}

/* Index of a block by name, added when new; negative on failure. Blocks are few and mostly the
 * last one is meant. */
static int find_block(struct sb_outline *o, const char *name, bool add, struct sb_error *err)
{
    for (size_t i = o->num_blocks; i-- > 0;) {
        if (strcmp(o->blocks[i].name, name) == 0)
            return (int)i;
    }
    if (!add)
        return SB_EINTERNAL;
    if (sb_grow(&o->blocks, &o->cap_blocks, o->num_blocks + 1, sizeof(*o->blocks), TAG))
        return sb_error_nomem(err, "an outline", o->num_blocks * sizeof(*o->blocks));
    struct sb_outline_block *block = &o->blocks[o->num_blocks];
    memset(block, 0, sizeof(*block));
    block->name = name;
    classify_by_name(block);
    return (int)o->num_blocks++;
}

static size_t fresh_params(const struct sb_graph *g, const struct sb_node *node, bool *seen)
{
    size_t params = 0;
    for (int i = 0; i < node->num_slots; i++) {
        const struct sb_slot *slot = &g->slots[node->slots[i]];
        const bool moving = slot->kind == SB_SLOT_MEAN || slot->kind == SB_SLOT_VARIANCE;
        if (!seen[node->slots[i]] && !moving)
            params += sb_slot_count(slot);
        seen[node->slots[i]] = true;
    }
    return params;
}

static int add_blocks(struct sb_outline *o, const struct sb_graph *g, struct sb_error *err)
{
    bool *seen = sb_calloc(g->num_slots + 1, sizeof(*seen), TAG);
    int index = seen ? 0 : sb_error_nomem(err, "an outline", g->num_slots);
    for (size_t i = 0; i < g->num_nodes && index >= 0; i++) {
        const struct sb_node *node = &g->nodes[i];
        index = find_block(o, block_name(node), true, err);
        if (index < 0)
            break;
        struct sb_outline_block *block = &o->blocks[index];
        block->level = node->level;
        block->shape = node->shape;
        block->num_nodes++;
        block->params += fresh_params(g, node, seen);
        block->output = node->output ? node->output : block->output;
    }
    sb_free(seen);
    return index < 0 ? index : 0;
}

static enum sb_edge_kind edge_kind(const struct sb_node *reader)
{
    const char *rest = reader->path + strlen(reader->block);
    if (begins(rest, "/parent"))
        return SB_EDGE_RESAMPLED;
    return begins(reader->path, "backbone/block") && strcmp(rest, "/merge") == 0 ? SB_EDGE_IMPLICIT
                                                                                 : SB_EDGE_PLAIN;
}

static int add_edge(struct sb_outline *o, struct sb_outline_edge edge, struct sb_error *err)
{
    for (size_t i = o->num_edges; i-- > 0;) {
        if (o->edges[i].from == edge.from && o->edges[i].to == edge.to &&
            o->edges[i].kind == edge.kind)
            return 0;
    }
    if (sb_grow(&o->edges, &o->cap_edges, o->num_edges + 1, sizeof(*o->edges), TAG))
        return sb_error_nomem(err, "an outline", o->num_edges * sizeof(*o->edges));
    o->edges[o->num_edges++] = edge;
    return 0;
}

static int add_edges(struct sb_outline *o, const struct sb_graph *g, struct sb_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < g->num_nodes; i++) {
        const struct sb_node *node = &g->nodes[i];
        const int to = find_block(o, block_name(node), false, err);
        for (int k = 0; k < node->num_inputs && rc == 0; k++) {
            const int from = find_block(o, block_name(&g->nodes[node->inputs[k]]), false, err);
            const struct sb_outline_edge edge = {(size_t)from, (size_t)to, edge_kind(node)};
            rc = from == to ? 0 : add_edge(o, edge, err);
        }
    }
    return rc;
}

int sb_outline_init(struct sb_outline *out, const struct sb_model *model, struct sb_error *err)
{
    memset(out, 0, sizeof(*out));
    int rc = add_blocks(out, model->graph, err);
    for (size_t i = 0; i < out->num_blocks && rc == 0; i++)
        classify_by_spec(&out->blocks[i], &model->spec->backbone);
    if (rc == 0)
        rc = add_edges(out, model->graph, err);
    if (rc)
        sb_outline_release(out);
    return rc;
}

void sb_outline_release(struct sb_outline *outline)
{
    sb_free(outline->blocks);
    sb_free(outline->edges);
    memset(outline, 0, sizeof(*outline));
}
