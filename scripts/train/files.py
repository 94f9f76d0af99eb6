"""Reading and writing safetensors: 8 bytes header length, a JSON header, the arrays."""

import json
import struct

import numpy as np

DTYPES = {"F32": np.float32, "F16": np.float16}


def read_header(path):
    """The JSON header, and the bytes behind it."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def read_images_seen(path):
    """Images that the training took in all epochs; 0 where the file does not say."""
    header, _ = read_header(path)
    return int(header.get("__metadata__", {}).get("images_seen", 0))


def read_safetensors(path):
    header, data = read_header(path)
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], DTYPES[entry["dtype"]])
        arrays[name] = values.reshape(entry["shape"])
    return arrays


def write_safetensors(path, arrays, images_seen):
    """float16 or float32 arrays; the same arrays give the same bytes."""
    names = {np.dtype(kind): name for name, kind in DTYPES.items()}
    header, offset, chunks = {"__metadata__": {"images_seen": str(images_seen)}}, 0, []
    for name in sorted(arrays, key=lambda n: (-arrays[n].dtype.itemsize, n)):
        chunk = np.ascontiguousarray(arrays[name]).tobytes()
        header[name] = {
            "dtype": names[arrays[name].dtype],
            "shape": list(arrays[name].shape),
            "data_offsets": [offset, offset + len(chunk)],
        }
        offset += len(chunk)
        chunks.append(chunk)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))
