"""``python -m lab.judge``: the verdict of a log, also of one that the lab did not make."""
