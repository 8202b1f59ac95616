"""Images -> features -> distances and coverage, every number with its protocol.

`make_evaluator` is the door; torch-fidelity and torchvision are imported behind it only.
"""

from lab.metrics.evaluator import Evaluator, make_evaluator

__all__ = ["Evaluator", "make_evaluator"]
