#!/usr/bin/env python3
"""Weight files of spinebench against the reference implementation of .safetensors.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install safetensors numpy
    /tmp/v/bin/python scripts/oracle_safetensors.py build/spinebench [WEIGHT FILE...]

Checks that files written by `spinebench weights` load with the reference implementation, with the
shapes, types and statistics that `weights --list` says, and that spinebench lists what the reference
implementation wrote, for every type that both know. Weight files given are converted too.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

TYPES = ["float32", "float64", "float16", "int8", "int16", "int32", "int64",
         "uint8", "uint16", "uint32", "uint64", "bool"]


def listing(program, path):
    out = subprocess.run([program, "weights", "--list", path, "--json"], check=True,
                         capture_output=True, text=True).stdout
    return {t["name"]: t for t in json.loads(out)["tensors"]}


def compare(listed, arrays, what):
    assert listed.keys() == arrays.keys(), f"{what}: other names"
    for name, array in arrays.items():
        t = listed[name]
        where = f"{what}: {name}"
        assert t["shape"] == list(array.shape), where
        assert t["type"] == str(array.dtype), where
        assert t["bytes"] == array.nbytes, where
        if array.size == 0:
            assert t["min"] is None, where
            continue
        values = array.astype(np.float64)
        assert t["min"] == values.min() and t["max"] == values.max(), where
        scale = max(1e-300, np.abs(values).max())
        assert abs(t["mean"] - values.mean()) <= 1e-12 * scale, where
        assert abs(t["std"] - values.std()) <= 1e-9 * scale, where


def check_written_by_reference(program, folder):
    rng = np.random.default_rng(1)
    arrays = {f"t/{name}": (rng.normal(0, 50, (3, 5)) if name != "bool"
                            else rng.integers(0, 2, (3, 5))).astype(name) for name in TYPES}
    arrays["scalar"] = np.array(3.5, dtype=np.float32)
    arrays["empty"] = np.zeros((0, 7), dtype=np.float32)
    arrays['quote " and \\ é'] = np.arange(3, dtype=np.int32)
    theirs = os.path.join(folder, "reference.safetensors")
    ours = os.path.join(folder, "copied.safetensors")
    save_file(arrays, theirs, metadata={"format": "np"})
    compare(listing(program, theirs), arrays, "written by the reference")
    subprocess.run([program, "weights", theirs, ours], check=True, capture_output=True)
    back = load_file(ours)
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].tobytes() == array.tobytes(), name
    print(f"{len(arrays)} tensors of {len(TYPES)} types agree in both directions")


def check_converted(program, path, folder):
    ours = os.path.join(folder, "converted.safetensors")
    subprocess.run([program, "weights", path, ours], check=True, capture_output=True)
    with safe_open(ours, framework="np") as f:
        arrays = {name: f.get_tensor(name) for name in f.keys()}
    compare(listing(program, ours), arrays, path)
    print(f"{path}: {len(arrays)} tensors agree")


def main():
    program, paths = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        check_written_by_reference(program, folder)
        for path in paths:
            check_converted(program, path, folder)


if __name__ == "__main__":
    main()
