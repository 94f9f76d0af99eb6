#!/usr/bin/env python3
"""Times other CPU runtimes beside spinebench, interleaved, into the same records (scripts/peers makes the venv).

    scripts/peers MODEL... [--size N] [--threads 2,1] [--rounds 5] [-o peers.jsonl]
    build/spinebench report peers.jsonl --preset peers

Every model is exported by `spinebench export` and compared once: outputs of each runtime on a picture-like input
against `spinebench forward`. Then come rounds; in each, every engine in random order gets a fresh process that
loads the model, warms up and times runs for --seconds. Runtimes run as their users would, with the threads fixed:

    native           spinebench bench; with --engines also native-bf16, native-low-memory and openblas
    onnxruntime      CPU provider
    openvino-f32     precision hint f32, latency hint
    openvino         the same with its default precision: bf16 where the CPU has it
    ncnn             converted by pnnx, fp32 (Winograd and packing as by default)
    ncnn-bf16        bf16 storage

Memory: peak resident memory above the start of the process (phase "total"), and of the whole process, Python
and libraries included (phase "process"). --busy N keeps N CPUs busy meanwhile (scenario "busy").
"""
import argparse
import contextlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
except ModuleNotFoundError:  # the system's Python prints the help
    if not {"-h", "--help"} & set(sys.argv):
        raise

OURS = {"native": ["--engine", "native"], "native-bf16": ["--engine", "native-bf16"],
        "native-low-memory": ["--engine", "native", "--low-memory"], "openblas": ["--engine", "openblas"]}
ENGINES = ["native", "onnxruntime", "openvino-f32", "openvino", "ncnn", "ncnn-bf16"]
REDUCED = {"openvino", "ncnn-bf16"}  # not fp32
TOLERANCE, REDUCED_TOLERANCE = 1e-7, 1e-2  # of the normalised mean square error


def status_kib(key):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(key + ":"))


def steal_ticks():
    with open("/proc/stat") as f:
        return int(f.readline().split()[8])


# ---- the runtimes, each: load(work, threads) -> run(x NCHW) -> {name: array} ----


def load_onnxruntime(work, threads):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = ort.InferenceSession(f"{work}/model.onnx", options, providers=["CPUExecutionProvider"])
    names, feed = [o.name for o in session.get_outputs()], session.get_inputs()[0].name
    return lambda x: dict(zip(names, session.run(None, {feed: x})))


def load_openvino(work, threads, **properties):
    import openvino
    compiled = openvino.Core().compile_model(f"{work}/model.onnx", "CPU", {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", **properties})
    request = compiled.create_infer_request()
    outputs = [(o.get_any_name(), o) for o in compiled.outputs]

    def run(x):
        request.infer([x])
        return {name: request.get_tensor(o).data for name, o in outputs}
    return run


def load_ncnn(work, threads, bf16=False):
    import ncnn
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = False
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_fp16_packed = False
    net.opt.use_bf16_storage = bf16
    if net.load_param(f"{work}/model.ncnn.param") or net.load_model(f"{work}/model.ncnn.bin"):
        raise RuntimeError("ncnn cannot load what pnnx made")
    with open(f"{work}/names.json") as f:
        names = json.load(f)

    def run(x):
        with net.create_extractor() as extractor:
            extractor.input("in0", ncnn.Mat(x[0]).clone())
            return {name: np.array(extractor.extract(f"out{i}")[1], copy=False)[None] for i, name in enumerate(names)}
    return run


LOADERS = {
    "onnxruntime": load_onnxruntime,
    "openvino-f32": lambda work, threads: load_openvino(work, threads, INFERENCE_PRECISION_HINT="f32"),
    "openvino": load_openvino,
    "ncnn": load_ncnn,
    "ncnn-bf16": lambda work, threads: load_ncnn(work, threads, bf16=True),
}


def worker(engine, work, threads, seconds, save):
    """The fresh process: times one engine and prints its samples as JSON, or saves the outputs of one run."""
    x = np.ascontiguousarray(np.load(f"{work}/x.npy").transpose(0, 3, 1, 2))
    start = status_kib("VmRSS")
    run = LOADERS[engine](work, threads)
    outputs = run(x)
    if save:
        np.savez(save, **{k: np.array(v) for k, v in outputs.items()})
        return
    del outputs
    run(x)
    ns, end = [], time.monotonic() + seconds
    while len(ns) < 5 or time.monotonic() < end:
        before = time.perf_counter_ns()
        run(x)
        ns.append(time.perf_counter_ns() - before)
    peak = status_kib("VmHWM")
    print(json.dumps({"ns": ns, "above_start": 1024 * (peak - start), "process": 1024 * peak}))


def wait_for(command):
    """Runs a command and prints its output and peak memory as JSON: from a process of its own, because the
    system counts the size of whoever starts a program as the program's."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(json.dumps({"out": done.stdout, "process": 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}))
    return done.returncode


# ---- fresh processes ----


def run_self(*arguments):
    """What this script prints as JSON in a process of its own, with the ticks stolen meanwhile."""
    before = steal_ticks()
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["exit without a message"])[-1])
    lines = done.stdout.splitlines()
    return {**(json.loads(lines[-1]) if lines else {}), "steal": steal_ticks() - before}


def bench(a, subject, threads, *options):
    """Records of one `spinebench bench` process, and its peak memory."""
    done = run_self("--wait-for", a.spinebench, "bench", subject.model, "--size", str(subject.size), "--weights-seed",
                    str(a.seed), "--threads", str(threads), "--json", "-q", *options)
    return json.loads(done["out"])["records"], done["process"]


def time_ours(a, subject, threads, engine):
    records, peak = bench(a, subject, threads, "--no-check", "--no-probe", "--step-passes", "0", "--min-runs", "5",
                          "--max-runs", "100000", "--time", str(a.seconds), *OURS[engine])
    sample = next(r for r in records if r["kind"] == "time")
    above = next((r["measured_bytes"] for r in records if r["kind"] == "memory" and r["phase"] == "total"), None)
    return {"ns": sample["ns"], "above_start": above, "process": peak, "steal": sample["steal_ticks"]}


def run_peer(a, subject, threads, engine, save=""):
    return run_self("--worker", engine, subject.work, str(threads), str(a.seconds), save)


# ---- preparation: files of a model, and the comparison of outputs ----


def convert_to_ncnn(subject, shape):
    """pnnx writes its files beside the model."""
    program = os.path.join(os.path.dirname(sys.executable), "pnnx")
    dims = ",".join(str(d) for d in shape)
    with open(f"{subject.work}/pnnx.log", "w") as log:
        subprocess.run([program, "model.onnx", f"inputshape=[{dims}]", "fp16=0"], cwd=subject.work, stdout=log,
                       stderr=subprocess.STDOUT, check=False)
    if not os.path.exists(f"{subject.work}/model.ncnn.param"):
        raise RuntimeError("pnnx converts no such network")


def prepare(a, model):
    """Exports, converts, runs ours; the folder says what is done."""
    import check_onnx
    root = os.path.join(a.work, f"{os.path.basename(model)}-{a.size or 'own'}-{a.seed}")
    os.makedirs(root, exist_ok=True)
    subject = check_onnx.Subject(a.spinebench, model, a.size, a.seed, root)
    done = f"{root}/prepared.json"
    if os.path.exists(done):
        with open(done) as f:
            subject.size, subject.checks = json.load(f)
        if all(e in OURS or e in subject.checks for e in a.engines):
            return subject
    path, _, (height, width) = subject.export("nchw")
    subject.size = height
    ours = subject.forward(subject.input(height, width))
    with open(f"{root}/names.json", "w") as f:
        import onnx
        json.dump([o.name for o in onnx.load(path).graph.output], f)
    subject.checks = {}
    for engine in a.engines:
        if engine in OURS:
            continue
        try:
            if engine == "ncnn":
                convert_to_ncnn(subject, (1, 3, height, width))
            run_peer(a, subject, 1, engine, f"{root}/{engine}.npz")
            subject.checks[engine] = compare(check_onnx, ours, dict(np.load(f"{root}/{engine}.npz")))
        except RuntimeError as e:
            print(f"peers: {model}: {engine} is left out: {e}", file=sys.stderr)
            subject.checks[engine] = None
    with open(done, "w") as f:
        json.dump([subject.size, subject.checks], f)
    return subject


def compare(check_onnx, ours, theirs):
    """The worst output: its name, largest error over the deviation, normalised mean square error. Rows of
    two-stage models are compared where both chose them: selections follow scores that may be equal."""
    theirs = check_onnx.to_nhwc(theirs)
    pairs = {k: check_onnx.same_rows(check_onnx.pick(ours, k), check_onnx.pick(theirs, k))
             for k in ("roi_boxes", "detection_boxes") if k in ours}
    for key, rows in pairs.items():
        if len(rows) < check_onnx.SAME_ROWS * ours[key].shape[1]:
            raise RuntimeError(f"only {len(rows)} of {ours[key].shape[1]} {key} are the same")
    worst = ["", 0.0, 0.0]
    for name, a in ours.items():
        if name == "num_detections":
            continue
        b = theirs[name].reshape(a.shape).astype(np.float64)
        rows = pairs.get(check_onnx.ROW_KEYS.get(name))
        if rows is not None:
            a, b = a[:, [i for i, _ in rows]], b[:, [j for _, j in rows]]
        difference = np.abs(a - b)
        largest = float(difference.max(initial=0)) / (float(a.std()) or 1.0)
        nmse = float((difference**2).sum() / max((a.astype(np.float64)**2).sum(), 1e-30))
        worst = max(worst, [name, largest, nmse], key=lambda w: w[1])
    return worst


# ---- records ----


def cell(subject, threads, engine, scenario):
    return {"model": os.path.basename(subject.name), "size": subject.size, "batch": 1, "threads": threads,
            "engine": engine, "scenario": scenario}


def part():
    return {"node": None, "op": None, "block": None, "level": None}


def time_record(run, where, process, sample):
    return {"schema": 1, "kind": "time", "run": run, **where, **part(), "pass": "end_to_end", "kernel": None,
            "process": process, "warmup": 2, "steal_ticks": sample["steal"], "peak_flops": None,
            "peak_bytes_per_s": None, "ns": sample["ns"]}


def memory_record(run, where, phase, measured):
    return {"schema": 1, "kind": "memory", "run": run, **where, **part(), "phase": phase, "arena_bytes": None,
            "weight_bytes": None, "workspace_bytes": None, "measured_bytes": measured,
            "why": {k: "not known of this engine" for k in ("arena_bytes", "weight_bytes", "workspace_bytes")}}


def check_record(run, where, check):
    name, largest, nmse = check
    tolerance = REDUCED_TOLERANCE if where["engine"] in REDUCED else TOLERANCE
    return {"schema": 1, "kind": "check", "run": run, **where, "reference": "native engine", "output": name,
            "nmse": nmse, "max_error": largest, "tolerance": tolerance, "digest": None, "passed": nmse <= tolerance}


@contextlib.contextmanager
def busy_cpus(count):
    """Processes that do nothing but run, each bound to a CPU."""
    loops = []
    for cpu in sorted(os.sched_getaffinity(0))[:count]:
        loops.append(subprocess.Popen([sys.executable, "-c", f"import os\nos.sched_setaffinity(0, [{cpu}])\nwhile 1: pass"]))
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measure(a, subject, threads, records):
    """The rounds of one model and thread count; returns samples per engine."""
    engines = [e for e in a.engines if e in OURS or subject.checks[e]]
    scenario = "busy" if a.busy else None
    samples = {e: [] for e in engines}
    with busy_cpus(a.busy):
        started = time.monotonic()
        for r in range(a.rounds):
            if r and (time.monotonic() - started) * (r + 1) / r > a.limit:
                break
            for engine in random.Random(a.seed * 1000 + r).sample(engines, len(engines)):
                timed = (time_ours(a, subject, threads, engine) if engine in OURS
                         else run_peer(a, subject, threads, engine))
                samples[engine].append(timed)
    run = records[0]["run"]
    whole = next(r for r in reversed(records) if r["kind"] == "cost" and not any(r[k] for k in part()))
    for engine in engines:
        where = cell(subject, threads, engine, scenario)
        if engine not in OURS:
            records.append({**whole, **where})  # what is computed is the same
        records += [time_record(run, where, i, s) for i, s in enumerate(samples[engine])]
        records += [memory_record(run, where, phase, max(s[key] or 0 for s in samples[engine]) or None)
                    for phase, key in (("total", "above_start"), ("process", "process"))]
        if engine not in OURS:
            records.append(check_record(run, where, subject.checks[engine]))
    return samples


def static_records(a, subject, threads, engine, first):
    """The run record, once, and what is known of one of our engines without the clock."""
    extra = ["--no-probe", "--runs", "1", "--warmup", "0", "--step-passes", "0"]
    records, _ = bench(a, subject, threads, *extra, *([] if a.check else ["--no-check"]), *OURS[engine])
    keep = [r for r in records if r["kind"] in ("cost", "check") or (not first and r["kind"] == "run")]
    for r in keep:
        r["run"] = first or r["run"]
        if "scenario" in r and a.busy:
            r["scenario"] = "busy"
    return keep


def show(subject, threads, samples, checks):
    medians = {e: statistics.median(n for s in v for n in s["ns"]) for e, v in samples.items()}
    print(f"{subject.name} at {subject.size}, {threads} thread{'s' if threads > 1 else ''}")
    for engine in sorted(medians, key=medians.get):
        ns = [n for s in samples[engine] for n in s["ns"]]
        ratio = f"{medians['native'] / medians[engine]:9.3f}" if "native" in medians else ""
        error = f"{checks[engine][1]:9.1e}" if checks.get(engine) else "        -"
        print(f"  {engine:17} median {medians[engine] / 1e6:9.2f} ms  min {min(ns) / 1e6:9.2f} ms  n {len(ns):4}  "
              f"ours / this {ratio}  error / std {error}  peak {max(s['process'] for s in samples[engine]) / 1e6:6.0f} MB",
              flush=True)


def write(path, records):
    with open(path + ".tmp", "w") as f:
        f.writelines(json.dumps(r) + "\n" for r in records)
    os.replace(path + ".tmp", path)


def counts(text):
    return [int(n) for n in text.split(",")]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("models", nargs="+", metavar="MODEL")
    p.add_argument("--spinebench", default="build/spinebench")
    p.add_argument("--size", type=int, default=0, help="image size (default: the model's)")
    p.add_argument("--threads", default=[os.cpu_count()], type=counts,
                   help="thread counts, separated by commas")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=2.0, help="of timed runs per process, at least five runs")
    p.add_argument("--limit", type=float, default=1e9, help="seconds for all rounds: none is begun that would end later")
    p.add_argument("--engines", default=",".join(ENGINES), help="which, separated by commas")
    p.add_argument("--seed", type=int, default=1, help="of weights, input and order")
    p.add_argument("--busy", type=int, default=0, metavar="N", help="keep N CPUs busy meanwhile")
    p.add_argument("--no-check", dest="check", action="store_false", help="do not check our own output again")
    p.add_argument("--work", help="keep exported models there and use them again")
    p.add_argument("--prepare", action="store_true", help="only make what --work keeps")
    p.add_argument("-o", "--output", help="file of records")
    a = p.parse_args()
    a.engines = a.engines.split(",")
    unknown = [e for e in a.engines if e not in ENGINES and e not in OURS]
    if unknown:
        p.error(f"unknown engine {unknown[0]}; known: {' '.join([*ENGINES, *OURS])}")
    with tempfile.TemporaryDirectory() as scratch:
        a.work = a.work or scratch
        records = []
        for model in a.models:
            subject = prepare(a, model)
            for threads in a.threads if not a.prepare else []:
                for engine in [e for e in a.engines if e in OURS] or ["native"]:
                    records += static_records(a, subject, threads, engine, records[0]["run"] if records else None)
                show(subject, threads, measure(a, subject, threads, records), subject.checks)
                if a.output:
                    write(a.output, records)
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]), sys.argv[6])
    elif sys.argv[1:2] == ["--wait-for"]:
        sys.exit(wait_for(sys.argv[2:]))
    else:
        try:
            sys.exit(main())
        except (RuntimeError, OSError, subprocess.CalledProcessError) as problem:
            print(f"peers: {problem}", file=sys.stderr)
            sys.exit(2)
