"""Anchors, box coding and assignment, as detect/ has them. Boxes are ymin, xmin, ymax, xmax."""

import torch

MAX_LOG_SIZE = 4.135166556742356


def anchors_of(spec, levels, size):
    """(cells of all levels * anchors per cell, 4), in the order of the heads' cells; and rows per level."""
    config = spec["anchors"]
    scales, ratios = config.get("scales", 3), config.get("aspect_ratios", [1.0, 2.0, 0.5])
    out, counts = [], []
    for level in levels:
        stride, side = 1 << level, -(-size // (1 << level))
        centre = (torch.arange(side) + 0.5) * stride
        cells = torch.stack(torch.meshgrid(centre, centre, indexing="ij"), -1).view(-1, 1, 2)
        halves = torch.tensor(
            [
                [config["size"] * stride * 2.0 ** (s / scales) * r**power / 2.0 for power in (-0.5, 0.5)]
                for s in range(scales)
                for r in ratios
            ]
        )
        out.append(torch.cat([cells - halves, cells + halves], -1).view(-1, 4))
        counts.append(len(out[-1]))
    return torch.cat(out), counts


def decode(deltas, anchors):
    """ty, tx, th, tw against anchors that are measured with inclusive corners."""
    size = anchors[..., 2:] - anchors[..., :2] + 1.0
    centre = anchors[..., :2] + 0.5 * size
    new_size = deltas[..., 2:].clamp(max=MAX_LOG_SIZE).exp() * size
    low = deltas[..., :2] * size + centre - 0.5 * new_size
    return torch.cat([low, low + new_size - 1.0], -1)


def encode(boxes, anchors):
    """The inverse of decode()."""
    size = anchors[..., 2:] - anchors[..., :2] + 1.0
    centre = anchors[..., :2] + 0.5 * size
    new_size = (boxes[..., 2:] - boxes[..., :2] + 1.0).clamp(min=1.0)
    shift = (boxes[..., :2] + 0.5 * new_size - centre) / size
    return torch.cat([shift, (new_size / size).log()], -1)


def area(boxes):
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0.0).prod(-1)


def overlap(a, b):
    """Areas of intersection, element by element."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    return (high - low).clamp(min=0.0).prod(-1)


def iou(a, b):
    both = overlap(a, b)
    return both / (area(a) + area(b) - both).clamp(min=1e-6)


def giou(a, b):
    """Generalized IoU (arXiv:1902.09630), element by element."""
    both = overlap(a, b)
    union = (area(a) + area(b) - both).clamp(min=1e-6)
    hull = torch.cat([torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])], -1)
    whole = area(hull).clamp(min=1e-6)
    return both / union - (whole - union) / whole


def assign(anchors, counts, boxes, labels, nearest=9):
    """ATSS (arXiv:1912.02424): of each object's nearest anchors per level those are positive that
    overlap it by more than mean plus deviation of the overlaps, with their centre within it.

    boxes (n, m, 4), labels (n, m). Returns the object of each anchor (n, anchors), -1 for none, and
    where no loss is due: crowds.
    """
    n, m = labels.shape
    each = iou(boxes[:, :, None], anchors)
    centre = (anchors[:, :2] + anchors[:, 2:]) / 2
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2
    distance = ((middle[:, :, None] - centre) ** 2).sum(-1)
    candidate = torch.zeros_like(each, dtype=torch.bool)
    start = 0
    for count in counts:
        k = min(nearest, count)
        index = distance[:, :, start : start + count].topk(k, largest=False).indices + start
        candidate.scatter_(2, index, True)
        start += count
    chosen = candidate.float()
    total = chosen.sum(-1)
    mean = (each * chosen).sum(-1) / total
    deviation = (((each - mean[..., None]) ** 2 * chosen).sum(-1) / (total - 1)).sqrt()
    inside = ((centre > boxes[:, :, None, :2]) & (centre < boxes[:, :, None, 2:])).all(-1)
    positive = candidate & (each >= (mean + deviation)[..., None]) & inside & (labels > 0)[..., None]
    # an object too small to hold an anchor's centre takes its best candidate
    best = (each * chosen).argmax(-1, keepdim=True)
    lonely = (~positive.any(-1)) & (labels > 0)
    positive.scatter_(2, best, positive.gather(2, best) | lonely[..., None])
    score = torch.where(positive, each, torch.full_like(each, -1.0))
    value, owner = score.max(1)
    owner = torch.where(value >= 0, owner, torch.full_like(owner, -1))
    covered = overlap(boxes[:, :, None], anchors) / area(anchors).clamp(min=1e-6)
    crowd = ((covered > 0.5) & (labels < 0)[..., None]).any(1)
    return owner, crowd & (owner < 0)
