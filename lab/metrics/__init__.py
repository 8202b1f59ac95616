"""Images -> features -> metrics, every number with its protocol.

`make_evaluator` is the entry point; torch-fidelity and torchvision are imported on demand.
"""

from lab.metrics.classes import Labels
from lab.metrics.evaluator import Evaluator, Examination, make_evaluator

__all__ = ["Evaluator", "Examination", "Labels", "make_evaluator"]
