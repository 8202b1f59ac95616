"""A classifier of groups on the extractor's features, and how often it errs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from lab.metrics.cache import read_checked, write_checked

VERSION = "1"
"""Raise when the same features would give other weights: cached ones go by it."""
DECAYS = (1e-1, 1e-2, 1e-3, 1e-4)
"""Weights of half the squared norm that are tried, the strongest first."""
KEPT_BACK = 5
"""One in so many training images selects the decay."""
MOST_STEPS = 60
_TENSORS = ("mean", "scale", "weight", "bias", "confusion")


@dataclass(frozen=True, eq=False)
class GroupClassifier:
    """Softmax regression: the group of an image by its features."""

    mean: Tensor
    """[d], of the training features."""
    scale: Tensor
    """[], the root of their mean variance."""
    weight: Tensor
    """[K, d]"""
    bias: Tensor
    """[K]"""
    confusion: Tensor
    """Held-out images of each group (row) by the group they are assigned to, int64 [K, K]."""

    def assigned(self, features: Tensor) -> Tensor:
        """[n, d] features -> the most likely group of each, int64 [n] on the CPU."""
        device = features.device
        x = (features.float() - self.mean.to(device)) / self.scale.to(device)
        return F.linear(x, self.weight.to(device), self.bias.to(device)).argmax(dim=1).cpu()


def train_classifier(
    train: Tensor, groups: Tensor, heldout: Tensor, heldout_groups: Tensor, num_groups: int
) -> GroupClassifier:
    """Trained on [T, d] features in `groups` [T], its error measured on [M, d] held-out ones.

    Every group weighs the same in the loss, so that the confusion can be inverted where one group
    has nearly all images. The decay has the lowest loss on a fifth of the training images; then
    all of them train.
    """
    x = train.float()
    mean = x.mean(dim=0)
    scale = x.var(dim=0).mean().sqrt().clamp(min=1e-12)
    x = (x - mean) / scale
    groups = groups.to(x.device)
    back = torch.arange(len(x), device=x.device) % KEPT_BACK == 0
    start = torch.zeros(num_groups, x.shape[1] + 1, device=x.device)
    losses, fits = [], [start]
    for decay in DECAYS:
        fits.append(_fitted(x[~back], groups[~back], fits[-1], decay))
        losses.append(float(_loss(fits[-1], x[back], groups[back])))
    best = min(range(len(DECAYS)), key=losses.__getitem__)
    weights = _fitted(x, groups, fits[best + 1], DECAYS[best]).cpu()
    untested = torch.zeros(num_groups, num_groups, dtype=torch.int64)
    made = GroupClassifier(mean.cpu(), scale.cpu(), weights[:, :-1], weights[:, -1], untested)
    confusion = confusion_of(heldout_groups, made.assigned(heldout), num_groups)
    return GroupClassifier(made.mean, made.scale, made.weight, made.bias, confusion)


def confusion_of(truth: Tensor, assigned: Tensor, num_groups: int) -> Tensor:
    """Images [n] of each group (row) by the group they are assigned to (column), [K, K]."""
    pairs = truth.cpu() * num_groups + assigned
    return torch.bincount(pairs, minlength=num_groups**2).view(num_groups, num_groups)


def cached_classifier(
    folder: Path,
    key: Sequence[str],
    train: Tensor,
    groups: Tensor,
    heldout: Tensor,
    heldout_groups: Tensor,
    num_groups: int,
) -> GroupClassifier:
    """As `train_classifier`, from a file of `folder` if there is a whole one of this `key`.

    Raises InputError when the cache cannot be written.
    """
    words = "/".join([VERSION, *key, str(num_groups), _digest(groups), _digest(heldout_groups)])
    name = hashlib.blake2b(words.encode(), digest_size=12).hexdigest()
    path = folder / f"groups-{name}.safetensors"
    if (stored := _read(path)) is not None:
        return stored
    made = train_classifier(train, groups, heldout, heldout_groups, num_groups)
    write_checked(path, save({name: getattr(made, name).contiguous() for name in _TENSORS}))
    return made


def _digest(groups: Tensor) -> str:
    return hashlib.blake2b(groups.cpu().numpy().tobytes(), digest_size=8).hexdigest()


def _read(path: Path) -> GroupClassifier | None:
    if (body := read_checked(path)) is None:
        return None
    try:
        tensors = load(body)
        return GroupClassifier(*(tensors[name] for name in _TENSORS))
    except (SafetensorError, KeyError):
        return None


def _loss(weights: Tensor, x: Tensor, groups: Tensor) -> Tensor:
    """Mean over the groups of the mean cross-entropy of each."""
    logits = F.linear(x, weights[:, :-1], weights[:, -1])
    counts = torch.bincount(groups, minlength=len(weights)).to(x.dtype)
    each = F.cross_entropy(logits, groups, reduction="none")
    return (each / counts[groups]).sum() / (counts > 0).sum()


def _fitted(x: Tensor, groups: Tensor, start: Tensor, decay: float) -> Tensor:
    """Weights [K, d + 1], the bias last, by L-BFGS from `start`."""
    weights = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weights], max_iter=MOST_STEPS, tolerance_change=1e-6, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = _loss(weights, x, groups) + decay / 2 * weights[:, :-1].square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weights.detach()
