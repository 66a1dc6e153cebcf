"""Train one of the motion checkpoints.

    python scripts/motion/train.py --family videomae --minutes 30 --out models/motion-videomae

The learning rate follows the clock, so that it has come down when the time is up, however busy the
machine is. A throw-away linear layer on the patch tokens, after half of the layers and after all,
learns the optical flow at each patch's centre, which the camera's poses give exactly, and how much
of it goes outward and clockwise. Without it the models stay near chance for a long time. What was done is
kept beside the weights (training.py), for the model card.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import processors  # noqa: F401  (before transformers)
import torch
import training
from dataset import FRAMES, SIDE, Batches
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from transformers import PreTrainedModel, VideoMAEForVideoClassification

from models import (
    FAMILIES,
    LAYERS,
    Family,
    patch_centres,
    save,
    start,
    start_from_videomae,
    start_turns,
)

FLOW_UNIT = 1.0  # pixels: about the usual flow, so that the flow loss starts near one
WARM_UP = 0.04  # of the time
EMA_DECAY = 0.998


class FlowHead(nn.Module):
    """Reads the flow of every patch out of a layer's tokens. Dropped after training."""

    def __init__(self, family: Family, width: int) -> None:
        super().__init__()
        self.family = family
        self.norm = nn.LayerNorm(width)
        self.linear = nn.Linear(width, 4 * family.tubelet)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [B,N,D] -> flow and its turns [B, T, GRID * GRID, 4] in FLOW_UNIT.

        The last frame's is without meaning.
        """
        flow = self.linear(self.norm(self.family.grid(tokens)))  # [B, T / tubelet, P, tubelet * 4]
        flow = flow.unflatten(-1, (self.family.tubelet, 4))
        return flow.transpose(2, 3).flatten(1, 2)


def true_flow(poses: Tensor) -> Tensor:
    """Poses [B,T,3,3] -> flow [B, T-1, GRID * GRID, 2] at the patches' centres, in FLOW_UNIT."""
    points = patch_centres()
    step = torch.linalg.solve(poses[:, 1:], poses[:, :-1])
    moved = points @ step[..., :2, :2].transpose(-1, -2) + step[..., None, :2, 2]
    return (moved - points) * (SIDE / FLOW_UNIT)


def with_turns(flow: Tensor) -> Tensor:
    """Add the outward and the clockwise part to a flow [..., GRID * GRID, 2]."""
    out = functional.normalize(patch_centres(), dim=-1)
    outward = (flow * out).sum(-1)
    clockwise = flow[..., 1] * out[:, 0] - flow[..., 0] * out[:, 1]
    return torch.cat([flow, torch.stack([outward, clockwise], -1)], -1)


def learning_rate(progress: float, peak: float) -> float:
    """Linear warm-up, then half a cosine to nothing."""
    if progress < WARM_UP:
        return peak * max(progress / WARM_UP, 0.02)
    return peak * 0.5 * (1 + math.cos(math.pi * min((progress - WARM_UP) / (1 - WARM_UP), 1)))


def moving_average(average: Tensor, new: Tensor, count: Tensor) -> Tensor:
    """Exponential, but young while there are few to average: it must not remember the start."""
    return torch.lerp(new, average, min(EMA_DECAY, count.item() / (count.item() + 10)))


def train(
    family: Family,
    model: PreTrainedModel,
    loader: DataLoader,
    minutes: float,
    peak: float,
    out: Path,
    save_every: float,
    record: Callable[[dict], None],
) -> None:
    """`record` is told what was done so far, whenever the weights were saved."""
    width = model.config.hidden_size
    heads = nn.ModuleList([FlowHead(family, width) for _ in range(2)])
    seen: list[Tensor] = []  # the two supervised layers' tokens
    for layer in (family.layers(model)[LAYERS // 2 - 1], family.layers(model)[-1]):
        layer.register_forward_hook(
            lambda _, __, output: seen.append(output[0] if isinstance(output, tuple) else output)
        )
    parameters = [*model.parameters(), *heads.parameters()]
    decayed = [p for p in parameters if p.ndim > 1]
    others = [p for p in parameters if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}],
        lr=peak,
        fused=True,
    )
    average = torch.optim.swa_utils.AveragedModel(model, avg_fn=moving_average)
    began = saved = time.monotonic()
    totals, steps, clips = torch.zeros(4), 0, 0

    def keep() -> None:
        save(family, average.module, out)
        torch.save({"model": model.state_dict()}, out / "resume.pt")
        record({"minutes": round((time.monotonic() - began) / 60, 1), "steps": steps, "clips": clips})

    for frames, poses, labels in loader:
        elapsed = time.monotonic() - began
        progress = elapsed / (60 * minutes)
        if progress >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(progress, peak)
        seen.clear()
        logits = model(pixel_values=family.pixels(frames)).logits
        target = with_turns(true_flow(poses))
        flow_losses = [
            functional.smooth_l1_loss(head(tokens)[:, : FRAMES - 1], target, beta=0.5)
            for head, tokens in zip(heads, seen, strict=True)
        ]
        class_loss = functional.cross_entropy(logits, labels, label_smoothing=0.02)
        loss = class_loss + sum(flow_losses)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        average.update_parameters(model)

        steps += 1
        clips += len(labels)
        right = (logits.argmax(1) == labels).float().mean()
        totals += torch.stack([class_loss.detach(), *(f.detach() for f in flow_losses), right])
        if steps % 100 == 0:
            values = " ".join(f"{value:.3f}" for value in (totals / 100).tolist())
            print(
                f"{elapsed / 60:5.1f} min {clips:7d} clips {clips / elapsed:5.1f}/s"
                f" | class, flow (half way, end) losses, accuracy: {values}",
                flush=True,
            )
            totals.zero_()
        if time.monotonic() - saved > 60 * save_every:
            saved = time.monotonic()
            keep()
    keep()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--family", choices=FAMILIES, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--init-from", type=Path, help="a trained VideoMAE to start ViViT from")
    parser.add_argument("--resume", type=Path, help="the resume.pt of an earlier run to go on from")
    parser.add_argument("--turns", action="store_true", help="with --resume: start_turns, too")
    parser.add_argument("--rendered", type=Path, required=True, help="folder written by dataset.py")
    parser.add_argument("--encoded", type=Path, required=True, help="the same, for --encoded clips")
    parser.add_argument("--encoded-share", type=float, default=0.2, help="of the clips of a batch")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--peak", type=float, default=5e-4, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--save-every", type=float, default=5, help="minutes")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    family = FAMILIES[options.family]
    share = options.encoded_share
    folders = {options.rendered: 1 - share, options.encoded: share}
    batches = Batches(options.batch, options.seed, folders)
    loader = DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=16)
    model = family.build()
    frames, poses, _ = next(iter(Batches(192, options.seed + 1, folders)))
    if options.init_from:
        earlier = training.from_checkpoint(options.init_from)
        start_from_videomae(model, VideoMAEForVideoClassification.from_pretrained(options.init_from))
    elif options.resume:
        earlier = training.read(options.resume.parent)
        model.load_state_dict(torch.load(options.resume)["model"])
    else:
        earlier = training.from_flow()
        start(family, model, frames)
    adds_turns = options.turns or not (options.init_from or options.resume)
    if adds_turns:
        start_turns(family, model, frames, true_flow(poses))
    print(f"{family.name}: {sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    run = {
        "machine": training.machine(options.threads),
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "batch": options.batch,
        "peak": options.peak,
        "seed": options.seed,
        "encoded_share": share,
        "turns": adds_turns or training.has_turns(earlier),
    }

    def record(done: dict) -> None:
        training.write(options.out, {**earlier, "runs": [*earlier["runs"], {**run, **done}]})

    model.train()
    train(family, model, loader, options.minutes, options.peak, options.out, options.save_every, record)


if __name__ == "__main__":
    main()
