#!/usr/bin/env python3
"""Turns the parameter file of a reference model into a spec for spinebench.

    scripts/spec_from_reference.py REF.json OUT.json

REF.json is what the recording of a reference run writes beside its arrays (spec.json of the golden
cases): widths per level, block repeats, resampling, activation, batch norm, classes, heads, anchors
and post-processing. OUT.json is a spec like those of models/zoo/ (docs/specs.md); block orders and
connections come from the zoo by "base". What the released code offers and spinebench does not build
is refused by name, never dropped.

Exit codes: 0 ok, 2 bad input.
"""

import json
import sys

# Scaled variants share these orders and connections.
PERMUTED_BASES = {"spinenet": "spinenet-49", "spinenet_mbconv": "mobile-spinenet-49"}
VARIANTS = {
    "spinenet": ("spinenet-49", "spinenet-49s", "spinenet-96", "spinenet-143", "spinenet-190"),
    "spinenet_mbconv": ("mbconv-49", "mbconv-49s", "mbconv-49xs"),
}
TASKS = {"retinanet": "retinanet", "mask_rcnn": "maskrcnn", "classification": "classification"}
NASFPN_ZOO_MODEL = "retinanet-resnet-50-nasfpn"


class BadInput(Exception):
    pass


class Place:
    """A value of the reference file that knows its JSON pointer, for messages."""

    def __init__(self, value, pointer=""):
        self.value = value
        self.pointer = pointer

    def has(self, key):
        return self.value.get(key) is not None

    def get(self, key):
        if not isinstance(self.value, dict) or key not in self.value:
            raise BadInput(f'{self.pointer or "/"}: member "{key}" is missing')
        return Place(self.value[key], f"{self.pointer}/{key}")

    def expect(self, key, allowed):
        """The member must be one of `allowed`; absent counts as the first."""
        value = self.value.get(key, allowed[0])
        if value not in allowed:
            raise BadInput(f"{self.pointer}/{key}: {json.dumps(value)} cannot be built; "
                           f"supported: {', '.join(json.dumps(a) for a in allowed)}")
        return value

    def number(self, key):
        value = self.get(key)
        if isinstance(value.value, bool) or not isinstance(value.value, (int, float)):
            raise BadInput(f"{value.pointer}: expected a number, found {json.dumps(value.value)}")
        return value.value

    def numbers(self, key):
        value = self.get(key)
        if not isinstance(value.value, list):
            raise BadInput(f"{value.pointer}: expected an array")
        return value.value


def permuted_backbone(ref, family):
    variant = ref.get("variant")
    if variant.value not in VARIANTS[family]:
        raise BadInput(f"{variant.pointer}: unknown variant {json.dumps(variant.value)}")
    channels = dict(ref.get("channels_per_level").value)
    out = {
        "base": PERMUTED_BASES[family],
        "filter_scale": 1.0,  # the widths below are scaled and truncated already
        "level_filters": {k: v for k, v in channels.items() if k != "stem"},
        "endpoint_filters": ref.number("endpoints_num_filters"),
        "block_repeats": ref.number("block_repeats"),
    }
    if family == "spinenet":
        ref.expect("use_native_resize_op", (False, None))
        out["stem_filters"] = ref.number("stem_conv_filters")
        out["resample_alpha"] = ref.number("resample_alpha")
    else:
        out["stem_filters"] = ref.get("channels_per_level").number("stem")
        out["expand_ratio"] = ref.number("expand_ratio")
        out["se_ratio"] = ref.number("se_ratio")
    return out


def resnet_backbone(ref):
    depth = ref.number("resnet_depth")
    if depth not in (18, 34, 50, 101, 152):
        raise BadInput(f"{ref.pointer}/resnet_depth: {depth} cannot be built")
    return {
        "base": f"resnet-{depth}",
        "stem_filters": ref.number("stem_conv_filters"),
        "stage_filters": ref.numbers("block_filters"),
    }


def backbone(ref):
    family = ref.expect("family", ("spinenet", "spinenet_mbconv", "resnet"))
    out = resnet_backbone(ref) if family == "resnet" else permuted_backbone(ref, family)
    return out


def neck(root):
    """The neck's member, or None where the backbone is the pyramid."""
    kind = root.expect("neck", ("identity", "fpn", "nasfpn"))
    if kind == "identity":
        return None
    params = root.get("neck_params")
    params.expect("use_separable_conv", (False,))
    params.expect("use_batch_norm", (True,))
    out = {"type": kind, "filters": params.number("fpn_feat_dims")}
    if kind == "nasfpn":
        params.expect("block_fn", ("conv",))
        params.expect("use_sum_for_combination", (False,))
        out["repeats"] = params.number("num_repeats")
    return out


def tower(root, key):
    ref = root.get(key)
    ref.expect("use_batch_norm", (True,))
    if key != "head":
        ref.expect("use_separable_conv", (False,))
    return ref, {"convs": ref.number("num_convs"), "filters": ref.number("num_filters")}


def postprocess(root):
    ref = root.get("postprocess")
    ref.expect("use_batched_nms", (False,))
    ref.expect("nms_version", ("v1",))
    return {
        "pre_nms_top_k": ref.number("pre_nms_num_boxes"),
        "max_detections": ref.number("max_total_size"),
        "nms_threshold": ref.number("nms_iou_threshold"),
        "score_threshold": ref.number("score_threshold"),
    }


def anchors(root):
    ref = root.get("anchor")
    return {
        "scales": ref.number("num_scales"),
        "aspect_ratios": ref.numbers("aspect_ratios"),
        "size": ref.number("anchor_size"),
    }


def retinanet_members(root, out):
    ref, head = tower(root, "head")
    if ref.expect("use_separable_conv", (False, True)):
        head["separable"] = True
    out["head"] = head


def maskrcnn_members(root, out):
    _, out["rpn"] = tower(root, "rpn_head")
    ref, box = tower(root, "box_head")
    ref.expect("class_agnostic_bbox_pred", (False,))
    ref.expect("cascade_class_ensemble", (False,))
    roi = root.get("roi_align")
    box["fcs"] = ref.number("num_fcs")
    box["fc_dims"] = ref.number("fc_dims")
    box["roi_size"] = roi.number("box_output")
    box["box_weights"] = root.numbers("box_weights")
    ref, mask = tower(root, "mask_head")
    ref.expect("class_agnostic_mask_pred", (False,))
    mask["roi_size"] = roi.number("mask_output")
    roi.expect("mask_target_size", (2 * mask["roi_size"],))
    proposals = root.get("proposals")
    proposals.expect("rpn_score_threshold", (0.0,))
    proposals.expect("rpn_min_size_threshold", (0.0,))
    out["proposals"] = {
        "pre_nms_top_k": proposals.number("rpn_pre_nms_top_k"),
        "post_nms_top_k": proposals.number("rpn_post_nms_top_k"),
        "nms_threshold": proposals.number("rpn_nms_threshold"),
    }
    out["box_head"] = box
    out["mask_head"] = mask


def detector_members(root, out):
    low, high = root.number("min_level"), root.number("max_level")
    out["levels"] = [low, high]
    step = 1 << high
    for side, padded in zip(root.numbers("output_size"), root.numbers("padded_size")):
        if padded != (side + step - 1) // step * step:
            raise BadInput(f"/padded_size: {padded} is not {side} rounded up to {step}")
    if neck(root):
        out["neck"] = neck(root)
    out["anchors"] = anchors(root)
    out["postprocess"] = postprocess(root)


def classification_members(root, out):
    ref = root.get("head")
    ref.expect("endpoints_num_filters", (0,))
    out["head"] = {"aggregation": ref.expect("aggregation", ("all", "top"))}


def convert(ref):
    root = Place(ref)
    task = TASKS[root.expect("detector", tuple(TASKS))]
    norm = root.get("batch_norm")
    out = {
        "name": root.get("name").value,
        "task": task,
        "size": root.numbers("output_size"),
        "classes": root.number("num_classes_with_background"),
        "activation": root.expect("activation", ("relu", "swish")),
        "batchnorm_epsilon": norm.number("epsilon"),
        "sync_batchnorm": norm.expect("unfused_sync_form", (False, True)),
        "backbone": backbone(root.get("backbone")),
    }
    if task == "classification":
        classification_members(root, out)
        return out
    detector_members(root, out)
    if task == "retinanet":
        retinanet_members(root, out)
    else:
        maskrcnn_members(root, out)
    if out.get("neck", {}).get("type") == "nasfpn":
        out = {"base": NASFPN_ZOO_MODEL, **out}  # for the cell's nodes
    return out


def main(argv):
    if len(argv) != 3 or argv[1] in ("-h", "--help"):
        print(__doc__.strip(), file=sys.stderr)
        return 0 if argv[1:2] in (["-h"], ["--help"]) else 2
    try:
        with open(argv[1], encoding="utf-8") as f:
            spec = convert(json.load(f))
        with open(argv[2], "w", encoding="utf-8") as f:
            json.dump(spec, f, indent=2)
            f.write("\n")
    except (OSError, json.JSONDecodeError, BadInput) as error:
        print(f"spec_from_reference.py: {argv[1]}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
