"""A recorder for the CPU that freezes what a CUDA graph freezes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

from lab.gan.capture import Result


class Operation:
    """One operation on certain tensors, with the plain numbers of its first time."""

    def __init__(self, function: Any, args: Any, kwargs: Any) -> None:
        # Shapes may change in place later: the memory is what is kept.
        self.function = function
        self.args, self.kwargs = tree_map_only(Tensor, torch.detach, (args, kwargs))
        self.returned = function(*args, **kwargs)
        self.made = [tensor.detach() for tensor in _tensors(self.returned)]
        given = {tensor.untyped_storage().data_ptr() for tensor in _tensors((args, kwargs))}
        self.new = any(tensor.untyped_storage().data_ptr() not in given for tensor in self.made)

    @property
    def counts(self) -> bool:
        """Whether it writes anything: a view does not."""
        writes = self.function._schema.is_mutable
        return self.new or (writes and torch.Tag.inplace_view not in self.function.tags)

    def again(self) -> None:
        """Into the tensors of the first time."""
        made = self.function(*self.args, **self.kwargs)
        if self.new:
            for old, new in zip(self.made, _tensors(made), strict=True):
                old.copy_(new)


class _Noting(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.operations: list[Operation] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        operation = Operation(func, args, kwargs or {})
        if operation.counts:
            self.operations.append(operation)
        returned, operation.returned = operation.returned, None
        return returned


class Tape:
    """Notes the operations of an update, and plays them on the same tensors.

    Unlike a CUDA graph it has to run an update to note it; what that changed is taken back.
    """

    def __init__(self, state: Callable[[], list[Tensor]]) -> None:
        """`state`: the tensors that updates change."""
        self._state = state

    def record(self, make: Callable[[], Result]) -> tuple[Result, Callable[[], object]]:
        """As of `lab.gan.capture.Recorder`."""
        before = [tensor.detach().clone() for tensor in self._state()]
        noting = _Noting()
        with noting:
            result = make()
        with torch.no_grad():
            for tensor, was in zip(self._state(), before, strict=True):
                tensor.copy_(was)

        def play() -> None:
            with torch.no_grad():
                for operation in noting.operations:
                    operation.again()

        return result, play


def _tensors(values: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
