"""The second stage of a Mask R-CNN: RoIAlign as detect/ has it, regions to train on, and the losses."""

import torch
import torch.nn.functional as F

import boxes as bx
from losses import flat, levels_of, quality_focal

REGIONS = 32  # per image
MASK_REGIONS = 8  # of these, for the mask head


def _grid(rois, bins, level, side):
    """Bin centres in units of the level's stride, without a half-pixel shift, for grid_sample()."""
    low, extent = rois[..., :2], rois[..., 2:] - rois[..., :2]
    part = (torch.arange(bins, dtype=rois.dtype) + 0.5) / bins
    at = (low[..., None] + extent[..., None] * part) / (1 << level)
    at = 2.0 * at / max(side - 1, 1) - 1.0
    n, m = rois.shape[:2]
    y = at[:, :, 0, :, None].expand(n, m, bins, bins)
    x = at[:, :, 1, None, :].expand(n, m, bins, bins)
    return torch.stack([x, y], -1).reshape(n, m * bins, bins, 2)


def roi_align(maps, rois, bins):
    """rois (n, m, 4) as ymin, xmin, ymax, xmax: (n * m, channels, bins, bins)."""
    side = bx.area(rois).clamp(min=1e-6).sqrt()
    wanted = (torch.log2(side / 224.0).floor() + 4.0).clamp(min(maps), max(maps))
    n, m = rois.shape[:2]
    out = 0.0
    for level, x in maps.items():
        here = wanted == level
        if not here.any():
            continue
        grid = _grid(rois, bins, level, x.shape[2])
        x = x.to(torch.promote_types(x.dtype, torch.float32))  # grid_sample() knows no bfloat16
        y = F.grid_sample(x, grid, padding_mode="border", align_corners=True)
        y = y.view(n, x.shape[1], m, bins, bins).transpose(1, 2)
        out = out + y * here[:, :, None, None, None]
    return out.reshape(n * m, -1, bins, bins)


def regions_of(scores, boxes, wanted, labels, generator):
    """Regions to train on, (n, REGIONS, 4): jittered objects, then what the first stage likes best."""
    n, m = labels.shape
    size = (wanted[..., 2:] - wanted[..., :2]).repeat(1, 1, 2)
    noise = torch.rand(n, m, 4, generator=generator) * 0.3 - 0.15
    jittered = wanted + noise * size
    first = torch.where(labels > 0, torch.rand(n, m, generator=generator), torch.full((n, m), -1.0))
    chosen = first.topk(min(REGIONS // 2, m), dim=1)
    objects = jittered.gather(1, chosen.indices[..., None].expand(-1, -1, 4))
    best = scores.topk(2 * REGIONS, dim=1).indices
    pick = torch.rand(n, 2 * REGIONS, generator=generator).topk(REGIONS, dim=1).indices
    found = boxes.gather(1, best.gather(1, pick)[..., None].expand(-1, -1, 4))
    missing = (chosen.values < 0)[..., None]
    objects = torch.where(missing, found[:, : objects.shape[1]], objects)
    return torch.cat([objects, found[:, objects.shape[1] :]], 1)


class RegionLosses:
    """Losses of both stages; the batch has an index map of its objects, (n, h, w), 0 for none."""

    def __init__(self, spec):
        self.spec = spec
        self.weights = torch.tensor(spec["box_head"].get("box_weights", [10.0, 10.0, 5.0, 5.0]))
        self.generator = torch.Generator().manual_seed(1)

    def first_stage(self, outputs, size, boxes, labels):
        logits = flat(outputs, "rpn_score_p", 1)
        deltas = flat(outputs, "rpn_box_p", 4)
        anchors, counts = bx.anchors_of(self.spec, levels_of(outputs, "rpn_box_p"), size)
        owner, ignored = bx.assign(anchors, counts, boxes, labels)
        positive = owner >= 0
        image = positive.nonzero(as_tuple=True)[0]
        found = bx.decode(deltas, anchors)
        mine, wanted = found[positive], boxes[image, owner[positive]]
        target = torch.zeros_like(logits)
        target[positive] = bx.iou(mine.detach(), wanted)[:, None]
        score = quality_focal(logits, target, (~ignored).float()[..., None])
        count = positive.sum().clamp(min=1)
        box = (1.0 - bx.giou(mine, wanted)).sum()
        return score / count, box / count, logits.detach()[..., 0], found.detach()

    def second_stage(self, net, maps, rois, boxes, labels):
        each = bx.iou(rois[:, :, None], boxes[:, None])
        each = each * (labels > 0)[:, None]
        value, owner = each.max(2)
        target = torch.where(value >= 0.5, labels.gather(1, owner), torch.zeros_like(owner))
        logits, deltas = net.box_head(maps, rois)
        target = target.flatten()
        entropy = F.cross_entropy(logits.float(), target)
        positive = target > 0
        wanted = boxes.gather(1, owner[..., None].expand(-1, -1, 4)).view(-1, 4)[positive]
        goal = bx.encode(wanted, rois.reshape(-1, 4)[positive]) * self.weights
        found = deltas.float()[positive, target[positive]]
        box = F.smooth_l1_loss(found, goal, reduction="sum") / len(target)
        return entropy, box, owner, target.view_as(owner)

    def masks(self, net, maps, rois, owner, target, index_map):
        """On the first regions of each image, which are objects where there are any."""
        rois, owner, target = (x[:, :MASK_REGIONS] for x in (rois, owner, target))
        logits = net.mask_head(maps, rois).float()
        side = logits.shape[2]
        n, m = owner.shape
        grid = _grid(rois, side, 0, index_map.shape[1])
        grid = grid - 1.0 / (index_map.shape[1] - 1)  # the nearest centre of a pixel is half a pixel in
        flat_map = F.grid_sample(index_map[:, None].float(), grid, mode="nearest", align_corners=True)
        own = flat_map.view(n, m, side, side) == (owner + 1)[..., None, None].float()
        positive = (target > 0).flatten()
        picked = logits[positive, target.flatten()[positive]]
        return F.binary_cross_entropy_with_logits(picked, own.flatten(0, 1)[positive].float())

    def __call__(self, net, outputs, size, boxes, labels, index_map):
        score, first_box, scores, found = self.first_stage(outputs, size, boxes, labels)
        rois = regions_of(scores, found, boxes, labels, self.generator).clamp(0.0, size - 1.0)
        maps = net.pyramid_of(outputs)
        entropy, box, owner, target = self.second_stage(net, maps, rois, boxes, labels)
        mask = self.masks(net, maps, rois, owner, target, index_map)
        values = {"rpn": score.item(), "rpn_box": first_box.item(), "class": entropy.item()}
        values.update({"box": box.item(), "mask": mask.item()})
        return score + first_box + entropy + box + mask, values
