/* An outline as a Graphviz document. */
#include "models/outline.h"

#include <string.h>

static const char *fill_of(const struct sb_outline_block *block)
{
    switch (block->part) {
    case SB_PART_INPUT:
        return "#ffffff";
    case SB_PART_BACKBONE:
        return block->is_stem ? "#e3e8ee" : "#cfe0f5";
    case SB_PART_NECK:
        return "#dcefd8";
    case SB_PART_HEAD:
        return "#fbe6cf";
    }
    return "#ffffff";
}

static const char *shape_of(const struct sb_outline_block *block)
{
    if (strcmp(block->kind, "residual") == 0)
        return "diamond";
    return strcmp(block->kind, "endpoint") == 0 ? "ellipse" : "box";
}

static const char *style_of(enum sb_edge_kind kind)
{
    return kind == SB_EDGE_IMPLICIT ? "dashed" : "solid";
}

/* Names hold no quotes or backslashes: they are paths made by the block library. A title is the
 * user's: what would end the string is left out. */
static void put_title(struct sb_str *out, const char *title)
{
    for (const char *p = title; *p; p++) {
        if (*p != '"' && *p != '\\')
            sb_str_append(out, p, 1);
    }
}

void sb_outline_dot(const struct sb_outline *outline, const char *title, struct sb_str *out)
{
    char shape[SB_SHAPE_TEXT];
    sb_str_puts(out, "digraph \"");
    put_title(out, title);
    sb_str_puts(out, "\" {\n  rankdir=LR;\n  node [fontname=\"DejaVu Sans\", fontsize=10, "
                     "style=filled];\n  edge [color=\"#555555\"];\n");
    for (size_t i = 0; i < outline->num_blocks; i++) {
        const struct sb_outline_block *b = &outline->blocks[i];
        sb_str_printf(out, "  \"%s\" [label=\"%s\\n%s %s\\n%s\", shape=%s, fillcolor=\"%s\"%s];\n",
                      b->name, b->name, sb_level_name(b->level), b->kind,
                      sb_shape_text(b->shape, shape), shape_of(b), fill_of(b),
                      b->is_output || b->output ? ", color=\"#c0392b\", penwidth=2" : "");
    }
    for (size_t i = 0; i < outline->num_edges; i++) {
        const struct sb_outline_edge *e = &outline->edges[i];
        sb_str_printf(out, "  \"%s\" -> \"%s\" [style=%s];\n", outline->blocks[e->from].name,
                      outline->blocks[e->to].name, style_of(e->kind));
    }
    sb_str_puts(out, "}\n");
}
