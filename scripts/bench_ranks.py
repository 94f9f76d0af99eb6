#!/usr/bin/env python3
"""Times `eval coco` over MPI ranks, fits a cost model to the times, and predicts other numbers of ranks.

  scripts/bench_ranks.py run --folder F --kind large --ranks 1,2 [--mbit 0,1000,200] [--rounds 5] -o RUNS.jsonl
  scripts/bench_ranks.py shuffle --folder F --kind large     adds the kind `mixed`: both files in random order
  scripts/bench_ranks.py fit RUNS.jsonl [--fit-ranks 1,2] [--cores 2]

F is a folder of scripts/bench_eval.py. `run` starts build/spinebench-mpi with one thread per rank, in rounds, so
that a busy minute hits all cases, and keeps the summary that it prints: seconds per stage and rank, bytes
sent, peak memory; and times one plain process beside them. --mbit limits what a rank can send, by network namespaces
(scripts/net_ranks.sh, which needs root); 0 is plain mpirun, over shared memory. `fit` prints the constants of the model of
docs/ranks.md, what it says about every measured case, and what it predicts for 64 nodes.
"""
import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STAGES = ["reading", "moving", "matching", "accumulating"]
RANK = re.compile(r"^  rank (\d+) on (\S+): busy (\d+) % \((.*)\), (\d+) objects and detections, sent ([\d.]+) MB"
                  r"(?:, peak (\d+) MB)?")
TOTAL = re.compile(r"^  (\d+) rank\(s\) in ([\d.]+) s, sent ([\d.]+) MB; the columns of the detections are ([\d.]+) MB")


def paths(folder, kind):
    return [os.path.join(folder, "%s_%s.json" % (kind, what)) for what in ("gt", "dt")]


def parse(text):
    """The summary of a run."""
    run = {"rank": []}
    for line in text.splitlines():
        m = RANK.match(line)
        if m:
            stages = dict(re.match(r"(\w+) ([\d.]+) s", part).groups() for part in m.group(4).split(", "))
            run["rank"].append({"busy": {k: float(v) for k, v in stages.items()}, "rows": int(m.group(5)),
                                "sent_mb": float(m.group(6)), "peak_mb": float(m.group(7) or 0)})
        m = TOTAL.match(line)
        if m:
            run.update(seconds=float(m.group(2)), sent_mb=float(m.group(3)), columns_mb=float(m.group(4)))
    return run if "seconds" in run else None


def run_ranks(args, ranks, mbit):
    program = [os.path.join(args.build, "spinebench-mpi"), "eval", "coco", *paths(args.folder, args.kind), "-t", "1"]
    if mbit:
        command = [os.path.join(HERE, "net_ranks.sh"), str(ranks), str(mbit), *program]
    else:
        command = ["mpirun.openmpi", "--quiet", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), *program]
    env = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    start = time.perf_counter()
    done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    whole = time.perf_counter() - start
    run = parse(done.stderr)
    if done.returncode or not run:
        sys.exit("%s failed:\n%s" % (" ".join(command), done.stderr[-2000:]))
    return {"kind": args.kind, "ranks": ranks, "mbit": mbit, "whole_seconds": whole, **run}


def run_plain(args):
    command = [os.path.join(args.build, "spinebench"), "eval", "coco", *paths(args.folder, args.kind), "-t", "1"]
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return {"kind": args.kind, "ranks": 0, "mbit": 0, "seconds": time.perf_counter() - start}


def size(args):
    """What the model takes of a data set."""
    gt_path, dt_path = paths(args.folder, args.kind)
    with open(gt_path) as f:
        gt = json.load(f)
    with open(dt_path) as f:
        detections = len(json.load(f))
    return {"kind": args.kind, "images": len(gt["images"]), "classes": len(gt["categories"]),
            "objects": len(gt["annotations"]), "detections": detections,
            "text_mb": (os.path.getsize(gt_path) + os.path.getsize(dt_path)) / 1e6}


def run(args):
    cases = [(r, m) for m in args.mbit for r in args.ranks if r > 1 or m == 0]
    known = os.path.exists(args.output) and args.kind in load(args.output)[0]
    with open(args.output, "a") as out:
        if not known:  # takes longer than a round
            print(json.dumps({"size": size(args)}), file=out, flush=True)
        for _ in range(args.rounds):
            print(json.dumps(run_plain(args)), file=out, flush=True)
            for ranks, mbit in cases:
                print(json.dumps(run_ranks(args, ranks, mbit)), file=out, flush=True)
    return report(args.output)


def load(path):
    sizes, runs = {}, {}
    with open(path) as f:
        for line in f:
            r = json.loads(line)
            if "size" in r:
                sizes[r["size"]["kind"]] = r["size"]
            else:
                runs.setdefault((r["kind"], r["ranks"], r["mbit"]), []).append(r)
    return sizes, runs


def median(values):
    return statistics.median(list(values))


def report(path):
    _, runs = load(path)
    print("%-8s %6s %6s %4s %9s %9s %9s %9s %8s %8s" % ("work", "ranks", "Mbit/s", "n", "median s", "min s", "launched",
                                                   "sent MB", "columns", "peak MB"))
    for (kind, ranks, mbit), rs in sorted(runs.items()):
        seconds = [r["seconds"] for r in rs]
        line = "%-8s %6s %6s %4d %9.3f %9.3f" % (kind, ranks or "plain", mbit or "-", len(rs), median(seconds),
                                                  min(seconds))
        if ranks:
            line += " %9.3f %9.2f %8.2f %8.0f" % (
                median(r["whole_seconds"] for r in rs), rs[0]["sent_mb"],
                rs[0]["sent_mb"] / rs[0]["columns_mb"] if rs[0]["columns_mb"] else 0,
                max(p["peak_mb"] for r in rs for p in r["rank"]))
        print(line)
    return 0


def shuffle(args):
    gt_path, dt_path = paths(args.folder, args.kind)
    rng = random.Random(5)
    with open(gt_path) as f:
        gt = json.load(f)
    with open(dt_path) as f:
        dt = json.load(f)
    for rows in (gt["annotations"], dt):
        rng.shuffle(rows)
    for path, value in zip(paths(args.folder, "mixed"), (gt, dt)):
        with open(path, "w") as f:
            json.dump(value, f)
    return 0


def busy(run_, stages):
    """Seconds of a rank in these stages, on average: what the ranks' cores do, with less of what disturbs one of them."""
    return statistics.mean(sum(r["busy"].get(s, 0) for s in stages) for r in run_["rank"])


def work_of(d, ranks, moved):
    """Units of work that one rank has, per constant of the model."""
    rows = d["objects"] + d["detections"]
    return {"read_s_per_mb": d["text_mb"] / ranks,
            "list_us_per_image": d["images"] / 1e6,
            "stay_us_per_row": rows / ranks / 1e6 if ranks > 1 else 0,
            "move_us_per_row": rows * moved / ranks / 1e6,
            "match_us_per_row": rows / ranks / 1e6,
            "wire_us_per_detection": d["detections"] / ranks / 1e6 if ranks > 1 else 0}


def wire_of(d, ranks, moved):
    """What all ranks together send, per constant of the model, and MB of what has a fixed size. moved: the share of
    rows that leave the rank that read them."""
    away = (ranks - 1) / ranks
    rows = d["objects"] + d["detections"]
    fixed = 8 * d["images"] * (ranks - 1) + 8 * min(d["images"], 4096) * ranks + 33280 * d["classes"] * away
    return {"row_bytes": rows * moved / 1e6, "block_bytes": d["detections"] * away / 1e6}, fixed / 1e6


def moved_share(kind, ranks):
    """Of files in order of images hardly a row moves."""
    return (ranks - 1) / ranks if kind == "mixed" else 0


def bytes_of(constants, d, ranks, moved):
    """MB that all ranks together send."""
    if ranks == 1:
        return 0
    work, fixed = wire_of(d, ranks, moved)
    return sum(constants[n] * work[n] for n in work) + fixed


def solve(rows, values):
    """Least squares with non-negative results, by coordinate descent: a few constants, a few rows."""
    n = len(rows[0])
    x = [0.0] * n
    for _ in range(20000):
        for j in range(n):
            a = sum(r[j] * r[j] for r in rows)
            rest = sum(r[j] * (v - sum(r[i] * x[i] for i in range(n) if i != j)) for r, v in zip(rows, values))
            x[j] = max(0.0, rest / a) if a else 0.0
    return x


def fit(args):
    sizes, runs = load(args.runs)
    report(args.runs)
    # compute: stages of 1 and 2 ranks over shared memory, each relative to what was measured
    groups = {"read": (["reading"], ["read_s_per_mb", "list_us_per_image"]),
              "move": (["moving"], ["stay_us_per_row", "move_us_per_row"]),
              "match": (["matching", "accumulating"], ["match_us_per_row", "wire_us_per_detection"])}
    constants = {}
    for stages, names in groups.values():
        rows, values = [], []
        for (kind, ranks, mbit), rs in runs.items():
            if ranks in args.fit_ranks and ranks and mbit == 0:
                value = median(busy(r, stages) for r in rs)
                if not value:  # one rank moves nothing
                    continue
                work = work_of(sizes[kind], ranks, moved_share(kind, ranks))
                rows.append([work[n] / value for n in names])
                values.append(1.0)
        constants.update(zip(names, solve(rows, values)))
    # bytes: what 2 ranks send
    names, rows, values = ["row_bytes", "block_bytes"], [], []
    for (kind, ranks, mbit), rs in runs.items():
        if ranks == 2 and mbit == 0:
            work, fixed = wire_of(sizes[kind], 2, moved_share(kind, 2))
            rows.append([work[n] for n in names])
            values.append(rs[0]["sent_mb"] - fixed)
    constants.update(zip(names, solve(rows, values)))
    # network: what 2 ranks take longer than over shared memory, against the bytes of the busiest one
    rows, values = [], []
    for (kind, ranks, mbit), rs in runs.items():
        if ranks == 2 and mbit:
            sent = max(r["sent_mb"] for r in rs[0]["rank"])
            extra = median(r["seconds"] for r in rs) - median(r["seconds"] for r in runs[(kind, 2, 0)])
            rows.append([sent * 8 / mbit, 1.0])
            values.append(extra)
    constants["wire_factor"], constants["wire_s"] = solve(rows, values) if rows else (1.0, 0.0)
    for name, value in constants.items():
        print("%-22s %.4g" % (name, value))

    def predict(d, ranks, cores, mbit, moved):
        work = work_of(d, ranks, moved)
        compute = sum(constants[n] * work[n] for n in work)
        net = 0.0
        if mbit:
            net = bytes_of(constants, d, ranks, moved) / ranks * 8 / mbit * constants["wire_factor"] + constants["wire_s"]
        return compute * max(1.0, ranks / cores) + net

    print("\n%-8s %6s %6s %9s %9s %8s %9s %9s" % ("work", "ranks", "Mbit/s", "measured", "model", "ratio", "sent MB",
                                                    "model"))
    for (kind, ranks, mbit), rs in sorted(runs.items()):
        if not ranks:
            continue
        d, moved = sizes[kind], moved_share(kind, ranks)
        measured = median(r["seconds"] for r in rs)
        model = predict(d, ranks, args.cores, mbit, moved)
        print("%-8s %6d %6s %9.3f %9.3f %8.2f %9.2f %9.2f" % (
            kind, ranks, mbit or "-", measured, model, model / measured,
            rs[0]["sent_mb"], bytes_of(constants, d, ranks, moved)))
    d = {"images": 1000000, "classes": 365, "objects": 10000000, "detections": 100000000, "text_mb": 17000}
    for moved, order in ((0, "in order of images"), (1, "in random order")):
        print("64 nodes, 100 million detections %s, 10 Gbit/s: %.1f s (one process: %.0f s), %.0f MB sent by a node" % (
            order, predict(d, 64, 64, 10000, moved), predict(d, 1, 1, 0, 0), bytes_of(constants, d, 64, moved) / 64))
    return 0


def numbers(text):
    return [int(n) for n in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "shuffle", "fit"])
    parser.add_argument("runs", nargs="?")
    parser.add_argument("--folder")
    parser.add_argument("--kind", default="large")
    parser.add_argument("--ranks", type=numbers, default=[1, 2])
    parser.add_argument("--mbit", type=numbers, default=[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--build", default="build")
    parser.add_argument("--fit-ranks", type=numbers, default=[1, 2])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("-o", "--output", default="runs.jsonl")
    args = parser.parse_args()
    return {"run": run, "shuffle": shuffle, "fit": fit}[args.action](args)


if __name__ == "__main__":
    sys.exit(main())
