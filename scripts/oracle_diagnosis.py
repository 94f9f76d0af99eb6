#!/usr/bin/env python3
"""Expectations of tests/eval/test_diagnosis.c from the reference implementations, on public data.

    python3 -m venv V && V/bin/pip install tidecv==1.0.1 pycocotools==2.0.11 numpy==2.4.6
    V/bin/python scripts/oracle_diagnosis.py DATA > tests/golden/diagnosis.txt

DATA is the folder that SPINEBENCH_DATA names. Errors by kind come from tidecv, with images in order of
id (it walks them in order of the file otherwise, and equal scores of different images rank by that).
The bootstrap evaluates data sets in which every drawn image is a copy of its own with pycocotools and tidecv.
Thresholds, calibration and confusions are plain Python over pycocotools' matches and IoU.
"""
import contextlib
import copy
import importlib.metadata as meta
import io
import json
import os
import sys

import numpy as np
from pycocotools import mask as mask_api
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from tidecv import TIDE, Data
from tidecv import functions as tide_functions

RESAMPLES, TIDE_RESAMPLES, SEED, BINS = 10, 3, 1, 10
MASK64 = (1 << 64) - 1
GT = "coco/instances_val2014_100.json"
YOLACT = "coco/yolact_pseudo_gt.json"
SETS = [(GT, "coco/instances_val2014_fakebbox100_results.json", "bbox"),
        (GT, "coco/instances_val2014_fakesegm100_results.json", "segm"),
        (YOLACT, "coco/yolact_darknet53_bbox.json", "bbox"),
        (YOLACT, "coco/yolact_darknet53_segm.json", "segm")]
# Two results on the same images, both as boxes.
PAIR = (GT, SETS[0][1], SETS[1][1], "bbox")


def say(*words):
    print(*[f"{w:.17g}" if isinstance(w, (float, np.floating)) else w for w in words])


# ---- SplitMix64, as base/rng.h

def mix(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def draw(seed, r, images):
    state = mix((mix(seed) + r + 0x9E3779B97F4A7C15) & MASK64)
    times = [0] * images
    for _ in range(images):
        state = (state + 0x9E3779B97F4A7C15) & MASK64
        times[((mix(state) >> 32) * images) >> 32] += 1
    return times


# ---- COCO evaluation

def evaluate(gt, dt, iou_type):
    with contextlib.redirect_stdout(io.StringIO()):
        api = COCO()
        api.dataset = copy.deepcopy(gt)
        api.createIndex()
        e = COCOeval(api, api.loadRes(copy.deepcopy(dt)), iou_type)
        e.evaluate()
        e.accumulate()
        e.summarize()
    return e


def resampled(gt, dt, times):
    """Copies of each drawn image next to each other, with ids in the order of the original ids."""
    images = sorted(gt["images"], key=lambda i: i["id"])
    anns, dets = {}, {}
    for a in gt["annotations"]:
        anns.setdefault(a["image_id"], []).append(a)
    for d in dt:
        dets.setdefault(d["image_id"], []).append(d)
    new = {"images": [], "annotations": [], "categories": gt["categories"]}
    results = []
    for image, n in zip(images, times):
        for _ in range(n):
            number = len(new["images"]) + 1
            new["images"].append({**image, "id": number})
            for a in anns.get(image["id"], []):
                new["annotations"].append(
                    {**a, "image_id": number, "id": len(new["annotations"]) + 1})
            results += [{**d, "image_id": number} for d in dets.get(image["id"], [])]
    return new, results


def bootstrap(gt, dt, iou_type):
    rows = []
    for r in range(RESAMPLES):
        times = draw(SEED, r, len(gt["images"]))
        rows.append(evaluate(*resampled(gt, dt, times), iou_type).stats[:6])
    return np.array(rows)


def centred(values, value):
    """Percentiles of resamples, moved so that their mean is the value."""
    return np.percentile(values, [2.5, 97.5]) + value - values.mean()


# ---- TIDE

def tide(gt, dt, iou_type):
    truth, results = Data("gt", max_dets=100), Data("dt")
    size = {}
    for i in sorted(gt["images"], key=lambda i: i["id"]):
        truth.add_image(i["id"], str(i["id"]))
        size[i["id"]] = (i["width"], i["height"])
    for c in gt["categories"]:
        truth.add_class(c["id"], c["name"])
    for a in gt["annotations"]:
        mask = None
        if iou_type == "segm":
            mask = tide_functions.toRLE(a["segmentation"], *size[a["image_id"]])
        add = truth.add_ignore_region if a["iscrowd"] else truth.add_ground_truth
        add(a["image_id"], a["category_id"], a["bbox"], mask)
    for d in dt:
        results.add_detection(d["image_id"], d["category_id"], d["score"], d.get("bbox"),
                              d.get("segmentation"))
    run = TIDE(mode=TIDE.MASK if iou_type == "segm" else TIDE.BOX).evaluate(truth, results)
    main = list(run.fix_main_errors().values())
    special = list(run.fix_special_errors().values())
    return [float(v) / 100 for v in [run.ap] + main + special], run.count_errors().values()


def resampled_tide(gt, dt, iou_type):
    """What errors cost in the first resamples: AP50 gained."""
    for r in range(TIDE_RESAMPLES):
        times = draw(SEED, r, len(gt["images"]))
        say("gains", r, *tide(*resampled(gt, dt, times), iou_type)[0][1:])


# ---- thresholds and calibration: matches at IoU 0.5, all sizes, 100 detections

def matches(e):
    """Per class rank: [(score, hit)], number of objects."""
    per_class = {}
    p = e.params
    a, n = len(p.areaRng), len(p.imgIds)
    for k in range(len(p.catIds)):
        scored, objects = [], 0
        for image in e.evalImgs[k * a * n:k * a * n + n]:
            if image is None:
                continue
            objects += int(np.sum(np.logical_not(image["gtIgnore"])))
            for s, m, ignore in zip(image["dtScores"], image["dtMatches"][0],
                                    image["dtIgnore"][0]):
                if not ignore:
                    scored.append((s, m > 0))
        per_class[k] = (scored, objects)
    return per_class


def best_f1(scored, objects):
    best = None
    for threshold in sorted({s for s, _ in scored}, reverse=True):
        kept = [hit for s, hit in scored if s >= threshold]
        hits = sum(kept)
        f1 = 2 * hits / (len(kept) + objects)
        if hits and (best is None or f1 > best[1]):
            best = (threshold, f1, hits / len(kept), hits / objects)
    return best


def calibration(scored):
    scores = np.array([s for s, _ in scored])
    hits = np.array([h for _, h in scored], dtype=float)
    bins = np.clip(np.floor(scores * BINS), 0, BINS - 1)
    gaps = []
    for b in range(BINS):
        inside = bins == b
        if inside.any():
            gaps.append((inside.sum(), abs(scores[inside].mean() - hits[inside].mean())))
    return sum(n * g for n, g in gaps) / len(scored), max(g for _, g in gaps)


# ---- confusions

def shapes(gt, rows, iou_type, image):
    if iou_type == "bbox":
        return [r["bbox"] for r in rows]
    return [tide_functions.toRLE(r["segmentation"], image["width"], image["height"]) for r in rows]


def confusions(gt, dt, iou_type, thresholds):
    counts = {}
    rank = {c["id"]: k for k, c in enumerate(sorted(gt["categories"], key=lambda c: c["id"]))}

    def count(truth, predicted):
        counts[truth, predicted] = counts.get((truth, predicted), 0) + 1

    for image in gt["images"]:
        dets = sorted((d for d in dt if d["image_id"] == image["id"]),
                      key=lambda d: -d["score"])[:100]
        anns = [a for a in gt["annotations"] if a["image_id"] == image["id"]]
        objects = [a for a in anns if not a["iscrowd"]]
        crowds = [a for a in anns if a["iscrowd"]]
        iou = crowd_iou = np.zeros((len(dets), 0))
        if dets and objects:
            iou = mask_api.iou(shapes(gt, dets, iou_type, image),
                               shapes(gt, objects, iou_type, image), [0] * len(objects))
        if dets and crowds:
            crowd_iou = mask_api.iou(shapes(gt, dets, iou_type, image),
                                     shapes(gt, crowds, iou_type, image), [1] * len(crowds))
        free, own = set(range(len(objects))), {}
        for i, d in enumerate(dets):
            near = [j for j in sorted(free)
                    if objects[j]["category_id"] == d["category_id"] and iou[i][j] >= 0.5]
            if near:
                j = max(near, key=lambda j: iou[i][j])
                own[i] = j
                free.discard(j)
        taken = {j for i, j in own.items()
                 if dets[i]["score"] >= thresholds[rank[dets[i]["category_id"]]]}
        for i, d in enumerate(dets):
            k = rank[d["category_id"]]
            if not d["score"] >= thresholds[k]:
                continue
            if i in own:
                count(k, k)
                continue
            if any(c["category_id"] == d["category_id"] and crowd_iou[i][n] > 0.5
                   for n, c in enumerate(crowds)):
                continue
            near = [j for j in range(len(objects)) if j not in taken and iou[i][j] >= 0.5
                    and objects[j]["category_id"] != d["category_id"]]
            if near:
                j = max(near, key=lambda j: iou[i][j])
                taken.add(j)
                count(rank[objects[j]["category_id"]], k)
            else:
                count(-1, k)
        for j in set(range(len(objects))) - taken:
            count(rank[objects[j]["category_id"]], -1)
    for (truth, predicted), n in sorted(counts.items()):
        say("confusion", truth, predicted, n)


def main():
    data = sys.argv[1]

    def load(name):
        with open(os.path.join(data, name)) as f:
            return json.load(f)

    print(f"# scripts/oracle_diagnosis.py with tidecv {meta.version('tidecv')}, pycocotools "
          f"{meta.version('pycocotools')}, NumPy {np.__version__}")
    for gt_name, dt_name, iou_type in SETS:
        gt, dt = load(gt_name), load(dt_name)
        say("set", gt_name, dt_name, iou_type)
        values, kinds = tide(gt, dt, iou_type)
        say("tide", *values)
        say("kinds", *kinds)
        resampled_tide(gt, dt, iou_type)
        rows = bootstrap(gt, dt, iou_type)
        for r in range(RESAMPLES):
            say("resample", r, *rows[r])
        evaluation = evaluate(gt, dt, iou_type)
        for i in range(6):
            say("interval", i, *np.clip(centred(rows[:, i], evaluation.stats[i]), 0, 1))
        per_class = matches(evaluation)
        everything = ([m for scored, _ in per_class.values() for m in scored],
                      sum(n for _, n in per_class.values()))
        common = best_f1(*everything)
        say("f1", -1, *common)
        thresholds = []
        for k, (scored, objects) in per_class.items():
            best = best_f1(scored, objects)
            thresholds.append(best[0] if best else common[0])
            if best:
                say("f1", k, *best)
        say("calibration", *calibration(everything[0]))
        confusions(gt, dt, iou_type, thresholds)
    gt = load(PAIR[0])
    base, head = (bootstrap(gt, load(name), PAIR[3]) for name in PAIR[1:3])
    value = [evaluate(gt, load(name), PAIR[3]).stats for name in PAIR[1:3]]
    say("pair", *PAIR)
    for i in range(6):
        d, change = head[:, i] - base[:, i], value[1][i] - value[0][i]
        say("difference", i, *centred(d, change), float(np.mean(d + change - d.mean() <= 0)))


main()
