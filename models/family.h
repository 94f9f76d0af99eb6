/*
 * From a spec to a graph: backbones, necks and heads, each in its own file, all made of the block
 * library. Backbones and necks fill a pyramid, heads add the model's outputs. Each returns 0 or a
 * negative sb_err.
 */
#ifndef SB_MODELS_FAMILY_H
#define SB_MODELS_FAMILY_H

#include "models/blocks.h"
#include "models/model_spec.h"

/* Scale-permuted networks of residual, bottleneck or MBConv blocks (paper, section 3). The pyramid
 * holds the endpoints. `image` is the input node. */
int sb_build_permuted(const struct sb_builder *b, const struct sb_backbone_spec *spec, int image,
                      struct sb_pyramid *out);
/* ResNet v1.5; the pyramid holds the stage outputs C2..C5. */
int sb_build_resnet(const struct sb_builder *b, const struct sb_backbone_spec *spec, int image,
                    struct sb_pyramid *out);

/* Feature pyramid network: levels min_level..max_level, made from C{min_level}..C5. */
int sb_build_fpn(const struct sb_builder *b, const struct sb_neck_spec *spec,
                 const struct sb_pyramid *in, int min_level, int max_level, struct sb_pyramid *out);
/* NAS-FPN cells over the same levels. */
int sb_build_nasfpn(const struct sb_builder *b, const struct sb_neck_spec *spec,
                    const struct sb_pyramid *in, int min_level, int max_level,
                    struct sb_pyramid *out);

/* Class and box towers with weights shared by the levels: outputs class_p3.., box_p3... */
int sb_build_retinanet_head(const struct sb_builder *b, const struct sb_model_spec *spec,
                            const struct sb_pyramid *in);
/* Proposals, box head, detections, mask head. Outputs rpn_score_p3.., rpn_box_p3.., rois,
 * box_head_class_logits, box_head_box_deltas, detections, detection_masks. Boxes are clipped to
 * image_h x image_w. */
int sb_build_maskrcnn_head(const struct sb_builder *b, const struct sb_model_spec *spec,
                           const struct sb_pyramid *in, int image_h, int image_w);
/* Global average and a linear layer: output logits. */
int sb_build_classifier(const struct sb_builder *b, const struct sb_model_spec *spec,
                        const struct sb_pyramid *in);

#endif
