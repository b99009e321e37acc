"""Null models, baselines, repeats and power: what a run's numbers are compared with."""
