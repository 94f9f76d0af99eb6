"""A model of the zoo in PyTorch, from its spec, under spinebench's names.

A layer is made when the first forward pass comes to it, so the network is described once, by what it
computes. `models/blocks.h` lists the names; state() and load_state() use them.
"""

import torch
import torch.nn.functional as F
from torch import nn

DEFAULT_LEVEL_FILTERS = [0, 32, 64, 128, 256, 256, 256, 256]
EPSILON = {"retinanet": 1e-4, "maskrcnn": 1e-3, "classification": 1e-5}
PREDICTORS = ("head/class/predict", "head/box/predict", "rpn/score", "rpn/box", "box_head/class", "box_head/box")
LAYERS = {"kernel": "weight", "bias": "bias"}
NORMS = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def same_padding(size, kernel, stride):
    """TensorFlow's SAME: what goes before and after one axis."""
    total = max(((size + stride - 1) // stride - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def pad_same(x, kernel, stride, value=0.0):
    top, bottom = same_padding(x.shape[2], kernel, stride)
    left, right = same_padding(x.shape[3], kernel, stride)
    return F.pad(x, (left, right, top, bottom), value=value)


class Permuted:
    """What a scale-permuted backbone's spec says, with implicit edges and unused blocks worked out."""

    def __init__(self, spec):
        scale = spec.get("filter_scale", 1.0)
        level_filters = list(DEFAULT_LEVEL_FILTERS)
        for level, filters in spec.get("level_filters", {}).items():
            level_filters[int(level)] = filters
        stem = spec["stem_blocks"]
        stem = [{"level": 2}] * stem if isinstance(stem, int) else stem
        self.num_stem = len(stem)
        self.blocks = []
        for block in stem + spec["blocks"]:
            block = {"type": "bottleneck", "parents": [], "output": False, **block}
            block["filters"] = int(scale * block.get("filters", level_filters[block["level"]]))
            block["channels"] = block["filters"] * (4 if block["type"] == "bottleneck" else 1)
            block["implicit"] = []
            self.blocks.append(block)
        if spec.get("implicit_edges", True):
            self._join_unread()
        self._mark_used()

    def _join_unread(self):
        """A block that nothing reads yet joins the output block of its level and width."""
        read = set()
        for i, block in enumerate(self.blocks):
            if 0 < i < self.num_stem:
                read.add(i - 1)
            read.update(block["parents"])
            for j in range(i if block["output"] else 0):
                other = self.blocks[j]
                same = (other["level"], other["channels"]) == (block["level"], block["channels"])
                if same and j not in read:
                    block["implicit"].append(j)
                    read.add(j)

    def _mark_used(self):
        for block in self.blocks:
            block["used"] = block["output"]
        for i in reversed(range(len(self.blocks))):
            block = self.blocks[i]
            if not block["used"]:
                continue
            before = [i - 1] if 0 < i < self.num_stem else []
            for j in before + block["parents"] + block["implicit"]:
                self.blocks[j]["used"] = True


class Network(nn.Module):
    """forward() returns the outputs by spinebench's names; of a Mask R-CNN, those that need no regions."""

    def __init__(self, spec):
        super().__init__()
        if spec["backbone"].get("activation", "relu") != "relu":
            raise ValueError("only networks with ReLU are trained here")
        self.spec = spec
        self.epsilon = spec.get("batchnorm_epsilon", EPSILON[spec["task"]])
        self.layers = nn.ModuleDict()
        self.last_of_block = set()  # gammas; 0 at first, as in the published code: a block starts as its shortcut
        self.complete = False
        size = spec["size"]
        with torch.no_grad():
            self.eval()
            outputs = self.forward(torch.zeros(1, 3, size, size))
            if spec["task"] == "maskrcnn":
                features = self.pyramid_of(outputs)
                self.box_head(features, torch.zeros(1, 1, 4))
                self.mask_head(features, torch.zeros(1, 1, 4))
        self.complete = True
        self.train()

    # -- layers ----------------------------------------------------------------------------------

    def _layer(self, name, make):
        if name not in self.layers:
            if self.complete:
                raise KeyError(name)
            self.layers[name] = make().train(self.training)
        return self.layers[name]

    def conv(self, x, name, filters, kernel=1, stride=1, bias=False, same=False):
        pad = (kernel - 1) // 2
        if same and stride > 1:
            x, pad = pad_same(x, kernel, stride), 0
        layer = self._layer(
            f"{name}/conv", lambda: nn.Conv2d(x.shape[1], filters, kernel, stride, pad, bias=bias)
        )
        return layer(x)

    def norm(self, x, name):
        kind = nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d
        layer = self._layer(f"{name}/bn", lambda: kind(x.shape[1], eps=self.epsilon))
        return layer(x)

    def dense(self, x, name, filters):
        return self._layer(f"{name}/fc", lambda: nn.Linear(x.shape[1], filters))(x)

    def unit(self, x, name, filters, kernel=1, stride=1, act=True):
        x = self.norm(self.conv(x, name, filters, kernel, stride), name)
        return F.relu(x, inplace=True) if act else x

    # -- backbones -------------------------------------------------------------------------------

    def stem(self, x):
        x = self.unit(x, "backbone/stem/conv0", self.spec["backbone"].get("stem_filters", 64), 7, 2)
        return F.max_pool2d(pad_same(x, 3, 2), 3, 2)  # rectified: zeros pad as well as -inf

    def block(self, x, name, kind, filters, stride=1, project=False):
        channels = filters * (4 if kind == "bottleneck" else 1)
        shortcut = x
        if project or stride != 1 or x.shape[1] != channels:
            shortcut = self.unit(x, f"{name}/shortcut", channels, 1, stride, act=False)
        if kind == "bottleneck":
            x = self.unit(x, f"{name}/conv0", filters)
            x = self.unit(x, f"{name}/conv1", filters, 3, stride)
            x = self.unit(x, f"{name}/conv2", channels, act=False)
        else:
            x = self.unit(x, f"{name}/conv0", filters, 3, stride)
            x = self.unit(x, f"{name}/conv1", filters, 3, act=False)
        self.last_of_block.add(f"{name}/conv{2 if kind == 'bottleneck' else 1}/bn/gamma")
        return F.relu(x + shortcut)

    def resample(self, x, name, filters, side, channels):
        """A parent's map at another level: see sb_resample() in models/blocks.h."""
        x = self.unit(x, f"{name}/conv0", int(self.spec["backbone"].get("resample_alpha", 0.5) * filters))
        last = 1
        if x.shape[2] > side:
            x, last = self.unit(x, f"{name}/conv1", x.shape[1], 3, 2), 2
            if x.shape[2] > side:
                stride = x.shape[2] // side
                kernel = 3 if stride == 2 else 5
                x = F.max_pool2d(pad_same(x, kernel, stride), kernel, stride)
        elif x.shape[2] < side:
            # the 1x1 and its batch norm commute with repeating pixels, and are cheaper before
            x = self.unit(x, f"{name}/conv{last}", channels, act=False)
            return F.interpolate(x, size=(side, side), mode="nearest")
        return self.unit(x, f"{name}/conv{last}", channels, act=False)

    def permuted(self, image):
        spec = self.spec["backbone"]
        net = Permuted(spec)
        repeats = spec.get("block_repeats", 1)
        maps = [None] * len(net.blocks)
        pyramid = {}
        x = self.stem(image)
        level = 2
        for i, block in enumerate(net.blocks):
            name, stride = f"backbone/block{i}", 1
            if not block["used"]:
                continue
            if i < net.num_stem:
                stride = 1 << (block["level"] - level)
                level = block["level"]
            else:
                side = image.shape[2] >> block["level"]
                terms = [
                    self.resample(maps[p], f"{name}/parent{k}", net.blocks[p]["filters"], side, block["channels"])
                    for k, p in enumerate(block["parents"])
                ] + [maps[p] for p in block["implicit"]]
                x = F.relu(sum(terms))
            for r in range(repeats):
                x = self.block(x, f"{name}/repeat{r}", block["type"], block["filters"], stride, i == 0 and r == 0)
                stride = 1
            maps[i] = x
            if block["output"]:
                pyramid[block["level"]] = x
        return {
            level: self.unit(pyramid[level], f"backbone/p{level}/endpoint", spec["endpoint_filters"])
            for level in sorted(pyramid)
        }

    def resnet(self, image):
        spec = self.spec["backbone"]
        filters = spec.get("stage_filters", [64, 128, 256, 512])
        x = self.stem(image)
        stages = {}
        for level in range(2, 6):
            for i in range(spec["stages"][level - 2]):
                stride = 2 if i == 0 and level > 2 else 1
                name = f"backbone/stage{level}/block{i}"
                x = self.block(x, name, spec["block"], filters[level - 2], stride, i == 0)
            stages[level] = x
        return stages

    def fpn(self, stages, low, high):
        filters = self.spec["neck"].get("filters", 256)
        maps = {
            level: self.conv(stages[level], f"neck/p{level}/lateral", filters, bias=True)
            for level in range(low, 6)
        }
        for level in range(4, low - 1, -1):
            maps[level] = maps[level] + F.interpolate(maps[level + 1], scale_factor=2, mode="nearest")
        for level in range(low, high + 1):
            if level <= 5:
                maps[level] = self.conv(maps[level], f"neck/p{level}/post", filters, 3, bias=True)
            else:
                x = maps[level - 1] if level == 6 else F.relu(maps[level - 1])
                maps[level] = self.conv(x, f"neck/p{level}/down", filters, 3, 2, bias=True, same=True)
        return {level: self.norm(maps[level], f"neck/p{level}") for level in range(low, high + 1)}

    def pyramid(self, image):
        resnet = self.spec["backbone"]["family"] == "resnet"
        maps = self.resnet(image) if resnet else self.permuted(image)
        if self.spec["task"] == "classification":
            return maps
        low, high = self.spec.get("levels", [3, 7] if resnet else [min(maps), max(maps)])
        if resnet:
            return self.fpn(maps, low, high)
        return {level: maps[level] for level in range(low, high + 1)}

    # -- heads -----------------------------------------------------------------------------------

    def tower(self, x, name, level, spec):
        for i in range(spec["convs"]):
            x = self.conv(x, f"{name}/conv{i}", spec["filters"], 3, bias=True)
            x = F.relu(self.norm(x, f"{name}/conv{i}/p{level}"))
        return x

    def anchors_per_cell(self):
        anchors = self.spec["anchors"]
        default = 3 if self.spec["task"] == "retinanet" else 1
        return anchors.get("scales", default) * len(anchors.get("aspect_ratios", [1.0, 2.0, 0.5]))

    def retinanet(self, maps):
        per_cell, out = self.anchors_per_cell(), {}
        for tower, values in (("class", self.spec["classes"]), ("box", 4)):
            for level, x in maps.items():
                y = self.tower(x, f"head/{tower}", level, self.spec["head"])
                out[f"{tower}_p{level}"] = self.conv(y, f"head/{tower}/predict", per_cell * values, 3, bias=True)
        return out

    def rpn(self, maps):
        per_cell, out = self.anchors_per_cell(), {}
        for level, x in maps.items():
            y = self.tower(x, "rpn", level, self.spec["rpn"])
            out[f"rpn_score_p{level}"] = self.conv(y, "rpn/score", per_cell, bias=True)
            out[f"rpn_box_p{level}"] = self.conv(y, "rpn/box", 4 * per_cell, bias=True)
        return out

    def classifier(self, maps):
        x = maps[max(maps)]
        if self.spec["head"]["aggregation"] == "all":
            for level in range(max(maps) - 1, min(maps) - 1, -1):
                x = F.interpolate(x, size=maps[level].shape[2:], mode="nearest") + maps[level]
            x = x / len(maps)
        return {"logits": self.dense(x.mean((2, 3)), "classifier", self.spec["classes"])}

    # -- heads over regions ----------------------------------------------------------------------

    def region_tower(self, x, name, spec):
        for i in range(spec["convs"]):
            x = self.conv(x, f"{name}/conv{i}", spec["filters"], 3, bias=True)
            x = F.relu(self.norm(x, f"{name}/conv{i}"))
        return x

    def box_head(self, maps, rois):
        """rois (n, m, 4) as ymin, xmin, ymax, xmax: class logits (n * m, classes), deltas (n * m, classes, 4)."""
        from regions import roi_align

        spec = self.spec["box_head"]
        x = self.region_tower(roi_align(maps, rois, spec["roi_size"]), "box_head", spec)
        x = x.flatten(1)
        for i in range(spec["fcs"]):
            x = F.relu(self.norm(self.dense(x, f"box_head/fc{i}", spec["fc_dims"]), f"box_head/fc{i}"))
        classes = self.spec["classes"]
        deltas = self.dense(x, "box_head/box", 4 * classes)
        return self.dense(x, "box_head/class", classes), deltas.view(-1, classes, 4)

    def mask_head(self, maps, rois):
        """Mask logits (n * m, classes, 2 * roi_size, 2 * roi_size)."""
        from regions import roi_align

        spec = self.spec["mask_head"]
        x = self.region_tower(roi_align(maps, rois, spec["roi_size"]), "mask_head", spec)
        up = self._layer(
            "mask_head/up/deconv", lambda: nn.ConvTranspose2d(x.shape[1], spec["filters"], 2, 2)
        )
        x = F.relu(self.norm(up(x), "mask_head/up"))
        return self.conv(x, "mask_head/logits", self.spec["classes"], bias=True)

    @staticmethod
    def pyramid_of(outputs):
        return {int(name[-1]): x for name, x in outputs.items() if name.startswith("feature_p")}

    def forward(self, image):
        maps = self.pyramid(image)
        task = self.spec["task"]
        if task == "classification":
            return self.classifier(maps)
        out = {f"feature_p{level}": x for level, x in maps.items()}
        out.update(self.retinanet(maps) if task == "retinanet" else self.rpn(maps))
        return out

    # -- weights ---------------------------------------------------------------------------------

    def _named(self):
        for name, layer in self.layers.items():
            members = NORMS if name.endswith("/bn") else LAYERS
            for ours, theirs in members.items():
                value = getattr(layer, theirs, None)
                if value is not None:
                    yield f"{name}/{ours}", value

    def state(self):
        """Weights by spinebench's names, in its layouts (which are PyTorch's)."""
        return {name: value.detach() for name, value in self._named()}

    def load_state(self, arrays, partly=False):
        """Takes numpy arrays by name; partly: those that fit. Returns how many were taken."""
        ours = self.state()
        fitting = {n for n, v in ours.items() if n in arrays and arrays[n].shape == tuple(v.shape)}
        if not partly and (fitting != ours.keys() or fitting != arrays.keys()):
            differing = (ours.keys() | arrays.keys()) - fitting
            raise ValueError(f"names or shapes differ: {sorted(differing)[:5]}")
        with torch.no_grad():
            for name in fitting:
                ours[name].copy_(torch.from_numpy(arrays[name].astype("float32")))
        return len(fitting)

    def initialize(self, generator):
        """Normal kernels of variance 2 / fan-in; a prior of 0.01 for every class (arXiv:1708.02002, 4.1)."""
        with torch.no_grad():
            for name, value in self._named():
                if name.endswith("/kernel"):
                    fan_in = value[0].numel() if "/deconv/" not in name else value.shape[0]
                    deviation = (2.0 / fan_in) ** 0.5
                    if name.startswith(PREDICTORS):
                        deviation = 0.01
                    value.normal_(0.0, deviation, generator=generator)
                elif name in self.last_of_block:
                    value.fill_(0.0)
                elif name.endswith("/bias"):
                    value.fill_(-4.59511985 if name.startswith(("head/class/predict", "rpn/score")) else 0.0)
