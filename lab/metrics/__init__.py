"""Images -> features -> distances and coverage, every number with its protocol.

`make_evaluator` is the door; torch-fidelity and torchvision are imported behind it only.
"""

from lab.metrics.classes import Labels
from lab.metrics.evaluator import Evaluator, Examination, make_evaluator

__all__ = ["Evaluator", "Examination", "Labels", "make_evaluator"]
