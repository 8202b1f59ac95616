"""A player's optimizer, and what is done to a network's gradients and weights around its step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from lab.catalogue import OPTIMIZERS, resolve
from lab.config import PlayerOptimizer, Ramp, value_of, values_at
from lab.errors import InputError
from lab.user_file import UserFile, calling, is_reference

MakeOptimizer = Callable[[list[nn.Parameter], PlayerOptimizer], torch.optim.Optimizer]
"""Its state must be tensors and plain numbers, and its groups must have an `lr`."""


def adam(parameters: list[nn.Parameter], settings: PlayerOptimizer) -> torch.optim.Optimizer:
    """Adam (Kingma & Ba 2015)."""
    return torch.optim.Adam(parameters, **_adam(settings), fused=True)


def adamw(parameters: list[nn.Parameter], settings: PlayerOptimizer) -> torch.optim.Optimizer:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""
    decay = float(settings.weight_decay)  # type: ignore[arg-type]
    return torch.optim.AdamW(parameters, **_adam(settings), weight_decay=decay, fused=True)


def rmsprop(parameters: list[nn.Parameter], settings: PlayerOptimizer) -> torch.optim.Optimizer:
    """RMSProp (Hinton 2012), with beta2 as the decay of the mean of squares."""
    numbers: Any = {"lr": settings.lr, "alpha": settings.beta2, "eps": settings.epsilon}
    return torch.optim.RMSprop(parameters, **numbers, momentum=settings.momentum)


def sgd(parameters: list[nn.Parameter], settings: PlayerOptimizer) -> torch.optim.Optimizer:
    """Gradient descent, with momentum."""
    numbers: Any = {"lr": settings.lr, "weight_decay": settings.weight_decay}
    return torch.optim.SGD(parameters, **numbers, momentum=settings.momentum)


def _adam(settings: PlayerOptimizer) -> Any:
    betas = (settings.beta1, settings.beta2)
    return {"lr": settings.lr, "betas": betas, "eps": settings.epsilon}


def player_optimizer(
    parameters: Iterable[nn.Parameter],
    settings: PlayerOptimizer,
    files: tuple[UserFile, ...] = (),
    share: float = 1.0,
) -> torch.optim.Optimizer:
    """The configured optimizer of a player's parameters; `share` as in `for_share`.

    Raises InputError when one from an own file is not usable.
    """
    make = find_optimizer(settings.kind, files)
    settings = at_start(settings) if share == 1 else for_share(settings, share)
    return _made(make, list(parameters), settings)


@lru_cache(maxsize=64)
def find_optimizer(name: str, files: tuple[UserFile, ...] = ()) -> MakeOptimizer:
    """What makes an optimizer, by its name in the catalogue or by `mine.py:NAME`."""
    make: MakeOptimizer = resolve(OPTIMIZERS, name, files)
    return make


def _made(
    make: MakeOptimizer, parameters: list[nn.Parameter], settings: PlayerOptimizer
) -> torch.optim.Optimizer:
    if not is_reference(settings.kind):
        return make(parameters, settings)
    contract = (
        "it must be a function or class (parameters, lab.config.PlayerOptimizer) -> "
        "torch.optim.Optimizer"
    )
    if not callable(make):
        raise InputError(f"optimizer {settings.kind} is a {type(make).__name__}; {contract}")
    optimizer = calling(settings.kind, make, parameters, settings)
    if not isinstance(optimizer, torch.optim.Optimizer):
        kind = type(optimizer).__name__
        raise InputError(f"optimizer {settings.kind} makes a {kind}; {contract}")
    if any("lr" not in group for group in optimizer.param_groups):
        raise InputError(
            f"optimizer {settings.kind} has no learning rate; each of its param_groups must have "
            "an 'lr', which optimizer.schedule changes"
        )
    return optimizer


def set_numbers(
    optimizer: torch.optim.Optimizer,
    settings: PlayerOptimizer,
    images_seen: float,
    factor: float,
    share: float = 1.0,
) -> None:
    """Set the rate, times a factor, and what else has a schedule, to the present values.

    `share`: as in `for_share`.
    """
    set_rate(optimizer, value_of(settings.lr, images_seen) * factor * share)
    for group in optimizer.param_groups:
        if "betas" in group:
            group["betas"] = tuple(
                value_of(beta, images_seen) ** share for beta in (settings.beta1, settings.beta2)
            )
        if "weight_decay" in group and isinstance(settings.weight_decay, Ramp):
            group["weight_decay"] = settings.weight_decay.at(images_seen)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of every parameter."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def fit_for_recording(
    optimizer: torch.optim.Optimizer, device: torch.device, *, changing: bool
) -> None:
    """Let the steps of an optimizer on a GPU be recorded (lab.gan.capture).

    Its counters are on the device then, and so is the rate of torch's fused ones if it is
    `changing`, whether steps are recorded or not: a float32, like the weights.
    """
    on_gpu = device.type == "cuda"
    for group in optimizer.param_groups:
        if "capturable" in group:
            group["capturable"] = on_gpu
        if on_gpu and changing and group.get("fused"):
            group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32, device=device)
        elif isinstance(group["lr"], Tensor):
            group["lr"] = float(group["lr"])


def plain_numbers(optimizer: torch.optim.Optimizer) -> tuple[Hashable, ...]:
    """The numbers of an optimizer that its step reads on the host."""
    return tuple(
        value
        for group in optimizer.param_groups
        for name, value in group.items()
        if name != "params" and not isinstance(value, Tensor)
    )


def at_start(settings: PlayerOptimizer) -> PlayerOptimizer:
    """The settings with the first value of each schedule."""
    return settings.model_copy(update=values_at(settings, 0))


def for_share(settings: PlayerOptimizer, share: float) -> PlayerOptimizer:
    """The first values of settings for an optimizer with more steps: c rate, beta^c.

    Of its steps a share c = k / (k + 1) are a player's, when every k-th has another that lazy
    terms have for themselves (Karras et al. 2020, StyleGAN2, appendix B).
    """
    first = at_start(settings)
    numbers = {"lr": first.lr * share, "beta1": first.beta1**share, "beta2": first.beta2**share}  # type: ignore[operator]
    return first.model_copy(update=numbers)


def has_schedule(settings: PlayerOptimizer) -> bool:
    """Whether a number of the settings changes over the run."""
    return any(isinstance(getattr(settings, name), Ramp) for name in type(settings).model_fields)


def limit_gradients(network: nn.Module, norm: Tensor, settings: PlayerOptimizer) -> None:
    """Scale gradients of this norm, [], to the configured limit; smaller ones stay as they are."""
    if settings.max_grad_norm is None:
        return
    grads = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    torch._foreach_mul_(grads, (settings.max_grad_norm / (norm + 1e-6)).clamp(max=1.0))


def grad_norm(network: nn.Module) -> Tensor:
    """Euclidean norm of all gradients, on the device."""
    grads = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    return torch.nn.utils.get_total_norm(grads)


@torch.no_grad()
def clip_weights(critic: nn.Module, limit: float) -> None:
    """Clip every weight to [-limit, limit] (Arjovsky et al. 2017, algorithm 1)."""
    parameters: list[Tensor] = list(critic.parameters())
    torch._foreach_clamp_min_(parameters, -limit)
    torch._foreach_clamp_max_(parameters, limit)
