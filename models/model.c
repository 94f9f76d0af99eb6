/* Opening a model: spec, sizes, graph. See model.h. */
#include "models/model.h"

#include "base/mem.h"
#include "models/family.h"
#include "models/spec.h"
#include "models/zoo.h"

#include <stdio.h>
#include <string.h>

#define MAX_SIZE  16384
#define MAX_BATCH 4096

/* size rounded up to a multiple of 2^level. */
static int padded_to(int size, int level)
{
    const int step = 1 << level;
    return (size + step - 1) / step * step;
}

/* Copies what the model's user must know, and fixes the input size. */
static int describe(struct sb_model *m, const struct sb_model_spec *spec,
                    const struct sb_model_options *options, struct sb_error *err)
{
    const int size = options ? options->size : 0, batch = options ? options->batch : 0;
    if (size < 0 || size > MAX_SIZE)
        return sb_error_set(err, SB_EINVAL, "input size %d: expected 1 to %d", size, MAX_SIZE);
    if (batch < 0 || batch > MAX_BATCH)
        return sb_error_set(err, SB_EINVAL, "batch %d: expected 1 to %d", batch, MAX_BATCH);
    snprintf(m->name, sizeof(m->name), "%s", spec->name);
    snprintf(m->description, sizeof(m->description), "%s", spec->description);
    snprintf(m->family, sizeof(m->family), "%s", sb_family_name(spec->backbone.family));
    m->task = spec->task;
    m->batch = batch ? batch : 1;
    m->image_h = size ? size : spec->size_h;
    m->image_w = size ? size : spec->size_w;
    const bool pad = spec->task == SB_TASK_RETINANET || spec->task == SB_TASK_MASKRCNN;
    m->padded_h = pad ? padded_to(m->image_h, spec->max_level) : m->image_h;
    m->padded_w = pad ? padded_to(m->image_w, spec->max_level) : m->image_w;
    m->num_classes = spec->num_classes;
    m->first_class = spec->first_class;
    m->sync_batchnorm = spec->sync_batchnorm;
    m->anchor = spec->anchor;
    m->postprocess = spec->postprocess;
    return 0;
}

static int build_backbone(const struct sb_builder *b, const struct sb_model_spec *spec, int image,
                          struct sb_pyramid *out)
{
    SB_CHECK(image >= 0, image);
    return spec->backbone.family == SB_FAMILY_RESNET
               ? sb_build_resnet(b, &spec->backbone, image, out)
               : sb_build_permuted(b, &spec->backbone, image, out);
}

/* The pyramid that the heads read: the neck's, or the backbone's between the levels asked for. */
static int build_pyramid(const struct sb_builder *b, const struct sb_model_spec *spec,
                         const struct sb_pyramid *backbone, struct sb_pyramid *out)
{
    switch (spec->neck.type) {
    case SB_NECK_FPN:
        return sb_build_fpn(b, &spec->neck, backbone, spec->min_level, spec->max_level, out);
    case SB_NECK_NASFPN:
        return sb_build_nasfpn(b, &spec->neck, backbone, spec->min_level, spec->max_level, out);
    case SB_NECK_NONE:
        break;
    }
    *out = *backbone;
    out->min_level = spec->min_level;
    out->max_level = spec->max_level;
    return 0;
}

static int build_head(const struct sb_builder *b, const struct sb_model *m,
                      const struct sb_model_spec *spec, const struct sb_pyramid *pyramid)
{
    switch (spec->task) {
    case SB_TASK_RETINANET:
        return sb_build_retinanet_head(b, spec, pyramid);
    case SB_TASK_MASKRCNN:
        return sb_build_maskrcnn_head(b, spec, pyramid, m->image_h, m->image_w);
    case SB_TASK_CLASSIFY:
        return sb_build_classifier(b, spec, pyramid);
    case SB_TASK_BACKBONE:
        break;
    }
    return 0;
}

/* The pyramid's maps are outputs, but for those that a ResNet classifier does not look at. */
static int mark_outputs(const struct sb_builder *b, const struct sb_model_spec *spec,
                        const struct sb_pyramid *backbone, const struct sb_pyramid *pyramid,
                        bool inner)
{
    const bool stages = spec->backbone.family == SB_FAMILY_RESNET;
    struct sb_pyramid read = *backbone;
    int rc = 0;
    if (stages && spec->neck.type != SB_NECK_NONE)
        read.min_level = spec->min_level;
    if (stages && (inner || spec->task == SB_TASK_BACKBONE))
        rc = sb_pyramid_outputs(b, &read, "backbone_c");
    if (stages && spec->neck.type == SB_NECK_NONE)
        return rc;
    return rc ? rc : sb_pyramid_outputs(b, pyramid, "feature_p");
}

/* The RoIAlign nodes by their size. */
static int mark_roi_features(struct sb_graph *g, struct sb_error *err)
{
    for (size_t i = 0; i < g->num_nodes; i++) {
        if (g->nodes[i].op != SB_OP_ROI_ALIGN)
            continue;
        const int size = g->nodes[i].u.region.roi_size;
        const int rc = sb_graph_output(g, (int)i, sb_pathf("roi_features_%d", size).text, err);
        SB_CHECK(rc == 0, rc);
    }
    return 0;
}

static int build_graph(const struct sb_builder *b, const struct sb_model *m,
                       const struct sb_model_spec *spec, bool inner)
{
    struct sb_pyramid backbone, pyramid;
    const struct sb_shape shape = {m->batch, 3, m->padded_h, m->padded_w};
    const int image = sb_graph_input(b->graph, "input", shape, b->err);
    int rc = build_backbone(b, spec, image, &backbone);
    if (rc == 0)
        rc = build_pyramid(b, spec, &backbone, &pyramid);
    if (rc == 0)
        rc = mark_outputs(b, spec, &backbone, &pyramid, inner);
    if (rc == 0)
        rc = build_head(b, m, spec, &pyramid);
    if (rc == 0 && inner && spec->task == SB_TASK_MASKRCNN)
        rc = mark_roi_features(b->graph, b->err);
    return rc ? rc : sb_graph_check(b->graph, b->err);
}

/* Reads the typed spec; errors name the file, line and pointer where the value stands. */
static int read_spec(struct sb_model *m, const struct sb_spec *doc, struct sb_error *err)
{
    const struct sb_json root = sb_spec_root(doc);
    m->spec = sb_calloc(1, sizeof(*m->spec), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!m->spec)
        return sb_error_nomem(err, "a spec", sizeof(*m->spec));
    const int rc = sb_model_spec_parse(&root, m->spec, err);
    return rc ? sb_spec_locate(doc, err) : 0;
}

static int fill_model(struct sb_model *m, const struct sb_spec *doc,
                      const struct sb_model_options *options, struct sb_error *err)
{
    int rc = read_spec(m, doc, err);
    if (rc == 0)
        rc = describe(m, m->spec, options, err);
    SB_CHECK(rc == 0, rc);
    m->graph = sb_graph_new(m->name, err);
    SB_CHECK(m->graph, SB_ENOMEM);
    const struct sb_builder b = {m->graph, err, m->spec->act, m->spec->epsilon};
    rc = build_graph(&b, m, m->spec, options && options->inner_outputs);
    if (rc)
        sb_error_file(err, doc->layers[0].path);
    return rc;
}

struct sb_model *sb_model_open(const char *name_or_path, const struct sb_model_options *options,
                               struct sb_error *err)
{
    struct sb_spec doc;
    struct sb_model *m = sb_calloc(1, sizeof(*m), SB_MEM_TAG(SB_MEM_DATA, 0));
    if (!m) {
        sb_error_nomem(err, "a model", sizeof(*m));
        return NULL;
    }
    int rc = sb_spec_open(&doc, name_or_path, err);
    m->in_zoo = sb_zoo_find(name_or_path) != NULL;
    if (rc == 0)
        rc = fill_model(m, &doc, options, err);
    sb_spec_release(&doc);
    if (rc)
        sb_model_free(&m);
    return m;
}

const char *sb_model_class_name(const struct sb_model *model, int class_id)
{
    const struct sb_model_spec *const spec = model->spec;
    return class_id >= 1 && class_id <= spec->num_names ? spec->class_names[class_id - 1] : NULL;
}

void sb_model_free(struct sb_model **model)
{
    struct sb_model *m = *model;
    *model = NULL;
    if (!m)
        return;
    sb_graph_free(&m->graph);
    sb_free(m->spec);
    sb_free(m);
}
