"""Fairness and privacy of finished runs: ``python -m lab.audit RUN [RUN ...]``."""
