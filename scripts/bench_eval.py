#!/usr/bin/env python3
"""Times `spinebench eval coco` beside its peers on data sets of real size, whole processes from file to text.

  python3 -m venv V && V/bin/pip install numpy==2.4.6 pycocotools==2.0.11 hotcoco==1.3.0
  V/bin/python scripts/bench_eval.py make  --folder F [--data ../shared/data] [--only bbox,segm,...]
  V/bin/python scripts/bench_eval.py run   --folder F [--rounds 7] [--threads 2] [--peers hotcoco] [--only ...]
  V/bin/python scripts/bench_eval.py check --folder F    the same statistics from 1, 2 and 7 threads

`make` writes, from a fixed seed: bbox (4,952 images, 36,781 objects, 100 jittered detections per image), segm
(the same objects as polygons, 100,000 detections as run-length masks), keypoints (50,000 detections) and
large (80,000 images, 365 categories, 1.2 million objects and detections). `run` interleaves the programs, so
that a busy minute hits all of them, and prints medians, ratios and peak memory.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

KINDS = ["bbox", "segm", "keypoints", "large"]
IOU_TYPE = {"bbox": "bbox", "segm": "segm", "keypoints": "keypoints", "large": "bbox"}

HOTCOCO = """
import sys, hotcoco
gt = hotcoco.COCO(sys.argv[1]); dt = gt.load_res(sys.argv[2])
e = hotcoco.COCOeval(gt, dt, sys.argv[3]); e.evaluate(); e.accumulate(); e.summarize()
"""
PYCOCOTOOLS = """
import sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
gt = COCO(sys.argv[1]); dt = gt.loadRes(sys.argv[2])
e = COCOeval(gt, dt, sys.argv[3]); e.evaluate(); e.accumulate(); e.summarize()
"""


def dump(path, value):
    with open(path, "w") as f:
        json.dump(value, f)


def paths(folder, kind):
    return os.path.join(folder, kind + "_gt.json"), os.path.join(folder, kind + "_dt.json")


def jitter(rng, boxes):
    """Boxes moved and scaled by an amount that differs from box to box: some near, some far."""
    spread = rng.choice([0.02, 0.08, 0.3], size=(len(boxes), 1))
    moved = boxes.copy()
    moved[:, :2] += rng.normal(size=(len(boxes), 2)) * spread * boxes[:, 2:]
    moved[:, 2:] *= np.exp(rng.normal(size=(len(boxes), 2)) * spread)
    return moved


def detections_per_image(rng, anns, images, per_image):
    """per_image detections in each image: jittered objects of it, a tenth of another category."""
    by_image = {}
    for i, a in enumerate(anns):
        by_image.setdefault(a["image_id"], []).append(i)
    boxes = np.array([a["bbox"] for a in anns], dtype=float)
    cats = np.array([a["category_id"] for a in anns])
    every = np.unique(cats)
    out = []
    for image in images:
        rows = by_image.get(image["id"])
        pick = rng.choice(rows, size=per_image) if rows else rng.integers(0, len(anns), per_image)
        near = jitter(rng, boxes[pick])
        wrong = rng.random(per_image) < 0.1
        category = np.where(wrong, rng.choice(every, size=per_image), cats[pick])
        score = rng.random(per_image)
        for k in range(per_image):
            out.append({"image_id": image["id"], "category_id": int(category[k]), "bbox": near[k].tolist(),
                        "score": float(score[k])})
    return out


def make_bbox(folder, data):
    with open(os.path.join(data, "coco/instances_val2017_boxes.json")) as f:
        gt = json.load(f)
    rng = np.random.default_rng(1)
    gt_path, dt_path = paths(folder, "bbox")
    dump(gt_path, gt)
    dump(dt_path, detections_per_image(rng, gt["annotations"], gt["images"], 100))


def ellipse(rng, box, n):
    """A wobbly outline inside the box, flat x, y list with two decimals."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    radius = 0.5 * (0.75 + 0.25 * rng.random(n))
    x = box[0] + box[2] * (0.5 + radius * np.cos(angle))
    y = box[1] + box[3] * (0.5 + radius * np.sin(angle))
    return np.round(np.stack([x, y], 1).ravel(), 2).tolist()


def make_segm(folder, data):
    from pycocotools import mask as mask_api
    with open(os.path.join(data, "coco/instances_val2017_boxes.json")) as f:
        gt = json.load(f)
    rng = np.random.default_rng(2)
    extent = {}
    for a in gt["annotations"]:
        w, h = extent.get(a["image_id"], (200, 200))
        extent[a["image_id"]] = (max(w, int(a["bbox"][0] + a["bbox"][2]) + 1),
                                 max(h, int(a["bbox"][1] + a["bbox"][3]) + 1))
    for im in gt["images"]:
        im["width"], im["height"] = extent.get(im["id"], (640, 480))
    anns = gt["annotations"]
    for a in anns:
        a["segmentation"] = [ellipse(rng, a["bbox"], int(rng.integers(8, 40)))]
    gt_path, dt_path = paths(folder, "segm")
    dump(gt_path, gt)
    out = []
    boxes = np.array([a["bbox"] for a in anns], dtype=float)
    pick = np.sort(rng.integers(0, len(anns), 100000))
    near = jitter(rng, boxes[pick])
    for i, box in zip(pick, near):
        a = anns[i]
        w, h = extent[a["image_id"]]
        rle = mask_api.frPyObjects([ellipse(rng, box, int(rng.integers(8, 40)))], h, w)[0]
        out.append({"image_id": a["image_id"], "category_id": a["category_id"],
                    "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
                    "score": float(rng.random())})
    dump(dt_path, out)


def make_keypoints(folder, data):
    with open(os.path.join(data, "keypoints/person_keypoints_val2017.json")) as f:
        gt = json.load(f)
    rng = np.random.default_rng(3)
    anns = gt["annotations"]
    points = np.array([a["keypoints"] for a in anns], dtype=float).reshape(-1, 17, 3)
    pick = np.sort(rng.integers(0, len(anns), 50000))
    scale = np.sqrt([anns[i]["area"] for i in pick])[:, None, None]
    moved = points[pick][:, :, :2] + rng.normal(size=(len(pick), 17, 2)) * scale * rng.choice(
        [0.02, 0.06, 0.2], size=(len(pick), 1, 1))
    conf = rng.random((len(pick), 17, 1))
    flat = np.concatenate([moved, conf], 2).reshape(len(pick), -1)
    out = [{"image_id": anns[i]["image_id"], "category_id": 1, "keypoints": k.tolist(), "score": float(s)}
           for i, k, s in zip(pick, flat, rng.random(len(pick)))]
    gt_path, dt_path = paths(folder, "keypoints")
    dump(gt_path, gt)
    dump(dt_path, out)


def make_large(folder, _data):
    rng = np.random.default_rng(4)
    n, images, cats = 1200000, 80000, 365
    image = np.sort(rng.integers(0, images, n))
    category = (cats * rng.random(n) ** 2).astype(int) + 1  # some are frequent
    size = np.exp(rng.normal(4, 1, size=(n, 2))).clip(2, 500)
    corner = rng.random((n, 2)) * 400
    boxes = np.round(np.concatenate([corner, size], 1), 2)
    gt_path, dt_path = paths(folder, "large")
    with open(gt_path, "w") as f:
        f.write('{"images": [')
        f.write(", ".join('{"id": %d, "file_name": "%012d.jpg", "height": 900, "width": 900}' % (i, i)
                          for i in range(images)))
        f.write('], "categories": [')
        f.write(", ".join('{"id": %d, "name": "category %d"}' % (c, c) for c in range(1, cats + 1)))
        f.write('], "annotations": [')
        for i in range(n):
            b = boxes[i].tolist()
            f.write('%s{"id": %d, "image_id": %d, "category_id": %d, "iscrowd": %d, "area": %r, "bbox": %r}' % (
                ", " if i else "", i + 1, image[i], category[i], i % 100 == 0, b[2] * b[3], b))
        f.write("]}")
    near = jitter(rng, boxes)
    score = rng.random(n)
    with open(dt_path, "w") as f:
        f.write("[")
        for i in range(n):
            f.write('%s{"image_id": %d, "category_id": %d, "bbox": %r, "score": %r}' % (
                ", " if i else "", image[i], category[i], near[i].tolist(), float(score[i])))
        f.write("]")


def run_once(command, env):
    """Seconds and peak resident megabytes of one process; its output is checked to end in a summary."""
    start = time.perf_counter()
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        out = p.stdout.read()
        err = p.stderr.read()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = status
    seconds = time.perf_counter() - start
    if status or b"Average Recall" not in out:
        sys.exit("%s failed:\n%s" % (" ".join(command), err.decode()[-2000:]))
    return seconds, usage.ru_maxrss / 1024


def commands(args, kind):
    gt, dt = paths(args.folder, kind)
    iou = IOU_TYPE[kind]
    all_of_them = {
        "spinebench": [args.spinebench, "eval", "coco", gt, dt, "--iou-type", iou, "--threads", str(args.threads)],
        "hotcoco": [sys.executable, "-c", HOTCOCO, gt, dt, iou],
        "pycocotools": [sys.executable, "-c", PYCOCOTOOLS, gt, dt, iou],
    }
    return {name: all_of_them[name] for name in ["spinebench"] + args.peers}


def run(args):
    env = dict(os.environ, RAYON_NUM_THREADS=str(args.threads))
    print("%-10s %-12s %9s %9s %8s %9s" % ("work", "program", "median s", "min s", "ratio", "peak MB"))
    for kind in args.only:
        runs = {name: [] for name in commands(args, kind)}
        for _ in range(args.rounds):
            for name, command in commands(args, kind).items():
                runs[name].append(run_once(command, env))
        base = statistics.median(s for s, _ in runs["spinebench"])
        for name, values in runs.items():
            seconds = [s for s, _ in values]
            print("%-10s %-12s %9.3f %9.3f %8.2f %9.0f" % (
                kind, name, statistics.median(seconds), min(seconds), statistics.median(seconds) / base,
                max(m for _, m in values)), flush=True)


def check(args):
    bad = 0
    for kind in args.only:
        gt, dt = paths(args.folder, kind)
        outputs = {subprocess.run([args.spinebench, "eval", "coco", gt, dt, "--iou-type", IOU_TYPE[kind], "--json",
                                   "--threads", str(t)], check=True, capture_output=True).stdout for t in (1, 2, 7)}
        print("%s: %s" % (kind, "same bits for 1, 2 and 7 threads" if len(outputs) == 1 else "THREADS DIFFER"))
        bad += len(outputs) != 1
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["make", "run", "check"])
    parser.add_argument("--folder", required=True)
    parser.add_argument("--data", default="../shared/data")
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", default="hotcoco")
    parser.add_argument("--spinebench", default="build/spinebench")
    args = parser.parse_args()
    args.only = args.only.split(",")
    args.peers = [p for p in args.peers.split(",") if p]
    if args.action == "make":
        os.makedirs(args.folder, exist_ok=True)
        makers = {"bbox": make_bbox, "segm": make_segm, "keypoints": make_keypoints, "large": make_large}
        for kind in args.only:
            makers[kind](args.folder, args.data)
            print(kind, [os.path.getsize(p) for p in paths(args.folder, kind)])
        return 0
    if args.action == "check":
        return check(args)
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
