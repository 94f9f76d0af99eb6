#!/usr/bin/env python3
"""Exported models against the official checker and ONNX Runtime (scripts/check_onnx makes the venv).

    scripts/check_onnx [--spinebench build/spinebench] [--size N] [--seed N] [MODEL | CASE...]

A MODEL of the zoo has seeded weights and a picture-like input; a CASE is a folder of tests/golden with model,
checkpoint and input. Without any, all cases and the whole zoo at its own sizes. Each is exported, checked by
onnx.checker (full_check), and run by ONNX Runtime beside `spinebench forward`. Every array must be there under
its file's name, and differ by at most 1e-4 of its standard deviation, two units in the last place aside.
Selections (proposals, detections and what is computed from them) follow scores that may be equal up to
rounding: there, rows are compared where both chose the same box, and at least 98 % must be. Their limit is
1e-3, because boxes are decoded by exp and sampled between pixels, which amplifies what the maps differ by.
The first one is compared in both layouts.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    import onnxruntime as ort
except ModuleNotFoundError:  # the system's Python prints the help
    if not {"-h", "--help"} & set(sys.argv):
        raise

LIMIT, ROWS_LIMIT = 1e-4, 1e-3
SAME_BOX = 0.02     # pixels
SAME_ROWS = 0.98
ROW_KEYS = {"roi_boxes": "roi_boxes", "roi_scores": "roi_boxes",
            "box_head_class_logits": "roi_boxes", "box_head_box_deltas": "roi_boxes",
            "detection_boxes": "detection_boxes", "detection_scores": "detection_boxes",
            "detection_classes": "detection_boxes", "detection_masks": "detection_boxes"}


def picture(rng, height, width):
    """Normalised RGB with large areas, gradients and little fine detail, as pictures have."""
    out = np.zeros((height, width, 3))
    for step, amplitude in ((128, 0.7), (32, 0.5), (8, 0.3), (2, 0.1)):
        grid = rng.standard_normal((height // step + 2, width // step + 2, 3))
        (y, fy), (x, fx) = (divmod(np.arange(n) / step, 1) for n in (height, width))
        y, x, fy, fx = y.astype(int), x.astype(int), fy[:, None, None], fx[:, None]
        rows = grid[y] * (1 - fy) + grid[y + 1] * fy
        out += amplitude * (rows[:, x] * (1 - fx) + rows[:, x + 1] * fx)
    return np.clip(out, -2.1, 2.6).astype(np.float32)[None]


class Subject:
    """A model with weights, and an input for it."""

    def __init__(self, program, name, size, seed, work):
        self.program, self.name, self.work = program, name, work
        self.case = name if os.path.isdir(name) else None
        self.model = f"{name}/model.json" if self.case else name
        weights = ["--weights", f"{name}/model.ckpt"] if self.case else ["--weights-seed", str(seed)]
        self.arguments = [self.model, *weights, "-q"]
        self.seed, self.size = seed, size
        if self.case:
            self.size = np.load(f"{name}/input.npy").shape[1]

    def export(self, layout):
        path = f"{self.work}/model.onnx"
        size = ["--size", str(self.size)] if self.size else []
        subprocess.run([self.program, "export", *self.arguments, "--onnx", path, "--layout", layout, *size], check=True)
        onnx.checker.check_model(path, full_check=True)
        proto = onnx.load(path)
        assert [(o.domain, o.version) for o in proto.opset_import] == [("", 17)]
        assert all(n.domain == "" for n in proto.graph.node)
        shape = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim]
        return path, len(proto.graph.node), shape[1:3] if layout == "nhwc" else shape[2:]

    def input(self, height, width):
        if self.case:
            return np.load(f"{self.case}/input.npy")
        return picture(np.random.default_rng(self.seed), height, width)

    def forward(self, x):
        np.save(f"{self.work}/x.npy", x)
        subprocess.run([self.program, "forward", *self.arguments, "--input", f"{self.work}/x.npy", "--size",
                        str(x.shape[1]), "-o", f"{self.work}/out"], check=True)
        return {n[:-4]: np.load(f"{self.work}/out/{n}") for n in sorted(os.listdir(f"{self.work}/out"))}


def run(path, x):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(None, {session.get_inputs()[0].name: x})))


def error(ours, theirs):
    """Largest difference, in standard deviations of ours."""
    if ours.size == 0:
        return 0.0
    difference = np.abs(ours.astype(np.float64) - theirs)
    if ours.dtype == np.float32:
        difference = np.maximum(difference - 2 * np.spacing(np.abs(ours)), 0)
    return float(difference.max()) / (float(ours.std()) or 1.0)


def same_rows(ours, theirs):
    """Pairs (i, j) of rows with the same box (and class), each used once; in order of rows."""
    pairs, used = [], set()
    keys = [a.get("detection_classes", np.zeros(0)) for a in (ours, theirs)]
    boxes_a, boxes_b = (a["detection_boxes"] if keys[0].size else a["roi_boxes"] for a in (ours, theirs))
    for i, box in enumerate(boxes_a[0]):
        near = np.abs(boxes_b[0] - box).max(1) < SAME_BOX
        if keys[0].size:
            near &= keys[1][0] == keys[0][0, i]
        # the nearest position first: equal boxes keep their order
        for j in sorted(np.flatnonzero(near), key=lambda j: abs(j - i)):
            if j not in used:
                used.add(j)
                pairs.append((i, j))
                break
    return pairs


def pick(arrays, key):
    keep = ("detection_boxes", "detection_classes") if key == "detection_boxes" else ("roi_boxes",)
    return {k: arrays[k] for k in keep}


def compare(ours, theirs):
    """Worst (error, array) of maps and of rows, and the smallest share of rows chosen by both."""
    assert ours.keys() == theirs.keys(), f"names: {sorted(ours)} and {sorted(theirs)}"
    pairs = {k: same_rows(pick(ours, k), pick(theirs, k)) for k in ("roi_boxes", "detection_boxes") if k in ours}
    share = min([len(p) / ours[k].shape[1] for k, p in pairs.items()], default=1.0)
    worst, worst_rows = (0.0, ""), (0.0, "")
    for name, a in ours.items():
        b = theirs[name]
        assert a.shape == b.shape and a.dtype == b.dtype, f"{name}: {a.shape} {a.dtype}, {b.shape} {b.dtype}"
        rows = pairs.get(ROW_KEYS.get(name))
        if rows is not None:
            a, b = a[:, [i for i, _ in rows]], b[:, [j for _, j in rows]]
            worst_rows = max(worst_rows, (error(a, b), name))
        elif name == "num_detections":
            assert abs(int(a[0]) - int(b[0])) <= (1 - SAME_ROWS) * 100, f"{name}: {a} and {b}"
        else:
            worst = max(worst, (error(a, b), name))
    return worst, worst_rows, share


def to_nhwc(arrays):
    """Maps of an NCHW export as forward writes them."""
    return {k: v.transpose(0, 2, 3, 1) if v.ndim == 4 and k != "detection_masks" else v for k, v in arrays.items()}


def check(program, name, size, seed, layouts):
    for layout in layouts:
        with tempfile.TemporaryDirectory() as work:
            subject = Subject(program, name, size, seed, work)
            path, nodes, (height, width) = subject.export(layout)
            x = subject.input(height, width)
            ours = subject.forward(x)
            theirs = run(path, x) if layout == "nhwc" else to_nhwc(run(path, x.transpose(0, 3, 1, 2)))
            (worst, array), (worst_row, row_array), share = compare(ours, theirs)
            mib = os.path.getsize(path) / 2**20
        ok = worst <= LIMIT and worst_row <= ROWS_LIMIT and share >= SAME_ROWS
        rows = f"; {100 * share:.1f} % of rows chosen by both, {worst_row:.1e} ({row_array})" if row_array else ""
        print(f"{'ok  ' if ok else 'FAIL'} {name} at {height}x{width}, {layout}: {nodes} nodes, {mib:.1f} MiB, "
              f"{len(ours)} output{'s' * (len(ours) != 1)}, largest error {worst:.1e} of std ({array}){rows}", flush=True)
        if not ok:
            return False
    return True


def everything(program):
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    cases = sorted(glob.glob(f"{here}/tests/golden/mini_*/"))
    listed = subprocess.run([program, "models", "--json"], check=True, capture_output=True, text=True).stdout
    return [c.rstrip("/") for c in cases] + [m["model"] for m in json.loads(listed)]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("subjects", nargs="*", metavar="MODEL|CASE")
    p.add_argument("--spinebench", default="build/spinebench", help="the program (default: build/spinebench)")
    p.add_argument("--size", type=int, default=0, help="image size (default: the model's)")
    p.add_argument("--seed", type=int, default=1, help="of weights and input")
    a = p.parse_args()
    subjects = a.subjects or everything(a.spinebench)
    failed = [s for i, s in enumerate(subjects)
              if not check(a.spinebench, s, a.size, a.seed, ("nchw", "nhwc") if i == 0 else ("nchw",))]
    print(f"{len(subjects) - len(failed)} of {len(subjects)} agree" + (f"; not: {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
