#!/usr/bin/env python3
"""Time and size of a report over 50 made-up variants with 1,000 samples each and a diagnosis.

    scripts/bench_report.py [build/spinebench]

Prints the seconds without plots and with all of them (PNG, SVG, PDF) and the size of the page; exit 1
where they are not below 5 s, 30 s and 3 MB.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import time

FAMILIES = ["retinanet-spinenet-%d", "retinanet-resnet-%d-fpn", "retinanet-mobile-spinenet-%d",
            "retinanet-resnet-%d-nasfpn", "maskrcnn-spinenet-%d"]
LEVELS = ["stem", "L2", "L3", "L4", "L5", "L6", "L7", "head"]
STEPS, CATEGORIES = 60, 80
STATIC = {"threads": None, "engine": None}
RUN = {"schema": 1, "kind": "run", "run": "r", "started": "2026-01-01T00:00:00Z", "command": "x",
       "version": "1", "commit": "0123456789ab", "dirty": False, "compiler": "gcc", "flags": "-O2",
       "machine": "01234567", "cpu": "Example CPU"}


def samples(mean, count):
    return [int(mean * random.lognormvariate(0, 0.05)) for _ in range(count)]


def cost(macs, **more):
    return {"kind": "cost", **STATIC, "nodes": 1, "params": 10**6, "macs": macs,
            "tf_multi_adds": float(macs), "other_ops": 10**6, "param_bytes": 10**6,
            "activation_bytes": 10**7, "read_bytes": 10**7, **more}


def timing(ns, **more):
    return {"kind": "time", "threads": 2, "engine": "native", "process": 0, "warmup": 3, "ns": ns,
            **more}


def step(i):
    return {"node": f"backbone/block{i // 3}/conv{i % 3}", "op": ["conv", "add", "resize"][i % 3],
            "block": f"backbone/block{i // 3}", "level": LEVELS[i // 3 % len(LEVELS)]}


def measured(variant):
    macs, mean = (variant + 5) * 10**9, (variant + 10) * 1e6
    yield cost(macs)
    yield timing(samples(mean, 1000), **{"pass": "end_to_end"})
    yield {"kind": "memory", "threads": 2, "engine": "native", "phase": "forward",
           "arena_bytes": 10**8, "weight_bytes": 10**8, "workspace_bytes": 10**7,
           "measured_bytes": (200 + variant) * 10**6}
    for i in range(STEPS):
        yield cost(macs // STEPS, **step(i))
        yield timing(samples(mean / STEPS, 100), **{"pass": "per_op"}, kernel="conv_native",
                     peak_flops=1e11, peak_bytes_per_s=1e10, **step(i))


def diagnosed(variant):
    ap = 0.3 + 0.003 * variant
    for metric in ("AP", "AP50", "AP75", "APS", "APM", "APL"):
        yield {"kind": "accuracy", "metric": metric, "value": ap, "low": ap - 0.01,
               "high": ap + 0.01, "samples": 5000}
    for k in range(CATEGORIES):
        yield {"kind": "category", "category": f"category {k}", "objects": k + 1,
               "detections": 100, "ap": ap, "ap_low": ap - 0.1, "ap_high": ap + 0.1}
    for error in ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"):
        yield {"kind": "error", "error": error, "count": 5, "delta_ap": random.random() / 50}
    x = [i / 100 for i in range(101)]
    for series in ("IoU 0.50", "IoU 0.75", "IoU 0.50:0.95"):
        yield {"kind": "curve", "curve": "precision-recall", "series": series, "x": x,
               "y": [1 - v * v for v in x], "low": [0.9 - 0.9 * v * v for v in x],
               "high": [1 - 0.9 * v * v for v in x]}


def write(path):
    random.seed(1)
    with open(path, "w") as f:
        f.write(json.dumps(RUN) + "\n")
        for variant in range(50):
            cell = {"schema": 1, "run": "r", "size": 640, "batch": 1,
                    "model": FAMILIES[variant % len(FAMILIES)] % (20 + variant)}
            for record in measured(variant):
                f.write(json.dumps({**cell, **record}) + "\n")
            for record in diagnosed(variant):
                f.write(json.dumps({**cell, **STATIC, "dataset": "d.json", **record}) + "\n")


def seconds(*command):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/spinebench"
    with tempfile.TemporaryDirectory() as folder:
        records, out = os.path.join(folder, "big.jsonl"), os.path.join(folder, "report")
        write(records)
        plain = seconds(program, "report", records, "-o", out, "--no-plots")
        page = os.path.getsize(os.path.join(out, "report.html"))
        drawn = seconds(program, "report", records, "-o", out, "--plot", "png,svg,pdf")
    print(f"without plots {plain:.2f} s, with all {drawn:.1f} s, page {page / 1e6:.2f} MB")
    sys.exit(not (plain < 5 and drawn < 30 and page < 3e6))


main()
