"""One run: the loop that trains and evaluates, and what it reads and writes."""

from lab.run.loop import Evaluation as Evaluation
from lab.run.loop import run as run
