"""Draws from trained generators on a page of this machine: `python -m lab.explore RUN`."""
