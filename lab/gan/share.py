"""The samples of a global batch that a worker computes, and their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import torch
from torch import Tensor

from lab.errors import InputError


@dataclass(frozen=True)
class Share:
    """Part p of P is the p-th contiguous P-th of the global batch; each rank takes a slice of it.

    So parts hold the same samples on any number of ranks, and ranks read disjoint ones.
    """

    rank: int = 0
    num_ranks: int = 1
    num_parts: int = 1
    """Passes that an update's gradients are accumulated over."""
    unit: int = 1
    """Samples that stay together, as the critic sees them joined; it divides a batch."""

    def slices(self, num_samples: int) -> list[slice]:
        """This rank's samples of a batch of so many, a slice for each part."""
        parts = range(self.num_parts)
        num_units = num_samples // self.unit
        return [
            slice(
                self.unit * (start + (stop - start) * self.rank // self.num_ranks),
                self.unit * (start + (stop - start) * (self.rank + 1) // self.num_ranks),
            )
            for start, stop in (
                (num_units * part // self.num_parts, num_units * (part + 1) // self.num_parts)
                for part in parts
            )
        ]

    def of(self, batch: Tensor) -> Tensor:
        """This rank's samples of a global batch [B, ...], all parts in order."""
        parts = self.cut(batch)
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    @overload
    def cut(self, batch: Tensor) -> list[Tensor]: ...

    @overload
    def cut(self, batch: Tensor | None) -> Sequence[Tensor | None]: ...

    def cut(self, batch: Tensor | None) -> Sequence[Tensor | None]:
        """This rank's samples of a global batch [B, ...], part by part; None stays None."""
        if batch is None:
            return [None] * self.num_parts
        return [batch[part] for part in self.slices(len(batch))]

    def parts(self, mine: Tensor, num_samples: int) -> Sequence[Tensor]:
        """The result of `of` for a batch of `num_samples`, split into its parts."""
        sizes = [part.stop - part.start for part in self.slices(num_samples)]
        return torch.split(mine, sizes)

    def count(self, num_samples: int) -> int:
        """How many samples of a batch are this rank's."""
        return sum(part.stop - part.start for part in self.slices(num_samples))

    def weights(self, num_samples: int) -> list[float]:
        """For each part the number of its samples on this rank over that of the batch."""
        return [(part.stop - part.start) / num_samples for part in self.slices(num_samples)]

    def spread(self, mine: Tensor, num_samples: int) -> Tensor:
        """This rank's samples at their positions in the global batch, zeros elsewhere."""
        whole = mine.new_zeros(num_samples, *mine.shape[1:])
        for rows, part in zip(
            self.slices(num_samples), self.parts(mine, num_samples), strict=True
        ):
            whole[rows] = part
        return whole

    def require_samples(self, num_samples: int) -> None:
        """Raise InputError when a part of a batch would leave a rank without a sample."""
        least = self.num_ranks * self.num_parts * self.unit
        if num_samples >= least:
            return
        packs = f" of packs of {self.unit}" if self.unit > 1 else ""
        raise InputError(
            f"training.batch_size is {num_samples}; {self.num_ranks} workers and "
            f"training.accumulate {self.num_parts}{packs} need at least "
            f"{least} images a batch: raise it, or use fewer of them"
        )

    def require_groups(self, num_samples: int, group: int) -> None:
        """Raise InputError when a part of a batch on some rank does not hold whole groups."""
        for rank in range(self.num_ranks):
            for part in replace(self, rank=rank).slices(num_samples):
                if (size := part.stop - part.start) % group:
                    raise InputError(
                        f"network.minibatch_std is {group}, but a pass of a worker has {size} "
                        f"images (training.batch_size {num_samples}, {self.num_ranks} workers, "
                        f"training.accumulate {self.num_parts}), which the group must divide; "
                        "set minibatch_std to a divisor of it, or to 1 for none"
                    )
