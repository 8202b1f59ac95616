"""Generated images contrasted with texts by a frozen encoder of both (AttnGAN's DAMSM)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from lab.config import RunConfig
from lab.errors import InputError
from lab.gan.terms import GeneratorSeen, Term
from lab.gan.terms.settings import require_texts


class Alignment(Term):
    """weight E[-log softmax_t(s <f(G(z, t)), t>)] over t and `num_wrong` random other texts.

    f is the encoder of images that was trained together with that of texts, and s the sharpness:
    Xu et al. 2018, eq. 11, for whole sentences. The wrong texts are the same for all samples of a
    step and drawn anew at each, so that the term does not depend on how a batch is split.
    """

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config)
        require_texts("alignment", config)

    def generator(self, seen: GeneratorSeen, now: Any) -> Tensor | None:
        """[]"""
        draws = seen.draw.draws
        if draws.texts is None or draws.texts.encode is None:
            raise InputError(
                "terms.alignment.weight is not 0, and the text encoder has no encoder of images; "
                "take one that `python -m lab.text train` made, or set the weight to 0"
            )
        assert seen.labels is not None
        wrong = draws.random_texts("texts of the contrast", seen.draw.step, (int(now.num_wrong),))
        images = draws.texts.encode(seen.fake).to(wrong)
        matching = (images * seen.labels.to(wrong)).sum(dim=1, keepdim=True)
        scores = now.sharpness * torch.cat([matching, images @ wrong.t()], dim=1)
        first = torch.zeros(len(scores), dtype=torch.long, device=scores.device)
        return torch.as_tensor(now.weight * cross_entropy(scores, first))
