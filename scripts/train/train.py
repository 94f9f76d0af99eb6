#!/usr/bin/env python3
"""Trains a model of the zoo on the embedded data set and writes its weights for spinebench.

  python3 scripts/train/train.py MODEL --data DIR -o DIR/MODEL-1 [--seed 1] [--steps N] [--batch 16]

DIR holds what `spinebench dataset make` wrote with --split train. A run that was stopped goes on where its
last checkpoint stands (in the output folder) when the same command is given again. --init FILE starts from
weights instead of random values: `--init models/weights/MODEL.safetensors` trains the committed ones further.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch

from data import Scenes, Species
from files import read_images_seen, read_safetensors, write_safetensors
from losses import Classification, Detection
from network import Network
from regions import RegionLosses
from specs import read_spec


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--data", required=True)
    p.add_argument("-o", "--output", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--steps", type=int, default=4000)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--small-steps", type=int, default=0, help="first steps with images of half the side, two batches each")
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--decay", type=float, default=0.02)
    p.add_argument("--average", type=float, default=0.998, help="of the exponential moving average")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--init", help="safetensors to start from")
    p.add_argument("--init-partly", action="store_true", help="of another model: take what has the same name and shape")
    p.add_argument("--float32", action="store_true", help="no bfloat16 arithmetic, as where the CPU has none")
    p.add_argument("--save-every", type=int, default=100, help="steps between checkpoints")
    return p.parse_args()


def has_bfloat16():
    """Whether the CPU multiplies bfloat16; where it is imitated, a step takes several times as long."""
    try:
        flags = pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii").split()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


class Average:
    """Exponential moving average of all weights and statistics; short memory at first."""

    def __init__(self, net, rate):
        self.rate = rate
        self.values = {name: value.clone() for name, value in net.state().items()}

    def update(self, net, step):
        rate = min(self.rate, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in net.state().items():
                self.values[name].lerp_(value, 1.0 - rate)


def optimizer_of(net, args):
    """AdamW; no decay on biases and batch norm."""
    kernels = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": kernels, "weight_decay": args.decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=args.rate)


def rate_at(step, args):
    """Linear warm-up, then half a cosine."""
    warm = min(1.0, (step + 1) / 200)
    return float(args.rate * warm * (0.5 + 0.5 * np.cos(np.pi * step / args.steps)))


LOSSES = {"retinanet": Detection, "maskrcnn": RegionLosses, "classification": Classification}


def data_of(task, folder):
    if task == "classification":
        return Species(folder, "train")
    return Scenes(folder, "train", masks=task == "maskrcnn")


class Run:
    def __init__(self, args):
        self.args = args
        self.folder = pathlib.Path(args.output)
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.set_num_threads(args.threads)
        torch.manual_seed(args.seed)
        self.spec = read_spec(args.model)
        self.net = Network(self.spec)
        self.net.initialize(torch.Generator().manual_seed(args.seed))
        self.images_before = read_images_seen(args.init) if args.init and not args.init_partly else 0
        if args.init:
            taken = self.net.load_state(read_safetensors(args.init), args.init_partly)
            print(f"{taken} of {len(self.net.state())} arrays from {args.init}")
        self.net.to(memory_format=torch.channels_last)
        self.optimizer = optimizer_of(self.net, args)
        self.average = Average(self.net, args.average)
        self.bfloat16 = has_bfloat16() and not args.float32
        self.step, self.seconds = 0, 0.0
        self.sums, self.count = {}, 0
        self.loss = LOSSES[self.spec["task"]](self.spec)
        self.data = data_of(self.spec["task"], args.data)
        self._resume()

    def _resume(self):
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path)
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.values = state["average"]
        self.step, self.seconds = state["step"], state["seconds"]
        self._cut_log()

    def _cut_log(self):
        """Lines of steps that are done again are dropped."""
        path = self.folder / "log.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if json.loads(line)["step"] <= self.step]
        path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def save(self):
        state = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.values,
            "step": self.step,
            "seconds": self.seconds,
        }
        part = self.folder / "checkpoint.part"
        torch.save(state, part)
        part.rename(self.folder / "checkpoint.pt")

    def export(self):
        """The averaged weights, in half precision."""
        arrays = {name: value.numpy().astype(np.float16) for name, value in self.average.values.items()}
        steps = self.step + min(self.step, self.args.small_steps)
        write_safetensors(self.folder / "weights.safetensors", arrays, self.images_before + steps * self.args.batch)

    def batch(self, size):
        """Batches depend on seed and step alone, so that a resumed run sees what it would have seen."""
        args = self.args
        batches = self.step + min(self.step, args.small_steps)
        count = 2 if self.step < args.small_steps else 1
        indices = []
        for k in range(count):
            epoch, at = divmod(batches + k, len(self.data) // args.batch)
            order = np.random.default_rng([args.seed, epoch]).permutation(len(self.data))
            indices.extend(order[at * args.batch : (at + 1) * args.batch])
        return self.data.batch(indices, np.random.default_rng([args.seed, self.step, 1]), size)

    def log(self, values):
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.count += 1
        if self.step % 25 and self.step != self.args.steps:
            return
        line = {"step": self.step, "seconds": round(self.seconds, 1)}
        line.update({name: round(total / self.count, 4) for name, total in self.sums.items()})
        self.sums, self.count = {}, 0
        with open(self.folder / "log.jsonl", "a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")

    def train_step(self):
        start = time.process_time()
        rate = rate_at(self.step, self.args)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        size = self.spec["size"] // (2 if self.step < self.args.small_steps else 1)
        images, *targets = self.batch(size)
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
            outputs = self.net(images)
        loss, values = self.loss(self.net, outputs, size, *targets)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.average.update(self.net, self.step)
        self.seconds += time.process_time() - start
        self.log({"loss": loss.item(), **values})

    def train(self):
        self.net.train()
        while self.step < self.args.steps:
            self.train_step()
            if self.step % self.args.save_every == 0 or self.step == self.args.steps:
                self.save()
                self.export()


if __name__ == "__main__":
    Run(arguments()).train()
