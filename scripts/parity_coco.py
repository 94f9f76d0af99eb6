#!/usr/bin/env python3
"""Compares `spinebench eval coco` with pycocotools 2.0.11 and its relatives and numpy 2.4.6, bit for bit.

Random data sets full of edge cases (ties, crowds, ids 0 and negative, areas on the bounds, boxes without
size, odd polygons, runs of length 0, unknown categories, more than 100 detections, ...) are evaluated
by both; every statistic and every value of the precision, recall and scores arrays must be the same.

  python3 -m venv V && V/bin/pip install pycocotools==2.0.11 numpy==2.4.6
  V/bin/pip install lvis cython setuptools wheel  # and these for --type boundary, crowdpose and lvis-...
  V/bin/pip install --no-build-isolation --no-binary xtcocotools xtcocotools
  V/bin/python scripts/parity_coco.py --type segm --cases 10000 [--seed N] [--spinebench build/spinebench]

A case that differs is written to --keep DIR. --sample FILE writes the cases with their expected values
as the tests read them (tests/eval/parity/*.jsonl). --own-params gives every case thresholds, recall
points, area ranges, limits and a subset of the images and categories of its own.
"""
import argparse
import contextlib
import io
import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile

import numpy as np
from pycocotools import mask as mask_api
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

FNV_START, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
OWN_TYPES = ["bbox", "segm", "keypoints"]  # pycocotools'; the others are in parity_relatives.py
ODD_IDS = [0, -1, -7, 2**53, 2**53 + 1, 2**31, 2**40, -(2**53)]


def relatives():
    import parity_relatives

    return parity_relatives


def fnv1a(data):
    h = FNV_START
    for byte in data:
        h = ((h ^ byte) * FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return "%016x" % h


def ids(rng, count):
    """Distinct ids: usually small and in order, sometimes odd, shuffled."""
    pool = list(range(1, count + 1))
    if rng.random() < 0.4:
        pool = rng.sample(range(-3, 5 * count + 5), count)
    if rng.random() < 0.2:
        pool = rng.sample(ODD_IDS + list(range(1, count + 1)), count)
    return pool


def number(rng, lo, hi):
    """A coordinate: on a grid more often than not, so that ties and touching edges occur."""
    kind = rng.random()
    if kind < 0.5:
        return rng.randint(int(lo), int(hi))
    if kind < 0.8:
        return rng.randint(int(2 * lo), int(2 * hi)) / 2
    return rng.uniform(lo, hi)


def box(rng, size):
    if rng.random() < 0.06:
        return [number(rng, -5, size), number(rng, -5, size), rng.choice([0, -1, 0.0, 3]), rng.choice([0, 2, -2.5])]
    if rng.random() < 0.15:  # areas on the bounds of the ranges
        side = rng.choice([32, 96, 100000, 16])
        return [rng.choice([0, 10]), rng.choice([0, 10]), side, side * rng.choice([1, 1, 4])]
    scale = rng.choice([size / 4, size, 3 * size])
    return [number(rng, 0, size), number(rng, 0, size), number(rng, 1, scale), number(rng, 1, scale)]


def jitter(rng, b):
    if rng.random() < 0.25:
        return list(b)
    return [v + rng.choice([0, 0, 1, -1, 0.5, rng.uniform(-2, 2)]) for v in b]


def score(rng):
    kind = rng.random()
    if kind < 0.4:
        return rng.choice([0.1, 0.2, 0.3, 0.5, 0.5, 0.9])
    if kind < 0.5:
        return rng.choice([0, 1, -1, 0.0, -0.0, 1e-300, 1e300, 0.30000000000000004])
    if kind < 0.52:
        return rng.choice([float("nan"), float("inf"), float("-inf")])
    return rng.random()


def area(rng, b):
    kind = rng.random()
    if kind < 0.3:
        return rng.choice([0, 1024, 1024.0, 9216, 9216.000000001, 1023.9999999999999, 1e10, 10000000001, 500, 5000])
    return b[2] * b[3] * rng.choice([1, 1, 0.5, 0.53])


def crowd(rng):
    return rng.choice([0, 0, 0, 0, 0, 0, 0, 1, 1, False, True, 0.5, 2, 1.0])


def polygon(rng, b, n):
    pts = []
    for _ in range(n):
        pts += [b[0] + number(rng, 0, 10) / 10 * b[2], b[1] + number(rng, 0, 10) / 10 * b[3]]
    if rng.random() < 0.1:
        pts.append(3.5)  # a trailing number is not used
    if rng.random() < 0.2:
        pts += pts[:2]  # closed
    if rng.random() < 0.1:
        pts = [round(v) for v in pts]
    return pts


def polygons(rng, b):
    shapes = [polygon(rng, b, rng.randint(3, 9))]
    if rng.random() < 0.15:  # the outline of the box
        shapes = [[b[0], b[1], b[0], b[1] + b[3], b[0] + b[2], b[1] + b[3], b[0] + b[2], b[1]]]
    while rng.random() < 0.3:
        shapes.append(polygon(rng, b, rng.randint(0, 6)))
    return shapes


def runs(rng, h, w):
    """Run lengths that sum to h * w, some of them 0."""
    total, out = h * w, []
    while total > 0:
        run = min(total, rng.choice([0, 0, 1, 2, h, rng.randint(0, h * 2), rng.randint(0, total)]))
        if rng.random() < 0.8:
            run = max(run, min(1, total)) if out else run
        out.append(run)
        total -= run
    if rng.random() < 0.2:
        out.append(0)
    return out or [0]


def blob(rng, h, w):
    """A mask like real ones: a filled ellipse."""
    cy, cx = rng.uniform(0, h), rng.uniform(0, w)
    ry, rx = rng.uniform(1, h), rng.uniform(1, w)
    y, x = np.ogrid[:h, :w]
    return np.asfortranarray((((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1).astype(np.uint8))


def counts_text(counts):
    """Compressed counts, runs of length 0 kept (mask.encode would drop them)."""
    out = []
    for i, c in enumerate(counts):
        x = c - counts[i - 2] if i > 2 else c
        more = True
        while more:
            bits = x & 0x1F
            x >>= 5
            more = x != -1 if bits & 0x10 else x != 0
            out.append(chr((bits | (0x20 if more else 0)) + 48))
    return "".join(out)


def code(rng, h, w, compressed):
    if rng.random() < 0.03:
        h, w = h + 1, w  # another size than the image
    if rng.random() < 0.4:
        counts = runs(rng, h, w)
        return {"size": [h, w], "counts": counts_text(counts) if compressed else counts}
    rle = mask_api.encode(blob(rng, h, w))
    text = rle["counts"].decode()
    if compressed:
        return {"size": [h, w], "counts": text}
    m = mask_api.decode(rle).flatten(order="F")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], m]))).tolist()
    edges = [0] + edges + [h * w]
    return {"size": [h, w], "counts": [b - a for a, b in zip(edges, edges[1:])]}


def keypoints(rng, b, labelled):
    out = []
    for _ in range(17):
        v = rng.choice([0, 1, 2, 2, 2]) if labelled else 0
        if v == 0 and rng.random() < 0.7:
            out += [0, 0, 0]
        else:
            out += [b[0] + number(rng, 0, 10) / 10 * b[2], b[1] + number(rng, 0, 10) / 10 * b[3], v]
    return out


def annotation(rng, kind, h, w, size):
    b = box(rng, size)
    ann = {"bbox": b, "area": area(rng, b), "iscrowd": crowd(rng)}
    if kind == "segm":
        ann["segmentation"] = polygons(rng, b) if rng.random() < 0.6 else code(rng, h, w, rng.random() < 0.5)
    if kind == "keypoints":
        ann["keypoints"] = keypoints(rng, b, rng.random() < 0.8)
        ann["num_keypoints"] = sum(v > 0 for v in ann["keypoints"][2::3])
        if rng.random() < 0.05:
            ann["num_keypoints"] = rng.choice([0, 3])
    if rng.random() < 0.05:
        ann["ignore"] = rng.choice([0, 1])
    return ann


def detection(rng, kind, flavour, near, h, w, size):
    b = jitter(rng, near["bbox"]) if near and rng.random() < 0.8 else box(rng, size)
    dt = {"score": score(rng)}
    if flavour == "box":
        dt["bbox"] = b
        if kind == "segm" and rng.random() < 0.5:
            dt["segmentation"] = polygons(rng, b) if rng.random() < 0.5 else code(rng, h, w, rng.random() < 0.5)
    if flavour == "mask":
        copy = near and rng.random() < 0.3 and isinstance(near.get("segmentation"), dict)
        seg = near["segmentation"] if copy else None
        if seg and isinstance(seg["counts"], list):
            seg = {"size": seg["size"], "counts": counts_text(seg["counts"])}
        dt["segmentation"] = seg or code(rng, h, w, True)
    if flavour == "keypoints" or kind == "keypoints":
        if near and "keypoints" in near and rng.random() < 0.8:
            jit = rng.choice([0, 1, 3])
            dt["keypoints"] = [v + rng.choice([0, 0, jit, -jit, rng.uniform(-jit, jit)]) if i % 3 < 2 else 1
                               for i, v in enumerate(near["keypoints"])]
        else:
            dt["keypoints"] = keypoints(rng, b, True)
    return dt


def data_set(rng, kind):
    size = rng.choice([12, 20, 40, 120])
    image_ids, category_ids = ids(rng, rng.randint(1, 5)), ids(rng, rng.randint(1, 3))
    images = [{"id": i, "height": rng.randint(5, size), "width": rng.randint(5, size)} for i in image_ids]
    shape = {im["id"]: (im["height"], im["width"]) for im in images}
    categories = [{"id": c, "name": "c%d" % c} for c in category_ids]
    if rng.random() < 0.05:  # listed twice
        categories.append(dict(rng.choice(categories)))
    anns = []
    for _ in range(rng.choice([0, 1, 3, 8, 20, 20, 40])):
        im = rng.choice(image_ids)
        ann = annotation(rng, kind, *shape[im], size)
        ann.update(image_id=im, category_id=rng.choice(category_ids))
        anns.append(ann)
    for ann, i in zip(anns, ids(rng, len(anns))):
        ann["id"] = i
    if anns and rng.random() < 0.03:  # a repeated id
        rng.choice(anns)["id"] = anns[-1]["id"]
    if anns and rng.random() < 0.05:
        rng.choice(anns)["category_id"] = 999  # unknown
    rng.shuffle(anns)
    flavours = {"bbox": ["box", "box", "box", "mask", "keypoints"], "segm": ["box", "mask", "mask"],
                "keypoints": ["box", "keypoints", "keypoints"]}
    flavour = rng.choice(flavours[kind])
    dts = []
    count = rng.choice([1, 4, 12, 40, 80]) if rng.random() < 0.95 else 260
    few = rng.random() < (0.8 if count == 260 else 0.1)  # more than 100 in one image
    for _ in range(count):
        near = rng.choice(anns) if anns else None
        im = near["image_id"] if near and rng.random() < 0.9 else rng.choice(image_ids)
        im = image_ids[0] if few else im
        dt = detection(rng, kind, flavour, near, *shape[im], size)
        category = near["category_id"] if near and rng.random() < 0.9 else rng.choice(category_ids + [777])
        dt.update(image_id=im, category_id=category)
        dts.append(dt)
    if rng.random() < 0.05:
        dts[0]["image_id"] = float(dts[0]["image_id"]) if abs(dts[0]["image_id"]) < 2**53 else dts[0]["image_id"]
    gt = {"annotations": anns, "images": images, "categories": categories}
    if rng.random() < 0.5:
        gt = {"info": {"a": [1, {"b": None}]}, "images": images, "categories": categories, "annotations": anns}
    return gt, dts


def oracle(gt_path, dt_path, kind, use_cats, configure=None):
    if kind not in OWN_TYPES:
        return relatives().oracle(kind, gt_path, dt_path, use_cats, configure)
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO(gt_path)
        dt = gt.loadRes(dt_path)
        ev = COCOeval(gt, dt, kind)
        ev.params.useCats = int(use_cats)
        if configure:
            configure(ev)
        ev.evaluate()
        ev.accumulate()
        if not configure:  # it asks for the default limits and areas
            ev.summarize()
    return list(ev.stats), {k: ev.eval[k] for k in ("precision", "recall", "scores")}


def ours(program, gt_path, dt_path, options, use_cats, threads, folder):
    cmd = [program, "eval", "coco", gt_path, dt_path, *options, "--json", "--dump-arrays", folder,
           "--threads", str(threads)]
    run = subprocess.run(cmd + ([] if use_cats else ["--no-cats"]), capture_output=True, text=True, check=False)
    if run.returncode:
        return run.stderr, None
    arrays = {k: np.load(os.path.join(folder, k + ".npy")) for k in ("precision", "recall", "scores")}
    return json.loads(run.stdout)["stats"], arrays


def same(a, b):
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return a.shape == b.shape and bool(np.all((a == b) | (np.isnan(a) & np.isnan(b))))


def compare(expected, got):
    if got[1] is None:
        return "refused: " + got[0].strip()
    if len(expected[0]) and not same(expected[0], got[0]):
        return "stats: expected %r, got %r" % (list(expected[0]), got[0])
    for key, value in expected[1].items():
        if not same(value, got[1][key]):
            return key
    return None


def own_params(rng, kind, gt):
    """Random parameters: the program's options, and a function that sets them in pycocotools."""
    thresholds = sorted(rng.sample([0.5, 0.75, 0.25, 0.3, 1.0, 0.6000000000000001, rng.uniform(0.1, 1)], rng.randint(1, 7)))
    if rng.random() < 0.3:
        rng.shuffle(thresholds)
    points = rng.choice([[0, 0.5, 1], [0.1], [k / 100 for k in range(101)], sorted(rng.random() for _ in range(9))])
    limits = sorted(rng.sample([1, 2, 3, 5, 10, 20, 50, 100, 300], rng.choice([1, 3, 3, 4])))
    areas = rng.choice([[("all", 0, 1e10), ("small", 0, 1024), ("medium", 1024, 9216), ("large", 9216, 1e10)],
                        [("all", 0, 1e5), ("tiny", 0, 256), ("big", 255.5, 5000)], [("all", 16, 16)]])
    images = rng.sample([i["id"] for i in gt["images"]], rng.randint(1, len(gt["images"])))
    categories = rng.sample([c["id"] for c in gt["categories"]], rng.randint(1, len(gt["categories"])))
    options = ["--iou-thresholds", ",".join(map(repr, thresholds)), "--recall-points", ",".join(map(repr, points)),
               "--max-dets", ",".join(map(str, limits)), "--areas", ",".join("%s:%r:%r" % a for a in areas),
               "--images=" + ",".join(map(str, images)), "--categories=" + ",".join(map(str, categories))]

    def configure(ev):
        p = ev.params
        p.iouThrs, p.recThrs, p.maxDets = np.array(thresholds), np.array(points), limits
        p.areaRng, p.areaRngLbl = [[lo, hi] for _, lo, hi in areas], [a[0] for a in areas]
        p.imgIds, p.catIds = sorted(images), sorted(categories)

    params = {"iou_thresholds": thresholds, "recall_points": points, "max_dets": limits,
              "areas": [[name, float(lo), float(hi)] for name, lo, hi in areas],
              "images": list(map(str, images)), "categories": list(map(str, categories))}
    return options, configure, params


def sample_line(kind, use_cats, params, gt, dts, expected):
    out = {"type": kind, "use_cats": use_cats, "stats": [float(s) for s in expected[0]]}
    if params:
        out["params"] = params
    for key, value in expected[1].items():
        out[key] = fnv1a(np.ascontiguousarray(value).tobytes())
    out["gt"], out["dt"] = gt, dts
    return json.dumps(out, separators=(",", ":"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--type", choices=OWN_TYPES + ["boundary", "crowdpose", "lvis-bbox", "lvis-segm", "lvis-boundary"],
                        default="bbox")
    parser.add_argument("--own-params", action="store_true", help="other parameters in every case (pycocotools' types)")
    parser.add_argument("--cases", type=int, default=1000, help="to compare; those that the oracle cannot evaluate are made up for")
    parser.add_argument("--pick", help="only these cases, N,N,...")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spinebench", default="build/spinebench")
    parser.add_argument("--keep", help="folder for cases that differ")
    parser.add_argument("--sample", help="file to write the cases and their expected values to")
    parser.add_argument("--max-bytes", type=int, default=6000, help="longest line of a sample")
    args = parser.parse_args()
    bad = refused = compared = 0
    sample = open(args.sample, "w") if args.sample else None
    with tempfile.TemporaryDirectory() as tmp:
        gt_path, dt_path = os.path.join(tmp, "gt.json"), os.path.join(tmp, "dt.json")
        for case in map(int, args.pick.split(",")) if args.pick else itertools.count():
            if compared == args.cases:
                break
            rng = random.Random("%s %d %d" % (args.type, args.seed, case))
            own = args.type in OWN_TYPES
            gt, dts = data_set(rng, args.type if own else relatives().KINDS[args.type])
            use_cats = rng.random() < 0.85 or args.type.startswith("lvis")
            if not own:
                relatives().dress(rng, args.type, gt, dts)
            options = ["--iou-type", args.type] if own else relatives().OPTIONS[args.type]
            more, configure, params = own_params(rng, args.type, gt) if args.own_params else ([], None, None)
            for path, doc in ((gt_path, gt), (dt_path, dts)):
                with open(path, "w") as f:
                    f.write(json.dumps(doc))  # json.dump encodes in Python, several times slower
            try:
                expected = oracle(gt_path, dt_path, args.type, use_cats, configure)
            except Exception as e:  # what the oracle cannot evaluate is not compared
                refused += 1
                if refused > 10 * (compared + 100):
                    sys.exit("the oracle refuses nearly every case: PARITY_VERBOSE=1 says why")
                if os.environ.get("PARITY_VERBOSE"):
                    print("case %d: the oracle failed: %r" % (case, e))
                continue
            compared += 1
            if sample:
                line = sample_line(args.type, use_cats, params, gt, dts, expected)
                if len(line) <= args.max_bytes and expected[1]["precision"].max() > 0:
                    sample.write(line + "\n")
                continue
            got = ours(args.spinebench, gt_path, dt_path, options + more, use_cats, 1 + case % 3, tmp)
            difference = compare(expected, got)
            if difference:
                bad += 1
                print("case %d: %s" % (case, difference))
                if args.keep:
                    os.makedirs(args.keep, exist_ok=True)
                    for name, doc in (("gt", gt), ("dt", dts)):
                        with open(os.path.join(args.keep, "%s_%d_%s.json" % (args.type, case, name)), "w") as f:
                            json.dump(doc, f)
    print("%s: %d cases, %d differ (%d more refused by the oracle)" % (args.type, compared, bad, refused))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
