#!/usr/bin/env python3
"""Accuracy of trained weights on held-out embedded images, as the tables of models/weights/README.md.

  python3 scripts/train/accuracy.py FOLDER [--weights DIR] [--images 500] [--spinebench build/spinebench]

FOLDER takes images and results; what is there is not made again. DIR (default models/weights) has MODEL.safetensors
and MODEL-seedN.safetensors with their logs, from which steps and CPU time are. Of a model with several seeds a line
with the mean and the 95 % interval over training runs (Student's t) follows; of two such models, one with their
difference.
"""

import argparse
import json
import math
import pathlib
import re
import statistics
import subprocess

T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}  # of degrees of freedom


def call(args, *words):
    return subprocess.run([args.spinebench, *words], check=True, capture_output=True, text=True).stdout


def make_images(args, kind):
    """(annotations or list, folder of images)"""
    folder = pathlib.Path(args.folder, kind)
    found = folder / ("annotations/instances_val.json" if kind == "scenes" else "val.txt")
    if not found.exists():
        call(args, "dataset", "make", "--set", kind, "-o", str(folder), "--images", str(args.images), "-q")
    return str(found), str(folder / "val" if kind == "scenes" else folder)


def detector(args, path, model):
    """AP, AP50, AP of small, medium and large objects; of a Mask R-CNN also AP of masks."""
    truth, images = make_images(args, "scenes")
    found = pathlib.Path(args.folder, f"{path.stem}.json")
    if not found.exists():
        weights = ("--weights", str(path))
        call(args, "detect", model, *weights, "--annotations", truth, "--images", images, "-o", str(found), "-q")
    kinds = ("bbox", "segm") if "maskrcnn" in model else ("bbox",)
    values = []
    for kind in kinds:
        stats = json.loads(call(args, "eval", "coco", truth, str(found), "--iou-type", kind, "--json"))["stats"]
        values += [stats[i] for i in ((0, 1, 3, 4, 5) if kind == "bbox" else (0,))]
    return values


def classifier(args, path, model):
    """Top-1 and top-5."""
    listed, images = make_images(args, "species")
    found = pathlib.Path(args.folder, f"{path.stem}.jsonl")
    if not found.exists():
        weights = ("--weights", str(path), "--first-class", "1")
        call(args, "classify", model, *weights, "--list", listed, "--images", images, "-o", str(found), "-q")
    whole = json.loads(call(args, "eval", "topk", listed, str(found), "--json"))
    return [whole["all"][key] / whole["all"]["images"] for key in ("top1", "top5")]


def training(path):
    """Steps and CPU time of the log."""
    log = path.with_name(f"{path.stem}.log.jsonl")
    last = json.loads(log.read_text(encoding="utf-8").splitlines()[-1]) if log.exists() else {}
    return f"{last.get('step', '')} | {last.get('seconds', '')}"


def summary_row(what, means, halves):
    return f"| {what} | | | {' | '.join(f'{m:.3f} ± {h:.3f}' for m, h in zip(means, halves))} |"


def print_runs(runs):
    """Of models with two or three runs: means, and the difference of two models, with 95 % intervals."""
    kept = {model: list(zip(*values)) for model, values in runs.items() if len(values) in (2, 3)}
    for model, columns in kept.items():
        n = len(columns[0])
        halves = [T95[n - 1] * statistics.stdev(column) / math.sqrt(n) for column in columns]
        print(summary_row(f"mean of `{model}`, {n} seeds", map(statistics.mean, columns), halves))
    if len(kept) != 2:
        return
    (a, of_a), (b, of_b) = kept.items()
    n, m = len(of_a[0]), len(of_b[0])
    means, halves = [], []
    for x, y in zip(of_a, of_b):
        pooled = ((n - 1) * statistics.variance(x) + (m - 1) * statistics.variance(y)) / (n + m - 2)
        means.append(statistics.mean(x) - statistics.mean(y))
        halves.append(T95[n + m - 2] * math.sqrt(pooled * (1 / n + 1 / m)))
    print(summary_row(f"`{a}` minus `{b}`", means, halves))


def print_rows(title, columns, rows):
    print(f"\n{title}\n\n| weights | steps | CPU s | {' | '.join(columns)} |\n|{' --- |' * (3 + len(columns))}")
    runs = {}
    for path, values in rows:
        print(f"| `{path.stem}` | {training(path)} | {' | '.join(f'{v:.3f}' for v in values)} |")
        runs.setdefault(re.sub(r"-seed\d+$", "", path.stem), []).append(values)
    print_runs(runs)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder")
    p.add_argument("--weights", default="models/weights")
    p.add_argument("--images", type=int, default=500)
    p.add_argument("--spinebench", default="build/spinebench")
    args = p.parse_args()
    tables = {"boxes": [], "masks": [], "species": []}
    for path in sorted(pathlib.Path(args.weights).glob("*.safetensors")):
        model = re.sub(r"-seed\d+$", "", path.stem)
        if model.endswith("-species"):
            tables["species"].append((path, classifier(args, path, model)))
        else:
            kind = "masks" if "maskrcnn" in model else "boxes"
            tables[kind].append((path, detector(args, path, model)))
    sizes = ["AP", "AP50", "AP small", "AP medium", "AP large"]
    print_rows(f"Boxes on {args.images} scenes:", sizes, tables["boxes"])
    if tables["masks"]:
        print_rows("Mask R-CNN:", [*sizes, "AP of masks"], tables["masks"])
    print_rows(f"Classes of {args.images} pictures of species:", ["top-1", "top-5"], tables["species"])


if __name__ == "__main__":
    main()
