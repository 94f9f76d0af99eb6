"""The embedded data set as arrays: images decoded once, boxes and classes padded to one size."""

import json
import os
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def normalize(images):
    """uint8 (n, 3, h, w) to the networks' input, in the order of the official preprocessing."""
    return (images.float() / 255.0 - MEAN) / DEVIATION


def decode_all(paths, cache):
    """(n, 3, h, w) uint8 of all pictures, from a cache file that is made when it is missing."""
    cache = pathlib.Path(cache)
    if not cache.exists():
        first = np.asarray(Image.open(paths[0]))
        part = cache.with_suffix(f".{os.getpid()}.npy")
        out = np.lib.format.open_memmap(part, "w+", np.uint8, (len(paths), 3, *first.shape[:2]))
        for i, path in enumerate(paths):
            out[i] = np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1)
        out.flush()
        part.rename(cache)
    return np.load(cache, mmap_mode="r")


def runs_of(text):
    """The runs of a compressed RLE mask (pycocotools' maskApi.c, rleFrString)."""
    runs, at = [], 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            c = ord(text[at]) - 48
            value |= (c & 31) << shift
            more, at, shift = c & 32, at + 1, shift + 5
            if not more and c & 16:
                value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
    return runs


def draw_mask(index_map, segmentation, index):
    """Sets the pixels of a mask; runs go down the columns."""
    runs = np.array(runs_of(segmentation["counts"]))
    inside = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    index_map[inside.reshape(index_map.shape, order="F")] = index


class Scenes:
    """Boxes are ymin, xmin, ymax, xmax; class 0 pads, class -1 is a crowd. With masks, a map per image
    holds the number of the object that each pixel shows, counted from 1."""

    def __init__(self, folder, split, masks=False):
        folder = pathlib.Path(folder)
        document = json.loads((folder / "annotations" / f"instances_{split}.json").read_text())
        self.categories = sorted(c["id"] for c in document["categories"])
        self.images = decode_all(
            [folder / split / image["file_name"] for image in document["images"]],
            folder / f"{split}.npy",
        )
        rows = {image["id"]: [] for image in document["images"]}
        for a in document["annotations"]:
            x, y, w, h = a["bbox"]
            label = -1 if a["iscrowd"] else self.categories.index(a["category_id"]) + 1
            rows[a["image_id"]].append((y, x, y + h, x + w, label))
        ids = [image["id"] for image in document["images"]]
        most = max(len(r) for r in rows.values())
        self.boxes = np.zeros((len(ids), most, 4), np.float32)
        self.labels = np.zeros((len(ids), most), np.int64)
        for i, image_id in enumerate(ids):
            for k, row in enumerate(rows[image_id]):
                self.boxes[i, k] = row[:4]
                self.labels[i, k] = row[4]
        self.maps = None
        if masks:
            self.maps = np.zeros((len(ids), *self.images.shape[2:]), np.uint8)
            place, seen = {image_id: i for i, image_id in enumerate(ids)}, dict.fromkeys(ids, 0)
            for a in document["annotations"]:
                seen[a["image_id"]] += 1
                draw_mask(self.maps[place[a["image_id"]]], a["segmentation"], seen[a["image_id"]])

    def __len__(self):
        return len(self.labels)

    def batch(self, indices, rng, size):
        """Augmented and normalized images of size x size, boxes (n, most, 4) and labels (n, most)."""
        rows = []
        for i in indices:
            image = torch.from_numpy(np.array(self.images[i]))[None].float()
            index_map = None if self.maps is None else torch.from_numpy(self.maps[i])[None, None]
            rows.append(jitter(image, self.boxes[i].copy(), self.labels[i], index_map, size, rng))
        images, boxes, labels, maps = zip(*rows)
        out = [normalize(torch.cat(images))]
        out += [torch.from_numpy(np.stack(boxes)), torch.from_numpy(np.stack(labels))]
        return out if self.maps is None else out + [torch.cat(maps)[:, 0]]


def colour(image, rng):
    """Brightness and contrast."""
    gain, shift = rng.uniform(0.8, 1.2), rng.uniform(-20.0, 20.0)
    return ((image - 128.0) * gain + 128.0 + shift).clamp_(0.0, 255.0)


def place(image, scaled, top, left, size, mode, fill):
    """The image at another scale in a square of size x size, its corner at (top, left)."""
    if scaled != image.shape[2]:
        options = {"align_corners": False} if mode == "bilinear" else {}
        image = F.interpolate(image.float(), (scaled, scaled), mode=mode, **options).to(image.dtype)
    if scaled > size:
        return image[:, :, -top : size - top, -left : size - left]
    rest = size - scaled
    return F.pad(image, (left, rest - left, top, rest - top), value=fill)


def jitter(image, box, label, index_map, size, rng):
    """Mirror; scale to 0.7 to 1.4 times the size (below the image's own size: 1 to 1.6); move; colour."""
    whole = image.shape[2]
    if rng.random() < 0.5:
        image = image.flip(3)
        index_map = None if index_map is None else index_map.flip(3)
        box[:, [1, 3]] = whole - box[:, [3, 1]]
    scaled = int(size * 2.0 ** (rng.uniform(-0.5, 0.5) if size == whole else rng.uniform(0.0, 0.7)))
    if size == whole and rng.random() < 0.3:
        scaled = whole
    ends = sorted((0, size - scaled))
    top, left = rng.integers(ends[0], ends[1] + 1, 2)
    image = place(image, scaled, top, left, size, "bilinear", 124.0)
    if index_map is not None:
        index_map = place(index_map, scaled, top, left, size, "nearest", 0)
    moved = box * (scaled / whole) + np.array([top, left, top, left], np.float32)
    box = np.clip(moved, 0.0, size)
    before = (moved[:, 2] - moved[:, 0]) * (moved[:, 3] - moved[:, 1])
    after = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    label = np.where((after > 0.25 * before) & (after > 9.0), label, 0)
    return colour(image, rng), box, label, index_map


class Species:
    """Pictures of one class each; labels start at 1."""

    def __init__(self, folder, split):
        folder = pathlib.Path(folder)
        document = json.loads((folder / f"{split}.json").read_text())
        self.categories = sorted(c["id"] for c in document["categories"])
        label_of = {a["image_id"]: a["category_id"] for a in document["annotations"]}
        self.images = decode_all(
            [folder / image["file_name"] for image in document["images"]], folder / f"{split}.npy"
        )
        self.labels = np.array(
            [self.categories.index(label_of[image["id"]]) + 1 for image in document["images"]]
        )

    def __len__(self):
        return len(self.labels)

    def batch(self, indices, rng, size):
        """Augmented and normalized images of size x size and labels (n)."""
        images = []
        for i in indices:
            image = torch.from_numpy(np.array(self.images[i]))[None].float()
            images.append(colour(self.cut(image, size, rng), rng))
        return normalize(torch.cat(images)), torch.from_numpy(self.labels[np.asarray(indices)])

    @staticmethod
    def cut(image, size, rng):
        """A square of 65 to 100 % of the side, mirrored or not."""
        side = int(image.shape[2] * rng.uniform(0.65, 1.0))
        top, left = rng.integers(0, image.shape[2] - side + 1, 2)
        image = image[:, :, top : top + side, left : left + side]
        image = image.flip(3) if rng.random() < 0.5 else image
        return F.interpolate(image, (size, size), mode="bilinear", align_corners=False)


def centre(image, size):
    """87.5 % of the side, resized as TensorFlow's legacy bilinear does: no half-pixel centres."""
    whole = image.shape[2]
    side = int(whole * 0.875)
    at = (whole - side) // 2
    image = image[:, :, at : at + side, at : at + side]
    where = torch.arange(size) * (side / size)
    low = where.floor().long()
    high = (low + (where > low)).clamp(max=side - 1)
    part = where - low
    image = image[:, :, low] + (image[:, :, high] - image[:, :, low]) * part.view(1, 1, -1, 1)
    return image[..., low] + (image[..., high] - image[..., low]) * part
