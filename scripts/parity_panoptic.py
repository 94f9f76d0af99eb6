#!/usr/bin/env python3
"""Compares `spinebench eval panoptic` with the definition of panopticapi's evaluation, bit for bit.

panopticapi is on no package index, so what its evaluation.py computes is written down here anew, with
numpy's arithmetic. Random data sets full of edge cases (void, crowds, several crowds of a category,
areas that lie, ids listed twice, in another order, or only on one side, predictions of other images,
several sums) are evaluated by both; every mean and every number of a category must be the same.

  python3 -m venv V && V/bin/pip install numpy==2.4.6 pillow
  V/bin/python scripts/parity_panoptic.py --cases 1000 [--seed N] [--spinebench build/spinebench]

--sample FILE writes the cases with their expected values as tests/eval/test_panoptic.c reads them. --time N
makes N images of 640 x 480 instead and prints the seconds that both take.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

VOID = 0
IDS = 1 << 24


def save_ids(path, ids):
    rgb = np.stack([ids & 255, ids >> 8 & 255, ids >> 16 & 255], axis=2).astype(np.uint8)
    Image.fromarray(rgb, "RGB").save(path)


def load_ids(path):
    rgb = np.asarray(Image.open(path)).astype(np.uint64)
    return rgb[:, :, 0] + 256 * rgb[:, :, 1] + 65536 * rgb[:, :, 2]


# The definition.


def rate_image(truth, predicted, truth_ids, predicted_ids, sums):
    """Adds an image to sums: category -> [iou, tp, fp, fn]."""
    truths = {s["id"]: s for s in truth["segments_info"]}
    segments = {s["id"]: s for s in predicted["segments_info"]}
    keys, pixels = np.unique(truth_ids * np.uint64(IDS) + predicted_ids, return_counts=True)
    pairs = [(int(k) // IDS, int(k) % IDS, n) for k, n in zip(keys, pixels)]
    area = {}
    on = {}
    for t, p, n in pairs:
        area[p] = area.get(p, 0) + n
        on[t, p] = n
    hit_truths, hit_segments = set(), set()
    for t, p, n in pairs:
        if t not in truths or p not in segments or truths[t]["iscrowd"] == 1:
            continue
        category = truths[t]["category_id"]
        if category != segments[p]["category_id"]:
            continue
        with np.errstate(all="ignore"):
            iou = n / (area[p] + truths[t]["area"] - n - on.get((VOID, p), 0))
        if iou > 0.5:
            own = sums.setdefault(category, [0.0, 0, 0, 0])
            own[0] += iou
            own[1] += 1
            hit_truths.add(t)
            hit_segments.add(p)
    crowd_of = {}
    for t, s in truths.items():
        if t in hit_truths:
            continue
        if s["iscrowd"] == 1:
            crowd_of[s["category_id"]] = t
        else:
            sums.setdefault(s["category_id"], [0.0, 0, 0, 0])[3] += 1
    for p, s in segments.items():
        if p in hit_segments:
            continue
        forgiven = on.get((VOID, p), 0)
        if s["category_id"] in crowd_of:
            forgiven += on.get((crowd_of[s["category_id"]], p), 0)
        if not forgiven / area[p] > 0.5:
            sums.setdefault(s["category_id"], [0.0, 0, 0, 0])[2] += 1


def evaluate(truth, predicted, truth_dir, predicted_dir, parts):
    by_image = {a["image_id"]: a for a in predicted["annotations"]}
    pairs = [(a, by_image[a["image_id"]]) for a in truth["annotations"]]
    total = {}
    for part in np.array_split(np.arange(len(pairs)), parts):
        sums = {}
        for i in part:
            t, p = pairs[i]
            rate_image(t, p, load_ids(os.path.join(truth_dir, t["file_name"])),
                       load_ids(os.path.join(predicted_dir, p["file_name"])), sums)
        for category, s in sums.items():
            own = total.setdefault(category, [0.0, 0, 0, 0])
            for j in range(4):
                own[j] += s[j]
    categories = {c["id"]: c for c in truth["categories"]}
    rows = []
    for k, c in categories.items():
        iou, tp, fp, fn = total.get(k, [0.0, 0, 0, 0])
        row = {"id": k, "isthing": c["isthing"] == 1, "iou": float(iou), "tp": tp, "fp": fp, "fn": fn}
        row.update(pq=0.0, sq=0.0, rq=0.0)
        if tp + fp + fn:
            row["pq"] = float(iou / (tp + 0.5 * fp + 0.5 * fn))
            row["sq"] = float(iou / tp) if tp else 0.0
            row["rq"] = tp / (tp + 0.5 * fp + 0.5 * fn)
        rows.append(row)
    result = {"per_category": [finite(r) for r in rows]}
    for name, thing in (("all", None), ("things", True), ("stuff", False)):
        chosen = [r for r in rows if r["tp"] + r["fp"] + r["fn"] and thing in (None, r["isthing"])]
        mean = {"n": len(chosen)}
        for key in ("pq", "sq", "rq"):
            value = 0
            for r in chosen:
                value += r[key]
            mean[key] = value / len(chosen) if chosen else None
        result[name] = finite(mean)
    return result


# Random data sets.


def paint(rng, shape, ids):
    picture = np.full(shape, rng.choice(ids), np.uint64)
    for _ in range(rng.randint(0, 12)):
        y, x = rng.randrange(shape[0]), rng.randrange(shape[1])
        picture[y:y + rng.randint(1, shape[0]), x:x + rng.randint(1, shape[1])] = rng.choice(ids)
    return picture


def random_ids(rng, count):
    if rng.random() < 0.5:
        return rng.sample(range(0, 40), count)
    return rng.sample([0, 1, 255, 256, 65535, 65536, IDS - 1] + [rng.randrange(IDS) for _ in range(60)], count)


def true_segments(rng, picture, ids, categories):
    segments = []
    for i in ids:
        pixels = int((picture == i).sum())
        if rng.random() < (0.8 if i == VOID else 0.1) or (pixels == 0 and rng.random() < 0.8):
            continue
        area = pixels if rng.random() < 0.9 else rng.choice([0, 1, pixels + 3, pixels / 2, -pixels, 1e300])
        segments.append({"id": i, "category_id": rng.choice(categories), "area": area,
                         "iscrowd": rng.choice([0, 0, 0, 0, False, 1, True, 2])})
    rng.shuffle(segments)
    if segments and rng.random() < 0.2:  # of equal ids the last counts, in the place of the first
        segments.append({**rng.choice(segments), "category_id": rng.choice(categories), "iscrowd": rng.choice([0, 1])})
    return segments


def predict(rng, picture, truths, categories):
    """A prediction near the truth."""
    ids = sorted(set(int(v) for v in np.unique(picture)))
    moved = np.roll(picture, rng.randint(-1, 1), axis=rng.randint(0, 1)).copy()
    noise = np.frombuffer(rng.randbytes(moved.size), np.uint8).reshape(moved.shape)
    moved[noise < rng.choice([0, 5, 60])] = rng.choice(ids)
    if rng.random() < 0.3:
        moved = paint(rng, moved.shape, ids)
    names = dict(zip(ids, random_ids(rng, len(ids)) if rng.random() < 0.7 else ids))
    category_of = {s["id"]: s["category_id"] for s in truths}
    out = np.zeros_like(moved)
    segments = []
    for i in ids:
        out[moved == i] = names[i]
        if not (moved == i).any() or (names[i] == VOID and rng.random() < 0.7):
            continue
        category = category_of.get(i)
        if category not in categories or rng.random() < 0.15:
            category = rng.choice(categories)
        segments.append({"id": names[i], "category_id": category})
    rng.shuffle(segments)
    if segments and rng.random() < 0.1:
        segments.append({**rng.choice(segments), "category_id": rng.choice(categories)})
    return out, segments


def make_case(rng):
    kinds = rng.choice([[0, 1], [0, 1], [0, 1], [1], [0, True]])
    listed = rng.sample(range(-2, 300), rng.randint(1, 6))
    categories = [{"id": c, "name": "c%d" % c, "isthing": rng.choice(kinds)} for c in listed]
    if rng.random() < 0.1:
        categories.append({"id": listed[0], "name": "again", "isthing": rng.choice(kinds)})
    used = listed + [1000] if rng.random() < 0.1 else listed
    truth, predicted, pictures = [], [], {}
    for i in range(rng.randint(1, 6)):
        shape = (rng.randint(1, 14), rng.randint(1, 18))
        ids = random_ids(rng, rng.randint(1, 7))
        picture = paint(rng, shape, ids)
        segments = true_segments(rng, picture, ids, used)
        found, found_segments = predict(rng, picture, segments, listed)
        image_id = "image %d" % i if rng.random() < 0.05 else 10 - 3 * i
        truth.append({"image_id": image_id, "file_name": "%d.png" % i, "segments_info": segments})
        predicted.append({"image_id": image_id, "file_name": "p%d.png" % i, "segments_info": found_segments})
        pictures["gt/%d.png" % i], pictures["pred/p%d.png" % i] = picture, found
    if all(not isinstance(a["image_id"], str) for a in truth):
        if rng.random() < 0.2:
            predicted.append({"image_id": 4711, "file_name": "absent.png", "segments_info": []})
        if rng.random() < 0.2:
            predicted.insert(0, {**predicted[0], "segments_info": [], "file_name": "absent.png"})
            truth.append(truth[0])
    else:
        for a in truth + predicted:
            a["image_id"] = str(a["image_id"])
    rng.shuffle(truth)
    return {"parts": rng.choice([1, 1, 2, 3, 9]), "gt": {"categories": categories, "annotations": truth},
            "pred": {"annotations": predicted}, "pictures": pictures}


def write_case(case, folder):
    for name in ("gt", "pred"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        with open(os.path.join(folder, name + ".json"), "w") as f:
            json.dump(case[name], f)
    for name, picture in case["pictures"].items():
        save_ids(os.path.join(folder, name), picture)


def run_spinebench(program, folder, parts, threads):
    command = [program, "eval", "panoptic", "gt.json", "pred.json", "--json", "--parts", str(parts),
               "--threads", str(threads)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit("%s: %s" % (folder, done.stderr))
    return json.loads(done.stdout)


def finite(numbers):
    """As JSON has them: null where a sum is infinite (an area that lies can do that)."""
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in numbers.items()}


def differences(expected, got):
    for name in ("all", "things", "stuff"):
        if expected[name] != got[name]:
            yield name, expected[name], got[name]
    if len(expected["per_category"]) != len(got["per_category"]):
        yield "categories", len(expected["per_category"]), len(got["per_category"])
    for e, g in zip(expected["per_category"], got["per_category"]):
        g = {k: g[k] for k in e}
        if e != g:
            yield "category", e, g


def runs(picture):
    """[height, width, pixels, id, pixels, id, ...]"""
    flat = [int(v) for v in picture.ravel()]
    out = list(picture.shape)
    for v in flat:
        if len(out) > 2 and out[-1] == v:
            out[-2] += 1
        else:
            out += [1, v]
    return out


def compare(args):
    sample = open(args.sample, "w") if args.sample else None
    for number in range(args.cases):
        case = make_case(random.Random(args.seed * 1000003 + number))
        with tempfile.TemporaryDirectory() as folder:
            write_case(case, folder)
            expected = evaluate(case["gt"], case["pred"], os.path.join(folder, "gt"), os.path.join(folder, "pred"),
                                case["parts"])
            found = list(differences(expected, run_spinebench(args.spinebench, folder, case["parts"], 1 + number % 3)))
        for what, e, g in found:
            sys.exit("case %d: %s: expected %s, got %s" % (number, what, e, g))
        if sample:
            case["pictures"] = {name: runs(p) for name, p in case["pictures"].items()}
            case["expected"] = expected
            sample.write(json.dumps(case, separators=(",", ":")) + "\n")
    print("%d cases are equal" % args.cases)


def measure(args):
    """Pictures as COCO's: some ten segments with smooth outlines, a prediction that is shifted a little."""
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        case = {"gt": {"categories": [{"id": k, "isthing": k % 2} for k in range(1, 54)], "annotations": []},
                "pred": {"annotations": []}, "pictures": {}}
        y, x = np.mgrid[0:480, 0:640]
        for i in range(args.time):
            seeds = [(rng.randrange(480), rng.randrange(640), rng.randrange(1, IDS)) for _ in range(14)]
            distance = np.stack([(y - a) ** 2 + (x - b) ** 2 + 900 * np.sin(x / 9 + a) for a, b, _ in seeds])
            picture = np.array([s[2] for s in seeds], np.uint64)[np.argmin(distance, axis=0)]
            found = np.roll(picture, 3, axis=1)
            for name, p, key in (("gt", picture, "%d.png" % i), ("pred", found, "p%d.png" % i)):
                segments = [{"id": int(v), "category_id": 1 + int(v) % 53, "iscrowd": 0, "area": int(n)}
                            for v, n in zip(*np.unique(p, return_counts=True))]
                case[name]["annotations"].append({"image_id": i, "file_name": key, "segments_info": segments})
                case["pictures"][name + "/" + key] = p
        write_case(case, folder)
        start = time.perf_counter()
        expected = evaluate(case["gt"], case["pred"], folder + "/gt", folder + "/pred", 1)
        seconds = time.perf_counter() - start
        print("python, one process: %.2f s" % seconds)
        for threads in (1, 2, 1, 2):
            start = time.perf_counter()
            got = run_spinebench(args.spinebench, folder, 1, threads)
            own = time.perf_counter() - start
            print("spinebench, %d threads: %.3f s, %.1f times as fast" % (threads, own, seconds / own))
            assert not list(differences(expected, got))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spinebench", default="build/spinebench")
    parser.add_argument("--sample")
    parser.add_argument("--time", type=int)
    args = parser.parse_args()
    args.spinebench = os.path.abspath(args.spinebench)
    if args.time:
        measure(args)
    else:
        compare(args)


if __name__ == "__main__":
    main()
