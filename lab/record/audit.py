"""audit.json: what `python -m lab.audit` measured of a finished run, beside its run.json."""

from __future__ import annotations

from pydantic import StrictBool, StrictFloat, StrictInt

from lab.record.card import Card, Number
from lab.record.names import FORMAT


class EstimateCard(Card):
    """A number with its 95 % interval."""

    value: StrictFloat
    """The estimate."""
    low: StrictFloat
    """Lower end of the interval."""
    high: StrictFloat
    """Upper end of the interval."""


class AuditedGroupCard(Card):
    """The images of one value of an attribute, or of one class."""

    name: str
    """Name of the value; `none` for images without one, `other` for rare values together."""
    data: StrictFloat
    """Share of the images that the run trained on."""
    share: EstimateCard
    """Share of the generated images, corrected for the classifier's error."""
    assigned: StrictFloat
    """Share of the generated images that the classifier assigns to it, uncorrected."""
    num_heldout: StrictInt
    """Held-out images of the group, which the classifier's error is measured on."""
    right: StrictFloat
    """Share of these that the classifier assigns to it."""
    precision: EstimateCard | None = None
    """Of the generated images assigned to it, the share that looks real; null without any."""
    precision_real: StrictFloat | None = None
    """The same of held-out real images of the group; null without any."""
    coverage: EstimateCard | None = None
    """Share of the group's real images near which a generated image lies; null without any."""
    coverage_real: StrictFloat | None = None
    """The same with held-out real images in the place of generated ones; null without any."""
    standing: StrictFloat | None = None
    """The lower of `share` over `data` and `coverage` over `coverage_real`; groups are listed from
    the lowest up."""


class LostGroupCard(Card):
    """A group that was missing from the samples for a time, or to the end."""

    group: str
    """Name of the value or class."""
    since_images: Number
    """Images seen at the first evaluation that lacks it."""
    back_images: Number | None = None
    """Images seen when it was back; null if it was missing to the end."""
    never_had: StrictBool = False
    """Whether no evaluation before had it."""


class AuditedAttributeCard(Card):
    """Fairness over the values of one attribute, or over the classes."""

    name: str
    """Name of the attribute, or `class`."""
    groups: tuple[AuditedGroupCard, ...] = ()
    """The worst first."""
    accuracy: StrictFloat = 0.0
    """Share of held-out images that the classifier assigns to their group."""
    total_variation: EstimateCard | None = None
    """Half the sum of the differences between generated and data shares, from 0 to 1."""
    total_variation_of_equal: StrictFloat | None = None
    """What a generator with exactly the data's shares would measure on average."""
    merged: tuple[str, ...] = ()
    """Values that are too rare to be measured alone; together they are `other`."""
    lost: tuple[LostGroupCard, ...] = ()
    """Groups that were missing during the run."""
    lost_by: str = ""
    """What `lost` was read from, in words; empty if there was nothing to read."""


class PrivacyCard(Card):
    """What the generated images and the critic show of the training images."""

    ct: StrictFloat
    """C_T: 0 for fresh images, far below where training images are copied."""
    authenticity: EstimateCard
    """Share of generated images that are no near copy of one training image."""
    authenticity_real: StrictFloat
    """The same of held-out images."""
    neighbour_ratio: EstimateCard
    """Odds that the nearest real image is a training image, over those of a fresh image; 1 where
    nothing was memorised."""
    near_copies: EstimateCard
    """Share of generated images nearer to a training image than `near_copies_real` of the held-out
    ones are."""
    near_copies_real: StrictFloat
    """Share of the held-out images that count as near copies, by construction about 1 %."""
    distance_attack: EstimateCard
    """AUC of membership inference by the distance to generated images; .5: nothing learned."""
    logit_attack: EstimateCard | None = None
    """AUC of membership inference by the critic's logit; null without the critic's weights."""
    logit_note: str = ""
    """Why there is no attack by the logit, or which checkpoint it used."""
    num_members: StrictInt = 0
    """Training images that the attacks compare with as many or fewer held-out ones."""
    alarms: tuple[str, ...] = ()
    """Scores whose interval lies on the side of copying."""


class AuditCard(Card):
    """audit.json: fairness and privacy of a finished run."""

    format: StrictInt = FORMAT
    """Version of the record's format."""
    created: str = ""
    """When it was measured."""
    data: str = ""
    """Name of the data set."""
    extractor: str = ""
    """Features that everything is measured in, with their version."""
    num_samples: StrictInt = 0
    """Generated images."""
    num_paired: StrictInt = 0
    """Of these, the first ones that precision and coverage are measured on."""
    num_train: StrictInt = 0
    """Images that the run trained on."""
    num_heldout: StrictInt = 0
    """Held-out images."""
    verdict: str = ""
    """How the run ended; empty if its record does not state it."""
    onset_images: Number | None = None
    """Images seen when its failure began."""
    attributes: tuple[AuditedAttributeCard, ...] = ()
    """Fairness by attribute, the classes first."""
    fairness_note: str = ""
    """What is left out of fairness, and why."""
    privacy: PrivacyCard | None = None
    """Privacy; null only in damaged records."""
