"""Training losses of each task: functions of a network's outputs and a batch."""

import torch
import torch.nn.functional as F

import boxes as bx


def levels_of(outputs, prefix):
    return sorted(int(name[-1]) for name in outputs if name.startswith(prefix))


def flat(outputs, prefix, values):
    """Maps of all levels as (n, anchors, values), in the order of the anchors."""
    rows = []
    for level in levels_of(outputs, prefix):
        x = outputs[f"{prefix}{level}"].float()
        rows.append(x.permute(0, 2, 3, 1).reshape(len(x), -1, values))
    return torch.cat(rows, 1)


def quality_focal(logits, target, weight, gamma=2.0):
    """Focal loss (arXiv:1708.02002) whose target may be a quality in [0, 1] (arXiv:2006.04388)."""
    p = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (entropy * (target - p).abs() ** gamma * weight).sum()


class Detection:
    """RetinaNet's losses: focal on the classes, generalized IoU on the boxes."""

    def __init__(self, spec):
        self.spec = spec

    def __call__(self, net, outputs, size, boxes, labels):
        logits = flat(outputs, "class_p", self.spec["classes"])
        deltas = flat(outputs, "box_p", 4)
        anchors, counts = bx.anchors_of(self.spec, levels_of(outputs, "box_p"), size)
        owner, ignored = bx.assign(anchors, counts, boxes, labels)
        positive = owner >= 0
        count = positive.sum().clamp(min=1).float()
        image = positive.nonzero(as_tuple=True)[0]
        wanted = boxes[image, owner[positive]]
        found = bx.decode(deltas[positive], anchors.expand(len(boxes), -1, -1)[positive])
        quality = bx.iou(found.detach(), wanted)
        target = torch.zeros_like(logits)
        where = positive.nonzero(as_tuple=True)
        target[where[0], where[1], labels[image, owner[positive]]] = quality
        weight = (~ignored).float()[..., None]
        class_loss = quality_focal(logits, target, weight) / count
        share = quality.sum().clamp(min=1e-3)
        box_loss = ((1.0 - bx.giou(found, wanted)) * quality).sum() / share
        return class_loss + 2.0 * box_loss, {"class": class_loss.item(), "box": box_loss.item(), "iou": quality.mean().item()}


class Classification:
    def __init__(self, spec):
        del spec

    def __call__(self, net, outputs, size, labels):
        logits = outputs["logits"].float()
        loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
        right = (logits.argmax(1) == labels).float().mean()
        return loss, {"entropy": loss.item(), "top1": right.item()}
