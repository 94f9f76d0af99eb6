#!/usr/bin/env python3
"""Accuracy of all weights of models/weights on held-out embedded images, as the table of models/weights/README.md.

  python3 scripts/train/accuracy.py FOLDER [--images 500] [--spinebench build/spinebench]

FOLDER takes images and results; what is there is not made again. Steps and CPU time are those of the logs. Of a
model with several seeds a line with the mean and the 95 % interval over training runs (Student's t) follows.
"""

import argparse
import json
import math
import pathlib
import re
import statistics
import subprocess

WEIGHTS = pathlib.Path("models/weights")
T95 = {2: 12.706, 3: 4.303}  # of n runs


def call(args, *words):
    return subprocess.run([args.spinebench, *words], check=True, capture_output=True, text=True).stdout


def make_images(args, kind):
    """(annotations or list, folder of images)"""
    folder = pathlib.Path(args.folder, kind)
    found = folder / ("annotations/instances_val.json" if kind == "scenes" else "val.txt")
    if not found.exists():
        call(args, "dataset", "make", "--set", kind, "-o", str(folder), "--images", str(args.images), "-q")
    return str(found), str(folder / "val" if kind == "scenes" else folder)


def detector(args, name, model):
    """AP, AP50, AP of small, medium and large objects; of a Mask R-CNN also AP of masks."""
    truth, images = make_images(args, "scenes")
    found = pathlib.Path(args.folder, f"{name}.json")
    if not found.exists():
        weights = ("--weights", f"embedded:{name}")
        call(args, "detect", model, *weights, "--annotations", truth, "--images", images, "-o", str(found), "-q")
    kinds = ("bbox", "segm") if "maskrcnn" in model else ("bbox",)
    values = []
    for kind in kinds:
        stats = json.loads(call(args, "eval", "coco", truth, str(found), "--iou-type", kind, "--json"))["stats"]
        values += [stats[i] for i in ((0, 1, 3, 4, 5) if kind == "bbox" else (0,))]
    return values


def classifier(args, name, model):
    """Top-1 and top-5."""
    listed, images = make_images(args, "species")
    found = pathlib.Path(args.folder, f"{name}.jsonl")
    if not found.exists():
        weights = ("--weights", f"embedded:{name}", "--first-class", "1")
        call(args, "classify", model, *weights, "--list", listed, "--images", images, "-o", str(found), "-q")
    whole = json.loads(call(args, "eval", "topk", listed, str(found), "--json"))
    return [whole["all"][key] / whole["all"]["images"] for key in ("top1", "top5")]


def training(name):
    """Steps and CPU time of the log."""
    log = WEIGHTS / f"{name}.log.jsonl"
    last = json.loads(log.read_text(encoding="utf-8").splitlines()[-1]) if log.exists() else {}
    return f"{last.get('step', '')} | {last.get('seconds', '')}"


def print_rows(title, columns, rows):
    print(f"\n{title}\n\n| weights | steps | CPU s | {' | '.join(columns)} |\n|{' --- |' * (3 + len(columns))}")
    runs = {}
    for name, values in rows:
        print(f"| `{name}` | {training(name)} | {' | '.join(f'{v:.3f}' for v in values)} |")
        runs.setdefault(re.sub(r"-seed\d+$", "", name), []).append(values)
    for model, values in runs.items():
        if len(values) not in T95:
            continue
        cells = []
        for column in zip(*values):
            half = T95[len(values)] * statistics.stdev(column) / math.sqrt(len(values))
            cells.append(f"{statistics.mean(column):.3f} ± {half:.3f}")
        print(f"| mean of `{model}`, {len(values)} seeds | | | {' | '.join(cells)} |")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder")
    p.add_argument("--images", type=int, default=500)
    p.add_argument("--spinebench", default="build/spinebench")
    args = p.parse_args()
    tables = {"boxes": [], "masks": [], "species": []}
    for path in sorted(WEIGHTS.glob("*.safetensors")):
        model = re.sub(r"-seed\d+$", "", path.stem)
        if model.endswith("-species"):
            tables["species"].append((path.stem, classifier(args, path.stem, model)))
        else:
            kind = "masks" if "maskrcnn" in model else "boxes"
            tables[kind].append((path.stem, detector(args, path.stem, model)))
    sizes = ["AP", "AP50", "AP small", "AP medium", "AP large"]
    print_rows(f"Boxes on {args.images} scenes:", sizes, tables["boxes"])
    if tables["masks"]:
        print_rows("Mask R-CNN:", [*sizes, "AP of masks"], tables["masks"])
    print_rows(f"Classes of {args.images} pictures of species:", ["top-1", "top-5"], tables["species"])


if __name__ == "__main__":
    main()
