"""Evaluations of made-up runs, thousands of rows at once, as the text of evaluations.jsonl.

`json.dumps` a row would take minutes for ten thousand trials, so every row fills one of three
templates: that of the untrained generator, which has no signals yet, that of any other, and that
of a row whose critic told too few images apart for r_v.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lab.record import (
    IMAGES_SEEN,
    QUALITY,
    SECONDS_EVALUATING,
    SECONDS_TRAINING,
    STEP,
    UNBROKEN,
    class_share,
)
from tests.made_up.runs import SLOW, Fate
from tests.made_up.space import (
    BUDGET,
    CLASSES,
    NAMES,
    NUM_EVALUATIONS,
    UNTRAINED_KID,
    frechet,
    kernel_of,
)

Array = NDArray[np.float64]

CLASS_SHARES = tuple(class_share(i) for i in range(len(CLASSES)))
NON_FINITE = "signal_non_finite"
R_V = "signal_r_v"
MEASURED = (
    IMAGES_SEEN, STEP, QUALITY, SECONDS_TRAINING, SECONDS_EVALUATING,
    NAMES.frechet, NAMES.kernel, NAMES.kernel_error, NAMES.precision, NAMES.recall,
    NAMES.density, NAMES.coverage, NAMES.ct, NAMES.authenticity, NAMES.duplicates, NAMES.rke,
    *CLASS_SHARES, NON_FINITE,
)  # fmt: skip
"""What the evaluation of the untrained generator holds."""
SIGNALS = {
    "signal_critic_loss": 1.1, "signal_generator_loss": 0.9, "signal_logit_real": 0.6,
    "signal_logit_fake": -0.5, "signal_critic_accuracy": 0.75, "signal_critic_grad_norm": 2.0,
    "signal_generator_grad_norm": 0.8, "signal_generator_update_ratio": 0.03,
    "signal_critic_update_ratio": 0.04, "signal_logit_heldout": 0.5, "signal_r_t": 0.4,
    "signal_participation_ratio": 1.5, "signal_lipschitz": 1.3, "signal_generator_sigma_max": 1.0,
    "signal_generator_sigma_0": 0.9, "signal_generator_sigma_1": 0.9,
    "signal_generator_sigma_2": 0.7, "signal_generator_sigma_3": 0.5,
    "signal_critic_sigma_max": 1.0, "signal_critic_sigma_0": 0.7, "signal_critic_sigma_1": 0.3,
    "signal_critic_sigma_2": 0.9, "signal_critic_sigma_3": 0.95, "signal_diversity": 0.8,
    "signal_generator_update_cosine": 0.6, "signal_critic_update_cosine": 0.7,
    "signal_critic_loss_max": 1.9, "signal_critic_loss_min": 0.2,
    "signal_logit_gap_autocorrelation": 0.8, "signal_logit_gap_std": 1.9, R_V: 0.05,
}  # fmt: skip
"""Signals of a run under way, and about how large each is in a healthy one."""
COLUMNS = (*MEASURED, *SIGNALS)
INTEGERS = frozenset({IMAGES_SEEN, STEP, NON_FINITE})


def _template(columns: Sequence[str]) -> str:
    fields = ", ".join(f'"{name}": %{"d" if name in INTEGERS else "r"}' for name in columns)
    return "{" + fields + "}\n"


FIRST_ROW, ROW, ROW_WITHOUT_R_V = (
    _template(MEASURED), _template(COLUMNS), _template(COLUMNS[:-1]),
)  # fmt: skip


def num_rows_of(fate: Fate) -> int:
    """Evaluations until the run ends: that in which its failure shows is the last."""
    onset = BUDGET if fate.onset is None else fate.onset
    return 1 + min(NUM_EVALUATIONS, int(onset * NUM_EVALUATIONS // BUDGET))


def evaluations(fates: Sequence[Fate], rates: Array, draw: np.random.Generator) -> Array:
    """Values [run, evaluation, column] of runs by their fates and generator's rates.

    Rows after a run's `num_rows_of` mean nothing.
    """
    shape = (len(fates), NUM_EVALUATIONS + 1)
    told = np.array([fate.verdict for fate in fates])[:, None]
    onset = np.array([np.inf if fate.onset is None else fate.onset for fate in fates])[:, None]
    share = np.arange(NUM_EVALUATIONS + 1)[None, :] / NUM_EVALUATIONS
    diverged = told == "diverged"
    alive = (share * BUDGET < onset) | np.isin(told, UNBROKEN)
    broken = ~alive & diverged

    speed = np.clip(2.5 + 1.2 * np.log10(rates / 1e-4), 1.2, 6.0)[:, None]
    for verdict, slow in SLOW.items():
        speed = np.where(told == verdict, slow, speed)
    fall = np.exp(-speed * share + 0.08 * draw.standard_normal(shape))
    fall[:, 0] = 1.0
    lost = ~alive & ~diverged
    reached = np.clip(1 - fall, 0, 1)
    kid = np.where(lost, UNTRAINED_KID * draw.uniform(0.7, 1.6, shape), kernel_of(reached))
    quality = np.where(alive, reached, 0.0)

    values = dict.fromkeys(COLUMNS, np.zeros(shape))
    values[IMAGES_SEEN] = share * BUDGET + np.zeros(shape)
    values[STEP] = values[IMAGES_SEEN] // 64
    values[QUALITY] = quality
    values[SECONDS_TRAINING] = 48.0 * share * draw.lognormal(0, 0.2, (len(fates), 1))
    values[SECONDS_EVALUATING] = 9.0 * share * draw.lognormal(0, 0.1, (len(fates), 1))
    values[NAMES.frechet] = np.where(broken, np.nan, frechet(kid))
    values[NAMES.kernel] = np.where(broken, np.nan, kid)
    values[NAMES.kernel_error] = np.where(broken, np.nan, draw.lognormal(-6.2, 0.2, shape))
    values[NAMES.precision] = 0.9 * quality
    values[NAMES.recall] = 0.7 * quality
    values[NAMES.density] = 0.95 * quality
    values[NAMES.coverage] = np.where(alive, 0.9 * quality, 0.02)
    values[NAMES.ct] = 40 * (1 - quality)
    values[NAMES.authenticity] = 1 - 0.3 * quality
    values[NAMES.duplicates] = np.where(lost & (told == "collapsed"), 0.95, 0.01)
    values[NAMES.rke] = 1 + 27 * quality
    values[NON_FINITE] = 3.0 * broken
    for name, shares in zip(CLASS_SHARES, _class_shares(lost, draw), strict=True):
        values[name] = shares
    for name, typical in SIGNALS.items():
        values[name] = typical * draw.lognormal(0, 0.2, shape)
    values["signal_diversity"] = np.where(lost & (told == "collapsed"), 0.03, 0.9)
    for name in ("signal_critic_loss", "signal_generator_loss"):
        values[name] = np.where(broken, np.nan, values[name])
    values["signal_critic_grad_norm"] = np.where(broken, np.inf, values["signal_critic_grad_norm"])
    values["signal_generator_grad_norm"][broken] = 1e9
    return np.stack([values[name] for name in COLUMNS], axis=2)


def _class_shares(lost: NDArray[np.bool_], draw: np.random.Generator) -> Array:
    """Shares [class, run, evaluation] that add up to one; a lost run draws mostly two classes."""
    weights = draw.gamma(20.0, size=(len(CLASSES), *lost.shape))
    weights[2:] *= np.where(lost, 0.02, 1.0)
    shares: Array = weights / weights.sum(axis=0)
    return shares


def rows_text(values: Array, num_rows: int, *, without_r_v: bool = False) -> str:
    """evaluations.jsonl of one run from its values [evaluation, column]."""
    first, *rest = values[:num_rows].tolist()
    template, end = (ROW_WITHOUT_R_V, -1) if without_r_v else (ROW, None)
    text = FIRST_ROW % tuple(first[: len(MEASURED)])
    text += "".join([template % tuple(row[:end]) for row in rest])
    if not np.isfinite(values[:num_rows]).all():
        text = text.replace(": nan", ': "nan"').replace(": inf", ': "inf"')
    return text
