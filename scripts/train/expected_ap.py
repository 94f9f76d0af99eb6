#!/usr/bin/env python3
"""Detections of a trained model on embedded images, and what pycocotools makes of them, for the tests.

  python3 -m venv V && V/bin/pip install pycocotools==2.0.11 numpy==2.4.6
  V/bin/python scripts/train/expected_ap.py MODEL [--images 12] [--best 25] [--spinebench build/spinebench]

Writes tests/golden/trained/MODEL.detections.json (the best detections of each image) and
MODEL.stats.txt (the number of images, then the twelve statistics).
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--images", type=int, default=12)
    p.add_argument("--best", type=int, default=25, help="detections per image")
    p.add_argument("--spinebench", default="build/spinebench")
    p.add_argument("--output", default="tests/golden/trained")
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        gt, found = f"{folder}/annotations/instances_val.json", f"{folder}/found.json"
        make = [args.spinebench, "dataset", "make", "-o", folder, "--images", str(args.images), "-q"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        detect = [args.spinebench, "detect", args.model, "--annotations", gt, "--images", f"{folder}/val"]
        subprocess.run(detect + ["-o", found, "-q"], check=True, stdout=subprocess.DEVNULL)
        rows, count = [], {}
        for row in json.loads(pathlib.Path(found).read_text(encoding="utf-8")):
            row.pop("segmentation", None)
            count[row["image_id"]] = count.get(row["image_id"], 0) + 1
            if count[row["image_id"]] <= args.best:  # best first
                rows.append(row)
        text = "[" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "]\n"
        path = pathlib.Path(args.output, f"{args.model}.detections.json")
        path.write_text(text, encoding="utf-8")
        truth = COCO(gt)
        evaluation = COCOeval(truth, truth.loadRes(str(path)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    lines = [str(args.images)] + [f"{value:.17g}" for value in evaluation.stats]
    pathlib.Path(args.output, f"{args.model}.stats.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
