#!/usr/bin/env python3
"""Compares spinebench's outputs with those of the network in PyTorch, on images of the embedded data set.

  python3 scripts/train/agreement.py MODEL --weights FILE [--images 4] [--spinebench build/spinebench]
                                     [--engine native|openblas] [--sample OUT.txt]

The reference is PyTorch's network in float64: what the weights mean, without rounding. Prints for every output
the largest error, in units of the output's standard deviation, of spinebench and of PyTorch in float32. Exit code 1
where spinebench's is above 1e-4; of the pyramid's maps (feature_p*), which lie inside the network, where it is also
above twice that of PyTorch in float32. Of a Mask R-CNN the heads over regions are compared on the regions that
spinebench found. --sample writes evenly spaced values of the reference on the first image, which the tests compare with.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image

from data import centre, normalize
from files import read_safetensors
from network import Network
from specs import read_spec

LIMIT = 1e-4
SAMPLES = 97  # values per output
SAMPLED = ("class_p", "box_p", "rpn_", "logits")  # what does not depend on the regions that were found


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--weights", required=True)
    p.add_argument("--images", type=int, default=4)
    p.add_argument("--spinebench", default="build/spinebench")
    p.add_argument("--engine", default="native")
    p.add_argument("--sample")
    return p.parse_args()


def make_images(args, spec, folder):
    """Embedded images as spinebench makes them, normalized: (n, 3, size, size)."""
    kind = "species" if spec["task"] == "classification" else "scenes"
    command = [args.spinebench, "dataset", "make", "--set", kind, "-o", folder, "--images", str(args.images), "-q"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    if kind == "scenes":
        paths = sorted(pathlib.Path(folder).glob("val/*.png"))
    else:
        lines = pathlib.Path(folder, "val.txt").read_text(encoding="utf-8").splitlines()
        paths = [pathlib.Path(folder, line.rsplit(" ", 1)[0]) for line in lines]
    pictures = [np.asarray(Image.open(path)).transpose(2, 0, 1) for path in paths]
    images = torch.from_numpy(np.stack(pictures)).float()
    return normalize(images if kind == "scenes" else centre(images, spec["size"]))


def run_spinebench(args, image, folder):
    """The outputs of one forward pass, planar."""
    source, out = f"{folder}/input.npy", f"{folder}/out"
    np.save(source, np.ascontiguousarray(image.numpy().transpose(1, 2, 0)[None]))
    command = [args.spinebench, "forward", args.model, "--weights", args.weights, "--engine", args.engine]
    subprocess.run(command + ["--input", source, "-o", out, "-q"], check=True, stdout=subprocess.DEVNULL)
    arrays = {path.stem: np.load(path) for path in pathlib.Path(out).glob("*.npy")}
    maps = {name for name, a in arrays.items() if a.ndim == 4 and name != "detection_masks"}
    return {name: a.transpose(0, 3, 1, 2) if name in maps else a for name, a in arrays.items()}


def run_network(net, image, theirs):
    """The network's outputs; of the heads over regions for the regions in `theirs`."""
    with torch.no_grad():
        out = net(image[None])
        if net.spec["task"] == "maskrcnn":
            maps = net.pyramid_of(out)
            rois = torch.from_numpy(theirs["roi_boxes"].reshape(1, -1, 4)).to(image.dtype)
            logits, deltas = net.box_head(maps, rois)
            out["box_head_class_logits"], out["box_head_box_deltas"] = logits, deltas.flatten(1)
            found = torch.from_numpy(theirs["detection_boxes"].reshape(1, -1, 4)).to(image.dtype)
            classes = torch.from_numpy(theirs["detection_classes"].reshape(-1)).long()
            masks = net.mask_head(maps, found).sigmoid()
            out["detection_masks"] = masks[torch.arange(len(classes)), classes]
    return {name: value.numpy() for name, value in out.items()}


def write_sample(path, outputs):
    """A line per output: name, count, deviation, step, and every step-th value in the order (channel, row, column)."""
    lines = []
    for name, value in sorted(outputs.items()):
        if not name.startswith(SAMPLED):
            continue
        flat = value.ravel()
        step = max(len(flat) // SAMPLES, 1)
        numbers = " ".join(f"{v:.9g}" for v in flat[::step])
        lines.append(f"{name} {len(flat)} {flat.std():.9g} {step} {numbers}\n")
    pathlib.Path(path).write_text("".join(lines), encoding="utf-8")


def largest_error(found, reference):
    """In units of the reference's deviation."""
    differences = found.astype(np.float64).reshape(reference.shape) - reference
    return float(np.abs(differences).max() / max(reference.std(), 1e-12))


def too_large(name, error, rounding):
    inner = name.startswith("feature_p")
    return error > (max(LIMIT, 2 * rounding) if inner else LIMIT)


def main():
    args = arguments()
    spec = read_spec(args.model)
    weights = read_safetensors(args.weights)
    single, double = Network(spec).eval(), Network(spec).eval()
    single.load_state(weights)
    double.load_state(weights)
    double.double()
    worst = {}  # output: errors of spinebench and of PyTorch in float32
    with tempfile.TemporaryDirectory() as folder:
        images = make_images(args, spec, f"{folder}/data")
        for i, image in enumerate(images):
            theirs = run_spinebench(args, image, folder)
            rounded = run_network(single, image, theirs)
            reference = run_network(double, image.double(), theirs)
            for name, value in reference.items():
                if name not in theirs:
                    sys.exit(f"{args.model}: spinebench has no output {name}")
                errors = (largest_error(theirs[name], value), largest_error(rounded[name], value))
                worst[name] = tuple(map(max, worst.get(name, (0.0, 0.0)), errors))
            if i == 0 and args.sample:
                write_sample(args.sample, reference)
    print(f"{args.model:24} spinebench  PyTorch float32")
    for name, (error, rounding) in sorted(worst.items()):
        print(f"{name:24} {error:10.2e}  {rounding:10.2e}{'  too large' if too_large(name, error, rounding) else ''}")
    sys.exit(any(too_large(name, *errors) for name, errors in worst.items()))


if __name__ == "__main__":
    main()
