"""Weights that the lab carries along."""
