"""A training of a person's own, as a run of the lab: a Python function, or a command.

`Run` is what a function gets. Reading order: run, child, process, keeper, following, book, loop.
"""

from lab.trainer.run import Run as Run
from lab.trainer.run import TrainingOver as TrainingOver
