"""Clustering: algorithms, separation, reproducibility, agreement with classes."""
