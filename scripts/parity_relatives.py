"""The relatives of pycocotools as oracles for parity_coco.py: LVIS (lvis), CrowdPose (xtcocotools) and
boundaries (on pycocotools and lvis, from the definition; no package of it is published).

`dress()` turns a random COCO data set into one of the metric's kind.
"""
import contextlib
import io

import numpy as np

np.float = float  # lvis was written for an older numpy

from lvis import LVIS, LVISEval, LVISResults  # noqa: E402
from pycocotools import mask as mask_api  # noqa: E402
from pycocotools.coco import COCO  # noqa: E402
from pycocotools.cocoeval import COCOeval  # noqa: E402
from xtcocotools.coco import COCO as CrowdCOCO  # noqa: E402
from xtcocotools.cocoeval import COCOeval as CrowdEval  # noqa: E402

CROWDPOSE_SIGMAS = np.array([.79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89, .79, .79]) / 10.0
# metric: options of the program, kind of data, expects categories
KINDS = {"boundary": "segm", "crowdpose": "keypoints", "lvis-bbox": "bbox", "lvis-segm": "segm",
         "lvis-boundary": "segm"}
OPTIONS = {"boundary": ["--iou-type", "boundary"], "crowdpose": ["--crowdpose"],
           "lvis-bbox": ["--lvis", "--iou-type", "bbox"], "lvis-segm": ["--lvis", "--iou-type", "segm"],
           "lvis-boundary": ["--lvis", "--iou-type", "boundary"]}


def dress(rng, metric, gt, dts):
    if metric == "crowdpose":
        dress_crowdpose(rng, gt, dts)
    if metric.startswith("lvis"):
        dress_lvis(rng, metric, gt, dts)


def dress_crowdpose(rng, gt, dts):
    for image in gt["images"]:
        image["crowdIndex"] = rng.choice([0, 0.1, 0.2, 0.19999, 0.5, 0.79, 0.8, 1, rng.random()])
    for ann in gt["annotations"]:
        del ann["keypoints"][42:]
        if rng.random() < 0.3:
            ann.pop("iscrowd")
        if rng.random() < 0.3:
            ann.pop("area")
    for dt in dts:
        del dt["keypoints"][42:]
        if rng.random() < 0.1:
            dt["keypoints"][2::3] = [0] * 14


def dress_lvis(rng, metric, gt, dts):
    category_ids = [c["id"] for c in gt["categories"]]
    for image in gt["images"]:
        image["neg_category_ids"] = [c for c in category_ids if rng.random() < 0.4]
        image["not_exhaustive_category_ids"] = [c for c in category_ids if rng.random() < 0.3]
    for category in gt["categories"]:
        category["frequency"] = rng.choice("rcf")
    if len({a["id"] for a in gt["annotations"]}) < len(gt["annotations"]):
        for i, ann in enumerate(gt["annotations"]):
            ann["id"] = i + 1
    for ann in gt["annotations"]:
        if metric == "lvis-boundary" or rng.random() < 0.5:
            ann.pop("iscrowd")
    if rng.random() < 0.08:  # more than an image may have
        for k in range(330):
            dts.append(dict(dts[k % len(dts)], image_id=gt["images"][0]["id"], score=rng.choice([0.2, rng.random()])))
    for dt in dts:
        if dt["score"] != dt["score"]:  # Python's sort has no place for NaN
            dt["score"] = 0.5


def boundary_of(rle, ratio):
    """The pixels of a mask within d of anything else, in rows and columns; pycocotools' encoding."""
    m = mask_api.decode(rle).astype(np.int64)
    h, w = m.shape
    d = max(1, int(round(ratio * np.sqrt(h ** 2 + w ** 2))))
    sums = np.pad(np.pad(m, d), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    n = 2 * d + 1
    window = sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]
    edge = m - (window == n * n)
    return mask_api.encode(np.asfortranarray(edge.astype(np.uint8)))


def boundary_ious(dts, gts, crowd, ratio):
    ious = np.array(mask_api.iou(dts, gts, crowd))
    if len(gts) and len(dts):
        edges = np.array(mask_api.iou([boundary_of(d, ratio) for d in dts], [boundary_of(g, ratio) for g in gts], crowd))
        plain = np.array(crowd) == 0
        ious[:, plain] = np.minimum(ious[:, plain], edges[:, plain])
    return ious


class BoundaryEval(COCOeval):
    """Masks' IoU and that of their boundaries, the smaller one; 'ignore' counts beside iscrowd."""

    ratio = 0.02

    def _prepare(self):
        flags = {id(a): a.get("ignore", 0) for a in self.cocoGt.dataset["annotations"]}
        super()._prepare()
        for anns in self._gts.values():
            for ann in anns:
                ann["ignore"] = flags[id(ann)] or ann["iscrowd"]

    def computeIoU(self, imgId, catId):
        p = self.params
        cats = [catId] if p.useCats else p.catIds
        gts = [g for c in cats for g in self._gts[imgId, c]]
        dts = [d for c in cats for d in self._dts[imgId, c]]
        if not gts and not dts:
            return []
        order = np.argsort([-d["score"] for d in dts], kind="mergesort")[:p.maxDets[-1]]
        return boundary_ious([dts[i]["segmentation"] for i in order], [g["segmentation"] for g in gts],
                             [int(g["iscrowd"]) for g in gts], self.ratio)


class LvisBoundaryEval(LVISEval):
    """As boundary-iou-api changed lvis-api: the upper bound of an area range does not belong to it."""

    def __init__(self, gt, dt):
        super().__init__(gt, dt, "segm")
        self.params.area_rng = [[lo, np.nextafter(hi, 0)] for lo, hi in self.params.area_rng]

    def compute_iou(self, img_id, cat_id):
        gts, dts = self._get_gt_dt(img_id, cat_id)
        if not gts and not dts:
            return []
        order = np.argsort([-d["score"] for d in dts], kind="mergesort")
        return boundary_ious([dts[i]["segmentation"] for i in order], [g["segmentation"] for g in gts], [0] * len(gts), 0.02)


def oracle(metric, gt_path, dt_path, use_cats, configure=None):
    with contextlib.redirect_stdout(io.StringIO()):
        if metric.startswith("lvis"):
            return lvis_oracle(metric, gt_path, dt_path)
        if metric == "crowdpose":
            gt = CrowdCOCO(gt_path)
            ev = CrowdEval(gt, gt.loadRes(dt_path), "keypoints_crowd", CROWDPOSE_SIGMAS, use_area=False)
        else:
            gt = COCO(gt_path)
            ev = BoundaryEval(gt, gt.loadRes(dt_path), "segm")
        ev.params.useCats = int(use_cats)
        if configure:
            configure(ev)
        ev.evaluate()
        ev.accumulate()
        arrays = {k: ev.eval[k] for k in ("precision", "recall", "scores")}
        if not configure:  # it asks for the default limits and areas
            ev.summarize()
    return ev.stats, arrays


def lvis_oracle(metric, gt_path, dt_path):
    gt = LVIS(gt_path)
    dt = LVISResults(gt, dt_path)
    ev = LvisBoundaryEval(gt, dt) if metric == "lvis-boundary" else LVISEval(gt, dt, metric[5:])
    ev.run()
    return list(ev.get_results().values()), {k: ev.eval[k] for k in ("precision", "recall")}
