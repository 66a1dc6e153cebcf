"""The three small models: their configurations, how they start, and where their tokens lie."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import processors  # noqa: F401  (before transformers)
import torch
from camera import LABELS
from dataset import FPS, FRAMES, SIDE, STRIDE
from torch import Tensor, nn
from transformers import (
    PreTrainedModel,
    TimesformerConfig,
    TimesformerForVideoClassification,
    VideoMAEConfig,
    VideoMAEForVideoClassification,
    VideoMAEImageProcessor,
    VivitConfig,
    VivitForVideoClassification,
    VivitImageProcessor,
)

PATCH = 16  # pixels
GRID = SIDE // PATCH
LAYERS = 4

# Channels of a token at the start (see `start`).
WINDOWS = 24
_CHANGE, _RIGHT, _DOWN, _FREE = 0, WINDOWS, 2 * WINDOWS, 3 * WINDOWS
_CLOCK, _PLACE = 4 * WINDOWS, 4 * WINDOWS + FRAMES  # TimeSformer's alone
CLOCK = 4.0  # size of the mark of a frame's time
ASK = 5.0  # weight with which attention looks for that mark
TURN = 0.3  # weight of a turning or outward flow's direction, of a token's root mean square
PRODUCT = 0.1  # weight of a product in the channel that sums them
CONTENT = 2.0  # root mean square of what a token says of its pixels

_COMMON = {
    "image_size": SIDE,
    "num_frames": FRAMES,
    "num_hidden_layers": LAYERS,
    "id2label": dict(enumerate(LABELS)),
    "label2id": {label: index for index, label in enumerate(LABELS)},
    "tubelet": {"sampling": {"frames": FRAMES, "stride": STRIDE, "fps": FPS}},
}
_SIZE = {"size": {"shortest_edge": SIDE}, "crop_size": {"height": SIDE, "width": SIDE}}


@dataclass(frozen=True)
class Family:
    name: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    tubelet: int  # frames a token spans
    build: Callable[[], PreTrainedModel]
    processor: Callable[[], object]
    encoder: Callable[[PreTrainedModel], nn.Module]
    layers: Callable[[PreTrainedModel], nn.ModuleList]
    projection: Callable[[PreTrainedModel], nn.Conv2d | nn.Conv3d]

    def pixels(self, frames: Tensor) -> Tensor:
        """uint8 [B,T,H,W,3] -> normalised float [B,T,3,H,W]."""
        mean, std = torch.tensor(self.mean) * 255, torch.tensor(self.std) * 255
        return ((frames - mean) / std).permute(0, 1, 4, 2, 3).contiguous()

    def grid(self, tokens: Tensor) -> Tensor:
        """Tokens [B,N,D] as they leave a layer -> [B, T / tubelet, GRID * GRID, D], without CLS."""
        steps = FRAMES // self.tubelet
        if self.name != "videomae":
            tokens = tokens[:, 1:]
        if self.name == "timesformer":  # keeps the frames of one patch together
            return tokens.unflatten(1, (GRID * GRID, steps)).transpose(1, 2)
        return tokens.unflatten(1, (steps, GRID * GRID))


def _videomae() -> PreTrainedModel:
    return VideoMAEForVideoClassification(
        VideoMAEConfig(
            **_COMMON,
            patch_size=PATCH,
            tubelet_size=2,
            hidden_size=160,
            num_attention_heads=5,
            intermediate_size=640,
        )
    )


def _vivit() -> PreTrainedModel:
    return VivitForVideoClassification(
        VivitConfig(
            **_COMMON,
            tubelet_size=[2, PATCH, PATCH],
            hidden_size=160,
            num_attention_heads=5,
            intermediate_size=640,
        )
    )


def _timesformer() -> PreTrainedModel:
    return TimesformerForVideoClassification(
        TimesformerConfig(
            **_COMMON,
            patch_size=PATCH,
            hidden_size=128,
            num_attention_heads=4,
            intermediate_size=512,
        )
    )


FAMILIES = {
    "videomae": Family(
        name="videomae",
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        tubelet=2,
        build=_videomae,
        processor=lambda: VideoMAEImageProcessor(
            **_SIZE, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
        ),
        encoder=lambda model: model.videomae,
        layers=lambda model: model.videomae.encoder.layer,
        projection=lambda model: model.videomae.embeddings.patch_embeddings.projection,
    ),
    "timesformer": Family(
        name="timesformer",
        mean=(0.45, 0.45, 0.45),
        std=(0.225, 0.225, 0.225),
        tubelet=1,
        build=_timesformer,
        processor=lambda: VideoMAEImageProcessor(
            **_SIZE, image_mean=[0.45, 0.45, 0.45], image_std=[0.225, 0.225, 0.225]
        ),
        encoder=lambda model: model.timesformer,
        layers=lambda model: model.timesformer.encoder.layer,
        projection=lambda model: model.timesformer.embeddings.patch_embeddings.projection,
    ),
    "vivit": Family(
        name="vivit",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        tubelet=2,
        build=_vivit,
        # To [-1, 1] by the offset alone, as in the paper.
        processor=lambda: VivitImageProcessor(**_SIZE, rescale_factor=1 / 127.5, offset=True, do_normalize=False),
        encoder=lambda model: model.vivit,
        layers=lambda model: model.vivit.layers,
        projection=lambda model: model.vivit.embeddings.patch_embeddings.projection,
    ),
}


@torch.no_grad()
def start(family: Family, model: PreTrainedModel, frames: Tensor) -> None:
    """Start at the equation of optical flow instead of at random: ds/dt = -v . grad s.

    For a smooth window w over a patch, the change in time of the signal <w, picture> is the speed
    times <grad w, picture>. So the patch embedding starts with WINDOWS such windows and their
    derivatives, and the first MLP with units that see the sum or difference of a window's change
    and one of its derivatives: their curved activations make the products that give v. From a
    random start, finding these products among the pixels takes most of the training. `frames` are
    a training batch, uint8.
    """
    windows = _windows(WINDOWS)
    gradient = windows.diff(dim=1, prepend=windows[:, :1] * 0), windows.diff(dim=2, prepend=windows[:, :, :1] * 0)
    down, right = gradient
    if family.tubelet == 2:
        _start_tubelets(family, model, windows, right, down)
    else:
        _start_frames(family, model, windows, right, down)
    _standardise(family, family.projection(model), frames)


def _start_tubelets(family: Family, model: PreTrainedModel, windows: Tensor, right: Tensor, down: Tensor) -> None:
    """The change is between the two frames of a tubelet, the derivatives are of their mean."""
    projection = family.projection(model)
    change = torch.stack([-windows, windows], 1)
    rest = _cosines(projection.out_channels - 3 * WINDOWS)
    rest[-2:] = 0  # for the products
    still = torch.cat([right, down, rest])[:, None].expand(-1, 2, -1, -1) / 2
    filters = torch.cat([change, still])[:, None]  # [width, 1, 2, PATCH, PATCH]
    projection.weight.copy_(filters.expand(-1, 3, -1, -1, -1) / 3)
    _start_products(_mlp(family.layers(model)[0]), {_CHANGE: 1.0})


def _start_frames(family: Family, model: PreTrainedModel, windows: Tensor, right: Tensor, down: Tensor) -> None:
    """The first temporal attention fetches the next frame's windows and derivatives."""
    projection = family.projection(model)
    width = projection.out_channels
    filters = torch.cat([windows, right, down])
    projection.weight.zero_()
    projection.weight[: 3 * WINDOWS] = filters[:, None].expand(-1, 3, -1, -1) / 3

    embeddings = model.timesformer.embeddings
    embeddings.position_embeddings[..., _PLACE:-2].normal_(0, 1)
    embeddings.time_embeddings.zero_()
    embeddings.time_embeddings[0, :, _CLOCK:_PLACE] = CLOCK * torch.eye(FRAMES)

    layer = family.layers(model)[0]
    head = width // model.config.num_attention_heads
    qkv, dense = layer.temporal_attention.attention.qkv, layer.temporal_attention.output.dense
    query, key, value = qkv.weight.view(3, width, width)
    query.zero_(), key.zero_(), dense.weight.zero_(), layer.temporal_dense.weight.zero_()
    layer.temporal_dense.weight.fill_diagonal_(1)
    # Heads 0 to 2 fetch windows and derivatives right and down; windows go to free channels.
    for index, goal in enumerate((_FREE, _RIGHT, _DOWN)):
        rows = torch.arange(FRAMES) + index * head
        query[rows, _CLOCK + (torch.arange(FRAMES) - 1) % FRAMES] = ASK  # frame t asks for t + 1
        key[rows, _CLOCK + torch.arange(FRAMES)] = ASK
        channels = torch.arange(WINDOWS)
        value[index * head : (index + 1) * head] = 0
        value[index * head + channels, index * WINDOWS + channels] = 1
        dense.weight[goal + channels, index * head + channels] = 1
    _start_products(_mlp(layer), {_FREE: 1.0, _CHANGE: -1.0})


def _start_products(mlp: tuple[nn.Linear, nn.Linear], change: dict[int, float]) -> None:
    """Units that see +-change +-derivative of each window, 8 a window, summed into two channels.

    GELU(a + b) + GELU(-a - b) - GELU(a - b) - GELU(b - a) has the sign of a * b and grows with
    both.
    """
    inner, outer = mlp
    row = 0
    for window in range(WINDOWS):
        for derivative, goal in ((_RIGHT, -2), (_DOWN, -1)):
            for sign in (1, -1):
                for side in (1, -1):
                    inner.weight[row] = 0
                    inner.weight[row, derivative + window] = side
                    for channel, factor in change.items():
                        inner.weight[row, channel + window] = side * sign * factor
                    outer.weight[goal, row] = sign * PRODUCT
                    row += 1


@torch.no_grad()
def start_turns(family: Family, model: PreTrainedModel, frames: Tensor, flow: Tensor) -> None:
    """Give the MLP behind half of the layers units for outward and clockwise flow.

    Zooming and rolling differ in (place * flow) and (place x flow) only: products once more. Where
    a token keeps its place [x, y] and its flow is fitted on a batch, `flow` [B, T-1, GRID * GRID, 2].
    """
    inner, outer = _mlp(family.layers(model)[LAYERS // 2])
    seen: list[Tensor] = []
    hook = inner.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(pixel_values=family.pixels(frames))
    hook.remove()
    flow = flow[:, :: family.tubelet]
    tokens = family.grid(seen[0])[:, : flow.shape[1]]
    tokens = torch.cat([tokens, torch.ones_like(tokens[..., :1])], -1).flatten(0, 2)
    wanted = torch.cat([patch_centres().expand_as(flow), flow], -1).flatten(0, 2)
    gram = tokens.T @ tokens + 10 * torch.eye(tokens.shape[1])
    fit = torch.linalg.solve(gram, tokens.T @ wanted)
    fit = fit / (tokens @ fit).square().mean(0).sqrt()
    x, y, right, down = fit.T  # [width + 1] each, of unit variance

    scale = TURN * seen[0].square().mean().sqrt()
    outward, clockwise = scale * torch.randn(2, outer.out_features)
    row = inner.out_features
    for place, motion, goal in (
        (x, right, outward),
        (y, down, outward),
        (x, down, clockwise),
        (y, right, -clockwise),
    ):
        for sign in (1, -1):
            for side in (1, -1):
                row -= 1
                unit = side * (place + sign * motion)
                inner.weight[row], inner.bias[row] = unit[:-1], unit[-1]
                outer.weight[:, row] = sign * goal


def patch_centres() -> Tensor:
    """[GRID * GRID, 2] x and y in short sides from the centre."""
    line = ((torch.arange(GRID) + 0.5) * PATCH - SIDE / 2) / SIDE
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], -1).view(-1, 2)


def _mlp(layer: nn.Module) -> tuple[nn.Linear, nn.Linear]:
    if hasattr(layer, "mlp"):  # ViViT
        return layer.mlp.fc1, layer.mlp.fc2
    return layer.intermediate.dense, layer.output.dense


def _standardise(family: Family, projection: nn.Conv2d | nn.Conv3d, frames: Tensor) -> None:
    """Scale the channels to an rms of CONTENT; a window and its derivatives share a scale."""
    pixels = family.pixels(frames)
    pixels = pixels.transpose(1, 2) if family.tubelet == 2 else pixels.flatten(0, 1)
    size = projection(pixels).transpose(0, 1).flatten(1).square().mean(1).sqrt()
    shared = (size[_RIGHT:_DOWN] + size[_DOWN : _DOWN + WINDOWS]) / 2
    size[: 3 * WINDOWS] = shared.repeat(3)
    scale = torch.where(size > 1e-4, CONTENT / size, 1.0)
    projection.weight.mul_(scale.view(-1, *[1] * (projection.weight.ndim - 1)))
    projection.bias.zero_()


@torch.no_grad()
def start_from_videomae(model: PreTrainedModel, source: PreTrainedModel) -> None:
    """Start ViViT from a trained VideoMAE: the same blocks, plus CLS token and positions."""
    theirs, ours = FAMILIES["videomae"], FAMILIES["vivit"]
    mean, std, new_mean, new_std = (
        torch.tensor(value).view(1, 3, 1, 1, 1) for value in (theirs.mean, theirs.std, ours.mean, ours.std)
    )
    old, new = theirs.projection(source), ours.projection(model)
    new.weight.copy_(old.weight * new_std / std)
    new.bias.copy_(old.bias + (old.weight * (new_mean - mean) / std).sum((1, 2, 3, 4)))

    table = source.videomae.embeddings.position_embeddings
    model.vivit.embeddings.position_embeddings[:, 1:] = table
    model.vivit.embeddings.cls_token.normal_(0, 0.5)
    for a, b in zip(theirs.layers(source), ours.layers(model), strict=True):
        pairs = (
            (a.attention.attention.query, b.attention.q_proj),
            (a.attention.attention.key, b.attention.k_proj),
            (a.attention.attention.value, b.attention.v_proj),
            (a.attention.output.dense, b.attention.o_proj),
            (a.intermediate.dense, b.mlp.fc1),
            (a.output.dense, b.mlp.fc2),
            (a.layernorm_before, b.layernorm_before),
            (a.layernorm_after, b.layernorm_after),
        )
        for one, other in pairs:
            other.weight.copy_(one.weight)
            if one.bias is not None:
                other.bias.copy_(one.bias)
    model.vivit.layernorm.load_state_dict(source.fc_norm.state_dict())
    model.classifier.load_state_dict(source.classifier.state_dict())


def save(family: Family, model: PreTrainedModel, folder: Path) -> None:
    model.save_pretrained(folder)
    family.processor().save_pretrained(folder)


def _cosines(count: int) -> Tensor:
    """The `count` smoothest functions of a patch's cosine transform: [count,PATCH,PATCH]."""
    k = torch.arange(PATCH)
    waves = torch.cos(math.pi / PATCH * (k[None] + 0.5) * k[:, None])  # [frequency, pixel]
    order = (k[:, None] ** 2 + k[None] ** 2).flatten().argsort(stable=True)[:count]
    return torch.stack([torch.outer(waves[i // PATCH], waves[i % PATCH]) for i in order.tolist()])


def _windows(count: int) -> Tensor:
    """Such functions, fading out at the patch's edges, blind to its mean: [count,PATCH,PATCH]."""
    fade = torch.sin(math.pi / PATCH * (torch.arange(PATCH) + 0.5))
    fade = torch.outer(fade, fade)
    waves = _cosines(count + 1)[1:] * fade
    return waves - fade * (waves.sum((1, 2)) / fade.sum())[:, None, None]
