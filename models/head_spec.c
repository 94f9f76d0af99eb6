/* Necks and heads of a spec. See model_spec.h. */
#include "models/model_spec.h"

#include <string.h>

#define MAX_TOP_K 1000000

/* A convolution tower: {"convs": 4, "filters": 256, ...}. */
static int read_tower(const struct sb_json *root, const char *key, const char *const *keys,
                      struct sb_tower_spec *out, struct sb_error *err)
{
    struct sb_json at;
    int rc = sb_json_get(root, key, &at, err);
    if (rc == 0)
        rc = sb_json_only(&at, keys, err);
    if (rc == 0)
        rc = sb_spec_opt_int(&at, "convs", 0, SB_SPEC_MAX_REPEATS, &out->convs, err);
    if (rc == 0)
        rc = sb_json_opt_int(&at, "filters", 1, SB_SPEC_MAX_FILTERS, &out->filters, err);
    if (rc == 0)
        rc = sb_json_opt_bool(&at, "separable", &out->separable, err);
    if (rc == 0)
        rc = sb_spec_opt_int(&at, "fcs", 0, 8, &out->fcs, err);
    if (rc == 0)
        rc = sb_json_opt_int(&at, "fc_dims", 1, SB_SPEC_MAX_FILTERS, &out->fc_dims, err);
    return rc;
}

/* One node of a NAS-FPN cell: {"level": 4, "merge": "sum", "inputs": [1, 5], "output": true}. */
static int read_cell_node(const struct sb_json *at, const struct sb_model_spec *model,
                          struct sb_neck_spec *out, struct sb_error *err)
{
    static const char *const keys[] = {"level", "merge", "inputs", "output", NULL};
    struct sb_json list, elem, merge;
    size_t count;
    int64_t level = 0, inputs[2] = {0, 0};
    const char *name = "";
    int i = 0;
    int rc = sb_json_only(at, keys, err);
    if (rc == 0)
        rc = sb_json_get_int(at, "level", model->min_level, model->max_level, &level, err);
    if (rc == 0)
        rc = sb_json_get(at, "merge", &merge, err);
    if (rc == 0)
        rc = sb_json_string(&merge, &name, err);
    if (rc == 0)
        rc = sb_json_get_array(at, "inputs", &list, &count, err);
    SB_CHECK(rc == 0, rc);
    if (strcmp(name, "sum") != 0 && strcmp(name, "attention") != 0)
        return sb_json_expected(&merge, "\"sum\" or \"attention\"", err);
    if (count != 2)
        return sb_json_expected(&list, "two earlier nodes", err);
    for (bool ok = sb_json_first(&list, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = sb_json_int(&elem, 0, out->num_nodes - 1, &inputs[i++], err);
    SB_CHECK(rc == 0, rc);
    struct sb_cell_node *node = &out->nodes[out->num_nodes++];
    node->level = (int)level;
    node->attention = name[0] == 'a';
    node->inputs[0] = (int)inputs[0];
    node->inputs[1] = (int)inputs[1];
    return sb_json_opt_bool(at, "output", &node->output, err);
}

/* A cell must put out every level once, or the next one has nothing to start from. */
static int check_cell_outputs(const struct sb_json *nodes, const struct sb_model_spec *model,
                              const struct sb_neck_spec *s, struct sb_error *err)
{
    for (int level = model->min_level; level <= model->max_level; level++) {
        int outputs = 0;
        for (int i = 0; i < s->num_nodes; i++)
            outputs += s->nodes[i].output && s->nodes[i].level == level;
        if (outputs != 1)
            return sb_spec_fail(nodes, err, "level %d has %d output nodes, expected 1", level,
                                outputs);
    }
    return 0;
}

static int read_cell(const struct sb_json *at, const struct sb_model_spec *model,
                     struct sb_neck_spec *out, struct sb_error *err)
{
    struct sb_json list, elem;
    size_t count;
    int rc = sb_json_get_array(at, "nodes", &list, &count, err);
    if (rc == 0)
        rc = sb_spec_opt_int(at, "repeats", 1, SB_SPEC_MAX_REPEATS, &out->repeats, err);
    SB_CHECK(rc == 0, rc);
    for (int level = model->min_level; level <= model->max_level; level++)
        out->nodes[out->num_nodes++].level = level;
    if (count + (size_t)out->num_nodes > SB_SPEC_MAX_NODES)
        return sb_spec_fail(&list, err, "a cell has at most %d nodes, inputs included",
                            SB_SPEC_MAX_NODES);
    for (bool ok = sb_json_first(&list, &elem); ok && rc == 0; ok = sb_json_next(&elem))
        rc = read_cell_node(&elem, model, out, err);
    return rc ? rc : check_cell_outputs(&list, model, out, err);
}

int sb_neck_spec_parse(const struct sb_json *root, struct sb_model_spec *out, struct sb_error *err)
{
    static const char *const fpn[] = {"type", "filters", NULL};
    static const char *const nasfpn[] = {"type", "filters", "repeats", "nodes", NULL};
    struct sb_neck_spec *s = &out->neck;
    struct sb_json at, type;
    const char *name;
    if (!sb_json_has(root, "neck")) {
        if (out->backbone.family != SB_FAMILY_RESNET)
            return 0;
        return sb_spec_fail(root, err,
                            "a ResNet needs a \"neck\" (fpn or nasfpn) below a detector");
    }
    int rc = sb_json_get(root, "neck", &at, err);
    if (rc == 0)
        rc = sb_json_get(&at, "type", &type, err);
    if (rc == 0)
        rc = sb_json_string(&type, &name, err);
    SB_CHECK(rc == 0, rc);
    if (out->backbone.family != SB_FAMILY_RESNET)
        return sb_spec_fail(&at, err, "a scale-permuted backbone is a pyramid itself: no neck");
    if (out->max_level < 5 || out->min_level > 4)
        return sb_spec_fail(&at, err,
                            "levels %d to %d: a neck starts at level 2, 3 or 4 and "
                            "reaches at least 5",
                            out->min_level, out->max_level);
    const bool is_fpn = strcmp(name, "fpn") == 0;
    if (!is_fpn && strcmp(name, "nasfpn") != 0)
        return sb_json_expected(&type, "\"fpn\" or \"nasfpn\"", err);
    s->type = is_fpn ? SB_NECK_FPN : SB_NECK_NASFPN;
    s->filters = 256;
    s->repeats = 7;
    rc = sb_json_only(&at, is_fpn ? fpn : nasfpn, err);
    if (rc == 0)
        rc = sb_json_opt_int(&at, "filters", 1, SB_SPEC_MAX_FILTERS, &s->filters, err);
    return rc || is_fpn ? rc : read_cell(&at, out, s, err);
}

static int read_retinanet(const struct sb_json *root, struct sb_model_spec *out,
                          struct sb_error *err)
{
    static const char *const keys[] = {"convs", "filters", "separable", NULL};
    out->head.convs = 4;
    out->head.filters = 256;
    return read_tower(root, "head", keys, &out->head, err);
}

static int read_proposals(const struct sb_json *root, struct sb_proposal_spec *p,
                          struct sb_error *err)
{
    static const char *const keys[] = {"pre_nms_top_k", "post_nms_top_k", "nms_threshold", NULL};
    struct sb_json at;
    p->pre_nms_top_k = 1000;
    p->post_nms_top_k = 1000;
    p->nms_threshold = 0.7;
    if (!sb_json_has(root, "proposals"))
        return 0;
    int rc = sb_json_get(root, "proposals", &at, err);
    if (rc == 0)
        rc = sb_json_only(&at, keys, err);
    if (rc == 0)
        rc = sb_spec_opt_int(&at, "pre_nms_top_k", 1, MAX_TOP_K, &p->pre_nms_top_k, err);
    if (rc == 0)
        rc = sb_spec_opt_int(&at, "post_nms_top_k", 1, MAX_TOP_K, &p->post_nms_top_k, err);
    return rc ? rc : sb_spec_opt_fraction(&at, "nms_threshold", &p->nms_threshold, err);
}

/* "roi_size" and, of the box head, "box_weights". */
static int read_roi_members(const struct sb_json *root, const char *key, int *roi_size,
                            double *weights, struct sb_error *err)
{
    struct sb_json at, list, elem;
    size_t count;
    int i = 0;
    int rc = sb_json_get(root, key, &at, err);
    if (rc == 0)
        rc = sb_spec_opt_int(&at, "roi_size", 1, 64, roi_size, err);
    if (rc || !weights || !sb_json_has(&at, "box_weights"))
        return rc;
    rc = sb_json_get_array(&at, "box_weights", &list, &count, err);
    if (rc == 0 && count != 4)
        rc = sb_json_expected(&list, "four weights: ty, tx, th, tw", err);
    for (bool ok = rc == 0 && sb_json_first(&list, &elem); ok && rc == 0;
         ok = sb_json_next(&elem)) {
        rc = sb_json_double(&elem, &weights[i], err);
        if (rc == 0 && !(weights[i] > 0.0 && weights[i] <= 1000.0))
            rc = sb_json_expected(&elem, "a weight above 0", err);
        i++;
    }
    return rc;
}

static int read_maskrcnn(const struct sb_json *root, struct sb_model_spec *out,
                         struct sb_error *err)
{
    static const char *const rpn[] = {"convs", "filters", NULL};
    static const char *const box[] = {"convs",    "filters",     "fcs", "fc_dims",
                                      "roi_size", "box_weights", NULL};
    static const char *const mask[] = {"convs", "filters", "roi_size", NULL};
    static const double weights[4] = {10.0, 10.0, 5.0, 5.0};
    struct sb_maskrcnn_spec *m = &out->maskrcnn;
    m->rpn = (struct sb_tower_spec){.convs = 1, .filters = 256};
    m->box = (struct sb_tower_spec){.convs = 4, .filters = 256, .fcs = 1, .fc_dims = 1024};
    m->mask = (struct sb_tower_spec){.convs = 4, .filters = 256};
    m->box_roi_size = 7;
    m->mask_roi_size = 14;
    memcpy(m->box_weights, weights, sizeof(weights));
    int rc = read_tower(root, "rpn", rpn, &m->rpn, err);
    if (rc == 0)
        rc = read_proposals(root, &m->proposals, err);
    if (rc == 0)
        rc = read_tower(root, "box_head", box, &m->box, err);
    if (rc == 0)
        rc = read_tower(root, "mask_head", mask, &m->mask, err);
    if (rc == 0)
        rc = read_roi_members(root, "box_head", &m->box_roi_size, m->box_weights, err);
    return rc ? rc : read_roi_members(root, "mask_head", &m->mask_roi_size, NULL, err);
}

static int read_classification(const struct sb_json *root, struct sb_model_spec *out,
                               struct sb_error *err)
{
    static const char *const keys[] = {"aggregation", NULL};
    struct sb_json at, how;
    const char *name;
    int rc = sb_json_get(root, "head", &at, err);
    if (rc == 0)
        rc = sb_json_only(&at, keys, err);
    if (rc == 0)
        rc = sb_json_get(&at, "aggregation", &how, err);
    if (rc == 0)
        rc = sb_json_string(&how, &name, err);
    SB_CHECK(rc == 0, rc);
    out->aggregate_all = strcmp(name, "all") == 0;
    if (!out->aggregate_all && strcmp(name, "top") != 0)
        return sb_json_expected(&how, "\"all\" or \"top\"", err);
    if (out->aggregate_all && out->backbone.family == SB_FAMILY_RESNET)
        return sb_spec_fail(&how, err, "the stages of a ResNet differ in width: only \"top\"");
    return 0;
}

int sb_head_spec_parse(const struct sb_json *root, struct sb_model_spec *out, struct sb_error *err)
{
    switch (out->task) {
    case SB_TASK_RETINANET:
        return read_retinanet(root, out, err);
    case SB_TASK_MASKRCNN:
        return read_maskrcnn(root, out, err);
    case SB_TASK_CLASSIFY:
        return read_classification(root, out, err);
    case SB_TASK_BACKBONE:
        break;
    }
    return 0;
}
