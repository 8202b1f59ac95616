"""The `detector` entry of study.json: how often the judge errs on runs whose truth is known."""

from __future__ import annotations

from pydantic import StrictBool, StrictFloat, StrictInt

from lab.record.card import Card, Number


class RateCard(Card):
    """How often one verdict or flag was right."""

    kinds: tuple[str, ...] = ()
    """What was planted."""
    planted: StrictInt | None = None
    """Runs that had it; a plant that can truly end in several ways counts under the likeliest."""
    named: StrictInt | None = None
    """Those of them that were named right, and not before the true onset."""
    given: StrictInt | None = None
    """Times it was given to any run, healthy ones too."""
    given_right: StrictInt | None = None
    """Those of them that were right."""
    delay_evaluations: StrictFloat | None = None
    """Median delay over the runs named right, in evaluations; null without one."""
    delay_images: StrictFloat | None = None
    """Median delay over the runs named right, in images; null without one."""


class HealthyCard(Card):
    """What the judge made of healthy runs."""

    runs: StrictInt | None = None
    """Healthy runs."""
    left_alone: StrictInt | None = None
    """Those of them that got no failure and no flag."""
    evaluations: StrictInt | None = None
    """Evaluations of healthy runs."""
    false_alarms: StrictInt | None = None
    """Failures and flags that healthy runs got."""
    per_thousand: StrictFloat | None = None
    """False alarms in a thousand healthy evaluations."""
    interval: tuple[StrictFloat, StrictFloat] | None = None
    """Wilson's 95% interval of `per_thousand`."""


class DetectorCard(Card):
    """Error rates of the judge, as the validation that came with the lab measured them."""

    created: str = ""
    """When the validation was made."""
    quick: StrictBool = False
    """Whether it was the smaller validation."""
    version: str = ""
    """The lab's version then."""
    command: str = ""
    """Command that makes the numbers again."""
    thresholds: dict[str, Number] = {}
    """Limits that the rates were measured with, by name."""
    seeds: tuple[StrictInt, ...] = ()
    """Held-out seeds; no limit was chosen on them."""
    budget_images: StrictInt | None = None
    """Real images of an ordinary run."""
    every_images: StrictInt | None = None
    """Images from one evaluation to the next."""
    num_samples: StrictInt | None = None
    """Generated images of an evaluation."""
    verdicts: dict[str, RateCard] = {}
    """Rates of each failure."""
    flags: dict[str, RateCard] = {}
    """Rates of each flag."""
    healthy: HealthyCard = HealthyCard()
    """Healthy runs."""
    same_thresholds: StrictBool = False
    """Whether the study judges by the same limits."""
    changed_thresholds: dict[str, tuple[Number | None, Number | None]] = {}
    """Limits that differ: name -> validated value, the study's value."""
