"""The whole configuration of a run: frozen sections, validated once, here.

A configuration is nested data; a parameter's name is its path in it (``optimizer.generator.lr``).
`make_config` turns outside data into a `RunConfig` or raises one `InputError` of one sentence;
past this file the core trusts its input. `python -m lab.config` prints every setting.
"""

from __future__ import annotations

import os
from pathlib import Path

from lab.config.base import ConfigSection as ConfigSection
from lab.config.paths import canonical as canonical
from lab.config.paths import canonical_data as canonical_data
from lab.config.paths import canonical_record as canonical_record
from lab.config.paths import canonical_values as canonical_values
from lab.config.paths import flattened as flattened
from lab.config.paths import value_at as value_at
from lab.config.run_config import RunConfig as RunConfig
from lab.config.run_config import change_config as change_config
from lab.config.run_config import config_paths as config_paths
from lab.config.run_config import is_settable as is_settable
from lab.config.run_config import make_config as make_config
from lab.config.run_config import make_trainer_config as make_trainer_config
from lab.config.run_config import parse_setting as parse_setting
from lab.config.run_config import read_config as read_config
from lab.config.run_config import restored_config as restored_config
from lab.config.run_config import scheduled_numbers as scheduled_numbers
from lab.config.run_config import stored_config as stored_config
from lab.config.run_config import with_values as with_values
from lab.config.scalars import Ramp as Ramp
from lab.config.scalars import value_of as value_of
from lab.config.scalars import values_at as values_at
from lab.config.sections import CATALOGUES as CATALOGUES
from lab.config.sections import NO_LIMITS as NO_LIMITS
from lab.config.sections import RESOLUTIONS as RESOLUTIONS
from lab.config.sections import RESOLUTIONS_IN_WORDS as RESOLUTIONS_IN_WORDS
from lab.config.sections import Architecture as Architecture
from lab.config.sections import AugmentationConfig as AugmentationConfig
from lab.config.sections import AugmentationKind as AugmentationKind
from lab.config.sections import CriticNorm as CriticNorm
from lab.config.sections import DataConfig as DataConfig
from lab.config.sections import EvaluationConfig as EvaluationConfig
from lab.config.sections import GameName as GameName
from lab.config.sections import LookaheadConfig as LookaheadConfig
from lab.config.sections import LossName as LossName
from lab.config.sections import NetworkConfig as NetworkConfig
from lab.config.sections import OptimizerConfig as OptimizerConfig
from lab.config.sections import OptimizerKind as OptimizerKind
from lab.config.sections import PenaltyConfig as PenaltyConfig
from lab.config.sections import PenaltyKind as PenaltyKind
from lab.config.sections import PlayerOptimizer as PlayerOptimizer
from lab.config.sections import Precision as Precision
from lab.config.sections import ScheduleName as ScheduleName
from lab.config.sections import StabilityConfig as StabilityConfig
from lab.config.sections import TextConfig as TextConfig
from lab.config.sections import TrainingConfig as TrainingConfig
from lab.config.sections import VaeConfig as VaeConfig
from lab.config.sections import choices as choices
from lab.config.trainer import ClockConfig as ClockConfig
from lab.config.trainer import MetricConfig as MetricConfig
from lab.config.trainer import TrainerConfig as TrainerConfig
from lab.config.trainer import is_of_lab as is_of_lab


def cache_folder() -> Path:
    """Where packs and reference features are kept: $LAB_CACHE, else ~/.cache/gan-lab."""
    return Path(os.environ.get("LAB_CACHE") or Path.home() / ".cache" / "gan-lab")
