"""Reading the zoo's specs: a spec with its bases laid under it, as models/spec.c reads it."""

import json
import pathlib

ZOO = pathlib.Path(__file__).resolve().parents[2] / "models" / "zoo"


def overlay(base, own):
    """Objects member by member, arrays and values as a whole; null removes a member."""
    merged = dict(base)
    for key, value in own.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict) and key != "backbone":
            merged[key] = overlay(merged[key], value)
        else:
            merged[key] = value
    return merged


def _path_of(name, folder):
    return (folder / name if name.endswith(".json") else ZOO / f"{name}.json").resolve()


def _resolve(spec, folder):
    """A spec with its base and its backbone filled in."""
    backbone = spec.get("backbone")
    if isinstance(backbone, str):
        spec = {**spec, "backbone": _read(_path_of(backbone, folder))}
    elif isinstance(backbone, dict):
        spec = {**spec, "backbone": _resolve(backbone, folder)}
    if "base" in spec:
        own = {key: value for key, value in spec.items() if key != "base"}
        spec = overlay(_read(_path_of(spec["base"], folder)), own)
    return spec


def _read(path):
    return _resolve(json.loads(path.read_text()), path.parent)


def read_spec(name):
    """The whole spec of a model of the zoo, or of a file where `name` ends in .json."""
    return _read(_path_of(name, pathlib.Path.cwd()))
